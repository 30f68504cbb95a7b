"""What waits for the office, oldest first: proofs, questions, and what is said not to apply."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, null, or_, select, union_all

from charter.core.db import db
from charter.core.text import is_number
from charter.editions import service as editions
from charter.editions.terms import Edition
from charter.proofs.models import Evidence, NotApplicable, ThreadMessage
from charter.proofs.reviewing import Because
from charter.proofs.states import ProofState
from charter.venues.models import Venue

PAGE = 50
_SEPARATOR = "~"
Part = Select[*tuple[Any, ...]]


class What(StrEnum):
    """What waits."""

    NOT_APPLICABLE = "not-applicable"
    PROOF = "proof"
    QUESTION = "question"

    @property
    def label(self) -> str:
        """What waits, in words."""
        return {"not-applicable": "Does not apply?", "proof": "Proof", "question": "Question"}[self]

    def counted(self, number: int) -> str:
        """So many of them, in words that stand after the number."""
        one = {"not-applicable": "said not to apply", "proof": "proof", "question": "question"}
        return one[self] if number == 1 or self is What.NOT_APPLICABLE else f"{one[self]}s"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits; `is_own` marks a proof the reader handed in, which others decide."""

    what: What
    id: int
    at: datetime
    venue_id: int
    venue_name: str
    requirement_key: str
    number: str
    task: str
    because: Because | None
    is_own: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """One page of what waits, where the next one begins, and how many of each wait in all."""

    items: Sequence[Item]
    next: str | None
    counts: dict[What, int]

    @property
    def total(self) -> int:
        """How many things wait."""
        return sum(self.counts.values())


def queue(*, by: int, only: What | None = None, after: str | None = None) -> Queue:
    """A page of at most 50, from `after` on (the `next` of the page before; nonsense is the start).

    Three statements, however much waits.
    """
    cursor = _read(after)
    parts = [
        _after(part, what, at, row_id, cursor)
        for what, (part, at, row_id) in _parts().items()
        if only in (None, what)
    ]
    waiting = union_all(*parts).subquery()
    rows = db.session.execute(
        select(waiting, Venue.name.label("venue_name"), Venue.edition_key)
        .join(Venue, Venue.id == waiting.c.venue_id)
        .order_by(waiting.c.at, waiting.c.what, waiting.c.id)
        .limit(PAGE + 1)
    ).all()
    known = editions.editions({row.edition_key for row in rows if row.edition_key})
    items = [_item(row, known.get(row.edition_key), by) for row in rows]
    more = len(items) > PAGE
    return Queue(items[:PAGE], _write(items[PAGE - 1]) if more else None, counts())


def _item(row: Any, edition: Edition | None, by: int) -> Item:
    requirement = edition.requirement(row.requirement_key) if edition else None
    return Item(
        what=What(row.what),
        id=row.id,
        at=row.at,
        venue_id=row.venue_id,
        venue_name=row.venue_name,
        requirement_key=row.requirement_key,
        number=requirement.number if requirement else "",
        task=requirement.task if requirement else row.requirement_key,
        because=Because(row.because) if row.because else None,
        is_own=row.who == by,
    )


def _parts() -> dict[What, tuple[Part, ColumnElement[datetime], ColumnElement[int]]]:
    """Each sort of thing that waits, as columns of the same names."""
    proofs = _named(
        What.PROOF, Evidence, Evidence.uploaded_at, Evidence.waits_because, Evidence.uploaded_by
    ).where(Evidence.state == ProofState.WAITING)
    questions = _named(
        What.QUESTION, ThreadMessage, ThreadMessage.at, null(), ThreadMessage.author_id
    ).where(_open_question())
    wishes = _named(
        What.NOT_APPLICABLE, NotApplicable, NotApplicable.asked_at, null(), NotApplicable.asked_by
    ).where(_open_wish())
    return {
        What.PROOF: (proofs, Evidence.uploaded_at.expression, Evidence.id.expression),
        What.QUESTION: (questions, ThreadMessage.at.expression, ThreadMessage.id.expression),
        What.NOT_APPLICABLE: (
            wishes,
            NotApplicable.asked_at.expression,
            NotApplicable.id.expression,
        ),
    }


def _named(
    what: What,
    model: type[Evidence | ThreadMessage | NotApplicable],
    at: Any,
    because: Any,
    who: Any,
) -> Part:
    return select(
        literal(what.value).label("what"),
        model.id.label("id"),
        at.label("at"),
        model.venue_id.label("venue_id"),
        model.requirement_key.label("requirement_key"),
        because.label("because"),
        who.label("who"),
    )


def _open_question() -> ColumnElement[bool]:
    return ThreadMessage.from_office.is_(False) & ThreadMessage.answered_at.is_(None)


def _open_wish() -> ColumnElement[bool]:
    return NotApplicable.agreed.is_(None) & NotApplicable.ended_on.is_(None)


def _after(
    part: Part,
    what: What,
    at: ColumnElement[datetime],
    row_id: ColumnElement[int],
    cursor: tuple[datetime, str, int] | None,
) -> Part:
    """Only what comes after the cursor, in the order of time, sort and id; at most a page of it."""
    if cursor is not None:
        then, last_what, last_id = cursor
        if what > last_what:
            part = part.where(at >= then)
        elif what == last_what:
            part = part.where(or_(at > then, (at == then) & (row_id > last_id)))
        else:
            part = part.where(at > then)
    return select(part.order_by(at, row_id).limit(PAGE + 1).subquery())


def _write(item: Item) -> str:
    moment = item.at.astimezone(UTC).isoformat()
    return _SEPARATOR.join((moment, item.what, str(item.id)))


def _read(after: str | None) -> tuple[datetime, str, int] | None:
    """A cursor from an address, or None for none and for nonsense."""
    parts = (after or "").split(_SEPARATOR)
    if len(parts) != 3 or parts[1] not in set(What) or not is_number(parts[2]):
        return None
    try:
        moment = datetime.fromisoformat(parts[0].replace(" ", "+"))
        then = moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
    return (then, parts[1], int(parts[2])) if then else None


def counts() -> dict[What, int]:
    """How many of each wait; one statement."""
    asked = {
        What.PROOF: (Evidence, Evidence.state == ProofState.WAITING),
        What.QUESTION: (ThreadMessage, _open_question()),
        What.NOT_APPLICABLE: (NotApplicable, _open_wish()),
    }
    row = db.session.execute(
        select(
            *(
                select(func.count()).select_from(model).where(where).scalar_subquery()
                for model, where in asked.values()
            )
        )
    ).one()
    return dict(zip(asked, row, strict=True))


def next_proof(*, by: int) -> tuple[int, int] | None:
    """Venue and id of the proof that has waited longest and that this person may decide about."""
    row = db.session.execute(
        select(Evidence.venue_id, Evidence.id)
        .where(
            Evidence.state == ProofState.WAITING,
            Evidence.uploaded_by != by,
            or_(Evidence.signed_user_id.is_(None), Evidence.signed_user_id != by),
        )
        .order_by(Evidence.uploaded_at, Evidence.id)
        .limit(1)
    ).first()
    return (row.venue_id, row.id) if row else None
