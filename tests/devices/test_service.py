"""A venue's own phones and PINs: what pairs, who signs in, how long, and what slows guessing."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from charter.accounts.models import Throttle
from charter.core import clock
from charter.core.db import CITY, commit, db
from charter.core.errors import Refused
from charter.core.trail import TrailEntry
from charter.devices import pins, retention, service, slowing
from charter.devices.models import Device, DeviceShift, StaffPin
from charter.staff import service as staff
from charter.venues import places
from charter.venues.models import Venue, VenueState
from tests.builders.accounts import make_user
from tests.builders.devices import device, locked, make_code, make_people, make_phone, make_pin
from tests.builders.venues import make_venue

pytestmark = pytest.mark.sqlite_only
NIGHT = datetime(2026, 11, 20, 22, tzinfo=UTC)
HERE, THERE = "192.0.2.1", "198.51.100.1"
WRONG = "0000 0000"
BOSS = 1


@pytest.fixture
def venue(app: Flask) -> Iterator[int]:
    """A venue, at ten in the evening."""
    with app.app_context(), clock.moved_to(NIGHT):
        assert make_user().id == BOSS
        yield make_venue(state="working").id
        db.session.rollback()
        db.session.remove()


def pair(code: str, address: str = HERE) -> str | None:
    """The token that a code gives, or None where it is refused."""
    locked()
    found = service.pair(code, address)
    commit()
    return None if isinstance(found, str) else found[1]


def enter(device_id: int, typed: str) -> str | None:
    """The words with which a PIN is refused, or None."""
    row = device(device_id)
    venue_id = row.venue_id
    locked(CITY, venue_id)
    words = service.sign_in(db.session.get_one(Device, device_id), typed)
    commit()
    return words


def who(token: str) -> str | None:
    """Who is signed in on the phone that holds a token; None also where it may not be used."""
    db.session.rollback()
    found = service.by_token(token)
    member = service.on_shift(found) if found is not None else None
    return member.name if member is not None else None


def works(token: str) -> bool:
    db.session.rollback()
    return service.by_token(token) is not None


def count(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_code_pairs_once_and_for_ten_minutes(venue: int):
    device_id, code = make_code(venue)
    with clock.moved_to(NIGHT + service.CODE_LASTS):
        assert pair(code) is None
    token = pair(f" {code.replace(' ', '-')} ")
    assert token
    assert works(token)
    assert pair(code, THERE) is None
    assert not works(token[:-1])
    assert not works("")
    row = device(device_id)
    assert (row.pair_hash, row.pair_until, row.paired_at) == (None, None, NIGHT)
    verbs = db.session.scalars(select(TrailEntry.verb).where(TrailEntry.chain == venue)).all()
    assert verbs == ["device.added", "device.paired"]


def test_a_new_code_lets_the_old_page_go_on_until_it_is_used(venue: int):
    device_id, old = make_phone(venue)
    locked(venue)
    first = service.new_code(venue, device_id, by=BOSS)[1]
    commit()
    locked(venue)
    second = service.new_code(venue, device_id, by=BOSS)[1]
    commit()
    assert works(old)
    assert pair(first) is None
    new = pair(second)
    assert new
    assert works(new)
    assert not works(old)


def test_a_phone_that_is_ended_stops_at_once_and_so_does_who_is_on_it(venue: int):
    device_id, token = make_phone(venue)
    people = make_people(venue, "Robin Moss")
    assert enter(device_id, make_pin(venue, people["Robin Moss"])) is None
    assert who(token) == "Robin Moss"
    locked(venue)
    with pytest.raises(Refused, match="Another phone has that name"):
        service.add(venue, "bar TABLET", by=BOSS)
    service.end(venue, device_id, by=BOSS)
    commit()
    assert not works(token)
    assert service.phones(venue) == []
    assert db.session.scalars(select(DeviceShift.ended_at)).all() == [NIGHT]
    locked(venue)
    with pytest.raises(Refused, match="ended already"):
        service.end(venue, device_id, by=BOSS)
    with pytest.raises(Refused, match="ended already"):
        service.new_code(venue, device_id, by=BOSS)


def test_a_venue_has_no_more_phones_than_it_has_use_for(venue: int):
    for number in range(service.MOST_PHONES):
        make_code(venue, f"Phone {number}")
    with pytest.raises(Refused, match="20 phones already"):
        make_code(venue, "One more")


def test_a_former_owners_phone_and_a_venue_that_left_are_refused(venue: int):
    device_id, token = make_phone(venue)
    row = db.session.get_one(Venue, venue)
    row.owner_since = NIGHT.date()
    db.session.commit()
    assert works(token), "it was added on the day of the new owner"
    row.owner_since = NIGHT.date() + timedelta(days=1)
    db.session.commit()
    assert not works(token)
    locked(venue)
    with pytest.raises(Refused, match="former owner"):
        service.new_code(venue, device_id, by=BOSS)
    locked()
    assert retention.forget() == 1
    commit()
    assert device(device_id).ended_at == NIGHT
    row.owner_since = None
    db.session.commit()
    _, token = make_phone(venue, "Door")
    code = make_code(venue, "Cellar")[1]
    row.state = VenueState.LEFT
    db.session.commit()
    assert not works(token)
    assert pair(code) is None


def test_nobody_signs_in_while_the_venue_is_closed(venue: int):
    device_id, token = make_phone(venue)
    pin = make_pin(venue, make_people(venue, "Robin Moss")["Robin Moss"])
    assert enter(device_id, pin) is None
    locked(venue)
    places.close(venue, NIGHT.date(), None, "New floor", by=BOSS)
    commit()
    assert who(token) == "Robin Moss", "whoever is on shift writes to its end"
    assert "closed for now" in str(enter(device_id, pin))


def test_a_shift_is_for_one_person_and_twelve_hours(venue: int):
    device_id, token = make_phone(venue)
    people = make_people(venue, "Robin Moss", "Sam Pike")
    robin, sam = (make_pin(venue, people[name]) for name in ("Robin Moss", "Sam Pike"))
    assert enter(device_id, robin) is None
    with clock.moved_to(NIGHT + timedelta(hours=12, seconds=-1)):
        assert who(token) == "Robin Moss"
    with clock.moved_to(NIGHT + timedelta(hours=12)):
        assert who(token) is None
    with clock.moved_to(NIGHT + timedelta(hours=1)):
        assert enter(device_id, sam) is None
        assert who(token) == "Sam Pike"
        running = select(func.count()).where(DeviceShift.ended_at.is_(None))
        assert db.session.scalar(running) == 1
        locked(venue)
        service.sign_out(db.session.get_one(Device, device_id))
        commit()
        assert who(token) is None
    [phone] = service.phones(venue)
    assert phone.used_at == NIGHT + timedelta(hours=1)


def test_a_pin_is_for_who_works_there_today_and_a_new_one_ends_the_old(venue: int):
    device_id, token = make_phone(venue)
    robin = make_people(venue, "Robin Moss")["Robin Moss"]
    old = make_pin(venue, robin)
    assert enter(device_id, old) is None
    new = make_pin(venue, robin)
    assert who(token) is None, "the shift ends with the PIN it began with"
    assert enter(device_id, old) == service.WRONG_PIN
    assert enter(device_id, new) is None
    elsewhere = make_venue(state="working").id
    assert enter(make_phone(elsewhere)[0], new) == service.WRONG_PIN
    locked(venue)
    staff.leave(venue, robin, NIGHT.date(), by=BOSS)
    commit()
    assert who(token) == "Robin Moss", "the last day is a day of work"
    with clock.moved_to(NIGHT + timedelta(hours=3)):
        assert who(token) is None
        assert enter(device_id, new) == service.WRONG_PIN
        with pytest.raises(Refused, match="does not work here now"):
            make_pin(venue, robin)
        locked()
        assert retention.forget() == 1
        commit()
    assert count(StaffPin) == 0


def test_a_pin_that_is_taken_away_signs_nobody_in(venue: int):
    device_id, token = make_phone(venue)
    robin = make_people(venue, "Robin Moss")["Robin Moss"]
    pin = make_pin(venue, robin)
    enter(device_id, pin)
    for _ in range(2):
        locked(venue)
        pins.take(venue, robin, by=BOSS)
        commit()
    assert who(token) is None
    assert enter(device_id, pin) == service.WRONG_PIN
    verbs = select(TrailEntry.verb).where(TrailEntry.chain == venue, TrailEntry.verb == "pin.taken")
    assert len(db.session.scalars(verbs).all()) == 1


def test_no_pin_code_or_token_can_be_read_back(venue: int):
    _, token = make_phone(venue)
    code = make_code(venue, "Door")[1].replace(" ", "")
    pin = make_pin(venue, make_people(venue, "Robin Moss")["Robin Moss"]).replace(" ", "")
    db.session.rollback()
    with db.engine.connect() as connection:
        dump = "\n".join(
            str(tuple(row))
            for table in (Device, StaffPin, TrailEntry, Throttle)
            for row in connection.execute(select(table.__table__))
        )
    assert not any(secret in dump for secret in (token, code, pin))


def test_two_people_never_have_one_pin(venue: int, monkeypatch: pytest.MonkeyPatch):
    drawn = iter(["111111", "111111", "222222"])
    monkeypatch.setattr(pins, "_random", lambda: next(drawn))
    people = make_people(venue, "Robin Moss", "Sam Pike")
    assert [make_pin(venue, each) for each in people.values()] == ["111 111", "222 222"]


def test_guessing_pins_is_slowed_on_that_phone_and_a_right_one_forgives_nothing(venue: int):
    device_id, token = make_phone(venue)
    other, _ = make_phone(venue, "Door")
    pin = make_pin(venue, make_people(venue, "Robin Moss")["Robin Moss"])
    wrong = "999999" if pin.replace(" ", "") != "999999" else "999998"
    for _ in range(slowing.FREE_PINS):
        assert enter(device_id, wrong) == service.WRONG_PIN
    assert "Wait 10 seconds" in str(enter(device_id, pin)), "right, but too soon"
    assert enter(other, pin) is None
    with clock.moved_to(NIGHT + timedelta(seconds=10)):
        assert enter(device_id, pin) is None
        assert enter(device_id, wrong) == service.WRONG_PIN
        assert "Wait 30 seconds" in str(enter(device_id, wrong))
    at, tries = NIGHT + timedelta(minutes=5), 0
    for _ in range(600):  # every 30 seconds for five hours
        with clock.moved_to(at):
            tries += enter(device_id, wrong) == service.WRONG_PIN
        at += timedelta(seconds=30)
    assert tries <= 5 * 12 + 5
    with clock.moved_to(at + timedelta(hours=1)):
        assert enter(device_id, pin) is None
    assert who(token) is None


def test_guessing_codes_is_slowed_for_its_own_address(venue: int, monkeypatch: pytest.MonkeyPatch):
    code = make_code(venue)[1]
    for _ in range(slowing.FREE_CODES):
        assert pair(WRONG, THERE) is None
    locked()
    assert "Wait 10 seconds" in str(service.pair(code, THERE))
    commit()
    monkeypatch.setattr(slowing, "MANY", slowing.FREE_CODES)
    assert pair(WRONG) is None
    assert pair(WRONG) is None
    locked()
    assert "Wait 10 seconds" in str(service.pair(code, HERE)), "fewer are free while many guess"
    commit()
    assert pair(code, "203.0.113.9")


def test_phones_and_pins_of_a_venue_that_left_are_cleared(venue: int):
    device_id, _ = make_phone(venue)
    pin = make_pin(venue, make_people(venue, "Robin Moss")["Robin Moss"])
    enter(device_id, pin)
    locked(venue)
    retention.clear(venue)
    commit()
    assert [count(each) for each in (Device, DeviceShift, StaffPin)] == [0, 0, 0]


def test_a_stamp_is_of_one_person_on_one_phone(venue: int):
    people = make_people(venue, "Robin Moss", "Sam Pike")
    rows = [staff.must(venue, each) for each in people.values()]
    phones = [device(make_phone(venue, name)[0]) for name in ("Bar", "Door")]
    assert len({service.stamp(phone, row) for phone in phones for row in rows}) == 4


def test_the_day_of_a_phone_is_a_day_of_the_city(app: Flask):
    with app.app_context(), clock.moved_to(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)):
        venue_id = make_venue(state="working").id
        _, token = make_phone(venue_id)
        db.session.get_one(Venue, venue_id).owner_since = date(2026, 7, 2)
        db.session.commit()
        assert works(token), "half past midnight of the new owner's first day"
        db.session.remove()
