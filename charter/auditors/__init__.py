"""Auditors from outside: what they are asked to look at, until when, and what they found.

Tables: engagement, engagement_venue, audit_question, audit_sight, audit_finding, audit_complaint.
An engagement names an auditor, venues (chosen, or drawn with a seed that is kept), first and last
day, and commitments. Access opens and ends by itself: it is the auditor's roles at those venues,
which have dates. While an auditor is signed in, what they open is read over a connection that
cannot write, and what they send can write to these tables and the trail alone (`watch`). Every
record they open and every file they take is in the trail that the venue reads.
"""
