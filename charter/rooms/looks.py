"""That a team looked at its map before a night: noted, asked for many venues at once, and counted.

Requirement 7.6 is met for as long as its proofs last from the night before which a team last
looked, in its briefing or at the map itself. A closed day uses none of that up.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import BindParameter, bindparam, func, select

from charter.core import clock, trail
from charter.core.db import Counts, db, touch
from charter.core.text import in_words
from charter.editions.terms import Counted
from charter.rooms.models import MapLook
from charter.training.rules import Terms

FACT = "rooms.map-looked"
How = Literal["briefing", "map"]

_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_LAST = (
    select(MapLook.venue_id, func.max(MapLook.night))
    .where(MapLook.venue_id.in_(_IDS))
    .group_by(MapLook.venue_id)
)


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
    touch(venue_id, counts=Counts.ROOMS)
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


def counted(terms_of: Mapping[int, Terms], today: date) -> dict[int, dict[str, Counted]]:
    """Until when the last look at the map counts, at each venue that had one. One statement."""
    ids = [venue_id for venue_id, terms in terms_of.items() if FACT in terms.lasts]
    return {
        venue_id: {FACT: judged(terms_of[venue_id], min(night, today))}
        for venue_id, night in db.session.execute(_LAST, {"ids": ids})
    }


def judged(terms: Terms, night: date) -> Counted:
    """What a last look before some night comes to: it lives as long as a proof of that day."""
    return Counted(
        met=True,
        holds_until=terms.lasts[FACT].until(night),
        since=night,
        words=f"You last looked at your map before the night of {in_words(night)}.",
        step="Look at your map together before a busy night.",
    )
