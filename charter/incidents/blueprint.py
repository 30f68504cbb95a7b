"""Where the pages of a venue's book hang, and what each of them asks first: whose entry it is."""

from typing import Any, NoReturn

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.core import access
from charter.core.access import Permission
from charter.incidents import reading, record
from charter.incidents.book_forms import EntryForm
from charter.incidents.choices import Team
from charter.incidents.models import Entry
from charter.incidents.service import Writer
from charter.venues import service as venues
from charter.venues.models import Venue

bp = Blueprint("incidents", __name__, url_prefix="/venues/<int:venue_id>/book")
Answer = str | Response | tuple[str, int]


def the_venue(venue_id: int) -> Venue:
    """The venue of the address; a 404 without one."""
    return venues.venue(venue_id) or _unknown()


def reads_all(venue_id: int) -> bool:
    """Whether the person here reads the whole book; others read what they wrote themselves."""
    return access.can(Permission.INCIDENTS_READ, venue_id)


def the_entry(venue_id: int, number: int) -> Entry:
    """An entry of the venue's book that the person here may read; else a 404."""
    the_venue(venue_id)
    found = reading.entry(venue_id, number)
    if found is None or not (reads_all(venue_id) or found.by_user_id == current_user.id):
        _unknown()
    return found


def writer(venue_id: int) -> Writer:
    """The person here, as somebody who adds to what is written."""
    manages = access.can(Permission.INCIDENTS_MANAGE, venue_id)
    team = Team.MANAGEMENT if manages else Team.FLOOR
    return Writer(team=team, user_id=current_user.id, manages=manages)


def is_current(form: EntryForm, found: Entry) -> bool:
    """Whether nobody wrote in the entry since the form was opened; else the form says so."""
    return form.is_current(reading.count_lines(found))


def form_page(
    template: str, venue_id: int, number: int, form: EntryForm, **more: Any
) -> tuple[str, int]:
    """A form about one entry; one that was overtaken comes back with what was written meanwhile."""
    found = the_entry(venue_id, number)
    read = record.record(found, only_by=None if reads_all(venue_id) else current_user.id)
    newer = [line for line in read.lines if line.n > form.seen_lines]
    if form.was_overtaken or not form.seen.data:
        form.seen.data = str(read.seen)
    body = render_template(
        template,
        venue=the_venue(venue_id),
        entry=found,
        record=read,
        form=form,
        meanwhile=newer if form.was_overtaken else [],
        moment=record.moment_words,
        **more,
    )
    return body, 409 if form.was_overtaken else 200


def back_to(venue_id: int, number: int, words: str) -> Response:
    """What was done is said on the entry's own page."""
    flash(words)
    return redirect(url_for("incidents.entry", venue_id=venue_id, number=number), 303)


def _unknown() -> NoReturn:
    abort(404)
