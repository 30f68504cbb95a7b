"""The chain of a book on both engines: what was written verifies, and every tampering is named."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from charter.core import clock
from charter.core.db import CITY, commit, db
from charter.core.errors import Refused
from charter.incidents import amending, chain, finding, following, people, reading
from charter.incidents.choices import Cctv
from charter.incidents.finding import Sought
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
    assert [each.number for each in finding.page(book, Sought()).entries] == [3, 2, 1]
    assert db.session.query(Entry).count() == 3


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "said",
    [
        {"licence": {"refused-because": "CANARY"}},
        {"licence": {"bag-number": "7"}},
        {"licence": {"refused-count": "7"}},
        {"licence": {"CANARY": 7}},
        {"relation": "CANARY"},
        {"known_by": "CANARY"},
        {"who_left": "CANARY"},
        {"wish": ("CANARY",)},
        {"cctv": "CANARY"},
        {"severity": 9},
        {"acted": "CANARY"},
        {"kinds": ("sexual.canary",)},
        {"actions": ("canary",)},
    ],
    ids=str,
)
def test_nothing_that_is_typed_stands_among_the_facts(app: Flask, said: dict[str, Any]):
    """Facts stay when words are destroyed, so they are answers that were offered and no others."""
    with app.app_context():
        venue_id = make_venue(state="working").id
        by = writer(make_user().id)
        with pytest.raises(Refused):
            make_entry(venue_id, by, **said)
        kept = make_entry(venue_id, by)
        number = kept.number
        book_lock(venue_id)
        venue = db.session.get_one(Venue, venue_id)
        one = reading.entry(venue_id, number)
        assert one is not None
        with pytest.raises(Refused):
            amending.amend(one, venue, said, {}, by, why="x")
        db.session.rollback()
        assert only(venue_id).entries == 1
        db.session.remove()


@pytest.mark.sqlite_only
def test_a_form_of_somebody_else_makes_no_entry_and_no_fault(app: Flask):
    with app.app_context():
        venue_id = make_venue(state="working").id
        mine, theirs = writer(make_user().id), writer(make_user().id)
        first = make_entry(venue_id, mine, once="a" * 32).id
        assert make_entry(venue_id, mine, once="a" * 32).id == first
        with pytest.raises(Refused, match="saved before"):
            make_entry(venue_id, theirs, once="a" * 32)
        db.session.rollback()
        assert only(venue_id).entries == 1
        db.session.remove()
