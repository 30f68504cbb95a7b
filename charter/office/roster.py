"""What a venue's copy of everything holds about the people of its staff list, as plain rows.

Only what was written down at this venue: what somebody who tied their jobs to one account did
elsewhere is theirs, and not in it. Rows are read and given one by one.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import contains_eager, joinedload

from charter.briefings.checks import By
from charter.briefings.models import BriefingNight, BriefingPage, SpotAnswer, SpotCheck
from charter.core import codes
from charter.core.db import db
from charter.office.holdings import AT_ONCE, Holdings, Row, day, moment
from charter.sessions.models import AttendancePaper, Booking, TrainingSession
from charter.sessions.rules import BookingState
from charter.staff import jobs
from charter.staff.models import StaffJob, StaffMember
from charter.training import courses, records
from charter.training.models import OutsideCourse, OutsidePerson, OutsideTraining, TrainingRecord
from charter.training.outside import State

STAFF: Row = ("Name", "Job", "Employer", "Started", "Left", "Recorded", "Leaving recorded")
TRAINING: Row = (
    "Name", "Course", "Version", "Done on", "Counts until", "From where", "Recorded",
    "Recorded by", "Taken back", "Why", "Certificate",
)  # fmt: skip
SESSIONS: Row = (
    "When", "Ends", "Course", "Place", "Run by", "What became of it", "Name", "Booking",
    "Booked", "Booked by", "Checked in", "Came",
)  # fmt: skip
OUTSIDE: Row = (
    "Course", "Who ran it", "Done on", "Name", "State", "Answer", "Handed in", "Handed in by",
    "Decided", "Proof", "SHA-256",
)  # fmt: skip
BRIEFINGS: Row = ("What it says", "Words", "Written", "By")
CHECKS: Row = ("Done on", "Who asked", "Questions", "Job", "Right", "Note", "Recorded", "By")
_FORGOTTEN = "(name deleted)"
_OUTCOMES = {
    State.WAITING: "waits for the office",
    State.COUNTED: "counted",
    State.RETURNED: "returned",
}


def _name(name: str | None) -> str:
    return name or _FORGOTTEN


def staff(held: Holdings) -> Iterator[Row]:
    """Everybody who is or was on the list, a row for each job they had, by `STAFF`."""
    rows = db.session.execute(
        select(StaffMember.name, StaffJob)
        .outerjoin(StaffJob, StaffJob.member_id == StaffMember.id)
        .where(StaffMember.venue_id == held.venue.id)
        .order_by(StaffMember.id, StaffJob.id)
        .execution_options(yield_per=AT_ONCE)
    )
    for name, job in rows:
        yield (_name(name), *(_job(job) if job else [""] * (len(STAFF) - 1)))


def _job(job: StaffJob) -> Row:
    return (
        jobs.name(job.job), jobs.EMPLOYERS.get(job.employer, job.employer), day(job.started_on),
        day(job.left_on), moment(job.recorded_at), moment(job.left_recorded_at),
    )  # fmt: skip


def training(held: Holdings) -> Iterator[Row]:
    """Every training that was recorded here, those taken back too, by `TRAINING`."""
    rows = db.session.execute(
        select(TrainingRecord, StaffMember.name, OutsideCourse, AttendancePaper.code)
        .join(StaffMember, StaffMember.id == TrainingRecord.member_id)
        .outerjoin(OutsideTraining, OutsideTraining.id == TrainingRecord.outside_id)
        .outerjoin(OutsideCourse, OutsideCourse.id == OutsideTraining.course_id)
        .outerjoin(AttendancePaper, AttendancePaper.record_id == TrainingRecord.id)
        .where(TrainingRecord.venue_id == held.venue.id)
        .order_by(TrainingRecord.id)
        .execution_options(yield_per=AT_ONCE)
    )
    for row, name, course, code in rows:
        source = records.SOURCES.get(row.source, row.source)
        yield (
            _name(name), courses.title(row.course_key), row.course_version, day(row.done_on),
            day(row.lasts_until), f"{course.provider}: {course.title}" if course else source,
            moment(row.recorded_at), held.name(row.recorded_by), moment(row.withdrawn_at),
            row.withdrawn_because or "", codes.grouped(code) if code else "",
        )  # fmt: skip


def sessions(held: Holdings) -> Iterator[Row]:
    """This venue's bookings on any session, and the sessions it ran itself, by `SESSIONS`.

    Of others who were booked there is nothing in it, not even how many.
    """
    ours = (Booking.session_id == TrainingSession.id) & (Booking.venue_id == held.venue.id)
    rows = db.session.execute(
        select(TrainingSession, Booking, StaffMember.name)
        .outerjoin(Booking, ours)
        .outerjoin(StaffMember, StaffMember.id == Booking.member_id)
        .where(or_(Booking.id.is_not(None), TrainingSession.venue_id == held.venue.id))
        .order_by(TrainingSession.starts_at, TrainingSession.id, Booking.id)
        .execution_options(yield_per=AT_ONCE)
    )
    for session, booking, name in rows:
        booked = _booked(held, booking, name) if booking else ("",) * 6
        yield (*_session(session), *booked)


def _session(row: TrainingSession) -> Row:
    by = row.trainer if row.venue_id is None else f"{row.trainer}, your own trainer"
    state = "counted" if row.counted_at else ""
    if row.cancelled_at is not None:
        state = f"cancelled: {row.cancelled_because}" if row.cancelled_because else "cancelled"
    return (
        moment(row.starts_at), moment(row.starts_at + timedelta(minutes=row.minutes)),
        courses.title(row.course_key), row.place or row.link, by, state,
    )  # fmt: skip


def _booked(held: Holdings, row: Booking, name: str) -> Row:
    return (
        _name(name), BookingState(row.state).label, moment(row.booked_at),
        held.name(row.booked_by), moment(row.checked_in_at),
        {None: "", True: "yes", False: "no"}[row.came],
    )  # fmt: skip


def proofs(held: Holdings) -> Iterator[OutsideTraining]:
    """Every hand-in of somebody else's course, with the file that proves it."""
    yield from db.session.scalars(
        select(OutsideTraining)
        .where(OutsideTraining.venue_id == held.venue.id)
        .options(joinedload(OutsideTraining.file))
        .order_by(OutsideTraining.id)
        .execution_options(yield_per=AT_ONCE)
    )


def outside(held: Holdings, stored: Mapping[int, tuple[str, str]]) -> Iterator[Row]:
    """Everybody who did somebody else's course, by `OUTSIDE`.

    `stored` gives, by hand-in, what became of its proof in the copy, and its hash.
    """
    rows = db.session.execute(
        select(OutsideTraining, StaffMember.name)
        .join(OutsideTraining.course)
        .join(OutsidePerson, OutsidePerson.outside_id == OutsideTraining.id)
        .join(StaffMember, StaffMember.id == OutsidePerson.member_id)
        .where(OutsideTraining.venue_id == held.venue.id)
        .options(contains_eager(OutsideTraining.course))
        .order_by(OutsideTraining.id, OutsidePerson.id)
        .execution_options(yield_per=AT_ONCE)
    )
    for row, name in rows:
        yield (
            row.course.title, row.course.provider, day(row.done_on), _name(name),
            _OUTCOMES[State(row.state)], row.words or "", moment(row.handed_in_at),
            held.name(row.handed_in_by), moment(row.decided_at), *stored.get(row.id, ("", "")),
        )  # fmt: skip


def briefings(held: Holdings) -> Iterator[Row]:
    """What the briefing says every night, and on the nights that are still kept, by `BRIEFINGS`."""
    page = db.session.get(BriefingPage, held.venue.id)
    if page is not None:
        for what, words in (
            ("Where the incident book is", page.book_place),
            ("Where somebody can be quiet", page.quiet_place),
            ("What else to know", page.extra),
        ):
            yield what, words, moment(page.saved_at), held.name(page.saved_by)
    for night in db.session.scalars(
        select(BriefingNight)
        .where(BriefingNight.venue_id == held.venue.id)
        .order_by(BriefingNight.night)
    ):
        what = f"Who is on in the night of {day(night.night)}"
        yield what, night.on_tonight, moment(night.made_at), held.name(night.made_by)


def checks(held: Holdings) -> Iterator[Row]:
    """Every spot check, a row for each person who was asked, by `CHECKS`: jobs and no names."""
    rows = db.session.execute(
        select(SpotCheck, SpotAnswer)
        .join(SpotAnswer, SpotAnswer.check_id == SpotCheck.id)
        .where(SpotCheck.venue_id == held.venue.id)
        .order_by(SpotCheck.id, SpotAnswer.id)
        .execution_options(yield_per=AT_ONCE)
    )
    for row, answer in rows:
        yield (
            day(row.done_on), By(row.by).label, row.questions, jobs.name(answer.job),
            answer.right, row.note, moment(row.recorded_at), held.name(row.recorded_by),
        )  # fmt: skip
