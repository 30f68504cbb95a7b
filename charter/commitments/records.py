"""Gathers from the tables all that the rules judge by: for many venues at the cost of one.

What ends a proof early is worked out here, from who is champion and since when there is an owner,
each time facts are gathered: nothing has to remember to end a proof when somebody leaves.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, bindparam, select

from charter import config
from charter.accounts.models import Membership, User
from charter.commitments import editions, facts
from charter.commitments.models import Evidence, NotApplicable, QuietRecord
from charter.commitments.terms import Edition, Requirement
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.venues.models import Closure, Venue

_ONE_DAY = timedelta(days=1)

# Put together once: building them anew takes longer than the database does.
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_VENUES = select(Venue).where(Venue.id.in_(_IDS), Venue.edition_key.is_not(None))
_CHAMPIONS = (
    select(Membership, User.is_disabled)
    .join(User, User.id == Membership.user_id)
    .where(Membership.venue_id.in_(_IDS), Membership.role == Role.CHAMPION)
    .order_by(Membership.user_id, Membership.starts_on, Membership.id)
)
_PROOFS = (
    select(
        Evidence.id,
        Evidence.venue_id,
        Evidence.requirement_key,
        Evidence.state,
        Evidence.kind,
        Evidence.uploaded_at,
        Evidence.happened_on,
        Evidence.valid_from,
        Evidence.valid_to,
        Evidence.ended_on,
        Evidence.signed_user_id,
        Evidence.by_rule,
        Evidence.reason,
    )
    .where(Evidence.venue_id.in_(_IDS))
    .order_by(Evidence.id)
)
_NOT_APPLICABLE = (
    select(NotApplicable)
    .where(NotApplicable.venue_id.in_(_IDS), NotApplicable.agreed.is_not(False))
    .order_by(NotApplicable.id)
)
_QUIET = select(QuietRecord).where(QuietRecord.venue_id.in_(_IDS)).order_by(QuietRecord.id)
_CLOSURES = select(Closure).where(Closure.venue_id.in_(_IDS)).order_by(Closure.id)


class Term(NamedTuple):
    """Days, both included, on which somebody held a role; no `last` means still."""

    first: date
    last: date | None


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


class People:
    """Who was champion or stand-in of one venue, and when."""

    def __init__(self) -> None:
        self.terms: dict[bool, dict[int, list[Term]]] = {False: {}, True: {}}
        self.has_champion = False

    def add(self, member: Membership, is_disabled: bool, today: date) -> None:
        """Take in one role; one that ended before it began never was."""
        first, last = member.starts_on, member.ends_on
        if last is not None and last < first:
            return
        terms = self.terms[member.is_stand_in].setdefault(member.user_id, [])
        if terms and (terms[-1].last is None or first <= terms[-1].last + _ONE_DAY):
            terms[-1] = Term(terms[-1].first, _later(terms[-1].last, last))
        else:
            terms.append(Term(first, last))
        runs = first <= today and (last is None or last >= today)
        self.has_champion |= runs and not member.is_stand_in and not is_disabled

    def left_on(self, *, stand_in: bool, subject: int | None, day: date) -> date | None:
        """The last day of whom a proof of `day` speaks for, None while they stay.

        That is the person who signed it; else everybody in the role that day; else whoever came
        next, for what was recorded before they had an account.
        """
        terms = self.terms[stand_in]
        if subject in terms:
            return (_running_or_next(terms[subject], day) or terms[subject][-1]).last
        running = [found for each in terms.values() if (found := _running_or_next(each, day))]
        covering = [each for each in running if each.first <= day]
        chosen = covering or sorted(running)[:1]
        ends = [each.last for each in chosen]
        return max((end for end in ends if end), default=None) if all(ends) else None


def _later(one: date | None, other: date | None) -> date | None:
    return None if one is None or other is None else max(one, other)


def _running_or_next(terms: Iterable[Term], day: date) -> Term | None:
    """The term on this day or the next to come. A role taken back today last counted yesterday."""
    since = day - _ONE_DAY
    return next((each for each in terms if each.last is None or each.last >= since), None)


def known(venue_ids: Collection[int]) -> dict[int, Known]:
    """All that is known today about each of these venues that has signed an edition.

    Seven statements, however many venues and proofs.
    """
    today = clock.today()
    venues = db.session.scalars(_VENUES, {"ids": list(venue_ids)}).all()
    ids = [venue.id for venue in venues]
    of_key = editions.with_overrides({venue.edition_key or "" for venue in venues})
    people = _people(ids, today)
    found = _Found(defaultdict(dict), defaultdict(dict), defaultdict(dict), defaultdict(list))
    editions_of = {venue.id: of_key[venue.edition_key or ""][0] for venue in venues}
    _gather_proofs(found, {venue.id: venue for venue in venues}, editions_of, people)
    _gather_the_rest(found, ids)
    settings = facts.Settings(config.current().city.renewal_waiting_days)
    return {
        venue.id: Known(
            venue,
            editions_of[venue.id],
            facts.Facts(
                as_of=today,
                requirements=_requirements(found, venue.id),
                closures=tuple(found.closures[venue.id]),
                overrides=of_key[venue.edition_key or ""][1],
                settings=settings,
            ),
            people[venue.id].has_champion,
        )
        for venue in venues
    }


def _people(venue_ids: Sequence[int], today: date) -> dict[int, People]:
    people = {venue_id: People() for venue_id in venue_ids}
    for member, is_disabled in db.session.execute(_CHAMPIONS, {"ids": venue_ids}):
        people[member.venue_id or 0].add(member, is_disabled, today)
    return people


def _gather_proofs(
    found: _Found,
    venues: dict[int, Venue],
    editions_of: dict[int, Edition],
    people: dict[int, People],
) -> None:
    zone = clock.zone()
    for row in db.session.execute(_PROOFS, {"ids": list(venues)}):
        requirement = editions_of[row.venue_id].requirement(row.requirement_key)
        if requirement is None:
            continue
        handed_in = row.uploaded_at.astimezone(zone).date()
        ended_on = row.ended_on
        if requirement.voids:
            known_people = people[row.venue_id]
            ended_on = _ended_on(row, requirement, venues[row.venue_id], known_people, handed_in)
        found.proofs[row.venue_id].setdefault(row.requirement_key, []).append(
            facts.Proof(
                id=row.id,
                state=row.state,
                handed_in=handed_in,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
                ended_on=ended_on,
                happened_on=row.happened_on,
                kind=row.kind,
                by_rule=row.by_rule,
                reason=row.reason,
            )
        )


def _ended_on(
    row: Any, requirement: Requirement, venue: Venue, people: People, day: date
) -> date | None:
    """The last day a proof counts because something ended it early: the earliest such day."""
    ends = [row.ended_on]
    for void in requirement.voids:
        if void in ("champion-left", "stand-in-left"):
            stand_in = void == "stand-in-left"
            ends.append(people.left_on(stand_in=stand_in, subject=row.signed_user_id, day=day))
        elif void == "new-owner" and venue.owner_since and row.happened_on < venue.owner_since:
            ends.append(venue.owner_since - _ONE_DAY)
    return min((end for end in ends if end), default=None)


def _gather_the_rest(found: _Found, venue_ids: Sequence[int]) -> None:
    asked_of = {"ids": venue_ids}
    for asked in db.session.scalars(_NOT_APPLICABLE, asked_of):
        agreed_on = clock.local(asked.decided_at).date() if asked.decided_at else None
        asked_on = clock.local(asked.asked_at).date()
        found.not_applicable[asked.venue_id].setdefault(asked.requirement_key, []).append(
            facts.NotApplicable(asked_on, agreed_on, asked.ended_on, asked.reason)
        )
    for quiet in db.session.scalars(_QUIET, asked_of):
        found.quiet[quiet.venue_id].setdefault(quiet.requirement_key, []).append(
            facts.Quiet(quiet.nil_signed_on, quiet.recorded_on)
        )
    for closure in db.session.scalars(_CLOSURES, asked_of):
        found.closures[closure.venue_id].append(facts.Closure(closure.from_on, closure.until_on))


def _requirements(found: _Found, venue_id: int) -> dict[str, facts.RequirementFacts]:
    proofs = found.proofs[venue_id]
    asked = found.not_applicable[venue_id]
    quiet = found.quiet[venue_id]
    return {
        key: facts.RequirementFacts(
            proofs=tuple(proofs.get(key, ())),
            not_applicable=tuple(asked.get(key, ())),
            quiet=tuple(quiet.get(key, ())),
        )
        for key in {*proofs, *asked, *quiet}
    }
