"""Joining the charter: the public pages to read, the sign-up, and today's signatories by sheet.

A sign-up joins a venue, a person and a signature, so it stands above all three. Nobody looks at
one before its mailbox was confirmed, and none is approved before the office made sure who signed
through a contact that was not typed into the form: impostors are expected. Tables: sign_up,
sign_up_draft, sign_up_message.
"""
