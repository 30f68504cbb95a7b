"""Tables of people and their ways in."""

from datetime import date, datetime

from flask_login import UserMixin
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from charter.core import clock
from charter.core.access import FOR_THE_CITY, SECOND_FACTOR, Role
from charter.core.db import Model
from charter.core.sealed import Sealable, SealedText


class User(Sealable, UserMixin, Model):
    """A person with an account. `email` is normalised and theirs alone.

    `session_token` and `memberships_now` are filled by whoever loads the signed-in person
    (`accounts.service`); they are not columns and need no query.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(30))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_pending_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_last_step: Mapped[int] = mapped_column(default=0)
    is_disabled: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    totp = SealedText("totp_sealed")
    totp_pending = SealedText("totp_pending_sealed")

    session_token: str | None = None
    memberships_now: tuple["Membership", ...] = ()

    def get_id(self) -> str | None:  # type: ignore[override]  # a session's token, not the row's id
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

    It counts from `starts_on` to `ends_on`, both included; None means no end.
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
        Index("ix_membership_venue_id_role", "venue_id", "role"),
        Index("ix_membership_role_ends_on", "role", "ends_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    venue_id: Mapped[int | None] = mapped_column(ForeignKey("venue.id"))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]

    user: Mapped[User] = relationship()

    @property
    def is_for_city(self) -> bool:
        """Whether the role stands for the whole city."""
        return Role(self.role) in FOR_THE_CITY


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
    mail goes out. `stand_in` marks a champion's stand-in.
    """

    __table_args__ = (CheckConstraint("venue_id IS NULL OR operator_id IS NULL", name="one_place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    email: Mapped[str] = mapped_column(String(254), index=True)
    name: Mapped[str] = mapped_column(String(80), default="")
    role: Mapped[str] = mapped_column(String(16))
    venue_id: Mapped[int | None] = mapped_column(ForeignKey("venue.id"), index=True)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    ends_on: Mapped[date | None]
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    sent_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    withdrawn_at: Mapped[datetime | None]


class ResetToken(Model):
    """A mailed link to choose a new password; spent by the POST that saves, not by opening it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Throttle(Model):
    """Recent failures of one key (an HMAC of an account or an address), to slow the next try."""

    __table_args__ = (UniqueConstraint("key_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]
