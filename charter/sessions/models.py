"""Tables of sessions, of who is booked, and of certificates of attendance."""

from datetime import date, datetime, timedelta

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from charter.core import clock
from charter.core.db import Model


class TrainingSession(Model):
    """One session of one course. `venue_id` is set where a venue's own trainer runs it.

    `starts_at` is UTC; `starts_local` and `fold` are what the wall clock will show. `counted_at`
    is when the trainer confirmed the number of people in the room (`headcount`); from then on
    attendance is fixed.
    """

    __table_args__ = (
        Index("ix_training_session_starts_at_id", "starts_at", "id"),
        Index("ix_training_session_venue_id_starts_at", "venue_id", "starts_at"),
        CheckConstraint("places > 0", name="places"),
        CheckConstraint("minutes > 0", name="minutes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int | None] = mapped_column(ForeignKey("venue.id"))
    course_key: Mapped[str] = mapped_column(String(60))
    starts_at: Mapped[datetime]
    starts_local: Mapped[datetime] = mapped_column(DateTime)
    fold: Mapped[int] = mapped_column(default=0)
    minutes: Mapped[int]
    place: Mapped[str] = mapped_column(String(200), default="")
    link: Mapped[str] = mapped_column(String(500), default="")
    places: Mapped[int]
    language: Mapped[str] = mapped_column(String(40))
    access_needs: Mapped[str] = mapped_column(Text, default="")
    trainer: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    made_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    headcount: Mapped[int | None]
    counted_at: Mapped[datetime | None]
    counted_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    cancelled_at: Mapped[datetime | None]
    cancelled_because: Mapped[str | None] = mapped_column(String(200))
    once: Mapped[str | None] = mapped_column(String(32), unique=True)

    @property
    def ends_at(self) -> datetime:
        """When it ends."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def is_settled(self) -> bool:
        """Whether nothing about it can change any more: it was counted, or cancelled."""
        return self.counted_at is not None or self.cancelled_at is not None


class Booking(Model):
    """One person's place on a session: `state` is one of `rules.BookingState`.

    Those who wait move up in the order in which they were booked (`booked_at`, `id`); somebody who
    is booked again after being taken off goes to the end. `checked_in_at` is when their phone gave
    the room's code; `came` is what the trainer's register says, and from the count on is fixed.
    """

    __table_args__ = (
        UniqueConstraint("session_id", "member_id"),
        Index("ix_booking_venue_id_session_id", "venue_id", "session_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("training_session.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))
    booked_at: Mapped[datetime] = mapped_column(default=clock.now)
    booked_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[datetime | None]
    checked_in_at: Mapped[datetime | None]
    came: Mapped[bool | None]

    session: Mapped[TrainingSession] = relationship()


class AttendancePaper(Model):
    """The code of one training row's certificate of attendance, and what its page may show.

    `initials` is all of the name that anybody outside sees; they are emptied long after it ran
    out. A row taken back shows so.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("training_record.id"), unique=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    initials: Mapped[str] = mapped_column(String(12))
    made_on: Mapped[date]
