"""PINs of people on the staff list: made by the server, shown once, kept as a keyed hash.

Six digits are few, so the hash is worth nothing without the city's pepper, a PIN means something on
its own venue's phones only, and guessing there is slowed (`slowing`). Verbs need the venue's lock,
note the trail with ids alone, and do not commit.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from charter.accounts import signin
from charter.core import clock, trail
from charter.core.db import db
from charter.core.errors import Refused
from charter.devices.models import DeviceShift, StaffPin
from charter.staff import service as staff
from charter.staff.models import StaffMember

DIGITS = 6


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody of the list who works there now, and since when they have a PIN, if they do."""

    member_id: int
    name: str
    set_at: datetime | None


def holders(venue_id: int) -> list[Holder]:
    """Everybody who works at a venue today, by name, with or without a PIN. Three statements."""
    rows = db.session.scalars(select(StaffPin).where(StaffPin.venue_id == venue_id))
    set_at = {row.member_id: row.set_at for row in rows}
    return [
        Holder(each.id, each.name, set_at.get(each.id))
        for each in staff.present(venue_id)
        if staff.jobs_now(each)
    ]


def give(venue_id: int, member_id: int, *, by: int) -> tuple[StaffMember, str]:
    """A new PIN for somebody who works there; the one they had stops working, and so does a shift
    they began with it. It is told this once.
    """
    member = staff.must(venue_id, member_id)
    if not staff.jobs_now(member):
        raise Refused("This person does not work here now", "member_id")
    taken = set(db.session.scalars(select(StaffPin.pin_hash).where(StaffPin.venue_id == venue_id)))
    pin = _random()
    while _hash(venue_id, pin) in taken:
        pin = _random()
    _forget(member.id)
    row = StaffPin(
        member_id=member.id,
        venue_id=venue_id,
        pin_hash=_hash(venue_id, pin),
        set_at=clock.now(),
        set_by=by,
    )
    db.session.add(row)
    db.session.flush()
    trail.note("pin.given", "staff_member", member.id, venue_id=venue_id, by=by)
    return member, f"{pin[:3]} {pin[3:]}"


def take(venue_id: int, member_id: int, *, by: int) -> StaffMember:
    """Take somebody's PIN away; if they are signed in, they no longer are. Twice is no fault."""
    member = staff.must(venue_id, member_id)
    if _forget(member.id):
        trail.note("pin.taken", "staff_member", member.id, venue_id=venue_id, by=by)
    return member


def whose(venue_id: int, pin: str) -> StaffMember | None:
    """Who of those who work there today has this PIN."""
    if len(pin) != DIGITS:
        return None
    member_id = db.session.scalar(
        select(StaffPin.member_id).where(
            StaffPin.venue_id == venue_id, StaffPin.pin_hash == _hash(venue_id, pin)
        )
    )
    member = staff.member(venue_id, member_id) if member_id is not None else None
    return member if member is not None and staff.jobs_now(member) else None


def _random() -> str:
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def _hash(venue_id: int, pin: str) -> bytes:
    return signin.keyed_hash("phone-pin", f"{venue_id}:{pin}")


def _forget(member_id: int) -> bool:
    gone = delete(StaffPin).where(StaffPin.member_id == member_id).returning(StaffPin.member_id)
    had_one = db.session.scalar(gone) is not None
    running = (DeviceShift.member_id == member_id, DeviceShift.ended_at.is_(None))
    db.session.execute(update(DeviceShift).where(*running).values(ended_at=clock.now()))
    return had_one
