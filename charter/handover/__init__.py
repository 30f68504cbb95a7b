"""When a champion goes and when one comes: what is open, and what to do first.

The handover page is worked out from what is there (open tasks, what lapses, where things are), so
that nobody has to write it on their last day. A new champion's first week is a short list of the
same kind: what can be told from records is ticked off by them, and nothing by hand.
It owns no table.
"""
