"""The whole city's coverage: kept beside each venue by the change itself, added up by its readers.

Counting 60,000 people anew for a page takes seconds; adding up what was counted takes a statement.
What is kept is not a number that goes stale at midnight but `tally.changes`: today's numbers, and
what every later day up to `tally.horizon` changes by itself. So the sum up to today is exact on
each day of these weeks, nothing depends on the night's run, and a run that finds what it left
writes nothing. A venue whose row has run out, or that was never counted with a course (a new one in
the seeds, say), is counted in memory by whoever reads, and the others are added up as they are.
Training alone writes these rows, in the same pass that counts the charter's facts.

Only venues that signed and have not left are kept. Each person counts once at a venue, and once in
each of two jobs there; somebody who linked jobs at two venues is of both.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
)

from charter.core.db import db
from charter.editions import service as editions
from charter.staff.models import StaffList
from charter.training import facts, tally
from charter.training.courses import Course, with_variants
from charter.training.coverage import Team, from_now_on
from charter.training.models import StarterLack, TeamCount
from charter.training.rules import Terms
from charter.training.tally import AS_COUNTED, EVERYBODY, Change, Numbers
from charter.venues.models import Venue, VenueState

Query = Select[*tuple[Any, ...]]
BATCH = 200

_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_C = TeamCount.__table__.c
_KEPT = {
    table: select(*table.c).where(table.c.venue_id.in_(_IDS))
    for table in (TeamCount.__table__, StarterLack.__table__)
}
_SUMS = tuple(func.sum(_C[name]).label(name) for name in Numbers._fields)
_ALL_OF_THEM = and_(_C.job == EVERYBODY.job, _C.employer == EVERYBODY.employer)
_WORKING = Venue.state == VenueState.WORKING


class By(StrEnum):
    """What the city's numbers are shown by."""

    AREA = "area"
    KIND = "kind"
    JOB = "job"


def store(
    venue_ids: Collection[int],
    teams: Mapping[int, Team],
    terms: Mapping[int, Terms],
    today: date,
) -> None:
    """Keep the numbers of these venues, in the running transaction, and of no other of `venue_ids`.

    The number of statements is the same for one venue and for many; none writes what is the same.
    """
    counts, lacking = [], []
    until = tally.horizon(today)
    for venue_id, everybody in teams.items():
        team = from_now_on(everybody, today)
        days = terms[venue_id].value("starter_days")
        for course in with_variants().values():
            for change in tally.changes(team, course, today, until, days):
                counts.append(_row(venue_id, change, until))
        for lack, first, last, people in tally.lacks(team, terms[venue_id], today):
            lacking.append((venue_id, lack, first, last, people))
    _replace(TeamCount.__table__, venue_ids, counts)
    _replace(StarterLack.__table__, venue_ids, lacking)


def _row(venue_id: int, change: Change, until: date) -> tuple[Any, ...]:
    course, job, employer, at, numbers = change
    is_first = at == AS_COUNTED and (job, employer) == EVERYBODY
    return (course, job, employer, at, venue_id, *numbers, until if is_first else None)


def _replace(table: Any, venue_ids: Collection[int], rows: Sequence[tuple[Any, ...]]) -> None:
    """Make what is kept of these venues equal to `rows`: a statement to read, two to write."""
    names = [column.name for column in table.c]
    place = names.index("venue_id")
    stored: dict[int, set[tuple[Any, ...]]] = defaultdict(set)
    for row in db.session.connection().execute(_KEPT[table], {"ids": list(venue_ids)}):
        stored[row.venue_id].add(tuple(row))
    wanted: dict[int, set[tuple[Any, ...]]] = defaultdict(set)
    for each in rows:
        wanted[each[place]].add(each)
    changed = [
        venue_id for venue_id in {*wanted, *stored} if wanted.get(venue_id) != stored.get(venue_id)
    ]
    if not changed:
        return
    db.session.execute(delete(table).where(table.c.venue_id.in_(_IDS)), {"ids": changed})
    new = [dict(zip(names, row, strict=True)) for each in changed for row in wanted[each]]
    if new:
        db.session.execute(insert(table), new)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How the city stands with a course today: each person once in `total`, and by key of `by`.

    `signed` venues work towards the charter; of those, `listed` have a staff list.
    """

    signed: int
    listed: int
    total: Numbers
    rows: Mapping[str, Numbers]


class _Venue(NamedTuple):
    """A venue that has to be counted anew, and what its numbers are shown by."""

    id: int
    area: str
    kind: str
    edition_key: str


def coverage(course_key: str, by: By, today: date) -> Coverage:
    """The city's numbers with a course and its variants. Two statements, by job three.

    More only where the night's run has not come for weeks: those venues are counted anew.
    """
    signed, listed, fresh = tuple(db.session.execute(_known(course_key, today)).one())
    old = _old(course_key, today) if fresh < signed else []
    without = [each.id for each in old]
    rows = _summed(_by(by), course_key, today, without, everybody=by is not By.JOB)
    total = Numbers()
    if by is By.JOB:
        total = _summed(literal(""), course_key, today, without, everybody=True).get("", total)
    else:
        for numbers in rows.values():
            total = total.plus(numbers)
    for venue, change in _anew(old, [with_variants()[course_key]], today):
        is_all = (change.job, change.employer) == EVERYBODY
        if is_all:
            total = total.plus(change.numbers)
        if is_all != (by is By.JOB):
            key = change.job if by is By.JOB else getattr(venue, by)
            rows[key] = rows.get(key, Numbers()).plus(change.numbers)
    return Coverage(signed, listed, total, {key: each for key, each in rows.items() if each.people})


def _by(by: By) -> Any:
    return _C.job if by is By.JOB else getattr(Venue, by)


def _fresh(course_key: str, today: date) -> Any:
    """Whether a row is the first of a course, and the rows it begins are right today."""
    return and_(
        _C.venue_id == Venue.id,
        _C.course_key == course_key,
        _ALL_OF_THEM,
        _C.from_on == AS_COUNTED,
        _C.holds_until >= today,
    )


def _known(course_key: str, today: date) -> Query:
    return (
        select(func.count(Venue.id), func.count(StaffList.venue_id), func.count(_C.venue_id))
        .select_from(Venue)
        .outerjoin(StaffList, StaffList.venue_id == Venue.id)
        .outerjoin(TeamCount.__table__, _fresh(course_key, today))
        .where(_WORKING)
    )


def _old(course_key: str, today: date) -> list[_Venue]:
    rows = db.session.execute(
        select(Venue.id, Venue.area, Venue.kind, Venue.edition_key)
        .outerjoin(TeamCount.__table__, _fresh(course_key, today))
        .where(_WORKING, Venue.edition_key.is_not(None), _C.venue_id.is_(None))
    )
    return [_Venue(row.id, row.area, row.kind, row.edition_key or "") for row in rows]


def _summed(
    key: Any, course_key: str, today: date, without: Sequence[int], *, everybody: bool
) -> dict[str, Numbers]:
    query = (
        select(key.label("key"), *_SUMS)
        .where(_C.course_key == course_key, _C.from_on <= today)
        .where(_ALL_OF_THEM if everybody else _C.job > EVERYBODY.job)
        .group_by(key)
    )
    if key in (Venue.area, Venue.kind):
        query = query.join(Venue, Venue.id == _C.venue_id)
    if without:
        query = query.where(_C.venue_id.not_in(without))
    return {row[0]: Numbers(*map(int, row[1:])) for row in db.session.connection().execute(query)}


def _anew(
    venues: Sequence[_Venue], courses: Sequence[Sequence[Course]], today: date
) -> Iterator[tuple[_Venue, Change]]:
    """The numbers of these venues as counted now, some venues at a time."""
    days = _starter_days({each.edition_key for each in venues}, today) if venues else {}
    for start in range(0, len(venues), BATCH):
        some = {each.id: each for each in venues[start : start + BATCH]}
        for venue_id, team in facts.teams(some).items():
            venue = some[venue_id]
            here = from_now_on(team, today)
            for course in courses:
                for each in tally.changes(here, course, today, today, days[venue.edition_key]):
                    yield venue, each


def _starter_days(keys: Collection[str], today: date) -> dict[str, int]:
    """For how long a starter is new by each of these editions, the office's own value included."""
    values = editions.thresholds(keys, today)
    return {key: int(values[key].get("starter_days", 0)) for key in keys}


class Line(NamedTuple):
    """One venue's people of one job and employer, with a course."""

    venue: str
    area: str
    kind: str
    course: str
    job: str
    employer: str
    numbers: Numbers


def everything(today: date) -> Iterator[Line]:
    """Every venue's numbers by course, job and employer; read in batches, memory stays flat."""
    at = ("", 0)
    while venues := db.session.execute(_page_of_venues(at)).all():
        known = {row.id: row for row in venues}
        found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        fresh: dict[int, set[str]] = defaultdict(set)
        for row in db.session.connection().execute(_of_venues(today), {"ids": list(known)}):
            if (row.job, row.employer) != EVERYBODY:
                found[row.venue_id].append(tuple(row)[1:])
            elif row.holds_until is not None and row.holds_until >= today:
                fresh[row.venue_id].add(row.course_key)
        old = [_Venue(*row[:4]) for row in venues if fresh[row.id] != with_variants().keys()]
        for venue in old:
            found[venue.id].clear()
        for venue, (course, *group, _, numbers) in _anew(old, [*with_variants().values()], today):
            if tuple(group) != EVERYBODY:
                found[venue.id].append((course, *group, *numbers))
        yield from _lines(venues, found)
        at = (venues[-1].name_key, venues[-1].id)


def _lines(venues: Sequence[Row[Any]], found: Mapping[int, list[Any]]) -> Iterator[Line]:
    for row in venues:
        for course, job, employer, *numbers in sorted(found.get(row.id, ())):
            counted = Numbers(*numbers[: len(Numbers._fields)])
            if counted.people:
                yield Line(row.name, row.area, row.kind, course, job, employer, counted)


def _page_of_venues(at: tuple[str, int]) -> Query:
    return (
        select(Venue.id, Venue.area, Venue.kind, Venue.edition_key, Venue.name, Venue.name_key)
        .where(_WORKING, Venue.edition_key.is_not(None))
        .where(tuple_(Venue.name_key, Venue.id) > tuple_(*map(literal, at)))
        .order_by(Venue.name_key, Venue.id)
        .limit(BATCH)
    )


def _of_venues(today: date) -> Query:
    group = (_C.venue_id, _C.course_key, _C.job, _C.employer)
    return (
        select(*group, *_SUMS, func.max(_C.holds_until).label("holds_until"))
        .where(_C.venue_id.in_(_IDS), _C.from_on <= today)
        .group_by(*group)
    )
