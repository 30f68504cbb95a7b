"""What is done with certificates: proposed by one person, issued by another, frozen at issue."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from charter import config
from charter.accounts.models import User
from charter.certificates import marks, pdf, reading, rules, signing
from charter.certificates.models import (
    Certificate,
    CertificateEvent,
    CertificateProposal,
    SigningKey,
)
from charter.commitments.models import VenueStanding
from charter.core import clock, trail
from charter.core.db import db, next_number
from charter.core.errors import Refused
from charter.editions import service as editions
from charter.venues.models import Venue, VenueState

MOST_MONTHS = 12
ISSUE, WITHDRAW = "issue", "withdraw"
GONE = "This proposal is no longer open."


@dataclass(frozen=True, slots=True)
class Case:
    """What an officer and an administrator need to know before a venue gets a certificate."""

    venue: Venue
    reasons: tuple[str, ...]
    proposal: CertificateProposal | None
    proposer: str | None
    withdrawal: CertificateProposal | None
    withdrawer: str | None
    shown: reading.Shown | None
    earlier: tuple[reading.Shown, ...]


def case(venue_id: int) -> Case:
    """Where a venue's certificate stands: reasons against, an open proposal, what was issued."""
    venue = db.session.get_one(Venue, venue_id)
    proposal, proposer = _proposed(venue_id, ISSUE)
    withdrawal, withdrawer = _proposed(venue_id, WITHDRAW)
    shown = reading.of_venue(venue_id)
    now = [s for s in shown if not (s.certificate.withdrawn_at or s.certificate.replaced_by_id)]
    return Case(
        venue=venue,
        reasons=tuple(reasons_against(venue)),
        proposal=proposal,
        proposer=proposer,
        withdrawal=withdrawal,
        withdrawer=withdrawer,
        shown=now[0] if now else None,
        earlier=tuple(s for s in shown if s not in now),
    )


def _proposed(venue_id: int, kind: str) -> tuple[CertificateProposal | None, str | None]:
    """An open proposal, and the name of whoever made it."""
    proposal = open_proposal(venue_id, kind)
    proposer = db.session.get(User, proposal.proposed_by) if proposal else None
    return proposal, proposer.name if proposer else None


def reasons_against(venue: Venue) -> list[str]:
    """Why this venue cannot have a certificate today, each in words; empty if it can."""
    standing = db.session.get(VenueStanding, venue.id)
    unmet: tuple[str, ...] = ()
    if standing is not None and standing.lapses_key and not standing.all_met:
        unmet = (reading.asked_words(standing),) if standing.any_lapsed else ()
    readiness = rules.Readiness(
        signed=venue.signed_on is not None,
        approved=venue.state == VenueState.WORKING,
        all_met=bool(standing and standing.all_met),
        holds_until=standing.holds_until if standing else None,
        unmet=unmet,
    )
    reasons = rules.eligible(readiness, clock.today())
    if open_proposal(venue.id, WITHDRAW) is not None:
        reasons.append("Somebody proposed to withdraw its certificate. Decide on that first.")
    return reasons


def open_proposal(venue_id: int, kind: str) -> CertificateProposal | None:
    """The proposal of a kind that waits for a second person, unless it is too old to count."""
    return db.session.scalars(
        select(CertificateProposal).where(
            CertificateProposal.venue_id == venue_id,
            CertificateProposal.kind == kind,
            CertificateProposal.ended_at.is_(None),
            CertificateProposal.expires_at > clock.now(),
        )
    ).first()


def propose(venue_id: int, *, by: int, web_session: int | None) -> CertificateProposal:
    """An officer proposes a certificate. Refused while the venue is not eligible."""
    venue = db.session.get_one(Venue, venue_id)
    against = reasons_against(venue)
    if against:
        raise Refused(" ".join(against))
    proposal = CertificateProposal(
        venue_id=venue_id, kind=ISSUE, proposed_by=by, proposed_session=web_session
    )
    open_one(proposal, "A certificate for this venue is already waiting to be issued.")
    trail.note("certificate.proposed", "proposal", proposal.id, venue_id=venue_id, by=by)
    return proposal


def open_one(proposal: CertificateProposal, already: str) -> None:
    """Open a proposal for 72 hours. Refused with the words `already` while one of its kind waits.

    One that is too old to count is closed on the way.
    """
    for stale in db.session.scalars(
        select(CertificateProposal).where(
            CertificateProposal.venue_id == proposal.venue_id,
            CertificateProposal.kind == proposal.kind,
            CertificateProposal.ended_at.is_(None),
        )
    ):
        if stale.expires_at > clock.now():
            raise Refused(already)
        stale.ended_at, stale.outcome = clock.now(), "expired"
    db.session.flush()
    proposal.expires_at = clock.now() + rules.PROPOSAL_LIFE
    db.session.add(proposal)
    db.session.flush()


def drop(venue_id: int, proposal_id: int, *, by: int) -> None:
    """Take a proposal back, or turn it down."""
    for kind in (ISSUE, WITHDRAW):
        proposal = open_proposal(venue_id, kind)
        if proposal is not None and proposal.id == proposal_id:
            proposal.ended_at, proposal.outcome = clock.now(), "dropped"
            trail.note("certificate.dropped", "proposal", proposal.id, venue_id=venue_id, by=by)
            return
    raise Refused(GONE)


def issue(venue_id: int, proposal_id: int, *, by: int, web_session: int | None) -> Certificate:
    """A second person issues what was proposed: facts, bytes and dates are frozen.

    Needs the city's lock and the venue's. Refused when it is the proposer, when the proposal is
    gone or old, when the venue is no longer eligible, and while no public address is set.
    """
    proposal = open_proposal(venue_id, ISSUE)
    if proposal is None or proposal.id != proposal_id:
        raise Refused(GONE)
    refusal = may_decide(proposal, by, web_session)
    venue = db.session.get_one(Venue, venue_id)
    against = [refusal] if refusal else reasons_against(venue)
    settings = config.current()
    key = signing.current()
    if not (settings.is_public or settings.demo):
        against = ["Set PUBLIC_URL first: the code on the paper must lead to your own address."]
    elif key is None:
        against = [signing.NO_KEY]
    if against or key is None:
        raise Refused(" ".join(against))
    certificate = _frozen(venue, proposal, by, key)
    marks.give(certificate)
    before = db.session.scalars(
        select(Certificate).where(
            Certificate.venue_id == venue_id,
            Certificate.withdrawn_at.is_(None),
            Certificate.replaced_by_id.is_(None),
        )
    ).first()
    if before is not None:
        # Out of the way of the one-current-certificate index until the new row has its id.
        before.replaced_by_id = before.id
        db.session.flush()
    db.session.add(certificate)
    proposal.ended_at, proposal.outcome = clock.now(), "issued"
    db.session.flush()
    if before is not None:
        before.replaced_by_id = certificate.id
        record(before, rules.Turn.REPLACED, clock.today())
    trail.note(
        "certificate.issued", "certificate", certificate.id,
        venue_id=venue_id, by=by, serial=certificate.serial,
    )  # fmt: skip
    return certificate


def may_decide(proposal: CertificateProposal, by: int, web_session: int | None) -> str | None:
    """Why this person may not decide on a proposal now, in words; None if they may."""
    return rules.may_decide(
        proposal.proposed_by, proposal.proposed_session, by, web_session,
        proposal.proposed_at, clock.now(),
    )  # fmt: skip


def record(
    certificate: Certificate,
    what: rules.Turn,
    on: date,
    *,
    until: date | None = None,
    because: str = "",
) -> None:
    """Write down what became of a certificate, for its page."""
    certificate.turns += 1
    db.session.add(
        CertificateEvent(
            certificate_id=certificate.id, what=what, on=on, until=until, because=because
        )
    )


def last_day(issued_on: date) -> date:
    """The last day of a certificate issued on a day."""
    months = min(MOST_MONTHS, config.current().city.certificate_months)
    return clock.months_after(issued_on, months)


def _frozen(venue: Venue, proposal: CertificateProposal, by: int, key: SigningKey) -> Certificate:
    settings, today = config.current(), clock.today()
    edition = editions.edition(venue.edition_key or settings.city.edition)
    code = rules.new_code(secrets.token_bytes(rules.CODE_BYTES))
    address = f"{settings.public_url}/verify/{rules.grouped(code)}"
    logo = settings.city.logo
    facts = pdf.CertificateFacts(
        venue_name=venue.name,
        street=venue.street,
        town=venue.town,
        postcode=venue.postcode,
        city_name=settings.city.city_name,
        charter_title=settings.city.charter_name,
        edition_title=edition.title,
        commitments=tuple((str(c.number), c.heading) for c in edition.commitments),
        issued_on=today,
        valid_until=last_day(today),
        serial=rules.serial(today.year, next_number(f"certificate-{today.year}")),
        verify_url=address,
        short_address=address.partition("://")[2],
        office_name=settings.city.office_name,
        colour=settings.city.colour,
        logo_png=logo.read_bytes() if logo else None,
        specimen=settings.demo,
        key_name=key.name,
    )
    content = signing.sign(pdf.draw(facts), key, clock.now())
    kept = {
        "venue_name": facts.venue_name, "street": facts.street, "town": facts.town,
        "postcode": facts.postcode, "charter": facts.charter_title,
        "edition": facts.edition_title, "commitments": [list(c) for c in facts.commitments],
    }  # fmt: skip
    return Certificate(
        serial=facts.serial,
        code=code,
        venue_id=venue.id,
        edition_key=edition.key,
        facts=kept,
        pdf=content,
        sha256=hashlib.sha256(content).digest(),
        signing_key_id=key.id,
        proposed_by=proposal.proposed_by,
        issued_by=by,
        valid_from=today,
        valid_until=facts.valid_until,
    )
