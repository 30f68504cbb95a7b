"""The venue's own phone: a code pairs it, a PIN signs in, and then it writes entries, nothing else.

It reads nothing: no list, no entry, no draft, no number but that of what was just saved. Whose
phone it is stands in a cookie of its own, which counts for these pages alone; an account that is
signed in on the same browser has to sign out first, so that the two never mix.
Each page says in `data-phone` what it is, for the script that goes on without a signal.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, cast

from flask import (
    Blueprint,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from charter import config
from charter.core import clock
from charter.core.access import public
from charter.core.db import CITY, commit, db, lock
from charter.core.errors import Refused
from charter.core.fields import Hidden
from charter.core.text import is_number
from charter.devices import service as devices
from charter.devices.forms import CodeForm, PinForm
from charter.devices.models import Device
from charter.incidents import forms, reading, service, tonight, writers
from charter.incidents.forms import EntryForm
from charter.incidents.models import Entry
from charter.staff.models import StaffMember
from charter.venues import service as venues
from charter.venues.models import Venue

bp = Blueprint("phone", __name__, url_prefix="/phone")
Answer = str | Response
COOKIE_LASTS = timedelta(days=400)  # the longest that browsers keep one
LONGEST_WAIT = timedelta(days=7)
NOT_YOURS = (
    "This was begun by somebody else, or their shift is over. Whoever wrote it has to type their "
    "PIN. Nobody else can send it"
)
ENDED = "This phone is no longer the venue’s. What waits on it cannot be sent any more"


class PhoneForm(EntryForm):
    """An entry written on the phone: by whom it was begun, and how many seconds ago it was saved
    while there was no signal.
    """

    shift = Hidden()
    ago = Hidden()


def _cookie() -> str:
    return "__Secure-phone" if config.current().is_https else "phone"


def _device() -> Device | None:
    return devices.by_token(request.cookies.get(_cookie()))


def _page(what: str, **more: Any) -> str:
    return render_template(f"phone/{what}.html", is_dark=tonight.is_dark(), **more)


def _pair_page(form: CodeForm | None = None) -> str:
    """Where the code goes; a phone that was paired once is told that it no longer is."""
    ended = ENDED if request.cookies.get(_cookie()) else ""
    return _page("pair", form=form or CodeForm(formdata=None), ended=ended)


def _pin_page(form: PinForm | None = None, refused: str = "") -> str:
    form = form or PinForm(formdata=None)
    if refused:
        form.refuse(Refused(refused))
    return _page("pin", form=form)


def _locked(*chains: int) -> None:
    """Take these locks, and forget what was read before."""
    db.session.rollback()
    g.pop("_login_user", None)
    lock(*chains)


def _set_cookie(answer: Response, token: str) -> None:
    answer.set_cookie(
        _cookie(),
        token,
        max_age=COOKIE_LASTS,
        path=bp.url_prefix or "/",
        secure=config.current().is_https,
        httponly=True,
        samesite="Strict",
    )


@bp.post("/pair")
@public
def pair() -> Answer:
    """Pair this phone with the venue whose code it is given."""
    if current_user.is_authenticated:
        return _page("account")
    form = CodeForm()
    if not form.validate_on_submit():
        return _pair_page(form)
    paired = devices.pair(form.code.data or "", request.remote_addr)
    commit()
    if isinstance(paired, str):
        form.refuse(Refused(paired, "code"))
        return _pair_page(form)
    answer = redirect(url_for(".home"), 303)
    _set_cookie(answer, paired[1])
    return answer


@bp.route("/pin", methods=["GET", "POST"])
@public(late=True)
def pin() -> Answer:
    """Sign in by PIN, for a shift; whoever was signed in no longer is."""
    device = None if current_user.is_authenticated else _device()
    if device is None:
        return redirect(url_for(".home"), 303)
    form = PinForm()
    if request.method == "GET" or not form.validate_on_submit():
        return _pin_page(form)
    _locked(CITY, device.venue_id)
    device = _device()
    if device is None:
        return redirect(url_for(".home"), 303)
    words = devices.sign_in(device, form.pin.data or "")
    commit()
    if words is not None:
        form.refuse(Refused(words, "pin"))
        return _pin_page(form)
    answer = redirect(url_for(".home"), 303)
    _set_cookie(answer, request.cookies[_cookie()])  # so that it lasts while it is used
    return answer


@bp.post("/done")
@public(late=True)
def done() -> Answer:
    """Whoever is signed in is done."""
    device = _device()
    if device is not None and not current_user.is_authenticated:
        _locked(device.venue_id)
        devices.sign_out(device)
        commit()
    return redirect(url_for(".home"), 303)


@bp.route("", methods=["GET", "POST"])
@public(late=True)
def home() -> Answer:
    """What this browser may do now: pair, sign in, or write an entry."""
    if current_user.is_authenticated:
        return _page("account")
    device = _device()
    if device is None:
        return _pair_page()
    member = devices.on_shift(device)
    if request.method == "POST":
        return _save(device)
    return _form_page(_form(device), device, member) if member is not None else _pin_page()


def _venue(device: Device) -> Venue:
    found = venues.venue(device.venue_id)
    if found is None:
        raise RuntimeError("a phone of no venue")
    return found


def _form(device: Device, sent: MultiDict[str, str] | None = None) -> PhoneForm:
    return PhoneForm(_venue(device), reading.records(device.venue_id), formdata=sent)


def _form_page(form: PhoneForm, device: Device, member: StaffMember) -> str:
    form.shift.data, form.ago.data = devices.stamp(device, member), ""
    return _page("form", form=form, name=member.name, save_to=url_for(".home"), keep_to="")


def _is_by(device: Device, member: StaffMember | None) -> bool:
    """Whether the form that was sent was begun by whoever is signed in."""
    stamp = request.form.get("shift", "")
    return member is not None and compare_digest(
        stamp.encode(), devices.stamp(device, member).encode()
    )


def _save(device: Device) -> Answer:
    """Write the entry and say its number, in this answer alone: no address carries it, and one
    about somebody in charge is answered alike. Nothing typed is shown to anybody but who began it.
    """
    member = devices.on_shift(device)
    if member is None or not _is_by(device, member):
        return _pin_page(refused=NOT_YOURS)
    form = _form(device, _sent())
    made: list[Entry] = []
    if not (form.validate() and form.takes(lambda: made.append(_written(form)))):
        again = _device()
        member = devices.on_shift(again) if again is not None else None
        if again is None or member is None or not _is_by(again, member):
            return _pair_page() if again is None else _pin_page(refused=NOT_YOURS)
        if service.is_used(form.token):
            form.renew()
        return _form_page(form, again, member)
    number, is_office = made[0].number, reading.is_office(made[0])
    commit()
    return _page("saved", number=number, is_office=is_office)


def _sent() -> MultiDict[str, str]:
    """What was sent; what waited for a signal as of when it was saved."""
    ago = request.form.get("ago", "")
    if not is_number(ago) or not 0 < int(ago) <= LONGEST_WAIT.total_seconds():
        return request.form
    sent = forms.arrived(request.form, _moment_ago(int(ago)))
    sent["csrf_token"] = request.form.get("csrf_token", "")
    return sent


def _moment_ago(seconds: int) -> datetime:
    return clock.now() - timedelta(seconds=seconds)


def _written(form: PhoneForm) -> Entry:
    """Judge the phone and its shift again under the lock, and write."""
    written, venue_id = form.written(), form.venue.id
    _locked(*((CITY, venue_id) if written.is_restricted else (venue_id,)))
    device = _device()
    member = devices.on_shift(device) if device is not None else None
    if device is None or member is None or not _is_by(device, member):
        raise Refused(NOT_YOURS)
    venue = _venue(device)
    writer, hours = writers.of_member(member), tonight.late_hours(venue)
    return service.write(venue, written, writer, once=form.token, late_hours=hours)


@bp.get("/offline")
@public
def offline() -> Answer:
    """The empty form as the phone keeps it: the rooms of the venue, and nothing of anybody."""
    device = None if current_user.is_authenticated else _device()
    if device is None:
        return redirect(url_for(".home"), 303)
    form = PhoneForm(
        _venue(device), reading.records(device.venue_id), formdata=None, meta={"csrf": False}
    )
    form.once.data = ""
    return _page("offline", form=form, save_to=url_for(".home"), keep_to="")


@bp.get("/worker.js")
@public
def worker() -> Answer:
    """The service worker, which may only answer for these pages."""
    static_url = cast(Callable[[str], str], current_app.jinja_env.globals["static_url"])
    files = [static_url(each) for each in ("door.css", "writing.css", "offline.js", "icon.svg")]
    answer = make_response(render_template("phone/worker.js", files=files))
    answer.mimetype = "text/javascript"
    answer.headers["Service-Worker-Allowed"] = bp.url_prefix or "/"
    return answer
