"""The questions behind the venue table: which venues, in what order, 50 at a time, and how many.

Every stored standing is judged by today's date in the statement itself. An order is made of one or
two *stretches*, each read along an index: venues without a date, say, come after all that have
one, by name. A page is found by the last row before it (its key), never by counting rows, so that
page 50 costs what page 1 does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Result,
    Row,
    Select,
    String,
    and_,
    asc,
    case,
    cast,
    desc,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute

from charter.accounts.models import Membership, User
from charter.certificates.register import venue_state, with_standing
from charter.commitments.models import CommitmentStanding, VenueStanding
from charter.commitments.standing import sql_any_lapsed, sql_state
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db, kept
from charter.core.text import is_number
from charter.venues.models import Venue, VenueState
from charter.venues.service import matching

Query = Select[*tuple[Any, ...]]
Answer = TypeVar("Answer")
LONGEST = 80  # what is looked for
PAGE = 50
BATCH = 500
KEPT = 64
MOST_ANSWERS = 256
LAPSED = "lapsed"
STATES = (
    "known", "waiting", "declined", "working towards", "certified", "suspended",
    "closed for now", "left",
)  # fmt: skip
_STORED = {state.value for state in VenueState if state is not VenueState.WORKING}
# Those that are working towards, said so that SQLite does not walk the index of states and sort.
_AREAS = select(Venue.area).where(Venue.area != "").distinct().order_by(Venue.area)
HAS_SIGNED = Venue.state.not_in(_STORED)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the table is asked to show; an empty value asks for nothing.

    `lapses` is "lapsed" for what has lapsed already, or a number of days from today.
    """

    find: str = ""
    area: str = ""
    kind: str = ""
    state: str = ""
    lapses: str = ""
    no_champion: bool = False
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A run of venues in one order: which they are, by which column, and which way."""

    where: ColumnElement[bool]
    column: InstrumentedAttribute[Any]
    down: bool = False

    @property
    def tie(self) -> InstrumentedAttribute[Any]:
        """What tells two venues of equal rank apart, from the same table and index."""
        return VenueStanding.venue_id if self.column.class_ is VenueStanding else Venue.id


_NAME = _Stretch(true(), Venue.name_key)
_ESSENTIALS = _Stretch(VenueStanding.venue_id.is_not(None), VenueStanding.essentials_met)
_NO_STANDING = replace(_NAME, where=VenueStanding.venue_id.is_(None))
SORTS: dict[str, tuple[_Stretch, ...]] = {
    "name": (_NAME,),
    "-name": (replace(_NAME, down=True),),
    "lapse": (
        _Stretch(
            and_(VenueStanding.holds_until.is_not(None), HAS_SIGNED),
            VenueStanding.holds_until,
        ),
        replace(
            _NAME,
            where=or_(VenueStanding.holds_until.is_(None), ~HAS_SIGNED),
        ),
    ),
    "essentials": (_ESSENTIALS, _NO_STANDING),
    "-essentials": (replace(_ESSENTIALS, down=True), _NO_STANDING),
    "waiting": (
        _Stretch(VenueStanding.waiting > 0, VenueStanding.waiting, down=True),
        replace(_NAME, where=func.coalesce(VenueStanding.waiting, 0) == 0),
    ),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Between which rows of an order a page ends: the stretch, its column's value, the venue."""

    stretch: int
    value: Any
    venue_id: int


@dataclass(frozen=True, slots=True)
class Page:
    """Up to 50 venues with the states of their commitments; `before` and `after` lead on."""

    rows: Sequence[Row[Any]]
    commitments: dict[int, str] = field(default_factory=dict)
    before: str = ""
    after: str = ""


def page(filters: Filters, sort: str = "name", *, after: str = "", before: str = "") -> Page:
    """The venues below the place `after`, or above `before`, in an order of SORTS.

    A place that cannot be read is the beginning. Two statements, three where the page lies over
    the seam of an order.
    """
    stretches = SORTS[sort]
    back = bool(before)
    place = _read(before or after, stretches)
    found = _walk(filters, stretches, place, back)
    if back and not found:
        return page(filters, sort)
    more, found = len(found) > PAGE, found[:PAGE]
    if back:
        found.reverse()
    rows = [row for _, row in found]
    above, below = (more, True) if back else (place is not None, more)
    return Page(
        rows,
        commitments([row.id for row in rows]),
        _written(*found[0], stretches) if found and above else "",
        _written(*found[-1], stretches) if found and below else "",
    )


def rows_of(query: Query | CompoundSelect[Any]) -> Result[*tuple[Any, ...]]:
    """Run a statement of plain columns past the ORM, which would only slow it."""
    return db.session.connection().execute(query)


def typed(args: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """What an address says under these names, cut to what can be meant, without unseen letters."""
    given = {name: args.get(name, "").strip()[: 4 * LONGEST] for name in names}
    given = {name: value if value.isprintable() else "" for name, value in given.items()}
    return given | {"find": given["find"][:LONGEST]}


def answered(query: Query | CompoundSelect[Any], read: Callable[[Any], Answer]) -> Answer:
    """What `read` makes of a statement about the whole city, asked again once anything changed.

    The statement is one that is kept itself, and so stands for all that it asks, today included.
    """
    answers = kept()
    if query not in answers:
        if len(answers) >= MOST_ANSWERS:
            answers.clear()
        answers[query] = read(rows_of(query))
    found: Answer = answers[query]
    return found


def _walk(
    filters: Filters, stretches: Sequence[_Stretch], place: _Place | None, back: bool
) -> list[tuple[int, Row[Any]]]:
    """One row more than a page, from the place on, each with the number of its stretch."""
    found: list[tuple[int, Row[Any]]] = []
    numbers = range(len(stretches))
    for number in reversed(numbers) if back else numbers:
        if place and (number > place.stretch if back else number < place.stretch):
            continue
        query = _query(filters, clock.today()).where(stretches[number].where)
        at = place if place and place.stretch == number else None
        rows = rows_of(_ordered(query, stretches[number], at, back).limit(PAGE + 1 - len(found)))
        found += [(number, row) for row in rows]
        if len(found) > PAGE:
            break
    return found


def _ordered(query: Query, stretch: _Stretch, at: _Place | None, back: bool) -> Query:
    down = stretch.down != back
    columns = (stretch.column, stretch.tie)
    if at is not None:
        here = tuple_(*columns)
        there = tuple_(literal(at.value, stretch.column.type), literal(at.venue_id))
        query = query.where(here < there if down else here > there)
    return query.order_by(*(desc(each) if down else asc(each) for each in columns))


def _written(number: int, row: Row[Any], stretches: Sequence[_Stretch]) -> str:
    """A place as it stands in an address."""
    return f"{number}~{getattr(row, stretches[number].column.key)}~{row.id}"


def _read(written: str, stretches: Sequence[_Stretch]) -> _Place | None:
    number, _, rest = written.partition("~")
    value, _, venue_id = rest.rpartition("~")
    if number not in {str(each) for each in range(len(stretches))} or not is_number(venue_id):
        return None
    kind = stretches[int(number)].column.type.python_type
    if kind is str:
        return _Place(int(number), value, int(venue_id)) if value.isprintable() else None
    if kind is int:
        return _Place(int(number), int(value), int(venue_id)) if is_number(value) else None
    try:
        return _Place(int(number), date.fromisoformat(value), int(venue_id))
    except ValueError:
        return None


@lru_cache(maxsize=KEPT)
def _query(filters: Filters, today: date) -> Query:
    """The statement for these filters; kept, because building it costs more than running it."""
    stale = and_(VenueStanding.any_lapsed.is_(False), VenueStanding.holds_until < today)
    return with_standing(
        select(
            Venue.id,
            Venue.name,
            Venue.name_key,
            Venue.postcode,
            Venue.kind,
            venue_state(),
            VenueStanding.edition_key,
            VenueStanding.essentials_met,
            VenueStanding.essentials,
            VenueStanding.holds_until,
            VenueStanding.waiting,
            # At least one fewer than were met when this was stored.
            case(
                (stale, VenueStanding.essentials_met - 1), else_=VenueStanding.essentials_met
            ).label("essentials_now"),
            sql_any_lapsed(today).label("has_lapsed"),
            has_champion(today).label("has_champion"),
        )
    ).where(*conditions(filters, today))


def conditions(filters: Filters, today: date) -> Iterator[ColumnElement[bool]]:
    if filters.find:
        yield matching(filters.find)
    if filters.area:
        yield Venue.area == filters.area
    if filters.kind:
        yield Venue.kind == filters.kind
    if filters.state:
        yield from _in_state(filters.state)
    if filters.lapses:
        yield HAS_SIGNED
        yield lapsing(filters.lapses, today)
    if filters.no_champion:
        yield without_champion(today)
    if filters.waiting:
        yield VenueStanding.waiting > 0


def _in_state(state: str) -> Iterator[ColumnElement[bool]]:
    """The stored state narrows the search by its index; what today makes of it is judged after."""
    if state in _STORED:
        yield Venue.state == state
    else:
        yield Venue.state == VenueState.WORKING
        yield venue_state() == state


def lapsing(when: str, today: date) -> ColumnElement[bool]:
    """Venues where an essential has lapsed, or will within so many days."""
    if not when.isdecimal():
        return sql_any_lapsed(today)
    last = today + timedelta(days=int(when[:4]))
    return VenueStanding.holds_until.between(today, last)


def has_champion(today: date) -> ColumnElement[bool]:
    """Whether somebody who is no mere stand-in is the venue's champion today."""
    return exists().where(
        Membership.venue_id == Venue.id,
        Membership.role == Role.CHAMPION,
        Membership.is_stand_in.is_(False),
        Membership.starts_on <= today,
        or_(Membership.ends_on.is_(None), Membership.ends_on >= today),
        User.id == Membership.user_id,
        User.is_disabled.is_(False),
    )


def without_champion(today: date) -> ColumnElement[bool]:
    """Venues that have signed, have not left, and have no champion today."""
    return and_(Venue.state == VenueState.WORKING, ~has_champion(today))


def commitments(venue_ids: Sequence[int]) -> dict[int, str]:
    """What each commitment of these venues reads as today, for `read_states`; one statement."""
    if not venue_ids:
        return {}
    row = CommitmentStanding
    pair = cast(row.number, String) + ":" + sql_state(clock.today())
    rows = rows_of(
        select(row.venue_id, func.aggregate_strings(pair, ","))
        .where(row.venue_id.in_(venue_ids))
        .group_by(row.venue_id)
    )
    return {venue_id: states for venue_id, states in rows}


def read_states(written: str) -> dict[int, str]:
    """The state of each commitment by its number, from what `commitments` gives."""
    pairs = (each.partition(":") for each in written.split(",") if each)
    return {int(number): state for number, _, state in pairs}


def editions_signed() -> set[str]:
    """The key of every edition that a venue follows."""
    return set(db.session.scalars(select(VenueStanding.edition_key).distinct()))


def areas() -> list[str]:
    """Every area that a venue lies in."""
    return answered(_AREAS, lambda rows: [area for (area,) in rows])


def everything(filters: Filters) -> Iterator[tuple[Row[Any], dict[int, str]]]:
    """Every venue that fits, by name, with its commitments; read in batches, memory stays flat."""
    query = _query(filters, clock.today()).add_columns(Venue.street, Venue.area, Venue.signed_on)
    at: _Place | None = None
    while rows := rows_of(_ordered(query, _NAME, at, False).limit(BATCH)).all():
        states = commitments([row.id for row in rows])
        for row in rows:
            yield row, read_states(states.get(row.id, ""))
        at = _Place(0, rows[-1].name_key, rows[-1].id)
