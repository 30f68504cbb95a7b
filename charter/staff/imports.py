"""Takes a venue's own list in: what each row would do, looked over first, then all or nothing.

A row finds somebody on the list by the folded name. With the job they have, they stay as they
are; with another, they change; who has left comes back; any other name is somebody new, who needs
a first day unless the list is being made. Nobody is taken off for not being in the sheet.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from secrets import token_hex
from typing import NamedTuple

from sqlalchemy import select

from charter.core import clock, trail
from charter.core.db import Counts, db, touch
from charter.core.errors import Refused
from charter.core.text import in_words
from charter.staff import jobs, service, stints
from charter.staff.models import StaffImport, StaffJob, StaffMember
from charter.staff.service import MOST_PEOPLE, Starter
from charter.staff.sheet import Entry
from charter.venues.sheets import Faults

STALE = "Your list changed while you looked. Here is what would happen now"
NEWER = "You read in another list since. This is that one"


class What(StrEnum):
    """What a row does."""

    NEW = "new"
    BACK = "back"
    CHANGED = "changed"
    LEAVES = "leaves"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Step:
    """What one row does, to whom on the list, and from which day on."""

    entry: Entry
    what: What
    member_id: int | None = None
    since: date | None = None
    was: str = ""
    becomes: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sheet would do today; `seal` tells one plan from another."""

    steps: tuple[Step, ...]
    seal: str

    def count(self, *what: What) -> int:
        """How many rows do this."""
        return Counter(step.what in what for step in self.steps)[True]


class _Job(NamedTuple):
    job: str
    employer: str
    started_on: date | None
    left_on: date | None


@dataclass(slots=True)
class _Known:
    """Somebody on the list, without the cost of rows that may be changed."""

    id: int
    name: str
    jobs: list[_Job]


_JOBS = select(
    StaffJob.member_id, StaffJob.job, StaffJob.employer, StaffJob.started_on, StaffJob.left_on
)


def plan(venue_id: int, entries: Sequence[Entry]) -> Plan:
    """What these rows would do to the list as it is now. Three statements.

    Raises Faults with every row that cannot be.
    """
    known, long_ago = _known(venue_id), service.long_before(service.began(venue_id))
    faults: list[str] = []
    steps: list[Step] = []
    for entry in entries:
        try:
            steps.append(_step(entry, known.get(entry.key), long_ago))
        except Refused as fault:
            faults.append(f"Row {entry.number}: {fault.words}")
    here = sum(1 for each in known.values() if stints.current(each.jobs))
    if here + sum(step.what in (What.NEW, What.BACK) for step in steps) > MOST_PEOPLE:
        faults.append(f"That would be more than {MOST_PEOPLE:,} people on one list")
    if faults:
        raise Faults(faults)
    sealed = repr(steps)
    return Plan(tuple(steps), hashlib.sha256(sealed.encode()).hexdigest()[:32])


def _known(venue_id: int) -> dict[str, _Known]:
    """Who is on the list by folded name: of one name whoever is here, else the last to leave."""
    of_member: dict[int, list[_Job]] = defaultdict(list)
    for row in db.session.execute(_JOBS.where(StaffJob.venue_id == venue_id)):
        who, job, employer, first, last = row
        of_member[who].append(_Job(job, employer, first, last))
    people = db.session.execute(
        select(StaffMember.id, StaffMember.name, StaffMember.name_key)
        .where(StaffMember.venue_id == venue_id, StaffMember.forgotten_on.is_(None))
        .order_by(StaffMember.id)
    )
    found: dict[str, _Known] = {}
    for each in people:
        one, other = _Known(each.id, each.name, of_member[each.id]), found.get(each.name_key)
        if other is None or stints.last_of(one.jobs) >= stints.last_of(other.jobs):
            found[each.name_key] = one
    return found


def _step(entry: Entry, known: _Known | None, long_ago: str) -> Step:
    if known is None:
        if long_ago and entry.started_on is None:
            raise Refused(
                "Started is needed: this person is new on your list. If they have worked here for "
                f"long, give any day before {long_ago}"
            )
        return Step(entry, What.NEW)
    now = stints.current(known.jobs)
    if now is None:
        return _returning(entry, known)
    wanted = (entry.job, entry.employer or now.employer)
    since = None
    what = What.SAME
    if entry.left_on is not None and entry.left_on != now.left_on:
        what = What.LEAVES
    if (now.job, now.employer) != wanted:
        what, since = What.CHANGED, _changes_on(entry, now)
    first = since or now.started_on
    if what is not What.SAME and entry.left_on and first and entry.left_on < first:
        raise Refused(f"Left is before {in_words(first)}, when {known.name} began this job")
    return Step(
        entry, what, known.id, since, jobs.words(now.job, now.employer), jobs.words(*wanted)
    )


def _changes_on(entry: Entry, now: _Job) -> date:
    """From which day on somebody has the other job.

    A start that is not after the one on the list is the day they came, not the day they changed.
    """
    today = clock.today()
    if now.started_on is not None and now.started_on >= today:
        return now.started_on
    if entry.started_on is None or (now.started_on and entry.started_on <= now.started_on):
        since = today
    else:
        since = entry.started_on
    if now.left_on is not None and since > now.left_on:
        raise Refused(f"Started is after {in_words(now.left_on)}, the last day on your list")
    return since


def _returning(entry: Entry, known: _Known) -> Step:
    last = stints.last_of(known.jobs)
    if entry.left_on is not None and entry.left_on <= last:
        return Step(entry, What.SAME, known.id)
    since = entry.started_on or clock.today()
    if since <= last:
        raise Refused(
            f"{known.name} left on {in_words(last)}. Back again: enter the new first day under "
            "Started. Not back: take the row out"
        )
    return Step(entry, What.BACK, known.id, since)


def hold(venue_id: int, entries: Sequence[Entry], *, by: int) -> StaffImport:
    """Keep a list that was read until its person has looked it over; an older one is dropped.

    Needs the venue's lock. Raises Faults if it could not be saved as things are.
    """
    plan(venue_id, entries)
    row = held(venue_id, by=by, taken=True) or StaffImport(venue_id=venue_id, made_by=by)
    row.made_at, row.taken_at, row.once = clock.now(), None, token_hex(16)
    row.rows = [_packed(entry) for entry in entries]
    db.session.add(row)
    db.session.flush()
    return row


def held(venue_id: int, *, by: int, taken: bool = False) -> StaffImport | None:
    """The list that somebody read in here and has not saved, or None; with `taken` a saved one."""
    row = db.session.scalar(
        select(StaffImport).where(StaffImport.venue_id == venue_id, StaffImport.made_by == by)
    )
    return row if row is not None and (taken or row.taken_at is None) else None


def _packed(entry: Entry) -> list[str | int | None]:
    days = (day.isoformat() if day else None for day in (entry.started_on, entry.left_on))
    return [entry.number, entry.name, entry.job, entry.employer, *days]


def entries_of(row: StaffImport) -> list[Entry]:
    """The rows of a list that is held."""
    return [
        Entry(number, name, job, employer, _day(started), _day(left))
        for number, name, job, employer, started, left in row.rows
    ]


def _day(words: str | None) -> date | None:
    return date.fromisoformat(words) if words else None


def take(venue_id: int, *, by: int, once: str, seal: str) -> Plan | None:
    """Save the list that was looked over, all of it; None if this very form saved it already.

    Refuses when it is not the one that was looked at (`once`), or would do something else by now
    (`seal`). Needs the venue's lock.
    """
    row = held(venue_id, by=by, taken=True)
    if row is not None and row.taken_at is not None and row.once == once:
        return None
    if row is None or row.taken_at is not None:
        raise Refused("That list is gone. Read it in again")
    if row.once != once:
        raise Refused(NEWER)
    made = plan(venue_id, entries_of(row))
    if made.seal != seal:
        raise Refused(STALE)
    _do(venue_id, made, by)
    row.rows, row.taken_at = [], clock.now()
    service.checked(venue_id, by=by)
    trail.note(
        "staff.imported",
        "venue",
        venue_id,
        venue_id=venue_id,
        by=by,
        **{what.value: made.count(what) for what in What},
    )
    touch(venue_id, counts=Counts.TRAINING)
    return made


def _do(venue_id: int, made: Plan, by: int) -> None:
    new = [step.entry for step in made.steps if step.what is What.NEW]
    service.put_many(venue_id, map(_starter, new), by=by)
    steps = {step.member_id: step for step in made.steps if step.what not in (What.NEW, What.SAME)}
    for found in service.members(venue_id, [each for each in steps if each is not None]):
        step = steps[found.id]
        entry = step.entry
        if step.what is What.BACK:
            service.rejoin(found, _starter(entry, step.since), by=by)
            continue
        now = stints.current(found.jobs)
        if now is not None and step.since is not None:
            stints.move(found, entry.job, entry.employer or now.employer, step.since, by)
        if entry.left_on is not None and entry.left_on != stints.last_day(found):
            db.session.flush()
            stints.end(found, entry.left_on)
    db.session.flush()


def _starter(entry: Entry, since: date | None = None) -> Starter:
    employer = entry.employer or "venue"
    return Starter(entry.name, entry.job, employer, since or entry.started_on, entry.left_on)
