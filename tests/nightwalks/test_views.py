"""The pages of night walks: planned, walked by phone and on paper, listed, answered, repeated."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db
from charter.core.mail import OutboxMail
from charter.core.trail import TrailEntry
from charter.nightwalks import retention, sending, service
from charter.nightwalks.models import NightWalk, StopNote, StopRating, StreetFault
from charter.nightwalks.rules import State
from tests.builders.accounts import make_member
from tests.builders.commitments import under_lock
from tests.builders.nightwalks import STOPS, make_fault, make_night_walk, make_walker
from tests.builders.pictures import make_picture
from tests.counting import counted
from tests.page import text_of
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[int], Visitor]
BASE = "/office/night-walks"
GOOD, BAD = [3] * 9, [0] * 9


@pytest.fixture
def officer(app: Flask) -> int:
    """Somebody of the office."""
    with app.app_context():
        return make_member(Role.OFFICER).id


@pytest.fixture
def desk(as_: As, officer: int) -> Visitor:
    """Their browser."""
    return as_(officer)


@pytest.fixture
def walk(app: Flask, officer: int) -> int:
    """A walk that began an hour ago."""
    with app.app_context():
        return make_night_walk(officer)


def code_of(app: Flask, walk: int) -> str:
    """The code in a walk's link."""
    with app.app_context():
        return db.session.get_one(NightWalk, walk).code


def planned(**more: Any) -> dict[str, Any]:
    """What a form that plans a walk sends: tomorrow night."""
    day = clock.now().date() + timedelta(days=2)
    return {
        "once": "a" * 32, "title": "To the bus", "time": "22:30", "meeting_place": "The clock",
        "stops": "\n".join(STOPS), "day-day": day.day, "day-month": day.month,
        "day-year": day.year,
    } | more  # fmt: skip


def rates(value: int, **more: Any) -> dict[str, Any]:
    """What a form about a stop sends."""
    keys = ("light", "open", "seen", "way", "people", "mix", "transport", "help", "feeling")
    return {f"rate-{key}": str(value) for key in keys} | {"words": ""} | more


def photo(name: str = "photo") -> dict[str, Any]:
    """A photo for a form, with nobody on it."""
    return {name: (io.BytesIO(make_picture()), "x.jpg"), "nobody": "y"}


def test_a_walk_is_planned_changed_and_fixed_once_somebody_joined(
    app: Flask, desk: Visitor
) -> None:
    assert "No night walk yet" in desk.get(BASE).text
    where = f"{BASE}/new"
    assert "Enter the stops" in desk.refused(where, planned(stops="")).text
    assert "Enter the time" in desk.refused(where, planned(time="late")).text
    assert "within a year" in desk.refused(where, planned(**{"day-year": 2020})).text
    assert "40 stops at most" in desk.refused(where, planned(stops="x\n" * 41)).text
    made = desk.goes_to(desk.post(where, planned()))
    assert desk.goes_to(desk.post(where, planned())) == made
    page = desk.get(made)
    assert "3 stops" in page.text
    assert "/night-walk/" in page.text
    desk.post(f"{made}/change", planned(stops="One\nTwo"))
    assert "2 stops" in desk.get(made).text
    early = Visitor(app).get(f"/night-walk/{code_of(app, 1)}")
    assert "opens a day before" in early.text
    with app.app_context():
        begins = db.session.get_one(NightWalk, 1).meets_at
    with clock.moved_to(begins):
        phone = Visitor(app)
        phone.post(f"/night-walk/{code_of(app, 1)}/join")
    refused = desk.refused(f"{made}/change", planned(stops="Three"))
    assert "in use already" in refused.text


def test_a_walk_with_a_fault_or_a_repeat_stays_as_it_is(
    app: Flask, desk: Visitor, walk: int, officer: int
) -> None:
    assert "Change the walk" in desk.get(f"{BASE}/{walk}").text
    with app.app_context():
        again = make_night_walk(officer, again=walk)
        make_fault(again, officer)
    for each in (walk, again):
        assert "in use already" in desk.refused(f"{BASE}/{each}/change", planned()).text
        assert "Change the walk" not in desk.get(f"{BASE}/{each}").text


def test_the_link_is_the_citys_own_address_whatever_host_was_asked(
    app: Flask, desk: Visitor, walk: int
) -> None:
    settings = app.extensions["charter.settings"]
    app.extensions["charter.settings"] = replace(settings, public_url="https://city.example")
    address = f"https://city.example/night-walk/{code_of(app, walk)}"
    shown = desk.get(f"{BASE}/{walk}").all("strong")
    assert [text_of(each) for each in shown][:1] == [address]


def test_a_walker_joins_rates_stops_goes_back_and_changes(app: Flask, walk: int) -> None:
    phone, base = Visitor(app), f"/night-walk/{code_of(app, walk)}"
    phone.get(f"{base}/stops/1", 404)
    assert phone.goes_to(phone.post(f"{base}/join")) == f"{base}/stops/1"
    assert phone.goes_to(phone.post(f"{base}/join")) == f"{base}/stops/1"
    page = phone.get(f"{base}/stops/1")
    assert "I see faces, and all around the place" in page.text
    assert "Choose at least one" in phone.refused(f"{base}/stops/1", {"words": ""}).text
    bare = rates(3, photo=(io.BytesIO(make_picture()), "x.jpg"))
    assert "tick this" in phone.refused(f"{base}/stops/1", bare).text
    sent = rates(3, words="Bright", **photo())
    assert phone.goes_to(phone.post(f"{base}/stops/1", sent)) == f"{base}/stops/2"
    phone.post(f"{base}/stops/2", rates(1))
    assert phone.goes_to(phone.post(f"{base}/stops/3", rates(2))) == f"{base}/done"
    assert "Thank you" in phone.get(f"{base}/done").text
    assert "(done)" in phone.get(base).text
    phone.post(f"{base}/stops/1", {"rate-light": "0", "words": "Dark now"})
    phone.get(f"{base}/stops/4", 404)
    phone.get("/night-walk/nothing", 404)
    with app.app_context():
        assert len(service.walkers(walk)) == 1
        rows = db.session.scalars(select(StopRating).where(StopRating.stop_id == 1)).all()
        values = {each.thing: each.value for each in rows}
        assert (values.pop("light"), set(values.values())) == (0, {3})
        note = db.session.scalars(select(StopNote).where(StopNote.stop_id == 1)).one()
        assert note.words == "Dark now"
        assert note.file_id is not None
        told = db.session.scalars(select(TrailEntry).where(TrailEntry.chain == CITY)).all()
        assert "Dark" not in str([each.detail for each in told])
    stranger = Visitor(app)
    assert "Join the walk" in stranger.get(base).text
    stranger.get(f"{base}/stops/1", 404)


def test_a_walk_that_is_over_takes_nothing_more(app: Flask, desk: Visitor, walk: int) -> None:
    phone, base = Visitor(app), f"/night-walk/{code_of(app, walk)}"
    phone.post(f"{base}/join")
    desk.post(f"{BASE}/{walk}/end")
    assert "This walk is over" in phone.get(base).text
    assert "nothing can be changed" in phone.refused(f"{base}/stops/1", rates(3)).text
    late = Visitor(app)
    assert late.goes_to(late.post(f"{base}/join")) == base
    with app.app_context():
        assert db.session.scalars(select(StopRating)).all() == []


def test_no_more_walkers_than_a_walk_takes(
    app: Flask, walk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_WALKERS", 2)
    base = f"/night-walk/{code_of(app, walk)}"
    places = [(phone := Visitor(app)).goes_to(phone.post(f"{base}/join")) for _ in range(3)]
    assert places == [f"{base}/stops/1", f"{base}/stops/1", base]


def test_a_sheet_is_printed_and_typed_in(app: Flask, desk: Visitor, walk: int) -> None:
    paper = desk.answer(f"{BASE}/{walk}/sheet.pdf")
    assert paper.data.startswith(b"%PDF")
    where = desk.goes_to(desk.post(f"{BASE}/{walk}/type-in"))
    assert where == f"{BASE}/{walk}/sheets/1/1"
    for n in (1, 2, 3):
        assert f"stop {n} of 3" in desk.get(where).text
        where = desk.goes_to(desk.post(where, rates(n)))
    assert "1 walker, 1 on paper" in desk.get(where).text
    phone = Visitor(app)
    phone.post(f"/night-walk/{code_of(app, walk)}/join")
    desk.get(f"{BASE}/{walk}/sheets/2/1", 404)
    desk.get(f"{BASE}/{walk}/sheets/1/9", 404)


def test_what_walkers_said_is_merged_and_listed_and_sent(
    app: Flask, desk: Visitor, walk: int, officer: int
) -> None:
    with app.app_context():
        fine = [3, 3, 3, 3, 3, 3, 3, 3, 0]
        make_walker(walk, [GOOD, BAD, fine], words="A wall")
        make_walker(walk, [GOOD, BAD, fine])
        make_walker(walk, [GOOD, GOOD, GOOD], by=officer)
    page = desk.get(f"{BASE}/{walk}")
    assert "Look here first" in page.text
    assert "3 walkers, 1 on paper" in page.text
    assert "0 of 3: It is dark" in page.text
    assert "(from 0 to 3)" in page.text
    assert "Walker 1: A wall" in page.text
    new = f"{BASE}/{walk}/faults/new"
    form = desk.get(f"{new}?stop=2&thing=light").forms[0]
    assert "Light: It is dark" in str(form.fields["what"])
    assert desk.get(f"{new}?stop=99&thing=nothing").status == 200
    sent = {name: value for name, value in form.fields.items() if name != "csrf_token"}
    assert "from today on" in desk.refused(new, sent | {"due_on-year": 2020}).text
    desk.post(new, sent)
    desk.post(new, sent | {"what": "Second"})
    desk.post(f"{BASE}/{walk}/faults/2/unlist")
    refused = desk.get(desk.goes_to(desk.post(f"{BASE}/{walk}/send")).partition("#")[0])
    assert "enter an e-mail address" in refused.text
    page = desk.get(f"{BASE}/recipients/1")
    values = {"name": "Lamps", "mends": "All lamps", "email": "lamps@city.example"}
    wrong = desk.refused(f"{BASE}/recipients/1", values | {"email": "no"})
    assert "e-mail address" in wrong.errors[0]
    desk.post(f"{BASE}/recipients/1", values)
    page = desk.get(desk.goes_to(desk.post(f"{BASE}/{walk}/send")).partition("#")[0])
    assert "Sent: 1 fault" in page.text
    with app.app_context():
        mail = db.session.scalars(select(OutboxMail)).one()
        assert mail.recipient == "lamps@city.example"
        assert "dark" not in (mail.body or "")
        assert sending.token(walk, 1) in (mail.body or "")
    assert (
        "was sent already"
        in desk.get(
            desk.goes_to(desk.post(f"{BASE}/{walk}/faults/1/unlist")).partition("#")[0]
        ).text
    )


def test_a_walks_page_asks_no_more_for_many_walkers(
    app: Flask, desk: Visitor, walk: int, officer: int
) -> None:
    def cost() -> int:
        desk.get(f"{BASE}/{walk}")
        with counted(app) as seen:
            desk.get(f"{BASE}/{walk}")
        return len(seen)

    with app.app_context():
        make_walker(walk, [GOOD, BAD, GOOD])
        make_fault(walk, officer)
    few = cost()
    with app.app_context():
        for _ in range(5):
            make_walker(walk, [GOOD, BAD, BAD], words="Dark")
            make_fault(walk, officer)
    assert cost() == few <= 12


def test_whoever_mends_answers_without_an_account(
    app: Flask, desk: Visitor, walk: int, officer: int
) -> None:
    with app.app_context():
        for what in ("The lamp is out", "Too dark", "Not sent"):
            make_fault(walk, officer, what=what)
        other = make_fault(walk, officer, key="waste")
        rows = service.faults(walk)
        for row in rows:
            row.sent_at = clock.now() if row.what != "Not sent" else None
        db.session.commit()
        token = sending.token(walk, 1)
    there, base = Visitor(app), f"/street-faults/{token}"
    page = there.get(base)
    assert "The lamp is out" in page.text
    assert "Not sent" not in page.text
    for number in (3, other, 99):
        there.get(f"{base}/{number}", 404)
    there.get(f"{base}x", 404)
    there.get("/street-faults/WzEsMV0.nothing", 404)
    assert "Choose what became" in there.refused(f"{base}/1", {}).text
    assert "Say why" in there.refused(f"{base}/2", {"state": "declined"}).text
    there.post(f"{base}/1", {"state": "fixed", "words": "New lamp", **photo()})
    there.post(f"{base}/2", {"state": "declined", "words": "It is the station’s"})
    assert there.answer(f"{base}/1/photo").mimetype == "image/jpeg"
    there.get(f"{base}/2/photo", 404)
    page = there.get(base)
    assert "Fixed," in page.text
    page = desk.get(f"{BASE}/{walk}/faults/1")
    assert "New lamp" in page.text
    assert desk.answer(f"{BASE}/{walk}/faults/1/photo").mimetype == "image/jpeg"
    desk.post(f"{BASE}/{walk}/faults/2", {"state": "fixed", "words": "They mended it after all"})
    with app.app_context():
        assert [each.state for each in service.faults(walk)][:2] == [State.FIXED] * 2


def test_overdue_faults_are_mailed_once_a_week(app: Flask, walk: int, officer: int) -> None:
    with app.app_context():
        make_fault(walk, officer)
        row, to = service.faults(walk)[0], service.recipients()[0]
        row.sent_at, to.email = clock.now(), "lamps@city.example"
        db.session.commit()
        start = clock.now()
        mailed = []
        for day in (10, 15, 16, 21, 23, 40):
            with clock.moved_to(start + timedelta(days=day)):
                mailed.append(sending.remind())
                commit()
        assert mailed == [0, 1, 0, 0, 1, 1]
        db.session.scalars(select(StreetFault)).one().state = State.FIXED
        db.session.commit()
        with clock.moved_to(start + timedelta(days=60)):
            assert sending.remind() == 0
            commit()


def test_a_walk_is_repeated_and_compared(
    app: Flask, desk: Visitor, walk: int, officer: int
) -> None:
    with app.app_context():
        make_walker(walk, [BAD, BAD, BAD])
        make_fault(walk, officer)
        again = make_night_walk(officer, stops=("Under the bridge", "A new stop"), again=walk)
        make_walker(again, [GOOD, GOOD])
    form = desk.get(f"{BASE}/new?again={walk}").forms[0]
    assert "Under the bridge" in str(form.fields["stops"])
    page = desk.get(f"{BASE}/{again}/compared")
    assert "Of 1 fault listed then, 0 are fixed" in page.text
    assert page.text.count("Better") == 9
    assert "A new stop" in page.text
    desk.get(f"{BASE}/{walk}/compared", 404)


def test_words_and_photos_go_after_their_time_and_ratings_stay(
    app: Flask, walk: int, officer: int
) -> None:
    phone, base = Visitor(app), f"/night-walk/{code_of(app, walk)}"
    phone.post(f"{base}/join")
    phone.post(f"{base}/stops/1", rates(3, words="Bright", **photo()))
    with app.app_context():
        start = clock.now()
        for days, gone in ((700, 0), (760, 1), (761, 0)):
            with clock.moved_to(start + timedelta(days=days)):
                found = []
                under_lock(CITY, lambda found=found: found.append(retention.forget()))
                assert found == [gone]
        note = db.session.scalars(select(StopNote)).one()
        assert (note.words, note.file_id) == ("", None)
        assert len(db.session.scalars(select(StopRating)).all()) == 9


def test_recipients_are_added_and_taken_off(app: Flask, desk: Visitor, walk: int) -> None:
    new = f"{BASE}/recipients/new"
    assert "Enter who mends it" in desk.refused(new, {"mends": "Doors"}).text
    desk.post(new, {"name": "The Lantern", "mends": "Its own door", "email": ""})
    assert "The Lantern" in desk.get(f"{BASE}/recipients").text
    desk.post(f"{BASE}/recipients/7/retire")
    assert "The Lantern" not in desk.get(f"{BASE}/recipients").text
    desk.get(f"{BASE}/recipients/7", 404)
