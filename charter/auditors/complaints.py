"""Complaints about an auditor: made by a venue, answered by an administrator who is apart."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from charter import config
from charter.accounts import notices
from charter.auditors.models import AuditComplaint, Engagement, EngagementVenue
from charter.core import clock, trail
from charter.core.db import db
from charter.core.errors import Refused


def complain(venue_id: int, engagement_id: int, words: str, *, by: int) -> AuditComplaint:
    """The venue complains about the auditor of an engagement that covers it."""
    covered = db.session.get(EngagementVenue, (engagement_id, venue_id))
    if covered is None:
        raise Refused("This audit is not one of yours.")
    row = AuditComplaint(
        engagement_id=engagement_id,
        venue_id=venue_id,
        words=words,
        asked_by=by,
        due_on=clock.today() + timedelta(days=config.current().city.appeal_days),
    )
    db.session.add(row)
    db.session.flush()
    trail.note("complaint.made", "audit-complaint", row.id, venue_id=venue_id, by=by)
    return row


def complaints(venue_id: int | None = None) -> Sequence[AuditComplaint]:
    """Complaints about auditors, those that wait first; of one venue, or all, at most 200."""
    query = select(AuditComplaint)
    if venue_id is not None:
        query = query.where(AuditComplaint.venue_id == venue_id)
    order = (AuditComplaint.answered_at.is_not(None), AuditComplaint.due_on, AuditComplaint.id)
    return db.session.scalars(query.order_by(*order).limit(200)).all()


def answer_complaint(complaint_id: int, words: str, *, by: int) -> AuditComplaint:
    """Answer a complaint. Refused to whoever engaged the auditor. Needs the venue's lock."""
    row = db.session.get(AuditComplaint, complaint_id)
    if row is None or row.answered_at is not None:
        raise Refused("This complaint has been answered.")
    engagement = db.session.get_one(Engagement, row.engagement_id)
    if by == engagement.granted_by:
        raise Refused("You engaged this auditor. Somebody else has to answer.")
    row.answer, row.answered_by, row.answered_at = words, by, clock.now()
    trail.note("complaint.answered", "audit-complaint", row.id, venue_id=row.venue_id, by=by)
    notices.something_waits(row.venue_id, "auditor", what=f"complaint-{row.id}")
    return row
