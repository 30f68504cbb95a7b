"""Appeals against a suspension: the venue asks, somebody of the office who is apart answers."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from charter.certificates import appeals, reading
from charter.core import clock
from charter.core.access import Permission, requires
from charter.core.dateparts import DateParts
from charter.core.db import commit
from charter.core.fields import Choice, Form, TextArea
from charter.venues import service as venues

bp = Blueprint("appeals", __name__)


class AppealForm(Form):
    """What the office got wrong, in the venue's words."""

    words = TextArea(
        "What should we look at again?",
        missing="Write what we should look at again",
        limit=1000,
        description="Say what is not right about the suspension. Name nobody who was harmed.",
    )


class AnswerForm(Form):
    """What somebody of the office decides, and why."""

    outcome = Choice(
        "What do you decide?",
        choices=list(appeals.OUTCOMES.items()),
        missing="Choose what you decide",
    )
    stay_until = DateParts("If upheld: the certificate counts again until", missing=None)
    answer = TextArea(
        "Why?", missing="Write why: the venue will read it", limit=1000,
        description="The venue reads this. Say what happens next and by when.",
    )  # fmt: skip


@bp.route(
    "/venues/<int:venue_id>/certificates/<int:certificate_id>/appeal", methods=["GET", "POST"]
)
@requires(Permission.CERTIFICATE_SAY)
def ask(venue_id: int, certificate_id: int) -> str | AnyResponse:
    """Appeal against a suspension."""
    shown = reading.one(venue_id, certificate_id) or abort(404)
    form = AppealForm()
    if form.validate_on_submit() and form.takes(
        lambda: appeals.ask(venue_id, certificate_id, form.words.data or "", by=current_user.id)
    ):
        commit()
        flash("Sent. Somebody who had no hand in it will answer.")
        return redirect(url_for("certificates.venue", venue_id=venue_id), 303)
    return render_template(
        "certificates/appeal.html", form=form, shown=shown, waits=appeals.open_one(venue_id)
    )


@bp.get("/office/appeals")
@requires(Permission.OFFICE_READ)
def index() -> str:
    """Every appeal that waits for an answer."""
    return render_template("certificates/appeals.html", rows=appeals.waiting(), today=clock.today())


@bp.route("/office/venues/<int:venue_id>/appeals/<int:appeal_id>", methods=["GET", "POST"])
@requires(Permission.CERTIFICATE_PROPOSE)
def answer(venue_id: int, appeal_id: int) -> str | AnyResponse:
    """Answer an appeal, by somebody who had no hand in it."""
    venue = venues.venue(venue_id) or abort(404)
    row = next((each for each in appeals.of_venue(venue_id) if each.id == appeal_id), None)
    if row is None:
        abort(404)
    form = AnswerForm()
    if form.validate_on_submit() and form.takes(
        lambda: appeals.answer(
            venue_id,
            appeal_id,
            form.outcome.data or "",
            form.answer.data or "",
            form.stay_until.data,
            by=current_user.id,
        )
    ):
        commit()
        flash("Answered. The venue is told that something waits for it.")
        return redirect(url_for("certificates.venue", venue_id=venue_id), 303)
    return render_template(
        "certificates/answer.html",
        form=form,
        venue=venue,
        row=row,
        names=appeals.names([row]),
        apart=current_user.id not in appeals.involved(row),
        shown=reading.one(venue_id, row.certificate_id),
    )
