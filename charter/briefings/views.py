"""A venue's pages of the briefing for tonight."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter import config
from charter.briefings import readers, service
from charter.briefings.forms import PageForm, TonightForm
from charter.briefings.models import BriefingNight
from charter.core import clock
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.paper import square
from charter.rooms import pages as rooms
from charter.staff import service as staff
from charter.venues import service as venues
from charter.venues.models import Venue

bp = Blueprint("briefings", __name__, url_prefix="/venues/<int:venue_id>/briefing")
Answer = str | Response


@bp.get("")
@requires(Permission.BRIEFING_WRITE)
def index(venue_id: int) -> Answer:
    """Tonight's briefing: who is on, the link for the phones, and who still needs it."""
    return _index(venue_id, TonightForm(formdata=None))


@bp.post("/tonight")
@requires(Permission.BRIEFING_WRITE)
def tonight(venue_id: int) -> Answer:
    """Say who is on tonight and make tonight's link; an earlier one stops working."""
    form = TonightForm()
    if form.validate_on_submit() and form.takes(
        lambda: service.make_tonight(venue_id, form.on_tonight.data or "", by=current_user.id)
    ):
        commit()
        flash("Tonight’s briefing is ready.")
        return redirect(url_for(".index", venue_id=venue_id), 303)
    return _index(venue_id, form)


@bp.route("/page", methods=["GET", "POST"])
@requires(Permission.BRIEFING_WRITE)
def page(venue_id: int) -> Answer:
    """Write what the briefing says every night."""
    venue = _venue(venue_id)
    form = PageForm(obj=service.page(venue_id))
    if form.validate_on_submit() and form.takes(
        lambda: service.write_page(
            venue_id,
            form.book_place.data or "",
            form.quiet_place.data or "",
            form.extra.data or "",
            by=current_user.id,
        )
    ):
        commit()
        flash("Saved")
        return redirect(url_for(".index", venue_id=venue_id), 303)
    return render_template("briefings/page.html", venue=venue, form=form)


@bp.get("/paper")
@requires(Permission.BRIEFING_WRITE)
def paper(venue_id: int) -> Answer:
    """Tonight's briefing as one sheet to hang by the till."""
    night = service.tonight(venue_id) or abort(404)
    return render_template(
        "briefings/paper.html",
        venue=_venue(venue_id),
        saved=service.page(venue_id),
        rooms=rooms.tonight(venue_id),
        lead=service.lead(venue_id),
        **_link(night),
    )


def _index(venue_id: int, form: TonightForm) -> str:
    night, date_of_night = service.tonight(venue_id), clock.night_of(clock.now())
    if night is not None and not form.is_submitted():
        form.on_tonight.data = night.on_tonight
    return render_template(
        "briefings/index.html",
        venue=_venue(venue_id),
        form=form,
        saved=service.page(venue_id),
        waiting=service.needs_briefing(venue_id),
        has_list=staff.the_list(venue_id) is not None,
        team=readers.of_night(venue_id, date_of_night),
        rooms=rooms.tonight(venue_id),
        lead=service.lead(venue_id),
        date_of_night=date_of_night,
        **(_link(night) if night else {"night": None}),
    )


def _link(night: BriefingNight) -> dict[str, Any]:
    """A night with its link, as a path and as an address that phones reach, if there is one."""
    settings = config.current()
    token = service.token(night)
    path = url_for("tonight.read", token=token)
    address = f"{settings.public_url}{path}" if settings.is_public else ""
    return {
        "night": night,
        "path": path,
        "address": address,
        "picture": square.on_screen(address, "Square code that opens the briefing", scale=4)
        if address
        else "",
    }


def _venue(venue_id: int) -> Venue:
    return venues.venue(venue_id) or abort(404)
