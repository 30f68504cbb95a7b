"""Tables of editions, sign-ups, proofs, and stored standings."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from charter.commitments.facts import ProofState
from charter.core import clock
from charter.core.db import Model
from charter.core.files import StoredFile


class EditionRow(Model):
    """One edition of the charter as loaded from its seed file; `meaning` may never change."""

    __tablename__ = "edition"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    effective_from: Mapped[date]
    meaning: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    loaded_at: Mapped[datetime] = mapped_column(default=clock.now)


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


class Signature(Model):
    """Somebody with the right to do so signed an edition for a venue on a day."""

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    edition_key: Mapped[str] = mapped_column(ForeignKey("edition.key"))
    name: Mapped[str] = mapped_column(String(80))
    signer_role: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    sign_up_id: Mapped[int | None] = mapped_column(ForeignKey("sign_up.id"))
    signed_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(default=clock.now)


class Evidence(Model):
    """One proof a venue showed for one requirement; a newer one is a new row with a new version.

    Four dates: `happened_on` (when the thing took place), `valid_from` and `valid_to` (the days it
    counts, both included; no `valid_to` means until something ends it), `uploaded_at` (server
    time). `ended_on` is the last day it counted because something ended it early, such as a
    champion who left. `by_rule` marks a renewal accepted without a person; `sampled` one drawn
    for a person's review. `waits_because` is why a person has to look at it. `once` is the token
    of the form it came with, so that a form sent twice makes one proof.
    """

    __table_args__ = (
        UniqueConstraint("venue_id", "requirement_key", "version"),
        Index("ix_evidence_state_uploaded_at_id", "state", "uploaded_at", "id"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    requirement_key: Mapped[str] = mapped_column(String(60))
    edition_key: Mapped[str] = mapped_column(ForeignKey("edition.key"))
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12), default=ProofState.WAITING)
    statement: Mapped[str | None] = mapped_column(Text)
    link: Mapped[str | None] = mapped_column(String(500))
    signed_name: Mapped[str | None] = mapped_column(String(80))
    signed_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    happened_on: Mapped[date]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    ended_on: Mapped[date | None]
    ended_because: Mapped[str | None] = mapped_column(String(40))
    uploaded_at: Mapped[datetime] = mapped_column(default=clock.now)
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    by_rule: Mapped[bool] = mapped_column(default=False)
    sampled: Mapped[bool] = mapped_column(default=False)
    waits_because: Mapped[str | None] = mapped_column(String(16))
    once: Mapped[str | None] = mapped_column(String(32), unique=True)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    reason: Mapped[str | None] = mapped_column(Text)

    files: Mapped[list["EvidenceFile"]] = relationship(order_by="EvidenceFile.id")


class EvidenceFile(Model):
    """A file of a proof; `place` and `place_name` say where a photo was taken, when that is asked.

    `place` is a place of the edition or one of the venue's zones ("zone-12"); the name is what it
    was called that day.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    place: Mapped[str | None] = mapped_column(String(40))
    place_name: Mapped[str | None] = mapped_column(String(80))

    file: Mapped[StoredFile] = relationship()


class ProofDraft(Model):
    """A proof begun and not handed in yet: what was typed, and photos place by place."""

    __table_args__ = (UniqueConstraint("venue_id", "requirement_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    requirement_key: Mapped[str] = mapped_column(String(60))
    statement: Mapped[str | None] = mapped_column(Text)
    link: Mapped[str | None] = mapped_column(String(500))
    happened_on: Mapped[date | None]
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)
    saved_by: Mapped[int] = mapped_column(ForeignKey("user.id"))

    photos: Mapped[list["DraftPhoto"]] = relationship(
        order_by="DraftPhoto.id", cascade="all, delete-orphan"
    )


class DraftPhoto(Model):
    """A photo of one place, saved for a proof that is not handed in yet."""

    __table_args__ = (UniqueConstraint("draft_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("proof_draft.id"))
    place: Mapped[str] = mapped_column(String(40))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))

    file: Mapped[StoredFile] = relationship()


class EvidenceSeen(Model):
    """An officer or an auditor saw a proof themselves: kept apart from the venue's own claim."""

    id: Mapped[int] = mapped_column(primary_key=True)
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    role: Mapped[str] = mapped_column(String(16))
    how: Mapped[str] = mapped_column(String(20))
    seen_at: Mapped[datetime] = mapped_column(default=clock.now)


class NotApplicable(Model):
    """A venue says a requirement does not apply to it, why, and whether the office agreed."""

    __table_args__ = (
        Index("ix_not_applicable_venue_id", "venue_id"),
        Index("ix_not_applicable_agreed_asked_at", "agreed", "asked_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    requirement_key: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    agreed: Mapped[bool | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    words: Mapped[str | None] = mapped_column(Text)
    ended_on: Mapped[date | None]


class QuietRecord(Model):
    """Too few cases to tell: the quiet time was signed as nil, and an officer asked and wrote down
    the answer. Never by silence.
    """

    __table_args__ = (Index("ix_quiet_record_venue_id", "venue_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    requirement_key: Mapped[str] = mapped_column(String(60))
    nil_signed_on: Mapped[date]
    nil_signed_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    answer: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    recorded_on: Mapped[date | None]


class ThreadMessage(Model):
    """One message of the thread on a requirement: the venue asks, the office answers."""

    __table_args__ = (
        Index("ix_thread_message_venue_id_requirement_key", "venue_id", "requirement_key"),
        Index("ix_thread_message_from_office_answered_at_at", "from_office", "answered_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    requirement_key: Mapped[str] = mapped_column(String(60))
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    from_office: Mapped[bool]
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    answered_at: Mapped[datetime | None]
    once: Mapped[str | None] = mapped_column(String(32), unique=True)


class ThresholdOverride(Model):
    """The office's own value for one of an edition's thresholds, from a day on."""

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_key: Mapped[str] = mapped_column(ForeignKey("edition.key"), index=True)
    name: Mapped[str] = mapped_column(String(40))
    value: Mapped[float]
    from_on: Mapped[date]
    set_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    set_at: Mapped[datetime] = mapped_column(default=clock.now)


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
    as stored; `lapses_key` names the requirement that ends first. `waiting`, `returned` and
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
    waiting: Mapped[int] = mapped_column(default=0)
    returned: Mapped[int] = mapped_column(default=0)
    questions: Mapped[int] = mapped_column(default=0)
    has_champion: Mapped[bool] = mapped_column(default=False)
    assessed_on: Mapped[date]
    assessed_at: Mapped[datetime] = mapped_column(default=clock.now)
