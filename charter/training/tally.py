"""How many of a team stand how with a course, now and on the days to come: pure.

Nothing but a day's passing makes somebody's training due or lapse, a starter no new one, or a
planned start or end come true; all of that is known beforehand. So a team is tallied as what it is
today and what each later day changes, up to a day some weeks ahead. Whoever adds the changes up to
a day has that day's numbers without counting anybody again, whether or not the night's run came.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import date, timedelta
from typing import NamedTuple

from charter.core import clock
from charter.staff.jobs import jobs
from charter.training import rules
from charter.training.courses import Course, Part
from charter.training.coverage import (
    DUE_DAYS,
    Cover,
    Group,
    Person,
    Stint,
    Team,
    cover,
    last_first_day,
    next_day,
    stretched_in,
)
from charter.training.rules import Terms
from charter.training.spans import NO_END

EVERYBODY = Group("", "")
CHAMPION = "champion"
AS_COUNTED = date.min
BRIEFING, TRAINING = LACKS = ("briefing", "training")
_ORDER = (Cover.TRAINED, Cover.DUE, Cover.LAPSED, Cover.NEVER, Cover.NEW)
_DUE = timedelta(days=DUE_DAYS)
_LONG = timedelta(days=36_500)
Stands = dict[Group, Cover]


class Numbers(NamedTuple):
    """People, and how many of them stand how; the last five add up to the first."""

    people: int = 0
    trained: int = 0
    due: int = 0
    lapsed: int = 0
    never: int = 0
    new: int = 0

    def plus(self, other: Sequence[int]) -> "Numbers":
        """Both together; `other` may be longer."""
        return Numbers(*(mine + theirs for mine, theirs in zip(self, other, strict=False)))

    @property
    def share(self) -> int | None:
        """Of a hundred people, how many are trained, in whole ones; None where nobody is."""
        return 100 * (self.trained + self.due) // self.people if self.people else None


class Change(NamedTuple):
    """What a day adds to the numbers of a group, or (`from_on` AS_COUNTED) what they are."""

    course: str
    job: str
    employer: str
    from_on: date
    numbers: Numbers


class Lack(NamedTuple):
    """So many new starters lack the same from a day to another (`date.max`: still)."""

    lack: str
    from_on: date
    until_on: date
    people: int


def horizon(today: date) -> date:
    """Up to when changes are tallied: the end of next month, the same day for all of a month."""
    return clock.months_after(today.replace(day=1), 2) - timedelta(days=1)


def changes(
    team: Team, course: Sequence[Course], today: date, until: date, starter_days: int
) -> list[Change]:
    """A team's numbers today with a course and its variants, and what changes them up to a day.

    By job and employer as `coverage.counts` counts them, and for EVERYBODY once, whose numbers of
    today are always there. The champion's course is counted among champions alone.
    """
    found: dict[tuple[Group, date], Counter[int]] = {(EVERYBODY, AS_COUNTED): Counter()}
    for each in _timelines(team, course, today, until, starter_days):
        before: Stands = {}
        for day, now in each:
            if now != before:
                at = AS_COUNTED if day == today else day
                for stands, sign in ((before, -1), (now, 1)):
                    for group, covered in stands.items():
                        _count(found.setdefault((group, at), Counter()), covered, sign)
                before = now
    made = []
    for (group, at), counter in found.items():
        numbers = Numbers(*(counter[place] for place in range(len(Numbers._fields))))
        if any(numbers) or (group, at) == (EVERYBODY, AS_COUNTED):
            made.append(Change(course[0].key, *group, at, numbers))
    return made


def _count(counter: Counter[int], covered: Cover, sign: int) -> None:
    counter[0] += sign
    counter[1 + _ORDER.index(covered)] += sign


def _timelines(
    team: Team, course: Sequence[Course], today: date, until: date, starter_days: int
) -> Iterator[list[tuple[date, Stands]]]:
    """For each person, today and every later day on which they may stand otherwise, and how."""
    if course[0].part is Part.CHAMPION:
        team = crew(team)
    wanted = {job for job in (CHAMPION, *jobs()) if any(each.is_for(job) for each in course)}
    for person in team.people:
        days = _within(_turns(team, person, course, starter_days), today, until)
        yield [(day, _stands(team, person, course, wanted, day, starter_days)) for day in days]


def crew(team: Team) -> Team:
    """A venue's champions as a team of their own, so that they are counted as everybody is.

    Whoever became one is new to it, however old the venue's list is.
    """
    people = []
    for number, (term, done) in enumerate(team.champions):
        first, last = _day(term.first), None if term.end >= NO_END else _day(term.end - 1)
        stint = Stint(CHAMPION, "venue", first, last, known=first)
        people.append(Person(number, (stint,), done))
    return Team(tuple(people), began=date.min + _LONG, closures=team.closures)


def _within(turns: Iterable[date], today: date, until: date) -> list[date]:
    return [today, *sorted({day for day in turns if today < day <= until})]


def _turns(
    team: Team, person: Person, course: Sequence[Course], starter_days: int
) -> Iterator[date]:
    """When somebody starts, is no longer new, or leaves, and when what they did counts or ends."""
    keys = {each.key for each in course}
    for stint in person.stints:
        if stint.first is not None:
            yield stint.first
            yield next_day(last_first_day(team, stint.first, starter_days))
        if stint.last is not None:
            yield next_day(stint.last)
    for each in person.done:
        if each.course in keys:
            last = stretched_in(team, each.on, each.last)
            yield each.on
            yield last - _DUE
            yield next_day(last)


def _stands(
    team: Team,
    person: Person,
    course: Sequence[Course],
    wanted: Set[str],
    day: date,
    starter_days: int,
) -> Stands:
    here = [Group(s.job, s.employer) for s in person.jobs_on(day) if s.job in wanted]
    if not here:
        return {}
    return dict.fromkeys((EVERYBODY, *here), cover(team, person, course, day, starter_days))


def _day(number: int) -> date:
    """The day of an ordinal; the first or last there is for one beyond."""
    return date.fromordinal(min(max(number, 1), NO_END - 1))


def lacks(team: Team, terms: Terms, today: date) -> list[Lack]:
    """What new starters lack today and are going to, each person once, gaps left out."""
    found: Counter[tuple[str, date, date]] = Counter()
    for each in rules.starters(team, terms):
        for lack, spans in ((BRIEFING, each.unbriefed), (TRAINING, each.untaught)):
            for span in spans:
                if span.end > today.toordinal():
                    found[lack, _day(span.first), _day(span.end - 1)] += 1
    return [Lack(*key, people) for key, people in found.items()]
