"""PostgreSQL is killed and started again while proofs are handed in (F024)."""

import os
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from psycopg import sql

from charter.core.db import db
from tests import provision
from tests.durability.city import City, Sent
from tests.engines import Cluster

pytestmark = [pytest.mark.long, pytest.mark.postgresql]

ROUNDS = 5


class Fragile(Cluster):
    """A cluster that can be killed without a word, and started again on what it left."""

    def kill(self) -> None:
        """kill -9 the server; its own processes notice and go."""
        lines = (self._data / "postmaster.pid").read_text().splitlines()
        os.kill(int(lines[0]), signal.SIGKILL)
        with suppress(OSError):
            (self._data / "postmaster.pid").unlink()

    def start_again(self) -> None:
        """Start on the same files; the server first recovers from its log."""
        for _ in range(50):
            with suppress(RuntimeError):
                self._run("pg_ctl", "--wait", "--silent", f"--log={self.folder / 'log'}", "start")
                return
            time.sleep(0.2)
        raise AssertionError("PostgreSQL does not start again")


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fragile]:
    """A cluster of this test's own: nobody else's may die."""
    binaries = provision.postgres_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server on this machine")
    home = Path("/tmp") / f"charter-{secrets.token_hex(4)}"  # noqa: S108
    made = Fragile(home, binaries)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def city(cluster: Fragile, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city on that cluster whose server runs."""
    cluster.execute(sql.SQL("CREATE DATABASE city OWNER charter"))
    made = City(tmp_path_factory.mktemp("city"), cluster.url("city"))
    made.start()
    yield made
    made.kill_everything()
    with made.app.app_context():
        db.engine.dispose()


def test_nothing_acknowledged_is_lost_and_people_are_told_to_try_again(
    cluster: Fragile, city: City
):
    sent, answers = Sent(), Counter[str]()

    def write(venue_id: int, until: float) -> None:
        while time.monotonic() < until:
            once = secrets.token_hex(16)
            answer = city.upload(venue_id, once)
            answers[answer] += 1
            if answer == "saved":
                sent.acknowledged.add(once)
            time.sleep(0.01)

    for _ in range(ROUNDS):
        until = time.monotonic() + 4
        threads = [
            threading.Thread(target=write, args=(venue_id, until)) for venue_id in city.champions
        ]
        for thread in threads:
            thread.start()
        time.sleep(1)
        cluster.kill()
        time.sleep(1)
        cluster.start_again()
        for thread in threads:
            thread.join()
        with city.app.app_context():
            db.engine.dispose()
        assert city.faults(sent) == []
    assert set(answers) <= {"saved", "HTTP/1.1 503 SERVICE UNAVAILABLE"}, answers
    assert answers["saved"] > ROUNDS
    assert city.upload(next(iter(city.champions)), secrets.token_hex(16)) == "saved"
    print(f"\n{ROUNDS} kills of PostgreSQL: {dict(answers)}, none acknowledged is lost")
