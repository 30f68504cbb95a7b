"""Pages of one's own account."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from charter.accounts import factor, mailboxes, passwords, service
from charter.accounts.models import User, WebSession
from charter.core import trail
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
)
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[User | int], Visitor]
NEW_PASSWORD = "plumber otter canal boat"


def someone(app: Flask, **overrides: object) -> int:
    """Somebody with an account; their id."""
    with app.app_context():
        return make_user(**overrides).id


def stored(app: Flask, user_id: int) -> User:
    """A person as the database has them now."""
    with app.app_context():
        user = db.session.get_one(User, user_id)
        db.session.refresh(user)
        return user


def test_account_shows_what_we_hold_and_where_one_works(app: Flask, as_: As) -> None:
    with app.app_context():
        user = make_member(Role.CHAMPION, venue=make_place("Bell"), is_stand_in=True, name="Rosa")
        user_id, email = user.id, user.email
    page = as_(user_id).get("/account")
    assert page.facts["Name"] == "Rosa"
    assert page.facts["E-mail address"] == email
    assert page.facts["Second step"] == "Off"
    assert "Stand-in champion, Bell" in page.text
    assert page.link("leave").endswith("/leave")


def test_rename_saves_the_name_and_notes_no_name(app: Flask, as_: As) -> None:
    user_id = someone(app)
    visitor = as_(user_id)
    visitor.get("/account/name")
    visitor.post("/account/name", {"name": "  Rosa\t Vale "})
    assert "Your name is saved" in visitor.get("/account").text
    assert stored(app, user_id).name == "Rosa Vale"
    with app.app_context():
        (entry,) = trail.history(CITY)
        assert (entry.verb, entry.detail) == ("account.renamed", {})


def test_rename_takes_nothing_but_the_name(app: Flask, as_: As) -> None:
    user_id = someone(app)
    extra = {"email": "x@evil.example", "is_disabled": "1", "role": "office-admin", "id": "99"}
    as_(user_id).post("/account/name", {"name": "Rosa", **extra})
    with app.app_context():
        assert service.roles_of(user_id) == []
        assert not db.session.get_one(User, user_id).is_disabled


def test_change_password_wants_the_old_one_and_ends_other_sign_ins(app: Flask, as_: As) -> None:
    user_id = someone(app)
    here, elsewhere = as_(user_id), as_(user_id)
    url = "/account/password"
    here.get(url)
    wrong = here.refused(url, {"current": "not this one", "password": NEW_PASSWORD})
    assert "not the password of this account" in wrong.text
    weak = here.refused(url, {"current": PASSWORD, "password": "password12345"})
    assert "first that others would try" in weak.text
    here.post(url, {"current": PASSWORD, "password": NEW_PASSWORD})
    here.get("/account")
    assert elsewhere.answer("/account").status_code == 303
    user = stored(app, user_id)
    assert passwords.matches(user.password_hash, NEW_PASSWORD)
    with app.app_context():
        assert mails("password-changed") == [user.email]


def test_guessing_the_password_again_is_slowed_too(app: Flask, as_: As) -> None:
    visitor = as_(someone(app))
    for _ in range(3):
        visitor.refused("/account/recovery-codes", {"current": "wrong"})
    page = visitor.refused("/account/recovery-codes", {"current": PASSWORD})
    assert "Wait 5 seconds" in page.text


def test_change_address_needs_the_password_and_both_mailboxes(app: Flask, as_: As) -> None:
    user_id = someone(app, email="old@mail.example")
    visitor = as_(user_id)
    url = "/account/e-mail"
    visitor.get(url)
    visitor.refused(url, {"email": "new@mail.example", "current": "wrong"})
    with app.app_context():
        assert mails("email-change-new") == []
    visitor.post(url, {"email": "New@Mail.Example", "current": PASSWORD})
    assert "new@mail.example waits" in visitor.get("/account").text
    with app.app_context():
        links = [
            last_link("email-change-old", "old@mail.example"),
            last_link("email-change-new", "new@mail.example"),
        ]
    stranger = Visitor(app)
    for link in links:
        stranger.get(link)
        stranger.post(link)
    assert stored(app, user_id).email == "new@mail.example"
    assert "no longer works" in stranger.get(links[0], 410).title


def test_set_up_second_factor_shows_the_square_and_the_codes_once(app: Flask, as_: As) -> None:
    user_id = someone(app)
    visitor = as_(user_id)
    url = "/account/second-factor"
    assert "authenticator" not in visitor.get(url).text
    visitor.post(f"{url}/start")
    page = visitor.get(url)
    assert '<svg role="img"' in page.html
    secret = stored(app, user_id).totp_pending_sealed
    assert secret is not None
    visitor.refused(url, {"code": "123"})
    with app.app_context():
        code = code_now(db.session.get_one(User, user_id).totp_pending or "")
    codes = [e.text for e in visitor.refused(url, {"code": code}).all("code")]
    assert len(codes) == 10
    again = visitor.get("/account")
    assert again.facts["Recovery codes"] == "10 left"
    assert not any(code in again.html for code in codes if code)


def test_start_second_factor_again_wants_the_password(app: Flask, as_: As) -> None:
    user_id = someone(app, totp=TOTP_SECRET)
    visitor = as_(user_id)
    url = "/account/second-factor/start"
    visitor.refused(url, {"current": "wrong"})
    assert stored(app, user_id).totp_pending_sealed is None
    visitor.post(url, {"current": PASSWORD})
    assert stored(app, user_id).totp_pending_sealed is not None


def test_remove_second_factor_wants_the_password_and_the_roles_leave(app: Flask, as_: As) -> None:
    plain = someone(app, totp=TOTP_SECRET)
    with app.app_context():
        officer = make_member(Role.OFFICER).id
    url = "/account/second-factor/remove"
    visitor = as_(plain)
    visitor.get(url)
    visitor.refused(url, {"current": "wrong"})
    assert stored(app, plain).totp_sealed is not None
    visitor.post(url, {"current": PASSWORD})
    assert stored(app, plain).totp_sealed is None
    assert "needs a second step" in as_(officer).refused(url, {"current": PASSWORD}).text
    assert stored(app, officer).totp_sealed is not None


def test_recovery_codes_are_renewed_with_the_password(app: Flask, as_: As) -> None:
    user_id = someone(app, totp=TOTP_SECRET)
    visitor = as_(user_id)
    visitor.get("/account/recovery-codes")
    shown = visitor.refused("/account/recovery-codes", {"current": PASSWORD})
    assert len(shown.all("code")) == 10
    with app.app_context():
        assert factor.codes_left(db.session.get_one(User, user_id)) == 10


def test_sessions_lists_ones_own_and_ends_them(app: Flask, as_: As) -> None:
    user_id, other_id = someone(app), someone(app)
    here, there, third = as_(user_id), as_(user_id), as_(user_id)
    stranger = as_(other_id)
    page = here.get("/account/sign-ins")
    assert page.html.count("Firefox on Linux") == 3
    assert page.html.count("(this one)") == 1
    with app.app_context():
        ids = db.session.scalars(select(WebSession.id).order_by(WebSession.id)).all()
    here.post(f"/account/sign-ins/{ids[1]}/end")
    assert there.answer("/account").status_code == 303
    assert third.answer("/account").status_code == 200
    here.post(f"/account/sign-ins/{ids[3]}/end", status=404)
    assert stranger.answer("/account").status_code == 200
    here.post("/account/sign-ins/end-others")
    assert third.answer("/account").status_code == 303
    assert here.answer("/account").status_code == 200
    here.post(f"/account/sign-ins/{ids[0]}/end")
    assert here.answer("/account").status_code == 303


def test_an_unknown_link_confirms_nothing(app: Flask, client: Visitor) -> None:
    client.get("/confirm-address/nonsense", 410)
    client.post("/confirm-address/nonsense", status=410)
    with app.app_context():
        locked(CITY)
        assert mailboxes.email_change("nonsense") is None
