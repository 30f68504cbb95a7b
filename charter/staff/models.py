"""Tables of the people who work at venues, of their jobs, and of how fresh each list is."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from charter.core import clock
from charter.core.db import Model


class StaffList(Model):
    """One venue's list: since when there is one, and when somebody last said that it is right.

    `checked_on` is the last day on which the list was changed or confirmed; what is counted
    against it is only as fresh as that day.
    """

    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), primary_key=True)
    began_on: Mapped[date]
    checked_on: Mapped[date]
    checked_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class StaffMember(Model):
    """One person on one venue's list, by the name on their badge.

    `name_key` is the name folded for finding and comparing. `user_id` is set by the person alone,
    from their own account. `forgotten_on` is the day on which the name was taken away because its
    time was over; the row stays, so that past counts stay right. `once` is the token of the form
    it came with, so that a form sent twice adds one person.
    """

    __table_args__ = (
        Index("ix_staff_member_venue_id_name_key", "venue_id", "name_key"),
        CheckConstraint("forgotten_on IS NULL OR name = ''", name="forgotten"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(80))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    added_at: Mapped[datetime] = mapped_column(default=clock.now)
    added_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    forgotten_on: Mapped[date | None]
    once: Mapped[str | None] = mapped_column(String(32), unique=True)

    jobs: Mapped[list["StaffJob"]] = relationship(order_by="StaffJob.id", back_populates="member")


class StaffJob(Model):
    """A job somebody has or had at a venue, from `started_on` to `left_on`, both included.

    No `started_on` means before the list began; no `left_on` means still. `recorded_at` and
    `left_recorded_at` are server time: a report of a past day uses only what was recorded by then.
    `employer` is one of `jobs.EMPLOYERS`.
    """

    __table_args__ = (
        Index("ix_staff_job_venue_id_left_on", "venue_id", "left_on"),
        CheckConstraint(
            "started_on IS NULL OR left_on IS NULL OR left_on >= started_on", name="order"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    job: Mapped[str] = mapped_column(String(40))
    employer: Mapped[str] = mapped_column(String(16))
    started_on: Mapped[date | None]
    left_on: Mapped[date | None]
    recorded_at: Mapped[datetime] = mapped_column(default=clock.now)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    left_recorded_at: Mapped[datetime | None]

    member: Mapped[StaffMember] = relationship(back_populates="jobs")


class StaffLink(Model):
    """A one-use code by which a person ties a row of a list to their own account.

    The venue hands the code to the person; only its hash is kept.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    made_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class StaffImport(Model):
    """A list that was read from a sheet and is not saved yet: what somebody looks over first.

    One for each person at a venue: a newer one takes its place. `rows` are the cleaned rows, and
    are emptied when they are saved (`taken_at`); `once` is the token of the form that saves them.
    Kept for a day at most.
    """

    __table_args__ = (UniqueConstraint("venue_id", "made_by"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    made_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    once: Mapped[str] = mapped_column(String(32))
    rows: Mapped[list[list[Any]]] = mapped_column(JSON)
    taken_at: Mapped[datetime | None]
