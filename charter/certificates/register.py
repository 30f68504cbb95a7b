"""The public register: venues that signed and their state today, in words and as open data."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, literal, or_, select

from charter import config
from charter.certificates import reading
from charter.certificates.models import Certificate
from charter.commitments.models import VenueStanding
from charter.core import clock
from charter.core.db import db
from charter.core.text import is_number
from charter.venues.models import Closure, Kind, Venue, VenueState
from charter.venues.service import matching

PAGE = 50
KINDS = {kind.value: kind.label for kind in Kind}
COLUMNS = (
    "venue",
    "street",
    "town",
    "postcode",
    "area",
    "kind",
    "state",
    "signed on",
    "valid until",
    "certificate",
    "certificate state",
    "since",
    "until",
    "reason",
    "page",
)
_LISTED = (VenueState.WORKING, VenueState.LEFT)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the register; `after` goes on below it, empty at the end.

    `shown` has the current certificate of each venue on it that has one, with its state today.
    """

    rows: tuple[Row[Any], ...]
    after: str
    shown: dict[int, reading.Shown]


def venue_state() -> ColumnElement[str]:
    """A venue's state today as SQL, in the words every page uses.

    For a statement over Venue, outer-joined by `with_standing`. It judges each stored standing by
    today's date, so it is right on a day the nightly work did not run.
    """
    today = clock.today()
    closed = exists().where(
        Closure.venue_id == Venue.id,
        Closure.from_on <= today,
        or_(Closure.until_on.is_(None), Closure.until_on >= today),
    )
    return case(
        (Venue.state != VenueState.WORKING, Venue.state),
        (closed, literal("closed for now")),
        (Certificate.id.is_(None), literal("working towards")),
        (Certificate.valid_until < today, literal("working towards")),
        (stands(today), literal("certified")),
        else_=literal("suspended"),
    ).label("state")


def stands(today: date) -> ColumnElement[bool]:
    """Whether a current certificate is not suspended today, the grace counted in; as `venue_state`.

    What `rules.state_of` says of one, for a statement over many.
    """
    last_ended = today - timedelta(days=config.current().city.grace_days)
    stayed = and_(Certificate.stay_until >= today, Certificate.suspended_on.is_not(None))
    return or_(stayed.is_(True), _in_time(last_ended))


def _in_time(last_ended: date) -> ColumnElement[bool]:
    return and_(
        Certificate.suspended_on.is_(None),
        or_(
            and_(
                VenueStanding.all_met,
                or_(VenueStanding.holds_until.is_(None), VenueStanding.holds_until >= last_ended),
            ),
            and_(~VenueStanding.all_met, Certificate.unmet_since > last_ended),
        ),
    )


def with_standing(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Join a statement over Venue to its standing and current certificate, where it has them."""
    return query.outerjoin(VenueStanding, VenueStanding.venue_id == Venue.id).outerjoin(
        Certificate,
        and_(
            Certificate.venue_id == Venue.id,
            Certificate.withdrawn_at.is_(None),
            Certificate.replaced_by_id.is_(None),
        ),
    )


def state_of(venue_id: int) -> str:
    """The state of one venue today, in the words every page uses."""
    query = with_standing(select(venue_state())).where(Venue.id == venue_id)
    return str(db.session.scalars(query).one())


def _signed() -> Select[Any]:
    return with_standing(
        select(
            Venue.id,
            Venue.name,
            Venue.name_key,
            Venue.street,
            Venue.town,
            Venue.postcode,
            Venue.area,
            Venue.kind,
            Venue.latitude,
            Venue.longitude,
            Venue.signed_on,
            venue_state(),
            Certificate.valid_until,
            Certificate.code,
        )
    ).where(Venue.signed_on.is_not(None), Venue.state.in_(_LISTED))


def page(*, find: str = "", after: str = "") -> Page:
    """Up to 50 venues in order of name, those that match `find`, below the place `after`."""
    query = _signed().where(matching(find))
    name, _, number = after.rpartition("~")
    if name.isprintable() and is_number(number):
        query = query.where(
            or_(Venue.name_key > name, and_(Venue.name_key == name, Venue.id > int(number)))
        )
    found = db.session.execute(query.order_by(Venue.name_key, Venue.id).limit(PAGE + 1)).all()
    last = found[PAGE - 1] if len(found) > PAGE else None
    rows = tuple(found[:PAGE])
    shown = reading.of_venues([row.id for row in rows if row.code])
    return Page(rows, f"{last.name_key}~{last.id}" if last else "", shown)


def rows() -> Iterator[tuple[str, ...]]:
    """Every listed venue as plain words, in the order of COLUMNS. Two statements."""
    shown = _all_shown()
    for row in db.session.execute(_signed().order_by(Venue.name_key, Venue.id)):
        until = row.valid_until.isoformat() if row.state == "certified" else ""
        yield (
            row.name, row.street, row.town, row.postcode, row.area, Kind(row.kind).label,
            row.state, row.signed_on.isoformat(), until,
            *_certificate(shown.get(row.id)).values(),
        )  # fmt: skip


def features() -> Iterator[dict[str, Any]]:
    """Every listed venue with a position, as a GeoJSON feature. Two statements."""
    shown = _all_shown()
    for row in db.session.execute(_signed().order_by(Venue.name_key, Venue.id)):
        if row.latitude is None or row.longitude is None:
            continue
        yield {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row.longitude, row.latitude]},
            "properties": {
                "name": row.name,
                "street": row.street,
                "postcode": row.postcode,
                "kind": Kind(row.kind).label,
                "state": row.state,
                "signed_on": row.signed_on.isoformat(),
                **{name: said or None for name, said in _certificate(shown.get(row.id)).items()},
            },
        }


def _all_shown() -> dict[int, reading.Shown]:
    """The current certificate of every venue that has one."""
    return {each.venue.id: reading.shown(each) for each in reading.current()}


def _certificate(shown: reading.Shown | None) -> dict[str, str]:
    """What the register says of a venue's current certificate, each empty where there is none."""
    if shown is None:
        return dict.fromkeys(_OF_A_CERTIFICATE, "")
    verdict = shown.verdict
    said = (
        shown.certificate.serial,
        verdict.state.value,
        verdict.since.isoformat() if verdict.since else "",
        verdict.until.isoformat() if verdict.until else "",
        verdict.reason,
        f"{config.current().public_url}/verify/{shown.code}",
    )
    return dict(zip(_OF_A_CERTIFICATE, said, strict=True))


_OF_A_CERTIFICATE = ("certificate", "certificate_state", "since", "until", "reason", "page")


def inert(value: str) -> str:
    """A spreadsheet cell that no program takes for a formula (OWASP ASVS 1.2.10, CWE-1236)."""
    first = unicodedata.normalize("NFKC", value.lstrip(" ")[:1])
    return f"'{value}" if first and first in "=+-@\t\r\n\0" else value
