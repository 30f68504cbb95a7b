"""Training rows: write one, take one back, and what somebody has done.

A row is never changed. Verbs need the city's lock and the venue's (somebody may have linked a job
at another venue, which is counted again too), note the trail, touch, and do not commit.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import select

from charter.core import clock, trail
from charter.core.db import Counts, db, lock, touch
from charter.core.errors import Refused
from charter.staff import service as staff
from charter.staff.models import StaffMember
from charter.training import courses
from charter.training.courses import Course
from charter.training.models import TrainingRecord

# Where a row comes from.
SOURCES: Mapping[str, str] = {
    "session": "at a session",
    "outside": "with somebody else",
    "briefing": "read on a phone",
}


def must_course(key: str, *, may_be_retired: bool = False) -> Course:
    """The course with this key. Refuses one that there is not, or no longer."""
    found = courses.course(key)
    if found is None or (found.retired and not may_be_retired):
        raise Refused("Choose one of the courses", "course")
    return found


def record(
    people: Sequence[StaffMember],
    course_key: str,
    done_on: date,
    *,
    source: str,
    by: int | None,
    session_id: int | None = None,
    outside_id: int | None = None,
) -> list[TrainingRecord]:
    """Write that these people of one venue did a course on a day; whoever has that row keeps it.

    Refuses a day to come. The row lasts as long as the course says today. One entry in the trail.
    """
    course = must_course(course_key, may_be_retired=True)
    if done_on > clock.today():
        raise Refused("That day is still to come. Enter a date up to today", "done_on")
    if not people:
        return []
    venue_id = people[0].venue_id
    if any(each.venue_id != venue_id for each in people):
        raise ValueError("rows of one venue at a time")
    had = _had([each.id for each in people], course_key, done_on)
    now = clock.now()
    made = [
        TrainingRecord(
            member_id=each.id,
            venue_id=venue_id,
            course_key=course.key,
            course_version=course.version,
            done_on=done_on,
            lasts_until=course.lasts.until(done_on),
            source=source,
            session_id=session_id,
            outside_id=outside_id,
            recorded_at=now,
            recorded_by=by,
        )
        for each in people
        if each.id not in had
    ]
    db.session.add_all(made)
    db.session.flush()
    if made:
        trail.note(
            "training.recorded",
            "venue",
            venue_id,
            venue_id=venue_id,
            by=by,
            course=course.key,
            count=len(made),
            source=source,
        )
        _touch(venue_id, people)
    return made


def _had(member_ids: Collection[int], course_key: str, done_on: date) -> set[int]:
    return set(
        db.session.scalars(
            select(TrainingRecord.member_id).where(
                TrainingRecord.member_id.in_(member_ids),
                TrainingRecord.course_key == course_key,
                TrainingRecord.done_on == done_on,
                TrainingRecord.withdrawn_at.is_(None),
            )
        )
    )


def _touch(venue_id: int, people: Sequence[StaffMember]) -> None:
    """Have this venue counted again, and every other one where what they did counts too."""
    touch(venue_id, counts=Counts.TRAINING)
    users = {each.user_id for each in people if each.user_id is not None}
    if not users:
        return
    others = staff.counted_with(users) - {venue_id}
    lock(*others)
    for other in sorted(others):
        touch(other, counts=Counts.TRAINING)


def withdraw(venue_id: int, record_id: int, because: str, *, by: int) -> TrainingRecord:
    """Take a wrong row back, with a reason; it stays readable and counts no more.

    Refuses one that is not this venue's, or was taken back before.
    """
    row = one(venue_id, record_id)
    if row is None or row.withdrawn_at is not None:
        raise Refused("This row is not there any more.")
    if not because.strip():
        raise Refused("Say what was wrong, in a few words", "because")
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_because = clock.now(), by, because.strip()
    trail.note(
        "training.withdrawn",
        "training_record",
        row.id,
        venue_id=venue_id,
        by=by,
        course=row.course_key,
    )
    _touch(venue_id, staff.members(venue_id, [row.member_id]))
    return row


def one(venue_id: int, record_id: int) -> TrainingRecord | None:
    """A row of this venue, or None."""
    return db.session.scalar(
        select(TrainingRecord).where(
            TrainingRecord.venue_id == venue_id, TrainingRecord.id == record_id
        )
    )


def of_member(venue_id: int, member_id: int) -> Sequence[TrainingRecord]:
    """What somebody of this venue's list did, as recorded here, the newest first."""
    return db.session.scalars(
        select(TrainingRecord)
        .where(TrainingRecord.venue_id == venue_id, TrainingRecord.member_id == member_id)
        .order_by(TrainingRecord.done_on.desc(), TrainingRecord.id.desc())
    ).all()
