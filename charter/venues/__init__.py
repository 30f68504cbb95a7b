"""Who the venues are: identity, kind, place, zones (rooms), closures and operators.

A venue is *known* once imported, *waiting* once somebody signed it up, then *working towards* its
certificate. Tables: operator, venue, zone, closure. Nothing here knows of people, proofs or
certificates; those stand on floors above and name the venue by its id.
"""
