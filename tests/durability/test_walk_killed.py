"""kill -9 while two people answer one room of a walk: what was saved is there, and it goes on."""

import itertools
import random
import secrets
import threading
import time
from collections.abc import Iterator

import pytest

from bench.pages import Ask
from charter.audits import service, walks
from charter.audits.rules import Kind
from charter.audits.walks import Conditions, Seen, Walk
from charter.core.db import CITY, commit, db, lock
from tests.durability.city import City

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]
ROUNDS = 4
NOW = Conditions(is_open=True, is_dark=True, fullness="half", weather="dry")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city whose server runs."""
    made = City(tmp_path_factory.mktemp("walked"))
    made.start()
    yield made
    made.kill_everything()
    with made.app.app_context():
        db.engine.dispose()


def begun(city: City, venue: int) -> int:
    """A whole walk of a venue, begun."""
    with city.app.app_context():
        lock(CITY, venue)
        once = secrets.token_hex(16)
        row = service.begin(venue, Kind.OWN, NOW, is_quick=False, by=1, once=once)
        audit = row.id
        commit()
        db.session.remove()
    return audit


def stands(city: City, venue: int, audit: int) -> Walk:
    """The walk as it is now."""
    with city.app.app_context():
        found = walks.walk(venue, audit, [Kind.OWN])
        assert found is not None
        assert found.rooms
        db.session.expunge_all()
        db.session.remove()
        return found


class Phone:
    """One person who answers one question of a room, again and again, and knows what was saved."""

    def __init__(self, city: City, venue: int, audit: int, question: str) -> None:
        self.city, self.venue, self.audit, self.question = city, venue, audit, question
        self.saved: int | None = None
        self.unsure: set[int] = set()
        self.refused: list[str] = []
        self.has_saved = threading.Event()

    def answers(self, over: threading.Event) -> None:
        """Answer until that is over, or until no answer comes."""
        for value in itertools.cycle((3, 2, 1, 0)):
            if over.is_set():
                return
            said = self.send(value)
            if said == "nothing":
                self.unsure.add(value)
                return
            if said == "saved":
                self.saved, self.unsure = value, set()
                self.has_saved.set()
            else:
                self.refused.append(said)

    def send(self, value: int) -> str:
        """Send the room with this one answer, as a page that was just opened has the rest."""
        walk = stands(self.city, self.venue, self.audit)
        room = walk.rooms[0]
        fields = {}
        for each in room.questions:
            row, name = walk.rows.get((room.place, each.key)), each.key.split(".")[1]
            fields[f"{name}-seen"] = str(Seen.of(row))
            if row is not None:
                fields[f"{name}-answer"] = str(row.value)
        fields[f"{self.question}-answer"] = str(value)
        path = f"/venues/{self.venue}/audits/{self.audit}/rooms/{room.place}"
        session = self.city.champions[self.venue]
        return self.city.sent(Ask(path, "POST", session=session, fields=fields))


def test_nothing_that_was_saved_is_lost_and_the_walk_goes_on(city: City) -> None:
    dice, venue = random.Random(ROUNDS), next(iter(city.champions))
    audit = begun(city, venue)
    place = stands(city, venue, audit).rooms[0]
    phones = [Phone(city, venue, audit, name) for name in ("light", "path")]
    for _ in range(ROUNDS):
        over = threading.Event()
        for each in phones:
            each.has_saved.clear()
        threads = [threading.Thread(target=each.answers, args=(over,)) for each in phones]
        for thread in threads:
            thread.start()
        # However slow the machine is, there is something to lose.
        assert all(each.has_saved.wait(30) for each in phones)
        time.sleep(dice.uniform(0, 0.4))
        city.kill_workers()
        over.set()
        for thread in threads:
            thread.join(60)
        city.wait()
        answers = stands(city, venue, audit).answers
        for each in phones:
            assert each.refused == []
            there = answers.get((place.place, f"walk-up.{each.question}"))
            assert there in {each.saved, *each.unsure}, each.question
            each.saved = there
        assert city.unsound() == []
    assert all(each.saved is not None for each in phones)
    assert [each.send(3) for each in phones] == ["saved", "saved"]
