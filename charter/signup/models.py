"""Tables of sign-ups: being filled in, sent, and talked about with the office."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from charter.core import clock
from charter.core.db import Model


class SignUpState(StrEnum):
    """How far a sign-up has come."""

    UNCONFIRMED = "unconfirmed"
    WAITING = "waiting"
    ASKED = "asked"
    APPROVED = "approved"
    DECLINED = "declined"


class SignUp(Model):
    """A public sign-up: a venue (found or new), who signs, and who will be champion.

    `place` holds a new venue's identity until it is approved. `confirmed_through` and
    `confirmed_how` say which contact, one that was *not* typed into the form, the office used to
    make sure that the person is who they say.
    """

    __table_args__ = (Index("ix_sign_up_state_id", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(12), default=SignUpState.UNCONFIRMED)
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    venue_id: Mapped[int | None] = mapped_column(ForeignKey("venue.id"), index=True)
    place: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    signer_name: Mapped[str] = mapped_column(String(80))
    signer_role: Mapped[str] = mapped_column(String(20))
    signer_email: Mapped[str] = mapped_column(String(254))
    signer_phone: Mapped[str | None] = mapped_column(String(30))
    champion_name: Mapped[str | None] = mapped_column(String(80))
    champion_email: Mapped[str | None] = mapped_column(String(254))
    edition_key: Mapped[str] = mapped_column(ForeignKey("edition.key"))
    signed_at: Mapped[datetime] = mapped_column(default=clock.now)
    confirmed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    confirmed_through: Mapped[str | None] = mapped_column(String(20))
    confirmed_how: Mapped[str | None] = mapped_column(String(300))
    words: Mapped[str | None] = mapped_column(Text)


class SignUpDraft(Model):
    """A sign-up being filled in, kept here and not in the browser; gone a day after it began."""

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    started_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)


class SignUpMessage(Model):
    """One message between the office and somebody who signed a venue up."""

    id: Mapped[int] = mapped_column(primary_key=True)
    sign_up_id: Mapped[int] = mapped_column(ForeignKey("sign_up.id"), index=True)
    from_office: Mapped[bool]
    body: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)
