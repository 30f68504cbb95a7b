"""Certificates as rows, and venues ready for one: for tests that do not walk the whole way.

All want an application context, take the locks they need and commit by themselves.
"""

import hashlib
from datetime import date, timedelta
from itertools import count
from typing import Any

from charter import config
from charter.accounts.models import User
from charter.certificates import rules, service
from charter.certificates.models import Certificate
from charter.commitments import editions, signatures
from charter.commitments.models import EditionRow, VenueStanding
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.venues.models import Kind, Venue, VenueState
from charter.venues.service import Identity, add
from tests.builders.accounts import make_member

_numbers = count(1)
SEEDS = config.ROOT / "seeds" / "charter"


def load_edition() -> str:
    """Load the charter's own seed once, and give the key of the edition in force."""
    db.session.rollback()
    if db.session.get(EditionRow, config.current().city.edition) is None:
        db.session.rollback()
        lock(CITY)
        editions.load_seeds(SEEDS)
        commit()
    key = editions.current().key
    db.session.rollback()
    return key


def make_signed_venue(name: str = "The Lantern", **overrides: Any) -> int:
    """A venue that signed today and has shown nothing yet; its id."""
    key = load_edition()
    officer = db.session.get_one(User, make_member(Role.OFFICER).id)
    db.session.rollback()
    lock(CITY)
    number = next(_numbers)
    identity = Identity(name, f"{number} Quay Street", "Testbury", "AA3 1AB", Kind.PUB)
    venue = add(identity, by=None)
    signatures.sign(
        venue.id, key, clock.today(), name="Pat Signer", role="owner",
        by=db.session.get_one(User, officer.id),
    )  # fmt: skip
    for column, value in overrides.items():
        setattr(venue, column, value)
    commit()
    return venue.id


def make_ready_venue(name: str = "The Lantern", *, days: int | None = 300, **overrides: Any) -> int:
    """A venue with an accepted proof of every essential; they hold for so many days; its id.

    `days=None`: nothing ends them.
    """
    venue_id = make_signed_venue(name, **overrides)
    prove_everything(venue_id, days=days)
    return venue_id


def prove_everything(venue_id: int, *, days: int | None = 300) -> None:
    """Accept a proof of every essential of a venue's edition, all of the same length."""
    champion = make_member(Role.CHAMPION, venue=venue_id)
    officer_id = make_member(Role.OFFICER).id
    db.session.rollback()
    lock(venue_id)
    venue = db.session.get_one(Venue, venue_id)
    officer = db.session.get_one(User, officer_id)
    edition = editions.edition(venue.edition_key or "")
    for requirement in edition.requirements:
        if not requirement.essential:
            continue
        proof = signatures.vouch(
            venue_id, edition.key, requirement, clock.today(), by=officer, statement="Seen by us."
        )
        proof.valid_to = None if days is None else clock.today() + timedelta(days=days)
        proof.signed_user_id = champion.id if "champion-left" in requirement.voids else None
    commit()


def make_issued(venue_id: int) -> str:
    """Have a ready venue's certificate proposed and issued by two people; its code."""
    officer, admin = make_member(Role.OFFICER).id, make_member(Role.OFFICE_ADMIN).id
    db.session.rollback()
    lock(CITY, venue_id)
    proposal = service.propose(venue_id, by=officer, web_session=None)
    certificate = service.issue(venue_id, proposal.id, by=admin, web_session=None)
    commit()
    return certificate.code


def make_certificate(venue_id: int, **overrides: Any) -> Certificate:
    """A certificate's row with bytes that are no real PDF, issued today for a year."""
    number = next(_numbers)
    code = rules.new_code(number.to_bytes(rules.CODE_BYTES))
    people = make_member(Role.OFFICE_ADMIN).id
    pdf = f"%PDF-1.7 number {number}".encode()
    values: dict[str, Any] = {
        "serial": rules.serial(clock.today().year, number),
        "code": code,
        "venue_id": venue_id,
        "edition_key": config.current().city.edition,
        "facts": {
            "venue_name": "The Lantern", "street": "1 Quay Street", "town": "Testbury",
            "postcode": "AA3 1AB", "charter": "Women's Night Safety Charter",
            "edition": "First edition", "commitments": [["1", "One person here leads"]],
        },
        "pdf": pdf,
        "sha256": hashlib.sha256(pdf).digest(),
        "proposed_by": people,
        "issued_by": people,
        "valid_from": clock.today(),
        "valid_until": clock.today() + timedelta(days=365),
    }  # fmt: skip
    row = Certificate(**values | overrides)
    db.session.add(row)
    db.session.commit()
    return row


def standing(venue_id: int, **values: Any) -> VenueStanding:
    """Overwrite what is stored of where a venue stands, to see how a reader judges it."""
    row = db.session.get_one(VenueStanding, venue_id)
    for name, value in values.items():
        setattr(row, name, value)
    db.session.commit()
    return row


def noon(day: date) -> Any:
    """An instant at midday of a day, for `clock.moved_to`."""
    return clock.now().replace(
        year=day.year, month=day.month, day=day.day, hour=12, minute=0, second=0, microsecond=0
    )


WORKING = VenueState.WORKING
