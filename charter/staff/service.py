"""Who works at a venue: add somebody, change their job, say that they left; and who is there.

Verbs need the venue's lock, note the trail (ids only), and touch the venue: whoever joins or leaves
changes where it stands at once. None commits.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Select, insert, or_, select
from sqlalchemy.orm import selectinload

from charter.accounts.models import Membership
from charter.core import clock, trail
from charter.core.access import Role
from charter.core.db import Counts, db, touch
from charter.core.errors import Refused
from charter.core.text import clean_line, in_words
from charter.staff import stints
from charter.staff.jobs import EMPLOYERS, jobs
from charter.staff.models import StaffJob, StaffList, StaffMember
from charter.staff.stints import jobs_now, judge_day, last_day
from charter.venues.rules import folded

__all__ = ["jobs_now", "judge_day", "last_day"]
NAME_LIMIT = 80
MOST_PEOPLE = 5000


@dataclass(frozen=True, slots=True)
class Starter:
    """Somebody to put on the list, as typed and cleaned."""

    name: str
    job: str
    employer: str = "venue"
    started_on: date | None = None
    left_on: date | None = None


def clean_name(words: str) -> str:
    """A name or badge name with a letter or digit in it. Raises ValueError in words."""
    name = clean_line(words, NAME_LIMIT, "Name")
    if not folded(name):
        raise ValueError("Enter a name, or the name on the badge")
    return name


def key_of(name: str) -> str:
    """A name folded for finding and comparing; folding can make it longer than its column."""
    return folded(name)[:NAME_LIMIT]


def add(venue_id: int, who: Starter, *, by: int, once: str | None = None) -> StaffMember:
    """Put somebody on the list. The same `once` and name again give the same person.

    With another name it is a form that somebody went back to and filled in anew. Refuses a job or
    employer that is not offered, a day too far off, no first day once the list is made, and the
    name of somebody who works here or is going to: two people of one name need two badge names.
    """
    if once and (known := db.session.scalar(select(StaffMember).where(StaffMember.once == once))):
        if (known.venue_id, known.name_key) == (venue_id, key_of(who.name)):
            return known
        once = None
    _judge(who)
    if who.started_on is None and (day := long_before(began(venue_id))):
        raise Refused(
            "Enter the first day. For somebody who has worked here for long, any day before "
            f"{day} will do",
            "started_on",
        )
    _refuse_twin(venue_id, who.name)
    member = _new(venue_id, who, by=by, once=once)
    checked(venue_id, by=by)
    trail.note("staff.added", "staff_member", member.id, venue_id=venue_id, by=by, job=who.job)
    touch(venue_id, counts=Counts.TRAINING)
    return member


def add_many(venue_id: int, people: Iterable[Starter], *, by: int) -> int:
    """Put many people on the list at once, already judged; how many. One entry in the trail."""
    count = put_many(venue_id, people, by=by)
    checked(venue_id, by=by)
    trail.note("staff.imported", "venue", venue_id, venue_id=venue_id, by=by, count=count)
    touch(venue_id, counts=Counts.TRAINING)
    return count


def put_many(venue_id: int, people: Iterable[Starter], *, by: int) -> int:
    """The rows of `add_many` alone, for a verb that does more; how many. Two statements."""
    now, rows = clock.now(), list(people)
    if not rows:
        return 0
    who = [
        {
            "venue_id": venue_id,
            "name": each.name,
            "name_key": key_of(each.name),
            "added_at": now,
            "added_by": by,
        }
        for each in rows
    ]
    made = insert(StaffMember).returning(StaffMember.id, sort_by_parameter_order=True)
    ids = db.session.scalars(made, who).all()
    what = [
        {"member_id": row_id, **_job_values(venue_id, each, by, now)}
        for row_id, each in zip(ids, rows, strict=True)
    ]
    db.session.execute(insert(StaffJob), what)
    return len(rows)


def _refuse_twin(venue_id: int, name: str, *, but: int | None = None) -> None:
    there = (m for m in _named(venue_id, name) if m.id != but and stints.current(m.jobs))
    twin = next(there, None)
    if twin is not None:
        raise Refused(
            f"{twin.name} is on the list already. Give this person another badge name", "name"
        )


def left_before(venue_id: int, name: str) -> StaffMember | None:
    """The last to leave of the people of this name who have left, while none of it is here."""
    found = _named(venue_id, name)
    if any(stints.current(each.jobs) for each in found):
        return None
    return max(found, key=lambda each: (last_day(each), each.id), default=None)


def began(venue_id: int) -> date | None:
    """The day on which the list was begun, or None without one."""
    head = the_list(venue_id)
    return head.began_on if head else None


def long_before(began_on: date | None) -> str:
    """The day, in words, before which somebody new on the list was there long before it; or "".

    A list may name people without a first day only on the day on which it is begun, where the
    answer is "". Later, a first day that nobody wrote down would hide a new starter.
    """
    if began_on is None or began_on >= clock.today():
        return ""
    return in_words(clock.months_after(began_on, -12)).partition(" ")[2]


def _judge(who: Starter) -> None:
    if who.job not in jobs():
        raise Refused("Choose one of the jobs", "job")
    if who.employer not in EMPLOYERS:
        raise Refused("Choose who employs them", "employer")
    if who.started_on is not None:
        judge_day(who.started_on, "started_on")


def _new(venue_id: int, who: Starter, *, by: int, once: str | None) -> StaffMember:
    member = StaffMember(
        venue_id=venue_id,
        name=who.name,
        name_key=key_of(who.name),
        added_by=by,
        once=once or None,
        jobs=[_job(venue_id, who, by, clock.now())],
    )
    db.session.add(member)
    db.session.flush()
    return member


def _job(venue_id: int, who: Starter, by: int, at: datetime) -> StaffJob:
    return StaffJob(**_job_values(venue_id, who, by, at))


def _job_values(venue_id: int, who: Starter, by: int, at: datetime) -> dict[str, Any]:
    return {
        "venue_id": venue_id,
        "job": who.job,
        "employer": who.employer,
        "started_on": who.started_on,
        "left_on": who.left_on,
        "recorded_at": at,
        "recorded_by": by,
        "left_recorded_at": at if who.left_on else None,
    }


def _named(venue_id: int, name: str) -> Sequence[StaffMember]:
    return db.session.scalars(
        select(StaffMember)
        .where(StaffMember.venue_id == venue_id, StaffMember.name_key == key_of(name))
        .options(selectinload(StaffMember.jobs))
        .order_by(StaffMember.id)
    ).all()


def leave(venue_id: int, member_id: int, last_on: date, *, by: int) -> StaffMember:
    """Say which day was, or will be, somebody's last. Their history stays.

    Somebody who was to start later and now does not come is left without a job. Refuses whoever
    has left, and a day before they started.
    """
    found = must(venue_id, member_id)
    judge_day(last_on, "left_on")
    stints.end(found, last_on)
    return _changed(found, "staff.left", by, on=last_on.isoformat())


def come_back(venue_id: int, member_id: int, who: Starter, *, by: int) -> StaffMember:
    """Somebody who left works here again, from `who.started_on` on: they are a new starter."""
    found = must(venue_id, member_id)
    _judge(who)
    _refuse_twin(venue_id, found.name, but=found.id)
    rejoin(found, who, by=by)
    return _changed(found, "staff.came-back", by, job=who.job)


def rejoin(found: StaffMember, who: Starter, *, by: int) -> None:
    """The job of `come_back` alone, already judged; no start means today."""
    if stints.current(found.jobs):
        raise Refused("This person works here already")
    start = who.started_on or clock.today()
    if start <= last_day(found):
        raise Refused("That is before they left. Check the date", "started_on")
    found.jobs.append(_job(found.venue_id, replace(who, started_on=start), by, clock.now()))


def change(
    venue_id: int, member_id: int, name: str, job: str, employer: str, since: date, *, by: int
) -> StaffMember:
    """Change somebody's name, or from a day on their job or employer; the old job stays on record.

    A job that is changed on its own first day was a slip, and is put right.
    """
    found = must(venue_id, member_id)
    _judge(Starter(name, job, employer))
    judge_day(since, "since")
    if not stints.current(found.jobs):
        raise Refused("This person has left already")
    _refuse_twin(venue_id, name, but=found.id)
    stints.move(found, job, employer, since, by)
    found.name, found.name_key = name, key_of(name)
    return _changed(found, "staff.changed", by, job=job)


def _changed(found: StaffMember, verb: str, by: int, **detail: str) -> StaffMember:
    db.session.flush()
    checked(found.venue_id, by=by)
    trail.note(verb, "staff_member", found.id, venue_id=found.venue_id, by=by, **detail)
    touch(found.venue_id, counts=Counts.TRAINING)
    return found


def confirm(venue_id: int, *, by: int) -> None:
    """Say that the list is right as it stands today. Refuses an empty one."""
    if not present(venue_id):
        raise Refused("Put somebody on the list first")
    checked(venue_id, by=by)
    trail.note("staff.confirmed", "venue", venue_id, venue_id=venue_id, by=by)
    touch(venue_id, counts=Counts.TRAINING)


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


def here(venue_id: int) -> Select[int]:
    """The ids of those who work at a venue today or are going to, for a query over them."""
    return select(StaffJob.member_id).where(
        StaffJob.venue_id == venue_id,
        or_(StaffJob.left_on.is_(None), StaffJob.left_on >= clock.today()),
    )


def present(venue_id: int) -> list[StaffMember]:
    """Everybody who works here today or is going to, by name, with their jobs. Two statements."""
    return list(
        db.session.scalars(
            select(StaffMember)
            .where(StaffMember.venue_id == venue_id, StaffMember.id.in_(here(venue_id)))
            .options(selectinload(StaffMember.jobs))
            .order_by(StaffMember.name_key, StaffMember.id)
        )
    )


def gone(venue_id: int) -> list[StaffMember]:
    """Everybody who has left and whose name is still kept, the last to leave first."""
    left = db.session.scalars(
        select(StaffMember)
        .where(
            StaffMember.venue_id == venue_id,
            StaffMember.forgotten_on.is_(None),
            StaffMember.id.not_in(here(venue_id)),
        )
        .options(selectinload(StaffMember.jobs))
    )
    return sorted(left, key=lambda row: (last_day(row), row.id), reverse=True)


def short_name(name: str) -> str:
    """A first name and an initial, for a screen that others can see: "Sam P."."""
    words = name.split()
    return f"{words[0]} {words[-1][0]}." if len(words) > 1 else (words[0] if words else "")


def initials(name: str) -> str:
    """The initials of a name, at most three: all of it that anybody outside ever sees."""
    firsts = (next(filter(str.isalnum, word), "") for word in name.split())
    return "".join(f"{first.upper()}." for first in list(filter(None, firsts))[:3])


def by_person(rows: Iterable[StaffJob]) -> dict[int, list[StaffJob]]:
    """Jobs by whose they are."""
    ordered = sorted(rows, key=lambda row: (row.member_id, row.id))
    return {key: list(group) for key, group in groupby(ordered, key=lambda row: row.member_id)}


def counted_with(user_ids: Collection[int]) -> set[int]:
    """The venues where what these people did counts: on a list, or as champion; two statements."""
    lists = select(StaffMember.venue_id).where(StaffMember.user_id.in_(user_ids))
    champions = select(Membership.venue_id).where(
        Membership.user_id.in_(user_ids), Membership.role == Role.CHAMPION
    )
    return {*db.session.scalars(lists), *filter(None, db.session.scalars(champions))}
