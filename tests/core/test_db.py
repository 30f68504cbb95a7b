"""Locks, commits and instants, on both engines."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from charter.core import db as core_db
from charter.core.db import CITY, CityValue, commit, db, kept, lock, next_number, touch

ROUNDS = 50


def test_numbers_have_no_gap_and_no_twin_under_a_race(app: Flask) -> None:
    given: list[int] = []

    def take() -> None:
        for _ in range(ROUNDS // 5):
            with app.app_context():
                lock(CITY)
                number = next_number("test")
                commit()
                given.append(number)

    threads = [threading.Thread(target=take) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given) == list(range(1, ROUNDS + 1))


def test_a_lock_after_reading_is_a_programming_fault(app: Flask) -> None:
    with app.app_context():
        db.session.scalar(select(func.count()).select_from(CityValue))
        with pytest.raises(RuntimeError, match="before the first read"):
            lock(CITY)


def test_the_city_comes_before_a_venue(app: Flask) -> None:
    with app.app_context():
        lock(5)
        with pytest.raises(RuntimeError, match="city"):
            lock(CITY)


def test_a_rollback_gives_the_locks_back(app: Flask) -> None:
    with app.app_context():
        lock(CITY, 3)
        touch(3)
        db.session.rollback()
        assert not core_db.holds(CITY)
        assert "touched" not in db.session().info


def test_steps_run_once_for_each_touched_venue_and_before_the_commit(app: Flask) -> None:
    seen: list[Sequence[int]] = []
    app.extensions["charter.steps"] = (seen.append,)
    with app.app_context():
        lock(CITY, 1, 2)
        touch(2)
        touch(1)
        touch(2)
        commit()
        commit()
    assert seen == [(2, 1)]


def test_an_instant_without_a_zone_is_refused(app: Flask) -> None:
    kind = core_db.UtcDateTime()
    with app.app_context():
        dialect = db.engine.dialect
        with pytest.raises(ValueError, match="time zone"):
            kind.process_bind_param(datetime.fromisoformat("2026-01-01T00:00"), dialect)
        stored = kind.process_bind_param(datetime(2026, 7, 1, 12, tzinfo=UTC), dialect)
        assert kind.process_result_value(stored, dialect) == datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.sqlite_only
def test_sqlite_is_set_up_so_that_a_commit_survives_and_a_deletion_is_one(app: Flask) -> None:
    with app.app_context():
        wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
        found = {name: db.session.scalar(text(f"PRAGMA {name}")) for name in wanted}
    assert found == wanted


def test_an_answer_is_kept_until_anything_changes_and_no_longer(app: Flask):
    def is_kept() -> bool:
        kept()["question"] = "answer"
        db.session.rollback()
        found = kept() == {"question": "answer"}
        db.session.rollback()
        return found

    with app.app_context():
        # A PostgreSQL counts transactions of all its databases, and other tests write meanwhile.
        assert any(is_kept() for _ in range(50))
        lock(CITY)
        next_number("anything")
        commit()
        assert kept() == {}
        kept()["question"] = "newer"
        db.session.rollback()
        db.session.connection()  # stays open, so that the other one is not the same again
        with db.engine.connect() as other, other.begin():
            other.execute(text("UPDATE city_value SET number = 7"))
        db.session.rollback()
        assert kept() == {}


def test_what_somebody_else_changes_meanwhile_is_not_seen_half(app: Flask):
    with app.app_context():
        kept()["question"] = "old"
        with db.engine.connect() as other, other.begin():
            other.execute(text("INSERT INTO city_value (name, number) VALUES ('x', 1)"))
        db.session.rollback()
        assert "question" not in kept()
