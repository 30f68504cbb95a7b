"""The city's certificates in lists, and renewals done many at a time.

Every list is one page of venues in the order of their names, judged by today in the statement
itself, so that it costs the same in a city of any size. A renewal asks nothing new of a venue
whose records are alive: an officer proposes many at once and an administrator issues them. A
first certificate is looked at by itself.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from charter.accounts.models import User
from charter.certificates import reading, service
from charter.certificates.models import Certificate, CertificateProposal
from charter.certificates.reading import Found
from charter.certificates.register import stands
from charter.certificates.service import ISSUE
from charter.commitments.models import VenueStanding
from charter.core import clock
from charter.core.db import CITY, db, lock
from charter.core.errors import Refused
from charter.core.text import is_number
from charter.venues.models import Venue, VenueState

PAGE = 50
RENEW_WITHIN = timedelta(days=30)
GRACE, SUSPENDED, RENEW, READY, WAITING = "grace", "suspended", "renew", "ready", "waiting"
LISTS = {
    WAITING: "Waiting for a second person",
    GRACE: "In their days of grace",
    SUSPENDED: "Suspended",
    RENEW: "To renew",
    READY: "Ready for their first",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One venue in a list: its current certificate if it has one, and what was proposed of it."""

    venue: Venue
    shown: reading.Shown | None
    proposal: CertificateProposal | None = None
    proposer: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `after` goes on below it, empty at the end."""

    rows: tuple[Row, ...]
    after: str


def page(which: str, *, after: str = "") -> Page:
    """A page of one of `LISTS`, below the place `after`. Raises KeyError for another list."""
    below = _below(after)
    if which == WAITING:
        rows = _waiting(below)
    elif which == READY:
        rows = _ready(below)
    else:
        rows = _held(_CONDITIONS[which](clock.today()), below)
    last = rows[PAGE - 1].venue if len(rows) > PAGE else None
    return Page(tuple(rows[:PAGE]), f"{last.name_key}~{last.id}" if last else "")


def _below(after: str) -> ColumnElement[bool] | None:
    name, _, number = after.rpartition("~")
    if not (name and name.isprintable() and is_number(number) and len(number) < 10):
        return None
    return or_(Venue.name_key > name, and_(Venue.name_key == name, Venue.id > int(number)))


def _held(condition: ColumnElement[bool], below: ColumnElement[bool] | None) -> list[Row]:
    wanted = [Venue.state == VenueState.WORKING, condition]
    found = reading.current(*wanted, *([] if below is None else [below]), in_order=PAGE + 1)
    return [Row(each.venue, reading.shown(each)) for each in found]


def _facts_hold(today: date) -> ColumnElement[bool]:
    ends = VenueStanding.holds_until
    return and_(VenueStanding.all_met, or_(ends.is_(None), ends >= today))


def _in_grace(today: date) -> ColumnElement[bool]:
    return and_(Certificate.valid_until >= today, stands(today), ~_facts_hold(today))


def _suspended(today: date) -> ColumnElement[bool]:
    return and_(Certificate.valid_until >= today, or_(~stands(today), stands(today).is_(None)))


def _to_renew(today: date) -> ColumnElement[bool]:
    waits = exists().where(
        CertificateProposal.venue_id == Venue.id,
        CertificateProposal.kind == ISSUE,
        CertificateProposal.ended_at.is_(None),
        CertificateProposal.expires_at > clock.now(),
    )
    return and_(Certificate.valid_until <= today + RENEW_WITHIN, _facts_hold(today), ~waits)


_CONDITIONS: dict[str, Callable[[date], ColumnElement[bool]]] = {
    GRACE: _in_grace,
    SUSPENDED: _suspended,
    RENEW: _to_renew,
}


def _ready(below: ColumnElement[bool] | None) -> list[Row]:
    """Venues that meet everything and have no certificate, none proposed either."""
    held = exists().where(
        Certificate.venue_id == Venue.id,
        Certificate.withdrawn_at.is_(None),
        Certificate.replaced_by_id.is_(None),
    )
    waits = exists().where(
        CertificateProposal.venue_id == Venue.id,
        CertificateProposal.ended_at.is_(None),
        CertificateProposal.expires_at > clock.now(),
    )
    query = (
        select(Venue)
        .join(VenueStanding, VenueStanding.venue_id == Venue.id)
        .where(
            _facts_hold(clock.today()),
            Venue.state == VenueState.WORKING,
            Venue.signed_on.is_not(None),
            ~held,
            ~waits,
        )
        .order_by(Venue.name_key, Venue.id)
        .limit(PAGE + 1)
    )
    venues = db.session.scalars(query if below is None else query.where(below))
    return [Row(venue, None) for venue in venues]


def _waiting(below: ColumnElement[bool] | None) -> list[Row]:
    query = (
        select(CertificateProposal, Venue, User.name)
        .join(Venue, Venue.id == CertificateProposal.venue_id)
        .join(User, User.id == CertificateProposal.proposed_by)
        .where(CertificateProposal.ended_at.is_(None), CertificateProposal.expires_at > clock.now())
        .order_by(Venue.name_key, Venue.id, CertificateProposal.id)
        .limit(PAGE + 1)
    )
    rows = db.session.execute(query if below is None else query.where(below)).all()
    shown = reading.of_venues([venue.id for _, venue, _ in rows])
    return [Row(venue, shown.get(venue.id), proposal, name or "") for proposal, venue, name in rows]


def counts() -> dict[str, int]:
    """How many venues stand in each list today; two statements."""
    today = clock.today()
    held = (
        select(*(func.count().filter(condition(today)) for condition in _CONDITIONS.values()))
        .select_from(Certificate)
        .join(Venue, Venue.id == Certificate.venue_id)
        .outerjoin(VenueStanding, VenueStanding.venue_id == Venue.id)
        .where(
            Certificate.withdrawn_at.is_(None),
            Certificate.replaced_by_id.is_(None),
            Venue.state == VenueState.WORKING,
        )
    )
    waiting = select(func.count(CertificateProposal.id)).where(
        CertificateProposal.ended_at.is_(None), CertificateProposal.expires_at > clock.now()
    )
    numbers = db.session.execute(held).one()
    waits = db.session.scalar(waiting) or 0
    return {WAITING: waits, **dict(zip(_CONDITIONS, numbers, strict=True))}


@dataclass(slots=True)
class Done:
    """What came of many at once: how many were done, and why others were not, in words."""

    number: int = 0
    refused: int = 0
    why: str = ""


def propose(venue_ids: Iterable[int], *, by: int, web_session: int | None) -> Iterator[Done]:
    """Propose to renew the certificates of these venues, one after the other.

    Yields the account so far after each, for the caller to commit, so that nobody waits for all of
    them. Begins outside a transaction. Only venues whose certificate can be renewed are taken.
    """
    return _each(
        venue_ids,
        lambda venue_id: (
            _renewable(venue_id) and service.propose(venue_id, by=by, web_session=web_session)
        ),
    )


def issue(venue_ids: Iterable[int], *, by: int, web_session: int | None) -> Iterator[Done]:
    """Issue the renewals that were proposed for these venues, as `propose`."""

    def one(venue_id: int) -> None:
        proposal = service.open_proposal(venue_id, ISSUE)
        if proposal is None:
            raise Refused(service.GONE)
        if not reading.of_venues([venue_id]):
            raise Refused("A first certificate is looked at by itself.")
        service.issue(venue_id, proposal.id, by=by, web_session=web_session)

    return _each(venue_ids, one)


def _renewable(venue_id: int) -> bool:
    found: list[Found] = reading.current(Certificate.venue_id == venue_id, _to_renew(clock.today()))
    if not found:
        raise Refused("This certificate is not to be renewed now.")
    return True


def _each(venue_ids: Iterable[int], verb: Callable[[int], object]) -> Iterator[Done]:
    done = Done()
    for venue_id in dict.fromkeys(venue_ids):
        db.session.rollback()
        lock(CITY, venue_id)
        try:
            verb(venue_id)
        except Refused as refused:
            db.session.rollback()
            done.refused += 1
            done.why = done.why or refused.words
        else:
            done.number += 1
        yield done
