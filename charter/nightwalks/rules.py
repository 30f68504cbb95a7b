"""What walkers rate, and what their answers come to: pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from statistics import median_low
from typing import Any

from charter import config
from charter.core.seed import KEY, Fault, tables

FOLDER = config.ROOT / "seeds" / "nightwalks"
STEPS = range(4)
WEAK = 1  # at most: something has to be done
FINE = 2  # at least: the list is fine


class State(StrEnum):
    """What became of a fault."""

    OPEN = "open"
    FIXED = "fixed"
    DECLINED = "declined"

    @property
    def label(self) -> str:
        """What became of it, in words."""
        return {"open": "Not yet", "fixed": "Fixed", "declined": "Will not be done"}[self]


@dataclass(frozen=True, slots=True)
class Thing:
    """One of the nine things: what it is called, what is asked, and the words of 0 to 3."""

    key: str
    name: str
    asks: str
    steps: tuple[str, ...]
    is_feeling: bool = False

    @property
    def kept(self) -> dict[str, Any]:
        """As it is kept with a walk."""
        return {
            "key": self.key,
            "name": self.name,
            "asks": self.asks,
            "steps": list(self.steps),
            "feeling": self.is_feeling,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Thing":
        """As a walk kept it."""
        steps = tuple(kept["steps"])
        return cls(kept["key"], kept["name"], kept["asks"], steps, kept["feeling"])


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of recipient as the seed names it; `usually` are things whose faults are theirs."""

    key: str
    name: str
    mends: str
    usually: tuple[str, ...]


@cache
def things() -> tuple[Thing, ...]:
    """The things of a walk that is planned now. Raises Fault with every fault of the seed."""
    rows, faults = tables(FOLDER / "scales.toml", "thing")
    found = []
    for row in rows:
        key, steps = row.name_of("key", KEY), row.words("steps")
        if len(steps) != len(STEPS):
            row.fault("needs 4 steps, the worst first")
        feeling = row.flag("feeling", False)
        found.append(Thing(key, row.text("name"), row.text("asks"), steps, feeling))
        row.finish()
    if sum(each.is_feeling for each in found) != 1:
        faults.append("scales.toml: exactly one thing is the feeling")
    if faults:
        raise Fault(faults)
    return tuple(found)


@cache
def kinds() -> tuple[Kind, ...]:
    """The kinds of recipients. Raises Fault with every fault of the seed."""
    rows, faults = tables(FOLDER / "recipients.toml", "recipient")
    known = [each.key for each in things()]
    found = []
    for row in rows:
        usually = row.some_of("usually", known, ())
        found.append(Kind(row.name_of("key", KEY), row.text("name"), row.text("mends"), usually))
        row.finish()
    if faults:
        raise Fault(faults)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Middle:
    """What all walkers said of one thing at a stop: how many, the middle, and how far apart."""

    thing: Thing
    answers: int
    middle: int
    lowest: int
    highest: int

    @property
    def words(self) -> str:
        """The words of the middle."""
        return self.thing.steps[self.middle]

    @property
    def is_weak(self) -> bool:
        """Whether something has to be done."""
        return self.middle <= WEAK

    @property
    def is_apart(self) -> bool:
        """Whether walkers saw it quite differently: two steps or more."""
        return self.highest - self.lowest > 1


@dataclass(frozen=True, slots=True)
class Merged:
    """What all walkers said of one stop; the feeling stands apart."""

    middles: tuple[Middle, ...]
    feeling: Middle | None

    @property
    def needs_a_look(self) -> bool:
        """Whether it feels unsafe although the rest is fine: the first place to look."""
        is_fine = bool(self.middles) and all(each.middle >= FINE for each in self.middles)
        return is_fine and self.feeling is not None and self.feeling.is_weak

    @property
    def weak(self) -> list[Middle]:
        """What has to be mended; the feeling is no part of it."""
        return [each for each in self.middles if each.is_weak]

    def of(self, key: str) -> Middle | None:
        """What was said of one thing."""
        every = [*self.middles, *([self.feeling] if self.feeling else [])]
        return next((each for each in every if each.thing.key == key), None)


def merged(things: Sequence[Thing], ratings: Iterable[tuple[str, int]]) -> Merged:
    """Set the ratings of one stop together: (thing, 0 to 3), one for each walker who answered.

    The middle of an even number is the lower of the two, so that no half of a step is made up and
    nobody's worry is rounded away.
    """
    said: dict[str, list[int]] = {}
    for key, value in ratings:
        said.setdefault(key, []).append(value)
    found = [
        Middle(each, len(values), median_low(values), min(values), max(values))
        for each in things
        if (values := said.get(each.key))
    ]
    rest = tuple(each for each in found if not each.thing.is_feeling)
    return Merged(rest, next((each for each in found if each.thing.is_feeling), None))


@dataclass(frozen=True, slots=True)
class Moved:
    """One thing at one stop on both walks."""

    thing: Thing
    before: int
    after: int

    @property
    def words(self) -> str:
        """Better, worse or the same."""
        if self.after == self.before:
            return "The same"
        return "Better" if self.after > self.before else "Worse"


def moved(before: Merged, after: Merged) -> list[Moved]:
    """What was rated at a stop both times, in order, the feeling last."""
    every = [*after.middles, *([after.feeling] if after.feeling else [])]
    return [
        Moved(each.thing, then.middle, each.middle)
        for each in every
        if (then := before.of(each.thing.key)) is not None
    ]
