"""Who works the door: written down for each night, struck where it was wrong, never changed.

Verbs need the venue's lock, note the trail with ids and nights alone, and do not commit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select

from charter import config
from charter.accounts import service as accounts
from charter.core import clock, trail
from charter.core.db import db
from charter.core.errors import Refused
from charter.core.sealed import Unreadable
from charter.doors import rules
from charter.doors.models import DoorShift
from charter.staff.jobs import EMPLOYERS

NAME_LIMIT, LICENCE_LIMIT = 80, 40
MOST_A_NIGHT = 100
WROTE_LATE = timedelta(hours=24)
CHANGED = "This was changed, and does not open"


@dataclass(frozen=True, slots=True)
class Guard:
    """Somebody who works the door, and when on the wall: what is typed in."""

    name: str
    licence: str
    employer: str
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class Duty:
    """A row of a night: name and licence are None where their time is over; who wrote it down, and
    who struck it and when, if somebody did. `is_late`: more than 24 hours after they had gone home;
    `is_odd`: the licence number is perhaps not what stands on the badge.
    """

    id: int
    name: str | None
    licence: str | None
    employer: str
    hours: str
    by: str
    struck_by: str
    struck_at: datetime | None
    is_late: bool
    is_odd: bool

    @property
    def is_struck(self) -> bool:
        """Whether it reads as struck through."""
        return self.struck_at is not None


def tonight() -> date:
    """The night that runs, or the one that comes next."""
    return clock.night_of(clock.now())


def on_duty(venue_id: int, night: date) -> list[Duty]:
    """Who worked the door on a night, struck rows too, as they were written. Two statements."""
    rows = _rows(venue_id, night)
    ids = {user for row in rows for user in (row.recorded_by, row.struck_by) if user}
    users = accounts.people(ids) if ids else {}

    def who(user_id: int | None) -> str:
        found = users.get(user_id) if user_id else None
        return found.name if found else "somebody who has left"

    def duty(row: DoorShift) -> Duty:
        licence = opened(row, "licence")
        return Duty(
            id=row.id,
            name=opened(row, "name"),
            licence=licence,
            employer=EMPLOYERS.get(row.employer, row.employer),
            hours=f"{clock.local(row.starts_at):%H:%M} to {clock.local(row.ends_at):%H:%M}",
            by=who(row.recorded_by),
            struck_by=who(row.struck_by) if row.struck_at else "",
            struck_at=row.struck_at,
            is_late=row.recorded_at > row.ends_at + WROTE_LATE,
            is_odd=rules.is_odd(licence) if licence and licence != CHANGED else False,
        )

    return [duty(row) for row in rows]


def opened(row: DoorShift, name: str) -> str | None:
    """A sealed text of a row; None when its time is over; words where somebody changed it."""
    try:
        text: str | None = getattr(row, name)
    except Unreadable:
        return CHANGED
    return text


def _rows(venue_id: int, night: date) -> Sequence[DoorShift]:
    return db.session.scalars(
        select(DoorShift)
        .where(DoorShift.venue_id == venue_id, DoorShift.night == night)
        .order_by(DoorShift.id)
    ).all()


def night_before(venue_id: int, night: date) -> date | None:
    """The last night before one on which somebody was written down, and not struck."""
    return db.session.scalar(
        select(func.max(DoorShift.night)).where(
            DoorShift.venue_id == venue_id,
            DoorShift.night < night,
            DoorShift.struck_at.is_(None),
        )
    )


def nearest(venue_id: int, night: date) -> tuple[date | None, date | None]:
    """The nights with rows, struck ones too, next before and next after a night."""
    where, on = DoorShift.venue_id == venue_id, DoorShift.night
    return (
        db.session.scalar(select(func.max(on)).where(where, on < night)),
        db.session.scalar(select(func.min(on)).where(where, on > night)),
    )


def add(venue_id: int, night: date, guard: Guard, *, by: int, once: str) -> DoorShift:
    """Write down somebody who works the door on a night; the same `once` again is the same row."""
    known = db.session.scalar(select(DoorShift).where(DoorShift.once == once))
    if known is not None and known.venue_id == venue_id:
        return known
    rules.judge_night(night, tonight())
    _judge(venue_id, night, [guard])
    row = _write(venue_id, night, guard, by=by, once=once if known is None else None)
    trail.note(
        "door.added", "door_shift", row.id, venue_id=venue_id, by=by, night=night.isoformat()
    )
    return row


def same_again(venue_id: int, night: date, *, by: int) -> int:
    """Write down whoever worked the night before, at the same hours; how many.

    Only where nobody is on the night yet, so that pressing twice makes them once.
    """
    rules.judge_night(night, tonight())
    if any(row.struck_at is None for row in _rows(venue_id, night)):
        return 0
    before = night_before(venue_id, night)
    found = [_guard(row) for row in _rows(venue_id, before) if not row.struck_at] if before else []
    guards = [each for each in found if each is not None]
    if not guards:
        raise Refused("There is nobody to take over from an earlier night")
    _judge(venue_id, night, guards)
    for guard in guards:
        _write(venue_id, night, guard, by=by, once=None)
    trail.note(
        "door.repeated", "venue", venue_id, venue_id=venue_id, by=by,
        night=night.isoformat(), people=len(guards),
    )  # fmt: skip
    return len(guards)


def _guard(row: DoorShift) -> Guard | None:
    name = opened(row, "name")
    if not name or name == CHANGED:
        return None
    starts, ends = (clock.local(at).time() for at in (row.starts_at, row.ends_at))
    return Guard(name, opened(row, "licence") or "", row.employer, starts, ends)


def _judge(venue_id: int, night: date, guards: Iterable[Guard]) -> None:
    there = [row for row in _rows(venue_id, night) if row.struck_at is None]
    names = {(opened(row, "name") or "").casefold() for row in there}
    for guard in guards:
        if guard.name.casefold() in names:
            raise Refused("Somebody with that name is on this night already", "name")
        names.add(guard.name.casefold())
    if len(names) > MOST_A_NIGHT:
        raise Refused(f"There are {MOST_A_NIGHT} people on this night already")


def _write(venue_id: int, night: date, guard: Guard, *, by: int, once: str | None) -> DoorShift:
    if guard.employer not in EMPLOYERS:
        raise Refused("Choose who they work for", "employer")
    ends_hour = config.current().city.night_ends_hour
    hours = rules.hours(night, guard.starts, guard.ends, ends_hour)
    row = DoorShift(
        venue_id=venue_id,
        night=night,
        employer=guard.employer,
        starts_at=hours.starts_at,
        ends_at=hours.ends_at,
        recorded_by=by,
        once=once,
    )
    db.session.add(row)
    db.session.flush()
    row.name, row.licence = guard.name, rules.badge(guard.licence) or None
    db.session.flush()
    return row


def strike(venue_id: int, shift_id: int, *, by: int) -> DoorShift | None:
    """Say that a row was wrong: it stays, struck through. Twice is no fault; None for no such row.

    A row can be struck for as long as its night can be written down.
    """
    row = db.session.get(DoorShift, shift_id)
    if row is None or row.venue_id != venue_id:
        return None
    if row.struck_at is None:
        rules.judge_night(row.night, tonight())
        row.struck_at, row.struck_by = clock.now(), by
        trail.note(
            "door.struck", "door_shift", row.id, venue_id=venue_id, by=by,
            night=row.night.isoformat(),
        )  # fmt: skip
    return row
