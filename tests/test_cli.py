"""The commands an operator types: what they print, and that they fail loudly."""

from dataclasses import replace

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

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


def test_nightly_and_status_say_what_they_found(app: Flask) -> None:
    assert run(app, "seed").exit_code == 0
    night = run(app, "nightly")
    assert night.exit_code == 0, night.output
    status = run(app, "status")
    assert "mail waiting: 0" in status.output, status.output
