"""Dates in the book are told of once each, in one mail a person a day, which says nothing else."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from charter.core import clock
from charter.core.access import Role
from charter.core.db import commit, db
from charter.core.mail import OutboxMail
from charter.incidents import amending, following, reading, reminders
from charter.incidents.choices import Cctv
from charter.venues.models import Venue
from tests.builders.accounts import make_member, make_user
from tests.builders.certificates import noon
from tests.builders.incidents import book_lock, make_entry, writer
from tests.builders.venues import make_venue

pytestmark = pytest.mark.sqlite_only
DAY = date(2026, 11, 20)
SINCE = date(2026, 1, 1)


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """An application with its context open."""
    with app.app_context():
        yield app
        db.session.rollback()
        db.session.remove()


def remind(on: date) -> list[str]:
    """Who is told by a mail on a day, with the link in it."""
    db.session.rollback()
    last = db.session.scalar(sa.select(sa.func.max(OutboxMail.id))) or 0
    db.session.rollback()
    with clock.moved_to(noon(on)):
        reminders.remind()
        commit()
    rows = db.session.scalars(
        sa.select(OutboxMail).where(OutboxMail.id > last).order_by(OutboxMail.id)
    ).all()
    told = []
    for row in rows:
        [link] = [word for word in (row.body or "").split() if word.startswith("https://")]
        told.append(f"{row.recipient} {link.removeprefix('https://localhost')}")
    db.session.rollback()
    return told


def after(days: int) -> date:
    return DAY + timedelta(days=days)


def test_a_picture_is_told_of_seven_and_two_days_before_it_is_overwritten(in_app: Flask) -> None:
    venue = make_venue(state="working", licence_cctv_days=20)
    here, champion = venue.id, make_member(Role.CHAMPION, venue=venue, starts_on=SINCE)
    make_member(Role.STAFF, venue=venue, starts_on=SINCE)
    told = [f"{champion.email} /venues/{here}/book"]
    with clock.moved_to(noon(DAY)):
        for state in ("wanted", "saved", "unknown", "no"):
            make_entry(here, writer(champion.id), cctv=state)
    days = {n: remind(after(n)) for n in range(1, 25)}
    assert {n: mail for n, mail in days.items() if mail} == {13: told, 18: told}


def test_a_night_that_was_missed_is_made_up_for_and_what_is_saved_is_told_of_no_more(
    in_app: Flask,
) -> None:
    venue = make_venue(state="working", licence_cctv_days=20)
    here, champion = venue.id, make_member(Role.CHAMPION, venue=venue, starts_on=SINCE)
    by = writer(champion.id)
    with clock.moved_to(noon(DAY)):
        make_entry(here, by)
    assert remind(after(12)) == []
    assert len(remind(after(15))) == 1
    assert remind(after(15)) == []
    assert remind(after(16)) == []
    with clock.moved_to(noon(after(16))):
        book_lock(here)
        entry = reading.entry(here, 1)
        assert entry is not None
        amending.set_cctv(entry, Cctv.SAVED, by, camera="Camera 3")
        commit()
    assert [remind(after(n)) for n in range(17, 21)] == [[]] * 4


def test_what_is_overdue_is_told_to_its_owner_too_and_once(in_app: Flask) -> None:
    venue, second = make_venue(state="working"), make_venue(state="working")
    champion = make_member(Role.CHAMPION, venue=venue, starts_on=SINCE)
    make_member(Role.CHAMPION, venue=second, starts_on=SINCE, user=champion)
    owner = make_member(Role.STAFF, venue=venue, starts_on=SINCE)
    gone = make_user()
    by = writer(champion.id)
    with clock.moved_to(noon(DAY)):
        for here in (venue.id, second.id):
            make_entry(here, by, cctv="no")
            book_lock(here)
            entry = reading.entry(here, 1)
            assert entry is not None
            for who in (owner.id, gone.id):
                owners = [owner.id, gone.id]
                following.follow_up(entry, "CANARY", who, after(3), by, owners=owners)
            commit()
    assert remind(after(3)) == []
    assert remind(after(4)) == [
        f"{champion.email} /",
        f"{owner.email} /venues/{venue.id}/book",
    ]
    assert remind(after(5)) == []


def test_what_is_held_is_asked_about_every_ninety_days(in_app: Flask) -> None:
    venue = make_venue(state="working")
    here, manager = venue.id, make_member(Role.MANAGER, venue=venue, starts_on=SINCE)
    by = writer(manager.id)
    with clock.moved_to(noon(DAY)):
        make_entry(here, by, cctv="no")
        book_lock(here)
        entry = reading.entry(here, 1)
        assert entry is not None
        following.hold(entry, by, why="Police")
        commit()
    told = {n: remind(after(n)) for n in (1, 60, 88, 89, 90, 91, 120, 179, 182, 183)}
    expected = [f"{manager.email} /venues/{here}/book"]
    assert {n: mail for n, mail in told.items() if mail} == {90: expected, 182: expected}


def test_what_nobody_looks_after_any_more_is_told_to_the_office(in_app: Flask) -> None:
    here = make_venue(state="left", left_on=DAY).id
    by = writer(make_user().id)
    with clock.moved_to(noon(DAY)):
        make_entry(here, by, cctv="no")
        book_lock(here)
        entry = reading.entry(here, 1)
        assert entry is not None
        following.hold(entry, by, why="Police")
        commit()
    assert remind(after(89)) == []
    assert remind(after(90)) == ["office@charter.example /office/books"]


def test_the_offices_own_series_is_told_of_to_the_office_alone(in_app: Flask) -> None:
    venue = make_venue(state="working", licence_cctv_days=20)
    manager = make_member(Role.MANAGER, venue=venue, starts_on=SINCE)
    with clock.moved_to(noon(DAY)):
        make_entry(venue.id, writer(manager.id), relation="in-charge")
    assert remind(after(12)) == []
    assert remind(after(13)) == ["office@charter.example /office/books"]
    assert db.session.get_one(Venue, venue.id).licence_cctv_days == 20
