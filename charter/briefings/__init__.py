"""Tonight's briefing, and whether what was taught has stayed.

The briefing is one page for a new starter's first shift: what to say first, who is on tonight,
where the book is. It is read on a phone, without an account, behind a link that ends with the
night, and what is acknowledged is a first-shift briefing and no training.

A spot check asks a few of the team a few questions. The venue does its own; the office comes
unannounced or in cover. Each is kept, none replaces another, and all are shown side by side: what
the venue claims, what it found itself, what a visitor found.
Tables: briefing_page, briefing_night, spot_check, spot_answer.
"""
