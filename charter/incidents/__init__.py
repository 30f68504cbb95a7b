"""The incident book: what happened, what was done, and what came of it.

A book is a chain of lines (`chain`), numbered without gaps; an entry is what its lines come to
(`rules`), and nothing is ever changed or deleted. What people wrote is sealed with keys of the
entry's own (`sealing`): when its time is over they are destroyed (`retention`), the facts stay and
the chain still verifies. Names have a key, a table and a permission of their own (`people`).

An entry about somebody who runs the place goes into the office's own series (book `CITY`, shown as
R-1, R-2, ...). Whatever is asked names the book that it is asked of, addresses carry an entry's
number and never its row, and the trail says the number: so nobody at the venue can tell that there
is one.
Whoever looks after a venue's book reads all of it; staff read what they wrote themselves, and none
of what others added (`record`). Lists and searches show facts and never words (`finding`).
Tables: entry, book_line, entry_person, follow_up, entry_draft, paper_page, book_head, book_terms.
"""
