"""How Alembic meets our tables, on SQLite and on PostgreSQL.

SQLite rebuilds a table to change it, which with foreign keys on would take the child rows along:
they are off while migrating, checked afterwards, and a fault undoes everything.
"""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from charter.core.db import db


def run() -> None:
    """Run the wanted migrations in one transaction."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            _keys(connection, "OFF")
            connection = connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        options = dict(current_app.extensions["migrate"].configure_args)
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            transactional_ddl=True,
            **options,
        )
        with context.begin_transaction():
            context.run_migrations()
            _check(connection)
        if connection.dialect.name == "sqlite":
            connection.commit()
            _keys(connection, "ON")


def _keys(connection: Connection, switch: str) -> None:
    """Switch foreign keys on or off: outside a transaction, for inside one SQLite ignores it."""
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - a connection that was just made
    driver.execute(f"PRAGMA foreign_keys={switch}")


def _check(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        orphans = connection.execute(text("PRAGMA foreign_key_check")).all()
        if orphans:
            raise RuntimeError(f"migrating would orphan rows: {orphans[:3]}")


run()
