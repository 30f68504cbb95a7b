"""What the office's pages and a venue's own trainer's have in common: run a session.

Each function answers for one page of either: `venue_id` is the venue whose own trainer runs the
session, None for the office. Templates find their addresses by `where`, in whichever of the two
they stand.
"""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter import config
from charter.core import clock
from charter.core.db import commit
from charter.core.paper import square
from charter.sessions import planning, room, rules, service
from charter.sessions.forms import CancelForm, ChangeForm, CountForm, PlanForm, RegisterForm
from charter.sessions.models import TrainingSession
from charter.training import courses
from charter.venues import service as venues

Answer = str | Response
Screen = str | tuple[str, int, dict[str, str]]


def shown(template: str, venue_id: int | None, row: TrainingSession | None, **more: Any) -> str:
    """A page of one session (or of one to be), with what every such page needs."""
    place = {} if venue_id is None else {"venue_id": venue_id}
    return render_template(
        f"sessions/{template}",
        venue=None if venue_id is None else venues.venue(venue_id),
        row=row,
        course=courses.title(row.course_key) if row else "",
        place=place,
        where=place | ({"session_id": row.id} if row else {}),
        **more,
    )


def _run_by(venue_id: int | None, session_id: int) -> TrainingSession:
    return service.run_by(venue_id, session_id) or abort(404)


def _on(endpoint: str, venue_id: int | None, session_id: int) -> Response:
    place: dict[str, Any] = {} if venue_id is None else {"venue_id": venue_id}
    return redirect(url_for(endpoint, session_id=session_id, **place), 303)


def new(venue_id: int | None) -> Answer:
    """Plan a session."""
    form = PlanForm(own_trainer=venue_id is not None)
    made: list[TrainingSession] = []
    if form.validate_on_submit() and form.takes(
        lambda: made.append(
            planning.plan(
                form.course.data,
                form.plan,
                venue_id=venue_id,
                by=current_user.id,
                once=form.once.data,
            )
        )
    ):
        commit()
        flash(
            "The session is on the list. Venues can book it now." if venue_id is None else "Saved."
        )
        return _on(".session", venue_id, made[0].id)
    return shown("new.html", venue_id, None, form=form)


def change(venue_id: int | None, session_id: int) -> Answer:
    """Change when, where and how a session is."""
    row = _run_by(venue_id, session_id)
    form = ChangeForm.of(row)
    if form.validate_on_submit() and form.takes(
        lambda: planning.change(session_id, form.plan, venue_id=venue_id, by=current_user.id)
    ):
        commit()
        flash("Saved. If it moved, the venues that booked are told by mail.")
        return _on(".session", venue_id, session_id)
    return shown("change.html", venue_id, _run_by(venue_id, session_id), form=form)


def cancel(venue_id: int | None, session_id: int) -> Answer:
    """Cancel a session, after being told what that does."""
    row = _run_by(venue_id, session_id)
    form = CancelForm()
    if form.validate_on_submit() and form.takes(
        lambda: planning.cancel(
            session_id, form.because.data or "", venue_id=venue_id, by=current_user.id
        )
    ):
        commit()
        flash("Cancelled. The venues that booked are told by mail.")
        return _on(".session", venue_id, session_id)
    row = _run_by(venue_id, session_id)
    (numbers,) = service.listed([row])
    return shown("cancel.html", venue_id, row, form=form, numbers=numbers)


def register(venue_id: int | None, session_id: int) -> Answer:
    """The trainer's register: tick who is here."""
    row = _run_by(venue_id, session_id)
    seats = room.seats(session_id)
    form = RegisterForm(here=[each.booking.id for each in seats if each.is_here]).offer(seats)
    if form.validate_on_submit() and form.takes(
        lambda: room.set_register(
            session_id, form.here.data or [], venue_id=venue_id, by=current_user.id
        )
    ):
        commit()
        flash("The register is saved. It counts once you have counted the room.")
        return _on(".count", venue_id, session_id)
    row = _run_by(venue_id, session_id)
    words = {each.booking.id: each.words for each in room.seats(session_id)}
    is_open = not row.is_settled and clock.now() >= row.starts_at - rules.OPENS_BEFORE
    return shown("register.html", venue_id, row, form=form, words=words, is_open=is_open)


def count(venue_id: int | None, session_id: int) -> Answer:
    """Confirm the headcount: from then on the rows count."""
    _run_by(venue_id, session_id)
    form = CountForm()
    done: list[room.Counted] = []
    if form.validate_on_submit() and form.takes(
        lambda: done.append(
            room.count(session_id, form.headcount.data or 0, venue_id=venue_id, by=current_user.id)
        )
    ):
        commit()
        flash(_counted(done[0]))
        return _on(".session", venue_id, session_id)
    row = _run_by(venue_id, session_id)
    here = sum(each.is_here for each in room.seats(session_id))
    is_open = not row.is_settled and clock.now() >= row.starts_at
    return shown("count.html", venue_id, row, form=form, here=here, is_open=is_open)


def _counted(done: room.Counted) -> str:
    words = f"Counted. {done.came} {'person has' if done.came == 1 else 'people have'} done it."
    if done.unknown:
        words += f" {done.unknown} more in the room were not booked, so they have no row."
    return words


def screen(venue_id: int | None, session_id: int) -> Screen:
    """The room's screen: the code of this minute, large, and how many have checked in.

    It renews itself just after each minute by a header, without a script; `?still=yes` stops it.
    """
    row = _run_by(venue_id, session_id)
    now = clock.now()
    is_open, is_still = room.is_open(row), request.args.get("still") == "yes"
    here = room.seats(session_id)
    code = room.code(session_id, now) if is_open else ""
    address = f"{config.current().public_url}/check-in"
    page = shown(
        "screen.html",
        venue_id,
        row,
        code=code,
        address=address.partition("://")[2],
        picture=square.on_screen(f"{address}?code={code}", "Square code that checks you in")
        if code
        else "",
        checked_in=sum(each.is_here for each in here),
        booked=len(here),
        is_still=is_still,
        opens_at=row.starts_at - rules.OPENS_BEFORE,
    )
    if is_still or row.is_settled:
        return page
    return page, 200, {"Refresh": str(rules.renew_in(now))}
