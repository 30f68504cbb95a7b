"""Certificates of attendance: one for each training row that a session made, with a public page.

The page behind the code shows the course, its dates and initials, and nothing else of the person:
no name, no venue.
"""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from charter import config
from charter.core import clock, codes
from charter.core.db import db
from charter.sessions import pdf
from charter.sessions.models import AttendancePaper, TrainingSession
from charter.staff import service as staff
from charter.staff.models import StaffMember
from charter.training import courses
from charter.training.models import TrainingRecord

# Once its initials are gone (see `sessions.retention`) there is no certificate to save any more.
_KEPT = AttendancePaper.initials != ""


@dataclass(frozen=True, slots=True)
class ShownPaper:
    """What anybody may see of a certificate of attendance today.

    `initials` is empty once it ran out so long ago that nobody's are kept.
    """

    code: str
    initials: str
    course: str
    version: str
    able: tuple[str, ...]
    done_on: date
    lasts_until: date
    taken_back_on: date | None
    today: date

    @property
    def counts(self) -> bool:
        """Whether it counts today."""
        return self.taken_back_on is None and self.today <= self.lasts_until

    @property
    def state(self) -> str:
        """Its state in the words of certificates: valid, lapsed or withdrawn."""
        if self.taken_back_on is not None:
            return "withdrawn"
        return "valid" if self.counts else "lapsed"


def venue_of(record_id: int, user_id: int) -> int | None:
    """The venue of a training row of somebody's own, tied to their account; None for any other."""
    return db.session.scalar(
        select(TrainingRecord.venue_id)
        .join(StaffMember, StaffMember.id == TrainingRecord.member_id)
        .where(TrainingRecord.id == record_id, StaffMember.user_id == user_id)
    )


def make(people: Iterable[StaffMember], rows: Iterable[TrainingRecord]) -> None:
    """Give each new training row the code of its certificate."""
    names = {each.id: each.name for each in people}
    today = clock.today()
    db.session.add_all(
        AttendancePaper(
            record_id=row.id,
            code=codes.new_code(secrets.token_bytes(codes.CODE_BYTES)),
            initials=staff.initials(names[row.member_id]),
            made_on=today,
        )
        for row in rows
    )
    db.session.flush()


def by_code(typed: str) -> ShownPaper | None:
    """The certificate of attendance behind a code that somebody scanned or typed, or None.

    One statement.
    """
    code = codes.normalise(typed)
    if code is None:
        return None
    found = db.session.execute(
        select(AttendancePaper, TrainingRecord)
        .join(TrainingRecord, TrainingRecord.id == AttendancePaper.record_id)
        .where(AttendancePaper.code == code)
    ).first()
    if found is None:
        return None
    paper, row = found
    course = courses.course(row.course_key)
    withdrawn = row.withdrawn_at
    return ShownPaper(
        code=codes.grouped(paper.code),
        initials=paper.initials,
        course=courses.title(row.course_key),
        version=row.course_version,
        able=course.able_words if course else (),
        done_on=row.done_on,
        lasts_until=row.lasts_until,
        taken_back_on=clock.local(withdrawn).date() if withdrawn else None,
        today=clock.today(),
    )


def of_session(venue_id: int, session_id: int) -> dict[int, TrainingRecord]:
    """The rows that a session made for people of one venue, by person; they have certificates."""
    rows = db.session.scalars(
        select(TrainingRecord)
        .join(AttendancePaper, AttendancePaper.record_id == TrainingRecord.id)
        .where(
            TrainingRecord.venue_id == venue_id,
            TrainingRecord.session_id == session_id,
            _KEPT,
        )
    )
    return {row.member_id: row for row in rows}


def with_paper(record_ids: Collection[int]) -> set[int]:
    """Which of these training rows have a certificate to save."""
    query = select(AttendancePaper.record_id).where(
        AttendancePaper.record_id.in_(record_ids), _KEPT
    )
    return set(db.session.scalars(query)) if record_ids else set()


def draw(venue_id: int, record_id: int) -> bytes | None:
    """The certificate of one training row of this venue as a PDF; None where there is none now."""
    found = db.session.execute(
        select(AttendancePaper, TrainingRecord, StaffMember, TrainingSession)
        .join(TrainingRecord, TrainingRecord.id == AttendancePaper.record_id)
        .join(StaffMember, StaffMember.id == TrainingRecord.member_id)
        .join(TrainingSession, TrainingSession.id == TrainingRecord.session_id)
        .where(
            AttendancePaper.record_id == record_id,
            _KEPT,
            TrainingRecord.venue_id == venue_id,
            TrainingRecord.withdrawn_at.is_(None),
        )
    ).first()
    if found is None:
        return None
    paper, row, member, session = found
    settings = config.current()
    course = courses.course(row.course_key)
    address = f"{settings.public_url}/verify/{codes.grouped(paper.code)}"
    return pdf.draw(
        pdf.AttendanceFacts(
            name=member.name or paper.initials or "Name removed",
            course=courses.title(row.course_key),
            version=row.course_version,
            able=course.able_words if course else (),
            done_on=row.done_on,
            lasts_until=row.lasts_until,
            trainer=session.trainer,
            own_trainer=session.venue_id is not None,
            made_on=paper.made_on,
            charter_title=settings.city.charter_name,
            office_name=settings.city.office_name,
            colour=settings.city.colour,
            verify_url=address,
            short_address=address.partition("://")[2],
            specimen=settings.demo,
        )
    )
