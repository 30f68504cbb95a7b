"""What time takes away from sessions: initials on certificates of attendance, a trainer's name.

Bookings stay: they say which row of a list was booked, and the list has no name any more.
"""

from sqlalchemy import exists, select, update

from charter.core import clock, retention
from charter.core.db import db
from charter.sessions.models import AttendancePaper, TrainingSession
from charter.training.models import TrainingRecord

NO_NAME = "Name removed"


def forget_initials() -> int:
    """Empty the initials of certificates that ran out long ago; how many. Needs the city's lock."""
    long_over = select(TrainingRecord.id).where(
        TrainingRecord.lasts_until < retention.ATTENDANCE.oldest_day(clock.today())
    )
    emptied = (
        update(AttendancePaper)
        .where(AttendancePaper.initials != "", AttendancePaper.record_id.in_(long_over))
        .values(initials="")
        .returning(AttendancePaper.id)
    )
    return len(db.session.scalars(emptied).all())


def forget_trainers() -> int:
    """Take the trainer's name off sessions of which nothing has counted for long; how many.

    Needs the city's lock.
    """
    span = retention.ATTENDANCE
    counts = exists().where(
        TrainingRecord.session_id == TrainingSession.id,
        TrainingRecord.lasts_until >= span.oldest_day(clock.today()),
    )
    before = span.oldest_moment(clock.now(), clock.zone())
    emptied = (
        update(TrainingSession)
        .where(TrainingSession.starts_at < before, TrainingSession.trainer != NO_NAME, ~counts)
        .values(trainer=NO_NAME)
        .returning(TrainingSession.id)
    )
    return len(db.session.scalars(emptied).all())


def clear(venue_id: int) -> None:
    """Take names and words off the sessions that a venue ran itself. Needs the venue's lock."""
    db.session.execute(
        update(TrainingSession)
        .where(TrainingSession.venue_id == venue_id)
        .values(trainer=NO_NAME, link="", cancelled_because="")
    )
