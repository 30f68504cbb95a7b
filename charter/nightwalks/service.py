"""What people do with night walks: plan, join, rate, list faults, send them, answer them.

Every verb needs the city's lock and notes the city's trail with numbers and states, never with
words; none commits. A photo is received before the lock and handed over here.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select

from charter.accounts.signin import token_hash
from charter.core import clock, codes, files, trail
from charter.core.db import db
from charter.core.errors import Refused
from charter.core.files import Received, StoredFile
from charter.nightwalks import rules
from charter.nightwalks.models import (
    FaultRecipient,
    NightWalk,
    StopNote,
    StopRating,
    StreetFault,
    Walker,
    WalkStop,
)
from charter.nightwalks.rules import STEPS, State, Thing

MOST_STOPS = 40
MOST_WALKERS = 60
MOST_FAULTS = 300
STOP_LIMIT = 120
NOTE_LIMIT = 500
OPENS_BEFORE = timedelta(days=1)
STAYS_OPEN = timedelta(hours=36)
FURTHEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Plan:
    """A walk to plan: what it is called, when and where the group meets, and the stops."""

    title: str
    meets_at: datetime
    meeting_place: str
    stops: Sequence[str]


def plan(wished: Plan, *, by: int, once: str, repeats: NightWalk | None = None) -> NightWalk:
    """Plan a walk; one that repeats another keeps its stops where their words are the same.

    The same `once` again gives the same walk.
    """
    known = db.session.scalar(select(NightWalk).where(NightWalk.once == once))
    if known is not None:
        return known
    _judge(wished)
    row = NightWalk(
        title=wished.title,
        meets_at=wished.meets_at,
        meeting_place=wished.meeting_place,
        scales=[each.kept for each in rules.things()],
        code=codes.new_code(secrets.token_bytes(codes.CODE_BYTES)),
        closes_at=wished.meets_at + STAYS_OPEN,
        repeats_id=repeats.id if repeats else None,
        planned_by=by,
        once=once,
    )
    db.session.add(row)
    db.session.flush()
    _lay(row, wished.stops)
    _note("night-walk.planned", "night_walk", row.id, by, stops=len(wished.stops))
    return row


def change(row: NightWalk, wished: Plan, *, by: int) -> None:
    """Change a walk that may still be changed (`is_settled`)."""
    if is_settled(row):
        raise Refused("This walk is in use already, so it stays as it is")
    _judge(wished)
    row.title, row.meets_at, row.meeting_place = wished.title, wished.meets_at, wished.meeting_place
    row.closes_at = wished.meets_at + STAYS_OPEN
    db.session.execute(delete(WalkStop).where(WalkStop.walk_id == row.id))
    _lay(row, wished.stops)
    _note("night-walk.changed", "night_walk", row.id, by, stops=len(wished.stops))


def is_settled(row: NightWalk) -> bool:
    """Whether a walk can change no more: somebody joined, a fault is at one of its stops, or it is
    planned again. One statement.
    """
    used = (
        select(Walker.id).where(Walker.walk_id == row.id).exists(),
        select(StreetFault.id).where(StreetFault.walk_id == row.id).exists(),
        select(NightWalk.id).where(NightWalk.repeats_id == row.id).exists(),
    )
    return bool(db.session.scalar(select(or_(*used))))


def _judge(wished: Plan) -> None:
    now = clock.now()
    if not wished.stops:
        raise Refused("Enter the stops, one on each line, like: the door of the station", "stops")
    if len(wished.stops) > MOST_STOPS:
        raise Refused(f"A walk can have {MOST_STOPS} stops at most", "stops")
    if any(len(each) > STOP_LIMIT for each in wished.stops):
        raise Refused(f"Keep each stop to {STOP_LIMIT} characters", "stops")
    if not now - STAYS_OPEN < wished.meets_at < now + FURTHEST:
        raise Refused("Enter a day from today on, within a year", "day")


def _lay(row: NightWalk, stops: Sequence[str]) -> None:
    query = select(WalkStop).where(WalkStop.walk_id == row.repeats_id)
    then = {each.words.casefold(): each.id for each in db.session.scalars(query)}
    db.session.add_all(
        WalkStop(walk_id=row.id, number=n, words=words, repeats_id=then.pop(words.casefold(), None))
        for n, words in enumerate(stops, start=1)
    )
    db.session.flush()


def end(row: NightWalk, *, by: int) -> None:
    """End a walk: nobody joins or answers by its link any more. Twice is no fault."""
    if row.closes_at > clock.now():
        row.closes_at = clock.now()
        _note("night-walk.ended", "night_walk", row.id, by)


def is_open(row: NightWalk) -> bool:
    """Whether walkers can join and answer now."""
    return row.meets_at - OPENS_BEFORE <= clock.now() < row.closes_at


def walk(walk_id: int) -> NightWalk | None:
    """One walk, or None."""
    return db.session.get(NightWalk, walk_id)


def by_code(typed: str) -> NightWalk | None:
    """The walk of a link, or None."""
    code = codes.normalise(typed)
    return db.session.scalar(select(NightWalk).where(NightWalk.code == code)) if code else None


def stops(walk_id: int) -> list[WalkStop]:
    """The stops of a walk in order."""
    query = select(WalkStop).where(WalkStop.walk_id == walk_id)
    return list(db.session.scalars(query.order_by(WalkStop.number)))


def things(row: NightWalk) -> list[Thing]:
    """The nine things in the words of the walk."""
    return [Thing.of(each) for each in row.scales]


def walkers(walk_id: int) -> list[Walker]:
    """Who walked, in the order in which they joined."""
    query = select(Walker).where(Walker.walk_id == walk_id)
    return list(db.session.scalars(query.order_by(Walker.number)))


def join(row: NightWalk) -> str:
    """A new walker of a walk that is open; the secret by which their phone is known again."""
    if not is_open(row):
        raise Refused("This walk is not open now")
    token = secrets.token_urlsafe(24)
    walker = _walker(row, token_hash(token))
    trail.note("night-walk.joined", "night_walk", row.id, walker=walker.number)
    return token


def join_on_paper(row: NightWalk, *, by: int) -> Walker:
    """A walker whose sheet somebody types in."""
    if row.meets_at > clock.now():
        raise Refused("This walk has not begun yet")
    walker = _walker(row, None)
    _note("night-walk.joined", "night_walk", row.id, by, walker=walker.number, paper=True)
    return walker


def _walker(row: NightWalk, secret: bytes | None) -> Walker:
    query = select(func.max(Walker.number)).where(Walker.walk_id == row.id)
    number = (db.session.scalar(query) or 0) + 1
    if number > MOST_WALKERS:
        raise Refused(f"{MOST_WALKERS} people have joined this walk: it takes no more")
    walker = Walker(walk_id=row.id, number=number, token_hash=secret)
    db.session.add(walker)
    db.session.flush()
    return walker


def walker_of(walk_id: int, token: str) -> Walker | None:
    """The walker of a walk whose secret this is, or None."""
    query = select(Walker).where(Walker.walk_id == walk_id, Walker.token_hash == token_hash(token))
    return db.session.scalar(query) if token else None


def rate(
    row: NightWalk, walker: Walker, stop: WalkStop, values: Mapping[str, int], words: str,
    photo: Received | None, *, by: int | None = None,
) -> None:  # fmt: skip
    """Keep how a walker rated a stop, in place of what they said of the same things before.

    A thing that is not there stays as it was: a page that was open for long knows nothing of it. A
    photo stays until a newer one comes.
    """
    if walker.token_hash is not None and not is_open(row):
        raise Refused("This walk is over, so nothing can be changed any more")
    known = {each.key for each in things(row)}
    if any(key not in known or value not in STEPS for key, value in values.items()):
        raise Refused("Choose from the answers shown")
    if not values and not words and photo is None:
        raise Refused("Choose at least one answer")
    mine = (StopRating.walker_id == walker.id) & (StopRating.stop_id == stop.id)
    db.session.execute(delete(StopRating).where(mine, StopRating.thing.in_(list(values))))
    db.session.add_all(
        StopRating(walker_id=walker.id, stop_id=stop.id, thing=key, value=value)
        for key, value in values.items()
    )
    note = _written(walker, stop)
    if note is None:
        note = StopNote(walker_id=walker.id, stop_id=stop.id)
        db.session.add(note)
    note.words = words
    if photo is not None:
        if note.file_id is not None:
            files.erase([note.file_id])
        note.file_id = files.keep(photo).id
    _note("night-walk.rated", "night_walk", row.id, by, walker=walker.number, stop=stop.number)


def said(walker: Walker, stop: WalkStop) -> tuple[dict[str, int], StopNote | None]:
    """What a walker said of a stop so far; two statements."""
    rows = db.session.execute(
        select(StopRating.thing, StopRating.value).where(
            StopRating.walker_id == walker.id, StopRating.stop_id == stop.id
        )
    )
    return {thing: value for thing, value in rows}, _written(walker, stop)


def _written(walker: Walker, stop: WalkStop) -> StopNote | None:
    query = select(StopNote).where(StopNote.walker_id == walker.id, StopNote.stop_id == stop.id)
    return db.session.scalar(query)


def rated_stops(walker: Walker) -> set[int]:
    """The stops of which a walker said something."""
    rated = select(StopRating.stop_id).where(StopRating.walker_id == walker.id)
    return set(db.session.scalars(rated.distinct()))


def photo(walk_id: int, note_id: int) -> StoredFile | None:
    """The photo of a note of a walk, or None."""
    return db.session.scalar(
        select(StoredFile)
        .join(StopNote, StopNote.file_id == StoredFile.id)
        .join(WalkStop, WalkStop.id == StopNote.stop_id)
        .where(StopNote.id == note_id, WalkStop.walk_id == walk_id)
    )


# Faults


def load_recipients() -> None:
    """Add the kinds of the seed that are not there yet; the office's own words stay."""
    known = set(db.session.scalars(select(FaultRecipient.key)))
    new = [each for each in rules.kinds() if each.key not in known]
    db.session.add_all(FaultRecipient(key=e.key, name=e.name, mends=e.mends) for e in new)
    db.session.flush()


def recipients() -> list[FaultRecipient]:
    """Whoever mends faults, in the order in which they were added."""
    query = select(FaultRecipient).where(FaultRecipient.retired_on.is_(None))
    return list(db.session.scalars(query.order_by(FaultRecipient.id)))


def recipient(recipient_id: int) -> FaultRecipient | None:
    """One who mends faults, or None."""
    found = db.session.get(FaultRecipient, recipient_id)
    return None if found is None or found.retired_on else found


def save_recipient(
    row: FaultRecipient | None, name: str, mends: str, email: str, *, by: int
) -> FaultRecipient:
    """Add somebody who mends faults, or change their name, what they mend, or their address."""
    row = row or FaultRecipient()
    row.name, row.mends, row.email = name, mends, email
    db.session.add(row)
    db.session.flush()
    _note("recipient.saved", "fault_recipient", row.id, by)
    return row


def retire_recipient(row: FaultRecipient, *, by: int) -> None:
    """Take somebody off the list; what was sent to them stays."""
    row.retired_on = clock.today()
    _note("recipient.retired", "fault_recipient", row.id, by)


def faults(walk_id: int) -> list[StreetFault]:
    """The faults of a walk by their numbers."""
    query = select(StreetFault).where(StreetFault.walk_id == walk_id)
    return list(db.session.scalars(query.order_by(StreetFault.number)))


def fault(walk_id: int, number: int) -> StreetFault | None:
    """One fault of a walk, or None."""
    return db.session.scalar(
        select(StreetFault).where(StreetFault.walk_id == walk_id, StreetFault.number == number)
    )


def list_fault(
    row: NightWalk, stop: WalkStop, thing: str, what: str, to: FaultRecipient, due_on: date,
    *, by: int,
) -> StreetFault:  # fmt: skip
    """Put something to be mended on a walk's list, for whoever mends it, by a day."""
    _judge_fault(row, what, due_on)
    query = select(func.max(StreetFault.number)).where(StreetFault.walk_id == row.id)
    number = (db.session.scalar(query) or 0) + 1
    if number > MOST_FAULTS:
        raise Refused(f"A walk can have {MOST_FAULTS} faults at most")
    found = StreetFault(
        walk_id=row.id, number=number, stop_id=stop.id, thing=thing, what=what,
        recipient_id=to.id, due_on=due_on, state=State.OPEN,
    )  # fmt: skip
    db.session.add(found)
    _note("street-fault.listed", "night_walk", row.id, by, number=number)
    return found


def _judge_fault(row: NightWalk, what: str, due_on: date) -> None:
    if not what:
        raise Refused("Say what has to be mended", "what")
    if not clock.today() <= due_on <= clock.today() + FURTHEST:
        raise Refused("Enter a day from today on, within a year", "due_on")


def unlist(found: StreetFault, *, by: int) -> None:
    """Take a fault off the list that has not been sent."""
    if found.sent_at is not None:
        raise Refused("This was sent already")
    walk_id, number = found.walk_id, found.number
    db.session.delete(found)
    _note("street-fault.unlisted", "night_walk", walk_id, by, number=number)


def answer(
    found: StreetFault, state: State, words: str, photo: Received | None, *, by: int | None
) -> None:
    """What became of a fault: fixed, or not to be, and why. It can be answered again."""
    if state is State.OPEN:
        raise Refused("Choose what became of it", "state")
    if state is State.DECLINED and not words:
        raise Refused("Say why, or whose it is", "words")
    found.state, found.answer, found.answered_at = state, words, clock.now()
    if photo is not None:
        if found.file_id is not None:
            files.erase([found.file_id])
        found.file_id = files.keep(photo).id
    _note("street-fault.answered", "night_walk", found.walk_id, by, number=found.number,
          state=state.value)  # fmt: skip


def answer_photo(found: StreetFault) -> StoredFile | None:
    """The photo with an answer, or None."""
    return None if found.file_id is None else db.session.get(StoredFile, found.file_id)


def _note(verb: str, thing: str, thing_id: int, by: int | None, **detail: Any) -> None:
    db.session.flush()
    trail.note(verb, thing, thing_id, by=by, **detail)
