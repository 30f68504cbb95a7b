"""The pages about blank pages: print some, see what became of each, type one in."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter import config
from charter.core import access, clock
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.text import is_number
from charter.incidents import reading, service, tonight, writers
from charter.incidents.blueprint import Answer, reads_all, the_venue
from charter.incidents.models import Entry, PaperPage
from charter.registers import pages, rules, sheets
from charter.registers.forms import CodeForm, PagesForm, PaperForm, StateForm
from charter.registers.pages import Page
from charter.registers.rules import State
from charter.venues.models import Venue

bp = Blueprint("registers", __name__, url_prefix="/venues/<int:venue_id>/book")
PRINT, WRITE = Permission.BOOK_PRINT, Permission.INCIDENTS_WRITE


def _the_page(venue_id: int, sheet: str) -> Page:
    return pages.page(venue_id, sheet) or abort(404)


@bp.route("/pages", methods=["GET", "POST"])
@requires(PRINT)
def pages_list(venue_id: int) -> Answer:
    """What became of each page; and more of them, as a file to print."""
    venue, form = the_venue(venue_id), PagesForm()
    made: list[PaperPage] = []
    if form.validate_on_submit() and form.takes(lambda: made.extend(_more(venue_id, form))):
        answer = _blanks(venue, made)
        commit()
        return answer
    before = request.args.get("before", "")
    found = pages.some(venue_id, before=int(before) if is_number(before) else None)
    form.after.data = str(pages.last_number(venue_id))
    return render_template(
        "registers/pages.html",
        venue=venue,
        form=form,
        found=found,
        before=before,
        older=found[-1].row.number if len(found) == pages.AT_ONCE else None,
        most=rules.MOST_PAGES,
    )


def _more(venue_id: int, form: PagesForm) -> list[PaperPage]:
    made = pages.print_more(venue_id, form.pages, after=form.newest, by=current_user.id)
    return list(made)


def _blanks(venue: Venue, rows: list[PaperPage]) -> Response:
    settings = config.current()
    address = f"{settings.public_url}{url_for('.enter', venue_id=venue.id)}"
    facts = sheets.Blanks(
        venue_name=venue.name,
        office_name=settings.city.office_name,
        short_address=address.partition("://")[2],
        colour=settings.city.colour,
        made_on=clock.today(),
    )
    name = f"blank-pages-{facts.made_on.isoformat()}.pdf"
    return Response(
        sheets.draw(facts, rows),
        mimetype="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@bp.route("/pages/type-in", methods=["GET", "POST"])
@requires(WRITE)
def enter(venue_id: int) -> Answer:
    """Ask for the code of a page that was written on."""
    form = CodeForm()
    if form.validate_on_submit():
        found = pages.page(venue_id, form.code.data or "")
        if found is not None:
            return redirect(url_for(".type_in", venue_id=venue_id, sheet=found.code), 303)
        form.code.errors = ["No page of this venue has that code. Check it letter by letter"]
    return render_template("registers/code.html", venue=the_venue(venue_id), form=form)


@bp.route("/pages/<sheet>", methods=["GET", "POST"])
@requires(WRITE, late=True)
def type_in(venue_id: int, sheet: str) -> Answer:
    """The form for what stands on a page; a page that is not blank says what became of it."""
    found, venue = _the_page(venue_id, sheet), the_venue(venue_id)
    records = reading.records(venue_id)
    if request.method == "POST":
        return _save(venue_id, sheet, PaperForm(venue, records, formdata=request.form))
    if found.state is not State.BLANK:
        return _used(venue_id, found)
    return _form(venue_id, found, PaperForm(venue, records, formdata=None))


def _form(venue_id: int, found: Page, form: PaperForm) -> str:
    return render_template(
        "registers/page.html",
        venue=the_venue(venue_id),
        page=found,
        form=form,
        is_dark=tonight.is_dark(),
        save_to=url_for(".type_in", venue_id=venue_id, sheet=found.code),
        keep_to="",
    )


def _used(venue_id: int, found: Page, status: int = 200) -> tuple[str, int]:
    """What became of a page; the entry is named to whoever may open it."""
    may_open = found.entry is not None and (
        reads_all(venue_id) or pages.is_own(venue_id, found.entry, current_user.id)
    )
    body = render_template(
        "registers/used.html", venue=the_venue(venue_id), page=found, may_open=may_open
    )
    return body, status


def _save(venue_id: int, sheet: str, form: PaperForm) -> Answer:
    """Write the entry and say its number; one about somebody in charge in this answer alone."""
    made: list[Entry] = []
    if not (form.validate() and form.takes(lambda: made.append(_written(venue_id, sheet, form)))):
        found = _the_page(venue_id, sheet)
        if found.state is not State.BLANK:
            return _used(venue_id, found, 409)
        if service.is_used(form.token):
            form.renew()
        return _form(venue_id, found, form)
    number, is_office = made[0].number, reading.is_office(made[0])
    commit()
    if is_office:
        return render_template("registers/sent.html", number=number, is_dark=tonight.is_dark())
    return redirect(url_for("incidents.written", venue_id=venue_id, number=number), 303)


def _written(venue_id: int, sheet: str, form: PaperForm) -> Entry:
    written, hand = form.written(), form.hand()
    access.enter(city=written.is_restricted)
    venue, found = the_venue(venue_id), _the_page(venue_id, sheet)
    manages = access.can(Permission.INCIDENTS_MANAGE, venue_id)
    by = writers.of_account(venue_id, current_user.id, manages=manages)
    hours = tonight.late_hours(venue)
    return pages.type_in(venue, found, written, hand, by, once=form.token, late_hours=hours)


@bp.get("/pages/<sheet>/again")
@requires(PRINT)
def again(venue_id: int, sheet: str) -> Answer:
    """The file of one blank page again, where the first never came out of the printer."""
    found = _the_page(venue_id, sheet)
    if found.state is not State.BLANK:
        return _used(venue_id, found, 409)
    return _blanks(the_venue(venue_id), [found.row])


@bp.route("/pages/<sheet>/spoiled", methods=["GET", "POST"])
@requires(PRINT)
def spoil(venue_id: int, sheet: str) -> Answer:
    """Say that a page was torn, lost or not used; or that it is there after all."""
    found, form = _the_page(venue_id, sheet), StateForm()
    is_back = form.to.data == State.BLANK
    verb = pages.unspoil if is_back else pages.spoil
    if form.validate_on_submit() and form.takes(lambda: verb(found, by=current_user.id)):
        number = found.row.number
        commit()
        flash(f"Page {number} is {State.BLANK if is_back else State.SPOILED}")
        return redirect(url_for(".pages_list", venue_id=venue_id), 303)
    found = _the_page(venue_id, sheet)
    form.to.data = State.BLANK if found.state is State.SPOILED else State.SPOILED
    return render_template("registers/spoil.html", venue=the_venue(venue_id), page=found, form=form)
