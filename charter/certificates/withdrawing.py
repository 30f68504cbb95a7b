"""Taking a certificate back for good: one person proposes with a reason, another one decides."""

from charter.certificates import service
from charter.certificates.models import Certificate, CertificateProposal
from charter.certificates.rules import Turn
from charter.core import clock, trail
from charter.core.db import db
from charter.core.errors import Refused


def propose(
    venue_id: int, certificate_id: int, *, by: int, web_session: int | None, because: str
) -> CertificateProposal:
    """Propose to withdraw a certificate; `because` is what its page will say, and is frozen.

    Refused when it is gone already, and while another proposal to withdraw one waits.
    """
    certificate = _current(venue_id, certificate_id)
    proposal = CertificateProposal(
        venue_id=venue_id,
        kind=service.WITHDRAW,
        certificate_id=certificate.id,
        because=because,
        proposed_by=by,
        proposed_session=web_session,
    )
    service.open_one(proposal, "Somebody has proposed to withdraw a certificate of this venue.")
    trail.note("certificate.withdrawal-proposed", "proposal", proposal.id, venue_id=venue_id, by=by)
    return proposal


def withdraw(venue_id: int, proposal_id: int, *, by: int, web_session: int | None) -> None:
    """A second person withdraws what was proposed. Refused as `service.issue` is.

    What was proposed to be issued before is dropped: nothing may stand in its place unlooked at.
    """
    proposal = service.open_proposal(venue_id, service.WITHDRAW)
    if proposal is None or proposal.id != proposal_id:
        raise Refused(service.GONE)
    refusal = service.may_decide(proposal, by, web_session)
    if refusal:
        raise Refused(refusal)
    certificate = _current(venue_id, proposal.certificate_id)
    proposal.ended_at, proposal.outcome = clock.now(), "withdrawn"
    renewal = service.open_proposal(venue_id, service.ISSUE)
    if renewal is not None:
        renewal.ended_at, renewal.outcome = clock.now(), "dropped"
    take_back(certificate, by=by, because=proposal.because or "")


def _current(venue_id: int, certificate_id: int | None) -> Certificate:
    row = db.session.get(Certificate, certificate_id) if certificate_id else None
    if row is None or row.venue_id != venue_id or row.withdrawn_at or row.replaced_by_id:
        raise Refused("This certificate is no longer there to withdraw.")
    return row


def take_back(certificate: Certificate, *, by: int | None, because: str) -> None:
    """Withdraw a certificate; `by` is None for the system, when a venue leaves."""
    certificate.withdrawn_at = clock.now()
    certificate.withdrawn_by = by
    certificate.withdrawn_because = because
    service.record(certificate, Turn.WITHDRAWN, clock.today(), because=because)
    trail.note(
        "certificate.withdrawn",
        "certificate",
        certificate.id,
        venue_id=certificate.venue_id,
        by=by,
    )
