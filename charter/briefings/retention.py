"""What time takes away from briefings and spot checks: nights that are over, and notes.

What a check found stays: jobs and numbers, nobody's name.
"""

from sqlalchemy import ColumnElement, delete, update

from charter.briefings import service
from charter.briefings.models import BriefingNight, BriefingPage, BriefingReader, SpotCheck
from charter.core import clock, retention
from charter.core.db import db


def forget_nights() -> int:
    """Delete the nights that are over: they say who was on; how many. Needs the city's lock."""
    return service.forget_ended()


def forget_readers() -> int:
    """Delete who read the briefing of nights long ago; how many. Needs the city's lock."""
    over = BriefingReader.night < retention.BRIEFING_READ.oldest_day(clock.today())
    gone = delete(BriefingReader).where(over).returning(BriefingReader.id)
    return len(db.session.scalars(gone).all())


def forget_notes() -> int:
    """Empty the notes of spot checks that were done long ago; how many. Needs the city's lock."""
    return _empty_notes(SpotCheck.done_on < retention.CHECK_NOTE.oldest_day(clock.today()))


def _empty_notes(which: ColumnElement[bool]) -> int:
    emptied = update(SpotCheck).where(which, SpotCheck.note != "").values(note="")
    return len(db.session.scalars(emptied.returning(SpotCheck.id)).all())


def clear(venue_id: int) -> None:
    """Take away what the briefing of a venue that left says, and its notes. Needs its lock."""
    for model in (BriefingNight, BriefingPage, BriefingReader):
        db.session.execute(delete(model).where(model.venue_id == venue_id))
    _empty_notes(SpotCheck.venue_id == venue_id)
