"""Tables of space audits: what is asked, who walked when, what was answered and is to be done."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from charter.core import clock
from charter.core.db import Model


class AuditTemplate(Model):
    """One edition of a template as it was loaded from its seed; never changed, never deleted."""

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    edition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    loaded_at: Mapped[datetime] = mapped_column(default=clock.now)


class Audit(Model):
    """One walk through a venue, on one edition of a template.

    `rooms` are the places it takes in, as they were called when it began: [place, kind, name]. A
    place is the id of a room's zone as text, or, for what every venue has (the way to the door,
    closing time), the key of the kind itself. `left_out` says by place why nobody went in.
    `walked_at` is when the walk began, which for one typed in from paper is before it was begun
    here. `roles` are jobs of those who walked, never names. `is_whole` once it is finished: every
    question of every place was asked and answered.
    """

    __table_args__ = (
        Index("ix_audit_venue_id_finished_at", "venue_id", "finished_at"),
        Index("ix_audit_kind_finished_at", "kind", "finished_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    kind: Mapped[str] = mapped_column(String(12))
    template: Mapped[str] = mapped_column(String(40))
    edition: Mapped[int]
    is_quick: Mapped[bool]
    is_whole: Mapped[bool] = mapped_column(default=False)
    rooms: Mapped[list[list[Any]]] = mapped_column(JSON)
    left_out: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    on_paper: Mapped[bool] = mapped_column(default=False)
    walked_at: Mapped[datetime]
    is_open: Mapped[bool]
    is_dark: Mapped[bool]
    fullness: Mapped[str] = mapped_column(String(10))
    weather: Mapped[str] = mapped_column(String(10))
    roles: Mapped[list[str]] = mapped_column(JSON, default=list)
    woman_took_part: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(Text, default="")
    begun_at: Mapped[datetime] = mapped_column(default=clock.now)
    begun_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    finished_at: Mapped[datetime | None]
    finished_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    dropped_at: Mapped[datetime | None]
    once: Mapped[str] = mapped_column(String(32), unique=True)


class AuditAnswer(Model):
    """An answer about one room; `version` goes up by one with every change."""

    __table_args__ = (UniqueConstraint("audit_id", "place", "question"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audit.id"))
    place: Mapped[str] = mapped_column(String(40))
    question: Mapped[str] = mapped_column(String(82))
    value: Mapped[int]
    note: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    by_user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))


class AuditPhoto(Model):
    """A photo beside an answer; nobody can be seen on it, as whoever sent it said."""

    __table_args__ = (Index("ix_audit_photo_audit_id_place", "audit_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audit.id"))
    place: Mapped[str] = mapped_column(String(40))
    question: Mapped[str] = mapped_column(String(82))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"), unique=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    by_user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))


class Action(Model):
    """Something about a place that has to be mended, from the walk that found it until it is done.

    `number` counts a venue's own from 1. One that a later walk finds again is the same one:
    `seen_in` is the walk that found it last, and `mended_in` one that since found the place good.
    `moved` counts how often its day was put off.
    """

    __tablename__ = "audit_action"
    __table_args__ = (
        UniqueConstraint("venue_id", "number"),
        Index("ix_audit_action_venue_id_state", "venue_id", "state"),
        Index("ix_audit_action_state_due_on", "state", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    number: Mapped[int]
    found_in: Mapped[int] = mapped_column(ForeignKey("audit.id"))
    seen_in: Mapped[int] = mapped_column(ForeignKey("audit.id"))
    mended_in: Mapped[int | None] = mapped_column(ForeignKey("audit.id"))
    place: Mapped[str] = mapped_column(String(40))
    room: Mapped[str] = mapped_column(String(80))
    question: Mapped[str] = mapped_column(String(82))
    asked: Mapped[str] = mapped_column(String(300))
    answered: Mapped[str] = mapped_column(String(200))
    mends: Mapped[str] = mapped_column(String(10))
    wrong: Mapped[str] = mapped_column(Text, default="")
    fix: Mapped[str] = mapped_column(Text, default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    due_on: Mapped[date | None]
    moved: Mapped[int] = mapped_column(default=0)
    cost: Mapped[str] = mapped_column(String(10), default="")
    state: Mapped[str] = mapped_column(String(10))
    before_photo_id: Mapped[int | None] = mapped_column(ForeignKey("audit_photo.id"))
    after_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    ended_on: Mapped[date | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ending: Mapped[str] = mapped_column(Text, default="")
    opened_on: Mapped[date]
    reminded_on: Mapped[date | None]
