"""Fifty people save at once on SQLite under the real server (F034): nobody is told of a lock."""

import secrets
import threading
import time
from collections.abc import Iterator
from statistics import quantiles

import pytest

from tests.durability.city import City, Sent

pytestmark = pytest.mark.slow

WRITERS = 50
SLOWEST = 2.0  # seconds that the slowest save of a hundred may take


@pytest.fixture
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city whose server runs."""
    made = City(tmp_path_factory.mktemp("busy"))
    made.start()
    yield made
    made.kill_everything()


def save_for(city: City, seconds: float) -> tuple[Sent, list[float]]:
    """Fifty writers, each saving again as soon as it was answered; and how long each save took."""
    sent, times = Sent(), []
    until = time.monotonic() + seconds
    venues = list(city.champions)

    def write(number: int) -> None:
        while time.monotonic() < until:
            once, venue_id = secrets.token_hex(16), venues[number % len(venues)]
            began = time.monotonic()
            answer = city.upload(venue_id, once)
            times.append(time.monotonic() - began)
            if answer == "saved":
                sent.acknowledged.add(once)
            else:
                sent.refused.append(answer)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sent, times


def judge(city: City, seconds: float) -> float:
    """Save for so long; every save is acknowledged and there. The 99th percentile, in seconds."""
    sent, times = save_for(city, seconds)
    assert sent.refused == []
    assert city.faults(sent) == []
    assert len(sent.acknowledged) > WRITERS
    assert "locked" not in (city.folder / "server.log").read_text()
    p99 = quantiles(times, n=100)[-1]
    print(f"\n{len(times)} saves by {WRITERS} writers in {seconds:.0f} s: p99 {p99:.2f} s")
    return p99


def test_fifty_writers_never_see_a_lock(city: City):
    assert judge(city, 5) > 0


@pytest.mark.long
def test_fifty_writers_for_a_minute_wait_two_seconds_at_most(city: City):
    assert judge(city, 60) < SLOWEST
