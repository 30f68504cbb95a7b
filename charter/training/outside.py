"""What people learned from somebody else: the venue hands in a proof, the office says what for.

The office decides about a course (a provider's, by its title) once: from then on everything that
any venue hands in of it counts by that decision, without waiting. It may change its mind later;
what was recorded before stays as it was. A venue's own e-learning is a course of that venue, or of
its operator, and never of another one with the same title.

Verbs need the city's lock (a course is the city's) and the venue's; the office's take the venue's
themselves. None commits.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload, selectinload

from charter.accounts import notices
from charter.core import clock, files, trail
from charter.core.db import db, lock
from charter.core.errors import Refused
from charter.core.files import Received
from charter.staff import service as staff
from charter.training import courses, records
from charter.training.courses import Course, Part
from charter.training.models import OutsideCourse, OutsidePerson, OutsideTraining, TrainingRecord
from charter.venues import service as venues
from charter.venues.models import Venue
from charter.venues.rules import folded

PROVIDER_LIMIT = 80
TITLE_LIMIT = 120
OLDEST_MONTHS = 24
OWN = "own"  # the provider in the seed that is the venue itself
ANOTHER = "another"  # the choice of a provider that is in no seed


class State(StrEnum):
    """What became of a hand-in."""

    WAITING = "waiting"
    COUNTED = "counted"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class HandIn:
    """What a venue says: whose course, which, on which day, and who of its list did it.

    `provider` is a key of the seed or ANOTHER; then `name` is the provider as typed.
    """

    provider: str
    name: str
    title: str
    done_on: date
    people: Collection[int]


def judge_day(day: date) -> None:
    """Refuse a day to come, and one so long ago that no course of that day still counts."""
    if day > clock.today():
        raise Refused("That day is still to come. Enter a date up to today", "done_on")
    if day < clock.months_after(clock.today(), -OLDEST_MONTHS):
        raise Refused(
            f"That is more than {OLDEST_MONTHS} months ago, and no training counts for longer. "
            "Book these people on a session",
            "done_on",
        )


def hand_in(
    venue_id: int, it: HandIn, proof: Received, *, by: int, once: str | None = None
) -> OutsideTraining:
    """Hand in that some people did somebody else's course; the same `once` again is one hand-in.

    Counts at once where the office has decided about the course, else it waits. Refuses a course
    that counts for nothing, and whoever does not work here.
    """
    if once and (known := sent(once)):
        if known.venue_id == venue_id:
            return known
        once = None
    judge_day(it.done_on)
    there = {each.id for each in staff.present(venue_id)}
    if not it.people:
        raise Refused("Tick everybody who did it", "people")
    if not set(it.people) <= there:
        raise Refused("Somebody you ticked has left. Look at the list again", "people")
    course = _course(venue_id, it)
    if course.counts_for == []:
        raise Refused(
            "The night office has looked at this course: it counts for none of ours. "
            "Book these people on a session",
            "title",
        )
    row = OutsideTraining(
        venue_id=venue_id,
        course=course,
        done_on=it.done_on,
        file=files.keep(proof),
        state=State.WAITING,
        handed_in_by=by,
        once=once or None,
        people=[OutsidePerson(member_id=each) for each in sorted(set(it.people))],
    )
    db.session.add(row)
    db.session.flush()
    _note("outside.handed-in", row, by, count=len(row.people))
    if course.counts_for:
        _count(row, course.counts_for, by=None)
    return row


def sent(once: str | None) -> OutsideTraining | None:
    """The hand-in that came with a form's token, or None."""
    return db.session.scalar(select(OutsideTraining).where(OutsideTraining.once == once))


def _course(venue_id: int, it: HandIn) -> OutsideCourse:
    """The course as it is known, or a new one that nobody has decided about."""
    provider, provider_key = _provider(venue_id, it)
    title_key = folded(it.title)[:TITLE_LIMIT]
    if not title_key:
        raise Refused("Enter what the course is called", "title")
    found = db.session.scalar(
        select(OutsideCourse).where(
            OutsideCourse.provider_key == provider_key, OutsideCourse.title_key == title_key
        )
    )
    return found or OutsideCourse(
        provider=provider, provider_key=provider_key, title=it.title, title_key=title_key
    )


def _provider(venue_id: int, it: HandIn) -> tuple[str, str]:
    """The provider's name, and what it is known by. "/" stands in no folded name."""
    known = {each.key: each.name for each in courses.providers()}
    if it.provider == OWN:
        venue = venues.venue(venue_id)
        owner = venue and (venue.operator or venue)
        if owner is None:
            raise Refused("There is no such venue")
        of = "venue" if isinstance(owner, Venue) else "operator"
        name = f"{known.get(OWN, 'E-learning')}: {owner.name}"
        return name[:PROVIDER_LIMIT], f"{OWN}/{of}/{owner.id}"
    name = it.name.strip() if it.provider == ANOTHER else known.get(it.provider, "")
    key = folded(name)[:PROVIDER_LIMIT]
    if not key:
        raise Refused("Enter who ran the course", "name")
    return name, key


def _note(verb: str, row: OutsideTraining, by: int | None, **detail: int | str) -> None:
    trail.note(verb, "outside_training", row.id, venue_id=row.venue_id, by=by, **detail)


def _count(row: OutsideTraining, keys: Collection[str], *, by: int | None) -> None:
    """Make the training rows of a hand-in; `by` None: the decision of before does it."""
    people = staff.members(row.venue_id, [each.member_id for each in row.people])
    for key in keys:
        if courses.course(key) is not None:
            records.record(
                people, key, row.done_on, source="outside", by=by or row.handed_in_by,
                outside_id=row.id,
            )  # fmt: skip
    _decided(row, State.COUNTED, by)
    _note("outside.counted", row, by, count=len(people))


def _decided(row: OutsideTraining, state: State, by: int | None) -> None:
    row.state, row.decided_at, row.decided_by = state, clock.now(), by
    db.session.flush()


def _return(row: OutsideTraining, words: str, *, by: int) -> None:
    row.words = words
    _decided(row, State.RETURNED, by)
    _note("outside.returned", row, by)
    notices.something_waits(row.venue_id, "training/outside")


def decide(outside_id: int, keys: Collection[str], *, by: int) -> OutsideTraining:
    """Say which of our courses a course counts for: this hand-in, all that wait, and later ones.

    Refuses one that does not wait any more, one's own, and no course at all.
    """
    row = _must_wait(outside_id, by)
    chosen = _ours(keys)
    if not chosen:
        raise Refused("Choose which courses it counts for, or say that it counts for none", "keys")
    _map(row.course, chosen, by=by)
    for each in _of_course(row.course_id):
        _count(each, chosen, by=by)
        notices.something_waits(each.venue_id, "training/outside")
    return row


def decide_for_none(outside_id: int, words: str, *, by: int) -> OutsideTraining:
    """Say that a course counts for none of ours, with words for every venue that handed it in."""
    row = _must_wait(outside_id, by)
    said = _words(words)
    _map(row.course, [], by=by)
    for each in _of_course(row.course_id):
        _return(each, said, by=by)
    return row


def send_back(outside_id: int, words: str, *, by: int) -> OutsideTraining:
    """Return one hand-in with words, for its proof; nothing is decided about the course."""
    row = _must_wait(outside_id, by)
    _return(row, _words(words), by=by)
    return row


def remap(course_id: int, keys: Collection[str], *, seen: str, by: int) -> OutsideCourse:
    """Change what a course counts for from now on; what was recorded before stays.

    `seen` is the `version` the page showed. Refuses when somebody changed it since.
    """
    course = decided(course_id)
    if course is None or version(course) != seen:
        raise Refused("Somebody changed this a moment ago. Look at it again.")
    _map(course, _ours(keys), by=by)
    return course


def version(course: OutsideCourse) -> str:
    """What tells one decision about a course from the next."""
    return course.decided_at.isoformat() if course.decided_at else ""


def _must_wait(outside_id: int, by: int) -> OutsideTraining:
    row = db.session.get(OutsideTraining, outside_id)
    if row is None:
        raise Refused("There is no such training.")
    lock(row.venue_id)
    db.session.refresh(row)
    if row.state != State.WAITING:
        raise Refused("Somebody has decided about this a moment ago.")
    if row.handed_in_by == by:
        raise Refused("You handed this in yourself, so somebody else has to look at it.")
    return row


def _of_course(course_id: int) -> list[OutsideTraining]:
    """Every hand-in of a course that waits, its venue locked, the oldest first."""
    where = (OutsideTraining.course_id == course_id, OutsideTraining.state == State.WAITING)
    lock(*db.session.scalars(select(OutsideTraining.venue_id).where(*where)))
    return list(db.session.scalars(select(OutsideTraining).where(*where).order_by("id")))


def _map(course: OutsideCourse, keys: Sequence[str], *, by: int) -> None:
    course.counts_for, course.decided_at, course.decided_by = list(keys), clock.now(), by
    db.session.flush()
    # The trail takes one short word: the keys, cut where there are very many.
    trail.note("outside.mapped", "outside_course", course.id, by=by, counts_for="/".join(keys)[:80])


def _words(words: str) -> str:
    if not words.strip():
        raise Refused("Say what is wrong and what they can do", "words")
    return words.strip()


def to_count_for() -> tuple[Course, ...]:
    """Our courses that somebody else's may count for: trainings, also those not booked any more."""
    return tuple(each for each in courses.courses().values() if each.part is not Part.BRIEFING)


def _ours(keys: Collection[str]) -> list[str]:
    return [each.key for each in to_count_for() if each.key in keys]


def of_venue(venue_id: int) -> Sequence[OutsideTraining]:
    """Everything a venue handed in, the newest first, with courses, files and people."""
    return db.session.scalars(
        select(OutsideTraining)
        .where(OutsideTraining.venue_id == venue_id)
        .options(
            joinedload(OutsideTraining.course),
            joinedload(OutsideTraining.file),
            selectinload(OutsideTraining.people),
        )
        .order_by(OutsideTraining.id.desc())
    ).all()


def counted(venue_id: int) -> dict[int, list[str]]:
    """Which of our courses each of a venue's hand-ins made rows of, whatever was decided since."""
    found: dict[int, list[str]] = {}
    query = (
        select(TrainingRecord.outside_id, TrainingRecord.course_key)
        .where(TrainingRecord.venue_id == venue_id, TrainingRecord.outside_id.is_not(None))
        .distinct()
        .order_by(TrainingRecord.course_key)
    )
    for outside_id, key in db.session.execute(query):
        found.setdefault(outside_id or 0, []).append(key)
    return found


def one(venue_id: int, outside_id: int) -> OutsideTraining | None:
    """One of this venue's hand-ins, or None."""
    found = db.session.get(OutsideTraining, outside_id)
    return found if found is not None and found.venue_id == venue_id else None


@dataclass(frozen=True, slots=True)
class Asked:
    """A hand-in as the office sees it: of its people only how many there are."""

    row: OutsideTraining
    venue: Venue
    count: int


def asked(outside_id: int) -> Asked | None:
    """One hand-in for the office, or None."""
    return next(iter(_asked(OutsideTraining.id == outside_id, 1)), None)


def queue(limit: int) -> list[Asked]:
    """Hand-ins that wait for the office, the oldest first."""
    return _asked(OutsideTraining.state == State.WAITING, limit)


def _asked(where: ColumnElement[bool], limit: int) -> list[Asked]:
    count = (
        select(func.count(OutsidePerson.id))
        .where(OutsidePerson.outside_id == OutsideTraining.id)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(OutsideTraining, Venue, count)
        .join(Venue, Venue.id == OutsideTraining.venue_id)
        .where(where)
        .options(joinedload(OutsideTraining.course), joinedload(OutsideTraining.file))
        .order_by(OutsideTraining.handed_in_at, OutsideTraining.id)
        .limit(limit)
    )
    return [Asked(row, venue, number) for row, venue, number in rows]


def waiting() -> int:
    """How many hand-ins wait for the office."""
    query = select(func.count(OutsideTraining.id)).where(OutsideTraining.state == State.WAITING)
    return db.session.scalar(query) or 0


def waiting_of(course_id: int) -> int:
    """How many hand-ins of one course wait for the office."""
    where = (OutsideTraining.course_id == course_id, OutsideTraining.state == State.WAITING)
    return db.session.scalar(select(func.count(OutsideTraining.id)).where(*where)) or 0


def known() -> Sequence[OutsideCourse]:
    """The courses that the office has decided about, by provider and title."""
    return db.session.scalars(
        select(OutsideCourse)
        .where(OutsideCourse.decided_at.is_not(None))
        .order_by(OutsideCourse.provider_key, OutsideCourse.title_key)
    ).all()


def decided(course_id: int) -> OutsideCourse | None:
    """A course that the office has decided about, or None."""
    found = db.session.get(OutsideCourse, course_id, populate_existing=True)
    return found if found is not None and found.decided_at is not None else None
