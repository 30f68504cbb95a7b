"""Builders of incident entries: they want an application context, take the lock, and commit."""

from dataclasses import replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from charter.core import clock
from charter.core.db import CITY, commit, db, lock
from charter.incidents import service
from charter.incidents.choices import Team
from charter.incidents.models import Entry
from charter.incidents.rules import Happened
from charter.incidents.service import Paper, Writer, Written
from charter.venues.models import Venue, Zone

WHOLE = Written(
    kinds=("sexual.touching",),
    said="A man put his hand on her back twice after she moved away.",
    actions=("listened", "asked"),
    acted="me",
    relation="customer",
    known_by="told",
    who_left="accused",
    cctv="wanted",
)


def make_zone(venue_id: int, kind: str = "dance-floor", name: str = "Dance floor") -> int:
    """A room of a venue; its id."""
    zone = Zone(venue_id=venue_id, kind=kind, name=name)
    db.session.add(zone)
    db.session.commit()
    return zone.id


def happened(hours_ago: float = 1, at: datetime | None = None) -> Happened:
    """So many hours ago, or at an aware instant, as the clock on the wall showed it."""
    wall = clock.wall(
        (at or clock.now() - timedelta(hours=hours_ago)).replace(second=0, microsecond=0)
    )
    return service.when(wall.local, wall.fold)


def writer(user_id: int | None = None, **more: Any) -> Writer:
    """Somebody who writes; a manager unless told otherwise."""
    values = {"team": Team.MANAGEMENT, "manages": True, "user_id": user_id} | more
    return Writer(**values)


def make_entry(
    venue_id: int,
    by: Writer,
    *,
    hours_ago: float = 1,
    once: str | None = None,
    paper: Paper | None = None,
    **said: Any,
) -> Entry:
    """An entry with every core fact but a room, unless told otherwise; `said` as `Written`."""
    db.session.rollback()
    written = replace(WHOLE, **said)
    lock(*((CITY,) if written.is_restricted else (venue_id,)))
    if written.happened is None:
        written = replace(written, happened=happened(hours_ago))
    if hours_ago > 24 and not written.late_why:
        written = replace(written, late_why="Nobody had time.")
    venue = db.session.get_one(Venue, venue_id)
    entry = service.write(venue, written, by, once=once or token_hex(16), paper=paper)
    commit()
    return entry


def book_lock(book: int) -> None:
    """Begin a change of a book."""
    db.session.rollback()
    lock(book)
