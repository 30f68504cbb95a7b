"""The briefing: what a venue's page says, tonight's part with its link, and who has read it.

Whoever made tonight's link may want it again: on another phone, or printed for the till. So the
token is not kept anywhere. It is worked out from the row and from this city's pepper, which is in
no database; the row holds its hash, to be found by. Making tonight's part again makes another.

Verbs need the venue's lock, note the trail and do not commit.
"""

from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select

from charter import config
from charter.accounts import service as accounts
from charter.accounts import signin
from charter.briefings import readers, starters
from charter.briefings.models import BriefingNight, BriefingPage
from charter.core import clock, trail
from charter.core.db import db, lock
from charter.core.errors import Refused
from charter.rooms import looks
from charter.staff import service as staff
from charter.training import records

COURSE = starters.COURSE
ENDED = "This link has ended. Ask the duty manager for tonight’s."


def page(venue_id: int) -> BriefingPage | None:
    """What a venue's briefing says every night, or None before it was written."""
    return db.session.get(BriefingPage, venue_id)


def write_page(venue_id: int, book_place: str, quiet_place: str, extra: str, *, by: int) -> None:
    """Say what the briefing says every night. Refuses one that does not say where the book is."""
    if not book_place.strip():
        raise Refused("Enter where the incident book is", "book_place")
    row = page(venue_id) or BriefingPage(venue_id=venue_id)
    row.book_place, row.quiet_place, row.extra = book_place, quiet_place, extra
    row.saved_at, row.saved_by = clock.now(), by
    db.session.add(row)
    db.session.flush()
    trail.note("briefing.written", "venue", venue_id, venue_id=venue_id, by=by)


def night_ends(night: date) -> datetime:
    """The instant at which a night is over: its morning, at the hour the city's settings name."""
    hour = config.current().city.night_ends_hour
    morning = datetime.combine(night + timedelta(days=1), time(hour), clock.zone())
    return morning.astimezone(UTC)


def tonight(venue_id: int) -> BriefingNight | None:
    """This night's part of a venue's briefing, or None where nobody has written it yet."""
    night = clock.night_of(clock.now())
    return db.session.scalar(
        select(BriefingNight).where(
            BriefingNight.venue_id == venue_id, BriefingNight.night == night
        )
    )


def make_tonight(venue_id: int, on_tonight: str, *, by: int) -> BriefingNight:
    """Say who is on tonight, and make this night's link; one made before stops working.

    The briefing shows the map of the rooms, so making it notes that the team looks at it. Nights
    that are over are taken away: they hold names. Refuses a venue without its page.
    """
    if page(venue_id) is None:
        raise Refused("First say where your incident book is.")
    if not on_tonight.strip():
        raise Refused("Enter who is on tonight", "on_tonight")
    forget_ended(venue_id)
    now = clock.now()
    night = clock.night_of(now)
    row = tonight(venue_id) or BriefingNight(venue_id=venue_id, night=night)
    row.on_tonight, row.expires_at = on_tonight, night_ends(night)
    row.made_at, row.made_by = now, by
    row.token_hash = signin.token_hash(token(row))
    db.session.add(row)
    db.session.flush()
    trail.note(
        "briefing.made",
        "briefing_night",
        row.id,
        venue_id=venue_id,
        by=by,
        night=night.isoformat(),
    )
    looks.note(venue_id, "briefing", by=by)
    return row


def lead(venue_id: int) -> list[tuple[str, bool]]:
    """Today's champions and stand-ins: a name, and whether it is a stand-in's. One statement."""
    held = accounts.champions([venue_id])[venue_id]
    return [(row.user.name, row.is_stand_in) for row in held]


def forget_ended(venue_id: int | None = None) -> int:
    """Take away the nights that are over, of one venue or of all; how many."""
    ended = delete(BriefingNight).where(BriefingNight.expires_at <= clock.now())
    if venue_id is not None:
        ended = ended.where(BriefingNight.venue_id == venue_id)
    gone = db.session.execute(ended, execution_options={"synchronize_session": False})
    return cast(CursorResult[Any], gone).rowcount


def token(row: BriefingNight) -> str:
    """The token of a night's link: 256 bits that nobody can work out without the city's pepper."""
    of = f"{row.venue_id}:{row.night.isoformat()}:{row.made_at.astimezone(UTC).isoformat()}"
    return urlsafe_b64encode(signin.keyed_hash("tonight", of)).decode().rstrip("=")


def found(written: str) -> BriefingNight | None:
    """The night that a link belongs to, ended or not; None for a link that there is not."""
    return db.session.scalar(
        select(BriefingNight).where(BriefingNight.token_hash == signin.token_hash(written))
    )


def is_over(row: BriefingNight) -> bool:
    """Whether a night's link has ended."""
    return clock.now() >= row.expires_at


def needs_briefing(venue_id: int) -> list[starters.Starter]:
    """The new starters of a venue who have not had the briefing, by name.

    Whoever starts in the next days is among them: the briefing comes before the first shift.
    """
    return starters.waiting([venue_id]).get(venue_id, [])


def unbriefed(venue_ids: list[int]) -> dict[int, int]:
    """How many new starters work at each of these venues today without the briefing."""
    waiting = starters.waiting(venue_ids)
    return {
        venue_id: sum(each.works_today for each in waiting.get(venue_id, ()))
        for venue_id in venue_ids
    }


def acknowledge(written: str, member_id: int | None, typed: str = "") -> None:
    """Somebody on the list says that they read tonight's page; a new starter is briefed by it.

    They are known by their id, or by the name they type. Needs the city's lock and takes the
    venue's. Said twice, it is done once. Refuses a link that has ended, and whoever is not on the
    list.
    """
    night = found(written)
    if night is None or is_over(night):
        raise Refused(ENDED)
    venue_id = night.venue_id
    lock(venue_id)
    if member_id is None:
        member_id = readers.named(venue_id, typed)
    elif member_id not in {each.id for each in staff.present(venue_id)}:
        raise Refused("Choose your name", "person")
    readers.note(venue_id, night.night, member_id)
    if member_id in {each.member_id for each in needs_briefing(venue_id)}:
        # The night's own day: after midnight the shift is still the one that began before it.
        people = staff.members(venue_id, [member_id])
        records.record(people, COURSE, night.night, source="briefing", by=None)
