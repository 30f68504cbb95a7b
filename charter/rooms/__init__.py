"""The room map: where in a venue things happened, for the team to look at before it opens.

It reads the venue's own book and nothing else. Every map has its table, made from the same rows. A
room with fewer than three entries is "few or not recorded": more entries may mean better recording,
and the page says so. That is no secrecy, for the map is the venue's own; it keeps people from
reading a pattern into one or two.

There is a map on the first day: rooms stand in simple boxes until somebody draws a plan (`layout`).
Drawing it needs no script: a room is chosen, and a tap on the plan puts it there (`forms` says how
a tap becomes a place). Where an entry happened is added to the entry as a line of its own; such a
spot is on the floor of the entry's room, or on the first floor while no room is said.
Tables: floor_plan, zone_box, camera, space_change, map_look.
"""
