"""A sign-up being filled in: kept by the server under a random token, and gone after a day.

The browser holds the token only. Nothing of a draft is looked at by anybody; it exists so that
going back to change an answer loses none.
"""

import hashlib
import secrets
from typing import Any

from sqlalchemy import delete, func, select

from charter.core import clock, retention
from charter.core.db import db
from charter.core.errors import Refused
from charter.signup.models import SignUpDraft

LASTS = retention.SIGN_UP_DRAFT.real
MOST = 2000
STEPS = ("venue", "you", "charter", "champion")
Answers = dict[str, Any]


def hashed(token: str) -> bytes:
    """What is stored of a random token."""
    return hashlib.sha256(token.encode()).digest()


def answers(token: str | None) -> Answers:
    """The answers given so far, by step; empty for a token that is unknown or too old."""
    row = _row(token)
    return dict(row.answers) if row else {}


def save(token: str | None, step: str, answer: Answers) -> str:
    """Keep one step's answer and give the token to come back with: the same, or a new one.

    Refuses a new draft while far too many are being filled in. Needs the city's lock.
    """
    row = _row(token)
    if row is None:
        if (db.session.scalar(select(func.count()).select_from(SignUpDraft)) or 0) >= MOST:
            raise Refused(
                "Many people are signing up just now. Wait an hour, then try again, or write to us"
            )
        token = secrets.token_urlsafe(32)
        row = SignUpDraft(token_hash=hashed(token), answers={})
        db.session.add(row)
    row.answers = {**row.answers, step: answer}
    db.session.flush()
    return token or ""


def drop(token: str | None) -> None:
    """Forget a draft, once it was sent or given up."""
    row = _row(token)
    if row is not None:
        db.session.delete(row)


def next_step(given: Answers) -> str:
    """The first step without an answer, or "check" when all have one."""
    return next((step for step in STEPS if step not in given), "check")


def forget() -> int:
    """Delete the drafts that are older than a day; how many."""
    gone = db.session.scalars(
        delete(SignUpDraft)
        .where(SignUpDraft.started_at < clock.now() - LASTS)
        .returning(SignUpDraft.id)
    )
    return len(gone.all())


def _row(token: str | None) -> SignUpDraft | None:
    if not token:
        return None
    return db.session.scalar(
        select(SignUpDraft).where(
            SignUpDraft.token_hash == hashed(token),
            SignUpDraft.started_at >= clock.now() - LASTS,
        )
    )
