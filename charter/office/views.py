"""The night office's pages: home, venue table, one venue, sign-ups to decide."""

import csv
import io
from collections.abc import Iterator
from typing import cast

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    stream_with_context,
    url_for,
)
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from charter.accounts import service as accounts
from charter.accounts.models import User
from charter.core import access, clock
from charter.core.access import Permission, can, requires
from charter.core.db import commit
from charter.core.text import is_number
from charter.editions import service as editions
from charter.office import board, bookkeeping, casefile, checked, desk, machine, mending, sheet
from charter.office import export as copies
from charter.office import thresholds as numbers
from charter.office.forms import DecisionForm, ThresholdForm
from charter.office.totals import totals
from charter.proofs import exceptions
from charter.signup import service as signing
from charter.venues import service as venue_service
from charter.venues.models import Kind

bp = Blueprint("office", __name__)
Answer = str | AnyResponse


@bp.get("/home")
@requires(Permission.ACCOUNT_OWN)
def home() -> Answer:
    """Send each person to where they work, or say what there is to choose from."""
    me = cast(User, current_user)
    if can(Permission.OFFICE_READ):
        return redirect(url_for(".dashboard"), 303)
    if can(Permission.SYSTEM_STATUS):
        return redirect(url_for(".status"), 303)
    overseen = [m.venue_id for m in me.memberships_now if can(Permission.VENUE_OVERSEE, m.venue_id)]
    covered = accounts.venues_covered(me)
    if len(covered) == 1 and not overseen:
        return redirect(url_for("commitments.home", venue_id=covered[0]), 303)
    return render_template(
        "office/home.html",
        overseen=venue_service.named(overseen),
        covered=venue_service.named(covered),
    )


@bp.get("/office/")
@requires(Permission.OFFICE_READ)
def dashboard() -> Answer:
    """The city at a glance, and what waits for the office."""
    return render_template("office/dashboard.html", desk=desk.desk())


@bp.get("/office/venues")
@requires(Permission.OFFICE_READ)
def venues() -> Answer:
    """Every venue in one dense table, 50 at a time."""
    asked = sheet.Asked.read(request.args)
    page = board.page(asked.filters, asked.sort, after=asked.after, before=asked.before)
    return render_template(
        "office/venues.html",
        table=sheet.table(page, asked),
        totals=totals(asked.filters),
        areas=[(area, area) for area in board.areas()],
        kinds=[(kind.value, kind.label.capitalize()) for kind in Kind],
        within=sheet.WITHIN,
        needs=sheet.NEEDS,
        asked=asked,
    )


@bp.get("/office/venues.csv")
@requires(Permission.OFFICE_READ)
def venues_csv() -> Response:
    """The table as a spreadsheet: every venue that fits the filters, facts of compliance only."""
    return _csv(sheet.spreadsheet(sheet.Asked.read(request.args).filters), "venues.csv")


def _csv(rows: Iterator[list[str]], name: str) -> Response:
    def lines() -> Iterator[str]:
        for row in rows:
            out = io.StringIO()
            csv.writer(out, quoting=csv.QUOTE_ALL).writerow(row)
            yield out.getvalue()

    return Response(
        stream_with_context(lines()),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@bp.get("/office/book-keeping")
@requires(Permission.BOOKS_OVERSEE)
def book_keeping() -> Answer:
    """How venues keep their incident books: numbers and what to ask about, 50 at a time."""
    asked = bookkeeping.Asked.read(request.args)
    return render_template(
        "office/book_keeping.html",
        found=bookkeeping.page(asked),
        areas=[(area, area) for area in board.areas()],
        asks=bookkeeping.ASKS,
        sorts=bookkeeping.SORTS,
        asked=asked,
    )


@bp.get("/office/book-keeping.csv")
@requires(Permission.BOOKS_OVERSEE)
def book_keeping_csv() -> Response:
    """The same of every venue that fits, as a spreadsheet: numbers only."""
    asked = bookkeeping.Asked.read(request.args)
    return _csv(bookkeeping.spreadsheet(asked), "book-keeping.csv")


@bp.get("/office/venues/<int:venue_id>")
@requires(Permission.VENUE_OVERSEE)
def venue(venue_id: int) -> Answer:
    """One venue: what waits first, then where it stands, its people, certificates and history."""
    before = request.args.get("before", "")
    number = int(before) if is_number(before) else None
    file = casefile.casefile(venue_id, before=number) or abort(404)
    return render_template("office/venue.html", file=file)


@bp.get("/office/venues/<int:venue_id>/space-checks/<int:audit_id>")
@requires(Permission.VENUE_OVERSEE)
def beside(venue_id: int, audit_id: int) -> Answer:
    """What a check found beside what the venue claims and its own walk said."""
    venue = venue_service.venue(venue_id) or abort(404)
    found = checked.beside(venue, audit_id) or abort(404)
    return render_template("office/beside.html", venue=venue, found=found)


@bp.get("/office/to-mend")
@requires(Permission.OFFICE_READ)
def to_mend() -> Answer:
    """What venues have to mend, what is due first on top, 50 at a time."""
    asked = mending.Asked.read(request.args)
    return render_template(
        "office/to_mend.html",
        found=mending.page(asked),
        areas=[(area, area) for area in board.areas()],
        asked=asked,
        shows=mending.SHOWS,
        mends=mending.MENDS,
        today=clock.today(),
    )


@bp.get("/office/to-mend.csv")
@requires(Permission.OFFICE_READ)
def to_mend_csv() -> Response:
    """The same, all of it, as a spreadsheet."""
    return _csv(mending.spreadsheet(mending.Asked.read(request.args)), "to-mend.csv")


@bp.get("/venues/<int:venue_id>/export")
@requires(Permission.VENUE_HAND_OVER)
def export(venue_id: int) -> Answer:
    """What is in the copy that a venue may take of everything, and how long we keep ours."""
    found = venue_service.venue(venue_id) or abort(404)
    staff = _whole(venue_id)
    return render_template(
        "office/export.html",
        venue=found,
        contents=copies.contents(staff=staff),
        left_out="" if staff else copies.NO_STAFF,
        kept=copies.kept(found),
    )


def _whole(venue_id: int) -> bool:
    """Whether whoever takes a copy may read the names on the staff list and in the book."""
    return all(can(each, venue_id) for each in (Permission.STAFF_READ, Permission.INCIDENTS_NAMES))


@bp.post("/venues/<int:venue_id>/export.zip")
@requires(Permission.VENUE_HAND_OVER, late=True)
def export_zip(venue_id: int) -> Answer:
    """The copy: made before the lock is taken, since it may be large, and noted in the trail."""
    if venue_service.venue(venue_id) is None:
        abort(404)
    staff = _whole(venue_id)
    try:
        packed = copies.pack(venue_id, staff=staff)
    except OSError as fault:
        current_app.logger.error("a copy could not be made: %s", fault.strerror)
        flash("We could not make the copy just now. Try again in a few minutes.")
        return redirect(url_for(".export", venue_id=venue_id), 303)
    try:
        access.enter()
        if staff and not _whole(venue_id):
            abort(404)
        copies.note(venue_id, by=current_user.id)
        commit()
    except BaseException:
        packed.close()
        raise
    name = f"venue-{venue_id}-{clock.today().isoformat()}.zip"
    return send_file(packed, "application/zip", as_attachment=True, download_name=name)


@bp.get("/office/sign-ups")
@requires(Permission.SIGNUP_DECIDE)
def sign_ups() -> Answer:
    """Sign-ups that nobody has decided, those that wait longest first."""
    return render_template("office/sign_ups.html", waiting=signing.waiting())


@bp.route("/office/sign-ups/<int:sign_up_id>", methods=["GET", "POST"])
@requires(Permission.SIGNUP_DECIDE)
def sign_up(sign_up_id: int) -> Answer:
    """Decide one sign-up, having made sure who they are."""
    found = signing.sign_up(sign_up_id) or abort(404)
    form = DecisionForm()
    if form.validate_on_submit() and form.takes(
        lambda: signing.decide(
            found.sign_up,
            signing.Verdict(form.verdict.data),
            by=cast(User, current_user),
            words=form.words.data or "",
            confirmed_through=form.confirmed_through.data or "",
            confirmed_how=form.confirmed_how.data or "",
        )
    ):
        commit()
        flash(desk.DECIDED[form.verdict.data])
        return redirect(url_for(".sign_ups"), 303)
    said = signing.messages(sign_up_id)
    return render_template(
        "office/sign_up.html", found=found, form=form, said=said, through=signing.THROUGH
    )


@bp.route("/office/thresholds", methods=["GET", "POST"])
@requires(Permission.THRESHOLD_SET)
def thresholds() -> Answer:
    """The numbers an edition judges by, and the city's own values for them."""
    edition = editions.current()
    form = ThresholdForm()
    form.name.choices = [("", "Choose one"), *numbers.words(edition).items()]
    if form.validate_on_submit() and form.takes(
        lambda: exceptions.set_threshold(
            edition.key,
            form.name.data,
            numbers.number(form.value.data),
            form.from_on.data or clock.today(),
            by=current_user.id,
        )
    ):
        commit()
        flash("Saved. It counts from the day you chose.")
        return redirect(url_for(".thresholds"), 303)
    return render_template(
        "office/thresholds.html", form=form, edition=edition, rows=numbers.thresholds(edition)
    )


@bp.get("/status")
@requires(Permission.SYSTEM_STATUS)
def status() -> Answer:
    """Settings that are no secret, mail that waits, and the heads of the trail."""
    return render_template("office/status.html", machine=machine.machine())
