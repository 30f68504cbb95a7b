"""Whoever is left is told that a venue has no champion, in whichever way the champion went."""

from datetime import date, timedelta

import pytest
from flask import Flask

from charter.accounts import notices, service
from charter.accounts.models import User
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db
from charter.venues.models import Venue
from tests.builders.accounts import last_link, locked, mails, make_member, make_place
from tests.builders.certificates import noon


def night(day: date) -> int:
    """The night's work on a day; of how many venues there was something to tell."""
    db.session.rollback()
    told = 0
    with clock.moved_to(noon(day)):
        for _venue_id in notices.nightly():
            commit()
            told += 1
    return told


def ends_today(venue: Venue | int, **more: object) -> User:
    """A champion of long standing whose role's last day is today."""
    today = clock.today()
    return make_member(
        Role.CHAMPION, venue=venue, starts_on=today - timedelta(days=90), ends_on=today, **more
    )


def test_a_last_day_that_passes_is_told_in_the_night_and_once(app: Flask) -> None:
    with app.app_context():
        today = clock.today()
        place = make_place()
        stand_in = make_member(Role.CHAMPION, venue=place, is_stand_in=True)
        manager = make_member(Role.MANAGER, venue=place)
        make_member(Role.STAFF, venue=place)
        ends_today(place)
        ends_today(make_place("Led on"), is_stand_in=True)
        assert (night(today), mails("champion-left")) == (0, [])
        for later in (1, 1, 2, 7, 8):
            night(today + timedelta(days=later))
            assert sorted(mails("champion-left")) == sorted([manager.email, stand_in.email])
        assert last_link("champion-left", manager.email) == f"/venues/{place.id}/handover"
        assert night(today + timedelta(days=8)) == 0


@pytest.mark.sqlite_only
def test_nothing_is_told_where_somebody_else_is_champion_or_somebody_ended_it(app: Flask) -> None:
    with app.app_context():
        today = clock.today()
        led, ended = make_place("Led"), make_place("Ended")
        manager = make_member(Role.MANAGER, venue=led)
        boss = make_member(Role.MANAGER, venue=ended)
        ends_today(led)
        make_member(Role.CHAMPION, venue=led)
        ends_today(ended)
        gone = make_member(Role.CHAMPION, venue=ended, starts_on=today - timedelta(days=9))
        with clock.moved_to(noon(today + timedelta(days=1))):
            by = service.person(boss.id)
            assert by is not None
            row = service.roles_of(gone.id)[0].id
            locked(ended.id)
            service.end_role(row, by=by, venue_id=ended.id)
            commit()
        assert mails("champion-left") == [boss.email]
        night(today + timedelta(days=2))
        assert mails("champion-left") == [boss.email]
        assert manager.email not in mails("champion-left")


@pytest.mark.sqlite_only
def test_a_stand_in_whose_account_is_closed_is_no_champion_who_left(app: Flask) -> None:
    with app.app_context():
        place = make_place()
        make_member(Role.MANAGER, venue=place)
        admin = make_member(Role.OFFICE_ADMIN)
        stand_in = make_member(Role.CHAMPION, venue=place, is_stand_in=True)
        by = service.person(admin.id)
        locked(CITY)
        service.disable(stand_in.id, by=by)
        commit()
        assert mails("champion-left") == []


@pytest.mark.sqlite_only
def test_somebody_with_two_roles_is_told_once(app: Flask) -> None:
    with app.app_context():
        place = make_place()
        both = make_member(Role.MANAGER, venue=place)
        make_member(Role.CHAMPION, venue=place, is_stand_in=True, user=both)
        champion = make_member(Role.CHAMPION, venue=place)
        by = service.person(both.id)
        assert by is not None
        row = service.roles_of(champion.id)[0].id
        locked(place.id)
        service.end_role(row, by=by, venue_id=place.id)
        commit()
        assert mails("champion-left") == [both.email]
