"""Venues' verbs and questions: search, identity, owner, leaving, places and closures."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.errors import Refused
from charter.core.trail import TrailEntry
from charter.venues import places, service
from charter.venues.models import Kind, Venue, VenueState
from charter.venues.service import Identity, Licence
from tests.builders.accounts import make_member
from tests.builders.venues import make_venue

DAY = timedelta(days=1)


def begin(app: Flask, **overrides: object) -> tuple[int, int]:
    """A venue that has signed, and one of its managers: their ids, with the venue's lock taken."""
    values = {"state": VenueState.WORKING} | overrides
    venue_id = make_venue(**values).id
    by = make_member(Role.MANAGER, venue=venue_id).id
    db.session.rollback()
    lock(venue_id)
    return venue_id, by


def verbs(venue_id: int) -> list[str]:
    query = select(TrailEntry.verb).where(TrailEntry.chain == venue_id).order_by(TrailEntry.number)
    return list(db.session.scalars(query))


def test_a_search_finds_by_name_street_and_postcode_whatever_the_writing(app: Flask) -> None:
    with app.app_context():
        make_venue(name="Café Zoë & Sons", street="St. Mary's Hill", postcode="AA3 1AB")
        make_venue(name="The Zodiac", postcode="AA4 2CD")
        for words in ("cafe zoe", "ZOË", "aa31ab", "Aa3 1ab", "marys hill", "sons café", "&"):
            found = service.search(words)
            expected = [] if words == "&" else ["Café Zoë & Sons"]
            assert [venue.name for venue in found][: len(expected)] == expected, words
        assert service.search("z") == []
        assert service.search("%%") == service.search("__") == []


def test_a_search_shows_twenty_at_most_and_begins_with_the_name(app: Flask) -> None:
    with app.app_context():
        db.session.add_all(
            Venue(name=f"Bell {n}", name_key=f"bell {n:03}", search=f"bell {n} lantern lane",
                  kind=Kind.PUB) for n in range(40)
        )  # fmt: skip
        make_venue(name="The Lantern")
        found = service.search("lantern")
        assert len(found) == 20
        assert found[0].name == "The Lantern"


def test_a_search_is_one_statement(app: Flask) -> None:
    with app.app_context():
        make_venue()
        seen: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
        service.search("lantern quay")
        assert len([s for s in seen if s.startswith("SELECT")]) == 1


def test_a_twin_is_the_same_name_at_the_same_postcode(app: Flask) -> None:
    with app.app_context():
        venue = make_venue(name="The Crown & Anchor", postcode="AA3 1AB")
        assert service.twin("Crown and Anchor", "AA3 1AB") is venue
        assert service.twin("Crown and Anchor", "AA3 1AC") is None
        assert service.twin("Crown and Anchor", "") is None


def test_an_identity_is_written_with_all_that_follows_from_it(app: Flask) -> None:
    with app.app_context():
        venue_id, by = begin(app)
        identity = Identity("The Moth", "2 Hill", "Testbury", "AB9 9ZZ", Kind.BAR)
        service.identify(venue_id, identity, nights="45", expected_people=120, by=by)
        commit()
        venue = service.venue(venue_id)
        assert venue is not None
        assert (venue.name_key, venue.area, venue.search) == (
            "moth",
            "AB9",
            "the moth 2 hill ab9 9zz ab99zz",
        )
        db.session.rollback()
        lock(venue_id)
        service.identify(venue_id, identity, nights="45", expected_people=120, by=by)
        assert verbs(venue_id) == ["venue.changed"]


def test_another_venues_name_and_impossible_numbers_are_refused(app: Flask) -> None:
    with app.app_context():
        make_venue(name="The Moth", postcode="AB9 9ZZ")
        venue_id, by = begin(app)
        identity = Identity("Moth", "", "", "AB9 9ZZ", Kind.BAR)
        with pytest.raises(Refused, match="another venue"):
            service.identify(venue_id, identity, nights="", expected_people=None, by=by)
        with pytest.raises(Refused, match="1 to 366"):
            service.license_as(venue_id, Licence(cctv_days=367), by=by)
        with pytest.raises(Refused, match="1 to 120"):
            service.license_as(venue_id, Licence(retention_months=0), by=by)


def test_a_new_owner_is_recorded_once_and_not_ahead(app: Flask) -> None:
    with app.app_context():
        venue_id, by = begin(app)
        today = clock.today()
        with pytest.raises(Refused, match="today or earlier"):
            service.change_owner(venue_id, today + DAY, by=by)
        service.change_owner(venue_id, today - DAY, by=by)
        with pytest.raises(Refused, match="after the last change"):
            service.change_owner(venue_id, today - DAY, by=by)
        assert verbs(venue_id) == ["venue.owner-changed"]


def test_leaving_keeps_the_reason_and_is_for_those_that_signed(app: Flask) -> None:
    with app.app_context():
        venue_id, by = begin(app)
        with pytest.raises(Refused, match="why"):
            service.leave(venue_id, "  ", by=by)
        service.leave(venue_id, "We are moving away", by=by)
        venue = service.venue(venue_id)
        assert venue is not None
        assert (venue.state, venue.left_because) == (VenueState.LEFT, "We are moving away")
        with pytest.raises(Refused, match="has not signed"):
            service.leave(venue_id, "again", by=by)


def test_an_operator_is_known_by_its_name_whatever_the_capitals(app: Flask) -> None:
    with app.app_context():
        first, by = begin(app)
        commit()
        second = make_venue().id
        db.session.rollback()
        lock(CITY, first, second)
        service.set_operator(first, "Night Owls Ltd", by=by)
        service.set_operator(second, "night owls LTD", by=by)
        one, other = service.venue(first), service.venue(second)
        assert one is not None
        assert other is not None
        assert one.operator_id == other.operator_id is not None
        service.set_operator(first, None, by=by)
        assert one.operator_id is None


def test_rooms_are_ticked_added_removed_and_brought_back(app: Flask) -> None:
    with app.app_context():
        venue_id, by = begin(app)
        places.set_rooms(venue_id, ["main-bar", "womens-toilets", "door"], by=by)
        places.add_room(venue_id, "second-bar", "Roof bar", by=by)
        assert [room.name for room in places.rooms(venue_id)] == [
            "Queue and door",
            "Main bar",
            "Roof bar",
            "Women's toilets",
        ]
        assert places.places(venue_id) == {
            "entrance": ["Queue and door"],
            "bar": ["Main bar", "Roof bar"],
            "public-toilet": ["Women's toilets"],
        }
        with pytest.raises(Refused, match="a name of its own"):
            places.add_room(venue_id, "second-bar", "ROOF BAR", by=by)
        first = places.rooms(venue_id)[1].id
        places.remove_room(venue_id, first, by=by)
        places.remove_room(venue_id, first, by=by)
        assert places.places(venue_id)["bar"] == ["Roof bar"]
        places.set_rooms(venue_id, ["main-bar"], by=by)
        assert [room.id for room in places.rooms(venue_id)] == [first]
        assert verbs(venue_id) == ["venue.rooms-changed"] * 4
        places.set_rooms(venue_id, ["main-bar"], by=by)
        assert len(verbs(venue_id)) == 4
        with pytest.raises(Refused, match="shown"):
            places.set_rooms(venue_id, ["cctv", "moon"], by=by)


def test_a_room_of_another_venue_is_not_found(app: Flask) -> None:
    with app.app_context():
        other, by = begin(app)
        places.set_rooms(other, ["main-bar"], by=by)
        room = places.rooms(other)[0].id
        commit()
        mine, by = begin(app)
        with pytest.raises(Refused, match="no such place"):
            places.remove_room(mine, room, by=by)


def test_a_closure_pauses_named_days_and_ends_early(app: Flask) -> None:
    with app.app_context():
        venue_id, by = begin(app)
        today = clock.today()
        closure = places.close(venue_id, today - 3 * DAY, None, "new kitchen", by=by)
        with pytest.raises(Refused, match="already closed"):
            places.close(venue_id, today + 90 * DAY, today + 91 * DAY, "again", by=by)
        places.reopen(venue_id, closure.id, today, by=by)
        assert closure.until_on == today - DAY
        with pytest.raises(Refused, match="already over"):
            places.reopen(venue_id, closure.id, today, by=by)
        later = places.close(venue_id, today + 9 * DAY, today + 20 * DAY, "summer", by=by)
        places.reopen(venue_id, later.id, today + 9 * DAY, by=by)
        assert [each.id for each in places.closures(venue_id)] == [closure.id]
        assert verbs(venue_id) == ["venue.closed", "venue.reopened"] * 2


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (-15, None, "14 days"),
        (500, None, "12 months"),
        (5, 4, "on or after"),
        (0, 400, "12 months"),
    ],
)
def test_days_that_would_pause_too_much_are_refused(
    app: Flask, first: int, last: int | None, words: str
) -> None:
    with app.app_context():
        venue_id, by = begin(app)
        today = clock.today()
        until: date | None = None if last is None else today + last * DAY
        with pytest.raises(Refused, match=words):
            places.close(venue_id, today + first * DAY, until, "x", by=by)


def test_states_move_only_where_they_may(app: Flask) -> None:
    with app.app_context():
        venue_id, by = begin(app, state=VenueState.KNOWN)
        service.wait(venue_id)
        service.wait(venue_id)
        service.decline(venue_id, by=by)
        service.wait(venue_id)
        assert verbs(venue_id) == ["venue.signed-up", "venue.declined", "venue.signed-up"]
        assert service.count(VenueState.WAITING) == 1
        assert db.session.scalar(select(func.count()).select_from(Venue)) == service.count()
