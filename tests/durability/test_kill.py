"""kill -9 while proofs are handed in: at random moments, and at each step (F001, F002)."""

import random
import secrets
import threading
import time
from collections.abc import Iterator

import pytest

from charter.core import files
from tests.durability.city import City, Sent
from tests.durability.steps import BEFORE_COMMIT, STEPS

pytestmark = pytest.mark.slow

ROUNDS = 30
LONG_ROUNDS = 100
FULL_KILL_EVERY = 10
CHECKED_WHOLE_EVERY = 5


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city whose server runs."""
    made = City(tmp_path_factory.mktemp("city"))
    made.start()
    yield made
    made.kill_everything()


def one_round(city: City, sent: Sent, number: int, dice: random.Random) -> None:
    """Uploads at several venues at once, a kill in the midst of them, and everything checked."""
    delay = dice.uniform(0.01, 0.4)
    over = threading.Event()
    threads = [
        threading.Thread(target=city.keep_doing, args=(city.upload, venue_id, sent, over))
        for venue_id in list(city.champions)[:4]
    ]
    for thread in threads:
        thread.start()
    time.sleep(delay)
    if number % FULL_KILL_EVERY == 0:
        city.kill_everything()
    else:
        city.kill_workers()
    over.set()
    for thread in threads:
        thread.join(60)
    if city.server is None:
        city.start()
    city.wait()
    found = city.lost(sent) if number % CHECKED_WHOLE_EVERY else city.faults(sent)
    assert found == [], f"round {number}, killed after {delay:.3f} s"


def kills(city: City, rounds: int) -> Sent:
    """So many rounds; then what nobody answered for is sent again, and strays are swept."""
    dice = random.Random(rounds)
    sent = Sent()
    for number in range(1, rounds + 1):
        one_round(city, sent, number, dice)
    for once, venue_id in sent.unknown.items():
        assert city.upload(venue_id, once) == "saved"
    sent.acknowledged |= sent.unknown.keys()
    assert city.faults(sent) == []
    assert set(city.proofs()) >= sent.acknowledged
    strays = city.strays()
    assert city.sweep() == strays
    assert city.strays() == 0
    assert city.faults(sent) == []
    print(
        f"\n{rounds} kills: {len(sent.acknowledged)} proofs acknowledged, none lost; "
        f"{len(sent.unknown)} unanswered and sent again, none doubled; {strays} stray files swept"
    )
    return sent


def test_nothing_acknowledged_is_lost_at_whatever_moment_the_server_is_killed(city: City):
    sent = kills(city, ROUNDS)
    assert len(sent.acknowledged) > ROUNDS
    assert len(sent.unknown) >= ROUNDS, "the kills hit nothing"


@pytest.mark.long
def test_nothing_is_lost_in_a_hundred_kills(city: City):
    sent = kills(city, LONG_ROUNDS)
    assert len(sent.unknown) >= LONG_ROUNDS


@pytest.mark.parametrize("step", STEPS)
def test_a_proof_is_there_whole_or_not_at_all_wherever_saving_it_dies(city: City, step: str):
    venue_id, once, sent = next(iter(city.champions)), secrets.token_hex(16), Sent()
    city.wait()
    city.die_at(step)
    assert city.upload(venue_id, once) == "nothing", "it did not die there"
    assert city.proofs()[once] == (0 if step in BEFORE_COMMIT else 1)
    city.wait()
    assert city.faults(sent) == []
    assert city.upload(venue_id, once) == "saved"
    assert city.proofs()[once] == 1
    sent.acknowledged.add(once)
    assert city.faults(sent) == []


def test_a_stray_file_stays_for_a_day_in_case_its_proof_is_still_being_saved(city: City):
    city.sweep()
    city.die_at("folder synced, nothing in the database")
    assert city.upload(next(iter(city.champions)), secrets.token_hex(16)) == "nothing"
    assert city.strays() == 1
    with city.app.app_context():
        assert files.sweep() == 0
    assert city.sweep() == 1
    city.wait()
