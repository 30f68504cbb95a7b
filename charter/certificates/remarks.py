"""The one sentence that a venue may add to the page of its certificate."""

from charter.certificates import reading
from charter.certificates.models import CertificateRemark
from charter.core import clock, trail
from charter.core.db import db
from charter.core.errors import Refused

MOST_SIGNS = 200


def say(venue_id: int, certificate_id: int, words: str, *, by: int) -> None:
    """Put a venue's sentence on its certificate's page, in place of the one before; empty: none."""
    shown = reading.one(venue_id, certificate_id)
    if shown is None or shown.certificate.withdrawn_at or shown.certificate.replaced_by_id:
        raise Refused("This certificate is not your current one.")
    before = reading.remark(certificate_id)
    if before is not None and before.ended_at is None:
        if before.words == words:
            return
        before.ended_at, before.ended_by = clock.now(), by
    if words:
        db.session.add(CertificateRemark(certificate_id=certificate_id, words=words, said_by=by))
    shown.certificate.says = words or None
    verb = "certificate.remark" if words else "certificate.remark-gone"
    trail.note(verb, "certificate", certificate_id, venue_id=venue_id, by=by)


def take_away(venue_id: int, certificate_id: int, *, by: int, because: str) -> None:
    """The office takes a venue's sentence off the page, with a reason that the venue reads."""
    shown = reading.one(venue_id, certificate_id)
    remark = reading.remark(certificate_id) if shown else None
    if shown is None or remark is None or remark.ended_at is not None:
        raise Refused("There is no sentence on this page now.")
    shown.certificate.says = None
    remark.ended_at, remark.ended_by, remark.ended_because = clock.now(), by, because
    verb = "certificate.remark-removed"
    trail.note(verb, "certificate", certificate_id, venue_id=venue_id, by=by)
