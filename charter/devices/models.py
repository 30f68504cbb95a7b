"""Tables of a venue's own phones, of the PINs of its staff, and of who is signed in on which."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from charter.core import clock
from charter.core.db import Model


class Device(Model):
    """A phone or tablet of a venue. It is paired once, by a code that a manager reads to it.

    Only hashes are kept: of the pairing code until it is used, and of the device's own token.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    pair_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    pair_until: Mapped[datetime | None]
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    made_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    paired_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class StaffPin(Model):
    """The PIN with which somebody of the list signs in on the venue's phones; only its hash."""

    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    pin_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    set_at: Mapped[datetime] = mapped_column(default=clock.now)
    set_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class DeviceShift(Model):
    """Somebody signed in on a device for a shift: 12 hours at most, one at a time."""

    __table_args__ = (Index("ix_device_shift_device_id_ended_at", "device_id", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
