"""Proofs: what a venue shows for a requirement, what the office decides, and what both say of it.

A newer proof is a new row; nothing is overwritten. The office looks at first proofs, at those that
follow a return, and at a random sample of renewals, which can be drawn again from its kept seed;
any other renewal of the same kind is accepted by rule. What ends a proof early follows from who
is there (`endings`). Tables: signature, evidence, evidence_file, proof_draft, draft_photo,
evidence_seen, not_applicable, quiet_record, thread_message.
"""
