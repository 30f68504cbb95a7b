"""Planning sessions: make one, change it, cancel it; and who hears of it.

Verbs need the city's lock, and a venue's too for a session of its own; they lock the venues that
are booked. None commits. The start is stored three ways: as UTC, and as the wall clock will show
it with its fold, so that a change of the clocks' rules never moves a session by an hour.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select

from charter.core import clock, trail
from charter.core.db import db, lock
from charter.core.errors import Refused
from charter.sessions import bookings, rules, service
from charter.sessions.models import TrainingSession
from charter.training import courses
from charter.training.records import must_course


@dataclass(frozen=True, slots=True)
class Plan:
    """What was typed about a session, cleaned by the form. `minutes` None: as the course takes."""

    on: date
    at: time
    places: int | None
    minutes: int | None = None
    place: str = ""
    link: str = ""
    language: str = "English"
    access_needs: str = ""
    trainer: str = ""


def plan(
    course_key: str, wanted: Plan, *, venue_id: int | None, by: int, once: str | None = None
) -> TrainingSession:
    """Add a session: the office's (`venue_id` None) or of a venue's own trainer, marked so.

    The same `once` again gives the same session. Refuses a course nobody is booked on any more,
    one that a venue's own trainer may not run, and whatever `Plan` cannot hold.
    """
    if once and (known := _sent(once)):
        if known.venue_id == venue_id:
            return known
        once = None
    course = must_course(course_key)
    if course not in courses.to_book():
        raise Refused("Choose one of the courses", "course")
    if venue_id is not None and course not in courses.to_run_oneself():
        words = "Your own trainer cannot run this course. Choose another one"
        raise Refused(words, "course")
    row = TrainingSession(venue_id=venue_id, course_key=course.key, made_by=by, once=once or None)
    _write(row, wanted, course.minutes)
    db.session.add(row)
    db.session.flush()
    trail.note(
        "session.planned", "training_session", row.id,
        venue_id=venue_id, by=by, course=course.key, on=_day(row),
    )  # fmt: skip
    return row


def _sent(once: str) -> TrainingSession | None:
    return db.session.scalar(select(TrainingSession).where(TrainingSession.once == once))


def change(session_id: int, wanted: Plan, *, venue_id: int | None, by: int) -> TrainingSession:
    """Change when, where and how a session is; its course stays what it is.

    Whoever waits gets the places that were added. When it starts at another time, nobody has come
    yet, whatever phones or the register said before. Every venue that is booked has it on record,
    and hears by mail when it moved. Refuses one that has begun, and fewer places than there are
    people with one.
    """
    row = service.must_run(venue_id, session_id)
    if row.starts_at <= clock.now():
        raise Refused("This session has begun, so it cannot be changed any more.")
    line = service.line(row.id)
    taken = len(rules.in_state(line, rules.BookingState.BOOKED))
    if wanted.places is not None and wanted.places < taken:
        raise Refused(f"{taken} people have a place already. Keep at least {taken}", "places")
    before = (row.starts_at, row.minutes, row.place, row.link)
    course = courses.course(row.course_key)
    _write(row, wanted, course.minutes if course else row.minutes)
    if row.starts_at != before[0]:
        for each in line:
            each.checked_in_at = each.came = None
    db.session.flush()
    booked = service.booked_venues(line)
    _note("session.changed", row, booked, by)
    if before != (row.starts_at, row.minutes, row.place, row.link):
        service.tell("session-changed", row, booked)
    bookings.move_up(row, line)
    return row


def _write(row: TrainingSession, wanted: Plan, usual_minutes: int) -> None:
    shown = datetime.combine(wanted.on, wanted.at)
    starts_at = _instant(shown)
    now = clock.now()
    if starts_at <= now:
        raise Refused("That time has passed. Enter one that is still to come", "on")
    if starts_at > now + rules.AHEAD:
        raise Refused("That is more than two years ahead. Check the date", "on")
    if wanted.places is None or not 1 <= wanted.places <= rules.MOST_PLACES:
        words = f"Enter how many people can come, from 1 to {rules.MOST_PLACES}"
        raise Refused(words, "places")
    minutes = usual_minutes if wanted.minutes is None else wanted.minutes
    if not 1 <= minutes <= rules.MOST_MINUTES:
        raise Refused("Enter how many minutes it takes, up to 720", "minutes")
    if not wanted.place and not wanted.link:
        raise Refused("Enter where it is, or the link people open to take part", "place")
    if wanted.link and not rules.is_link(wanted.link):
        raise Refused("Enter the whole link, starting with https://", "link")
    stored = clock.wall(starts_at)
    row.starts_at, row.starts_local, row.fold = starts_at, stored.local, stored.fold
    row.minutes, row.places = minutes, wanted.places
    row.place, row.link, row.language = wanted.place, wanted.link, wanted.language
    row.access_needs, row.trainer = wanted.access_needs, wanted.trainer


def _instant(shown: datetime) -> datetime:
    """The instant; of an hour that the clocks show twice, the first. Refuses one that never is."""
    try:
        return clock.instant(shown)
    except Refused as refused:
        raise Refused(refused.words, "at") from refused


def _day(row: TrainingSession) -> str:
    return clock.local(row.starts_at).date().isoformat()


def cancel(session_id: int, because: str, *, venue_id: int | None, by: int) -> TrainingSession:
    """Cancel a session, with a reason that the venues read; they hear of it by mail.

    Refuses one that was counted or cancelled before.
    """
    row = service.must_run(venue_id, session_id)
    if not because.strip():
        raise Refused("Say why, in a few words", "because")
    row.cancelled_at, row.cancelled_because = clock.now(), because.strip()
    booked = service.booked_venues(service.line(row.id))
    _note("session.cancelled", row, booked, by)
    service.tell("session-cancelled", row, booked)
    return row


def _note(verb: str, row: TrainingSession, booked: Collection[int], by: int) -> None:
    """Write down what was done, where it is run and with every venue that is booked."""
    lock(*booked)
    for venue_id in (row.venue_id, *(each for each in booked if each != row.venue_id)):
        trail.note(verb, "training_session", row.id, venue_id=venue_id, by=by, on=_day(row))
