"""The room map: looked at by the whole team, with what was changed about the rooms."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.core import clock, files
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.rooms import looks, pages, service
from charter.rooms.forms import ChangeForm, MapForm
from charter.venues import service as venues
from charter.venues.models import Venue

bp = Blueprint("rooms", __name__, url_prefix="/venues/<int:venue_id>")
Answer = str | Response


def the_venue(venue_id: int) -> Venue:
    """The venue of the address; a 404 without one."""
    return venues.venue(venue_id) or abort(404)


@bp.get("/rooms")
@requires(Permission.ROOMS_READ)
def index(venue_id: int) -> Answer:
    """The map of the rooms, and its table."""
    form = MapForm()
    return render_template(
        "rooms/index.html",
        venue=the_venue(venue_id),
        form=form,
        asked=form.asked,
        found=pages.of_venue(venue_id, form.asked),
        looked=looks.tonight(venue_id),
        night=clock.night_of(clock.now()),
    )


@bp.post("/rooms/looked")
@requires(Permission.ROOMS_WRITE)
def looked(venue_id: int) -> Answer:
    """Note that the team looked at the map before tonight."""
    looks.note(venue_id, "map", by=current_user.id)
    commit()
    flash("It is noted that you looked at the map together before tonight.")
    return redirect(url_for(".index", venue_id=venue_id), 303)


@bp.get("/rooms/plans/<int:plan_id>/picture")
@requires(Permission.ROOMS_READ)
def picture(venue_id: int, plan_id: int) -> Answer:
    """The picture of a plan that is in use."""
    return files.answer(service.picture(venue_id, plan_id) or abort(404))


@bp.get("/rooms/changes")
@requires(Permission.ROOMS_READ)
def changes(venue_id: int) -> Answer:
    """What was changed about the rooms, the newest first."""
    return render_template(
        "rooms/changes.html",
        venue=the_venue(venue_id),
        rows=service.changes(venue_id),
        names=service.all_names(venue_id),
    )


@bp.get("/rooms/changes/<int:change_id>")
@requires(Permission.ROOMS_READ)
def change(venue_id: int, change_id: int) -> Answer:
    """One change: what was written down before it and after it."""
    row = service.change(venue_id, change_id) or abort(404)
    found = service.compared(row)
    return render_template(
        "rooms/change.html",
        venue=the_venue(venue_id),
        row=row,
        room=service.all_names(venue_id).get(row.zone_id or 0, "The whole place"),
        found=found,
        rows=pages.by_category(found),
    )


@bp.route("/rooms/changes/new", methods=["GET", "POST"])
@requires(Permission.ROOMS_WRITE)
def new_change(venue_id: int) -> Answer:
    """Write down that something was changed."""
    form = ChangeForm()
    form.offer(service.venue(venue_id).rooms)
    if form.validate_on_submit() and form.takes(
        lambda: service.record_change(
            venue_id,
            form.zone.data,
            form.done_on.data or clock.today(),
            form.what.data or "",
            by=current_user.id,
            once=form.once.data or "",
        )
    ):
        commit()
        flash("Saved. In a few weeks you see here what came of it.")
        return redirect(url_for(".changes", venue_id=venue_id), 303)
    return render_template("rooms/new_change.html", venue=the_venue(venue_id), form=form)


@bp.post("/rooms/changes/<int:change_id>/drop")
@requires(Permission.ROOMS_WRITE)
def drop_change(venue_id: int, change_id: int) -> Answer:
    """Take back a change that was written down wrongly."""
    service.drop_change(venue_id, change_id, by=current_user.id)
    commit()
    flash("Taken back.")
    return redirect(url_for(".changes", venue_id=venue_id), 303)
