"""The table of door staff on duty."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from charter.core import clock
from charter.core.db import Model
from charter.core.sealed import Sealable, SealedText


class DoorShift(Sealable, Model):
    """Somebody who worked the door on a night: name and licence number sealed, hours as facts.

    A row is never changed: one that was wrong is struck, with who did it and when, and another is
    written.
    """

    __table_args__ = (
        Index("ix_door_shift_venue_id_night", "venue_id", "night"),
        CheckConstraint("ends_at > starts_at", name="order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    night: Mapped[date]
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    licence_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    employer: Mapped[str] = mapped_column(String(16))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(default=clock.now)
    recorded_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    struck_at: Mapped[datetime | None]
    struck_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    once: Mapped[str | None] = mapped_column(String(32), unique=True)

    name = SealedText("name_sealed")
    licence = SealedText("licence_sealed")
