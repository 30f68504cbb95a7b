"""Tables of the briefing for tonight and of spot checks."""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from charter.core import clock
from charter.core.db import Model


class BriefingPage(Model):
    """What a venue's briefing says every night: where the book is, where to take somebody."""

    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), primary_key=True)
    book_place: Mapped[str] = mapped_column(String(200))
    quiet_place: Mapped[str] = mapped_column(String(200), default="")
    extra: Mapped[str] = mapped_column(Text, default="")
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)
    saved_by: Mapped[int] = mapped_column(ForeignKey("user.id"))


class BriefingNight(Model):
    """One night's briefing: who is on, and the link that new starters open until the night ends.

    Only a hash of the link's token is kept.
    """

    __table_args__ = (UniqueConstraint("venue_id", "night"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    night: Mapped[date]
    on_tonight: Mapped[str] = mapped_column(String(300))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    expires_at: Mapped[datetime]
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    made_by: Mapped[int] = mapped_column(ForeignKey("user.id"))


class BriefingReader(Model):
    """Somebody on shift who said that they read a night's briefing; outlives the night's page."""

    __table_args__ = (UniqueConstraint("venue_id", "night", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    night: Mapped[date]
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class SpotCheck(Model):
    """One spot check: by whom (`checks.By`), on which day. It is never changed afterwards."""

    __table_args__ = (Index("ix_spot_check_venue_id_done_on", "venue_id", "done_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    by: Mapped[str] = mapped_column(String(12))
    done_on: Mapped[date]
    questions: Mapped[int]
    note: Mapped[str] = mapped_column(String(500), default="")
    recorded_at: Mapped[datetime] = mapped_column(default=clock.now)
    recorded_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    once: Mapped[str | None] = mapped_column(String(32), unique=True)

    answers: Mapped[list["SpotAnswer"]] = relationship(order_by="SpotAnswer.id")


class SpotAnswer(Model):
    """How somebody of a job answered: the job, never the name, and how many were right."""

    __table_args__ = (CheckConstraint('"right" >= 0', name="right"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    check_id: Mapped[int] = mapped_column(ForeignKey("spot_check.id"), index=True)
    job: Mapped[str] = mapped_column(String(40))
    right: Mapped[int]
