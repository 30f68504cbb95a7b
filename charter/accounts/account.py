"""Pages of one's own account: name, address, password, second factor, sign-ins.

What matters asks for the password again, before the lock is taken: hashing is slow.
"""

from collections.abc import Callable
from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.accounts import factor, mailboxes, passwords, service, signin
from charter.accounts.forms import (
    AgainForm,
    CodeForm,
    JustForm,
    NameForm,
    NewAddressForm,
    PasswordForm,
)
from charter.accounts.models import User
from charter.core import access
from charter.core.access import Permission, public, requires
from charter.core.db import commit
from charter.core.errors import Refused

bp = Blueprint("accounts", __name__)
Answer = str | Response | tuple[str, int]
OWN = Permission.ACCOUNT_OWN


def me() -> User:
    """The person signed in, as a row: what services take."""
    return cast(User, current_user._get_current_object())


def proven(form: AgainForm | PasswordForm | NewAddressForm) -> bool:
    """Whether the password typed again is right: judged first, then the lock is taken."""
    typed = signin.attempt(me().email, form.current.data or "", request.remote_addr)
    access.enter()
    judged = signin.judged(typed, request.remote_addr, signin.NOT_YOURS)
    if isinstance(judged, str):
        commit()
        form.refuse(Refused(judged, field="current"))
        return False
    return True


@bp.get("/account")
@requires(OWN, enrolling=True)
def account() -> Answer:
    """What we hold about the person, and every change they can make to it."""
    user = me()
    return render_template(
        "accounts/account.html",
        roles=service.roles_in_words(user.memberships_now),
        codes_left=factor.codes_left(user),
        signed_in=len(signin.sessions(user.id)),
        change=mailboxes.email_change_of(user.id),
    )


@bp.route("/account/name", methods=["GET", "POST"])
@requires(OWN)
def rename() -> Answer:
    """Change what we call the person."""
    form = NameForm(obj=me())
    if form.validate_on_submit():
        service.rename(me(), form.name.data or "")
        commit()
        flash("Your name is saved.")
        return redirect(url_for(".account"), 303)
    return render_template("accounts/rename.html", form=form)


@bp.route("/account/e-mail", methods=["GET", "POST"])
@requires(OWN, late=True)
def change_address() -> Answer:
    """Ask for another e-mail address; both mailboxes confirm."""
    form = NewAddressForm()
    if form.validate_on_submit() and proven(form):
        wanted = form.email.data or ""
        if form.takes(lambda: mailboxes.ask_email_change(me(), wanted)):
            commit()
            flash("We sent a link to both addresses. Open both within 24 hours.")
            return redirect(url_for(".account"), 303)
    return render_template("accounts/change_address.html", form=form)


@bp.route("/confirm-address/<token>", methods=["GET", "POST"])
@public
def confirm_address(token: str) -> Answer:
    """Where the two mailed links lead; opening one changes nothing."""
    form = JustForm()
    change = mailboxes.email_change(token)
    if change is None:
        return render_template("accounts/confirm_address.html", form=form, works=False), 410
    if form.validate_on_submit():
        done: list[bool] = []
        if form.takes(lambda: done.append(mailboxes.confirm_email_change(token))):
            commit()
            flash(
                "Your new e-mail address is in use. Sign in with it from now on."
                if done[0]
                else "Thank you. Now open the link in the other mailbox too."
            )
            return redirect(url_for(".account"), 303)
    return render_template("accounts/confirm_address.html", form=form, works=True)


@bp.route("/account/password", methods=["GET", "POST"])
@requires(OWN, late=True)
def change_password() -> Answer:
    """Choose another password; every other sign-in ends."""
    form = PasswordForm()
    if form.validate_on_submit():
        typed, words = form.password.data or "", signin.own_words(me())
        if form.takes(lambda: passwords.choose(typed, words)):
            new = passwords.hashed(typed)
            if proven(form):
                signin.set_password(me(), new, keep=me().session_id)
                commit()
                flash("Your password is changed. You are signed out everywhere else.")
                return redirect(url_for(".account"), 303)
    return render_template("accounts/change_password.html", form=form)


@bp.route("/account/second-factor", methods=["GET", "POST"])
@requires(OWN, enrolling=True)
def set_up_second_factor() -> Answer:
    """Scan the square, type a code, keep the recovery codes."""
    form, user = CodeForm(), me()
    if form.validate_on_submit():
        codes: list[str] = []
        typed = form.code.data or ""
        if form.takes(lambda: codes.extend(factor.confirm(user, typed))):
            commit()
            return render_template("accounts/recovery_codes.html", codes=codes, form=AgainForm())
    secret = user.totp_pending
    return render_template(
        "accounts/set_up_second_factor.html",
        form=form,
        again=AgainForm(),
        secret=factor.in_groups(secret) if secret else "",
        picture=factor.picture(user, secret) if secret else "",
        is_on=user.totp_sealed is not None,
        is_needed=user.lacks_second_factor,
    )


@bp.post("/account/second-factor/start")
@requires(OWN, late=True, enrolling=True)
def start_second_factor() -> Answer:
    """Make a new square to scan; where one is in use already the password is asked for."""
    if me().totp_sealed is not None:
        return _again(factor.start, ".set_up_second_factor", "Change your second step")
    access.enter()
    factor.start(me())
    commit()
    return redirect(url_for(".set_up_second_factor"), 303)


@bp.route("/account/second-factor/remove", methods=["GET", "POST"])
@requires(OWN, late=True)
def remove_second_factor() -> Answer:
    """Do without a second step, where the role allows it."""
    return _again(factor.give_up, ".account", "Turn off the second step")


def _again(verb: Callable[[User], object], then: str, title: str) -> Answer:
    """Ask for the password, then do it."""
    form = AgainForm()
    if form.validate_on_submit() and proven(form) and form.takes(lambda: verb(me())):
        commit()
        return redirect(url_for(then), 303)
    return render_template("accounts/again.html", form=form, title=title)


@bp.route("/account/recovery-codes", methods=["GET", "POST"])
@requires(OWN, late=True)
def recovery_codes() -> Answer:
    """Make ten new recovery codes; they are shown this once."""
    form = AgainForm()
    if form.validate_on_submit() and proven(form):
        codes: list[str] = []
        if form.takes(lambda: codes.extend(factor.renew_codes(me()))):
            commit()
            return render_template("accounts/recovery_codes.html", codes=codes, form=AgainForm())
    return render_template("accounts/recovery_codes.html", codes=[], form=form)


@bp.get("/account/sign-ins")
@requires(OWN)
def sessions() -> Answer:
    """Where the person is signed in, and buttons to end it."""
    user = me()
    rows = signin.sessions(user.id)
    return render_template("accounts/sessions.html", rows=rows, here=user.session_id)


@bp.post("/account/sign-ins/<int:session_id>/end")
@requires(OWN)
def end_session(session_id: int) -> Answer:
    """End one of one's own sign-ins."""
    user = me()
    if session_id not in {row.id for row in signin.sessions(user.id)}:
        abort(404)
    signin.end_sessions(user.id, only=session_id)
    commit()
    if session_id == user.session_id:
        session.clear()
        return redirect(url_for(".sign_in"), 303)
    flash("That sign-in has ended.")
    return redirect(url_for(".sessions"), 303)


@bp.post("/account/sign-ins/end-others")
@requires(OWN)
def end_other_sessions() -> Answer:
    """End every sign-in but this one."""
    user = me()
    signin.end_sessions(user.id, but=user.session_id)
    commit()
    flash("You are signed out everywhere else.")
    return redirect(url_for(".sessions"), 303)
