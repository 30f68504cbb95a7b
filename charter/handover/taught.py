"""How a team is trained, for whoever takes over: what is counted, what is booked, who is new."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case, func, select

from charter.briefings import starters
from charter.commitments.assessment import VenueAssessment
from charter.core import clock
from charter.core.db import db
from charter.editions.terms import Requirement
from charter.sessions.models import Booking, TrainingSession
from charter.sessions.rules import BookingState
from charter.staff import service as staff
from charter.training import courses

COUNTED = "training."


@dataclass(frozen=True, slots=True)
class Cover:
    """What is counted of the team for one requirement, in a sentence."""

    requirement: Requirement
    words: str


@dataclass(frozen=True, slots=True)
class Booked:
    """A session to come: how many of the venue are booked, and how many of them still wait."""

    session_id: int
    title: str
    at: datetime
    place: str
    people: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Training:
    """How the team is trained; `checked` is when somebody last said that the staff list is right.

    `unbriefed` is how many new starters work without their first-shift briefing.
    """

    cover: Sequence[Cover]
    booked: Sequence[Booked]
    checked: date | None
    unbriefed: int


def training(venue_id: int, standing: VenueAssessment) -> Training:
    """How the venue's team is trained today. Three statements."""
    staff_list = staff.the_list(venue_id)
    new = starters.waiting([venue_id]).get(venue_id, [])
    return Training(
        cover=[
            Cover(each.requirement, each.facts.counted.words)
            for each in standing.requirements
            if (each.requirement.fact or "").startswith(COUNTED)
            and each.facts.counted is not None
            and each.facts.counted.words
        ],
        booked=_booked(venue_id),
        checked=staff_list.checked_on if staff_list else None,
        unbriefed=sum(each.works_today for each in new),
    )


def _booked(venue_id: int) -> list[Booked]:
    row = TrainingSession
    waits = func.sum(case((Booking.state == BookingState.WAITING, 1), else_=0))
    rows = db.session.execute(
        select(row.id, row.course_key, row.starts_at, row.place, func.count(Booking.id), waits)
        .join(Booking, Booking.session_id == row.id)
        .where(
            Booking.venue_id == venue_id,
            Booking.state != BookingState.CANCELLED,
            row.cancelled_at.is_(None),
            row.starts_at >= clock.now(),
        )
        .group_by(row.id)
        .order_by(row.starts_at, row.id)
    )
    return [
        Booked(number, courses.title(key), at, place, int(people), int(waiting))
        for number, key, at, place, people, waiting in rows
    ]
