"""The room map: where in a venue things happened, for the team to look at before it opens.

It reads the venue's own book and nothing else. Every map has its table. A zone with few entries is
"few or not recorded": more entries may mean better recording, and the page says so.
Tables: floor_plan, zone_box, camera, space_change, map_look.
"""
