"""Pages on which whoever runs a venue looks after its phones and the PINs of its people."""

from typing import NoReturn

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.fields import Form
from charter.devices import pins, service
from charter.devices.forms import HolderForm, PhoneForm
from charter.devices.models import Device
from charter.staff.models import StaffMember
from charter.venues import service as venues
from charter.venues.models import Venue

bp = Blueprint("devices", __name__, url_prefix="/venues/<int:venue_id>/phones")
Answer = str | Response
MANAGE = Permission.DEVICES_MANAGE


def _the_venue(venue_id: int) -> Venue:
    return venues.venue(venue_id) or _unknown()


def _unknown() -> NoReturn:
    abort(404)


@bp.get("")
@requires(MANAGE)
def index(venue_id: int) -> Answer:
    """The venue's phones, and who has a PIN."""
    return _page(venue_id)


def _page(venue_id: int, add: Form | None = None, give: HolderForm | None = None) -> str:
    people = pins.holders(venue_id)
    without = [each for each in people if each.set_at is None]
    return render_template(
        "phones/index.html",
        venue=_the_venue(venue_id),
        phones=service.phones(venue_id),
        add=add or PhoneForm(formdata=None),
        give=(give or HolderForm(formdata=None)).offer(without),
        has_people=bool(people),
        without=without,
        holders=[each for each in people if each.set_at is not None],
        wrong_form=next((form for form in (add, give) if form is not None and form.errors), None),
    )


@bp.post("")
@requires(MANAGE)
def add(venue_id: int) -> Answer:
    """Add a phone; its code is shown this once."""
    form, made = PhoneForm(), list[tuple[Device, str]]()
    if form.validate_on_submit() and form.takes(
        lambda: made.append(service.add(venue_id, form.name.data or "", by=current_user.id))
    ):
        return _code(venue_id, *made[0])
    return _page(venue_id, add=form)


def _code(venue_id: int, device: Device, code: str) -> str:
    name = device.name
    commit()
    return render_template(
        "phones/code.html", venue=_the_venue(venue_id), name=name, code=code,
        address=url_for("phone.home", _external=True),
    )  # fmt: skip


@bp.post("/<int:device_id>/code")
@requires(MANAGE)
def code(venue_id: int, device_id: int) -> Answer:
    """Another code for a phone; it is shown this once."""
    _the_phone(venue_id, device_id)
    form, made = Form(), list[tuple[Device, str]]()
    if form.validate_on_submit() and form.takes(
        lambda: made.append(service.new_code(venue_id, device_id, by=current_user.id))
    ):
        return _code(venue_id, *made[0])
    return _page(venue_id, add=form)


def _the_phone(venue_id: int, device_id: int) -> Device:
    return service.phone(venue_id, device_id) or _unknown()


@bp.post("/<int:device_id>/end")
@requires(MANAGE)
def end(venue_id: int, device_id: int) -> Answer:
    """End a phone at once."""
    name = _the_phone(venue_id, device_id).name
    service.end(venue_id, device_id, by=current_user.id)
    commit()
    flash(f"Ended: {name}. Nothing can be written on it any more")
    return redirect(url_for(".index", venue_id=venue_id), 303)


@bp.post("/pins")
@requires(MANAGE)
def give(venue_id: int) -> Answer:
    """A PIN for somebody who has none."""
    form = HolderForm().offer([each for each in pins.holders(venue_id) if each.set_at is None])
    made: list[tuple[StaffMember, str]] = []
    if form.validate_on_submit() and form.takes(
        lambda: made.append(pins.give(venue_id, form.member_id.data, by=current_user.id))
    ):
        return _pin(venue_id, *made[0])
    return _page(venue_id, give=form)


@bp.post("/pins/<int:member_id>")
@requires(MANAGE)
def again(venue_id: int, member_id: int) -> Answer:
    """Another PIN for somebody; the one they had stops working."""
    _holder(venue_id, member_id)
    made = pins.give(venue_id, member_id, by=current_user.id)
    return _pin(venue_id, *made)


def _pin(venue_id: int, member: StaffMember, pin: str) -> str:
    name = member.name
    commit()
    return render_template("phones/pin.html", venue=_the_venue(venue_id), name=name, pin=pin)


@bp.post("/pins/<int:member_id>/take")
@requires(MANAGE)
def take(venue_id: int, member_id: int) -> Answer:
    """Take somebody's PIN away."""
    name = _holder(venue_id, member_id).name
    pins.take(venue_id, member_id, by=current_user.id)
    commit()
    flash(f"{name} has no PIN any more")
    return redirect(url_for(".index", venue_id=venue_id), 303)


def _holder(venue_id: int, member_id: int) -> pins.Holder:
    """Somebody who works there, with or without a PIN; else a 404."""
    found = (each for each in pins.holders(venue_id) if each.member_id == member_id)
    return next(found, None) or _unknown()
