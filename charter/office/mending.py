"""What venues have to mend, as the office sees it: what is due first, and what nobody took on.

Found by the venues' own walks and by the office's checks. Each page is read along the index of
open actions by the day they are due, so that it costs the same in a city of any size.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import url_for
from sqlalchemy import Row, literal, or_, select, tuple_

from charter.audits.models import Action
from charter.audits.rules import COSTS, State
from charter.audits.template import Mends
from charter.certificates.register import inert
from charter.core import clock
from charter.core.text import is_number
from charter.office import board
from charter.venues.models import Venue, VenueState
from charter.venues.service import matching

OVERDUE, BARE = "overdue", "unplanned"
SHOWS = {OVERDUE: "Overdue", BARE: "Without a person or a day", "put-off": "Put off"}
MENDS = {each.value: each.label for each in Mends}
HEADINGS = (
    "venue", "postcode", "area", "number", "place", "what is wrong", "what it needs", "found on",
    "due on", "days overdue", "put off", "cost",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's address asks for. What it cannot be asked for is left out, never refused."""

    find: str = ""
    area: str = ""
    show: str = ""
    mends: str = ""
    after: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "Asked":
        """Read an address's query."""
        given = board.typed(args, (each.name for each in fields(cls)))
        given["show"] = given["show"] if given["show"] in SHOWS else ""
        given["mends"] = given["mends"] if given["mends"] in MENDS else ""
        return cls(**given)

    @property
    def is_narrowed(self) -> bool:
        """Whether it asks for less than everything."""
        return bool(self.find or self.area or self.show or self.mends)

    def link(self, endpoint: str = "office.to_mend", **changes: str) -> str:
        """The address with these changes, from its first page unless told."""
        asked = replace(self, **{"after": "", **changes})
        given = {each.name: getattr(asked, each.name) for each in fields(asked)}
        query = urlencode({name: value for name, value in given.items() if value})
        return url_for(endpoint) + (f"?{query}" if query else "")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of things to mend, and where the next one begins."""

    rows: Sequence[Row[Any]]
    after: str = ""


def page(asked: Asked) -> Page:
    """What is below the place `after`; one that cannot be read is the beginning.

    One statement, two where the page reaches what has no day.
    """
    found = _rows(asked, _read(asked.after), board.PAGE + 1)
    shown = found[: board.PAGE]
    return Page(shown, _written(shown[-1]) if len(found) > board.PAGE else "")


def spreadsheet(asked: Asked) -> Iterator[list[str]]:
    """Everything that fits, in the same order, as rows of safe cells; the heading first."""
    yield list(HEADINGS)
    today = clock.today()
    rows = _rows(asked, None, board.BATCH)
    while rows:
        for each in rows:
            late = (today - each.due_on).days if each.due_on and each.due_on < today else None
            cells = (
                each.name, each.postcode, each.area, each.number, each.room,
                each.wrong or each.asked, MENDS.get(each.mends, each.mends), each.opened_on,
                each.due_on, late, each.moved, COSTS.get(each.cost, ""),
            )  # fmt: skip
            yield [inert("" if cell is None else str(cell)) for cell in cells]
        rows = _rows(asked, _place(rows[-1]), board.BATCH)


_COLUMNS = (
    Action.id, Action.venue_id, Action.number, Action.room, Action.wrong, Action.asked,
    Action.mends, Action.opened_on, Action.due_on, Action.owner_id, Action.moved, Action.cost,
    Action.mended_in, Venue.name, Venue.postcode, Venue.area,
)  # fmt: skip


def _query(asked: Asked) -> board.Query:
    query = (
        select(*_COLUMNS)
        .join(Venue, Venue.id == Action.venue_id)
        .where(Action.state == State.OPEN, Venue.state == VenueState.WORKING)
    )
    if asked.find:
        query = query.where(matching(asked.find))
    if asked.area:
        query = query.where(Venue.area == asked.area)
    if asked.mends:
        query = query.where(Action.mends == asked.mends)
    if asked.show == OVERDUE:
        query = query.where(Action.due_on < clock.today())
    elif asked.show == BARE:
        query = query.where(or_(Action.due_on.is_(None), Action.owner_id.is_(None)))
    elif asked.show:
        query = query.where(Action.moved > 0)
    return query


_Place = tuple[date | None, int]


def _rows(asked: Asked, at: _Place | None, limit: int) -> list[Row[Any]]:
    """The next so many below a place: what has a day by it, each read along the index, then what
    has none by when it was found.
    """
    query, found = _query(asked), list[Row[Any]]()
    due, last = at or (date.min, 0)
    if due is not None:
        dated = query.where(Action.due_on.is_not(None))
        if at is not None:
            place = tuple_(literal(due), literal(last))
            # The first half alone lets the index begin in the right place.
            dated = dated.where(Action.due_on >= due, tuple_(Action.due_on, Action.id) > place)
        found += board.rows_of(dated.order_by(Action.due_on, Action.id).limit(limit))
        last = 0
    if len(found) < limit and asked.show != OVERDUE:
        bare = query.where(Action.due_on.is_(None), Action.id > last)
        found += board.rows_of(bare.order_by(Action.id).limit(limit - len(found)))
    return found


def _place(row: Row[Any]) -> _Place:
    return row.due_on, row.id


def _written(row: Row[Any]) -> str:
    """A place as it stands in an address."""
    due, action_id = _place(row)
    return f"{due.isoformat() if due else ''}~{action_id}"


def _read(written: str) -> _Place | None:
    due, _, action_id = written.partition("~")
    if not is_number(action_id) or len(action_id) > 9:
        return None
    try:
        return (date.fromisoformat(due) if due else None), int(action_id)
    except ValueError:
        return None
