"""Reports to download: a venue's evidence, the pack with its files, the report of an audit."""

from datetime import date, timedelta
from typing import cast

from flask import (
    Blueprint,
    Response,
    abort,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from charter.accounts.models import User
from charter.auditors import annual, evidence, outcome, pack, sections, service
from charter.core import clock
from charter.core.access import Permission, requires
from charter.core.dateparts import DateParts
from charter.core.fields import QueryForm
from charter.core.paper import handing
from charter.venues import service as venues

bp = Blueprint("reports", __name__)
Answer = str | AnyResponse | Response
FIRST_YEAR = 2020


class DayForm(QueryForm):
    """Of the end of which day."""

    on = DateParts("Of the end of which day?")


def _yesterday() -> date:
    return clock.today() - timedelta(days=1)


@bp.get("/venues/<int:venue_id>/evidence")
@requires(Permission.EVIDENCE_REPORT)
def index(venue_id: int) -> Answer:
    """Choose the day of a report; a day that is over, so that it stays the same for good."""
    venue = venues.venue(venue_id) or abort(404)
    form = DayForm(on=_yesterday())
    if "on-day" in request.args and form.validate():
        on = form.on.data
        if on is None or on > _yesterday():
            form.on.errors = ["Choose a day that is over"]
        elif request.args.get("what") == "pack":
            return redirect(url_for(".pack_zip", venue_id=venue_id, on=on.isoformat()), 303)
        else:
            return redirect(url_for(".evidence_pdf", venue_id=venue_id, on=on.isoformat()), 303)
    return render_template("auditors/evidence.html", form=form, venue=venue)


def _asked(venue_id: int, on: str) -> sections.Asked:
    try:
        day = date.fromisoformat(on)
    except ValueError:
        abort(404)
    if day > _yesterday() or day.year < 2000:
        abort(404)
    return sections.asked(venues.venue(venue_id) or abort(404), day)


@bp.get("/venues/<int:venue_id>/evidence/<on>.pdf")
@requires(Permission.EVIDENCE_REPORT)
def evidence_pdf(venue_id: int, on: str) -> Answer:
    """The evidence report of a venue at the end of a day."""
    about = _asked(venue_id, on)
    return handing.download(f"evidence-{on}.pdf", lambda file: evidence.draw(file, about))


@bp.get("/venues/<int:venue_id>/evidence/<on>.zip")
@requires(Permission.EVIDENCE_REPORT)
def pack_zip(venue_id: int, on: str) -> Answer:
    """The report with the files of its proofs and their hashes."""
    about = _asked(venue_id, on)
    return Response(
        stream_with_context(pack.parts(about)),
        mimetype="application/zip",
        headers={"Content-Disposition": f'attachment; filename="evidence-{on}.zip"'},
    )


@bp.get("/office/engagements/<int:engagement_id>.pdf")
@requires(Permission.OFFICE_READ)
def engagement_pdf(engagement_id: int) -> Answer:
    """The report of an audit, for the office."""
    row = service.one(engagement_id) or abort(404)
    return _outcome(row.id)


@bp.get("/audit/<int:engagement_id>.pdf")
@requires(Permission.AUDIT_HOME)
def own_pdf(engagement_id: int) -> Answer:
    """The report of an audit, for the auditor while it runs."""
    mine = [row.id for row in service.of_auditor(cast(User, current_user))]
    if engagement_id not in mine:
        abort(404)
    return _outcome(engagement_id)


def _outcome(engagement_id: int) -> Answer:
    row = service.one(engagement_id) or abort(404)
    today = clock.today()
    return handing.download(f"audit-{row.id}.pdf", lambda file: outcome.draw(file, row, today))


@bp.get("/office/annual/<int:year>.pdf")
@requires(Permission.OFFICE_READ)
def annual_pdf(year: int) -> Answer:
    """The report of a year that has begun."""
    if not FIRST_YEAR <= year <= _yesterday().year:
        abort(404)
    return handing.download(f"charter-{year}.pdf", lambda file: annual.draw_year(file, year))


@bp.get("/office/register.pdf")
@requires(Permission.OFFICE_READ)
def register_pdf() -> Answer:
    """The register of certificates, as it reads today."""
    return handing.download("certificates.pdf", annual.draw_register)
