"""Booking people on a session: a place while there are any, else a place in the line.

Verbs need the city's lock and the venue's, and do not commit. Only people of the venue's own list
can be named. A place that is given back goes to whoever has waited longest, and that venue hears
of it by mail.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from charter.core import clock, trail
from charter.core.db import db, lock
from charter.core.errors import Refused
from charter.sessions import rules, service
from charter.sessions.models import Booking, TrainingSession
from charter.sessions.rules import BookingState
from charter.staff import jobs
from charter.staff import service as staff
from charter.staff.models import StaffMember
from charter.training import courses, facts
from charter.training.courses import Course
from charter.training.coverage import Cover, Person, cover


def book(venue_id: int, session_id: int, member_ids: Sequence[int], *, by: int) -> list[Booking]:
    """Book people of this venue, in the order given; who finds no place left waits in the line.

    When all of them are booked already, as by a form sent twice, that is the answer. Refuses a
    session that has begun or was cancelled, a course nobody is booked on any more, people who are
    not on this venue's list, some who are booked already, and too many in the line.
    """
    row = service.must_be_to_come(venue_id, session_id)
    course = courses.course(row.course_key)
    if course is None or course.retired:
        raise Refused("Nobody is booked on this course any more. Choose another session.")
    wanted = list(dict.fromkeys(member_ids))
    if not wanted:
        raise Refused("Tick who should go", "people")
    people = {each.id: each for each in _to_choose_from(venue_id, row)}
    if not people.keys() >= set(wanted):
        raise Refused("Choose people who are on your staff list that day", "people")
    line = service.line(row.id)
    known = {each.member_id: each for each in line}
    already = [
        known[member_id]
        for member_id in wanted
        if member_id in known and known[member_id].state != BookingState.CANCELLED
    ]
    if len(already) == len(wanted):
        return already
    if already:
        name = people[already[0].member_id].name
        raise Refused(f"{name} is booked already. Untick them", "people")
    left = rules.places_left(line, row.places)
    _must_fit(venue_id, line, max(0, len(wanted) - left))
    made = [
        _put_down(known.get(member_id), row, people[member_id], number < left, by)
        for number, member_id in enumerate(wanted)
    ]
    db.session.flush()
    waiting = len(rules.in_state(made, BookingState.WAITING))
    trail.note(
        "session.booked", "training_session", row.id,
        venue_id=venue_id, by=by, count=len(made), waiting=waiting,
    )  # fmt: skip
    return made


def _must_fit(venue_id: int, line: Iterable[Booking], more: int) -> None:
    """Refuse more people of one venue in the line than there may be."""
    ours = (each for each in line if each.venue_id == venue_id)
    over = len(rules.in_state(ours, BookingState.WAITING)) + more - rules.MOST_WAITING
    if more and over > 0:
        words = f"Up to {rules.MOST_WAITING} people of a venue can wait for a place. Untick {over}"
        raise Refused(words, "people")


def _put_down(
    known: Booking | None, row: TrainingSession, who: StaffMember, has_place: bool, by: int
) -> Booking:
    booking = known or Booking(session_id=row.id, venue_id=who.venue_id, member_id=who.id)
    booking.state = BookingState.BOOKED if has_place else BookingState.WAITING
    booking.booked_at, booking.booked_by, booking.ended_at = clock.now(), by, None
    booking.checked_in_at = booking.came = None
    db.session.add(booking)
    return booking


@dataclass(frozen=True, slots=True)
class TakenOff:
    """What came of taking somebody off: whether they had a place, and who has one now."""

    had_place: bool
    moved: list[Booking]


def unbook(venue_id: int, session_id: int, booking_id: int, *, by: int) -> TakenOff:
    """Take somebody of this venue off a session; their place goes to whoever waits.

    Refuses a booking that is not this venue's or has ended, and a session that has begun.
    """
    row = service.must_be_to_come(venue_id, session_id)
    line = service.line(row.id)
    found = next(
        (each for each in line if (each.id, each.venue_id) == (booking_id, venue_id)), None
    )
    if found is None or found.state == BookingState.CANCELLED:
        raise Refused("This person is not booked any more.")
    had_place = found.state == BookingState.BOOKED
    found.state, found.ended_at = BookingState.CANCELLED, clock.now()
    db.session.flush()
    trail.note("session.unbooked", "booking", found.id, venue_id=venue_id, by=by)
    return TakenOff(had_place, move_up(row, line))


def move_up(row: TrainingSession, line: Sequence[Booking]) -> list[Booking]:
    """Give the places that are free to whoever waits, and tell their venues. Locks those venues."""
    moved = rules.moving_up(line, row.places)
    for each in moved:
        each.state = BookingState.BOOKED
    db.session.flush()
    by_venue = Counter(each.venue_id for each in moved)
    lock(*by_venue)
    for venue_id, count in sorted(by_venue.items()):
        trail.note("session.moved-up", "training_session", row.id, venue_id=venue_id, count=count)
    service.tell("session-place", row, by_venue)
    return moved


def of_venue(venue_id: int, session_id: int) -> list[tuple[Booking, StaffMember]]:
    """This venue's bookings with their people, those taken off left out, the first booked first."""
    return [
        (booking, member)
        for booking, member in db.session.execute(
            select(Booking, StaffMember)
            .join(StaffMember, StaffMember.id == Booking.member_id)
            .where(
                Booking.session_id == session_id,
                Booking.venue_id == venue_id,
                Booking.state != BookingState.CANCELLED,
            )
            .order_by(Booking.booked_at, Booking.id)
        )
    ]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could be booked: their name, and in words why they should or need not."""

    member_id: int
    name: str
    why: str
    order: int


def candidates(venue_id: int, row: TrainingSession, booked: Iterable[int]) -> list[Candidate]:
    """Who of the list could still be booked; whoever is not covered comes first."""
    course = courses.course(row.course_key)
    if course is None:
        return []
    without = set(booked)
    variants = [each for each in courses.courses().values() if each.facts & course.facts]
    team = facts.teams([venue_id])[venue_id]
    people = {each.id: each for each in team.people}
    today = clock.today()
    found = []
    for member in _to_choose_from(venue_id, row):
        if member.id in without:
            continue
        person = people.get(member.id, Person(member.id, ()))
        stands = cover(team, person, variants, today, 0)
        found.append(_candidate(member, course, stands))
    return sorted(found, key=lambda each: (each.order, each.name.casefold(), each.member_id))


def _candidate(member: StaffMember, course: Course, stands: Cover) -> Candidate:
    held = [job.job for job in staff.jobs_now(member) or member.jobs]
    doing = ", ".join(dict.fromkeys(jobs.name(each) for each in held))
    if not any(course.is_for(each) for each in held):
        return Candidate(member.id, member.name, f"{doing}. Not made for this job", 3)
    order = {Cover.TRAINED: 2, Cover.DUE: 1}.get(stands, 0)
    return Candidate(member.id, member.name, f"{doing}. {_STANDS[stands]}", order)


_STANDS = {
    Cover.TRAINED: "Trained already",
    Cover.DUE: "Runs out in 30 days",
    Cover.LAPSED: "Ran out",
    Cover.NEVER: "Not trained yet",
    Cover.NEW: "Not trained yet",
}


def _to_choose_from(venue_id: int, row: TrainingSession) -> list[StaffMember]:
    """Whoever is on the list, or is going to be, and has not left by the day of the session."""
    day = clock.local(row.starts_at).date()
    return [each for each in staff.present(venue_id) if staff.last_day(each) >= day]
