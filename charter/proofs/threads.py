"""The thread on a requirement: the venue asks, the office answers, both on record for ever."""

from collections.abc import Sequence

from sqlalchemy import select, update

from charter.core import clock, trail
from charter.core.db import Counts, db, touch
from charter.core.errors import Refused
from charter.proofs import decisions, service
from charter.proofs.models import ThreadMessage


def thread(venue_id: int, key: str) -> Sequence[ThreadMessage]:
    """Every message on a requirement, oldest first."""
    return db.session.scalars(
        select(ThreadMessage)
        .where(ThreadMessage.venue_id == venue_id, ThreadMessage.requirement_key == key)
        .order_by(ThreadMessage.id)
    ).all()


def ask(venue_id: int, key: str, body: str, *, by: int, once: str | None = None) -> ThreadMessage:
    """Ask the office about a requirement. The same words with the same `once` are one message."""
    service.must_ask(venue_id, key)
    message, is_new = _add(venue_id, key, body, by, once, from_office=False)
    if not is_new:
        return message
    trail.note("thread.asked", "thread", message.id, venue_id=venue_id, by=by, requirement=key)
    touch(venue_id, counts=Counts.NONE)
    return message


def answer(
    venue_id: int, key: str, body: str, *, by: int, once: str | None = None
) -> ThreadMessage:
    """Answer as the office: every open question on the requirement counts as answered.

    The champions are told by mail that something waits. Refuses what the venue was never asked.
    """
    if service.asked(venue_id, key) is None:
        raise Refused("The charter this venue signed does not ask for this.")
    message, is_new = _add(venue_id, key, body, by, once, from_office=True)
    if not is_new:
        return message
    db.session.execute(
        update(ThreadMessage)
        .where(
            ThreadMessage.venue_id == venue_id,
            ThreadMessage.requirement_key == key,
            ThreadMessage.from_office.is_(False),
            ThreadMessage.answered_at.is_(None),
        )
        .values(answered_at=clock.now())
    )
    trail.note("thread.answered", "thread", message.id, venue_id=venue_id, by=by, requirement=key)
    touch(venue_id, counts=Counts.NONE)
    decisions.tell_champions(venue_id, key)
    return message


def unanswered(venue_id: int) -> Sequence[ThreadMessage]:
    """The venue's questions that nobody has answered, oldest first."""
    return db.session.scalars(
        select(ThreadMessage)
        .where(
            ThreadMessage.venue_id == venue_id,
            ThreadMessage.from_office.is_(False),
            ThreadMessage.answered_at.is_(None),
        )
        .order_by(ThreadMessage.id)
    ).all()


def _add(
    venue_id: int, key: str, body: str, by: int, once: str | None, *, from_office: bool
) -> tuple[ThreadMessage, bool]:
    """The message, and whether it is new: one that was sent before is given back.

    Other words behind a token that was used, as somebody who goes back and types anew sends them,
    are another message.
    """
    words = body.strip()
    if not words:
        raise Refused("Write your answer" if from_office else "Write your question", "body")
    before = _sent(once) if once else None
    if before is not None:
        if (before.venue_id, before.requirement_key, before.body) == (venue_id, key, words):
            return before, False
        once = None
    message = ThreadMessage(
        venue_id=venue_id,
        requirement_key=key,
        author_id=by,
        from_office=from_office,
        body=words,
        once=once or None,
    )
    db.session.add(message)
    db.session.flush()
    return message, True


def _sent(once: str) -> ThreadMessage | None:
    return db.session.scalar(select(ThreadMessage).where(ThreadMessage.once == once))
