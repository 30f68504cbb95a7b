"""What a night walk found to mend: listed, sent to whoever mends it, answered."""

from datetime import timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.core import access, clock, files
from charter.core.access import requires
from charter.core.db import commit
from charter.core.errors import Refused
from charter.core.text import is_number
from charter.nightwalks import pages, rules, sending, service
from charter.nightwalks.forms import AnswerForm, FaultForm, RecipientForm
from charter.nightwalks.models import FaultRecipient, StreetFault
from charter.nightwalks.rules import State
from charter.nightwalks.views import MARK, WALK, Answer, bp, the_walk

__all__ = ["bp"]
FAULT = f"{WALK}/faults/<int:number>"
USUALLY = timedelta(days=28)


@bp.route(f"{WALK}/faults/new", methods=["GET", "POST"])
@requires(MARK)
def new_fault(walk_id: int) -> Answer:
    """Put something to be mended on the list; an address can say at which stop and what."""
    row, stops, to = the_walk(walk_id), service.stops(walk_id), service.recipients()
    form = FaultForm(data=_suggested(walk_id) if request.method == "GET" else {})
    form.offer(stops, to)

    def verb() -> None:
        stop = next(each for each in stops if each.id == form.stop.data)
        whose = next(each for each in to if each.id == form.to.data)
        thing, what = (form.thing.data or "")[:20], form.what.data or ""
        due = form.due_on.data or clock.today()
        service.list_fault(row, stop, thing, what, whose, due, by=current_user.id)

    if form.validate_on_submit() and form.takes(verb):
        commit()
        flash("It is on the list")
        return redirect(url_for(".walk", walk_id=walk_id, _anchor="faults"), 303)
    return render_template("night_walks/new_fault.html", row=the_walk(walk_id), form=form)


def _suggested(walk_id: int) -> dict[str, Any]:
    """What a form begins with: the stop and the words of what walkers found there."""
    number, key = request.args.get("stop", ""), request.args.get("thing", "")
    found = pages.stops(the_walk(walk_id), {})
    stop = next((e for e in found if is_number(number) and e.stop.number == int(number)), None)
    middle = stop.merged.of(key) if stop else None
    data: dict[str, Any] = {"due_on": clock.today() + USUALLY}
    if stop is None:
        return data
    data["stop"] = stop.stop.id
    if middle is None:
        return data
    kinds = {kind.key for kind in rules.kinds() if key in kind.usually}
    usual = next((each.id for each in service.recipients() if each.key in kinds), None)
    return data | {"thing": key, "what": f"{middle.thing.name}: {middle.words}", "to": usual}


@bp.post(f"{FAULT}/unlist")
@requires(MARK)
def unlist(walk_id: int, number: int) -> Answer:
    """Take one off the list that was not sent."""
    try:
        service.unlist(_fault(walk_id, number), by=current_user.id)
    except Refused as refused:
        flash(refused.words)
    else:
        commit()
        flash("Taken off the list")
    return redirect(url_for(".walk", walk_id=walk_id, _anchor="faults"), 303)


def _fault(walk_id: int, number: int) -> StreetFault:
    return service.fault(walk_id, number) or abort(404)


@bp.post(f"{WALK}/send")
@requires(MARK)
def send(walk_id: int) -> Answer:
    """Mail what is new on the list to whoever mends it."""
    try:
        gone = sending.send(the_walk(walk_id), by=current_user.id)
    except Refused as refused:
        flash(refused.words)
        return redirect(url_for(".walk", walk_id=walk_id, _anchor="faults"), 303)
    commit()
    flash(f"Sent: {gone} {'fault' if gone == 1 else 'faults'}. Each mail links to a list.")
    return redirect(url_for(".walk", walk_id=walk_id, _anchor="faults"), 303)


@bp.route(FAULT, methods=["GET", "POST"])
@requires(MARK, late=True)
def fault(walk_id: int, number: int) -> Answer:
    """One fault, and what became of it where somebody told the office."""
    row, found, form = the_walk(walk_id), _fault(walk_id, number), AnswerForm()
    if form.validate_on_submit() and form.receive():
        access.enter()
        found = _fault(walk_id, number)
        state, words = State(form.state.data or ""), form.words.data or ""
        if form.takes(
            lambda: service.answer(found, state, words, form.received, by=current_user.id)
        ):
            commit()
            flash("Saved")
            return redirect(url_for(".walk", walk_id=walk_id, _anchor="faults"), 303)
    stop = next(each for each in service.stops(walk_id) if each.id == found.stop_id)
    to = service.recipient(found.recipient_id)
    return render_template(
        "night_walks/fault.html", states=State, row=row, fault=found, stop=stop, to=to, form=form,
        today=clock.today(),
    )  # fmt: skip


@bp.get(f"{FAULT}/photo")
@requires(MARK)
def fault_photo(walk_id: int, number: int) -> Response:
    """The photo with an answer."""
    return files.answer(service.answer_photo(_fault(walk_id, number)) or abort(404))


@bp.get("/recipients")
@requires(MARK)
def recipients() -> Answer:
    """Whoever mends faults, and their addresses."""
    return render_template("night_walks/recipients.html", rows=service.recipients())


@bp.route("/recipients/new", methods=["GET", "POST"])
@requires(MARK)
def new_recipient() -> Answer:
    """Add somebody who mends faults."""
    return _recipient(None)


@bp.route("/recipients/<int:recipient_id>", methods=["GET", "POST"])
@requires(MARK)
def recipient(recipient_id: int) -> Answer:
    """Change somebody who mends faults."""
    return _recipient(service.recipient(recipient_id) or abort(404))


def _recipient(row: FaultRecipient | None) -> Answer:
    form = RecipientForm(obj=row)

    def verb() -> None:
        service.save_recipient(
            row, form.name.data or "", form.mends.data or "", form.email.data or "",
            by=current_user.id,
        )  # fmt: skip

    if form.validate_on_submit() and form.takes(verb):
        commit()
        flash("Saved")
        return redirect(url_for(".recipients"), 303)
    return render_template("night_walks/recipient.html", form=form, row=row)


@bp.post("/recipients/<int:recipient_id>/retire")
@requires(MARK)
def retire_recipient(recipient_id: int) -> Answer:
    """Take somebody off the list of who mends."""
    service.retire_recipient(service.recipient(recipient_id) or abort(404), by=current_user.id)
    commit()
    flash("Taken off the list. What was sent to them stays.")
    return redirect(url_for(".recipients"), 303)
