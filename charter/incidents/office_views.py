"""The office's own series: entries about somebody who runs a place, which their venue never sees.

Facts are listed; what people wrote opens by a click that is recorded, one entry at a time.
"""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.core import access
from charter.core.access import Permission, requires
from charter.core.db import CITY, commit
from charter.core.text import is_number
from charter.incidents import following, reading, record, saying, service, words
from charter.incidents.book_forms import CloseForm
from charter.incidents.choices import Team
from charter.incidents.models import Entry
from charter.incidents.service import Writer
from charter.venues import service as venues

bp = Blueprint("office_books", __name__, url_prefix="/office/books")
Answer = str | Response
RESTRICTED = Permission.BOOKS_RESTRICTED


def _entry(number: int) -> Entry:
    return reading.entry(CITY, number) or abort(404)


def _writer() -> Writer:
    return Writer(team=Team.MANAGEMENT, user_id=current_user.id, manages=True)


@bp.get("/")
@requires(RESTRICTED)
def index() -> Answer:
    """The entries of the office's own series, the newest first, without what was written."""
    before = request.args.get("before", "")
    found = reading.page(CITY, before=int(before) if is_number(before) else None)
    places = {each.venue_id: venues.venue(each.venue_id) for each in found}
    return render_template(
        "office_books/index.html",
        rows=[(each, places[each.venue_id], words.category_name(each.category)) for each in found],
        older=found[-1].number if len(found) == reading.PAGE else None,
    )


@bp.get("/<int:number>")
@requires(RESTRICTED)
def entry(number: int) -> Answer:
    """The facts of one entry, and the button that opens what was written."""
    return _page(_entry(number), is_open=False)


@bp.post("/<int:number>/open")
@requires(RESTRICTED)
def open_words(number: int) -> Answer:
    """Show what was written, on this answer alone; that it was opened is recorded."""
    found = _entry(number)
    service.note_only(found, "entry.opened", current_user.id)
    commit()
    return _page(_entry(number), is_open=True)


@bp.route("/<int:number>/close", methods=["GET", "POST"])
@requires(RESTRICTED, late=True)
def close(number: int) -> Answer:
    """Say how an entry of the office's series ended; its time to be kept begins with it."""
    form = CloseForm()
    if form.validate_on_submit():
        access.enter()
        found = _entry(number)
        if form.takes(
            lambda: following.close(found, form.outcome.data or "", _writer(), texts=form.texts())
        ):
            commit()
            flash("Closed")
            return redirect(url_for(".entry", number=number), 303)
    return render_template("office_books/close.html", entry=_entry(number), form=form)


def _page(found: Entry, *, is_open: bool) -> str:
    read = record.record(found) if is_open else None
    rooms = record.room_names(found.venue_id)
    return render_template(
        "office_books/entry.html",
        entry=found,
        venue=venues.venue(found.venue_id),
        facts=saying.facts(found, rooms, {}, by="") if read is None else read.facts,
        record=read,
        moment=record.moment_words,
    )
