"""Signing in and out, a forgotten password, an invitation: as a browser sees it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from charter.accounts import invitations, mailboxes, service, signin
from charter.accounts.invitations import Wish
from charter.accounts.models import ResetToken, User, WebSession
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, db
from tests.builders.accounts import (
    PASSWORD,
    TOTP_SECRET,
    code_now,
    last_link,
    locked,
    mails,
    make_member,
    make_place,
    make_user,
    sign_in_as,
)
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[User | int], Visitor]
NEW_PASSWORD = "plumber otter canal boat"


def signed_in(visitor: Visitor) -> bool:
    """Whether a browser counts as somebody."""
    return visitor.answer("/account").status_code == 200


def people(app: Flask, **overrides: object) -> str:
    """Somebody with a password; their address."""
    with app.app_context():
        return make_user(**overrides).email


def test_sign_in_lets_in_and_sign_out_ends_it_at_the_back_end(app: Flask, client: Visitor) -> None:
    email = people(app)
    page = client.get("/sign-in")
    assert page.title.startswith("Sign in")
    gone = client.post("/sign-in", {"email": email.upper(), "password": PASSWORD})
    assert client.goes_to(gone) == "/home"
    assert signed_in(client)
    copied = client.client.get_cookie("__Host-session", domain="localhost")
    assert copied is not None
    client.post("/sign-out")
    assert not signed_in(client)
    thief = Visitor(app)
    thief.client.set_cookie("__Host-session", copied.value, domain="localhost", secure=True)
    assert not signed_in(thief)


def test_every_failure_looks_the_same(app: Flask, client: Visitor) -> None:
    known, closed = people(app), people(app, is_disabled=True)
    pages = set()
    for email, password in (
        (known, "wrong"),
        ("nobody@mail.example", PASSWORD),
        (closed, PASSWORD),
    ):
        page = client.refused("/sign-in", {"email": email, "password": password})
        pages.add(page.html.replace(email, "EMAIL"))
        assert "do not go together" in page.text
    bodies = {body.partition("csrf_token")[0] for body in pages}
    assert len(bodies) == 1


def test_a_wait_is_told_with_its_seconds(app: Flask, client: Visitor) -> None:
    email = people(app)
    for _ in range(3):
        client.refused("/sign-in", {"email": email, "password": "wrong"})
    page = client.refused("/sign-in", {"email": email, "password": PASSWORD})
    assert "Wait 5 seconds, then try again" in page.text
    assert not signed_in(client)


@pytest.mark.parametrize(
    ("onward", "where"),
    [
        ("/account", "/account"),
        ("//evil.example", "/home"),
        ("/\\evil.example", "/home"),
        ("https://evil.example/", "/home"),
        ("", "/home"),
    ],
)
def test_sign_in_goes_on_to_our_own_pages_only(
    app: Flask, client: Visitor, onward: str, where: str
) -> None:
    typed = {"email": people(app), "password": PASSWORD, "next": onward}
    assert client.goes_to(client.post("/sign-in", typed)) == where


def test_a_page_that_needs_somebody_comes_back_to_it(app: Flask, client: Visitor) -> None:
    away = client.answer("/account/name")
    assert client.goes_to(away) == "/sign-in?next=/account/name"
    page = client.get(client.goes_to(away))
    assert page.form().fields["next"] == "/account/name"


def test_the_session_is_another_one_after_signing_in(app: Flask, client: Visitor) -> None:
    email = people(app)
    with client.client.session_transaction(base_url="https://localhost") as before:
        before["planted"] = "by somebody else"
    client.post("/sign-in", {"email": email, "password": PASSWORD})
    with client.client.session_transaction(base_url="https://localhost") as after:
        assert "planted" not in after
        assert email not in str(dict(after))


def test_the_second_step_comes_between(app: Flask, client: Visitor) -> None:
    email = people(app, totp=TOTP_SECRET)
    half = client.post("/sign-in", {"email": email, "password": PASSWORD, "next": "/account"})
    assert client.goes_to(half) == "/sign-in/code?next=/account"
    assert not signed_in(client)
    where = client.goes_to(half)
    client.get(where)
    wrong = "000000" if code_now() != "000000" else "000001"
    assert "not right" in client.refused(where, {"code": wrong}).text
    code = code_now()
    done = client.post(where, {"code": f"{code[:3]} {code[3:]} "})
    assert client.goes_to(done) == "/account"
    assert signed_in(client)
    again = Visitor(app)
    half = again.post("/sign-in", {"email": email, "password": PASSWORD})
    assert "not right" in again.refused(again.goes_to(half), {"code": code}).text
    assert not signed_in(again)


def test_without_a_password_there_is_no_second_step(client: Visitor) -> None:
    assert client.goes_to(client.answer("/sign-in/code")) == "/sign-in"


@pytest.mark.parametrize("role", [Role.OFFICER, Role.OFFICE_ADMIN, Role.SYSTEM_ADMIN])
def test_who_must_have_a_second_step_is_sent_to_set_it_up(app: Flask, as_: As, role: Role) -> None:
    with app.app_context():
        user_id = make_member(role, totp=None).id
    visitor = as_(user_id)
    for url in ("/account/name", "/office/people", "/home"):
        assert visitor.goes_to(visitor.answer(url)) == "/account/second-factor"
    assert "needs a second step" in visitor.get("/account/second-factor").text
    visitor.post("/account/second-factor/start")
    page = visitor.get("/account/second-factor")
    with app.app_context():
        secret = db.session.get_one(User, user_id).totp_pending or ""
        code = code_now(secret)
    assert secret[:4] in page.text
    assert "<svg" in page.html
    shown = visitor.refused("/account/second-factor", {"code": code})
    assert "Keep these recovery codes" in shown.title
    assert visitor.answer("/account/name").status_code == 200


def test_a_forgotten_password_has_one_answer_for_everybody(app: Flask, client: Visitor) -> None:
    known, closed = people(app), people(app, is_disabled=True)
    ends = set()
    for email in (known, closed, "nobody@mail.example"):
        done = client.post("/forgot-password", {"email": email})
        ends.add((done.status_code, done.get_data(), done.headers["Location"]))
    assert len(ends) == 1
    assert "If there is an account" in client.get("/forgot-password?sent=1").text
    with app.app_context():
        assert mails("reset-password") == [known]
        link = last_link("reset-password", known)
        assert db.session.scalar(select(func.count(ResetToken.id))) == 1
    assert link.startswith("/reset-password/")


def test_a_poisoned_host_gets_no_link_of_its_own(app: Flask, client: Visitor) -> None:
    email = people(app)
    answer = client.client.post(
        "/forgot-password", data={"email": email}, base_url="https://evil.example"
    )
    assert answer.status_code == 400
    with app.app_context():
        assert mails("reset-password") == []


def test_opening_a_reset_link_spends_nothing_and_saving_spends_it(
    app: Flask, client: Visitor, as_: As
) -> None:
    with app.app_context():
        user = make_user(totp=TOTP_SECRET)
        user_id, email = user.id, user.email
        locked(CITY)
        mailboxes.ask_reset(email)
        db.session.commit()
        link = last_link("reset-password", email)
    elsewhere = as_(user_id)
    for _ in range(3):
        client.get(link)
    assert "12 characters" in client.refused(link, {"password": "short"}).text
    saved = client.post(link, {"password": NEW_PASSWORD})
    assert client.goes_to(saved) == "/sign-in"
    assert not signed_in(elsewhere)
    assert "no longer works" in client.get(link, 410).title
    client.post(link, {"password": NEW_PASSWORD}, status=410)
    half = client.post("/sign-in", {"email": email, "password": NEW_PASSWORD})
    assert client.goes_to(half) == "/sign-in/code"


def made(app: Flask, wish: Wish) -> str:
    """The path of a fresh invitation's link."""
    with app.app_context():
        locked(CITY, *([wish.venue_id] if wish.venue_id else []))
        invitations.invite(wish, by=None)
        db.session.commit()
        return last_link("invitation", wish.email)


def test_an_invitation_makes_an_account_and_lets_in(app: Flask, client: Visitor) -> None:
    with app.app_context():
        venue_id = make_place().id
    link = made(app, Wish("new@mail.example", Role.CHAMPION, name="Rosa", venue_id=venue_id))
    page = client.get(link)
    assert "You are asked to be champion at The Lantern." in page.text
    assert "/privacy/venues" in page.html
    name_in_password = client.refused(link, {"name": "Rosa Vale", "password": "rosavalerosa1"})
    assert "Your name" in name_in_password.text
    assert (
        client.goes_to(client.post(link, {"name": "Rosa Vale", "password": NEW_PASSWORD}))
        == "/home"
    )
    assert signed_in(client)
    with app.app_context():
        assert [m.user.name for m in service.champions([venue_id])[venue_id]] == ["Rosa Vale"]
    assert "said yes to it already" in Visitor(app).get(link, 410).text


def test_an_invitation_to_a_known_address_asks_to_sign_in_first(
    app: Flask, client: Visitor
) -> None:
    with app.app_context():
        user, venue_id = make_user(), make_place().id
        email, user_id = user.email, user.id
    link = made(app, Wish(email, Role.STAFF, venue_id=venue_id))
    page = client.get(link)
    assert f"/sign-in?next={link}" in [found.href for found in page.links]
    client.post(link, {"name": "Thief", "password": NEW_PASSWORD}, status=200)
    client.post("/sign-in", {"email": email, "password": PASSWORD, "next": link})
    assert "Say yes" in client.get(link).text
    client.post(f"{link}/accept")
    with app.app_context():
        assert [m.role for m in service.roles_of(user_id)] == [Role.STAFF]
        assert db.session.scalar(select(func.count(User.id))) == 1


def test_the_wrong_person_is_told_what_to_do(app: Flask, as_: As) -> None:
    with app.app_context():
        user, venue_id = make_user(), make_place().id
        user_id, email = user.id, user.email
    link = made(app, Wish("somebody@mail.example", Role.STAFF, venue_id=venue_id))
    visitor = as_(user_id)
    page = visitor.get(link)
    assert "sent to another e-mail address" in page.text
    assert email in page.text
    assert "somebody@mail.example" not in page.text
    visitor.post(f"{link}/accept")
    with app.app_context():
        assert service.roles_of(user_id) == []


def test_a_dead_invitation_says_what_to_do(app: Flask, client: Visitor) -> None:
    with app.app_context():
        venue_id = make_place().id
    link = made(app, Wish("new@mail.example", Role.STAFF, venue_id=venue_id))
    with clock.moved_to(clock.now() + timedelta(days=7)):
        assert "good for seven days" in client.get(link, 410).text
        client.post(link, {"name": "Late", "password": NEW_PASSWORD}, status=410)
    assert "copy the whole link" in client.get("/invitations/nonsense", 410).text


def test_a_token_for_one_thing_opens_nothing_else(app: Flask, client: Visitor) -> None:
    with app.app_context():
        venue_id = make_place().id
    token = made(app, Wish("new@mail.example", Role.STAFF, venue_id=venue_id)).rpartition("/")[2]
    assert client.answer(f"/reset-password/{token}").status_code == 410
    assert client.answer(f"/confirm-address/{token}").status_code == 410


@pytest.mark.parametrize("url", ["/sign-in", "/sign-out", "/forgot-password", "/account/name"])
def test_without_its_form_token_nothing_is_taken(app: Flask, as_: As, url: str) -> None:
    with app.app_context():
        user_id = make_user(name="Before").id
    visitor = as_(user_id)
    answer = visitor.client.post(url, data={"name": "After"}, base_url="https://localhost")
    assert answer.status_code == 403
    assert signed_in(visitor)
    with app.app_context():
        assert db.session.get_one(User, user_id).name == "Before"


def test_use_is_noted_once_a_minute_after_the_answer(app: Flask, client: Visitor) -> None:
    start = clock.now()
    with app.app_context(), clock.moved_to(start):
        user_id = make_user().id
    with clock.moved_to(start):
        sign_in_as(client.client, user_id)
    for seconds in (30, 90):
        with clock.moved_to(start + timedelta(seconds=seconds)):
            client.answer("/account").close()
    with app.app_context():
        assert db.session.scalars(select(WebSession.last_seen_at)).one() == start + timedelta(
            seconds=90
        )
        assert len(signin.sessions(user_id)) == 1


def test_no_name_and_no_address_reach_the_log(
    app: Flask, client: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    email = people(app, name="Rosa Vale")
    client.refused("/sign-in", {"email": email, "password": "a wrong password"})
    client.post("/sign-in", {"email": email, "password": PASSWORD})
    client.get("/account")
    for word in (email, "Rosa Vale", PASSWORD, "a wrong password"):
        assert word not in caplog.text
