"""What is done with certificates, and what each says today."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, and_, bindparam, or_, select
from sqlalchemy.orm import aliased

from charter import config
from charter.accounts.models import User
from charter.certificates import pdf, rules
from charter.certificates.models import Certificate, CertificateProposal
from charter.commitments.models import VenueStanding
from charter.core import clock, trail
from charter.core.db import db, next_number
from charter.core.errors import Refused
from charter.editions import service as editions
from charter.venues.models import Closure, Venue, VenueState

MOST_MONTHS = 12
# Put together once: the aliased table alone costs more than the database does.
_NEWER = aliased(Certificate)
_TODAY = bindparam("today", type_=Date)
_CLOSED_NOW = and_(
    Closure.venue_id == Venue.id,
    Closure.from_on <= _TODAY,
    or_(Closure.until_on.is_(None), Closure.until_on >= _TODAY),
)
_SHOWN = (
    select(Certificate, Venue, VenueStanding, Closure, _NEWER.serial, _NEWER.issued_at)
    .join(Venue, Venue.id == Certificate.venue_id)
    .outerjoin(VenueStanding, VenueStanding.venue_id == Venue.id)
    .outerjoin(Closure, _CLOSED_NOW)
    .outerjoin(_NEWER, _NEWER.id == Certificate.replaced_by_id)
    .order_by(Certificate.issued_at.desc(), Certificate.id.desc())
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate as it reads today: what was frozen, and the verdict of this day."""

    certificate: Certificate
    venue: Venue
    verdict: rules.Verdict

    @property
    def code(self) -> str:
        """The code of its page, as it is printed."""
        return rules.grouped(self.certificate.code)


@dataclass(frozen=True, slots=True)
class Case:
    """What an officer and an administrator need to know before a venue gets a certificate."""

    venue: Venue
    reasons: tuple[str, ...]
    proposal: CertificateProposal | None
    proposer: str | None
    shown: Shown | None
    earlier: tuple[Shown, ...]


def by_code(typed: str) -> Shown | None:
    """The certificate behind a code somebody scanned or typed, with its state today, or None."""
    code = rules.normalise(typed)
    found = _shown(Certificate.code == code) if code else []
    return found[0] if found else None


def by_bytes(content: bytes) -> Shown | None:
    """The certificate whose issued file is exactly these bytes, or None."""
    found = _shown(Certificate.sha256 == hashlib.sha256(content).digest())
    return found[0] if found else None


def of_venue(venue_id: int) -> list[Shown]:
    """A venue's certificates, newest first."""
    return _shown(Certificate.venue_id == venue_id)


def one(venue_id: int, certificate_id: int) -> Shown | None:
    """One certificate of this venue, or None."""
    found = _shown(Certificate.venue_id == venue_id, Certificate.id == certificate_id)
    return found[0] if found else None


def _shown(*conditions: Any) -> list[Shown]:
    today = clock.today()
    rows = db.session.execute(_SHOWN.where(*conditions), {"today": today})
    return [
        Shown(row, venue, _verdict(row, venue, standing, serial, at, closure, today))
        for row, venue, standing, closure, serial, at in rows
    ]


def _verdict(
    row: Certificate,
    venue: Venue,
    standing: VenueStanding | None,
    newer_serial: str | None,
    newer_at: datetime | None,
    closure: Closure | None,
    today: date,
) -> rules.Verdict:
    terms = rules.Terms(
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        withdrawn_on=_day(row.withdrawn_at),
        withdrawn_because=row.withdrawn_because or "",
        replaced_by_serial=newer_serial or "",
        replaced_on=_day(newer_at),
    )
    return rules.state_of(
        terms,
        _standing(row, standing),
        today,
        closure=rules.Closure(closure.from_on, closure.until_on) if closure else None,
        new_owner_unsigned=_owner_must_sign(venue, standing),
    )


def _owner_must_sign(venue: Venue, standing: VenueStanding | None) -> bool:
    """Whether what ended first is the charter's signature, because the venue changed hands."""
    if standing is None or venue.owner_since is None or standing.holds_until is None:
        return False
    asked = editions.edition(standing.edition_key).requirement(standing.lapses_key or "")
    ended = standing.holds_until == venue.owner_since - timedelta(days=1)
    return ended and asked is not None and "new-owner" in asked.voids


def _standing(row: Certificate, standing: VenueStanding | None) -> rules.Standing:
    if standing is None:
        return rules.Standing(all_met=False, lapsed_on=row.suspended_on)
    reason, lapsed_on = row.suspended_because or "", row.suspended_on
    if standing.lapses_key and standing.holds_until and standing.holds_until < clock.today():
        reason = f"The proof for “{_asked(standing)}” ran out."
        lapsed_on = standing.holds_until + timedelta(days=1)
    return rules.Standing(
        all_met=standing.all_met,
        holds_until=standing.holds_until,
        held_from=_held_from(standing),
        reason=reason,
        lapsed_on=lapsed_on,
    )


def _held_from(standing: VenueStanding) -> date | None:
    """About when the proof that ends first began: as long before its end as such a proof lasts."""
    asked = editions.edition(standing.edition_key).requirement(standing.lapses_key or "")
    if asked is None or standing.holds_until is None:
        return None
    return standing.holds_until - (asked.lasts.until(standing.holds_until) - standing.holds_until)


def _asked(standing: VenueStanding) -> str:
    """The number and short name of the requirement that ends, or ended, first."""
    key = standing.lapses_key or ""
    asked = editions.edition(standing.edition_key).requirement(key)
    return f"{asked.number} {asked.task}" if asked else key


def _day(moment: datetime | None) -> date | None:
    return clock.local(moment).date() if moment else None


def case(venue_id: int) -> Case:
    """Where a venue's certificate stands: reasons against, an open proposal, what was issued."""
    venue = db.session.get_one(Venue, venue_id)
    proposal = open_proposal(venue_id)
    proposer = db.session.get(User, proposal.proposed_by) if proposal else None
    shown = of_venue(venue_id)
    now = [s for s in shown if not (s.certificate.withdrawn_at or s.certificate.replaced_by_id)]
    return Case(
        venue=venue,
        reasons=tuple(reasons_against(venue)),
        proposal=proposal,
        proposer=proposer.name if proposer else None,
        shown=now[0] if now else None,
        earlier=tuple(s for s in shown if s not in now),
    )


def reasons_against(venue: Venue) -> list[str]:
    """Why this venue cannot have a certificate today, each in words; empty if it can."""
    standing = db.session.get(VenueStanding, venue.id)
    unmet: tuple[str, ...] = ()
    if standing is not None and standing.lapses_key and not standing.all_met:
        unmet = (_asked(standing),) if standing.any_lapsed else ()
    readiness = rules.Readiness(
        signed=venue.signed_on is not None,
        approved=venue.state == VenueState.WORKING,
        all_met=bool(standing and standing.all_met),
        holds_until=standing.holds_until if standing else None,
        unmet=unmet,
    )
    return rules.eligible(readiness, clock.today())


def open_proposal(venue_id: int) -> CertificateProposal | None:
    """The proposal that waits for a second person, unless it is too old to count."""
    return db.session.scalars(
        select(CertificateProposal).where(
            CertificateProposal.venue_id == venue_id,
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
    for stale in db.session.scalars(
        select(CertificateProposal).where(
            CertificateProposal.venue_id == venue_id, CertificateProposal.ended_at.is_(None)
        )
    ):
        if stale.expires_at > clock.now():
            raise Refused("A certificate for this venue is already waiting to be issued.")
        stale.ended_at, stale.outcome = clock.now(), "expired"
    db.session.flush()
    proposal = CertificateProposal(
        venue_id=venue_id,
        proposed_by=by,
        proposed_session=web_session,
        expires_at=clock.now() + rules.PROPOSAL_LIFE,
    )
    db.session.add(proposal)
    db.session.flush()
    trail.note("certificate.proposed", "proposal", proposal.id, venue_id=venue_id, by=by)
    return proposal


def drop(venue_id: int, proposal_id: int, *, by: int) -> None:
    """Take a proposal back, or turn it down."""
    proposal = open_proposal(venue_id)
    if proposal is None or proposal.id != proposal_id:
        raise Refused("This proposal is no longer open.")
    proposal.ended_at, proposal.outcome = clock.now(), "dropped"
    trail.note("certificate.dropped", "proposal", proposal.id, venue_id=venue_id, by=by)


def issue(venue_id: int, proposal_id: int, *, by: int, web_session: int | None) -> Certificate:
    """A second person issues what was proposed: facts, bytes and dates are frozen.

    Needs the city's lock and the venue's. Refused when it is the proposer, when the proposal is
    gone or old, when the venue is no longer eligible, and while no public address is set.
    """
    proposal = open_proposal(venue_id)
    if proposal is None or proposal.id != proposal_id:
        raise Refused("This proposal is no longer open.")
    refusal = rules.may_issue(
        proposal.proposed_by, proposal.proposed_session, by, web_session,
        proposal.proposed_at, clock.now(),
    )  # fmt: skip
    venue = db.session.get_one(Venue, venue_id)
    against = [refusal] if refusal else reasons_against(venue)
    settings = config.current()
    if not (settings.is_public or settings.demo):
        against = ["Set PUBLIC_URL first: the code on the paper must lead to your own address."]
    if against:
        raise Refused(" ".join(against))
    certificate = _frozen(venue, proposal, by)
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
    trail.note(
        "certificate.issued", "certificate", certificate.id,
        venue_id=venue_id, by=by, serial=certificate.serial,
    )  # fmt: skip
    return certificate


def last_day(issued_on: date) -> date:
    """The last day of a certificate issued on a day."""
    months = min(MOST_MONTHS, config.current().city.certificate_months)
    return clock.months_after(issued_on, months)


def _frozen(venue: Venue, proposal: CertificateProposal, by: int) -> Certificate:
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
    )
    content = pdf.draw(facts)
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
        proposed_by=proposal.proposed_by,
        issued_by=by,
        valid_from=today,
        valid_until=facts.valid_until,
    )


def withdraw(venue_id: int, certificate_id: int, *, by: int | None, because: str) -> None:
    """Take a certificate back for good, with the reason the public page will show."""
    certificate = db.session.get(Certificate, certificate_id)
    if certificate is None or certificate.venue_id != venue_id or certificate.withdrawn_at:
        raise Refused("This certificate is no longer there to withdraw.")
    certificate.withdrawn_at = clock.now()
    certificate.withdrawn_by = by
    certificate.withdrawn_because = because
    trail.note("certificate.withdrawn", "certificate", certificate.id, venue_id=venue_id, by=by)


def follow(venue_ids: Sequence[int]) -> None:
    """Let the certificates of these venues follow their facts: a step before each commit.

    Records since when and why one is suspended, and that it is restored; a venue that left has
    its certificate withdrawn. Readers never rely on it: they judge the day themselves.
    """
    for shown in _shown(
        Certificate.venue_id.in_(list(venue_ids)),
        Certificate.withdrawn_at.is_(None),
        Certificate.replaced_by_id.is_(None),
    ):
        certificate, verdict = shown.certificate, shown.verdict
        if shown.venue.state == VenueState.LEFT:
            withdraw(shown.venue.id, certificate.id, by=None, because="The venue left the charter.")
        elif verdict.state is rules.State.SUSPENDED and certificate.suspended_on is None:
            certificate.suspended_on = verdict.since or clock.today()
            certificate.suspended_because = verdict.reason[:200]
            trail.note(
                "certificate.suspended", "certificate", certificate.id,
                venue_id=certificate.venue_id, since=certificate.suspended_on.isoformat(),
            )  # fmt: skip
        elif verdict.state.counts and certificate.suspended_on is not None:
            certificate.suspended_on = certificate.suspended_because = None
            trail.note(
                "certificate.restored", "certificate", certificate.id,
                venue_id=certificate.venue_id,
            )  # fmt: skip
