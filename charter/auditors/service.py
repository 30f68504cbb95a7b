"""Engagements: granted by the office, opened and ended by their dates; questions and findings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from charter.accounts import invitations
from charter.accounts import service as accounts
from charter.accounts.invitations import Wish
from charter.accounts.models import Invitation, Membership, User
from charter.accounts.rules import same_address
from charter.auditors import sampling
from charter.auditors.models import Engagement, EngagementVenue
from charter.auditors.sampling import Unit
from charter.core import clock, trail
from charter.core.access import Role
from charter.core.db import db
from charter.core.errors import Refused
from charter.venues.models import Kind, Venue, VenueState

LONGEST = timedelta(days=366)
MOST_VENUES = 200


@dataclass(frozen=True, slots=True)
class Grant:
    """What an engagement is to be."""

    title: str
    email: str
    name: str
    scope: str
    commitments: tuple[str, ...]
    from_on: date
    to_on: date
    units: tuple[Unit, ...]
    seed: str = ""
    population: int = 0
    once: str = ""


def population() -> list[Unit]:
    """Every venue that can be drawn: those that signed and work, each in its kind and area."""
    rows = db.session.execute(
        select(Venue.id, Venue.kind, Venue.area)
        .where(Venue.state == VenueState.WORKING, Venue.signed_on.is_not(None))
        .order_by(Venue.id)
    )
    return [Unit(row.id, f"{Kind(row.kind).label}, {row.area or 'no area'}") for row in rows]


def drawn(size: int, seed: str) -> tuple[list[Unit], int]:
    """A sample of a size, and how many venues it was drawn from."""
    units = population()
    return sampling.draw(units, size, seed), len(units)


def chosen(venue_ids: Iterable[int]) -> list[Unit]:
    """Venues that were named, of those that can be audited."""
    wanted = set(venue_ids)
    return [unit for unit in population() if unit.venue_id in wanted]


def grant(wish: Grant, *, by: User) -> Engagement:
    """Engage an auditor. Somebody without an account is invited; access opens on the first day.

    Needs the city's lock and every venue's. A form that was sent twice makes one engagement.
    """
    known = db.session.scalars(select(Engagement).where(Engagement.once == wish.once)).first()
    if known is not None:
        return known
    _refuse_dates(wish)
    if not wish.units:
        raise Refused("Choose one venue or more", "venues")
    if len(wish.units) > MOST_VENUES:
        raise Refused(f"An engagement covers {MOST_VENUES} venues at most", "size")
    email = same_address(wish.email)
    venue_ids = tuple(unit.venue_id for unit in wish.units)
    auditor = accounts.by_address(email)
    if auditor is None:
        invited = Wish(
            email, Role.AUDITOR, name=wish.name, venue_ids=venue_ids,
            starts_on=wish.from_on, ends_on=wish.to_on,
        )  # fmt: skip
        invitations.invite(invited, by=by)
    else:
        for venue_id in venue_ids:
            accounts.give_role(
                auditor, Role.AUDITOR, venue_id=venue_id,
                starts_on=wish.from_on, ends_on=wish.to_on, by=by.id,
            )  # fmt: skip
    row = Engagement(
        title=wish.title,
        email=email,
        auditor_id=auditor.id if auditor else None,
        scope=wish.scope,
        commitments=list(wish.commitments),
        from_on=wish.from_on,
        to_on=wish.to_on,
        sample=_sample(wish),
        granted_by=by.id,
        once=wish.once,
    )
    db.session.add(row)
    db.session.flush()
    for unit in wish.units:
        db.session.add(
            EngagementVenue(engagement_id=row.id, venue_id=unit.venue_id, stratum=unit.stratum)
        )
        trail.note(
            "engagement.granted", "engagement", row.id, venue_id=unit.venue_id, by=by.id,
            since=row.from_on.isoformat(), until=row.to_on.isoformat(),
        )  # fmt: skip
    trail.note("engagement.granted", "engagement", row.id, by=by.id, venues=len(wish.units))
    return row


def _sample(wish: Grant) -> dict[str, object] | None:
    if not wish.seed:
        return None
    counts: dict[str, int] = {}
    for unit in wish.units:
        counts[unit.stratum] = counts.get(unit.stratum, 0) + 1
    size = len(wish.units)
    return {"seed": wish.seed, "size": size, "population": wish.population, "strata": counts}


def _refuse_dates(wish: Grant) -> None:
    if wish.from_on < clock.today():
        raise Refused("The first day is today or later", "from_on")
    if wish.to_on < wish.from_on:
        raise Refused("The last day comes after the first", "to_on")
    if wish.to_on - clock.today() > LONGEST:
        raise Refused("An audit ends within a year. Enter an earlier day", "to_on")


def end(engagement_id: int, *, by: int) -> None:
    """End an engagement today: from this moment nothing of it opens. Needs every venue's lock."""
    row = db.session.get(Engagement, engagement_id)
    today = clock.today()
    if row is None or row.last_day < today:
        raise Refused("This engagement is over.")
    row.ended_on = today - timedelta(days=1)
    know_auditors()
    here = venue_ids(row.id)
    invitations.withdraw_audit(row.email, here, row.to_on)
    if row.auditor_id is not None:
        _take_back(row, here)
    for venue_id in here:
        trail.note("engagement.ended", "engagement", row.id, venue_id=venue_id, by=by)
    trail.note("engagement.ended", "engagement", row.id, by=by)


def _take_back(row: Engagement, here: Sequence[int]) -> None:
    """End the auditor's roles of this engagement, but for those that another one gives too."""
    today, others = clock.today(), _others(row)
    for each in db.session.scalars(
        select(Membership).where(
            Membership.user_id == row.auditor_id,
            Membership.role == Role.AUDITOR,
            Membership.ends_on >= today,
            Membership.venue_id.in_(here),
        )
    ):
        goes_on = any(
            venue_id == each.venue_id and to_on == each.ends_on and from_on <= each.starts_on
            for venue_id, from_on, to_on in others
        )
        if not goes_on:
            each.ends_on = min(today, each.starts_on) - timedelta(days=1)


def _others(row: Engagement) -> list[tuple[int, date, date]]:
    """Venue, first and last day of what else the same auditor was granted and is not over."""
    found = db.session.execute(
        select(EngagementVenue.venue_id, Engagement.from_on, Engagement.to_on)
        .join(Engagement, Engagement.id == EngagementVenue.engagement_id)
        .where(
            (Engagement.auditor_id == row.auditor_id) | (Engagement.email == row.email),
            Engagement.id != row.id,
            Engagement.to_on >= clock.today(),
            Engagement.ended_on.is_(None),
        )
    )
    return [(venue_id, from_on, to_on) for venue_id, from_on, to_on in found]


def know_auditors() -> int:
    """Write down who took up their invitation, so that a new address loses nobody their audit.

    How many audits have a known auditor now that had none before. Needs the city's lock.
    """
    found = db.session.execute(
        select(Engagement, Invitation.accepted_by)
        .join(Invitation, Invitation.email == Engagement.email)
        .where(
            Engagement.auditor_id.is_(None),
            Invitation.role == Role.AUDITOR,
            Invitation.accepted_by.is_not(None),
        )
        .order_by(Invitation.id)
    ).all()
    for row, user_id in found:
        row.auditor_id = user_id
    return len({row.id for row, _ in found})


def venue_ids(engagement_id: int) -> list[int]:
    """The venues of an engagement, by number."""
    return list(
        db.session.scalars(
            select(EngagementVenue.venue_id)
            .where(EngagementVenue.engagement_id == engagement_id)
            .order_by(EngagementVenue.venue_id)
        )
    )


def all_of_them() -> Sequence[Engagement]:
    """Every engagement, the newest first, at most 200."""
    return db.session.scalars(select(Engagement).order_by(Engagement.id.desc()).limit(200)).all()


def one(engagement_id: int) -> Engagement | None:
    """An engagement, or None."""
    return db.session.get(Engagement, engagement_id)


def of_auditor(user: User) -> list[Engagement]:
    """The engagements of an auditor that run today, also those from before they had an account."""
    today = clock.today()
    rows = db.session.scalars(
        select(Engagement)
        .where((Engagement.auditor_id == user.id) | (Engagement.email == user.email))
        .order_by(Engagement.to_on, Engagement.id)
    )
    return [row for row in rows if row.is_open(today)]


def running(engagement_id: int, venue_id: int, user: User) -> Engagement | None:
    """The auditor's own engagement that runs today and covers a venue, or None."""
    row = one(engagement_id)
    if row is None or not row.is_open(clock.today()):
        return None
    if user.id != row.auditor_id and user.email != row.email:
        return None
    covered = db.session.get(EngagementVenue, (engagement_id, venue_id))
    return row if covered is not None else None


def at_venue(venue_id: int) -> Sequence[Engagement]:
    """The engagements that cover a venue, the newest first."""
    return db.session.scalars(
        select(Engagement)
        .join(EngagementVenue, EngagementVenue.engagement_id == Engagement.id)
        .where(EngagementVenue.venue_id == venue_id)
        .order_by(Engagement.id.desc())
        .limit(50)
    ).all()
