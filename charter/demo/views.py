"""The demo's inbox: every mail and every second-factor code, on one clearly marked page.

The page exists only where the whole city is made up (`charter.app` registers it for the demo).
"""

from flask import Blueprint, render_template

from charter.core import mail
from charter.core.access import public
from charter.demo import phones

bp = Blueprint("demo", __name__, url_prefix="/demo")

NEWEST = 50


@bp.get("/inbox")
@public
def inbox() -> str:
    """Read the demo's mail, and the codes its people's phones would show now."""
    return render_template("demo/inbox.html", mails=mail.inbox(NEWEST), codes=phones.codes())
