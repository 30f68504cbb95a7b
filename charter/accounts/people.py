"""The office's own people: who works for the city, audits, or looks after a company's venues.

Everything here is for office administrators. What gives or takes power over others needs two of
them: an invitation to the office, and taking a lost second factor off somebody's account.
"""

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from charter.accounts import factor, invitations, mailboxes, service, signin
from charter.accounts.account import Answer, me
from charter.accounts.forms import (
    AreaManagerForm,
    FactorResetForm,
    InviteForm,
    JustForm,
)
from charter.accounts.invitations import Wish
from charter.accounts.models import User
from charter.core import trail
from charter.core.access import Permission, Role, requires
from charter.core.db import commit
from charter.core.errors import Refused

bp = Blueprint("team", __name__)
MANAGE = Permission.PEOPLE_MANAGE
_OFFICE_ROLES = {
    Role.OFFICER: "reviews proofs and proposes certificates",
    Role.OFFICE_ADMIN: "also issues certificates and looks after the office's people",
    Role.SYSTEM_ADMIN: "looks after the machine; sees settings and status only",
}


def done(words: str, page: str) -> Response:
    """Say what was done on the page that is shown next."""
    flash(words)
    return redirect(page, 303)


def _person(user_id: int) -> User:
    found = service.person(user_id)
    if found is None:
        abort(404)
    return found


@bp.get("/office/people")
@requires(MANAGE)
def office_people() -> Answer:
    """Everybody who works for the city, and who has been asked to."""
    return render_template(
        "team/office_people.html",
        groups=service.office_groups(),
        waiting=invitations.waiting_in_office(),
        is_alone=len(service.administrators()) < 2,
    )


@bp.route("/office/people/invite", methods=["GET", "POST"])
@requires(MANAGE)
def invite_to_office() -> Answer:
    """Propose somebody for the office; a second administrator approves."""
    form = InviteForm()
    form.role.choices = [(role.value, role.label.capitalize()) for role in _OFFICE_ROLES]
    if form.validate_on_submit():
        wish = Wish(form.email.data or "", Role(form.role.data), name=form.name.data or "")
        if form.takes(lambda: invitations.invite(wish, by=me())):
            commit()
            return done(
                "Saved. Another administrator has to approve it.", url_for(".office_people")
            )
    hints = {role.value: words for role, words in _OFFICE_ROLES.items()}
    return render_template("team/invite_to_office.html", form=form, hints=hints)


@bp.route("/office/people/area-manager", methods=["GET", "POST"])
@requires(MANAGE)
def invite_area_manager() -> Answer:
    """Invite somebody to look after all the venues of a company."""
    form = AreaManagerForm()
    companies = [(str(row.id), row.name) for row in invitations.companies()]
    form.operator.choices = [("", "Choose a company"), *companies]
    if form.validate_on_submit():
        wish = Wish(
            form.email.data or "",
            Role.AREA_MANAGER,
            name=form.name.data or "",
            operator_id=int(form.operator.data),
        )
        if form.takes(lambda: invitations.invite(wish, by=me())):
            commit()
            return done("The invitation is on its way.", url_for(".office_people"))
    return render_template("team/invite_area_manager.html", form=form, companies=companies)


@bp.post("/office/people/invitations/<int:invitation_id>/approve")
@requires(MANAGE)
def approve(invitation_id: int) -> Answer:
    """Agree to another administrator's proposal, so that its mail goes out."""
    return _just(
        lambda: invitations.approve(invitation_id, by=me()), "Approved. The mail is on its way."
    )


@bp.post("/office/people/invitations/<int:invitation_id>/withdraw")
@requires(MANAGE)
def withdraw_from_office(invitation_id: int) -> Answer:
    """Take back an invitation that nobody has accepted."""
    return _just(
        lambda: invitations.withdraw(invitation_id, by=me(), venue_id=None),
        "Taken back. The link no longer works.",
    )


@bp.get("/office/people/<int:user_id>")
@requires(MANAGE)
def office_person(user_id: int) -> Answer:
    """One person: their roles and what can be done for or about their account."""
    user = _person(user_id)
    proposal = factor.proposal(user.id)
    held = service.roles_in_words(user.memberships_now)
    return render_template(
        "team/office_person.html",
        user=user,
        rows=list(zip(user.memberships_now, held, strict=True)),
        signed_in=len(signin.sessions(user.id)),
        proposal=proposal,
        checked=factor.CHECKED[proposal.checked_how] if proposal else "",
        is_own_proposal=proposal is not None and proposal.asked_by == me().id,
    )


@bp.route("/office/people/roles/<int:membership_id>/end", methods=["GET", "POST"])
@requires(MANAGE)
def end_office_role(membership_id: int) -> Answer:
    """End a role that stands on no single venue, after asking once."""
    form = JustForm()
    try:
        row = service.running_role(membership_id, None)
    except Refused:
        abort(404)
    person_id = row.user_id
    if form.validate_on_submit():
        if form.takes(lambda: service.end_role(membership_id, by=me(), venue_id=None)):
            commit()
            return done("That role has ended.", url_for(".office_person", user_id=person_id))
        row = service.running_role(membership_id, None)
    return render_template("team/end_office_role.html", form=form, row=row)


@bp.post("/office/people/<int:user_id>/disable")
@requires(MANAGE)
def disable(user_id: int) -> Answer:
    """Close somebody's account."""
    return _just(lambda: service.disable(user_id, by=me()), "The account is closed.", user_id)


@bp.post("/office/people/<int:user_id>/enable")
@requires(MANAGE)
def enable(user_id: int) -> Answer:
    """Open a closed account again."""
    return _just(lambda: service.enable(user_id, by=me()), "The account is open again.", user_id)


@bp.post("/office/people/<int:user_id>/send-link")
@requires(MANAGE)
def send_link(user_id: int) -> Answer:
    """Mail somebody a link to choose a new password: nobody chooses it for them."""
    email = _person(user_id).email
    return _just(lambda: mailboxes.ask_reset(email, by=me().id), "The mail is on its way.", user_id)


@bp.post("/office/people/<int:user_id>/sign-out")
@requires(MANAGE)
def end_sign_ins(user_id: int) -> Answer:
    """End all of somebody's sign-ins."""
    user = _person(user_id)
    signin.end_sessions(user.id)
    trail.note("sessions.ended", "user", user.id, by=me().id)
    return _just(lambda: None, "They are signed out everywhere.", user_id)


@bp.route("/office/people/<int:user_id>/second-factor", methods=["GET", "POST"])
@requires(MANAGE)
def propose_factor_reset(user_id: int) -> Answer:
    """Propose to take a lost second step off an account, and say how one made sure."""
    user, form = _person(user_id), FactorResetForm()
    form.checked_how.choices = list(factor.CHECKED.items())
    if form.validate_on_submit():
        how = form.checked_how.data or ""
        if form.takes(lambda: factor.propose_reset(user, checked_how=how, by=me())):
            commit()
            return done(
                "Saved. Another administrator has to agree.",
                url_for(".office_person", user_id=user_id),
            )
    return render_template("team/propose_factor_reset.html", form=form, user=user)


@bp.post("/office/people/<int:user_id>/second-factor/agree")
@requires(MANAGE)
def approve_factor_reset(user_id: int) -> Answer:
    """Agree to take a lost second step off an account."""
    user = _person(user_id)
    return _just(
        lambda: factor.approve_reset(user, by=me()), "Their second step is turned off.", user_id
    )


def _just(verb: Callable[[], object], words: str, user_id: int | None = None) -> Response:
    """Do what a button says and go back, or say why not."""
    form = JustForm()
    if form.validate_on_submit() and form.takes(verb):
        commit()
    else:
        words = " ".join(str(error) for error in form.form_errors)
    if user_id is None:
        return done(words, url_for(".office_people"))
    return done(words, url_for(".office_person", user_id=user_id))
