"""Lists of sessions, a page at a time: to come, over and not counted yet, and counted.

A venue sees the office's sessions and its own; the office sees its own first, and what venues' own
trainers run in lists beside them. Where the next page goes on is told by the id of the last
session on the page before; one that is not in the list begins it anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, and_, or_, select

from charter.core import clock
from charter.core.db import db
from charter.core.text import is_number
from charter.sessions import service
from charter.sessions.models import Booking, TrainingSession
from charter.sessions.service import Listed

PAGE = 50
_RUNNING = timedelta(hours=12)  # no session is longer, so one that began before that is over
_OFFICES = TrainingSession.venue_id.is_(None)
Query = Select[TrainingSession]


@dataclass(frozen=True, slots=True)
class Page:
    """Some sessions of a list, and where it goes on; `next` None: these are the last."""

    rows: Sequence[Listed]
    next: int | None


@dataclass(frozen=True, slots=True)
class OfVenue:
    """What a venue sees: sessions it can go to, its own to count, and those it had people at."""

    to_come: Page
    to_count: Page
    earlier: Page


@dataclass(frozen=True, slots=True)
class OfOffice:
    """What the office sees: its own sessions, and those of venues' own trainers."""

    to_count: Page
    to_come: Page
    counted: Page
    own_to_come: Page
    own_counted: Page


def cursor(typed: str | None) -> int | None:
    """Where to go on, from an address; None for none and for nonsense."""
    return int(typed) if typed and is_number(typed) else None


def of_venue(venue_id: int, at: Mapping[str, int]) -> OfVenue:
    """The lists of a venue; `at` says where "after" and "before" go on. Four statements."""
    theirs = select(Booking.session_id).where(
        Booking.venue_id == venue_id, Booking.came.is_not(None)
    )
    own = TrainingSession.venue_id == venue_id
    found = (
        _to_come(service.open_for(venue_id), at.get("after")),
        _to_count(own),
        _counted(TrainingSession.id.in_(theirs), at.get("before")),
    )
    return OfVenue(*_pages(found))


def of_office(at: Mapping[str, int]) -> OfOffice:
    """The lists of the office; `at` says where "after", "before" and so on go on.

    Six statements, and one more for each list that goes on.
    """
    found = (
        _to_count(_OFFICES),
        _to_come(_OFFICES, at.get("after")),
        _counted(_OFFICES, at.get("before")),
        _to_come(~_OFFICES, at.get("own_after")),
        _counted(~_OFFICES, at.get("own_before")),
    )
    return OfOffice(*_pages(found))


Found = tuple[Sequence[TrainingSession], int | None]


def _pages(found: Sequence[Found]) -> list[Page]:
    listed = service.listed(row for rows, _ in found for row in rows)
    numbers = {each.session.id: each for each in listed}
    return [Page([numbers[row.id] for row in rows], following) for rows, following in found]


def _to_come(whose: ColumnElement[bool], after: int | None) -> Found:
    """Soonest first; one that runs just now is among them."""
    now = clock.now()
    query = _open().where(whose, TrainingSession.starts_at > now - _RUNNING)
    rows, following = _page(query, whose, after)
    return [row for row in rows if row.ends_at > now], following


def _to_count(whose: ColumnElement[bool]) -> Found:
    """Sessions that are over and that nobody has counted yet, the oldest first.

    No page follows the first: whatever is counted makes room for the next.
    """
    now = clock.now()
    query = _open().where(whose, TrainingSession.starts_at <= now)
    rows, following = _page(query, whose, None)
    return [row for row in rows if row.ends_at <= now], following


def _counted(whose: ColumnElement[bool], before: int | None) -> Found:
    """The latest first."""
    query = select(TrainingSession).where(whose, TrainingSession.counted_at.is_not(None))
    return _page(query, whose, before, latest_first=True)


def _open() -> Query:
    return select(TrainingSession).where(
        TrainingSession.cancelled_at.is_(None), TrainingSession.counted_at.is_(None)
    )


def _page(
    query: Query, whose: ColumnElement[bool], last: int | None, *, latest_first: bool = False
) -> Found:
    """A page of a list in the order of time, from after the session `last` on."""
    at, number = TrainingSession.starts_at, TrainingSession.id
    if last is not None:
        ended = select(at).where(number == last, whose)
        then = db.session.scalar(ended)
        if then is not None and latest_first:
            query = query.where(or_(at < then, and_(at == then, number < last)))
        elif then is not None:
            query = query.where(or_(at > then, and_(at == then, number > last)))
    order = (at.desc(), number.desc()) if latest_first else (at, number)
    rows = db.session.scalars(query.order_by(*order).limit(PAGE + 1)).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None
