"""The trail: in one transaction with the change, ids only, and no quiet tampering (F111-F114)."""

import re
import threading

import pytest
from flask import Flask
from sqlalchemy import text

from charter.core import trail
from charter.core.db import CITY, commit, db, lock


def write(app: Flask, chain: int, count: int) -> None:
    for number in range(count):
        with app.app_context():
            lock(chain)
            trail.note("thing.changed", "thing", number, venue_id=chain or None, state="ok")
            commit()


def checks(app: Flask) -> dict[int, trail.Check]:
    with app.app_context():
        return {check.chain: check for check in trail.verify()}


def test_chains_stand_apart_and_verify(app: Flask) -> None:
    write(app, CITY, 3)
    write(app, 7, 4)
    found = checks(app)
    assert {chain: (c.count, c.fault) for chain, c in found.items()} == {0: (3, None), 7: (4, None)}
    assert found[0].head != found[7].head


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        ("UPDATE trail_entry SET thing_id = 99 WHERE number = 3", "entry 3 .* was changed"),
        ("UPDATE trail_entry SET detail = '{}' WHERE number = 2", "entry 2 .* was changed"),
        ("DELETE FROM trail_entry WHERE number = 3", "entry 3 is missing"),
        ("UPDATE trail_entry SET number = 6 - number WHERE number IN (2, 4)", "entry 2 "),
    ],
)
def test_the_first_bad_entry_is_named(app: Flask, damage: str, fault: str) -> None:
    write(app, 7, 5)
    with app.app_context():
        if "6 - number" in damage:
            db.session.execute(text("UPDATE trail_entry SET number = -number WHERE number = 2"))
            db.session.execute(text("UPDATE trail_entry SET number = 2 WHERE number = 4"))
            db.session.execute(text("UPDATE trail_entry SET number = 4 WHERE number = -2"))
        else:
            db.session.execute(text(damage))
        db.session.commit()
    found = checks(app)[7]
    assert found.fault is not None
    assert re.search(fault, found.fault)


def test_a_cut_tail_shows_only_against_a_head_kept_elsewhere(app: Flask) -> None:
    write(app, 7, 5)
    kept = checks(app)[7]
    with app.app_context():
        db.session.execute(text("DELETE FROM trail_entry WHERE number > 3"))
        db.session.commit()
    now = checks(app)[7]
    assert now.fault is None
    assert (now.count, now.head) != (kept.count, kept.head)


def test_free_text_is_refused(app: Flask) -> None:
    with app.app_context():
        lock(7)
        with pytest.raises(ValueError, match="free text"):
            trail.note("x", "thing", 1, venue_id=7, words="she said that he")


def test_an_entry_needs_its_chains_lock(app: Flask) -> None:
    with app.app_context(), pytest.raises(RuntimeError, match="lock"):
        trail.note("x", "thing", 1, venue_id=7)


def test_an_entry_goes_when_its_change_does(app: Flask) -> None:
    with app.app_context():
        lock(7)
        trail.note("thing.changed", "thing", 1, venue_id=7)
        db.session.rollback()
    assert checks(app) == {}


def test_fifty_at_once_make_one_unbroken_chain(app: Flask) -> None:
    threads = [threading.Thread(target=write, args=(app, 7, 10)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (checks(app)[7].count, checks(app)[7].fault) == (50, None)
