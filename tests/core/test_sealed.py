"""Sealed columns: closed without the key, bound to their place, and turned over to a new key."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text

from charter.accounts.models import User
from charter.core import sealed
from charter.core.db import CITY, commit, db, lock

SECRET = "JBSWY3DPEHPK3PXP"


def two_people(app: Flask) -> tuple[int, int]:
    with app.app_context():
        lock(CITY)
        people = [User(email=f"{n}@charter.example", name=n) for n in ("ann", "bea")]
        for person in people:
            person.totp = SECRET
        db.session.add_all(people)
        commit()
        return people[0].id, people[1].id


def test_a_value_opens_again_and_its_row_shows_nothing(app: Flask) -> None:
    first, second = two_people(app)
    with app.app_context():
        one, two = db.session.get_one(User, first), db.session.get_one(User, second)
        assert one.totp == two.totp == SECRET
        assert one.totp_sealed != two.totp_sealed
        assert SECRET.encode() not in bytes(one.totp_sealed or b"")


def test_a_value_moved_to_another_row_or_column_does_not_open(app: Flask) -> None:
    first, second = two_people(app)
    with app.app_context():
        one, two = db.session.get_one(User, first), db.session.get_one(User, second)
        one.totp_sealed, two.totp_pending_sealed = two.totp_sealed, two.totp_sealed
        for read in (lambda: one.totp, lambda: two.totp_pending):
            with pytest.raises(sealed.Unreadable, match="moved or changed"):
                read()


def test_keys_turn_over_and_a_stopped_run_goes_on(app: Flask) -> None:
    first, second = two_people(app)
    old = app.extensions["charter.settings"]
    secrets = old.secrets
    both = replace(secrets, field_keys={**secrets.field_keys, "k2": b"n" * 32}, current="k2")
    app.extensions["charter.settings"] = replace(old, secrets=both)
    with app.app_context():
        batches = sealed.rotate(batch=1)
        assert next(batches) == 1
        commit()
    with app.app_context():
        assert sum(sealed.rotate(batch=1)) == 1
        commit()
    only_new = replace(both, field_keys={"k2": b"n" * 32})
    app.extensions["charter.settings"] = replace(old, secrets=only_new)
    with app.app_context():
        assert sealed.missing_keys() == set()
        assert [db.session.get_one(User, i).totp for i in (first, second)] == [SECRET, SECRET]


def test_a_key_taken_away_too_early_is_named(app: Flask) -> None:
    first, _ = two_people(app)
    old = app.extensions["charter.settings"]
    gone = replace(old.secrets, field_keys={"k9": b"9" * 32}, current="k9")
    app.extensions["charter.settings"] = replace(old, secrets=gone)
    with app.app_context():
        assert sealed.missing_keys() == {"k1"}
        with pytest.raises(sealed.Unreadable, match="key that is not here"):
            _ = db.session.get_one(User, first).totp


def test_one_flipped_bit_gives_no_part_of_the_text(app: Flask) -> None:
    first, _ = two_people(app)
    with app.app_context():
        value = db.session.execute(
            text('SELECT totp_sealed FROM "user" WHERE id = :id'), {"id": first}
        ).scalar_one()
        flipped = bytes(value)[:-1] + bytes([bytes(value)[-1] ^ 1])
        person = db.session.get_one(User, first)
        person.totp_sealed = flipped
        with pytest.raises(sealed.Unreadable):
            _ = person.totp
