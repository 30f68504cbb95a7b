"""What a venue's copy of everything holds of its safety walks and of what it had to mend."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select

from charter.audits import walks as walking
from charter.audits.models import Action, Audit, AuditPhoto
from charter.audits.pages import facts
from charter.core.db import db
from charter.core.files import StoredFile
from charter.office.holdings import Holdings, day, moment


def photos(venue_id: int) -> Iterator[StoredFile]:
    """Every photo of a finished walk, and every one from after."""
    walked = (
        select(StoredFile)
        .join(AuditPhoto, AuditPhoto.file_id == StoredFile.id)
        .join(Audit, Audit.id == AuditPhoto.audit_id)
        .where(Audit.venue_id == venue_id, Audit.finished_at.is_not(None))
    )
    after = (
        select(StoredFile)
        .join(Action, Action.after_file_id == StoredFile.id)
        .where(Action.venue_id == venue_id)
    )
    for query in (walked, after):
        yield from db.session.scalars(query.order_by(StoredFile.id)).all()


def walks(held: Holdings, stored: Mapping[int, str]) -> Iterator[dict[str, object]]:
    """Every finished walk with its answers; `stored` are names of photos in the copy by file."""
    ids = db.session.scalars(
        select(Audit.id)
        .where(Audit.venue_id == held.venue.id, Audit.finished_at.is_not(None))
        .order_by(Audit.id)
    ).all()
    for audit_id in ids:
        walk = walking.with_answers(db.session.get_one(Audit, audit_id))
        yield {
            "walk": audit_id,
            "questions": f"{walk.audit.template}, edition {walk.audit.edition}",
            **dict(facts(walk)),
            "begun": moment(walk.audit.begun_at),
            "finished": moment(walk.audit.finished_at),
            "finished by": held.name(walk.audit.finished_by),
            "left out": {
                room.name: walk.left_out[room.place]
                for room in walk.rooms
                if room.place in walk.left_out
            },
            "answers": list(_answers(walk, stored)),
        }


def _answers(walk: walking.Walk, stored: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    for room in walk.rooms:
        for question in room.questions:
            row = walk.rows.get((room.place, question.key))
            if row is not None:
                shots = walk.photos.get((room.place, question.key), ())
                yield {
                    "place": room.name, "question": question.words,
                    "answer": question.said(row.value), "note": row.note,
                    "photos": [stored.get(each.file_id) for each in shots],
                }  # fmt: skip


def to_mend(held: Holdings, stored: Mapping[int, str]) -> Iterator[dict[str, object]]:
    """Everything that was to be mended, and what became of it."""
    rows = db.session.scalars(
        select(Action).where(Action.venue_id == held.venue.id).order_by(Action.number)
    )
    for row in rows.all():
        yield {
            "number": row.number, "place": row.room, "question": row.asked,
            "answer": row.answered, "wrong": row.wrong, "fix": row.fix,
            "who": held.name(row.owner_id), "found": day(row.opened_on), "due": day(row.due_on),
            "put off": row.moved, "cost": row.cost, "state": row.state,
            "ended": day(row.ended_on), "ended by": held.name(row.ended_by),
            "words": row.ending,
            "photo after": stored.get(row.after_file_id) if row.after_file_id else None,
        }  # fmt: skip
