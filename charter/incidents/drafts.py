"""What somebody has typed of an entry and not saved: kept sealed by the server, for a day.

A draft belongs to the form it was typed in (`once`) and to who typed it: nobody else finds it.
Verbs need the venue's lock and do not commit; a draft is no change of the venue, so no trail.
"""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select

from charter.core import clock
from charter.core.db import db
from charter.incidents import service
from charter.incidents.models import EntryDraft
from charter.incidents.service import Writer

BIGGEST = 40_000


def keep(venue_id: int, once: str, typed: Mapping[str, Sequence[str]], writer: Writer) -> None:
    """Keep what is in a form now, in place of what was; a form that was saved keeps nothing.

    What is too long to be an entry is not kept.
    """
    packed = json.dumps({name: list(values) for name, values in typed.items()}, ensure_ascii=False)
    if len(packed) > BIGGEST or service.is_used(once):
        return
    row = db.session.scalar(select(EntryDraft).where(EntryDraft.once == once))
    if row is None:
        row = EntryDraft(
            venue_id=venue_id, once=once, user_id=writer.user_id, member_id=writer.member_id
        )
        db.session.add(row)
    elif not _is_of(row, venue_id, writer):
        return
    row.typed, row.saved_at = packed, clock.now()
    db.session.flush()


def newest(venue_id: int, writer: Writer) -> EntryDraft | None:
    """What this person typed last here and did not save, or None."""
    mine = (
        EntryDraft.user_id == writer.user_id
        if writer.user_id is not None
        else EntryDraft.member_id == writer.member_id
    )
    return db.session.scalar(
        select(EntryDraft)
        .where(EntryDraft.venue_id == venue_id, mine)
        .order_by(EntryDraft.saved_at.desc(), EntryDraft.id.desc())
        .limit(1)
    )


def typed(row: EntryDraft) -> dict[str, list[str]]:
    """What was in the form, field by field."""
    found: dict[str, list[str]] = json.loads(row.typed or "{}")
    return found


def drop(venue_id: int, once: str, writer: Writer) -> None:
    """Throw a draft away; one that is not there, or somebody else's, is left alone."""
    row = db.session.scalar(select(EntryDraft).where(EntryDraft.once == once))
    if row is not None and _is_of(row, venue_id, writer):
        db.session.execute(delete(EntryDraft).where(EntryDraft.id == row.id))


def _is_of(row: EntryDraft, venue_id: int, writer: Writer) -> bool:
    mine = (venue_id, writer.user_id, writer.member_id)
    return (row.venue_id, row.user_id, row.member_id) == mine
