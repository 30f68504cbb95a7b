"""What a venue's licence asks for: records switched on, and who works the door each night."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select, text

from charter import config
from charter.core import clock
from charter.core.db import CITY, commit, db, lock
from charter.core.errors import Refused
from charter.core.trail import TrailEntry
from charter.doors import rules, service
from charter.doors.models import DoorShift
from charter.doors.service import Guard
from charter.incidents import licence
from tests.builders.commitments import Scene, make_scene, under_lock
from tests.builders.incidents import make_entry, writer
from tests.page import inspect
from tests.visitor import Visitor

KOFI = Guard("Kofi Mensah", "1012-3456-7890-0001", "agency", time(21), time(3, 30))
As = Callable[[int], Visitor]


@dataclass(frozen=True)
class House:
    """A venue, and its champion's browser."""

    venue: int
    by: int
    champion: Visitor

    def at(self, path: str) -> str:
        """An address of the venue's."""
        return f"/venues/{self.venue}/{path}"


@pytest.fixture
def scene(app: Flask) -> Scene:
    with app.app_context():
        return make_scene()


@pytest.fixture
def house(scene: Scene, as_: As) -> House:
    return House(scene.venue, scene.champion, as_(scene.champion))


def switched_on(house: House, *keys: str) -> None:
    """Tick these records on the page."""
    house.champion.post(house.at("book/terms"), {"records": list(keys)})


def to_write(**more: str) -> dict[str, str]:
    """What somebody types about a person on the door."""
    said = {"name": "Kofi Mensah", "licence": "1012-3456", "employer": "agency"}
    return {**said, "starts": "9pm", "ends": "03:30", "once": "a" * 32, **more}


def rows(app: Flask) -> list[DoorShift]:
    with app.app_context():
        found = list(db.session.scalars(select(DoorShift).order_by(DoorShift.id)))
        for row in found:
            assert row.seal_name
        db.session.expunge_all()
        return found


def verbs(app: Flask, venue: int) -> list[str]:
    with app.app_context():
        query = select(TrailEntry.verb).where(TrailEntry.chain == venue).order_by(TrailEntry.id)
        return [verb for verb in db.session.scalars(query) if verb.startswith(("door", "book"))]


def test_what_the_licence_asks_is_asked_in_the_book_and_off_again_loses_nothing(
    app: Flask, house: House
) -> None:
    asks = "Who sent them out?"
    assert asks not in house.champion.get(house.at("book/new")).text
    switched_on(house, "ejections", "visits")
    assert asks in house.champion.get(house.at("book/new")).text
    page = house.champion.get(house.at("book/terms")).text
    assert "Last changed on" in page
    with app.app_context():
        said = {"licence": {"banned-months": 3}, "licence_words": {"ejected-by": "Badge 12"}}
        make_entry(house.venue, writer(house.by), kinds=("refusal.ejected",), **said)
    before = house.champion.get(house.at("book/1")).text
    assert "Badge 12" in before
    switched_on(house)
    assert asks not in house.champion.get(house.at("book/new")).text
    assert "Badge 12" in house.champion.get(house.at("book/1")).text
    switched_on(house)
    assert verbs(app, house.venue).count("book.terms-changed") == 2


def test_a_record_that_nobody_knows_is_refused(app: Flask, scene: Scene) -> None:
    with app.app_context(), pytest.raises(Refused):
        under_lock(scene.venue, lambda: licence.switch(scene.venue, ["spells"], by=scene.champion))


def test_nobody_writes_the_door_down_where_the_licence_does_not_ask(
    app: Flask, house: House
) -> None:
    assert "Nobody asks for this here" in house.champion.get(house.at("door")).text
    assert "What was written down before" not in house.champion.get(house.at("door")).text
    house.champion.post(house.at("door"), to_write(), 404)
    assert rows(app) == []
    assert "Who works the door" not in house.champion.get(house.at("book")).text
    # Switched off again, what was written down is kept, and the page says where it stands.
    switched_on(house, "door-staff")
    house.champion.post(house.at("door"), to_write())
    switched_on(house, "visits")
    assert "What was written down before" in house.champion.get(house.at("door")).text
    assert [row.struck_at for row in rows(app)] == [None]


def test_somebody_on_the_door_is_sealed_once_however_often_it_is_sent(
    app: Flask, house: House
) -> None:
    switched_on(house, "door-staff")
    assert "Who works the door tonight" in house.champion.get(house.at("book")).text
    for _ in range(2):
        house.champion.post(house.at("door"), to_write())
    (row,) = rows(app)
    with app.app_context():
        assert row.night == clock.night_of(clock.now())
        row = db.session.get_one(DoorShift, row.id)
        assert (row.name, row.licence) == ("Kofi Mensah", "1012-3456")
        stored = db.session.execute(text("SELECT * FROM door_shift")).one()
        assert b"Kofi" not in b"".join(each for each in stored if isinstance(each, bytes))
        trail = db.session.scalars(select(TrailEntry).where(TrailEntry.verb == "door.added"))
        assert [entry.thing_id for entry in trail] == [row.id]
    page = house.champion.get(house.at("door")).text
    assert "Kofi Mensah" in page
    assert "21:00 to 03:30" in page


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"name": ""}, "name", "Enter their name"),
        ({"licence": " "}, "licence", "Enter the number on their badge"),
        ({"starts": "late"}, "starts", "Enter the time, like"),
        ({"starts": "21:00", "ends": "19:00"}, "ends", "more than 16 hours"),
        ({"name": "kofi MENSAH", "once": "b" * 32}, "name", "on this night already"),
    ],
)
@pytest.mark.sqlite_only
def test_what_cannot_be_is_said_beside_the_field_and_what_was_typed_stays(
    app: Flask, house: House, typed: dict[str, str], field: str, words: str
) -> None:
    switched_on(house, "door-staff")
    house.champion.post(house.at("door"), to_write())
    sent = to_write(**{"name": "Elin Strand", "once": "b" * 32, **typed})
    answer = house.champion.post(house.at("door"), sent, 200)
    page = inspect(answer.text, 200)
    assert any(words in error for error in page.errors)
    assert sent["ends"] in answer.text
    assert len(rows(app)) == 1


def test_a_wrong_row_is_struck_and_stays_and_twice_is_no_fault(app: Flask, house: House) -> None:
    switched_on(house, "door-staff")
    house.champion.post(house.at("door"), to_write())
    for _ in range(2):
        house.champion.post(house.at(f"door/{rows(app)[0].id}/strike"))
    page = house.champion.get(house.at("door")).text
    assert "Kofi Mensah" in page
    with app.app_context():
        struck = clock.local(rows(app)[0].struck_at or clock.now())
    assert "Struck by" in page
    assert f"{struck:%H:%M}" in page.partition("Struck by")[2]
    assert verbs(app, house.venue).count("door.struck") == 1
    house.champion.post(house.at("door/999/strike"), status=404)
    # Whoever was struck can be written down again, rightly.
    house.champion.post(house.at("door"), to_write(once="c" * 32))
    assert [row.struck_at is None for row in rows(app)] == [False, True]


def test_the_same_people_again_in_one_press_and_once(app: Flask, house: House) -> None:
    switched_on(house, "door-staff")
    with app.app_context():
        night = service.tonight() - timedelta(days=7)
        add = service.add
        wrong = Guard("Wrong Name", "", "venue", time(22), time(2))
        under_lock(house.venue, lambda: add(house.venue, night, KOFI, by=house.by, once="d" * 32))
        row = under_lock(
            house.venue, lambda: add(house.venue, night, wrong, by=house.by, once="e" * 32)
        )
        under_lock(house.venue, lambda: service.strike(house.venue, row.id, by=house.by))
    assert "The same people as on" in house.champion.get(house.at("door")).text
    for _ in range(2):
        house.champion.post(house.at("door/same"))
    with app.app_context():
        duties = service.on_duty(house.venue, service.tonight())
    assert [(each.name, each.hours) for each in duties] == [("Kofi Mensah", "21:00 to 03:30")]
    page = house.champion.get(house.at(f"door?night={night.isoformat()}")).text
    assert "more than 24 hours afterwards" in page


@pytest.mark.parametrize(
    ("typed", "kept", "is_odd"),
    [
        ("1012345678900001", "1012-3456-7890-0001", False),
        ("1012 3456 7890 0001", "1012-3456-7890-0001", False),
        ("1012-3456-7890-0001", "1012-3456-7890-0001", False),
        ("1012-3456-7890-001", "1012-3456-7890-001", True),
        ("asked for on 20/11", "asked for on 20/11", True),
        ("١٠١٢٣٤٥٦٧٨٩٠٠٠٠١", "١٠١٢٣٤٥٦٧٨٩٠٠٠٠١", True),
    ],
)
@pytest.mark.sqlite_only
def test_a_licence_number_is_put_in_order_and_an_odd_one_is_kept_as_it_is(
    typed: str, kept: str, is_odd: bool
) -> None:
    assert rules.badge(typed) == kept
    assert rules.is_odd(kept) is is_odd


@pytest.mark.sqlite_only
def test_an_odd_licence_number_is_written_down_with_a_word_about_it(house: House) -> None:
    switched_on(house, "door-staff")
    house.champion.post(house.at("door"), to_write(licence="1012345678900001"))
    page = house.champion.get(house.at("door")).text
    assert "1012-3456-7890-0001" in page
    assert "look at the badge again" not in page
    house.champion.post(house.at("door"), to_write(name="Elin", licence="77", once="b" * 32))
    assert "look at the badge again" in house.champion.get(house.at("door")).text


@pytest.mark.sqlite_only
def test_every_night_with_somebody_can_be_turned_to_and_old_ones_only_read(
    app: Flask, house: House
) -> None:
    switched_on(house, "door-staff")
    with app.app_context():
        tonight = service.tonight()
        old = [tonight - timedelta(days=days) for days in (90, 60)]
        for n, night in enumerate(old):
            with clock.moved_to(clock.instant(datetime.combine(night, time(20)))):
                once = f"{n:032x}"
                under_lock(
                    house.venue,
                    partial(service.add, house.venue, night, KOFI, by=house.by, once=once),
                )
    oldest = tonight - rules.OLDEST

    def beside(night: date) -> set[str]:
        page = house.champion.get(house.at(f"door?night={night.isoformat()}"))
        assert ("Add somebody" in page.text) is (oldest <= night <= tonight)
        assert "Strike Kofi" not in page.text
        return {link.href.partition("door?night=")[2] for link in page.links} - {""}

    def named(*nights: date) -> set[str]:
        return {night.isoformat() for night in nights}

    day = timedelta(days=1)
    assert beside(old[0]) == named(old[1])
    assert beside(old[1]) == named(old[0], oldest)
    assert beside(oldest) == named(old[1], oldest + day)
    assert beside(oldest + day) == named(oldest, oldest + 2 * day)
    assert beside(tonight) == named(tonight - day)
    assert beside(tonight + day) == named(tonight)
    assert beside(date.max) == named(tonight)
    assert beside(date.min) == named(old[0])


@pytest.mark.parametrize("days", [-1, 28])
def test_a_night_to_come_and_one_long_ago_are_refused(app: Flask, scene: Scene, days: int) -> None:
    with app.app_context():
        night = service.tonight() - timedelta(days=days)
        with pytest.raises(Refused, match="night"):
            service.add(scene.venue, night, KOFI, by=scene.champion, once="f" * 32)


# 2026: the clocks go forward at 01:00 on 29 March and back at 02:00 on 25 October.
@pytest.mark.parametrize(
    ("night", "starts", "ends", "length"),
    [
        (date(2026, 10, 24), time(21), time(3, 30), 7.5),
        (date(2026, 10, 24), time(21), time(1, 30), 5.5),
        (date(2026, 10, 24), time(1, 30), time(3), 2.5),
        (date(2026, 3, 28), time(21), time(3, 30), 5.5),
        (date(2026, 6, 5), time(22), time(6), 8),
        (date(2026, 6, 5), time(0, 30), time(4), 3.5),
        (date(2026, 6, 5), time(7), time(15), 8),
    ],
)
@pytest.mark.sqlite_only
def test_hours_are_real_hours_on_the_nights_the_clocks_change(
    app: Flask, night: date, starts: time, ends: time, length: float
) -> None:
    with app.app_context():
        found = rules.hours(night, starts, ends, config.current().city.night_ends_hour)
        assert (found.ends_at - found.starts_at) == timedelta(hours=length)
        assert clock.night_of(found.starts_at) == night


@pytest.mark.sqlite_only
def test_a_time_that_never_was_is_refused_beside_its_field(app: Flask) -> None:
    with app.app_context(), pytest.raises(Refused) as refused:
        rules.hours(date(2026, 3, 28), time(21), time(1, 30), 6)
    assert refused.value.field == "ends"
    assert "no 01:30" in refused.value.words


@pytest.mark.sqlite_only
def test_a_row_that_somebody_changed_says_so_and_is_not_taken_over(
    app: Flask, scene: Scene
) -> None:
    with app.app_context():
        night = service.tonight() - timedelta(days=1)
        db.session.rollback()
        lock(CITY, scene.venue)
        row = service.add(scene.venue, night, KOFI, by=scene.champion, once="a" * 32)
        other = service.add(
            scene.venue, night, Guard("B", "1", "venue", time(21), time(2)),
            by=scene.champion, once="b" * 32,
        )  # fmt: skip
        row.name_sealed = other.name_sealed
        commit()
        assert [each.name for each in service.on_duty(scene.venue, night)] == [service.CHANGED, "B"]
        under_lock(
            scene.venue,
            lambda: service.same_again(scene.venue, service.tonight(), by=scene.champion),
        )
        assert [each.name for each in service.on_duty(scene.venue, service.tonight())] == ["B"]


@pytest.mark.sqlite_only
def test_at_two_in_the_morning_tonight_is_still_last_evening(app: Flask) -> None:
    with app.app_context(), clock.moved_to(datetime(2026, 11, 21, 2, 0, tzinfo=UTC)):
        assert service.tonight() == date(2026, 11, 20)
