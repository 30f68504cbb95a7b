"""What time takes away of night walks: what walkers wrote, and photos."""

from sqlalchemy import or_, select, update

from charter.core import clock, files, retention
from charter.core.db import db
from charter.nightwalks.models import NightWalk, StopNote, StreetFault, WalkStop


def forget() -> int:
    """Take the words and photos of walks of long ago away; of how many notes and answers.

    Needs the city's lock. What was rated stays, so that walks can be compared for ever.
    """
    day = retention.WALK_PHOTO.oldest_moment(clock.now(), clock.zone())
    over = select(NightWalk.id).where(NightWalk.meets_at < day)
    stops = select(WalkStop.id).where(WalkStop.walk_id.in_(over))
    notes = db.session.scalars(
        select(StopNote).where(
            StopNote.stop_id.in_(stops), or_(StopNote.words != "", StopNote.file_id.is_not(None))
        )
    ).all()
    files.erase([each.file_id for each in notes if each.file_id])
    for each in notes:
        each.words, each.file_id = "", None
    answers = db.session.scalars(
        select(StreetFault.file_id).where(
            StreetFault.walk_id.in_(over), StreetFault.file_id.is_not(None)
        )
    ).all()
    files.erase([each for each in answers if each])
    with_photo = StreetFault.walk_id.in_(over) & StreetFault.file_id.is_not(None)
    db.session.execute(update(StreetFault).where(with_photo).values(file_id=None))
    return len(notes) + len(answers)
