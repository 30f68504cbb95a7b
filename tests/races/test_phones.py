"""Two at once on a venue's own phones: one code, one shift, no more guesses than one by one."""

import re
import threading
from collections.abc import Callable
from datetime import date
from functools import partial
from secrets import token_hex

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.core.trail import TrailEntry
from charter.devices import slowing
from charter.devices.models import Device, DeviceShift
from charter.incidents.models import Entry
from tests import whole_books
from tests.builders.accounts import make_member
from tests.builders.devices import COOKIE, held, make_code, make_people, make_phone, make_pin
from tests.builders.venues import make_venue
from tests.visitor import Visitor

pytestmark = pytest.mark.slow
ROUNDS = 12
Act = Callable[[], TestResponse]


class House:
    """A venue with two people who have PINs, and a phone with two pages open."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context():
            self.venue = make_venue(state="working").id
            people = make_people(self.venue, "Robin Moss", "Sam Pike")
            self.pins = [make_pin(self.venue, each) for each in people.values()]
            self.device, self.token = make_phone(self.venue)
            long_ago = date(2020, 1, 1)
            self.boss = make_member(Role.MANAGER, venue=self.venue, starts_on=long_ago).id
            db.session.remove()
        self.pages = [held(app, self.token) for _ in range(2)]

    def form(self) -> dict[str, object]:
        """The form as it is open now, with the least in it."""
        sent = self.pages[0].get("/phone").form("/phone").filled()
        return {**sent, "kinds": "violence.pushing"}

    def asked(self, query: object) -> list[object]:
        """What the database says now."""
        with self.app.app_context():
            found = list(db.session.scalars(query))  # type: ignore[call-overload]  # any select
            db.session.remove()
        return found


@pytest.fixture
def house(app: Flask) -> House:
    return House(app)


def at_once(*acts: Act) -> list[TestResponse]:
    """Do all of these at the same moment, each in a thread of its own; what each answered."""
    gate = threading.Barrier(len(acts))
    answers: list[TestResponse | None] = [None] * len(acts)

    def go(place: int) -> None:
        gate.wait()
        answers[place] = acts[place]()

    threads = [threading.Thread(target=go, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert None not in answers
    return [each for each in answers if each is not None]


def test_of_two_who_enter_one_code_at_once_one_is_paired(app: Flask, house: House) -> None:
    for number in range(ROUNDS // 2):
        with app.app_context():
            code = make_code(house.venue, f"Phone {number}")[1]
            db.session.remove()
        browsers = [Visitor(app), Visitor(app)]
        answers = at_once(*(partial(each.sent, "/phone/pair", {"code": code}) for each in browsers))
        assert sorted(each.status_code for each in answers) == [200, 303]
        cookies = [each.client.get_cookie(COOKIE, path="/phone") for each in browsers]
        assert len([each for each in cookies if each]) == 1
    paired = select(func.count()).where(TrailEntry.verb == "device.paired")
    assert house.asked(paired) == [ROUNDS // 2 + 1]


def test_of_two_who_sign_in_at_once_one_is_on_shift(house: House) -> None:
    for _ in range(ROUNDS):
        answers = at_once(
            *(
                partial(page.sent, "/phone/pin", {"pin": pin})
                for page, pin in zip(house.pages, house.pins, strict=True)
            )
        )
        assert [each.status_code for each in answers] == [303, 303]
        running = select(DeviceShift.member_id).where(DeviceShift.ended_at.is_(None))
        assert len(house.asked(running)) == 1


def test_wrong_pins_at_once_gain_nothing(app: Flask, house: House) -> None:
    """Twelve tries at once: no more are judged than are free, and a right one waits too."""
    with clock.moved_to(clock.now()):
        browsers = [held(app, house.token) for _ in range(ROUNDS)]
        answers = at_once(
            *(partial(each.sent, "/phone/pin", {"pin": "12 345"}) for each in browsers)
        )
        judged = [each for each in answers if "not right" in each.text]
        assert len(judged) == slowing.FREE_PINS
        answer = browsers[0].sent("/phone/pin", {"pin": house.pins[0]})
        assert "Wait" in answer.text


def test_a_double_tap_makes_one_entry(house: House) -> None:
    house.pages[0].post("/phone/pin", {"pin": house.pins[0]})
    for number in range(1, ROUNDS + 1):
        sent = {**house.form(), "once": token_hex(16)}
        answers = at_once(*(partial(page.sent, "/phone", sent) for page in house.pages))
        assert [f"as entry {number}." in each.text for each in answers] == [True, True]
    assert house.asked(select(func.count(Entry.id))) == [ROUNDS]
    with house.app.app_context():
        assert whole_books.faults() == []
        db.session.remove()


def test_what_is_sent_while_the_phone_is_ended_is_written_before_or_refused(
    app: Flask, house: House, as_: Callable[[int], Visitor]
) -> None:
    manager, written = as_(house.boss), 0
    for number in range(ROUNDS // 2):
        with app.app_context():
            device_id, token = make_phone(house.venue, f"Phone {number}")
            db.session.remove()
        page = held(app, token)
        page.post("/phone/pin", {"pin": house.pins[0]})
        form = page.get("/phone").form("/phone").filled()
        sent = {**form, "kinds": "violence.pushing"}
        end = f"/venues/{house.venue}/phones/{device_id}/end"
        ended, saved = at_once(partial(manager.sent, end), partial(page.sent, "/phone", sent))
        assert ended.status_code == 303
        written += "Saved in the book" in saved.text
        assert re.search(r'Saved in the book|data-phone="(pair|pin)"', saved.text)
        assert 'data-phone="pair"' in page.sent("/phone", sent).text
    assert house.asked(select(func.count(Entry.id))) == [written]
    running = select(func.count(Device.id)).where(Device.ended_at.is_(None))
    assert house.asked(running) == [1]
