"""The champions' network: a notice board of sessions, questions with answers, shared materials.

A place to meet was part of what made the charter workable. The office looks at everything before
others see it. Nothing about an incident may be posted, and every page that takes words says so.
Tables: notice, notice_reply.
"""
