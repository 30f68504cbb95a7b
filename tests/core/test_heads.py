"""The trail's heads are mailed each night, and show what the trail alone cannot."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select

from charter.core import clock, heads, letters, trail
from charter.core.db import CITY, commit, db, lock
from charter.core.mail import OutboxMail
from charter.core.trail import TrailEntry
from tests.counting import counted


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        yield app
        db.session.remove()


def do(chain: int, times: int) -> None:
    """So many things happen at a venue, or in the city."""
    db.session.rollback()
    lock(CITY, *([chain] if chain else []))
    for _ in range(times):
        trail.note("venue.changed", "venue", chain or None, venue_id=chain or None)
    commit()


def told() -> list[str]:
    """The bodies of the mails that were sent, oldest first, each address once."""
    heads.tell()
    commit()
    rows = db.session.scalars(
        select(OutboxMail).where(OutboxMail.kind == "trail-heads").order_by(OutboxMail.id)
    )
    bodies = [row.body or "" for row in rows]
    db.session.rollback()
    return bodies


def faults(kept: str) -> dict[int, str | None]:
    found = {each.chain: each.fault for each in trail.verify(letters.trail_marks(kept))}
    db.session.rollback()
    return found


def test_each_night_has_the_heads_of_the_chains_that_moved(in_app: Flask) -> None:
    do(3, 2)
    do(CITY, 1)
    [first] = told()
    assert [(mark.chain, mark.entries) for mark in letters.trail_marks(first)] == [(0, 1), (3, 2)]
    assert len(told()) == 1
    do(3, 1)
    do(5, 4)
    with clock.moved_to(clock.now() + timedelta(days=1)):
        second = told()[1]
    assert [(mark.chain, mark.entries) for mark in letters.trail_marks(second)] == [(3, 3), (5, 4)]
    assert set(faults(first + second).values()) == {None}


def test_a_second_mailbox_gets_them_too(in_app: Flask) -> None:
    settings = in_app.extensions["charter.settings"]
    city = replace(settings.city, heads_email="archive@council.example")
    in_app.extensions["charter.settings"] = replace(settings, city=city)
    try:
        do(3, 1)
        assert len(told()) == 2
    finally:
        in_app.extensions["charter.settings"] = settings


def test_a_tail_that_was_cut_off_shows_only_against_a_mail(in_app: Flask) -> None:
    """F112: the newest three entries are gone."""
    do(3, 7)
    [kept] = told()
    db.session.execute(delete(TrailEntry).where(TrailEntry.chain == 3, TrailEntry.number > 4))
    db.session.commit()
    assert faults("") == {3: None}
    fault = faults(kept)[3]
    assert fault is not None
    assert fault.startswith("it ends at entry 4, but had 7 when its seal was mailed on ")
    db.session.execute(delete(TrailEntry))
    db.session.commit()
    assert "it ends at entry 0" in str(faults(kept)[3])


def test_a_chain_written_anew_with_the_key_shows_against_a_mail(in_app: Flask) -> None:
    """F113: an insider with the key rebuilds the whole chain."""
    do(3, 5)
    [kept] = told()
    before = trail.START
    for entry in db.session.scalars(
        select(TrailEntry).where(TrailEntry.chain == 3).order_by(TrailEntry.number)
    ):
        entry.detail = {"other": 1}
        entry.mac = before = trail._mac(entry, before)
    db.session.commit()
    assert faults("") == {3: None}
    assert "entry 5 is not the one whose seal was mailed" in str(faults(kept)[3])


def test_the_command_takes_the_mails(in_app: Flask, tmp_path) -> None:  # type: ignore[no-untyped-def]  # pytest's own
    do(3, 3)
    [kept] = told()
    place = tmp_path / "mails.txt"
    place.write_text(kept)
    runner = in_app.test_cli_runner()
    good = runner.invoke(args=["trail", "verify", "--heads", str(place)])
    assert good.exit_code == 0, good.output
    db.session.execute(delete(TrailEntry).where(TrailEntry.number == 3))
    db.session.commit()
    bad = runner.invoke(args=["trail", "verify", "--heads", str(place)])
    assert bad.exit_code == 1
    assert "BAD" in bad.output
    place.write_text("nothing here")
    assert (
        "No head of the trail"
        in runner.invoke(args=["trail", "verify", "--heads", str(place)]).output
    )


def test_it_costs_the_same_for_many_chains(in_app: Flask) -> None:
    costs = []
    for most in (3, 30):
        for chain in range(1, most):
            do(chain, 1)
        db.session.rollback()
        with counted(in_app) as seen:
            trail.moved(0)
        costs.append(len(seen))
        db.session.rollback()
    assert costs == [2, 2]
