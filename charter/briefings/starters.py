"""Who is new and has not had the first-shift briefing: of many venues in one statement.

The same line that `training.rules` draws for new starters, without what it counts besides: somebody
who works with customers, who started after the list began (or not long before), and who had no
briefing here that still counted on their first day.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import BindParameter, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from charter.core import clock
from charter.core.db import db
from charter.editions import service as editions
from charter.staff import jobs
from charter.staff import service as staff
from charter.staff.models import StaffJob, StaffList, StaffMember
from charter.training import courses
from charter.training.coverage import Person, Stint, Team, starter
from charter.training.models import TrainingRecord
from charter.training.rules import BRIEFED
from charter.venues.models import Venue

COURSE = "first-shift"
AHEAD = timedelta(days=7)  # how long before their first day somebody is asked to read it

_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_COURSES: BindParameter[str] = bindparam("courses", expanding=True)
_COUNTS = (
    TrainingRecord.member_id == StaffMember.id,
    TrainingRecord.course_key.in_(_COURSES),
    TrainingRecord.withdrawn_at.is_(None),
)
_Running = aliased(StaffJob)
_BRIEFED_UNTIL = select(func.max(TrainingRecord.lasts_until)).where(*_COUNTS).scalar_subquery()
_BRIEFED_NOW = exists().where(*_COUNTS, TrainingRecord.lasts_until >= bindparam("today"))
# Whoever has worked here since before there was a list is no new starter.
_MAY_BE_NEW = exists().where(
    _Running.member_id == StaffMember.id,
    _Running.started_on.is_not(None),
    or_(_Running.left_on.is_(None), _Running.left_on >= bindparam("today")),
)
_WAITING = (
    select(
        *(StaffJob.venue_id, StaffJob.member_id, StaffMember.name, StaffJob.job),
        *(StaffJob.started_on, StaffJob.left_on, StaffList.began_on, Venue.edition_key),
        _BRIEFED_UNTIL.label("briefed_until"),
    )
    .join(StaffMember, StaffMember.id == StaffJob.member_id)
    .join(StaffList, StaffList.venue_id == StaffJob.venue_id)
    .join(Venue, Venue.id == StaffJob.venue_id)
    .where(
        StaffJob.venue_id.in_(_IDS),
        StaffMember.forgotten_on.is_(None),
        _MAY_BE_NEW,
        ~_BRIEFED_NOW,
    )
    .order_by(StaffMember.name_key, StaffMember.id, StaffJob.id)
)


@dataclass(frozen=True, slots=True)
class Starter:
    """Somebody new who needs the briefing: the name on the list, their job, and their first day."""

    member_id: int
    name: str
    job: str
    first: date
    works_today: bool

    @property
    def short(self) -> str:
        """First name, initial and job: all that a page shows that anybody with the link reads."""
        return f"{staff.short_name(self.name)}, {jobs.name(self.job).lower()}"


def waiting(venue_ids: Collection[int]) -> dict[int, list[Starter]]:
    """The new starters without the briefing at each of these venues, by name.

    Those who start within AHEAD are among them. One statement, and one for the editions.
    """
    today = clock.today()
    keys = [key for key, each in courses.courses().items() if BRIEFED in each.facts]
    asked = {"ids": list(venue_ids), "courses": keys, "today": today}
    rows = db.session.execute(_WAITING, asked).all()
    values = editions.thresholds({row.edition_key for row in rows if row.edition_key}, today)
    found: dict[int, list[Starter]] = {}
    for member_id, of_member in groupby(rows, key=lambda row: row.member_id):
        stints = list(of_member)
        days = int(values.get(stints[0].edition_key, {}).get("starter_days", 0))
        new = _new(member_id, stints, days, today)
        if new is not None:
            found.setdefault(stints[0].venue_id, []).append(new)
    return found


def _new(member_id: int, rows: Iterable[Any], days: int, today: date) -> Starter | None:
    """Somebody's rows of the list as a new starter, or None for whoever is none."""
    rows = list(rows)
    team = Team(began=rows[0].began_on)
    # When a row was recorded does not matter here: this is about today.
    person = Person(
        member_id,
        tuple(Stint(row.job, "", row.started_on, row.left_on, date.min) for row in rows),
    )
    soon = [stint for stint in person.stints if _is_on(stint, today)]
    for stint in sorted(soon, key=lambda stint: stint.first or date.min):
        first = starter(team, person.started(stint.first), days) if stint.first else None
        if first is None or stint.first is None:
            continue
        if rows[0].briefed_until is None or rows[0].briefed_until < first:
            return Starter(member_id, rows[0].name, stint.job, stint.first, stint.runs(today))
    return None


def _is_on(stint: Stint, today: date) -> bool:
    """Whether a job with customers runs today or starts within AHEAD."""
    job = jobs.jobs().get(stint.job)
    if job is None or not job.customers:
        return False
    return stint.runs(today) or (stint.first is not None and today < stint.first <= today + AHEAD)
