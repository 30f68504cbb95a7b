"""A second, naive judge of where a venue stands: it lives through every day, one at a time.

It shares no code with the rules: a claim is a purse of days that each open day takes one from, and
"until when" is found by looking at each day in turn. Slow, and meant to be read.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from charter.commitments.facts import Facts, Proof, RequirementFacts
from charter.editions.edition import Edition, Requirement

DAY = timedelta(days=1)
LONG = 420


@dataclass
class Claim:
    """Something that makes a requirement count: the days that it does, and how sure it is."""

    says: str
    sure: int
    days: set[date]
    for_ever: bool = False
    renewed: bool = False
    by_rule: bool = False

    @property
    def last(self) -> date:
        """Its last day; the end of time if nothing ends it."""
        return date.max if self.for_ever else max(self.days)


@dataclass
class Verdict:
    """What the oracle says of one requirement on one day."""

    state: str
    met: bool
    until: date | None
    renewed: bool = False
    by_rule: bool = False


@dataclass
class Sum:
    """What the oracle says of a commitment, or of the venue, on one day."""

    state: str
    until: date | None
    met: int = 0
    verdicts: list[Verdict] = field(default_factory=list)


def is_closed(facts: Facts, day: date) -> bool:
    """Whether any closure covers the day."""
    return any(
        each.from_on <= day and (each.until is None or day <= each.until) for each in facts.closures
    )


def live(
    facts: Facts, says: str, sure: int, first: date, purse: int | None, stop: date | None
) -> Claim:
    """Walk from `first`: each open day costs one; the claim ends with the purse or at `stop`."""
    claim, day = Claim(says, sure, set()), first
    for _ in range(LONG):
        if stop is not None and day > stop:
            return claim
        if purse is not None and purse == 0:
            return claim
        claim.days.add(day)
        if purse is not None and not is_closed(facts, day):
            purse -= 1
        day += DAY
    claim.for_ever = True
    return claim


def days_between(first: date, last: date | None) -> int | None:
    """How many days, both included."""
    return None if last is None else (last - first).days + 1


def value(edition: Edition, facts: Facts, name: str, day: date) -> float:
    """A threshold as it was on a day."""
    found = edition.thresholds[name]
    when = date.min
    for each in facts.overrides:
        if each.name == name and when <= each.from_on <= day:
            found, when = each.value, each.from_on
    return found


class Oracle:
    """Judges one venue; `now` is the last day of which anything is known."""

    def __init__(self, edition: Edition, facts: Facts, now: date) -> None:
        self.edition, self.facts, self.now = edition, facts, now
        self.claims = {
            each.key: self._claims(each, facts.requirements.get(each.key, RequirementFacts()))
            for each in edition.requirements
        }

    def _waiting(self, known: RequirementFacts) -> list[Proof]:
        return [p for p in known.proofs if p.state == "waiting" and p.handed_in <= self.now]

    def _few(self, asked: Requirement, known: RequirementFacts) -> bool:
        if not asked.few or known.counted is None or known.counted.cases is None:
            return False
        return known.counted.cases < value(self.edition, self.facts, "few_cases", self.now)

    def _claims(self, asked: Requirement, known: RequirementFacts) -> list[Claim]:
        waits = self._waiting(known)
        claims = self._agreed(asked, known)
        for proof in known.proofs:
            if proof.state == "accepted" and proof.valid_from <= self.now:
                purse = days_between(proof.valid_from, proof.valid_to)
                sure = 2 if proof.by_rule else 3
                claim = live(self.facts, "accepted", sure, proof.valid_from, purse, proof.ended_on)
                claim.by_rule = proof.by_rule
                if proof.ended_on is None:
                    self._keep(claim, [w for w in waits if w.handed_in >= proof.handed_in])
                claims.append(claim)
        return claims + self._asked_about(asked, known, waits) + self._fact(asked, known)

    def _agreed(self, asked: Requirement, known: RequirementFacts) -> list[Claim]:
        return [
            live(self.facts, "does-not-apply", 4, each.agreed_on, None, each.ended_on)
            for each in known.not_applicable
            if asked.waivable and each.agreed_on is not None and each.agreed_on <= self.now
        ]

    def _asked_about(
        self, asked: Requirement, known: RequirementFacts, waits: list[Proof]
    ) -> list[Claim]:
        """An officer's answer counts for its months, whatever was written in the book since."""
        counts = asked.kind == "counted" and known.counted and known.counted.cases is not None
        return self._quiet(known, waits) if asked.few and counts else []

    def _quiet(self, known: RequirementFacts, waits: list[Proof]) -> list[Claim]:
        claims = []
        for each in known.quiet:
            if each.recorded_on is None:
                continue
            first = each.nil_signed_on
            while first < each.recorded_on:
                first += DAY
            if first > self.now:
                continue
            last, months = first, int(value(self.edition, self.facts, "few_months", first))
            while (last.year * 12 + last.month) - (first.year * 12 + first.month) < months:
                last += DAY
            while (last + DAY).month == last.month and last.day < first.day:
                last += DAY
            claim = live(self.facts, "too-few", 0, first, days_between(first, last), None)
            self._keep(claim, waits)
            claims.append(claim)
        return claims

    def _fact(self, asked: Requirement, known: RequirementFacts) -> list[Claim]:
        fact = known.counted
        if fact is None or asked.kind != "counted":
            return []
        if fact.met and self._few(asked, known):
            return []
        if not fact.met:
            gone = fact.lost_on
            if gone is None:
                return []
            claim = Claim("accepted", 1, {gone - DAY})
            self._keep(claim, self._waiting(known))
            return [claim]
        first = fact.since or min(self.now, fact.holds_until or self.now)
        if fact.since is None:
            claim = live(self.facts, "accepted", 1, first, None, fact.holds_until)
        else:
            purse = days_between(first, fact.holds_until)
            claim = live(self.facts, "accepted", 1, first, purse, None)
        self._keep(claim, self._waiting(known))
        return [claim]

    def _keep(self, claim: Claim, waits: list[Proof]) -> None:
        """A renewal that came in time keeps the claim for some days after its end."""
        claim.renewed = any(each.handed_in <= claim.last for each in waits)
        if claim.renewed and not claim.for_ever:
            last = claim.last
            for extra in range(self.facts.settings.renewal_waiting_days):
                claim.days.add(last + (extra + 1) * DAY)

    def requirement(self, asked: Requirement, day: date) -> Verdict:
        """What it reads on a day, and its last day."""
        claims = self.claims[asked.key]
        known = self.facts.requirements.get(asked.key, RequirementFacts())
        if not claims:
            return Verdict(self._unproved(asked, known), False, None)
        best = claims[0]
        for each in claims[1:]:
            if (each.last, each.sure) > (best.last, best.sure):
                best = each
        until = None if best.for_ever else best.last
        if until is not None and day > until:
            return Verdict("lapsed", False, until)
        return Verdict(best.says, True, until, best.renewed, best.by_rule)

    def _unproved(self, asked: Requirement, known: RequirementFacts) -> str:
        states = [proof.state for proof in known.proofs]
        if self._waiting(known) or "accepted" in states:
            return "shown"
        if "returned" in states or "pulled-back" in states:
            return "returned"
        return "too-few" if self._few(asked, known) else "not-shown"

    def commitment(self, number: int, day: date) -> Sum:
        """What a commitment reads on a day, over its essentials."""
        one = self.edition.commitments[number]
        verdicts = [self.requirement(each, day) for each in one.requirements if each.essential]
        return self._sum(verdicts)

    def venue(self, day: date) -> Sum:
        """The same over every essential of the edition."""
        asked = [each for each in self.edition.requirements if each.essential]
        return self._sum([self.requirement(each, day) for each in asked])

    def _sum(self, verdicts: list[Verdict]) -> Sum:
        met = sum(each.met for each in verdicts)
        ends = sorted(each.until for each in verdicts if each.until is not None)
        if any(each.state == "lapsed" for each in verdicts):
            state = "lapsed"
        elif met == len(verdicts):
            state = "met"
        else:
            state = "partly-met" if met else "not-met"
        return Sum(state, ends[0] if ends else None, met, verdicts)
