"""A venue's own phones: add one, pair it, end it, and who is signed in on it.

A manager adds a phone and reads its code to whoever holds it; the code works once and soon runs
out. The phone then holds a random token of its own, of which only the hash is kept. Whoever may
write on it is found by PIN (`pins`), for a shift. Verbs say which lock they need; none commits.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from charter.accounts import signin
from charter.core import clock, trail
from charter.core.db import db, lock
from charter.core.errors import Refused
from charter.devices import pins, slowing
from charter.devices.models import Device, DeviceShift
from charter.staff import service as staff
from charter.staff.models import StaffMember
from charter.venues import places
from charter.venues.models import Venue, VenueState

CODE_LASTS = timedelta(minutes=10)
SHIFT_LASTS = timedelta(hours=12)
MOST_PHONES = 20
NAME_LIMIT = 60
CODE_DIGITS = 8
WRONG_CODE = "That code does not work. Codes work once and run out after 10 minutes. Make a new one"
WRONG_PIN = "That PIN is not right. Ask whoever runs the place for a new one if yours is lost"
CLOSED = "The venue is closed for now, so nobody can sign in here. Write it on a paper page"


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone as the venue's list shows it; `used_at` is when somebody last signed in on it."""

    id: int
    name: str
    paired_at: datetime | None
    code_until: datetime | None
    used_at: datetime | None


def phones(venue_id: int) -> list[Phone]:
    """The phones of a venue that were not ended, in the order they were added. One statement."""
    used = select(func.max(DeviceShift.started_at)).where(DeviceShift.device_id == Device.id)
    rows = db.session.execute(
        select(Device, used.scalar_subquery().label("used_at"))
        .where(Device.venue_id == venue_id, Device.ended_at.is_(None))
        .order_by(Device.id)
    )
    now = clock.now()
    return [
        Phone(
            id=row.id,
            name=row.name,
            paired_at=row.paired_at,
            code_until=row.pair_until if row.pair_until and row.pair_until > now else None,
            used_at=used_at,
        )
        for row, used_at in rows
    ]


def phone(venue_id: int, device_id: int) -> Device | None:
    """A phone of this venue that was not ended, or None."""
    return db.session.scalar(
        select(Device).where(
            Device.id == device_id, Device.venue_id == venue_id, Device.ended_at.is_(None)
        )
    )


def add(venue_id: int, name: str, *, by: int) -> tuple[Device, str]:
    """A new phone, and the code to pair it with. Needs the venue's lock.

    Refuses a name that another phone has, and more phones than a venue has use for.
    """
    there = phones(venue_id)
    if any(each.name.casefold() == name.casefold() for each in there):
        raise Refused("Another phone has that name. Choose one that tells them apart", "name")
    if len(there) >= MOST_PHONES:
        raise Refused(f"There are {MOST_PHONES} phones already. End one that is not used", "name")
    device = Device(venue_id=venue_id, name=name, made_at=clock.now(), made_by=by)
    code = _give_code(device)
    db.session.add(device)
    db.session.flush()
    trail.note("device.added", "device", device.id, venue_id=venue_id, by=by)
    return device, code


def new_code(venue_id: int, device_id: int, *, by: int) -> tuple[Device, str]:
    """Another code for a phone, which works as it does until the code is used. Needs the lock."""
    device = _must(venue_id, device_id)
    if is_former(device, db.session.get_one(Venue, venue_id)):
        raise Refused("This phone was the former owner’s. End it and add it anew")
    code = _give_code(device)
    trail.note("device.code-made", "device", device.id, venue_id=venue_id, by=by)
    return device, code


def _give_code(device: Device) -> str:
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    device.pair_hash, device.pair_until = _code_hash(code), clock.now() + CODE_LASTS
    return f"{code[:4]} {code[4:]}"


def _code_hash(code: str) -> bytes:
    return signin.keyed_hash("phone-code", code)


def end(venue_id: int, device_id: int, *, by: int) -> Device:
    """End a phone at once: what it sends from now on is refused. Needs the venue's lock."""
    device = _must(venue_id, device_id)
    end_device(device)
    trail.note("device.ended", "device", device.id, venue_id=venue_id, by=by)
    return device


def end_device(device: Device) -> None:
    """What `end` does to the row, and to whoever is signed in."""
    device.ended_at, device.token_hash, device.pair_hash = clock.now(), None, None
    _end_shifts(device.id)
    db.session.flush()


def _must(venue_id: int, device_id: int) -> Device:
    device = phone(venue_id, device_id)
    if device is None:
        raise Refused("This phone was ended already")
    return device


def pair(typed: str, address: str | None) -> tuple[Device, str] | str:
    """Pair whoever typed a code: the device and its token, or the words to refuse with.

    Needs the city's lock and takes the venue's; a wrong code is counted, so commit all the same.
    """
    if wait := slowing.code_wait(address):
        return wait
    where = (
        Device.pair_hash == _code_hash(_digits(typed)),
        Device.pair_until > clock.now(),
        Device.ended_at.is_(None),
    )
    venue_id = db.session.scalar(select(Device.venue_id).where(*where))
    device = None
    if venue_id is not None:
        lock(venue_id)
        # It may have been ended, or given another code, until just now.
        device = db.session.scalar(select(Device).where(*where))
    if device is None or not _may_be_used(device, db.session.get_one(Venue, device.venue_id)):
        slowing.code_missed(address)
        return WRONG_CODE
    token, device.token_hash = signin.new_token()
    device.pair_hash, device.pair_until, device.paired_at = None, None, clock.now()
    _end_shifts(device.id)
    trail.note("device.paired", "device", device.id, venue_id=device.venue_id)
    return device, token


def _digits(typed: str) -> str:
    return "".join(sign for sign in typed[:40] if sign in "0123456789")


def by_token(token: str | None) -> Device | None:
    """The phone that holds a token, while it may be used: paired, not ended, of a venue that takes
    part, and not a former owner's. One statement.
    """
    if not token:
        return None
    row = db.session.execute(
        select(Device, Venue)
        .join(Venue, Venue.id == Device.venue_id)
        .where(Device.token_hash == signin.token_hash(token[:200]), Device.ended_at.is_(None))
    ).first()
    return row[0] if row is not None and _may_be_used(*row) else None


def _may_be_used(device: Device, venue: Venue) -> bool:
    return venue.state == VenueState.WORKING and not is_former(device, venue)


def is_former(device: Device, venue: Venue) -> bool:
    """Whether it was a former owner's: added before the day on which the venue changed hands."""
    since = venue.owner_since
    return since is not None and clock.local(device.made_at).date() < since


def sign_in(device: Device, typed: str) -> str | None:
    """Sign in whoever has this PIN, for a shift; whoever was signed in no longer is.

    The words to refuse with, or None. Needs the locks of the city and the venue; a wrong PIN is
    counted, so commit all the same.
    """
    if wait := slowing.pin_wait(device.id):
        return wait
    if _is_closed(device.venue_id):
        return CLOSED
    member = pins.whose(device.venue_id, _digits(typed))
    if member is None:
        slowing.pin_missed(device.id)
        return WRONG_PIN
    _end_shifts(device.id)
    now = clock.now()
    shift = DeviceShift(
        device_id=device.id, member_id=member.id, started_at=now, ends_at=now + SHIFT_LASTS
    )
    db.session.add(shift)
    db.session.flush()
    return None


def _is_closed(venue_id: int) -> bool:
    today = clock.today()
    return any(
        row.from_on <= today and (row.until_on is None or row.until_on >= today)
        for row in places.closures(venue_id)
    )


def on_shift(device: Device) -> StaffMember | None:
    """Who is signed in on a phone now and still works there, or None."""
    now = clock.now()
    member_id = db.session.scalar(
        select(DeviceShift.member_id)
        .where(
            DeviceShift.device_id == device.id,
            DeviceShift.ended_at.is_(None),
            DeviceShift.started_at <= now,
            DeviceShift.ends_at > now,
        )
        .order_by(DeviceShift.id.desc())
        .limit(1)
    )
    member = staff.member(device.venue_id, member_id) if member_id is not None else None
    return member if member is not None and staff.jobs_now(member) else None


def sign_out(device: Device) -> None:
    """End the shift that runs on a phone. Needs the venue's lock."""
    _end_shifts(device.id)


def _end_shifts(device_id: int) -> None:
    running = (DeviceShift.device_id == device_id, DeviceShift.ended_at.is_(None))
    db.session.execute(update(DeviceShift).where(*running).values(ended_at=clock.now()))


def stamp(device: Device, member: StaffMember) -> str:
    """What a form carries that was opened while this person was signed in on this phone.

    A form is saved under nobody else's name, however much later it comes.
    """
    return signin.keyed_hash("phone-writer", f"{device.id}:{member.id}").hex()
