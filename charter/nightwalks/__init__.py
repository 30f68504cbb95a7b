"""Night walks: a group walks from the door to the bus or taxi at night, and says how each stop is.

The office plans a walk: stops in the order of the way, typed, no map needed. Walkers join by a link
or a printed sheet, without an account and without a name, and rate nine things at each stop
(`seeds/nightwalks/scales.toml`, kept with each walk in the words it was planned with). What they
found is set together stop by stop (`rules`): the middle of all answers and how far they lie apart.
How it *feels* is never added to the rest. Faults go as a numbered list to whoever mends them, who
answers on a page behind a link; the walk is repeated, and the two are set side by side.

A walk through a venue is a *space audit* (`charter.audits`). Tables: night_walk, walk_stop, walker,
stop_rating, stop_note, fault_recipient, street_fault.
"""
