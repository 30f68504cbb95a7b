"""Checks of a venue by the office, on the same questions: announced, unannounced, as a guest.

The venue reads what a check found once it is finished, and what is weak is on its list. Until then
nothing of it is on a page, in a file or in the trail that the venue reads.
"""

from flask import Blueprint, abort, render_template
from werkzeug.wrappers import Response

from charter.audits import pages, walk_views, walks
from charter.audits.rules import CHECKS
from charter.audits.walk_views import CHECK, Answer
from charter.core import files
from charter.core.access import Permission, requires

bp = Blueprint("space_checks", __name__, url_prefix="/venues/<int:venue_id>/space-checks")
MARK = Permission.AUDITS_CHECK
ROOM = "/<int:audit_id>/rooms/<place>"


@bp.get("")
@requires(MARK)
def index(venue_id: int) -> Answer:
    """The checks of a venue, begun and finished."""
    return render_template(
        "audits/checks.html",
        venue=walk_views.the_venue(venue_id),
        running=[pages.line(each) for each in walks.running(venue_id, CHECKS)],
        lines=pages.checks_of(venue_id),
    )


@bp.route("/begin", methods=["GET", "POST"])
@requires(MARK, city=True)
def begin(venue_id: int) -> Answer:
    """Begin a check."""
    return walk_views.begin(venue_id, CHECK)


@bp.get("/<int:audit_id>")
@requires(MARK)
def show(venue_id: int, audit_id: int) -> Answer:
    """A check: how far it is, or what it found."""
    walk = walk_views.the_walk(venue_id, audit_id, CHECK)
    if walk.is_running:
        return walk_views.overview(venue_id, walk, CHECK)
    return render_template(
        "audits/result.html",
        venue=walk_views.the_venue(venue_id),
        found=pages.result(walk),
        way=CHECK,
    )


@bp.route(ROOM, methods=["GET", "POST"])
@requires(MARK, city=True, late=True)
def room(venue_id: int, audit_id: int, place: str) -> Answer:
    """One place of a check."""
    return walk_views.room(venue_id, audit_id, place, CHECK)


@bp.route(f"{ROOM}/leave-out", methods=["GET", "POST"])
@requires(MARK, city=True)
def leave_out(venue_id: int, audit_id: int, place: str) -> Answer:
    """Leave a place out, and why."""
    return walk_views.leave_out(venue_id, audit_id, place, CHECK)


@bp.post(f"{ROOM}/take-in")
@requires(MARK, city=True)
def take_in(venue_id: int, audit_id: int, place: str) -> Answer:
    """Take a place in again."""
    return walk_views.take_in(venue_id, audit_id, place, CHECK)


@bp.route("/<int:audit_id>/finish", methods=["GET", "POST"])
@requires(MARK, city=True)
def finish(venue_id: int, audit_id: int) -> Answer:
    """Finish a check."""
    return walk_views.finish(venue_id, audit_id, CHECK)


@bp.route("/<int:audit_id>/drop", methods=["GET", "POST"])
@requires(MARK, city=True)
def drop(venue_id: int, audit_id: int) -> Answer:
    """Give a check up."""
    return walk_views.drop(venue_id, audit_id, CHECK)


@bp.get("/photos/<int:photo_id>")
@requires(MARK)
def photo(venue_id: int, photo_id: int) -> Response:
    """A photo of a check."""
    return files.answer(walks.photo(venue_id, photo_id, CHECKS) or abort(404))


@bp.get("/<int:audit_id>/report.pdf")
@requires(MARK)
def report(venue_id: int, audit_id: int) -> Response:
    """What a finished check found, as a PDF with its photos."""
    walk = walk_views.the_walk(venue_id, audit_id, CHECK)
    return abort(404) if walk.is_running else walk_views.report(venue_id, walk)
