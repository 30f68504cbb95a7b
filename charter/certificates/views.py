"""A venue's certificates: see, download, add a sentence; the office proposes, issues, withdraws."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from charter import config
from charter.certificates import (
    appeals,
    marks,
    picture,
    reading,
    remarks,
    service,
    sticker,
    withdrawing,
)
from charter.core import clock
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.fields import Form, TextArea, TextLine
from charter.editions import service as editions
from charter.venues import service as venues

bp = Blueprint("certificates", __name__)

OFFICE = "/office/venues/<int:venue_id>/certificates"


class ConfirmForm(Form):
    """A button that asks once."""


class ReasonForm(Form):
    """Why a certificate should be withdrawn, in words the public page shows."""

    because = TextArea(
        "Why should it be withdrawn?",
        missing="Write why, in words that anyone may read",
        limit=300,
        description="The public page will show these words. Name no person.",
    )


class RemarkForm(Form):
    """The venue's own sentence on its certificate's page."""

    words = TextLine(
        "Your sentence",
        limit=remarks.MOST_SIGNS,
        description="Anyone with the code reads it. Name no person. Leave it empty to remove it.",
    )


class TakeAwayForm(Form):
    """Why the office takes a venue's sentence off the page."""

    because = TextArea(
        "Why is it taken away?",
        missing="Write why: the venue will read it",
        limit=300,
        description="Only the venue and the office read this.",
    )


def _case(venue_id: int) -> service.Case:
    if venues.venue(venue_id) is None:
        abort(404)
    return service.case(venue_id)


@bp.get("/venues/<int:venue_id>/certificates")
@requires(Permission.CERTIFICATE_READ)
def venue(venue_id: int) -> str:
    """The venue's certificate, what it says today, and earlier ones."""
    case = _case(venue_id)
    newest = case.shown.certificate.id if case.shown else None
    turns = case.shown.certificate.turns if case.shown else 0
    appealed = appeals.of_venue(venue_id)[:5]
    return render_template(
        "certificates/venue.html",
        case=case,
        history=reading.history(newest) if newest and turns else [],
        remark=reading.remark(newest) if newest else None,
        appealed=appealed,
        appeal=next((each for each in appealed if each.decided_at is None), None),
    )


@bp.get("/venues/<int:venue_id>/certificates/<int:certificate_id>.pdf")
@requires(Permission.CERTIFICATE_READ)
def pdf(venue_id: int, certificate_id: int) -> Response:
    """The issued file, byte for byte."""
    shown = reading.one(venue_id, certificate_id)
    if shown is None:
        abort(404)
    name = f"certificate-{shown.certificate.serial}.pdf"
    return Response(
        shown.certificate.pdf,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@bp.get("/venues/<int:venue_id>/certificates/badge")
@requires(Permission.CERTIFICATE_READ)
def badge(venue_id: int) -> str:
    """The window sticker, the badge for the venue's website, and the credential."""
    venue = venues.venue(venue_id) or abort(404)
    code = marks.badge(venue_id) or abort(404)
    return render_template(
        "certificates/badge.html",
        venue=venue,
        code=code,
        home=config.current().public_url,
        size=(picture.WIDTH, picture.HEIGHT),
    )


@bp.get("/venues/<int:venue_id>/certificates/sticker.pdf")
@requires(Permission.CERTIFICATE_READ)
def sticker_pdf(venue_id: int) -> Response:
    """Four window stickers on a sheet."""
    venue = venues.venue(venue_id) or abort(404)
    code = marks.badge(venue_id) or abort(404)
    settings = config.current()
    content = sticker.draw(
        venue.name,
        charter=settings.city.charter_name,
        office=settings.city.office_name,
        address=f"{settings.public_url}/badge/{code}",
        colour=settings.city.colour,
        made_on=clock.today(),
    )
    return Response(
        content,
        mimetype="application/pdf",
        headers={"Content-Disposition": 'attachment; filename="window-sticker.pdf"'},
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
@requires(Permission.CERTIFICATE_PROPOSE)
def withdraw(venue_id: int, certificate_id: int) -> str | AnyResponse:
    """Propose to take a certificate back for good; somebody else decides."""
    shown = reading.one(venue_id, certificate_id) or abort(404)
    form = ReasonForm()
    if form.validate_on_submit() and form.takes(
        lambda: withdrawing.propose(
            venue_id,
            certificate_id,
            by=current_user.id,
            web_session=current_user.session_id,
            because=form.because.data or "",
        )
    ):
        commit()
        flash("Proposed. An administrator who is not you can now withdraw it.")
        return redirect(url_for(".venue", venue_id=venue_id), 303)
    return render_template("certificates/withdraw.html", form=form, shown=shown)


@bp.route(f"{OFFICE}/<int:withdrawal_id>/take-back", methods=["GET", "POST"])
@requires(Permission.CERTIFICATE_WITHDRAW)
def take_back(venue_id: int, withdrawal_id: int) -> str | AnyResponse:
    """Withdraw a certificate that somebody else proposed to withdraw."""
    form = ConfirmForm()
    if form.validate_on_submit() and form.takes(
        lambda: withdrawing.withdraw(
            venue_id, withdrawal_id, by=current_user.id, web_session=current_user.session_id
        )
    ):
        commit()
        flash("Withdrawn. Its public page says so now.")
        return redirect(url_for(".venue", venue_id=venue_id), 303)
    case = _case(venue_id)
    if case.withdrawal is None or case.withdrawal.id != withdrawal_id:
        if not form.is_submitted():
            abort(404)
        return redirect(url_for(".venue", venue_id=venue_id), 303)
    shown = reading.one(venue_id, case.withdrawal.certificate_id or 0)
    return render_template("certificates/take_back.html", form=form, case=case, shown=shown)


@bp.route(
    "/venues/<int:venue_id>/certificates/<int:certificate_id>/sentence", methods=["GET", "POST"]
)
@requires(Permission.CERTIFICATE_SAY)
def say(venue_id: int, certificate_id: int) -> str | AnyResponse:
    """The venue adds one sentence to its certificate's page, changes it, or takes it away."""
    shown = reading.one(venue_id, certificate_id) or abort(404)
    remark = reading.remark(certificate_id)
    form = RemarkForm(words=remark.words if remark and remark.ended_at is None else "")
    if form.validate_on_submit() and form.takes(
        lambda: remarks.say(venue_id, certificate_id, form.words.data or "", by=current_user.id)
    ):
        commit()
        flash("Saved. The public page shows it." if form.words.data else "The sentence is gone.")
        return redirect(url_for(".venue", venue_id=venue_id), 303)
    return render_template("certificates/say.html", form=form, shown=shown, remark=remark)


@bp.route(f"{OFFICE}/<int:certificate_id>/sentence/take-away", methods=["GET", "POST"])
@requires(Permission.CERTIFICATE_PROPOSE)
def take_away(venue_id: int, certificate_id: int) -> str | AnyResponse:
    """The office takes the venue's sentence off the page, and says why."""
    shown = reading.one(venue_id, certificate_id) or abort(404)
    remark = reading.remark(certificate_id)
    form = TakeAwayForm()
    if form.validate_on_submit() and form.takes(
        lambda: remarks.take_away(
            venue_id, certificate_id, by=current_user.id, because=form.because.data or ""
        )
    ):
        commit()
        flash("Taken away. The venue can read why.")
        return redirect(url_for(".venue", venue_id=venue_id), 303)
    if remark is None or remark.ended_at is not None:
        abort(404)
    return render_template("certificates/take_away.html", form=form, shown=shown, remark=remark)
