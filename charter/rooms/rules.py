"""What the map says of numbers, what to watch tonight, and what a change came to: all pure.

Under `FEW` entries nothing is counted out: two entries are no pattern, and none may mean that
nobody wrote anything down. So such a room reads "few or not recorded", on the map and in its table.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from math import comb

from charter.core.text import in_words
from charter.incidents.choices import Part

FEW = 3
FEW_WORDS = "few or not recorded"
FEW_TO_COMPARE = 10  # entries before and after together, under which chance explains most
CHANCE = 0.05
WEEKS = 12
NEW_CHANGE = timedelta(days=14)
MOST_WATCHED = 3
MOST_FAULTS = 4
# Things that do not work: kinds of the seed of incidents whose keys are for ever.
FAULTS = {
    "operational.cctv-fault": "CCTV does not work",
    "operational.light-or-lock": "A light or lock does not work",
}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Span(StrEnum):
    """How far back the map looks, up to tonight."""

    WEEKS_4 = "4-weeks"
    WEEKS_12 = "12-weeks"
    MONTHS_12 = "12-months"

    @property
    def nights(self) -> int:
        """How many nights it covers; whole weeks, so that each weekday counts as often."""
        return {Span.WEEKS_4: 28, Span.WEEKS_12: 84, Span.MONTHS_12: 364}[self]

    @property
    def label(self) -> str:
        """In words."""
        return {
            Span.WEEKS_4: "The last 4 weeks",
            Span.WEEKS_12: "The last 12 weeks",
            Span.MONTHS_12: "The last 12 months",
        }[self]

    def since(self, tonight: date) -> date:
        """The first night of it."""
        return tonight - timedelta(days=self.nights - 1)


@dataclass(frozen=True, slots=True)
class Cell:
    """So many entries of a category, in a room (None: no room was said) and part of the night."""

    zone_id: int | None
    category: str
    part: str
    count: int


@dataclass(frozen=True, slots=True)
class Row:
    """What was written down of one room, or (`zone_id` None) of no room at all."""

    zone_id: int | None
    total: int = 0
    by_category: Mapping[str, int] = field(default_factory=dict)
    by_part: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_few(self) -> bool:
        """Whether there is too little to say anything of this room."""
        return self.zone_id is not None and self.total < FEW

    @property
    def said(self) -> str:
        """Its number as it is read."""
        return FEW_WORDS if self.is_few else str(self.total)


def rows(zone_ids: Iterable[int | None], cells: Iterable[Cell]) -> dict[int | None, Row]:
    """A row for each of these rooms, for every other one that has entries, and for none at all."""
    totals: dict[int | None, Counter[str]] = {each: Counter() for each in (*zone_ids, None)}
    parts: dict[int | None, Counter[str]] = {each: Counter() for each in totals}
    for cell in cells:
        totals.setdefault(cell.zone_id, Counter())[cell.category] += cell.count
        parts.setdefault(cell.zone_id, Counter())[cell.part] += cell.count
    order = {part.value: n for n, part in enumerate(Part)}
    return {
        zone_id: Row(
            zone_id,
            total.total(),
            dict(sorted(total.items(), key=lambda each: (-each[1], each[0]))),
            dict(sorted(parts[zone_id].items(), key=lambda each: order.get(each[0], len(order)))),
        )
        for zone_id, total in totals.items()
    }


def bounds(most: int) -> tuple[int, int]:
    """From which numbers on a room is drawn in the second and in the third shade."""
    return max(5, -(-most // 3)), max(8, -(-2 * most // 3))


def step(count: int, most: int) -> int:
    """The shade of a room: 0 for few, then 1 to 3; `most` is the highest number of any room."""
    if count < FEW:
        return 0
    second, third = bounds(most)
    return 1 + (count >= second) + (count >= third)


def steps_in_words(most: int) -> list[str]:
    """What each shade means, from 0 to 3."""
    second, third = bounds(most)
    middle = str(second) if third - 1 == second else f"{second} to {third - 1}"
    return [FEW_WORDS, f"{FEW} to {second - 1}", middle, f"{third} or more"]


@dataclass(frozen=True, slots=True)
class Watch:
    """Something to watch tonight. `plain` says it without a number, where strangers may read."""

    words: str
    plain: str = ""
    zone_id: int | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """That something about a room (or the whole place) was changed on a day."""

    done_on: date
    what: str
    room: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that was written down as not working, and is still open."""

    number: int
    kind: str
    room: str


def watch(
    tonight: date,
    same_weekday: Iterable[Cell],
    recent: Iterable[Cell],
    names: Mapping[int, str],
    changes: Iterable[Changed],
    faults: Iterable[Fault],
) -> list[Watch]:
    """What to watch: rooms with most entries on nights like this, changes just made, open faults.

    `same_weekday` are the entries of this weekday in the last 12 weeks, `recent` those of any
    night in the last 4; a room named for the first is not named again for the second.
    """
    day = _DAYS[tonight.weekday()]
    found = _rooms(same_weekday, names, f"on {day}s in the last {WEEKS} weeks")
    known = {each.zone_id for each in found}
    more = _rooms(recent, names, "in the last 4 weeks")
    found += [each for each in more if each.zone_id not in known]
    found = found[:MOST_WATCHED]
    for each in changes:
        if timedelta() <= tonight - each.done_on <= NEW_CHANGE:
            words = f"New since {in_words(each.done_on)}: {each.what} ({each.room})."
            found.append(Watch(f"{words} See whether it helps."))
    return found + _open(faults)


def _open(faults: Iterable[Fault]) -> list[Watch]:
    """What does not work, once for each room, with the numbers of its entries."""
    numbers: dict[tuple[str, str], list[int]] = {}
    for fault in faults:
        numbers.setdefault((fault.kind, fault.room), []).append(fault.number)
    found = []
    for (kind, room), several in list(numbers.items())[:MOST_FAULTS]:
        where = f", {room}" if room else ""
        entries = "entry" if len(several) == 1 else "entries"
        said = ", ".join(map(str, sorted(several)))
        found.append(Watch(f"{FAULTS[kind]}{where}: still open ({entries} {said})."))
    return found


def _rooms(cells: Iterable[Cell], names: Mapping[int, str], when: str) -> list[Watch]:
    many = [row for row in rows(names, cells).values() if row.zone_id in names and not row.is_few]
    found = []
    for row in sorted(many, key=lambda row: (-row.total, row.zone_id or 0))[:MOST_WATCHED]:
        name = names[row.zone_id or 0]
        part, count = max(row.by_part.items(), key=lambda each: each[1])
        label = _small(Part(part).label)
        often = f", most of them {label}" if 2 * count > row.total else ""
        found.append(
            Watch(
                f"{name}: {row.total} entries {when}{often}.",
                f"{name}. Most of all {label}." if often else f"{name}.",
                row.zone_id,
            )
        )
    return found


def _small(words: str) -> str:
    return words[:1].lower() + words[1:]


@dataclass(frozen=True, slots=True)
class Side:
    """The weeks before or after a change: how many count, and what was written down in them.

    `silent` are open weeks in which nobody wrote anything in the whole book, nor signed that there
    was nothing; `closed` do not count.
    """

    weeks: int = 0
    entries: int = 0
    by_category: Mapping[str, int] = field(default_factory=dict)
    silent: int = 0
    closed: int = 0

    @property
    def a_week(self) -> float:
        """Entries for each open week."""
        return self.entries / self.weeks if self.weeks else 0.0


@dataclass(frozen=True, slots=True)
class Compared:
    """What was written down before and after a change, in words that promise nothing."""

    before: Side
    after: Side
    words: str
    cautions: Sequence[str]


def compare(
    done_on: date,
    tonight: date,
    *,
    entries: Mapping[tuple[date, str], int],
    recorded: Collection[date],
    signed: Collection[date],
    began: date | None,
    is_closed: Callable[[date], bool],
) -> Compared:
    """Entries of a room in up to 12 open weeks before a change and after it.

    Weeks are counted from the day of the change, which is the first night after it; those after
    have to be over. `entries` are the room's, by night and category; `recorded` the nights on
    which the book has any entry, `signed` the Mondays of weeks signed as nothing to report, and
    `began` the night of the book's first entry: no week before it counts.
    """
    firsts = [done_on - timedelta(weeks=n) for n in range(1, WEEKS + 1)]
    before = _side(
        [each for each in firsts if began is not None and each >= began],
        entries, recorded, signed, is_closed,
    )  # fmt: skip
    firsts = [done_on + timedelta(weeks=n) for n in range(WEEKS)]
    after = _side(
        [each for each in firsts if each + timedelta(days=6) < tonight],
        entries, recorded, signed, is_closed,
    )  # fmt: skip
    return Compared(before, after, _compared(before, after), _cautions(before, after))


def _side(
    firsts: Iterable[date],
    entries: Mapping[tuple[date, str], int],
    recorded: Collection[date],
    signed: Collection[date],
    is_closed: Callable[[date], bool],
) -> Side:
    found: Counter[str] = Counter()
    weeks = silent = closed = 0
    by_night: dict[date, Counter[str]] = {}
    for (night, category), count in entries.items():
        by_night.setdefault(night, Counter())[category] += count
    for first in firsts:
        nights = [first + timedelta(days=n) for n in range(7)]
        here: Counter[str] = sum((by_night.get(each, Counter()) for each in nights), Counter())
        if not here and all(map(is_closed, nights)):
            closed += 1
            continue
        weeks += 1
        found += here
        is_signed = any(night - timedelta(days=night.weekday()) in signed for night in nights)
        silent += not is_signed and not any(night in recorded for night in nights)
    ordered = dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))
    return Side(weeks, found.total(), ordered, silent, closed)


def _compared(before: Side, after: Side) -> str:
    if not before.weeks:
        return "There is nothing written down from before to compare with."
    words = f"{_counted(before.entries, 'entry', 'entries')} in {_weeks(before.weeks)} before"
    if not after.weeks:
        return f"{words}. The first open week after it is not over yet."
    return f"{words}, {after.entries} in {_weeks(after.weeks)} after."


def _cautions(before: Side, after: Side) -> list[str]:
    found = []
    if before.weeks and after.weeks:
        found.append(_by_chance(before, after))
    for side, when in ((before, "before"), (after, "after")):
        if side.closed:
            found.append(f"{_weeks(side.closed)} {when} it you were closed: not counted.")
        if side.silent:
            found.append(
                f"In {_weeks(side.silent)} {when} it nobody wrote anything in the book, or signed "
                "that there was nothing. That is not the same as nothing happening."
            )
    return found


def _by_chance(before: Side, after: Side) -> str:
    both = before.entries + after.entries
    if both < FEW_TO_COMPARE:
        return "Few entries: this may be chance."
    if _likely(before.entries, both, before.weeks / (before.weeks + after.weeks)) > CHANCE:
        return "For so many entries the difference is small: this may be chance."
    return (
        "This is more than chance alone often brings. It may still be the season, other guests, or "
        "that more or less is written down."
    )


def _likely(first: int, both: int, share: float) -> float:
    """How likely a split at least as uneven is if nothing changed (exact, two-sided, binomial)."""
    chances = [comb(both, n) * share**n * (1 - share) ** (both - n) for n in range(both + 1)]
    return sum(each for each in chances if each <= chances[first] * (1 + 1e-9))


def _weeks(count: int) -> str:
    return _counted(count, "week", "weeks")


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
