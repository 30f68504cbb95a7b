"""People: accounts, sign-in, second factor, invitations, and which venues they cover.

Tables: user, recovery_code, membership, web_session, invitation, reset_token, email_change,
factor_reset, throttle.
Promises: a session ends at the back end at once; a person's roles count from the next request;
there is always an office administrator; sign-in slows down and never locks anybody out.

Floors above use `service` (who holds which role today) and `invitations` (how somebody comes to
hold one). A role is never given by any other door: it is accepted by whoever reads the mail.
"""
