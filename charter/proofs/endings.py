"""What ends a proof early: the people or the owner it stood for are no longer there.

It is worked out from who is champion and since when there is an owner each time it is asked:
nothing has to remember to end a proof when somebody leaves.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, bindparam, select

from charter.accounts.models import Membership, User
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.editions.terms import Requirement
from charter.proofs.models import Evidence
from charter.venues.models import Venue

_ONE_DAY = timedelta(days=1)
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_CHAMPIONS = (
    select(Membership, User.is_disabled)
    .join(User, User.id == Membership.user_id)
    .where(Membership.venue_id.in_(_IDS), Membership.role == Role.CHAMPION)
    .order_by(Membership.user_id, Membership.starts_on, Membership.id)
)


class Term(NamedTuple):
    """Days, both included, on which somebody held a role; no `last` means still."""

    first: date
    last: date | None


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


def people_of(venue_ids: Sequence[int], today: date) -> dict[int, People]:
    """Who was champion or stand-in of these venues, and when. One statement."""
    people = {venue_id: People() for venue_id in venue_ids}
    for member, is_disabled in db.session.execute(_CHAMPIONS, {"ids": venue_ids}):
        people[member.venue_id or 0].add(member, is_disabled, today)
    return people


def ended_on(
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


def ended(row: Evidence, requirement: Requirement, venue: Venue) -> date | None:
    """As `ended_on`, for one proof at hand."""
    if row.ended_on is not None or not requirement.voids:
        return row.ended_on
    people = people_of([row.venue_id], clock.today())[row.venue_id]
    return ended_on(row, requirement, venue, people, clock.local(row.uploaded_at).date())
