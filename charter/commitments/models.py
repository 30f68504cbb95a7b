"""Tables of stored standings and counts: how it was, and the last day that holds."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from charter.core import clock
from charter.core.db import Model


class CommitmentStanding(Model):
    """Where a venue stood with one commitment when last assessed, and the last day that holds.

    After `holds_until` (None: nothing ends it) the commitment reads *lapsed*, whatever is stored.
    """

    __table_args__ = (
        Index("ix_commitment_standing_state_venue_id", "state", "venue_id"),
        Index("ix_commitment_standing_number_state_holds_until", "number", "state", "holds_until"),
    )

    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), primary_key=True)
    commitment_key: Mapped[str] = mapped_column(String(60), primary_key=True)
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    essentials_met: Mapped[int]
    essentials: Mapped[int]
    holds_until: Mapped[date | None]
    lapses_key: Mapped[str | None] = mapped_column(String(60))


class VenueStanding(Model):
    """Where a venue stood as a whole when last assessed.

    `holds_until` is the last day on which `all_met` (or any essential that counts) still holds
    as stored; `lapses_key` names the requirement that ends first. `newest_lapse` is the last day on
    which the essential that lapsed last still held. `waiting`, `returned` and
    `questions` count what somebody has to do something about.
    """

    __table_args__ = (
        Index("ix_venue_standing_holds_until_venue_id", "holds_until", "venue_id"),
        Index("ix_venue_standing_waiting_venue_id", "waiting", "venue_id"),
        Index("ix_venue_standing_has_champion_venue_id", "has_champion", "venue_id"),
        Index("ix_venue_standing_essentials_met_venue_id", "essentials_met", "venue_id"),
    )

    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), primary_key=True)
    edition_key: Mapped[str] = mapped_column(ForeignKey("edition.key"))
    commitments_met: Mapped[int]
    commitments: Mapped[int]
    essentials_met: Mapped[int]
    essentials: Mapped[int]
    all_met: Mapped[bool]
    any_lapsed: Mapped[bool]
    holds_until: Mapped[date | None]
    lapses_key: Mapped[str | None] = mapped_column(String(60))
    newest_lapse: Mapped[date | None] = mapped_column(index=True)
    waiting: Mapped[int] = mapped_column(default=0)
    returned: Mapped[int] = mapped_column(default=0)
    questions: Mapped[int] = mapped_column(default=0)
    has_champion: Mapped[bool] = mapped_column(default=False)
    assessed_on: Mapped[date]
    assessed_at: Mapped[datetime] = mapped_column(default=clock.now)


class CountedFact(Model):
    """What a fact of the charter came to at a venue when it was last counted.

    The columns are those of `editions.terms.Counted`; after `holds_until` a fact that was met
    reads as lost, whatever is stored. `met_since` is the day from which it has been met without a
    break, and `lost_on` is remembered from one count to the next.
    """

    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), primary_key=True)
    fact: Mapped[str] = mapped_column(String(60), primary_key=True)
    met: Mapped[bool]
    cases: Mapped[int | None]
    holds_until: Mapped[date | None]
    since: Mapped[date | None]
    lost_on: Mapped[date | None]
    met_since: Mapped[date | None]
    share: Mapped[float | None]
    words: Mapped[str] = mapped_column(Text)
    step: Mapped[str] = mapped_column(String(200))
    counted_on: Mapped[date]


class CountedWas(Model):
    """What a fact came to from a moment on: a row for each change, never changed itself.

    So that a report of an earlier day says what was known by then. The columns are those of
    `CountedFact`; `at` is when it was counted.
    """

    __table_args__ = (Index("ix_counted_was_venue_id_fact_at", "venue_id", "fact", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    fact: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime]
    met: Mapped[bool]
    cases: Mapped[int | None]
    holds_until: Mapped[date | None]
    since: Mapped[date | None]
    lost_on: Mapped[date | None]
    share: Mapped[float | None]
    words: Mapped[str] = mapped_column(Text)
