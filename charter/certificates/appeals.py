"""Appeals against a suspension: asked by the venue, answered in time by somebody apart.

Whoever decided about a proof that the suspension rests on, or proposed or issued the certificate,
does not answer the appeal. Upheld, the certificate counts again for some days while the office puts
its records right: the facts go on to decide, and a mistake of ours is not the venue's to bear.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select

from charter import config
from charter.accounts import notices
from charter.accounts.models import User
from charter.certificates import reading, service
from charter.certificates.models import Certificate, CertificateAppeal
from charter.certificates.rules import State, Turn
from charter.core import clock, trail
from charter.core.db import db, touch
from charter.core.errors import Refused
from charter.proofs.models import Evidence, NotApplicable
from charter.venues.models import Venue

UPHELD, STANDS = "upheld", "stands"
OUTCOMES = {UPHELD: "Upheld: the venue is right", STANDS: "Not upheld: the suspension stands"}
STAY_DAYS = 28


def open_one(venue_id: int) -> CertificateAppeal | None:
    """The venue's appeal that waits for an answer, or None."""
    return db.session.scalars(
        select(CertificateAppeal).where(
            CertificateAppeal.venue_id == venue_id, CertificateAppeal.decided_at.is_(None)
        )
    ).first()


def of_venue(venue_id: int) -> list[CertificateAppeal]:
    """Every appeal of a venue, newest first."""
    return list(
        db.session.scalars(
            select(CertificateAppeal)
            .where(CertificateAppeal.venue_id == venue_id)
            .order_by(CertificateAppeal.id.desc())
        )
    )


def ask(venue_id: int, certificate_id: int, words: str, *, by: int) -> CertificateAppeal:
    """Appeal against a suspension. Refused while it is not suspended, or one waits already."""
    shown = reading.one(venue_id, certificate_id)
    if shown is None or shown.verdict.state is not State.SUSPENDED:
        raise Refused("There is no suspension to appeal against.")
    if open_one(venue_id) is not None:
        raise Refused("You have appealed already. The office will answer.")
    row = CertificateAppeal(
        venue_id=venue_id,
        certificate_id=certificate_id,
        words=words,
        about=sorted(shown.certificate.unmet),
        asked_by=by,
        due_on=clock.today() + timedelta(days=config.current().city.appeal_days),
    )
    db.session.add(row)
    db.session.flush()
    shown.certificate.appeal_due = row.due_on
    trail.note("appeal.asked", "appeal", row.id, venue_id=venue_id, by=by)
    return row


def involved(appeal: CertificateAppeal) -> set[int]:
    """Whoever decided something that the suspension rests on: not the ones to look at it again."""
    decided = (
        select(table.decided_by).where(
            table.venue_id == appeal.venue_id,
            table.requirement_key.in_(appeal.about),
            table.decided_by.is_not(None),
        )
        for table in (Evidence, NotApplicable)
    )
    people = {user_id for query in decided for user_id in db.session.scalars(query) if user_id}
    certificate = db.session.get_one(Certificate, appeal.certificate_id)
    return people | {certificate.proposed_by, certificate.issued_by, appeal.asked_by}


def answer(
    venue_id: int, appeal_id: int, outcome: str, words: str, stay_until: date | None, *, by: int
) -> None:
    """Answer an appeal, with words that the venue reads; upheld, with the last day of the stay.

    Refused to whoever had a hand in it, once it is answered, and for a stay of over four weeks.
    """
    row = db.session.get(CertificateAppeal, appeal_id)
    if row is None or row.venue_id != venue_id or row.decided_at is not None:
        raise Refused("This appeal has been answered.")
    if by in involved(row):
        raise Refused("You had a hand in what it is about. Somebody else has to answer it.")
    today = clock.today()
    if outcome == UPHELD:
        if stay_until is None or not today <= stay_until <= today + timedelta(days=STAY_DAYS):
            raise Refused(f"Choose a day in the next {STAY_DAYS} days", "stay_until")
    elif outcome != STANDS:
        raise Refused("Choose what you decide", "outcome")
    else:
        stay_until = None
    row.decided_at, row.decided_by = clock.now(), by
    row.outcome, row.answer, row.stay_until = outcome, words, stay_until
    certificate = db.session.get_one(Certificate, row.certificate_id)
    certificate.appeal_due, certificate.stay_until = None, stay_until
    if stay_until is not None:
        service.record(certificate, Turn.STAYED, today, until=stay_until)
    trail.note("appeal.answered", "appeal", row.id, venue_id=venue_id, by=by, outcome=outcome)
    touch(venue_id)
    notices.something_waits(venue_id, "certificates", what=f"appeal-{row.id}")


def waiting() -> Sequence[tuple[CertificateAppeal, Venue]]:
    """Every appeal that waits, the one with the nearest last day first."""
    rows = db.session.execute(
        select(CertificateAppeal, Venue)
        .join(Venue, Venue.id == CertificateAppeal.venue_id)
        .where(CertificateAppeal.decided_at.is_(None))
        .order_by(CertificateAppeal.due_on, CertificateAppeal.id)
        .limit(200)
    )
    return [(appeal, venue) for appeal, venue in rows]


def names(rows: Sequence[CertificateAppeal]) -> dict[int, str]:
    """The names of whoever asked and answered, by their numbers."""
    ids = {each for row in rows for each in (row.asked_by, row.decided_by) if each}
    people = db.session.execute(select(User.id, User.name).where(User.id.in_(ids)))
    return {number: name or "Somebody" for number, name in people}
