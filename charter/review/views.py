"""The office's review pages: what waits, one thing on a page, and straight on to the next."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.commitments import forms, pages
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.errors import Refused
from charter.proofs import decisions, exceptions, threads
from charter.proofs.reviewing import Because
from charter.review import queue
from charter.review.queue import What

bp = Blueprint("review", __name__, url_prefix="/office")
Answer = str | Response
PROOF = "/venues/<int:venue_id>/proofs/<int:evidence_id>"
QUESTION = "/venues/<int:venue_id>/questions/<key>"
WISH = "/venues/<int:venue_id>/not-applicable/<int:asked_id>"


@bp.get("/reviews", endpoint="queue")
@requires(Permission.REVIEW_QUEUE)
def waiting() -> Answer:
    """What waits for the office, oldest first."""
    wanted = request.args.get("only", "")
    only = What(wanted) if wanted in set(What) else None
    after = request.args.get("after")
    return render_template(
        "review/queue.html",
        found=queue.queue(by=current_user.id, only=only, after=after),
        only=only,
        kinds=list(What),
        start=queue.next_proof(by=current_user.id),
        is_first=after is None,
    )


@bp.get(PROOF)
@requires(Permission.EVIDENCE_REVIEW)
def proof(venue_id: int, evidence_id: int) -> Answer:
    """One proof with what is asked, what came before, and what to say to it."""
    return _proof_page(venue_id, evidence_id, forms.DecisionForm(formdata=None))


def _proof_page(venue_id: int, evidence_id: int, form: forms.DecisionForm) -> str:
    evidence = pages.proof(venue_id, evidence_id) or abort(404)
    found = pages.requirement(venue_id, evidence.requirement_key) or abort(404)
    return render_template(
        "review/proof.html",
        proof=evidence,
        found=found,
        state=pages.state_words(found.judged),
        because=Because(evidence.waits_because).label if evidence.waits_because else "",
        is_own=current_user.id in (evidence.uploaded_by, evidence.signed_user_id),
        left=queue.counts()[What.PROOF],
        seen_form=forms.SeenForm(formdata=None, prefix="seen-"),
        form=form,
    )


@bp.post(PROOF)
@requires(Permission.EVIDENCE_REVIEW)
def decide(venue_id: int, evidence_id: int) -> Answer:
    """Accept, return or pull back, then go straight to the next proof."""
    form = forms.DecisionForm()
    by = current_user.id
    reason = form.reason.data or ""
    verbs = {
        "accept": lambda: decisions.accept(venue_id, evidence_id, by=by),
        "return": lambda: decisions.return_(venue_id, evidence_id, reason, by=by),
        "pull-back": lambda: decisions.pull_back(venue_id, evidence_id, reason, by=by),
    }
    said = {"accept": "Accepted.", "return": "Returned.", "pull-back": "Pulled back."}
    decision = request.form.get("decision", "")
    if form.validate_on_submit() and form.takes(verbs.get(decision, _refuse_nothing)):
        commit()
        return _on_to_the_next(said[decision])
    return _proof_page(venue_id, evidence_id, form)


def _refuse_nothing() -> None:
    raise Refused("Choose whether to accept this proof or return it.")


def _on_to_the_next(said: str) -> Response:
    """The next proof that waits, or the queue when there is none."""
    following = queue.next_proof(by=current_user.id)
    if following is None:
        flash(f"{said} No other proof waits for you.")
        return redirect(url_for(".queue"), 303)
    flash(f"{said} This is the next one.")
    venue_id, evidence_id = following
    return redirect(url_for(".proof", venue_id=venue_id, evidence_id=evidence_id), 303)


@bp.route(QUESTION, methods=["GET", "POST"])
@requires(Permission.THREAD_ANSWER)
def question(venue_id: int, key: str) -> Answer:
    """The thread on a requirement, and the office's answer."""
    form = forms.AnswerForm()
    if form.validate_on_submit() and form.takes(
        lambda: threads.answer(
            venue_id, key, form.body.data or "", by=current_user.id, once=form.once.data
        )
    ):
        commit()
        flash("Your answer is sent.")
        return redirect(url_for(".queue", only=What.QUESTION), 303)
    found = pages.requirement(venue_id, key) or abort(404)
    return render_template(
        "review/question.html", found=found, state=pages.state_words(found.judged), form=form
    )


@bp.route(f"{QUESTION}/quiet-weeks", methods=["GET", "POST"])
@requires(Permission.EVIDENCE_REVIEW)
def quiet_weeks(venue_id: int, key: str) -> Answer:
    """Write down what a venue answered when asked about its quiet weeks."""
    form = forms.QuietForm()
    if form.validate_on_submit() and form.takes(
        lambda: exceptions.record_quiet(venue_id, key, form.answer.data or "", by=current_user.id)
    ):
        commit()
        flash("Written down.")
        return redirect(url_for(".question", venue_id=venue_id, key=key), 303)
    found = pages.requirement(venue_id, key) or abort(404)
    return render_template("review/quiet_weeks.html", found=found, form=form)


@bp.route(WISH, methods=["GET", "POST"])
@requires(Permission.EVIDENCE_REVIEW)
def not_applicable(venue_id: int, asked_id: int) -> Answer:
    """A venue says that something does not apply to it: agree, or say why it does."""
    wish = exceptions.wish(venue_id, asked_id) or abort(404)
    found = pages.requirement(venue_id, wish.requirement_key) or abort(404)
    form = forms.WishForm()
    agreed = request.form.get("decision") == "agree"
    words = form.words.data or ""
    if form.validate_on_submit() and form.takes(
        lambda: exceptions.decide_not_applicable(
            venue_id, asked_id, agreed, words, by=current_user.id
        )
    ):
        commit()
        flash("Agreed: it does not apply." if agreed else "Answered: it does apply.")
        return redirect(url_for(".queue", only=What.NOT_APPLICABLE), 303)
    return render_template("review/not_applicable.html", found=found, wish=wish, form=form)
