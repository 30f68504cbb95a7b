"""The night office: the venue table, the review queue, sign-ups to decide, a venue's history.

It owns no table. It reads stored standings, so that no page grows with the number of venues it
does not show, and never compares one without asking whether it still holds today.
"""
