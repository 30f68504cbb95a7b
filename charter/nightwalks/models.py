"""Tables of night walks: planned, walked, set together, and what is to be mended in the street."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from charter.core import clock
from charter.core.db import Model


class NightWalk(Model):
    """A walk that the office planned. `scales` are the nine things in the words of that day.

    Walkers join with `code` from a day before it begins until `closes_at`, or until it is ended.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    meets_at: Mapped[datetime]
    meeting_place: Mapped[str] = mapped_column(String(120), default="")
    scales: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    closes_at: Mapped[datetime]
    repeats_id: Mapped[int | None] = mapped_column(ForeignKey("night_walk.id"), index=True)
    planned_at: Mapped[datetime] = mapped_column(default=clock.now)
    planned_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    once: Mapped[str] = mapped_column(String(32), unique=True)


class WalkStop(Model):
    """A stop of a walk, in the order of the way; `repeats_id`: the same one of the walk before."""

    __table_args__ = (UniqueConstraint("walk_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    walk_id: Mapped[int] = mapped_column(ForeignKey("night_walk.id"))
    number: Mapped[int]
    words: Mapped[str] = mapped_column(String(120))
    repeats_id: Mapped[int | None] = mapped_column(ForeignKey("walk_stop.id"))


class Walker(Model):
    """Somebody who walked: a number and nothing about them. A paper one has no secret."""

    __table_args__ = (UniqueConstraint("walk_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    walk_id: Mapped[int] = mapped_column(ForeignKey("night_walk.id"))
    number: Mapped[int]
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    joined_at: Mapped[datetime] = mapped_column(default=clock.now)


class StopRating(Model):
    """How a walker rated one thing at a stop: 0 to 3."""

    __table_args__ = (UniqueConstraint("walker_id", "stop_id", "thing"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    walker_id: Mapped[int] = mapped_column(ForeignKey("walker.id"))
    stop_id: Mapped[int] = mapped_column(ForeignKey("walk_stop.id"), index=True)
    thing: Mapped[str] = mapped_column(String(20))
    value: Mapped[int]


class StopNote(Model):
    """What a walker wrote about a stop, and a photo with nobody in it."""

    __table_args__ = (UniqueConstraint("walker_id", "stop_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    walker_id: Mapped[int] = mapped_column(ForeignKey("walker.id"))
    stop_id: Mapped[int] = mapped_column(ForeignKey("walk_stop.id"), index=True)
    words: Mapped[str] = mapped_column(Text, default="")
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))


class FaultRecipient(Model):
    """Whoever mends faults of a kind; without an address nothing can be sent to them."""

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    mends: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    retired_on: Mapped[date | None]


class StreetFault(Model):
    """Something to be mended in the street: numbered within its walk, by a day, and the answer."""

    __table_args__ = (
        UniqueConstraint("walk_id", "number"),
        Index("ix_street_fault_state_due_on", "state", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    walk_id: Mapped[int] = mapped_column(ForeignKey("night_walk.id"))
    number: Mapped[int]
    stop_id: Mapped[int] = mapped_column(ForeignKey("walk_stop.id"))
    thing: Mapped[str] = mapped_column(String(20))
    what: Mapped[str] = mapped_column(Text)
    recipient_id: Mapped[int] = mapped_column(ForeignKey("fault_recipient.id"), index=True)
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(10))
    sent_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None]
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    reminded_on: Mapped[date | None]
