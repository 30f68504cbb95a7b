"""Proofs begun and not handed in yet: saved as somebody goes along, from any phone of the team.

A draft proves nothing and nobody reviews it. Each requirement of a venue has at most one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from charter.core import clock, files, trail
from charter.core.db import db
from charter.core.errors import Refused
from charter.core.files import Received, StoredFile
from charter.editions.terms import Edition, Kind, Requirement
from charter.proofs.models import DraftPhoto, ProofDraft
from charter.venues import places as venue_places
from charter.venues import zones

MOST_FILES = 6


@dataclass(frozen=True, slots=True)
class Place:
    """A place that a photo is asked of: its key and its name at this venue."""

    key: str
    name: str


def places(venue_id: int, edition: Edition, requirement: Requirement) -> tuple[Place, ...]:
    """The places a photo is asked of: the venue's own rooms of these kinds, else the edition's.

    A venue that has named its rooms is asked for those it has and for nothing else.
    """
    if requirement.proof_kind is not Kind.PHOTO_PER_PLACE:
        return ()
    own = []
    for room in venue_places.rooms(venue_id):
        kind = zones.kind(room.kind)
        if kind is not None and kind.counts in requirement.places:
            own.append(Place(f"zone-{room.id}", room.name))
    if own:
        return tuple(own)
    return tuple(
        Place(place, edition.places[place][:1].upper() + edition.places[place][1:])
        for place in requirement.places
    )


def draft(venue_id: int, key: str) -> ProofDraft | None:
    """What was saved for a requirement, with its files, or None."""
    return db.session.scalar(
        select(ProofDraft)
        .where(ProofDraft.venue_id == venue_id, ProofDraft.requirement_key == key)
        .options(selectinload(ProofDraft.photos).joinedload(DraftPhoto.file))
    )


def begun(venue_id: int) -> set[str]:
    """The keys of the requirements for which something is saved."""
    return set(
        db.session.scalars(
            select(ProofDraft.requirement_key).where(ProofDraft.venue_id == venue_id)
        )
    )


def saved_files(found: ProofDraft | None) -> dict[str, StoredFile]:
    """The files of a draft by the place they were saved for."""
    return {photo.place: photo.file for photo in found.photos} if found else {}


def file_ids(venue_id: int) -> Select[int]:
    """A query of the files that lie in this venue's drafts."""
    return (
        select(DraftPhoto.file_id)
        .join(ProofDraft, ProofDraft.id == DraftPhoto.draft_id)
        .where(ProofDraft.venue_id == venue_id)
    )


def save(
    venue_id: int,
    key: str,
    *,
    by: int,
    statement: str | None = None,
    link: str | None = None,
    happened_on: date | None = None,
    new_files: Sequence[Received] = (),
    photos: Mapping[str, Received] | None = None,
) -> ProofDraft:
    """Save a start: words and day as they are now, new files beside those saved before.

    A photo takes the place of the one saved for the same place. Refuses more files than a proof
    may have.
    """
    found = draft(venue_id, key)
    if found is None:
        found = ProofDraft(venue_id=venue_id, requirement_key=key)
        db.session.add(found)
    found.statement, found.link, found.happened_on = statement, link, happened_on
    found.saved_at, found.saved_by = clock.now(), by
    taken = {photo.place: photo for photo in found.photos}
    if len(taken) + len(new_files) > MOST_FILES and new_files:
        raise Refused(f"Choose {MOST_FILES} files at most", "files")
    first = max((int(place[5:]) for place in taken if place.startswith("file-")), default=0) + 1
    named = {f"file-{number}": each for number, each in enumerate(new_files, first)}
    for place, received in {**named, **(photos or {})}.items():
        stored = files.keep(received)
        if place in taken:
            taken[place].file = stored
        else:
            found.photos.append(DraftPhoto(place=place, file=stored))
    db.session.flush()
    trail.note("proof.saved", "draft", found.id, venue_id=venue_id, by=by, requirement=key)
    return found


def discard(venue_id: int, key: str, *, by: int) -> None:
    """Throw a draft away; one that is gone already is no fault."""
    found = draft(venue_id, key)
    if found is not None:
        trail.note("proof.discarded", "draft", found.id, venue_id=venue_id, by=by, requirement=key)
        db.session.delete(found)
        db.session.flush()
