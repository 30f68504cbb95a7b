"""Where things are at a venue, and what was changed about its rooms: verbs and questions.

Verbs need the venue's lock, note the trail and do not commit. What a change was is in its row and
not in the trail, which holds no words.
"""

import io
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from PIL import Image
from sqlalchemy import delete, select
from werkzeug.datastructures import FileStorage

from charter.core import clock, files, trail
from charter.core.db import db
from charter.core.errors import Refused
from charter.core.files import Received, StoredFile
from charter.core.filetypes import PICTURES
from charter.incidents import following
from charter.incidents import rules as incidents
from charter.rooms import counts, layout, rules
from charter.rooms.layout import Box, Floor, Mark, Room
from charter.rooms.models import Camera, FloorPlan, SpaceChange, ZoneBox
from charter.rooms.rules import Changed, Compared
from charter.venues import places
from charter.venues.closures import Closed, merged
from charter.venues.models import Zone

MOST_FLOORS = 9
MOST_CAMERAS = 200
FLOOR_NAME = 60
CAMERA_NAME = 40
CHANGE_WORDS = 200
OLDEST_CHANGE = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class Picture:
    """A plan that was received: its file, and its size in dots."""

    file: Received
    width: int
    height: int


def received(upload: FileStorage, *, field: str = "file") -> Picture:
    """Take a plan in, rebuilt from its dots. Before the lock; raises Refused in words."""
    file = files.receive(upload, allow=PICTURES, field=field)
    # These bytes are no longer what was sent: we made them, so their head can be read here.
    with Image.open(io.BytesIO(files.store().open(file.name))) as picture:
        return Picture(file, *picture.size)


def venue(venue_id: int) -> layout.Venue:
    """Where everything is at a venue. Four statements, however much there is."""
    rooms = [
        Room(zone.id, number, zone.kind, zone.name)
        for number, zone in enumerate(places.rooms(venue_id), start=1)
    ]
    here = {room.zone_id for room in rooms}
    boxes = db.session.scalars(select(ZoneBox).where(ZoneBox.venue_id == venue_id))
    return layout.Venue(
        rooms,
        {b.zone_id: (b.floor, Box(b.x, b.y, b.w, b.h)) for b in boxes if b.zone_id in here},
        floors(venue_id),
        cameras(venue_id),
    )


def floors(venue_id: int) -> list[Floor]:
    """The floors that were set up, in order."""
    rows = db.session.scalars(
        select(FloorPlan)
        .where(FloorPlan.venue_id == venue_id, FloorPlan.retired_on.is_(None))
        .order_by(FloorPlan.number, FloorPlan.id)
    )
    return [
        Floor(row.number, row.name, row.id if row.file_id else None, row.width, row.height)
        for row in rows
    ]


def cameras(venue_id: int) -> list[Mark]:
    """The cameras that hang today, each with its letter on the map."""
    rows = db.session.scalars(
        select(Camera)
        .where(Camera.venue_id == venue_id, Camera.retired_on.is_(None))
        .order_by(Camera.id)
    )
    return [
        Mark(row.id, layout.letter(n), row.name, row.floor, row.x, row.y)
        for n, row in enumerate(rows)
    ]


def picture(venue_id: int, plan_id: int) -> StoredFile | None:
    """The picture of a plan that is in use at a venue, or None."""
    return db.session.scalar(
        select(StoredFile)
        .join(FloorPlan, FloorPlan.file_id == StoredFile.id)
        .where(
            FloorPlan.id == plan_id,
            FloorPlan.venue_id == venue_id,
            FloorPlan.retired_on.is_(None),
        )
    )


def names(venue_id: int, zone_ids: Collection[int]) -> dict[int, str]:
    """What rooms of a venue are called that it no longer has; one statement."""
    query = select(Zone.id, Zone.name).where(Zone.venue_id == venue_id, Zone.id.in_(zone_ids))
    return {zone_id: name for zone_id, name in db.session.execute(query)}


def all_names(venue_id: int) -> dict[int, str]:
    """What every room of a venue is or was called; one statement."""
    query = select(Zone.id, Zone.name).where(Zone.venue_id == venue_id)
    return {zone_id: name for zone_id, name in db.session.execute(query)}


def save_floor(
    venue_id: int, number: int, name: str, picture: Picture | None, *, by: int
) -> FloorPlan:
    """Say what a floor is called, and give it a picture; an older one is retired.

    Without a new picture the one before stays. Rooms and cameras keep their places.
    """
    if not 1 <= number <= MOST_FLOORS:
        raise Refused("Choose one of the floors shown", "number")
    before = _floor(venue_id, number)
    if picture is None and before is not None:
        before.name = name
        _note("floor.saved", "floor", number, venue_id, by, picture=False)
        return before
    row = FloorPlan(venue_id=venue_id, number=number, name=name, saved_by=by)
    if picture is not None:
        row.file_id = files.keep(picture.file).id
        row.width, row.height = picture.width, picture.height
    if before is not None:
        before.retired_on = clock.today()
    db.session.add(row)
    db.session.flush()
    _note("floor.saved", "floor", number, venue_id, by, picture=picture is not None)
    return row


def remove_picture(venue_id: int, number: int, *, by: int) -> None:
    """Take the picture of a floor away; its rooms stay where they are. Twice is no fault."""
    row = _floor(venue_id, number)
    if row is None or row.file_id is None:
        return
    row.retired_on = clock.today()
    # Its shape stays, so that boxes keep theirs.
    size = {"width": row.width, "height": row.height}
    db.session.add(FloorPlan(venue_id=venue_id, number=number, name=row.name, saved_by=by, **size))
    _note("floor.picture-removed", "floor", number, venue_id, by)


def _floor(venue_id: int, number: int) -> FloorPlan | None:
    return db.session.scalar(
        select(FloorPlan).where(
            FloorPlan.venue_id == venue_id,
            FloorPlan.number == number,
            FloorPlan.retired_on.is_(None),
        )
    )


def place(venue_id: int, zone_id: int, floor: int, box: Box, *, by: int) -> None:
    """Put a room on a floor, or move it there. Refuses a room that the venue has not."""
    if zone_id not in {zone.id for zone in places.rooms(venue_id)}:
        raise Refused("There is no such place")
    _judge_floor(floor)
    row = db.session.get(ZoneBox, zone_id) or ZoneBox(zone_id=zone_id, venue_id=venue_id)
    row.floor = floor
    row.x, row.y, row.w, row.h = (round(each) for each in (box.x, box.y, box.w, box.h))
    db.session.add(row)
    _note("room.placed", "zone", zone_id, venue_id, by, floor=floor)


def take_off(venue_id: int, zone_id: int, *, by: int) -> None:
    """Take a room off the plan; what was written down of it stays. Twice is no fault."""
    row = db.session.get(ZoneBox, zone_id)
    if row is not None and row.venue_id == venue_id:
        db.session.delete(row)
        _note("room.taken-off", "zone", zone_id, venue_id, by)


def _judge_floor(floor: int) -> None:
    if not 1 <= floor <= MOST_FLOORS:
        raise Refused("Choose one of the floors shown")


def save_camera(
    venue_id: int,
    name: str,
    floor: int,
    spot: tuple[int, int] | None,
    *,
    by: int,
    camera_id: int | None = None,
) -> Camera:
    """Hang a camera, or move or rename it; without a spot it is on the list alone.

    A camera that was taken off and comes back by its name is the same one.
    """
    _judge_floor(floor)
    if not name:
        raise Refused("Enter what people call this camera", "name")
    known = db.session.scalar(
        select(Camera).where(Camera.venue_id == venue_id, Camera.name == name)
    )
    row = camera(venue_id, camera_id) if camera_id is not None else known
    if camera_id is not None and row is None:
        raise Refused("There is no such camera")
    if (known is not None and known is not row) or (camera_id is None and _hangs(known)):
        raise Refused("You already have a camera with that name", "name")
    if row is None:
        if len(cameras(venue_id)) >= MOST_CAMERAS:
            raise Refused(f"A venue can have {MOST_CAMERAS} cameras at most", "name")
        row = Camera(venue_id=venue_id)
    row.name, row.floor, row.retired_on = name, floor, None
    row.x, row.y = spot or (None, None)
    db.session.add(row)
    db.session.flush()
    _note("camera.saved", "camera", row.id, venue_id, by)
    return row


def _hangs(row: Camera | None) -> bool:
    return row is not None and row.retired_on is None


def camera(venue_id: int, camera_id: int) -> Camera | None:
    """A camera of a venue that hangs today, or None."""
    return db.session.scalar(
        select(Camera).where(
            Camera.venue_id == venue_id, Camera.id == camera_id, Camera.retired_on.is_(None)
        )
    )


def remove_camera(venue_id: int, camera_id: int, *, by: int) -> None:
    """Take a camera off the list and the map. Twice is no fault."""
    row = camera(venue_id, camera_id)
    if row is not None:
        row.retired_on = clock.today()
        _note("camera.removed", "camera", row.id, venue_id, by)


def record_change(
    venue_id: int, zone_id: int | None, done_on: date, what: str, *, by: int, once: str
) -> SpaceChange:
    """Write down that something about a room (None: the whole place) was changed on a day.

    The same `once` again gives the same change.
    """
    known = db.session.scalar(select(SpaceChange).where(SpaceChange.once == once))
    if known is not None and known.venue_id == venue_id:
        return known
    if not what:
        raise Refused("Say what was changed, like: a lamp over the back stairs", "what")
    if zone_id is not None and zone_id not in {zone.id for zone in places.rooms(venue_id)}:
        raise Refused("Choose one of the places shown", "zone")
    today = clock.today()
    if done_on > today:
        raise Refused("That day is still to come. Enter a date up to today", "done_on")
    if done_on < today - OLDEST_CHANGE:
        raise Refused("That is more than three years ago", "done_on")
    row = SpaceChange(
        venue_id=venue_id, zone_id=zone_id, done_on=done_on, what=what, recorded_by=by,
        once=once if known is None else None,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    _note("space.changed", "space_change", row.id, venue_id, by, on=done_on.isoformat())
    return row


def changes(venue_id: int, *, since: date | None = None, limit: int = 50) -> list[SpaceChange]:
    """What was changed about a venue's rooms, the newest first."""
    query = select(SpaceChange).where(SpaceChange.venue_id == venue_id)
    if since is not None:
        query = query.where(SpaceChange.done_on >= since)
    order = (SpaceChange.done_on.desc(), SpaceChange.id.desc())
    return list(db.session.scalars(query.order_by(*order).limit(limit)))


def change(venue_id: int, change_id: int) -> SpaceChange | None:
    """One change of a venue, or None."""
    return db.session.scalar(
        select(SpaceChange).where(SpaceChange.venue_id == venue_id, SpaceChange.id == change_id)
    )


def drop_change(venue_id: int, change_id: int, *, by: int) -> None:
    """Take back a change that was written down wrongly. Twice is no fault."""
    gone = db.session.execute(
        delete(SpaceChange)
        .where(SpaceChange.venue_id == venue_id, SpaceChange.id == change_id)
        .returning(SpaceChange.id)
    ).first()
    if gone is not None:
        _note("space.change-dropped", "space_change", change_id, venue_id, by)


def changed(row: SpaceChange, rooms: dict[int, str]) -> Changed:
    """A change with the name of its room."""
    room = rooms.get(row.zone_id, "") if row.zone_id else "the whole place"
    return Changed(row.done_on, row.what, room)


def compared(row: SpaceChange) -> Compared:
    """What was written down before and after a change, in its room. Four statements."""
    venue_id, tonight = row.venue_id, clock.night_of(clock.now())
    first = row.done_on - timedelta(weeks=rules.WEEKS)
    last = min(tonight, row.done_on + timedelta(weeks=rules.WEEKS))
    found = counts.by_night(venue_id, first, last)
    entries: dict[tuple[date, str], int] = {}
    for (night, zone_id, category), count in found.items():
        if row.zone_id in (None, zone_id):
            entries[night, category] = entries.get((night, category), 0) + count
    closed = merged(Closed(each.from_on, each.until_on) for each in places.closures(venue_id))
    return rules.compare(
        row.done_on,
        tonight,
        entries=entries,
        recorded={night for night, _zone, _category in found},
        signed=following.nil_weeks(venue_id, incidents.week_of(first)).keys(),
        began=counts.began(venue_id),
        is_closed=lambda night: any(
            each.from_on <= night <= (each.until or date.max) for each in closed
        ),
    )


def _note(
    verb: str, thing: str, thing_id: int, venue_id: int, by: int, **detail: str | int | bool
) -> None:
    db.session.flush()
    trail.note(verb, thing, thing_id, venue_id=venue_id, by=by, **detail)
