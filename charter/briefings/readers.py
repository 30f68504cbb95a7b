"""Who of the team said that they read tonight's briefing: a row for each, and no trail.

The row is itself the record, and time takes it away; the trail would keep for six years who was
there on which night.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from charter.briefings.models import BriefingReader
from charter.core.db import db
from charter.core.errors import Refused
from charter.staff import service as staff


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody on the list, and when they said that they read a night's briefing, if they did."""

    member_id: int
    name: str
    at: datetime | None


def of_night(venue_id: int, night: date) -> Sequence[Reader]:
    """Everybody on a venue's list, by name, with when they read it. Three statements."""
    read = _read(venue_id, night)
    return [
        Reader(member.id, member.name, read.get(member.id)) for member in staff.present(venue_id)
    ]


def named(venue_id: int, typed: str) -> int:
    """Who of a venue's list is meant by a name as people type it: whole, or "Sam P", or "Sam".

    Refuses, for `name`, a name that nobody has and one that several have.
    """
    key = _key(typed)
    if not key:
        raise Refused("Choose your name, or type it", "name")
    team = [(each.id, each.name) for each in staff.present(venue_id)]
    for form in (lambda name: name, staff.short_name, lambda name: name.split()[0]):
        found = [member_id for member_id, name in team if _key(form(name)) == key]
        if len(found) == 1:
            return found[0]
        if found:
            raise Refused("Two of you are called that. Type your whole name", "name")
    raise Refused(
        "That name is not on the list. Type it as on your badge, or ask the duty manager", "name"
    )


def _key(name: str) -> str:
    return staff.key_of(name).replace(".", "").strip()


def has_read(venue_id: int, night: date, member_id: int) -> bool:
    """Whether somebody said that they read a night's briefing."""
    return member_id in _read(venue_id, night)


def note(venue_id: int, night: date, member_id: int) -> bool:
    """Keep that somebody read it; whether that is new. Needs the venue's lock."""
    if has_read(venue_id, night, member_id):
        return False
    db.session.add(BriefingReader(venue_id=venue_id, night=night, member_id=member_id))
    db.session.flush()
    return True


def _read(venue_id: int, night: date) -> dict[int, datetime]:
    query = select(BriefingReader.member_id, BriefingReader.at).where(
        BriefingReader.venue_id == venue_id, BriefingReader.night == night
    )
    return {member_id: at for member_id, at in db.session.execute(query)}
