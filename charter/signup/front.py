"""Public pages to read: start, the charter in plain words, privacy, accessibility."""

import tomllib
from functools import cache
from typing import Any

from flask import Blueprint, abort, render_template
from werkzeug.wrappers import Response

from charter import config
from charter.core import retention
from charter.core.access import public
from charter.editions import service as editions

bp = Blueprint("front", __name__)
Answer = str | Response
STATEMENT = config.ROOT / "seeds" / "accessibility.toml"
AUDIENCES = {
    "everyone": "Your privacy when you look around",
    "venues": "Privacy for people with an account at a venue",
    "people": "Privacy for people on a venue’s staff list",
    "signers": "Privacy for people who sign the charter",
    "staff": "Privacy for the office and auditors",
}


@bp.route("/")
@public
def start() -> Answer:
    """What this is, and where to go."""
    return render_template("front/start.html", edition=editions.current())


@bp.route("/charter")
@public
def charter() -> Answer:
    """The commitments in plain words."""
    return render_template("front/charter.html", edition=editions.current())


@bp.route("/privacy/<audience>")
@public
def privacy(audience: str) -> Answer:
    """Who holds what about whom, why and how long; one page for each audience."""
    if audience not in AUDIENCES:
        abort(404)
    return render_template(
        "front/privacy.html", audience=audience, audiences=AUDIENCES, kept=retention
    )


@bp.route("/proof")
@public
def proof() -> Answer:
    """What the records and their seals prove, and what they do not."""
    return render_template("front/proof.html")


@bp.route("/accessibility")
@public
def accessibility() -> Answer:
    """How usable this is, what is known to fail, and how it was tested."""
    return render_template("front/accessibility.html", statement=statement())


@cache
def statement() -> dict[str, Any]:
    """The accessibility statement's facts, from their seed file."""
    return tomllib.loads(STATEMENT.read_text("utf-8"))
