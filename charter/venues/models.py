"""Tables of the venues: operator, venue, zone and closure."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from charter.core import clock
from charter.core.db import Model


class VenueState(StrEnum):
    """Where a venue is in its life with the charter, as stored.

    *certified*, *suspended* and *closed for now* follow from other records and are never stored.
    """

    KNOWN = "known"
    WAITING = "waiting"
    DECLINED = "declined"
    WORKING = "working"
    LEFT = "left"

    @property
    def label(self) -> str:
        """The state in the one vocabulary that every page and paper uses."""
        return "working towards" if self is VenueState.WORKING else self.value


class Kind(StrEnum):
    """What sort of place a venue is; many who sign a charter are not bars."""

    PUB = "pub"
    BAR = "bar"
    NIGHTCLUB = "nightclub"
    LIVE_MUSIC = "live-music"
    RESTAURANT = "restaurant"
    HOTEL = "hotel"
    FESTIVAL = "festival"
    TAXI_RANK = "taxi-rank"
    LATE_SHOP = "late-shop"
    WORKPLACE = "workplace"

    @property
    def label(self) -> str:
        """The kind in a person's words."""
        return _KINDS[self]


_KINDS = {
    Kind.PUB: "pub",
    Kind.BAR: "bar",
    Kind.NIGHTCLUB: "nightclub",
    Kind.LIVE_MUSIC: "live music venue",
    Kind.RESTAURANT: "restaurant open late",
    Kind.HOTEL: "hotel",
    Kind.FESTIVAL: "festival",
    Kind.TAXI_RANK: "taxi rank",
    Kind.LATE_SHOP: "late shop",
    Kind.WORKPLACE: "other night-time workplace",
}


class Operator(Model):
    """A company that runs several venues; its area managers see and act for all of them."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)


class Venue(Model):
    """One place. `area` is what the office filters by: the postcode's outward part by default.

    `search` is the name, street and postcode in small letters without accents or punctuation.
    `opening_nights` lists weekdays as digits, 0 for Monday. `owner_since` is set when the venue
    changes hands; what an owner signed before that day no longer counts. `cleared_on` is the day
    on which people's names and files were taken off a venue that had left.
    """

    __table_args__ = (
        Index("ix_venue_name_key_id", "name_key", "id"),
        Index("ix_venue_state_name_key_id", "state", "name_key", "id"),
        Index("ix_venue_area_name_key_id", "area", "name_key", "id"),
        Index("ix_venue_kind_name_key_id", "kind", "name_key", "id"),
        CheckConstraint("latitude IS NULL OR (latitude BETWEEN -90 AND 90)", name="latitude"),
        CheckConstraint("longitude IS NULL OR (longitude BETWEEN -180 AND 180)", name="longitude"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(12), default=VenueState.KNOWN)
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(120))
    street: Mapped[str] = mapped_column(String(160), default="")
    town: Mapped[str] = mapped_column(String(80), default="")
    postcode: Mapped[str] = mapped_column(String(10), default="", index=True)
    search: Mapped[str] = mapped_column(String(400), default="")
    area: Mapped[str] = mapped_column(String(60), default="")
    kind: Mapped[str] = mapped_column(String(16))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    fhrs_id: Mapped[str | None] = mapped_column(String(20), unique=True)
    import_ref: Mapped[str | None] = mapped_column(String(60), unique=True)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"), index=True)
    opening_nights: Mapped[str] = mapped_column(String(7), default="")
    expected_people: Mapped[int | None]
    licence_paper_book: Mapped[bool | None]
    licence_cctv_days: Mapped[int | None]
    licence_retention_months: Mapped[int | None]
    edition_key: Mapped[str | None] = mapped_column(String(60))
    signed_on: Mapped[date | None]
    owner_since: Mapped[date | None]
    left_on: Mapped[date | None]
    left_because: Mapped[str | None] = mapped_column(String(500))
    cleared_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    operator: Mapped[Operator | None] = relationship()


class Zone(Model):
    """A room or spot of one venue, such as the women's toilets or the main bar."""

    __table_args__ = (UniqueConstraint("venue_id", "kind", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    retired_on: Mapped[date | None]


class Closure(Model):
    """Days a venue is closed for a while; the life of its proofs pauses over them.

    `until_on` is the last closed day; None while nobody knows yet.
    """

    __table_args__ = (CheckConstraint("until_on IS NULL OR until_on >= from_on", name="order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(200))
