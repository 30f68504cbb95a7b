"""My own training: what I did at every place where I tied my job to my account."""

from flask import Blueprint, render_template
from flask_login import current_user

from charter.core.access import Permission, requires
from charter.training import history

bp = Blueprint("own_training", __name__, url_prefix="/account/training")


@bp.get("")
@requires(Permission.ACCOUNT_OWN)
def index() -> str:
    """What I did, course by course, where, and until when it counts."""
    rows = history.by_course(history.mine(current_user.id))
    return render_template("training/own.html", rows=rows)
