"""Where an auditor works: their audits, a venue's case, questions, findings."""

from collections.abc import Callable
from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from charter.accounts.models import User
from charter.auditors import casework, service, work
from charter.auditors.casework import Case
from charter.auditors.forms import CheckForm, FindingForm, QuestionForm, SightForm
from charter.auditors.models import Engagement
from charter.auditors.work import Found, Grade
from charter.core import clock
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.fields import Form, Menu

bp = Blueprint("auditors", __name__)
Answer = str | AnyResponse
AT = "/audit/<int:engagement_id>/venues/<int:venue_id>"


def _mine(engagement_id: int, venue_id: int) -> Engagement:
    return service.running(engagement_id, venue_id, cast(User, current_user)) or abort(404)


@bp.get("/audit")
@requires(Permission.AUDIT_HOME)
def home() -> Answer:
    """The audits of the person here that run today, with their venues."""
    rows = service.of_auditor(cast(User, current_user))
    return render_template(
        "auditors/home.html", audits=[(row, casework.progress(row)) for row in rows]
    )


@bp.get(AT)
@requires(Permission.AUDIT_WORK)
def case(engagement_id: int, venue_id: int) -> Answer:
    """A venue: what it claims, what the office accepted, what the auditor saw."""
    row = _mine(engagement_id, venue_id)
    return render_template(
        "auditors/case.html",
        row=row,
        case=casework.case(row, venue_id) or abort(404),
        questions=work.questions(engagement_id, venue_id),
        findings=work.findings(engagement_id, venue_id),
        ways=work.WAYS,
        grades={each.value: each.label for each in Grade},
    )


def _asked(form_field: Menu, found: Case, first: str) -> None:
    form_field.choices = [("", first)] + [
        (each.assessed.key, f"{each.assessed.requirement.number} {each.assessed.requirement.task}")
        for _, rows in found.commitments
        for each in rows
    ]


def _page(template: str, form: Form, row: Engagement, found: Case, **more: object) -> str:
    return render_template(template, form=form, row=row, venue=found.venue, **more)


def _done(form: Form, verb: Callable[[], object], words: str, back: str) -> AnyResponse | None:
    if form.validate_on_submit() and form.takes(verb):
        commit()
        flash(words)
        return redirect(back, 303)
    return None


@bp.route(f"{AT}/seen/<int:evidence_id>", methods=["GET", "POST"])
@requires(Permission.AUDIT_WORK)
def see(engagement_id: int, venue_id: int, evidence_id: int) -> Answer:
    """Mark a proof as seen, with the day and how."""
    row = _mine(engagement_id, venue_id)
    found = casework.case(row, venue_id) or abort(404)
    compared = next(
        (
            each
            for _, rows in found.commitments
            for each in rows
            if each.proof is not None and each.proof.id == evidence_id
        ),
        None,
    ) or abort(404)
    form = SightForm(seen_on=clock.today())
    back = url_for(".case", engagement_id=engagement_id, venue_id=venue_id)
    done = _done(
        form,
        lambda: work.see(
            row, venue_id, evidence_id, form.how.data or "", form.seen_on.data or clock.today(),
            form.note.data or "", by=current_user.id,
        ),
        "Marked as seen.",
        back,
    )  # fmt: skip
    return done or _page("auditors/see.html", form, row, found, compared=compared)


@bp.route(f"{AT}/ask", methods=["GET", "POST"])
@requires(Permission.AUDIT_WORK)
def ask(engagement_id: int, venue_id: int) -> Answer:
    """Ask the venue something, on record."""
    row = _mine(engagement_id, venue_id)
    found = casework.case(row, venue_id) or abort(404)
    form = QuestionForm()
    _asked(form.requirement, found, "The venue as a whole")
    form.requirement.data = form.requirement.data or request.args.get("about") or None
    back = url_for(".case", engagement_id=engagement_id, venue_id=venue_id)
    done = _done(
        form,
        lambda: work.ask(
            row, venue_id, form.requirement.data or "", form.words.data or "", by=current_user.id
        ),
        "Asked. The venue is told by mail in the night.",
        back,
    )
    return done or _page("auditors/ask.html", form, row, found)


@bp.route(f"{AT}/findings/new", methods=["GET", "POST"])
@requires(Permission.AUDIT_WORK)
def find(engagement_id: int, venue_id: int) -> Answer:
    """Write a finding down."""
    row = _mine(engagement_id, venue_id)
    found = casework.case(row, venue_id) or abort(404)
    form = FindingForm()
    _asked(form.requirement, found, "Choose a requirement")
    form.requirement.data = form.requirement.data or request.args.get("about") or None
    back = url_for(".case", engagement_id=engagement_id, venue_id=venue_id)

    def write() -> object:
        finding = Found(
            requirement_key=form.requirement.data or "",
            grade=Grade(form.grade.data),
            words=form.words.data or "",
            action=form.action.data or "",
            owner=form.owner.data or "",
            due_on=form.due_on.data,
        )
        return work.find(row, venue_id, finding, by=current_user.id)

    done = _done(form, write, "Written down.", back)
    return done or _page("auditors/find.html", form, row, found)


@bp.route(f"{AT}/findings/<int:number>", methods=["GET", "POST"])
@requires(Permission.AUDIT_WORK)
def check(engagement_id: int, venue_id: int, number: int) -> Answer:
    """Say whether what was done about a finding worked."""
    row = _mine(engagement_id, venue_id)
    found = casework.case(row, venue_id) or abort(404)
    rows = work.findings(engagement_id, venue_id)
    finding = next((each for each in rows if each.number == number), None) or abort(404)
    form = CheckForm()
    back = url_for(".case", engagement_id=engagement_id, venue_id=venue_id)
    done = _done(
        form,
        lambda: work.check(
            row, venue_id, number, bool(form.works.data), form.words.data or "", by=current_user.id
        ),
        "Checked.",
        back,
    )
    return done or _page(
        "auditors/check.html", form, row, found, finding=finding, grade=Grade(finding.grade)
    )
