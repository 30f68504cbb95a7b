"""What a venue does with proofs: begin one, hand one in, take one back; and what is asked of it.

Verbs need the venue's lock, note the trail and touch the venue; none commits. What the office does
with proofs is in `decisions`, what both say to each other in `threads`, what does not apply and
quiet weeks in `exceptions`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select

from charter import config
from charter.accounts import service as accounts
from charter.core import clock, files, trail
from charter.core.db import Counts, db, touch
from charter.core.errors import Refused
from charter.core.files import Received, StoredFile
from charter.core.text import in_words
from charter.editions import service as editions
from charter.editions.terms import Edition, Kind, Requirement
from charter.proofs import drafts, endings, reviewing
from charter.proofs.models import Evidence, EvidenceFile
from charter.proofs.reviewing import Because, Before
from charter.proofs.states import ProofState
from charter.venues import service as venues
from charter.venues.models import Venue, VenueState

MOST_FILES = 6
SHORTEST_STATEMENT = 10
LONGEST_LINK = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """A requirement of the edition that a venue signed, and the places a photo is asked of."""

    venue: Venue
    edition: Edition
    requirement: Requirement
    places: tuple[drafts.Place, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """What a person hands in, as they typed it; which parts are needed depends on the kind.

    `files` are new ones, by place for photos of places; those of the draft are added to them.
    """

    happened_on: date | None = None
    statement: str | None = None
    link: str | None = None
    signed_name: str | None = None
    confirmed: bool = False
    files: Sequence[Received] = ()
    photos: Mapping[str, Received] | None = None


def asked(venue_id: int, key: str) -> Asked | None:
    """What a requirement asks of this venue, or None if its edition has no such key."""
    venue = venues.venue(venue_id)
    if venue is None or venue.edition_key is None:
        return None
    edition = editions.edition(venue.edition_key)
    requirement = edition.requirement(key)
    if requirement is None:
        return None
    return Asked(venue, edition, requirement, drafts.places(venue_id, edition, requirement))


def must_ask(venue_id: int, key: str) -> Asked:
    """As `asked`, for verbs: refuses an unknown key and a venue that is not part of the charter."""
    found = asked(venue_id, key)
    if found is None:
        raise Refused("The charter you signed does not ask for this.")
    if found.venue.state != VenueState.WORKING:
        raise Refused("This venue is not part of the charter now.")
    return found


def show(
    venue_id: int, key: str, content: Content, *, by: int, once: str | None = None
) -> Evidence:
    """Hand a proof in, with what its draft holds; the draft is gone afterwards.

    It waits for the office, or is accepted by rule (see `reviewing`). The same `once` again gives
    the same proof and changes nothing. Refuses what is missing, a day to come, a day so long ago
    that the proof has ended, and a second proof while one waits.
    """
    if once and (known := db.session.scalar(select(Evidence).where(Evidence.once == once))):
        if (known.venue_id, known.requirement_key) == (venue_id, key):
            return known
        once = None
    it = must_ask(venue_id, key)
    before = newest(venue_id, key)
    if before is not None and before.state == ProofState.WAITING:
        raise Refused(
            "The office has your last proof and has not looked at it yet. "
            "Take that one back first if you want to hand in another."
        )
    draft = drafts.draft(venue_id, key)
    saved = drafts.saved_files(draft)
    happened_on = _day(it.requirement, content)
    values = _CONTENT[it.requirement.proof_kind](it, content, saved)
    evidence = Evidence(
        venue_id=venue_id,
        requirement_key=key,
        edition_key=it.edition.key,
        version=before.version + 1 if before else 1,
        kind=it.requirement.proof_kind,
        happened_on=happened_on,
        valid_from=happened_on,
        valid_to=it.requirement.lasts.until(happened_on),
        uploaded_at=clock.now(),
        uploaded_by=by,
        once=once or None,
        **values,
    )
    _sign(evidence, it.requirement, by)
    _attach(evidence, it, content, saved)
    db.session.add(evidence)
    db.session.flush()
    if draft is not None:
        db.session.delete(draft)
    trail.note(
        "evidence.shown",
        "evidence",
        evidence.id,
        venue_id=venue_id,
        by=by,
        requirement=key,
        version=evidence.version,
    )
    _send_on(evidence, _before(venue_id, it.requirement, before))
    touch(venue_id, counts=Counts.NONE)
    return evidence


def newest(venue_id: int, key: str) -> Evidence | None:
    """The newest proof of a requirement, whatever became of it."""
    return db.session.scalar(
        select(Evidence)
        .where(Evidence.venue_id == venue_id, Evidence.requirement_key == key)
        .order_by(Evidence.version.desc())
        .limit(1)
    )


def _day(requirement: Requirement, content: Content) -> date:
    """The day it happened; what is done on the spot happens today."""
    today = clock.today()
    day = content.happened_on
    if requirement.proof_kind in (Kind.SIGNED_BY, Kind.LINK):
        day = day or today
    if day is None:
        raise Refused("Enter the date it happened, like 20 11 2026", "happened_on")
    if day > today:
        raise Refused("That day is still to come. Enter a date up to today", "happened_on")
    if requirement.lasts.until(day) < today:
        raise Refused(
            f"A proof of this lasts {requirement.lasts.label}, so one from {in_words(day)} has "
            "already ended. Show a newer one",
            "happened_on",
        )
    return day


def _statement(it: Asked, content: Content, saved: Mapping[str, StoredFile]) -> dict[str, Any]:
    words = (content.statement or "").strip()
    if len(words) < SHORTEST_STATEMENT:
        raise Refused("Write what you did, in a sentence or two", "statement")
    return {"statement": words}


def _files(it: Asked, content: Content, saved: Mapping[str, StoredFile]) -> dict[str, Any]:
    count = len(content.files) + len(saved)
    if not count:
        raise Refused("Choose a photo or a PDF", "files")
    if count > MOST_FILES:
        raise Refused(f"Choose {MOST_FILES} files at most", "files")
    return {"statement": content.statement or None}


def _photos(it: Asked, content: Content, saved: Mapping[str, StoredFile]) -> dict[str, Any]:
    there = {*(content.photos or {}), *saved}
    missing = [place.name for place in it.places if place.key not in there]
    if missing:
        raise Refused(f"A photo is still missing of: {', '.join(missing)}")
    return {"statement": content.statement or None}


def _link(it: Asked, content: Content, saved: Mapping[str, StoredFile]) -> dict[str, Any]:
    link = (content.link or "").strip()
    try:
        parts = urlsplit(link)
        _ = parts.port
    except ValueError:  # half a bracket, letters that are taken for others, a port of no number
        parts = urlsplit("")
    if parts.scheme != "https" or "." not in (parts.hostname or ""):
        raise Refused("Enter the whole address of the page, starting with https://", "link")
    if parts.username or parts.password or len(link) > LONGEST_LINK or " " in link:
        raise Refused(
            "Enter the address as your browser shows it, without a name or password in it", "link"
        )
    return {"link": link}


def _signature(it: Asked, content: Content, saved: Mapping[str, StoredFile]) -> dict[str, Any]:
    name = (content.signed_name or "").strip()
    if not name:
        raise Refused("Enter the name of the person who signs", "signed_name")
    if not content.confirmed:
        raise Refused("Tick the box: the person named has to agree themselves", "confirmed")
    return {"signed_name": name}


_CONTENT: Mapping[Kind, Callable[[Asked, Content, Mapping[str, StoredFile]], dict[str, Any]]] = {
    Kind.STATEMENT: _statement,
    Kind.FILE: _files,
    Kind.PHOTO_PER_PLACE: _photos,
    Kind.LINK: _link,
    Kind.SIGNED_BY: _signature,
}


def _sign(evidence: Evidence, requirement: Requirement, by: int) -> None:
    """Tie a champion's or stand-in's signature to their account, so that it ends when they leave.

    A champion signs for themselves; a stand-in or owner may have no account.
    """
    if requirement.proof_kind is not Kind.SIGNED_BY or requirement.signer == "owner":
        return
    members = accounts.champions([evidence.venue_id])[evidence.venue_id]
    if requirement.signer == "champion":
        if not any(each.user_id == by and not each.is_stand_in for each in members):
            raise Refused("Only the champion can sign this, from their own account.", "confirmed")
        evidence.signed_user_id = by
        return
    name = (evidence.signed_name or "").casefold()
    stand_ins = [each for each in members if each.is_stand_in]
    evidence.signed_user_id = next(
        (m.user_id for m in stand_ins if m.user_id == by or m.user.name.casefold() == name), None
    )


def _attach(
    evidence: Evidence, it: Asked, content: Content, saved: Mapping[str, StoredFile]
) -> None:
    """Add the files of the draft and the new ones, for photos each with its place."""
    kind = it.requirement.proof_kind
    if kind is Kind.FILE:
        kept = [*saved.values(), *(files.keep(each) for each in content.files)]
        evidence.files = [EvidenceFile(file_id=each.id) for each in kept]
    elif kind is Kind.PHOTO_PER_PLACE:
        new = {place: files.keep(each) for place, each in (content.photos or {}).items()}
        there = {**saved, **new}
        evidence.files = [
            EvidenceFile(file_id=there[place.key].id, place=place.key, place_name=place.name)
            for place in it.places
        ]


def _before(venue_id: int, requirement: Requirement, newest_one: Evidence | None) -> Before | None:
    """The proof before this one as the review rules see it; leaving people may have ended it."""
    if newest_one is None:
        return None
    venue = db.session.get_one(Venue, venue_id)
    ended = endings.ended(newest_one, requirement, venue)
    is_over = ended is not None and ended <= clock.today()
    return Before(newest_one.state, newest_one.kind, is_over)


def _send_on(evidence: Evidence, before: Before | None) -> None:
    """Let it wait for a person, or accept it by rule."""
    settings = config.current()
    because = reviewing.because(before, evidence.kind)
    if because is None and reviewing.is_drawn(
        settings.secrets.sample_seed, evidence.id, settings.city.review_share
    ):
        because, evidence.sampled = Because.SAMPLE, True
    evidence.waits_because = because
    if because is None:
        evidence.state, evidence.by_rule = ProofState.ACCEPTED, True
        evidence.decided_at = clock.now()
        trail.note(
            "evidence.accepted-by-rule",
            "evidence",
            evidence.id,
            venue_id=evidence.venue_id,
            requirement=evidence.requirement_key,
        )
    db.session.flush()


def proof(venue_id: int, evidence_id: int) -> Evidence | None:
    """One proof of this venue, or None."""
    return db.session.scalar(
        select(Evidence).where(Evidence.venue_id == venue_id, Evidence.id == evidence_id)
    )


def must_find(venue_id: int, evidence_id: int) -> Evidence:
    """One proof of this venue; refuses an unknown one."""
    found = proof(venue_id, evidence_id)
    if found is None:
        raise Refused("There is no such proof.")
    return found


def withdraw(venue_id: int, evidence_id: int, *, by: int) -> Evidence:
    """Take a proof back that the office has not decided about. Refuses any other."""
    evidence = must_find(venue_id, evidence_id)
    if evidence.state != ProofState.WAITING:
        raise Refused("The office has decided about this proof, so it cannot be taken back.")
    evidence.state = ProofState.WITHDRAWN
    _note("evidence.withdrawn", evidence, by)
    return evidence


def end_early(venue_id: int, key: str, because: str, *, by: int) -> Evidence:
    """Say that something the proof rests on has changed, so that it has to be shown again.

    `because` is one of the requirement's `voids`. What nobody can see from here (a new policy, a
    serious incident) is told this way. Refuses when no proof counts.
    """
    it = must_ask(venue_id, key)
    if because not in it.requirement.voids:
        raise Refused("That does not end this proof.")
    evidence = db.session.scalar(
        select(Evidence)
        .where(
            Evidence.venue_id == venue_id,
            Evidence.requirement_key == key,
            Evidence.state == ProofState.ACCEPTED,
            Evidence.ended_on.is_(None),
        )
        .order_by(Evidence.version.desc())
        .limit(1)
    )
    if evidence is None:
        raise Refused("There is no accepted proof that this could end.")
    evidence.ended_on = max(clock.today() - timedelta(days=1), evidence.valid_from)
    evidence.ended_because = because
    _note("evidence.ended", evidence, by, because=because)
    return evidence


def file(venue_id: int, file_id: int) -> StoredFile | None:
    """A file of one of this venue's proofs or of its drafts, or None."""
    of_proof = (
        select(EvidenceFile.file_id)
        .join(Evidence, Evidence.id == EvidenceFile.evidence_id)
        .where(Evidence.venue_id == venue_id)
    )
    return db.session.scalar(
        select(StoredFile).where(
            StoredFile.id == file_id,
            StoredFile.id.in_(of_proof) | StoredFile.id.in_(drafts.file_ids(venue_id)),
        )
    )


def proof_count(venue_id: int) -> int:
    """How many proofs a venue ever handed in."""
    query = select(func.count()).select_from(Evidence).where(Evidence.venue_id == venue_id)
    return db.session.scalar(query) or 0


def _note(verb: str, evidence: Evidence, by: int, **detail: str) -> None:
    trail.note(
        verb,
        "evidence",
        evidence.id,
        venue_id=evidence.venue_id,
        by=by,
        requirement=evidence.requirement_key,
        **detail,
    )
    touch(evidence.venue_id, counts=Counts.NONE)
