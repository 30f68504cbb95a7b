"""Which venues have new starters without the briefing, or without the training in time.

Read from what `city.store` keeps; counts, nobody's name, and those that wait longest first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, literal, select, tuple_

from charter.core.db import db
from charter.core.text import is_number
from charter.training.models import StarterLack
from charter.training.tally import BRIEFING, LACKS, TRAINING
from charter.venues.models import Venue, VenueState

Query = Select[*tuple[Any, ...]]
PAGE = 50


@dataclass(frozen=True, slots=True)
class Totals:
    """So many venues have starters who lack something, and so many starters lack which."""

    venues: int
    briefing: int
    training: int


@dataclass(frozen=True, slots=True)
class Page:
    """Up to 50 venues, the longest wait first; `after` goes on below them, empty at the end."""

    rows: Sequence[Row[Any]]
    after: str


def _today(today: date) -> ColumnElement[bool]:
    return and_(StarterLack.from_on <= today, StarterLack.until_on >= today)


def _people(lack: str) -> Any:
    return func.coalesce(func.sum(case((StarterLack.lack == lack, StarterLack.people), else_=0)), 0)


def totals(today: date) -> Totals:
    """How many there are in the city; one statement."""
    venues = func.count(StarterLack.venue_id.distinct())
    query = select(venues, *map(_people, LACKS)).where(_today(today))
    return Totals(*db.session.execute(query).one())


def page(today: date, *, lack: str = "", after: str = "") -> Page:
    """The venues below the place `after`, of one lack or of either; one statement.

    A place that cannot be read is the beginning.
    """
    rows = db.session.execute(_query(today, lack, _read(after))).all()
    more, rows = len(rows) > PAGE, rows[:PAGE]
    return Page(rows, f"{rows[-1].since.isoformat()}~{rows[-1].id}" if more else "")


def _query(today: date, lack: str, place: tuple[date, int] | None) -> Query:
    since = func.min(StarterLack.from_on)
    query = (
        select(
            *(Venue.id, Venue.name, Venue.area, Venue.kind, since.label("since")),
            *(_people(each).label(each) for each in (BRIEFING, TRAINING)),
        )
        .join(Venue, Venue.id == StarterLack.venue_id)
        .where(_today(today), Venue.state == VenueState.WORKING)
        .group_by(Venue.id)
        .order_by(since, Venue.id)
        .limit(PAGE + 1)
    )
    if lack:
        query = query.where(StarterLack.lack == lack)
    if place is not None:
        day, venue_id = place
        there = tuple_(literal(day, StarterLack.from_on.type), literal(venue_id))
        query = query.having(tuple_(since, Venue.id) > there)
    return query


def _read(written: str) -> tuple[date, int] | None:
    day, _, number = written.partition("~")
    if not is_number(number):
        return None
    try:
        return date.fromisoformat(day), int(number)
    except ValueError:
        return None
