"""Tables of signatures, proofs and what is said of them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from charter.core import clock
from charter.core.db import Model
from charter.core.files import StoredFile
from charter.proofs.states import ProofState


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
