"""Tonight's briefing, and whether what was taught has stayed.

The briefing is one page for the team before it opens: the map of the rooms, what to watch, who is
on tonight, what to say first, where the book is. Everybody on the list can say that they read it;
for a new starter it is a first-shift briefing, and no training.

It is read on a phone, without an account, behind a link that ends with the night. Whoever is sent
the link can open it, so it shows only what a stranger may see: which rooms to look at first, in
simple boxes, and when. No number of entries (a venue that writes everything down must not look bad
for it), no plan and no camera (a way in is nobody's business), no fault that is open, no words of
a change. Nor does it name the team: who is new chooses from a few short names, everybody else types
theirs. All of that is on the page of whoever is signed in, and on the second sheet of the paper,
which is for the briefing and not for the wall.

A spot check asks a few of the team a few questions. The venue does its own; the office comes
unannounced or in cover. Each is kept, none replaces another, and all are shown side by side: what
the venue claims, what it found itself, what a visitor found.
Tables: briefing_page, briefing_night, briefing_reader, spot_check, spot_answer.
"""
