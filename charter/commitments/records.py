"""Gathers from the tables all that the rules judge by: for many venues at the cost of one.

What ends a proof early is worked out each time (`proofs.endings`), so nothing has to remember to.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import BindParameter, bindparam, null, select, union_all

from charter import config
from charter.commitments import counting, facts
from charter.core import clock
from charter.core.db import db
from charter.editions import service as editions
from charter.editions.terms import Edition
from charter.proofs import endings
from charter.proofs.models import Evidence, NotApplicable, QuietRecord
from charter.venues.models import Closure, Venue

# Put together once: building them anew takes longer than the database does.
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_VENUES = select(Venue).where(Venue.id.in_(_IDS), Venue.edition_key.is_not(None))
# Columns, not objects: a venue has hundreds of proofs, and only a few facts of each count here.
_EVIDENCE, _ASKED, _NIL, _CLOSED = (
    model.__table__.c for model in (Evidence, NotApplicable, QuietRecord, Closure)
)
_PROOFS = (
    select(
        *(_EVIDENCE.venue_id, _EVIDENCE.requirement_key, _EVIDENCE.id, _EVIDENCE.state),
        *(_EVIDENCE.uploaded_at, _EVIDENCE.valid_from, _EVIDENCE.valid_to, _EVIDENCE.ended_on),
        *(_EVIDENCE.happened_on, _EVIDENCE.kind, _EVIDENCE.by_rule, _EVIDENCE.reason),
        _EVIDENCE.signed_user_id,
    )
    .where(_EVIDENCE.venue_id.in_(_IDS))
    .order_by(_EVIDENCE.id)
)
_NOT_APPLICABLE = (
    select(
        *(_ASKED.venue_id, _ASKED.requirement_key, _ASKED.asked_at, _ASKED.decided_at),
        *(_ASKED.ended_on, _ASKED.reason),
    )
    .where(_ASKED.venue_id.in_(_IDS), _ASKED.agreed.is_not(False))
    .order_by(_ASKED.id)
)
# Two tables of a few rows with two days each; a closure is of no requirement.
_QUIET_AND_CLOSED = union_all(
    select(
        *(_NIL.venue_id, _NIL.requirement_key, _NIL.nil_signed_on.label("first")),
        *(_NIL.recorded_on.label("last"), _NIL.id.label("number")),
    ).where(_NIL.venue_id.in_(_IDS)),
    select(_CLOSED.venue_id, null(), _CLOSED.from_on, _CLOSED.until_on, _CLOSED.id).where(
        _CLOSED.venue_id.in_(_IDS)
    ),
).order_by("number")


@dataclass(frozen=True, slots=True)
class Known:
    """A venue, the edition it signed, and all that is known about it today."""

    venue: Venue
    edition: Edition
    facts: facts.Facts
    has_champion: bool


@dataclass(slots=True)
class _Found:
    """The parts of many venues' facts, by venue and then by requirement."""

    proofs: dict[int, dict[str, list[facts.Proof]]]
    not_applicable: dict[int, dict[str, list[facts.NotApplicable]]]
    quiet: dict[int, dict[str, list[facts.Quiet]]]
    closures: dict[int, list[facts.Closure]]


def known(venue_ids: Collection[int]) -> dict[int, Known]:
    """All that is known today about each of these venues that has signed an edition.

    Seven statements, however many venues and proofs.
    """
    today = clock.today()
    venues = db.session.scalars(_VENUES, {"ids": list(venue_ids)}).all()
    ids = [venue.id for venue in venues]
    of_key = editions.with_overrides({venue.edition_key or "" for venue in venues})
    people = endings.people_of(ids, today)
    found = _Found(defaultdict(dict), defaultdict(dict), defaultdict(dict), defaultdict(list))
    editions_of = {venue.id: of_key[venue.edition_key or ""][0] for venue in venues}
    _gather_proofs(found, {venue.id: venue for venue in venues}, editions_of, people)
    _gather_the_rest(found, ids)
    settings = facts.Settings(config.current().city.renewal_waiting_days)
    counts = counting.stored(ids, today)
    return {
        venue.id: Known(
            venue,
            editions_of[venue.id],
            facts.Facts(
                as_of=today,
                requirements=_requirements(
                    found, venue.id, editions_of[venue.id], counts[venue.id]
                ),
                closures=tuple(found.closures[venue.id]),
                overrides=of_key[venue.edition_key or ""][1],
                settings=settings,
            ),
            people[venue.id].has_champion,
        )
        for venue in venues
    }


def _gather_proofs(
    found: _Found,
    venues: dict[int, Venue],
    editions_of: dict[int, Edition],
    people: dict[int, endings.People],
) -> None:
    zone = clock.zone()
    for row in db.session.execute(_PROOFS, {"ids": list(venues)}):
        venue_id, key, number, state, uploaded_at, first, last, ended_on, day, *more, _signer = row
        requirement = editions_of[venue_id].requirement(key)
        if requirement is None:
            continue
        handed_in = uploaded_at.astimezone(zone).date()
        if requirement.voids:
            ended_on = endings.ended_on(
                row, requirement, venues[venue_id], people[venue_id], handed_in
            )
        found.proofs[venue_id].setdefault(key, []).append(
            facts.Proof(number, state, handed_in, first, last, ended_on, day, *more)
        )


def _gather_the_rest(found: _Found, venue_ids: Sequence[int]) -> None:
    asked_of = {"ids": venue_ids}
    for asked in db.session.execute(_NOT_APPLICABLE, asked_of):
        agreed_on = clock.local(asked.decided_at).date() if asked.decided_at else None
        asked_on = clock.local(asked.asked_at).date()
        found.not_applicable[asked.venue_id].setdefault(asked.requirement_key, []).append(
            facts.NotApplicable(asked_on, agreed_on, asked.ended_on, asked.reason)
        )
    for row in db.session.execute(_QUIET_AND_CLOSED, asked_of):
        if row.requirement_key is None:
            found.closures[row.venue_id].append(facts.Closure(row.first, row.last))
        else:
            found.quiet[row.venue_id].setdefault(row.requirement_key, []).append(
                facts.Quiet(row.first, row.last)
            )


def _requirements(
    found: _Found, venue_id: int, edition: Edition, counts: dict[str, facts.Counted]
) -> dict[str, facts.RequirementFacts]:
    proofs = found.proofs[venue_id]
    asked = found.not_applicable[venue_id]
    quiet = found.quiet[venue_id]
    counted = {each.key: counts[each.fact] for each in edition.requirements if each.fact in counts}
    return {
        key: facts.RequirementFacts(
            proofs=tuple(proofs.get(key, ())),
            not_applicable=tuple(asked.get(key, ())),
            quiet=tuple(quiet.get(key, ())),
            counted=counted.get(key),
        )
        for key in {*proofs, *asked, *quiet, *counted}
    }
