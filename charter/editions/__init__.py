"""Editions of the charter as data: read from `seeds/charter`, checked, kept, and never re-meant.

An edition holds commitments, and they hold requirements: what is asked, what proves it, for how
long. Keys are for ever; an edition in use may change its words, never its meaning. Nothing here
knows how many commitments there are. Tables: edition, threshold_override.
"""
