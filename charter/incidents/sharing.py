"""What the office may read of a venue's entry: the facts, or also what was seen and said.

Never a name: neither of the people in it, nor of who wrote it or dealt with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from charter.core.db import db
from charter.core.trail import TrailEntry
from charter.incidents import reading, record, saying, service, words
from charter.incidents.models import Entry

OPENED = "entry.read-by-office"
OPENINGS = 5


@dataclass(frozen=True, slots=True)
class Said:
    """What was seen and said in one line; `is_wrong`: a later line says so."""

    at: datetime
    text: str
    is_wrong: bool


def shared(venue_id: int, *, before: int | None = None) -> list[Entry]:
    """A page of what a venue shares with the office, the newest first."""
    query = select(Entry).where(
        Entry.venue_id == venue_id, Entry.book == venue_id, Entry.shared != ""
    )
    if before is not None:
        query = query.where(Entry.number < before)
    return list(db.session.scalars(query.order_by(Entry.number.desc()).limit(reading.PAGE)))


def one(venue_id: int, number: int) -> Entry | None:
    """An entry of a venue that it shares with the office, or None."""
    found = reading.entry(venue_id, number)
    return found if found is not None and found.shared else None


def openings(entry: Entry) -> list[datetime]:
    """When the office opened what was said in an entry that is shared, the newest first."""
    if entry.shared != "words":
        return []
    return list(
        db.session.scalars(
            select(TrailEntry.at)
            .where(
                TrailEntry.chain == entry.book,
                TrailEntry.verb == OPENED,
                TrailEntry.thing_id == entry.number,
            )
            .order_by(TrailEntry.number.desc())
            .limit(OPENINGS)
        )
    )


def facts(entry: Entry) -> list[tuple[str, str]]:
    """The facts of an entry without anybody's name, and how it ended."""
    asked = saying.answers(service.state(entry), record.room_names(entry.venue_id))
    asked.pop("Who dealt with it", None)
    ended = words.words().outcomes.get(entry.outcome or "")
    if ended is not None:
        asked["How it ended"] = ended.name
    return list(asked.items())


def said(entry: Entry) -> Sequence[Said]:
    """What was seen and said, line by line; nothing else that people wrote."""
    return [
        Said(line.line.at, line.words["said"], line.corrected_by is not None)
        for line in reading.lines(entry, with_words=True)
        if line.words.get("said")
    ]
