"""Pages on which a new entry is written: the form, what is kept of it, and what became of it."""

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.core import access, clock
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.incidents import drafts, forms, reading, rules, service, tonight, writers
from charter.incidents.amend_views import bp
from charter.incidents.blueprint import Answer, the_entry, the_venue
from charter.incidents.forms import EntryForm
from charter.incidents.models import Entry, EntryDraft
from charter.incidents.service import Writer

__all__ = ["bp"]
WRITE = Permission.INCIDENTS_WRITE
ONE_DAY = "Kept until tomorrow, for you alone. Press “Write an entry” to go on"


def _me(venue_id: int) -> Writer:
    manages = access.can(Permission.INCIDENTS_MANAGE, venue_id)
    return writers.of_account(venue_id, current_user.id, manages=manages)


@bp.route("/new", methods=["GET", "POST"])
@requires(WRITE, late=True)
def new(venue_id: int) -> Answer:
    """The form for a new entry; somebody who began one may go on with it."""
    venue, records = the_venue(venue_id), reading.records(venue_id)
    if request.method == "POST":
        return _save(venue_id, EntryForm(venue, records, formdata=request.form))
    begun = drafts.newest(venue_id, _me(venue_id))
    if begun is not None and request.args.get("begun") == "go-on":
        sent = forms.resumed(drafts.typed(begun), begun.saved_at)
        return _page(venue_id, EntryForm(venue, records, formdata=sent))
    return _page(venue_id, EntryForm(venue, records, formdata=None), begun)


def _page(venue_id: int, form: EntryForm, begun: EntryDraft | None = None) -> str:
    return render_template(
        "incidents/new.html",
        venue=form.venue,
        form=form,
        is_dark=tonight.is_dark(),
        begun_at=f"{clock.local(begun.saved_at):%H:%M}" if begun else "",
        begun_once=begun.once if begun else "",
        save_to=url_for(".new", venue_id=venue_id),
        keep_to=url_for(".draft", venue_id=venue_id),
    )


def _save(venue_id: int, form: EntryForm) -> Answer:
    """Write the entry and say its number; a form that is refused is shown again, and kept."""
    made: list[Entry] = []
    if not (form.validate() and form.takes(lambda: made.append(_written(venue_id, form)))):
        access.enter()
        if service.is_used(form.token):
            form.renew()
        drafts.keep(venue_id, form.token, forms.typed(request.form), _me(venue_id))
        commit()
        return _page(venue_id, form)
    number, is_office = made[0].number, reading.is_office(made[0])
    commit()
    if is_office:
        # Said in this answer alone: no address, no cookie and no page of the venue carries it.
        return render_template("incidents/sent.html", number=number, is_dark=tonight.is_dark())
    return redirect(url_for(".written", venue_id=venue_id, number=number), 303)


def _written(venue_id: int, form: EntryForm) -> Entry:
    written = form.written()
    access.enter(city=written.is_restricted)
    venue = the_venue(venue_id)
    hours = tonight.late_hours(venue)
    return service.write(venue, written, _me(venue_id), once=form.token, late_hours=hours)


@bp.get("/<int:number>/written")
@requires(WRITE)
def written(venue_id: int, number: int) -> Answer:
    """That an entry is written, and the one thing to say next."""
    found = the_entry(venue_id, number)
    return render_template(
        "incidents/written.html",
        venue=the_venue(venue_id),
        entry=found,
        missing=rules.missing(service.state(found)),
        is_dark=tonight.is_dark(),
    )


@bp.post("/draft")
@requires(WRITE)
def draft(venue_id: int) -> Answer:
    """Keep what is in the form as it is now; a script is answered with nothing."""
    sent = request.form
    if forms.is_once(sent.get("once", "")):
        drafts.keep(venue_id, sent["once"], forms.typed(sent), _me(venue_id))
        commit()
    if "keep" not in sent:
        return Response(status=204)
    flash(ONE_DAY)
    return redirect(url_for(".index", venue_id=venue_id), 303)


@bp.post("/draft/drop")
@requires(WRITE)
def drop_draft(venue_id: int) -> Answer:
    """Throw away what was begun and not saved."""
    drafts.drop(venue_id, request.form.get("once", ""), _me(venue_id))
    commit()
    return redirect(url_for(".new", venue_id=venue_id), 303)
