"""What other sites and systems read: the badge, the credential, its key, and the lists of states.

All of it is the same for everybody, kept by caches for five minutes, and asks for nothing back: no
cookie, no script, nothing that tells who looked.
"""

from flask import Blueprint, Response, abort, jsonify, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from charter import config
from charter.certificates import credential, marks, picture, signing
from charter.core import clock
from charter.core.access import public
from charter.core.errors import Refused
from charter.core.headers import cacheable

bp = Blueprint("badge", __name__)
SECONDS = credential.LIST_SECONDS


def _open(response: Response) -> Response:
    """Let pages of other sites read or show an answer."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@bp.get("/badge/<code>")
@public
def page(code: str) -> AnyResponse:
    """Where a sticker's square leads: to the page of the venue's newest certificate."""
    shown = marks.by_code(code) or abort(404)
    return redirect(url_for("verify.verify", code=shown.code), 303)


@bp.get("/badge/<code>.svg")
@public
@cacheable(SECONDS)
def svg(code: str) -> Response:
    """The badge as it is today, to stand on a venue's own website."""
    shown = marks.by_code(code) or abort(404)
    facts = shown.certificate.facts
    drawn = picture.draw(
        shown.verdict,
        charter=facts.get("charter") or config.current().city.charter_name,
        venue=facts.get("venue_name", ""),
        on=clock.today(),
    )
    answer = Response(drawn, mimetype="image/svg+xml")
    # Opened by itself, too, it may load and run nothing at all.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return _open(answer)


@bp.get("/badge/<code>.jwt")
@public
@cacheable(SECONDS)
def jwt(code: str) -> Response:
    """The venue's newest certificate as an Open Badges 3.0 credential."""
    shown = marks.by_code(code) or abort(404)
    badge = marks.badge(shown.venue.id) or abort(404)
    try:
        signed = credential.of_certificate(shown, badge)
    except Refused:
        abort(503)
    return _open(Response(signed, mimetype=credential.MEDIA_TYPE))


@bp.get("/status/<purpose>/<int:number>")
@public
@cacheable(SECONDS)
def status_list(purpose: str, number: int) -> Response:
    """A list of the states of many certificates, a bit for each (W3C Bitstring Status List)."""
    try:
        signed = credential.status_list(purpose, number) or abort(404)
    except Refused:
        abort(503)
    return _open(Response(signed, mimetype=credential.MEDIA_TYPE))


@bp.get("/issuer")
@public
@cacheable(SECONDS)
def issuer() -> Response:
    """Who issues (Open Badges profile)."""
    return _open(jsonify({"@context": credential.CONTEXTS, **credential.profile()}))


@bp.get("/issuer/keys/<int:key_id>")
@public
@cacheable(SECONDS)
def key(key_id: int) -> Response:
    """The public half of a key (JSON Web Key); gone, once it is withdrawn."""
    row = signing.one(key_id) or abort(404)
    if row.withdrawn_at is not None:
        abort(410)
    return _open(jsonify(credential.public_key(row)))
