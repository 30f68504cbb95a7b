"""Editions of the charter, the proofs venues show, and where each venue therefore stands.

What the charter asks is data (`seeds/charter`); what it means is `rules.assess`, a pure function
of an edition, the facts and a day. Its result is stored as the venue's *standing* by the same
commit that changed a fact, with the last day it holds, so that no page recomputes and none
trusts yesterday. Sign-up stands here because it joins a venue, a person and a signature.

Tables: edition, signature, sign_up, evidence, evidence_file, evidence_seen, not_applicable,
quiet_record, thread_message, threshold_override, commitment_standing, venue_standing.
"""
