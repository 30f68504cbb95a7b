"""How venues keep their incident books, as the office sees it: numbers, and what to ask about.

Never a word of what happened, and never an order by how many entries there are: more of them may
mean that more is written down. What is counted is stored beside each venue and only read here; the
few numbers that move with the clock are asked for a page of venues at a time, along an index.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import url_for
from sqlalchemy import ColumnElement, Row, and_, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased

from charter.certificates.register import inert
from charter.commitments.models import CountedFact
from charter.core import clock
from charter.core.text import is_number
from charter.editions import service as editions
from charter.editions.terms import Edition
from charter.incidents import counting
from charter.incidents.models import BookLine, Entry
from charter.incidents.rules import Line as BookLineKind
from charter.office import board
from charter.proofs.models import QuietRecord
from charter.venues.models import Venue, VenueState
from charter.venues.service import matching

WEEKS, SIGNED_WEEKS = timedelta(weeks=4), timedelta(weeks=13)
QUIET, SIGNED, LATE, THIN, UNREAD = "quiet", "signed", "late", "incomplete", "unread"
ASKS = {
    "any": "Anything",
    QUIET: f"No entries for {counting.QUIET_NIGHTS} open nights",
    SIGNED: "Quiet weeks signed, not asked about",
    LATE: "Many late",
    THIN: "Facts missing",
    UNREAD: "Not read each week",
}
SORTS = {"name": "By name", "ask": "What to ask about first"}
HEADINGS = (
    "venue", "postcode", "area", "entries in 4 weeks", "entries counted", "late per 100",
    "complete per 100", "weeks the oldest unread entry waits", "quiet weeks signed in 13 weeks",
    "days since the last entry", "to ask about", "last asked about quiet weeks",
)  # fmt: skip
_FACTS = {
    QUIET: counting.QUIET, LATE: counting.ON_TIME, THIN: counting.COMPLETE,
    UNREAD: counting.REVIEWED,
}  # fmt: skip
_C = {ask: aliased(CountedFact, name=f"of_{ask}") for ask in _FACTS}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's address asks for. What it cannot be asked for is left out, never refused."""

    find: str = ""
    area: str = ""
    ask: str = ""
    sort: str = "name"
    after: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "Asked":
        """Read an address's query."""
        given = board.typed(args, (each.name for each in fields(cls)))
        given["ask"] = given["ask"] if given["ask"] in ASKS else ""
        given["sort"] = given["sort"] if given["sort"] in SORTS else "name"
        return cls(**given)

    @property
    def is_narrowed(self) -> bool:
        """Whether it asks for anything but an order."""
        return bool(self.find or self.area or self.ask)

    def link(self, endpoint: str = "office.book_keeping", **changes: str) -> str:
        """The address with these changes, from its first page unless told."""
        asked = replace(self, **{"after": "", **changes})
        given = {each.name: getattr(asked, each.name) for each in fields(asked)}
        query = urlencode({k: v for k, v in given.items() if v and (k, v) != ("sort", "name")})
        return url_for(endpoint) + (f"?{query}" if query else "")


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask a venue about, and for which requirement; `is_signed`: about quiet weeks."""

    words: str
    key: str
    is_signed: bool = False


@dataclass(frozen=True, slots=True)
class Keeping:
    """How one venue keeps its book. Shares are per hundred; None where there is nothing to tell.

    `counted` are the entries of the months that its edition looks at.
    """

    id: int
    name: str
    postcode: str
    area: str
    lately: int
    counted: int | None
    late: float | None
    complete: float | None
    unread_weeks: int | None
    signed_weeks: int
    days_since: int | None
    questions: Sequence[Question]
    asked_on: date | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of venues, and where the next one begins."""

    rows: Sequence[Keeping]
    after: str = ""


def page(asked: Asked) -> Page:
    """The venues below the place `after`; one that cannot be read is the beginning.

    Four statements.
    """
    query = _query(asked)
    at = _read(asked.after)
    if at is not None:
        query = _below(query, asked.sort, at)
    found = board.rows_of(query.limit(board.PAGE + 1)).all()
    shown = found[: board.PAGE]
    after = _written(shown[-1]) if len(found) > board.PAGE else ""
    return Page(_keepings(shown), after)


def spreadsheet(asked: Asked) -> Iterator[list[str]]:
    """Every venue that fits, in the order asked for, as a row of safe cells; the heading first."""
    yield list(HEADINGS)
    query = _query(asked)
    rows = board.rows_of(query.limit(board.BATCH)).all()
    while rows:
        for each in _keepings(rows):
            cells = (
                each.name, each.postcode, each.area, each.lately, each.counted, each.late,
                each.complete, each.unread_weeks, each.signed_weeks, each.days_since,
                "; ".join(question.words for question in each.questions),
                each.asked_on.isoformat() if each.asked_on else None,
            )  # fmt: skip
            yield [inert("" if cell is None else str(cell)) for cell in cells]
        below = _below(query, asked.sort, _place(rows[-1]))
        rows = board.rows_of(below.limit(board.BATCH)).all()


def _query(asked: Asked) -> board.Query:
    today = clock.today()
    query = select(
        *(Venue.id, Venue.name, Venue.name_key, Venue.postcode, Venue.area, Venue.edition_key),
        _rank(asked.sort).label("rank"),
        _C[LATE].cases.label("counted"),
        _C[LATE].share.label("on_time"),
        _C[THIN].share.label("complete"),
        *(asks.label(f"asks_{ask}") for ask, asks in _asks(today).items()),
    ).where(Venue.state == VenueState.WORKING, Venue.edition_key.is_not(None))
    for ask, fact in _FACTS.items():
        row = _C[ask]
        query = query.outerjoin(row, and_(row.venue_id == Venue.id, row.fact == fact))
    if asked.find:
        query = query.where(matching(asked.find))
    if asked.area:
        query = query.where(Venue.area == asked.area)
    if asked.ask:
        query = query.where(_any(today) if asked.ask == "any" else _asks(today)[asked.ask])
    return query.order_by(*_order(asked.sort))


def _asks(today: date) -> dict[str, ColumnElement[bool]]:
    """Whether there is something to ask a venue about, by what it is; never null.

    A share is only there where there are enough entries to tell.
    """

    def lost(ask: str) -> ColumnElement[bool]:
        return or_(_C[ask].met.is_(False), _C[ask].holds_until < today)

    waits = select(QuietRecord.id).where(
        QuietRecord.venue_id == Venue.id, QuietRecord.recorded_on.is_(None)
    )
    found: dict[str, ColumnElement[bool]] = {
        QUIET: _C[QUIET].holds_until < today,
        SIGNED: waits.exists(),
        LATE: and_(lost(LATE), _C[LATE].share.is_not(None)),
        THIN: and_(lost(THIN), _C[THIN].share.is_not(None)),
        UNREAD: lost(UNREAD),
    }
    return {ask: func.coalesce(each, literal(False)) for ask, each in found.items()}


def _any(today: date) -> ColumnElement[bool]:
    return or_(*_asks(today).values())


def _rank(sort: str) -> ColumnElement[int]:
    """0 for a venue with something to ask about, 1 for the others; the same for all by name."""
    if sort != "ask":
        return literal(0)
    return case((_any(clock.today()), 0), else_=1)


def _order(sort: str) -> list[Any]:
    by_name = [Venue.name_key, Venue.id]
    return [_rank(sort), *by_name] if sort == "ask" else by_name


_Place = tuple[int, str, int]


def _below(query: board.Query, sort: str, at: _Place) -> board.Query:
    order = _order(sort)
    return query.where(tuple_(*order) > tuple_(*map(literal, at[-len(order) :])))


def _place(row: Row[Any]) -> _Place:
    return row.rank, row.name_key, row.id


def _written(row: Row[Any]) -> str:
    """A place as it stands in an address."""
    return "~".join(map(str, _place(row)))


def _read(written: str) -> _Place | None:
    rank, _, rest = written.partition("~")
    name_key, _, venue_id = rest.rpartition("~")
    if rank not in ("0", "1") or not is_number(venue_id):
        return None
    return int(rank), name_key, int(venue_id)


def _keepings(rows: Sequence[Row[Any]]) -> list[Keeping]:
    """Three statements, however many venues."""
    if not rows:
        return []
    today, ids = clock.today(), [row.id for row in rows]
    moving = {row.id: row for row in board.rows_of(_moving(ids, today))}
    quiet = _quiet(ids)
    known = editions.editions({row.edition_key for row in rows})
    found = []
    for row in rows:
        now, (waits, asked_on) = moving[row.id], quiet[row.id]
        found.append(
            Keeping(
                *(row.id, row.name, row.postcode, row.area, now.lately, row.counted),
                late=None if row.on_time is None else round(100 - row.on_time, 1),
                complete=row.complete,
                unread_weeks=None if now.unread is None else _days(now.unread, today) // 7,
                signed_weeks=now.signed,
                days_since=None if now.last is None else _days(now.last, today),
                questions=_questions(row, waits, known[row.edition_key]),
                asked_on=asked_on,
            )
        )
    return found


def _moving(venue_ids: Sequence[int], today: date) -> board.Query:
    """What moves with the clock: a few steps along an index for each venue."""
    own = Entry.book == Venue.id
    signed = (BookLine.book == Venue.id, BookLine.kind == BookLineKind.NIL_WEEK)
    unread = select(Entry.made_at).where(own, Entry.read_at.is_(None)).order_by(Entry.number)
    return select(
        Venue.id,
        select(func.count())
        .where(own, Entry.made_at >= _midnight(today - WEEKS))
        .scalar_subquery()
        .label("lately"),
        select(func.max(Entry.made_at)).where(own).scalar_subquery().label("last"),
        unread.limit(1).scalar_subquery().label("unread"),
        select(func.count())
        .where(*signed, BookLine.at >= _midnight(today - SIGNED_WEEKS))
        .scalar_subquery()
        .label("signed"),
    ).where(Venue.id.in_(venue_ids))


def _quiet(venue_ids: Collection[int]) -> dict[int, tuple[str, date | None]]:
    """The key for which quiet weeks are signed and wait, and when somebody last asked, by venue."""
    found: dict[int, tuple[str, date | None]] = defaultdict(lambda: ("", None))
    rows = board.rows_of(
        select(QuietRecord.venue_id, QuietRecord.requirement_key, QuietRecord.recorded_on)
        .where(QuietRecord.venue_id.in_(venue_ids))
        .order_by(QuietRecord.id)
    )
    for venue_id, key, recorded_on in rows:
        waits, asked_on = found[venue_id]
        if recorded_on is None:
            found[venue_id] = key, asked_on
        else:
            found[venue_id] = waits, max(recorded_on, asked_on or recorded_on)
    return found


def _questions(row: Row[Any], waits: str, edition: Edition) -> list[Question]:
    """What there is to ask, each with the requirement that it bears on."""
    keys = {each.fact: each.key for each in edition.requirements if each.fact}
    about = {
        QUIET: keys.get(counting.ON_TIME),
        LATE: keys.get(counting.ON_TIME),
        THIN: keys.get(counting.COMPLETE),
        UNREAD: keys.get(counting.REVIEWED),
    }
    found = [Question(ASKS[SIGNED], waits, True)] if waits else []
    asks = [ask for ask in about if getattr(row, f"asks_{ask}")]
    return found + [Question(ASKS[ask], about[ask] or "") for ask in asks]


def _days(at: datetime, today: date) -> int:
    return max(0, (today - clock.local(at).date()).days)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
