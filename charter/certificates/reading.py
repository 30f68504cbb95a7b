"""What each certificate says today: the rows, the verdict, and what became of it."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Date, and_, bindparam, or_, select
from sqlalchemy.orm import aliased

from charter import config
from charter.certificates import rules
from charter.certificates.models import Certificate, CertificateEvent, CertificateRemark
from charter.commitments.models import VenueStanding
from charter.core import clock
from charter.core.db import db
from charter.core.text import in_words
from charter.editions import service as editions
from charter.venues.models import Closure, Venue

# So many reasons are told in words; the page says how many more there are.
MOST_TOLD = 3
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


class Found(NamedTuple):
    """A certificate with all that its state today is judged by."""

    certificate: Certificate
    venue: Venue
    standing: VenueStanding | None
    closure: Closure | None
    newer_serial: str | None
    newer_at: datetime | None


def current(*conditions: ColumnElement[bool], in_order: int | None = None) -> list[Found]:
    """The certificates that were neither withdrawn nor replaced, of those that fit; one statement.

    One that has run out is still among them. `in_order`: at most so many, by the venues' names.
    """
    query = _SHOWN.where(
        Certificate.withdrawn_at.is_(None), Certificate.replaced_by_id.is_(None), *conditions
    )
    if in_order is not None:
        query = query.order_by(None).order_by(Venue.name_key, Venue.id).limit(in_order)
    rows = db.session.execute(query, {"today": clock.today()})
    return [Found(*row) for row in rows]


def of_venues(venue_ids: Collection[int]) -> dict[int, Shown]:
    """The current certificate of each of these venues that has one; one statement."""
    return {
        each.venue.id: shown(each) for each in current(Certificate.venue_id.in_(list(venue_ids)))
    }


def _shown(*conditions: ColumnElement[bool]) -> list[Shown]:
    rows = db.session.execute(_SHOWN.where(*conditions), {"today": clock.today()})
    return [shown(Found(*row)) for row in rows]


def shown(each: Found) -> Shown:
    """A certificate with its state today."""
    return Shown(each.certificate, each.venue, judge(each))


def judge(each: Found) -> rules.Verdict:
    """What a certificate reads as today."""
    row = each.certificate
    terms = rules.Terms(
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        withdrawn_on=_day(row.withdrawn_at),
        withdrawn_because=row.withdrawn_because or "",
        replaced_by_serial=each.newer_serial or "",
        replaced_on=_day(each.newer_at),
        suspended_on=row.suspended_on,
        stay_until=row.stay_until,
    )
    closure = each.closure
    return rules.state_of(
        terms,
        _standing(row, each.standing),
        clock.today(),
        closure=rules.Closure(closure.from_on, closure.until_on) if closure else None,
        new_owner_unsigned=_owner_must_sign(each.venue, each.standing),
        grace_days=config.current().city.grace_days,
    )


def _owner_must_sign(venue: Venue, standing: VenueStanding | None) -> bool:
    """Whether what ended first is the charter's signature, because the venue changed hands."""
    if standing is None or venue.owner_since is None or standing.holds_until is None:
        return False
    asked = editions.edition(standing.edition_key).requirement(standing.lapses_key or "")
    ended = standing.holds_until == venue.owner_since - timedelta(days=1)
    return ended and asked is not None and "new-owner" in asked.voids


def _standing(row: Certificate, standing: VenueStanding | None) -> rules.Standing:
    since, reason = row.unmet_since or row.suspended_on, row.unmet_because or ""
    if standing is None:
        return rules.Standing(all_met=False, lapsed_on=since, reason=reason)
    ends, key = standing.holds_until, standing.lapses_key
    if standing.all_met and key and ends is not None and ends < clock.today():
        # It ran out by time alone, and no night has taken note of it yet.
        reason = unmet_words({key: ends + timedelta(days=1)}, standing.edition_key)
    return rules.Standing(
        all_met=standing.all_met,
        holds_until=ends,
        held_from=_held_from(standing),
        reason=reason,
        lapsed_on=since,
    )


def unmet_words(unmet: Mapping[str, date], edition_key: str) -> str:
    """Which essentials do not hold and since when, the first ones in words that anybody may read.

    `unmet` has the first day of each by its key. They are told in the order in which they ended.
    """
    edition = editions.edition(edition_key)
    told: dict[date, list[str]] = {}
    for key, since in sorted(unmet.items(), key=lambda item: item[1])[:MOST_TOLD]:
        asked = edition.requirement(key)
        lost = asked.lost_words if asked else "something the charter asked for is not shown"
        told.setdefault(since, []).append(lost)
    said = [f"Since {in_words(since)}: {'; '.join(lost)}." for since, lost in told.items()]
    more = len(unmet) - MOST_TOLD
    if more > 0:
        said.append(f"And {more} more {'check does' if more == 1 else 'checks do'} not hold.")
    return " ".join(said)


def _held_from(standing: VenueStanding) -> date | None:
    """About when the proof that ends first began: as long before its end as such a proof lasts."""
    asked = editions.edition(standing.edition_key).requirement(standing.lapses_key or "")
    if asked is None or standing.holds_until is None:
        return None
    return standing.holds_until - (asked.lasts.until(standing.holds_until) - standing.holds_until)


def asked_words(standing: VenueStanding) -> str:
    """The number and short name of the requirement that ends, or ended, first."""
    key = standing.lapses_key or ""
    asked = editions.edition(standing.edition_key).requirement(key)
    return f"{asked.number} {asked.task}" if asked else key


def _day(moment: datetime | None) -> date | None:
    return clock.local(moment).date() if moment else None


def history(certificate_id: int) -> list[CertificateEvent]:
    """What became of a certificate, oldest first. What was mended the same day is left out."""
    rows = db.session.scalars(
        select(CertificateEvent)
        .where(CertificateEvent.certificate_id == certificate_id)
        .order_by(CertificateEvent.id)
    )
    kept: list[CertificateEvent] = []
    for row in rows:
        mended = kept and kept[-1].what == rules.Turn.GRACE and row.what == rules.Turn.RESTORED
        if mended and _day(kept[-1].at) == _day(row.at):
            kept.pop()
        else:
            kept.append(row)
    return kept


def remark(certificate_id: int) -> CertificateRemark | None:
    """The sentence that the venue last added to a certificate's page, ended or not; or None."""
    return db.session.scalars(
        select(CertificateRemark)
        .where(CertificateRemark.certificate_id == certificate_id)
        .order_by(CertificateRemark.id.desc())
        .limit(1)
    ).first()
