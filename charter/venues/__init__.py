"""Who the venues are: identity, kind, place, zones (rooms), closures and operators.

A venue is *known* once imported, *waiting* once somebody signed it up, then *working towards* its
certificate. Tables: operator, venue, zone, closure. Nothing here knows of people, proofs or
certificates; those stand on floors above and name the venue by its id.

Promises: an import takes a whole file or nothing, and the same file twice changes nothing. A venue
that signed keeps its own words whatever open data says; the difference is told. A closure pauses
the life of proofs and never brings back one long lapsed: it may begin 14 days ago at the most.
"""
