"""Tables of people and their ways in."""

from datetime import date, datetime

from flask_login import UserMixin
from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from charter.core import clock
from charter.core.access import FOR_THE_CITY, SECOND_FACTOR, Role
from charter.core.db import Model
from charter.core.sealed import Sealable, SealedText


class User(Sealable, UserMixin, Model):
    """A person with an account. `email` is normalised and theirs alone.

    `last_used_at` is the last sign-in; `idle_step` how far the account has come on its way out
    since then, and `idle_step_on` the day of that step (see `accounts.retention`).

    The `session_...` attributes and `memberships_now` are filled by whoever loads the signed-in
    person (`accounts.service`); they are not columns and need no query.
    """

    __allow_unmapped__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(30))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_pending_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_last_step: Mapped[int] = mapped_column(default=0)
    is_disabled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime | None]
    idle_step: Mapped[int] = mapped_column(default=0)
    idle_step_on: Mapped[date | None]

    totp = SealedText("totp_sealed")
    totp_pending = SealedText("totp_pending_sealed")

    session_token: str | None = None
    session_id: int | None = None
    session_seen_at: datetime | None = None
    memberships_now: tuple["Membership", ...] = ()

    def get_id(self) -> str | None:
        """What the browser's session refers to: this sign-in, so that ending it ends at once."""
        return self.session_token

    @property
    def roles_anywhere(self) -> frozenset[Role]:
        """Every role the person holds today, wherever it is."""
        return frozenset(Role(m.role) for m in self.memberships_now)

    @property
    def lacks_second_factor(self) -> bool:
        """Whether a role demands a second factor that is not set up yet."""
        return self.totp_sealed is None and bool(self.roles_anywhere & SECOND_FACTOR)


class RecoveryCode(Model):
    """A one-use code for when the phone with the second factor is gone; only its hash is kept."""

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    used_at: Mapped[datetime | None]


class Membership(Model):
    """A role somebody holds: at one venue, for one operator, or for the city (neither).

    It counts from `starts_on` to `ends_on`, both included; None means no end. A role given and
    taken back on the same day ends the day before it started: it never counts again.
    An auditor's rows name the venues of the engagement and always end.
    """

    __table_args__ = (
        CheckConstraint("venue_id IS NULL OR operator_id IS NULL", name="one_place"),
        CheckConstraint(
            "(role IN ('officer','office-admin','system-admin')"
            " AND venue_id IS NULL AND operator_id IS NULL)"
            " OR (role = 'area-manager' AND operator_id IS NOT NULL)"
            " OR (role IN ('staff','champion','manager') AND venue_id IS NOT NULL)"
            " OR (role = 'auditor' AND venue_id IS NOT NULL AND ends_on IS NOT NULL)",
            name="place_of_role",
        ),
        CheckConstraint("role = 'champion' OR NOT is_stand_in", name="stand_in"),
        Index("ix_membership_venue_id_role", "venue_id", "role"),
        Index("ix_membership_role_ends_on", "role", "ends_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    venue_id: Mapped[int | None] = mapped_column(ForeignKey("venue.id"))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"), index=True)
    is_stand_in: Mapped[bool] = mapped_column(default=False)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]

    user: Mapped[User] = relationship()

    @property
    def is_for_city(self) -> bool:
        """Whether the role stands for the whole city."""
        return Role(self.role) in FOR_THE_CITY

    @property
    def is_champion(self) -> bool:
        """Whether it makes somebody the champion, and no mere stand-in."""
        return self.role == Role.CHAMPION and not self.is_stand_in

    @property
    def label(self) -> str:
        """The role in a person's words, a champion's stand-in told apart."""
        return "stand-in champion" if self.is_stand_in else Role(self.role).label


class WebSession(Model):
    """One sign-in of one browser. The browser holds a random token; here is only its hash.

    `is_pending` is a sign-in whose second factor has not been given yet.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    is_pending: Mapped[bool] = mapped_column(default=False)
    device: Mapped[str] = mapped_column(String(40), default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class Invitation(Model):
    """A mailed link that gives its reader a role when they accept it.

    An invitation to an office role waits for a second administrator (`approved_by`) before its
    mail goes out. An auditor's names the venues of the engagement in `venue_ids`.
    """

    __table_args__ = (CheckConstraint("venue_id IS NULL OR operator_id IS NULL", name="one_place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    email: Mapped[str] = mapped_column(String(254), index=True)
    name: Mapped[str] = mapped_column(String(80), default="")
    role: Mapped[str] = mapped_column(String(16))
    venue_id: Mapped[int | None] = mapped_column(ForeignKey("venue.id"), index=True)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    venue_ids: Mapped[list[int] | None] = mapped_column(JSON)
    is_stand_in: Mapped[bool] = mapped_column(default=False)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    sent_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    withdrawn_at: Mapped[datetime | None]

    @property
    def label(self) -> str:
        """The role it gives, in a person's words."""
        return "stand-in champion" if self.is_stand_in else Role(self.role).label

    @property
    def waits_for_approval(self) -> bool:
        """Whether a second administrator still has to say yes before the mail goes out."""
        return Role(self.role) in FOR_THE_CITY and self.sent_at is None


class ResetToken(Model):
    """A mailed link to choose a new password; spent by the POST that saves, not by opening it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class EmailChange(Model):
    """A wish to use another address: it takes effect once both mailboxes have said yes."""

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    old_token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    new_token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    old_confirmed_at: Mapped[datetime | None]
    new_confirmed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class FactorReset(Model):
    """A proposal to take a lost second factor off somebody's account; a second person decides.

    `checked_how` says, in one word of a fixed list, how the person's identity was made sure of.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), unique=True)
    asked_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    checked_how: Mapped[str] = mapped_column(String(20))
    expires_at: Mapped[datetime]


class Throttle(Model):
    """Recent failures of one key (an HMAC of an account or an address), to slow the next try."""

    __table_args__ = (UniqueConstraint("key_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]
