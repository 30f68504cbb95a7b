"""A tracker for a city's Women's Night Safety Charter.

Venues sign the charter, prove each commitment with dated records that expire, and the city's
night office follows them and issues certificates that anyone can check. Start reading at
`charter.app` (what is put together), then `charter.core` (the ground floor), then
`charter.commitments.rules` (how a venue's standing follows from its records).
"""
