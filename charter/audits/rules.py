"""The words of a safety walk and of what comes of it: kinds, conditions, jobs, costs. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from charter.core.text import in_words
from charter.editions.terms import Counted, Lasts

AFTER_DARK = "audits.after-dark"
WOMAN = "audits.woman-took-part"
PLANNED = "audits.actions-planned"
DONE = "audits.actions-done"
WHOLE = "audits.whole-place"
OUTSIDE = "audits.outside-check"
FACTS = (AFTER_DARK, WOMAN, PLANNED, DONE, WHOLE, OUTSIDE)
# Whoever writes down what is wrong is not worse off for it the same night.
PLAN_WITHIN = timedelta(days=7)


class Kind(StrEnum):
    """Whose walk it is: the venue's own, or a check by the office."""

    OWN = "own"
    ANNOUNCED = "announced"
    UNANNOUNCED = "unannounced"
    COVERT = "covert"

    @property
    def label(self) -> str:
        """The kind in words."""
        return _KINDS[self]


_KINDS = {
    Kind.OWN: "Your own walk",
    Kind.ANNOUNCED: "Check by the night office, announced",
    Kind.UNANNOUNCED: "Check by the night office, not announced",
    Kind.COVERT: "Check by the night office, as a guest",
}
CHECKS = (Kind.ANNOUNCED, Kind.UNANNOUNCED, Kind.COVERT)
FULLNESS = {"quiet": "Quiet", "half": "About half full", "full": "Full"}
WEATHER = {"dry": "Dry", "wet": "Rain or snow", "cold": "Icy cold", "indoors": "We stayed inside"}
ROLES = {
    "bar": "Bar or floor staff",
    "door": "Door team",
    "welfare": "Welfare team",
    "manager": "Manager on duty",
    "champion": "Champion",
    "owner": "Owner",
    "cleaner": "Cleaners or early starters",
    "artist": "Artists or promoters",
    "guest": "A guest or neighbour",
    "group": "A local women’s group",
    "office": "The night office",
}
COSTS = {
    "none": "Nothing, only time",
    "low": "Up to £100",
    "middle": "£100 to £1,000",
    "high": "More than £1,000",
}


class State(StrEnum):
    """How far something that has to be mended is."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Found:
    """What counts of one venue: the last days of the walks that fit, and how its actions stand.

    `first_unplanned` is when the oldest action without a person and a day was opened;
    `first_due` the earliest day by which an open action is due.
    """

    after_dark: date | None = None
    woman: date | None = None
    whole: date | None = None
    outside: date | None = None
    any_walk: date | None = None
    unplanned: int = 0
    first_unplanned: date | None = None
    first_due: date | None = None


def counted(found: Found, lasts: Mapping[str, Lasts], today: date) -> dict[str, Counted]:
    """What is known of a venue comes to, by fact. Of what was never done nothing is said.

    A walk lives as long as a proof of its day. Plans hold until the oldest action without one is
    older than `PLAN_WITHIN`; work that is done until the next is overdue.
    """
    made = {
        fact: Counted(
            met=True,
            holds_until=lasts[fact].until(min(day, today)),
            since=min(day, today),
            words=_LAST[fact].format(day=in_words(day)),
            step=_STEP[fact],
        )
        for fact, day in (
            (AFTER_DARK, found.after_dark),
            (WOMAN, found.woman),
            (WHOLE, found.whole),
            (OUTSIDE, found.outside),
        )
        if day is not None and fact in lasts
    }
    if found.any_walk is not None and PLANNED in lasts:
        made[PLANNED] = _planned(found, today)
    if found.any_walk is not None and DONE in lasts:
        made[DONE] = _done(found, today)
    return made


_LAST = {
    AFTER_DARK: "Your last walk after dark, while open, was on {day}.",
    WOMAN: "A woman who is not the manager last walked with you on {day}.",
    WHOLE: "You last walked the whole place on {day}.",
    OUTSIDE: "The night office last checked on {day}.",
}
_STEP = {
    AFTER_DARK: "Walk the place after dark, while you are open.",
    WOMAN: "Ask a woman who is not the manager to walk with you.",
    WHOLE: "Do the whole walk, through every place you have.",
    OUTSIDE: "Ask somebody from outside to check.",
}


def _planned(found: Found, today: date) -> Counted:
    if found.first_unplanned is None:
        return Counted(
            met=True, words="Everything that was found wrong has a person and a day.", step=""
        )
    last = found.first_unplanned + PLAN_WITHIN
    return Counted(
        met=today <= last,
        holds_until=last if today <= last else None,
        cases=found.unplanned,
        words=f"{_things(found.unplanned)} no person or no day yet.",
        step="Give each thing to mend a person and a day.",
    )


def _things(count: int) -> str:
    return "1 thing to mend has" if count == 1 else f"{count} things to mend have"


def _done(found: Found, today: date) -> Counted:
    due = found.first_due
    if due is None:
        return Counted(met=True, words="Nothing to mend is overdue.", step="")
    if due < today:
        return Counted(
            met=False,
            words=f"Something to mend was due on {in_words(due)}.",
            step="Do what is overdue and add a photo, or choose another day for it.",
        )
    return Counted(
        met=True,
        holds_until=due,
        words=f"Nothing to mend is overdue. The next is due on {in_words(due)}.",
        step="Do what is due next, and add a photo.",
    )
