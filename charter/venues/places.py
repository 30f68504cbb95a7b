"""Verbs and questions about a venue's zones (its rooms and spots) and the days it is closed."""

from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import select

from charter.core import clock, trail
from charter.core.db import db, touch
from charter.core.errors import Refused
from charter.venues import zones
from charter.venues.models import Closure, Zone

NAME_LIMIT = 80
MOST_ROOMS = 120
LONGEST_CLOSURE = timedelta(days=366)
FURTHEST_BACK = timedelta(days=14)
FURTHEST_AHEAD = timedelta(days=366)


def rooms(venue_id: int) -> list[Zone]:
    """The zones a venue has today, in the order of a walk through it."""
    order = {kind.key: n for n, kind in enumerate(zones.kinds())}
    found = db.session.scalars(
        select(Zone).where(Zone.venue_id == venue_id, Zone.retired_on.is_(None))
    )
    return sorted(found, key=lambda zone: (order.get(zone.kind, len(order)), zone.id))


def places(venue_id: int) -> dict[str, list[str]]:
    """The names of a venue's rooms for each place the charter knows: entrance, bar, public-toilet.

    Photos and posters are asked of each. A place of which no room is ticked has an empty list.
    """
    found: dict[str, list[str]] = {place: [] for place in zones.PLACES}
    for room in rooms(venue_id):
        kind = zones.kind(room.kind)
        if kind is not None and kind.counts is not None:
            found[kind.counts].append(room.name)
    return found


def set_rooms(venue_id: int, keys: Collection[str], *, by: int) -> None:
    """Say which kinds of zone a venue has: a new kind gets one room, an unticked one loses all."""
    asked = {kind.key: kind for kind in zones.to_choose()}
    if set(keys) - set(asked):
        raise Refused("Choose from the places shown", "kinds")
    now = rooms(venue_id)
    gone = [room for room in now if room.kind in asked and room.kind not in keys]
    new = [kind for key, kind in asked.items() if key in set(keys) - {room.kind for room in now}]
    for room in gone:
        room.retired_on = clock.today()
    for kind in new:
        _place(venue_id, kind.key, kind.name)
    if gone or new:
        _note(venue_id, "venue.rooms-changed", by, added=len(new), removed=len(gone))


def add_room(venue_id: int, key: str, name: str, *, by: int) -> None:
    """Add one more room of a kind, with a name of its own. Refuses a name taken, and too many."""
    kind = zones.kind(key)
    if kind is None or not kind.choose:
        raise Refused("Choose what kind of place it is", "kind")
    now = rooms(venue_id)
    if len(now) >= MOST_ROOMS:
        raise Refused(f"A venue can have {MOST_ROOMS} places at most", "name")
    if any(room.kind == key and room.name.casefold() == name.casefold() for room in now):
        raise Refused("You already have a place with that name. Give it a name of its own", "name")
    _place(venue_id, key, name)
    _note(venue_id, "venue.rooms-changed", by, added=1, removed=0)


def remove_room(venue_id: int, room_id: int, *, by: int) -> None:
    """Take a room off the venue; what was recorded about it stays. Twice is no fault."""
    room = db.session.scalar(select(Zone).where(Zone.venue_id == venue_id, Zone.id == room_id))
    if room is None:
        raise Refused("There is no such place")
    if room.retired_on is None:
        room.retired_on = clock.today()
        _note(venue_id, "venue.rooms-changed", by, added=0, removed=1)


def _place(venue_id: int, key: str, name: str) -> None:
    """Bring back a room of this kind and name that was taken off, else add it."""
    room = db.session.scalar(
        select(Zone).where(Zone.venue_id == venue_id, Zone.kind == key, Zone.name == name)
    )
    if room is None:
        db.session.add(Zone(venue_id=venue_id, kind=key, name=name))
    else:
        room.retired_on = None
    db.session.flush()


def closures(venue_id: int) -> list[Closure]:
    """Every time the venue was, is or will be closed for a while; newest first."""
    return list(
        db.session.scalars(
            select(Closure).where(Closure.venue_id == venue_id).order_by(Closure.from_on.desc())
        )
    )


def close(venue_id: int, from_on: date, until_on: date | None, reason: str, *, by: int) -> Closure:
    """Close for a while; the life of proofs pauses over these days, both included.

    Refuses days that overlap another closure, that begin more than 14 days ago or a year ahead,
    and more than a year at once: a closure may pause a proof, not bring back one long lapsed.
    """
    today = clock.today()
    if not today - FURTHEST_BACK <= from_on <= today + FURTHEST_AHEAD:
        raise Refused(
            "The first closed day must be within the last 14 days or the next 12 months", "from_on"
        )
    if until_on is not None and until_on < from_on:
        raise Refused("The last closed day must be on or after the first", "until_on")
    if until_on is not None and until_on - from_on > LONGEST_CLOSURE:
        raise Refused(
            "A venue can close for 12 months at a time. Enter an earlier date", "until_on"
        )
    for other in closures(venue_id):
        if (other.until_on or date.max) >= from_on and other.from_on <= (until_on or date.max):
            raise Refused(
                "You are already closed for some of these days. Open again first", "from_on"
            )
    closure = Closure(venue_id=venue_id, from_on=from_on, until_on=until_on, reason=reason)
    db.session.add(closure)
    db.session.flush()
    until = until_on.isoformat() if until_on else None
    _note(venue_id, "venue.closed", by, closure=closure.id, since=from_on.isoformat(), until=until)
    return closure


def reopen(venue_id: int, closure_id: int, opens_on: date, *, by: int) -> None:
    """End a closure early: `opens_on` is the first day open again.

    A closure that has not begun by then is taken back. Refuses one that is over, and a day after
    its planned end or more than 14 days ago.
    """
    closure = db.session.scalar(
        select(Closure).where(Closure.venue_id == venue_id, Closure.id == closure_id)
    )
    today = clock.today()
    if closure is None or (closure.until_on is not None and closure.until_on < today):
        raise Refused("That closure is already over")
    if not today - FURTHEST_BACK <= opens_on <= (closure.until_on or today + FURTHEST_AHEAD):
        raise Refused("Enter the day you open again, before the closure ends by itself", "opens_on")
    if opens_on <= closure.from_on:
        db.session.delete(closure)
    else:
        closure.until_on = opens_on - timedelta(days=1)
    db.session.flush()
    _note(venue_id, "venue.reopened", by, closure=closure_id, since=opens_on.isoformat())


def _note(venue_id: int, verb: str, by: int, **detail: str | int | None) -> None:
    trail.note(verb, "venue", venue_id, venue_id=venue_id, by=by, **detail)
    touch(venue_id)
