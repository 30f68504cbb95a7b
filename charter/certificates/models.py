"""Tables of certificates, what was proposed of them, what became of them, and what venues say."""

import hashlib
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from charter.certificates.rules import Turn
from charter.core import clock
from charter.core.db import Model


class CertificateProposal(Model):
    """An officer's word that a venue should have a certificate, or should lose the one it has.

    A second person decides: `kind` is "issue" or "withdraw". One to withdraw names the
    certificate, and `because` is frozen: it is what the public page will show.
    """

    __table_args__ = (
        Index(
            "uq_certificate_proposal_open",
            "venue_id",
            "kind",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10), default="issue")
    certificate_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"))
    because: Mapped[str | None] = mapped_column(String(300))
    proposed_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    # The sign-in it was proposed from; sign-ins are deleted long before proposals are.
    proposed_session: Mapped[int | None] = mapped_column(
        ForeignKey("web_session.id", ondelete="SET NULL")
    )
    proposed_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(12))


class SigningKey(Model):
    """The public half of a key that signs certificates, or did: X.509, DER.

    `holder` says where the private half is: "file" or "token". One that was `retired_at` signs no
    more but still vouches for what it signed; one that was `withdrawn_at` vouches for nothing.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(String(10))
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_because: Mapped[str | None] = mapped_column(String(300))

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the certificate."""
        return hashlib.sha256(self.certificate).digest()

    @property
    def name(self) -> str:
        """The beginning of the fingerprint, as people compare it: AB12 CD34 EF56 7890."""
        digits = self.fingerprint.hex().upper()[:16]
        return " ".join(digits[place : place + 4] for place in range(0, 16, 4))


class Certificate(Model):
    """One issued certificate: frozen facts, the file's bytes and hash, serial and random code.

    `replaced_by_id` is the newer certificate that took its place. `unmet` has the first day on
    which each essential requirement did not hold, by its key, as long as it does not; `unmet_since`
    is the first of those days and `unmet_because` says it in words for anybody. `suspended_on` is
    the first day of a suspension that is on record. No reader relies on these alone.
    """

    __table_args__ = (
        Index(
            "uq_certificate_current",
            "venue_id",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL AND replaced_by_id IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL AND replaced_by_id IS NULL"),
        ),
        # Its place in the public lists of states, drawn at random (`credential`).
        UniqueConstraint("status_list", "status_index"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[str] = mapped_column(String(20), unique=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    edition_key: Mapped[str] = mapped_column(String(60))
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    signing_key_id: Mapped[int | None] = mapped_column(ForeignKey("signing_key.id"))
    proposed_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    issued_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    issued_at: Mapped[datetime] = mapped_column(default=clock.now)
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    suspended_on: Mapped[date | None]
    unmet_since: Mapped[date | None]
    unmet_because: Mapped[str | None] = mapped_column(String(1000))
    unmet: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    # What its page asks for only where there is something: how many events there are, and the
    # venue's sentence as it stands.
    status_list: Mapped[int]
    status_index: Mapped[int]
    turns: Mapped[int] = mapped_column(default=0)
    says: Mapped[str | None] = mapped_column(String(200))
    # The last day for the answer to an appeal that is open, and the last day of a stay.
    appeal_due: Mapped[date | None]
    stay_until: Mapped[date | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    withdrawn_because: Mapped[str | None] = mapped_column(String(300))
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"))
    # Last: SQLite reads a row from its front, and a list should not read past large values.
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    pdf: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class Badge(Model):
    """The code of a venue's window sticker and badge: one for good, over all its certificates."""

    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)


class CertificateEvent(Model):
    """What became of a certificate on a day, for its page: a row is written once and never changed.

    `what` is one of `rules.Turn`. `on` is the day from which it is so and `at` when it was
    recorded; `until` is the last day of a grace.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), index=True)
    what: Mapped[str] = mapped_column(String(12))
    on: Mapped[date]
    until: Mapped[date | None]
    because: Mapped[str] = mapped_column(String(1000), default="")
    at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def turn(self) -> Turn:
        """What happened, with its words."""
        return Turn(self.what)


class CertificateRemark(Model):
    """The one sentence that a venue adds to its certificate's page; the office may take it away.

    The newest row speaks. `ended_because` is the office's reason; without one the venue itself
    took it away or wrote another.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), index=True)
    words: Mapped[str] = mapped_column(String(200))
    said_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    said_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ended_because: Mapped[str | None] = mapped_column(String(300))


class CertificateAppeal(Model):
    """A venue asks the office to look at a suspension again; answered once, by somebody apart.

    `due_on` is the last day for an answer. `outcome` is "upheld" or "stands"; an appeal that was
    upheld has the certificate count until `stay_until`, while the office puts its records right.
    """

    __table_args__ = (
        Index(
            "uq_certificate_appeal_open",
            "certificate_id",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    words: Mapped[str] = mapped_column(String(1000))
    about: Mapped[list[str]] = mapped_column(JSON)
    asked_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    due_on: Mapped[date] = mapped_column(index=True)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    outcome: Mapped[str | None] = mapped_column(String(12))
    answer: Mapped[str | None] = mapped_column(String(1000))
    stay_until: Mapped[date | None]
