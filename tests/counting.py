"""Counts the SQL statements that something costs, so that a page that grows fails a test."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import event

from charter.core.db import db


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements an application sends while this is open; a batch counts as one."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "PRAGMA")):
            seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def forget_answers(app: Flask) -> None:
    """Have the next request ask everything anew: what a connection keeps goes with it.

    Wants no session to be open.
    """
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
