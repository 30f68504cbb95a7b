"""What a venue sees of an audit: what is asked, what was found; and a complaint."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from charter.auditors import complaints, service, work
from charter.auditors.forms import AnswerForm, ComplaintForm, ReplyForm
from charter.auditors.work import Grade
from charter.core import access, clock, files
from charter.core.access import Permission, requires
from charter.core.db import commit, db
from charter.core.errors import Refused
from charter.core.files import StoredFile
from charter.editions import service as editions
from charter.venues import service as venues

bp = Blueprint("audited", __name__)
Answer = str | AnyResponse


@bp.get("/venues/<int:venue_id>/auditor")
@requires(Permission.AUDIT_READ)
def index(venue_id: int) -> Answer:
    """The audits that cover this venue, with questions, findings and complaints."""
    venue = venues.venue(venue_id) or abort(404)
    rows = service.at_venue(venue_id)
    return render_template(
        "auditors/venue.html",
        venue=venue,
        audits=[
            (row, work.questions(row.id, venue_id), work.findings(row.id, venue_id)) for row in rows
        ],
        complaints=complaints.complaints(venue_id),
        today=clock.today(),
        grades={each.value: each.label for each in Grade},
        edition=editions.edition(venue.edition_key) if venue.edition_key else None,
    )


@bp.route("/venues/<int:venue_id>/auditor/questions/<int:question_id>", methods=["GET", "POST"])
@requires(Permission.AUDIT_ANSWER, late=True)
def answer(venue_id: int, question_id: int) -> Answer:
    """Answer an auditor's question, with a file if it helps."""
    venue = venues.venue(venue_id) or abort(404)
    question = work.question(venue_id, question_id) or abort(404)
    form = AnswerForm()
    if form.validate_on_submit():
        # A picture takes seconds to rebuild: that comes before anybody waits for the lock.
        received = None
        upload = request.files.get("file")
        try:
            received = files.receive(upload) if upload and upload.filename else None
        except Refused as refused:
            form.file.errors = [refused.words]
        if not form.file.errors:
            access.enter()
            if form.takes(
                lambda: work.answer(
                    venue_id, question_id, form.words.data or "", received, by=current_user.id
                )
            ):
                commit()
                flash("Sent. The auditor can read it.")
                return redirect(url_for(".index", venue_id=venue_id), 303)
    return render_template("auditors/answer.html", form=form, venue=venue, question=question)


@bp.get("/venues/<int:venue_id>/auditor/questions/<int:question_id>/file")
@requires(Permission.AUDIT_FILE)
def file(venue_id: int, question_id: int) -> Response:
    """The file of an answer: for the venue's people who read audits, the office, the auditor."""
    question = work.question(venue_id, question_id) or abort(404)
    stored = db.session.get(StoredFile, question.file_id) if question.file_id else None
    return files.answer(stored or abort(404))


@bp.route("/venues/<int:venue_id>/auditor/<int:engagement_id>/complaint", methods=["GET", "POST"])
@requires(Permission.AUDIT_ANSWER)
def complain(venue_id: int, engagement_id: int) -> Answer:
    """Complain about an auditor."""
    venue = venues.venue(venue_id) or abort(404)
    row = next((each for each in service.at_venue(venue_id) if each.id == engagement_id), None)
    row = row or abort(404)
    form = ComplaintForm()
    if form.validate_on_submit() and form.takes(
        lambda: complaints.complain(
            venue_id, engagement_id, form.words.data or "", by=current_user.id
        )
    ):
        commit()
        flash("Sent. Somebody who did not engage the auditor will answer.")
        return redirect(url_for(".index", venue_id=venue_id), 303)
    return render_template("auditors/complain.html", form=form, venue=venue, row=row)


@bp.get("/office/complaints")
@requires(Permission.PEOPLE_MANAGE)
def complaints_index() -> Answer:
    """Complaints about auditors, those that wait first."""
    rows = complaints.complaints()
    names = {venue.id: venue for venue in venues.named({row.venue_id for row in rows})}
    return render_template("auditors/complaints.html", rows=rows, names=names, today=clock.today())


@bp.route("/office/venues/<int:venue_id>/complaints/<int:complaint_id>", methods=["GET", "POST"])
@requires(Permission.CERTIFICATE_ISSUE)
def reply(venue_id: int, complaint_id: int) -> Answer:
    """Answer a complaint about an auditor."""
    venue = venues.venue(venue_id) or abort(404)
    rows = complaints.complaints(venue_id)
    row = next((each for each in rows if each.id == complaint_id), None) or abort(404)
    engagement = service.one(row.engagement_id) or abort(404)
    form = ReplyForm()
    if form.validate_on_submit() and form.takes(
        lambda: complaints.answer_complaint(complaint_id, form.words.data or "", by=current_user.id)
    ):
        commit()
        flash("Answered. The venue is told that something waits for it.")
        return redirect(url_for(".complaints_index"), 303)
    return render_template(
        "auditors/reply.html", form=form, venue=venue, row=row, engagement=engagement,
        apart=engagement.granted_by != current_user.id,
    )  # fmt: skip
