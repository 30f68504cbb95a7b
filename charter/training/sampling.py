"""The office looks at a few names of a venue's list, to check by sample what it is told.

The lot is an HMAC of the venue, the day and the person: on one day everybody who looks sees the
same few, so that looking again shows nobody new. Each look is in the venue's own trail with its
reason, the champions are told, and the venue's page of training says so.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select

from charter import config
from charter.accounts import notices
from charter.core import clock, trail
from charter.core.db import db
from charter.core.errors import Refused
from charter.core.trail import TrailEntry
from charter.staff import jobs as staff_jobs
from charter.staff import service as staff
from charter.staff.models import StaffMember
from charter.training import facts, history
from charter.training.history import Did

MOST = 5
LOOKS_SHOWN = 5
VERB = "training.sampled"
REASONS: Mapping[str, str] = {
    "lot": "This venue was drawn for a check",
    "certificate": "Before a certificate is given",
    "numbers": "The numbers changed a lot",
    "told": "Somebody told us that something is wrong",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One person whom the lot fell on: what they work as, and what they did."""

    name: str
    jobs: str
    did: tuple[Did, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """A look that the office took: when, at how many names, and why."""

    at: datetime
    count: int
    why: str


def look(venue_id: int, reason: str, *, by: int) -> None:
    """Put on record that somebody of the office looks at today's names, and tell the champions.

    The same reason again on the same day is the same look. Refuses without a reason, and where
    nobody is on the list.
    """
    if reason not in REASONS:
        raise Refused("Choose why you look", "reason")
    drawn = _drawn(venue_id)
    if not drawn:
        raise Refused("Nobody is on this venue's list today.")
    if any(entry.detail.get("sample") == reason for entry in _today(venue_id, by)):
        return
    trail.note(
        "training.sampled",
        "venue",
        venue_id,
        venue_id=venue_id,
        by=by,
        sample=reason,
        count=len(drawn),
    )
    # The privacy page promises that they hear of each look, whatever else is mailed that day.
    notices.something_waits(venue_id, "training", what=f"sampled-{reason}-{by}")


def names(venue_id: int, *, by: int) -> list[Drawn]:
    """Today's names, for whoever has a look of today on record; else none."""
    if not _today(venue_id, by):
        return []
    team = facts.teams([venue_id])[venue_id]
    return [
        Drawn(each.name, _jobs(each), tuple(history.at_venue(venue_id, each.id, team)))
        for each in _drawn(venue_id)
    ]


def looks(venue_id: int) -> list[Looked]:
    """The last looks that the office took at names of this venue, the newest first."""
    rows = db.session.scalars(
        select(TrailEntry)
        .where(TrailEntry.chain == venue_id, TrailEntry.verb == VERB)
        .order_by(TrailEntry.number.desc())
        .limit(LOOKS_SHOWN)
    )
    return [
        Looked(row.at, int(row.detail["count"] or 0), REASONS.get(str(row.detail["sample"]), ""))
        for row in rows
    ]


def _today(venue_id: int, by: int) -> Sequence[TrailEntry]:
    since = clock.instant(datetime.combine(clock.today(), time()))
    return db.session.scalars(
        select(TrailEntry).where(
            TrailEntry.chain == venue_id,
            TrailEntry.verb == VERB,
            TrailEntry.actor_id == by,
            TrailEntry.at >= since,
        )
    ).all()


def _drawn(venue_id: int) -> list[StaffMember]:
    there = [member for member in staff.present(venue_id) if staff.jobs_now(member)]
    return sorted(there, key=lambda member: _lot(venue_id, clock.today(), member.id))[:MOST]


def _lot(venue_id: int, day: date, member_id: int) -> bytes:
    seed = config.current().secrets.sample_seed
    return hmac.digest(seed, f"training/{venue_id}/{day}/{member_id}".encode(), hashlib.sha256)


def _jobs(member: StaffMember) -> str:
    return ", ".join(staff_jobs.name(each.job) for each in staff.jobs_now(member))
