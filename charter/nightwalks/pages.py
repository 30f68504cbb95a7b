"""What the pages of night walks show, gathered in a fixed number of statements."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from charter.core import clock
from charter.core.db import db
from charter.nightwalks import rules, service
from charter.nightwalks.models import (
    FaultRecipient,
    NightWalk,
    StopNote,
    StopRating,
    StreetFault,
    Walker,
    WalkStop,
)
from charter.nightwalks.rules import Merged, Moved, State, Thing

PAGE = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """A walk in the list: how many walked, and how its faults stand."""

    walk: NightWalk
    walkers: int
    open: int
    overdue: int
    fixed: int


@dataclass(frozen=True, slots=True)
class Note:
    """What one walker wrote about a stop, and whether there is a photo with it."""

    id: int
    walker: int
    words: str
    has_photo: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop: what all walkers said of it, and what they wrote."""

    stop: WalkStop
    merged: Merged
    notes: Sequence[Note]


@dataclass(frozen=True, slots=True)
class Shown:
    """A walk with everything that was found on it."""

    walk: NightWalk
    things: Sequence[Thing]
    stops: Sequence[Stop]
    walkers: Sequence[Walker]
    faults: Sequence[StreetFault]
    recipients: Mapping[int, FaultRecipient]
    today: date

    @property
    def first_looks(self) -> list[Stop]:
        """Where it feels unsafe although the rest is fine."""
        return [each for each in self.stops if each.merged.needs_a_look]

    @property
    def unsent(self) -> list[StreetFault]:
        """The faults that nobody was told of yet."""
        return [each for each in self.faults if each.sent_at is None]

    @property
    def on_paper(self) -> int:
        """How many walkers were on paper."""
        return sum(each.token_hash is None for each in self.walkers)


def index(page: int = 1) -> tuple[list[Listed], bool]:
    """A page of walks, the newest first, and whether there are more. Three statements."""
    query = select(NightWalk).order_by(NightWalk.meets_at.desc(), NightWalk.id.desc())
    rows = list(db.session.scalars(query.limit(PAGE + 1).offset((page - 1) * PAGE)))
    ids = [each.id for each in rows[:PAGE]]
    count = (
        select(Walker.walk_id, func.count()).where(Walker.walk_id.in_(ids)).group_by(Walker.walk_id)
    )
    walked = {walk_id: number for walk_id, number in db.session.execute(count)}
    is_open = StreetFault.state == State.OPEN
    counts = db.session.execute(
        select(
            StreetFault.walk_id,
            func.count().filter(is_open),
            func.count().filter(is_open & (StreetFault.due_on < clock.today())),
            func.count().filter(StreetFault.state == State.FIXED),
        )
        .where(StreetFault.walk_id.in_(ids))
        .group_by(StreetFault.walk_id)
    )
    stand = {walk_id: tuple(rest) for walk_id, *rest in counts}
    found = [
        Listed(row, walked.get(row.id, 0), *stand.get(row.id, (0, 0, 0))) for row in rows[:PAGE]
    ]
    return found, len(rows) > PAGE


def shown(row: NightWalk) -> Shown:
    """A walk with everything that was found on it. Six statements, however many walked."""
    walkers = service.walkers(row.id)
    return Shown(
        row,
        service.things(row),
        stops(row, {each.id: each.number for each in walkers}),
        walkers,
        service.faults(row.id),
        {each.id: each for each in db.session.scalars(select(FaultRecipient))},
        clock.today(),
    )


def stops(row: NightWalk, walkers: Mapping[int, int]) -> list[Stop]:
    """The stops of a walk with what was said of each; `walkers` are their numbers by id."""
    things, places = service.things(row), service.stops(row.id)
    ids = [each.id for each in places]
    said: dict[int, list[tuple[str, int]]] = defaultdict(list)
    query = select(StopRating.stop_id, StopRating.thing, StopRating.value)
    for stop_id, thing, value in db.session.execute(query.where(StopRating.stop_id.in_(ids))):
        said[stop_id].append((thing, value))
    notes: dict[int, list[Note]] = defaultdict(list)
    wrote = select(StopNote).where(StopNote.stop_id.in_(ids)).order_by(StopNote.id)
    for note in db.session.scalars(wrote):
        if note.words or note.file_id:
            number = walkers.get(note.walker_id, 0)
            notes[note.stop_id].append(Note(note.id, number, note.words, note.file_id is not None))
    return [Stop(each, rules.merged(things, said[each.id]), notes[each.id]) for each in places]


@dataclass(frozen=True, slots=True)
class Compared:
    """One stop on both walks: what moved."""

    stop: WalkStop
    moved: Sequence[Moved]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A walk beside the one it repeats."""

    walk: NightWalk
    before: NightWalk
    stops: Sequence[Compared]
    new: Sequence[WalkStop]
    fixed: int
    listed: int


def compared(row: NightWalk) -> Comparison | None:
    """A walk beside the one it repeats, or None where it repeats none."""
    before = db.session.get(NightWalk, row.repeats_id) if row.repeats_id else None
    if before is None:
        return None
    then = {each.stop.id: each.merged for each in stops(before, {})}
    now = stops(row, {})
    both = [
        Compared(each.stop, rules.moved(then[each.stop.repeats_id], each.merged))
        for each in now
        if each.stop.repeats_id in then
    ]
    listed = service.faults(before.id)
    return Comparison(
        row,
        before,
        both,
        [each.stop for each in now if each.stop.repeats_id not in then],
        sum(each.state == State.FIXED for each in listed),
        len(listed),
    )
