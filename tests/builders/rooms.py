"""Builders of sessions that have begun: a room that is open now, and one that was counted.

All want an application context, take the locks they need and commit by themselves; they give ids.
"""

from datetime import timedelta

from sqlalchemy import select

from charter.core import clock
from charter.core.db import db
from charter.sessions import room
from charter.training.models import TrainingRecord
from tests.builders.sessions import book, count, done, make_session


def make_running(
    venue: int, *members: int, by: int, own: bool = True, course: str = "spiking"
) -> int:
    """A session that began ten minutes ago, run by the venue itself or (not `own`) by the office.

    These people of the venue are booked, and the first of them has checked in.
    """
    began = clock.local(clock.now() - timedelta(minutes=10))
    with clock.moved_to(began - timedelta(hours=3)):
        session = make_session(
            by=by, venue=venue if own else None, course=course, on=began.date(), at=began.time()
        )
        booked = book(venue, session, *members, by=by)
    done(lambda: room.check_in(session, venue, booked[0]), venue)
    return session


def make_counted(venue: int, *members: int, by: int) -> int:
    """A session of the venue's own that was counted; the first one's training row."""
    session = make_running(venue, *members, by=by, course="bystander")
    count(session, len(members), by=by, venue=venue)
    row = TrainingRecord.session_id == session
    return db.session.scalars(select(TrainingRecord.id).where(row).order_by("id")).first() or 0
