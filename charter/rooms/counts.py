"""Questions to the book for its map: how many entries where, of what, at which part of the night.

Every question names the venue's own book, so an entry of the office's own series is in no number.
Each is one GROUP BY over an index that begins with book and night: what is in the book outside the
span costs nothing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from charter.core.db import db
from charter.incidents.models import Entry
from charter.rooms.rules import FAULTS, Cell, Fault, Span


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries are counted: of a span up to tonight; None leaves a filter out."""

    span: Span = Span.WEEKS_4
    category: str | None = None
    part: str | None = None
    weekday: int | None = None

    def nights(self, tonight: date) -> list[date] | None:
        """The nights of the chosen weekday, or None for all of the span."""
        if self.weekday is None:
            return None
        first = self.span.since(tonight)
        every = (first + timedelta(days=n) for n in range(self.span.nights))
        return [night for night in every if night.weekday() == self.weekday]


def cells(venue_id: int, asked: Asked, tonight: date) -> list[Cell]:
    """How many entries a venue's book has of each room, category and part. One statement."""
    query = (
        select(Entry.zone_id, Entry.category, Entry.part, func.count())
        .where(Entry.book == venue_id)
        .group_by(Entry.zone_id, Entry.category, Entry.part)
    )
    nights = asked.nights(tonight)
    if nights is None:
        query = query.where(Entry.night.between(asked.span.since(tonight), tonight))
    else:
        # By its nights, each found in the index, so that no other night is read.
        query = query.where(Entry.night.in_(nights))
    if asked.category is not None:
        query = query.where(Entry.category == asked.category)
    if asked.part is not None:
        query = query.where(Entry.part == asked.part)
    return [Cell(*row) for row in db.session.execute(query)]


def by_night(venue_id: int, first: date, last: date) -> dict[tuple[date, int | None, str], int]:
    """How many entries a book has of each night, room and category. One statement."""
    query = (
        select(Entry.night, Entry.zone_id, Entry.category, func.count())
        .where(Entry.book == venue_id, Entry.night.between(first, last))
        .group_by(Entry.night, Entry.zone_id, Entry.category)
    )
    return {(night, zone, category): count for night, zone, category, count in
            db.session.execute(query)}  # fmt: skip


def began(venue_id: int) -> date | None:
    """The night of the first thing that is in a venue's book, or None while it is empty."""
    return db.session.scalar(select(func.min(Entry.night)).where(Entry.book == venue_id))


def faults(venue_id: int, since: date, names: dict[int, str]) -> list[Fault]:
    """What does not work and is still open, of what was written down since a night."""
    found = []
    rows = db.session.execute(
        select(Entry.number, Entry.kinds, Entry.zone_id)
        .where(
            Entry.book == venue_id,
            Entry.night >= since,
            Entry.category.in_({kind.partition(".")[0] for kind in FAULTS}),
            Entry.state == "open",
        )
        .order_by(Entry.number.desc())
    )
    for number, kinds, zone_id in rows:
        room = names.get(zone_id or 0, "")
        found += [Fault(number, kind, room) for kind in kinds if kind in FAULTS]
    return found


def totals(found: Iterable[Cell]) -> Sequence[tuple[str, int]]:
    """How many of each category, the most first."""
    counts: Counter[str] = Counter()
    for cell in found:
        counts[cell.category] += cell.count
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))
