"""Pages on which a venue's book is read: the first page, an entry, the week, a search."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user

from charter.core import access
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.errors import Refused
from charter.core.fields import Form
from charter.core.text import is_number
from charter.incidents import (
    amending,
    book_forms,
    finding,
    following,
    licence,
    pages,
    people,
    reading,
    record,
    retention,
    sharing,
    words,
)
from charter.incidents.blueprint import (
    Answer,
    reads_all,
    the_entry,
    the_venue,
    writer,
)
from charter.incidents.choices import Cctv
from charter.incidents.finding import Sought
from charter.incidents.models import Entry
from charter.incidents.write_views import bp
from charter.venues.models import Venue

__all__ = ["bp"]
WRITE, READ = Permission.INCIDENTS_WRITE, Permission.INCIDENTS_READ
MANAGE = Permission.INCIDENTS_MANAGE


def _number(name: str) -> int | None:
    """A number from the address, or None."""
    typed = request.args.get(name, "")
    return int(typed) if is_number(typed) else None


def _day(name: str) -> date | None:
    """A day from the address, or None for what is none."""
    try:
        return date.fromisoformat(request.args.get(name, "")[:10])
    except ValueError:
        return None


def _sought() -> Sought:
    state = request.args.get("state", "")
    category = request.args.get("category", "")
    return Sought(
        category=category if category in words.words().categories else "",
        zone_id=_number("room"),
        state=state if state in ("open", "closed") else "",
        first=_day("from"),
        last=_day("to"),
    )


@bp.get("")
@requires(WRITE)
def index(venue_id: int) -> Answer:
    """The book's first page: write, what to do next, and the newest entries."""
    venue, before = the_venue(venue_id), _number("before")
    if not reads_all(venue_id):
        rows = pages.own(venue_id, current_user.id, before)
        older = rows[-1].number if len(rows) == reading.PAGE else None
        return render_template(
            "incidents/own.html", venue=venue, rows=rows, before=before, older=older
        )
    sought = _sought()
    found, rooms = finding.page(venue_id, sought, before=before), record.room_names(venue_id)
    is_first = not before and not sought.is_anything
    return render_template(
        "incidents/index.html",
        venue=venue,
        found=found,
        rows=pages.rows(found.entries, rooms),
        sought=sought,
        before=before,
        steps=_steps(venue) if is_first else [],
        rooms=rooms,
        asks_for_door=is_first
        and access.can(Permission.DOORS_WRITE, venue_id)
        and licence.asks_for_door_staff(venue_id),
        categories=[(each.key, each.name) for each in words.words().categories.values()],
        kept={k: v for k, v in request.args.items() if k in _FILTERS and v},
    )


_FILTERS = {"category", "room", "state", "from", "to"}


def _steps(venue: Venue) -> list[dict[str, Any]]:
    """What to do next as cards."""
    found = []
    for step in pages.steps(venue):
        values: dict[str, Any] = {"number": step.number} if step.number else {}
        href = url_for(f".{step.page}", venue_id=venue.id, **values)
        found.append({"title": step.title, "href": href, "minutes": step.minutes, "why": step.why})
    return found


@bp.get("/<int:number>")
@requires(WRITE)
def entry(venue_id: int, number: int) -> Answer:
    """One entry: a dated record, names closed."""
    return entry_page(the_venue(venue_id), the_entry(venue_id, number))


def entry_page(
    venue: Venue, found: Entry, names: Mapping[int, Mapping[str, str]] | None = None
) -> str:
    """An entry for whoever is here, with its names if they were opened."""
    all_of_it = reads_all(venue.id)
    only_by = None if all_of_it else current_user.id
    return render_template(
        "incidents/entry.html",
        venue=venue,
        entry=found,
        record=record.record(found, only_by=only_by, names=names),
        opened=names is not None,
        waits=all_of_it and found.read_at is None,
        following=reading.next_unread(venue.id, found.number) if all_of_it else None,
        opened_at=sharing.openings(found) if all_of_it else [],
        may_add=found.words_key_sealed is not None and amending.may_amend(found, writer(venue.id)),
        days_left=pages.days_left(found),
        days_words=pages.days_words,
        camera_may_have_it=found.cctv in (Cctv.WANTED, Cctv.UNKNOWN),
        marks=pages.marks(found),
        kept=retention.kept_until(found, venue),
        moment=record.moment_words,
    )


@bp.post("/<int:number>/names")
@requires(Permission.INCIDENTS_NAMES)
def names(venue_id: int, number: int) -> Answer:
    """Show the names of one entry, on this answer alone; that they were opened is recorded."""
    found = the_entry(venue_id, number)
    opened = {row.n: who for row, who in people.names(found, by=current_user.id)}
    commit()
    return entry_page(the_venue(venue_id), the_entry(venue_id, number), opened)


@bp.get("/week")
@requires(READ)
def week(venue_id: int) -> Answer:
    """What nobody has read yet, what waits, and the quiet weeks: some minutes a week."""
    return _week(venue_id, None)


def _week(venue_id: int, form: Form | None) -> str:
    venue = the_venue(venue_id)
    return render_template(
        "incidents/week.html",
        venue=venue,
        found=pages.week(venue),
        wrong_form=form,
        week_words=pages.week_words,
        days_words=pages.days_words,
    )


@bp.post("/week/read")
@requires(MANAGE)
def read(venue_id: int) -> Answer:
    """Tick everything up to an entry as read."""
    form, typed, done = book_forms.WhyForm(), request.form.get("up_to", ""), list[int]()
    number = int(typed) if is_number(typed) else 0
    if form.takes(lambda: done.append(following.read_up_to(venue_id, number, writer(venue_id)))):
        commit()
        flash(f"Saved: {reading.many(sum(done))} read")
        return redirect(url_for(".week", venue_id=venue_id), 303)
    return _week(venue_id, form)


@bp.post("/week/nothing")
@requires(MANAGE)
def nil_week(venue_id: int) -> Answer:
    """Sign a week in which there was nothing to report."""
    form, monday = book_forms.WhyForm(), request.form.get("week", "")
    if form.takes(lambda: following.sign_nil_week(venue_id, _monday(monday), writer(venue_id))):
        commit()
        flash("Signed: nothing to report that week")
        return redirect(url_for(".week", venue_id=venue_id), 303)
    return _week(venue_id, form)


def _monday(typed: str) -> date:
    try:
        return date.fromisoformat(typed[:10])
    except ValueError:
        raise Refused("Choose one of the weeks shown") from None


@bp.route("/search", methods=["GET", "POST"])
@requires(READ, late=True)
def search(venue_id: int) -> Answer:
    """Look for facts and, opening them, for words in this venue's own book."""
    venue, rooms = the_venue(venue_id), record.room_names(venue_id)
    form, found, shown = book_forms.SearchForm(), None, list[pages.Row]()
    form.offer(rooms)
    if form.validate_on_submit():
        found = _searched(venue_id, form)
        shown = pages.rows(found.entries, rooms)
        if form.terms:
            _note_search(venue_id, form, found)
            venue = the_venue(venue_id)
    return render_template(
        "incidents/search.html",
        venue=venue,
        form=form,
        found=found,
        rows=shown,
        more=_again(found),
        opened_at_most=finding.OPENED,
        may_see_names=access.can(Permission.INCIDENTS_NAMES, venue_id),
    )


def _again(found: finding.Found | None) -> dict[str, Any]:
    """The search that was sent, to go on below where it came to."""
    if found is None or found.before is None:
        return {}
    return {k: v for k, v in request.form.items() if k != "csrf_token"} | {"before": found.before}


def _searched(venue_id: int, form: book_forms.SearchForm) -> finding.Found:
    """What is found: by its facts, and by its words if some were typed."""
    typed = form.before.data or ""
    before = int(typed) if is_number(typed) else None
    if not form.terms:
        return finding.page(venue_id, form.sought, before=before)
    names = _looks_at_names(form, venue_id)
    return finding.search(venue_id, form.sought, form.terms, people=names, before=before)


def _looks_at_names(form: book_forms.SearchForm, venue_id: int) -> bool:
    return bool(form.people.data) and access.can(Permission.INCIDENTS_NAMES, venue_id)


def _note_search(venue_id: int, form: book_forms.SearchForm, found: finding.Found) -> None:
    """Record that words were opened, before anything of them is shown."""
    access.enter()
    names = _looks_at_names(form, venue_id)
    finding.note(venue_id, found, by=current_user.id, people=names)
    commit()
