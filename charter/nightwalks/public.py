"""Pages of a night walk that need no account: walkers rate stops; whoever mends answers.

A walker's phone keeps a secret in its session cookie, so that they can stop and go on. Nothing
asks who they are.
"""

from flask import Blueprint, abort, redirect, render_template, session, url_for
from werkzeug.wrappers import Response

from charter.core import access, clock, files, retention
from charter.core.access import public
from charter.core.db import commit
from charter.core.errors import Refused
from charter.nightwalks import sending, service, stop_views
from charter.nightwalks.forms import AnswerForm
from charter.nightwalks.models import FaultRecipient, NightWalk, StreetFault, Walker, WalkStop
from charter.nightwalks.rules import State

bp = Blueprint("night_walk", __name__)
WALK, LIST = "/night-walk/<code>", "/street-faults/<token>"
KEPT = "night-walk"
Answer = str | Response


def _walk(code: str) -> NightWalk:
    return service.by_code(code) or abort(404)


def _walker(row: NightWalk) -> Walker | None:
    """The walker whose phone this is, if they joined this walk."""
    kept = session.get(KEPT)
    token = kept.get(str(row.id), "") if isinstance(kept, dict) else ""
    return service.walker_of(row.id, str(token))


@bp.get(WALK)
@public
def start(code: str) -> Answer:
    """What the walk is, what is kept, and the button to join."""
    row = _walk(code)
    walker = _walker(row)
    stops = service.stops(row.id)
    rated = service.rated_stops(walker) if walker else set()
    following = next((each for each in stops if each.id not in rated), None)
    return render_template(
        "night_walk/start.html",
        row=row,
        stops=stops,
        rated=rated,
        walker=walker,
        following=following,
        is_open=service.is_open(row),
        is_over=row.closes_at <= clock.now(),
        kept=retention.WALK_PHOTO,
    )


@bp.post(f"{WALK}/join")
@public
def join(code: str) -> Answer:
    """Join the walk: from then on this phone is a walker."""
    row = _walk(code)
    if _walker(row) is None:
        try:
            token = service.join(row)
        except Refused:
            return redirect(url_for(".start", code=code), 303)
        number = str(row.id)
        commit()
        session[KEPT] = {number: token}
    return redirect(url_for(".stop", code=code, n=1), 303)


def _stop(code: str, n: int) -> tuple[NightWalk, Walker, WalkStop]:
    row = _walk(code)
    walker = _walker(row) or abort(404)
    stop = next((each for each in service.stops(row.id) if each.number == n), None)
    return row, walker, stop or abort(404)


@bp.route(f"{WALK}/stops/<int:n>", methods=["GET", "POST"])
@public(late=True)
def stop(code: str, n: int) -> Answer:
    """How one stop is."""
    row, walker, here = _stop(code, n)
    form = stop_views.form_of(row, walker, here)
    stops = service.stops(row.id)
    if stop_views.is_saved(form, lambda: _stop(code, n)):
        if n < len(stops):
            return redirect(url_for(".stop", code=code, n=n + 1), 303)
        return redirect(url_for(".done", code=code), 303)
    return render_template(
        "night_walk/stop.html", row=row, stop=here, stops=stops, form=form,
        is_open=service.is_open(row),
    )  # fmt: skip


@bp.get(f"{WALK}/done")
@public
def done(code: str) -> Answer:
    """Thanks, and what happens next."""
    return render_template("night_walk/done.html", row=_walk(code))


def _list(token: str) -> tuple[NightWalk, FaultRecipient]:
    return sending.read(token) or abort(404)


@bp.get(LIST)
@public
def faults(token: str) -> Answer:
    """The list of whoever mends: what waits, and what they answered."""
    row, to = _list(token)
    stops = {each.id: each for each in service.stops(row.id)}
    return render_template(
        "night_walk/faults.html", row=row, to=to, token=token, stops=stops,
        faults=sending.sent_to(row.id, to.id), today=clock.today(),
    )  # fmt: skip


def _fault(token: str, number: int) -> tuple[NightWalk, StreetFault]:
    row, to = _list(token)
    found = service.fault(row.id, number)
    if found is None or found.recipient_id != to.id or found.sent_at is None:
        abort(404)
    return row, found


@bp.route(f"{LIST}/<int:number>", methods=["GET", "POST"])
@public(late=True)
def answer(token: str, number: int) -> Answer:
    """Say what became of one: fixed, with a photo, or why not."""
    (row, found), form = _fault(token, number), AnswerForm()
    if form.validate_on_submit() and form.receive():
        access.enter()
        row, found = _fault(token, number)
        state, words = State(form.state.data or ""), form.words.data or ""
        if form.takes(lambda: service.answer(found, state, words, form.received, by=None)):
            commit()
            return redirect(url_for(".faults", token=token), 303)
    stop = next(each for each in service.stops(row.id) if each.id == found.stop_id)
    return render_template(
        "night_walk/answer.html", row=row, fault=found, stop=stop, form=form, token=token
    )


@bp.get(f"{LIST}/<int:number>/photo")
@public
def answer_photo(token: str, number: int) -> Response:
    """The photo with their answer."""
    _, found = _fault(token, number)
    return files.answer(service.answer_photo(found) or abort(404))
