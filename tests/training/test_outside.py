"""Other people's courses: a venue hands in with proof, the office says once what they count for."""

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.errors import Refused
from charter.training import outside
from charter.training.models import OutsideCourse, OutsideTraining, TrainingRecord
from charter.training.outside import State
from tests.builders.accounts import mails, make_member
from tests.builders.commitments import make_scene
from tests.builders.pictures import make_pdf
from tests.builders.training import make_hand_in, make_staff
from tests.builders.venues import make_venue
from tests.visitor import Visitor

sqlite_only = pytest.mark.sqlite_only
As = Callable[[int], Visitor]
ONCE = "a" * 32


@dataclass(frozen=True, slots=True)
class Place:
    """A venue with three people on its list."""

    venue: int
    champion: int
    officer: int
    people: list[int]
    today: date

    @property
    def url(self) -> str:
        """Where its outside training is."""
        return f"/venues/{self.venue}/training/outside"


def make_place(**overrides: Any) -> Place:
    """A venue and its people."""
    scene = make_scene(**overrides)
    people = make_staff(scene.venue, "Ava Quinn", "Ben Marsh", "Cleo Hart", by=scene.champion)
    return Place(scene.venue, scene.champion, scene.officer, people, clock.today())


@pytest.fixture
def place(app: Flask) -> Place:
    """One such venue."""
    with app.app_context():
        return make_place()


def by_office(verb: Callable[[], Any]) -> Any:
    """Something the office does, under the lock that its page takes."""
    db.session.rollback()
    lock(CITY)
    result = verb()
    commit()
    return result


def rows(venue: int) -> list[tuple[int, str, date]]:
    """The training rows of a venue: who, what, when."""
    db.session.rollback()
    found = db.session.scalars(
        select(TrainingRecord).where(TrainingRecord.venue_id == venue).order_by("id")
    )
    return [(row.member_id, row.course_key, row.done_on) for row in found]


def state(outside_id: int) -> str:
    """What became of a hand-in."""
    db.session.rollback()
    return db.session.get_one(OutsideTraining, outside_id).state


def test_what_the_office_says_once_counts_for_all_that_wait_and_at_once_ever_after(
    app: Flask,
) -> None:
    with app.app_context():
        day = clock.today() - timedelta(days=7)
        here, there = make_place(), make_place()
        first = make_hand_in(here.venue, here.people[:2], by=here.champion)
        second = make_hand_in(
            there.venue, there.people, by=there.champion, title="SPIKING  awareness"
        )
        assert (state(first), state(second), rows(here.venue)) == ("waiting", "waiting", [])
        by_office(lambda: outside.decide(first, ["spiking", "respond"], by=here.officer))
        assert (state(first), state(second)) == ("counted", "counted")
        assert rows(here.venue) == [
            (member, course, day) for course in ("respond", "spiking") for member in here.people[:2]
        ]
        assert len(rows(there.venue)) == 6
        assert len(mails("something-waits")) == 2
        for again in (first, second):
            with pytest.raises(Refused, match="decided about this a moment ago"):
                by_office(lambda again=again: outside.send_back(again, "No", by=there.officer))
        third = make_hand_in(here.venue, here.people[2:], by=here.champion)
        assert state(third) == "counted"
        assert len(rows(here.venue)) == 6
        assert db.session.get_one(OutsideTraining, third).decided_by is None


def test_of_two_officers_who_decide_at_the_same_moment_one_is_refused(app: Flask) -> None:
    with app.app_context():
        here = make_place()
        number = make_hand_in(here.venue, here.people, by=here.champion)
    gate, said = threading.Barrier(2), []

    def go(course: str) -> None:
        with app.app_context():
            gate.wait()
            try:
                by_office(lambda: outside.decide(number, [course], by=here.officer))
            except Refused as refused:
                said.append(refused.words)
                db.session.rollback()
            else:
                said.append("decided")

    both = [threading.Thread(target=go, args=(each,)) for each in ("respond", "spiking")]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(said) == ["Somebody has decided about this a moment ago.", "decided"]
    with app.app_context():
        assert len(rows(here.venue)) == 3


def test_a_change_of_mind_is_for_what_comes_and_not_on_top_of_another(app: Flask) -> None:
    with app.app_context():
        here = make_place()
        first = make_hand_in(here.venue, here.people[:1], by=here.champion)
        by_office(lambda: outside.decide(first, ["spiking"], by=here.officer))
        course = db.session.scalars(select(OutsideCourse)).one()
        number, seen = course.id, outside.version(course)
        by_office(lambda: outside.remap(number, ["record"], seen=seen, by=here.officer))
        with pytest.raises(Refused, match="a moment ago"):
            by_office(lambda: outside.remap(number, [], seen=seen, by=here.officer))
        make_hand_in(here.venue, here.people[1:2], by=here.champion)
        assert [course for _, course, _ in rows(here.venue)] == ["spiking", "record"]


def test_a_course_that_counts_for_nothing_is_returned_with_words_and_refused_later(
    app: Flask,
) -> None:
    with app.app_context():
        here = make_place()
        first = make_hand_in(here.venue, here.people, by=here.champion)
        with pytest.raises(Refused, match="Say what is wrong"):
            by_office(lambda: outside.decide_for_none(first, " ", by=here.officer))
        with pytest.raises(Refused, match="say that it counts for none"):
            by_office(lambda: outside.decide(first, ["first-shift", "x"], by=here.officer))
        by_office(lambda: outside.decide_for_none(first, "It is a film.", by=here.officer))
        assert state(first) == "returned"
        with pytest.raises(Refused, match="counts for none of ours") as refused:
            make_hand_in(here.venue, here.people, by=here.champion)
        assert refused.value.field == "title"
        assert rows(here.venue) == []


@sqlite_only
def test_a_venues_own_course_is_not_another_venues_of_the_same_name(app: Flask) -> None:
    with app.app_context():
        here, there = make_place(), make_place()
        first = make_hand_in(
            here.venue, here.people, by=here.champion, provider="own", title="Induction"
        )
        by_office(lambda: outside.decide(first, ["record"], by=here.officer))
        second = make_hand_in(
            there.venue, there.people, by=there.champion, provider="own", title="Induction"
        )
        typed = make_hand_in(
            there.venue, there.people, by=there.champion, provider="another",
            name=f"own venue {here.venue}", title="Induction",
        )  # fmt: skip
        assert (state(second), state(typed)) == ("waiting", "waiting")
        assert rows(there.venue) == []


def form(place: Place, **overrides: Any) -> dict[str, Any]:
    """A whole hand-in as the page sends it."""
    day = place.today - timedelta(days=overrides.pop("days", 3))
    values: dict[str, Any] = {
        "once": ONCE,
        "provider": "another",
        "name": "Harbour Training",
        "title": "Staying calm",
        "done_on-day": str(day.day),
        "done_on-month": str(day.month),
        "done_on-year": str(day.year),
        "people": [str(each) for each in place.people[:2]],
        "proof": (io.BytesIO(make_pdf()), "Ava Quinn.pdf"),
    }
    return {key: value for key, value in (values | overrides).items() if value is not None}


def count() -> int:
    """How many hand-ins there are."""
    return db.session.scalar(select(func.count(OutsideTraining.id))) or 0


@sqlite_only
def test_a_hand_in_sent_twice_is_one(app: Flask, as_: As, place: Place) -> None:
    champion = as_(place.champion)
    for _ in range(2):
        champion.post(f"{place.url}/new", form(place))
    with app.app_context():
        assert count() == 1
    page = champion.get(place.url)
    assert "Waits for the night office" in page.text
    assert "Ava Quinn" in page.text
    assert "2 people" in page.text


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"days": -1}, "still to come"),
    ({"days": 800}, "more than 24 months ago"),
    ({"people": None}, "Tick everybody who did it"),
    ({"name": None}, "Enter who ran the course"),
    ({"provider": None}, "Choose who ran the course"),
    ({"title": "???"}, "Enter what the course is called"),
    ({"proof": None}, "Choose a photo or a PDF"),
    ({"proof": (io.BytesIO(b"MZ junk"), "a.pdf")}, "JPEG"),
    ({"people": ["999999"]}, "Choose one of the options"),
]


@sqlite_only
def test_what_is_wrong_is_said_beside_its_field(app: Flask, as_: As, place: Place) -> None:
    champion = as_(place.champion)
    for changes, words in WRONG:
        page = champion.refused(f"{place.url}/new", form(place, **changes))
        assert words in page.text, changes
        assert "Choose it again" in page.text
    with app.app_context():
        assert count() == 0


@sqlite_only
def test_somebody_of_another_list_is_never_taken(app: Flask, as_: As, place: Place) -> None:
    with app.app_context():
        foreign = make_place().people[0]
        page = as_(place.champion).refused(f"{place.url}/new", form(place, people=[str(foreign)]))
        assert "Choose one of the options" in page.text
        with pytest.raises(Refused, match="has left"):
            make_hand_in(place.venue, [foreign], by=place.champion)


@sqlite_only
def test_the_office_decides_on_its_page_without_a_name(app: Flask, as_: As, place: Place) -> None:
    as_(place.champion).post(f"{place.url}/new", form(place))
    with app.app_context():
        number = db.session.scalars(select(OutsideTraining.id)).one()
        auditor = make_member(Role.AUDITOR, venue=place.venue).id
        stranger = make_member(Role.CHAMPION, venue=make_venue()).id
    officer, other = as_(place.officer), as_(place.champion)
    url = f"/office/training/outside/{number}"
    for page in (officer.get("/office/training/outside"), officer.get(url)):
        assert "Staying calm" in page.text
        assert "Ava" not in page.text
        assert "Ben" not in page.text
    assert "Choose what to do" in officer.refused(url, {"keys": ["record"]}).text
    assert "Choose which courses" in officer.refused(url, {"decision": "count"}).text
    officer.post(url, {"decision": "count", "keys": ["record"]})
    again = officer.refused(url, {"decision": "return", "words": "Too late"})
    assert "decided about this a moment ago" in again.text
    assert "Ava" not in again.text
    assert "Counts for Record" in other.get(place.url).text
    with app.app_context():
        course = db.session.scalars(select(OutsideCourse)).one()
        change = f"/office/training/outside/courses/{course.id}"
        sent = {"keys": ["spiking"], "seen": outside.version(course)}
    assert officer.get(change).form().fields["seen"] == sent["seen"]
    officer.post(change, sent)
    assert "a moment ago" in officer.refused(change, sent).text
    assert "Counts for Record" in other.get(place.url).text, "what counted before stays"
    named = officer.answer(f"{url}/proof").headers["Content-Disposition"]
    assert named == f"attachment; filename=proof-{number}.pdf"
    for who, path, status in (
        (place.officer, f"{url}/proof", 200),
        (place.champion, f"{place.url}/{number}/proof", 200),
        (auditor, f"{place.url}/{number}/proof", 200),
        (place.champion, f"{url}/proof", 404),
        (place.officer, f"{place.url}/{number}/proof", 404),
        (stranger, f"{place.url}/{number}/proof", 404),
    ):
        assert as_(who).answer(path).status_code == status, path


@sqlite_only
def test_one_hand_in_is_returned_with_words_and_the_venue_is_told(
    app: Flask, as_: As, place: Place
) -> None:
    with app.app_context():
        number = make_hand_in(place.venue, place.people, by=place.champion)
    url = f"/office/training/outside/{number}"
    as_(place.officer).post(url, {"decision": "return", "words": "The photo is too dark."})
    assert "The photo is too dark." in as_(place.champion).get(place.url).text
    with app.app_context():
        assert len(mails("something-waits")) == 1
        assert db.session.scalars(select(OutsideCourse)).one().decided_at is None
        assert outside.waiting() == 0
        again = make_hand_in(place.venue, place.people, by=place.champion)
        assert state(again) == State.WAITING
        assert rows(place.venue) == []
