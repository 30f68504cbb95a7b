"""The chain of a book on both engines: what was written verifies, and every tampering is named."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from charter.core import clock
from charter.core.db import CITY, commit, db
from charter.incidents import amending, chain, following, people, reading
from charter.incidents.choices import Cctv
from charter.incidents.models import Entry
from charter.incidents.people import Somebody
from charter.venues.models import Venue
from tests.builders.accounts import make_user
from tests.builders.incidents import book_lock, make_entry, make_zone, writer
from tests.builders.venues import make_venue


@pytest.fixture
def book(app: Flask) -> Iterator[int]:
    """A venue's book with everything in it that a book can hold; the venue's id."""
    with app.app_context():
        venue_id = make_venue(state="working").id
        by = writer(make_user().id)
        zone = make_zone(venue_id)
        make_entry(venue_id, by, zone_id=zone)
        make_entry(venue_id, by, hours_ago=30)
        make_entry(venue_id, by, kinds=("operational.near-miss",))
        book_lock(venue_id)
        venue = db.session.get_one(Venue, venue_id)
        one = reading.entry(venue_id, 1)
        assert one is not None
        people.add_people(
            one,
            [Somebody("harmed", "18-24", "Ann Example"), Somebody("about", "unknown", "", "tall")],
            by,
        )
        people.strike_person(one, 2, by, why="It was somebody else.")
        amending.amend(
            one,
            venue,
            {"zone_id": None},
            {"said": "It was in the corridor."},
            by,
            corrects=[1],
            why="Wrong room",
        )
        amending.set_cctv(one, Cctv.SAVED, by, camera="Camera 3", who="Duty manager")
        following.follow_up(
            one, "Mend the lock", by.user_id or 0, clock.today(), by, owners=[by.user_id or 0]
        )
        following.done(one, 1, by, how="Mended")
        following.read_up_to(venue_id, 2, by)
        following.close(one, "ban", by, texts={})
        following.hold(one, by, why="Police asked")
        following.share_with_office(one, "facts", by)
        monday = clock.night_of(clock.now())
        monday -= timedelta(days=monday.weekday() + 21)
        following.sign_nil_week(venue_id, monday, by)
        commit()
        yield venue_id
        db.session.remove()


def only(book: int) -> chain.Check:
    [found] = chain.verify(book)
    db.session.rollback()
    return found


def test_a_whole_book_verifies(book: int):
    found = only(book)
    assert (found.fault, found.entries) == (None, 3)
    assert found.lines == chain.head(book).seq > 10


def test_an_entry_about_a_manager_leaves_no_trace_in_the_venues_book(book: int):
    before = chain.head(book)
    db.session.rollback()
    entry = make_entry(book, writer(make_user().id), relation="in-charge")
    assert (entry.book, reading.shown_number(entry)) == (CITY, "R-1")
    assert chain.head(book) == before
    assert {each.book: each.fault for each in chain.verify()} == {CITY: None, book: None}


def test_numbers_have_no_gap(book: int):
    assert [each.number for each in reading.page(book)] == [3, 2, 1]
    assert db.session.query(Entry).count() == 3
