"""Forgotten passwords and changes of address."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from charter.accounts import mailboxes, passwords, service, signin
from charter.accounts.models import EmailChange, ResetToken, User, WebSession
from charter.core import clock, trail
from charter.core.db import CITY, db
from charter.core.errors import Refused
from tests.builders.accounts import PASSWORD, last_link, locked, mails, make_user, password_hash


def asked(email: str) -> None:
    """Ask for a link, in a transaction of its own."""
    locked(CITY)
    mailboxes.ask_reset(email)
    db.session.commit()


def token_of(kind: str, to: str) -> str:
    """The token in the newest mail."""
    return last_link(kind, to).rpartition("/")[2]


def test_a_link_goes_out_for_open_accounts_only(app: Flask) -> None:
    with app.app_context():
        user, closed = make_user(email="rosa@mail.example"), make_user(is_disabled=True)
        for typed in ("ROSA@mail.example", closed.email, "nobody@mail.example"):
            asked(typed)
        assert mails("reset-password") == [user.email]


def test_one_link_is_alive_and_a_flood_sends_one(app: Flask) -> None:
    now = clock.now()
    with app.app_context():
        user = make_user()
        with clock.moved_to(now):
            for _ in range(20):
                asked(user.email)
        assert mails("reset-password") == [user.email]
        first = token_of("reset-password", user.email)
        with clock.moved_to(now + timedelta(minutes=2)):
            asked(user.email)
            second = token_of("reset-password", user.email)
            assert mailboxes.reset_owner(first) is None
            assert mailboxes.reset_owner(second) is not None
        assert db.session.scalar(select(func.count(ResetToken.id))) == 1


def test_a_link_works_for_60_minutes_and_once(app: Flask) -> None:
    now = clock.now()
    with app.app_context():
        user = make_user()
        with clock.moved_to(now):
            asked(user.email)
            session = signin.begin(user, device="").token
            db.session.commit()
        token = token_of("reset-password", user.email)
        db.session.rollback()
        with clock.moved_to(now + timedelta(minutes=60)):
            assert mailboxes.reset_owner(token) is None
        db.session.rollback()
        with clock.moved_to(now + timedelta(minutes=59)):
            locked(CITY)
            mailboxes.reset(token, passwords.hashed("plumber otter canal boat"))
            db.session.commit()
            assert passwords.matches(user.password_hash, "plumber otter canal boat")
            assert service.signed_in(session) is None
            assert mails("password-changed") == [user.email]
            locked(CITY)
            with pytest.raises(Refused, match="used or is too old"):
                mailboxes.reset(token, password_hash())


def test_the_public_page_slows_whoever_asks_a_lot(app: Flask) -> None:
    with app.app_context():
        said = []
        for number in range(4):
            locked(CITY)
            said.append(mailboxes.forgotten(f"n{number}@mail.example", "192.0.2.7"))
            db.session.commit()
        assert said[:3] == [None] * 3
        assert "Wait 5 seconds" in (said[3] or "")
        locked(CITY)
        assert mailboxes.forgotten("n9@mail.example", "198.51.100.9") is None


def test_both_mailboxes_confirm_a_new_address(app: Flask) -> None:
    with app.app_context():
        user = make_user(email="old@mail.example")
        for first, second in (("old", "new"), ("new", "old")):
            wanted = f"{first}-first@mail.example"
            before = user.email
            locked(CITY)
            mailboxes.ask_email_change(user, wanted.upper())
            db.session.commit()
            tokens = {
                "old": token_of("email-change-old", before),
                "new": token_of("email-change-new", wanted),
            }
            locked(CITY)
            assert mailboxes.confirm_email_change(tokens[first]) is False
            assert mailboxes.confirm_email_change(tokens[first]) is False
            assert user.email == before
            assert mailboxes.confirm_email_change(tokens[second]) is True
            db.session.commit()
            assert user.email == wanted
            locked(CITY)
            with pytest.raises(Refused, match="used or is too old"):
                mailboxes.confirm_email_change(tokens[second])
            db.session.rollback()


def test_an_address_that_somebody_has_is_not_told_but_never_taken(app: Flask) -> None:
    with app.app_context():
        user, other = make_user(), make_user()
        locked(CITY)
        with pytest.raises(Refused, match="already"):
            mailboxes.ask_email_change(user, user.email.upper())
        mailboxes.ask_email_change(user, other.email)
        db.session.commit()
        old = token_of("email-change-old", user.email)
        new = token_of("email-change-new", other.email)
        locked(CITY)
        mailboxes.confirm_email_change(old)
        with pytest.raises(Refused, match="cannot be used"):
            mailboxes.confirm_email_change(new)
        db.session.rollback()
        assert db.session.scalars(select(User.email)).all().count(other.email) == 1


def test_a_change_of_address_waits_24_hours(app: Flask) -> None:
    now = clock.now()
    with app.app_context():
        user = make_user()
        with clock.moved_to(now):
            locked(CITY)
            mailboxes.ask_email_change(user, "new@mail.example")
            db.session.commit()
        token = token_of("email-change-new", "new@mail.example")
        with clock.moved_to(now + timedelta(hours=24)):
            assert mailboxes.email_change(token) is None
            assert mailboxes.email_change_of(user.id) is None


def test_what_no_longer_counts_is_swept_and_nothing_else(app: Flask) -> None:
    now = clock.now()
    with app.app_context():
        user = make_user()
        with clock.moved_to(now):
            alive = signin.begin(user, device="").token
            dead = signin.begin(user, device="")
            db.session.commit()
            locked(CITY)
            signin.end_sessions(user.id, only=dead.user.session_id if dead.user else 0)
            mailboxes.ask_email_change(user, "new@mail.example")
            mailboxes.ask_reset(user.email)
            signin.failed("somebody@mail.example")
            assert mailboxes.sweep(now) == 1
            assert mailboxes.sweep(now + timedelta(hours=2)) == 2
            assert mailboxes.sweep(now + timedelta(hours=11)) == 0
            db.session.commit()
            assert service.signed_in(alive) is not None
            locked(CITY)
            mailboxes.sweep(now + timedelta(hours=24))
            for table in (WebSession, ResetToken, EmailChange):
                assert db.session.scalars(select(table)).all() == []


def test_the_trail_tells_of_it_in_ids_only(app: Flask) -> None:
    with app.app_context():
        user = make_user(name="Rosa Vale", email="rosa@mail.example")
        asked(user.email)
        locked(CITY)
        mailboxes.ask_email_change(user, "new@mail.example")
        db.session.commit()
        entries = trail.history(CITY)
        assert {entry.verb for entry in entries} == {"password.reset-asked", "email.change-asked"}
        assert all(entry.thing_id == user.id for entry in entries)
        told = str([entry.detail for entry in entries])
        assert "Rosa" not in told
        assert "@" not in told
        assert PASSWORD not in told
