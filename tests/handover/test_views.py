"""The pages of a champion who goes and of one who comes, and how people find them."""

from collections.abc import Callable

import pytest
from flask import Flask

from charter.core.access import Role
from charter.core.db import db
from charter.proofs import service as proofs
from charter.venues.models import Operator, Venue, VenueState
from tests.builders.accounts import last_link, mails, make_member
from tests.builders.commitments import Scene, hand_in, make_scene, restate
from tests.builders.handover import House, make_house
from tests.builders.venues import make_venue
from tests.counting import counted
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[int], Visitor]
HOME_STATEMENTS = 10  # as tests/test_statements.py has it, sign-in and roles included


@pytest.fixture
def house(app: Flask) -> House:
    """A venue with something of everything."""
    with app.app_context():
        return make_house()


@pytest.fixture
def scene(app: Flask) -> Scene:
    """A venue that has just signed."""
    with app.app_context():
        scene = make_scene(name="The Bell")
        restate(scene.venue)
        return scene


def test_the_handover_page_says_it_all_and_leads_there(as_: As, house: House) -> None:
    page = as_(house.scene.champion).get(f"/venues/{house.venue}/handover")
    assert page.h1 == "Handover"
    assert page.facts["Champion"].startswith("Cleo Champion, since ")
    assert page.facts["Stand-in"].startswith("Stella Stand")
    assert page.facts["Manager"].startswith("Mo Manager")
    assert page.facts["The night office"] == "office@charter.example"
    assert "0 of 7 commitments met. 1 has lapsed. This venue has no certificate now." in page.text
    assert page.facts["Incident book"] == "Behind the till"
    assert page.facts["Posters and codes"] == "Long bar"
    for words in (
        "Has lapsed", "Came back from the night office", "too dark to read",
        "Ends within 60 days", "Begun, and not handed in", "Not begun",
        "Questions without an answer yet", "1 new starter works without",
        "2 of 5 people who work with customers are trained",
        ", City Hall, room 2: 3 people from here, 1 of them waiting for a place",
        "choose Print",
    ):  # fmt: skip
        assert words in page.text, words
    assert page.link("3.1").endswith("/requirements/staff.policy")
    assert f"/venues/{house.venue}/proofs/{house.paper}" in [link.href for link in page.links]
    # Names of the list are the list's: only the team's own stand here.
    assert "Nina New" not in page.html
    assert "Old Hand" not in page.html


def test_who_may_read_it(app: Flask, as_: As, house: House) -> None:
    with app.app_context():
        operator = Operator(name="Quiet Nights")
        db.session.add(operator)
        db.session.commit()
        db.session.get_one(Venue, house.venue).operator_id = operator.id
        db.session.commit()
        area = make_member(Role.AREA_MANAGER, operator=operator).id
        staff = make_member(Role.STAFF, venue=house.venue).id
        other = make_member(Role.CHAMPION, venue=make_venue()).id
        auditor = make_member(Role.AUDITOR, venue=house.venue).id
    for page in ("handover", "first-week"):
        path = f"/venues/{house.venue}/{page}"
        for user_id in (house.scene.champion, house.stand_in, house.manager, area):
            as_(user_id).get(path)
        for user_id in (staff, other, auditor, house.scene.officer):
            as_(user_id).get(path, 404)


def test_a_venue_that_has_not_signed_says_so(app: Flask, as_: As) -> None:
    with app.app_context():
        venue = make_venue(state=VenueState.WAITING).id
        champion = make_member(Role.CHAMPION, venue=venue).id
    for page in ("handover", "first-week"):
        assert "not signed" in as_(champion).get(f"/venues/{venue}/{page}").text


def test_home_and_team_lead_to_the_handover(as_: As, house: House) -> None:
    visitor = as_(house.manager)
    for path in ("", "team"):
        page = visitor.get(f"/venues/{house.venue}/{path}")
        assert page.link("Hand over to somebody else") == f"/venues/{house.venue}/handover"


def test_a_champion_who_leaves_today_is_missed_today(
    app: Flask, as_: As, house: House, scene: Scene
) -> None:
    officer = as_(house.scene.officer)
    without = "/office/venues?needs=champion"
    assert "The Blue Lantern" not in officer.get(without).text
    as_(house.scene.champion).post(f"/venues/{house.venue}/leave")
    assert "The Blue Lantern" in officer.get(without).text
    assert "The Bell" not in officer.get(without).text
    assert officer.get("/office/").link("without a champion") == without
    assert "1 without a champion" in officer.get("/office/").text
    with app.app_context():
        people = {mails("champion-left")[n] for n in range(2)}
        assert len(mails("champion-left")) == 2
        link = last_link("champion-left", sorted(people)[0])
    for user_id in (house.stand_in, house.manager):
        page = as_(user_id).get(link)
        assert page.facts["Champion"].endswith("Before that: Cleo Champion.")
        assert page.facts["Champion"].startswith("Nobody since ")
        assert "no champion now" in page.text
    assert as_(house.manager).get(link).link("Name a new champion").endswith("/team/invite")
    assert "can name a new one" in as_(house.stand_in).get(link).text


def test_a_new_champion_is_led_through_the_first_week(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        new = make_member(Role.CHAMPION, venue=scene.venue, name="Nell New").id
        manager = make_member(Role.MANAGER, venue=scene.venue).id
    visitor = as_(new)
    home = f"/venues/{scene.venue}/"
    page = visitor.get(visitor.get(home).link("Your first week: 0 of 4 done"))
    assert page.h1 == "The first week"
    assert "Thank you for taking this on" in page.text
    with app.app_context():
        asked = proofs.asked(scene.venue, "champion.named")
        assert asked is not None
    agree = page.link("1. Agree to be the champion")
    assert agree.endswith("/requirements/champion.named")
    visitor.get(agree)
    with app.app_context():
        hand_in(scene.venue, "champion.named", by=new)
    assert visitor.get(home).link("Your first week: 1 of 4 done")
    assert "1 of 4 done" in visitor.get(f"{home}first-week").text
    for other in (manager, scene.champion):
        assert "Your first week" not in as_(other).get(home).text
    assert "The first steps of Nell New" in as_(manager).get(f"{home}first-week").text


def test_every_step_leads_to_a_page(app: Flask, as_: As, scene: Scene) -> None:
    visitor = as_(scene.champion)
    page = visitor.get(f"/venues/{scene.venue}/first-week")
    steps = [link.href for link in page.links if link.text[:2] in {f"{n}." for n in range(1, 8)}]
    assert len(steps) == 7
    for href in steps:
        visitor.get(href)


def test_the_card_costs_the_home_one_statement_and_only_a_new_champions(
    app: Flask, as_: As, scene: Scene
) -> None:
    with app.app_context():
        new = make_member(Role.CHAMPION, venue=scene.venue).id
    costs = []
    for user_id in (scene.champion, new):
        visitor = as_(user_id)
        visitor.get(f"/venues/{scene.venue}/")
        with counted(app) as seen:
            visitor.get(f"/venues/{scene.venue}/")
        costs.append(len(seen))
    assert costs[1] == costs[0] + 1
    assert costs[0] <= HOME_STATEMENTS + 1, seen
