"""The office's night walks: planned, walked, set together, sent to whoever mends, compared."""

from typing import IO

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter import config
from charter.core import clock, files
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.errors import Refused
from charter.core.paper import blank
from charter.core.paper.handing import download
from charter.core.paper.square import on_screen
from charter.core.text import is_number
from charter.nightwalks import pages, paper, service, stop_views
from charter.nightwalks.forms import PlanForm
from charter.nightwalks.models import NightWalk, Walker, WalkStop
from charter.nightwalks.rules import State

bp = Blueprint("night_walks", __name__, url_prefix="/office/night-walks")
MARK = Permission.NIGHT_WALKS
WALK = "/<int:walk_id>"
Answer = str | Response


def the_walk(walk_id: int) -> NightWalk:
    """The walk of the address; a 404 without one."""
    return service.walk(walk_id) or abort(404)


@bp.get("")
@requires(MARK)
def index() -> Answer:
    """All walks, the newest first."""
    typed = request.args.get("page", "1")
    page = max(1, int(typed)) if is_number(typed) and len(typed) < 5 else 1
    rows, more = pages.index(page)
    return render_template(
        "night_walks/index.html", rows=rows, page_number=page, more=more, now=clock.now()
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(MARK)
def new() -> Answer:
    """Plan a walk; with `again` one that repeats another."""
    typed = request.args.get("again", "")
    before = service.walk(int(typed)) if is_number(typed) and len(typed) < 9 else None
    form = PlanForm.of(before, service.stops(before.id), again=True) if before else PlanForm()
    made: list[int] = []

    def verb() -> None:
        once = form.once.data or ""
        made.append(service.plan(form.plan, by=current_user.id, once=once, repeats=before).id)

    if form.validate_on_submit() and form.takes(verb):
        commit()
        flash("The walk is planned. Send its link to the walkers, or print the sheet.")
        return redirect(url_for(".walk", walk_id=made[0]), 303)
    return render_template("night_walks/new.html", form=form, before=before)


@bp.route(f"{WALK}/change", methods=["GET", "POST"])
@requires(MARK)
def change(walk_id: int) -> Answer:
    """Change a walk that is not in use yet."""
    row = the_walk(walk_id)
    form = PlanForm.of(row, service.stops(walk_id))
    if form.validate_on_submit() and form.takes(
        lambda: service.change(row, form.plan, by=current_user.id)
    ):
        commit()
        flash("Saved")
        return redirect(url_for(".walk", walk_id=walk_id), 303)
    return render_template("night_walks/new.html", form=form, before=None, row=the_walk(walk_id))


@bp.get(WALK)
@requires(MARK)
def walk(walk_id: int) -> Answer:
    """A walk: its link, who joined, what they found, and what is to be mended."""
    row = the_walk(walk_id)
    link = f"{config.current().public_url}{url_for('night_walk.start', code=row.code)}"
    return render_template(
        "night_walks/walk.html",
        states=State,
        found=pages.shown(row),
        link=link,
        square=on_screen(link, "Square code that opens the walk"),
        is_open=service.is_open(row),
        is_settled=service.is_settled(row),
        has_begun=row.meets_at <= clock.now(),
        is_over=row.closes_at <= clock.now(),
    )


@bp.post(f"{WALK}/end")
@requires(MARK)
def end(walk_id: int) -> Answer:
    """End a walk."""
    service.end(the_walk(walk_id), by=current_user.id)
    commit()
    flash("The walk is ended. Its link takes no more answers.")
    return redirect(url_for(".walk", walk_id=walk_id), 303)


@bp.get(f"{WALK}/sheet.pdf")
@requires(MARK)
def sheet(walk_id: int) -> Response:
    """The walk on paper, for a walker without a phone."""
    row = the_walk(walk_id)
    settings = config.current()
    address = f"{settings.public_url}{url_for('.walk', walk_id=walk_id)}".partition("://")[2]
    city = settings.city
    at = clock.local(row.meets_at)
    how = (
        f"We meet on {at:%A} {at.day} {at:%B} at {at:%H:%M}: {row.meeting_place}. Tick one answer "
        "for each thing, as it is for you. Leave out what you cannot tell. No names, please."
    )
    head = blank.Head(
        f"Night walk: {row.title}", city.office_name, how, address, city.colour, clock.today()
    )

    def write(file: IO[bytes]) -> None:
        file.write(paper.draw(head, service.stops(walk_id), service.things(row)))

    return download("night-walk.pdf", write)


@bp.post(f"{WALK}/type-in")
@requires(MARK)
def type_in(walk_id: int) -> Answer:
    """Begin to type in a sheet."""
    row = the_walk(walk_id)
    try:
        walker = service.join_on_paper(row, by=current_user.id)
    except Refused as refused:
        flash(refused.words)
        return redirect(url_for(".walk", walk_id=walk_id), 303)
    number = walker.number
    commit()
    return redirect(url_for(".typed", walk_id=walk_id, number=number, n=1), 303)


def _on_paper(walk_id: int, number: int, n: int) -> tuple[NightWalk, Walker, WalkStop]:
    row = the_walk(walk_id)
    walkers = (e for e in service.walkers(walk_id) if e.number == number and e.token_hash is None)
    stop = next((each for each in service.stops(walk_id) if each.number == n), None)
    return row, next(walkers, None) or abort(404), stop or abort(404)


@bp.route(f"{WALK}/sheets/<int:number>/<int:n>", methods=["GET", "POST"])
@requires(MARK, late=True)
def typed(walk_id: int, number: int, n: int) -> Answer:
    """One stop of a sheet that is typed in."""
    row, walker, stop = _on_paper(walk_id, number, n)
    form, at = stop_views.form_of(row, walker, stop), lambda: _on_paper(walk_id, number, n)
    if stop_views.is_saved(form, at, by=current_user.id):
        if n < len(service.stops(walk_id)):
            return redirect(url_for(".typed", walk_id=walk_id, number=number, n=n + 1), 303)
        flash(f"The sheet of walker {number} is typed in.")
        return redirect(url_for(".walk", walk_id=walk_id), 303)
    stops = service.stops(walk_id)
    return render_template(
        "night_walks/typed.html", row=row, walker=walker, stop=stop, stops=stops, form=form
    )


@bp.get(f"{WALK}/photos/<int:note_id>")
@requires(MARK)
def photo(walk_id: int, note_id: int) -> Response:
    """A walker's photo."""
    return files.answer(service.photo(walk_id, note_id) or abort(404))


@bp.get(f"{WALK}/compared")
@requires(MARK)
def compare(walk_id: int) -> Answer:
    """A walk beside the one it repeats."""
    found = pages.compared(the_walk(walk_id)) or abort(404)
    return render_template("night_walks/compared.html", found=found)
