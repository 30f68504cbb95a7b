"""A person's own certificates of attendance, wherever they work."""

from flask import Blueprint, Response, abort
from flask_login import current_user

from charter.core.access import Permission, requires
from charter.sessions import papers
from charter.sessions.views import certificate

bp = Blueprint("own_papers", __name__, url_prefix="/account/training")


@bp.get("/papers/<int:record_id>.pdf")
@requires(Permission.ACCOUNT_OWN)
def paper(record_id: int) -> Response:
    """The certificate of a training of one's own, from a job tied to one's account."""
    venue_id = papers.venue_of(record_id, current_user.id) or abort(404)
    return certificate(venue_id, record_id)
