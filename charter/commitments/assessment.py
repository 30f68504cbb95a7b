"""Where a venue stands, as values: a state, its words, the last day it holds, and what to do next.

The only vocabulary of states for requirements and commitments. A reader of stored states needs
`as_read` and nothing else.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, TypeVar

from charter.commitments.facts import Proof, RequirementFacts
from charter.core.text import in_words
from charter.editions.terms import Commitment, Requirement


class RequirementState(StrEnum):
    """Where a venue stands with one requirement."""

    NOT_SHOWN = "not-shown"
    SHOWN = "shown"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    LAPSED = "lapsed"
    DOES_NOT_APPLY = "does-not-apply"
    TOO_FEW = "too-few"

    @property
    def label(self) -> str:
        """The state in words."""
        return "Too few to tell" if self == "too-few" else self.value.replace("-", " ").capitalize()


class CommitmentState(StrEnum):
    """Where a venue stands with one commitment, or with the whole charter."""

    MET = "met"
    PARTLY = "partly-met"
    NOT_MET = "not-met"
    LAPSED = "lapsed"

    @property
    def label(self) -> str:
        """The state in words."""
        return self.value.replace("-", " ").capitalize()


State = TypeVar("State", RequirementState, CommitmentState)


def as_read(state: State, holds_until: date | None, today: date) -> State:
    """What a stored state reads as today: itself to the last day it holds, *lapsed* after that."""
    over = holds_until is not None and today > holds_until
    return type(state)("lapsed") if over else state


class Ground(NamedTuple):
    """One reason why a requirement counts as met, and the last day it is one (None: no end).

    `life` is how many days it was given, for telling when its end is near. `renewed` says that a
    newer proof was handed in before the end and waits for the office.
    """

    state: RequirementState
    end: date | None
    life: int | None
    renewed: bool = False
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class RequirementAssessment:
    """Where a venue stands with one requirement.

    `holds_until` is the last day, included, on which `state` holds (None: nothing ends it); for a
    lapsed one it is the last day it held. `starts_on` is when an accepted proof begins to count.
    `too_few`: there are too few cases to tell, whatever it stands on.
    """

    requirement: Requirement
    facts: RequirementFacts
    state: RequirementState
    counts_as_met: bool
    holds_until: date | None = None
    ground: Ground | None = None
    lapsing_soon: bool = False
    proof_waits: bool = False
    returned: Proof | None = None
    starts_on: date | None = None
    too_few: bool = False

    @property
    def key(self) -> str:
        """The requirement's key."""
        return self.requirement.key

    @property
    def renewal_waiting(self) -> bool:
        """It counts, and a newer proof handed in in time waits for the office."""
        return self.counts_as_met and self.ground is not None and self.ground.renewed

    @property
    def not_rechecked(self) -> bool:
        """It stands on a renewal that was accepted by rule and that nobody looked at."""
        proof = self.ground.proof if self.ground else None
        return self.counts_as_met and proof is not None and proof.by_rule

    @property
    def asked_not_applicable(self) -> bool:
        """The venue said that this does not apply, and the office has not answered."""
        asked = self.facts.not_applicable
        return self.requirement.waivable and any(
            each.agreed_on is None and each.ended_on is None for each in asked
        )

    @property
    def nil_signed(self) -> bool:
        """The quiet weeks are signed, and the office has still to ask about them."""
        newest = max(self.facts.quiet, key=lambda each: each.nil_signed_on, default=None)
        return self.requirement.few and newest is not None and newest.recorded_on is None

    @property
    def may_sign_quiet(self) -> bool:
        """The quiet weeks can be signed: there are too few cases, or what is met ends soon."""
        ends = self.lapsing_soon and self.facts.counted is not None and self.facts.counted.met
        return self.requirement.few and not self.nil_signed and (self.too_few or ends)

    @property
    def office_turn(self) -> bool:
        """Something of this waits for the office, or for a day that the office has agreed."""
        waits = self.proof_waits or self.asked_not_applicable or self.nil_signed
        return waits or self.starts_on is not None

    @property
    def to_do(self) -> bool:
        """The venue has something to do, and nobody else has to act first."""
        asks = self.lapsing_soon or self.returned is not None or not self.counts_as_met
        return asks and not self.office_turn

    @property
    def why(self) -> str:
        """Why it stands so, in words."""
        if self.state is RequirementState.LAPSED:
            return self._why_lapsed()
        if self.counts_as_met:
            return self._why_met()
        if self.starts_on is not None:
            return f"The office accepted it. It counts from {in_words(self.starts_on)}."
        if self.proof_waits:
            return "It is with the office, which has not looked at it yet."
        if self.returned is not None:
            return self._returned_words()
        if self.state is RequirementState.TOO_FEW:
            return "There are too few cases to tell. A quiet time is a question, not a pass."
        if self.asked_not_applicable:
            return "You said that this does not apply. The office has not answered yet."
        return (self.facts.counted and self.facts.counted.words) or "Nothing has been shown yet."

    def _returned_words(self) -> str:
        reason = self.returned.reason if self.returned else None
        return f"The office sent it back: {reason}" if reason else "The office sent it back."

    def _why_lapsed(self) -> str:
        until = self.holds_until
        held = f"It held until {in_words(until)}." if until else "It has ended."
        early = self.ground is not None and self.ground.proof and self.ground.proof.ended_on
        after = " Something changed, so it has to be shown again." if early else ""
        counted = self.facts.counted
        if counted is not None and counted.words:
            after += f" {counted.words}"
        if self.proof_waits:
            after += " A newer proof is with the office."
        elif self.returned is not None:
            after += f" {self._returned_words()}"
        return held + after

    def _why_met(self) -> str:
        until = f" until {in_words(self.holds_until)}" if self.holds_until else ""
        holds = f"It holds{until}." if until else "Nothing ends it."
        if self.state is RequirementState.DOES_NOT_APPLY:
            return f"The office agreed that this does not apply{until}."
        if self.state is RequirementState.TOO_FEW:
            return f"An officer asked you about the quiet weeks. {holds}"
        if self.renewal_waiting:
            return f"A newer proof is with the office, so the one before is kept{until}."
        if self.returned is not None:
            return f"{holds} The newer proof came back. {self._returned_words()}"
        if self.not_rechecked:
            return f"Renewed like the one before, and not looked at again. {holds}"
        return f"{self._counted_words() or 'Accepted.'} {holds}"

    def _counted_words(self) -> str:
        counted = self.facts.counted
        if counted is None or self.ground is None or self.ground.proof is not None:
            return ""
        return counted.words or "Counted for you."

    @property
    def next_step(self) -> str:
        """The one thing to do next, in words."""
        if self.to_do:
            return self._venue_step()
        if self.proof_waits:
            return "Nothing to do. The office will look at it."
        if self.starts_on is not None:
            return "Nothing to do. The office has accepted it."
        if self.asked_not_applicable:
            return "Nothing to do. The office will say whether this applies to you."
        if self.nil_signed:
            return "Nothing to do. An officer will ask you about the quiet weeks."
        return "Nothing to do."

    def _venue_step(self) -> str:
        if self.returned is not None:
            return (
                f"{self.requirement.task}: mend what the office asked about and hand it in again."
            )
        if self.too_few:
            return "Sign the quiet weeks as “nothing to report”."
        counted = self.facts.counted
        if counted is not None and counted.step:
            return counted.step
        return self._task_words()

    def _task_words(self) -> str:
        task = self.requirement.task
        if self.lapsing_soon and self.holds_until:
            return f"{task} again, by {in_words(self.holds_until)}."
        return f"{task} again." if self.state is RequirementState.LAPSED else f"{task}."


@dataclass(frozen=True)
class CommitmentAssessment:
    """Where a venue stands with one commitment.

    Any day after `holds_until` it is lapsed; `lapses_key` is the essential that ends (or ended)
    first. A lapsed one keeps the last day it held.
    """

    commitment: Commitment
    state: CommitmentState
    requirements: tuple[RequirementAssessment, ...]
    essentials_met: int
    holds_until: date | None
    lapses_key: str | None

    @property
    def essentials_total(self) -> int:
        """How many requirements are all needed."""
        return len(self.commitment.essentials)

    @cached_property
    def good_met(self) -> int:
        """How many of the good requirements are met; they never block."""
        return sum(
            each.counts_as_met for each in self.requirements if not each.requirement.essential
        )

    @property
    def good_total(self) -> int:
        """How many requirements are good to have."""
        return len(self.commitment.good)

    @property
    def lapsed(self) -> tuple[RequirementAssessment, ...]:
        """The essentials that have lapsed; each says why."""
        return tuple(
            each
            for each in self.requirements
            if each.requirement.essential and each.state is RequirementState.LAPSED
        )


class Lapse(NamedTuple):
    """The next essential to end, and the last day it holds."""

    last_day: date
    requirement: Requirement


@dataclass(frozen=True, slots=True)
class Step:
    """One thing for the venue to do, about how many minutes it takes, and why."""

    requirement: Requirement
    state: RequirementState
    words: str
    why: str
    minutes: int


@dataclass(frozen=True)
class VenueAssessment:
    """Where a venue stands with a whole edition on the day `today`.

    `state` and `holds_until` follow the same rule as a commitment's, over every essential.
    `look_again_on` is the next day on which something already recorded begins to count; until the
    facts are gathered again on or after it, it does not.
    """

    edition: str
    today: date
    state: CommitmentState
    commitments: tuple[CommitmentAssessment, ...]
    essentials_met: int
    essentials_total: int
    holds_until: date | None
    lapses_key: str | None
    start_with: int
    look_again_on: date | None = None

    @property
    def all_met(self) -> bool:
        """Every essential counts as met: what a certificate needs."""
        return self.state is CommitmentState.MET

    @property
    def any_lapsed(self) -> bool:
        """At least one essential has lapsed."""
        return self.state is CommitmentState.LAPSED

    @property
    def commitments_met(self) -> int:
        """How many commitments are met."""
        return sum(each.state is CommitmentState.MET for each in self.commitments)

    @property
    def commitments_total(self) -> int:
        """How many commitments the edition has."""
        return len(self.commitments)

    @cached_property
    def requirements(self) -> tuple[RequirementAssessment, ...]:
        """Every requirement, in order."""
        return tuple(each for one in self.commitments for each in one.requirements)

    def requirement(self, key: str) -> RequirementAssessment | None:
        """The requirement with this key, or None."""
        return next((each for each in self.requirements if each.key == key), None)

    @property
    def waiting(self) -> int:
        """How many requirements have a proof that waits for the office."""
        return sum(each.proof_waits for each in self.requirements)

    @property
    def returned(self) -> int:
        """How many requirements have a proof that was sent back and nothing newer."""
        return sum(each.returned is not None for each in self.requirements)

    @property
    def newest_lapse(self) -> date | None:
        """The last day on which the essential that lapsed last still held."""
        ends = [each.holds_until for one in self.commitments for each in one.lapsed]
        return max((end for end in ends if end), default=None)

    @property
    def next_lapse(self) -> Lapse | None:
        """The essential that counts now and ends first, or None when nothing will end."""
        ends = [
            Lapse(each.holds_until, each.requirement)
            for each in self.requirements
            if each.requirement.essential and each.counts_as_met and each.holds_until
        ]
        return min(ends, key=lambda lapse: lapse.last_day, default=None)

    def next_steps(self, most: int) -> list[Step]:
        """The next things for the venue to do, the most pressing first; at most `most` of them.

        Essentials that have lapsed, were returned, or end soon; then the first `start_with` of
        each commitment in turn; then the other essentials; then what is good to have.
        """
        ranked = []
        for number, one in enumerate(self.commitments):
            places = {True: 0, False: 0}
            for each in one.requirements:
                place = places[each.requirement.essential]
                places[each.requirement.essential] += 1
                if each.to_do:
                    ranked.append((*self._rank(each, number, place), each))
        ranked.sort(key=lambda row: row[:4])
        return [
            Step(each.requirement, each.state, each.next_step, each.why, each.requirement.minutes)
            for *_, each in ranked[:most]
        ]

    def _rank(
        self, each: RequirementAssessment, number: int, place: int
    ) -> tuple[tuple[bool, int], date, int, int]:
        good, end = not each.requirement.essential, each.holds_until or date.max
        if each.state is RequirementState.LAPSED:
            return (good, 0), end, number, place
        if each.returned is not None:
            return (good, 1), date.max, number, place
        if each.lapsing_soon:
            return (good, 2), end, number, place
        if place < self.start_with:
            return (good, 3), date.max, place, number
        return (good, 4), date.max, number, place
