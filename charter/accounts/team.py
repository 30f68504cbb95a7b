"""Who covers a venue: its people, whom they invite, and how a role there ends.

They share a blueprint with the pages of the office's own people.
"""

from flask import abort, render_template, url_for

from charter.accounts import invitations, rules, service, signin
from charter.accounts.account import Answer, me
from charter.accounts.forms import InviteForm, JustForm
from charter.accounts.invitations import Wish
from charter.accounts.models import Membership
from charter.accounts.people import bp, done
from charter.core import trail
from charter.core.access import AT_A_VENUE, Permission, Role, requires
from charter.core.db import commit
from charter.core.errors import Refused
from charter.venues import service as venues
from charter.venues.models import Venue

__all__ = ["bp"]
_STAND_IN = "stand-in"
_WHAT = {
    Role.STAFF: "sees where the venue stands",
    Role.CHAMPION: "proves the commitments and keeps them up",
    Role.MANAGER: "signs the charter and looks after the people",
}


def _venue(venue_id: int) -> Venue:
    found = venues.venue(venue_id)
    if found is None:
        abort(404)
    return found


def _role(membership_id: int, venue_id: int) -> Membership:
    try:
        return service.running_role(membership_id, venue_id)
    except Refused:
        abort(404)


def _may_end(venue_id: int) -> frozenset[Role]:
    return rules.looked_after(service.roles_for(me(), venue_id)) & AT_A_VENUE


@bp.get("/venues/<int:venue_id>/team")
@requires(Permission.TEAM_READ)
def venue_people(venue_id: int) -> Answer:
    """Everybody who covers the venue, and who has been asked to."""
    return render_template(
        "team/venue_people.html",
        venue=_venue(venue_id),
        team=service.team(venue_id),
        has_champion=service.has_champion(venue_id),
        may_end=_may_end(venue_id),
        waiting=invitations.waiting_at(venue_id),
    )


@bp.route("/venues/<int:venue_id>/team/invite", methods=["GET", "POST"])
@requires(Permission.TEAM_READ)
def invite(venue_id: int) -> Answer:
    """Invite somebody to the venue, in a role one looks after there."""
    form, venue = InviteForm(), _venue(venue_id)
    roles = [role for role in _WHAT if role in _may_end(venue_id)]
    form.role.choices = [(role.value, role.label.capitalize()) for role in roles]
    hints = {role.value: words for role, words in _WHAT.items()}
    if Role.CHAMPION in roles:
        form.role.choices.append((_STAND_IN, "Stand-in champion"))
        hints[_STAND_IN] = "covers the nights the champion is away"
    if form.validate_on_submit():
        is_stand_in = form.role.data == _STAND_IN
        wish = Wish(
            form.email.data or "",
            Role.CHAMPION if is_stand_in else Role(form.role.data),
            name=form.name.data or "",
            venue_id=venue_id,
            is_stand_in=is_stand_in,
        )
        if form.takes(lambda: invitations.invite(wish, by=me())):
            commit()
            return done(
                "The invitation is on its way.", url_for(".venue_people", venue_id=venue_id)
            )
    return render_template("team/invite.html", form=form, venue=venue, hints=hints)


@bp.post("/venues/<int:venue_id>/team/invitations/<int:invitation_id>/withdraw")
@requires(Permission.TEAM_READ)
def withdraw(venue_id: int, invitation_id: int) -> Answer:
    """Take back an invitation that nobody has accepted."""
    form = JustForm()
    words = "Taken back. The link no longer works."
    if form.validate_on_submit() and form.takes(
        lambda: invitations.withdraw(invitation_id, by=me(), venue_id=venue_id)
    ):
        commit()
    else:
        words = " ".join(str(error) for error in form.form_errors)
    return done(words, url_for(".venue_people", venue_id=venue_id))


@bp.route("/venues/<int:venue_id>/team/<int:membership_id>/end", methods=["GET", "POST"])
@requires(Permission.TEAM_READ)
def end(venue_id: int, membership_id: int) -> Answer:
    """End somebody's role at the venue, after saying what will be lost."""
    form, row = JustForm(), _role(membership_id, venue_id)
    if form.validate_on_submit():
        if form.takes(lambda: service.end_role(membership_id, by=me(), venue_id=venue_id)):
            commit()
            return done("That role has ended.", url_for(".venue_people", venue_id=venue_id))
        row = _role(membership_id, venue_id)
    return render_template("team/end.html", form=form, venue=_venue(venue_id), row=row)


@bp.post("/venues/<int:venue_id>/team/<int:membership_id>/sign-out")
@requires(Permission.TEAM_READ)
def end_member_sign_ins(venue_id: int, membership_id: int) -> Answer:
    """End all sign-ins of somebody whose role one looks after: a lost or borrowed phone."""
    row = _role(membership_id, venue_id)
    if Role(row.role) not in _may_end(venue_id):
        abort(404)
    signin.end_sessions(row.user_id)
    trail.note("sessions.ended", "user", row.user_id, venue_id=venue_id, by=me().id)
    commit()
    return done("They are signed out everywhere.", url_for(".venue_people", venue_id=venue_id))


@bp.route("/venues/<int:venue_id>/leave", methods=["GET", "POST"])
@requires(Permission.VENUE_HOME)
def leave(venue_id: int) -> Answer:
    """Give up every role one has at the venue, after saying what will be lost."""
    form = JustForm()
    mine = [row for row in service.roles_of(me().id) if row.venue_id == venue_id]
    # The champion's role goes last, so that whoever leaves is not among those who are told.
    mine.sort(key=lambda row: row.is_champion)
    ids = [row.id for row in mine if row.role in AT_A_VENUE]
    if not ids:
        abort(404)
    if form.validate_on_submit() and form.takes(
        lambda: [service.end_role(row_id, by=me(), venue_id=venue_id) for row_id in ids]
    ):
        commit()
        return done("You have left. Thank you for what you did.", url_for("accounts.account"))
    back = url_for("accounts.account")
    return render_template("team/leave.html", form=form, venue=_venue(venue_id), back=back)
