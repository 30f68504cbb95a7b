"""Fresh databases are fresh, made once, real, and gone at the end, even after a kill."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from tests import provision
from tests.engines import ENGINES, POSTGRESQL, Databases

SESSION = """
import time
from tests.engines import Databases
databases = Databases.open()
databases.cluster()
print(databases.folder, flush=True)
time.sleep(60)
"""


@contextlib.contextmanager
def connection(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as open_connection:
        yield open_connection


def migrate(url: str) -> None:
    """Makes one table; a second call on the same database would fail."""
    with connection(url) as made:
        made.execute(text("CREATE TABLE drink (name VARCHAR(40))"))
        made.execute(text("INSERT INTO drink VALUES ('water')"))


@pytest.fixture
def own_databases() -> Iterator[Databases]:
    """A session of this test's own: the shared one holds the product's tables."""
    databases = Databases.open()
    yield databases
    databases.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_each_database_is_migrated_and_nobody_elses(own_databases: Databases, engine: str):
    with (
        own_databases.fresh(engine, migrate) as mine,
        own_databases.fresh(engine, migrate) as yours,
    ):
        with connection(mine) as writer:
            writer.execute(text("DELETE FROM drink"))
        with connection(yours) as reader:
            assert reader.scalars(text("SELECT name FROM drink")).all() == ["water"]
        with connection(mine) as reader:
            assert reader.scalars(text("SELECT name FROM drink")).all() == []
            assert reader.dialect.name == engine


def migrate_more(url: str) -> None:
    """Tables of which one refers to the other, a counter, and a row that comes with them."""
    with connection(url) as made:
        made.execute(text("CREATE TABLE maker (id SERIAL PRIMARY KEY, name VARCHAR(40))"))
        made.execute(text("CREATE TABLE drink (id SERIAL PRIMARY KEY, maker_id INT)"))
        refers = "ADD CONSTRAINT made FOREIGN KEY (maker_id) REFERENCES maker (id)"
        made.execute(text(f"ALTER TABLE drink {refers}"))
        made.execute(text("CREATE TABLE step (number INT)"))
        made.execute(text("INSERT INTO step VALUES (7)"))


# What a test may do, and whether the next one may have the same database after it.
HABITS = [
    ([], True),
    (["UPDATE step SET number = 8"], False),
    (["DELETE FROM step"], False),
    (["DELETE FROM drink", "ALTER TABLE drink DROP CONSTRAINT made"], False),
    (["ALTER TABLE maker ADD COLUMN since INT"], False),
    (["CREATE TABLE glass (size INT)"], False),
    (["CREATE SCHEMA kept", "CREATE TABLE kept.drink AS TABLE drink"], False),
]


@pytest.mark.postgresql
@pytest.mark.slow
def test_a_database_with_a_name_is_as_new_for_the_next_test(own_databases: Databases):
    for habit, is_kept in HABITS:
        with own_databases.fresh(POSTGRESQL, migrate_more, "mine") as url:
            first = number_of(url)
            writes(url, *habit)
            held = create_engine(url, poolclass=NullPool).connect()
            held.execute(text("LOCK TABLE drink"))
        with own_databases.fresh(POSTGRESQL, migrate_more, "mine") as same:
            assert (same, number_of(same) == first) == (url, is_kept), habit
            with connection(url) as reader:
                assert reader.scalars(text("SELECT number FROM step")).all() == [7]
                assert reader.scalar(text("SELECT to_regclass('glass')")) is None
            writes(url)
        with pytest.raises(DBAPIError):
            held.execute(text("SELECT 1"))
        held.close()


def number_of(url: str) -> int:
    """The database's own number: another database of the same name has another."""
    with connection(url) as reader:
        asked = "SELECT oid::int FROM pg_database WHERE datname = current_database()"
        return int(reader.scalar(text(asked)))


def writes(url: str, *more: str) -> None:
    """A maker and a drink, both with the number 1 as in any new database, and more."""
    with connection(url) as writer:
        writer.execute(text("INSERT INTO maker (name) VALUES ('spring')"))
        writer.execute(text("INSERT INTO drink (maker_id) VALUES (1)"))
        assert writer.scalars(text("SELECT id FROM drink")).all() == [1]
        for statement in more:
            writer.execute(text(statement))


@pytest.mark.postgresql
def test_the_server_is_reached_by_its_socket_only_and_keeps_its_promises(
    own_databases: Databases,
):
    with own_databases.fresh(POSTGRESQL, migrate) as url, connection(url) as reader:
        settings = reader.execute(
            text(
                "SELECT current_setting('listen_addresses'), current_setting('fsync'), "
                "current_setting('log_error_verbosity'), current_setting('is_superuser')"
            )
        ).one()
    assert tuple(settings) == ("", "on", "terse", "off")


@pytest.mark.postgresql
def test_closing_ends_the_server_and_removes_its_files():
    databases = Databases.open()
    with psycopg.connect(superuser(databases.cluster().folder)) as held:
        databases.close()
        with pytest.raises(psycopg.OperationalError):
            held.execute("SELECT 1")
    assert not databases.folder.exists()


@pytest.mark.postgresql
@pytest.mark.slow
@pytest.mark.skipif(provision.postgres_binaries() is None, reason="no PostgreSQL server")
def test_a_killed_session_leaves_no_server_behind():
    command = [sys.executable, "-c", SESSION]
    with subprocess.Popen(
        command, cwd=provision.ROOT, stdout=subprocess.PIPE, text=True
    ) as session:
        assert session.stdout is not None
        folder = Path(session.stdout.readline().strip())
        with psycopg.connect(superuser(folder / "postgresql"), autocommit=True) as held:
            assert held.execute("SELECT 1").fetchone() == (1,)
            session.kill()
            session.wait()
            wait_until(lambda: not folder.exists())
            with pytest.raises(psycopg.OperationalError):
                held.execute("SELECT 1")


def superuser(folder: Path) -> str:
    return f"host={folder} user=postgres dbname=postgres"


def wait_until(holds: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "still not so"
        time.sleep(0.1)
