"""A walk from its beginning to its end: begun, answered by several people at once, finished.

Verbs need the venue's lock, note the trail and do not commit. The trail says which place was
answered and how many answers changed; what was answered is in the rows alone.

Everything that a person sends carries what stood there when their page was drawn (`Seen`). What
they left as it was changes nothing, however old their page is; what two people answered apart is
refused for the second, who sees the first one's answer and sends again to change it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from sqlalchemy import select

from charter.audits import actions, loading
from charter.audits.models import Audit, AuditAnswer, AuditPhoto
from charter.audits.results import Room
from charter.audits.rules import FULLNESS, ROLES, WEATHER, Kind
from charter.audits.template import DOES_NOT_APPLY
from charter.audits.walks import VENUE, Conditions, Given, Walk, running, through
from charter.core import clock, files, trail
from charter.core.db import Counts, db, touch
from charter.core.errors import Refused
from charter.core.files import Received, StoredFile

MOST_OPEN = 5
MOST_PHOTOS_OF_ONE = 3
MOST_PHOTOS = 150
OLDEST_ON_PAPER = timedelta(days=31)


def begin(
    venue_id: int,
    kind: Kind,
    conditions: Conditions,
    *,
    is_quick: bool,
    by: int,
    once: str,
    on_paper: datetime | None = None,
) -> Audit:
    """Begin a walk, on the newest edition, through every place the venue has today.

    `on_paper` is when one was walked that is typed in now. The same `once` again gives the same
    walk.
    """
    known = db.session.scalar(select(Audit).where(Audit.once == once))
    if known is not None and known.venue_id == venue_id:
        return known
    now = clock.now()
    if on_paper is not None and not now - OLDEST_ON_PAPER <= on_paper <= now:
        raise Refused("Enter when you walked: within the last 31 days", "walked_on")
    _judge(conditions)
    if len(running(venue_id, [kind])) >= MOST_OPEN:
        raise Refused("Finish one of the walks you began, or give it up, before another")
    template = loading.current(VENUE)
    row = Audit(
        venue_id=venue_id,
        kind=kind,
        template=template.key,
        edition=template.edition,
        is_quick=is_quick,
        rooms=[list(each) for each in through(venue_id)],
        left_out={},
        on_paper=on_paper is not None,
        walked_at=on_paper or now,
        is_open=conditions.is_open,
        is_dark=conditions.is_dark,
        fullness=conditions.fullness,
        weather=conditions.weather,
        roles=[],
        begun_at=now,
        begun_by=by,
        once=once if known is None else token_hex(16),
    )
    db.session.add(row)
    _note("audit.begun", row, by, kind=kind.value, quick=is_quick, paper=row.on_paper)
    return row


def _judge(conditions: Conditions) -> None:
    if conditions.fullness not in FULLNESS:
        raise Refused("Choose how full it is", "fullness")
    if conditions.weather not in WEATHER:
        raise Refused("Choose the weather", "weather")


def save(walk: Walk, room: Room, given: Sequence[Given], *, by: int) -> dict[str, AuditAnswer]:
    """Keep what a person answered about a place. Hands back, by question, what somebody else
    answered meanwhile: those stay as the other person said, and all the rest is kept.

    Refuses a value that is not offered, and one that does not apply without a word why.
    """
    _open(walk)
    apart: dict[str, AuditAnswer] = {}
    changed = 0
    for each in given:
        if each.photo is not None:
            changed += _attach(walk, room, each.question, each.photo, by)
        if each.is_untouched:
            continue
        row = walk.rows.get((room.place, each.question))
        if row is not None and (row.value, row.note) == (each.value, each.note):
            continue
        if (row.version if row else 0) != each.seen.version:
            if row is not None:
                apart[each.question] = row
            continue
        changed += _answer(walk, room, each, row, by)
    if changed:
        _note("audit.answered", walk.audit, by, place=room.place, answers=changed)
    return apart


def _answer(walk: Walk, room: Room, given: Given, row: AuditAnswer | None, by: int) -> bool:
    """Write one answer down; whether there is anything to write."""
    question = next(each for each in room.questions if each.key == given.question)
    if given.value is None:
        if row is not None or given.note:
            raise Refused("Choose an answer too", question.key)
        return False
    if not question.takes(given.value):
        raise Refused("Choose one of the answers shown", question.key)
    if given.value == DOES_NOT_APPLY and not given.note:
        raise Refused("Say in a few words why it does not apply", question.key)
    if row is None:
        row = AuditAnswer(
            audit_id=walk.audit.id, place=room.place, question=question.key, version=0
        )
        db.session.add(row)
        walk.rows[room.place, question.key] = row
    row.value, row.note, row.version = given.value, given.note, row.version + 1
    row.by_user_id, row.at = by, clock.now()
    return True


def _attach(walk: Walk, room: Room, question: str, photo: Received, by: int) -> bool:
    """Add a photo; one that is there already, from a form that was sent twice, is not added."""
    here = walk.photos.setdefault((room.place, question), [])
    known = select(StoredFile.sha256).where(StoredFile.id.in_([each.file_id for each in here]))
    if here and photo.sha256 in set(db.session.scalars(known)):
        return False
    if len(here) >= MOST_PHOTOS_OF_ONE:
        raise Refused(f"There are {MOST_PHOTOS_OF_ONE} photos here already", question)
    if sum(map(len, walk.photos.values())) >= MOST_PHOTOS:
        raise Refused("This walk has no room for more photos", question)
    row = AuditPhoto(
        audit_id=walk.audit.id,
        place=room.place,
        question=question,
        file_id=files.keep(photo).id,
        by_user_id=by,
    )
    db.session.add(row)
    here.append(row)
    return True


def leave_out(walk: Walk, room: Room, why: str, *, by: int) -> None:
    """Say why nobody can go into a place today; empty words take it in again."""
    _open(walk)
    rest = {key: words for key, words in walk.audit.left_out.items() if key != room.place}
    if why:
        rest[room.place] = why
    walk.audit.left_out = rest
    _note("audit.room-left-out", walk.audit, by, place=room.place, out=bool(why))


def finish(
    walk: Walk,
    conditions: Conditions,
    roles: Iterable[str],
    *,
    woman_took_part: bool,
    note: str,
    by: int,
) -> None:
    """End a walk: from now on it never changes, and every weak answer is an action.

    The venue's own has to have an answer to everything; a check takes in what could be seen.
    """
    _open(walk)
    _judge(conditions)
    chosen = [each for each in ROLES if each in set(roles)]
    waiting = [room for room in walk.rooms if walk.missing(room)]
    if walk.kind is Kind.OWN and waiting:
        count = sum(map(walk.missing, waiting))
        raise Refused(
            f"{count} {'question has' if count == 1 else 'questions have'} no answer yet, "
            f"the first in: {waiting[0].name}"
        )
    if not walk.rows:
        raise Refused("Nothing is answered yet")
    if walk.kind is Kind.OWN and not chosen:
        raise Refused("Choose who walked", "roles")
    row = walk.audit
    row.is_open, row.is_dark = conditions.is_open, conditions.is_dark
    row.fullness, row.weather = conditions.fullness, conditions.weather
    row.roles, row.woman_took_part, row.note = chosen, woman_took_part, note
    row.is_whole = not (row.is_quick or row.left_out or waiting)
    row.finished_at, row.finished_by = clock.now(), by
    opened, again = actions.open_from(walk.audit, walk.rooms, walk.rows, walk.photos)
    _note("audit.finished", row, by, opened=opened, again=again)
    touch(row.venue_id, counts=Counts.AUDITS)


def drop(walk: Walk, *, by: int) -> None:
    """Give a walk up: it is read nowhere any more, and its photos go."""
    _open(walk)
    walk.audit.dropped_at = clock.now()
    files.erase([each.file_id for some in walk.photos.values() for each in some])
    _note("audit.dropped", walk.audit, by)


def _open(walk: Walk) -> None:
    if not walk.is_running:
        raise Refused("This walk is finished, so it does not change any more")


def _note(verb: str, row: Audit, by: int, **detail: Any) -> None:
    """Note what was done. That a check goes on stands in the city's chain alone, which no venue
    reads: it would know of one that it is not to know of.
    """
    db.session.flush()
    if row.kind == Kind.OWN or verb == "audit.finished":
        trail.note(verb, "audit", row.id, venue_id=row.venue_id, by=by, **detail)
    else:
        trail.note(verb, "audit", row.id, by=by, venue=row.venue_id, **detail)
