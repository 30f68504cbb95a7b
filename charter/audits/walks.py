"""Walks as they are read: their places, what was answered so far, and what a person sends."""

import zlib
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import func, select

from charter.audits import loading
from charter.audits.models import Audit, AuditAnswer, AuditPhoto
from charter.audits.results import Answers, Room
from charter.audits.rules import CHECKS, Kind
from charter.audits.template import Template
from charter.core.db import db
from charter.core.files import Received, StoredFile
from charter.core.text import is_number
from charter.venues import places, zones

VENUE = "venue"
NOTE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Conditions:
    """How it was on the walk: whether guests were there, whether it was dark, how full, weather."""

    is_open: bool
    is_dark: bool
    fullness: str
    weather: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What stood at a question when a page was drawn: its version (0: nothing), value and note."""

    version: int = 0
    value: int | None = None
    note: int = 0

    def __str__(self) -> str:
        return f"{self.version}.{'' if self.value is None else self.value}.{self.note}"

    @classmethod
    def of(cls, row: AuditAnswer | None) -> "Seen":
        """What stands there now."""
        return cls(row.version, row.value, marked(row.note)) if row else cls()

    @classmethod
    def read(cls, typed: str) -> "Seen":
        """What a form brought back; anything else reads as nothing seen."""
        version, value, note = [*typed.split("."), "", "", ""][:3]
        number = value.removeprefix("-")
        return cls(
            int(version) if is_number(version) else 0,
            int(value) if is_number(number) else None,
            int(note) if is_number(note) else 0,
        )


def marked(note: str) -> int:
    """A short mark of a note, to tell whether it was changed; 0 for none."""
    return zlib.crc32(note.encode()) if note else 0


@dataclass(frozen=True, slots=True)
class Given:
    """What a person sends about one question: a value, a note, photos, and what they had seen."""

    question: str
    value: int | None
    note: str = ""
    seen: Seen = Seen()
    photo: Received | None = None

    @property
    def is_untouched(self) -> bool:
        """Whether it is as the page showed it."""
        return self.value == self.seen.value and marked(self.note) == self.seen.note


@dataclass
class Walk:
    """A walk with its template, its places, and what was answered so far."""

    audit: Audit
    template: Template
    rows: dict[tuple[str, str], AuditAnswer]
    photos: dict[tuple[str, str], list[AuditPhoto]] = field(default_factory=dict)

    @cached_property
    def rooms(self) -> list[Room]:
        """The places of which something is asked, in the order of the walk."""
        found = []
        for place, kind, name in self.audit.rooms:
            questions = self.template.asked([kind], quick=self.audit.is_quick)
            if questions:
                found.append(Room(place, name, questions))
        return found

    @property
    def answers(self) -> Answers:
        """Every answer by place and question."""
        return {key: row.value for key, row in self.rows.items()}

    @property
    def left_out(self) -> dict[str, str]:
        """Why nobody went into a place."""
        return dict(self.audit.left_out)

    @property
    def kind(self) -> Kind:
        """Whose walk it is."""
        return Kind(self.audit.kind)

    @property
    def is_running(self) -> bool:
        """Whether it can still be answered."""
        return self.audit.finished_at is None and self.audit.dropped_at is None

    def room(self, place: str) -> Room | None:
        """One of its places, or None."""
        return next((each for each in self.rooms if each.place == place), None)

    def missing(self, room: Room) -> int:
        """How many questions of a place wait for an answer; 0 where nobody could go in."""
        if room.place in self.left_out:
            return 0
        return len(room.questions) - room.answered(self.answers)

    def following(self, place: str | None = None) -> Room | None:
        """The next place with something to answer: after this one, else from the beginning."""
        order = [each.place for each in self.rooms]
        start = order.index(place) + 1 if place in order else 0
        turned = self.rooms[start:] + self.rooms[:start]
        return next((each for each in turned if self.missing(each)), None)


def through(venue_id: int) -> list[tuple[str, str, str]]:
    """The places of a walk through a venue today, in order: place, kind, name."""
    rooms = places.rooms(venue_id)
    found = []
    for kind in zones.kinds():
        if kind.choose:
            found += [
                (str(each.id), each.kind, each.name) for each in rooms if each.kind == kind.key
            ]
        else:
            found.append((kind.key, kind.key, kind.name))
    return found


def running(venue_id: int, kinds: Collection[Kind]) -> list[Audit]:
    """The walks that were begun and not finished, the newest first."""
    query = select(Audit).where(
        Audit.venue_id == venue_id,
        Audit.kind.in_(kinds),
        Audit.finished_at.is_(None),
        Audit.dropped_at.is_(None),
    )
    return list(db.session.scalars(query.order_by(Audit.id.desc())))


def finished(venue_id: int, kinds: Collection[Kind], *, limit: int = 50) -> list[Audit]:
    """The walks that were finished, the latest walk first."""
    query = select(Audit).where(
        Audit.venue_id == venue_id, Audit.kind.in_(kinds), Audit.finished_at.is_not(None)
    )
    order = (Audit.walked_at.desc(), Audit.id.desc())
    return list(db.session.scalars(query.order_by(*order).limit(limit)))


def walk(venue_id: int, audit_id: int, kinds: Collection[Kind]) -> Walk | None:
    """A walk of a venue with all its answers and photos, or None; four statements."""
    row = db.session.scalar(
        select(Audit).where(
            Audit.id == audit_id,
            Audit.venue_id == venue_id,
            Audit.kind.in_(kinds),
            Audit.dropped_at.is_(None),
        )
    )
    return None if row is None else with_answers(row)


def with_answers(row: Audit) -> Walk:
    """A walk with all its answers and photos; three statements."""
    answers = db.session.scalars(select(AuditAnswer).where(AuditAnswer.audit_id == row.id))
    found = Walk(
        row,
        loading.template(row.template, row.edition),
        {(each.place, each.question): each for each in answers},
    )
    query = (
        select(AuditPhoto)
        .join(StoredFile, StoredFile.id == AuditPhoto.file_id)
        .where(AuditPhoto.audit_id == row.id, StoredFile.erased_at.is_(None))
    )
    for photo in db.session.scalars(query.order_by(AuditPhoto.id)):
        found.photos.setdefault((photo.place, photo.question), []).append(photo)
    return found


def before(row: Audit, kinds: Collection[Kind] = ()) -> Audit | None:
    """The walk that was finished before this one was walked, or None: one of these kinds, or else
    of the same people's.
    """
    kinds = kinds or ([Kind.OWN] if row.kind == Kind.OWN else CHECKS)
    query = select(Audit).where(
        Audit.venue_id == row.venue_id,
        Audit.kind.in_(kinds),
        Audit.finished_at.is_not(None),
        (Audit.walked_at < row.walked_at)
        | ((Audit.walked_at == row.walked_at) & (Audit.id < row.id)),
    )
    return db.session.scalar(query.order_by(Audit.walked_at.desc(), Audit.id.desc()).limit(1))


def answers_of(row: Audit) -> Answers:
    """The answers of a walk by place and question; one statement."""
    query = select(AuditAnswer.place, AuditAnswer.question, AuditAnswer.value)
    found = db.session.execute(query.where(AuditAnswer.audit_id == row.id))
    return {(place, question): value for place, question, value in found}


def photo(venue_id: int, photo_id: int, kinds: Collection[Kind]) -> StoredFile | None:
    """The file of a photo, or None: of a walk of these kinds, or of one that is finished."""
    return db.session.scalar(
        select(StoredFile)
        .join(AuditPhoto, AuditPhoto.file_id == StoredFile.id)
        .join(Audit, Audit.id == AuditPhoto.audit_id)
        .where(
            AuditPhoto.id == photo_id,
            Audit.venue_id == venue_id,
            Audit.kind.in_(kinds) | Audit.finished_at.is_not(None),
            Audit.dropped_at.is_(None),
        )
    )


def answered(audit_ids: Collection[int]) -> dict[int, int]:
    """How many answers each walk has; one statement."""
    query = (
        select(AuditAnswer.audit_id, func.count())
        .where(AuditAnswer.audit_id.in_(audit_ids))
        .group_by(AuditAnswer.audit_id)
    )
    return {audit_id: count for audit_id, count in db.session.execute(query)}
