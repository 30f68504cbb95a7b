"""The pages of a champion who goes and of one who comes."""

from flask import Blueprint, abort, current_app, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.core.access import Permission, requires
from charter.handover import service, week
from charter.venues import service as venues

bp = Blueprint("handover", __name__, url_prefix="/venues/<int:venue_id>")
Answer = str | Response


@bp.get("/handover")
@requires(Permission.HANDOVER_READ)
def handover(venue_id: int) -> Answer:
    """What is open, what ends soon and where things are, for whoever takes over."""
    found = service.handover(venue_id)
    if found is None:
        return _not_signed(venue_id)
    certificate = current_app.extensions["charter.certificate_sentence"]
    return render_template("handover/handover.html", found=found, certificate=certificate(venue_id))


@bp.get("/first-week")
@requires(Permission.HANDOVER_READ)
def first_week(venue_id: int) -> Answer:
    """A new champion's first steps, in order."""
    found = week.first_week(venue_id, current_user.id)
    if found is None:
        return _not_signed(venue_id)
    hrefs = {step.key: _where(venue_id, step) for step in found.steps}
    return render_template("handover/first_week.html", found=found, hrefs=hrefs)


def _not_signed(venue_id: int) -> str:
    venue = venues.venue(venue_id) or abort(404)
    return render_template("commitments/waiting.html", venue=venue)


def _where(venue_id: int, step: week.Step) -> str:
    """The page on which a step is done."""
    if step.key == "promises":
        return url_for("front.charter")
    if step.key == "network":
        return url_for("network.index")
    if step.key == "agree" and step.requirement is not None:
        return url_for("commitments.requirement", venue_id=venue_id, key=step.requirement.key)
    return url_for(_PAGES[step.key], venue_id=venue_id)


_PAGES = {
    "handover": "handover.handover",
    "join": "staff.index",
    "list": "staff.index",
    "train": "sessions.index",
}
