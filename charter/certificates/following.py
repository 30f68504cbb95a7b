"""Certificates follow their facts: a step before each commit, for the venues it touched.

It writes down since when which essential does not hold, that a certificate is suspended when the
grace is over, and that it counts again. Readers never rely on it: they judge the day themselves.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from charter import config
from charter.certificates import reading, service, withdrawing
from charter.certificates.models import Certificate
from charter.certificates.reading import Found
from charter.certificates.rules import State, Turn
from charter.commitments import standing
from charter.core import clock, trail
from charter.venues.models import VenueState


def follow(venue_ids: Sequence[int]) -> None:
    """Let the certificates of these venues follow; those of a venue that left are withdrawn."""
    current = reading.current(Certificate.venue_id.in_(list(venue_ids)))
    for each in current:
        if each.venue.state == VenueState.LEFT:
            withdrawing.take_back(each.certificate, by=None, because="The venue left the charter.")
    staying = [each for each in current if each.certificate.withdrawn_at is None]
    failing = [each.venue.id for each in staying if not _holds(each)]
    unmet = standing.unmet(failing) if failing else {}
    for each in staying:
        _follow(each, unmet.get(each.venue.id, {}))


def _holds(each: Found) -> bool:
    row = each.standing
    return row is not None and standing.effective(row, clock.today()).all_met


def _follow(each: Found, unmet: dict[str, date | None]) -> None:
    certificate = each.certificate
    if clock.today() > certificate.valid_until:
        return
    before = certificate.unmet_since
    _remember(each, unmet)
    verdict, since = reading.judge(each), certificate.unmet_since
    had_grace = verdict.in_grace or (
        certificate.suspended_on is None and bool(since and verdict.since and verdict.since > since)
    )
    if since and since != before and had_grace:
        _grace(certificate, since)
    if verdict.state is State.SUSPENDED:
        if certificate.suspended_on is None:
            certificate.suspended_on = verdict.since or clock.today()
            _turn(certificate, Turn.SUSPENDED, certificate.suspended_on, because=verdict.reason)
    elif not verdict.in_grace and (before or certificate.suspended_on):
        certificate.suspended_on = certificate.stay_until = None
        _turn(certificate, Turn.RESTORED, clock.today())


def _grace(certificate: Certificate, since: date) -> None:
    """Write down that a grace began, even where the night that sees it comes after its end."""
    days = config.current().city.grace_days
    if days:
        until = min(since + timedelta(days=days - 1), certificate.valid_until)
        because = certificate.unmet_because or ""
        _turn(certificate, Turn.GRACE, since, until=until, because=because)


def _remember(each: Found, unmet: dict[str, date | None]) -> None:
    """Keep since when each essential has not held: the day it ended, or the day it was seen."""
    certificate, today = each.certificate, clock.today()
    known = certificate.unmet
    since = {
        key: date.fromisoformat(known[key]) if key in known else (ended or today)
        for key, ended in unmet.items()
    }
    kept = {key: day.isoformat() for key, day in since.items()}
    if kept == known:
        return
    certificate.unmet = kept
    certificate.unmet_since = min(since.values(), default=None)
    words = reading.unmet_words(since, each.standing.edition_key if each.standing else "")
    certificate.unmet_because = words or None


def _turn(
    certificate: Certificate,
    what: Turn,
    on: date,
    *,
    until: date | None = None,
    because: str = "",
) -> None:
    service.record(certificate, what, on, until=until, because=because)
    detail: dict[str, Any] = {"since": on.isoformat()}
    if until is not None:
        detail["until"] = until.isoformat()
    verb = {
        Turn.GRACE: "certificate.grace",
        Turn.SUSPENDED: "certificate.suspended",
    }.get(what, "certificate.restored")
    number, venue_id = certificate.id, certificate.venue_id
    trail.note(verb, "certificate", number, venue_id=venue_id, **detail)
