"""What is in a database, as a value to compare: every row of every table."""

import hashlib

from flask import Flask
from sqlalchemy import select

from charter.core.db import db


def digest(app: Flask) -> dict[str, str]:
    """A hash of each table's rows, by the table's name."""
    found = {}
    with app.app_context():
        for table in db.metadata.sorted_tables:
            keys = list(table.primary_key.columns)
            rows = db.session.execute(select(table).order_by(*keys)).all()
            found[table.name] = hashlib.sha256(repr(rows).encode()).hexdigest()
        db.session.remove()
    return found


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The tables whose rows are not what they were."""
    return [name for name, value in after.items() if before[name] != value]
