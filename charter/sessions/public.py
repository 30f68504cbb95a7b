"""Checking in by phone, without an account: the code, then where one works, then one's name.

No name is shown before a right code was given, none ever stands in an address, and only those of
one venue are shown. What was right so far travels in a signed field that counts for ten minutes.
"""

from typing import Any, cast

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from charter.core import access
from charter.core.access import public
from charter.core.db import CITY, commit, holds
from charter.core.errors import Refused
from charter.sessions import room, slowing
from charter.sessions.forms import CodeForm, NameForm, VenueForm
from charter.sessions.models import TrainingSession
from charter.training import courses

bp = Blueprint("check_in", __name__, url_prefix="/check-in")
Answer = str | Response
STEP_SECONDS = 600
_WRONG = "That is not the code of this minute. Look at the screen and enter the one it shows now"
_TOO_LATE = "That took too long, or the room was counted. Enter the code on the screen again"


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="check-in")


def _step(**right: int) -> str:
    """What was right so far, signed."""
    return str(_signer().dumps(right))


def _read(step: str | None, *wanted: str) -> tuple[TrainingSession, dict[str, int]] | None:
    """The session and what else a signed step holds; None for a wrong, old or closed one."""
    try:
        right = cast(dict[str, int], _signer().loads(step or "", max_age=STEP_SECONDS))
    except BadSignature:
        return None
    row = room.to_check_in(right.get("session", 0))
    return (row, right) if row is not None and set(wanted) <= right.keys() else None


def _shown(row: TrainingSession, template: str, **more: Any) -> str:
    course = courses.title(row.course_key)
    return render_template(f"check_in/{template}", course=course, row=row, **more)


def _again() -> str:
    form = CodeForm(formdata=None)
    form.refuse(Refused(_TOO_LATE, "code"))
    return render_template("check_in/enter.html", form=form)


@bp.route("", methods=["GET", "POST"])
@public(late=True)
def enter() -> Answer:
    """The code on the screen. Wrong ones are counted, and slow the next try of their address."""
    form = CodeForm(code=request.args.get("code", "")[:16])
    if form.validate_on_submit():
        found = _judged(form.code.data or "")
        if isinstance(found, TrainingSession):
            return _choose_venue(found, VenueForm(formdata=None, step=_step(session=found.id)))
        form.refuse(Refused(found, "code"))
    return render_template("check_in/enter.html", form=form)


def _judged(typed: str) -> TrainingSession | str:
    """The session whose code was typed, or words of refusal; a wrong code is counted.

    The city's lock is only taken to count one, and by an address that was wrong too often: a room
    full of right codes, and whoever still waits, hold nobody up.
    """
    address = request.remote_addr
    stand = slowing.stand(address)
    if not stand.seconds and not stand.is_free:
        access.enter()
        stand = slowing.stand(address)
    if stand.seconds:
        unit = "second" if stand.seconds == 1 else "seconds"
        return f"Wait {stand.seconds} {unit}, then enter the newest code"
    row = room.by_code(typed)
    if row is not None:
        return row
    if not holds(CITY):
        access.enter()
    slowing.missed(address)
    commit()
    return _WRONG


def _choose_venue(row: TrainingSession, form: VenueForm) -> str:
    found = room.venues(row.id)
    if len(found) == 1 and not form.errors:
        return _choose_name(row, next(iter(found)))
    return _shown(row, "venue.html", form=form.offer(found), venues=found)


def _choose_name(row: TrainingSession, venue_id: int, form: NameForm | None = None) -> str:
    found = room.names(row.id, venue_id)
    form = form or NameForm(formdata=None, step=_step(session=row.id, venue=venue_id))
    return _shown(row, "name.html", form=form.offer(found), names=found)


@bp.post("/venue")
@public(unlocked=True)
def venue() -> Answer:
    """Where one works, of the venues that are booked. Changes nothing."""
    form = VenueForm()
    read = _read(form.step.data)
    if read is None:
        return _again()
    row = read[0]
    form.offer(room.venues(row.id))
    if not form.validate_on_submit():
        return _choose_venue(row, form)
    return _choose_name(row, form.venue.data)


@bp.post("/name")
@public
def name() -> Answer:
    """Which of that venue's names is one's own: from then on one is checked in.

    Sent twice, the second is answered like the first.
    """
    form = NameForm()
    read = _read(form.step.data, "venue")
    if read is None:
        return _again()
    row, right = read
    form.offer(room.names(row.id, right["venue"], everybody=True))
    if form.validate_on_submit() and form.takes(
        lambda: room.check_in(right["session"], right["venue"], form.booking.data)
    ):
        commit()
        return redirect(url_for(".done"), 303)
    return _choose_name(row, right["venue"], form)


@bp.get("/done")
@public
def done() -> Answer:
    """That one is checked in, and what is still to happen."""
    return render_template("check_in/done.html")
