"""Tables of engagements and of all that auditors write."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from charter.core import clock
from charter.core.db import Model


class Engagement(Model):
    """What the office asks an auditor to look at: from a day to a day, at some venues.

    `commitments` are keys; empty means all. `sample` says how venues were drawn: seed, size,
    population and the number in each stratum; None where they were chosen. `auditor_id` is filled
    once somebody with that address has an account.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(254), index=True)
    auditor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    scope: Mapped[str] = mapped_column(String(500), default="")
    commitments: Mapped[list[str]] = mapped_column(JSON)
    from_on: Mapped[date]
    to_on: Mapped[date] = mapped_column(index=True)
    sample: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    granted_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    granted_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_on: Mapped[date | None]
    once: Mapped[str] = mapped_column(String(32), unique=True)

    @property
    def last_day(self) -> date:
        """The last day on which anything opens."""
        return min(self.to_on, self.ended_on or self.to_on)

    def is_open(self, today: date) -> bool:
        """Whether it runs on a day."""
        return self.from_on <= today <= self.last_day


class EngagementVenue(Model):
    """One venue of an engagement, and the stratum that it was drawn from."""

    engagement_id: Mapped[int] = mapped_column(ForeignKey("engagement.id"), primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), primary_key=True, index=True)
    stratum: Mapped[str] = mapped_column(String(80), default="")


class AuditQuestion(Model):
    """An auditor asks a venue, on record; the venue answers once, with a file if it helps."""

    __table_args__ = (Index("ix_audit_question_engagement_venue", "engagement_id", "venue_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    engagement_id: Mapped[int] = mapped_column(ForeignKey("engagement.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    requirement_key: Mapped[str] = mapped_column(String(60), default="")
    words: Mapped[str] = mapped_column(String(1000))
    asked_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    answer: Mapped[str | None] = mapped_column(String(2000))
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    answered_at: Mapped[datetime | None]
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))


class AuditSight(Model):
    """An auditor saw a proof themselves: on which day, and how."""

    __table_args__ = (
        Index("ix_audit_sight_engagement_venue", "engagement_id", "venue_id"),
        UniqueConstraint("engagement_id", "evidence_id", "how", "seen_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    engagement_id: Mapped[int] = mapped_column(ForeignKey("engagement.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"), index=True)
    how: Mapped[str] = mapped_column(String(20))
    seen_on: Mapped[date]
    note: Mapped[str] = mapped_column(String(300), default="")
    seen_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)


class AuditFinding(Model):
    """What an auditor found about one requirement, what is to be done, and whether that helped.

    `number` counts within the engagement. `action`, `owner` and `due_on` are there for what does
    not conform. `works` says whether the action had its effect, once somebody looked.
    """

    __table_args__ = (
        UniqueConstraint("engagement_id", "number"),
        Index("ix_audit_finding_venue_id", "venue_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    engagement_id: Mapped[int] = mapped_column(ForeignKey("engagement.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    number: Mapped[int]
    requirement_key: Mapped[str] = mapped_column(String(60))
    grade: Mapped[str] = mapped_column(String(12))
    words: Mapped[str] = mapped_column(String(2000))
    action: Mapped[str] = mapped_column(String(1000), default="")
    owner: Mapped[str] = mapped_column(String(80), default="")
    due_on: Mapped[date | None]
    found_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    found_at: Mapped[datetime] = mapped_column(default=clock.now)
    checked_on: Mapped[date | None]
    works: Mapped[bool | None]
    checked_words: Mapped[str] = mapped_column(String(1000), default="")
    checked_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class AuditComplaint(Model):
    """A venue complains about an auditor; an administrator who did not engage them answers."""

    id: Mapped[int] = mapped_column(primary_key=True)
    engagement_id: Mapped[int] = mapped_column(ForeignKey("engagement.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    words: Mapped[str] = mapped_column(String(1000))
    asked_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    due_on: Mapped[date] = mapped_column(index=True)
    answer: Mapped[str | None] = mapped_column(String(1000))
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    answered_at: Mapped[datetime | None]


# What an auditor may write to, besides the web session (`watch`).
OWN_TABLES = frozenset(
    {
        AuditQuestion.__tablename__,
        AuditSight.__tablename__,
        AuditFinding.__tablename__,
    }
)
