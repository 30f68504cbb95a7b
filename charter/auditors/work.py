"""What an auditor writes: questions, what they saw, findings; and the venue's answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import func, select

from charter.accounts import notices
from charter.auditors.models import AuditFinding, AuditQuestion, AuditSight, Engagement
from charter.core import clock, files, trail
from charter.core.db import db
from charter.core.errors import Refused
from charter.core.files import Received
from charter.proofs.models import Evidence

# How long a night may be missed and still be made up for.
LOOK_BACK = timedelta(days=7)
WAYS = {"on-page": "On its page", "at-venue": "At the venue", "original": "The original"}


class Grade(StrEnum):
    """How grave a finding is."""

    CONFORMS = "conforms"
    OBSERVATION = "observation"
    MINOR = "minor"
    MAJOR = "major"

    @property
    def label(self) -> str:
        """The grade in words."""
        return _GRADES[self]

    @property
    def asks(self) -> bool:
        """Whether something has to be done about it."""
        return self in (Grade.MINOR, Grade.MAJOR)


_GRADES = {
    Grade.CONFORMS: "Conforms",
    Grade.OBSERVATION: "Observation",
    Grade.MINOR: "Minor: does not conform",
    Grade.MAJOR: "Major: does not conform",
}


def ask(row: Engagement, venue_id: int, key: str, words: str, *, by: int) -> AuditQuestion:
    """Ask the venue something, on record; its champions hear that something waits."""
    question = AuditQuestion(
        engagement_id=row.id, venue_id=venue_id, requirement_key=key, words=words, asked_by=by
    )
    db.session.add(question)
    db.session.flush()
    trail.note("audit-file.asked", "audit-question", question.id, venue_id=venue_id, by=by)
    return question


def answer(
    venue_id: int, question_id: int, words: str, received: Received | None, *, by: int
) -> None:
    """The venue answers an auditor's question, once."""
    row = db.session.get(AuditQuestion, question_id)
    if row is None or row.venue_id != venue_id:
        raise Refused("There is no such question.")
    if row.answered_at is not None:
        raise Refused("This question has been answered.")
    engagement = db.session.get_one(Engagement, row.engagement_id)
    if not engagement.is_open(clock.today()):
        raise Refused("The audit is over, so nothing can be answered any more.")
    row.answer, row.answered_by, row.answered_at = words, by, clock.now()
    if received is not None:
        row.file_id = files.keep(received).id
    trail.note("audit-file.answered", "audit-question", row.id, venue_id=venue_id, by=by)


def see(
    row: Engagement, venue_id: int, evidence_id: int, how: str, on: date, note: str, *, by: int
) -> None:
    """The auditor saw a proof themselves, on a day of the engagement. Twice is once."""
    evidence = db.session.get(Evidence, evidence_id)
    if evidence is None or evidence.venue_id != venue_id:
        raise Refused("There is no such proof.")
    if how not in WAYS:
        raise Refused("Choose how you saw it", "how")
    if not row.from_on <= on <= clock.today():
        raise Refused("The day is one of the audit’s, up to today", "seen_on")
    known = db.session.scalar(
        select(AuditSight.id).where(
            AuditSight.engagement_id == row.id,
            AuditSight.evidence_id == evidence_id,
            AuditSight.how == how,
            AuditSight.seen_on == on,
        )
    )
    if known is not None:
        return
    sight = AuditSight(
        engagement_id=row.id, venue_id=venue_id, evidence_id=evidence_id, how=how, seen_on=on,
        note=note, seen_by=by,
    )  # fmt: skip
    db.session.add(sight)
    db.session.flush()
    trail.note(
        "audit-file.seen", "audit-sight", sight.id, venue_id=venue_id, by=by, proof=evidence_id
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What an auditor writes about one requirement."""

    requirement_key: str
    grade: Grade
    words: str
    action: str = ""
    owner: str = ""
    due_on: date | None = None


def find(row: Engagement, venue_id: int, found: Found, *, by: int) -> AuditFinding:
    """Write a finding down. One that does not conform needs an action, an owner and a day."""
    if found.grade.asks:
        for name, given, words in (
            ("action", found.action, "Write what has to be done"),
            ("owner", found.owner, "Write who sees to it: a job, not a name"),
            ("due_on", found.due_on, "Enter the day by which it has to be done"),
        ):
            if not given:
                raise Refused(words, name)
        if found.due_on is not None and found.due_on < clock.today():
            raise Refused("The day is today or later", "due_on")
    number = db.session.scalar(
        select(func.max(AuditFinding.number)).where(AuditFinding.engagement_id == row.id)
    )
    finding = AuditFinding(
        engagement_id=row.id,
        venue_id=venue_id,
        number=(number or 0) + 1,
        requirement_key=found.requirement_key,
        grade=found.grade,
        words=found.words,
        action=found.action if found.grade.asks else "",
        owner=found.owner if found.grade.asks else "",
        due_on=found.due_on if found.grade.asks else None,
        found_by=by,
    )
    db.session.add(finding)
    db.session.flush()
    trail.note(
        "audit-file.found", "audit-finding", finding.id, venue_id=venue_id, by=by,
        grade=found.grade.value,
    )  # fmt: skip
    return finding


def check(row: Engagement, venue_id: int, number: int, works: bool, words: str, *, by: int) -> None:
    """Say whether what was done about a finding had its effect; once, as a report may tell it."""
    finding = db.session.scalars(
        select(AuditFinding).where(
            AuditFinding.engagement_id == row.id,
            AuditFinding.venue_id == venue_id,
            AuditFinding.number == number,
        )
    ).first()
    if finding is None or not Grade(finding.grade).asks:
        raise Refused("There is nothing to check about this finding.")
    if finding.checked_on is not None:
        raise Refused("This finding has been checked. Write a new one.")
    finding.works, finding.checked_words = works, words
    finding.checked_on, finding.checked_by = clock.today(), by
    trail.note("audit-file.checked", "audit-finding", finding.id, venue_id=venue_id, by=by)


def findings(engagement_id: int, venue_id: int | None = None) -> Sequence[AuditFinding]:
    """The findings of an engagement (at a venue), in their order."""
    query = select(AuditFinding).where(AuditFinding.engagement_id == engagement_id)
    if venue_id is not None:
        query = query.where(AuditFinding.venue_id == venue_id)
    return db.session.scalars(query.order_by(AuditFinding.number)).all()


def questions(engagement_id: int, venue_id: int) -> Sequence[AuditQuestion]:
    """What was asked of a venue, oldest first."""
    return db.session.scalars(
        select(AuditQuestion)
        .where(AuditQuestion.engagement_id == engagement_id, AuditQuestion.venue_id == venue_id)
        .order_by(AuditQuestion.id)
    ).all()


def question(venue_id: int, question_id: int) -> AuditQuestion | None:
    """A question to a venue, or None."""
    row = db.session.get(AuditQuestion, question_id)
    return row if row is not None and row.venue_id == venue_id else None


def tell() -> int:
    """Mail the champions of venues that were asked something, once for it; how many venues.

    An auditor writes to their own tables alone, so the night does it, and makes up for nights that
    were missed. Needs the city's lock.
    """
    waiting = db.session.execute(
        select(AuditQuestion.venue_id, func.max(AuditQuestion.id))
        .where(
            AuditQuestion.answered_at.is_(None),
            AuditQuestion.asked_at >= clock.now() - LOOK_BACK,
        )
        .group_by(AuditQuestion.venue_id)
        .order_by(AuditQuestion.venue_id)
    ).all()
    for venue_id, newest in waiting:
        notices.something_waits(venue_id, "auditor", what=f"auditor-{newest}", once=True)
    return len(waiting)
