"""What one person did, row by row, in the words of a page: at one venue, or at all of mine."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from charter.core import clock, retention
from charter.core.db import db
from charter.staff.models import StaffMember
from charter.training import courses, records
from charter.training.coverage import Team, stretched_in
from charter.training.models import OutsideTraining, TrainingRecord
from charter.venues.models import Venue


@dataclass(frozen=True, slots=True)
class Did:
    """A course that somebody did, from where we know it, and the last day it counts.

    `until` is None while the venue is closed with no end in sight, `place` the venue it was
    recorded at where that has to be said, `outside_id` the hand-in whose proof can be opened.
    `has_paper`: a certificate of attendance can be had.
    """

    id: int
    course: str
    on: date
    until: date | None
    is_over: bool
    source: str
    place: str
    venue_id: int
    outside_id: int | None
    has_paper: bool
    withdrawn_on: date | None
    because: str


def at_venue(venue_id: int, member_id: int, team: Team) -> list[Did]:
    """What somebody of this venue's list did as recorded here, the newest first."""
    return _in_words(records.of_member(venue_id, member_id), team=team)


def mine(user_id: int) -> list[Did]:
    """What I did, in all the jobs that I tied to my account, by course, the newest first."""
    found = db.session.execute(
        select(TrainingRecord, Venue.name)
        .join(StaffMember, StaffMember.id == TrainingRecord.member_id)
        .join(Venue, Venue.id == TrainingRecord.venue_id)
        .where(StaffMember.user_id == user_id)
        .order_by(TrainingRecord.done_on.desc(), TrainingRecord.id.desc())
    ).all()
    places = {row.id: name for row, name in found}
    order = list(courses.courses())
    return sorted(
        _in_words([row for row, _ in found], places=places),
        key=lambda did: order.index(did.course) if did.course in order else len(order),
    )


def _in_words(
    rows: Sequence[TrainingRecord],
    *,
    team: Team | None = None,
    places: dict[int, str] | None = None,
) -> list[Did]:
    outside = _outside({row.outside_id for row in rows if row.outside_id is not None})
    return [
        Did(
            id=row.id,
            course=row.course_key,
            on=row.done_on,
            until=None if (until := _until(row, team)) == date.max else until,
            is_over=until < clock.today(),
            source=_source(row, outside),
            place=(places or {}).get(row.id, ""),
            venue_id=row.venue_id,
            outside_id=_with_proof(row, outside),
            has_paper=_has_paper(row),
            withdrawn_on=clock.local(row.withdrawn_at).date() if row.withdrawn_at else None,
            because=row.withdrawn_because or "",
        )
        for row in rows
    ]


def _has_paper(row: TrainingRecord) -> bool:
    is_kept = not retention.ATTENDANCE.is_over(row.lasts_until, clock.today())
    return row.session_id is not None and row.withdrawn_at is None and is_kept


def _until(row: TrainingRecord, team: Team | None) -> date:
    """The last day a row counts; at a venue, the days on which it is closed use up nothing."""
    return stretched_in(team, row.done_on, row.lasts_until) if team else row.lasts_until


def _outside(ids: Collection[int]) -> dict[int, OutsideTraining]:
    if not ids:
        return {}
    query = select(OutsideTraining).where(OutsideTraining.id.in_(ids))
    with_both = joinedload(OutsideTraining.course), joinedload(OutsideTraining.file)
    rows = db.session.scalars(query.options(*with_both))
    return {row.id: row for row in rows}


def _with_proof(row: TrainingRecord, outside: dict[int, OutsideTraining]) -> int | None:
    known = outside.get(row.outside_id or 0)
    return known.id if known is not None and known.file.erased_at is None else None


def _source(row: TrainingRecord, outside: dict[int, OutsideTraining]) -> str:
    known = outside.get(row.outside_id or 0)
    if known is not None:
        return f"{known.course.provider}: {known.course.title}"
    return records.SOURCES.get(row.source, row.source)


def by_course(found: Iterable[Did]) -> dict[str, list[Did]]:
    """Rows by the title of their course, in the order they come."""
    rows: dict[str, list[Did]] = {}
    for each in found:
        rows.setdefault(courses.title(each.course), []).append(each)
    return rows
