"""Gathers what coverage is counted from: the teams of many venues at the cost of one.

Somebody who linked their jobs to one account is taken with what they did at every venue, but for
briefings, which are of one venue. Nothing of where it was done leaves this module.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import BindParameter, bindparam, select

from charter.accounts.models import Membership, User
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.editions.terms import Counted
from charter.staff.models import StaffJob, StaffList, StaffMember
from charter.training import courses, rules
from charter.training.courses import Part
from charter.training.coverage import Done, Person, Stint, Team
from charter.training.models import TrainingRecord
from charter.training.rules import Terms
from charter.training.spans import Span
from charter.venues.closures import Closed, merged
from charter.venues.models import Closure

# Put together once: every change of a list asks these.
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_LISTS = select(StaffList.venue_id, StaffList.began_on, StaffList.checked_on).where(
    StaffList.venue_id.in_(_IDS)
)
_STINTS = (
    select(
        *(StaffJob.venue_id, StaffJob.member_id, StaffMember.user_id, StaffJob.job),
        *(StaffJob.employer, StaffJob.started_on, StaffJob.left_on),
        *(StaffJob.recorded_at, StaffJob.left_recorded_at),
    )
    .join(StaffMember, StaffMember.id == StaffJob.member_id)
    .where(StaffJob.venue_id.in_(_IDS))
    .order_by(StaffJob.id)
)
_CHAMPIONS = (
    select(Membership.venue_id, Membership.user_id, Membership.starts_on, Membership.ends_on)
    .join(User, User.id == Membership.user_id)
    .where(
        Membership.venue_id.in_(_IDS),
        Membership.role == Role.CHAMPION,
        Membership.is_stand_in.is_(False),
        User.is_disabled.is_(False),
    )
)
_CLOSURES = select(Closure.venue_id, Closure.from_on, Closure.until_on).where(
    Closure.venue_id.in_(_IDS)
)
_ROWS = (
    TrainingRecord.course_key,
    TrainingRecord.done_on,
    TrainingRecord.lasts_until,
    TrainingRecord.recorded_at,
    TrainingRecord.withdrawn_at,
)
_DONE = select(TrainingRecord.member_id, *_ROWS).where(TrainingRecord.venue_id.in_(_IDS))
_DONE_BY = (
    select(StaffMember.user_id, TrainingRecord.venue_id, *_ROWS)
    .join(StaffMember, StaffMember.id == TrainingRecord.member_id)
    .where(StaffMember.user_id.in_(_IDS))
)


# What people did, by account, each with the venue that wrote it down.
_Anywhere = dict[int, list[tuple[int, Done]]]


def teams(venue_ids: Collection[int]) -> dict[int, Team]:
    """The people of each of these venues with all that they did. Six statements, however many."""
    ids = {"ids": list(venue_ids)}
    lists = {row.venue_id: row for row in db.session.execute(_LISTS, ids)}
    champions = db.session.execute(_CHAMPIONS, ids).all()
    stints = db.session.execute(_STINTS, ids).all()
    users = {row.user_id for row in (*champions, *stints) if row.user_id is not None}
    by_member, by_user = _done(ids), _done_by(users)
    closed: dict[int, list[Closed]] = defaultdict(list)
    for closure in db.session.execute(_CLOSURES, ids):
        closed[closure.venue_id].append(Closed(closure.from_on, closure.until_on))
    people = _people(stints, by_member, by_user)
    terms: dict[int | None, list[tuple[Span, tuple[Done, ...]]]] = defaultdict(list)
    for term in champions:
        if term.ends_on is None or term.ends_on >= term.starts_on:
            span = Span.of(term.starts_on, term.ends_on)
            terms[term.venue_id].append((span, _at(term.venue_id, by_user[term.user_id])))
    return {
        venue_id: Team(
            people=tuple(people[venue_id]),
            began=lists[venue_id].began_on if venue_id in lists else None,
            checked=lists[venue_id].checked_on if venue_id in lists else None,
            champions=tuple(terms[venue_id]),
            closures=tuple(merged(closed[venue_id])),
        )
        for venue_id in venue_ids
    }


def _done(ids: dict[str, list[int]]) -> dict[int, list[Done]]:
    found: dict[int, list[Done]] = defaultdict(list)
    for row in db.session.execute(_DONE, ids):
        found[row.member_id].append(_one(row))
    return found


def _done_by(user_ids: Collection[int]) -> _Anywhere:
    found: _Anywhere = defaultdict(list)
    for row in db.session.execute(_DONE_BY, {"ids": list(user_ids)}):
        found[row.user_id or 0].append((row.venue_id, _one(row)))
    return found


def _at(venue_id: int | None, anywhere: Iterable[tuple[int, Done]]) -> tuple[Done, ...]:
    """Of what somebody did anywhere, what counts at one venue."""
    known = courses.courses()
    return tuple(
        done
        for where, done in anywhere
        if where == venue_id
        or done.course not in known
        or known[done.course].part is not Part.BRIEFING
    )


def _one(row: Any) -> Done:
    known, withdrawn = clock.local(row.recorded_at).date(), row.withdrawn_at
    last_known = clock.local(withdrawn).date() if withdrawn else None
    return Done(row.course_key, row.done_on, row.lasts_until, known, last_known)


def _people(
    stints: Iterable[Any], by_member: dict[int, list[Done]], by_user: _Anywhere
) -> dict[int, list[Person]]:
    held: dict[tuple[int, int, int | None], list[Stint]] = defaultdict(list)
    for row in stints:
        venue_id, member_id, user_id, job, employer, first, last, at, left_at = row
        known, last_known = clock.local(at).date(), left_at and clock.local(left_at).date()
        stint = Stint(job, employer, first, last, known, last_known)
        held[venue_id, member_id, user_id].append(stint)
    found: dict[int, list[Person]] = defaultdict(list)
    for (venue_id, member_id, user_id), of_person in held.items():
        done = tuple(by_member[member_id])
        if user_id is not None:
            done = _at(venue_id, by_user[user_id])
        found[venue_id].append(Person(member_id, tuple(of_person), done))
    return found


def counted(
    found: Mapping[int, Team],
    terms_of: Mapping[int, Terms],
    today: date,
    *,
    before: Collection[tuple[int, str]] = (),
) -> dict[int, dict[str, Counted]]:
    """What each fact comes to today at each of these venues, by venue and fact.

    Of those counted `before`, since when they are lost is known to whoever kept that count, and is
    not looked for again: it takes everybody who ever left.
    """
    facts = {}
    for venue_id, team in found.items():
        terms = terms_of[venue_id]
        each = {
            fact: rules.counted(team, terms, fact, today, past=(venue_id, fact) not in before)
            for fact in rules.FACTS
        }
        facts[venue_id] = {fact: count for fact, count in each.items() if count is not None}
    return facts
