"""Pages of other people's courses: a venue hands in, the office says what it counts for."""

from pathlib import Path

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.core import access, files
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.errors import Refused
from charter.core.files import Received
from charter.staff import lists
from charter.staff import service as staff
from charter.training import courses, forms, outside
from charter.training.outside import State
from charter.venues import service as venues

bp = Blueprint("outside", __name__)
VENUE = "/venues/<int:venue_id>/training/outside"
OFFICE = "/office/training/outside"
QUEUE_SHOWN = 100
OFFERED = 300
Answer = str | Response


@bp.get(VENUE)
@requires(Permission.STAFF_READ)
def index(venue_id: int) -> Answer:
    """What this venue handed in, and what became of it."""
    venue = venues.venue(venue_id) or abort(404)
    rows = outside.of_venue(venue_id)
    people = staff.members(venue_id, {each.member_id for row in rows for each in row.people})
    return render_template(
        "outside/index.html",
        venue=venue,
        rows=rows,
        names={each.id: each.name for each in people if each.name},
        counted=outside.counted(venue_id),
        title_of=courses.title,
    )


@bp.route(f"{VENUE}/new", methods=["GET", "POST"])
@requires(Permission.STAFF_WRITE, city=True, late=True)
def new(venue_id: int) -> Answer:
    """Hand in that people did somebody else's course, with a proof."""
    form, there = forms.OutsideForm(), staff.present(venue_id)
    offered, after = lists.some(there, OFFERED, request.args.get("after", ""))
    form.offer(offered)
    proof = _receive(form) if form.validate_on_submit() else None
    if proof is not None:
        access.enter()
        said, once, by = form.said, form.once.data, current_user.id
        if form.takes(lambda: outside.hand_in(venue_id, said, proof, by=by, once=once)):
            row = outside.sent(once)
            commit()
            flash(_SAID[State.COUNTED if row and row.state == State.COUNTED else State.WAITING])
            return redirect(url_for(".index", venue_id=venue_id), 303)
    return render_template(
        "outside/new.html",
        venue=venues.venue(venue_id) or abort(404),
        form=form,
        total=len(there),
        after=after,
    )


_SAID = {
    State.COUNTED: "Thank you. It counts from now on.",
    State.WAITING: "Thank you. It counts as soon as the night office has looked at it.",
}


def _receive(form: forms.OutsideForm) -> Received | None:
    """Take the proof in; a refused file is said beside it."""
    try:
        return files.receive(form.proof.data, field="proof")
    except Refused as refused:
        form.refuse(refused)
        return None


@bp.get(f"{VENUE}/<int:outside_id>/proof")
@requires(Permission.STAFF_READ)
def file(venue_id: int, outside_id: int) -> Response:
    """The proof of one of this venue's hand-ins."""
    row = outside.one(venue_id, outside_id) or abort(404)
    return files.answer(row.file)


@bp.get(OFFICE)
@requires(Permission.TRAINING_MAP)
def queue() -> Answer:
    """What waits for the office, the oldest first, and the courses it has decided about."""
    return render_template(
        "outside/queue.html",
        waiting=outside.queue(QUEUE_SHOWN),
        total=outside.waiting(),
        known=outside.known(),
        title_of=courses.title,
    )


@bp.route(f"{OFFICE}/<int:outside_id>", methods=["GET", "POST"])
@requires(Permission.TRAINING_MAP)
def decide(outside_id: int) -> Answer:
    """Look at one hand-in and say which of our courses the course counts for, or return it."""
    form = forms.DecisionForm()
    by, keys, words = current_user.id, form.keys.data or [], form.words.data or ""
    verbs = {
        "count": lambda: outside.decide(outside_id, keys, by=by),
        "none": lambda: outside.decide_for_none(outside_id, words, by=by),
        "return": lambda: outside.send_back(outside_id, words, by=by),
    }
    decision = request.form.get("decision", "")
    if form.validate_on_submit() and form.takes(verbs.get(decision, _refuse_nothing)):
        commit()
        flash(_DECIDED[decision])
        return redirect(url_for(".queue"), 303)
    found = outside.asked(outside_id) or abort(404)
    return render_template(
        "outside/decide.html",
        found=found,
        form=form,
        title_of=courses.title,
        more=outside.waiting_of(found.row.course_id) - 1,
    )


_DECIDED = {
    "count": "Decided. It counts, now and whenever it is handed in again.",
    "none": "Decided. The venue is told that it counts for nothing.",
    "return": "Returned. The venue is told.",
}


def _refuse_nothing() -> None:
    raise Refused("Choose what to do with it.")


@bp.get(f"{OFFICE}/<int:outside_id>/proof")
@requires(Permission.TRAINING_MAP)
def office_file(outside_id: int) -> Response:
    """The proof of a hand-in, for whoever decides about it."""
    found = outside.asked(outside_id) or abort(404)
    answer = files.answer(found.row.file)
    # What the venue called its file may be somebody's name.
    how = answer.headers["Content-Disposition"].partition(";")[0]
    name = f"proof-{outside_id}{Path(found.row.file.shown_name).suffix}"
    answer.headers.set("Content-Disposition", how, filename=name)
    return answer


@bp.route(f"{OFFICE}/courses/<int:course_id>", methods=["GET", "POST"])
@requires(Permission.TRAINING_MAP)
def remap(course_id: int) -> Answer:
    """Change what somebody else's course counts for from now on."""
    course = outside.decided(course_id) or abort(404)
    form = forms.RemapForm(keys=course.counts_for, seen=outside.version(course))
    keys, seen, by = form.keys.data or [], form.seen.data or "", current_user.id
    if form.validate_on_submit() and form.takes(
        lambda: outside.remap(course_id, keys, seen=seen, by=by)
    ):
        commit()
        flash("Saved. It counts for what is handed in from now on.")
        return redirect(url_for(".queue"), 303)
    course = outside.decided(course_id) or abort(404)
    return render_template("outside/remap.html", course=course, form=form)
