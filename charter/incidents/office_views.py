"""What the office reads of incident books: its own series, and what a venue shares with it.

Its own series is about somebody who runs a place, and the venue never sees it. Facts are listed;
what people wrote opens by a click that is recorded, one entry at a time.
"""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.core.access import Permission, requires
from charter.core.db import CITY, commit
from charter.core.text import is_number
from charter.incidents import following, reading, record, service, sharing, words
from charter.incidents.book_forms import CloseForm
from charter.incidents.choices import Team
from charter.incidents.models import Entry
from charter.incidents.service import Writer
from charter.venues import service as venues
from charter.venues.models import Venue

bp = Blueprint("office_books", __name__, url_prefix="/office")
Answer = str | Response
RESTRICTED, SHARED = Permission.BOOKS_RESTRICTED, Permission.BOOKS_SHARED


def _before() -> int | None:
    typed = request.args.get("before", "")
    return int(typed) if is_number(typed) else None


def _own(number: int) -> Entry:
    return reading.entry(CITY, number) or abort(404)


def _venue(venue_id: int) -> Venue:
    return venues.venue(venue_id) or abort(404)


def _older(found: list[Entry]) -> int | None:
    return found[-1].number if len(found) == reading.PAGE else None


@bp.get("/books")
@requires(RESTRICTED)
def index() -> Answer:
    """The entries of the office's own series, the newest first, without what was written."""
    found = reading.page(CITY, before=_before())
    names = venues.names({each.venue_id for each in found})
    return render_template(
        "office_books/index.html",
        rows=[(each, names[each.venue_id], words.category_name(each.category)) for each in found],
        older=_older(found),
    )


@bp.get("/books/<int:number>")
@requires(RESTRICTED)
def entry(number: int) -> Answer:
    """The facts of one entry, and the button that opens what was written."""
    return _page(_own(number), is_open=False)


@bp.post("/books/<int:number>/open")
@requires(RESTRICTED)
def open_words(number: int) -> Answer:
    """Show what was written, on this answer alone; that it was opened is recorded."""
    service.note_only(_own(number), "entry.opened", current_user.id)
    commit()
    return _page(_own(number), is_open=True)


def _page(found: Entry, *, is_open: bool) -> str:
    return render_template(
        "office_books/entry.html",
        entry=found,
        venue=_venue(found.venue_id),
        facts=sharing.facts(found),
        record=record.record(found) if is_open else None,
        moment=record.moment_words,
    )


@bp.route("/books/<int:number>/close", methods=["GET", "POST"])
@requires(RESTRICTED)
def close(number: int) -> Answer:
    """Say how an entry of the office's series ended; its time to be kept begins with it."""
    found, form = _own(number), CloseForm()
    me = Writer(team=Team.MANAGEMENT, user_id=current_user.id, manages=True)
    if form.validate_on_submit() and form.takes(
        lambda: following.close(found, form.outcome.data or "", me, texts=form.texts())
    ):
        commit()
        flash("Closed")
        return redirect(url_for(".entry", number=number), 303)
    return render_template("office_books/close.html", entry=_own(number), form=form)


@bp.get("/venues/<int:venue_id>/book")
@requires(SHARED)
def shared(venue_id: int) -> Answer:
    """The entries that a venue shares with the office, the newest first: facts, never words."""
    found = sharing.shared(venue_id, before=_before())
    return render_template(
        "office_books/shared.html",
        venue=_venue(venue_id),
        rows=[(each, words.category_name(each.category)) for each in found],
        older=_older(found),
    )


@bp.get("/venues/<int:venue_id>/book/<int:number>")
@requires(SHARED)
def shared_entry(venue_id: int, number: int) -> Answer:
    """The facts of an entry that the venue shares."""
    return _shared_page(venue_id, number, is_open=False)


@bp.post("/venues/<int:venue_id>/book/<int:number>/open")
@requires(SHARED)
def open_shared(venue_id: int, number: int) -> Answer:
    """Show what was seen and said, on this answer alone; the venue sees that it was opened."""
    found = sharing.one(venue_id, number)
    if found is None or found.shared != "words":
        abort(404)
    service.note_only(found, "entry.read-by-office", current_user.id)
    commit()
    return _shared_page(venue_id, number, is_open=True)


def _shared_page(venue_id: int, number: int, *, is_open: bool) -> str:
    found = sharing.one(venue_id, number) or abort(404)
    return render_template(
        "office_books/shared_entry.html",
        venue=_venue(venue_id),
        entry=found,
        facts=sharing.facts(found),
        said=sharing.said(found) if is_open else None,
        moment=record.moment_words,
    )
