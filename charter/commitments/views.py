"""The champion's pages: home, a commitment, a requirement, and everything that is sent from it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.accounts import service as accounts
from charter.commitments import forms, pages
from charter.core import access, files
from charter.core.access import GRANTS, Permission, requires
from charter.core.db import commit
from charter.core.errors import Refused
from charter.core.fields import Form
from charter.core.files import Received
from charter.core.filetypes import PAPERS, PICTURES
from charter.incidents import reading as incidents
from charter.proofs import decisions, drafts, exceptions, service, threads
from charter.proofs.service import Content
from charter.venues import service as venues

bp = Blueprint("commitments", __name__, url_prefix="/venues/<int:venue_id>")
Answer = str | Response
REQUIREMENT = "/requirements/<key>"


@bp.get("/")
@requires(Permission.VENUE_HOME)
def home(venue_id: int) -> Answer:
    """Where the venue stands, the next three things, and what ends soon."""
    found = pages.home(venue_id)
    if found is None:
        venue = venues.venue(venue_id)
        return render_template("commitments/waiting.html", venue=venue) if venue else abort(404)
    certificate = current_app.extensions["charter.certificate_sentence"]
    first_week = current_app.extensions["charter.first_week"]
    may_read = access.can(Permission.EVIDENCE_READ, venue_id)
    return render_template(
        "commitments/home.html",
        found=found,
        steps=_steps(found),
        rows=_rows(found),
        certificate=certificate(venue_id) if may_read else "",
        first_week=first_week(venue_id, current_user.memberships_now),
        unread=_unread(venue_id),
    )


def _unread(venue_id: int) -> str:
    """How many entries of the incident book wait to be read by whoever reads them, in words."""
    if not access.can(Permission.INCIDENTS_READ, venue_id):
        return ""
    count = incidents.count_unread(venue_id)
    return f"{incidents.many(count)} to read" if count else ""


def _steps(found: pages.Home) -> list[dict[str, Any]]:
    """The next things to do as cards."""
    return [
        {
            "title": step.requirement.task,
            "href": url_for(".requirement", venue_id=found.venue.id, key=step.requirement.key),
            "minutes": step.minutes,
            "why": step.why,
        }
        for step in found.steps
    ]


def _rows(found: pages.Home) -> list[dict[str, Any]]:
    """The commitments as lines of a list."""
    return [
        {
            "number": each.commitment.number,
            "name": each.commitment.name,
            "href": url_for(".commitment", venue_id=found.venue.id, key=each.commitment.key),
            "state": each.state.value,
            "until": pages.until_words(each, short=True),
        }
        for each in found.standing.commitments
    ]


@bp.get("/commitments/<key>")
@requires(Permission.VENUE_READ)
def commitment(venue_id: int, key: str) -> Answer:
    """One commitment: why it matters and what it asks."""
    found = pages.commitment(venue_id, key) or abort(404)
    return render_template(
        "commitments/commitment.html",
        found=found,
        until=pages.until_words(found.judged),
        state_words=pages.state_words,
    )


@bp.get(REQUIREMENT)
@requires(Permission.EVIDENCE_READ)
def requirement(venue_id: int, key: str) -> Answer:
    """One requirement: what is asked, why, an example, and the one control that proves it."""
    return _requirement_page(venue_id, key)


def _requirement_page(venue_id: int, key: str, **sent: Form) -> str:
    """The page with the forms that were sent and refused in place of fresh ones."""
    found = pages.requirement(venue_id, key) or abort(404)
    saved = drafts.saved_files(found.draft)
    missing = [each for each in found.places if each.key not in saved]
    fresh: dict[str, Form] = {
        "proof": forms.blank_proof(found.requirement, found.draft, current_user.name),
        "photo": forms.PhotoForm(formdata=None, place=missing[0].key if missing else ""),
        "question": forms.QuestionForm(formdata=None),
        "not_applicable": forms.NotApplicableForm(formdata=None),
    }
    shown = {**fresh, **sent}
    shown["photo"].offer(found.places)
    return render_template(
        "commitments/requirement.html",
        found=found,
        state=pages.state_words(found.judged),
        saved=saved,
        missing=missing,
        counted_at=pages.COUNTED_AT.get(found.requirement.fact or ""),
        changes=forms.changes(found.requirement) if found.judged.counts_as_met else [],
        wrong_form=next((form for form in sent.values() if form.errors), None),
        **shown,
    )


@bp.post(REQUIREMENT)
@requires(Permission.EVIDENCE_WRITE, late=True)
def show(venue_id: int, key: str) -> Answer:
    """Hand a proof in, or save it and come back."""
    asked = service.asked(venue_id, key) or abort(404)
    form = forms.proof_form(asked.requirement)()
    forms.agreement(form, asked.requirement)
    received: list[Received] = []
    is_valid = form.validate_on_submit()
    is_whole = _receive(form, received) and is_valid
    access.enter()
    content = _content(form, received)
    if (
        request.form.get("step") != "save"
        and is_whole
        and form.takes(
            lambda: service.show(venue_id, key, content, by=current_user.id, once=form.once.data)
        )
    ):
        commit()
        flash("Thank you. Your proof is handed in.")
        return redirect(url_for(".requirement", venue_id=venue_id, key=key), 303)
    return _save_instead(venue_id, key, form, content)


def _receive(form: forms.ProofForm, received: list[Received]) -> bool:
    """Take the form's file in, if it has one; a refused file is said beside it."""
    upload = form.data.get("files")
    if not upload:
        return True
    try:
        received.append(files.receive(upload, allow=PICTURES | PAPERS, field="files"))
    except Refused as refused:
        form.refuse(refused)
        return False
    return True


def _content(form: forms.ProofForm, received: list[Received]) -> Content:
    """What was typed; a form of one kind lacks the fields of the others."""
    names = ("happened_on", "statement", "link", "signed_name", "confirmed")
    typed = {name: form.data[name] for name in names if name in form.data}
    return Content(**typed, files=received)


def _save_instead(venue_id: int, key: str, form: forms.ProofForm, content: Content) -> Answer:
    """Keep what was typed and sent: because that was asked, or so that a refusal loses nothing."""
    asked_to = request.form.get("step") == "save"
    if asked_to or content.files:
        access.enter()
        is_saved = form.takes(
            lambda: drafts.save(
                venue_id,
                key,
                by=current_user.id,
                statement=content.statement,
                link=content.link,
                happened_on=content.happened_on,
                new_files=content.files,
            )
        )
        asked_to = asked_to and is_saved
        commit()
    if asked_to:
        flash("Saved. Nothing is handed in yet.")
        return redirect(url_for(".requirement", venue_id=venue_id, key=key), 303)
    return _requirement_page(venue_id, key, proof=form)


@bp.post(f"{REQUIREMENT}/photos")
@requires(Permission.EVIDENCE_WRITE, late=True)
def photo(venue_id: int, key: str) -> Answer:
    """Save a photo of one place; the proof is handed in when every place has one."""
    asked = service.asked(venue_id, key) or abort(404)
    form = forms.PhotoForm()
    form.offer(asked.places)
    if form.validate_on_submit():
        try:
            received = files.receive(form.photo.data, allow=PICTURES, field="photo")
        except Refused as refused:
            form.refuse(refused)
        else:
            access.enter()
            shots = {form.place.data: received}
            drafts.save(venue_id, key, by=current_user.id, photos=shots)
            commit()
            flash("Photo saved.")
            return redirect(url_for(".requirement", venue_id=venue_id, key=key), 303)
    return _requirement_page(venue_id, key, photo=form)


@bp.post(f"{REQUIREMENT}/start-again")
@requires(Permission.EVIDENCE_WRITE)
def start_again(venue_id: int, key: str) -> Answer:
    """Throw away what was saved for a proof."""
    drafts.discard(venue_id, key, by=current_user.id)
    commit()
    flash("What you had saved is gone. You can start again.")
    return redirect(url_for(".requirement", venue_id=venue_id, key=key), 303)


@bp.post(f"{REQUIREMENT}/questions")
@requires(Permission.THREAD_ASK)
def ask(venue_id: int, key: str) -> Answer:
    """Ask the office about a requirement."""
    form = forms.QuestionForm()
    if form.validate_on_submit() and form.takes(
        lambda: threads.ask(
            venue_id, key, form.body.data or "", by=current_user.id, once=form.once.data
        )
    ):
        commit()
        flash("Your question is sent. You get a mail when there is an answer.")
        return redirect(url_for(".requirement", venue_id=venue_id, key=key), 303)
    return _requirement_page(venue_id, key, question=form)


@bp.post(f"{REQUIREMENT}/does-not-apply")
@requires(Permission.EVIDENCE_WRITE)
def not_applicable(venue_id: int, key: str) -> Answer:
    """Say that a requirement does not apply here, and why."""
    form = forms.NotApplicableForm()
    if form.validate_on_submit() and form.takes(
        lambda: exceptions.ask_not_applicable(
            venue_id, key, form.reason.data or "", by=current_user.id
        )
    ):
        commit()
        flash("Sent. The office will say whether this applies to you.")
        return redirect(url_for(".requirement", venue_id=venue_id, key=key), 303)
    return _requirement_page(venue_id, key, not_applicable=form)


@bp.post(f"{REQUIREMENT}/applies-after-all")
@requires(Permission.EVIDENCE_WRITE)
def applies_after_all(venue_id: int, key: str) -> Answer:
    """Take back that a requirement does not apply."""
    return _press(
        venue_id, key, lambda: exceptions.apply_after_all(venue_id, key, by=current_user.id)
    )


@bp.post(f"{REQUIREMENT}/nil-weeks")
@requires(Permission.EVIDENCE_WRITE)
def nil_weeks(venue_id: int, key: str) -> Answer:
    """Sign that the quiet weeks were quiet."""

    def sign() -> None:
        found = pages.requirement(venue_id, key) or abort(404)
        judged = found.judged
        if judged.requirement.few and not (judged.may_sign_quiet or judged.nil_signed):
            raise Refused("There is enough written down to tell, so there is nothing to sign.")
        exceptions.sign_nil(venue_id, key, by=current_user.id)

    return _press(venue_id, key, sign)


@bp.post(f"{REQUIREMENT}/changed")
@requires(Permission.EVIDENCE_WRITE)
def changed(venue_id: int, key: str) -> Answer:
    """Tell that something changed, so that this has to be shown again."""
    because = request.form.get("because", "")
    return _press(
        venue_id, key, lambda: service.end_early(venue_id, key, because, by=current_user.id)
    )


def _press(venue_id: int, key: str, verb: Callable[[], object]) -> Answer:
    """What one press of a button does; a refusal stands on top of the requirement's page."""
    form = forms.ConfirmForm()
    if form.takes(verb):
        commit()
        flash("Saved.")
        return redirect(url_for(".requirement", venue_id=venue_id, key=key), 303)
    return _requirement_page(venue_id, key, confirm=form)


@bp.get("/proofs/<int:evidence_id>")
@requires(Permission.EVIDENCE_READ)
def proof(venue_id: int, evidence_id: int) -> Answer:
    """One proof as it was handed in, with what became of it."""
    return _proof_page(venue_id, evidence_id, forms.SeenForm(formdata=None))


def _proof_page(venue_id: int, evidence_id: int, form: forms.SeenForm) -> str:
    evidence = pages.proof(venue_id, evidence_id) or abort(404)
    found = pages.requirement(venue_id, evidence.requirement_key) or abort(404)
    return render_template("commitments/proof.html", proof=evidence, found=found, form=form)


@bp.post("/proofs/<int:evidence_id>/withdraw")
@requires(Permission.EVIDENCE_WRITE)
def withdraw(venue_id: int, evidence_id: int) -> Answer:
    """Take a proof back that waits."""
    evidence = service.proof(venue_id, evidence_id) or abort(404)
    key = evidence.requirement_key
    form = forms.ConfirmForm()
    if form.takes(lambda: service.withdraw(venue_id, evidence_id, by=current_user.id)):
        commit()
        flash("Taken back. You can hand in another proof.")
        return redirect(url_for(".requirement", venue_id=venue_id, key=key), 303)
    return _requirement_page(venue_id, key, confirm=form)


@bp.post("/proofs/<int:evidence_id>/seen")
@requires(Permission.EVIDENCE_SEEN)
def seen(venue_id: int, evidence_id: int) -> Answer:
    """Say that one saw a proof oneself."""
    form = forms.SeenForm()
    by = current_user.id
    roles = accounts.roles_for(current_user, venue_id)
    role = next(each for each in roles if Permission.EVIDENCE_SEEN in GRANTS[each])
    if form.validate_on_submit() and form.takes(
        lambda: decisions.mark_seen(venue_id, evidence_id, form.how.data, by=by, role=role)
    ):
        commit()
        flash("Marked as seen by you.")
        return redirect(url_for(".proof", venue_id=venue_id, evidence_id=evidence_id), 303)
    return _proof_page(venue_id, evidence_id, form)


@bp.get("/files/<int:file_id>")
@requires(Permission.EVIDENCE_READ)
def file(venue_id: int, file_id: int) -> Response:
    """A file of one of this venue's proofs."""
    stored = service.file(venue_id, file_id) or abort(404)
    return files.answer(stored)
