"""Codes from a phone and recovery codes: each works once, under the lock."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from charter.accounts import factor, service, signin
from charter.accounts.models import RecoveryCode, User
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, db
from charter.core.errors import Refused
from tests.builders.accounts import TOTP_SECRET, locked, mails, make_member, make_user

pytestmark = pytest.mark.sqlite_only
AT = datetime(2026, 11, 20, 22, 0, 10, tzinfo=UTC)
STEP = int(AT.timestamp()) // 30


def code(step: int) -> str:
    """The digits of one time step."""
    return pyotp.TOTP(TOTP_SECRET).at(step * 30)


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_clock_off_by_one_step_is_taken(off: int) -> None:
    assert factor.matching_step(TOTP_SECRET, code(STEP + off), AT, 0) == STEP + off


@pytest.mark.parametrize("off", [-20, -2, 2, 20])
def test_a_clock_off_by_more_is_not(off: int) -> None:
    assert factor.matching_step(TOTP_SECRET, code(STEP + off), AT, 0) is None


@pytest.mark.parametrize("typed", ["", "0", "abcdef", "\uff11\uff12\uff13" * 2, "0" * 60])
def test_nonsense_is_no_code(typed: str) -> None:
    assert factor.matching_step(TOTP_SECRET, typed, AT, 0) is None


def test_a_code_and_any_before_it_is_used_up_spaces_or_not() -> None:
    typed = code(STEP)
    assert factor.matching_step(TOTP_SECRET, f" {typed[:3]} {typed[3:]}\t", AT, 0) == STEP
    assert factor.matching_step(TOTP_SECRET, f"{typed} ", AT, STEP) is None
    assert factor.matching_step(TOTP_SECRET, code(STEP - 1), AT, STEP) is None
    assert factor.matching_step(TOTP_SECRET, code(STEP + 1), AT, STEP) == STEP + 1


def enrolled() -> tuple[User, list[str]]:
    """Somebody who set up a second factor just now, and their recovery codes."""
    user = make_user()
    locked(CITY)
    factor.start(user)
    user.totp_pending = TOTP_SECRET
    codes = factor.confirm(user, code(STEP))
    db.session.commit()
    return user, codes


def checked(user: User, typed: str) -> bool:
    """Whether a code is right, in a transaction of its own."""
    locked(CITY)
    found = factor.check(user, typed)
    db.session.commit()
    return found


def test_setting_up_wants_a_right_code_and_uses_it_up(app: Flask) -> None:
    with app.app_context(), clock.moved_to(AT):
        user = make_user()
        locked(CITY)
        factor.start(user)
        with pytest.raises(Refused) as refused:
            factor.confirm(user, "000000" if code(STEP) != "000000" else "000001")
        assert refused.value.field == "code"
        assert user.totp_sealed is None
        db.session.rollback()
        user, codes = enrolled()
        assert user.totp == TOTP_SECRET
        assert not checked(user, code(STEP))
        assert len(set(codes)) == 10
        assert mails("second-factor-changed") == [user.email]


def test_a_recovery_code_works_once_however_it_is_typed(app: Flask) -> None:
    with app.app_context(), clock.moved_to(AT):
        user, codes = enrolled()
        assert checked(user, codes[0].upper().replace("-", " "))
        assert not checked(user, codes[0])
        assert checked(user, codes[1])
        assert factor.codes_left(user) == 8
        assert not checked(make_user(), codes[2])
        kept = db.session.scalars(select(RecoveryCode.code_hash)).all()
        assert all(codes[2].replace("-", "").encode() not in row for row in kept)


def test_new_recovery_codes_end_the_old_ones(app: Flask) -> None:
    with app.app_context(), clock.moved_to(AT):
        user, old = enrolled()
        locked(CITY)
        new = factor.renew_codes(user)
        db.session.commit()
        assert not checked(user, old[0])
        assert checked(user, new[0])


def test_a_new_secret_counts_only_once_it_is_confirmed(app: Flask) -> None:
    with app.app_context(), clock.moved_to(AT):
        user, _codes = enrolled()
        locked(CITY)
        factor.start(user)
        db.session.commit()
        assert user.totp_pending != TOTP_SECRET
        with clock.moved_to(AT + timedelta(minutes=1)):
            assert checked(user, code(STEP + 2))


def test_wrong_codes_slow_the_next_try_down(app: Flask) -> None:
    with app.app_context(), clock.moved_to(AT):
        user, codes = enrolled()
        token = signin.begin(user, device="", is_pending=True).token
        db.session.commit()
        said = []
        for typed in ("000000", "111111", "222222", codes[0]):
            locked(CITY)
            row = signin.pending(token)
            assert row is not None
            said.append(factor.second_step(row, typed, device="").words)
            db.session.commit()
        assert said[:3] == [factor.WRONG] * 3
        assert "Wait 5 seconds" in (said[3] or "")
        with clock.moved_to(AT + timedelta(seconds=5)):
            locked(CITY)
            row = signin.pending(token)
            assert row is not None
            opened = factor.second_step(row, codes[0], device="")
            db.session.commit()
            assert opened.words is None
            assert opened.token != token
            assert signin.pending(token) is None
            assert service.signed_in(opened.token) is not None


def test_a_sign_in_waits_ten_minutes_for_its_second_step(app: Flask) -> None:
    with app.app_context():
        with clock.moved_to(AT):
            token = signin.begin(make_user(totp=TOTP_SECRET), device="", is_pending=True).token
            db.session.commit()
        with clock.moved_to(AT + timedelta(minutes=10, seconds=-1)):
            assert signin.pending(token) is not None
        with clock.moved_to(AT + timedelta(minutes=10)):
            assert signin.pending(token) is None


def test_only_a_role_that_may_do_without_gives_the_factor_up(app: Flask) -> None:
    with app.app_context(), clock.moved_to(AT):
        officer = make_member(Role.OFFICER)
        user, _codes = enrolled()
        for who in (officer, user):
            found = service.person(who.id)
            assert found is not None
        locked(CITY)
        with pytest.raises(Refused, match="needs a second step"):
            factor.give_up(service.person(officer.id))  # type: ignore[arg-type]  # it is there
        factor.give_up(service.person(user.id))  # type: ignore[arg-type]  # it is there
        db.session.commit()
        assert user.totp is None
        assert factor.codes_left(user) == 0


def test_two_administrators_take_a_lost_factor_off_never_one(app: Flask) -> None:
    with app.app_context(), clock.moved_to(AT):
        first, second, other = (make_member(Role.OFFICE_ADMIN) for _ in range(3))
        token = signin.begin(other, device="").token
        db.session.commit()
        locked(CITY)
        with pytest.raises(Refused, match="another administrator"):
            factor.propose_reset(first, checked_how="met", by=first)
        with pytest.raises(Refused, match="made sure"):
            factor.propose_reset(other, checked_how="", by=first)
        factor.propose_reset(other, checked_how="called", by=first)
        for one in (first, other):
            with pytest.raises(Refused, match="second administrator"):
                factor.approve_reset(other, by=one)
        with clock.moved_to(AT + timedelta(hours=72)), pytest.raises(Refused, match="three days"):
            factor.approve_reset(other, by=second)
        factor.approve_reset(other, by=second)
        db.session.commit()
        assert other.totp is None
        assert service.signed_in(token) is None


def test_a_code_is_used_up_only_under_the_citys_lock(app: Flask) -> None:
    with app.app_context():
        user = make_user(totp=TOTP_SECRET)
        with pytest.raises(RuntimeError, match="lock"):
            factor.check(user, "123456")


def test_the_square_is_drawn_without_style_or_script(app: Flask) -> None:
    with app.app_context():
        drawn = factor.picture(make_user(), TOTP_SECRET)
        assert drawn.startswith("<svg")
        assert "style" not in drawn
        assert "<title>" in drawn
        assert TOTP_SECRET not in drawn
    assert factor.in_groups("ABCDEFGHIJ") == "ABCD EFGH IJ"
