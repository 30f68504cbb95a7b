"""Ways in, tried by somebody who should not get in, or who only wants to be a nuisance.

F051, F053, F054, F062, F135, F141; OWASP ASVS 6.3, 7.2, 7.4.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from charter.accounts import invitations, mailboxes, service, signin
from charter.accounts.invitations import LinkState, Wish
from charter.accounts.models import Membership, ResetToken, Throttle, User, WebSession
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db
from charter.core.errors import Refused
from charter.core.mail import OutboxMail
from tests.builders.accounts import (
    PASSWORD,
    code_now,
    last_link,
    locked,
    make_member,
    make_place,
    make_user,
)
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[int], Visitor]
BASE = "https://localhost"


def cookie_of(visitor: Visitor) -> str:
    """The session cookie, as a thief would copy it."""
    found = visitor.client.get_cookie("__Host-session")
    assert found is not None
    return found.value


def thief(app: Flask, cookie: str) -> Visitor:
    """Another browser with a copied cookie."""
    visitor = Visitor(app)
    visitor.client.set_cookie("__Host-session", cookie, secure=True)
    return visitor


def enter(app: Flask, visitor: Visitor, email: str, **more: Any) -> None:
    """Sign in by password."""
    went = visitor.post("/sign-in", {"email": email, "password": PASSWORD} | more)
    assert visitor.goes_to(went) == "/home"


def is_in(visitor: Visitor) -> bool:
    """Whether an own page opens."""
    return visitor.answer("/account").status_code == 200


ENDINGS: dict[str, Callable[[User, User, Visitor], object]] = {
    "signed out": lambda user, admin, own: own.post("/sign-out"),
    "account closed": lambda user, admin, own: service.disable(user.id, by=admin),
    "password reset": lambda user, admin, own: signin.set_password(user, "x" * 60),
    "signed out by an administrator": lambda user, admin, own: signin.end_sessions(user.id),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_copied_cookie_is_dead_at_once(app: Flask, client: Visitor, ending: str) -> None:
    with app.app_context():
        user = make_member(Role.CHAMPION, venue=make_place())
        admin_id = make_member(Role.OFFICE_ADMIN).id
        make_member(Role.OFFICE_ADMIN)
        email = user.email
    enter(app, client, email)
    other = thief(app, cookie_of(client))
    assert is_in(other)
    with app.app_context():
        locked(CITY) if ending != "signed out" else None
        row, admin = db.session.get(User, user.id), db.session.get(User, admin_id)
        assert row is not None
        assert admin is not None
        if ending == "signed out":
            db.session.remove()
        ENDINGS[ending](row, admin, client)
        if ending != "signed out":
            commit()
    assert not is_in(other)
    assert not is_in(client)


def test_a_role_that_ends_ends_at_the_next_page(app: Flask, client: Visitor) -> None:
    with app.app_context():
        place = make_place().id
        user = make_member(Role.CHAMPION, venue=place)
        boss = make_member(Role.MANAGER, venue=place).id
        role = db.session.scalars(select(Membership.id).where(Membership.user_id == user.id)).one()
    enter(app, client, user.email)
    address = f"/venues/{place}/profile"
    client.get(address)
    with app.app_context():
        locked(CITY, place)
        by = service.person(boss)
        assert by is not None
        service.end_role(role, by=by, venue_id=place)
        commit()
    client.get(address, 404)
    assert client.sent(f"{address}/identity", {"name": "Mine now"}).status_code == 404


def test_signing_in_begins_a_session_of_its_own(app: Flask, client: Visitor) -> None:
    """A session that somebody else began in this browser is worth nothing afterwards."""
    with app.app_context():
        user = make_member(Role.CHAMPION, venue=make_place())
    with client.client.session_transaction(base_url=BASE) as planted:
        planted.update(planted="by a thief", csrf_token="b" * 40, sign_up="t" * 43)
    before = cookie_of(client)
    enter(app, client, user.email)
    with client.client.session_transaction(base_url=BASE) as now:
        assert "planted" not in now
        assert "sign_up" not in now
        assert now.get("csrf_token") != "b" * 40
    assert not is_in(thief(app, before))


def test_a_pending_sign_in_opens_nothing(app: Flask, client: Visitor) -> None:
    with app.app_context():
        officer = make_member(Role.OFFICER)
    client.post("/sign-in", {"email": officer.email, "password": PASSWORD})
    with client.client.session_transaction(base_url=BASE) as waiting:
        token = waiting["pending"]
        waiting["_user_id"], waiting["_fresh"] = token, True
    assert not is_in(client)
    with client.client.session_transaction(base_url=BASE) as waiting:
        waiting.pop("_user_id")
    client.post("/sign-in/code", {"code": code_now()})
    assert is_in(client)
    with client.client.session_transaction(base_url=BASE) as now:
        assert now["_user_id"] != token


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "/\\/evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        " //evil.example",
        "https://evil.example",
        "javascript:x",
        "/%0d%0aLocation:x",
    ],
)
def test_signing_in_leads_nowhere_else(app: Flask, client: Visitor, address: str) -> None:
    with app.app_context():
        user = make_member(Role.CHAMPION, venue=make_place())
    answer = client.sent("/sign-in", {"email": user.email, "password": PASSWORD, "next": address})
    where = answer.headers["Location"]
    assert where in ("/home", "/%0d%0aLocation:x")
    assert "\r" not in where


class TestFormTokens:
    """A form sent from elsewhere changes nothing (F062)."""

    def tokens(self, app: Flask, as_: As) -> tuple[Visitor, str, int]:
        with app.app_context():
            user, other = make_user(), make_user()
            name, user_id = user.name, user.id
        victim, attacker = as_(user_id), as_(other.id)
        attacker.get("/account/name")
        with attacker.client.session_transaction(base_url=BASE) as theirs:
            assert theirs["csrf_token"]
        page = attacker.get("/account/name")
        token = str(page.form().fields["csrf_token"])
        assert name
        return victim, token, user_id

    @pytest.mark.parametrize("form", ["none", "another's", "empty", "two", "json", "text"])
    def test_a_foreign_form_is_refused(self, app: Flask, as_: As, form: str) -> None:
        victim, token, user_id = self.tokens(app, as_)
        victim.get("/account/name")
        sent: dict[str, Any] = {
            "none": {"data": {"name": "Evil"}},
            "another's": {"data": {"name": "Evil", "csrf_token": token}},
            "empty": {"data": {"name": "Evil", "csrf_token": ""}},
            "two": {"data": {"name": ["Evil", "Evil"], "csrf_token": [token, token]}},
            "json": {"json": {"name": "Evil", "csrf_token": token}},
            "text": {"data": "name=Evil&csrf_token=" + token, "content_type": "text/plain"},
        }[form]
        answer = victim.client.post(
            "/account/name", base_url=BASE, headers={"Origin": "https://evil.example"}, **sent
        )
        assert answer.status_code == 403
        with app.app_context():
            assert db.session.get_one(User, user_id).name != "Evil"

    def test_a_token_from_before_signing_out_is_refused(self, app: Flask, as_: As) -> None:
        with app.app_context():
            user = make_user()
        visitor = as_(user.id)
        token = str(visitor.get("/account/name").form().fields["csrf_token"])
        visitor.post("/sign-out")
        answer = visitor.client.post(
            "/sign-in",
            data={"email": user.email, "password": PASSWORD, "csrf_token": token},
            base_url=BASE,
        )
        assert answer.status_code == 403

    def test_nobody_is_signed_in_by_another_site(self, app: Flask) -> None:
        with app.app_context():
            user = make_user()
        visitor = Visitor(app)
        answer = visitor.client.post(
            "/sign-in", data={"email": user.email, "password": PASSWORD}, base_url=BASE
        )
        assert answer.status_code == 403

    def test_the_cookie_is_for_this_host_only(self, app: Flask, client: Visitor) -> None:
        header = client.answer("/sign-in").headers["Set-Cookie"]
        assert header.startswith("__Host-session=")
        for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
            assert word in header
        assert "Domain" not in header


def test_a_clock_set_back_locks_nobody_out(app: Flask) -> None:
    """F135: tries remembered from a later hour make nobody wait until it comes round again."""
    now = clock.now()
    with app.app_context():
        with clock.moved_to(now + timedelta(hours=2)):
            for _ in range(9):
                locked(CITY)
                signin.failed("somebody@mail.example")
                db.session.commit()
            assert signin.wait_words("somebody@mail.example") is not None
        db.session.rollback()
        assert signin.wait_words("somebody@mail.example") is None
        user = make_user()
        with clock.moved_to(now + timedelta(hours=2)):
            locked(CITY)
            mailboxes.ask_reset(user.email)
            db.session.commit()
        locked(CITY)
        mailboxes.ask_reset(user.email)
        db.session.commit()
        sent = select(func.count(OutboxMail.id)).where(OutboxMail.kind == "reset-password")
        assert db.session.scalar(sent) == 2


def test_a_new_address_ends_the_links_of_the_old_one(app: Flask) -> None:
    """F141: a link that lies in the old mailbox chooses no new password."""
    with app.app_context():
        user = make_user()
        old = user.email
        locked(CITY)
        mailboxes.ask_reset(old)
        mailboxes.ask_email_change(db.session.get_one(User, user.id), "moved@mail.example")
        db.session.commit()
        for kind, to in (("email-change-old", old), ("email-change-new", "moved@mail.example")):
            token = last_link(kind, to).rpartition("/")[2]
            locked(CITY)
            mailboxes.confirm_email_change(token)
            db.session.commit()
        assert db.session.get_one(User, user.id).email == "moved@mail.example"
        assert db.session.scalars(select(ResetToken)).all() == []


def test_nobodys_mailbox_can_be_filled_by_asking_for_it(app: Flask) -> None:
    """Changes of address and invitations write to strangers, so they are slow to write again."""
    with app.app_context():
        user = make_user()
        locked(CITY)
        row = db.session.get_one(User, user.id)
        mailboxes.ask_email_change(row, "stranger@mail.example")
        with pytest.raises(Refused, match="two minutes"):
            mailboxes.ask_email_change(row, "stranger@mail.example")
        db.session.commit()
        with clock.moved_to(clock.now() + mailboxes.ASK_AGAIN_AFTER):
            locked(CITY)
            mailboxes.ask_email_change(db.session.get_one(User, user.id), "stranger@mail.example")
            db.session.commit()


def test_a_venue_invites_so_many_in_an_hour(app: Flask) -> None:
    with app.app_context():
        place = make_place().id
        boss = make_member(Role.MANAGER, venue=place).id

        def invite(number: int) -> None:
            locked(CITY, place)
            by = service.person(boss)
            wish = Wish(f"stranger{number}@mail.example", Role.STAFF, "Kit", place)
            invitations.invite(wish, by=by)
            db.session.commit()

        for number in range(invitations.AN_HOUR):
            invite(number % 3)
        with pytest.raises(Refused, match="in an hour"):
            invite(0)
        with clock.moved_to(clock.now() + timedelta(hours=1)):
            invite(0)


def test_a_session_that_ended_leaves_nothing_to_find(app: Flask, client: Visitor) -> None:
    """The table holds no token that a cookie could be made of."""
    with app.app_context():
        user = make_user()
    enter(app, client, user.email)
    with client.client.session_transaction(base_url=BASE) as now:
        token = now["_user_id"]
    with app.app_context():
        [row] = db.session.scalars(select(WebSession)).all()
        assert row.token_hash == signin.token_hash(token)
        assert token.encode() not in row.token_hash
        assert db.session.scalars(select(Throttle)).all() == []
        assert invitations.found("x")[0] is LinkState.UNKNOWN
