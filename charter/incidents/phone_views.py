"""Writing on the venue's own phone: a new entry, and what it still lacks. Nothing is read there.

Whoever is on shift writes under their own name. The book's lock is taken before the entry is
written, and under it everything is asked again: whether the phone still counts, and who is on it.
"""

from typing import cast

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from charter.core import access, clock
from charter.core.access import public
from charter.core.db import commit
from charter.core.errors import Refused
from charter.devices.public import Answer, Here, bp, here
from charter.devices.service import SHIFT_LASTS, OnShift
from charter.incidents import amending, reading, rules, service, tonight, waiting, writers
from charter.incidents.forms import EntryForm
from charter.incidents.models import Entry
from charter.incidents.phone_forms import AddForm, WhichForm
from charter.incidents.service import Writer
from charter.venues import places

OVER = "Your shift on this phone is over. Enter your PIN again, then save this once more"
_NOT_YOURS = "That is no entry that you wrote in this shift. Check the number"


def _on_shift() -> Here | None:
    """The phone with somebody on shift, or None."""
    found = here()
    return found if found is not None and found.on_shift is not None else None


def _home() -> Response:
    return redirect(url_for("phone.home"), 303)


def _shift(at: Here) -> OnShift:
    return cast(OnShift, at.on_shift)


def _writer(at: Here) -> Writer:
    return writers.of_member(_shift(at).member)


def _myself(at: Here) -> str:
    return waiting.writer("phone", at.device.id, _shift(at).member.id)


def _locked(at: Here, *, city: bool = False) -> Here:
    """Take the lock of the book, and ask again who is here. Refuses when that is somebody else."""
    was = _myself(at)
    access.enter_venue(at.device.venue_id, city=city)
    again = _on_shift()
    if again is None or _myself(again) != was:
        raise Refused(OVER)
    return again


@bp.route("/write", methods=["GET", "POST"])
@public(late=True)
def write() -> Answer:
    """The form for a new entry."""
    at = _on_shift()
    if at is None:
        return _home()
    records = reading.records(at.venue.id)
    if request.method == "GET":
        return _page(at, EntryForm(at.venue, records, formdata=None))
    if waiting.is_another(_myself(at)):
        return waiting.another()
    return _save(at, EntryForm(at.venue, records, formdata=waiting.sent()))


def _page(at: Here, form: EntryForm) -> str:
    return render_template(
        "phone/write.html",
        here=at,
        form=form,
        writer=_myself(at),
        is_dark=tonight.is_dark(),
        save_to=url_for("phone.write"),
        keep_to="",
    )


def _save(at: Here, form: EntryForm) -> Answer:
    made: list[Entry] = []
    if not (form.validate() and form.takes(lambda: made.append(_written(at, form)))):
        now = _on_shift()
        return _page(now, form) if now is not None else _over(form)
    number, is_office = made[0].number, reading.is_office(made[0])
    commit()
    onward = url_for("phone.written", number=number)
    if waiting.is_asked():
        words = (waiting.TO_OFFICE if is_office else waiting.WRITTEN).format(number)
        return waiting.said(words, "" if is_office else onward)
    if is_office:
        # Said in this answer alone, as on every other page for writing.
        return render_template("incidents/sent.html", number=number, is_dark=tonight.is_dark())
    return redirect(onward, 303)


def _over(form: EntryForm) -> Answer:
    """The shift ended while somebody wrote: they sign in again in another tab, and lose nothing."""
    return render_template("phone/over.html", form=form, save_to=url_for("phone.write"), keep_to="")


def _written(at: Here, form: EntryForm) -> Entry:
    written = form.written()
    at = _locked(at, city=written.is_restricted)
    hours = tonight.late_hours(at.venue)
    return service.write(at.venue, written, _writer(at), once=form.token, late_hours=hours)


@bp.get("/write/empty")
@public
def empty() -> Answer:
    """The form as the phone's browser keeps it for when there is no signal."""
    at = _on_shift()
    if at is None:
        return _home()
    form = EntryForm(at.venue, reading.records(at.venue.id), formdata=None, meta={"csrf": False})
    return render_template(
        "phone/empty.html",
        here=at,
        form=form.without_token(),
        writer=_myself(at),
        save_to=url_for("phone.write"),
        keep_to="",
    )


@bp.get("/write/ticket")
@public
def ticket() -> Answer:
    """A fresh form token, for entries that waited for a signal."""
    at = _on_shift()
    return waiting.ticket(_myself(at)) if at is not None else _home()


def _own(at: Here, number: int) -> Entry | None:
    """An entry that whoever is on shift wrote on a phone in the last hours; of nobody else's."""
    found = reading.entry(at.venue.id, number)
    is_own = found is not None and found.by_member_id == _shift(at).member.id
    is_new = found is not None and clock.now() - found.made_at <= SHIFT_LASTS
    return found if is_own and is_new else None


@bp.get("/entries/<int:number>")
@public
def written(number: int) -> Answer:
    """That an entry is written, and what it lacks; nothing of what is in it."""
    at = _on_shift()
    found = _own(at, number) if at is not None else None
    if found is None:
        return _home()
    return render_template(
        "phone/written.html",
        entry=found,
        missing=rules.missing(service.state(found)),
        is_dark=tonight.is_dark(),
    )


@bp.route("/entries", methods=["GET", "POST"])
@public(late=True)
def which() -> Answer:
    """Say by its number which entry is added to."""
    at, form = _on_shift(), WhichForm()
    if at is None:
        return _home()
    if form.validate_on_submit():
        found = _own(at, form.chosen)
        if found is not None:
            return redirect(url_for("phone.add", number=found.number), 303)
        form.refuse(Refused(_NOT_YOURS, "number"))
    return render_template("phone/which.html", form=form, is_dark=tonight.is_dark())


@bp.route("/entries/<int:number>/add", methods=["GET", "POST"])
@public(late=True)
def add(number: int) -> Answer:
    """Add what an entry lacks, and more words."""
    at = _on_shift()
    found = _own(at, number) if at is not None else None
    if at is None or found is None:
        return _home()
    rooms = [(room.id, room.name) for room in places.rooms(at.venue.id)]
    form = AddForm().offer(service.state(found), rooms)
    if form.validate_on_submit() and form.takes(lambda: _add(at, number, form)):
        commit()
        return redirect(url_for("phone.written", number=number), 303)
    if not form.is_submitted():
        form.seen.data = str(reading.count_lines(found))
    return render_template("phone/add.html", form=form, number=number, is_dark=tonight.is_dark())


def _add(at: Here, number: int, form: AddForm) -> None:
    at = _locked(at)
    found = _own(at, number)
    if found is None:
        raise Refused(OVER)
    form.judge(reading.count_lines(found))
    amending.amend(found, at.venue, form.facts(), form.texts(), _writer(at))
