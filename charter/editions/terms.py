"""What an edition of the charter is made of: frozen values, and no reading, judging or storing.

Nothing here knows how many commitments a charter has.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property


class Kind(StrEnum):
    """How a requirement is proved."""

    STATEMENT = "statement"
    FILE = "file"
    PHOTO_PER_PLACE = "photo-per-place"
    LINK = "link"
    SIGNED_BY = "signed-by"
    COUNTED = "counted"

    @property
    def label(self) -> str:
        """The kind in words."""
        return KIND_LABELS[self]


KIND_LABELS = {
    Kind.STATEMENT: "Written statement",
    Kind.FILE: "File or photo",
    Kind.PHOTO_PER_PLACE: "Photo of each place",
    Kind.LINK: "Link that opens",
    Kind.SIGNED_BY: "Signature",
    Kind.COUNTED: "Counted for you",
}
VOID_WORDS = {
    "champion-left": "the champion leaves",
    "stand-in-left": "the stand-in leaves",
    "new-owner": "the owner changes",
    "new-policy": "the policy changes",
    "serious-incident": "something serious happens",
}


@dataclass(frozen=True, slots=True)
class Lasts:
    """How long a proof lasts: so many months, or so many days (exactly one of the two)."""

    months: int = 0
    days: int = 0

    def until(self, day: date) -> date:
        """The last day, included, that a proof dated `day` holds.

        Months keep the day of the month, or take the month's last: 29 February and 12 months
        make 28 February.
        """
        if self.days:
            return day + timedelta(days=self.days)
        years, month = divmod(day.month - 1 + self.months, 12)
        year, month = day.year + years, month + 1
        return date(year, month, min(day.day, monthrange(year, month)[1]))

    @property
    def label(self) -> str:
        """The length in words, such as "12 months"."""
        number, unit = (self.months, "month") if self.months else (self.days, "day")
        return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


@dataclass(frozen=True)
class Requirement:
    """One thing a commitment asks for, what proves it, and how long the proof lasts.

    `lost` says in a few words, for anybody, that it does not hold: "training cover is below 90 %".
    """

    commitment: str
    key: str
    number: str
    essential: bool
    task: str
    words: str
    why: str
    proof: str
    example: str
    minutes: int
    kind: Kind
    lasts: Lasts
    fallback: Kind | None = None
    fact: str | None = None
    few: bool = False
    places: tuple[str, ...] = ()
    signer: str | None = None
    voids: tuple[str, ...] = ()
    waivable: bool = False
    rolling: str | None = None
    lost: str = ""

    @property
    def proof_kind(self) -> Kind:
        """What a person hands in: the kind itself, or what stands in while nothing is counted."""
        return self.fallback or self.kind

    @property
    def lost_words(self) -> str:
        """That it does not hold, in words that anybody may read and that count nothing."""
        return self.lost or f"“{self.task}” ({self.number}) is not shown"

    @property
    def lasts_words(self) -> str:
        """How long a proof holds, in one sentence."""
        ends = "".join(f", or until {VOID_WORDS[void]}" for void in self.voids)
        return f"Lasts {self.lasts.label}{ends}."


@dataclass(frozen=True)
class Commitment:
    """One promise of the charter and the requirements that show it is kept."""

    key: str
    number: int
    name: str
    heading: str
    why: str
    requirements: tuple[Requirement, ...]

    @cached_property
    def essentials(self) -> tuple[Requirement, ...]:
        """The requirements that are all needed, in order."""
        return tuple(each for each in self.requirements if each.essential)

    @cached_property
    def good(self) -> tuple[Requirement, ...]:
        """The requirements that are good to have and never block, in order."""
        return tuple(each for each in self.requirements if not each.essential)


@dataclass(frozen=True, slots=True)
class Override:
    """The office's own value for a threshold, from a day on."""

    name: str
    value: float
    from_on: date


def in_force(
    thresholds: Mapping[str, float], overrides: Iterable[Override], on: date
) -> dict[str, float]:
    """The value in force on a day of every threshold: the last override by then, or its own.

    Of several overrides from one day on, the one that was given last.
    """
    values = dict(thresholds)
    for each in sorted(overrides, key=lambda override: override.from_on):
        if each.from_on <= on:
            values[each.name] = each.value
    return values


@dataclass(frozen=True, slots=True)
class Counted:
    """What another capability counted for a requirement, on the day the facts were gathered.

    `since` is the day from which its life runs, so that closed days can be added to it; without
    one, closed days are the counter's own business. `lost_on` is the first day on which it was no
    longer met, where it once was. `share` is per cent. `step` is the one thing to do next.
    """

    met: bool
    cases: int | None = None
    holds_until: date | None = None
    since: date | None = None
    lost_on: date | None = None
    share: float | None = None
    words: str = ""
    step: str = ""


@dataclass(frozen=True)
class Edition:
    """One edition of the charter; its thresholds are its own defaults, before any override."""

    key: str
    title: str
    effective_from: date
    thresholds: Mapping[str, float]
    places: Mapping[str, str]
    commitments: tuple[Commitment, ...]

    @cached_property
    def requirements(self) -> tuple[Requirement, ...]:
        """Every requirement, in order."""
        return tuple(each for one in self.commitments for each in one.requirements)

    @cached_property
    def _by_key(self) -> Mapping[str, Requirement]:
        return {each.key: each for each in self.requirements}

    def requirement(self, key: str) -> Requirement | None:
        """The requirement with this key, or None."""
        return self._by_key.get(key)

    def commitment(self, key: str) -> Commitment | None:
        """The commitment with this key, or None."""
        return next((each for each in self.commitments if each.key == key), None)
