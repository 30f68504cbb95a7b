"""The venue's own phone, page by page: it pairs, signs in, writes, and reads nothing at all."""

import gzip
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from secrets import token_hex

import pytest
from flask import Flask
from sqlalchemy import select

from charter import config
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db
from charter.core.trail import TrailEntry
from charter.devices import service as devices
from charter.devices.models import Device, DeviceShift
from charter.editions import service as editions
from charter.incidents.models import Entry, EntryDraft
from charter.staff import service as staff
from tests import matrix
from tests.builders.accounts import make_member
from tests.builders.devices import (
    COOKIE,
    held,
    locked,
    make_code,
    make_people,
    make_phone,
    make_pin,
)
from tests.builders.incidents import make_entry, make_zone, writer
from tests.builders.venues import make_venue
from tests.counting import counted, forget_answers
from tests.page import Page, inspect
from tests.visitor import Visitor

NIGHT = datetime(2026, 11, 20, 23, 41, tzinfo=UTC)
CANARY = "Zanzibar-canary"
As = Callable[[int], Visitor]


class Place:
    """A venue with a phone that is paired, two people with PINs, and entries on its book."""

    def __init__(self, app: Flask, as_: As) -> None:
        self.app = app
        with app.app_context():
            self.venue = make_venue(state="working", name="The Lantern").id
            self.zone = make_zone(self.venue)
            long_ago = {"venue": self.venue, "starts_on": date(2020, 1, 1)}
            self.boss = make_member(Role.MANAGER, **long_ago).id
            self.people = make_people(self.venue, "Robin Moss", "Sam Pike")
            self.pins = {name: make_pin(self.venue, each) for name, each in self.people.items()}
            self.device, self.token = make_phone(self.venue)
            make_entry(self.venue, writer(self.boss), said=CANARY, hours_ago=2)
            db.session.remove()
        self.manager, self.phone = as_(self.boss), held(app, self.token)
        self.pages = f"/venues/{self.venue}/phones"

    def enter(self, name: str = "Robin Moss", phone: Visitor | None = None) -> Page:
        """Sign in by PIN; the form that opens."""
        phone = phone or self.phone
        answer = phone.post("/phone/pin", {"pin": self.pins[name]})
        assert phone.goes_to(answer) == "/phone"
        return phone.get("/phone")

    def rows(self, book: int | None = None) -> list[Entry]:
        """The entries of a book, in order."""
        with self.app.app_context():
            query = select(Entry).where(Entry.book == (self.venue if book is None else book))
            found = list(db.session.scalars(query.order_by(Entry.number)))
            db.session.expunge_all()
            db.session.remove()
            return found

    def change(self, act: Callable[[], object], *chains: int) -> None:
        """Something happens at the venue meanwhile."""
        with self.app.app_context():
            locked(*(chains or (self.venue,)))
            act()
            commit()
            db.session.remove()


@pytest.fixture
def place(app: Flask, as_: As) -> Iterator[Place]:
    with clock.moved_to(NIGHT):
        yield Place(app, as_)


def kind(page: Page) -> str:
    """What a page of the phone says that it is."""
    found = [each.get("data-phone") for each in page.all("div") if each.get("data-phone")]
    return str(found[0])


def filled(page: Page, **more: object) -> dict[str, object]:
    """The form on a page with the least in it that can be saved."""
    sent = page.form("/phone").filled()
    del sent["csrf_token"]
    return {**sent, "kinds": "sexual.touching", **more}


def test_a_code_pairs_a_pin_signs_in_and_an_entry_is_written(place: Place, client: Visitor):
    with place.app.app_context():
        code = make_code(place.venue, "Door")[1]
        db.session.remove()
    assert kind(client.get("/phone")) == "pair"
    assert client.refused("/phone/pair", {"code": "0000 0000"}).errors
    answer = client.post("/phone/pair", {"code": code})
    [cookie] = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith(COOKIE)]
    for trait in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/phone", "Max-Age=34560000"):
        assert trait in cookie
    assert kind(client.get("/phone")) == "pin"
    wrong = client.refused("/phone/pin", {"pin": "12345"})
    assert "PIN is not right" in wrong.text
    assert "12345" not in wrong.html
    page = place.enter(phone=client)
    assert (kind(page), page.h1) == ("form", "Write an entry")
    assert "Signed in: Robin Moss" in page.text
    assert 'autocomplete="off"' in page.html
    done = inspect(client.post("/phone", filled(page, said="He pushed her."), 200).text, 200)
    assert "Saved in the book as entry 2" in done.text
    assert done.title.startswith("Thank you")
    row = place.rows()[-1]
    assert (row.by_member_id, row.by_user_id) == (place.people["Robin Moss"], None)
    assert (row.team, row.happened_at) == ("floor", NIGHT)
    with place.app.app_context():
        noted = db.session.scalars(select(TrailEntry).where(TrailEntry.verb == "entry.written"))
        last = [*noted][-1]
        assert (last.actor_id, last.detail["member"]) == (None, place.people["Robin Moss"])
        assert db.session.scalars(select(EntryDraft)).all() == []
        db.session.remove()
    assert client.goes_to(client.post("/phone/done")) == "/phone"
    assert kind(client.get("/phone")) == "pin"


def test_the_same_form_twice_is_one_entry_and_nobody_else_learns_of_it(place: Place):
    sent = filled(place.enter(), said=CANARY)
    first, second = (place.phone.post("/phone", sent, 200) for _ in range(2))
    assert "as entry 2" in first.text
    assert "as entry 2" in second.text
    assert len(place.rows()) == 2
    place.enter("Sam Pike")
    page = inspect(place.phone.post("/phone", sent, 200).text, 200)
    assert kind(page) == "pin"
    assert "Whoever wrote it has to type their PIN" in page.text
    assert CANARY not in page.html
    assert "entry 2" not in page.html
    place.phone.post("/phone/done")
    assert kind(inspect(place.phone.post("/phone", sent, 200).text, 200)) == "pin"
    assert len(place.rows()) == 2


def test_what_somebody_began_is_saved_under_nobody_elses_name(place: Place):
    theirs = filled(place.enter("Sam Pike"), said=CANARY)
    place.enter("Robin Moss")
    for sent in (theirs, {**theirs, "shift": ""}, {**theirs, "shift": "a" * 64}):
        page = inspect(place.phone.post("/phone", sent, 200).text, 200)
        assert kind(page) == "pin"
        assert CANARY not in page.html
    place.enter("Sam Pike")
    place.phone.post("/phone", theirs, 200)
    assert [row.by_member_id for row in place.rows()] == [None, place.people["Sam Pike"]]


def test_a_refused_form_keeps_what_was_typed_for_who_typed_it(place: Place):
    sent = filled(place.enter(), kinds="", said=CANARY, when="tonight", tonight_at="2599")
    page = inspect(place.phone.post("/phone", sent, 200).text, 200)
    assert kind(page) == "form"
    assert "Choose what happened" in page.text
    fields = page.form("/phone").fields
    assert str(fields["said"]).strip() == CANARY
    assert fields["once"] == sent["once"]
    assert len(place.rows()) == 1


def test_an_entry_about_somebody_in_charge_is_answered_alike_and_goes_to_the_office(place: Place):
    answers = []
    for more in ({}, {"relation": "in-charge"}):
        answer = place.phone.post("/phone", filled(place.enter(), **more), 200)
        answers.append(answer)
    ordinary, office = answers
    assert "R-1" in office.text
    assert "entry 2" in ordinary.text
    names = [sorted(name for name, _ in each.headers) for each in answers]
    assert names[0] == names[1]
    assert inspect(ordinary.text, 200).title == inspect(office.text, 200).title
    assert "R-1" not in place.phone.get("/phone").html
    [row] = place.rows(CITY)
    assert (row.venue_id, row.by_member_id) == (place.venue, place.people["Robin Moss"])
    assert len(place.rows()) == 2


@pytest.mark.parametrize(
    ("saved", "sent", "said", "wall"),
    [
        # The shift's own clock: 23:41 on 20 November, in winter time.
        (0, 30, {"when": "now"}, "2026-11-20T23:41"),
        (0, 400, {"when": "now"}, "2026-11-20T23:41"),
        (0, 14 * 60, {"when": "now"}, "2026-11-20T23:41"),
        (0, 60, {"when": "tonight", "tonight_at": "2230"}, "2026-11-20T22:30"),
        (0, 14 * 60, {"when": "tonight", "tonight_at": "2230"}, "2026-11-20T22:30"),
    ],
)
def test_what_waited_happened_when_it_was_saved(
    place: Place, saved: int, sent: int, said: dict[str, str], wall: str
):
    form = filled(place.enter(), **said)
    with clock.moved_to(NIGHT + timedelta(minutes=sent)):
        place.enter()
        answer = place.phone.post("/phone", {**form, "ago": str(sent * 60)}, 200)
    assert "as entry 2" in answer.text
    row = place.rows()[-1]
    assert (row.happened_wall, row.is_around, row.is_late) == (wall, False, False)


@pytest.mark.sqlite_only
def test_what_waited_over_the_hour_that_is_twice_keeps_its_own_pass(app: Flask, as_: As):
    second_pass = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    for at, fold in ((second_pass, 1), (second_pass - timedelta(hours=1), 0)):
        with clock.moved_to(at):
            place = Place(app, as_)
            form = filled(place.enter())
        with clock.moved_to(second_pass + timedelta(hours=2)):
            ago = (second_pass - at).seconds + 7200
            answer = place.phone.post("/phone", {**form, "ago": str(ago)}, 200)
        assert "as entry 2" in answer.text
        row = place.rows()[-1]
        assert (row.happened_wall, row.fold) == ("2026-10-25T01:30", fold)


@pytest.mark.parametrize("ago", ["-5", "x", "99999999", "\N{SUPERSCRIPT TWO}", ""])
def test_a_wait_that_cannot_be_is_no_wait(place: Place, ago: str):
    place.phone.post("/phone", filled(place.enter(), ago=ago), 200)
    assert place.rows()[-1].happened_wall == "2026-11-20T23:41"


def test_what_waited_for_over_a_day_asks_why(place: Place):
    form = filled(place.enter(), said=CANARY)
    with clock.moved_to(NIGHT + timedelta(hours=30)):
        place.enter()
        page = inspect(place.phone.post("/phone", {**form, "ago": str(30 * 3600)}, 200).text, 200)
        assert kind(page) == "form"
        assert "Say why it is written only now" in page.text
        again = filled(page, late_why="There was no signal.")
        assert again["once"] == form["once"]
        assert "as entry 2" in place.phone.post("/phone", again, 200).text
    row = place.rows()[-1]
    assert (row.happened_wall, row.is_late) == ("2026-11-20T23:41", True)


def test_whoever_leaves_and_a_phone_that_is_ended_write_no_more(place: Place):
    robin = place.people["Robin Moss"]
    form = filled(place.enter(), said=CANARY)
    place.change(lambda: staff.leave(place.venue, robin, date(2026, 11, 19), by=place.boss))
    assert kind(inspect(place.phone.post("/phone", form, 200).text, 200)) == "pin"
    assert "PIN is not right" in place.phone.refused(
        "/phone/pin", {"pin": place.pins["Robin Moss"]}
    ).text  # fmt: skip
    form = filled(place.enter("Sam Pike"), said=CANARY)
    place.manager.post(f"{place.pages}/{place.device}/end")
    page = inspect(place.phone.post("/phone", form, 200).text, 200)
    assert kind(page) == "pair"
    assert "no longer the venue’s" in page.text
    assert CANARY not in page.html
    for url in ("/phone/pin", "/phone/offline"):
        assert place.phone.goes_to(place.phone.answer(url)) == "/phone"
    assert len(place.rows()) == 1


def test_an_account_and_a_phone_do_not_mix(place: Place, as_: As):
    both = as_(place.boss)
    both.client.set_cookie(COOKIE, place.token, path="/phone", secure=True, domain="localhost")
    place.enter()
    assert kind(both.get("/phone")) == "account"
    with place.app.app_context():
        code = make_code(place.venue, "Door")[1]
        db.session.remove()
    sent = {"once": token_hex(16), "when": "now", "kinds": "sexual.touching"}
    for url, form in (
        ("/phone/pair", {"code": code}),
        ("/phone", sent),
    ):
        assert kind(inspect(both.post(url, form, 200).text, 200)) == "account"
    for url in ("/phone/pin", "/phone/done"):
        assert both.goes_to(both.post(url, {"pin": place.pins["Sam Pike"]})) == "/phone"
    assert "Signed in: Robin Moss" in place.phone.get("/phone").text
    assert len(place.rows()) == 1


def _told(text: str) -> str:
    return re.sub(r'(name="csrf_token"[^>]* value|name="once"[^>]* value)="[^"]+', "", text)


@pytest.mark.sqlite_only
@pytest.mark.slow
def test_the_phone_reads_nothing(place: Place, client: Visitor):
    """With its cookie, sent to every address, it opens what anybody opens, and its own pages."""
    with place.app.app_context():
        locked()
        editions.load_seeds(config.ROOT / "seeds" / "charter")
        commit()
        db.session.remove()
    place.enter()
    phone = held(place.app, place.token)
    phone.client.set_cookie(COOKIE, place.token, path="/", secure=True, domain="localhost")
    own = set()
    for route in matrix.routes():
        if route.endpoint not in place.app.view_functions:
            continue
        url = route.at(place.venue, code="0" * 16, key="staff.policy", audience="everyone")
        if route.method == "GET":
            with_it, without = phone.answer(url), client.answer(url)
        else:
            if route.who == "public":
                continue
            with_it, without = phone.sent(url), client.sent(url)
        told = [
            (each.status_code, each.headers.get("Location"), _told(each.text))
            for each in (with_it, without)
        ]
        assert CANARY not in told[0][2]
        assert "entry 1" not in told[0][2]
        if told[0] != told[1]:
            own.add(route.endpoint)
    assert own == {"phone.home", "phone.pin", "phone.offline"}


def test_what_the_phone_keeps_for_no_signal_is_of_nobody(place: Place):
    place.enter()
    answer = place.phone.answer("/phone/offline")
    assert "Set-Cookie" not in answer.headers
    page = inspect(answer.text, 200)
    assert page.h1 == "Write without a signal"
    fields = page.form("/phone").fields
    assert "csrf_token" not in fields
    assert [fields[name] for name in ("once", "shift", "ago")] == ["", "", ""]
    for theirs in ("Robin", "Sam", "Moss", "Lantern", CANARY, place.token):
        assert theirs not in answer.text
    assert "Dance floor" in answer.text
    worker = place.phone.answer("/phone/worker.js")
    assert worker.mimetype == "text/javascript"
    assert worker.headers["Service-Worker-Allowed"] == "/phone"
    assert "script-src 'self'" in worker.headers["Content-Security-Policy"]


@pytest.mark.sqlite_only
def test_the_script_is_small_and_keeps_to_its_own_database() -> None:
    script = (Path(config.__file__).parent / "static" / "offline.js").read_text("utf-8")
    assert len(gzip.compress(script.encode())) < 4_500
    for unwanted in ("localStorage", "sessionStorage", "document.cookie", "innerHTML", "eval("):
        assert unwanted not in script


def test_a_form_without_its_token_writes_nothing(place: Place):
    sent = filled(place.enter())
    answer = place.phone.client.post("/phone", data=sent, base_url="https://localhost")
    assert answer.status_code == 403
    assert len(place.rows()) == 1


def test_the_phones_page_shows_codes_and_pins_once(place: Place):
    page = place.manager.get(place.pages)
    assert "Bar tablet" in page.text
    assert "Nobody has signed in on it yet" in page.text
    assert [place.pins[name] in page.html for name in place.pins] == [False, False]
    assert "tells them apart" in place.manager.refused(place.pages, {"name": "bar tablet"}).text
    assert place.manager.refused(place.pages, {"name": ""}).errors
    made = inspect(place.manager.post(place.pages, {"name": "Door <b>"}, 200).text, 200)
    [code] = re.findall(r"\d{4} \d{4}", made.text)
    assert "https://localhost/phone" in made.text
    assert code not in place.manager.get(place.pages).html
    with place.app.app_context():
        device_id = db.session.scalars(select(Device.id).order_by(Device.id.desc())).first()
        db.session.remove()
    again = inspect(place.manager.post(f"{place.pages}/{device_id}/code", status=200).text, 200)
    [newer] = re.findall(r"\d{4} \d{4}", again.text)
    assert newer != code
    sam = place.people["Sam Pike"]
    place.manager.post(f"{place.pages}/pins/{sam}/take")
    page = place.manager.get(place.pages)
    assert page.form(f"{place.pages}/pins").options("pin-member_id") == ["", str(sam)]
    assert place.manager.refused(f"{place.pages}/pins", {"pin-member_id": ""}).errors
    robin = str(place.people["Robin Moss"])
    assert place.manager.refused(f"{place.pages}/pins", {"pin-member_id": robin}).errors
    made = inspect(
        place.manager.post(f"{place.pages}/pins", {"pin-member_id": str(sam)}, 200).text, 200
    )
    [pin] = re.findall(r"\d{3} \d{3}", made.text)
    place.pins["Sam Pike"] = pin
    assert "Sam Pike" in place.enter("Sam Pike").text
    made = inspect(place.manager.post(f"{place.pages}/pins/{robin}", status=200).text, 200)
    assert re.findall(r"\d{3} \d{3}", made.text) != [place.pins["Robin Moss"]]
    place.manager.post(f"{place.pages}/{device_id}/end")
    assert "Bar tablet" in place.manager.get(place.pages).text
    assert "New code for Door" not in place.manager.get(place.pages).text
    for url in (f"{device_id}/end", f"{device_id}/code", "pins/999/take", "pins/999"):
        place.manager.post(f"{place.pages}/{url}", status=404)


@pytest.mark.sqlite_only
def test_what_the_phone_asks_of_the_database_stays_small(place: Place):
    page = place.enter()
    forget_answers(place.app)
    with counted(place.app) as seen:
        place.phone.get("/phone")
    assert len(seen) <= 7
    with counted(place.app) as seen:
        place.phone.answer("/phone/offline")
    assert len(seen) <= 5
    sent = filled(page)
    with counted(place.app) as seen:
        place.phone.post("/phone", sent, 200)
    assert len(seen) <= 60


def test_a_shift_ends_in_time(place: Place):
    form = filled(place.enter())
    with clock.moved_to(NIGHT + devices.SHIFT_LASTS):
        assert kind(place.phone.get("/phone")) == "pin"
        assert kind(inspect(place.phone.post("/phone", form, 200).text, 200)) == "pin"
    with place.app.app_context():
        [shift] = db.session.scalars(select(DeviceShift))
        assert shift.ends_at - shift.started_at == timedelta(hours=12)
        db.session.remove()
