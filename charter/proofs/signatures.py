"""What it means that a venue has signed: its state, the signature, and the proof that it is.

Whoever records it (an officer who approves a sign-up, or who brings in the city's list of those
that signed before) vouches for it with their name.
"""

from datetime import date

from sqlalchemy import func, select

from charter.accounts.models import User
from charter.core import clock, trail
from charter.core.db import db, touch
from charter.editions import service as editions
from charter.editions.terms import Requirement
from charter.proofs.models import Evidence, Signature
from charter.proofs.states import ProofState
from charter.venues import service as venues


def sign(
    venue_id: int,
    edition_key: str,
    signed_on: date,
    *,
    name: str,
    role: str,
    by: User,
    sign_up_id: int | None = None,
) -> None:
    """Record that a venue signed an edition on a day, and `by` vouches for it.

    The venue works towards its certificate from now on, and what the edition asks the owner to
    sign is proven by this signature. Needs the venue's lock. Refuses a venue that has signed.
    """
    venues.begin(venue_id, edition_key, signed_on, by=by.id)
    db.session.add(
        Signature(
            venue_id=venue_id,
            edition_key=edition_key,
            name=name,
            signer_role=role,
            sign_up_id=sign_up_id,
            signed_on=signed_on,
        )
    )
    for requirement in editions.edition(edition_key).requirements:
        if requirement.signer == "owner":
            vouch(venue_id, edition_key, requirement, signed_on, by=by, signed_name=name)


def vouch(
    venue_id: int,
    edition_key: str,
    requirement: Requirement,
    happened_on: date,
    *,
    by: User,
    signed_name: str | None = None,
    statement: str | None = None,
) -> Evidence:
    """An accepted proof that the office itself vouches for, dated the day it happened.

    Needs the venue's lock. It lapses like any other proof of its requirement.
    """
    last = db.session.scalar(
        select(func.max(Evidence.version)).where(
            Evidence.venue_id == venue_id, Evidence.requirement_key == requirement.key
        )
    )
    proof = Evidence(
        venue_id=venue_id,
        requirement_key=requirement.key,
        edition_key=edition_key,
        version=(last or 0) + 1,
        kind=requirement.proof_kind,
        state=ProofState.ACCEPTED,
        statement=statement,
        signed_name=signed_name,
        happened_on=happened_on,
        valid_from=happened_on,
        valid_to=requirement.lasts.until(happened_on),
        uploaded_by=by.id,
        decided_by=by.id,
        decided_at=clock.now(),
    )
    db.session.add(proof)
    db.session.flush()
    trail.note(
        "evidence.vouched",
        "evidence",
        proof.id,
        venue_id=venue_id,
        by=by.id,
        requirement=requirement.key,
    )
    touch(venue_id)
    return proof
