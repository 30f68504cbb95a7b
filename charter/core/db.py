"""The database: handle, model base, and how a change is locked, completed and committed.

A writing request takes its lock *first*, before it reads anything, so that what it decides on
cannot change under it: SQLite by `BEGIN IMMEDIATE` (one writer at a time), PostgreSQL by an
advisory lock on the chain it will append to (READ COMMITTED sees everything committed before the
lock was granted). There is a chain for the city (`CITY`) and one for each venue; the city's is
always taken before a venue's, so that two requests cannot wait for each other.

A service that changes a venue's facts calls `touch(venue_id)`. `commit()` first runs the steps
that `charter.app` gave, in order, for the touched venues, and then commits: no signals, and
no import from this floor upwards. What is counted from many rows (a staff list, say) is counted
again too, by the first of the steps: all of it, unless the change says whose counts it bears on.
"""

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import Flag, auto
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, Engine, MetaData, String, TypeDecorator, event, text
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    SessionTransaction,
    mapped_column,
    registry,
)
from werkzeug.exceptions import NotFound

from charter import config
from charter.core import clock

CITY = 0
Step = Callable[[Sequence[int]], None]


class Counts(Flag):
    """Whose counts a change of a venue bears on; `ALL` is for whoever cannot tell."""

    NONE = 0
    TRAINING = auto()
    CHECKS = auto()
    BOOK = auto()
    ROOMS = auto()
    AUDITS = auto()
    ALL = TRAINING | CHECKS | BOOK | ROOMS | AUDITS


CountStep = Callable[[Mapping[int, Counts]], None]

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA busy_timeout=10000",
    "PRAGMA cache_size=-16384",
)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, stored as naive UTC on every engine and always read back aware."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware instant into naive UTC; a naive one is a programming fault."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the instant its zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Every table: named constraints, so that migrations can speak of them on both engines."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    registry = registry(metadata=metadata, type_annotation_map={datetime: UtcDateTime})


# Parameters are people's words: a database's complaint may not carry them into a log.
db = SQLAlchemy(model_class=Base, engine_options={"hide_parameters": True})

if TYPE_CHECKING:

    class Model(Base):
        """What Flask-SQLAlchemy's `db.Model` is to a type checker."""

        __abstract__ = True

else:
    Model = db.Model


class Installation(Model):
    """One row: whether this database was ever a demo, so that a city can refuse it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    is_demo: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class CityValue(Model):
    """A named counter or value of the city, such as the last certificate number given."""

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    number: Mapped[int]


def init_app(app: Flask, *, count: CountStep | None = None, steps: Sequence[Step] = ()) -> None:
    """Attach the database to an application and say which steps complete a change.

    `count` comes first, and only for venues where something that is counted may have changed: it
    is told which counts.
    """
    db.init_app(app)
    app.extensions["charter.count"] = count
    app.extensions["charter.steps"] = tuple(steps)
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "checkin", _give_back)
    event.listen(engine, "before_cursor_execute", _guard)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


@event.listens_for(db.session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.clear()


def lock(*chains: int) -> None:
    """Take the write lock of these chains (CITY or a venue's id), before reading anything.

    Locks already held in this transaction are not taken again. Asking for the city's after a
    venue's, or for a first lock after reading, is a programming fault and raises RuntimeError.
    """
    session = db.session()
    held: set[int] = session.info.get("chains", set())
    wanted = sorted(set(chains) - held)
    if not wanted:
        return
    if held and wanted[0] == CITY:
        raise RuntimeError("the city's lock is taken before a venue's")
    on_sqlite = db.engine.dialect.name == "sqlite"
    if not held:
        if session.in_transaction():
            raise RuntimeError("the lock comes before the first read")
        if on_sqlite:
            session.connection(execution_options={"sqlite_begin": "BEGIN IMMEDIATE"})
    if not on_sqlite:
        for chain in wanted:
            session.execute(text("SELECT pg_advisory_xact_lock(1788, :chain)"), {"chain": chain})
    session.info["chains"] = held | set(wanted)


def holds(chain: int) -> bool:
    """Whether this transaction may append to a chain (on SQLite one lock covers all)."""
    held = db.session().info.get("chains", ())
    return chain in held or (bool(held) and db.engine.dialect.name == "sqlite")


class NotYours(NotFound):
    """Somebody who may write to a few tables only was about to write to another one."""


_WRITING = re.compile(r'\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)', re.IGNORECASE)
_only: ContextVar[frozenset[str] | None] = ContextVar("tables that may be written", default=None)


def only_writing(tables: frozenset[str] | None) -> None:
    """From now on, in this request, only these tables may be written to; None: any.

    The use of a sign-in may be noted at any time. Whatever else is tried raises NotYours, and
    nothing of it reaches the database.
    """
    _only.set(tables)


def read_only() -> None:
    """Read on over a connection that the database itself lets write nothing."""
    session = db.session()
    session.rollback()
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.info["query_only"] = True
    else:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _guard(
    connection: Any, _cursor: object, statement: str, _given: object, _context: object, _many: bool
) -> None:
    tables = _only.get()
    found = _WRITING.match(statement) if tables is not None else None
    if found and found[1].lower() not in (tables or frozenset()) | {"web_session"}:
        raise NotYours


def _give_back(connection: sqlite3.Connection, record: Any) -> None:
    if record.info.pop("query_only", False):
        connection.execute("PRAGMA query_only=OFF")


def steady() -> None:
    """Have a transaction that has not begun see the database as it is now, until it ends.

    For whoever compares many rows with each other while others write. SQLite's always do.
    """
    if db.engine.dialect.name != "sqlite":
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def touch(venue_id: int, *, counts: Counts = Counts.ALL) -> None:
    """Remember that a venue's facts changed, so that `commit` restates where it stands.

    `counts` says what may have to be counted again; several changes add up.
    """
    touched: dict[int, Counts] = db.session().info.setdefault("touched", {})
    touched[venue_id] = counts | touched.get(venue_id, Counts.NONE)


def commit() -> None:
    """Complete the touched venues by the steps given at start-up, then commit all at once."""
    session = db.session()
    touched: dict[int, Counts] = session.info.get("touched", {})
    if touched:
        session.flush()
        count: CountStep | None = current_app.extensions["charter.count"]
        counting = {venue_id: counts for venue_id, counts in touched.items() if counts}
        if count is not None and counting:
            count(counting)
        for step in current_app.extensions["charter.steps"]:
            step(tuple(touched))
    session.commit()


def kept() -> dict[Any, Any]:
    """Where an answer may be kept until anything in the database changes; one statement.

    For questions about the whole city, whose cost grows with it. SQLite tells whether another
    connection committed (`PRAGMA data_version`) and what this one changed; PostgreSQL's snapshot
    is another one after every transaction that wrote. So nothing kept here is ever stale, and
    nothing has to remember to throw it away. Whoever keeps something puts today's date in its key.
    A transaction that holds a lock, and so may write, keeps nothing.
    """
    session = db.session()
    if session.info.get("chains"):
        return {}
    answers: dict[Any, Any] | None = session.info.get("kept")
    if answers is None:
        connection = session.connection()
        version = tuple(connection.execute(_VERSIONS[connection.dialect.name]).one())
        was, answers = connection.info.get("kept", (None, {}))
        if was != version:
            answers = {}
            connection.info["kept"] = version, answers
        session.info["kept"] = answers
    return cast(dict[Any, Any], answers)


_VERSIONS = {
    "sqlite": text("SELECT total_changes(), data_version FROM pragma_data_version"),
    "postgresql": text("SELECT pg_current_snapshot()::text"),
}


def next_number(name: str) -> int:
    """The city's next number of a series, without gaps; needs the city's lock."""
    if not holds(CITY):
        raise RuntimeError("numbers are given under the city's lock")
    row = db.session.get(CityValue, name)
    if row is None:
        row = CityValue(name=name, number=0)
        db.session.add(row)
    row.number += 1
    return row.number


def refuse_wrong_installation(engine: Engine, is_demo: bool) -> None:
    """Refuse to serve a city from a database that was ever a demo, or the other way round.

    Raises ConfigFault. A database that has not been made yet has nothing to say.
    """
    with engine.connect() as connection:
        if not engine.dialect.has_table(connection, Installation.__tablename__):
            return
        row = connection.execute(text("SELECT is_demo FROM installation")).first()
    if row is not None and bool(row[0]) != is_demo:
        kind = "a demo" if row[0] else "a real city"
        raise config.ConfigFault(f"This database belongs to {kind}: choose another DATABASE_URL")
