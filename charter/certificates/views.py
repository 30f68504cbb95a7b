"""A venue's certificates: see and download; and, for the office, propose, issue, withdraw."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from charter.certificates import service
from charter.core import clock
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.fields import Form, TextArea
from charter.editions import service as editions
from charter.venues import service as venues

bp = Blueprint("certificates", __name__)

OFFICE = "/office/venues/<int:venue_id>/certificates"


class ConfirmForm(Form):
    """A button that asks once."""


class WithdrawForm(Form):
    """Why a certificate is taken back, in words the public page shows."""

    because = TextArea(
        "Why is it withdrawn?",
        missing="Write why, in words that anyone may read",
        limit=300,
        description="The public page shows these words. Name no person.",
    )


def _case(venue_id: int) -> service.Case:
    if venues.venue(venue_id) is None:
        abort(404)
    return service.case(venue_id)


@bp.get("/venues/<int:venue_id>/certificates")
@requires(Permission.CERTIFICATE_READ)
def venue(venue_id: int) -> str:
    """The venue's certificate, what it says today, and earlier ones."""
    return render_template("certificates/venue.html", case=_case(venue_id))


@bp.get("/venues/<int:venue_id>/certificates/<int:certificate_id>.pdf")
@requires(Permission.CERTIFICATE_READ)
def pdf(venue_id: int, certificate_id: int) -> Response:
    """The issued file, byte for byte."""
    shown = service.one(venue_id, certificate_id)
    if shown is None:
        abort(404)
    name = f"certificate-{shown.certificate.serial}.pdf"
    return Response(
        shown.certificate.pdf,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@bp.route(f"{OFFICE}/propose", methods=["GET", "POST"])
@requires(Permission.CERTIFICATE_PROPOSE)
def propose(venue_id: int) -> str | AnyResponse:
    """Propose a certificate, having looked at what it will say."""
    form, case = ConfirmForm(), _case(venue_id)
    if form.validate_on_submit() and form.takes(
        lambda: service.propose(venue_id, by=current_user.id, web_session=current_user.session_id)
    ):
        commit()
        flash("Proposed. An administrator who is not you can now issue it.")
        return redirect(url_for(".venue", venue_id=venue_id), 303)
    return render_template("certificates/propose.html", form=form, case=case)


@bp.route(f"{OFFICE}/<int:proposal_id>/issue", methods=["GET", "POST"])
@requires(Permission.CERTIFICATE_ISSUE, city=True)
def issue(venue_id: int, proposal_id: int) -> str | AnyResponse:
    """Issue what somebody else proposed."""
    form = ConfirmForm()
    if form.validate_on_submit() and form.takes(
        lambda: service.issue(
            venue_id, proposal_id, by=current_user.id, web_session=current_user.session_id
        )
    ):
        commit()
        flash("Issued. The certificate can be downloaded, and its page is open to everyone.")
        return redirect(url_for(".venue", venue_id=venue_id), 303)
    case = _case(venue_id)
    return render_template(
        "certificates/issue.html",
        form=form,
        case=case,
        edition=editions.edition(case.venue.edition_key) if case.venue.edition_key else None,
        until=service.last_day(clock.today()),
    )


@bp.post(f"{OFFICE}/<int:proposal_id>/drop")
@requires(Permission.CERTIFICATE_PROPOSE)
def drop(venue_id: int, proposal_id: int) -> AnyResponse:
    """Take a proposal back, or turn it down."""
    form = ConfirmForm()
    if form.validate_on_submit() and form.takes(
        lambda: service.drop(venue_id, proposal_id, by=current_user.id)
    ):
        commit()
        flash("The proposal is gone. Nothing was issued.")
    return redirect(url_for(".venue", venue_id=venue_id), 303)


@bp.route(f"{OFFICE}/<int:certificate_id>/withdraw", methods=["GET", "POST"])
@requires(Permission.CERTIFICATE_WITHDRAW)
def withdraw(venue_id: int, certificate_id: int) -> str | AnyResponse:
    """Take a certificate back for good."""
    shown = service.one(venue_id, certificate_id)
    if shown is None:
        abort(404)
    form = WithdrawForm()
    if form.validate_on_submit() and form.takes(
        lambda: service.withdraw(
            venue_id, certificate_id, by=current_user.id, because=form.because.data or ""
        )
    ):
        commit()
        flash("Withdrawn. Its public page says so now.")
        return redirect(url_for(".venue", venue_id=venue_id), 303)
    return render_template("certificates/withdraw.html", form=form, shown=shown)
