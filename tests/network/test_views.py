"""The network's pages, as champions and the office use them: no scripts, one form at a time."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask

from charter.accounts.models import User
from charter.core import clock, files
from charter.core.access import Role
from charter.core.db import CITY, db, holds
from charter.core.files import Received
from charter.network import service
from charter.network.models import Notice, NoticeReply
from charter.network.rules import Kind, State
from charter.sessions.models import TrainingSession
from tests.builders.accounts import make_member
from tests.builders.network import Circle, in_city, make_circle, make_notice, make_reply
from tests.builders.pictures import make_pdf, make_picture
from tests.builders.venues import make_venue
from tests.counting import counted
from tests.page import PageForm
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[int], Visitor]
HOSTILE = (
    "<script>alert(1)</script> <b onclick=x>'\"{{ 7*7 }} javascript:alert(1) https://a.example/?<i>"
)
CAREFUL = "Nothing about an incident: no people, no dates, no what-happened."
POST = {"kind": "question", "title": "Does a lanyard count?", "body": "We all wear one."}
MOST_STATEMENTS = 10


@pytest.fixture
def circle(app: Flask) -> Circle:
    with app.app_context():
        return make_circle()


def filled(form: PageForm, **answers: Any) -> dict[str, Any]:
    """A form's fields with these answers; the visitor brings a token of their own."""
    return {k: v for k, v in form.filled(**answers).items() if not k.endswith("csrf_token")}


def only(app: Flask, model: type[Notice | NoticeReply]) -> Any:
    with app.app_context():
        return db.session.query(model).one()


def how_many(app: Flask, model: type[Notice | NoticeReply]) -> int:
    with app.app_context():
        return db.session.query(model).count()


def plan(app: Flask, by: int, hours: int = 24, **more: Any) -> None:
    """A session of the office, so many hours from now."""
    at = clock.now() + timedelta(hours=hours)
    values: dict[str, Any] = {
        "course_key": "champion",
        "starts_at": at,
        "minutes": 120,
        "place": "The town hall",
        "places": 20,
        "language": "English",
        "trainer": "Alex",
        "made_by": by,
    }
    with app.app_context():
        wall = clock.wall(at)
        values |= {"starts_local": wall.local, "fold": wall.fold}
        db.session.add(TrainingSession(**values | more))
        db.session.commit()


def test_a_champion_asks_the_office_shows_it_and_others_answer(
    app: Flask, as_: As, circle: Circle
) -> None:
    robin, sam, officer = as_(circle.robin), as_(circle.sam), as_(circle.officer)
    page = robin.get("/network")
    assert "Nothing here yet" in page.text
    assert CAREFUL in page.text
    new = robin.get(page.link("Write a post"))
    assert CAREFUL in new.text
    sent = robin.post("/network/new", filled(new.form(), **POST, no_incident="y"))
    notice = robin.goes_to(sent)
    mine = robin.get(notice)
    assert "with the night office" in mine.text
    assert "Waiting for the night office" in mine.text
    assert "Does a lanyard count?" in robin.get("/network").text
    sam.get(notice, 404)
    assert "Does a lanyard count?" not in sam.get("/network").text
    queue = officer.get(officer.get("/network").link("Posts that wait"))
    assert "1 waits" in queue.text
    shown = officer.get(queue.link("Does a lanyard count?"))
    form = shown.form(f"{notice}/decide")
    assert form.buttons == ["Show it to everyone", "Do not show it"]
    officer.post(f"{notice}/decide", filled(form, decision="show"))
    assert "Nothing waits" in officer.get("/network/waiting").text
    page = sam.get(notice)
    assert "Robin, champion" in page.text
    assert "Lantern" not in page.html
    answer = filled(
        page.form(f"{notice}/replies"), **{"reply-body": "It does.", "reply-no_incident": "y"}
    )
    sam.post(f"{notice}/replies", answer)
    sam.post(f"{notice}/replies", answer)
    assert how_many(app, NoticeReply) == 1
    assert "It does." not in robin.get(notice).text
    waits = officer.get(notice)
    reply = only(app, NoticeReply).id
    decide = f"{notice}/replies/{reply}/decide"
    officer.post(decide, filled(waits.form(decide), decision="show"))
    page = robin.get(notice)
    assert "Sam, venue manager" in page.text
    assert "It does." in page.text
    assert "1 answer" in robin.get("/network").text


def test_the_tick_is_needed_and_every_box_says_what_may_not_stand_in_it(
    app: Flask, as_: As, circle: Circle
) -> None:
    with app.app_context():
        shown = make_notice(by=circle.officer, from_office=True)
    for who in (circle.robin, circle.officer):
        visitor = as_(who)
        page = visitor.refused("/network/new", filled(visitor.get("/network/new").form(), **POST))
        assert page.errors == [
            "Take out anything about an incident or a person, then tick this box"
        ]
        replies = f"/network/{shown}/replies"
        form = visitor.get(f"/network/{shown}").form(replies)
        page = visitor.refused(replies, filled(form, **{"reply-body": "Yes"}))
        assert len(page.errors) == 1
        assert CAREFUL in page.text
    assert (how_many(app, Notice), how_many(app, NoticeReply)) == (1, 0)
    page = as_(circle.robin).refused("/network/new", {})
    assert len(page.errors) == 4


def test_a_form_sent_twice_is_one_post_and_goes_to_it(app: Flask, as_: As, circle: Circle) -> None:
    robin = as_(circle.robin)
    sheet = filled(robin.get("/network/new").form(), **POST, no_incident="y")
    places = {robin.goes_to(robin.post("/network/new", sheet)) for _ in range(2)}
    assert len(places) == how_many(app, Notice) == 1
    notice = only(app, Notice)
    robin.post(f"/network/{notice.id}/take-back")
    assert how_many(app, Notice) == 0
    robin.post(f"/network/{notice.id}/take-back", status=404)


def test_a_file_is_received_before_the_lock_and_served_to_who_sees_the_post(
    app: Flask, as_: As, circle: Circle
) -> None:
    robin, sam, officer = as_(circle.robin), as_(circle.sam), as_(circle.officer)
    held: list[bool] = []
    door = files.receive

    def watched(*args: Any, **more: Any) -> Received:
        held.append(holds(CITY))
        return door(*args, **more)

    form = robin.get("/network/new").form()
    with patch("charter.core.files.receive", watched):
        pdf = (io.BytesIO(make_pdf()), "Our <policy>.pdf")
        robin.post("/network/new", filled(form, **POST, no_incident="y", file=pdf))
        exe = (io.BytesIO(b"MZ not a picture"), "a.png")
        page = robin.refused("/network/new", filled(form, **POST, no_incident="y", file=exe))
    assert held == [False, False]
    assert len(page.errors) == 1
    notice = only(app, Notice).id
    address = f"/network/{notice}/file"
    assert robin.get(f"/network/{notice}").link("Our policy.pdf") == address
    assert robin.answer(address).headers["Content-Disposition"].startswith("attachment")
    sam.get(address, 404)
    officer.post(f"/network/{notice}/decide", {"decision": "show"})
    assert sam.answer(address).mimetype == "application/pdf"
    again = filled(form, **POST | {"kind": "material"}, no_incident="y")
    picture = {"file": (io.BytesIO(make_picture()), "poster.jpg"), "once": "ab" * 16}
    shown = sam.goes_to(sam.post("/network/new", again | picture))
    page = sam.get(shown)
    assert page.one("img").get("src") == f"{shown}/file"
    sam.get("/network/999/file", 404)


def test_a_late_writer_whose_role_ended_meanwhile_writes_nothing(
    app: Flask, as_: As, circle: Circle
) -> None:
    robin = as_(circle.robin)
    sheet = filled(robin.get("/network/new").form(), **POST, no_incident="y")
    door = files.receive

    def slow(*args: Any, **more: Any) -> Received:
        done = door(*args, **more)
        db.session.rollback()
        db.session.get_one(User, circle.robin).is_disabled = True
        db.session.commit()
        return done

    with patch("charter.core.files.receive", slow):
        upload = {"file": (io.BytesIO(make_picture()), "poster.jpg")}
        assert robin.sent("/network/new", sheet | upload).status_code in (303, 404)
    assert how_many(app, Notice) == 0


def test_the_office_says_why_and_its_writer_reads_it(app: Flask, as_: As, circle: Circle) -> None:
    with app.app_context():
        notice = make_notice(by=circle.robin)
        other = make_notice(by=circle.robin, title="Other", show_by=circle.officer)
        reply = make_reply(other, by=circle.sam, show_by=circle.officer)
    robin, sam, officer = as_(circle.robin), as_(circle.sam), as_(circle.officer)
    decide = f"/network/{notice}/decide"
    page = officer.refused(decide, {"decision": "hide", "post-because": ""})
    assert page.errors == ["Say why, so that its writer knows what to change"]
    assert officer.refused(decide, {}).errors == ["Choose whether others may see this."]
    officer.post(decide, {"decision": "hide", "post-because": "This is about one night."})
    assert "This is about one night." in robin.get("/network").text
    assert "This is about one night." in robin.get(f"/network/{notice}").text
    sam.get(f"/network/{notice}", 404)
    assert "This is about one night." in officer.get("/network/waiting?only=hidden").text
    assert "Show it after all" in officer.get(f"/network/{notice}").text
    for address in (f"/network/{other}/take-down", f"/network/{other}/replies/{reply}/take-down"):
        page = officer.get(address)
        assert officer.refused(address, {"because": " "}).errors == ["Say why, for its writer"]
        officer.post(address, filled(page.form(), because="Rude."))
    with app.app_context():
        row = db.session.get_one(NoticeReply, reply)
        assert (row.state, row.decided_because) == (State.HIDDEN, "Rude.")
    sam.get(f"/network/{other}", 404)
    officer.get(f"/network/{other}/replies/999/take-down", 404)
    officer.get("/network/999/take-down", 404)
    officer.post("/network/999/decide", {"decision": "show"}, 404)


def test_hostile_words_are_words(app: Flask, as_: As, circle: Circle) -> None:
    with app.app_context():
        notice = make_notice(by=circle.officer, from_office=True, title=HOSTILE, body=HOSTILE)
        make_reply(notice, by=circle.officer, from_office=True, body=HOSTILE)
        waits = make_notice(by=circle.robin, title=HOSTILE, body=HOSTILE)
        text = "<i>Why</i> not"
        in_city(lambda: service.decide(waits, show=False, because=text, by=circle.officer))
    robin, officer = as_(circle.robin), as_(circle.officer)
    for visitor, address in (
        (robin, "/network"),
        (robin, f"/network/{notice}"),
        (robin, f"/network/{waits}"),
        (officer, f"/network/{notice}/take-down"),
        (officer, "/network/waiting?only=hidden"),
    ):
        html = visitor.answer(address).get_data(as_text=True)
        assert "<script>alert" not in html
        assert "<b onclick" not in html
        assert "<i>" not in html
        assert "&lt;script&gt;alert(1)" in html
    html = robin.answer(f"/network/{notice}").get_data(as_text=True)
    links = [part.split('"')[0] for part in html.split('href="')[1:]]
    assert [link for link in links if "a.example" in link] == ["https://a.example/"] * 2
    assert not [link for link in links if link.startswith(("javascript", "data"))]


def test_the_board_costs_the_same_however_much_stands_on_it(
    app: Flask, as_: As, circle: Circle
) -> None:
    robin, officer = as_(circle.robin), as_(circle.officer)
    with app.app_context():
        first = make_notice(by=circle.officer, from_office=True)
        make_reply(first, by=circle.sam, show_by=circle.officer)
        make_notice(by=circle.robin)
    plan(app, circle.officer)
    pages = ((robin, "/network"), (robin, f"/network/{first}"), (officer, "/network/waiting"))

    def costs() -> list[int]:
        found = []
        for visitor, address in pages:
            with counted(app) as seen:
                visitor.get(address)
            found.append(len(seen))
        return found

    costs()
    few = costs()
    with app.app_context():
        people = [make_member(Role.CHAMPION, venue=make_venue()).id for _ in range(4)]
        for number in range(24):
            made = make_notice(by=people[number % 4], show_by=circle.officer)
            make_reply(made, by=circle.officer, from_office=True)
            if number < 8:
                make_reply(first, by=people[number % 4])
                make_notice(by=circle.robin)
    plan(app, circle.officer, hours=48)
    many = costs()
    assert few == many
    assert max(many) <= MOST_STATEMENTS
    page = robin.get("/network")
    assert len(page.all("li", "govuk-task-list__item")) == 20
    older = robin.get(page.link("Next"))
    assert len(older.all("li", "govuk-task-list__item")) == 5
    assert "Next training sessions" not in older.text
    assert robin.get("/network?kind=news").text.count("Nobody has posted this yet.") == 1
    robin.get("/network?kind=nonsense&before=%00~x")


def test_the_sessions_that_the_office_runs_next_stand_on_the_board(
    app: Flask, as_: As, circle: Circle
) -> None:
    with app.app_context():
        venue = make_venue().id
    assert "none planned" in as_(circle.robin).get("/network").text
    for number in range(1, 7):
        plan(app, circle.officer, hours=number, place=f"Hall {number}")
    plan(app, circle.officer, hours=-1, place="Long ago")
    plan(app, circle.officer, hours=0, place="Called off", cancelled_at=clock.now())
    plan(app, circle.officer, hours=1, place="Of one venue", venue_id=venue)
    page, office = as_(circle.robin).get("/network"), as_(circle.officer).get("/network")
    assert page.link("Champion training").startswith("/venues/1/sessions/")
    assert office.link("Champion training").startswith("/office/sessions/")
    text = page.text
    assert [f"Hall {number}" in text for number in range(1, 7)] == [True] * 5 + [False]
    for absent in ("Long ago", "Called off", "Of one venue"):
        assert absent not in text


def test_staff_auditors_and_whoever_has_no_role_find_nothing(
    app: Flask, as_: As, circle: Circle
) -> None:
    with app.app_context():
        venue = make_venue().id
        yesterday = clock.today() - timedelta(days=1)
        notice = make_notice(by=circle.officer, from_office=True, kind=Kind.NEWS)
        strangers = [
            make_member(Role.STAFF, venue=venue).id,
            make_member(Role.AUDITOR, venue=venue).id,
            make_member(Role.CHAMPION, venue=venue, ends_on=yesterday, starts_on=yesterday).id,
            make_member(Role.SYSTEM_ADMIN).id,
        ]
    for who in strangers:
        visitor = as_(who)
        for address in ("", "/new", f"/{notice}", f"/{notice}/file", "/waiting"):
            visitor.get(f"/network{address}", 404)
        visitor.post(f"/network/{notice}/replies", {}, 404)
        assert "Network" not in [link.text for link in visitor.get("/account").links]
    robin = as_(circle.robin)
    assert "Network" in [link.text for link in robin.get("/account").links]
    robin.get("/network/waiting", 404)
    robin.post(f"/network/{notice}/decide", {"decision": "show"}, 404)
