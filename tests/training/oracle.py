"""A second, naive judge of what a team comes to: it lives through every day, one at a time.

It shares no code with the rules: no spans, no sweeps, no arithmetic on ends. Whatever runs out is
a purse of days that each open day takes one from; a person's first day is found by walking back.
Slow, and meant to be read.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from charter.staff.jobs import jobs
from charter.training.courses import Course
from charter.training.coverage import Done, Person, Stint, Team
from charter.training.rules import Terms

DAY = timedelta(days=1)
CUSTOMERS, IN_CHARGE, ANY = "customers", "in charge", "any job"
SHARES = {
    "training.front-of-house": "share_trained",
    "training.spiking": "share_trained",
    "training.bystander": "share_practised",
}


class Oracle:
    """Judges one team by its facts; nothing of the team happens before `first` or after `last`."""

    def __init__(self, team: Team, terms: Terms, first: date, last: date) -> None:
        self.team, self.terms, self.first, self.last = team, terms, first, last
        self._lives: dict[tuple[date, date], set[date]] = {}
        self._since: dict[tuple[int, date, str], date | None] = {}

    def days(self) -> Iterator[date]:
        """Every day that is looked at."""
        day = self.first
        while day <= self.last:
            yield day
            day += DAY

    # What runs out.

    def closed(self, day: date) -> bool:
        """Whether the venue is closed on a day."""
        return any(
            each.from_on <= day and (each.until is None or day <= each.until)
            for each in self.team.closures
        )

    def life(self, first: date, last: date) -> set[date]:
        """The days that something runs: as many open ones as there are days from first to last."""
        if (first, last) not in self._lives:
            days, day, purse = set(), first, (last - first).days + 1
            while purse > 0 and day <= self.last:
                days.add(day)
                purse -= not self.closed(day)
                day += DAY
            self._lives[first, last] = days
        return self._lives[first, last]

    # Who works, and since when.

    def stints(self, person: Person, day: date, kind: str) -> list[Stint]:
        """The jobs of a kind that somebody has on a day."""
        return [
            each
            for each in person.stints
            if (each.first is None or each.first <= day)
            and (each.last is None or day <= each.last)
            and self.is_kind(each.job, kind)
        ]

    def is_kind(self, job: str, kind: str) -> bool:
        """Whether a job is one of those that are asked about; nobody knows a job without a seed."""
        if kind == ANY:
            return True
        known = jobs().get(job)
        return known is not None and (known.customers if kind == CUSTOMERS else known.in_charge)

    def since(self, person: Person, day: date, kind: str) -> date | None:
        """The first day of the time without a gap that runs on a day; None: before the list."""
        key = (person.id, day, kind)
        if key not in self._since:
            if any(each.first is None for each in self.stints(person, day, kind)):
                self._since[key] = None
            elif self.stints(person, day - DAY, kind):
                self._since[key] = self.since(person, day - DAY, kind)
            else:
                self._since[key] = day
        return self._since[key]

    def new_since(self, person: Person, day: date, kind: str) -> date | None:
        """The same for a new starter, and None for whoever was there when the list began."""
        first, began = self.since(person, day, kind), self.team.began
        if first is None or began is None:
            return None
        return first if (began - first).days <= self.number("starter_days") else None

    # What they did.

    def number(self, name: str) -> int:
        """A threshold."""
        default = 100 if name.startswith("share") else 0
        return int(self.terms.values.get(name, default))

    def suits(self, course: Course, job: str) -> bool:
        """Whether a course is for a job."""
        if course.jobs:
            return job in course.jobs
        return course.part == "champion" or self.is_kind(job, CUSTOMERS)

    def rows(self, person: Person, fact: str) -> list[tuple[Done, Course]]:
        """What somebody did towards a fact and nobody took back."""
        return [
            (each, course)
            for each in person.done
            for course in self.terms.courses.values()
            if each.course == course.key and fact in course.facts and not each.withdrawn
        ]

    def trained(self, person: Person, fact: str, day: date, kind: str) -> bool:
        """Whether a course for one of the person's jobs counts on a day."""
        return any(
            self.suits(course, stint.job) and day in self.life(row.on, row.last)
            for stint in self.stints(person, day, kind)
            for row, course in self.rows(person, fact)
        )

    def briefed(self, person: Person, first: date, day: date) -> bool:
        """Whether by a day somebody had a briefing that still counted on their first day."""
        return any(
            row.on <= day and (row.on >= first or first in self.life(row.on, row.last))
            for row, _ in self.rows(person, "training.first-shift")
        )

    def taught(self, person: Person, stint: Stint, first: date, day: date) -> bool:
        """Whether by a day somebody did a training that counted on their first day, or later."""
        return any(
            row.on <= day
            and (row.on >= first or first in self.life(row.on, row.last))
            and self.suits(course, stint.job)
            for row, course in self.rows(person, "training.new-starters")
        )

    def in_first_days(self, first: date, day: date) -> bool:
        """Whether a day is one of a starter's days: the first, and so many open ones after it."""
        return day in self.life(first, first + self.number("starter_days") * DAY)

    # What the facts ask.

    def fresh(self, fact: str, day: date) -> bool:
        """Whether the list can be counted against on a day."""
        began, checked = self.team.began, self.team.checked
        if began is None or checked is None or day < began:
            return False
        lasts = self.terms.lasts.get(fact)
        if lasts is None or day <= checked:
            return True
        return day in self.life(checked, lasts.until(checked))

    def asked(self, fact: str, day: date) -> list[Person]:
        """The people that a fact is about on a day."""
        kind = IN_CHARGE if fact == "training.all-managers" else CUSTOMERS
        return [person for person in self.team.people if self.stints(person, day, kind)]

    def met(self, fact: str, day: date) -> bool:
        """Whether a fact is met on a day."""
        if fact == "training.champion":
            return self.champions(day)[1] > 0
        people = self.asked(fact, day)
        if not people or not self.fresh(fact, day):
            return False
        if fact in SHARES:
            trained = sum(self.trained(person, fact, day, CUSTOMERS) for person in people)
            return trained / len(people) >= self.number(SHARES[fact]) / 100
        if fact == "training.new-starters":
            return not any(self.wanting(person, day) for person in people)
        kind = IN_CHARGE if fact == "training.all-managers" else CUSTOMERS
        taught = [self.trained(person, fact, day, kind) for person in people]
        let_off = [self.let_off(person, fact, day) for person in people]
        return any(taught) and all(one or other for one, other in zip(taught, let_off, strict=True))

    def let_off(self, person: Person, fact: str, day: date) -> bool:
        """Whether a fact that asks for everybody does not ask for this starter yet."""
        if fact == "training.all-managers":
            first = self.new_since(person, day, IN_CHARGE)
            return first is not None and self.in_first_days(first, day)
        first = self.new_since(person, day, ANY)
        if first is None or not self.in_first_days(first, day):
            return False
        return self.briefed(person, first, day)

    def wanting(self, person: Person, day: date) -> bool:
        """Whether a new starter works on a day without what they should have had by then."""
        first = self.new_since(person, day, ANY)
        if first is None:
            return False
        if not self.briefed(person, first, day):
            return True
        if self.in_first_days(first, day):
            return False
        return any(
            not self.taught(person, stint, first, day)
            for stint in self.stints(person, day, CUSTOMERS)
        )

    def champions(self, day: date) -> tuple[int, int]:
        """How many champions there are on a day, and how many of them are trained."""
        there = [
            done for term, done in self.team.champions if term.first <= day.toordinal() < term.end
        ]
        trained = [
            any(
                day in self.life(row.on, row.last)
                for row, _ in self.rows(Person(0, (), done), "training.champion")
            )
            for done in there
        ]
        return len(there), sum(trained)

    # What is made of it.

    def numbers(self, fact: str, day: date) -> tuple[int, int]:
        """How many people a fact is about on a day, and how many have what it asks for."""
        if fact == "training.champion":
            return self.champions(day)
        people = self.asked(fact, day)
        if fact == "training.new-starters":
            return len(people), sum(not self.wanting(person, day) for person in people)
        kind = IN_CHARGE if fact == "training.all-managers" else CUSTOMERS
        return len(people), sum(self.trained(person, fact, day, kind) for person in people)

    def holds_until(self, fact: str, today: date) -> date | None:
        """The day before the first later one on which a fact is not met."""
        return next(
            (day - DAY for day in self.days() if day > today and not self.met(fact, day)), None
        )

    def lost_on(self, fact: str, today: date) -> date | None:
        """The first day without, after the last one on which it was met since the list began."""
        began = self.team.began or self.first
        day = today - DAY
        while day >= began:
            if self.met(fact, day):
                return day + DAY
            day -= DAY
        return None

    def cover(self, person: Person, course: list[Course], day: date) -> str:
        """How somebody who works on a day stands with a course and its variants."""
        jobs_held = {each.job for each in self.stints(person, day, ANY)}
        lives = [
            self.life(row.on, row.last)
            for row in person.done
            for each in course
            if row.course == each.key
            and not row.withdrawn
            and row.on <= day
            and any(self.suits(each, job) for job in jobs_held)
        ]
        if not lives:
            first = self.new_since(person, day, ANY)
            return "new" if first is not None and self.in_first_days(first, day) else "never"
        if not any(day in life for life in lives):
            return "lapsed"
        ahead = day
        for _ in range(32):
            if not any(ahead in life for life in lives):
                return "due"
            ahead += DAY
        return "trained"
