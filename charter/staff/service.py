"""Who works at a venue: add somebody, change their job, say that they left; and who is there.

Verbs need the venue's lock, note the trail (ids only), and touch the venue: whoever joins or leaves
changes where it stands at once. None commits.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import selectinload

from charter.core import clock, trail
from charter.core.db import db, touch
from charter.core.errors import Refused
from charter.core.text import clean_line
from charter.staff.jobs import EMPLOYERS, jobs
from charter.staff.models import StaffJob, StaffList, StaffMember
from charter.venues.rules import folded

NAME_LIMIT = 80
MOST_PEOPLE = 5000
AHEAD = timedelta(days=365)  # how far ahead a start or a last day may be planned
BACK = timedelta(days=60 * 365)


@dataclass(frozen=True, slots=True)
class Starter:
    """Somebody to put on the list, as typed and cleaned."""

    name: str
    job: str
    employer: str = "venue"
    started_on: date | None = None


def clean_name(words: str) -> str:
    """A name or badge name with a letter or digit in it. Raises ValueError in words."""
    name = clean_line(words, NAME_LIMIT, "Name")
    if not folded(name):
        raise ValueError("Enter a name, or the name on the badge")
    return name


def add(venue_id: int, who: Starter, *, by: int, once: str | None = None) -> StaffMember:
    """Put somebody on the list. The same `once` again gives the same person.

    Refuses a job or employer that is not offered, a start more than a year ahead, and a name that
    is on the list already with the same job: two people of one name need two badge names.
    """
    if once and (known := db.session.scalar(select(StaffMember).where(StaffMember.once == once))):
        if known.venue_id == venue_id:
            return known
        once = None
    _judge(who)
    twin = next((m for m in _named(venue_id, who.name) if jobs_now(m)), None)
    if twin is not None:
        raise Refused(
            f"{twin.name} is on the list already. Give this person another badge name", "name"
        )
    member = _new(venue_id, who, by=by, once=once)
    checked(venue_id, by=by)
    trail.note("staff.added", "staff_member", member.id, venue_id=venue_id, by=by, job=who.job)
    touch(venue_id)
    return member


def add_many(venue_id: int, people: Iterable[Starter], *, by: int) -> int:
    """Put many people on the list at once, already judged; how many. One entry in the trail."""
    now = clock.now()
    rows = [
        StaffMember(
            venue_id=venue_id,
            name=who.name,
            name_key=folded(who.name),
            added_at=now,
            added_by=by,
            jobs=[_job(venue_id, who, by, now)],
        )
        for who in people
    ]
    db.session.add_all(rows)
    db.session.flush()
    checked(venue_id, by=by)
    trail.note("staff.imported", "venue", venue_id, venue_id=venue_id, by=by, count=len(rows))
    touch(venue_id)
    return len(rows)


def _judge(who: Starter) -> None:
    if who.job not in jobs():
        raise Refused("Choose one of the jobs", "job")
    if who.employer not in EMPLOYERS:
        raise Refused("Choose who employs them", "employer")
    if who.started_on is not None:
        judge_day(who.started_on, "started_on")


def judge_day(day: date, field: str) -> None:
    """Refuse a day too far off to be one on which somebody started or left."""
    today = clock.today()
    if day > today + AHEAD:
        raise Refused("That day is more than a year ahead. Check the date", field)
    if day < today - BACK:
        raise Refused("That day is very long ago. Check the date", field)


def _new(venue_id: int, who: Starter, *, by: int, once: str | None) -> StaffMember:
    member = StaffMember(
        venue_id=venue_id,
        name=who.name,
        name_key=folded(who.name),
        added_by=by,
        once=once or None,
        jobs=[_job(venue_id, who, by, clock.now())],
    )
    db.session.add(member)
    db.session.flush()
    return member


def _job(venue_id: int, who: Starter, by: int, at: object) -> StaffJob:
    return StaffJob(
        venue_id=venue_id,
        job=who.job,
        employer=who.employer,
        started_on=who.started_on,
        recorded_at=at,
        recorded_by=by,
    )


def _named(venue_id: int, name: str) -> Sequence[StaffMember]:
    return db.session.scalars(
        select(StaffMember)
        .where(StaffMember.venue_id == venue_id, StaffMember.name_key == folded(name))
        .options(selectinload(StaffMember.jobs))
        .order_by(StaffMember.id)
    ).all()


def leave(venue_id: int, member_id: int, last_on: date, *, by: int) -> StaffMember:
    """Say which day was, or will be, somebody's last. Their history stays.

    Refuses whoever is not there, and a day before they started.
    """
    found = must(venue_id, member_id)
    judge_day(last_on, "left_on")
    running = jobs_now(found) or _to_come(found)
    if not running:
        raise Refused("This person has left already")
    for job in running:
        if job.started_on is not None and last_on < job.started_on:
            raise Refused("That is before they started. Check the date", "left_on")
        job.left_on, job.left_recorded_at = last_on, clock.now()
    checked(venue_id, by=by)
    trail.note(
        "staff.left", "staff_member", found.id, venue_id=venue_id, by=by, on=last_on.isoformat()
    )
    touch(venue_id)
    return found


def come_back(venue_id: int, member_id: int, who: Starter, *, by: int) -> StaffMember:
    """Somebody who left works here again, from `who.started_on` on: they are a new starter."""
    found = must(venue_id, member_id)
    _judge(who)
    if jobs_now(found):
        raise Refused("This person works here already")
    last = max((job.left_on for job in found.jobs if job.left_on), default=None)
    if last is not None and who.started_on is not None and who.started_on <= last:
        raise Refused("That is before they left. Check the date", "started_on")
    found.jobs.append(_job(venue_id, who, by, clock.now()))
    return _changed(found, "staff.came-back", by, job=who.job)


def change(
    venue_id: int, member_id: int, name: str, job: str, employer: str, since: date, *, by: int
) -> StaffMember:
    """Change somebody's name, or from a day on their job or employer; the old job stays on record.

    A job that is changed on its own first day was a slip, and is put right.
    """
    found = must(venue_id, member_id)
    _judge(Starter(name, job, employer, since))
    other = next((m for m in _named(venue_id, name) if m.id != found.id and jobs_now(m)), None)
    if other is not None:
        raise Refused(f"{other.name} is on the list already. Use another badge name", "name")
    found.name, found.name_key = name, folded(name)
    running = jobs_now(found) or _to_come(found)
    if not running:
        raise Refused("This person has left already")
    now = clock.now()
    if any((each.job, each.employer) != (job, employer) for each in running):
        for each in running:
            if each.started_on is not None and since <= each.started_on:
                each.job, each.employer = job, employer
                continue
            each.left_on, each.left_recorded_at = since - timedelta(days=1), now
        if all(each.left_on is not None for each in running):
            who = Starter(name, job, employer, since)
            found.jobs.append(_job(venue_id, who, by, now))
    return _changed(found, "staff.changed", by, job=job)


def _changed(found: StaffMember, verb: str, by: int, **detail: str) -> StaffMember:
    db.session.flush()
    checked(found.venue_id, by=by)
    trail.note(verb, "staff_member", found.id, venue_id=found.venue_id, by=by, **detail)
    touch(found.venue_id)
    return found


def confirm(venue_id: int, *, by: int) -> None:
    """Say that the list is right as it stands today. Refuses an empty one."""
    if not present(venue_id):
        raise Refused("Put somebody on the list first")
    checked(venue_id, by=by)
    trail.note("staff.confirmed", "venue", venue_id, venue_id=venue_id, by=by)
    touch(venue_id)


def checked(venue_id: int, *, by: int | None) -> StaffList:
    """Note that somebody looked at the list today; the first time, that it began."""
    row = db.session.get(StaffList, venue_id)
    today = clock.today()
    if row is None:
        row = StaffList(venue_id=venue_id, began_on=today, checked_on=today, checked_by=by)
        db.session.add(row)
    row.checked_on, row.checked_by = today, by
    db.session.flush()
    return row


def the_list(venue_id: int) -> StaffList | None:
    """Since when there is a list and when somebody last looked at it, or None without one."""
    return db.session.get(StaffList, venue_id)


def member(venue_id: int, member_id: int) -> StaffMember | None:
    """Somebody of this venue's list with their jobs, or None."""
    return db.session.scalar(
        select(StaffMember)
        .where(StaffMember.venue_id == venue_id, StaffMember.id == member_id)
        .options(selectinload(StaffMember.jobs))
    )


def must(venue_id: int, member_id: int) -> StaffMember:
    """As `member`, for verbs: refuses somebody who is not on this venue's list."""
    found = member(venue_id, member_id)
    if found is None or found.forgotten_on is not None:
        raise Refused("This person is not on your list.")
    return found


def members(venue_id: int, member_ids: Collection[int]) -> list[StaffMember]:
    """These people of this venue's list, by name; whoever is on another list is left out."""
    return list(
        db.session.scalars(
            select(StaffMember)
            .where(StaffMember.venue_id == venue_id, StaffMember.id.in_(member_ids))
            .options(selectinload(StaffMember.jobs))
            .order_by(StaffMember.name_key, StaffMember.id)
        )
    )


def works_on(day: date) -> ColumnElement[bool]:
    """Whether a job runs on a day, as a condition over `StaffJob`."""
    return (StaffJob.started_on.is_(None) | (StaffJob.started_on <= day)) & (
        StaffJob.left_on.is_(None) | (StaffJob.left_on >= day)
    )


def present(venue_id: int) -> list[StaffMember]:
    """Everybody who works here today or is going to, by name, with their jobs. Two statements."""
    here = select(StaffJob.member_id).where(
        StaffJob.venue_id == venue_id,
        or_(StaffJob.left_on.is_(None), StaffJob.left_on >= clock.today()),
    )
    return list(
        db.session.scalars(
            select(StaffMember)
            .where(StaffMember.venue_id == venue_id, StaffMember.id.in_(here))
            .options(selectinload(StaffMember.jobs))
            .order_by(StaffMember.name_key, StaffMember.id)
        )
    )


def gone(venue_id: int) -> list[StaffMember]:
    """Everybody who has left and whose name is still kept, the last to leave first."""
    there = {each.id for each in present(venue_id)}
    rows = db.session.scalars(
        select(StaffMember)
        .where(StaffMember.venue_id == venue_id, StaffMember.forgotten_on.is_(None))
        .options(selectinload(StaffMember.jobs))
    )
    left = [row for row in rows if row.id not in there]
    return sorted(left, key=lambda row: (last_day(row), row.id), reverse=True)


def jobs_now(found: StaffMember) -> list[StaffJob]:
    """The jobs that somebody has today."""
    today = clock.today()
    return [
        job
        for job in found.jobs
        if (job.started_on is None or job.started_on <= today)
        and (job.left_on is None or job.left_on >= today)
    ]


def _to_come(found: StaffMember) -> list[StaffJob]:
    today = clock.today()
    return [job for job in found.jobs if job.started_on is not None and job.started_on > today]


def last_day(found: StaffMember) -> date:
    """The last day on which somebody worked here; `date.max` while they do."""
    return max((job.left_on or date.max for job in found.jobs), default=date.min)


def short_name(name: str) -> str:
    """A first name and an initial, for a screen that others can see: "Sam P."."""
    words = name.split()
    return f"{words[0]} {words[-1][0]}." if len(words) > 1 else (words[0] if words else "")


def initials(name: str) -> str:
    """The initials of a name, at most three: all of it that anybody outside ever sees."""
    return "".join(f"{word[0].upper()}." for word in name.split()[:3])


def by_person(rows: Iterable[StaffJob]) -> dict[int, list[StaffJob]]:
    """Jobs by whose they are."""
    ordered = sorted(rows, key=lambda row: (row.member_id, row.id))
    return {key: list(group) for key, group in groupby(ordered, key=lambda row: row.member_id)}
