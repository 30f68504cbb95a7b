"""Templates of space audits are loaded once an edition, and each stays as it was."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from charter.audits import loading
from charter.audits.models import AuditTemplate
from charter.core.db import CITY, commit, db, lock
from charter.core.seed import Fault
from charter.core.trail import TrailEntry

FIRST = """
key = "venue"
edition = 1
title = "Walk"
[[question]]
zone = "door"
key = "poster"
words = "Is it there?"
answer = "yes"
mends = "place"
"""
SECOND = FIRST.replace("edition = 1", "edition = 2").replace("Is it there?", "Does it hang there?")
THIRD = SECOND.replace("edition = 2", "edition = 3") + "retired = true\n"


def loaded(folder: Path, text: str, *, check: bool = False) -> loading.Report:
    """Load this one seed."""
    (folder / "venue.toml").write_text(text, "utf-8")
    db.session.rollback()
    lock(CITY)
    try:
        report = loading.load_seeds(folder, check=check)
        commit()
    finally:
        db.session.rollback()
    return report


def test_each_edition_stays_as_it_was_loaded(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        for n, text in enumerate((FIRST, SECOND, THIRD), 1):
            assert loaded(tmp_path, text).new == (f"venue, edition {n}",)
            assert loaded(tmp_path, text).same == (f"venue, edition {n}",)
        words = [loading.template("venue", n).questions[0].words for n in (1, 2, 3)]
        assert words == ["Is it there?", "Does it hang there?", "Does it hang there?"]
        asked = [loading.template("venue", n).asked(["door"], quick=False) for n in (1, 2, 3)]
        assert [len(each) for each in asked] == [1, 1, 0]
        assert loading.current("venue").edition == 3
        noted = select(func.count()).where(TrailEntry.verb == "audit-template.loaded")
        assert db.session.scalar(noted) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FIRST.replace("there", "here"), "has to be edition 2"),
        (SECOND.replace("edition = 2", "edition = 3"), "has to be edition 2"),
        (SECOND.replace('"yes"\nmends = "place"', '"feeling"'), "was answered with yes before"),
        ("key = 3", "needs key to be"),
        ("[[", "is not TOML"),
    ],
)
def test_what_would_change_an_answered_audit_is_refused_whole(
    app: Flask, tmp_path: Path, text: str, said: str
) -> None:
    with app.app_context():
        loaded(tmp_path, FIRST)
        with pytest.raises(Fault, match=said):
            loaded(tmp_path, text)
        assert db.session.scalar(select(func.count()).select_from(AuditTemplate)) == 1
        assert loading.current("venue").questions[0].words == "Is it there?"


@pytest.mark.sqlite_only
def test_to_check_writes_nothing_and_needs_no_table(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        assert loaded(tmp_path, FIRST, check=True).new == ("venue, edition 1",)
        assert db.session.scalar(select(func.count()).select_from(AuditTemplate)) == 0
        with pytest.raises(LookupError):
            loading.current("venue")
        db.session.rollback()
        AuditTemplate.__table__.drop(db.engine)
        assert loading.load_seeds(tmp_path, check=True).new == ("venue, edition 1",)


@pytest.mark.sqlite_only
def test_a_folder_without_a_template_is_a_fault(app: Flask, tmp_path: Path) -> None:
    with app.app_context(), pytest.raises(Fault, match="holds no template"):
        loading.load_seeds(tmp_path)
