"""The venue table as a page and as a spreadsheet: what the address asks for, rows ready to show."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import current_app, url_for
from markupsafe import Markup
from sqlalchemy import Row

from charter.certificates.register import inert
from charter.core import clock
from charter.editions import service as editions
from charter.office import board
from charter.office.board import LAPSED, SORTS, STATES, Filters, Page
from charter.venues.models import Kind

SOON_DAYS = 30
KEPT_ROWS = 1000
WITHIN = {LAPSED: "Has lapsed", "7": "In 7 days", "30": "In 30 days", "90": "In 90 days"}
UNSIGNED = ("known", "waiting", "declined", "left")
NEEDS = {"champion": "A champion", "review": "A review"}
FACTS = (
    "venue", "street", "postcode", "area", "kind", "state", "signed on", "essentials met",
    "essentials", "held until", "waits for review", "has a champion",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What the table's address asks for. What it cannot be asked for is left out, never refused."""

    find: str = ""
    area: str = ""
    kind: str = ""
    state: str = ""
    lapses: str = ""
    needs: str = ""
    sort: str = "name"
    after: str = ""
    before: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "Asked":
        """Read an address's query."""
        given = board.typed(args, (each.name for each in fields(cls)))
        allowed: dict[str, Collection[str]] = {
            "kind": set(Kind), "state": STATES, "lapses": WITHIN, "needs": NEEDS,
        }  # fmt: skip
        for name, values in allowed.items():
            given[name] = given[name] if given[name] in values else ""
        given["sort"] = given["sort"] if given["sort"] in SORTS else "name"
        return cls(**given)

    @property
    def filters(self) -> Filters:
        """What it asks of the board."""
        return Filters(
            find=self.find,
            area=self.area,
            kind=self.kind,
            state=self.state,
            lapses=self.lapses,
            no_champion=self.needs == "champion",
            waiting=self.needs == "review",
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether it asks for anything but an order."""
        return self.filters != Filters()

    def link(self, endpoint: str = "office.venues", **changes: str) -> str:
        """The address of the table with these changes, from its first page unless told."""
        asked = replace(self, **{"after": "", "before": "", **changes})
        given = {each.name: getattr(asked, each.name) for each in fields(asked)}
        query = urlencode({k: v for k, v in given.items() if v and (k, v) != ("sort", "name")})
        return url_for(endpoint) + (f"?{query}" if query else "")


class Line(NamedTuple):
    """All that a row of the table shows; `states` as `board.commitments` gives them."""

    id: int
    name: str
    postcode: str
    kind: str
    state: str
    essentials_now: int | None
    essentials: int | None
    holds_until: date | None
    has_lapsed: bool | None
    waiting: int | None
    has_champion: bool
    states: str


@dataclass(frozen=True, slots=True)
class Table:
    """A page of the table: its columns of commitments, its rows, and where the next pages are."""

    columns: Sequence[tuple[int, str]]
    rows: Sequence[Markup]
    previous: str
    next: str


def table(page: Page, asked: Asked) -> Table:
    """A page of the board as it is shown; one statement for the words of the editions on it."""
    columns = _columns({row.edition_key for row in page.rows if row.edition_key})
    numbers = tuple(number for number, _ in columns)
    base, today = url_for("office.venues"), clock.today()
    lines = [_line(row, page.commitments.get(row.id, "")) for row in page.rows]
    return Table(
        columns,
        [_drawn(line, numbers, base, today) for line in lines],
        asked.link(before=page.before) if page.before else "",
        asked.link(after=page.after) if page.after else "",
    )


def _columns(keys: set[str]) -> list[tuple[int, str]]:
    """The number and name of each commitment; a bare number where editions differ in its name."""
    names: dict[int, set[str]] = {}
    for edition in editions.editions(keys).values() if keys else ():
        for each in edition.commitments:
            names.setdefault(each.number, set()).add(each.name)
    return [
        (number, names[number].pop() if len(names[number]) == 1 else f"Commitment {number}")
        for number in sorted(names)
    ]


def _line(row: Row[Any], states: str) -> Line:
    return Line(
        row.id, row.name, row.postcode, row.kind, row.state, row.essentials_now, row.essentials,
        row.holds_until, row.has_lapsed, row.waiting, row.has_champion, states,
    )  # fmt: skip


@lru_cache(maxsize=KEPT_ROWS)
def _drawn(line: Line, numbers: tuple[int, ...], base: str, today: date) -> Markup:
    """A row as markup, kept by all that it shows: drawing 50 costs more than their statements."""
    is_signed = line.state not in UNSIGNED
    until, tone = _until(line, today) if is_signed else ("", "")
    states = board.read_states(line.states)
    pieces: Any = current_app.jinja_env.get_template("office/_board.html").module
    drawn: Markup = pieces.row(
        line,
        f"{base}/{line.id}",
        Kind(line.kind).label,
        is_signed and not line.has_champion,
        [states.get(number, "") for number in numbers] if states else [],
        len(numbers),
        until,
        tone,
    )
    return drawn


def _until(line: Line, today: date) -> tuple[str, str]:
    """The last day that holds in few words, and whether it is past or near."""
    if line.holds_until is None:
        return ("Lapsed", "bad") if line.has_lapsed else ("", "")
    day = f"{line.holds_until.day} {line.holds_until:%b %Y}"
    if line.has_lapsed:
        return f"Lapsed {day}", "bad"
    left = (line.holds_until - today).days
    return day, "soon" if left <= SOON_DAYS else ""


def spreadsheet(filters: Filters) -> Iterator[list[str]]:
    """Every venue that fits as a row of safe cells, the heading first; memory stays flat."""
    columns = _columns(board.editions_signed())
    yield [*FACTS, *(f"{number} {name}" for number, name in columns)]
    for row, states in board.everything(filters):
        facts = (
            row.name, row.street, row.postcode, row.area, Kind(row.kind).label, row.state,
            _iso(row.signed_on), row.essentials_now, row.essentials, _iso(row.holds_until),
            row.waiting, "yes" if row.has_champion else "no",
        )  # fmt: skip
        shown = [states.get(number, "").replace("-", " ") for number, _ in columns]
        yield [inert("" if cell is None else str(cell)) for cell in (*facts, *shown)]


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
