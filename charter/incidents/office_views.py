"""What the office reads of incident books: its own series, and what a venue shares with it.

Its own series is about somebody who runs a place, and the venue never sees it. Facts are listed;
what people wrote opens by a click that is recorded, one entry at a time. The office carries an
entry of its own on as a venue does: it adds to it, gives out things to do, keeps it, closes it.
"""

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.accounts import service as accounts
from charter.core.access import GRANTS, Permission, Role, requires
from charter.core.db import CITY, commit
from charter.core.text import is_number
from charter.incidents import amending, following, reading, record, service, sharing, words
from charter.incidents.book_forms import (
    AddForm,
    CloseForm,
    DoneForm,
    EntryForm,
    ToDoForm,
    WhyForm,
)
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
    found = reading.of_the_office(before=_before())
    still_open, oldest = reading.still_open(CITY)
    return render_template(
        "office_books/index.html",
        still_open=still_open,
        oldest=oldest,
        rows=[(each, name, words.category_name(each.category)) for each, name in found],
        older=_older([each for each, _ in found]),
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
        to_do=reading.follow_ups(found),
        owners=_officers(),
        moment=record.moment_words,
    )


def _officers() -> dict[int, str]:
    """The office's people who may read the office's own series, by their id."""
    return {
        row.user_id: row.user.name
        for row in accounts.office_people()
        if RESTRICTED in GRANTS[Role(row.role)] and not row.user.is_disabled
    }


def _me() -> Writer:
    return Writer(team=Team.MANAGEMENT, user_id=current_user.id, manages=True)


@bp.route("/books/<int:number>/close", methods=["GET", "POST"])
@requires(RESTRICTED)
def close(number: int) -> Answer:
    """Say how an entry of the office's series ended; its time to be kept begins with it."""
    found, form = _own(number), CloseForm()

    def verb() -> None:
        following.close(found, form.outcome.data or "", _me(), texts=form.texts())

    return _act(found, form, verb, "close", "Closed")


def _act(found: Entry, form: EntryForm, verb: Callable[[], object], page: str, done: str) -> Answer:
    """A form about one entry, or what it does; an entry whose words are gone takes nothing more."""
    if found.words_key_sealed is None and page != "release":
        flash("The words of this entry are deleted, so it cannot be changed any more")
        return redirect(url_for(".entry", number=found.number), 303)
    if form.validate_on_submit() and form.takes(verb):
        commit()
        flash(done)
        return redirect(url_for(".entry", number=found.number), 303)
    return render_template(f"office_books/{page}.html", entry=_own(found.number), form=form)


@bp.route("/books/<int:number>/add", methods=["GET", "POST"])
@requires(RESTRICTED)
def add(number: int) -> Answer:
    """Add to an entry what came to be known, or what the office did."""
    found, form = _own(number), AddForm()

    def verb() -> None:
        said = {"said": form.said.data or ""}
        amending.amend(found, _venue(found.venue_id), {}, said, _me())

    return _act(found, form, verb, "add", "Added. What stood there before stays")


@bp.route("/books/<int:number>/to-do", methods=["GET", "POST"])
@requires(RESTRICTED)
def to_do(number: int) -> Answer:
    """Write down something to be done, by whom in the office and until when."""
    found, form, people = _own(number), ToDoForm(), _officers()
    form.offer(people.items())

    def verb() -> None:
        what, owner = form.what.data or "", form.owner.data or 0
        if form.due_on.data is not None:
            following.follow_up(found, what, owner, form.due_on.data, _me(), owners=people)

    return _act(found, form, verb, "to_do", "Saved. The office gets a mail when its day is over")


@bp.route("/books/<int:number>/to-do/<int:n>/done", methods=["GET", "POST"])
@requires(RESTRICTED)
def done(number: int, n: int) -> Answer:
    """Say that something is done, and how."""
    found, form = _own(number), DoneForm()
    if n not in {row.n for row in reading.follow_ups(found)}:
        abort(404)
    return _act(
        found, form, lambda: following.done(found, n, _me(), how=form.how.data or ""),
        "done", "Done",
    )  # fmt: skip


@bp.route("/books/<int:number>/keep", methods=["GET", "POST"])
@requires(RESTRICTED)
def hold(number: int) -> Answer:
    """Keep an entry beyond its time."""
    found, form = _own(number), WhyForm()
    return _act(
        found, form, lambda: following.hold(found, _me(), why=form.why.data or ""),
        "hold", "Kept until you say otherwise",
    )  # fmt: skip


@bp.route("/books/<int:number>/keep/end", methods=["GET", "POST"])
@requires(RESTRICTED)
def release(number: int) -> Answer:
    """Let an entry's time run again."""
    found, form = _own(number), WhyForm()
    return _act(
        found, form, lambda: following.release(found, _me(), why=form.why.data or ""),
        "release", "It is kept as long as every other entry",
    )  # fmt: skip


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
