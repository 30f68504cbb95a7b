"""An auditor's case: what the venue claims, what the office accepted, what the auditor saw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from charter.accounts import service as accounts
from charter.auditors.models import (
    AuditFinding,
    AuditQuestion,
    AuditSight,
    Engagement,
    EngagementVenue,
)
from charter.auditors.work import findings
from charter.commitments import standing
from charter.commitments.assessment import RequirementAssessment
from charter.core.db import db
from charter.editions import service as editions
from charter.editions.terms import Commitment
from charter.proofs.models import Evidence, EvidenceSeen
from charter.proofs.states import ProofState
from charter.venues.models import Venue


@dataclass(frozen=True, slots=True)
class Compared:
    """One requirement beside itself: the claim, the office's word, the auditor's own eyes.

    `proof` is the newest that was handed in; `office_saw` and `sights` are of that one.
    """

    assessed: RequirementAssessment
    proof: Evidence | None
    office_saw: Sequence[EvidenceSeen]
    sights: Sequence[AuditSight]
    findings: Sequence[AuditFinding]

    @property
    def accepted(self) -> str:
        """What the office did with the newest proof, in words."""
        row = self.proof
        if row is None:
            return "Counted" if self.assessed.counts_as_met else "Nothing handed in"
        if row.state == ProofState.ACCEPTED:
            return "Accepted by rule, not looked at" if row.by_rule else "Accepted by a person"
        return {"waiting": "Not looked at yet", "returned": "Sent back"}.get(
            row.state, "Pulled back"
        )


@dataclass(frozen=True, slots=True)
class Case:
    """A venue as an auditor works on it."""

    venue: Venue
    commitments: Sequence[tuple[Commitment, Sequence[Compared]]]
    people: Mapping[int, str]


def asked(row: Engagement) -> str:
    """The commitments that an engagement looks at, by name."""
    edition = editions.current()
    found = ((key, edition.commitment(key)) for key in row.commitments)
    return ", ".join(one.name if one else key for key, one in found) or "All of them"


def case(row: Engagement, venue_id: int) -> Case | None:
    """The case of a venue; None where the venue has no edition. The same number of statements."""
    judged = standing.assessed(venue_id)
    if judged is None:
        return None
    newest = _newest(venue_id)
    ids = [proof.id for proof in newest.values()]
    office = _by(
        db.session.scalars(
            select(EvidenceSeen).where(EvidenceSeen.evidence_id.in_(ids)).order_by(EvidenceSeen.id)
        ).all(),
        "evidence_id",
    )
    mine = _by(
        db.session.scalars(
            select(AuditSight)
            .where(AuditSight.engagement_id == row.id, AuditSight.venue_id == venue_id)
            .order_by(AuditSight.id)
        ).all(),
        "evidence_id",
    )
    found = _by(findings(row.id, venue_id), "requirement_key")
    commitments = [
        (
            one.commitment,
            [
                _compared(each, newest.get(each.key), office, mine, found)
                for each in one.requirements
            ],
        )
        for one in judged.commitments
        if not row.commitments or one.commitment.key in row.commitments
    ]
    people = {proof.decided_by for proof in newest.values() if proof.decided_by}
    people |= {each.user_id for rows in office.values() for each in rows}
    names = {number: user.name for number, user in accounts.people(people).items()}
    return Case(db.session.get_one(Venue, venue_id), commitments, names)


def _newest(venue_id: int) -> dict[str, Evidence]:
    rows = db.session.scalars(
        select(Evidence).where(Evidence.venue_id == venue_id).order_by(Evidence.version)
    )
    return {row.requirement_key: row for row in rows}


def _by(rows: Sequence[Any], name: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault(getattr(row, name), []).append(row)
    return found


def _compared(
    each: RequirementAssessment,
    proof: Evidence | None,
    office: Mapping[int, Sequence[EvidenceSeen]],
    mine: Mapping[int, Sequence[AuditSight]],
    found: Mapping[str, Sequence[AuditFinding]],
) -> Compared:
    number = proof.id if proof else 0
    return Compared(
        each, proof, office.get(number, ()), mine.get(number, ()), found.get(each.key, ())
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an auditor has come with one venue."""

    venue: Venue
    stratum: str
    seen: int
    open_questions: int
    findings: int
    failing: int


def progress(row: Engagement) -> list[Progress]:
    """Every venue of an engagement with what was done there; five statements."""
    venues = db.session.execute(
        select(Venue, EngagementVenue.stratum)
        .join(EngagementVenue, EngagementVenue.venue_id == Venue.id)
        .where(EngagementVenue.engagement_id == row.id)
        .order_by(Venue.name_key, Venue.id)
    ).all()

    def counted(table: Any, *conditions: Any) -> dict[int, int]:
        query = (
            select(table.venue_id, func.count())
            .where(table.engagement_id == row.id, *conditions)
            .group_by(table.venue_id)
        )
        return {venue_id: number for venue_id, number in db.session.execute(query)}

    seen = counted(AuditSight)
    waiting = counted(AuditQuestion, AuditQuestion.answered_at.is_(None))
    found = counted(AuditFinding)
    failing = counted(AuditFinding, AuditFinding.grade.in_(("minor", "major")))
    return [
        Progress(
            venue,
            stratum,
            seen.get(venue.id, 0),
            waiting.get(venue.id, 0),
            found.get(venue.id, 0),
            failing.get(venue.id, 0),
        )
        for venue, stratum in venues
    ]
