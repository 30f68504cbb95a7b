"""The commands an operator types: what they print, and that they fail loudly."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from charter import cli
from charter.accounts.models import User
from charter.core import trail
from charter.core.db import CITY, commit, db, lock
from tests.builders.accounts import make_user

pytestmark = pytest.mark.sqlite_only


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=arguments)


def test_a_broken_chain_is_named_and_the_command_fails(app: Flask) -> None:
    with app.app_context():
        for number in range(3):
            lock(CITY)
            trail.note("thing.changed", "thing", number)
            commit()
    whole = run(app, "trail", "verify")
    assert whole.exit_code == 0
    assert "city: 3 entries, head " in whole.output
    with app.app_context():
        db.session.execute(text("UPDATE trail_entry SET thing_id = 9 WHERE number = 2"))
        db.session.commit()
    broken = run(app, "trail", "verify")
    assert broken.exit_code == 1
    assert "city: BAD: entry 2" in broken.output


def test_keys_turn_over_by_command_and_nothing_is_left_under_the_old_one(app: Flask) -> None:
    with app.app_context():
        person = make_user(totp="JBSWY3DPEHPK3PXP").id
    settings = app.extensions["charter.settings"]
    both = {**settings.secrets.field_keys, "k2": b"2" * 32}
    secrets = replace(settings.secrets, field_keys=both, current="k2")
    app.extensions["charter.settings"] = replace(settings, secrets=secrets)
    first = run(app, "keys", "rotate")
    assert "1 values sealed under k2" in first.output, first.output
    assert "0 values sealed under k2" in run(app, "keys", "rotate").output
    with app.app_context():
        row = db.session.get_one(User, person)
        assert (row.totp_sealed or b"").startswith(b"k2\0")
        assert row.totp == "JBSWY3DPEHPK3PXP"


def test_the_seeds_are_checked_without_being_loaded(app: Flask) -> None:
    checked = run(app, "seed", "--check")
    assert checked.exit_code == 0, checked.output
    with app.app_context():
        assert db.session.scalar(text("SELECT count(*) FROM edition")) == 0
    assert run(app, "seed").exit_code == 0
    with app.app_context():
        assert db.session.scalar(text("SELECT count(*) FROM edition")) == 1


def test_a_fault_in_any_seed_is_named_with_its_file_and_nothing_is_loaded(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(cli.SEEDS, tmp_path / "seeds")
    monkeypatch.setattr(cli, "SEEDS", tmp_path / "seeds")
    assert run(app, "seed", "--check").exit_code == 0
    for name, was, wrong in (
        ("charter/bristol-2024.toml", 'number = "1.3"\n', 'number = "1.3"\nnmber = 1\n'),
        ("training/courses.toml", 'jobs = ["door", "transport"]', 'jobs = ["doorman"]'),
        ("training/jobs.toml", "customers = true", 'customers = "yes"'),
        ("training/providers.toml", "name =", "nam ="),
        ("training/questions.toml", "right =", "rihgt ="),
    ):
        path = tmp_path / "seeds" / name
        words = path.read_text("utf-8")
        assert was in words
        path.write_text(words.replace(was, wrong, 1), "utf-8")
    for command in (("seed", "--check"), ("seed",)):
        failed = run(app, *command)
        assert failed.exit_code == 1
        for words in (
            "bristol-2024.toml: requirement 1.3 has a key that nobody knows: nmber",
            "courses.toml: course 3 needs jobs to be a list of bar, floor, door, ",
            "jobs.toml: job 1 needs customers to be true or false",
            "providers.toml: provider 1 has no name",
            "questions.toml: question 1 has a key that nobody knows: rihgt",
        ):
            assert words in failed.output
    with app.app_context():
        assert db.session.scalar(text("SELECT count(*) FROM edition")) == 0


def test_nightly_and_status_say_what_they_found(app: Flask) -> None:
    assert run(app, "seed").exit_code == 0
    night = run(app, "nightly")
    assert night.exit_code == 0, night.output
    status = run(app, "status")
    assert "mail waiting: 1" in status.output  # the heads of the trail, status.output
