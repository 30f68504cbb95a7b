"""Mails about a certificate that something has run out for: in grace, near its end, suspended.

The night sends them, to the venue's champions and managers: when something new has run out, a week
before the grace is over, on the day of a suspension, and when all is well again. A mail says that
and a date, and links to the certificate; it names neither the venue nor what ran out.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select

from charter import config
from charter.accounts import notices
from charter.certificates import reading
from charter.certificates.models import Certificate, CertificateEvent
from charter.certificates.reading import Found
from charter.certificates.rules import State, Turn
from charter.core import clock, mail
from charter.core.db import CITY, db, lock
from charter.core.errors import Refused
from charter.venues.models import VenueState

NEAR = timedelta(days=7)
# How long a night may be missed and still be made up for.
LOOK_BACK = timedelta(days=7)


class _Notice(NamedTuple):
    """A mail to send: its kind, what it is sent once for, and the last day that it tells."""

    kind: str
    once: str
    last_day: date | None = None


def remind() -> set[int]:
    """Mail what there is to tell; the venues whose certificate is in grace or suspended.

    Takes the city's lock itself, so it begins outside a transaction; the caller commits. Comes
    after the nightly run has let every certificate follow its facts.
    """
    lock(CITY)
    failing = reading.current(
        or_(Certificate.unmet_since.is_not(None), Certificate.suspended_on.is_not(None))
    )
    told = set()
    for each in failing:
        if each.venue.state != VenueState.WORKING:
            continue
        told.add(each.venue.id)
        for notice in _notices(each):
            _post(each, notice)
    for certificate_id, event_id in _restored():
        for each in reading.current(Certificate.id == certificate_id):
            _post(each, _Notice("certificate-restored", str(event_id)))
    return told


def _restored() -> Iterator[tuple[int, int]]:
    """Certificates that count again since the last days, where the trouble lasted over a night."""
    rows = db.session.execute(
        select(CertificateEvent.certificate_id, func.max(CertificateEvent.id))
        .where(CertificateEvent.at >= clock.now() - LOOK_BACK)
        .group_by(CertificateEvent.certificate_id)
        .order_by(CertificateEvent.certificate_id)
    ).all()
    for certificate_id, event_id in rows:
        newest = next(reversed(reading.history(certificate_id)), None)
        if newest is not None and newest.id == event_id and newest.what == Turn.RESTORED:
            yield certificate_id, event_id


def _notices(each: Found) -> Iterator[_Notice]:
    verdict, today = reading.judge(each), clock.today()
    row = each.certificate
    if verdict.state is State.SUSPENDED and row.suspended_on:
        if today - row.suspended_on <= LOOK_BACK:
            yield _Notice("certificate-suspended", f"{row.suspended_on}")
    elif verdict.in_grace and verdict.until:
        newest = max(row.unmet.values(), default="")
        yield _Notice("certificate-grace", newest, verdict.until)
        begun = verdict.since or today
        if verdict.until - today <= NEAR < verdict.until - begun:
            yield _Notice("certificate-grace-near", f"{verdict.until}", verdict.until)


def _post(each: Found, notice: _Notice) -> None:
    """Post one notice to each of the venue's people; an address without mail stops nothing."""
    link = f"{config.current().public_url}/venues/{each.venue.id}/certificates"
    day: dict[str, Any] = {"last_day": notice.last_day} if notice.last_day else {}
    for user in notices.keepers(each.venue.id):
        with suppress(Refused):
            mail.post(
                notice.kind,
                user.email,
                user_id=user.id,
                dedupe=f"{notice.kind}/{each.certificate.id}/{notice.once}/{user.id}",
                link=link,
                **day,
            )
