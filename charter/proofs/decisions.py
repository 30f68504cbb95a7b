"""What the office does with proofs: accept, return, pull back, and say that it saw them itself.

Nobody decides about a proof they handed in or signed. Each decision tells the champions, once a
day, that something waits for them: never what, and never of which venue.
"""

from sqlalchemy import select

from charter.accounts import notices
from charter.core import clock, trail
from charter.core.access import Role
from charter.core.db import Counts, db, touch
from charter.core.errors import Refused
from charter.proofs import service
from charter.proofs.models import Evidence, EvidenceSeen
from charter.proofs.states import ProofState

WAYS_SEEN = {"on-page": "on its page", "at-venue": "at the venue"}


def accept(venue_id: int, evidence_id: int, *, by: int) -> Evidence:
    """Accept a proof that waits. Refuses one's own, and one that was decided meanwhile."""
    evidence = _to_decide(venue_id, evidence_id, by)
    return _decide(evidence, ProofState.ACCEPTED, "evidence.accepted", None, by)


def return_(venue_id: int, evidence_id: int, reason: str, *, by: int) -> Evidence:
    """Send a proof back that waits, with a reason that helps to mend it."""
    evidence = _to_decide(venue_id, evidence_id, by)
    words = _reason(reason)
    return _decide(evidence, ProofState.RETURNED, "evidence.returned", words, by)


def pull_back(venue_id: int, evidence_id: int, reason: str, *, by: int) -> Evidence:
    """Take an acceptance back, a rule's or a person's; the next proof then waits for a person."""
    evidence = service.must_find(venue_id, evidence_id)
    _refuse_own(evidence, by)
    if evidence.state != ProofState.ACCEPTED:
        raise Refused("Only a proof that counts as accepted can be pulled back.")
    words = _reason(reason)
    return _decide(evidence, ProofState.PULLED_BACK, "evidence.pulled-back", words, by)


def mark_seen(venue_id: int, evidence_id: int, how: str, *, by: int, role: Role) -> EvidenceSeen:
    """An officer or auditor saw it themselves: kept apart from what the venue says. Twice is once.

    Refuses one's own proof.
    """
    evidence = service.must_find(venue_id, evidence_id)
    _refuse_own(evidence, by)
    if how not in WAYS_SEEN:
        raise Refused("Choose how you saw it", "how")
    seen = db.session.scalar(
        select(EvidenceSeen).where(
            EvidenceSeen.evidence_id == evidence.id,
            EvidenceSeen.user_id == by,
            EvidenceSeen.how == how,
        )
    )
    if seen is None:
        seen = EvidenceSeen(evidence_id=evidence.id, user_id=by, role=role, how=how)
        db.session.add(seen)
        db.session.flush()
        _note("evidence.seen", evidence, by, how=how)
    return seen


def tell_champions(venue_id: int, key: str) -> None:
    """Mail each champion and stand-in that something waits at a requirement, once a day at most."""
    notices.something_waits(venue_id, f"requirements/{key}")


def _to_decide(venue_id: int, evidence_id: int, by: int) -> Evidence:
    evidence = service.must_find(venue_id, evidence_id)
    _refuse_own(evidence, by)
    if evidence.state != ProofState.WAITING:
        raise Refused("This proof does not wait any more: somebody decided, or it was taken back.")
    return evidence


def _refuse_own(evidence: Evidence, by: int) -> None:
    if by in (evidence.uploaded_by, evidence.signed_user_id):
        raise Refused("You handed this proof in yourself, so somebody else has to look at it.")


def _reason(words: str) -> str:
    words = words.strip()
    if not words:
        raise Refused("Say what is missing and how to mend it", "reason")
    return words


def _decide(
    evidence: Evidence, state: ProofState, verb: str, reason: str | None, by: int
) -> Evidence:
    evidence.state, evidence.reason = state, reason
    evidence.decided_at, evidence.decided_by = clock.now(), by
    _note(verb, evidence, by)
    touch(evidence.venue_id, counts=Counts.NONE)
    tell_champions(evidence.venue_id, evidence.requirement_key)
    return evidence


def _note(verb: str, evidence: Evidence, by: int, **detail: str) -> None:
    trail.note(
        verb,
        "evidence",
        evidence.id,
        venue_id=evidence.venue_id,
        by=by,
        requirement=evidence.requirement_key,
        version=evidence.version,
        **detail,
    )
