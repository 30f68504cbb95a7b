"""Who was in the room: the code on the screen, the phones' check-in, the register, the headcount.

Verbs need the city's lock (`count` and `set_register` for a venue's own session also that
venue's), lock the venues they write about, and do not commit.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from charter.accounts.signin import keyed_hash
from charter.core import clock, trail
from charter.core.db import db, lock
from charter.core.errors import Refused
from charter.sessions import papers, rules, service
from charter.sessions.models import Booking, TrainingSession
from charter.sessions.rules import BookingState
from charter.staff import service as staff
from charter.staff.models import StaffMember
from charter.training import records
from charter.venues.models import Venue

MOST_PEOPLE = 2000
_LONGEST = timedelta(minutes=rules.MOST_MINUTES)


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody who is booked or waits, as others in the room may see them."""

    booking: Booking
    name: str
    venue: str

    @property
    def is_here(self) -> bool:
        """Whether they came: the trainer's register decides, else their phone's check-in."""
        if self.booking.came is not None:
            return self.booking.came
        return self.booking.checked_in_at is not None

    @property
    def words(self) -> str:
        """Where they work, and what is known of them so far."""
        said = [self.venue]
        if self.booking.state == BookingState.WAITING:
            said.append("waits for a place")
        if self.booking.checked_in_at is not None:
            said.append(f"checked in at {clock.local(self.booking.checked_in_at):%H:%M}")
        return ", ".join(said)


@dataclass(frozen=True, slots=True)
class Counted:
    """What came of a headcount: who came, the rows made by it, who came without a booking."""

    came: int
    made: int
    unknown: int


def code(session_id: int, at: datetime) -> str:
    """The code that the room's screen shows at an instant."""
    return _code(session_id, rules.minute_of(at))


def _code(session_id: int, minute: int) -> str:
    return rules.code_of(keyed_hash("check-in", f"{session_id}:{minute}"))


def is_open(row: TrainingSession) -> bool:
    """Whether phones can check in now."""
    return not row.is_settled and rules.is_open(row.starts_at, row.minutes, clock.now())


def by_code(typed: str) -> TrainingSession | None:
    """The session whose screen shows this code, or showed it a minute ago; else None.

    None, too, in the unlikely minute in which two rooms show the same one.
    """
    now = clock.now()
    near = db.session.scalars(
        select(TrainingSession).where(
            TrainingSession.starts_at <= now + rules.OPENS_BEFORE,
            TrainingSession.starts_at >= now - rules.CLOSES_AFTER - _LONGEST,
            TrainingSession.cancelled_at.is_(None),
            TrainingSession.counted_at.is_(None),
        )
    )
    minutes = rules.minutes_that_count(now)
    found = [
        row
        for row in near
        if is_open(row) and rules.is_one_of(typed, [_code(row.id, each) for each in minutes])
    ]
    return found[0] if len(found) == 1 else None


def to_check_in(session_id: int) -> TrainingSession | None:
    """The session behind a code that was right some minutes ago, while phones can check in."""
    row = service.session(session_id)
    return row if row is not None and is_open(row) else None


def venues(session_id: int) -> dict[int, str]:
    """The venues that have somebody booked on a session, by id, in the order of their names."""
    ids = select(Booking.venue_id).where(
        Booking.session_id == session_id, Booking.state == BookingState.BOOKED
    )
    return service.venue_names(set(db.session.scalars(ids)))


def names(session_id: int, venue_id: int, *, everybody: bool = False) -> list[tuple[int, str]]:
    """First name and initial of one venue's booked people, by booking.

    Of those who have not checked in, unless `everybody` is asked for.
    """
    rows = db.session.execute(
        select(Booking.id, StaffMember.name)
        .join(StaffMember, StaffMember.id == Booking.member_id)
        .where(
            Booking.session_id == session_id,
            Booking.venue_id == venue_id,
            Booking.state == BookingState.BOOKED,
            Booking.checked_in_at.is_(None) | everybody,
            StaffMember.name != "",
        )
        .order_by(StaffMember.name_key, Booking.id)
    )
    return [(row.id, staff.short_name(row.name)) for row in rows]


def check_in(session_id: int, venue_id: int, booking_id: int) -> Booking:
    """Say by phone that one is here: once for each booking, without an account.

    Nobody can know whose thumb it was. Somebody who gives another's name is undone by the
    trainer's register, and a name that the register took off cannot be checked in again by phone.
    Refuses a room that was counted or closed, and a booking that is not this venue's.
    """
    row = to_check_in(session_id)
    if row is None:
        raise Refused("The room is closed or was counted already. Tell the trainer.")
    lock(venue_id)
    booking = db.session.scalar(
        select(Booking).where(
            Booking.id == booking_id,
            Booking.session_id == session_id,
            Booking.venue_id == venue_id,
            Booking.state == BookingState.BOOKED,
        )
    )
    if booking is None:
        raise Refused("Choose your name from the list", "booking")
    if booking.checked_in_at is None:
        booking.checked_in_at = clock.now()
        if booking.came is False:  # late: the register was saved before they came
            booking.came = True
        trail.note("session.checked-in", "booking", booking.id, venue_id=venue_id)
    return booking


def seats(session_id: int) -> list[Seat]:
    """Everybody booked or waiting, by venue and name; one statement."""
    rows = db.session.execute(
        select(Booking, StaffMember.name, Venue.name)
        .join(StaffMember, StaffMember.id == Booking.member_id)
        .join(Venue, Venue.id == Booking.venue_id)
        .where(Booking.session_id == session_id, Booking.state != BookingState.CANCELLED)
        .order_by(Venue.name_key, Venue.id, StaffMember.name_key, Booking.id)
    )
    return [
        Seat(booking, staff.short_name(name) or "Name deleted", venue)
        for booking, name, venue in rows
    ]


def set_register(
    session_id: int, booking_ids: Collection[int], *, venue_id: int | None, by: int
) -> int:
    """Write down who is here, by the trainer's own eyes; how many. Counts once it is confirmed.

    Refuses a session that has not begun to let people in, or was counted or cancelled.
    """
    row = service.must_run(venue_id, session_id)
    if clock.now() < row.starts_at - rules.OPENS_BEFORE:
        raise Refused("The register opens 30 minutes before the start.")
    known = {each.booking.id: each.booking for each in seats(row.id)}
    ticked = set(booking_ids)
    if ticked - known.keys():
        raise Refused("Choose from the people who are booked", "here")
    for booking_id, booking in known.items():
        booking.came = booking_id in ticked
    db.session.flush()
    trail.note(
        "session.register-set", "training_session", row.id,
        venue_id=row.venue_id, by=by, count=len(ticked),
    )  # fmt: skip
    return len(ticked)


def count(session_id: int, headcount: int, *, venue_id: int | None, by: int) -> Counted:
    """Confirm how many people are in the room: from now on whoever came has done the course.

    Everybody here gets a dated training row and the code of a certificate; everybody else who had
    a place is a no-show. From then on attendance is fixed: a wrong row is taken back by
    `training.records.withdraw`. Every venue that had a place has it on record. The same count
    again, by the same person, is answered as the first time. Refuses a headcount under the number
    of people who checked in, before the start, and of a session that was counted or cancelled.
    """
    again = service.run_by(venue_id, session_id)
    if again and again.counted_at and (again.headcount, again.counted_by) == (headcount, by):
        came = sum(each.is_here for each in seats(again.id))
        return Counted(came, 0, headcount - came)
    row = service.must_run(venue_id, session_id)
    if clock.now() < row.starts_at:
        raise Refused("Count the room once the session has begun.")
    if not 0 <= headcount <= MOST_PEOPLE:
        raise Refused("Enter how many people are in the room", "headcount")
    found = seats(row.id)
    here = [each.booking for each in found if each.is_here]
    if headcount < len(here):
        raise Refused(
            f"You counted {headcount}, but {len(here)} are marked as here. "
            "Tick in the register who is really there, then count again",
            "headcount",
        )
    row.headcount, row.counted_at, row.counted_by = headcount, clock.now(), by
    for each in found:
        _settle(each)
    lock(*{each.booking.venue_id for each in found})
    made = _make_rows(row, here, by)
    trail.note(
        "session.counted", "training_session", row.id,
        venue_id=row.venue_id, by=by, headcount=headcount,
        came=len(here), missed=sum(each.booking.came is False for each in found),
    )  # fmt: skip
    _tell_each(row, found, by)
    return Counted(len(here), made, headcount - len(here))


def _tell_each(row: TrainingSession, found: list[Seat], by: int) -> None:
    """Write down with each venue that had a place how many of its people came, and did not."""
    fixed = Counter((each.booking.venue_id, each.booking.came) for each in found)
    for venue_id in sorted({each.booking.venue_id for each in found} - {row.venue_id}):
        came, missed = fixed[venue_id, True], fixed[venue_id, False]
        if came or missed:
            trail.note(
                "session.counted", "training_session", row.id,
                venue_id=venue_id, by=by, came=came, missed=missed,
            )  # fmt: skip


def _settle(seat: Seat) -> None:
    """Fix what the register says; who waited and came had a place after all."""
    booking, is_here = seat.booking, seat.is_here
    if booking.state == BookingState.WAITING:
        booking.came = True if is_here else None
        booking.state = BookingState.BOOKED if is_here else BookingState.WAITING
    else:
        booking.came = is_here


def _make_rows(row: TrainingSession, here: list[Booking], by: int) -> int:
    day = clock.local(row.starts_at).date()
    by_venue: dict[int, list[int]] = defaultdict(list)
    for each in here:
        by_venue[each.venue_id].append(each.member_id)
    made = 0
    for venue_id, member_ids in sorted(by_venue.items()):
        people = staff.members(venue_id, member_ids)
        rows = records.record(
            people, row.course_key, day, source="session", by=by, session_id=row.id
        )
        papers.make(people, rows)
        made += len(rows)
    return made
