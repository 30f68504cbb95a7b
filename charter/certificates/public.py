"""Public pages: the verify page behind the QR code, the check of a PDF, and the register."""

import csv
import io
import json

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from charter.certificates import checking, inspecting, reading, rules, signing
from charter.certificates import register as registry
from charter.core.access import public
from charter.core.headers import cacheable
from charter.sessions import papers

bp = Blueprint("verify", __name__)

MOST_BYTES = 5 * 1024 * 1024
REGISTER_SECONDS = 300


@bp.get("/verify/<code>")
@public
def verify(code: str) -> str | AnyResponse:
    """What one certificate says today: venue first, state in a word, dates, what it proves.

    A certificate of attendance has its page at the same kind of address.
    """
    shown = reading.by_code(code)
    if shown is None:
        return _attendance(code)
    if code != shown.code:
        return redirect(url_for(".verify", code=shown.code), 301)
    row = shown.certificate
    history = reading.history(row.id) if row.turns else []
    return render_template(
        "verify/verify.html",
        shown=shown,
        facts=row.facts,
        history=history,
        key=signing.one(row.signing_key_id),
    )


def _attendance(code: str) -> str | AnyResponse:
    paper = papers.by_code(code) or abort(404)
    if code != paper.code:
        return redirect(url_for(".verify", code=paper.code), 301)
    return render_template("verify/attendance.html", paper=paper)


@bp.get("/verify")
@public
def check() -> str | AnyResponse:
    """Where to type a code, or to hand in a PDF to see whether it is the one issued."""
    typed = request.args.get("code", "")[:100]
    code = rules.normalise(typed) if typed else None
    if code:
        return redirect(url_for(".verify", code=rules.grouped(code)), 303)
    return _check_page(typed=typed)


@bp.post("/verify")
@public(unlocked=True)
def check_file() -> str | tuple[str, int]:
    """Say whether a PDF is one that was issued, unchanged. Changes and keeps nothing.

    It needs no form token: there is nothing here that another site could make a visitor do.
    """
    request.max_content_length = MOST_BYTES
    upload = request.files.get("file")
    content = upload.read(MOST_BYTES + 1) if upload else b""
    if not content:
        return _check_page(result="empty"), 400
    try:
        checked = checking.check(content)
    except inspecting.Busy:
        return _check_page(result="busy"), 503
    return _check_page(result=checked.answer.value, checked=checked)


def _check_page(
    *, typed: str = "", result: str = "", checked: checking.Checked | None = None
) -> str:
    return render_template("verify/check.html", typed=typed, result=result, checked=checked)


@bp.get("/register")
@public
def register() -> str:
    """The venues that signed, and their state: never a count of anything that happened there."""
    find = request.args.get("find", "")[:80]
    found = registry.page(find=find, after=request.args.get("after", "")[:200])
    return render_template("verify/register.html", page_of=found, find=find, kinds=registry.KINDS)


@bp.get("/register.csv")
@public
@cacheable(REGISTER_SECONDS)
def register_csv() -> Response:
    """The register as a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(registry.COLUMNS)
    writer.writerows([registry.inert(value) for value in row] for row in registry.rows())
    return Response(
        "\ufeff" + out.getvalue(),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="register.csv"'},
    )


@bp.get("/register.geojson")
@public
@cacheable(REGISTER_SECONDS)
def register_geojson() -> Response:
    """The register as points for a map."""
    body = {"type": "FeatureCollection", "features": list(registry.features())}
    return current_app.response_class(json.dumps(body), mimetype="application/geo+json")


WITHOUT_FORM_TOKEN = (check_file,)
