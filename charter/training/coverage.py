"""How a team stands with a course on a day: pure, from dated stints and dated training.

Every day is counted from the same rows. A person works on a day that lies in one of their stints;
they are trained in a course while one of its rows lasts (a row that was taken back never counts).
What the charter makes of it is in `rules`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from charter.training.courses import Course
from charter.training.spans import Span
from charter.venues.closures import Closed, stretched

DUE_DAYS = 30


class Cover(StrEnum):
    """How one person stands with one course on a day."""

    TRAINED = "trained"
    DUE = "due"
    LAPSED = "lapsed"
    NEVER = "never"
    NEW = "new"

    @property
    def label(self) -> str:
        """In words."""
        return _COVERS[self]

    @property
    def counts(self) -> bool:
        """Whether the person is trained that day."""
        return self in (Cover.TRAINED, Cover.DUE)


_COVERS = {
    Cover.TRAINED: "Trained",
    Cover.DUE: f"Due in {DUE_DAYS} days",
    Cover.LAPSED: "Lapsed",
    Cover.NEVER: "Never",
    Cover.NEW: "New starter",
}


@dataclass(frozen=True, slots=True)
class Stint:
    """Days on which somebody had a job, both included (None: since before the list; still).

    `known` and `last_known` are the days on which it, and its end, were recorded.
    """

    job: str
    employer: str
    first: date | None
    last: date | None
    known: date
    last_known: date | None = None

    def runs(self, day: date) -> bool:
        """Whether the person has this job on a day."""
        return (self.first is None or self.first <= day) and (self.last is None or self.last >= day)


@dataclass(frozen=True, slots=True)
class Done:
    """A course that somebody did, the last day it counts, and when that was recorded."""

    course: str
    on: date
    last: date
    known: date
    withdrawn: date | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the list; `done` holds what they did anywhere, where they linked their jobs."""

    id: int
    stints: tuple[Stint, ...]
    done: tuple[Done, ...] = ()

    def jobs_on(self, day: date) -> tuple[Stint, ...]:
        """What the person works as on a day."""
        return tuple(each for each in self.stints if each.runs(day))

    def started(self, day: date) -> date | None:
        """The first day of the time without a gap that runs on `day`; None: before the list."""
        return unbroken_since(self.stints, day)


def unbroken_since(stints: Sequence[Stint], day: date) -> date | None:
    """The first day of the time without a gap in these jobs that runs on `day`; None: unknown."""
    if len(stints) == 1 and stints[0].runs(day):
        return stints[0].first
    first: date | None = day
    for each in sorted(stints, key=lambda stint: stint.first or date.min, reverse=True):
        last = each.last or date.max
        if first is not None and (each.first or date.min) <= first <= next_day(last):
            first = each.first
    return first


def next_day(day: date) -> date:
    """The day after; the end of time has none."""
    return day if day == date.max else day + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Team:
    """One venue's people; `began` and `checked` are of their list, None where there is none.

    `champions` are the terms of the venue's champions, each with what that person did anywhere.
    `closures` are the days on which the venue is closed: they use up nobody's time.
    """

    people: tuple[Person, ...] = ()
    began: date | None = None
    checked: date | None = None
    champions: tuple[tuple[Span, tuple[Done, ...]], ...] = ()
    closures: tuple[Closed, ...] = ()


def as_known(team: Team, day: date) -> Team:
    """The team as it was recorded by the end of a day: later rows, ends and take-backs left out."""
    people = []
    for person in team.people:
        stints = tuple(
            replace(each, last=None) if each.last_known and each.last_known > day else each
            for each in person.stints
            if each.known <= day
        )
        done = tuple(
            each
            if each.withdrawn is None or each.withdrawn <= day
            else replace(each, withdrawn=None)
            for each in person.done
            if each.known <= day
        )
        if stints:
            people.append(Person(person.id, stints, done))
    return replace(team, people=tuple(people))


def from_now_on(team: Team, today: date) -> Team:
    """The team without whoever has left: the same from today on, at no cost of years of leavers."""
    people = tuple(
        person
        for person in team.people
        if any(each.last is None or each.last >= today for each in person.stints)
    )
    return team if len(people) == len(team.people) else replace(team, people=people)


def cover(
    team: Team, person: Person, course: Sequence[Course], day: date, starter_days: int
) -> Cover:
    """How one person stands on a day with a course and its variants."""
    held = [each.job for each in person.jobs_on(day)]
    keys = {each.key for each in course if any(each.is_for(job) for job in held)}
    lasts = [
        stretched_in(team, each.on, each.last)
        for each in person.done
        if each.course in keys and each.on <= day and not each.withdrawn
    ]
    last = max(lasts, default=None)
    if last is None:
        started = starter(team, person.started(day), starter_days)
        is_new = started is not None and day <= last_first_day(team, started, starter_days)
        return Cover.NEW if is_new else Cover.NEVER
    if last < day:
        return Cover.LAPSED
    return Cover.DUE if last <= day + timedelta(days=DUE_DAYS) else Cover.TRAINED


def starter(team: Team, first: date | None, starter_days: int) -> date | None:
    """The first day of somebody who counts as a new starter, else None."""
    if first is None or team.began is None:
        return None
    return first if first >= team.began - timedelta(days=starter_days) else None


def last_first_day(team: Team, first: date, starter_days: int) -> date:
    """The last of the days that a new starter has to be trained."""
    return stretched_in(team, first, first + timedelta(days=starter_days))


def stretched_in(team: Team, first: date, last: date) -> date:
    """The last day of a life when closed days do not use it up; one without an end keeps it."""
    return stretched(first, last, team.closures) or date.max


class Group(NamedTuple):
    """People of one job and employer."""

    job: str
    employer: str


def counts(
    team: Team, course: Sequence[Course], day: date, starter_days: int
) -> dict[Group, dict[Cover, int]]:
    """How many people of each job and employer stand how with a course on a day.

    Only jobs that the course, or one of its variants, is for. Somebody with two such jobs is
    counted in each.
    """
    found: dict[Group, dict[Cover, int]] = {}
    for person in team.people:
        here = [each for each in person.jobs_on(day) if any(c.is_for(each.job) for c in course)]
        if not here:
            continue
        stands = cover(team, person, course, day, starter_days)
        for group in {Group(each.job, each.employer) for each in here}:
            of = found.setdefault(group, {})
            of[stands] = of.get(stands, 0) + 1
    return found


def share(team: Team, course: Sequence[Course], day: date) -> tuple[int, int]:
    """Of the people a course is for on a day: how many are trained, and how many there are."""
    there = [
        person
        for person in team.people
        if any(c.is_for(stint.job) for stint in person.jobs_on(day) for c in course)
    ]
    trained = sum(cover(team, person, course, day, 0).counts for person in there)
    return trained, len(there)
