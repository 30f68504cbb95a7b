"""What a certificate gets besides its paper: its venue's badge, and its place in public lists.

A venue has one badge for good, so that a sticker in a window and a picture on a website go on when
the certificate is renewed. Each certificate has its own bit in the lists of states that other
systems read (W3C Bitstring Status List 1.0): drawn at random, so that who asks for a list does not
tell which certificate they look at.
"""

import secrets

from sqlalchemy import func, select

from charter.certificates import reading, rules
from charter.certificates.models import Badge, Certificate
from charter.core.db import db

# The smallest list that the standard allows, so that one certificate is one of many.
LIST_BITS = 131_072
FILLED_TO = LIST_BITS // 2


def give(certificate: Certificate) -> None:
    """Give a new certificate its place, and its venue a badge if it has none."""
    if db.session.get(Badge, certificate.venue_id) is None:
        code = rules.new_code(secrets.token_bytes(rules.CODE_BYTES))
        db.session.add(Badge(venue_id=certificate.venue_id, code=code))
    given = db.session.scalar(select(func.count(Certificate.id))) or 0
    number = given // FILLED_TO + 1
    place = secrets.randbelow(LIST_BITS)
    while _is_taken(number, place):
        place = secrets.randbelow(LIST_BITS)
    certificate.status_list, certificate.status_index = number, place


def _is_taken(number: int, place: int) -> bool:
    query = select(Certificate.id).where(
        Certificate.status_list == number, Certificate.status_index == place
    )
    return db.session.scalar(query) is not None


def badge(venue_id: int) -> str | None:
    """The code of a venue's badge, as it is printed; None before its first certificate."""
    row = db.session.get(Badge, venue_id)
    return rules.grouped(row.code) if row else None


def by_code(typed: str) -> reading.Shown | None:
    """The newest certificate of the venue whose badge has this code, with its state today."""
    code = rules.normalise(typed)
    venue_id = db.session.scalar(select(Badge.venue_id).where(Badge.code == code)) if code else None
    found = reading.of_venue(venue_id) if venue_id is not None else []
    return next(iter(found), None)
