"""Pages of a venue's training: coverage on a day, its people, one person, and the office's look."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.core.access import Permission, requires
from charter.core.clock import today
from charter.core.db import commit
from charter.staff import service as staff
from charter.training import courses, forms, pages, records, sampling, topics
from charter.training.coverage import Cover
from charter.venues import service as venues
from charter.venues.models import Venue

bp = Blueprint("training", __name__)
VENUE = "/venues/<int:venue_id>/training"
Answer = str | Response


def _venue(venue_id: int) -> Venue:
    return venues.venue(venue_id) or abort(404)


@bp.get(VENUE)
@requires(Permission.COVERAGE_READ)
def index(venue_id: int) -> Answer:
    """How many of the team are trained in each course, today or on a past day; no names."""
    form = forms.DayForm()
    return render_template(
        "training/index.html",
        look=pages.look(_venue(venue_id), form.day),
        form=form,
        today=today(),
        covers=list(Cover),
        looks=sampling.looks(venue_id),
    )


@bp.get(f"{VENUE}/people")
@requires(Permission.STAFF_READ)
def people(venue_id: int) -> Answer:
    """Everybody on the list and how they stand with each course, to see whom to book."""
    course, state, after = (request.args.get(key, "") for key in ("course", "state", "after"))
    return render_template(
        "training/people.html",
        found=pages.people(_venue(venue_id), course, state, after),
        courses=[(each.key, each.title) for each in topics.front_of_house()],
        states=[(key, words) for key, (words, _) in pages.STATES.items()],
        course=course,
        state=state,
    )


@bp.get(f"{VENUE}/people/<int:member_id>")
@requires(Permission.STAFF_READ)
def person(venue_id: int, member_id: int) -> Answer:
    """One person: how they stand, and everything they did as recorded here."""
    venue = _venue(venue_id)
    found = pages.person(venue, member_id) or abort(404)
    return render_template("training/person.html", venue=venue, found=found)


@bp.route(f"{VENUE}/records/<int:record_id>/withdraw", methods=["GET", "POST"])
@requires(Permission.STAFF_WRITE, city=True)
def withdraw(venue_id: int, record_id: int) -> Answer:
    """Take a wrong training row back, with a reason."""
    row = records.one(venue_id, record_id) or abort(404)
    back = url_for(".person", venue_id=venue_id, member_id=row.member_id)
    form = forms.WithdrawForm()
    if form.validate_on_submit() and form.takes(
        lambda: records.withdraw(venue_id, record_id, form.because.data or "", by=current_user.id)
    ):
        commit()
        flash("Taken back. It does not count any more.")
        return redirect(back, 303)
    return render_template(
        "training/withdraw.html",
        venue=_venue(venue_id),
        member=staff.member(venue_id, row.member_id),
        row=row,
        course=courses.title(row.course_key),
        form=form,
        back=back,
    )


@bp.route("/office/venues/<int:venue_id>/training-sample", methods=["GET", "POST"])
@requires(Permission.STAFF_SAMPLE)
def sample(venue_id: int) -> Answer:
    """Look at a few names drawn by lot, with the reason on the venue's record."""
    by, form = current_user.id, forms.SampleForm()
    if form.validate_on_submit() and form.takes(
        lambda: sampling.look(venue_id, form.reason.data, by=by)
    ):
        commit()
        return redirect(url_for(".sample", venue_id=venue_id), 303)
    return render_template(
        "training/sample.html",
        venue=_venue(venue_id),
        drawn=sampling.names(venue_id, by=by),
        most=sampling.MOST,
        form=form,
        title_of=courses.title,
    )
