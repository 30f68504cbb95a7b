"""Which records a venue's own licence asks its book for: switched on and off, and by whom.

What was written stays in the book and is shown there, whatever is switched off later.
"""

from collections.abc import Collection

from charter.core import clock, trail
from charter.core.db import db
from charter.core.errors import Refused
from charter.incidents import reading, words
from charter.incidents.models import BookTerms

DOOR_STAFF = "door-staff"


def terms(venue_id: int) -> BookTerms | None:
    """What is switched on at a venue, or None if nobody ever said."""
    return db.session.get(BookTerms, venue_id)


def asks_for_door_staff(venue_id: int) -> bool:
    """Whether the venue writes down who works its door."""
    return DOOR_STAFF in reading.records(venue_id)


def switch(venue_id: int, keys: Collection[str], *, by: int) -> None:
    """Switch on these records and no others. Needs the venue's lock; does not commit.

    The same again changes nothing. Refuses a record that nobody knows.
    """
    known = words.words().records
    if not set(keys) <= known.keys():
        raise Refused("Choose from the records shown", "records")
    chosen, row = [key for key in known if key in keys], terms(venue_id)
    if row is None:
        if not chosen:
            return
        row = BookTerms(venue_id=venue_id, records=[], saved_by=by)
        db.session.add(row)
    elif list(row.records) == chosen:
        return
    row.records, row.saved_at, row.saved_by = chosen, clock.now(), by
    db.session.flush()
    is_on = {key.replace("-", "_"): key in chosen for key in known}
    trail.note("book.terms-changed", "venue", venue_id, venue_id=venue_id, by=by, **is_on)
