"""How many venues are in each state today: counted along indexes, judged where today decides."""

from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import CompoundSelect, Result, case, func, literal, or_, select, union_all

from charter.certificates.models import Certificate
from charter.certificates.register import stands
from charter.commitments.models import VenueStanding
from charter.core import clock
from charter.office.board import HAS_SIGNED, KEPT, STATES, Filters, answered, conditions
from charter.venues.models import Closure, Venue, VenueState

_CLOSED = "closed for now"
_BY_DAY = ("certified", "suspended", _CLOSED)


def totals(filters: Filters) -> dict[str, int]:
    """How many venues are in each state today, of those that fit everything but the state.

    Stored states are counted in their index. Only for the few that hold a certificate or are
    closed now does today decide; every other one that signed is working towards.
    """
    query = _totals(replace(filters, state=""), clock.today())
    return dict(answered(query, _summed))


def _summed(rows: Result[*tuple[Any, ...]]) -> dict[str, int]:
    found: dict[str, int] = {state: number for state, number in rows}
    signed = found.pop(VenueState.WORKING.value, 0)
    found["working towards"] = signed - sum(found.get(state, 0) for state in _BY_DAY)
    return {state: found[state] for state in STATES if found.get(state)}


@lru_cache(maxsize=KEPT)
def _totals(filters: Filters, today: date) -> CompoundSelect[Any]:
    """Each state with its number; those that signed as *working*, of which the others are part."""
    wanted = list(conditions(filters, today))
    number, certified = func.count(), case((stands(today), "certified"), else_="suspended")
    stored = select(Venue.state, number)
    if filters.lapses or filters.waiting:
        stored = stored.join(VenueStanding, VenueStanding.venue_id == Venue.id)
    closed_now = select(Closure.venue_id).where(
        Closure.from_on <= today, or_(Closure.until_on.is_(None), Closure.until_on >= today)
    )
    held = (
        select(certified.label("state"))
        .select_from(Certificate)
        .join(Venue, Venue.id == Certificate.venue_id)
        .outerjoin(VenueStanding, VenueStanding.venue_id == Venue.id)
        .where(
            Certificate.withdrawn_at.is_(None),
            Certificate.replaced_by_id.is_(None),
            Certificate.valid_until >= today,
            Venue.id.not_in(closed_now),
            HAS_SIGNED,
            *wanted,
        )
        .subquery()
    )
    closed = (
        select(literal(_CLOSED), number)
        .select_from(Venue)
        .outerjoin(VenueStanding, VenueStanding.venue_id == Venue.id)
        .where(Venue.id.in_(closed_now), HAS_SIGNED, *wanted)
    )
    return union_all(
        stored.where(*wanted).group_by(Venue.state),
        select(held.c.state, number).group_by(held.c.state),
        closed,
    )
