"""What time takes away of safety walks: photos, and walks that nobody finished."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import delete, or_, select, update

from charter.audits.models import Action, Audit, AuditAnswer, AuditPhoto
from charter.audits.rules import State
from charter.core import clock, files, retention
from charter.core.db import db
from charter.core.files import StoredFile


def forget_unfinished() -> int:
    """Give up the walks that were begun long ago and not finished; how many.

    Needs the city's lock. Their answers are deleted, and their photos go with the next sweep.
    """
    day = retention.WALK_UNFINISHED.oldest_moment(clock.now(), clock.zone())
    left = (Audit.finished_at.is_(None)) & (Audit.begun_at < day) & (Audit.dropped_at.is_(None))
    ids = list(db.session.scalars(select(Audit.id).where(left)))
    photos = select(AuditPhoto.file_id).where(AuditPhoto.audit_id.in_(ids))
    files.erase(db.session.scalars(photos).all())
    db.session.execute(delete(AuditAnswer).where(AuditAnswer.audit_id.in_(ids)))
    db.session.execute(update(Audit).where(Audit.id.in_(ids)).values(dropped_at=clock.now()))
    return len(ids)


def over(today: date, *, venue_id: int | None = None) -> Mapping[int, Sequence[int]]:
    """Ids of files, by venue, of photos whose time is over.

    A walk's are kept so long after it was finished, and those of what is still to be mended until
    it is; a photo from after so long after that.
    """
    day = retention.WALK_PHOTO.oldest_day(today)
    moment = retention.WALK_PHOTO.oldest_moment(clock.now(), clock.zone())
    in_use = select(Action.before_photo_id).where(
        Action.before_photo_id.is_not(None),
        or_(Action.state == State.OPEN, Action.ended_on >= day),
    )
    walked = (
        select(Audit.venue_id, StoredFile.id)
        .join(AuditPhoto, AuditPhoto.audit_id == Audit.id)
        .join(StoredFile, StoredFile.id == AuditPhoto.file_id)
        .where(
            StoredFile.erased_at.is_(None),
            Audit.finished_at < moment,
            AuditPhoto.id.not_in(in_use),
        )
    )
    after = (
        select(Action.venue_id, StoredFile.id)
        .join(StoredFile, StoredFile.id == Action.after_file_id)
        .where(StoredFile.erased_at.is_(None), Action.ended_on < day)
    )
    found: dict[int, list[int]] = defaultdict(list)
    for query, of in ((walked, Audit.venue_id), (after, Action.venue_id)):
        if venue_id is not None:
            query = query.where(of == venue_id)
        for venue, file_id in db.session.execute(query.order_by(StoredFile.id)):
            found[venue].append(file_id)
    return found


def clear(venue_id: int) -> int:
    """Take the words and photos of a venue that left away; how many files. Needs its lock.

    That it walked, when, and what was answered stays, as a certificate may have rested on it.
    """
    walks = select(Audit.id).where(Audit.venue_id == venue_id)
    photos = select(AuditPhoto.file_id).where(AuditPhoto.audit_id.in_(walks))
    after = select(Action.after_file_id).where(
        Action.venue_id == venue_id, Action.after_file_id.is_not(None)
    )
    ids = [each for query in (photos, after) for each in db.session.scalars(query) if each]
    db.session.execute(update(Audit).where(Audit.venue_id == venue_id).values(note=""))
    answers = update(AuditAnswer).where(AuditAnswer.audit_id.in_(walks))
    db.session.execute(answers.values(note=""), execution_options={"synchronize_session": False})
    mended = update(Action).where(Action.venue_id == venue_id)
    db.session.execute(mended.values(wrong="", fix="", ending="", owner_id=None))
    return files.erase(ids)
