"""kill -9 while two phones write in one book, on both engines: no gap, no twin (F001, F027)."""

import random
import secrets
import threading
import time
from collections.abc import Iterator

import pytest
from psycopg import sql

from charter.core.db import db
from tests.durability.city import City, Sent
from tests.engines import ENGINES, SQLITE, Databases

pytestmark = pytest.mark.slow

ROUNDS = 4
LONG_ROUNDS = 60
# Saving an entry writes no file, so that it can only die here.
BEFORE, AFTER = ("rows flushed", "before the commit"), ("after the commit", "answer not sent")


@pytest.fixture(scope="module", params=ENGINES)
def city(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[City]:
    """A city whose server runs, on each engine."""
    url = ""
    if request.param != SQLITE:
        name = f"killed_{secrets.token_hex(4)}"
        databases.cluster().execute(
            sql.SQL("CREATE DATABASE {} OWNER charter").format(sql.Identifier(name))
        )
        url = databases.cluster().url(name)
    made = City(tmp_path_factory.mktemp("killed"), url)
    made.start()
    yield made
    made.kill_everything()
    with made.app.app_context():
        db.engine.dispose()


def one_round(city: City, sent: Sent, dice: random.Random) -> None:
    """Two phones at each of two books, a kill in the midst of them, and everything checked."""
    over, delay = threading.Event(), dice.uniform(0.02, 0.4)
    books = list(city.champions)[:2]
    threads = [
        threading.Thread(target=city.keep_doing, args=(city.write, book, sent, over))
        for book in [*books, *books]
    ]
    for thread in threads:
        thread.start()
    time.sleep(delay)
    city.kill_workers()
    over.set()
    for thread in threads:
        thread.join(60)
    city.wait()
    assert city.book_faults(sent) == [], f"killed after {delay:.3f} s"


def kills(city: City, rounds: int) -> None:
    """So many rounds; then what nobody answered for is sent again, as a phone does."""
    dice, sent = random.Random(rounds), Sent()
    for _ in range(rounds):
        one_round(city, sent, dice)
    assert sent.unknown, "the kills hit nothing"
    for once, book in sent.unknown.items():
        for _ in range(2):
            assert city.write(book, once) == "saved"
    sent.acknowledged |= sent.unknown.keys()
    assert city.book_faults(sent) == []
    print(
        f"\n{rounds} kills: {len(sent.acknowledged)} entries, none lost, no gap, no twin; "
        f"{len(sent.unknown)} unanswered and sent again"
    )


def test_no_number_is_lost_doubled_or_left_out_at_whatever_moment_the_server_is_killed(
    city: City,
) -> None:
    kills(city, ROUNDS)


@pytest.mark.long
def test_no_number_is_lost_doubled_or_left_out_in_sixty_kills(city: City) -> None:
    kills(city, LONG_ROUNDS)


@pytest.mark.parametrize("step", [*BEFORE, *AFTER])
def test_a_line_is_there_whole_or_not_at_all_wherever_writing_it_dies(
    city: City, step: str
) -> None:
    book, sent, grown = list(city.champions)[2], Sent(), int(step in AFTER)
    once, before = secrets.token_hex(16), city.lines(book)
    city.die_at(step)
    assert city.write(book, once) == "nothing", "it did not die there"
    assert city.lines(book) == before + grown
    city.wait()
    assert city.write(book, once) == "saved"
    sent.acknowledged.add(once)
    assert city.lines(book) == before + 1
    number = city.newest(book)
    added = city.to_add(book, number)
    for act in (lambda: city.sent(added), lambda: city.read(book, number)):
        before = city.lines(book)
        city.die_at(step)
        assert act() == "nothing", "it did not die there"
        assert city.lines(book) == before + grown
        city.wait()
        again = act()
        # What was written after all is said to be there already, and is not written twice.
        assert again == "saved" or (grown and " 409 " in again), again
        assert city.lines(book) == before + 1
    assert city.book_faults(sent) == []
