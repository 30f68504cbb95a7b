"""The tables as migrations make them: one line of history, equal to the models, on both engines."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Connection, MetaData, Table, inspect, select

from charter.accounts.models import User
from charter.commitments import standing
from charter.core import trail
from charter.core.db import Base, commit, db
from tests.abuse.world import made


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """An application whose fresh database was migrated from nothing, with its context open."""
    with app.app_context():
        yield app
        db.session.remove()


def script(app: Flask) -> ScriptDirectory:
    """The migrations that the application would run."""
    return ScriptDirectory.from_config(app.extensions["migrate"].migrate.get_config())


@pytest.mark.sqlite_only
def test_history_is_one_line_from_one_beginning(in_app: Flask):
    found = script(in_app)
    assert len(found.get_heads()) == 1
    assert len(found.get_bases()) == 1
    revisions = list(found.walk_revisions())
    assert all(isinstance(each.down_revision, str | None) for each in revisions)
    assert [each.revision for each in revisions if not each.doc] == []


def test_a_database_migrated_from_nothing_equals_the_models(in_app: Flask):
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "compare_server_default": True, "render_as_batch": True},
        )
        assert context.get_current_heads() == tuple(script(in_app).get_heads())
        assert compare_metadata(context, Base.metadata) == []


def test_names_of_constraints_are_the_ones_that_models_give(in_app: Flask):
    """What alembic does not compare: names of keys, of checks, and which rows an index is for."""
    found = inspect(db.engine)
    faults = []
    for table in Base.metadata.sorted_tables:
        checks = {each["name"] for each in found.get_check_constraints(table.name)}
        indexes = {each["name"]: each for each in found.get_indexes(table.name)}
        names = {
            *checks,
            *indexes,
            found.get_pk_constraint(table.name)["name"],
            *(each["name"] for each in found.get_foreign_keys(table.name)),
            *(each["name"] for each in found.get_unique_constraints(table.name)),
        }
        wanted = {str(each.name) for each in (*table.constraints, *table.indexes)}
        faults += [f"{table.name}: {name}" for name in sorted(wanted - names)]
    assert faults == []


def test_every_foreign_key_has_an_index_or_is_never_looked_up_by(in_app: Flask):
    """A key without an index is a scan of its table whenever somebody asks by it (or deletes)."""
    found = inspect(db.engine)
    bare = set()
    for table in Base.metadata.sorted_tables:
        led_by = {each["column_names"][0] for each in found.get_indexes(table.name)}
        led_by |= {each["column_names"][0] for each in found.get_unique_constraints(table.name)}
        led_by.add(found.get_pk_constraint(table.name)["constrained_columns"][0])
        for key in found.get_foreign_keys(table.name):
            column = key["constrained_columns"][0]
            if column not in led_by and key["referred_table"] not in NEVER_ASKED:
                bare.add(f"{table.name}.{column}")
    assert bare == BY_ANOTHER_WAY


# Rows of these are never deleted and nobody asks what refers to one of them.
NEVER_ASKED = {"signing_key", "user", "edition", "web_session", "stored_file"}
# Read only together with a row that is already found another way.
BY_ANOTHER_WAY = {
    "audit_action.before_photo_id",
    "audit_action.found_in",
    "audit_action.mended_in",
    "audit_action.seen_in",
    "book_line.by_member_id",
    "certificate.replaced_by_id",
    "certificate_proposal.certificate_id",
    "entry.by_member_id",
    "entry.zone_id",
    "entry_draft.venue_id",
    "invitation.operator_id",
    "signature.sign_up_id",
    "space_change.zone_id",
    "street_fault.stop_id",
    "walk_stop.repeats_id",
}


def test_migrating_twice_and_back_and_again_loses_nothing(in_app: Flask):
    upgrade()
    before = set(inspect(db.engine).get_table_names())
    downgrade(revision="base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    upgrade()
    assert set(inspect(db.engine).get_table_names()) == before


# The heads of what is in use, each with a table that came with it: the first release, staff and
# training without a book, the book without safety walks, and walks before certificates followed.
IN_USE = {
    "0001": "evidence",
    "0002": "training_record",
    "0004": "audit_template",
    "0005": "audit",
}
# What a column that is called differently now was called then.
RENAMED = {("certificate", "suspended_because"): "unmet_because"}
# A column's worth of what people write, awkward for every engine.
AWKWARD = "Żółć & Co. ‘The “Łódź”’ 🌙 = +1;--"


def rows_as_kept() -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
    """Every row of every table as the database has it, whatever the models say."""
    there = MetaData()
    with db.engine.connect() as connection:
        there.reflect(connection)
        return {
            table.name: (
                sorted(table.columns.keys()),
                sorted(map(tuple, _plain(connection, table)), key=repr),
            )
            for table in there.sorted_tables
            if table.name != "alembic_version"
        }


def _plain(connection: Connection, table: Table) -> Sequence[Any]:
    names = sorted(table.columns.keys())
    return connection.execute(select(*(table.c[name] for name in names))).all()


@pytest.mark.slow
@pytest.mark.parametrize("revision", IN_USE)
def test_nobody_loses_anything_on_the_way_from_what_is_in_use(app: Flask, revision: str):
    """Every table filled, as it was then; upgraded, judged and read again."""
    world = made(app, say=lambda field: f"{AWKWARD} {field}"[:60])
    with app.app_context():
        downgrade(revision=revision)
        before = rows_as_kept()
        assert len(before) > 25
        assert before[IN_USE[revision]][1] != []
        upgrade()
        after = rows_as_kept()
        for name, (columns, rows) in before.items():
            there, kept = after[name]
            columns = [RENAMED.get((name, column), column) for column in columns]
            places = [there.index(column) for column in columns]
            assert sorted((tuple(row[p] for p in places) for row in kept), key=repr) == rows, name
        for _ in standing.nightly():
            commit()
        names = ("venue_id", "commitment_key", "state", "essentials_met", "holds_until")
        assert standings(before, names) == standings(rows_as_kept(), names)
        assert [check.fault for check in trail.verify() if check.fault] == []
        db.session.rollback()
        assert db.session.get_one(User, world.people["office-admin"]).totp
        db.session.remove()


def standings(kept: dict[str, Any], names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Where every venue stands with every commitment."""
    columns, rows = kept["commitment_standing"]
    return sorted(tuple(row[columns.index(name)] for name in names) for row in rows)
