"""Pages that read a whole staff list in: a template, a file or pasted cells, a look, a yes."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from charter.core import access
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.staff import imports, pages, sheet
from charter.staff.forms import ListForm, TakeForm
from charter.staff.sheet import Entry
from charter.venues import service as venues
from charter.venues import sheets
from charter.venues.models import Venue
from charter.venues.sheets import Faults

bp = Blueprint("staff", __name__, url_prefix="/venues/<int:venue_id>/staff")
Answer = str | AnyResponse
WRITE = Permission.STAFF_WRITE
_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def the_venue(venue_id: int) -> Venue:
    """The venue of the address; a 404 without one."""
    return venues.venue(venue_id) or abort(404)


def page_number() -> int:
    """Which page of a long list is asked for; the first unless a number says so."""
    typed = request.args.get("page", "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else 1


@bp.get("/template")
@requires(WRITE)
def template(venue_id: int) -> Response:
    """An empty list to fill in: an Excel workbook, or CSV with `?format=csv`."""
    form = "csv" if request.args.get("format") == "csv" else "xlsx"
    return Response(
        sheets.template(sheet.COLUMNS, form),
        mimetype=_TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="staff-list.{form}"'},
    )


@bp.route("/upload", methods=["GET", "POST"])
@requires(WRITE, late=True)
def upload(venue_id: int) -> Answer:
    """Read a list in, to be looked over before anything is saved."""
    form, entries = ListForm(), list[Entry]()
    # Reading is slow, so that the venue is locked only when it is over.
    is_read = form.validate_on_submit() and form.takes(lambda: entries.extend(_read(form)))
    if request.method == "POST":
        access.enter()
    if is_read and form.takes(lambda: imports.hold(venue_id, entries, by=current_user.id)):
        commit()
        return redirect(url_for(".preview", venue_id=venue_id), 303)
    return render_template(
        "staff/upload.html",
        venue=the_venue(venue_id),
        form=form,
        rows=[(column.title, column.hint) for column in sheet.COLUMNS],
        waits=imports.held(venue_id, by=current_user.id) is not None,
    )


def _read(form: ListForm) -> list[Entry]:
    upload = form.file.data
    if upload:
        return sheet.of_file(upload.read(), upload.filename or "")
    return sheet.of_text(form.pasted.data or "")


@bp.get("/upload/check")
@requires(WRITE)
def preview(venue_id: int) -> Answer:
    """What the list that was read in would do, row by row. Nothing is saved yet."""
    return _preview(venue_id, TakeForm(formdata=None))


def _preview(venue_id: int, form: TakeForm) -> str:
    """The look at what is held, as things are now; whatever form was sent, it gets a new seal."""
    row, found = imports.held(venue_id, by=current_user.id), None
    if row is not None:
        try:
            made = imports.plan(venue_id, imports.entries_of(row))
            found = pages.preview(made, page_number())
            form.once.process(None, data=row.once)
            form.seal.process(None, data=made.seal)
        except Faults as faults:
            form.form_errors.extend(faults.lines)
    return render_template("staff/preview.html", venue=the_venue(venue_id), form=form, found=found)


@bp.post("/upload/check")
@requires(WRITE)
def take(venue_id: int) -> Answer:
    """Save the list that was looked over: all of it, or nothing."""
    form, by = TakeForm(), current_user.id
    once, seal = form.once.data or "", form.seal.data or ""
    made: list[imports.Plan | None] = []
    if form.validate_on_submit() and form.takes(
        lambda: made.append(imports.take(venue_id, by=by, once=once, seal=seal))
    ):
        commit()
        plan = made[0]
        flash(f"Saved: {pages.totals_words(plan)}" if plan else "Saved")
        return redirect(url_for(".index", venue_id=venue_id), 303)
    return _preview(venue_id, form)
