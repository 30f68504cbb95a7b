"""Builders of training sessions: people on a list, a session, who is booked, and a full room.

All want an application context, take the locks they need and commit by themselves; they give ids.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from sqlalchemy import func, select

from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.sessions import bookings, planning, room
from charter.sessions.models import TrainingSession
from charter.sessions.planning import Plan
from charter.staff import service as staff
from charter.staff.models import StaffMember
from charter.staff.service import Starter
from tests.builders.accounts import make_member

Result = TypeVar("Result")
NAMES = ("Ada Birch", "Ben Cole", "Cleo Dunn", "Dan East", "Eve Fox", "Flo Gray", "Gus Hart")


def locked_in(*venues: int) -> None:
    """Begin a writing transaction with the city's lock and these venues'."""
    db.session.rollback()
    lock(CITY, *venues)


def done(verb: Callable[[], Result], *venues: int) -> Result:
    """Do something under the locks that its request takes, and commit."""
    locked_in(*venues)
    result = verb()
    commit()
    db.session.rollback()
    return result


def make_officer() -> int:
    """Somebody of the office."""
    return make_member(Role.OFFICER).id


def make_staff(venue: int, *names: str, job: str = "bar") -> list[int]:
    """People on a venue's list by these names (or three), in that order; their ids."""
    people = [Starter(name, job) for name in (names or NAMES[:3])]
    by = make_member(Role.MANAGER, venue=venue).id
    last = db.session.scalar(select(func.max(StaffMember.id))) or 0
    done(lambda: staff.add_many(venue, people, by=by), venue)
    return list(
        db.session.scalars(
            select(StaffMember.id).where(StaffMember.id > last).order_by(StaffMember.id)
        )
    )


def make_plan(**overrides: Any) -> Plan:
    """A session a week from now at 18:00, with twelve places."""
    values: dict[str, Any] = {
        "on": clock.today() + timedelta(days=7),
        "at": time(18),
        "places": 12,
        "place": "Room 2, 1 Quay Street",
        "trainer": "Ana Reed",
    }
    return Plan(**values | overrides)


def make_session(
    *, by: int, venue: int | None = None, course: str = "respond", **overrides: Any
) -> int:
    """A session of the office, or of a venue's own trainer; its id."""
    wanted = make_plan(**overrides)
    chains = () if venue is None else (venue,)
    return done(lambda: planning.plan(course, wanted, venue_id=venue, by=by), *chains).id


def book(venue: int, session: int, *members: int, by: int) -> list[int]:
    """Book people; the ids of their bookings."""
    made = done(lambda: bookings.book(venue, session, members, by=by), venue)
    return [each.id for each in made]


@contextmanager
def begun(session: int, minutes: int = 5) -> Iterator[datetime]:
    """The clock stands some minutes after the start of a session."""
    starts = db.session.get_one(TrainingSession, session).starts_at
    db.session.rollback()
    moment = starts + timedelta(minutes=minutes)
    with clock.moved_to(moment):
        yield moment


def count(session: int, headcount: int, *, by: int, venue: int | None = None) -> room.Counted:
    """Confirm a headcount."""
    chains = () if venue is None else (venue,)
    verb = room.count
    return done(lambda: verb(session, headcount, venue_id=venue, by=by), *chains)


def at(day: date, hour: int = 12) -> datetime:
    """An instant, for `clock.moved_to`."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
