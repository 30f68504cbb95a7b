"""Tables of certificates and of the proposals that come before them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from charter.core import clock
from charter.core.db import Model


class CertificateProposal(Model):
    """An officer's word that a venue should have a certificate; a second person issues it."""

    __table_args__ = (
        Index(
            "uq_certificate_proposal_open",
            "venue_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    proposed_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    # The sign-in it was proposed from; sign-ins are deleted long before proposals are.
    proposed_session: Mapped[int | None] = mapped_column(
        ForeignKey("web_session.id", ondelete="SET NULL")
    )
    proposed_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(12))


class Certificate(Model):
    """One issued certificate: frozen facts, the file's bytes and hash, serial and random code.

    `replaced_by_id` is the newer certificate that took its place. `suspended_on` records since
    when it has not held, for the trail and the page; the page never relies on it alone.
    """

    __table_args__ = (
        Index(
            "uq_certificate_current",
            "venue_id",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL AND replaced_by_id IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL AND replaced_by_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[str] = mapped_column(String(20), unique=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    edition_key: Mapped[str] = mapped_column(String(60))
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    proposed_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    issued_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    issued_at: Mapped[datetime] = mapped_column(default=clock.now)
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    suspended_on: Mapped[date | None]
    suspended_because: Mapped[str | None] = mapped_column(String(200))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    withdrawn_because: Mapped[str | None] = mapped_column(String(300))
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"))
    # Last: SQLite reads a row from its front, and a list should not read past large values.
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    pdf: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
