"""Editions of the charter, the proofs venues show, and where each venue therefore stands.

What the charter asks is data (`seeds/charter`); what it means is `rules.assess`, a pure function
of an edition, the facts and a day. Its result is stored as the venue's *standing* by the same
commit that changed a fact, with the last day it holds, so that no page recomputes and none
trusts yesterday. Sign-up stands here because it joins a venue, a person and a signature.

Who looks at a proof: a person at the first of a requirement, at every one after a return or after
something changed, and at a share of the renewals drawn by lot (a draw that can be repeated from
the seed). Any other renewal of the same kind is accepted by rule, says that it was not looked at
again, and can be pulled back.

Tables: edition, signature, sign_up, sign_up_draft, sign_up_message, evidence, evidence_file,
evidence_seen, proof_draft, draft_photo, not_applicable, quiet_record, thread_message,
threshold_override, commitment_standing, venue_standing.
"""
