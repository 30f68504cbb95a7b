"""Reminders by mail that a session is near, a week and a day before; part of the nightly work."""

from collections import defaultdict
from datetime import timedelta

from sqlalchemy import func, select

from charter.core import clock
from charter.core.db import CITY, db, lock
from charter.sessions import rules, service
from charter.sessions.models import Booking, TrainingSession
from charter.sessions.rules import BookingState


def remind() -> int:
    """Tell the champions of booked venues of the sessions that are near; how many mails.

    Takes the city's lock itself, so it begins outside a transaction; the caller commits. A night
    that was missed is made good, and nobody hears twice of the same thing: each mail has a key.
    """
    lock(CITY)
    now, today = clock.now(), clock.today()
    rows = db.session.execute(
        select(TrainingSession, Booking.venue_id, func.min(Booking.booked_at))
        .join(Booking, Booking.session_id == TrainingSession.id)
        .where(
            TrainingSession.starts_at > now,
            TrainingSession.starts_at < now + timedelta(days=rules.NEAR_DAYS + 1),
            TrainingSession.cancelled_at.is_(None),
            Booking.state == BookingState.BOOKED,
        )
        .group_by(TrainingSession.id, Booking.venue_id)
        .order_by(TrainingSession.id, Booking.venue_id)
    ).all()
    due: dict[tuple[int, str], list[int]] = defaultdict(list)
    sessions = {}
    for session, venue_id, booked_at in rows:
        sessions[session.id] = session
        starts_on, booked_on = (clock.local(at).date() for at in (session.starts_at, booked_at))
        which = rules.near(starts_on, booked_on, today)
        if which is not None:
            due[session.id, which].append(venue_id)
    told = 0
    for (session_id, which), venue_ids in due.items():
        session = sessions[session_id]
        key = f"session-near:{session_id}:{clock.local(session.starts_at).date()}:{which}"
        told += service.tell("session-near", session, venue_ids, once_for=key)
    return told
