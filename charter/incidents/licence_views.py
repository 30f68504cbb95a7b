"""Pages about what a venue's licence asks for: which records are kept, and who works the door."""

from datetime import date, timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.accounts import service as accounts
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.errors import Refused
from charter.core.fields import Form
from charter.core.text import in_words
from charter.doors import rules
from charter.doors import service as doors
from charter.incidents import licence, reading, words
from charter.incidents.blueprint import Answer, the_venue
from charter.incidents.licence_forms import GuardForm, TermsForm

bp = Blueprint("licence", __name__, url_prefix="/venues/<int:venue_id>")
TERMS, DOOR = Permission.BOOK_TERMS, Permission.DOORS_WRITE
DAY = timedelta(days=1)


@bp.route("/book/terms", methods=["GET", "POST"])
@requires(TERMS)
def terms(venue_id: int) -> Answer:
    """Which records the licence asks for: what is ticked is asked in the book from now on."""
    form = TermsForm(data={"records": list(reading.records(venue_id))})
    if form.validate_on_submit() and form.takes(
        lambda: licence.switch(venue_id, form.records.data or [], by=current_user.id)
    ):
        commit()
        flash("Saved. From now on the book asks for what you ticked")
        return redirect(url_for(".terms", venue_id=venue_id), 303)
    row = licence.terms(venue_id)
    people = accounts.people({row.saved_by}) if row else {}
    return render_template(
        "licence/terms.html",
        venue=the_venue(venue_id),
        form=form,
        hints={key: each.hint for key, each in words.words().records.items()},
        saved_at=row.saved_at if row else None,
        saved_by=people[row.saved_by].name if row and row.saved_by in people else "",
    )


@bp.route("/door", methods=["GET", "POST"])
@requires(DOOR)
def door(venue_id: int) -> Answer:
    """Who works the door on a night; and one more."""
    if not licence.asks_for_door_staff(venue_id):
        if request.method == "POST":
            abort(404)
        was_kept = any(doors.nearest(venue_id, doors.tonight() + DAY))
        return render_template("licence/no_door.html", venue=the_venue(venue_id), was_kept=was_kept)
    form, night = GuardForm(), _night(request.values.get("night", ""))
    form.night.data = night.isoformat()

    def write() -> None:
        doors.add(venue_id, night, form.guard(), by=current_user.id, once=form.once.data or "")

    if form.validate_on_submit() and form.takes(write):
        name = form.name.data
        commit()
        flash(f"Written down: {name}")
        return _back(venue_id, night)
    return _page(venue_id, night, form)


def _night(typed: str) -> date:
    """The night that an address or a form names; tonight for what is none."""
    try:
        return date.fromisoformat(typed[:10])
    except ValueError:
        return doors.tonight()


def _page(venue_id: int, night: date, form: Form) -> str:
    rows, (earlier, later) = doors.on_duty(venue_id, night), _beside(venue_id, night)
    tonight = doors.tonight()
    is_bare = all(row.is_struck for row in rows)
    return render_template(
        "licence/door.html",
        venue=the_venue(venue_id),
        night=night,
        is_tonight=night == tonight,
        may_write=tonight - rules.OLDEST <= night <= tonight,
        rows=rows,
        form=form,
        before=doors.night_before(venue_id, night) if is_bare else None,
        earlier=earlier,
        later=later,
    )


def _beside(venue_id: int, night: date) -> tuple[date | None, date | None]:
    """The nights to turn to: day by day while they can be written down, then those with rows."""
    tonight = doors.tonight()
    oldest = tonight - rules.OLDEST
    if night > tonight:
        return tonight, None
    if night > oldest:
        return night - DAY, night + DAY if night < tonight else None
    before, after = doors.nearest(venue_id, night)
    return before, night + DAY if night == oldest else min(after or oldest, oldest)


def _back(venue_id: int, night: date) -> Response:
    on = None if night == doors.tonight() else night.isoformat()
    return redirect(url_for(".door", venue_id=venue_id, night=on), 303)


@bp.post("/door/same")
@requires(DOOR)
def same(venue_id: int) -> Answer:
    """The same people as on the night before, at the same hours."""
    form, night = GuardForm(formdata=None), _night(request.form.get("night", ""))
    form.night.data = night.isoformat()
    if not licence.asks_for_door_staff(venue_id):
        abort(404)
    if form.takes(lambda: doors.same_again(venue_id, night, by=current_user.id)):
        commit()
        flash(f"Written down for {in_words(night)}. Strike whoever is not there")
        return _back(venue_id, night)
    return _page(venue_id, night, form)


@bp.post("/door/<int:shift_id>/strike")
@requires(DOOR)
def strike(venue_id: int, shift_id: int) -> Answer:
    """Say that a row was wrong; it stays, struck through."""
    try:
        row = doors.strike(venue_id, shift_id, by=current_user.id)
    except Refused as refused:
        flash(refused.words)
        return redirect(url_for(".door", venue_id=venue_id), 303)
    night = (row or abort(404)).night
    commit()
    flash("Struck through. It can still be read")
    return _back(venue_id, night)
