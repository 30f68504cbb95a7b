"""What the pages of walks and actions show, gathered in a fixed number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from charter.accounts import service as accounts
from charter.audits import actions, results, walks
from charter.audits.models import Action, Audit
from charter.audits.results import RoomResult
from charter.audits.rules import CHECKS, FULLNESS, ROLES, WEATHER, Kind, State
from charter.audits.walks import Walk
from charter.core import clock


@dataclass(frozen=True, slots=True)
class Line:
    """A walk in a list: when, of what kind, and who it is about."""

    audit: Audit
    day: date
    title: str
    kind: str


@dataclass(frozen=True, slots=True)
class Index:
    """What a venue walked, and what it has to mend."""

    running: Sequence[tuple[Audit, int]]
    lines: Sequence[Line]
    totals: Mapping[str, int]


def index(venue_id: int) -> Index:
    """The first page of a venue's walks. Four statements."""
    running = walks.running(venue_id, [Kind.OWN])
    counts = walks.answered([each.id for each in running])
    rows = walks.finished(venue_id, list(Kind))
    return Index(
        [(each, counts.get(each.id, 0)) for each in running],
        [line(each) for each in rows],
        actions.totals(venue_id),
    )


def line(row: Audit) -> Line:
    """A walk as a line of a list."""
    size = "Quick walk" if row.is_quick else "Whole walk"
    kind = "" if row.kind == Kind.OWN else Kind(row.kind).label
    return Line(row, clock.local(row.walked_at).date(), size, kind)


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished walk found, beside the walk before it."""

    walk: Walk
    rooms: Sequence[RoomResult]
    facts: Sequence[tuple[str, str]]
    before: Line | None
    actions: Mapping[tuple[str, str], Action]

    @property
    def day(self) -> date:
        """The day of the walk."""
        return clock.local(self.walk.audit.walked_at).date()

    @property
    def first_looks(self) -> list[RoomResult]:
        """Where it feels unsafe although the list is fine."""
        return [each for each in self.rooms if each.needs_a_look]

    @property
    def changes(self) -> list[tuple[str, results.Change]]:
        """What is answered another way than last time, with its place."""
        return [(each.room.name, change) for each in self.rooms for change in each.changes]

    @property
    def weak(self) -> int:
        """How many answers ask for something to be done."""
        return sum(len(each.weak) for each in self.rooms)


def result(walk: Walk) -> Result:
    """What a finished walk found. Four statements beside the walk's own."""
    last = walks.before(walk.audit)
    then = walks.answers_of(last) if last else None
    found = actions.of_walk(walk.audit.venue_id, walk.audit.id)
    return Result(
        walk,
        results.results(walk.rooms, walk.answers, then, walk.left_out),
        facts(walk),
        line(last) if last else None,
        {(each.place, each.question): each for each in found},
    )


def facts(walk: Walk) -> list[tuple[str, str]]:
    """When and how a walk was, as questions and answers."""
    row = walk.audit
    at = clock.local(row.walked_at)
    size = "Quick walk" if row.is_quick else "Whole walk"
    told = [
        ("What", size if walk.kind is Kind.OWN else f"{walk.kind.label}. {size}"),
        ("When", f"{at:%A} {at.day} {at:%B %Y} at {at:%H:%M}"),
        ("Open to guests", "Yes" if row.is_open else "No"),
        ("Dark outside", "Yes" if row.is_dark else "No"),
        ("How full", FULLNESS.get(row.fullness, row.fullness)),
        ("Weather", WEATHER.get(row.weather, row.weather)),
        ("Who walked", ", ".join(ROLES.get(each, each) for each in row.roles)),
    ]
    if walk.kind is Kind.OWN:
        took_part = "Yes" if row.woman_took_part else "No"
        told.append(("A woman who is not the manager took part", took_part))
    if row.on_paper:
        told.append(("Typed in from paper", clock.local(row.begun_at).strftime("%-d %B %Y")))
    if row.note:
        told.append(("Anything else", row.note))
    return [(name, words) for name, words in told if words]


@dataclass(frozen=True, slots=True)
class Board:
    """A page of a venue's actions in one state."""

    state: State
    rows: Sequence[Action]
    owners: Mapping[int, str]
    totals: Mapping[str, int]
    page: int
    has_more: bool
    today: date


def board(venue_id: int, state: State, page: int) -> Board:
    """A page of the actions of a venue in a state. Three statements."""
    rows = actions.board(venue_id, state, page=page)
    shown = rows[: actions.PAGE]
    people = accounts.people({each.owner_id for each in shown if each.owner_id})
    return Board(
        state,
        shown,
        {user_id: user.name for user_id, user in people.items()},
        actions.totals(venue_id),
        page,
        len(rows) > len(shown),
        clock.today(),
    )


def checks_of(venue_id: int) -> list[Line]:
    """The finished checks of a venue, the latest first."""
    return [line(each) for each in walks.finished(venue_id, CHECKS)]
