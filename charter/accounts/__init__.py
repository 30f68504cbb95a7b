"""People: accounts, sign-in, second factor, invitations, and which venues they cover.

Tables: user, recovery_code, membership, web_session, invitation, reset_token, throttle.
Promises: a session ends at the back end at once; a person's roles count from the next request;
there is always an office administrator; sign-in slows down and never locks anybody out.
"""
