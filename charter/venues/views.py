"""Pages of a venue's own profile: identity, licence, places, closures, owner, leaving."""

from datetime import date
from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.core import retention
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.errors import Refused
from charter.venues import places, rules, service, zones
from charter.venues.forms import (
    ClosureForm,
    IdentityForm,
    LeaveForm,
    LicenceForm,
    OperatorForm,
    OwnerForm,
    ReopenForm,
    RoomForm,
    RoomsForm,
)
from charter.venues.models import Kind, Venue

bp = Blueprint("venues", __name__, url_prefix="/venues/<int:venue_id>/profile")
Answer = str | Response


@bp.route("")
@requires(Permission.VENUE_READ)
def profile(venue_id: int) -> Answer:
    """Everything a venue has said about itself, with what may be changed."""
    venue = _venue(venue_id)
    return render_template(
        "venues/profile.html",
        venue=venue,
        kind=Kind(venue.kind).label,
        nights=rules.nights_in_words(venue.opening_nights),
        rooms=places.rooms(venue_id),
        closures=places.closures(venue_id),
    )


@bp.route("/identity", methods=["GET", "POST"])
@requires(Permission.VENUE_UPDATE)
def identity(venue_id: int) -> Answer:
    """Change name, address, kind, nights and numbers."""
    venue = _venue(venue_id)
    form = IdentityForm(obj=venue, nights=list(venue.opening_nights))
    if form.validate_on_submit() and form.takes(
        lambda: service.identify(
            venue_id,
            form.identity,
            nights=rules.nights(form.nights.data or []),
            expected_people=form.expected_people.data,
            by=current_user.id,
        )
    ):
        return _saved(venue_id)
    return render_template("venues/identity.html", venue=_venue(venue_id), form=form)


@bp.route("/licence", methods=["GET", "POST"])
@requires(Permission.VENUE_UPDATE)
def licence(venue_id: int) -> Answer:
    """Change what the licence asks for."""
    venue = _venue(venue_id)
    paper = {True: "yes", False: "no", None: ""}[venue.licence_paper_book]
    form = LicenceForm(
        paper_book=paper,
        cctv_days=venue.licence_cctv_days,
        retention_months=venue.licence_retention_months,
    )
    if form.validate_on_submit() and form.takes(
        lambda: service.license_as(venue_id, form.licence, by=current_user.id)
    ):
        return _saved(venue_id)
    return render_template("venues/licence.html", venue=_venue(venue_id), form=form)


@bp.route("/places", methods=["GET", "POST"])
@requires(Permission.VENUE_UPDATE)
def rooms(venue_id: int) -> Answer:
    """Tick which kinds of places the venue has."""
    now = places.rooms(venue_id)
    form = RoomsForm(kinds=sorted({room.kind for room in now}))
    if form.validate_on_submit() and form.takes(
        lambda: places.set_rooms(venue_id, form.kinds.data or [], by=current_user.id)
    ):
        return _saved(venue_id)
    return render_template(
        "venues/rooms.html",
        venue=_venue(venue_id),
        form=form,
        rooms=places.rooms(venue_id),
        hints={kind.key: kind.hint for kind in zones.to_choose()},
    )


@bp.route("/places/new", methods=["GET", "POST"])
@requires(Permission.VENUE_UPDATE)
def room(venue_id: int) -> Answer:
    """Add one more place of a kind, such as a second bar."""
    form = RoomForm()
    if form.validate_on_submit() and form.takes(
        lambda: places.add_room(venue_id, form.kind.data, form.name.data or "", by=current_user.id)
    ):
        commit()
        flash("Saved")
        return redirect(url_for(".rooms", venue_id=venue_id), 303)
    return render_template("venues/room.html", venue=_venue(venue_id), form=form)


@bp.route("/places/<int:room_id>/remove", methods=["POST"])
@requires(Permission.VENUE_UPDATE)
def remove_room(venue_id: int, room_id: int) -> Answer:
    """Take a place off the list."""
    try:
        places.remove_room(venue_id, room_id, by=current_user.id)
    except Refused:
        abort(404)
    commit()
    flash("Saved")
    return redirect(url_for(".rooms", venue_id=venue_id), 303)


@bp.route("/closures/new", methods=["GET", "POST"])
@requires(Permission.VENUE_UPDATE)
def close(venue_id: int) -> Answer:
    """Say that the venue is closed for a while."""
    form = ClosureForm()
    if form.validate_on_submit() and form.takes(
        lambda: places.close(
            venue_id,
            cast(date, form.from_on.data),
            form.until_on.data,
            form.reason.data or "",
            by=current_user.id,
        )
    ):
        return _saved(venue_id)
    return render_template("venues/close.html", venue=_venue(venue_id), form=form)


@bp.route("/closures/<int:closure_id>/reopen", methods=["GET", "POST"])
@requires(Permission.VENUE_UPDATE)
def reopen(venue_id: int, closure_id: int) -> Answer:
    """End a closure early."""
    form = ReopenForm()
    closure = next((c for c in places.closures(venue_id) if c.id == closure_id), None)
    if closure is None:
        abort(404)
    if form.validate_on_submit() and form.takes(
        lambda: places.reopen(
            venue_id, closure_id, cast(date, form.opens_on.data), by=current_user.id
        )
    ):
        return _saved(venue_id)
    return render_template("venues/reopen.html", venue=_venue(venue_id), form=form, closure=closure)


@bp.route("/owner", methods=["GET", "POST"])
@requires(Permission.VENUE_HAND_OVER)
def owner(venue_id: int) -> Answer:
    """Say that the venue has a new owner."""
    form = OwnerForm()
    if form.validate_on_submit() and form.takes(
        lambda: service.change_owner(venue_id, cast(date, form.since.data), by=current_user.id)
    ):
        return _saved(venue_id)
    return render_template("venues/owner.html", venue=_venue(venue_id), form=form)


@bp.route("/operator", methods=["GET", "POST"])
@requires(Permission.TEAM_MANAGE, city=True)
def operator(venue_id: int) -> Answer:
    """Say which company runs the venue: its area managers see and act for it."""
    venue = _venue(venue_id)
    form = OperatorForm(name=venue.operator.name if venue.operator else "")
    if form.validate_on_submit() and form.takes(
        lambda: service.set_operator(venue_id, form.name.data, by=current_user.id)
    ):
        return _saved(venue_id)
    return render_template("venues/operator.html", venue=_venue(venue_id), form=form)


@bp.route("/leave", methods=["GET", "POST"])
@requires(Permission.VENUE_HAND_OVER)
def leave(venue_id: int) -> Answer:
    """Leave the charter, after being told what that means."""
    form = LeaveForm()
    if form.validate_on_submit() and form.takes(
        lambda: service.leave(venue_id, form.reason.data or "", by=current_user.id)
    ):
        return _saved(venue_id, "This venue has left the charter")
    return render_template("venues/leave.html", venue=_venue(venue_id), form=form, kept=retention)


def _venue(venue_id: int) -> Venue:
    venue = service.venue(venue_id)
    if venue is None:
        abort(404)
    return venue


def _saved(venue_id: int, words: str = "Saved") -> Response:
    commit()
    flash(words)
    return redirect(url_for(".profile", venue_id=venue_id), 303)
