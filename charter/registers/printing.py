"""What the trail says of a register that is printed: before anything of it is opened.

Verbs need the book's lock, note the trail and do not commit.
"""

from dataclasses import dataclass

from sqlalchemy import func, select

from charter.core import trail
from charter.core.db import db
from charter.incidents import people
from charter.incidents.models import Entry
from charter.registers import reading
from charter.registers.rules import Period


@dataclass(frozen=True, slots=True)
class Printing:
    """A register that is about to be printed: of which nights, how many entries, up to which
    number the book had come, and whether with names."""

    venue_id: int
    period: Period
    entries: int
    up_to: int
    with_names: bool


def begin(venue_id: int, period: Period, *, with_names: bool, by: int | None) -> Printing:
    """Note that the book of a period is printed, by whom, and whether with names."""
    last = db.session.scalar(select(func.max(Entry.number)).where(Entry.book == venue_id)) or 0
    entries = reading.count(venue_id, period, last)
    trail.note(
        "book.printed",
        "venue",
        venue_id,
        venue_id=venue_id,
        by=by,
        first=period.first.isoformat(),
        last=period.last.isoformat(),
        entries=entries,
        names=with_names,
    )
    return Printing(venue_id, period, entries, last, with_names)


def note_names(printing: Printing, after: int, *, by: int) -> int | None:
    """Note for some entries after a number that their names are opened; the last one's number.

    None when there are no more. Few at a time, so that nobody waits long for the book.
    """
    found = reading.with_names(printing.venue_id, printing.period, printing.up_to, after)
    for entry in found:
        people.note_opening(entry, by=by)
    return found[-1].number if found else None
