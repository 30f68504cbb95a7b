"""What time takes away of the venue's own phones: PINs of people who left, shifts long over, and
devices that nobody uses any more; phones of a former owner end."""

from sqlalchemy import delete, exists, or_, select

from charter.core import clock, retention
from charter.core.db import db
from charter.devices import service
from charter.devices.models import Device, DeviceShift, StaffPin
from charter.staff.models import StaffJob
from charter.venues.models import Venue


def forget() -> int:
    """Delete PINs of people with no job there any more, old shifts, and devices that ended long
    ago or were never paired in time; how many rows. Needs the city's lock.

    A PIN goes in the night after its holder's last day.
    """
    now = clock.now()
    before = retention.DEVICE_SHIFT.oldest_moment(now, clock.zone())
    works = exists().where(
        StaffJob.member_id == StaffPin.member_id,
        or_(StaffJob.left_on.is_(None), StaffJob.left_on >= clock.today()),
    )
    unused = ~exists().where(DeviceShift.device_id == Device.id)
    over = or_(
        Device.ended_at < before,
        Device.paired_at.is_(None) & (Device.pair_until < before),
    )
    gone = _end_those_of_former_owners()
    for query in (
        delete(StaffPin).where(~works).returning(StaffPin.member_id),
        delete(DeviceShift).where(DeviceShift.ends_at < before).returning(DeviceShift.id),
        delete(Device).where(over, unused).returning(Device.id),
    ):
        gone += len(db.session.scalars(query).all())
    return gone


def _end_those_of_former_owners() -> int:
    """They opened nothing since the venue changed hands (`service.by_token`): say so in the row."""
    rows = db.session.execute(
        select(Device, Venue)
        .join(Venue, Venue.id == Device.venue_id)
        .where(Device.ended_at.is_(None), Venue.owner_since.is_not(None))
    ).all()
    over = [device for device, venue in rows if service.is_former(device, venue)]
    for device in over:
        service.end_device(device)
    return len(over)


def clear(venue_id: int) -> None:
    """Take away the phones of a venue that left, and all PINs. Needs its lock."""
    devices = select(Device.id).where(Device.venue_id == venue_id)
    db.session.execute(delete(DeviceShift).where(DeviceShift.device_id.in_(devices)))
    db.session.execute(delete(Device).where(Device.venue_id == venue_id))
    db.session.execute(delete(StaffPin).where(StaffPin.venue_id == venue_id))
