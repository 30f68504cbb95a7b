"""Checks by the office on the same questions: who sees them when, and beside what was said."""

import io
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from charter.audits.models import Audit
from charter.audits.rules import Kind
from charter.audits.template import Question
from charter.core.access import Role
from charter.core.db import CITY, db
from charter.core.trail import TrailEntry
from charter.office import checked
from charter.venues.models import Venue
from tests.builders.accounts import make_member
from tests.builders.audits import form_of, good, make_template, make_walk, opened, weak
from tests.builders.commitments import Scene, make_scene
from tests.builders.floorplans import make_rooms
from tests.builders.pictures import make_picture
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[int], Visitor]
NOW = {"size": "quick", "is_open": "yes", "is_dark": "yes", "fullness": "full", "weather": "wet"}


@pytest.fixture
def scene(app: Flask) -> Scene:
    """A venue at work with a door and toilets."""
    with app.app_context():
        made = make_scene(name="The Lantern")
        make_rooms(made, [("door", "Door"), ("womens-toilets", "Toilets")])
        make_template()
        return made


def at(scene: Scene, *parts: object) -> str:
    """An address among the office's checks of a venue."""
    return "/".join([f"/venues/{scene.venue}/space-checks", *map(str, parts)])


def about_walks(app: Flask, chain: int) -> list[str]:
    """What a chain of the trail says of walks."""
    with app.app_context():
        query = select(TrailEntry.verb).where(TrailEntry.chain == chain).order_by(TrailEntry.number)
        return [verb for verb in db.session.scalars(query) if verb.startswith("audit.")]


def test_a_check_is_the_offices_until_it_is_finished(app: Flask, scene: Scene, as_: As) -> None:
    officer, champion = as_(scene.officer), as_(scene.champion)
    assert "No check yet" in officer.get(at(scene)).text
    once = next(str(f.fields["once"]) for f in officer.get(at(scene, "begin")).forms)
    refused = officer.refused(at(scene, "begin"), NOW | {"once": once})
    assert "what kind of check" in refused.text
    sent = NOW | {"once": once, "kind": "covert"}
    officer.post(at(scene, "begin"), sent)
    own = f"/venues/{scene.venue}/audits"
    assert about_walks(app, scene.venue) == []
    champion.get(at(scene), 404)
    champion.get(f"{own}/1", 404)
    champion.get(f"{own}/1/rooms/walk-up", 404)
    assert "Under way" in officer.get(at(scene)).text
    with app.app_context():
        walk = opened(scene.venue, 1)
        room = next(each for each in walk.rooms if each.name == "Door")
        assert walk.kind is Kind.COVERT
    shot = {"light-photo": (io.BytesIO(make_picture()), "x.jpg"), "nobody": "y"}
    officer.post(at(scene, 1, "rooms", room.place), form_of(room, weak) | shot)
    champion.get(f"{own}/photos/1", 404)
    assert officer.answer(at(scene, "photos", 1)).mimetype == "image/jpeg"
    assert about_walks(app, scene.venue) == []
    assert about_walks(app, CITY) == ["audit.begun", "audit.answered"]
    # A guest does not get into every room: what was not looked at is left open.
    finish = {name: value for name, value in NOW.items() if name != "size"}
    officer.post(at(scene, 1, "finish"), finish)
    assert about_walks(app, scene.venue) == ["audit.finished"]
    assert champion.answer(f"{own}/photos/1").mimetype == "image/jpeg"
    page = champion.get(own)
    assert "as a guest" in page.text
    assert "Door" in champion.get(f"{own}/1").text
    assert champion.answer(f"{own}/1/report.pdf").data.startswith(b"%PDF")
    assert "without a person and a day" in page.text
    champion.get(f"{own}/actions/1")
    officer.get(f"{own}/1/finish", 404)
    with app.app_context():
        assert db.session.scalars(select(Audit)).one().is_whole is False


def test_nothing_answered_is_no_check(app: Flask, scene: Scene, as_: As) -> None:
    officer = as_(scene.officer)
    once = next(str(f.fields["once"]) for f in officer.get(at(scene, "begin")).forms)
    officer.post(at(scene, "begin"), NOW | {"once": once, "kind": "announced"})
    finish = {name: value for name, value in NOW.items() if name != "size"}
    assert "Nothing is answered" in officer.refused(at(scene, 1, "finish"), finish).text
    officer.post(at(scene, 1, "drop"), {"sure": "y"})
    officer.get(at(scene, 1), 404)


def test_a_check_stands_beside_the_walk_before_it_and_the_claim(
    app: Flask, scene: Scene, as_: As
) -> None:
    def poster_is_gone(question: Question) -> int:
        return weak(question) if question.key == "womens-toilets.poster" else good(question)

    with app.app_context():
        first = make_walk(scene.venue, scene.officer, kind=Kind.UNANNOUNCED)
        make_walk(scene.venue, scene.champion)
        check = make_walk(scene.venue, scene.officer, kind=Kind.COVERT, say=poster_is_gone)
        make_walk(scene.venue, scene.champion, say=weak)
        venue = db.session.get_one(Venue, scene.venue)
        found = checked.beside(venue, check)
        assert found is not None
        [gap] = found.gaps
        assert gap.both.gap == "The check found it worse"
        assert gap.claim.startswith("2.2")
        assert gap.state
        assert found.agreed == len(found.rows) - 1
        nothing = checked.beside(venue, first)
        assert nothing is not None
        assert (nothing.own, nothing.rows) == (None, [])
        auditor = make_member(Role.AUDITOR, venue=scene.venue).id
    for who in (scene.officer, auditor):
        page = as_(who).get(f"/office/venues/{scene.venue}/space-checks/{check}")
        assert "The check found it worse" in page.text
    page = as_(scene.officer).get(f"/office/venues/{scene.venue}/space-checks/{first}")
    assert "nothing to set beside it" in page.text
    as_(scene.champion).get(f"/office/venues/{scene.venue}/space-checks/{check}", 404)
    as_(scene.officer).get(f"/office/venues/{scene.venue}/space-checks/2", 404)
