"""What time takes away of the door: names and licence numbers; the nights and hours stay."""

from sqlalchemy import ColumnElement, select, update

from charter.core import clock, retention
from charter.core.db import db
from charter.doors.models import DoorShift
from charter.venues.models import Venue

TABLES = ("door_shift",)


def forget() -> int:
    """Take away who worked the door as long ago as the venue's licence asks for; how many rows.

    Kept like the words of its incident book. Needs the city's lock.
    """
    today, gone = clock.today(), 0
    asked = db.session.scalars(select(Venue.licence_retention_months).distinct()).all()
    for months in asked:
        venues = select(Venue.id).where(Venue.licence_retention_months.is_not_distinct_from(months))
        over = DoorShift.night < retention.licensed(months).oldest_day(today)
        gone += _empty(DoorShift.venue_id.in_(venues) & over)
    return gone


def clear(venue_id: int) -> None:
    """Take away who worked the door of a venue that left. Needs its lock."""
    _empty(DoorShift.venue_id == venue_id)


def _empty(which: ColumnElement[bool]) -> int:
    has_any = DoorShift.name_sealed.is_not(None) | DoorShift.licence_sealed.is_not(None)
    query = update(DoorShift).where(which, has_any).values(name_sealed=None, licence_sealed=None)
    return len(db.session.scalars(query.returning(DoorShift.id)).all())
