"""How somebody comes to hold a role."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from charter.accounts import invitations, service
from charter.accounts.invitations import LinkState, Wish
from charter.accounts.models import Invitation, User
from charter.core import clock, trail
from charter.core.access import Role
from charter.core.db import CITY, db
from charter.core.errors import Refused
from charter.venues.models import Operator
from tests.builders.accounts import (
    last_link,
    locked,
    mails,
    make_member,
    make_place,
    make_user,
    password_hash,
)

NEW = "new.person@mail.example"


def acting(user: User) -> User:
    """A person as the gate loads them: with today's roles."""
    found = service.person(user.id)
    assert found is not None
    return found


def invited(wish: Wish, by: User | None) -> str:
    """Invite, in a transaction of its own; the token that was mailed."""
    locked(CITY, *([wish.venue_id] if wish.venue_id else []))
    invitations.invite(wish, by=acting(by) if by else None)
    db.session.commit()
    return last_link("invitation", wish.email).rpartition("/")[2]


def joined(token: str, name: str = "Rosa Vale") -> User:
    """Take up an invitation with a new account."""
    locked(CITY)
    user = invitations.accept_as_new(token, name=name, password_hash=password_hash())
    db.session.commit()
    return user


def test_somebody_new_makes_an_account_and_has_the_role_at_once(app: Flask) -> None:
    with app.app_context():
        place = make_place()
        manager = make_member(Role.MANAGER, venue=place)
        token = invited(Wish(NEW, Role.CHAMPION, name="Rosa", venue_id=place.id), manager)
        state, row = invitations.found(token)
        assert state is LinkState.OPEN
        assert row is not None
        assert invitations.place_words(row) == "at The Lantern"
        user = joined(token)
        assert set(service.roles_at(acting(user), place.id)) == {Role.CHAMPION}
        assert user.email == NEW
        assert [e.verb for e in reversed(trail.history(place.id))] == [
            "invitation.made", "role.given", "invitation.accepted",
        ]  # fmt: skip
        assert invitations.found(token)[0] is LinkState.ACCEPTED
        locked(CITY)
        with pytest.raises(Refused, match="no longer works"):
            invitations.accept_as_new(token, name="Again", password_hash=password_hash())


def test_opening_a_link_changes_nothing(app: Flask) -> None:
    with app.app_context():
        place = make_place()
        token = invited(Wish(NEW, Role.STAFF, venue_id=place.id), None)
        for _ in range(5):
            assert invitations.found(token)[0] is LinkState.OPEN
        assert not db.session.dirty
        assert invitations.found(token + "x") == (LinkState.UNKNOWN, None)


def test_a_link_works_for_seven_days(app: Flask) -> None:
    now = clock.now()
    with app.app_context():
        with clock.moved_to(now):
            token = invited(Wish(NEW, Role.STAFF, venue_id=make_place().id), None)
        with clock.moved_to(now + timedelta(days=7, seconds=-1)):
            assert invitations.found(token)[0] is LinkState.OPEN
        with clock.moved_to(now + timedelta(days=7)):
            assert invitations.found(token)[0] is LinkState.TOO_OLD
            locked(CITY)
            with pytest.raises(Refused, match="no longer works"):
                invitations.accept_as_new(token, name="Late", password_hash=password_hash())


def test_an_account_takes_up_only_what_was_sent_to_its_address(app: Flask) -> None:
    with app.app_context():
        first, second = make_place(), make_place("Second")
        user = make_member(Role.STAFF, venue=first, email="rosa@mail.example")
        other = make_user()
        locked(CITY, second.id)
        invitations.invite(Wish("ROSA@Mail.Example", Role.CHAMPION, venue_id=second.id), by=None)
        db.session.commit()
        token = last_link("invitation", "rosa@mail.example").rpartition("/")[2]
        locked(CITY)
        with pytest.raises(Refused, match="another e-mail address"):
            invitations.accept(token, by=acting(other))
        with pytest.raises(Refused, match="Sign in first"):
            invitations.accept_as_new(token, name="Rosa", password_hash=password_hash())
        db.session.rollback()
        locked(CITY)
        invitations.accept(token, by=acting(user))
        db.session.commit()
        assert {m.venue_id for m in service.roles_of(user.id)} == {first.id, second.id}
        assert (
            db.session.scalar(select(func.count(User.id)).where(User.email == "rosa@mail.example"))
            == 1
        )


def test_a_stand_in_is_a_champion_told_apart(app: Flask) -> None:
    with app.app_context():
        place = make_place()
        token = invited(
            Wish(NEW, Role.CHAMPION, venue_id=place.id, is_stand_in=True),
            make_member(Role.MANAGER, venue=place),
        )
        joined(token)
        (row,) = service.champions([place.id])[place.id]
        assert row.is_stand_in
        assert row.label == "stand-in champion"
        assert not service.has_champion(place.id)


def test_inviting_again_sends_a_new_link_and_kills_the_old(app: Flask) -> None:
    with app.app_context():
        place = make_place()
        wish = Wish(NEW, Role.STAFF, venue_id=place.id)
        old, new = invited(wish, None), invited(wish, None)
        assert invitations.found(old)[0] is LinkState.UNKNOWN
        assert invitations.found(new)[0] is LinkState.OPEN
        assert len(invitations.waiting_at(place.id)) == 1
        joined(new)
        locked(place.id)
        with pytest.raises(Refused, match="already"):
            invitations.invite(wish, by=None)
        assert invitations.waiting_at(place.id) == []


def test_what_is_taken_back_no_longer_works(app: Flask) -> None:
    with app.app_context():
        place = make_place()
        champion = make_member(Role.CHAMPION, venue=place)
        manager = make_member(Role.MANAGER, venue=place)
        token = invited(Wish(NEW, Role.CHAMPION, venue_id=place.id), manager)
        row_id = invitations.waiting_at(place.id)[0].id
        locked(CITY, place.id)
        with pytest.raises(Refused, match="cannot take back"):
            invitations.withdraw(row_id, by=acting(champion), venue_id=place.id)
        with pytest.raises(Refused, match="no such invitation"):
            invitations.withdraw(row_id, by=acting(manager), venue_id=None)
        invitations.withdraw(row_id, by=acting(manager), venue_id=place.id)
        db.session.commit()
        assert invitations.found(token)[0] is LinkState.WITHDRAWN


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("actor", "may"),
    [
        (Role.STAFF, set()),
        (Role.CHAMPION, {Role.STAFF}),
        (Role.MANAGER, {Role.STAFF, Role.CHAMPION}),
        (Role.OFFICER, {Role.CHAMPION, Role.MANAGER}),
        (Role.OFFICE_ADMIN, {Role.STAFF, Role.CHAMPION, Role.MANAGER}),
        (Role.AUDITOR, set()),
        (Role.SYSTEM_ADMIN, set()),
    ],
)
def test_who_may_invite_whom_to_a_venue(app: Flask, actor: Role, may: set[Role]) -> None:
    with app.app_context():
        place, other = make_place(), make_place("Other")
        here = actor in (Role.STAFF, Role.CHAMPION, Role.MANAGER, Role.AUDITOR)
        by = acting(make_member(actor, venue=place if here else None))
        locked(CITY, place.id, other.id)
        for role in (Role.STAFF, Role.CHAMPION, Role.MANAGER):
            wish = Wish(f"{role}@mail.example", role, venue_id=place.id)
            if role in may:
                assert invitations.invite(wish, by=by).sent_at is not None
            else:
                with pytest.raises(Refused, match="You cannot invite"):
                    invitations.invite(wish, by=by)
            if here:
                with pytest.raises(Refused, match="You cannot invite"):
                    invitations.invite(Wish(NEW, role, venue_id=other.id), by=by)
        with pytest.raises(Refused, match="invite yourself"):
            invitations.invite(Wish(by.email, Role.STAFF, venue_id=place.id), by=by)


@pytest.mark.parametrize("role", [Role.OFFICER, Role.OFFICE_ADMIN, Role.SYSTEM_ADMIN])
def test_office_roles_need_two_administrators(app: Flask, role: Role) -> None:
    with app.app_context():
        one, two = (make_member(Role.OFFICE_ADMIN) for _ in range(2))
        officer = make_member(Role.OFFICER)
        locked(CITY)
        with pytest.raises(Refused, match="You cannot invite"):
            invitations.invite(Wish(NEW, role), by=acting(officer))
        row = invitations.invite(Wish(NEW, role), by=acting(one))
        db.session.commit()
        assert row.waits_for_approval
        assert row.token_hash is None
        assert mails("invitation") == []
        locked(CITY)
        with pytest.raises(Refused, match="Somebody else"):
            invitations.approve(row.id, by=acting(one))
        invitations.approve(row.id, by=acting(two))
        db.session.commit()
        assert mails("invitation") == [NEW]
        locked(CITY)
        with pytest.raises(Refused, match="nothing to approve"):
            invitations.approve(row.id, by=acting(two))
        db.session.rollback()
        user = joined(last_link("invitation", NEW).rpartition("/")[2])
        assert acting(user).roles_anywhere == {role}
        assert acting(user).lacks_second_factor


def test_a_proposal_is_good_for_three_days_and_may_be_made_again(app: Flask) -> None:
    now = clock.now()
    with app.app_context():
        one, two = (make_member(Role.OFFICE_ADMIN) for _ in range(2))
        with clock.moved_to(now):
            locked(CITY)
            row = invitations.invite(Wish(NEW, Role.OFFICER), by=acting(one))
            db.session.commit()
        with clock.moved_to(now + timedelta(hours=72, seconds=1)):
            assert invitations.waiting_in_office() == []
            locked(CITY)
            with pytest.raises(Refused, match="older than three days"):
                invitations.approve(row.id, by=acting(two))
            again = invitations.invite(Wish(NEW, Role.OFFICER), by=acting(two))
            assert again.id == row.id
            invitations.approve(again.id, by=acting(one))
            db.session.commit()
        with clock.moved_to(now + timedelta(days=11)):
            locked(CITY)
            late = invitations.invite(Wish(NEW, Role.OFFICER), by=acting(one))
            assert late.waits_for_approval
            assert late.token_hash is None


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        (Role.CHAMPION, Role.OFFICER),
        (Role.OFFICER, Role.CHAMPION),
        (Role.OFFICE_ADMIN, Role.MANAGER),
        (Role.AUDITOR, Role.OFFICER),
        (Role.SYSTEM_ADMIN, Role.STAFF),
        (Role.AREA_MANAGER, Role.OFFICER),
    ],
)
def test_sides_never_meet_when_invited_by_the_office_or_when_accepting(
    app: Flask, held: Role, wanted: Role
) -> None:
    with app.app_context():
        operator = Operator(name="Quiet Nights")
        db.session.add(operator)
        db.session.commit()
        place = make_place()
        at = {Role.AREA_MANAGER: {"operator": operator}}.get(
            held, {"venue": place} if held in (Role.CHAMPION, Role.AUDITOR) else {}
        )
        user = make_member(held, **at)
        wish = Wish(user.email, wanted, venue_id=place.id if wanted in AT_A_VENUE else None)
        by = acting(make_member(Role.OFFICE_ADMIN))
        locked(CITY, place.id)
        with pytest.raises(Refused, match="already works for") as refused:
            invitations.invite(wish, by=by)
        assert refused.value.field == "email"
        with pytest.raises(Refused, match="already works for"):
            service.give_role(user, wanted, venue_id=wish.venue_id)


AT_A_VENUE = (Role.STAFF, Role.CHAMPION, Role.MANAGER)


def test_a_venue_is_not_told_who_works_for_the_office(app: Flask) -> None:
    with app.app_context():
        place = make_place()
        manager, officer = make_member(Role.MANAGER, venue=place), make_member(Role.OFFICER)
        token = invited(Wish(officer.email, Role.CHAMPION, venue_id=place.id), manager)
        locked(CITY)
        with pytest.raises(Refused, match="already works for the night office"):
            invitations.accept(token, by=acting(officer))
        db.session.rollback()
        assert service.champions([place.id]) == {place.id: []}


def test_an_auditor_sees_the_named_venues_until_the_day(app: Flask) -> None:
    with app.app_context():
        today = clock.today()
        places = [make_place(f"Place {n}") for n in range(3)]
        ids = tuple(place.id for place in places[:2])
        admin = make_member(Role.OFFICE_ADMIN)
        for ends_on in (None, today - timedelta(days=1), today + timedelta(days=400)):
            locked(CITY)
            with pytest.raises(Refused) as refused:
                invitations.invite(
                    Wish(NEW, Role.AUDITOR, venue_ids=ids, ends_on=ends_on), by=acting(admin)
                )
            assert refused.value.field == "ends_on"
        last = today + timedelta(days=20)
        token = invited(Wish(NEW, Role.AUDITOR, venue_ids=ids, ends_on=last), admin)
        user = joined(token)
        rows = service.roles_of(user.id)
        assert {(m.venue_id, m.ends_on) for m in rows} == {(ids[0], last), (ids[1], last)}
        assert set(service.roles_at(acting(user), places[2].id)) == set()
        noon = clock.now() + timedelta(days=21)
        with clock.moved_to(noon):
            assert set(service.roles_at(acting(user), ids[0])) == set()


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "wish",
    [
        Wish(NEW, Role.CHAMPION),
        Wish(NEW, Role.AREA_MANAGER),
        Wish(NEW, Role.AUDITOR),
        Wish(NEW, Role.OFFICER, venue_id=1),
        Wish(NEW, Role.STAFF, venue_id=1, operator_id=1),
        Wish(NEW, Role.STAFF, venue_id=1, is_stand_in=True),
    ],
)
def test_a_role_without_its_place_is_a_fault(app: Flask, wish: Wish) -> None:
    with app.app_context():
        locked(CITY, 1)
        with pytest.raises(ValueError, match=r"place|stand-in"):
            invitations.invite(wish, by=None)


def test_an_import_invites_everybody_once(app: Flask) -> None:
    with app.app_context():
        places = [make_place(f"Place {n}") for n in range(4)]
        wishes = [
            Wish(f"champion{n}@mail.example", Role.CHAMPION, venue_id=place.id)
            for n, place in enumerate(places)
        ]
        ids = [place.id for place in places]
        for made in (4, 0):
            locked(CITY, *ids)
            assert len(invitations.invite_many(wishes, by=None)) == made
            db.session.commit()
        assert len(mails("invitation")) == 4
        locked(CITY, *ids)
        bad = Wish("no address", Role.STAFF, venue_id=ids[0])
        with pytest.raises(Refused):
            invitations.invite_many([*wishes, bad], by=None)


def test_the_first_administrators_are_made_on_the_machine(app: Flask) -> None:
    with app.app_context():
        for number in range(2):
            locked(CITY)
            link = invitations.first_administrator(f"admin{number}@mail.example")
            db.session.commit()
            joined(link.rpartition("/")[2])
        assert mails("invitation") == []
        assert len(service.administrators()) == 2
        locked(CITY)
        with pytest.raises(Refused, match="two administrators already"):
            invitations.first_administrator("third@mail.example")


def test_a_lost_first_link_is_made_again(app: Flask) -> None:
    with app.app_context():
        locked(CITY)
        old = invitations.first_administrator(NEW).rpartition("/")[2]
        new = invitations.first_administrator(NEW.upper()).rpartition("/")[2]
        db.session.commit()
        assert invitations.found(old)[0] is LinkState.UNKNOWN
        joined(new)
        assert db.session.scalar(select(func.count(Invitation.id))) == 1
        locked(CITY)
        with pytest.raises(Refused, match="already"):
            invitations.first_administrator(NEW)


def test_the_commands_make_and_list_administrators(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    made = run(args=["users", "create-admin", NEW])
    assert made.exit_code == 0
    token = made.output.strip().rpartition("/invitations/")[2]
    with app.app_context():
        joined(token)
    listed = run(args=["users", "list"])
    assert NEW in listed.output
    assert "office administrator" in listed.output
    refused = run(args=["users", "create-admin", "no address"])
    assert refused.exit_code != 0
    assert "Traceback" not in refused.output
