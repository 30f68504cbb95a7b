"""The throttle, and sessions as the database keeps them."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select

from charter.accounts import service, signin
from charter.accounts.models import Throttle, WebSession
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, db
from tests.builders.accounts import PASSWORD, locked, make_member, make_place, make_user

pytestmark = pytest.mark.sqlite_only
HERE = "192.0.2.7"


def try_in(email: str, password: str, address: str | None = HERE) -> signin.Opened:
    """One try to sign in, as the page does it."""
    typed = signin.attempt(email, password, address)
    locked(CITY)
    opened = signin.open_session(typed, address=address, device="Firefox on Linux")
    db.session.commit()
    return opened


def test_every_failure_has_the_same_words(app: Flask) -> None:
    with app.app_context():
        known, closed = make_user().email, make_user(is_disabled=True).email
        unset = make_user(password_hash=None).email
        words = {
            try_in(known, "not this one at all").words,
            try_in("nobody@mail.example", PASSWORD).words,
            try_in(closed, PASSWORD).words,
            try_in(unset, PASSWORD).words,
            try_in("not an address", PASSWORD).words,
        }
        assert words == {signin.WRONG}


def test_wrong_tries_wait_longer_each_time_and_the_right_one_is_let_in_after(app: Flask) -> None:
    now = clock.now()
    with app.app_context():
        email = make_user().email
        waits = []
        for _ in range(9):
            with clock.moved_to(now):
                assert try_in(email, "wrong wrong wrong").words == signin.WRONG
                told = signin.wait_words(email, HERE) or "Wait 0 seconds"
                db.session.rollback()
                seconds = int(told.partition("Wait ")[2].partition(" ")[0])
                waits.append(seconds)
                if seconds:
                    early = try_in(email, PASSWORD).words or ""
                    assert f"Wait {seconds} seconds" in early
            now += timedelta(seconds=seconds)
        assert waits == [0, 0, 5, 10, 20, 40, 80, 90, 90]
        with clock.moved_to(now):
            assert try_in(email, PASSWORD).user is not None
            assert try_in(email, "wrong wrong wrong").words == signin.WRONG


def test_a_right_password_judged_before_another_try_failed_still_waits(app: Flask) -> None:
    with app.app_context():
        email = make_user().email
        early = signin.attempt(email, PASSWORD, HERE)
        for _ in range(3):
            try_in(email, "wrong wrong wrong")
        locked(CITY)
        opened = signin.open_session(early, address=HERE, device="")
        assert opened.user is None
        assert "Wait 5 seconds" in (opened.words or "")


def test_a_password_changed_while_it_was_judged_does_not_let_in(app: Flask) -> None:
    with app.app_context():
        user = make_user()
        early = signin.attempt(user.email, PASSWORD, HERE)
        user.password_hash = None
        db.session.commit()
        locked(CITY)
        assert signin.open_session(early, address=HERE, device="").words == signin.WRONG


def test_spraying_many_accounts_slows_the_address_and_nobody_else(app: Flask) -> None:
    with app.app_context():
        somebody = make_user().email
        for number in range(20):
            assert try_in(f"person-{number}@spray.example", "wrong").words == signin.WRONG
        assert "Wait" in (try_in(somebody, PASSWORD).words or "")
        assert try_in(somebody, PASSWORD, "198.51.100.9").user is not None


def test_failures_are_kept_as_keyed_hashes_and_for_an_hour(app: Flask) -> None:
    now = clock.now()
    with app.app_context():
        with clock.moved_to(now):
            try_in("a@mail.example", "wrong")
            keys = db.session.scalars(select(Throttle.key_hash)).all()
        assert len(keys) == 2
        assert not any(b"mail.example" in key or HERE.encode() in key for key in keys)
        assert signin.token_hash("account:a@mail.example") not in keys
        with clock.moved_to(now + timedelta(hours=1)):
            try_in("b@mail.example", "wrong", None)
            assert len(db.session.scalars(select(Throttle.key_hash)).all()) == 1


@pytest.mark.parametrize(
    ("role", "idle", "life"),
    [
        (None, 30, 12),
        (Role.CHAMPION, 30, 12),
        (Role.OFFICER, 15, 8),
        (Role.OFFICE_ADMIN, 15, 8),
        (Role.AUDITOR, 15, 8),
        (Role.SYSTEM_ADMIN, 15, 8),
    ],
)
def test_a_sign_in_ends_by_itself(app: Flask, role: Role | None, idle: int, life: int) -> None:
    start = clock.now()
    with app.app_context():
        at_venue = role in (Role.CHAMPION, Role.AUDITOR)
        place = make_place() if at_venue else None
        user = make_member(role, venue=place) if role else make_user()
        with clock.moved_to(start):
            token = signin.begin(user, device="").token
            db.session.commit()

        def counts_after(**later: int) -> bool:
            db.session.rollback()
            with clock.moved_to(start + timedelta(**later)):
                return service.signed_in(token) is not None

        assert counts_after(minutes=idle, seconds=-1)
        assert not counts_after(minutes=idle)
        row = db.session.scalars(select(WebSession)).one()
        row.last_seen_at = start + timedelta(hours=life, seconds=-5)
        db.session.commit()
        assert counts_after(hours=life, seconds=-1)
        assert not counts_after(hours=life)


def test_loading_the_signed_in_person_takes_two_statements(app: Flask) -> None:
    with app.app_context():
        user = make_member(Role.CHAMPION, venue=make_place())
        for _ in range(5):
            make_member(Role.STAFF, venue=make_place("Another"), user=user)
        token = signin.begin(user, device="").token
        db.session.commit()
        db.session.expunge_all()
        seen: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        found = service.signed_in(token)
        assert found is not None
        assert (found.name, len(found.memberships_now)) == (found.name, 6)
        assert found.roles_anywhere == {Role.CHAMPION, Role.STAFF}
        assert len([words for words in seen if words.startswith("SELECT")]) == 2


def test_a_pending_ended_or_closed_sign_in_counts_for_nothing(app: Flask) -> None:
    with app.app_context():
        user = make_user()
        pending = signin.begin(user, device="", is_pending=True).token
        ended, kept = (signin.begin(user, device="").token for _ in range(2))
        db.session.commit()
        signin.end_sessions(user.id, only=service.signed_in(ended).session_id)  # type: ignore[union-attr]  # it is there
        db.session.commit()
        assert service.signed_in(pending) is None
        assert service.signed_in(ended) is None
        assert service.signed_in("") is None
        assert service.signed_in(kept) is not None
        user.is_disabled = True
        db.session.commit()
        assert service.signed_in(kept) is None


def test_the_database_holds_no_token(app: Flask) -> None:
    with app.app_context():
        token = signin.begin(make_user(), device="").token
        db.session.commit()
        row = db.session.scalars(select(WebSession)).one()
        assert token.encode() not in row.token_hash
        assert len(token) >= 43


def test_last_use_is_written_at_most_once_a_minute(app: Flask) -> None:
    start = clock.now()
    with app.app_context():
        with clock.moved_to(start):
            signin.begin(make_user(), device="")
            db.session.commit()
        row = db.session.scalars(select(WebSession)).one()
        session_id = row.id
        for seconds, expected in ((59, 0), (60, 60), (100, 60), (121, 121)):
            db.session.rollback()
            with clock.moved_to(start + timedelta(seconds=seconds)):
                signin.note_use(db.engine, session_id)
            seen = db.session.scalars(select(WebSession.last_seen_at)).one()
            assert seen == start + timedelta(seconds=expected)
