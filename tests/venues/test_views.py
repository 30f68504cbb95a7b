"""Pages of a venue's profile, as the venue's own people and the office use them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.venues import places, service
from charter.venues.models import Closure, Kind, Venue, VenueState
from tests.builders.accounts import make_member
from tests.builders.venues import make_venue
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[int], Visitor]
PAGES = ("identity", "licence", "places", "places/new", "closures/new")
HAND_OVER = ("owner", "leave")


@pytest.fixture
def venue_id(app: Flask) -> int:
    """A venue that has signed."""
    with app.app_context():
        return make_venue(name="The Lantern", state=VenueState.WORKING).id


@pytest.fixture
def champion(app: Flask, as_: As, venue_id: int) -> Visitor:
    """Its champion."""
    with app.app_context():
        who = make_member(Role.CHAMPION, venue=venue_id).id
    return as_(who)


@pytest.fixture
def manager(app: Flask, as_: As, venue_id: int) -> Visitor:
    """Its manager."""
    with app.app_context():
        who = make_member(Role.MANAGER, venue=venue_id).id
    return as_(who)


def venue_of(venue_id: int) -> Venue:
    venue = service.venue(venue_id)
    assert venue is not None
    return venue


def day_parts(name: str, days: int, app: Flask) -> dict[str, str]:
    with app.app_context():
        day = clock.today() + timedelta(days=days)
    return {
        f"{name}-day": str(day.day),
        f"{name}-month": str(day.month),
        f"{name}-year": str(day.year),
    }


def test_the_profile_says_what_is_known_and_not(champion: Visitor, venue_id: int) -> None:
    page = champion.get(f"/venues/{venue_id}/profile")
    assert page.facts["Name"] == "The Lantern"
    assert page.facts["Open"] == "Not told yet"
    for name in PAGES:
        champion.get(f"/venues/{venue_id}/profile/{name}")


def test_identity_is_saved_and_shown_again(app: Flask, champion: Visitor, venue_id: int) -> None:
    url = f"/venues/{venue_id}/profile/identity"
    form = champion.get(url).form()
    assert form.fields["name"] == "The Lantern"
    data = form.filled(postcode="ab9 9zz", kind=Kind.BAR.value, expected_people="1,200")
    del data["csrf_token"]
    went = champion.post(url, {**data, "nights": ["4", "5"]})
    assert champion.goes_to(went) == f"/venues/{venue_id}/profile"
    page = champion.get(f"/venues/{venue_id}/profile")
    assert page.facts["Open"] == "Friday and Saturday"
    assert page.facts["People on a busy night"] == "1200"
    assert "AB9 9ZZ" in page.facts["Address"]
    assert champion.get(url).form().fields["nights"] == ["4", "5"]
    wrong = champion.refused(url, {**data, "expected_people": "many", "postcode": "x"})
    assert wrong.errors == [
        "Enter a full postcode, like AA3 1AB",
        "Enter a whole number, like 120",
    ]


def test_licence_answers_may_be_unknown(champion: Visitor, venue_id: int) -> None:
    url = f"/venues/{venue_id}/profile/licence"
    champion.post(url, {"paper_book": "no", "cctv_days": "31", "retention_months": ""})
    facts = champion.get(f"/venues/{venue_id}/profile").facts
    assert (facts["Incident book on paper"], facts["CCTV kept"]) == ("No", "31 days")
    champion.post(url, {"paper_book": ""})
    facts = champion.get(f"/venues/{venue_id}/profile").facts
    assert facts["Incident book on paper"] == "Not told yet"
    assert "1 to 366" in champion.refused(url, {"cctv_days": "400"}).errors[0]


def test_places_are_ticked_and_named(app: Flask, champion: Visitor, venue_id: int) -> None:
    url = f"/venues/{venue_id}/profile/places"
    champion.post(url, {"kinds": ["main-bar", "womens-toilets"]})
    went = champion.post(f"{url}/new", {"kind": "second-bar", "name": "Roof bar"})
    assert champion.goes_to(went) == url
    page = champion.get(url)
    assert "Roof bar" in page.text
    assert set(page.form("").fields["kinds"]) == {"main-bar", "second-bar", "womens-toilets"}
    remove = next(form.action for form in page.forms if "Remove Roof bar" in form.buttons)
    champion.post(remove)
    with app.app_context():
        assert [room.name for room in places.rooms(venue_id)] == ["Main bar", "Women's toilets"]
    champion.post(f"{url}/999/remove", status=404)


def test_a_venue_closes_and_opens_again(app: Flask, champion: Visitor, venue_id: int) -> None:
    profile = f"/venues/{venue_id}/profile"
    first = day_parts("from_on", 0, app)
    champion.post(f"{profile}/closures/new", {**first, "reason": "new kitchen"})
    page = champion.get(profile)
    assert "new kitchen" in page.text
    reopen = page.link("Open again")
    wrong = champion.refused(reopen, day_parts("opens_on", -20, app))
    assert wrong.errors == ["Enter the day you open again, before the closure ends by itself"]
    champion.post(reopen, day_parts("opens_on", 5, app))
    with app.app_context():
        closure = db.session.query(Closure).one()
        assert closure.until_on == clock.today() + timedelta(days=4)
    champion.get(f"{profile}/closures/999/reopen", 404)


def test_only_who_speaks_for_the_owner_hands_the_venue_over(
    champion: Visitor, manager: Visitor, venue_id: int
) -> None:
    profile = f"/venues/{venue_id}/profile"
    for name in HAND_OVER:
        manager.get(f"{profile}/{name}")
        champion.get(f"{profile}/{name}", 404)
        champion.post(f"{profile}/{name}", {"sure": "y"}, 404)
    assert "Leave the charter" in manager.get(profile).text
    theirs = champion.get(profile).text
    assert "Leave the charter" not in theirs
    assert "the owner" not in theirs


def test_leaving_is_asked_once_and_says_what_is_lost(
    app: Flask, manager: Visitor, venue_id: int
) -> None:
    url = f"/venues/{venue_id}/profile/leave"
    page = manager.get(url)
    assert "certificate is withdrawn" in page.text
    assert "6 years" in page.text
    assert page.link("take a copy of everything") == f"/venues/{venue_id}/export"
    assert len(manager.refused(url, {"reason": "We close"}).errors) == 1
    manager.post(url, {"reason": "We close", "sure": "y"})
    with app.app_context():
        assert venue_of(venue_id).state == VenueState.LEFT
    assert "left the charter" in manager.get(f"/venues/{venue_id}/profile").text


def test_a_new_owner_is_told(app: Flask, manager: Visitor, venue_id: int) -> None:
    url = f"/venues/{venue_id}/profile/owner"
    manager.post(url, {**day_parts("since", -1, app), "sure": "y"})
    with app.app_context():
        assert venue_of(venue_id).owner_since == clock.today() - timedelta(days=1)


def test_only_who_looks_after_the_people_says_who_runs_it(
    app: Flask, as_: As, champion: Visitor, venue_id: int
) -> None:
    url = f"/venues/{venue_id}/profile/operator"
    champion.get(url, 404)
    with app.app_context():
        manager = make_member(Role.MANAGER, venue=venue_id).id
    as_(manager).post(url, {"name": "Night Owls Ltd"})
    assert champion.get(f"/venues/{venue_id}/profile").facts["Run by"] == "Night Owls Ltd"
    as_(manager).post(url, {"name": ""})
    assert champion.get(f"/venues/{venue_id}/profile").facts["Run by"] == "Nobody else"


def test_staff_read_and_other_venues_see_nothing(app: Flask, as_: As, venue_id: int) -> None:
    with app.app_context():
        staff = make_member(Role.STAFF, venue=venue_id).id
        stranger = make_member(Role.MANAGER, venue=make_venue()).id
    page = as_(staff).get(f"/venues/{venue_id}/profile")
    assert "Change" not in page.text
    as_(staff).get(f"/venues/{venue_id}/profile/identity", 404)
    as_(stranger).get(f"/venues/{venue_id}/profile", 404)
