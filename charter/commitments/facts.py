"""What is known about one venue, as plain frozen values: all that the rules are given to judge by.

Every date that ends something is the *last* day it still holds, included; None means that nothing
ends it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from charter.editions.terms import Counted, Override
from charter.venues.closures import Closed as Closure

__all__ = [
    "NOTHING_KNOWN",
    "Closure",
    "Counted",
    "Facts",
    "NotApplicable",
    "Override",
    "Proof",
    "Quiet",
    "RequirementFacts",
    "Settings",
]


@dataclass(frozen=True, slots=True)
class Proof:
    """One hand-in for one requirement.

    It counts from `valid_from`, whatever day it was handed in; whoever records it refuses a
    `happened_on` or `handed_in` that is still to come. `ended_on` is set when something ended it
    early, such as a champion who left. `by_rule` marks a renewal that nobody looked at.
    """

    id: int
    state: str
    handed_in: date
    valid_from: date
    valid_to: date | None = None
    ended_on: date | None = None
    happened_on: date | None = None
    kind: str = ""
    by_rule: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """The venue says that a requirement does not apply; it counts once the office agrees.

    Without `agreed_on` the office has not answered. One it did not agree to is left out.
    """

    asked_on: date
    agreed_on: date | None = None
    ended_on: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Too few cases: the quiet weeks were signed as nil, and an officer asked and wrote it down."""

    nil_signed_on: date
    recorded_on: date | None = None

    @property
    def begins(self) -> date | None:
        """The first day on which both were done."""
        return max(self.nil_signed_on, self.recorded_on) if self.recorded_on else None


@dataclass(frozen=True, slots=True)
class Settings:
    """What the running product is set to, as far as it bears on where a venue stands."""

    renewal_waiting_days: int = 14


@dataclass(frozen=True, slots=True)
class RequirementFacts:
    """All that is known for one requirement, old and new, in any order."""

    proofs: tuple[Proof, ...] = ()
    not_applicable: tuple[NotApplicable, ...] = ()
    quiet: tuple[Quiet, ...] = ()
    counted: Counted | None = None


NOTHING_KNOWN = RequirementFacts()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about one venue on the day `as_of`.

    What only begins after `as_of` (a proof, an agreement, an override) does not count until the
    facts are gathered again, so that time alone never betters a state.
    """

    as_of: date
    requirements: Mapping[str, RequirementFacts] = field(default_factory=dict)
    closures: tuple[Closure, ...] = ()
    overrides: tuple[Override, ...] = ()
    settings: Settings = Settings()
