"""Accounts that nobody uses: two warnings, closed, made nameless; and links whose time is over."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from charter.accounts import invitations, retention, rules, service, signin
from charter.accounts.invitations import Wish
from charter.accounts.models import (
    FactorReset,
    Invitation,
    Membership,
    RecoveryCode,
    User,
    WebSession,
)
from charter.accounts.rules import IdleStep
from charter.core import clock, trail
from charter.core.access import Role
from charter.core.db import CITY, commit, db
from charter.core.errors import Refused
from charter.core.mail import OutboxMail
from tests.builders.accounts import locked, mails, make_member, make_place, make_user
from tests.builders.certificates import noon

USED = date(2028, 2, 29)
# 12 months after a 29 February end on the 28th; two weeks, two weeks and three months follow.
WARNED, AGAIN = date(2029, 3, 1), date(2029, 3, 16)
CLOSED, NAMELESS = date(2029, 3, 31), date(2029, 7, 1)


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """An application with its context open."""
    with app.app_context():
        yield app
        db.session.remove()


def nightly(day: date) -> dict[int, IdleStep]:
    """What a night does about accounts, by person."""
    done = {}
    with clock.moved_to(noon(day)):
        db.session.rollback()
        for user_id in retention.unused():
            locked(CITY)
            step = retention.step(user_id)
            if step:
                done[user_id] = step
            commit()
    return done


def idle(role: Role = Role.STAFF, **more: object) -> User:
    """Somebody who signed in on a leap day and never again."""
    return make_member(role, last_used_at=noon(USED), starts_on=USED, **more)


@pytest.mark.parametrize(
    ("step", "step_on", "today", "due"),
    [
        (IdleStep.USED, None, WARNED - timedelta(days=1), None),
        (IdleStep.USED, None, WARNED, IdleStep.WARNED),
        (IdleStep.WARNED, WARNED, AGAIN - timedelta(days=1), None),
        (IdleStep.WARNED, WARNED, AGAIN, IdleStep.WARNED_AGAIN),
        (IdleStep.WARNED_AGAIN, AGAIN, CLOSED - timedelta(days=1), None),
        (IdleStep.WARNED_AGAIN, AGAIN, CLOSED, IdleStep.CLOSED),
        (IdleStep.CLOSED, CLOSED, NAMELESS - timedelta(days=1), None),
        (IdleStep.CLOSED, CLOSED, NAMELESS, IdleStep.NAMELESS),
        (IdleStep.NAMELESS, NAMELESS, date(2060, 1, 1), None),
    ],
)
def test_each_step_waits_for_the_one_before(
    step: IdleStep, step_on: date | None, today: date, due: IdleStep | None
) -> None:
    closed = step >= IdleStep.CLOSED
    assert rules.idle_step(USED, step, step_on, closed, today) == due


def test_an_account_goes_step_by_step_each_once_and_on_its_day(in_app: Flask) -> None:
    user = idle(
        venue=make_place(), name="Rosa Vale", email="rosa@mail.example", phone="020 7946 0000"
    )
    busy = make_member(Role.STAFF, venue=make_place(), last_used_at=noon(WARNED))
    member = db.session.scalars(select(Membership.id).where(Membership.user_id == user.id)).one()
    expected = {
        WARNED: IdleStep.WARNED,
        AGAIN: IdleStep.WARNED_AGAIN,
        CLOSED: IdleStep.CLOSED,
        NAMELESS: IdleStep.NAMELESS,
    }
    for day, step in expected.items():
        assert nightly(day - timedelta(days=1)) == {}
        assert nightly(day) == {user.id: step}
        assert nightly(day) == {}
        if step is IdleStep.WARNED_AGAIN:
            assert mails("account-unused") == ["rosa@mail.example"] * 2
    gone = db.session.get_one(User, user.id)
    assert (gone.name, gone.email) == (retention.NO_NAME, f"nobody-{user.id}@removed.invalid")
    assert (gone.phone, gone.password_hash, gone.totp) == (None, None, None)
    assert gone.is_disabled
    kept = db.session.get_one(Membership, member)
    assert (kept.user_id, kept.ends_on) == (user.id, None)
    assert mails("account-unused") == []
    assert db.session.get_one(User, busy.id).idle_step == IdleStep.USED
    verbs = [e.verb for e in trail.history(CITY) if e.thing_id == user.id and e.thing == "user"]
    assert verbs == ["account.anonymised", "account.disabled", "account.warned", "account.warned"]
    admin = make_member(Role.OFFICE_ADMIN)
    locked(CITY)
    with pytest.raises(Refused, match="gone"):
        service.enable(user.id, by=admin)


def test_the_mail_says_the_last_day_to_sign_in(in_app: Flask) -> None:
    idle(venue=make_place())
    nightly(WARNED)
    nightly(AGAIN)
    first, second = (
        mail.body or ""
        for mail in db.session.scalars(
            select(OutboxMail).where(OutboxMail.kind == "account-unused").order_by(OutboxMail.id)
        )
    )
    assert "Friday 30 March 2029" in first
    assert "Friday 30 March 2029" in second
    assert "/sign-in" in first


def test_signing_in_starts_it_all_again(in_app: Flask) -> None:
    user = idle(venue=make_place())
    nightly(WARNED)
    with clock.moved_to(noon(AGAIN)):
        locked(CITY)
        signin.begin(db.session.get_one(User, user.id), device="")
        commit()
    assert nightly(AGAIN) == {}
    assert nightly(CLOSED) == {}
    assert nightly(date(2030, 3, 17)) == {user.id: IdleStep.WARNED}


def test_a_half_finished_sign_in_is_no_use_of_an_account(in_app: Flask) -> None:
    user = idle(venue=make_place())
    with clock.moved_to(noon(WARNED)):
        locked(CITY)
        signin.begin(db.session.get_one(User, user.id), device="", is_pending=True)
        commit()
    assert nightly(WARNED) == {user.id: IdleStep.WARNED}


def test_after_years_without_a_night_two_warnings_still_come_first(in_app: Flask) -> None:
    user = idle(venue=make_place())
    late = date(2035, 5, 1)
    assert nightly(late) == {user.id: IdleStep.WARNED}
    assert nightly(late) == {}
    assert nightly(late + timedelta(days=15)) == {user.id: IdleStep.WARNED_AGAIN}


def test_an_account_somebody_closed_is_not_warned_and_goes_all_the_same(in_app: Flask) -> None:
    user = idle(venue=make_place(), is_disabled=True)
    assert nightly(WARNED - timedelta(days=1)) == {}
    assert nightly(WARNED) == {user.id: IdleStep.CLOSED}
    assert mails("account-unused") == []
    assert nightly(date(2029, 6, 1)) == {}
    assert nightly(date(2029, 6, 2)) == {user.id: IdleStep.NAMELESS}


def test_an_account_opened_again_begins_anew(in_app: Flask) -> None:
    user, admin = idle(venue=make_place()), make_member(Role.OFFICE_ADMIN)
    for day in (WARNED, AGAIN, CLOSED):
        nightly(day)
    with clock.moved_to(noon(CLOSED)):
        locked(CITY)
        service.enable(user.id, by=admin)
        commit()
    assert user.id not in nightly(NAMELESS)


def test_the_last_administrator_stays_however_long(in_app: Flask) -> None:
    one, other = idle(Role.OFFICE_ADMIN), idle(Role.OFFICE_ADMIN)
    for day in (WARNED, AGAIN, CLOSED, NAMELESS, date(2030, 1, 1)):
        nightly(day)
    steps = sorted(db.session.get_one(User, each.id).idle_step for each in (one, other))
    assert steps == [IdleStep.WARNED_AGAIN, IdleStep.NAMELESS]
    with clock.moved_to(noon(NAMELESS)):
        assert len(service.administrators()) == 1


def test_a_closed_champion_is_missed_at_the_venue(in_app: Flask) -> None:
    venue = make_place().id
    idle(Role.CHAMPION, venue=venue)
    boss = make_member(Role.MANAGER, venue=venue, last_used_at=noon(CLOSED), starts_on=USED)
    for day in (WARNED, AGAIN, CLOSED):
        nightly(day)
    with clock.moved_to(noon(CLOSED)):
        assert not service.has_champion(venue)
    assert mails("champion-left") == [boss.email]


def test_invitations_and_proposals_go_when_their_time_is_over(in_app: Flask) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    admin, lost = make_member(Role.OFFICE_ADMIN), make_user()
    venue = make_place().id
    with clock.moved_to(now):
        locked(CITY, venue)
        for number in range(3):
            wish = Wish(f"new{number}@mail.example", Role.STAFF, venue_id=venue)
            row = invitations.invite(wish, by=None)
            if number == 1:
                row.withdrawn_at = now
            if number == 2:
                row.accepted_at = now
        db.session.add(
            FactorReset(
                user_id=lost.id,
                asked_by=admin.id,
                checked_how="visit",
                expires_at=now + rules.PROPOSAL_LASTS,
            )
        )
        commit()

    def left(after: timedelta) -> tuple[int, int]:
        with clock.moved_to(now + after):
            locked(CITY)
            retention.forget_links()
            commit()
        return tuple(  # type: ignore[return-value]  # one figure for each of the two
            db.session.scalar(select(func.count()).select_from(each))
            for each in (Invitation, FactorReset)
        )

    second = timedelta(seconds=1)
    assert left(timedelta(days=3) - second) == (3, 1)
    assert left(timedelta(days=3)) == (3, 0)
    assert left(timedelta(days=30)) == (3, 0)
    assert left(timedelta(days=30) + second) == (1, 0)
    assert left(timedelta(days=37)) == (1, 0)
    assert left(timedelta(days=37) + second) == (0, 0)


def test_nothing_of_a_nameless_person_is_left_in_other_tables(in_app: Flask) -> None:
    user = idle(venue=make_place(), email="rosa@mail.example", is_disabled=True)
    db.session.add(RecoveryCode(user_id=user.id, code_hash=bytes(32)))
    db.session.add(
        Invitation(
            email="rosa@mail.example",
            name="Rosa",
            role=Role.STAFF,
            created_at=noon(NAMELESS),
            accepted_by=user.id,
            accepted_at=noon(NAMELESS),
        )
    )
    db.session.commit()
    nightly(WARNED)
    nightly(NAMELESS)
    for table in (RecoveryCode, Invitation, WebSession):
        assert db.session.scalars(select(table)).all() == []


def test_a_venue_that_is_left_behind_has_no_people(in_app: Flask) -> None:
    venue = make_place().id
    someone = make_member(Role.MANAGER, venue=venue)
    past = make_member(
        Role.STAFF, venue=venue, starts_on=date(2020, 1, 1), ends_on=date(2021, 1, 1)
    )
    elsewhere = make_member(Role.STAFF, venue=make_place("The Anchor"))
    locked(CITY, venue)
    assert retention.end_roles_at(venue) == 1
    assert retention.end_roles_at(venue) == 0
    commit()
    assert service.team(venue) == []
    assert service.roles_of(someone.id) == []
    assert len(service.roles_of(elsewhere.id)) == 1
    row = db.session.scalars(select(Membership).where(Membership.user_id == past.id)).one()
    assert row.ends_on == date(2021, 1, 1)
