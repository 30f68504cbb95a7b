"""Two people write in one book at the same moment, or one person twice (F027, F028, F030)."""

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from charter.core.access import Role
from charter.core.db import CITY, db
from charter.incidents import following, reading
from charter.incidents.models import BookLine, Entry
from tests import whole_books
from tests.builders.accounts import make_member
from tests.builders.incidents import make_entry, writer
from tests.builders.venues import make_venue
from tests.visitor import Visitor

pytestmark = pytest.mark.slow

ROUNDS = 30
LONG_ROUNDS = 500
LONG_AGO = date(2020, 1, 1)
Act = Callable[[], TestResponse]


class House:
    """A venue with a barman and two who look after its book; each has two phones in hand."""

    def __init__(self, app: Flask, as_: Callable[[int], Visitor], name: str) -> None:
        self.app = app
        with app.app_context():
            self.venue = make_venue(name=name, state="working").id
            roles = (Role.STAFF, Role.CHAMPION, Role.MANAGER)
            self.ids = [make_member(r, venue=self.venue, starts_on=LONG_AGO).id for r in roles]
            db.session.remove()
        self.staff, self.champion, self.manager = ((as_(i), as_(i)) for i in self.ids)
        self.book = f"/venues/{self.venue}/book"

    def write(self, who: Visitor, once: str, **more: Any) -> Act:
        """Saving the form that carries this token."""
        sent = {"once": once, "when": "now", "kinds": "violence.pushing", "said": once, **more}
        return lambda: who.sent(f"{self.book}/new", sent)

    def entry(self) -> int:
        """Somebody wrote an entry before; its number."""
        with self.app.app_context():
            number = make_entry(self.venue, writer(self.ids[1])).number
            db.session.remove()
            return number

    def tick(self, who: Visitor, number: int) -> Act:
        """Ticking everything up to an entry as read."""
        return lambda: who.sent(f"{self.book}/week/read", {"up_to": str(number)})

    def sign(self, who: Visitor, monday: date) -> Act:
        """Signing that in a week there was nothing to report."""
        return lambda: who.sent(f"{self.book}/week/nothing", {"week": monday.isoformat()})

    def quiet_weeks(self) -> list[date]:
        """The weeks that wait for a signature."""
        with self.app.app_context():
            found = reading.weeks_to_sign(self.venue)
            db.session.remove()
        return found

    def is_signed_first(self, monday: date) -> bool:
        """Whether a week was signed before the line of the entry that happened in it."""
        with self.app.app_context():
            signed = following.nil_weeks(self.venue, monday).get(monday)
            entries = db.session.scalars(
                select(BookLine.seq)
                .join(Entry, Entry.id == BookLine.entry_id)
                .where(Entry.book == self.venue, Entry.night >= monday)
                .where(Entry.night < monday + timedelta(weeks=1))
            ).all()
            found = signed is not None and signed.seq < min(entries)
            assert found or signed is None
            db.session.remove()
        return found

    def form(self, who: Visitor, page: str, **answers: Any) -> Act:
        """A form as it is opened now, filled in and sent later."""
        at = f"{self.book}/{page}"
        sent = {k: v for k, v in who.get(at).form().filled(**answers).items() if k != "csrf_token"}
        return lambda: who.sent(at, sent)


@pytest.fixture
def house(app: Flask, as_: Callable[[int], Visitor]) -> House:
    return House(app, as_, "The Lantern")


@pytest.fixture
def other(app: Flask, as_: Callable[[int], Visitor]) -> House:
    return House(app, as_, "Switchyard")


@pytest.fixture(autouse=True)
def whole(app: Flask) -> Iterator[None]:
    """After every test every book is whole."""
    yield
    with app.app_context():
        assert whole_books.faults() == []
        assert len(whole_books.written()) >= ROUNDS
        db.session.remove()


def at_once(*acts: Act) -> list[TestResponse]:
    """Do all of these at the same moment, each in a thread of its own; what each answered."""
    gate = threading.Barrier(len(acts))
    answers: list[Any] = [None] * len(acts)

    def go(place: int) -> None:
        gate.wait()
        answers[place] = acts[place]()

    threads = [threading.Thread(target=go, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def told(answers: Sequence[TestResponse]) -> list[int]:
    """The numbers that people were told: by where they were sent, or on the page itself."""
    found = []
    for answer in answers:
        if answer.status_code == 303:
            found.append(int(answer.headers["Location"].split("/")[-2]))
        else:
            words = answer.get_data(as_text=True)
            assert answer.status_code == 200, words[:1500]
            found.append(int(words.split("as R-")[1].split(".")[0]))
    return found


def two_phones(house: House, rounds: int) -> None:
    """Each round two people save at once; every number told is that entry's, and none is twice."""
    acknowledged: dict[str, int] = {}
    for number in range(1, 2 * rounds, 2):
        tokens = [secrets.token_hex(16) for _ in range(2)]
        whos = (house.staff[0], house.manager[0])
        acts = [house.write(who, once) for who, once in zip(whos, tokens, strict=True)]
        numbers = told(at_once(*acts))
        assert sorted(numbers) == [number, number + 1]
        acknowledged |= dict(zip(tokens, numbers, strict=True))
    with house.app.app_context():
        assert whole_books.faults(acknowledged) == []
        db.session.remove()


def test_two_phones_that_save_at_once_get_two_numbers_and_no_gap(house: House):
    two_phones(house, ROUNDS)


@pytest.mark.long
def test_two_phones_that_save_at_once_five_hundred_times(house: House):
    two_phones(house, LONG_ROUNDS)


def test_a_double_tap_makes_one_entry_and_says_its_number_twice(house: House):
    for number in range(1, ROUNDS + 1):
        once = secrets.token_hex(16)
        taps = [house.write(phone, once) for phone in house.staff]
        assert told(at_once(*taps)) == [number, number]
        assert told([taps[0]()]) == [number], "a reload after that"


def test_a_double_tap_about_a_manager_makes_one_entry_of_the_office(house: House, other: House):
    """Two venues write to the office's own series at once, each of them twice."""
    for number in range(1, ROUNDS, 2):
        tokens = [secrets.token_hex(16) for _ in range(2)]
        taps = [
            place.write(phone, once, relation="in-charge")
            for place, once in zip((house, other), tokens, strict=True)
            for phone in place.staff
        ]
        first, first_again, second, second_again = told(at_once(*taps))
        assert (first, second) == (first_again, second_again)
        assert sorted((first, second)) == [number, number + 1]
    with house.app.app_context():
        assert {book for book, _ in whole_books.written().values()} == {CITY}
        db.session.remove()


def test_of_two_who_correct_one_entry_at_once_the_second_is_shown_what_the_first_wrote(
    house: House,
):
    """F030: 409 with both versions; nothing is lost."""
    for number in range(1, ROUNDS + 1):
        assert house.entry() == number
        acts = [
            house.form(who[0], f"{number}/change", said=f"{name} saw more", cctv="wanted")
            for name, who in (("Robin", house.champion), ("Kim", house.manager))
        ]
        answers = at_once(*acts)
        assert sorted(each.status_code for each in answers) == [303, 409]
        first = [each.status_code for each in answers].index(303)
        names = ("Robin", "Kim")
        page = answers[1 - first].get_data(as_text=True)
        assert f"{names[first]} saw more" in page
        assert f"{names[1 - first]} saw more" in page


def test_of_two_who_close_an_entry_at_once_one_does(house: House):
    for number in range(1, ROUNDS + 1):
        assert house.entry() == number
        acts = [
            house.form(who[0], f"{number}/close", outcome="ban")
            for who in (house.champion, house.manager)
        ]
        assert sorted(each.status_code for each in at_once(*acts)) == [303, 409]


def test_what_is_written_while_the_week_is_read_is_not_ticked_as_read(house: House):
    for _ in range(ROUNDS):
        number = house.entry()
        tick = house.tick(house.manager[0], number)
        answers = at_once(tick, house.write(house.staff[0], secrets.token_hex(16)))
        assert [each.status_code for each in answers] == [303, 303]
        with house.app.app_context():
            last, new = (reading.entry(house.venue, number + more) for more in (0, 1))
            assert last is not None
            assert last.read_at is not None
            assert new is not None
            assert new.read_at is None
            db.session.remove()


def test_a_quiet_week_is_never_signed_after_something_of_it_is_written(
    app: Flask, as_: Callable[[int], Visitor]
):
    """Written first, it needs no signature; signed first, what is written later is late."""
    answers = []
    for place in range(ROUNDS // 5):
        house = House(app, as_, f"Venue {place}")
        for monday in house.quiet_weeks():
            day = monday + timedelta(days=4)
            night = {"when": "other", "other_at": "2310", "late_why": "Forgotten."}
            night |= {f"other_on-{part}": str(getattr(day, part)) for part in _PARTS}
            sign = house.sign(house.manager[0], monday)
            write = house.write(house.staff[0], secrets.token_hex(16), **night)
            signed, written = (each.status_code for each in at_once(sign, write))
            assert (signed, written) in ((303, 303), (200, 303))
            assert house.is_signed_first(monday) is (signed == 303)
            answers.append(signed)
    assert len(answers) == ROUNDS


_PARTS = ("day", "month", "year")
