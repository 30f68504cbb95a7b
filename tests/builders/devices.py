"""Builders of a venue's own phones and of PINs: they want an application context, take the locks
they need, and commit.
"""

from flask import Flask

from charter.core.db import CITY, commit, db, lock
from charter.devices import pins, service
from charter.devices.models import Device
from charter.staff.service import Starter
from tests.builders.accounts import make_user
from tests.builders.staff import put_people
from tests.visitor import Visitor

COOKIE = "__Secure-phone"


def locked(*chains: int) -> None:
    """Begin a change."""
    db.session.rollback()
    lock(*(chains or (CITY,)))


def make_code(venue_id: int, name: str = "Bar tablet") -> tuple[int, str]:
    """A phone that was added and is not paired: its id, and its code."""
    by = make_user().id
    locked(venue_id)
    device, code = service.add(venue_id, name, by=by)
    commit()
    return device.id, code


def make_phone(venue_id: int, name: str = "Bar tablet") -> tuple[int, str]:
    """A phone that is paired: its id, and its token."""
    device_id, code = make_code(venue_id, name)
    locked()
    paired = service.pair(code, "192.0.2.1")
    commit()
    assert not isinstance(paired, str), paired
    return device_id, paired[1]


def make_people(venue_id: int, *names: str, job: str = "bar") -> dict[str, int]:
    """People on the venue's list; their ids by name."""
    by = make_user().id
    return put_people(venue_id, *(Starter(name, job) for name in names), by=by)


def make_pin(venue_id: int, member_id: int) -> str:
    """A PIN for somebody."""
    by = make_user().id
    locked(venue_id)
    pin = pins.give(venue_id, member_id, by=by)[1]
    commit()
    return pin


def device(device_id: int) -> Device:
    """A phone as it stands now."""
    db.session.rollback()
    return db.session.get_one(Device, device_id, populate_existing=True)


def held(app: Flask, token: str) -> Visitor:
    """The browser of a phone that is paired."""
    visitor = Visitor(app)
    visitor.client.set_cookie(COOKIE, token, path="/phone", secure=True, domain="localhost")
    return visitor
