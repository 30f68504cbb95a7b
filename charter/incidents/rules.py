"""What an entry comes to: pure, from its lines alone, so that the check of a book can do it again.

An entry's *state* is a mapping of plain values (words, numbers, ISO dates, lists), begun by its
first line and carried on by every later one. The columns of `Entry` are this state, read back by
`columns`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from charter.incidents.choices import Cctv, Part, Relation

State = dict[str, Any]
Facts = Mapping[str, Any]

LATE_HOURS = 24
CCTV_DAYS = 28
CCTV_WARNINGS = (7, 2)  # days before the last, on which somebody is reminded
OWN_AMENDMENTS = timedelta(hours=24)
OLDEST = timedelta(days=366)
AHEAD = timedelta(minutes=5)


class Line(StrEnum):
    """The kinds of lines of a book."""

    ENTRY = "entry"
    ADDED = "added"
    AMENDED = "amended"
    PEOPLE = "people"
    CCTV = "cctv"
    READ = "read"
    CLOSED = "closed"
    REOPENED = "reopened"
    FOLLOW_UP = "follow-up"
    DONE = "done"
    NIL_WEEK = "nil-week"
    SHARED = "shared"
    HELD = "held"
    RELEASED = "released"
    WIPED = "wiped"

    @property
    def label(self) -> str:
        """What the line did, in words."""
        return _LINES[self]

    @property
    def is_written(self) -> bool:
        """Whether a person wrote about what happened with it, so that it is kept so much longer."""
        return self in _WRITTEN


_LINES = {
    Line.ENTRY: "Written",
    Line.ADDED: "Added",
    Line.AMENDED: "Corrected",
    Line.PEOPLE: "People written down",
    Line.CCTV: "CCTV",
    Line.READ: "Read",
    Line.CLOSED: "Closed",
    Line.REOPENED: "Opened again",
    Line.FOLLOW_UP: "To do",
    Line.DONE: "Done",
    Line.NIL_WEEK: "Nothing to report",
    Line.SHARED: "Shared",
    Line.HELD: "Kept for longer",
    Line.RELEASED: "No longer kept for longer",
    Line.WIPED: "Words deleted",
}
_WRITTEN = {
    *(Line.ENTRY, Line.ADDED, Line.AMENDED, Line.PEOPLE, Line.CCTV),
    *(Line.CLOSED, Line.REOPENED, Line.FOLLOW_UP, Line.DONE),
}


@dataclass(frozen=True, slots=True)
class Happened:
    """When something happened: the instant, what the clock on the wall showed, and its night."""

    at: datetime
    wall: datetime
    fold: int
    night: date
    is_around: bool = False

    @property
    def part(self) -> Part:
        """The part of the night."""
        hour = self.wall.hour
        if hour < 2:
            return Part.MIDNIGHT
        if hour < 6:
            return Part.SMALL
        if hour < 18:
            return Part.DAY
        return Part.EARLY if hour < 21 else Part.EVENING

    @property
    def facts(self) -> State:
        """As an entry's facts."""
        return {
            "happened_at": self.at.astimezone(UTC).isoformat(),
            "happened_wall": self.wall.isoformat(timespec="minutes"),
            "fold": self.fold,
            "is_around": self.is_around,
            "night": self.night.isoformat(),
            "weekday": self.night.weekday(),
            "part": self.part.value,
        }


def wall_tonight(night: date, hour: int, minute: int, ends_hour: int) -> datetime:
    """The wall time of an hour and minute of a night: before `ends_hour` it is the next date."""
    day = night + timedelta(days=1) if hour < ends_hour else night
    return datetime.combine(day, time(hour, minute))


# What a person may say of an entry, and may later add to or correct.
SAID = frozenset(
    {
        *("category", "kinds", "severity", "zone_id", "spot_x", "spot_y"),
        *("happened_at", "happened_wall", "fold", "is_around", "night", "weekday", "part"),
        *("relation", "known_by", "wish", "actions", "who_left", "licence", "acted"),
        *("cctv", "cctv_until", "has_words"),
    }
)
_BEGIN: State = {
    **dict.fromkeys(("zone_id", "spot_x", "spot_y", "relation", "known_by", "who_left")),
    **dict.fromkeys(("acted", "cctv_until", "cctv_saved_at", "read_at", "outcome", "closed_at")),
    **dict.fromkeys(("paper_page_id", "words_wiped_on", "names_wiped_on")),
    "fold": 0,
    "is_around": False,
    "wish": [],
    "actions": [],
    "licence": {},
    "cctv": Cctv.UNKNOWN.value,
    "has_words": False,
    "late_hours": LATE_HOURS,
    "state": "open",
    "shared": "",
    "is_held": False,
}
_DATES = {"night", "cctv_until", "since_on", "words_wiped_on", "names_wiped_on"}
_INSTANTS = {"happened_at", "made_at", "cctv_saved_at", "read_at", "closed_at"}


def begun(facts: Facts, at: datetime, on: date) -> State:
    """The state after an entry's first line, written at an instant on a day of the city."""
    state = {**_BEGIN, **facts["set"], "made_at": at.isoformat(), "since_on": on.isoformat()}
    state["number"], state["venue_id"], state["team"] = (
        facts["number"],
        facts["venue_id"],
        facts["team"],
    )
    state["late_hours"] = facts.get("late_hours", LATE_HOURS)
    state["paper_page_id"] = facts.get("paper")
    return _judged(state)


def applied(state: State, kind: Line, facts: Facts, at: datetime, on: date) -> State:
    """The state after one more line of the entry."""
    new = {**state, **{key: facts["set"][key] for key in facts.get("set", {})}}
    new |= _brought(state, kind, facts, at, on)
    if kind.is_written:
        new["since_on"] = on.isoformat()
    return _judged(new)


def _brought(state: State, kind: Line, facts: Facts, at: datetime, on: date) -> State:
    """What a line of this kind changes, beside what it sets."""
    match kind:
        case Line.CCTV:
            is_saved = facts["cctv"] == Cctv.SAVED
            return {"cctv": facts["cctv"], "cctv_saved_at": at.isoformat() if is_saved else None}
        case Line.READ:
            return {"read_at": state["read_at"] or at.isoformat()}
        case Line.CLOSED:
            return {"state": "closed", "outcome": facts["outcome"], "closed_at": at.isoformat()}
        case Line.REOPENED:
            return {"state": "open", "outcome": None, "closed_at": None}
        case Line.SHARED:
            return {"shared": facts["what"]} if facts["with"] == "office" else {}
        case Line.HELD | Line.RELEASED:
            return {"is_held": kind is Line.HELD}
        case Line.WIPED:
            return {f"{facts['what']}_wiped_on": on.isoformat()}
        case _:
            return {}


def _judged(state: State) -> State:
    made, happened = (datetime.fromisoformat(state[key]) for key in ("made_at", "happened_at"))
    state["is_late"] = is_late(happened, made, state["late_hours"])
    state["is_complete"] = not missing(state)
    return state


def is_late(happened_at: datetime, made_at: datetime, hours: int = LATE_HOURS) -> bool:
    """Whether an entry was written more than so many hours after it happened, in real time."""
    return made_at - happened_at > timedelta(hours=hours)


def missing(state: Mapping[str, Any]) -> list[str]:
    """The core facts an entry lacks, in words: when, where, what, who acted, what was done."""
    asked = {
        "where it happened": state["zone_id"],
        "what happened": state["kinds"],
        "what was seen and said": state["has_words"],
        "who dealt with it": state["acted"],
        "what was done": state["actions"],
    }
    return [words for words, answer in asked.items() if not answer]


def columns(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state as the columns of an entry: days and instants read back."""
    found = dict(state)
    for key in _DATES & state.keys():
        found[key] = date.fromisoformat(state[key]) if state[key] else None
    for key in _INSTANTS & state.keys():
        found[key] = datetime.fromisoformat(state[key]) if state[key] else None
    return found


def state_of(columns: Mapping[str, Any]) -> State:
    """The columns of an entry as the state they were read from."""
    found: State = {}
    for key, value in columns.items():
        if isinstance(value, datetime):
            value = value.astimezone(UTC).isoformat()
        elif isinstance(value, date):
            value = value.isoformat()
        found[key] = value
    return found


def cctv_until(happened_on: date, days: int | None) -> date:
    """The last day on which what a camera saw is still there."""
    return happened_on + timedelta(days=days or CCTV_DAYS)


def week_of(night: date) -> date:
    """The Monday of the week that a night belongs to."""
    return night - timedelta(days=night.weekday())


def changes(before: Mapping[str, Any], wanted: Mapping[str, Any]) -> State:
    """What of `wanted` differs from what stood before."""
    return {key: value for key, value in wanted.items() if before.get(key) != value}


def is_restricted(kinds_in_charge: Iterable[bool], relation: str | None) -> bool:
    """Whether an entry is about somebody who runs the place, and so is none of the venue's book."""
    return relation == Relation.IN_CHARGE or any(kinds_in_charge)
