"""Long lists of people, a page at a time; a place in one is the id of the person before it.

An id and no name: addresses are kept in the history of a browser.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

from sqlalchemy import Subquery, func, literal, select, tuple_
from sqlalchemy.orm import selectinload

from charter.core.db import db
from charter.core.text import is_number
from charter.staff import service
from charter.staff.models import StaffJob, StaffMember


class _Listed(Protocol):
    @property
    def id(self) -> int:
        """The id of somebody on a list."""


L = TypeVar("L", bound=_Listed)


def some(listed: Sequence[L], most: int, after: str) -> tuple[Sequence[L], str]:
    """Of a list in its order, the next so many below somebody; and below whom it goes on, or "".

    Below nobody, or somebody who is not there any more, is the beginning.
    """
    begin = next((n + 1 for n, each in enumerate(listed) if str(each.id) == after), 0)
    page = listed[begin : begin + most]
    return page, str(page[-1].id) if begin + most < len(listed) else ""


@dataclass(frozen=True, slots=True)
class Leavers:
    """Some who have left, the last to leave first, and the place that goes on, "" at the end.

    `count` is how many there are, whatever of them is here.
    """

    people: Sequence[StaffMember]
    count: int
    after: str


def leavers(venue_id: int, most: int, *, find: str = "", after: str = "") -> Leavers:
    """The next so many of a venue who have left; `find` is a folded part of their names.

    Two statements, and two more for a place; one that cannot be read is the beginning.
    """
    every = _gone(venue_id, find)
    query = (
        select(StaffMember, every.c.number)
        .join(every, every.c.id == StaffMember.id)
        .options(selectinload(StaffMember.jobs))
        .order_by(every.c.last.desc(), every.c.id.desc())
        .limit(most + 1)
    )
    place = service.member(venue_id, int(after)) if is_number(after) else None
    if place is not None:
        there = literal(service.last_day(place), StaffJob.left_on.type), literal(place.id)
        query = query.where(tuple_(every.c.last, every.c.id) < tuple_(*there))
    rows = db.session.execute(query).all()
    people = [row.StaffMember for row in rows[:most]]
    return Leavers(
        people, rows[0].number if rows else 0, str(people[-1].id) if len(rows) > most else ""
    )


def _gone(venue_id: int, find: str) -> Subquery:
    """Who has left with their last day, the first there is for who never came, and how many."""
    last = func.coalesce(func.max(StaffJob.left_on), literal(date.min, StaffJob.left_on.type))
    query = (
        select(StaffMember.id, last.label("last"), func.count().over().label("number"))
        .outerjoin(StaffJob, StaffJob.member_id == StaffMember.id)
        .where(
            StaffMember.venue_id == venue_id,
            StaffMember.forgotten_on.is_(None),
            StaffMember.id.not_in(service.here(venue_id)),
        )
        .group_by(StaffMember.id)
    )
    if find:
        query = query.where(StaffMember.name_key.contains(find, autoescape=True))
    return query.subquery()
