"""One venue as the office sees it: what waits first, then where it stands and all that happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, literal, null, select, union_all

from charter.accounts import invitations
from charter.accounts import service as accounts
from charter.accounts.models import Invitation, Membership
from charter.certificates import register
from charter.certificates import service as certificates
from charter.certificates.service import Case
from charter.commitments import counting
from charter.commitments.models import CommitmentStanding, VenueStanding
from charter.commitments.standing import of_venues, state_today
from charter.core import clock, trail
from charter.core.db import Counts, db
from charter.editions import service as editions
from charter.editions.terms import Counted, Edition
from charter.office import words
from charter.proofs.models import Evidence, NotApplicable, Signature, ThreadMessage
from charter.proofs.reviewing import Because
from charter.proofs.states import ProofState
from charter.signup import service as signing
from charter.signup.models import SignUp
from charter.venues import places
from charter.venues import service as venues
from charter.venues.models import Closure, Kind, Venue

HISTORY = 50


@dataclass(frozen=True, slots=True)
class Waits:
    """One thing of the venue that waits for the office; `why` says why a person looks at it."""

    what: str
    id: int
    at: datetime
    key: str
    task: str
    why: str


@dataclass(frozen=True, slots=True)
class Stands:
    """A commitment as it reads today, with the last day it holds or held."""

    key: str
    number: int
    name: str
    state: str
    met: int
    total: int
    until: date | None
    lapses: str


@dataclass(frozen=True, slots=True)
class Casefile:
    """All that the venue's page shows."""

    venue: Venue
    kind: str
    state: str
    standing: VenueStanding | None
    waits: Sequence[Waits]
    commitments: Sequence[Stands]
    team: Sequence[Membership]
    invited: Sequence[Invitation]
    signatures: Sequence[Signature]
    sign_ups: Sequence[SignUp]
    closures: Sequence[Closure]
    certificates: Case
    history: Sequence[words.Line]
    older: int | None
    is_newest: bool
    counts: Sequence[str]
    book: Sequence[str]

    @property
    def through(self) -> Mapping[str, str]:
        """How the office can have made sure of a signer, in words."""
        return signing.THROUGH

    @property
    def has_champion(self) -> bool:
        """Whether somebody who is no mere stand-in is champion today."""
        return any(row.label == "champion" for row in self.team)


def casefile(venue_id: int, *, before: int | None = None) -> Casefile | None:
    """A venue's page with its history below an entry's number; None where there is no venue."""
    venue = venues.venue(venue_id)
    if venue is None:
        return None
    edition = editions.edition(venue.edition_key) if venue.edition_key else None
    history, older = _history(venue_id, edition, before)
    facts = _facts(venue_id)
    return Casefile(
        venue=venue,
        kind=Kind(venue.kind).label,
        state=register.state_of(venue_id),
        standing=db.session.get(VenueStanding, venue_id),
        waits=[_waits(row, edition) for row in _waiting(venue_id)],
        commitments=[_stands(row, edition) for row in of_venues([venue_id])[venue_id]],
        team=accounts.team(venue_id),
        invited=invitations.waiting_at(venue_id),
        signatures=_of(Signature, venue_id),
        sign_ups=_of(SignUp, venue_id),
        closures=places.closures(venue_id),
        certificates=certificates.case(venue_id),
        history=history,
        older=older,
        is_newest=before is None,
        counts=[each.words for each in facts[Counts.TRAINING] if each.cases and each.words],
        book=[each.words for each in facts[Counts.BOOK] if each.words],
    )


def _facts(venue_id: int) -> Mapping[Counts, Sequence[Counted]]:
    """What is counted of the venue, by whose count it is."""
    facts = counting.stored([venue_id], clock.today())[venue_id]
    return {
        part: [facts[key] for key in sorted(facts) if counting.FACTS.get(key) is part]
        for part in (Counts.TRAINING, Counts.BOOK)
    }


def _of(model: Any, venue_id: int) -> Sequence[Any]:
    return db.session.scalars(
        select(model).where(model.venue_id == venue_id).order_by(model.id.desc())
    ).all()


def _waiting(venue_id: int) -> Sequence[Row[Any]]:
    """Proofs, questions and wishes of a venue that nobody has answered, oldest first."""
    proofs = select(
        literal("proof").label("what"),
        Evidence.id,
        Evidence.uploaded_at.label("at"),
        Evidence.requirement_key.label("key"),
        Evidence.waits_because.label("why"),
    ).where(Evidence.venue_id == venue_id, Evidence.state == ProofState.WAITING)
    questions = select(
        literal("question"),
        ThreadMessage.id,
        ThreadMessage.at,
        ThreadMessage.requirement_key,
        null(),
    ).where(
        ThreadMessage.venue_id == venue_id,
        ThreadMessage.from_office.is_(False),
        ThreadMessage.answered_at.is_(None),
    )
    wishes = select(
        literal("not-applicable"),
        NotApplicable.id,
        NotApplicable.asked_at,
        NotApplicable.requirement_key,
        null(),
    ).where(
        NotApplicable.venue_id == venue_id,
        NotApplicable.agreed.is_(None),
        NotApplicable.ended_on.is_(None),
    )
    every = union_all(proofs, questions, wishes).subquery()
    return db.session.execute(select(every).order_by(every.c.at, every.c.what, every.c.id)).all()


def _waits(row: Row[Any], edition: Edition | None) -> Waits:
    why = Because(row.why).label if row.why else ""
    return Waits(row.what, row.id, row.at, row.key, _task(row.key, edition), why)


def _task(key: str, edition: Edition | None) -> str:
    asked = edition.requirement(key) if edition else None
    return f"{asked.number} {asked.task}" if asked else key


def _stands(row: CommitmentStanding, edition: Edition | None) -> Stands:
    known = edition.commitment(row.commitment_key) if edition else None
    state = state_today(row, clock.today())
    lapses = _task(row.lapses_key, edition) if row.lapses_key else ""
    return Stands(
        row.commitment_key,
        row.number,
        known.name if known else row.commitment_key,
        state.value,
        row.essentials_met,
        row.essentials,
        row.holds_until,
        lapses,
    )


def _history(
    venue_id: int, edition: Edition | None, before: int | None
) -> tuple[list[words.Line], int | None]:
    entries = trail.history(venue_id, before=before, limit=HISTORY + 1)
    shown = entries[:HISTORY]
    people = accounts.people({entry.actor_id for entry in shown if entry.actor_id})
    names = {user_id: user.name for user_id, user in people.items()}
    older = shown[-1].number if len(entries) > HISTORY else None
    return words.lines(shown, edition, names), older
