"""The jobs of one person one after the other: which runs when, and how one ends or changes.

What has been is never written over, so that a report of a past day stays right: only a job that
has not begun, that begins today, or that was written down today may be put right.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Protocol, TypeVar

from charter.core import clock
from charter.core.db import db
from charter.core.errors import Refused
from charter.core.text import in_words
from charter.staff.models import StaffJob, StaffMember

AHEAD = timedelta(days=365)  # how far ahead a start or a last day may be planned
BACK = timedelta(days=60 * 365)
_DAY = timedelta(days=1)


class Job(Protocol):
    """What is asked of a job here: a row of the table, or only these columns of it."""

    @property
    def started_on(self) -> date | None:
        """The first day; None for before the list began."""

    @property
    def left_on(self) -> date | None:
        """The last day; None for still."""


J = TypeVar("J", bound=Job)


def judge_day(day: date, field: str) -> None:
    """Refuse a day too far off to be one on which somebody started or left."""
    today = clock.today()
    if day > today + AHEAD:
        raise Refused("That day is more than a year ahead. Check the date", field)
    if day < today - BACK:
        raise Refused("That day is very long ago. Check the date", field)


def runs(job: Job, day: date) -> bool:
    """Whether somebody has a job on a day."""
    return (job.started_on is None or job.started_on <= day) and (
        job.left_on is None or job.left_on >= day
    )


def jobs_now(found: StaffMember) -> list[StaffJob]:
    """The jobs that somebody has today."""
    today = clock.today()
    return [job for job in found.jobs if runs(job, today)]


def to_come(jobs: Iterable[J]) -> list[J]:
    """The jobs that have not begun, the next one first."""
    today = clock.today()
    later = [job for job in jobs if job.started_on is not None and job.started_on > today]
    return sorted(later, key=_start)


def current(jobs: Collection[J]) -> J | None:
    """The job somebody has today, else the next one to come; None for who has left."""
    today = clock.today()
    return next((job for job in jobs if runs(job, today)), None) or next(iter(to_come(jobs)), None)


def last_day(found: StaffMember) -> date:
    """The last day on which somebody works here: `date.max` without one, `date.min` for never."""
    return last_of(found.jobs)


def last_of(jobs: Iterable[Job]) -> date:
    """As `last_day`, of the jobs alone."""
    return max((job.left_on or date.max for job in jobs), default=date.min)


def in_order(jobs: Iterable[J]) -> list[J]:
    """Jobs as they followed each other, whenever each was written down."""
    return sorted(jobs, key=_start)


def _start(job: Job) -> date:
    return job.started_on or date.min


def end(found: StaffMember, last_on: date) -> None:
    """Make a day somebody's last. What was only planned for later is dropped.

    Refuses who has left already, and a day before the job they have began.
    """
    today = clock.today()
    running = in_order([job for job in found.jobs if job.left_on is None or job.left_on >= today])
    if not running:
        raise Refused("This person has left already")
    later = [job for job in running if job.started_on is not None and job.started_on > last_on]
    if any(job.started_on is not None and job.started_on <= today for job in later):
        raise Refused("That is before they started. Check the date", "left_on")
    kept = running[: len(running) - len(later)]
    if kept:
        kept[-1].left_on, kept[-1].left_recorded_at = last_on, clock.now()
    for job in later:
        db.session.delete(job)
    if later:
        db.session.flush()
        db.session.expire(found, ["jobs"])


def move(found: StaffMember, job: str, employer: str, since: date, by: int) -> None:
    """Give somebody another job or employer from a day on; the last day they have stays.

    Refuses a day on which they will have left, one before their job began, and one in a job that
    is over: its end is on record, and reports of past days were counted with it.
    """
    at = _at(found, since)
    if at is None:
        raise Refused("They will have left by then. Choose an earlier day", "since")
    if at.left_on is not None and at.left_on < clock.today() and not _ended_today(at):
        last, day = in_words(at.left_on), in_words(at.left_on + _DAY)
        raise Refused(f"They had that job until {last}. Enter a day from {day} on", "since")
    if (at.job, at.employer) == (job, employer):
        return
    if at.started_on is not None and since <= at.started_on:
        if at.started_on < clock.today() and clock.local(at.recorded_at).date() != clock.today():
            began = in_words(at.started_on)
            raise Refused(f"They have this job since {began}. Enter a later day", "since")
        at.job, at.employer = job, employer
        return
    later = StaffJob(
        venue_id=found.venue_id,
        job=job,
        employer=employer,
        started_on=since,
        left_on=at.left_on,
        recorded_at=clock.now(),
        recorded_by=by,
        left_recorded_at=at.left_recorded_at,
    )
    at.left_on, at.left_recorded_at = since - _DAY, clock.now()
    found.jobs.append(later)


def _ended_today(job: StaffJob) -> bool:
    """Whether the end of a job was only written down today, so that no past report knew it."""
    at = job.left_recorded_at
    return at is not None and clock.local(at).date() == clock.today()


def _at(found: StaffMember, day: date) -> StaffJob | None:
    """The job that runs on a day, else the first that begins after it."""
    ordered = in_order(found.jobs)
    now = next((job for job in ordered if runs(job, day)), None)
    return now or next((job for job in ordered if _start(job) > day), None)
