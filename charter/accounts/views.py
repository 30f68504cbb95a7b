"""Ways in and out: signing in and out, a forgotten password, an invitation.

They share a blueprint with the pages of one's own account. Failures read alike whoever they are
about, and opening a mailed link never changes anything.
"""

from flask import (
    Response as FlaskResponse,
)
from flask import (
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user, login_user
from werkzeug.wrappers import Response

from charter.accounts import factor, invitations, mailboxes, passwords, rules, service, signin
from charter.accounts.account import Answer, bp, me
from charter.accounts.forms import AddressForm, ChooseForm, CodeForm, JoinForm, JustForm, SignInForm
from charter.accounts.invitations import LinkState
from charter.accounts.models import Invitation
from charter.core import access, clock
from charter.core.access import Permission, public, requires
from charter.core.db import commit, db
from charter.core.errors import Refused

__all__ = ["bp"]


def _device() -> str:
    return rules.device_words(request.user_agent.string)


def _let_in(opened: signin.Opened, onward: str | None) -> Response:
    """Begin the browser's session anew, so that nothing of the one before lives on."""
    session.clear()
    if opened.is_pending:
        session["pending"] = opened.token
        return redirect(url_for(".second_factor", next=rules.local_path(onward)), 303)
    login_user(opened.user)
    home = url_for(current_app.config["HOME_ENDPOINT"])
    return redirect(rules.local_path(onward) or home, 303)


@bp.after_app_request
def note_use(response: FlaskResponse) -> FlaskResponse:
    """Write that a sign-in is in use, at most once a minute, when the answer has left."""
    user = g.get("_login_user")
    seen = getattr(user, "session_seen_at", None)
    if seen is not None and clock.now() - seen >= rules.SEEN_EVERY:
        engine, session_id = db.engine, user.session_id
        response.call_on_close(lambda: signin.note_use(engine, session_id))
    return response


@bp.route("/sign-in", methods=["GET", "POST"])
@public(late=True)
def sign_in() -> Answer:
    """E-mail address and password."""
    form = SignInForm(next=request.args.get("next", ""))
    if form.validate_on_submit():
        typed = signin.attempt(form.email.data or "", form.password.data or "", request.remote_addr)
        access.enter()
        opened = signin.open_session(typed, address=request.remote_addr, device=_device())
        commit()
        if opened.words is None:
            return _let_in(opened, form.next.data)
        form.refuse(Refused(opened.words))
    return render_template("accounts/sign_in.html", form=form)


@bp.route("/sign-in/code", methods=["GET", "POST"])
@public
def second_factor() -> Answer:
    """The second step: a code from the phone, or a recovery code."""
    row = signin.pending(session.get("pending", ""))
    if row is None:
        return redirect(url_for(".sign_in"), 303)
    form = CodeForm()
    if form.validate_on_submit():
        opened = factor.second_step(row, form.code.data or "", device=_device())
        commit()
        if opened.words is None:
            return _let_in(opened, request.args.get("next"))
        form.refuse(Refused(opened.words, field="code"))
    return render_template("accounts/second_factor.html", form=form)


@bp.post("/sign-out")
@public
def sign_out() -> Answer:
    """End this sign-in, here and at the back end."""
    if current_user.is_authenticated:
        signin.end_sessions(me().id, only=me().session_id)
        commit()
    session.clear()
    flash("You are signed out.")
    return redirect(url_for(".sign_in"), 303)


@bp.route("/forgot-password", methods=["GET", "POST"])
@public
def forgot_password() -> Answer:
    """Ask for a link by mail; the answer is the same for every address."""
    form = AddressForm()
    if form.validate_on_submit():
        words: list[str | None] = []
        typed = form.email.data or ""
        if form.takes(lambda: words.append(mailboxes.forgotten(typed, request.remote_addr))):
            commit()
            if words[0] is None:
                return redirect(url_for(".forgot_password", sent=1), 303)
            form.refuse(Refused(words[0]))
    return render_template("accounts/forgot_password.html", form=form, sent="sent" in request.args)


@bp.route("/reset-password/<token>", methods=["GET", "POST"])
@public(late=True)
def reset_password(token: str) -> Answer:
    """Choose a new password; only saving it spends the link."""
    form = ChooseForm()
    owner = mailboxes.reset_owner(token)
    if owner is None:
        return render_template("accounts/reset_password.html", form=form, works=False), 410
    if form.validate_on_submit():
        typed, words = form.password.data or "", signin.own_words(owner)
        if form.takes(lambda: passwords.choose(typed, words)):
            new = passwords.hashed(typed)
            access.enter()
            if form.takes(lambda: mailboxes.reset(token, new)):
                commit()
                session.clear()
                flash("Your new password is saved. Sign in with it.")
                return redirect(url_for(".sign_in"), 303)
    return render_template("accounts/reset_password.html", form=form, works=True)


def _reader(state: LinkState, row: Invitation | None) -> str:
    """Which page the reader of an invitation needs."""
    if row is None or state is not LinkState.OPEN:
        return "closed"
    if current_user.is_authenticated:
        return "accept" if me().email == row.email else "wrong-person"
    return "sign-in" if service.by_address(row.email) else "join"


@bp.route("/invitations/<token>", methods=["GET", "POST"])
@public(late=True)
def invitation(token: str) -> Answer:
    """What one is asked to be; somebody new makes their account here."""
    state, row = invitations.found(token)
    reader = _reader(state, row)
    form = JoinForm(name=row.name if row else "")
    if reader == "join" and row is not None and form.validate_on_submit():
        name, typed = form.name.data or "", form.password.data or ""
        words = signin.own_words_of(name, row.email)
        if form.takes(lambda: passwords.choose(typed, words)):
            new = passwords.hashed(typed)
            access.enter()
            if form.takes(lambda: invitations.accept_as_new(token, name=name, password_hash=new)):
                return _joined(row.email)
    return _shown(token, state, reader, form)


def _joined(email: str) -> Response:
    user = service.by_address(email)
    if user is None:
        abort(404)
    opened = signin.begin(user, device=_device())
    commit()
    return _let_in(opened, None)


def _shown(token: str, state: LinkState, reader: str, form: JoinForm) -> Answer:
    row = invitations.found(token)[1]
    page = render_template(
        "accounts/invitation.html",
        form=form,
        just=JustForm(),
        state=state,
        reader=reader,
        row=row,
        place=invitations.place_words(row) if row else "",
        link=url_for(".invitation", token=token),
    )
    return page, {"closed": 410}.get(reader, 200)


@bp.post("/invitations/<token>/accept")
@requires(Permission.ACCOUNT_OWN, enrolling=True)
def accept_invitation(token: str) -> Answer:
    """Take up an invitation with the account one is signed in to."""
    form = JustForm()
    if form.validate_on_submit() and form.takes(lambda: invitations.accept(token, by=me())):
        commit()
        flash("Thank you. Your new role counts from now on.")
        return redirect(url_for(current_app.config["HOME_ENDPOINT"]), 303)
    flash(" ".join(str(words) for words in form.form_errors))
    return redirect(url_for(".invitation", token=token), 303)
