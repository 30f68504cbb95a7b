"""What time takes away from training: proofs of other people's courses, and words about people.

The rows of training stay, with nobody's name in them: what was counted on a past day can be
counted again.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import exists, select, update

from charter.core import clock, files, retention
from charter.core.db import db
from charter.core.files import StoredFile
from charter.training.models import OutsideTraining, TrainingRecord
from charter.training.outside import State


def over(today: date, *, venue_id: int | None = None) -> Mapping[int, Sequence[int]]:
    """Ids of files, by venue, of hand-ins of which nothing has counted for long.

    One that waits keeps its file; so does one of which a row counts, or counted until lately.
    """
    span = retention.OUTSIDE_PROOF
    counts = exists().where(
        TrainingRecord.outside_id == OutsideTraining.id,
        TrainingRecord.lasts_until >= span.oldest_day(today),
    )
    query = (
        select(OutsideTraining.venue_id, OutsideTraining.file_id)
        .join(StoredFile, StoredFile.id == OutsideTraining.file_id)
        .where(
            StoredFile.erased_at.is_(None),
            OutsideTraining.state != State.WAITING,
            OutsideTraining.decided_at < span.oldest_moment(clock.now(), clock.zone()),
            ~counts,
        )
        .order_by(OutsideTraining.id)
    )
    if venue_id is not None:
        query = query.where(OutsideTraining.venue_id == venue_id)
    found: dict[int, list[int]] = {}
    for row in db.session.execute(query):
        found.setdefault(row.venue_id, []).append(row.file_id)
    return found


def forget_words(venue_id: int, member_ids: Collection[int] | None = None) -> None:
    """Take away why rows of these people of a venue, or of all, were taken back. Needs its lock."""
    has_words = TrainingRecord.withdrawn_because != ""
    query = update(TrainingRecord).where(TrainingRecord.venue_id == venue_id, has_words)
    if member_ids is not None:
        query = query.where(TrainingRecord.member_id.in_(member_ids))
    db.session.execute(query.values(withdrawn_because=""))


def clear(venue_id: int) -> int:
    """Take the files and words off everything a venue handed in; how many files.

    Needs the venue's lock.
    """
    theirs = OutsideTraining.venue_id == venue_id
    count = files.erase(db.session.scalars(select(OutsideTraining.file_id).where(theirs)).all())
    db.session.execute(update(OutsideTraining).where(theirs).values(words=""))
    forget_words(venue_id)
    return count
