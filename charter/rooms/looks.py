"""That a team looked at its map before a night: noted, and asked for many venues at once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import select

from charter.core import clock, trail
from charter.core.db import db, touch
from charter.rooms.models import MapLook

How = Literal["briefing", "map"]


@dataclass(frozen=True, slots=True)
class Look:
    """A night before which a team looked at its map: in its briefing, or at the map itself."""

    night: date
    how: str


def note(venue_id: int, how: How, *, by: int) -> bool:
    """Note that the team looks at its map before tonight; whether that is new.

    Needs the venue's lock. Said twice of one night in one way, it is noted once.
    """
    night = clock.night_of(clock.now())
    known = select(MapLook.id).where(
        MapLook.venue_id == venue_id, MapLook.night == night, MapLook.how == how
    )
    if db.session.scalar(known) is not None:
        return False
    db.session.add(MapLook(venue_id=venue_id, night=night, how=how, by_user_id=by))
    db.session.flush()
    trail.note(
        "map.looked", "venue", venue_id, venue_id=venue_id, by=by, how=how, night=night.isoformat()
    )
    touch(venue_id)
    return True


def history(venue_ids: Collection[int], since: date) -> dict[int, list[Look]]:
    """Since a night, each venue's looks in order; a venue without any has none. One statement."""
    found: dict[int, list[Look]] = {venue_id: [] for venue_id in venue_ids}
    rows = db.session.execute(
        select(MapLook.venue_id, MapLook.night, MapLook.how)
        .where(MapLook.venue_id.in_(found), MapLook.night >= since)
        .order_by(MapLook.venue_id, MapLook.night, MapLook.how)
    )
    for venue_id, night, how in rows:
        found[venue_id].append(Look(night, how))
    return found


def tonight(venue_id: int) -> list[str]:
    """In which ways a team looked at its map before tonight."""
    night = clock.night_of(clock.now())
    return [each.how for each in history([venue_id], night)[venue_id]]
