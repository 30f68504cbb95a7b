"""What time alone takes away from staff lists: lists that were read in and never saved, spent
codes, and the names of people who left long ago.

A member's row and the days of their jobs stay, so that what was counted on a past day can be
counted again. So does the tie to an account, which is the person's own: what they learned there
counts where they work now, and they may untie it. An account whose own name is gone is untied from
every row that still has one, or that name would say whose the account was.
"""

from collections.abc import Collection
from datetime import date

from sqlalchemy import delete, func, or_, select

from charter.core import clock, retention, trail
from charter.core.db import Counts, db, lock, touch
from charter.staff.models import StaffImport, StaffJob, StaffLink, StaffMember


def forget_imports() -> int:
    """Delete lists that were read in more than a day ago, and old codes; how many.

    Needs the city's lock.
    """
    spans = retention.STAFF_IMPORT, retention.STAFF_CODE
    old_import, old_code = (span.oldest_moment(clock.now(), clock.zone()) for span in spans)
    gone = 0
    for table, over in (
        (StaffImport, StaffImport.made_at < old_import),
        (StaffLink, or_(StaffLink.used_at < old_code, StaffLink.expires_at < old_code)),
    ):
        gone += len(db.session.scalars(delete(table).where(over).returning(table.id)).all())
    return gone


def leavers(today: date, *, venue_id: int | None = None) -> dict[int, list[int]]:
    """Ids, by venue, of people who left so long ago that their names are kept no longer.

    Somebody whose only job was planned and never began counts from the day they were added.
    """
    span = retention.STAFF_LEFT
    jobs = select(StaffJob.member_id).where(StaffJob.member_id == StaffMember.id)
    left = (
        select(StaffJob.member_id)
        .group_by(StaffJob.member_id)
        .having(func.count() == func.count(StaffJob.left_on))
        .having(func.max(StaffJob.left_on) < span.oldest_day(today))
    )
    before = span.oldest_moment(clock.now(), clock.zone())
    never_came = (StaffMember.added_at < before) & ~jobs.exists()
    query = (
        select(StaffMember.venue_id, StaffMember.id)
        .where(StaffMember.forgotten_on.is_(None), StaffMember.id.in_(left) | never_came)
        .order_by(StaffMember.id)
    )
    if venue_id is not None:
        query = query.where(StaffMember.venue_id == venue_id)
    found: dict[int, list[int]] = {}
    for row in db.session.execute(query):
        found.setdefault(row.venue_id, []).append(row.id)
    return found


def forget_names(venue_id: int, member_ids: Collection[int] | None = None) -> int:
    """Take the names of these people of a venue away, or of all; how many. Needs its lock."""
    query = select(StaffMember).where(
        StaffMember.venue_id == venue_id, StaffMember.forgotten_on.is_(None)
    )
    if member_ids is not None:
        query = query.where(StaffMember.id.in_(member_ids))
    rows = db.session.scalars(query).all()
    for row in rows:
        row.name = row.name_key = ""
        row.forgotten_on = clock.today()
    db.session.flush()
    if rows:
        trail.note("staff.forgotten", "venue", venue_id, venue_id=venue_id, count=len(rows))
    return len(rows)


def clear(venue_id: int) -> int:
    """Take every name off the list of a venue that left long ago, with lists not saved and codes.

    How many names. Needs the venue's lock.
    """
    members = select(StaffMember.id).where(StaffMember.venue_id == venue_id)
    db.session.execute(delete(StaffLink).where(StaffLink.member_id.in_(members)))
    db.session.execute(delete(StaffImport).where(StaffImport.venue_id == venue_id))
    return forget_names(venue_id)


def untie(user_id: int) -> int:
    """Untie an account that has no name any more from rows that have one; how many.

    Needs the city's lock, and takes those of every venue where the person has a row: what they did
    at one counts at the others no longer.
    """
    of_account = select(StaffMember).where(StaffMember.user_id == user_id)
    rows = db.session.scalars(of_account).all()
    if all(row.forgotten_on is not None for row in rows):
        return 0
    venues = sorted({row.venue_id for row in rows})
    lock(*venues)
    rows = db.session.scalars(of_account.execution_options(populate_existing=True)).all()
    named = [row for row in rows if row.forgotten_on is None]
    for row in named:
        row.user_id = None
        trail.note("staff.unlinked", "staff_member", row.id, venue_id=row.venue_id)
    db.session.flush()
    for venue_id in venues:
        touch(venue_id, counts=Counts.TRAINING)
    return len(named)
