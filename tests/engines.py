"""Real databases for the tests: fresh and migrated for each test, on SQLite and on PostgreSQL.

One PostgreSQL cluster serves a whole session and all its workers: started by the first test that
asks, unix socket only, as an unprivileged user, with fsync, and gone at the end, even after a
`kill -9`. On each engine the tables are made once, in a template, and copied for each test; as a
copy costs PostgreSQL twenty times what emptying one does, a copy with a name is emptied and kept.
"""

import contextlib
import fcntl
import os
import pwd
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests import provision

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
# For `@pytest.fixture(params=ENGINES)`: the second can be left out with -m "not postgresql".
ENGINES = (SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.postgresql))
# The same, for what takes so long that the second waits for `make test-long`.
ENGINES_IN_TIME = (
    SQLITE,
    pytest.param(POSTGRESQL, marks=[pytest.mark.postgresql, pytest.mark.long]),
)

Migrate = Callable[[str], object]

_LOCALE = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
_SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
log_error_verbosity = terse
max_connections = 60
shared_buffers = 64MB
"""
# Everything a test could leave behind that emptying the tables would not undo, as one number.
_SHAPE = """
SELECT md5(string_agg(piece, ' ' ORDER BY piece)) FROM (
    SELECT format('%s %s %s %s %s', attrelid::regclass, attname, atttypid, attnotnull,
        attisdropped) FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0
    UNION ALL SELECT format('%s %s', conrelid::regclass, conname) FROM pg_constraint
        WHERE oid >= 16384
    UNION ALL SELECT format('%s %s %s', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger
        WHERE oid >= 16384 AND NOT tgisinternal
    UNION ALL SELECT proname FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT nspname FROM pg_namespace WHERE oid >= 16384
) AS pieces (piece)
"""
# Tables that hold rows, or did once since they were last shortened.
_WRITTEN = """
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
"""
# Waits for the session to end, and clears up after it if it was killed before it could.
_GUARD = """(
    while kill -0 "$1" && [ -d "$2" ]; do sleep 1; done
    server="$2/postgresql/data/postmaster.pid"
    [ -f "$server" ] && kill -QUIT "$(head -n 1 "$server")" && sleep 1
    rm -rf "$2"
) </dev/null >/dev/null 2>&1 &"""


class Cluster:
    """A throw-away PostgreSQL cluster in a folder of its own, reached by a unix socket there."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder = folder
        self._data = folder / "data"
        self._binaries = binaries

    def start(self) -> None:
        """Make the cluster and start it."""
        self.folder.mkdir(mode=0o700)
        if provision.is_root():
            owner = _unprivileged_user()
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self._run("initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", f"--locale={_LOCALE}")
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS.format(folder=self.folder))
        self._run("pg_ctl", "--wait", "--silent", f"--log={self.folder / 'log'}", "start")
        self.execute(sql.SQL("CREATE ROLE charter LOGIN"))

    def stop(self) -> None:
        """Stop the cluster, at once; that it was never started is no fault."""
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "--wait", "--silent", "--mode=immediate", "stop")

    def url(self, database: str) -> str:
        """The address of a database, for SQLAlchemy, as its owner, who is no superuser."""
        return f"postgresql+psycopg://charter@/{database}?host={self.folder}"

    def execute(self, statement: sql.SQL | sql.Composed) -> None:
        """Run one statement as the superuser, outside a transaction."""
        with self.superuser("postgres") as connection:
            connection.execute(statement)

    def superuser(self, database: str) -> psycopg.Connection:
        """A connection to a database as the superuser, each statement on its own."""
        where = {"host": str(self.folder), "user": "postgres", "dbname": database}
        return psycopg.connect(**where, autocommit=True)

    def _run(self, program: str, *arguments: str) -> None:
        """Run one of the server's programs, as somebody it agrees to run as."""
        as_whom: dict[str, Any] = {}
        if provision.is_root():
            owner = _unprivileged_user()
            as_whom = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        extra = ("-U", "postgres") if program == "initdb" else ()
        done = subprocess.run(
            [self._binaries / program, "-D", self._data, *extra, *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            **as_whom,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")


class Copy:
    """A copy of the template on PostgreSQL, and what it looked like when it was new."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.name = name
        self._cluster = cluster
        made = sql.SQL("CREATE DATABASE {} OWNER charter TEMPLATE template")
        cluster.execute(made.format(sql.Identifier(name)))
        with cluster.superuser(name) as connection:
            self._came_with = {table for (table,) in connection.execute(_WRITTEN)}
            self._new = self._looks(connection)

    def drop(self) -> None:
        """Take the database away, whoever still uses it."""
        gone = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self.name))
        self._cluster.execute(gone)

    def is_as_new_once_emptied(self) -> bool:
        """Send everybody out, delete every row that a test wrote, and begin counting at 1 again.

        True if the tables, and the rows that came with them, are then what they were at first.
        """
        with self._cluster.superuser(self.name) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if self._looks(connection) != self._new:
                return False
            written = {table for (table,) in connection.execute(_WRITTEN)} - self._came_with
            # Without looking at what refers to what: in the end nothing is left to refer to.
            connection.execute("SET session_replication_role = replica")
            connection.execute("SET synchronous_commit = off")
            with connection.transaction():
                for table in written:
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                connection.execute("SELECT setval(seqrelid, seqstart, false) FROM pg_sequence")
        return True

    def _looks(self, connection: psycopg.Connection) -> list[Any]:
        rows = sql.SQL("SELECT * FROM {}")
        return [
            *connection.execute(_SHAPE),
            *(
                sorted(connection.execute(rows.format(sql.Identifier(table))), key=repr)
                for table in sorted(self._came_with)
            ),
        ]


class Databases:
    """The databases of one test session, in one folder that all its workers share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept: dict[str, Copy] = {}

    @contextlib.contextmanager
    def fresh(self, engine: str, migrate: Migrate, name: str | None = None) -> Iterator[str]:
        """The address of a migrated database that nobody else uses, gone afterwards.

        With a `name` the address is the same each time, and the caller sees to it that only one
        is in use; on PostgreSQL it is then emptied, and used again if that leaves it as new.
        `migrate(url)` makes the tables in an empty database, once a session for each engine, and
        must leave no connection open. Without a PostgreSQL server the test is skipped, and fails
        where `CI` is set.
        """
        make = self._fresh_sqlite if engine == SQLITE else self._fresh_postgresql
        with make(migrate, name or uuid.uuid4().hex, keeps=name is not None) as url:
            yield url

    @contextlib.contextmanager
    def _fresh_sqlite(self, migrate: Migrate, name: str, *, keeps: bool) -> Iterator[str]:
        template = self.folder / "template.sqlite3"
        with self.once("sqlite") as is_first:
            if is_first:
                migrate(f"sqlite:///{template}")
                _close_journal(template)
        home = self.folder / f"sqlite-{name}"
        home.mkdir()
        shutil.copyfile(template, home / "charter.sqlite3")
        try:
            yield f"sqlite:///{home / 'charter.sqlite3'}"
        finally:
            shutil.rmtree(home)

    @contextlib.contextmanager
    def _fresh_postgresql(self, migrate: Migrate, name: str, *, keeps: bool) -> Iterator[str]:
        cluster = self.cluster()
        with self.once("postgresql") as is_first:
            if is_first:
                cluster.execute(sql.SQL("CREATE DATABASE template OWNER charter"))
                migrate(cluster.url("template"))
        copy = self._kept.pop(name, None)
        if copy is None:
            copy = Copy(cluster, f"test_{name}")
        try:
            yield cluster.url(copy.name)
        finally:
            if keeps and copy.is_as_new_once_emptied():
                self._kept[name] = copy
            else:
                copy.drop()

    def cluster(self) -> Cluster:
        """This session's PostgreSQL cluster, started if nobody has yet."""
        binaries = provision.postgres_binaries()
        if binaries is None:
            missing = "no PostgreSQL server on this machine; tests/provision.py installs one"
            (pytest.fail if provision.in_ci() else pytest.skip)(missing)
        cluster = Cluster(self.folder / "postgresql", binaries)
        with self.once("cluster") as is_first:
            if is_first:
                cluster.start()
        return cluster

    @contextlib.contextmanager
    def once(self, work: str) -> Iterator[bool]:
        """True for the first of all workers to come here; the others wait until it is done."""
        done = self.folder / f"{work}.done"
        with (self.folder / f"{work}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield not done.exists()
            done.touch()

    @classmethod
    def open(cls) -> "Databases":
        """A folder for a session of this process, which it will not outlive; no server yet."""
        folder = Path(tempfile.mkdtemp(prefix="charter-"))
        # The server's own user has to pass through on its way to its folder.
        folder.chmod(0o711)
        guard = ("sh", "-c", _GUARD, "sh", str(os.getpid()), str(folder))
        # Its own session, so that what kills this one's whole group leaves the guard.
        subprocess.run(guard, check=True, start_new_session=True)
        return cls(folder)

    def close(self) -> None:
        """Stop the cluster if there is one, and leave nothing behind."""
        binaries = provision.postgres_binaries()
        if binaries is not None:
            Cluster(self.folder / "postgresql", binaries).stop()
        shutil.rmtree(self.folder)


def _unprivileged_user() -> pwd.struct_passwd:
    """Whom root runs the server as."""
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _close_journal(database: Path) -> None:
    """Bring everything into the one file, so that copying it copies the database."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


_DATABASES = pytest.StashKey[Databases]()


def pytest_configure(config: pytest.Config) -> None:
    """Open this session's databases; a worker of xdist shares those of the process above it."""
    shared = getattr(config, "workerinput", {}).get("databases")
    databases = Databases(Path(shared)) if shared else Databases.open()
    if not shared:
        config.add_cleanup(databases.close)
    config.stash[_DATABASES] = databases


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist where the session's databases are."""
    node.workerinput["databases"] = str(node.config.stash[_DATABASES].folder)


@pytest.fixture(scope="session")
def databases(pytestconfig: pytest.Config) -> Databases:
    """Fresh databases on either engine: `with databases.fresh(engine, migrate) as url`."""
    return pytestconfig.stash[_DATABASES]
