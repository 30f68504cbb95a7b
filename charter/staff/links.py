"""Ties rows of lists to the account of the person they are: by that person's own act, or never.

A venue hands its member a one-use code; the person enters it in their own account, and whoever
made it may not. Somebody who looks after a list may put themself on it. No venue learns of a
person's other rows. A verb needs the city's lock and takes those of every venue where the person
has a row: what they did at one counts at each.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from charter.accounts import signin
from charter.accounts.models import User
from charter.core import clock, trail
from charter.core.db import Counts, db, lock, touch
from charter.core.errors import Refused
from charter.core.trail import TrailEntry
from charter.staff import service, stints
from charter.staff.models import StaffJob, StaffLink, StaffMember
from charter.staff.service import Starter
from charter.venues.models import Venue

LASTS = timedelta(days=7)
WRONG = "That code does not work. Check it, or ask for a new one where you work"
# Without the letters and digits that are taken for each other.
_SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Own:
    """A row of a list as the person it is reads it: where, by which name, and their jobs."""

    member_id: int
    venue: str
    name: str
    jobs: Sequence[StaffJob]

    @property
    def now(self) -> StaffJob | None:
        """The job they have, or are going to have."""
        return stints.current(self.jobs)


def make_code(venue_id: int, member_id: int, *, by: int) -> str:
    """A code to hand to somebody of the list; an older one of theirs stops working.

    Needs the venue's lock. Refuses a row that is tied to an account already.
    """
    found = service.must(venue_id, member_id)
    if found.user_id is not None:
        raise Refused("They have done this already: it is in their own account")
    code = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
    now = clock.now()
    unused = (StaffLink.member_id == found.id) & StaffLink.used_at.is_(None)
    db.session.execute(delete(StaffLink).where(unused))
    row = StaffLink(
        member_id=found.id, code_hash=_hash(code), made_at=now, made_by=by, expires_at=now + LASTS
    )
    db.session.add(row)
    db.session.flush()
    trail.note("staff.code-made", "staff_member", found.id, venue_id=venue_id, by=by)
    return f"{code[:4]}-{code[4:]}"


def _hash(code: str) -> bytes:
    return signin.keyed_hash("staff-link", code)


def enter_code(user: User, typed: str) -> StaffMember | str:
    """Tie the row that a code stands for to this person, or the words to refuse with.

    A wrong code is counted and slows the next try down: commit even when it refuses.
    """
    account = f"staff-link:{user.id}"
    if wait := signin.wait_words(account):
        return wait
    code = "".join(sign for sign in typed.upper() if sign.isalnum())
    where = (
        StaffLink.code_hash == _hash(code),
        StaffLink.used_at.is_(None),
        StaffLink.expires_at > clock.now(),
    )
    venue_id = db.session.scalar(
        select(StaffMember.venue_id)
        .join(StaffLink, StaffLink.member_id == StaffMember.id)
        .where(*where, StaffMember.forgotten_on.is_(None))
    )
    if venue_id is not None:
        venues = _lock(user.id, venue_id)
        # The venue may have made a newer code until just now.
        row = db.session.scalar(select(StaffLink).where(*where))
        if row is not None:
            found = service.must(venue_id, row.member_id)
            if words := _hindrance(user.id, found, row):
                return words
            row.used_at = clock.now()
            _tie(found, user.id, venues)
            signin.forgive(account)
            return found
    signin.failed(account)
    return WRONG


def _hindrance(user_id: int, found: StaffMember, code: StaffLink) -> str | None:
    if code.made_by == user_id:
        return "You made this code, so it is not yours to enter. Give it to the person it is for"
    if found.user_id is not None:
        return "Somebody has used that code already. Ask for a new one where you work"
    if _here(user_id, found.venue_id):
        return "You are on this venue's list already. Ask them to take one of the two names off"
    return None


def _lock(user_id: int, *more: int) -> set[int]:
    """Take the locks of these venues and of all where the person counts; which they are."""
    venues = {*service.counted_with([user_id]), *more}
    lock(*venues)
    return venues


def _tie(found: StaffMember, user_id: int, venues: Collection[int]) -> None:
    found.user_id = user_id
    db.session.flush()
    trail.note("staff.linked", "staff_member", found.id, venue_id=found.venue_id, by=user_id)
    for venue_id in sorted(venues):
        touch(venue_id, counts=Counts.TRAINING)


def tied_on(found: StaffMember) -> date | None:
    """Since when a row has been tied to an account, for its venue; None when it is not.

    Whose account it is stays the person's own business.
    """
    if found.user_id is None:
        return None
    at = db.session.scalar(
        select(TrailEntry.at)
        .where(
            TrailEntry.chain == found.venue_id,
            TrailEntry.verb == "staff.linked",
            TrailEntry.thing_id == found.id,
        )
        .order_by(TrailEntry.number.desc())
        .limit(1)
    )
    return clock.local(at).date() if at else None


def unlink(user_id: int, member_id: int) -> None:
    """Untie one of a person's own rows. Refuses a row that is not theirs."""
    venues = _lock(user_id)
    found = db.session.scalar(
        select(StaffMember).where(StaffMember.id == member_id, StaffMember.user_id == user_id)
    )
    if found is None:
        raise Refused("This is not one of your jobs")
    found.user_id = None
    db.session.flush()
    trail.note("staff.unlinked", "staff_member", found.id, venue_id=found.venue_id, by=user_id)
    for each in sorted(venues):
        touch(each, counts=Counts.TRAINING)


def own(user_id: int) -> list[Own]:
    """The rows of lists that a person has said are them, by venue. Two statements."""
    rows = db.session.execute(
        select(StaffMember, Venue.name)
        .join(Venue, Venue.id == StaffMember.venue_id)
        .where(StaffMember.user_id == user_id)
        .options(selectinload(StaffMember.jobs))
        .order_by(Venue.name_key, StaffMember.id)
    )
    return [Own(row.id, venue, row.name, stints.in_order(row.jobs)) for row, venue in rows]


def _here(user_id: int, venue_id: int) -> bool:
    """Whether one of a person's rows at a venue has a job, now or to come."""
    rows = db.session.scalars(
        select(StaffMember)
        .where(StaffMember.user_id == user_id, StaffMember.venue_id == venue_id)
        .options(selectinload(StaffMember.jobs))
    )
    return any(stints.current(row.jobs) for row in rows)


def namesake(user: User, there: Collection[StaffMember]) -> StaffMember | None:
    """Of people on a list, somebody of this person's name who is tied to nobody yet."""
    key = service.key_of(user.name)
    return next((each for each in there if each.user_id is None and each.name_key == key), None)


def join(venue_id: int, user: User, who: Starter) -> StaffMember:
    """Put oneself on the list of a venue that one looks after, tied to one's account.

    Refuses somebody who is on it, and a name that is.
    """
    venues = _lock(user.id, venue_id)
    if _here(user.id, venue_id):
        raise Refused("You are on the list already")
    found = service.add(venue_id, who, by=user.id)
    _tie(found, user.id, venues)
    return found


def claim(venue_id: int, user: User, member_id: int) -> StaffMember:
    """Say that somebody of one's own name on a list that one looks after is oneself.

    Refuses any other name, and a row that is tied to somebody.
    """
    venues = _lock(user.id, venue_id)
    found = service.must(venue_id, member_id)
    if _here(user.id, venue_id):
        raise Refused("You are on the list already")
    if namesake(user, [found]) is None:
        raise Refused("That is somebody else on the list. Add yourself instead")
    _tie(found, user.id, venues)
    return found
