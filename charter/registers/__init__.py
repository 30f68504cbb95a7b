"""The book on paper, both ways: the register as a PDF, blank numbered pages, typed in again.

Also what leaves the venue: entries that it shares with the office, and what it gives the police.
It has no table of its own: pages that were printed are `incidents.models.PaperPage`.
"""
