"""The pages of safety walks: begun, answered, finished, read, printed, and mended."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from charter.audits import actions, service
from charter.audits.models import Action, Audit, AuditAnswer, AuditPhoto
from charter.audits.results import Room
from charter.audits.rules import State
from charter.audits.walks import Walk
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.core.trail import TrailEntry
from tests.builders.accounts import make_member
from tests.builders.audits import form_of, make_template, make_walk, opened, weak
from tests.builders.commitments import Scene, make_scene
from tests.builders.floorplans import make_rooms
from tests.builders.pictures import make_picture
from tests.page import Page
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[int], Visitor]
BEGIN = {"size": "quick", "is_open": "yes", "is_dark": "yes", "fullness": "half", "weather": "dry"}
FINISH = {
    "roles": ["bar", "door"],
    "woman": "yes",
    **{k: v for k, v in BEGIN.items() if k != "size"},
}
NOW = clock.now()
ROOMS = [("door", "Front door"), ("main-bar", "Main bar"), ("womens-toilets", "Women’s toilets")]


@pytest.fixture
def scene(app: Flask) -> Scene:
    """A venue at work with a door, a bar and toilets; the questions are loaded."""
    with app.app_context():
        made = make_scene(name="The Lantern")
        make_rooms(made, ROOMS)
        make_template()
        return made


@pytest.fixture
def champion(as_: As, scene: Scene) -> Visitor:
    """Its champion."""
    return as_(scene.champion)


def at(scene: Scene, *parts: object) -> str:
    """An address among a venue's walks."""
    return "/".join(["", "venues", str(scene.venue), "audits", *map(str, parts)])


def walked(app: Flask, scene: Scene, audit_id: int) -> Walk:
    """A walk as it is now, with what is read of it loaded."""
    with app.app_context():
        walk = opened(scene.venue, audit_id)
        assert walk.rooms
        db.session.expunge_all()
        return walk


def begun(champion: Visitor, scene: Scene, **more: Any) -> int:
    """Begin a walk by its form; its id."""
    page = champion.get(at(scene, "begin"))
    once = value(page, "once")
    answer = champion.post(at(scene, "begin"), BEGIN | {"once": once} | more)
    return int(champion.goes_to(answer).split("/")[4])


def rooms_of(app: Flask, scene: Scene, audit_id: int) -> list[Room]:
    """The rooms that a walk goes through."""
    return walked(app, scene, audit_id).rooms


def send(
    visitor: Visitor,
    scene: Scene,
    audit_id: int,
    room: Room,
    sent: dict[str, Any],
    status: int = 303,
) -> Any:
    """Send a form about a room."""
    return visitor.post(at(scene, audit_id, "rooms", room.place), sent, status)


def value(page: Page, name: str) -> str:
    """What a field of the page's forms holds."""
    return next(str(form.fields[name]) for form in page.forms if name in form.fields)


def test_a_quick_walk_goes_room_by_room_to_its_result(
    app: Flask, champion: Visitor, scene: Scene
) -> None:
    assert "No walk yet" in champion.get(at(scene)).text
    audit = begun(champion, scene)
    rooms = rooms_of(app, scene, audit)
    asked = sum(len(each.questions) for each in rooms)
    assert f"0 of {asked} questions" in champion.get(at(scene, audit)).text
    where = at(scene, audit, "rooms", rooms[0].place)
    for n, room in enumerate(rooms):
        assert where == at(scene, audit, "rooms", room.place)
        page = champion.get(where)
        assert f"place {n + 1} of {len(rooms)}" in page.text
        say = weak if n == 0 else (lambda each: next(iter(each.choices), 1))
        where = champion.goes_to(send(champion, scene, audit, room, form_of(room, say)))
    assert where == at(scene, audit)
    assert "Go on with your quick walk" in champion.get(at(scene)).text
    answer = champion.post(at(scene, audit, "finish"), FINISH)
    page = champion.get(champion.goes_to(answer))
    assert page.h1.startswith("What the walk of ")
    with app.app_context():
        weak_ones = db.session.scalar(select(func.count(Action.id)))
        assert weak_ones
        verbs = list(db.session.scalars(select(TrailEntry.verb).order_by(TrailEntry.id)))
    assert f"{weak_ones} thing" in page.text
    assert [each for each in verbs if each.startswith("audit.")] == [
        "audit.begun", *["audit.answered"] * len(rooms), "audit.finished",
    ]  # fmt: skip
    champion.get(at(scene, audit, "rooms", rooms[0].place), 404)
    champion.get(at(scene, audit, "finish"), 404)
    # Whoever had a room open meanwhile, or pressed twice, is told and shown what was found.
    for late in (("finish",), ("rooms", rooms[0].place)):
        answer = champion.post(at(scene, audit, *late), FINISH)
        assert champion.goes_to(answer) == at(scene, audit)
        assert "does not change any more" in champion.get(at(scene, audit)).text


def test_a_walk_is_finished_only_when_all_is_answered_or_left_out(
    app: Flask, champion: Visitor, scene: Scene
) -> None:
    audit = begun(champion, scene)
    first, *rest = rooms_of(app, scene, audit)
    refused = champion.refused(at(scene, audit, "finish"), FINISH)
    assert "no answer yet" in refused.text
    for room in rest:
        send(champion, scene, audit, room, form_of(room))
    out = at(scene, audit, "rooms", first.place, "leave-out")
    assert "Say why" in champion.refused(out, {"why": ""}).text
    champion.post(out, {"why": "The key is with the owner"})
    assert "Left out" in champion.get(at(scene, audit)).text
    none = champion.refused(at(scene, audit, "finish"), FINISH | {"roles": []})
    assert "Choose who walked" in none.text
    champion.post(at(scene, audit, "rooms", first.place, "take-in"))
    assert "no answer yet" in champion.refused(at(scene, audit, "finish"), FINISH).text
    champion.post(out, {"why": "Still locked"})
    champion.post(at(scene, audit, "finish"), FINISH)
    assert walked(app, scene, audit).audit.is_whole is False


def busy_room(app: Flask, champion: Visitor, scene: Scene) -> tuple[int, Room, int]:
    """A walk that was begun, a room with much to answer, and somebody else at the venue."""
    with app.app_context():
        other = make_member(Role.STAFF, venue=scene.venue).id
    audit = begun(champion, scene)
    room = next(each for each in rooms_of(app, scene, audit) if len(each.questions) > 2)
    return audit, room, other


def test_two_people_on_one_room_lose_nothing(
    app: Flask, champion: Visitor, scene: Scene, as_: As
) -> None:
    audit, room, other = busy_room(app, champion, scene)
    first, second, *_ = (f"{each.key.split('.')[1]}-answer" for each in room.questions)
    # Both opened the room when nothing was answered; each answers one question.
    blank = {key: "" for key in form_of(room) if not key.endswith(("-seen", "-note"))}
    base = form_of(room) | blank
    mine, theirs = base | {first: "2"}, base | {second: "1"}
    send(champion, scene, audit, room, mine)
    send(as_(other), scene, audit, room, theirs)
    answers = walked(app, scene, audit).answers
    keys = [(room.place, each.key) for each in room.questions[:2]]
    assert [answers[key] for key in keys] == [2, 1]
    # Now both answer the same question apart: the second is told, and sends again to change it.
    answer = send(as_(other), scene, audit, room, base | {first: "0"}, 200)
    assert "Somebody else answered" in answer.text
    assert walked(app, scene, audit).answers[keys[0]] == 2
    page = as_(other).get(at(scene, audit, "rooms", room.place))
    seen = {name: value(page, name) for name in base if name.endswith("-seen")}
    send(as_(other), scene, audit, room, base | seen | {first: "0", second: "1"})
    assert walked(app, scene, audit).answers[keys[0]] == 0


def test_what_another_answered_meanwhile_is_not_touched_by_a_page_that_asks_it_still(
    app: Flask, champion: Visitor, scene: Scene, as_: As
) -> None:
    audit, room, other = busy_room(app, champion, scene)
    first, second, *_ = (each.key.split(".")[1] for each in room.questions)
    # A browser sends nothing at all for a question whose radios were left alone.
    opened_empty = {k: v for k, v in form_of(room).items() if not k.endswith("-answer")}
    told = {f"{first}-answer": "1", f"{first}-note": "No light at the bins"}
    send(champion, scene, audit, room, opened_empty | told)
    send(as_(other), scene, audit, room, opened_empty | {f"{second}-answer": "2"})
    rows = walked(app, scene, audit).rows
    row = rows[room.place, room.questions[0].key]
    assert (row.value, row.note, row.version) == (1, "No light at the bins", 1)
    assert rows[room.place, room.questions[1].key].value == 2


def test_a_script_saves_each_answer_and_gets_back_what_stands_there(
    app: Flask, champion: Visitor, scene: Scene
) -> None:
    audit = begun(champion, scene)
    room = rooms_of(app, scene, audit)[0]
    name = room.questions[0].key.split(".")[1]
    where = at(scene, audit, "rooms", room.place)
    blank = {key: "" for key in form_of(room) if not key.endswith("-seen")}
    sent = form_of(room) | blank
    page = champion.get(where)
    kept = {"X-Keep": "1", "Referer": f"https://localhost{where}"}
    body = sent | {f"{name}-answer": "2", "csrf_token": value(page, "csrf_token")}
    answer = champion.client.post(where, data=body, base_url="https://localhost", headers=kept)
    assert answer.status_code == 200
    seen = answer.get_json()
    assert seen[f"{name}-seen"] == "1.2.0"
    again = body | seen | {f"{name}-answer": "1"}
    answer = champion.client.post(where, data=again, base_url="https://localhost", headers=kept)
    assert answer.get_json()[f"{name}-seen"] == "2.1.0"
    wrong = body | seen | {f"{name}-answer": "77"}
    answer = champion.client.post(where, data=wrong, base_url="https://localhost", headers=kept)
    assert answer.status_code == 409
    assert walked(app, scene, audit).answers[room.place, room.questions[0].key] == 1


def test_a_script_keeps_the_rest_while_one_question_waits_for_a_reason(
    app: Flask, champion: Visitor, scene: Scene
) -> None:
    audit = begun(champion, scene)
    room = next(
        each for each in rooms_of(app, scene, audit)
        if [q.answer for q in each.questions][:2] == ["scale", "yes"]
    )  # fmt: skip
    scale, yes = (each.key.split(".")[1] for each in room.questions[:2])
    where = at(scene, audit, "rooms", room.place)
    blank = {key: "" for key in form_of(room) if not key.endswith("-seen")}
    sent = form_of(room) | blank | {f"{scale}-answer": "3", f"{yes}-answer": "-1"}
    page = champion.get(where)
    answer = champion.client.post(
        where, data=sent | {"csrf_token": value(page, "csrf_token")}, base_url="https://localhost",
        headers={"X-Keep": "1", "Referer": f"https://localhost{where}"},
    )  # fmt: skip
    assert answer.status_code == 409
    assert answer.get_json()[f"{scale}-seen"] == "1.3.0"
    assert walked(app, scene, audit).answers == {(room.place, room.questions[0].key): 3}


def test_what_is_still_to_be_mended_stands_at_its_question_on_the_next_walk(
    app: Flask, champion: Visitor, scene: Scene
) -> None:
    with app.app_context():
        make_walk(scene.venue, scene.champion, say=weak, notes={"door.light": "The lamp is out"})
    audit = begun(champion, scene)
    door = next(each for each in rooms_of(app, scene, audit) if each.name == "Front door")
    page = champion.get(at(scene, audit, "rooms", door.place))
    assert "still to be mended: The lamp is out" in page.text


def test_what_is_refused_is_said_beside_its_question_and_nothing_is_lost(
    app: Flask, champion: Visitor, scene: Scene
) -> None:
    audit = begun(champion, scene)
    room = next(
        each
        for each in rooms_of(app, scene, audit)
        if any(q.answer == "yes" for q in each.questions)
    )
    asked = next(each for each in room.questions if each.answer == "yes").key.split(".")[1]
    sent = form_of(room, **{f"{asked}-answer": "-1"})
    answer = send(champion, scene, audit, room, sent, 200)
    assert "why it does not apply" in answer.text
    assert not walked(app, scene, audit).rows
    answer = send(
        champion, scene, audit, room, sent | {f"{asked}-answer": "", f"{asked}-note": "Odd"}, 200
    )
    assert "Choose an answer too" in answer.text
    assert "Odd" in answer.text
    send(champion, scene, audit, room, sent | {f"{asked}-note": "We have none"})
    row = walked(app, scene, audit).rows[room.place, f"{room.questions[0].zone}.{asked}"]
    assert (row.value, row.note) == (-1, "We have none")


def test_photos_are_rebuilt_and_nobody_is_on_them(
    app: Flask, champion: Visitor, scene: Scene, as_: As
) -> None:
    audit = begun(champion, scene)
    room = rooms_of(app, scene, audit)[0]
    name = room.questions[0].key.split(".")[1]

    def sent(**more: Any) -> dict[str, Any]:
        return form_of(room) | {f"{name}-photo": (io.BytesIO(make_picture()), "x.jpg")} | more

    assert "Look at your photos" in send(champion, scene, audit, room, sent(), 200).text
    bad = sent(nobody="y") | {f"{name}-photo": (io.BytesIO(b"GIF89a"), "x.gif")}
    refused = send(champion, scene, audit, room, bad, 200)
    assert f'id="{name}-photo-error"' in refused.text
    for _ in range(2):
        send(champion, scene, audit, room, sent(nobody="y"))
    with app.app_context():
        photo = db.session.scalars(select(AuditPhoto)).one()
        picture = at(scene, "photos", photo.id)
        other = make_scene(name="Elsewhere")
    answer = champion.answer(picture)
    assert answer.mimetype == "image/jpeg"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    as_(other.champion).get(picture, 404)
    as_(other.champion).get(picture.replace(f"/{scene.venue}/", f"/{other.venue}/"), 404)
    champion.post(at(scene, audit, "drop"), {"sure": "y"})
    champion.get(picture, 404)
    champion.get(at(scene, audit), 404)


def test_a_walk_on_paper_is_typed_in_with_its_own_time(
    app: Flask, champion: Visitor, scene: Scene
) -> None:
    day = NOW.date() - timedelta(days=3)
    on = {"walked_on-day": day.day, "walked_on-month": day.month, "walked_on-year": day.year}
    where = f"{at(scene, 'begin')}?paper=1"
    once = value(champion.get(where), "once")
    sent = BEGIN | on | {"once": once}
    assert "Enter the time" in champion.refused(where, sent | {"walked_time": "late"}).text
    old = sent | {"walked_time": "23:15", "walked_on-year": day.year - 1}
    assert "within the last 31 days" in champion.refused(where, old).text
    answer = champion.post(where, sent | {"walked_time": "23:15"})
    audit = int(champion.goes_to(answer).split("/")[4])
    row = walked(app, scene, audit).audit
    assert row.on_paper
    with app.app_context():
        assert clock.local(row.walked_at).strftime("%H:%M") == "23:15"
    for size, pages in (("quick", 1), ("whole", 1)):
        paper = champion.answer(f"{at(scene, 'questions.pdf')}?size={size}")
        assert paper.data.startswith(b"%PDF")
        assert paper.data.count(b"/Type /Page") >= pages


def test_staff_walk_and_only_who_runs_the_place_finishes(
    app: Flask, champion: Visitor, scene: Scene, as_: As
) -> None:
    with app.app_context():
        staff = as_(make_member(Role.STAFF, venue=scene.venue).id)
    audit = begun(staff, scene)
    for room in rooms_of(app, scene, audit):
        send(staff, scene, audit, room, form_of(room))
    staff.get(at(scene, audit, "finish"), 404)
    assert "Your champion or manager finishes" in staff.get(at(scene, audit)).text
    champion.post(at(scene, audit, "finish"), FINISH)
    page = staff.get(at(scene, audit))
    assert "Nothing weak was found" in page.text


def test_things_to_mend_are_planned_done_dropped_and_opened_again(
    app: Flask, champion: Visitor, scene: Scene, as_: As
) -> None:
    with app.app_context():
        make_walk(scene.venue, scene.champion, say=weak)
        rows = db.session.scalars(select(Action).order_by(Action.number)).all()
        place = next(each.number for each in rows if each.mends == "place")
        people = next(each.number for each in rows if each.mends == "people")
        count = len(rows)
    board = champion.get(at(scene, "actions"))
    assert "No person or no day yet" in board.text
    plan = at(scene, "actions", place, "plan")
    champion.get(plan)
    day = NOW.date() + timedelta(days=5)
    due = {"due_on-day": day.day, "due_on-month": day.month, "due_on-year": day.year}
    good = {"wrong": "Dark", "fix": "A lamp", "owner": scene.champion, "cost": "low", **due}
    assert "Say what is wrong" in champion.refused(plan, good | {"wrong": ""}).text
    assert "from today on" in champion.refused(plan, good | {"due_on-year": day.year - 1}).text
    assert "Choose one of the options" in champion.refused(plan, good | {"owner": 9999}).text
    answer = champion.post(plan, good)
    assert champion.goes_to(answer).endswith("/plan")
    later = day + timedelta(days=2)
    champion.post(plan, good | {"due_on-day": later.day, "due_on-month": later.month,
                                "due_on-year": later.year})  # fmt: skip
    assert "Put off once" in champion.get(at(scene, "actions", place)).text
    with clock.moved_to(clock.now() + timedelta(days=30)):
        assert "Overdue" in as_(scene.champion).get(at(scene, "actions", place)).text
    done = at(scene, "actions", place, "done")
    assert "Add a photo from after" in champion.refused(done, {"words": "New lamp"}).text
    photo = {"photo": (io.BytesIO(make_picture()), "after.jpg")}
    assert "tick this" in champion.refused(done, photo).text
    photo = {"photo": (io.BytesIO(make_picture()), "after.jpg"), "nobody": "y"}
    champion.post(done, photo | {"words": "New lamp"})
    assert champion.answer(at(scene, "actions", place, "after")).mimetype == "image/jpeg"
    assert "Mended on" in champion.get(at(scene, "actions", place)).text
    assert "closed already" in champion.refused(done, {"words": "Again", "photo": ""}).text
    assert "Say what was done" in champion.refused(at(scene, "actions", people, "done"), {}).text
    champion.post(at(scene, "actions", people, "done"), {"words": "We told everybody"})
    third = next(n for n in range(1, count + 1) if n not in (place, people))
    champion.post(at(scene, "actions", third, "drop"), {"words": "It is listed"})
    assert "Nothing will be done" in champion.get(at(scene, "actions", third)).text
    champion.post(at(scene, "actions", third, "reopen"))
    assert (
        "It is open already"
        in champion.get(champion.goes_to(champion.post(at(scene, "actions", third, "reopen")))).text
    )
    with app.app_context():
        totals = actions.totals(scene.venue)
    assert (totals["done"], totals["dropped"], totals["open"]) == (2, 0, count - 2)
    for state in State:
        champion.get(f"{at(scene, 'actions')}?state={state}")


def test_a_second_walk_finds_again_mends_and_compares(
    app: Flask, champion: Visitor, scene: Scene
) -> None:
    with app.app_context():
        with clock.moved_to(clock.now() - timedelta(days=40)):
            make_walk(scene.venue, scene.champion, say=weak)
        first = actions.totals(scene.venue)["open"]
        second = make_walk(scene.venue, scene.champion)
        totals = actions.totals(scene.venue)
        assert (totals["open"], totals["mended"]) == (first, first)
        third = make_walk(scene.venue, scene.champion, say=weak)
        totals = actions.totals(scene.venue)
        assert (totals["open"], totals["mended"]) == (first, 0)
        row = db.session.scalars(select(Action)).first()
        assert row is not None
        assert row.seen_in == third
    page = champion.get(at(scene, second))
    assert "What changed since" in page.text
    assert "Better" in page.text
    report = champion.answer(at(scene, second, "report.pdf"))
    assert report.data.startswith(b"%PDF")
    assert "safety-walk-" in report.headers["Content-Disposition"]


def test_begun_twice_with_one_press_is_one_walk(
    app: Flask, champion: Visitor, scene: Scene
) -> None:
    once = value(champion.get(at(scene, "begin")), "once")
    first = champion.post(at(scene, "begin"), BEGIN | {"once": once})
    second = champion.post(at(scene, "begin"), BEGIN | {"once": once})
    assert champion.goes_to(first) == champion.goes_to(second)
    with app.app_context():
        assert db.session.scalar(select(func.count(Audit.id))) == 1
        assert db.session.scalar(select(func.count(AuditAnswer.id))) == 0
    assert service.MOST_OPEN == 5
    for _ in range(service.MOST_OPEN - 1):
        begun(champion, scene)
    once = value(champion.get(at(scene, "begin")), "once")
    refused = champion.refused(at(scene, "begin"), BEGIN | {"once": once})
    assert "Finish one of the walks" in refused.text
