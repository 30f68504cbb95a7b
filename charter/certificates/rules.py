"""Certificate rules: which of five states holds on a day, who may have one, and who may issue it.

The first line of this table that fits decides. `last day` is inclusive everywhere.

| # | what is so on the day                                         | state        | since         |
|---|---------------------------------------------------------------|--------------|---------------|
| 1 | withdrawn, on that day or before                              | withdrawn    | that day      |
| 2 | replaced by a newer certificate                               | lapsed       | its issue     |
| 3 | after the certificate's own last day                          | lapsed       | the day after |
| 4 | a new owner has not signed the charter                        | suspended    | on record     |
| 5 | an essential check does not hold, an appeal is upheld to a day| lapsing soon | when it ended |
| 6 | an essential check does not hold, suspended before            | suspended    | on record     |
| 7 | an essential check does not hold, and the grace is over       | suspended    | the day after |
| 8 | an essential check does not hold, within the grace            | lapsing soon | when it ended |
| 9 | near the last day of the certificate or of an essential check | lapsing soon | not said      |
|10 | none of these                                                 | valid        | not said      |

The grace is so many days from the first on which a check did not hold (a city's setting, 14 by
default; 0 suspends at once), and shows its last day. Line 5 keeps a longer grace, set later, from
lifting a suspension: only the facts do.
An essential check does not hold from the day after the standing's `holds_until`, whatever the
standing says it was when it was stored: nothing here waits for a nightly job. Time alone never
moves a certificate up this list of states. A closure adds its words and nothing else: the dates
it pauses are the proofs', which the standing has counted already; the last day printed on a
certificate stays. A certificate begins on the day of its issue, so nothing is said of days before.
Near is the smaller of 30 days and a quarter of the life in question.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum, StrEnum

from charter.core.codes import CODE_BYTES, grouped, new_code, normalise
from charter.core.text import in_words

# The code of a certificate's own page: whoever asks here for what certificates need finds it too.
__all__ = ("CODE_BYTES", "grouped", "new_code", "normalise")

SOON = timedelta(days=30)
PROPOSAL_LIFE = timedelta(hours=72)
_ONE_DAY = timedelta(days=1)


class State(Enum):
    """What a certificate is on a day. The value is its name in tables, files and addresses."""

    VALID = "valid"
    LAPSING_SOON = "lapsing-soon"
    LAPSED = "lapsed"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The state in a word or two."""
        return self.value.replace("-", " ").capitalize()

    @property
    def sentence(self) -> str:
        """What the state means, in one plain sentence for anybody who asks."""
        return _SENTENCES[self]

    @property
    def counts(self) -> bool:
        """Whether the venue meets the charter's checks in this state."""
        return self in (State.VALID, State.LAPSING_SOON)


class Turn(StrEnum):
    """What can become of a certificate after its issue. The value is its name in tables."""

    GRACE = "grace"
    SUSPENDED = "suspended"
    RESTORED = "restored"
    STAYED = "stayed"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"

    @property
    def words(self) -> str:
        """What happened, for a list of days."""
        return _TURNS[self]


_TURNS = {
    Turn.GRACE: "Something no longer held",
    Turn.SUSPENDED: "Suspended",
    Turn.RESTORED: "Counted again in full",
    Turn.STAYED: "Counted again for some days: the venue appealed and was right",
    Turn.WITHDRAWN: "Withdrawn",
    Turn.REPLACED: "Replaced by a newer certificate",
}
_GRACE_SENTENCE = "This certificate counts today, but something it needs has run out."
_SENTENCES = {
    State.VALID: "This venue meets the charter’s checks today.",
    State.LAPSING_SOON: "This certificate counts today, but something runs out soon.",
    State.LAPSED: "This certificate has run out and no longer counts.",
    State.SUSPENDED: "This certificate does not count for now.",
    State.WITHDRAWN: "This certificate has been taken back and does not count.",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What an issued certificate itself says, and what has been done to it since."""

    valid_from: date
    valid_until: date
    withdrawn_on: date | None = None
    withdrawn_because: str = ""
    replaced_by_serial: str = ""
    replaced_on: date | None = None
    suspended_on: date | None = None
    stay_until: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the venue stood when last assessed.

    `holds_until` is the last day on which all essential checks hold, closures counted in; None
    if nothing ends them. `held_from` is the first day of the proof that ends first, where known.
    `lapsed_on` is the first day on which a check did not hold; `reason` says which, in words.
    """

    all_met: bool
    holds_until: date | None = None
    reason: str = ""
    lapsed_on: date | None = None
    held_from: date | None = None


@dataclass(frozen=True, slots=True)
class Closure:
    """Days on which a venue is closed for a while; `until` is the last one, if it is known."""

    start: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A certificate's state on a day, since when, until when at most, and why, in words.

    `in_grace`: an essential check does not hold, and `until` is the last day before it suspends.
    """

    state: State
    since: date | None = None
    until: date | None = None
    reason: str = ""
    in_grace: bool = False

    @property
    def sentence(self) -> str:
        """What it means, in one plain sentence for anybody who asks."""
        return _GRACE_SENTENCE if self.in_grace else self.state.sentence


def state_of(
    certificate: Terms,
    standing: Standing,
    today: date,
    *,
    closure: Closure | None = None,
    new_owner_unsigned: bool = False,
    grace_days: int = 0,
) -> Verdict:
    """The certificate's state on a day, by the table above."""
    verdict = (
        _ended(certificate, today)
        or _new_owner(certificate, new_owner_unsigned)
        or _unmet(certificate, standing, today, grace_days)
        or _running(certificate, standing, today)
    )
    words = _closed(closure, today)
    return replace(verdict, reason=f"{verdict.reason} {words}".strip()) if words else verdict


def _ended(certificate: Terms, today: date) -> Verdict | None:
    if certificate.withdrawn_on and certificate.withdrawn_on <= today:
        why = certificate.withdrawn_because
        return Verdict(State.WITHDRAWN, since=certificate.withdrawn_on, reason=why)
    if certificate.replaced_by_serial:
        why = f"It was replaced by certificate {certificate.replaced_by_serial}."
        return Verdict(State.LAPSED, since=certificate.replaced_on, reason=why)
    if today > certificate.valid_until:
        why = f"Its last day was {in_words(certificate.valid_until)}."
        return Verdict(State.LAPSED, since=certificate.valid_until + _ONE_DAY, reason=why)
    return None


def _new_owner(certificate: Terms, unsigned: bool) -> Verdict | None:
    why = "The venue has a new owner, who has not signed the charter yet."
    if not unsigned:
        return None
    return Verdict(State.SUSPENDED, since=certificate.suspended_on, reason=why)


def _unmet(certificate: Terms, standing: Standing, today: date, grace_days: int) -> Verdict | None:
    """Lines 5 to 8: the verdict once an essential check does not hold, else None."""
    since = standing.lapsed_on
    if standing.all_met:
        if standing.holds_until is None or today <= standing.holds_until:
            return None
        since = standing.holds_until + _ONE_DAY
    why = standing.reason or "A check that every certificate needs is not met."
    if certificate.stay_until and today <= certificate.stay_until:
        last = min(certificate.stay_until, certificate.valid_until)
        why = f"{why} The venue appealed, and the office upheld it."
        return Verdict(State.LAPSING_SOON, since=since, until=last, reason=why, in_grace=True)
    if certificate.suspended_on and certificate.suspended_on <= today:
        return Verdict(State.SUSPENDED, since=certificate.suspended_on, reason=why)
    suspends = since + timedelta(days=grace_days) if since else None
    if grace_days and since and suspends and today < suspends:
        last = min(suspends - _ONE_DAY, certificate.valid_until)
        return Verdict(State.LAPSING_SOON, since=since, until=last, reason=why, in_grace=True)
    return Verdict(State.SUSPENDED, since=suspends, reason=why)


def _running(certificate: Terms, standing: Standing, today: date) -> Verdict:
    own = (certificate.valid_until, certificate.valid_from, "It runs out on {day}.")
    ends: list[tuple[date, date | None, str]] = [own]
    if standing.holds_until:
        why = "A check has to be shown again by {day}."
        ends.append((standing.holds_until, standing.held_from, why))
    last = min(day for day, _, _ in ends)
    for day, began, why in sorted(ends, key=lambda end: end[0]):
        if today > day - soon(began, day):
            reason = why.format(day=in_words(day))
            return Verdict(State.LAPSING_SOON, until=last, reason=reason)
    return Verdict(State.VALID, until=last)


def soon(began: date | None, last: date) -> timedelta:
    """How long before a last day something is *lapsing soon*: 30 days or a quarter of its life."""
    return SOON if began is None else min(SOON, (last - began) / 4)


def _closed(closure: Closure | None, today: date) -> str:
    if closure is None or today < closure.start or (closure.until and today > closure.until):
        return ""
    until = f" until {in_words(closure.until)}" if closure.until else ""
    return f"The venue is closed for now{until}, and the dates of its proofs wait."


@dataclass(frozen=True, slots=True)
class Readiness:
    """What has to be known before a certificate: the standing, and what is still open.

    `unmet` names the essential requirements that do not hold; `returned` counts the proofs sent
    back and not yet mended.
    """

    signed: bool
    approved: bool
    all_met: bool
    holds_until: date | None = None
    unmet: tuple[str, ...] = ()
    returned: int = 0
    new_owner_unsigned: bool = False
    already_open: bool = False


def eligible(venue: Readiness, today: date) -> list[str]:
    """Why a venue cannot have a certificate today, each reason in words; empty if it can."""
    faults = (
        (not venue.approved, "The office has not approved this venue yet."),
        (not venue.signed, "The owner or licence holder has not signed the charter."),
        (venue.new_owner_unsigned, "The new owner has not signed the charter."),
        (not _all_hold(venue, today), _missing(venue.unmet)),
        (venue.returned == 1, "One proof was sent back and has not been mended."),
        (venue.returned > 1, f"{venue.returned} proofs were sent back and have not been mended."),
        (venue.already_open, "A certificate for this venue is already waiting to be issued."),
    )
    return [words for applies, words in faults if applies]


def _all_hold(venue: Readiness, today: date) -> bool:
    return venue.all_met and (venue.holds_until is None or today <= venue.holds_until)


def _missing(unmet: tuple[str, ...]) -> str:
    if not unmet:
        return "Not every essential requirement holds today."
    return f"Not every essential requirement holds today: {', '.join(unmet)}."


def may_decide(
    proposer_id: int,
    proposer_session: int | None,
    decider_id: int,
    decider_session: int | None,
    proposed_at: datetime,
    now: datetime,
) -> str | None:
    """Why this person may not decide on what was proposed, in words; None if they may.

    Issuing and withdrawing take two people at two sign-ins, and a proposal is good for 72 hours.
    """
    if decider_id == proposer_id:
        return "Somebody else has to decide on what you proposed."
    if decider_session is not None and decider_session == proposer_session:
        return "This was proposed from the sign-in you are using. Sign in afresh to decide on it."
    if now - proposed_at > PROPOSAL_LIFE:
        return "This was proposed more than 72 hours ago. Look again, and propose it afresh."
    return None


def serial(year: int, number: int) -> str:
    """A certificate's printed number, like 2026-000123-9, with a check character at its end.

    The check (ISO/IEC 7064, MOD 11-2: 0 to 9 or X) shows any one wrong digit and any two
    neighbours swapped. Raises ValueError outside 1 to 999,999 a year.
    """
    if not (2000 <= year <= 9999 and 1 <= number <= 999_999):
        raise ValueError(f"no serial for number {number} of {year}")
    return f"{year}-{number:06}-{_check(f'{year}{number:06}')}"


def is_serial(text: str) -> bool:
    """Whether a text is a serial whose check character fits."""
    found = re.fullmatch(r"([0-9]{4})-([0-9]{6})-([0-9X])", text, re.ASCII)
    return found is not None and _check(found[1] + found[2]) == found[3]


def _check(digits: str) -> str:
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2 % 11
    return "0123456789X"[(12 - total) % 11]
