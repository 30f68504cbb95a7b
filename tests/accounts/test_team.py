"""Pages of who covers a venue."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from charter.accounts import invitations, service
from charter.accounts.models import Membership, User
from charter.core.access import Role
from charter.core.db import db
from charter.venues.models import Operator
from tests.builders.accounts import mails, make_member, make_place
from tests.page import text_of
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[User | int], Visitor]


@pytest.fixture
def house(app: Flask) -> dict[str, int]:
    """One venue of a company with one of each, another venue, and the office; ids by name."""
    with app.app_context():
        operator = Operator(name="Quiet Nights")
        db.session.add(operator)
        db.session.commit()
        place = make_place("The Lantern", operator_id=operator.id)
        other = make_place("The Anchor")
        return {
            "venue": place.id,
            "other": other.id,
            "staff": make_member(Role.STAFF, venue=place, name="Sam Staff").id,
            "champion": make_member(Role.CHAMPION, venue=place, name="Cleo Champion").id,
            "manager": make_member(Role.MANAGER, venue=place, name="Mo Manager").id,
            "area": make_member(Role.AREA_MANAGER, operator=operator, name="Ari Area").id,
            "officer": make_member(Role.OFFICER, name="Ola Officer").id,
            "admin": make_member(Role.OFFICE_ADMIN, name="Ada Admin").id,
            "rival": make_member(Role.MANAGER, venue=other, name="Rio Rival").id,
        }


def role_id(app: Flask, user_id: int) -> int:
    """The id of somebody's one role."""
    with app.app_context():
        query = select(Membership.id).where(Membership.user_id == user_id)
        return db.session.scalars(query).one()


def test_venue_people_shows_everybody_and_what_each_may_change(
    app: Flask, as_: As, house: dict[str, int]
) -> None:
    url = f"/venues/{house['venue']}/team"
    ends = {}
    for name in ("champion", "manager", "area", "officer", "admin"):
        page = as_(house[name]).get(url)
        assert {text_of(e) for e in page.all("strong")} == {
            "Sam Staff",
            "Cleo Champion",
            "Mo Manager",
            "Ari Area",
        }
        ends[name] = sum("/end" in link.href for link in page.links)
    assert ends == {"champion": 1, "manager": 2, "area": 2, "officer": 2, "admin": 3}


def test_a_venue_without_a_champion_says_so(app: Flask, as_: As, house: dict[str, int]) -> None:
    url = f"/venues/{house['venue']}/team"
    manager = as_(house["manager"])
    assert "has no champion" not in manager.get(url).text
    gone = role_id(app, house["champion"])
    page = manager.get(f"{url}/{gone}/end")
    assert "Cleo Champion" in page.title
    manager.post(f"{url}/{gone}/end")
    assert "has no champion" in manager.get(url).text
    with app.app_context():
        assert len(mails("champion-left")) == 2
        assert service.champions([house["venue"]]) == {house["venue"]: []}


def test_an_ended_role_is_out_with_the_next_request(
    app: Flask, as_: As, house: dict[str, int]
) -> None:
    url = f"/venues/{house['venue']}/team"
    champion = as_(house["champion"])
    champion.get(url)
    as_(house["manager"]).post(f"{url}/{role_id(app, house['champion'])}/end")
    assert champion.answer(url).status_code == 404


def test_invite_offers_what_one_looks_after_and_takes_no_more(
    app: Flask, as_: As, house: dict[str, int]
) -> None:
    url = f"/venues/{house['venue']}/team/invite"
    offered = {
        name: set(as_(house[name]).get(url).form().options("role"))
        for name in ("champion", "manager", "officer", "admin")
    }
    assert offered == {
        "champion": {"staff"},
        "manager": {"staff", "champion", "stand-in"},
        "officer": {"champion", "stand-in", "manager"},
        "admin": {"staff", "champion", "stand-in", "manager"},
    }
    champion = as_(house["champion"])
    for role in ("champion", "manager", "office-admin", "stand-in", ""):
        champion.refused(url, {"role": role, "name": "New", "email": "new@mail.example"})
    typed = {"role": "staff", "name": "New", "email": "New@mail.example"}
    champion.post(url, {**typed, "venue_id": str(house["other"]), "is_stand_in": "1"})
    with app.app_context():
        assert mails("invitation") == ["new@mail.example"]
        (row,) = invitations.waiting_at(house["venue"])
        assert (row.role, row.venue_id, row.is_stand_in) == ("staff", house["venue"], False)
        assert invitations.waiting_at(house["other"]) == []


def test_a_stand_in_is_invited_as_one(app: Flask, as_: As, house: dict[str, int]) -> None:
    manager = as_(house["manager"])
    url = f"/venues/{house['venue']}/team"
    typed = {"role": "stand-in", "name": "New", "email": "new@mail.example"}
    manager.post(f"{url}/invite", typed)
    page = manager.get(url)
    assert "to be stand-in champion" in page.text
    with app.app_context():
        (row,) = invitations.waiting_at(house["venue"])
    manager.post(f"{url}/invitations/{row.id}/withdraw")
    assert "to be stand-in champion" not in manager.get(url).text
    manager.post(f"{url}/invitations/{row.id}/withdraw")
    assert "no such invitation" in manager.get(url).text


def test_nobody_from_elsewhere_sees_or_changes_a_team(
    app: Flask, as_: As, house: dict[str, int]
) -> None:
    url = f"/venues/{house['venue']}/team"
    rival = as_(house["rival"])
    mine = role_id(app, house["champion"])
    for path in ("", "/invite", f"/{mine}/end"):
        assert rival.answer(url + path).status_code == 404
    rival.post(f"{url}/{mine}/end", status=404)
    own = f"/venues/{house['other']}/team"
    assert rival.answer(f"{own}/{mine}/end").status_code == 404
    rival.post(f"{own}/{mine}/end", status=404)
    rival.post(f"{own}/{mine}/sign-out", status=404)
    with app.app_context():
        assert len(service.roles_of(house["champion"])) == 1


def test_a_champion_ends_no_champion(app: Flask, as_: As, house: dict[str, int]) -> None:
    url = f"/venues/{house['venue']}/team/{role_id(app, house['manager'])}"
    champion = as_(house["champion"])
    assert "You cannot end" in champion.refused(f"{url}/end").text
    champion.post(f"{url}/sign-out", status=404)


def test_a_lost_phone_is_signed_out_and_the_role_stays(
    app: Flask, as_: As, house: dict[str, int]
) -> None:
    lost = as_(house["staff"])
    assert lost.answer("/account").status_code == 200
    where = f"/venues/{house['venue']}/team/{role_id(app, house['staff'])}/sign-out"
    as_(house["champion"]).post(where)
    assert lost.answer("/account").status_code == 303
    with app.app_context():
        assert len(service.roles_of(house["staff"])) == 1


def test_leave_gives_up_ones_own_role(app: Flask, as_: As, house: dict[str, int]) -> None:
    url = f"/venues/{house['venue']}/leave"
    for name in ("staff", "champion"):
        visitor = as_(house[name])
        assert "Leave The Lantern" in visitor.get(url).title
        assert visitor.goes_to(visitor.post(url)) == "/account"
        assert visitor.answer(url).status_code == 404
    assert as_(house["officer"]).answer(url).status_code == 404
    assert as_(house["rival"]).answer(url).status_code == 404


def test_whoever_leaves_with_two_roles_is_not_told_of_it(
    app: Flask, as_: As, house: dict[str, int]
) -> None:
    with app.app_context():
        both = db.session.get_one(User, house["champion"])
        make_member(Role.MANAGER, venue=house["venue"], user=both)
        boss = db.session.get_one(User, house["manager"]).email
        area = db.session.get_one(User, house["area"]).email
    as_(house["champion"]).post(f"/venues/{house['venue']}/leave")
    with app.app_context():
        assert sorted(mails("champion-left")) == sorted([boss, area])
