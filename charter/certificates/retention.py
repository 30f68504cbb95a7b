"""What time takes away around certificates: what a venue wrote about its own."""

from sqlalchemy import select, update

from charter.certificates.models import Certificate, CertificateAppeal, CertificateRemark
from charter.core.db import db


def clear(venue_id: int) -> None:
    """Take away what a venue that left said of its certificates, and appeals with their answers.

    Needs the venue's lock. That it appealed, when, and what came of it stays, as do the reasons
    of the certificate's states: they are public and name nobody.
    """
    own = select(Certificate.id).where(Certificate.venue_id == venue_id)
    sentences = update(CertificateRemark).where(CertificateRemark.certificate_id.in_(own))
    db.session.execute(
        sentences.values(words="", ended_because=None),
        execution_options={"synchronize_session": False},
    )
    db.session.execute(
        update(CertificateAppeal)
        .where(CertificateAppeal.venue_id == venue_id)
        .values(words="", answer="")
    )
    db.session.execute(
        update(Certificate).where(Certificate.venue_id == venue_id).values(says=None)
    )
