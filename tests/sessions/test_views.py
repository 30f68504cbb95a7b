"""The pages of sessions and the check-in by phone, as people use them without JavaScript."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, render_template
from icalendar import Calendar

from charter.core import clock
from charter.core.access import Role
from charter.core.codes import grouped
from charter.core.db import db
from charter.sessions import papers, room, service, slowing, views
from charter.sessions.models import AttendancePaper, Booking
from charter.staff.models import StaffMember
from charter.training.models import TrainingRecord
from tests.builders.accounts import make_member, make_user
from tests.builders.commitments import make_scene
from tests.builders.sessions import (
    begun,
    book,
    count,
    done,
    make_session,
    make_staff,
)
from tests.builders.venues import make_venue
from tests.counting import counted
from tests.page import Page, PageForm, inspect
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[int], Visitor]
MOST_STATEMENTS = 22
DOOR_BYTES = 20_000


@dataclass
class City:
    """A venue with three people, another with two, and a session that both are booked on."""

    officer: int
    champion: int
    venue: int
    people: list[int]
    other: int
    session: int
    seats: list[int]


@pytest.fixture
def city(app: Flask) -> City:
    with app.app_context():
        scene = make_scene(name="The Blue Lantern")
        other = make_venue(name="The Anchor").id
        people = make_staff(scene.venue, "Ada Birch", "Ben Cole", "Cleo Dunn")
        theirs = make_staff(other, "Ivo Jones", "Jo King")
        session = make_session(by=scene.officer, places=4, access_needs="A hearing loop.")
        seats = book(scene.venue, session, *people[:2], by=scene.champion)
        seats += book(other, session, *theirs, by=scene.officer)
        return City(scene.officer, scene.champion, scene.venue, people, other, session, seats)


def at(city: City, rest: str = "", venue: int | None = None) -> str:
    """An address of the venue's sessions."""
    return f"/venues/{venue or city.venue}/sessions/{rest}".rstrip("/")


def filled(form: PageForm, **answers: object) -> dict[str, object]:
    """A form's fields with these answers; the visitor brings a token of its own."""
    fields = form.filled(**answers)
    fields.pop("csrf_token", None)
    return fields


def standing(app: Flask, session: int) -> list[tuple[int, str]]:
    with app.app_context():
        return [(each.member_id, each.state) for each in service.line(session)]


def test_a_venue_finds_a_session_books_and_takes_off(app: Flask, as_: As, city: City) -> None:
    visitor = as_(city.champion)
    page = visitor.get(at(city))
    assert "Full" in page.text
    assert "You have 2 booked." in page.text
    page = visitor.get(page.link("Respond"))
    assert "A hearing loop." in page.text
    form = next(each for each in page.forms if "people" in each.names)
    assert form.options("people") == [str(city.people[2])]
    assert "people" in visitor.refused(form.action, {"people": "99"}).html
    visitor.post(form.action, filled(form, people=[str(city.people[2])]))
    page = visitor.get(at(city, str(city.session)))
    assert "1 waits for a place" in page.text
    assert "Waits: 1st in the line" in page.text
    off = next(each for each in page.forms if each.buttons == ["Take Ada Birch off"])
    visitor.post(off.action)
    assert (city.people[2], "booked") in standing(app, city.session)
    page = visitor.get(at(city, str(city.session)))
    assert "Whoever waited longest has the place now" in page.text
    off = next(each for each in page.forms if each.buttons == ["Take Ben Cole off"])
    visitor.post(off.action)
    assert "The place is free" in visitor.get(at(city, str(city.session))).text
    visitor.post(off.action)  # sent twice: once is done, and words are shown
    assert "is not booked any more" in visitor.get(at(city, str(city.session))).text


def test_the_session_page_costs_little(app: Flask, as_: As, city: City) -> None:
    visitor = as_(city.champion)
    for address in (at(city), at(city, str(city.session))):
        visitor.get(address)
        with counted(app) as seen:
            visitor.get(address)
        assert len(seen) <= MOST_STATEMENTS, "\n".join(seen)
    officer = as_(city.officer)
    for address in ("/office/sessions", f"/office/sessions/{city.session}"):
        with counted(app) as seen:
            officer.get(address)
        assert len(seen) <= 12, "\n".join(seen)


def test_nothing_of_another_venues_own_session_is_there(app: Flask, as_: As, city: City) -> None:
    with app.app_context():
        own = make_session(by=city.officer, venue=city.other, course="bystander")
        (theirs,) = book(city.other, own, make_staff(city.other, "Kit Lowe")[0], by=1)
    visitor = as_(city.champion)
    for rest in ("", ".ics", "/change", "/cancel", "/register", "/screen", "/count"):
        visitor.get(at(city, f"{own}{rest}"), 404)
    visitor.post(at(city, f"{own}/book"), {"people": str(city.people[0])}, 404)
    visitor.post(at(city, f"{own}/bookings/{theirs}/cancel"), status=404)
    # A booking of another venue on the office's session is not theirs to end.
    visitor.post(at(city, f"{city.session}/bookings/{city.seats[2]}/cancel"))
    assert [state for _, state in standing(app, city.session)] == ["booked"] * 4
    # The office sees numbers of a venue's own session and runs none of it.
    officer = as_(city.officer)
    page = officer.get(f"/office/sessions/{own}")
    assert "own trainer of The Anchor" in page.text
    assert "Kit" not in page.text
    for rest in ("register", "screen", "count", "change", "cancel"):
        officer.get(f"/office/sessions/{own}/{rest}", 404)
    # What the office runs, no venue does.
    visitor.get(at(city, f"{city.session}/register"), 404)


def test_the_office_plans_changes_and_cancels(app: Flask, as_: As, city: City) -> None:
    officer = as_(city.officer)
    page = officer.get("/office/sessions/new")
    form = page.forms[-1]
    with app.app_context():
        day = clock.today() + timedelta(days=40)
    typed: dict[str, Any] = {
        "on-day": day.day, "on-month": day.month, "on-year": day.year, "at": "6.30 pm",
        "course": "record", "places": "10", "place": "", "trainer": "Ana Reed",
    }  # fmt: skip
    answer = officer.refused("/office/sessions/new", filled(form, **typed))
    assert "Enter where it is" in answer.text
    made = officer.post("/office/sessions/new", filled(form, **typed | {"place": "Old Town Hall"}))
    address = officer.goes_to(made)
    assert "at 18:30, 30 minutes" in officer.get(address).text
    page = officer.get(f"{address}/change")
    form = page.forms[-1]
    assert form.fields["at"] == "18:30"
    officer.post(f"{address}/change", filled(form, at="19:00"))
    assert "at 19:00" in officer.get(address).text
    assert "Nobody is booked" in officer.get(f"{address}/cancel").text
    officer.post(f"{address}/cancel", {"because": "The hall is flooded"})
    assert "The hall is flooded" in officer.get(address).text
    session = int(address.rpartition("/")[2])
    words = as_(city.champion).get(at(city, str(session))).text
    assert "This session was cancelled: The hall is flooded" in words


def test_a_venues_own_trainer_is_offered_what_they_may_run(as_: As, city: City) -> None:
    offered = as_(city.champion).get(at(city, "new")).forms[-1].options("course")
    assert {"respond", "bystander"} < set(offered)
    assert "champion" not in offered
    assert "champion" in as_(city.officer).get("/office/sessions/new").forms[-1].options("course")


def test_a_long_list_is_booked_from_page_by_page(
    app: Flask, as_: As, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 2)
    with app.app_context():
        more = make_staff(city.venue, "Dan East", "Eve Fox")
    visitor = as_(city.champion)

    def offered(page: Page) -> tuple[str, list[str]]:
        form = next(each for each in page.forms if "people" in each.names)
        return form.action, form.options("people")

    here = at(city, str(city.session))
    assert offered(visitor.get(here))[1] == [str(city.people[2]), str(more[0])]
    for typed in ("2", "99"):
        where, people = offered(visitor.get(f"{here}?page={typed}"))
        assert people == [str(more[1])]
    assert offered(visitor.refused(where, {})) == (where, people)  # the same page again
    visitor.post(where, {"people": people})
    assert (more[1], "waiting") in standing(app, city.session)


def test_a_phones_calendar_can_read_the_file(as_: As, city: City) -> None:
    answer = as_(city.champion).answer(at(city, f"{city.session}.ics"))
    assert answer.content_type == "text/calendar; charset=utf-8"
    (event,) = Calendar.from_ical(answer.data).walk("VEVENT")
    assert event["summary"] == "Respond: training"
    assert "A hearing loop." in str(event["description"])


def code_now(app: Flask, session: int) -> str:
    with app.app_context():
        return room.code(session, clock.now())


def read(answer: Any) -> Page:
    return inspect(answer.get_data(as_text=True), answer.status_code)


def test_a_phone_checks_in_without_an_account(app: Flask, client: Visitor, city: City) -> None:
    with app.app_context(), begun(city.session) as now:
        code = room.code(city.session, now)
    with clock.moved_to(now):
        page = client.get("/check-in")
        assert len(page.html) < DOOR_BYTES
        assert not page.all("script")
        page = client.refused("/check-in", filled(page.forms[0], code=f"{code[:4]} {code[4:]}"))
        assert "Ada" not in page.html
        assert "Ivo" not in page.html
        form = page.forms[0]
        assert form.options("venue") == [str(city.other), str(city.venue)]
        assert "Choose where you work" in client.refused(form.action, filled(form)).text
        page = client.refused(form.action, filled(form, venue=str(city.venue)))
        assert "Ada B." in page.text
        assert "Birch" not in page.html
        assert "Ivo" not in page.html
        form = page.forms[0]
        assert form.options("booking") == [str(each) for each in city.seats[:2]]
        # Somebody of another venue's list cannot be named, whatever is sent.
        wrong = filled(form, booking=str(city.seats[2]))
        assert "Ivo" not in client.refused(form.action, wrong).html
        mine = filled(form, booking=str(city.seats[0]))
        assert client.goes_to(client.post(form.action, mine)) == "/check-in/done"
        client.post(form.action, mine)  # sent twice: done once
        assert "once the trainer has counted" in client.get("/check-in/done").text
    with app.app_context():
        rows = db.session.query(Booking).filter(Booking.checked_in_at.is_not(None)).all()
        assert [row.id for row in rows] == [city.seats[0]]


def test_what_was_right_counts_for_ten_minutes_and_cannot_be_made_up(
    app: Flask, client: Visitor, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), begun(city.session) as now:
        code = room.code(city.session, now)
    with clock.moved_to(now):
        form = read(client.sent("/check-in", {"code": code})).forms[0]
        sent = filled(form, venue=str(city.venue))
        step = str(sent["step"])
        for bad in ("", "x", step[:-2] + "zz", step.replace(".", "")):
            page = read(client.sent("/check-in/venue", {**sent, "step": bad}))
            assert "Enter the code on the screen again" in page.text
            assert "Ada" not in page.html
        # A step that only proves the code opens no venue's names for checking in.
        page = read(client.sent("/check-in/name", {"step": step, "booking": city.seats[0]}))
        assert "again" in page.text
        monkeypatch.setattr("charter.sessions.public.STEP_SECONDS", -1)
        assert "again" in read(client.sent("/check-in/venue", sent)).text


def test_wrong_codes_slow_the_address_they_came_from(
    app: Flask, client: Visitor, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slowing, "FREE_FOR_ADDRESS", 3)
    with app.app_context(), begun(city.session) as now:
        code = room.code(city.session, now)
    wrong = f"{(int(code) + 7) % 100_000_000:08}"
    with clock.moved_to(now):
        for typed in ("12", "abcdef", ""):  # no code at all: nothing to guess with, not counted
            assert "8 numbers" in client.refused("/check-in", {"code": typed}).text
        for _ in range(3):
            page = client.refused("/check-in", {"code": wrong})
            assert "not the code of this minute" in page.text
        assert "Wait 5 seconds" in client.refused("/check-in", {"code": code}).text
    with clock.moved_to(now + timedelta(seconds=6)):
        assert "Where do you work?" in client.refused("/check-in", {"code": code}).text


def test_forty_phones_of_one_address_check_in_within_a_minute(app: Flask, city: City) -> None:
    with app.app_context():
        names = [f"Guest{number} Lamp" for number in range(40)]
        people = make_staff(city.venue, *names)
        session = make_session(by=city.officer, venue=city.venue, places=40)
        book(city.venue, session, *people, by=1)
        with begun(session) as now:
            code = room.code(session, now)
    phone = Visitor(app)
    with clock.moved_to(now):
        for _ in range(40):
            page = read(phone.sent("/check-in", {"code": code}))  # one venue: straight to names
            form = page.forms[0]
            mine = form.options("booking")[0]
            assert phone.sent(form.action, filled(form, booking=mine)).status_code == 303
        assert "Everybody has checked in" in read(phone.sent("/check-in", {"code": code})).text


def test_the_trainer_shows_the_code_ticks_and_counts(app: Flask, as_: As, city: City) -> None:
    officer = as_(city.officer)
    here = f"/office/sessions/{city.session}"
    assert "The code shows from" in officer.get(f"{here}/screen").text
    assert "opens 30 minutes before" in officer.get(f"{here}/register").text
    assert "once the session has begun" in officer.get(f"{here}/count").text
    with app.app_context(), begun(city.session) as now:
        code = room.code(city.session, now)
        done(lambda: room.check_in(city.session, city.venue, city.seats[0]))
    officer = as_(city.officer)
    with clock.moved_to(now):
        officer = as_(city.officer)
        answer = officer.answer(f"{here}/screen")
        assert 10 <= int(answer.headers["Refresh"]) <= 61
        page = read(answer)
        assert f'aria-label="{code[:4]} {code[4:]}"' in page.html
        assert "1 of 4 has checked in" in page.text
        assert "Refresh" not in officer.answer(page.link("stop renewing")).headers

        page = officer.get(f"{here}/register")
        assert "Ada B." in page.text
        assert "Birch" not in page.text
        assert "The Blue Lantern, checked in at" in page.text
        form = page.forms[-1]
        assert form.fields["here"] == str(city.seats[0])
        saved = officer.post(f"{here}/register", filled(form, here=[city.seats[0], city.seats[2]]))
        page = officer.get(officer.goes_to(saved))
        assert "2 people are marked as here." in page.text
        assert "Count the people" in officer.refused(f"{here}/count", {"headcount": ""}).text
        assert "who is really there" in officer.refused(f"{here}/count", {"headcount": "1"}).text
        officer.post(f"{here}/count", {"headcount": "3"})
        page = officer.get(here)
        assert "2 people have done it. 1 more in the room were not booked" in page.text
        page = officer.get("/office/sessions")
        assert "Booked and did not come" in page.text

        champion = as_(city.champion)
        page = champion.get(at(city, str(city.session)))
        assert "Did not come" in page.text
        saved = champion.answer(page.link("Save the certificate"))
        assert saved.mimetype == "application/pdf"
        assert "Earlier" in champion.get(at(city)).text
        elsewhere = as_(_champion_of(app, city.other))
        elsewhere.get(page.link("Save the certificate"), 404)


def _champion_of(app: Flask, venue: int) -> int:
    with app.app_context():
        return make_member(Role.CHAMPION, venue=venue).id


def test_the_page_behind_the_paper_tells_initials_and_dates_only(app: Flask, city: City) -> None:
    with app.app_context(), begun(city.session):
        done(lambda: room.set_register(city.session, city.seats[:1], venue_id=None, by=1))
        count(city.session, 1, by=city.officer)
        paper = papers.by_code(db.session.query(AttendancePaper).one().code)
        with app.test_request_context("/", base_url="https://localhost"):
            page = inspect(render_template("verify/attendance.html", paper=paper), 200)
    assert "A.B." in page.text
    assert "it counts today" in page.text
    for secret in ("Ada", "Birch", "Lantern", "Quay"):
        assert secret not in page.html


def test_a_certificate_is_for_its_owner_and_its_code_for_everybody(
    app: Flask, city: City, as_: As, client: Visitor
) -> None:
    with app.app_context(), begun(city.session):
        done(lambda: room.set_register(city.session, city.seats[:1], venue_id=None, by=1))
        count(city.session, 1, by=city.officer)
        row = db.session.query(AttendancePaper).one()
        record, code = row.record_id, row.code
        ada, ben = make_user().id, make_user().id
        member = db.session.get_one(TrainingRecord, record).member_id
        db.session.get_one(StaffMember, member).user_id = ada
        db.session.commit()
    mine = f"/account/training/papers/{record}.pdf"
    answer = as_(ada).answer(mine)
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF")
    assert as_(ben).answer(mine).status_code == 404
    assert mine in as_(ada).get("/account/training").html
    page = client.get(f"/verify/{grouped(code)}")
    assert "A.B." in page.text
    assert "Ada" not in page.html
    moved = client.answer(f"/verify/{code.lower()}")
    assert (moved.status_code, moved.location) == (301, f"/verify/{grouped(code)}")
