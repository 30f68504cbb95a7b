"""Pages of the office's own people."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from charter.accounts import factor, invitations, service
from charter.accounts.models import Membership, User
from charter.core.access import Role
from charter.core.db import db
from charter.venues.models import Operator
from tests.builders.accounts import mails, make_member, make_place, make_user
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[User | int], Visitor]
NEW = {"name": "New Person", "email": "new@mail.example"}


@pytest.fixture
def two(app: Flask, as_: As) -> tuple[Visitor, Visitor]:
    """Two office administrators, signed in."""
    with app.app_context():
        ids = [make_member(Role.OFFICE_ADMIN, name=f"Admin {n}").id for n in "AB"]
    return as_(ids[0]), as_(ids[1])


def waiting(app: Flask) -> int:
    """The id of the one invitation that waits."""
    with app.app_context():
        (row,) = invitations.waiting_in_office()
        return row.id


def test_only_administrators_see_the_offices_people(app: Flask, as_: As) -> None:
    with app.app_context():
        place = make_place()
        ids = [
            make_member(role, venue=place if role in ("champion", "auditor") else None).id
            for role in (Role.OFFICER, Role.SYSTEM_ADMIN, Role.AUDITOR, Role.CHAMPION)
        ]
    for user_id in ids:
        visitor = as_(user_id)
        for url in ("/office/people", "/office/people/invite", f"/office/people/{ids[0]}"):
            assert visitor.answer(url).status_code == 404
        visitor.post("/office/people/invite", {"role": "office-admin", **NEW}, status=404)
        visitor.post(f"/office/people/{ids[0]}/disable", status=404)


def test_one_proposes_and_another_approves(app: Flask, two: tuple[Visitor, Visitor]) -> None:
    one, other = two
    assert set(one.get("/office/people/invite").form().options("role")) == {
        "officer", "office-admin", "system-admin",
    }  # fmt: skip
    one.post("/office/people/invite", {"role": "officer", **NEW})
    row_id = waiting(app)
    page = one.get("/office/people")
    assert "Waits for a second administrator" in page.text
    approve = f"/office/people/invitations/{row_id}/approve"
    assert approve not in [form.action for form in page.forms]
    one.post(approve)
    assert "Somebody else has to approve" in one.get("/office/people").text
    with app.app_context():
        assert mails("invitation") == []
    assert approve in [form.action for form in other.get("/office/people").forms]
    other.post(approve)
    with app.app_context():
        assert mails("invitation") == ["new@mail.example"]
    other.post(f"/office/people/invitations/{row_id}/withdraw")
    assert "Taken back" in other.get("/office/people").text


def test_nobody_of_a_venue_joins_the_office(app: Flask, two: tuple[Visitor, Visitor]) -> None:
    with app.app_context():
        email = make_member(Role.CHAMPION, venue=make_place()).email
    typed = {"role": "officer", "name": "New", "email": email.upper()}
    page = two[0].refused("/office/people/invite", typed)
    assert "already works for a venue" in page.text
    assert page.errors


def test_an_area_manager_is_invited_for_a_company(app: Flask, two: tuple[Visitor, Visitor]) -> None:
    url = "/office/people/area-manager"
    assert "No companies yet" in two[0].get(url).text
    with app.app_context():
        operator = Operator(name="Quiet Nights")
        db.session.add(operator)
        db.session.commit()
        operator_id = operator.id
    two[0].refused(url, {"operator": "", **NEW})
    two[0].refused(url, {"operator": "999", **NEW})
    two[0].post(url, {"operator": str(operator_id), **NEW})
    with app.app_context():
        (row,) = invitations.waiting_in_office()
        assert (row.role, row.operator_id) == (Role.AREA_MANAGER, operator_id)
        assert mails("invitation") == ["new@mail.example"]


def test_roles_of_the_office_end_but_never_the_last_administrators(
    app: Flask, two: tuple[Visitor, Visitor]
) -> None:
    one, other = two
    with app.app_context():
        officer = make_member(Role.OFFICER)
        rows = {
            row.user.name: (row.id, row.user_id) for row in db.session.scalars(select(Membership))
        }
        officer_id, officer_role = officer.id, rows[officer.name][0]
    one.get(f"/office/people/{officer_id}")
    one.get(f"/office/people/roles/{officer_role}/end")
    one.post(f"/office/people/roles/{officer_role}/end")
    with app.app_context():
        assert service.roles_of(officer_id) == []
    mine, theirs = rows["Admin A"][0], rows["Admin B"][0]
    assert "your own administration" in one.refused(f"/office/people/roles/{mine}/end").text
    one.post(f"/office/people/roles/{theirs}/end")
    other.post(f"/office/people/roles/{mine}/end", status=404)
    with app.app_context():
        assert service.administrators() == [rows["Admin A"][1]]
    assert "only one administrator" in one.get("/office/people").text


def test_a_closed_account_is_out_and_can_be_opened(
    app: Flask, as_: As, two: tuple[Visitor, Visitor]
) -> None:
    with app.app_context():
        user_id = make_member(Role.OFFICER).id
    visitor = as_(user_id)
    visitor.get("/account")
    two[0].post(f"/office/people/{user_id}/disable")
    assert visitor.answer("/account").status_code == 303
    page = two[0].get(f"/office/people/{user_id}")
    assert page.facts["Account"] == "Closed"
    two[0].post(f"/office/people/{user_id}/enable")
    assert two[0].get(f"/office/people/{user_id}").facts["Account"] == "Open"
    assert visitor.answer("/account").status_code == 303


def test_help_for_somebody_is_a_link_or_an_end_of_sign_ins(
    app: Flask, as_: As, two: tuple[Visitor, Visitor]
) -> None:
    with app.app_context():
        user = make_user()
        user_id, email = user.id, user.email
    visitor = as_(user_id)
    two[0].post(f"/office/people/{user_id}/sign-out")
    assert visitor.answer("/account").status_code == 303
    two[0].post(f"/office/people/{user_id}/send-link")
    with app.app_context():
        assert mails("reset-password") == [email]
    assert two[0].answer("/office/people/999").status_code == 404


def test_a_lost_second_step_takes_two_to_turn_off(
    app: Flask, as_: As, two: tuple[Visitor, Visitor]
) -> None:
    one, other = two
    with app.app_context():
        user_id = make_member(Role.OFFICER).id
    url = f"/office/people/{user_id}/second-factor"
    one.get(url)
    assert "Tick the box" in one.refused(url, {"checked_how": "met"}).text
    one.post(url, {"checked_how": "met", "is_sure": "y"})
    agree = f"{url}/agree"
    assert "Another administrator has to agree" in one.get(f"/office/people/{user_id}").text
    one.post(agree)
    with app.app_context():
        assert factor.proposal(user_id) is not None
    assert "I met them" in other.get(f"/office/people/{user_id}").text
    other.post(agree)
    with app.app_context():
        assert db.session.get_one(User, user_id).totp_sealed is None
