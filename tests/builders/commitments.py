"""Venues that signed, the people around them, and proofs handed in as a champion would.

All want an application context, take the locks they need and commit by themselves; they give ids.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from sqlalchemy import insert
from werkzeug.datastructures import FileStorage

from charter import config
from charter.certificates import signing
from charter.core import clock, files
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock, touch
from charter.editions import service as editions
from charter.editions.models import EditionRow
from charter.editions.terms import Kind
from charter.proofs import service
from charter.proofs.models import Evidence
from charter.proofs.service import Content
from charter.proofs.states import ProofState
from charter.venues.models import VenueState
from tests.builders.accounts import make_member
from tests.builders.pictures import make_picture
from tests.builders.venues import make_venue

EDITION = "bristol-2024"
SEEDS = config.ROOT / "seeds" / "charter"
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Scene:
    """A venue that works towards its certificate, its champion, and an officer."""

    venue: int
    champion: int
    officer: int


def load_charter() -> str:
    """The charter's own seed, loaded once, with a key that signs; the key of its edition."""
    db.session.rollback()
    if db.session.get(EditionRow, EDITION) is None:
        db.session.rollback()
        lock(CITY)
        editions.load_seeds(SEEDS)
        signing.ensure()
        commit()
    db.session.rollback()
    return EDITION


def make_scene(**overrides: Any) -> Scene:
    """A venue that signed a hundred days ago and has shown nothing, with its people."""
    key = load_charter()
    signed = {
        "state": VenueState.WORKING,
        "edition_key": key,
        "signed_on": clock.today() - timedelta(days=100),
    }
    venue = make_venue(**signed | overrides).id
    since = clock.today() - timedelta(days=400)
    champion = make_member(Role.CHAMPION, venue=venue, starts_on=since).id
    officer = make_member(Role.OFFICER).id
    db.session.rollback()
    return Scene(venue, champion, officer)


def under_lock(venue: int, verb: Callable[[], Result]) -> Result:
    """Do something to a venue as a request would: lock, verb, commit."""
    db.session.rollback()
    lock(CITY, venue)
    result = verb()
    commit()
    return result


def received(name: str = "poster.jpg") -> files.Received:
    """A photo that came through the one door."""
    return files.receive(FileStorage(io.BytesIO(make_picture()), filename=name))


def content_for(venue: int, key: str, happened_on: date | None = None) -> Content:
    """What proves a requirement, whatever its kind."""
    asked = service.asked(venue, key)
    assert asked is not None
    day = happened_on or clock.today()
    kind = asked.requirement.proof_kind
    return Content(
        happened_on=day,
        statement="We did it with the whole team on Monday." if kind is Kind.STATEMENT else None,
        link="https://lantern.example/safety" if kind is Kind.LINK else None,
        signed_name="Sam Field" if kind is Kind.SIGNED_BY else None,
        confirmed=True,
        files=[received()] if kind is Kind.FILE else (),
        photos={place.key: received() for place in asked.places},
    )


def hand_in(
    venue: int, key: str, *, by: int, happened_on: date | None = None, **more: Any
) -> Evidence:
    """A proof handed in by a person, as valid as can be."""
    db.session.rollback()
    content = content_for(venue, key, happened_on)
    return under_lock(venue, lambda: service.show(venue, key, content, by=by, **more))


def make_proof(venue: int, key: str, *, by: int, **overrides: Any) -> int:
    """A proof as a bare row: accepted, of today, with the life its requirement gives; its id."""
    db.session.rollback()
    asked = service.asked(venue, key)
    assert asked is not None
    known = service.newest(venue, key)
    day = overrides.get("happened_on", clock.today())
    values = {
        "venue_id": venue,
        "requirement_key": key,
        "edition_key": asked.edition.key,
        "version": known.version + 1 if known else 1,
        "kind": asked.requirement.proof_kind,
        "state": ProofState.ACCEPTED,
        "happened_on": day,
        "valid_from": day,
        "valid_to": asked.requirement.lasts.until(day),
        "uploaded_by": by,
    } | overrides
    row = Evidence(**values)
    db.session.add(row)
    db.session.commit()
    return row.id


def prove_all(scene: Scene) -> None:
    """An accepted proof of every requirement that is needed, and standing to match."""
    edition = editions.edition(EDITION)
    day = clock.today()
    rows = [
        {
            "venue_id": scene.venue,
            "requirement_key": each.key,
            "edition_key": EDITION,
            "version": 1,
            "kind": each.proof_kind,
            "state": ProofState.ACCEPTED,
            "happened_on": day,
            "valid_from": day,
            "valid_to": each.lasts.until(day),
            "uploaded_by": scene.champion,
        }
        for each in edition.requirements
        if each.essential
    ]
    db.session.rollback()
    lock(CITY, scene.venue)
    db.session.execute(insert(Evidence), rows)
    restate(scene.venue)


def restate(venue: int) -> None:
    """Take a venue's standing anew, as a commit that touched it does, and commit."""
    if not db.session().in_transaction():
        lock(CITY, venue)
    touch(venue)
    commit()
