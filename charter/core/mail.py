"""Outgoing mail: written with the change that causes it, sent by a worker afterwards.

`post` adds a row to the outbox in the change's own transaction, so a mail exists exactly when its
cause does, and no request ever waits for a mail server. The worker calls `deliver`. It claims a
row and commits before it sends, so that a worker killed in the middle leads to one more try,
marked as a possible duplicate, and never to a third. Recipient and text are sealed while they
wait and wiped when the mail has gone; what stays is when, what kind, and how it ended.

Without SMTP nothing is sent: a city's mails wait, a demo's are read on the demo page (`inbox`).
"""

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from email_validator import EmailNotValidError, validate_email
from flask import current_app
from sqlalchemy import (
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    String,
    delete,
    func,
    or_,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from charter import config
from charter.core import clock, letters, postman, retention
from charter.core.db import Model, db, lock
from charter.core.errors import Refused
from charter.core.sealed import Sealable, SealedText, Unreadable

OUTBOX = -1  # a chain of its own, so that the worker never holds up the city's
LONGEST_ADDRESS = 254
_STALE = timedelta(minutes=15)
_MINUTES = (1, 5, 15, 60) + (240,) * 18  # the last try is a good three days after the first
_dice = random.SystemRandom()


class OutboxMail(Sealable, Model):
    """One mail: waiting, claimed by a worker, sent, or given up."""

    __table_args__ = (
        Index("ix_outbox_mail_sent_at_failed_at_due_at", "sent_at", "failed_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    dedupe: Mapped[str | None] = mapped_column(String(120), unique=True)
    message_id: Mapped[str] = mapped_column(String(120))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    is_doubtful: Mapped[bool] = mapped_column(default=False)
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(40))
    recipient_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    subject_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    body_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    recipient = SealedText("recipient_sealed")
    subject = SealedText("subject_sealed")
    body = SealedText("body_sealed")


@dataclass(frozen=True, slots=True)
class Shown:
    """A mail of the demo, opened for reading."""

    id: int
    kind: str
    created_at: datetime
    recipient: str
    subject: str
    body: str


def post(
    kind: str,
    to: str,
    *,
    user_id: int | None = None,
    dedupe: str | None = None,
    due_at: datetime | None = None,
    **values: letters.Value,
) -> OutboxMail | None:
    """Put a mail in the outbox, in the change's own transaction.

    `kind` is a template under `templates/mail`; `values` are links and dates, never words. With a
    `dedupe` key that was ever used nothing is written and None comes back. Raises Refused for an
    address that mail cannot go to.
    """
    recipient = address(to)
    letter = letters.write(kind, values)
    now = clock.now()
    mail = OutboxMail(
        kind=kind,
        dedupe=dedupe,
        message_id=f"<{secrets.token_hex(16)}@{postman.host_of(config.current().public_url)}>",
        user_id=user_id,
        created_at=now,
        due_at=due_at or now,
        recipient=recipient,
        subject=letter.subject,
        body=letter.body,
    )
    if dedupe is None:
        db.session.add(mail)
        db.session.flush()
        return mail
    return mail if _is_first(mail) else None


def _is_first(mail: OutboxMail) -> bool:
    query = select(OutboxMail.id).where(OutboxMail.dedupe == mail.dedupe)
    if db.session.scalar(query) is not None:
        return False
    try:
        with db.session.begin_nested():
            db.session.add(mail)
    except IntegrityError:
        return False
    return True


def address(text: str, field: str = "email") -> str:
    """One plain address in ASCII, fit for an envelope; anything else raises Refused."""
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError as fault:
        raise Refused("Enter an e-mail address, like name@example.com.", field) from fault
    plain = found.ascii_email
    if plain is None or not found.domain.isascii() or len(plain) > LONGEST_ADDRESS:
        raise Refused("Enter an e-mail address in plain letters, a to z.", field)
    return plain


def deliver(limit: int = 50) -> int:
    """The worker's step: send what is due, row by row; how many went out.

    Commits by itself and must begin outside a transaction. It stops early when the mail server
    cannot be reached at all, so that the rest do not wait for it one by one.
    """
    smtp = config.current().smtp
    sent = 0
    if smtp is None:
        return 0
    for _ in range(limit):
        claim = _claim(smtp)
        if claim is None:
            break
        number, letter = claim
        outcome = postman.send(smtp, letter)
        _settle(number, outcome)
        sent += outcome.state == "sent"
        if outcome.is_unreachable:
            break
    return sent


def _due() -> Select[OutboxMail]:
    now = clock.now()
    return (
        select(OutboxMail)
        .where(
            OutboxMail.sent_at.is_(None),
            OutboxMail.failed_at.is_(None),
            OutboxMail.due_at <= now,
            or_(OutboxMail.claimed_at.is_(None), OutboxMail.claimed_at < now - _STALE),
        )
        .order_by(OutboxMail.due_at, OutboxMail.id)
        .limit(1)
    )


def _claim(smtp: config.Smtp) -> tuple[int, postman.Envelope] | None:
    """Take the next mail that is due, marked and committed as ours, before it is sent."""
    while True:
        idle = db.session.scalars(_due()).first() is None
        db.session.rollback()  # looking takes no lock, so that an idle worker holds up nobody
        if idle:
            return None
        lock(OUTBOX)
        mail = db.session.scalars(_due()).first()
        letter = None if mail is None else _taken(mail, smtp)
        claim = None if mail is None or letter is None else (mail.id, letter)
        db.session.commit()
        if claim is not None:
            return claim


def _taken(mail: OutboxMail, smtp: config.Smtp) -> postman.Envelope | None:
    was_claimed = mail.claimed_at is not None  # by a worker that did not live to tell
    if was_claimed and mail.is_doubtful:
        _give_up(mail, "unknown")
        return None
    try:
        letter = postman.Envelope(
            sender=smtp.sender,
            sender_name=config.current().city.service_name,
            recipient=mail.recipient or "",
            subject=mail.subject or "",
            body=mail.body or "",
            message_id=mail.message_id,
            written_at=mail.created_at,
        )
    except Unreadable:
        _give_up(mail, "sealed-away")
        return None
    mail.is_doubtful = mail.is_doubtful or was_claimed
    mail.claimed_at = clock.now()
    mail.tries += 1
    return letter


def _settle(number: int, outcome: postman.Outcome) -> None:
    lock(OUTBOX)
    mail = db.session.get_one(OutboxMail, number)
    now = clock.now()
    mail.claimed_at = None
    mail.last_error = outcome.error
    if outcome.state == "sent":
        mail.sent_at = now
        mail.recipient = mail.subject = mail.body = None
    elif outcome.state == "unknown" and not mail.is_doubtful:
        mail.is_doubtful = True
        mail.due_at = now + _STALE
    elif outcome.state == "later" and mail.tries <= len(_MINUTES):
        mail.due_at = now + timedelta(minutes=_MINUTES[mail.tries - 1] * _dice.uniform(0.8, 1.2))
    else:
        _give_up(mail, outcome.error or "unknown")
    db.session.commit()


def _give_up(mail: OutboxMail, error: str) -> None:
    """End a mail that did not go: its text is wiped, its recipient stays for the office to see."""
    mail.claimed_at = None
    mail.failed_at = clock.now()
    mail.last_error = error
    mail.subject = mail.body = None
    current_app.logger.warning("mail %s (%s) was given up: %s", mail.id, mail.kind, error)


def waiting() -> int:
    """How many mails have neither gone nor been given up."""
    query = select(func.count(OutboxMail.id)).where(
        OutboxMail.sent_at.is_(None), OutboxMail.failed_at.is_(None)
    )
    return db.session.scalar(query) or 0


def in_trouble(limit: int = 50) -> Sequence[OutboxMail]:
    """Mails given up, or waiting after a try that failed; newest first. For the office to see."""
    return db.session.scalars(
        select(OutboxMail)
        .where(OutboxMail.sent_at.is_(None), OutboxMail.last_error.is_not(None))
        .order_by(OutboxMail.id.desc())
        .limit(limit)
    ).all()


def forget(older_than: timedelta = retention.MAIL.real) -> int:
    """Delete rows of mails that ended this long ago; how many. A waiting mail is never touched."""
    before = clock.now() - older_than
    gone = db.session.scalars(
        delete(OutboxMail)
        .where(or_(OutboxMail.sent_at < before, OutboxMail.failed_at < before))
        .returning(OutboxMail.id)
    ).all()
    return len(gone)


def forget_person(user_id: int) -> None:
    """Delete every mail to somebody whose name and address are kept no longer, sent or not."""
    db.session.execute(delete(OutboxMail).where(OutboxMail.user_id == user_id))


def inbox(limit: int = 50) -> list[Shown]:
    """The demo's mails, newest first, opened. Raises RuntimeError anywhere but in a demo."""
    if not config.current().demo:
        raise RuntimeError("mails are read by those they are sent to")
    rows = db.session.scalars(
        select(OutboxMail)
        .where(OutboxMail.body_sealed.is_not(None))
        .order_by(OutboxMail.id.desc())
        .limit(limit)
    )
    return [
        Shown(
            mail.id,
            mail.kind,
            mail.created_at,
            mail.recipient or "",
            mail.subject or "",
            mail.body or "",
        )
        for mail in rows
    ]
