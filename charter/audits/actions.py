"""What has to be mended: opened by a walk, given a person and a day, and closed with a photo.

Verbs need the venue's lock, note the trail and do not commit.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import func, select

from charter.audits.models import Action, Audit, AuditAnswer, AuditPhoto
from charter.audits.results import Room
from charter.audits.rules import COSTS, State
from charter.audits.template import Mends
from charter.core import clock, files, trail
from charter.core.db import Counts, db, touch
from charter.core.errors import Refused
from charter.core.files import Received, StoredFile

WORDS_LIMIT = 500
FURTHEST = timedelta(days=366)
PAGE = 50


def open_from(
    audit: Audit,
    rooms: Sequence[Room],
    answers: Mapping[tuple[str, str], AuditAnswer],
    photos: Mapping[tuple[str, str], Sequence[AuditPhoto]],
) -> tuple[int, int]:
    """Open an action for every weak answer of a finished walk; how many are new, and how many were
    open already and were found again.

    An open one of which this walk found the opposite is marked, and left for somebody to close.
    """
    known = {
        (each.place, each.question): each
        for each in db.session.scalars(
            select(Action).where(Action.venue_id == audit.venue_id, Action.state == State.OPEN)
        )
    }
    number = _last(audit.venue_id)
    new, again = 0, 0
    for room in rooms:
        for question in room.questions:
            key = room.place, question.key
            answer, action = answers.get(key), known.get(key)
            if answer is None:
                continue
            if not question.is_weak(answer.value):
                if action is not None:
                    action.mended_in = audit.id
                continue
            if action is None:
                new, number = new + 1, number + 1
                action = Action(
                    venue_id=audit.venue_id,
                    number=number,
                    found_in=audit.id,
                    place=room.place,
                    room=room.name,
                    question=question.key,
                    mends=question.mends or Mends.PLACE,
                    wrong=answer.note,
                    state=State.OPEN,
                    opened_on=clock.today(),
                )
                db.session.add(action)
            else:
                again, action.mended_in = again + 1, None
            action.seen_in = audit.id
            action.asked, action.answered = question.words, question.said(answer.value)
            if photos.get(key):
                action.before_photo_id = photos[key][0].id
    db.session.flush()
    return new, again


def _last(venue_id: int) -> int:
    query = select(func.max(Action.number)).where(Action.venue_id == venue_id)
    return db.session.scalar(query) or 0


def action(venue_id: int, number: int) -> Action | None:
    """One action of a venue by its number, or None."""
    return db.session.scalar(
        select(Action).where(Action.venue_id == venue_id, Action.number == number)
    )


def board(venue_id: int, state: State, *, page: int = 1) -> list[Action]:
    """A page of the actions in a state: what has no plan first, then what is due first; one more
    than a page holds where there are more.
    """
    query = select(Action).where(Action.venue_id == venue_id, Action.state == state)
    if state is State.OPEN:
        is_planned = Action.due_on.is_not(None) & Action.owner_id.is_not(None)
        order = [is_planned, Action.due_on, Action.number]
    else:
        order = [Action.ended_on.desc(), Action.number.desc()]
    query = query.order_by(*order).limit(PAGE + 1).offset((page - 1) * PAGE)
    return list(db.session.scalars(query))


def open_at(venue_id: int, place: str) -> dict[str, Action]:
    """What is still to be mended at one place, by question; one statement."""
    query = select(Action).where(
        Action.venue_id == venue_id, Action.state == State.OPEN, Action.place == place
    )
    return {each.question: each for each in db.session.scalars(query)}


def totals(venue_id: int) -> dict[str, int]:
    """How many are in each state, `unplanned` and `overdue`; one statement."""
    today = clock.today()
    is_open = Action.state == State.OPEN
    bare = is_open & (Action.owner_id.is_(None) | Action.due_on.is_(None))
    row = db.session.execute(
        select(
            *(
                func.count().filter(each).label(name)
                for name, each in (
                    ("open", is_open),
                    ("done", Action.state == State.DONE),
                    ("dropped", Action.state == State.DROPPED),
                    ("unplanned", bare),
                    ("overdue", is_open & (Action.due_on < today)),
                    ("mended", is_open & Action.mended_in.is_not(None)),
                )
            )
        ).where(Action.venue_id == venue_id)
    ).one()
    return dict(row._mapping)


def plan(
    row: Action,
    *,
    wrong: str,
    fix: str,
    owner_id: int | None,
    owners: Collection[int],
    due_on: date | None,
    cost: str,
    by: int,
) -> None:
    """Say what is wrong, what is done about it, by whom, by when and at what cost.

    A person and a day may still be missing; half a plan is better than none.
    """
    _open(row)
    today = clock.today()
    if owner_id is not None and owner_id not in owners and owner_id != row.owner_id:
        raise Refused("Choose who does it", "owner")
    if due_on is not None and due_on != row.due_on and not today <= due_on <= today + FURTHEST:
        raise Refused("Enter a day from today on, within a year", "due_on")
    if cost and cost not in COSTS:
        raise Refused("Choose about what it costs", "cost")
    if row.due_on is not None and due_on is None:
        raise Refused("Enter by when it is done", "due_on")
    moved = row.due_on is not None and due_on is not None and due_on > row.due_on
    row.moved += moved
    row.wrong, row.fix, row.owner_id, row.due_on, row.cost = wrong, fix, owner_id, due_on, cost
    due = due_on.isoformat() if due_on else None
    _note("action.planned", row, by, due=due, moved=moved)


def done(row: Action, words: str, photo: Received | None, *, by: int) -> None:
    """Close an action: what was done and, where a place was mended, a photo from after."""
    _open(row)
    if row.mends == Mends.PLACE and photo is None:
        raise Refused("Add a photo from after, with nobody in it", "photo")
    if not words and photo is None:
        raise Refused("Say what was done", "words")
    row.after_file_id = files.keep(photo).id if photo is not None else None
    _end(row, State.DONE, words, by)
    _note("action.done", row, by, photo=photo is not None)


def drop(row: Action, why: str, *, by: int) -> None:
    """Say that nothing will be done, and why. It stays to be read, and comes back if a later walk
    finds it again.
    """
    _open(row)
    if not why:
        raise Refused("Say why nothing is done about it", "words")
    _end(row, State.DROPPED, why, by)
    _note("action.dropped", row, by)


def reopen(row: Action, *, by: int) -> None:
    """Open an action again that was closed; its photo from after stays until the next."""
    if row.state == State.OPEN:
        raise Refused("It is open already")
    twin = select(Action.id).where(
        Action.venue_id == row.venue_id,
        Action.place == row.place,
        Action.question == row.question,
        Action.state == State.OPEN,
    )
    if db.session.scalar(twin) is not None:
        raise Refused("A later walk found it again: there is a newer one for it")
    row.state, row.ended_on, row.ended_by, row.mended_in = State.OPEN, None, None, None
    row.due_on, row.opened_on = None, clock.today()
    _note("action.reopened", row, by)


def _end(row: Action, state: State, words: str, by: int) -> None:
    row.state, row.ending = state, words
    row.ended_on, row.ended_by = clock.today(), by


def after_photo(venue_id: int, number: int) -> StoredFile | None:
    """The photo from after of an action, or None."""
    return db.session.scalar(
        select(StoredFile)
        .join(Action, Action.after_file_id == StoredFile.id)
        .where(Action.venue_id == venue_id, Action.number == number)
    )


def of_walk(venue_id: int, audit_id: int) -> list[Action]:
    """The actions that a walk of a venue opened or found again, in order."""
    query = select(Action).where(
        Action.venue_id == venue_id,
        (Action.found_in == audit_id) | (Action.seen_in == audit_id),
    )
    return list(db.session.scalars(query.order_by(Action.number)))


def _open(row: Action) -> None:
    if row.state != State.OPEN:
        raise Refused("It is closed already. Open it again first")


def _note(verb: str, row: Action, by: int, **detail: str | int | bool | None) -> None:
    db.session.flush()
    trail.note(verb, "audit_action", row.number, venue_id=row.venue_id, by=by, **detail)
    touch(row.venue_id, counts=Counts.AUDITS)
