"""What time takes away of the room map: old looks, and the pictures of plans no longer used."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import delete, select

from charter.core import clock, files, retention
from charter.core.db import db
from charter.core.files import StoredFile
from charter.rooms.models import Camera, FloorPlan, MapLook, SpaceChange, ZoneBox


def forget_looks() -> int:
    """Delete who looked at a map long ago; how many. Needs the city's lock."""
    over = MapLook.night < retention.MAP_LOOK.oldest_day(clock.today())
    return len(db.session.scalars(delete(MapLook).where(over).returning(MapLook.id)).all())


def over(today: date, *, venue_id: int | None = None) -> Mapping[int, Sequence[int]]:
    """Ids of files, by venue, of plans that were replaced or taken away long enough ago."""
    query = (
        select(FloorPlan.venue_id, StoredFile.id)
        .join(StoredFile, StoredFile.id == FloorPlan.file_id)
        .where(
            StoredFile.erased_at.is_(None),
            FloorPlan.retired_on < retention.PLAN_RETIRED.oldest_day(today),
        )
        .order_by(FloorPlan.id)
    )
    if venue_id is not None:
        query = query.where(FloorPlan.venue_id == venue_id)
    found: dict[int, list[int]] = defaultdict(list)
    for venue, file_id in db.session.execute(query):
        found[venue].append(file_id)
    return found


def clear(venue_id: int) -> int:
    """Take everything about the rooms of a venue that left away; how many files. Needs its lock."""
    plans = (
        select(StoredFile.id)
        .join(FloorPlan, FloorPlan.file_id == StoredFile.id)
        .where(FloorPlan.venue_id == venue_id)
    )
    count = files.erase(db.session.scalars(plans).all())
    for model in (ZoneBox, Camera, SpaceChange, FloorPlan, MapLook):
        db.session.execute(delete(model).where(model.venue_id == venue_id))
    return count
