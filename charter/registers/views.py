"""Pages on which a venue's book, or one entry of it, is made into a paper."""

from typing import IO

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter import config
from charter.core import access, clock
from charter.core.access import Permission, requires
from charter.core.db import commit, db, steady
from charter.core.paper.handing import download
from charter.incidents import following, people
from charter.incidents.blueprint import Answer, form_page, is_current, the_entry, the_venue, writer
from charter.incidents.models import Entry
from charter.registers import handing, printing, register, rules
from charter.registers.forms import PeriodForm, PoliceForm
from charter.registers.page_views import bp
from charter.registers.printing import Printing
from charter.registers.register import Cover
from charter.venues.models import Venue

__all__ = ["bp"]
PRINT, SHARE = Permission.BOOK_PRINT, Permission.INCIDENTS_SHARE
NAMES = Permission.INCIDENTS_NAMES


@bp.route("/print", methods=["GET", "POST"])
@requires(PRINT, late=True)
def register_pdf(venue_id: int) -> Answer:
    """Ask for which nights, and answer with the numbered register."""
    nights = rules.last_weeks(min(clock.night_of(clock.now()), clock.today()))
    form = PeriodForm(data={"first": nights.first, "last": nights.last})
    made: list[Printing] = []
    if form.validate_on_submit() and form.takes(lambda: made.append(_begun(venue_id, form))):
        return _printed(made[0])
    return render_template("registers/print.html", venue=the_venue(venue_id), form=form)


def _begun(venue_id: int, form: PeriodForm) -> Printing:
    """Note what is printed, and each entry whose names are opened, before anything is read."""
    period = form.period()
    access.enter()
    by = current_user.id
    with_names = bool(form.names.data) and access.can(NAMES, venue_id)
    begun = printing.begin(venue_id, period, with_names=with_names, by=by)
    commit()
    after: int | None = 0
    while with_names and after is not None:
        access.enter()
        after = printing.note_names(begun, after, by=by)
        commit()
    return begun


def _printed(begun: Printing) -> Response:
    cover = _cover(the_venue(begun.venue_id))
    db.session.rollback()
    steady()
    first, last = begun.period.first, begun.period.last
    name = f"register-{first.isoformat()}-{last.isoformat()}.pdf"
    return download(name, lambda file: register.draw(file, cover, begun))


def _cover(venue: Venue) -> Cover:
    where = ", ".join(part for part in (venue.street, venue.town, venue.postcode) if part)
    colour = config.current().city.colour
    return Cover(venue.name, where, colour, current_user.name, clock.now())


@bp.route("/<int:number>/police", methods=["GET", "POST"])
@requires(SHARE)
def police(venue_id: int, number: int) -> Answer:
    """Choose what of an entry goes to the police, and answer with that and nothing else."""
    found, form = the_entry(venue_id, number), PoliceForm()
    if found.words_key_sealed is None:
        flash("The words of this entry are deleted, so it cannot be changed any more")
        return redirect(url_for("incidents.entry", venue_id=venue_id, number=number), 303)
    form.offer(with_names=access.can(NAMES, venue_id) and found.names_key_sealed is not None)
    if (
        form.validate_on_submit()
        and is_current(form, found)
        and form.takes(lambda: _hand_over(found, form))
    ):
        return _handed(venue_id, found, form)
    return form_page("registers/police.html", venue_id, number, form)


def _hand_over(found: Entry, form: PoliceForm) -> None:
    parts, to = form.parts.data or [], form.to.data or ""
    by = writer(found.book)
    following.share_with_police(found, parts, by, to=to, reference=form.reference.data or "")


def _handed(venue_id: int, found: Entry, form: PoliceForm) -> Response:
    parts, names = form.parts.data or [], None
    if "people" in parts:
        names = {row.n: who for row, who in people.names(found, by=current_user.id)}
    cover, to, reference = (
        _cover(the_venue(venue_id)),
        form.to.data or "",
        form.reference.data or "",
    )

    def write(file: IO[bytes]) -> None:
        handing.draw(file, cover, found, parts, to=to, reference=reference, names=names)

    answer = download(f"entry-{clock.today().isoformat()}.pdf", write)
    commit()
    return answer
