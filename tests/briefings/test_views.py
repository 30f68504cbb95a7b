"""Pages of the briefing and of spot checks, as a venue, the office and a new starter use them."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from charter.briefings import service
from charter.briefings.checks import By
from charter.briefings.models import SpotCheck
from charter.core import clock
from charter.core.db import Model, db
from charter.rooms import service as service_of_rooms
from charter.training.models import TrainingRecord
from tests.builders.briefings import make_check, make_starter, make_tonight
from tests.builders.commitments import Scene, make_scene, under_lock
from tests.builders.floorplans import make_entries, make_plan, make_rooms, put
from tests.page import PageForm
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[int], Visitor]


@pytest.fixture
def scene(app: Flask) -> Scene:
    """A venue at work."""
    with app.app_context():
        return make_scene(name="The Lantern")


@pytest.fixture
def champion(as_: As, scene: Scene) -> Visitor:
    """Its champion."""
    return as_(scene.champion)


def filled(form: PageForm, **answers: object) -> dict[str, object]:
    """A form with these answers; the visitor sends a token of its own."""
    data = form.filled(**answers)
    del data["csrf_token"]
    return data


def count(app: Flask, model: type[Model]) -> int | None:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model))


def test_from_an_empty_page_to_a_phone_that_says_you_are_ready(
    app: Flask, champion: Visitor, client: Visitor, scene: Scene
) -> None:
    url = f"/venues/{scene.venue}/briefing"
    assert "Your staff list is empty" in champion.get(url).text
    with app.app_context():
        make_starter(scene, "Samira Perry")
        make_starter(scene, "Old Hand", started_on=None)
    assert "Write your page" in champion.get(url).text
    champion.get(f"{url}/paper", 404)
    assert champion.refused(f"{url}/page", {}).errors[0].startswith("Enter where the incident book")
    page = filled(champion.get(f"{url}/page").form(), book_place="Under the till")
    assert champion.goes_to(champion.post(f"{url}/page", page)) == url
    assert champion.refused(f"{url}/tonight", {}).errors[0].startswith("Enter who is on tonight")
    champion.post(f"{url}/tonight", {"on_tonight": "Duty manager: Kim"})
    shown = champion.get(url)
    assert "Samira Perry, started" in shown.text
    assert "Old Hand, started" not in shown.text
    assert "0 of 2 on your list." in shown.text
    link = next(each.href for each in shown.links if each.text == "Hand this phone to the team")
    assert f"https://localhost{link}" in shown.text
    assert "https://localhost" not in champion.get(f"{url}/paper").text

    phone = client.get(link)
    for words in ("Under the till", "Duty manager: Kim", "I believe you", "office@charter.example"):
        assert words in phone.text
    assert "Samira P., bar" in phone.text
    assert "Perry" not in phone.text
    assert "Old" not in phone.text
    form = phone.form()
    assert client.refused(form.action, {}).errors == ["Tick the box once you have read the page"]
    assert client.refused(form.action, {"read": "y"}).errors == ["Choose your name, or type it"]
    wrong = client.refused(form.action, {"name": "<b>Kim", "read": "y"})
    assert "not on the list" in wrong.errors[0]
    [who] = form.options("person")
    strange = client.refused(form.action, {"person": "x", "read": "y"})
    assert strange.errors == ["Choose one of the options shown"]
    for _ in range(2):
        went = client.goes_to(client.post(form.action, {"person": who, "read": "y"}))
        assert went == f"{link}/ready"
        assert "Samira" not in went
    assert "You are ready" in client.get(went).text
    assert count(app, TrainingRecord) == 1
    assert "person" not in client.get(link).form().names
    for _ in range(2):
        client.post(form.action, {"name": "old hand", "read": "y"})
    assert count(app, TrainingRecord) == 1
    page = champion.get(url)
    assert "2 of 2 on your list: Old Hand, Samira Perry." in page.text
    assert "Nobody: everyone new" in page.text


def test_the_link_shows_where_to_look_and_no_number_plan_camera_fault_or_change(
    app: Flask, champion: Visitor, client: Visitor, scene: Scene
) -> None:
    with app.app_context():
        _door, bar, floor = make_rooms(scene)
        make_plan(scene, name="Canaryplan")
        put(scene, bar)
        by = {"by": scene.champion}
        under_lock(
            scene.venue,
            lambda: (
                service_of_rooms.save_camera(scene.venue, "Canarycam", 1, (9, 9), **by),
                service_of_rooms.record_change(
                    scene.venue,
                    bar,
                    clock.night_of(clock.now()),
                    "Canarychange",
                    once="c" * 32,
                    **by,
                ),
            ),
        )
        fault = {"category": "operational", "kinds": ["operational.cctv-fault"], "zone_id": bar}
        make_entries(scene.venue, [fault, *[{"zone_id": floor, "part": "midnight"}] * 17])
        make_entries(scene.venue, [{"zone_id": bar}] * 31, book=0)
        token = make_tonight(scene)
    page = client.get(f"/tonight/{token}")
    assert "Look in here first" in page.text
    assert "Dance floor. Most of all midnight to 2:00." in page.text
    assert "Main bar" in page.html
    for hidden in ("Canary", "CCTV", "camera", "entries", "/rooms/"):
        assert hidden not in page.html, hidden
    with app.app_context():
        make_entries(scene.venue, [{"zone_id": floor, "part": "midnight"}] * 5 + [fault])
    form = re.compile('name="csrf_token" type="hidden" value="[^"]+"')
    again = client.get(f"/tonight/{token}")
    assert form.sub("", again.html) == form.sub("", page.html)
    for path in ("", "/paper"):
        own = champion.get(f"/venues/{scene.venue}/briefing{path}")
        assert "Dance floor: 22 entries on " in own.text
        assert "Canarychange (Main bar). See whether it helps." in own.text
        assert "CCTV does not work, Main bar: still open" in own.text
        assert "24 entries in the book since" in own.text
        assert "Dance floor: 22 entries" in own.html
        assert "/rooms/plans/" in own.html


def test_a_link_that_ended_says_so_and_one_that_never_was_is_not_found(
    app: Flask, client: Visitor, scene: Scene
) -> None:
    with app.app_context():
        sam = make_starter(scene)
        token = make_tonight(scene)
        later = clock.now() + timedelta(days=2)
    answer = {"person": str(sam), "read": "y"}
    for path in (f"/tonight/{token}x", "/tonight/1"):
        client.get(path, 404)
        client.get(f"{path}/ready", 404)
        client.refused(path, answer, 404)
    with clock.moved_to(later):
        ended = client.get(f"/tonight/{token}", 410)
        client.get(f"/tonight/{token}/ready", 410)
        client.refused(f"/tonight/{token}", answer, 410)
    assert "Ask the duty manager for tonight’s" in ended.text
    assert "Lantern" not in ended.text
    assert count(app, TrainingRecord) == 0


def test_without_an_address_that_phones_reach_there_is_no_square(
    app: Flask, champion: Visitor, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        make_tonight(scene)
    url = f"/venues/{scene.venue}/briefing"
    assert "<svg" in champion.answer(f"{url}/paper").get_data(as_text=True)
    local = replace(app.extensions["charter.settings"], is_public=False)
    monkeypatch.setitem(app.extensions, "charter.settings", local)
    assert "no square to scan" in champion.get(url).text
    assert "<svg" not in champion.answer(f"{url}/paper").get_data(as_text=True)


def rows(*answers: tuple[str, str]) -> dict[str, str]:
    """What is typed about each person asked."""
    found = {}
    for number, (job, right) in enumerate(answers):
        found |= {f"people-{number}-job": job, f"people-{number}-right": right}
    return found


def test_a_venue_notes_its_own_check_row_by_row(
    app: Flask, champion: Visitor, scene: Scene
) -> None:
    url = f"/venues/{scene.venue}/checks/new"
    form = champion.get(url).form()
    assert "kind" not in form.names
    typed = filled(form, note="We went over the third", **rows(("bar", "3"), ("door", "")))
    refused = champion.refused(url, {**typed, "people-2-right": "1"})
    assert refused.errors == [
        "Choose how many answers were right",
        "Choose the job of this person",
    ]
    more = champion.refused(url, {**typed, "step": "more"}).form()
    assert "people-3-job" in more.names
    assert (more.fields["people-0-job"], more.fields["note"]) == ("bar", "We went over the third")
    assert champion.refused(url, filled(form)).errors[0].startswith("Enter the job of each person")
    late = {**typed, **rows(("bar", "3"), ("door", "2")), "done_on-year": "2199"}
    assert "still to come" in champion.refused(url, late).errors[0]
    assert count(app, SpotCheck) == 0
    good = filled(more, **rows(("bar", "3"), ("door", "2"), ("", ""), ("floor", "2")))
    for _ in range(2):
        went = champion.post(url, {**good, "kind": "covert", "step": "save"})
        assert champion.goes_to(went) == f"/venues/{scene.venue}/checks"
    page = champion.get(f"/venues/{scene.venue}/checks")
    assert "The venue’s own check: 3 of 3 knew enough" in page.text
    assert "Bar 3 of 3, Door 2 of 3, Floor 2 of 3" in page.text
    assert "No list" in page.text
    assert count(app, SpotCheck) == 1


def test_the_office_notes_a_visit_and_both_stand_side_by_side(
    app: Flask, as_: As, champion: Visitor, scene: Scene
) -> None:
    with app.app_context():
        make_starter(scene)
        make_check(scene, days_ago=4)
    officer = as_(scene.officer)
    index = f"/venues/{scene.venue}/checks"
    url = f"/office{index}/new"
    champion.get(url, 404)
    officer.get(f"{index}/new", 404)
    assert "Not yet" in officer.get(index).text
    form = officer.get(url).form()
    typed = filled(form, **rows(("bar", "1"), ("door", "1"), ("floor", "3")))
    assert officer.refused(url, typed).errors == ["Choose how you visited"]
    assert officer.refused(url, {**typed, "kind": By.SELF}).errors == [
        "Choose one of the options shown"
    ]
    officer.post(url, {**typed, "kind": By.COVERT})
    for who in (officer, champion):
        page = who.get(index)
        assert "The venue’s own check: 3 of 3. The office’s visit: 1 of 3." in page.text
        assert "They do not agree" in page.text
        assert "0 of 1" in page.text
        assert "The office’s covert visit: 1 of 3 knew enough" in page.text
    with app.app_context():
        assert service.unbriefed([scene.venue]) == {scene.venue: 1}
        make_check(scene)
    page = champion.get(index)
    assert "The newest check counts, but for what the venue asked on the day of" in page.text
    assert "it was not passed." in page.text
    assert "so it does not count. One from the next day on does." in page.text


def test_twenty_people_are_enough_for_one_check(champion: Visitor, scene: Scene) -> None:
    url = f"/venues/{scene.venue}/checks/new"
    full = rows(*([("bar", "3")] * 20))
    page = champion.refused(url, {**full, "step": "more"}).form()
    assert "Add one more person" not in page.buttons
    assert "people-20-job" not in page.names
    form = filled(champion.get(url).form())
    over = champion.refused(url, {**form, **rows(*([("bar", "3")] * 21))})
    assert "20 people at most" in over.errors[0]
