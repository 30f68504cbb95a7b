"""What a venue's copy of everything holds of its rooms, its phones and its pages on paper."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select

from charter.core.db import db
from charter.core.files import StoredFile
from charter.devices.models import Device, DeviceShift, StaffPin
from charter.incidents.models import Entry, PaperPage
from charter.office.holdings import AT_ONCE, Holdings, Row, day, moment
from charter.rooms.models import Camera, FloorPlan, MapLook, SpaceChange, ZoneBox
from charter.staff.models import StaffMember
from charter.venues.models import Zone

PHONES: Row = ("Phone", "Added", "Added by", "Paired", "Ended")
SHIFTS: Row = ("Phone", "Name", "Signed in", "Until", "Has a PIN since")
PAGES: Row = (
    "Page", "Code", "Printed", "Printed by", "Typed in as entry", "Spoiled on", "Spoiled by",
)  # fmt: skip
_FORGOTTEN = "(name deleted)"


def pictures(venue_id: int) -> Iterator[tuple[int, StoredFile]]:
    """Every picture of a floor that is kept, with the id of its plan."""
    rows = db.session.execute(
        select(FloorPlan.id, StoredFile)
        .join(StoredFile, StoredFile.id == FloorPlan.file_id)
        .where(FloorPlan.venue_id == venue_id)
        .order_by(FloorPlan.id)
    )
    yield from ((row[0], row[1]) for row in rows.all())


def rooms(held: Holdings, stored: Mapping[int, str]) -> dict[str, Any]:
    """The map of the rooms as plain values; `stored` are names of pictures in the copy by plan.

    Places are in thousandths of a floor's width and height, from the top left corner.
    """
    venue_id = held.venue.id
    names = {row.id: row.name for row in _of(Zone, venue_id)}
    boxes = db.session.scalars(
        select(ZoneBox).where(ZoneBox.venue_id == venue_id).order_by(ZoneBox.zone_id)
    )
    looks = select(MapLook).where(MapLook.venue_id == venue_id).order_by(MapLook.night, MapLook.id)
    return {
        "floors": [
            {
                "floor": row.number, "name": row.name, "picture": stored.get(row.id),
                "saved": moment(row.saved_at), "by": held.name(row.saved_by),
                "until": day(row.retired_on),
            }
            for row in _of(FloorPlan, venue_id)
        ],
        "rooms": [
            {
                "room": names.get(row.zone_id), "floor": row.floor,
                "x": row.x, "y": row.y, "width": row.w, "height": row.h,
            }
            for row in boxes
        ],
        "cameras": [
            {
                "name": row.name, "floor": row.floor, "x": row.x, "y": row.y,
                "until": day(row.retired_on),
            }
            for row in _of(Camera, venue_id)
        ],
        "changes": [
            {
                "on": day(row.done_on), "what": row.what,
                "room": names.get(row.zone_id) if row.zone_id else None,
                "recorded": moment(row.recorded_at), "by": held.name(row.recorded_by),
            }
            for row in _of(SpaceChange, venue_id)
        ],
        "looked_at": [
            {"night": day(row.night), "in": row.how} for row in db.session.scalars(looks)
        ],
    }  # fmt: skip


def _of(model: Any, venue_id: int) -> list[Any]:
    query = select(model).where(model.venue_id == venue_id).order_by(model.id)
    return list(db.session.scalars(query))


def phones(held: Holdings) -> Iterator[Row]:
    """The venue's own phones, by `PHONES`."""
    for row in _of(Device, held.venue.id):
        yield (
            row.name, moment(row.made_at), held.name(row.made_by), moment(row.paired_at),
            moment(row.ended_at),
        )  # fmt: skip


def shifts(held: Holdings) -> Iterator[Row]:
    """Who signed in on which phone, and who has a PIN and has not yet, by `SHIFTS`."""
    venue_id = held.venue.id
    pins = {
        row.member_id: moment(row.set_at)
        for row in db.session.scalars(select(StaffPin).where(StaffPin.venue_id == venue_id))
    }
    rows = db.session.execute(
        select(Device.name, StaffMember.id, StaffMember.name, DeviceShift)
        .join(DeviceShift, DeviceShift.device_id == Device.id)
        .join(StaffMember, StaffMember.id == DeviceShift.member_id)
        .where(Device.venue_id == venue_id)
        .order_by(DeviceShift.id)
        .execution_options(yield_per=AT_ONCE)
    )
    seen = set()
    for phone, member_id, name, shift in rows:
        seen.add(member_id)
        until = shift.ended_at or shift.ends_at
        has_pin = pins.get(member_id, "")
        yield phone, name or _FORGOTTEN, moment(shift.started_at), moment(until), has_pin
    waiting = select(StaffMember.id, StaffMember.name).where(StaffMember.id.in_(pins.keys() - seen))
    for member_id, name in db.session.execute(waiting.order_by(StaffMember.id)):
        yield "", name or _FORGOTTEN, "", "", pins[member_id]


def pages(held: Holdings) -> Iterator[Row]:
    """The blank pages that were printed and what became of each, by `PAGES`.

    A page that somebody typed in for the office's own series is blank here, as it is on the list.
    """
    venue_id = held.venue.id
    rows = db.session.execute(
        select(PaperPage, Entry.number)
        .outerjoin(Entry, (Entry.paper_page_id == PaperPage.id) & (Entry.book == venue_id))
        .where(PaperPage.venue_id == venue_id)
        .order_by(PaperPage.number)
        .execution_options(yield_per=AT_ONCE)
    )
    for row, number in rows:
        yield (
            row.number, row.code, moment(row.printed_at), held.name(row.printed_by),
            number or "", day(row.spoiled_on), held.name(row.spoiled_by),
        )  # fmt: skip
