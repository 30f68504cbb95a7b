"""Runs of days, and counting people over them: pure arithmetic on dates, nothing of training.

A day is its ordinal (`date.toordinal`); a span is the days from `first` to before `end`. Sets of
spans are kept in order and apart, so that a person who has two jobs on a day is one person.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import pairwise
from typing import NamedTuple

NO_END = date.max.toordinal() + 1
Test = Callable[[int, int, int], bool]


class Span(NamedTuple):
    """Days from `first` to before `end`, as ordinals; empty when `end` is not after `first`."""

    first: int
    end: int

    @classmethod
    def of(cls, first: date | None, last: date | None) -> "Span":
        """The days from `first` to `last`, both included; None: without a beginning, or an end."""
        return cls(first.toordinal() if first else 0, last.toordinal() + 1 if last else NO_END)

    @classmethod
    def before(cls, day: date | None) -> "Span":
        """Every day before this one; every day at all, where there is none."""
        return cls(0, day.toordinal() if day else NO_END)

    @classmethod
    def after(cls, day: date) -> "Span":
        """Every day after this one; none after the end of time."""
        return cls(day.toordinal() + 1, NO_END)

    @classmethod
    def none(cls) -> "Span":
        """No day."""
        return _NO_DAY

    def __and__(self, other: "Span") -> "Span":
        """The days in both."""
        return Span(max(self.first, other.first), min(self.end, other.end))


_NO_DAY = Span(0, 0)


class Spans:
    """A set of days as spans, in order, none touching the next."""

    __slots__ = ("_spans",)

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._spans: list[Span] = []
        for each in spans:
            self.add(each)

    def __iter__(self) -> Iterator[Span]:
        return iter(self._spans)

    def __bool__(self) -> bool:
        return bool(self._spans)

    def add(self, new: Span) -> None:
        """Take these days in too."""
        if new.end <= new.first:
            return
        kept = []
        for each in self._spans:
            if each.end < new.first or new.end < each.first:
                kept.append(each)
            else:
                new = Span(min(each.first, new.first), max(each.end, new.end))
        self._spans = sorted([*kept, new])

    def __sub__(self, other: "Spans") -> "Spans":
        """The days that are not in the other set."""
        left = list(self._spans)
        for gone in other:
            left = [
                part
                for each in left
                for part in (each & Span(0, gone.first), each & Span(gone.end, NO_END))
                if part.end > part.first
            ]
        return Spans(left)


class Step(NamedTuple):
    """From this day on, so many people in each of three sets, and whether that is enough.

    `met` is enough on a day on which anything can be.
    """

    first: int
    there: int
    trained: int
    other: int
    enough: bool
    met: bool


class Count:
    """How many people are in three sets on every day, as steps in order."""

    def __init__(self, steps: list[Step]) -> None:
        self._steps = steps

    def _now(self, day: date) -> int:
        number = day.toordinal()
        return next(n for n in reversed(range(len(self._steps))) if self._steps[n].first <= number)

    def at(self, day: date) -> Step:
        """How many people are in each set, and whether that is enough, on a day."""
        return self._steps[self._now(day)]

    def holds_until(self, day: date) -> date | None:
        """The last day, from a day on which it is enough, before it is not; None: never ends."""
        later = self._steps[self._now(day) :]
        end = next((step.first for step in later if not step.met), None)
        return None if end is None or end >= NO_END else date.fromordinal(end - 1)

    def lost_on(self, day: date, *, since: date | None) -> date | None:
        """The first day after the last one, before `day`, on which it was enough.

        None where it never was since a day, or at all.
        """
        earliest = since.toordinal() if since else 0
        steps = self._steps[: self._now(day) + 1]
        for before, after in reversed(list(pairwise(steps))):
            if before.met and after.first > earliest:
                return date.fromordinal(after.first)
        return None


def sweep(people: Iterable[tuple[Spans, Spans, Spans]], enough: Test, *, within: Span) -> Count:
    """Count people over all days. `enough` judges the numbers; outside `within` nothing is met."""
    changes: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for sets in people:
        for place, spans in enumerate(sets):
            for each in spans:
                changes[each.first][place] += 1
                changes[each.end][place] -= 1
    # Days on which nothing but the judgement may change.
    for day in (0, within.first, within.end):
        changes[day]
    there = trained = other = 0
    steps = []
    for day in sorted(changes):
        more = changes[day]
        there, trained, other = there + more[0], trained + more[1], other + more[2]
        is_enough = enough(there, trained, other)
        met = is_enough and within.first <= day < within.end
        steps.append(Step(day, there, trained, other, is_enough, met))
    return Count(steps)
