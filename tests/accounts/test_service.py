"""Who holds which role, and how roles and accounts end."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select

from charter.accounts import service, signin
from charter.accounts.models import Membership, User
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
)


def acting(user: User) -> User:
    """A person as the gate loads them: with today's roles."""
    found = service.person(user.id)
    assert found is not None
    return found


def role_of(user: User) -> Membership:
    """The one role of a person."""
    return db.session.scalars(select(Membership).where(Membership.user_id == user.id)).one()


def test_a_role_counts_from_its_first_day_to_its_last(app: Flask) -> None:
    with app.app_context():
        today = clock.today()
        place = make_place()
        days = {"over": (-9, -1), "last": (-9, 0), "first": (0, 3), "to come": (1, 9)}
        found = {}
        for name, (start, end) in days.items():
            user = make_member(
                Role.CHAMPION,
                venue=place,
                starts_on=today + timedelta(days=start),
                ends_on=today + timedelta(days=end),
            )
            found[name] = set(service.roles_at(acting(user), place.id))
        assert found == {
            "over": set(), "last": {Role.CHAMPION}, "first": {Role.CHAMPION}, "to come": set(),
        }  # fmt: skip


def test_an_area_manager_covers_the_operators_venues_and_no_other(app: Flask) -> None:
    with app.app_context():
        operator, rival = Operator(name="Quiet Nights"), Operator(name="Loud Nights")
        db.session.add_all([operator, rival])
        db.session.commit()
        mine, second = (make_place(n, operator_id=operator.id) for n in ("Bell", "Anchor"))
        theirs, nobodys = make_place("Crown", operator_id=rival.id), make_place("Wharf")
        user = acting(make_member(Role.AREA_MANAGER, operator=operator))
        for place, roles in (
            (mine, {Role.AREA_MANAGER}), (second, {Role.AREA_MANAGER}), (theirs, set()),
            (nobodys, set()),
        ):  # fmt: skip
            assert set(service.roles_at(user, place.id)) == roles
        assert set(service.roles_at(user, 999_999)) == set()
        assert service.venues_covered(user) == [second.id, mine.id]
        assert [row.user_id for row in service.team(mine.id)] == [user.id]
        assert service.team(nobodys.id) == []


def test_champions_of_many_venues_are_one_statement(app: Flask) -> None:
    with app.app_context():
        places = [make_place(f"Place {n}") for n in range(12)]
        for place in places[:10]:
            make_member(Role.CHAMPION, venue=place)
        make_member(Role.CHAMPION, venue=places[0], is_stand_in=True)
        make_member(Role.CHAMPION, venue=places[10], is_disabled=True)
        make_member(Role.MANAGER, venue=places[11])
        ids = [place.id for place in places]
        db.session.expunge_all()
        seen: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        found = service.champions(ids)
        counts = [len(found[venue_id]) for venue_id in ids]
        named = [row.user.name for rows in found.values() for row in rows]
        assert counts == [2] + [1] * 9 + [0, 0]
        assert len(named) == 11
        assert len([words for words in seen if words.startswith("SELECT")]) == 1
        assert not found[ids[0]][0].is_stand_in
        assert service.champions([]) == {}


def test_when_the_only_champion_leaves_whoever_is_left_is_told(app: Flask) -> None:
    with app.app_context():
        operator = Operator(name="Quiet Nights")
        db.session.add(operator)
        db.session.commit()
        place = make_place(operator_id=operator.id)
        manager = make_member(Role.MANAGER, venue=place)
        area = make_member(Role.AREA_MANAGER, operator=operator)
        first, second = (make_member(Role.CHAMPION, venue=place) for _ in range(2))
        stand_in = make_member(Role.CHAMPION, venue=place, is_stand_in=True)
        other = make_member(Role.CHAMPION, venue=place, is_stand_in=True)
        make_member(Role.MANAGER, venue=make_place("Elsewhere"))
        left = [manager.email, area.email, other.email]
        for gone, told in ((first, []), (stand_in, []), (second, left)):
            locked(place.id)
            row = role_of(gone)
            service.end_role(row.id, by=acting(manager), venue_id=place.id)
            assert place.id in db.session().info["touched"]
            db.session.commit()
            assert sorted(mails("champion-left")) == sorted(told)
        assert not service.has_champion(place.id)
        assert [row.user_id for row in service.champions([place.id])[place.id]] == [other.id]
        assert last_link("champion-left", other.email) == f"/venues/{place.id}/handover"
        ended = [e.detail["role"] for e in trail.history(place.id) if e.verb == "role.ended"]
        assert ended == [Role.CHAMPION] * 3


def test_a_role_given_and_taken_on_one_day_ends_at_once(app: Flask) -> None:
    with app.app_context():
        place = make_place()
        manager, champion = (make_member(r, venue=place) for r in (Role.MANAGER, Role.CHAMPION))
        assert set(service.roles_at(acting(champion), place.id)) == {Role.CHAMPION}
        locked(place.id)
        service.end_role(role_of(champion).id, by=acting(manager), venue_id=place.id)
        db.session.commit()
        assert set(service.roles_at(acting(champion), place.id)) == set()
        locked(place.id)
        with pytest.raises(Refused, match="already ended"):
            service.end_role(role_of(champion).id, by=acting(manager), venue_id=place.id)


@pytest.mark.parametrize(
    ("actor", "target", "may"),
    [
        (Role.STAFF, Role.STAFF, False),
        (Role.CHAMPION, Role.STAFF, True),
        (Role.CHAMPION, Role.CHAMPION, False),
        (Role.CHAMPION, Role.MANAGER, False),
        (Role.MANAGER, Role.STAFF, True),
        (Role.MANAGER, Role.CHAMPION, True),
        (Role.MANAGER, Role.MANAGER, False),
        (Role.OFFICER, Role.STAFF, False),
        (Role.OFFICER, Role.CHAMPION, True),
        (Role.OFFICER, Role.MANAGER, True),
        (Role.OFFICE_ADMIN, Role.STAFF, True),
        (Role.OFFICE_ADMIN, Role.MANAGER, True),
    ],
)
@pytest.mark.sqlite_only
def test_who_may_end_whom(app: Flask, actor: Role, target: Role, may: bool) -> None:
    with app.app_context():
        place = make_place()
        at = None if actor in (Role.OFFICER, Role.OFFICE_ADMIN) else place
        by, gone = make_member(actor, venue=at), make_member(target, venue=place)
        locked(place.id)
        row_id = role_of(gone).id
        if may:
            service.end_role(row_id, by=acting(by), venue_id=place.id)
            assert service.roles_of(gone.id) == []
        else:
            with pytest.raises(Refused, match="You cannot end"):
                service.end_role(row_id, by=acting(by), venue_id=place.id)
        own = role_of(by)
        if own.venue_id:
            service.end_role(own.id, by=acting(by), venue_id=place.id)
            assert service.roles_of(by.id) == []


@pytest.mark.sqlite_only
def test_a_role_is_ended_where_it_stands_and_nowhere_else(app: Flask) -> None:
    with app.app_context():
        place, other = make_place(), make_place("Other")
        manager = make_member(Role.MANAGER, venue=other)
        admin, officer = make_member(Role.OFFICE_ADMIN), make_member(Role.OFFICER)
        auditor = make_member(Role.AUDITOR, venue=other)
        there = make_member(Role.CHAMPION, venue=place)
        locked(CITY, place.id, other.id)
        for user, venue_id, by in (
            (there, other.id, manager),
            (there, None, admin),
            (auditor, other.id, admin),
            (officer, place.id, admin),
        ):
            with pytest.raises(Refused, match="no such role"):
                service.end_role(role_of(user).id, by=acting(by), venue_id=venue_id)
        service.end_role(role_of(auditor).id, by=acting(admin), venue_id=None)
        assert service.roles_of(auditor.id) == []


def test_the_last_administrator_stays_whatever_is_tried(app: Flask) -> None:
    with app.app_context():
        admin = make_member(Role.OFFICE_ADMIN)
        make_member(Role.OFFICE_ADMIN, is_disabled=True)
        make_member(Role.OFFICE_ADMIN, password_hash=None)
        make_member(Role.OFFICE_ADMIN, ends_on=clock.today())
        officer = make_member(Role.OFFICER)
        row = role_of(admin)
        locked(CITY)
        assert service.administrators() == [admin.id]
        with pytest.raises(Refused, match="your own administration"):
            service.end_role(row.id, by=acting(admin), venue_id=None)
        with pytest.raises(Refused, match="cannot end the role"):
            service.end_role(row.id, by=acting(officer), venue_id=None)
        with pytest.raises(Refused, match="your own account"):
            service.disable(admin.id, by=acting(admin))
        other = acting(make_user())
        locked(CITY)
        with pytest.raises(Refused, match="no office administrator left"):
            service.disable(admin.id, by=other)
        with pytest.raises(Refused, match="no office administrator left"):
            service.keep_an_administrator(without=admin.id)


def test_who_administers_is_decided_under_the_citys_lock(app: Flask) -> None:
    with app.app_context(), pytest.raises(RuntimeError, match="lock"):
        service.keep_an_administrator(without=1)


def test_a_closed_account_is_out_at_once_and_its_venue_without_a_champion(app: Flask) -> None:
    with app.app_context():
        place = make_place()
        admin = make_member(Role.OFFICE_ADMIN)
        manager = make_member(Role.MANAGER, venue=place)
        champion = make_member(Role.CHAMPION, venue=place)
        stand_in = make_member(Role.CHAMPION, venue=place, is_stand_in=True)
        token = signin.begin(champion, device="").token
        db.session.commit()
        locked(CITY)
        service.disable(champion.id, by=acting(admin))
        assert place.id in db.session().info["touched"]
        db.session.commit()
        assert service.signed_in(token) is None
        assert not service.has_champion(place.id)
        assert sorted(mails("champion-left")) == sorted([manager.email, stand_in.email])
        locked(CITY)
        service.enable(champion.id, by=acting(admin))
        db.session.commit()
        assert service.has_champion(place.id)
        assert service.signed_in(token) is None


@pytest.mark.sqlite_only
def test_a_role_held_already_is_kept_and_extended(app: Flask) -> None:
    with app.app_context():
        user = make_member(Role.OFFICER)
        first = role_of(user).id
        later = clock.today() + timedelta(days=90)
        locked(CITY)
        again = service.give_role(user, Role.OFFICER, ends_on=later)
        assert (again.id, again.ends_on) == (first, later)
        assert [e.verb for e in trail.history(CITY)] == ["role.extended"]


@pytest.mark.sqlite_only
def test_an_auditors_role_of_one_audit_stands_beside_that_of_another(app: Flask) -> None:
    with app.app_context():
        place = make_place()
        user = make_member(Role.AUDITOR, venue=place)
        first, last = role_of(user).id, role_of(user).ends_on
        later = clock.today() + timedelta(days=90)
        locked(CITY)
        again = service.give_role(user, Role.AUDITOR, venue_id=place.id, ends_on=later)
        assert again.id != first
        assert {row.ends_on for row in service.roles_of(user.id)} == {last, later}


@pytest.mark.sqlite_only
def test_roles_in_words_name_the_place_and_the_end(app: Flask) -> None:
    with app.app_context():
        operator = Operator(name="Quiet Nights")
        db.session.add(operator)
        db.session.commit()
        user = make_member(Role.CHAMPION, venue=make_place("Bell"), is_stand_in=True)
        make_member(Role.AREA_MANAGER, operator=operator, user=user)
        told = service.roles_in_words(service.roles_of(user.id))
        assert [(row.label, row.place) for row in told] == [
            ("stand-in champion", "Bell"),
            ("area manager", "Quiet Nights"),
        ]
        assert service.people([user.id])[user.id].name == user.name
        assert service.by_address(user.email.upper()) is not None
