"""Tables of the room map: the plan, where zones and cameras are on it, and what was changed.

Places on a plan are in thousandths of its width and height, from the top left corner.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from charter.core import clock
from charter.core.db import Model


class FloorPlan(Model):
    """A picture of one floor of a venue. `number` is its place among the floors, from 1.

    A floor without a picture is drawn as boxes. A newer picture takes the place of an older one,
    which is kept as retired.
    """

    __table_args__ = (Index("ix_floor_plan_venue_id_number", "venue_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(60), default="")
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    width: Mapped[int] = mapped_column(default=1000)
    height: Mapped[int] = mapped_column(default=700)
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)
    saved_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    retired_on: Mapped[date | None]


class ZoneBox(Model):
    """Where a zone is on which floor: the box that stands for it."""

    __table_args__ = (
        CheckConstraint("x >= 0 AND y >= 0 AND x + w <= 1000 AND y + h <= 1000", name="inside"),
        CheckConstraint("w > 0 AND h > 0", name="size"),
    )

    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"), primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    floor: Mapped[int] = mapped_column(default=1)
    x: Mapped[int]
    y: Mapped[int]
    w: Mapped[int]
    h: Mapped[int]


class Camera(Model):
    """A camera of a venue: what people call it, and where it hangs."""

    __table_args__ = (UniqueConstraint("venue_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    name: Mapped[str] = mapped_column(String(40))
    floor: Mapped[int] = mapped_column(default=1)
    x: Mapped[int | None]
    y: Mapped[int | None]
    retired_on: Mapped[date | None]


class SpaceChange(Model):
    """Something about a room that was changed on a day, such as a light put up; no zone: all."""

    __table_args__ = (Index("ix_space_change_venue_id_done_on", "venue_id", "done_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    zone_id: Mapped[int | None] = mapped_column(ForeignKey("zone.id"))
    done_on: Mapped[date]
    what: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime] = mapped_column(default=clock.now)
    recorded_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    once: Mapped[str | None] = mapped_column(String(32), unique=True)


class MapLook(Model):
    """That a team looked at its map before a night, in the briefing or at it (`how`)."""

    __table_args__ = (UniqueConstraint("venue_id", "night", "how"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    night: Mapped[date]
    how: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    by_user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
