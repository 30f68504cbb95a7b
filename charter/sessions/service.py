"""Questions about sessions, who may ask them, and telling the venues that are booked.

A session of the office (`venue_id` None) is open to every venue; a venue's own one to that venue
alone. What is done with sessions stands in `planning`, `bookings` and `room`. All of it happens
under the city's lock, because a place given to one venue is one less for the others; a venue whose
chain is written to is locked after that.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from sqlalchemy import ColumnElement, case, func, or_, select

from charter import config
from charter.accounts import service as accounts
from charter.core import clock, mail
from charter.core.db import db
from charter.core.errors import Refused
from charter.sessions.models import Booking, TrainingSession
from charter.sessions.rules import BookingState
from charter.venues.models import Venue

_GONE = "This session is not there any more."


@dataclass(slots=True)
class Listed:
    """A session in a list, with how many are booked and wait, how many came, and whose they are."""

    session: TrainingSession
    booked: int = 0
    waiting: int = 0
    came: int = 0
    by_venue: Counter[int] = field(default_factory=Counter)
    waiting_by_venue: Counter[int] = field(default_factory=Counter)

    @property
    def places_left(self) -> int:
        """How many places nobody has."""
        return max(0, self.session.places - self.booked)

    @property
    def no_shows(self) -> int:
        """How many had a place and did not come; of a session that was counted."""
        return max(0, self.booked - self.came)


@dataclass(frozen=True, slots=True)
class NoShows:
    """How many people of a venue had a place, and how many of them did not come."""

    venue_id: int
    name: str
    booked: int
    missed: int


def open_for(venue_id: int) -> ColumnElement[bool]:
    """Which sessions a venue may see: the office's, and its own."""
    return or_(TrainingSession.venue_id.is_(None), TrainingSession.venue_id == venue_id)


def session(session_id: int) -> TrainingSession | None:
    """Any session, or None: for the office."""
    return db.session.get(TrainingSession, session_id)


def open_to(venue_id: int, session_id: int) -> TrainingSession | None:
    """A session that a venue may see, or None: the office's, or its own."""
    return db.session.scalar(
        select(TrainingSession).where(TrainingSession.id == session_id, open_for(venue_id))
    )


def run_by(venue_id: int | None, session_id: int) -> TrainingSession | None:
    """A session that a venue's own trainer, or the office (None), runs; else None."""
    found = db.session.get(TrainingSession, session_id)
    return found if found is not None and found.venue_id == venue_id else None


def must_run(venue_id: int | None, session_id: int) -> TrainingSession:
    """As `run_by`, for verbs. Refuses a session that was counted or cancelled."""
    found = run_by(venue_id, session_id)
    if found is None:
        raise Refused(_GONE)
    if found.cancelled_at is not None:
        raise Refused("This session was cancelled.")
    if found.counted_at is not None:
        raise Refused("This session was counted. What it says is fixed now.")
    return found


def must_be_to_come(venue_id: int, session_id: int) -> TrainingSession:
    """A session that a venue can still book, for verbs. Refuses any other, in words."""
    found = open_to(venue_id, session_id)
    if found is None:
        raise Refused(_GONE)
    if found.cancelled_at is not None:
        raise Refused("This session was cancelled. Choose another one.")
    if found.is_settled or found.starts_at <= clock.now():
        raise Refused("This session has begun. The trainer’s register says who came.")
    return found


def line(session_id: int) -> Sequence[Booking]:
    """Every booking of a session, those taken off too, the first booked first."""
    return db.session.scalars(
        select(Booking)
        .where(Booking.session_id == session_id)
        .order_by(Booking.booked_at, Booking.id)
    ).all()


def listed(sessions: Iterable[TrainingSession]) -> list[Listed]:
    """Sessions with their numbers; one statement, however many."""
    found = {each.id: Listed(each) for each in sessions}
    counts = (
        select(
            Booking.session_id,
            Booking.venue_id,
            Booking.state,
            func.count(),
            func.sum(case((Booking.came.is_(True), 1), else_=0)),
        )
        .where(Booking.session_id.in_(found), Booking.state != BookingState.CANCELLED)
        .group_by(Booking.session_id, Booking.venue_id, Booking.state)
    )
    for session_id, venue_id, state, number, came in db.session.execute(counts) if found else ():
        row = found[session_id]
        if state == BookingState.BOOKED:
            row.booked += number
            row.came += came
            row.by_venue[venue_id] += number
        else:
            row.waiting += number
            row.waiting_by_venue[venue_id] += number
    return list(found.values())


def venue_names(venue_ids: Collection[int]) -> dict[int, str]:
    """What venues are called, by their id and in the order of their names."""
    rows = db.session.execute(
        select(Venue.id, Venue.name)
        .where(Venue.id.in_(venue_ids))
        .order_by(Venue.name_key, Venue.id)
    )
    return {row.id: row.name for row in rows}


def no_shows(since: date) -> list[NoShows]:
    """By venue, how many people had a place since a day and did not come; most missed first.

    Only of sessions that were counted, and only venues that missed any. One statement.
    """
    missed = func.sum(case((Booking.came.is_(False), 1), else_=0))
    rows = db.session.execute(
        select(Booking.venue_id, Venue.name, func.count(), missed)
        .join(TrainingSession, TrainingSession.id == Booking.session_id)
        .join(Venue, Venue.id == Booking.venue_id)
        .where(
            TrainingSession.counted_at.is_not(None),
            TrainingSession.starts_local >= datetime.combine(since, time()),
            Booking.state == BookingState.BOOKED,
        )
        .group_by(Booking.venue_id, Venue.name, Venue.name_key)
        .having(missed > 0)
        .order_by(missed.desc(), Venue.name_key, Booking.venue_id)
    )
    return [NoShows(*row) for row in rows]


def tell(
    kind: str, row: TrainingSession, venue_ids: Iterable[int], *, once_for: str | None = None
) -> int:
    """Mail the champions of venues about a session, each with a link to it there; how many mails.

    With `once_for` each person gets a mail of that name once only.
    """
    told = 0
    for venue_id, rows in accounts.champions(sorted(set(venue_ids))).items():
        for champion in rows:
            key = f"{once_for}:{venue_id}:{champion.user_id}" if once_for else None
            told += bool(
                mail.post(
                    kind,
                    champion.user.email,
                    user_id=champion.user_id,
                    dedupe=key,
                    link=f"{config.current().public_url}/venues/{venue_id}/sessions/{row.id}",
                    starts=row.starts_at,
                )
            )
    return told


def booked_venues(bookings: Iterable[Booking]) -> list[int]:
    """The venues that have somebody booked or waiting, by id."""
    kept = (BookingState.BOOKED, BookingState.WAITING)
    return sorted({each.venue_id for each in bookings if each.state in kept})
