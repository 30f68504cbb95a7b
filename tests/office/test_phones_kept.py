"""What time takes away of a venue's phones and door, and what is cleared when the venue left."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from charter.cli import run_nightly
from charter.core import clock
from charter.core.db import db
from charter.devices.models import Device, DeviceShift, StaffPin
from charter.doors.models import DoorShift
from charter.staff.models import StaffJob, StaffMember
from charter.venues.models import Venue, VenueState
from tests.builders.accounts import make_user
from tests.builders.certificates import noon
from tests.builders.venues import make_venue

pytestmark = pytest.mark.sqlite_only
DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 21, tzinfo=UTC)


@pytest.fixture
def here(app: Flask) -> Iterator[int]:
    """A venue with a phone, two people with PINs, of whom one leaves, and somebody at the door."""
    with app.app_context():
        venue_id, by = make_venue(state="working", licence_retention_months=12).id, make_user().id
        people = [StaffMember(venue_id=venue_id, name=n, name_key=n) for n in ("robin", "ash")]
        phone = Device(venue_id=venue_id, name="Bar", made_by=by, made_at=NOW, paired_at=NOW)
        old = Device(venue_id=venue_id, name="Old", made_by=by, made_at=NOW, pair_until=NOW)
        db.session.add_all([*people, phone, old])
        db.session.flush()
        for number, (member, last) in enumerate(zip(people, (None, DAY), strict=True)):
            job = {"job": "bar", "employer": "ours", "left_on": last}
            db.session.add(StaffJob(member_id=member.id, venue_id=venue_id, **job))
            pin = bytes([number]) * 32
            db.session.add(StaffPin(member_id=member.id, venue_id=venue_id, pin_hash=pin))
        ends = NOW + timedelta(hours=12)
        shift = DeviceShift(
            device_id=phone.id, member_id=people[0].id, started_at=NOW, ends_at=ends
        )
        door = DoorShift(
            venue_id=venue_id, night=DAY, employer="ours", recorded_by=by, starts_at=NOW,
            ends_at=ends,
        )  # fmt: skip
        door.name, door.licence = "Rae Door", "1234"
        db.session.add_all([shift, door])
        db.session.commit()
        yield venue_id
        db.session.rollback()
        db.session.remove()


def night(on: date) -> None:
    db.session.rollback()
    with clock.moved_to(noon(on)):
        run_nightly(after_a_pause=True)
    db.session.rollback()
    db.session.expire_all()


def count(table: type[db.Model]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def at_the_door() -> list[str | None]:
    return [row.name for row in db.session.scalars(sa.select(DoorShift))]


def test_a_pin_goes_with_its_holder_a_shift_later_and_the_door_as_the_licence_asks(
    here: int,
) -> None:
    night(DAY)
    assert count(StaffPin) == 2
    night(DAY + timedelta(days=1))
    assert count(StaffPin) == 1
    night(DAY + timedelta(days=90))
    assert (count(DeviceShift), count(Device)) == (1, 2)
    night(DAY + timedelta(days=91))
    assert (count(DeviceShift), count(Device)) == (0, 1)
    night(date(2027, 11, 20))
    assert at_the_door() == ["Rae Door"]
    night(date(2027, 11, 21))
    assert at_the_door() == [None]
    [row] = db.session.scalars(sa.select(DoorShift)).all()
    assert (row.licence, row.night) == (None, DAY)


def test_a_venue_that_left_keeps_none_of_it(here: int) -> None:
    place = db.session.get_one(Venue, here)
    place.state, place.left_on, place.licence_retention_months = VenueState.LEFT, DAY, 60
    db.session.commit()
    night(date(2027, 11, 20))
    assert (count(Device), at_the_door()) == (1, ["Rae Door"])
    night(date(2027, 11, 21))
    assert [count(each) for each in (Device, DeviceShift, StaffPin)] == [0, 0, 0]
    assert at_the_door() == [None]
