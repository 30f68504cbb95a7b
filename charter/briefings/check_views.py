"""Pages of spot checks, the venue's own and the office's."""

from datetime import date
from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.briefings import checks
from charter.briefings.checks import By
from charter.briefings.compare import compared
from charter.briefings.forms import CheckForm
from charter.briefings.questions import questions
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.venues import service as venues
from charter.venues.models import Venue

bp = Blueprint("checks", __name__, url_prefix="")
Answer = str | Response


@bp.get("/venues/<int:venue_id>/checks")
@requires(Permission.COVERAGE_READ)
def index(venue_id: int) -> Answer:
    """What the venue says, what it found itself and what the office found, side by side."""
    venue = _venue(venue_id)
    return render_template("checks/index.html", venue=venue, found=compared(venue))


@bp.route("/venues/<int:venue_id>/checks/new", methods=["GET", "POST"])
@requires(Permission.CHECK_WRITE)
def new(venue_id: int) -> Answer:
    """The venue notes its own check."""
    return _noted(venue_id, CheckForm(by_office=False))


@bp.route("/office/venues/<int:venue_id>/checks/new", methods=["GET", "POST"])
@requires(Permission.CHECK_OFFICE)
def office_new(venue_id: int) -> Answer:
    """The office notes what it found on a visit."""
    return _noted(venue_id, CheckForm(by_office=True))


def _noted(venue_id: int, form: CheckForm) -> Answer:
    """Keep a check, or show its form with one more row, or again with what is wrong."""
    if form.wants_a_row:
        form.add_row()
    elif form.validate_on_submit() and form.takes(
        lambda: checks.note_check(
            venue_id,
            By(form.kind.data) if form.kind else By.SELF,
            cast(date, form.done_on.data),
            form.answers,
            form.note.data or "",
            by=current_user.id,
            once=form.once.data,
        )
    ):
        commit()
        flash("Saved")
        return redirect(url_for(".index", venue_id=venue_id), 303)
    return render_template(
        "checks/new.html", venue=_venue(venue_id), form=form, questions=questions()
    )


def _venue(venue_id: int) -> Venue:
    return venues.venue(venue_id) or abort(404)
