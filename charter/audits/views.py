"""A venue's safety walks: begun, answered place by place, finished, read and printed."""

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from charter.audits import pages, walk_views, walks
from charter.audits.rules import Kind
from charter.audits.walk_views import OWN, Answer
from charter.core import files
from charter.core.access import Permission, requires

bp = Blueprint("audits", __name__, url_prefix="/venues/<int:venue_id>/audits")
READ, WALK, WRITE = Permission.AUDITS_READ, Permission.AUDITS_WALK, Permission.AUDITS_WRITE
ROOM = "/<int:audit_id>/rooms/<place>"


@bp.get("")
@requires(READ)
def index(venue_id: int) -> Answer:
    """What was walked, what is to be mended, and the next step."""
    return render_template(
        "audits/index.html", venue=walk_views.the_venue(venue_id), found=pages.index(venue_id)
    )


@bp.route("/begin", methods=["GET", "POST"])
@requires(WALK)
def begin(venue_id: int) -> Answer:
    """Begin a walk."""
    return walk_views.begin(venue_id, OWN)


@bp.get("/<int:audit_id>")
@requires(READ)
def show(venue_id: int, audit_id: int) -> Answer:
    """A walk: how far it is, or what it found."""
    walk = walks.walk(venue_id, audit_id, tuple(Kind)) or abort(404)
    if walk.is_running:
        return walk_views.overview(venue_id, walk, OWN) if walk.kind is Kind.OWN else abort(404)
    return render_template(
        "audits/result.html",
        venue=walk_views.the_venue(venue_id),
        found=pages.result(walk),
        way=OWN,
    )


@bp.route(ROOM, methods=["GET", "POST"])
@requires(WALK, late=True)
def room(venue_id: int, audit_id: int, place: str) -> Answer:
    """One place of a walk."""
    return walk_views.room(venue_id, audit_id, place, OWN)


@bp.route(f"{ROOM}/leave-out", methods=["GET", "POST"])
@requires(WALK)
def leave_out(venue_id: int, audit_id: int, place: str) -> Answer:
    """Leave a place out, and why."""
    return walk_views.leave_out(venue_id, audit_id, place, OWN)


@bp.post(f"{ROOM}/take-in")
@requires(WALK)
def take_in(venue_id: int, audit_id: int, place: str) -> Answer:
    """Take a place in again."""
    return walk_views.take_in(venue_id, audit_id, place, OWN)


@bp.route("/<int:audit_id>/finish", methods=["GET", "POST"])
@requires(WRITE)
def finish(venue_id: int, audit_id: int) -> Answer:
    """Finish a walk."""
    return walk_views.finish(venue_id, audit_id, OWN)


@bp.route("/<int:audit_id>/drop", methods=["GET", "POST"])
@requires(WRITE)
def drop(venue_id: int, audit_id: int) -> Answer:
    """Give a walk up."""
    return walk_views.drop(venue_id, audit_id, OWN)


@bp.get("/photos/<int:photo_id>")
@requires(READ)
def photo(venue_id: int, photo_id: int) -> Response:
    """A photo of a walk."""
    return files.answer(walks.photo(venue_id, photo_id, OWN.kinds) or abort(404))


@bp.get("/<int:audit_id>/report.pdf")
@requires(READ)
def report(venue_id: int, audit_id: int) -> Response:
    """What a finished walk found, as a PDF with its photos."""
    walk = walks.walk(venue_id, audit_id, tuple(Kind)) or abort(404)
    if walk.is_running:
        abort(404)
    return walk_views.report(venue_id, walk)


@bp.get("/questions.pdf")
@requires(READ)
def blank(venue_id: int) -> Response:
    """The questions of a walk as a PDF to print."""
    return walk_views.blank(venue_id, is_quick=request.args.get("size") != "whole")
