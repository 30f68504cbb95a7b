"""The pages of the room map: looked at, set up by tapping, and an entry's spot."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select

from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.core.trail import TrailEntry
from charter.incidents import reading
from charter.incidents.models import BookLine
from charter.rooms import layout, service
from charter.rooms.models import MapLook
from tests.builders.accounts import make_member
from tests.builders.commitments import Scene, make_scene, under_lock
from tests.builders.floorplans import make_entries, make_plan, make_rooms, put
from tests.builders.incidents import make_entry, writer
from tests.builders.pictures import SCRIPT, make_picture
from tests.page import Page, text_of
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[int], Visitor]
NASTY = '<script>alert("x")</script> & \'"'


@pytest.fixture
def scene(app: Flask) -> Scene:
    """A venue at work, with a bar, a dance floor and a door."""
    with app.app_context():
        made = make_scene(name="The Lantern")
        make_rooms(made)
        return made


@pytest.fixture
def champion(as_: As, scene: Scene) -> Visitor:
    """Its champion."""
    return as_(scene.champion)


@pytest.fixture
def rooms(app: Flask, scene: Scene) -> dict[str, int]:
    """Its rooms by their names."""
    with app.app_context():
        return {room.name: room.zone_id for room in service.venue(scene.venue).rooms}


def on_the_map(page: Page) -> dict[str, str]:
    """What each room's drawing says, by its number and name."""
    found = {}
    for group in page.all("*"):
        is_group = group.tag.endswith("}g")
        titles = [text_of(each) for each in group if is_group and each.tag.endswith("}title")]
        if titles and not titles[0].startswith("Camera"):
            name, _, said = titles[0].rpartition(": ")
            found[name.replace(". ", " · ", 1)] = said
    return found


def in_the_table(page: Page) -> dict[str, str]:
    """What the table says of each room, by its number and name."""
    return {row[0]: row[1] for row in page.rows[1:] if len(row) == 4}


def test_the_map_and_its_table_say_the_same_for_every_filter(
    app: Flask, champion: Visitor, scene: Scene, rooms: dict[str, int]
) -> None:
    floor, bar = rooms["Dance floor"], rooms["Main bar"]
    with app.app_context():
        make_entries(
            scene.venue,
            [
                *[{"zone_id": floor, "ago": n, "part": "midnight"} for n in range(12)],
                *[{"zone_id": bar, "category": "violence", "ago": 40}] * 4,
                *[{"zone_id": bar, "ago": 200}] * 5,
                {"ago": 2},
            ],
        )
        put(scene, floor)
        put(scene, bar, 800, 300, size="small", floor=2)
    url = f"/venues/{scene.venue}/rooms"
    strange = "?span=x&category=nothing&part=9&weekday=77"
    for asked in ("", "?span=12-weeks", "?span=12-months", "?category=violence&span=12-weeks",
                  "?part=midnight", "?weekday=4", strange):  # fmt: skip
        page = champion.get(f"{url}{asked}")
        table, drawn = in_the_table(page), on_the_map(page)
        assert table.pop("Entries without a room") in ("0", "1")
        assert {name: re.sub(r" entries$", "", said) for name, said in drawn.items()} == table
        assert "A quiet room is no proof of a safe one" in page.text
    assert in_the_table(champion.get(url))["3 · Dance floor"] == "12"
    assert in_the_table(champion.get(url))["2 · Main bar"] == "few or not recorded"
    year = champion.get(f"{url}?span=12-months")
    assert in_the_table(year)["2 · Main bar"] == "9"
    [row] = [each for each in year.rows if each[0] == "2 · Main bar"]
    assert "Sexual 5" in row[2]
    assert "Violence 4" in row[2]
    few = champion.get(f"{url}?weekday=4")
    assert "The last 4 weeks" in few.text
    assert in_the_table(few)["3 · Dance floor"] == "few or not recorded"


def test_whoever_works_there_looks_at_it_and_nobody_else(
    app: Flask, as_: As, scene: Scene, rooms: dict[str, int]
) -> None:
    with app.app_context():
        staff = make_member(Role.STAFF, venue=scene.venue).id
        make_entry(scene.venue, writer(scene.champion), zone_id=rooms["Main bar"], said="Canary")
        plan = make_plan(scene)
        other = make_scene()
    url = f"/venues/{scene.venue}/rooms"
    page = as_(staff).get(url)
    assert "Canary" not in page.html
    assert "We looked at the map" not in page.text
    assert "set-up" not in page.html
    as_(staff).get(f"{url}/set-up", 404)
    as_(staff).post(f"{url}/looked", status=404)
    as_(scene.officer).get(url, 404)
    as_(other.champion).get(url, 404)
    picture = as_(staff).answer(f"{url}/plans/{plan}/picture")
    assert picture.mimetype in ("image/png", "image/jpeg")
    assert picture.headers["Cache-Control"] == "no-store, private"
    assert as_(other.champion).answer(f"{url}/plans/{plan}/picture").status_code == 404
    there = f"/venues/{other.venue}/rooms/plans/{plan}/picture"
    assert as_(other.champion).answer(there).status_code == 404


def test_that_the_team_looked_is_noted_once_a_night(
    app: Flask, champion: Visitor, scene: Scene
) -> None:
    url = f"/venues/{scene.venue}/rooms"
    for _ in range(2):
        champion.post(f"{url}/looked")
    page = champion.get(url)
    assert "It is noted that you looked at the map" in page.text
    assert "We looked at the map" not in [b for form in page.forms for b in form.buttons]
    with app.app_context():
        assert [row.how for row in db.session.scalars(select(MapLook))] == ["map"]
        verb = TrailEntry.verb == "map.looked"
        assert db.session.scalar(select(func.count()).where(verb)) == 1


def test_names_are_escaped_wherever_they_are_drawn(
    app: Flask, champion: Visitor, scene: Scene
) -> None:
    with app.app_context():
        zone = make_rooms(scene, [("seating", NASTY)])[-1]
        make_entries(scene.venue, [{"zone_id": zone}] * 3)
        make_plan(scene, name=NASTY[:60])
        hang = partial(service.save_camera, scene.venue, NASTY[:40], 1, (1, 1), by=scene.champion)
        under_lock(scene.venue, hang)
        put(scene, zone)
    for path in ("", "/set-up", "/plan", "/cameras", f"/place/{zone}"):
        page = champion.answer(f"/venues/{scene.venue}/rooms{path}").get_data(as_text=True)
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
        champion.get(f"/venues/{scene.venue}/rooms{path}")


def test_a_champion_draws_the_whole_map_by_taps(
    app: Flask, champion: Visitor, scene: Scene, rooms: dict[str, int]
) -> None:
    url = f"/venues/{scene.venue}/rooms"
    page = champion.get(f"{url}/set-up")
    assert "0 of 3 are on it" in page.text
    plan = champion.get(page.link("Add a picture")).form()
    upload = (io.BytesIO(make_picture("PNG", (120, 60))), "plan.png")
    champion.post(plan.action, {"number": "1", "name": "Ground floor", "file": upload})
    page = champion.get(f"{url}/set-up")
    assert "Ground floor: with a picture" in page.text
    at = page.link("Put the first room on the plan")
    # The plan is twice as wide as it is high, shown 288 or 640 pixels wide.
    for tap in ({"tap-288.x": "144", "tap-288.y": "72"}, {"tap-640.x": "0", "tap-640.y": "319"},
                {"across": "25", "down": "75"}):  # fmt: skip
        form = champion.get(at).form(at_action(champion, at))
        at = champion.goes_to(champion.post(form.action, {"size": "small", **tap}))
    assert at == f"{url}/set-up"
    page = champion.get(at)
    assert "Every room is on the plan" in page.text
    with app.app_context():
        boxes = service.venue(scene.venue).boxes
    assert boxes[rooms["Queue and door"]] == (1, layout.Box(440, 440, 120, 120))
    assert boxes[rooms["Main bar"]] == (1, layout.Box(0, 880, 120, 120))
    assert boxes[rooms["Dance floor"]] == (1, layout.Box(190, 690, 120, 120))
    page = champion.get(url)
    assert f"{url}/plans/" in page.html
    assert set(on_the_map(page).values()) == {"few or not recorded"}


def at_action(champion: Visitor, path: str) -> str:
    """Where the form goes that puts a room on a page's plan."""
    actions = [form.action for form in champion.get(path).forms if form.method == "post"]
    return next(action for action in actions if "take-off" not in action)


def test_two_corners_make_the_box_and_a_keyboard_is_told_how(
    app: Flask, champion: Visitor, scene: Scene, rooms: dict[str, int]
) -> None:
    zone = rooms["Main bar"]
    url = f"/venues/{scene.venue}/rooms/place/{zone}"
    key = {"size": "corners", "tap-640.x": "0", "tap-640.y": "0"}
    assert "With a keyboard" in champion.refused(url, key).errors[0]
    assert "Tap on the plan" in champion.refused(url, {"size": "small"}).errors[0]
    assert "Enter both" in champion.refused(url, {"size": "small", "across": "3"}).errors[0]
    for wrong in ("101", "x", "-1", "9" * 12):
        refused = champion.refused(url, {"size": "small", "across": wrong, "down": "1"})
        assert refused.errors == ["Enter a whole number from 0 to 100"]
    assert champion.refused(url, {"size": "giant", "across": "1", "down": "1"}).errors
    first = champion.goes_to(champion.post(url, {"size": "corners", "across": "60", "down": "50"}))
    page = champion.get(first)
    assert "Now tap the opposite corner" in page.text
    action = at_action(champion, first)
    champion.post(action, {"size": "corners", "across": "10", "down": "20"})
    with app.app_context():
        assert service.venue(scene.venue).boxes[zone] == (1, layout.Box(100, 200, 500, 300))
    page = champion.get(url)
    assert "It is on the plan" in page.text
    champion.post(f"{url}/take-off")
    with app.app_context():
        assert service.venue(scene.venue).boxes == {}
    champion.get(f"/venues/{scene.venue}/rooms/place/999999", 404)


def test_a_hostile_file_is_no_plan_and_says_how_to_mend_it(
    app: Flask, champion: Visitor, scene: Scene
) -> None:
    url = f"/venues/{scene.venue}/rooms/plan"
    for bad in (SCRIPT, b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
                b"%PDF-1.7\n%%EOF\n", make_picture()[:200]):  # fmt: skip
        upload = (io.BytesIO(bad), "plan.png")
        page = champion.refused(url, {"number": "1", "name": "G", "file": upload})
        assert len(page.errors) == 1
    assert champion.refused(url, {"number": "7", "name": "G"}).errors
    with app.app_context():
        assert service.floors(scene.venue) == []
    champion.post(url, {"number": "1", "name": "Ground"})
    second = champion.get(f"{url}?floor=2").form(url)
    assert second.fields["number"] == "2"
    champion.post(url, {"number": "2", "name": ""})
    with app.app_context():
        assert [each.title for each in service.floors(scene.venue)] == ["Ground", "Floor 2"]


def test_cameras_are_hung_moved_and_taken_off(app: Flask, champion: Visitor, scene: Scene) -> None:
    url = f"/venues/{scene.venue}/rooms/cameras"
    assert champion.refused(url, {"name": ""}).errors[0].startswith("Enter what people call")
    champion.post(url, {"name": "Door", "tap-288.x": "144", "tap-288.y": "60"})
    champion.post(url, {"name": "Somewhere"})
    with app.app_context():
        door, somewhere = service.cameras(scene.venue)
    assert (door.x, somewhere.x) == (500, None)
    page = champion.get(url)
    assert "B Somewhere (not on the plan)" in page.text
    own = f"{url}/{door.camera_id}"
    assert champion.get(own).h1 == "Camera A: Door"
    champion.post(own, {"name": "Front door"})
    with app.app_context():
        assert service.cameras(scene.venue)[0].x == 500
    champion.post(own, {"name": "Front door", "across": "10", "down": "10"})
    with app.app_context():
        assert service.cameras(scene.venue)[0].x == 100
    assert "Camera A: Front door" in champion.get(f"/venues/{scene.venue}/rooms").html
    champion.post(f"{own}/remove")
    champion.get(own, 404)


def test_a_change_says_what_came_before_and_after(
    app: Flask, champion: Visitor, scene: Scene, rooms: dict[str, int]
) -> None:
    url = f"/venues/{scene.venue}/rooms/changes"
    assert "Nothing written down yet" in champion.get(url).text
    form = champion.get(f"{url}/new").form()
    assert champion.refused(f"{url}/new", {}).errors
    with app.app_context():
        day = clock.today() - timedelta(days=20)
    sent = form.filled(
        what="A lamp <b>", zone=str(rooms["Main bar"]),
        **{"done_on-day": day.day, "done_on-month": day.month, "done_on-year": day.year},
    )  # fmt: skip
    del sent["csrf_token"]
    for _ in range(2):
        champion.post(f"{url}/new", sent)
    with app.app_context():
        [change] = [row.id for row in service.changes(scene.venue)]
        make_entries(
            scene.venue, [{"zone_id": rooms["Main bar"], "ago": n} for n in (10, 30, 40, 120)]
        )
    page = champion.get(f"{url}/{change}")
    assert "2 entries in " in page.text
    assert "Few entries: this may be chance." in page.text
    assert "A lamp <b>" in page.h1
    assert ["Sexual", "2", "1"] in page.rows
    champion.post(f"{url}/{change}/drop")
    champion.get(f"{url}/{change}", 404)


def test_a_spot_is_tapped_shown_and_then_added_to_the_entry(
    app: Flask, as_: As, champion: Visitor, scene: Scene, rooms: dict[str, int]
) -> None:
    bar = rooms["Main bar"]
    with app.app_context():
        put(scene, bar, 500, 500, size="large")
        put(scene, rooms["Dance floor"], 500, 500, size="large", floor=2)
        under_lock(
            scene.venue, lambda: service.save_floor(scene.venue, 2, "Up", None, by=scene.champion)
        )
        staff = make_member(Role.STAFF, venue=scene.venue).id
        make_entry(scene.venue, writer(scene.champion))
        make_entry(scene.venue, writer(staff, manages=False))
        make_entry(scene.venue, writer(staff, manages=False), kinds=("staff.by-manager",))
    url = f"/venues/{scene.venue}/book/1/spot"
    as_(staff).get(url, 404)
    champion.get(f"/venues/{scene.venue}/book/3/spot", 404)
    assert "Tap on the plan" in champion.refused(url, {}).errors[0]
    shown = champion.goes_to(champion.post(url, {"tap-640.x": "320", "tap-640.y": "224"}))
    page = champion.get(shown)
    assert "That is in room 2: Main bar" in page.text
    action = next(form.action for form in page.forms if "save" in form.names)
    assert page.form(action).buttons[:2] == ["Save the spot and this room", "Save the spot"]
    champion.post(action, {"save": "both"})
    with app.app_context():
        entry = reading.entry(scene.venue, 1)
        assert entry is not None
        assert (entry.zone_id, entry.spot_x, entry.spot_y) == (bar, 500, 500)
        lines = list(db.session.scalars(select(BookLine).where(BookLine.entry_id == entry.id)))
        assert lines[-1].kind == "added"
        assert lines[-1].facts == {"set": {"zone_id": bar, "spot_x": 500, "spot_y": 500}}
    # On another floor the entry's own room is not there: neither can be saved.
    up = champion.get(f"{url}?floor=2&x=500&y=500")
    assert "tap inside one of the rooms" in up.text
    assert "save" not in {name for form in up.forms for name in form.names}
    own = f"/venues/{scene.venue}/book/2/spot"
    as_(staff).post(f"{own}?floor=2&x=500&y=500", {"save": "both"})
    with app.app_context():
        entry = reading.entry(scene.venue, 2)
        assert entry is not None
        assert entry.zone_id == rooms["Dance floor"]
        later = clock.now() + timedelta(hours=25)
    with clock.moved_to(later):
        went = as_(staff).answer(own)
        assert went.status_code == 303
        assert as_(scene.champion).get(own).status == 200
