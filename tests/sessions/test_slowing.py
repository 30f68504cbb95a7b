"""Guessing a room's code: what slows it, whom it cannot slow, and what takes the city's lock."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from charter.accounts import signin
from charter.core import access, clock, db
from charter.core.db import commit
from charter.sessions import room, slowing
from tests.builders.commitments import make_scene
from tests.builders.sessions import begun, book, locked_in, make_session, make_staff
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
EVENING = datetime(2027, 1, 1, 20, tzinfo=UTC)


def miss(address: str, times: int = 1) -> None:
    locked_in()
    for _ in range(times):
        slowing.missed(address)
    commit()


def wait(address: str) -> int:
    return slowing.stand(address).seconds


def test_wrong_codes_slow_their_own_address_and_fade(app: Flask) -> None:
    with app.app_context(), clock.moved_to(EVENING):
        miss("192.0.2.1", slowing.FREE_FOR_ADDRESS - 1)
        assert slowing.stand("192.0.2.1") == slowing.Stand(0, is_free=True)
        miss("192.0.2.1")
        assert slowing.stand("192.0.2.1") == slowing.Stand(5, is_free=False)
        miss("192.0.2.1", 20)
        assert wait("192.0.2.1") == slowing.LONGEST_WAIT.total_seconds()
        assert wait("192.0.2.2") == 0
    with app.app_context(), clock.moved_to(EVENING + timedelta(minutes=61)):
        assert slowing.stand("192.0.2.1") == slowing.Stand(0, is_free=True)


def test_a_home_is_one_address_whatever_it_makes_up(app: Flask) -> None:
    with app.app_context(), clock.moved_to(EVENING):
        for number in range(slowing.FREE_FOR_ADDRESS):
            assert wait(f"2001:db8:1:2::{number:x}") == 0
            miss(f"2001:db8:1:2::{number:x}")
        assert wait("2001:db8:1:2:ffff:ffff:ffff:ffff") == 5
        assert wait("2001:db8:1:3::1") == 0
    same = {signin.place_of(each) for each in ("192.0.2.7", "::ffff:192.0.2.7")}
    assert same == {"192.0.2.7"}
    assert {signin.place_of(each) for each in (None, "", "unix:")} == {"unknown"}


def test_whoever_guesses_elsewhere_keeps_no_room_waiting(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slowing, "MANY", 20)
    with app.app_context():
        with clock.moved_to(EVENING):
            miss("192.0.2.1", 20)
            miss("198.51.100.1", slowing.FREE_WHEN_MANY - 1)  # the room, where people mistype
            assert wait("192.0.2.1") == 15
            assert wait("198.51.100.1") == 0
        for second in range(4, 60, 4):
            with clock.moved_to(EVENING + timedelta(seconds=second)):
                miss("192.0.2.2")
                assert wait("198.51.100.1") == 0
        with clock.moved_to(EVENING + timedelta(seconds=60)):
            miss("198.51.100.1")  # one too many of its own
            assert wait("198.51.100.1") == 5
        # What others do goes on, and the room's wait is over all the same.
        with clock.moved_to(EVENING + timedelta(seconds=65)):
            miss("192.0.2.2")
            assert wait("198.51.100.1") == 0


def test_only_a_wrong_code_takes_the_citys_lock(
    app: Flask, client: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slowing, "FREE_FOR_ADDRESS", 2)
    taken: list[tuple[int, ...]] = []

    def noting(*chains: int) -> None:
        taken.append(chains)
        db.lock(*chains)

    monkeypatch.setattr(access, "lock", noting)
    with app.app_context():
        scene = make_scene()
        session = make_session(by=scene.officer)
        book(scene.venue, session, *make_staff(scene.venue), by=scene.champion)
        with begun(session) as now:
            code = room.code(session, now)
    wrong = f"{(int(code) + 7) % 10**8:08}"

    def locks(typed: str, words: str) -> int:
        taken.clear()
        assert words in client.refused("/check-in", {"code": typed}).text
        return len(taken)

    with clock.moved_to(now):
        assert locks(code, "Who are you?") == 0
        assert locks(wrong, "not the code") == 1
        assert locks(wrong, "not the code") == 1
        assert locks(wrong, "Wait 5 seconds") == 0
    with clock.moved_to(now + timedelta(seconds=6)):
        # From an address that was wrong too often one is judged after the other.
        assert locks(code, "Who are you?") == 1
        assert locks(wrong, "not the code") == 1
