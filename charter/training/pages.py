"""What the pages of a venue's training show: counts on a day, the people, and one person.

Only reads. How somebody stands is judged by `coverage`; here it is put in the order and the words
of a page.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from charter.core import clock
from charter.editions import service as editions
from charter.staff import jobs as staff_jobs
from charter.staff import lists
from charter.staff import service as staff
from charter.staff.models import StaffMember
from charter.training import coverage, facts, history, tally, topics
from charter.training.courses import Part
from charter.training.coverage import DUE_DAYS, Cover, Group, Person, Team
from charter.training.history import Did
from charter.training.topics import Topic
from charter.venues.models import Venue

AT_ONCE = 200
# What the list of people can be narrowed to: in words, and who that is.
STATES: Mapping[str, tuple[str, frozenset[Cover]]] = {
    "book": ("Who to book", frozenset(Cover) - {Cover.TRAINED}),
    **{each.value: (each.label, frozenset({each})) for each in Cover},
}


@dataclass(frozen=True, slots=True)
class Row:
    """How many people of one job and employer stand how."""

    job: str
    employer: str
    counts: Mapping[Cover, int]


@dataclass(frozen=True, slots=True)
class Card:
    """One topic on a day: of the people it is for, how many are trained, and how everybody stands.

    `rows` are the same people by job and employer; a champion has neither.
    """

    topic: Topic
    trained: int
    there: int
    counts: Mapping[Cover, int]
    rows: tuple[Row, ...]

    @property
    def per_cent(self) -> int:
        """Of a hundred people, how many are trained, in whole ones that never say too much."""
        return 100 * self.trained // self.there


@dataclass(frozen=True, slots=True)
class Look:
    """A venue's coverage on a day. `champions` is about its champions, who may be on no list."""

    venue: Venue
    day: date
    cards: tuple[Card, ...]
    champions: tuple[Card, ...]
    began: date | None
    checked: date | None


def look(venue: Venue, day: date) -> Look:
    """How the team stood on a day, by what was recorded by its end."""
    team = coverage.as_known(facts.teams([venue.id])[venue.id], day)
    crew = coverage.as_known(tally.crew(team), day)
    days = starter_days(venue, day)
    return Look(
        venue=venue,
        day=day,
        cards=_cards(team, topics.front_of_house(), day, days),
        champions=_cards(crew, topics.of_part(Part.CHAMPION), day, days),
        began=team.began if team.began and team.began <= day else None,
        checked=team.checked,
    )


def starter_days(venue: Venue, day: date) -> int:
    """For how long somebody is a new starter, by the charter that the venue signed."""
    if venue.edition_key is None:
        return DUE_DAYS
    values = editions.thresholds([venue.edition_key], day)[venue.edition_key]
    return int(values.get("starter_days", 0))


def _cards(team: Team, every: Iterable[Topic], day: date, days: int) -> tuple[Card, ...]:
    found = (_card(team, each, day, days) for each in every)
    return tuple(card for card in found if card.there)


def _card(team: Team, topic: Topic, day: date, days: int) -> Card:
    stand = Counter(
        coverage.cover(team, person, topic.courses, day, days)
        for person in team.people
        if any(topic.is_for(stint.job) for stint in person.jobs_on(day))
    )
    rows = coverage.counts(team, topic.courses, day, days)
    return Card(
        topic=topic,
        trained=sum(number for cover, number in stand.items() if cover.counts),
        there=stand.total(),
        counts={cover: stand[cover] for cover in Cover},
        rows=tuple(
            _row(group, rows[group])
            for group in sorted(rows, key=_place)
            if group.job != tally.CHAMPION
        ),
    )


def _place(group: Group) -> tuple[int, str, int]:
    """Jobs and employers in the order in which they are offered."""
    jobs, employers = list(staff_jobs.jobs()), list(staff_jobs.EMPLOYERS)
    return (
        jobs.index(group.job) if group.job in jobs else len(jobs),
        group.job,
        employers.index(group.employer) if group.employer in employers else len(employers),
    )


def _row(group: Group, counts: Mapping[Cover, int]) -> Row:
    return Row(
        job=staff_jobs.name(group.job),
        employer=staff_jobs.EMPLOYERS.get(group.employer, group.employer),
        counts={cover: counts.get(cover, 0) for cover in Cover},
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One person of the list; `marks` is how they stand with each topic, None: not for their job.

    `starts` is their first day, where that is still to come: they are shown as they will be then.
    """

    id: int
    name: str
    jobs: str
    starts: date | None
    marks: tuple[Cover | None, ...]


@dataclass(frozen=True, slots=True)
class People:
    """Some people of a venue's list, by name, and the topics they are shown with.

    So many of all (`total`) `fit` what was asked for; `after` goes on below these, "" at the end.
    """

    venue: Venue
    topics: tuple[Topic, ...]
    lines: Sequence[Line]
    fit: int
    total: int
    after: str


def people(venue: Venue, course: str = "", wanted: str = "", after: str = "") -> People:
    """Everybody on the list, or those who stand so (a key of STATES) with a course, or with any.

    A page of them, below the place `after`.
    """
    every = topics.front_of_house()
    shown = tuple(each for each in every if course in ("", each.key)) or every
    states = STATES.get(wanted, ("", frozenset()))[1]
    team = facts.teams([venue.id])[venue.id]
    found = {person.id: person for person in team.people}
    days = starter_days(venue, clock.today())
    lines = [
        _line(team, found[member.id], member, shown, days)
        for member in staff.present(venue.id)
        if member.id in found
    ]
    fit = [
        line
        for line in lines
        if (states & set(line.marks) if states else any(line.marks) or len(shown) > 1)
    ]
    page, more = lists.some(fit, AT_ONCE, after)
    return People(venue, shown, page, len(fit), len(lines), more)


def _line(
    team: Team, person: Person, member: StaffMember, shown: Sequence[Topic], days: int
) -> Line:
    today = clock.today()
    coming = [each.first for each in person.stints if each.first and each.first > today]
    starts = None if person.jobs_on(today) else min(coming, default=None)
    day = starts or today
    return Line(
        member.id,
        member.name,
        jobs_words(person, day),
        starts,
        tuple(mark(team, person, each, day, days) for each in shown),
    )


def jobs_words(person: Person, day: date) -> str:
    """What somebody works as on a day, and for whom where that is not the venue."""
    held = dict.fromkeys((each.job, each.employer) for each in person.jobs_on(day))
    return ", ".join(
        staff_jobs.name(job)
        + ("" if who == "venue" else f" ({staff_jobs.EMPLOYERS.get(who, who)})")
        for job, who in held
    )


def mark(team: Team, person: Person, topic: Topic, day: date, days: int) -> Cover | None:
    """How somebody stands with a topic on a day; None where it is not for their job."""
    if not any(topic.is_for(each.job) for each in person.jobs_on(day)):
        return None
    return coverage.cover(team, person, topic.courses, day, days)


@dataclass(frozen=True, slots=True)
class Stood:
    """How one person stands with one topic today; None: it is not for their job."""

    topic: Topic
    cover: Cover | None


@dataclass(frozen=True, slots=True)
class OnePerson:
    """Somebody of the list: what they work as, how they stand today, and all that they did.

    `left_on` is their last day, where it is over; `rows` are by the title of the course.
    """

    member: StaffMember
    jobs: str
    left_on: date | None
    stands: tuple[Stood, ...]
    rows: Mapping[str, Sequence[Did]]


def person(venue: Venue, member_id: int) -> OnePerson | None:
    """One person of this venue's list, or None; somebody whose name was taken away is nobody."""
    member = staff.member(venue.id, member_id)
    if member is None or member.forgotten_on is not None:
        return None
    team = facts.teams([venue.id])[venue.id]
    found = next((each for each in team.people if each.id == member.id), Person(member.id, ()))
    today, days = clock.today(), starter_days(venue, clock.today())
    last = staff.last_day(member)
    return OnePerson(
        member=member,
        jobs=jobs_words(found, today),
        left_on=last if last < today else None,
        stands=tuple(
            Stood(each, mark(team, found, each, today, days)) for each in topics.front_of_house()
        )
        if found.jobs_on(today)
        else (),
        rows=history.by_course(history.at_venue(venue.id, member.id, team)),
    )
