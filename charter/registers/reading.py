"""Reads a book for paper, a hundred entries at a time, and lets go of them again.

A row that somebody changed outside the book may be one that cannot even be read: it is told as
such, and what stands before and after it is printed all the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, select, tuple_

from charter.accounts import service as accounts
from charter.core.db import db
from charter.core.sealed import Unreadable
from charter.doors import service as doors
from charter.doors.models import DoorShift
from charter.incidents import following, people
from charter.incidents.models import BookLine, Entry, EntryPerson
from charter.incidents.record import Record, Shelf
from charter.incidents.rules import Line
from charter.registers.rules import Period

AT_ONCE = 100
BROKEN = (ValueError, TypeError, LookupError, AttributeError, Unreadable)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Entries of the book that are about nights outside the period, by their numbers."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Broken:
    """Entries that are not there, or cannot be read, by their numbers."""

    first: int
    last: int
    is_missing: bool


Step = Record | Elsewhere | Broken


@dataclass(frozen=True, slots=True)
class QuietWeek:
    """A week signed as nothing to report; `was_written`: something of it is in the book now."""

    monday: date
    line: BookLine
    by: str
    was_written: bool


@dataclass(frozen=True, slots=True)
class OnDoor:
    """Somebody who worked the door; name and number are None where their time is over."""

    shift: DoorShift
    name: str | None
    licence: str | None


def count(venue_id: int, period: Period, up_to: int) -> int:
    """How many entries of a book, up to a number, are about nights of a period."""
    query = select(func.count()).where(*_inside(venue_id, period), Entry.number <= up_to)
    return db.session.scalar(query) or 0


def _inside(venue_id: int, period: Period) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (Entry.book == venue_id, Entry.night.between(period.first, period.last))


def steps(venue_id: int, period: Period, up_to: int, *, with_names: bool) -> Iterator[Step]:
    """Every entry of a period in the order of its number, and what is between them.

    With names, those of its people are open; that they are opened has been noted before.
    """
    numbers, which = Entry.number, (*_inside(venue_id, period), Entry.number <= up_to)
    first = db.session.scalar(select(func.min(numbers)).where(*which))
    last = db.session.scalar(select(func.max(numbers)).where(*which))
    if first is None or last is None:
        return
    is_inside = Entry.night.between(period.first, period.last).label("is_inside")
    expected, outside = first, None
    while expected <= last:
        rows = db.session.execute(
            select(numbers, is_inside)
            .where(Entry.book == venue_id, numbers >= expected, numbers <= last)
            .order_by(numbers)
            .limit(AT_ONCE)
        ).all()
        read = _read(venue_id, [row.number for row in rows if row.is_inside], with_names)
        for row in rows:
            if outside is not None and (row.is_inside or row.number > expected):
                yield Elsewhere(outside, expected - 1)
                outside = None
            if row.number > expected:
                yield Broken(expected, row.number - 1, is_missing=True)
            if row.is_inside:
                yield read[row.number]
            elif outside is None:
                outside = row.number
            expected = row.number + 1


def _read(venue_id: int, numbers: Sequence[int], with_names: bool) -> Mapping[int, Step]:
    """These entries by their number; if one cannot be read, the others one by one."""
    try:
        return _records(venue_id, numbers, with_names)
    except BROKEN:
        found: dict[int, Step] = {}
        for number in numbers:
            try:
                found |= _records(venue_id, [number], with_names)
            except BROKEN:
                found[number] = Broken(number, number, is_missing=False)
        return found


def _records(venue_id: int, numbers: Sequence[int], with_names: bool) -> dict[int, Step]:
    query = select(Entry).where(Entry.book == venue_id, Entry.number.in_(numbers))
    entries = db.session.scalars(query).all()
    if not entries:
        return {}
    shelf = Shelf(entries)
    return {
        each.number: shelf.record(each, names=_names(each, shelf) if with_names else None)
        for each in entries
    }


def _names(entry: Entry, shelf: Shelf) -> dict[int, Mapping[str, str]]:
    return {row.n: people.opened(entry, row) for row in shelf.people[entry.id]}


def with_names(venue_id: int, period: Period, up_to: int, after: int) -> Sequence[Entry]:
    """The next entries after a number that have names to open."""
    has_names = select(EntryPerson.id).where(
        EntryPerson.entry_id == Entry.id, EntryPerson.who.is_not(None)
    )
    return db.session.scalars(
        select(Entry)
        .where(
            *_inside(venue_id, period),
            Entry.number > after,
            Entry.number <= up_to,
            Entry.names_key_sealed.is_not(None),
            has_names.exists(),
        )
        .order_by(Entry.number)
        .limit(AT_ONCE)
    ).all()


def quiet_weeks(venue_id: int, period: Period) -> list[QuietWeek]:
    """The weeks signed as nothing to report of which a night is in the period, in order.

    Raises one of `BROKEN` where a line cannot be read.
    """
    rows = db.session.scalars(
        select(BookLine)
        .where(BookLine.book == venue_id, BookLine.kind == Line.NIL_WEEK)
        .order_by(BookLine.seq)
    )
    found: dict[date, BookLine] = {}
    for row in rows:
        monday = date.fromisoformat(row.facts["week"])
        if period.first - timedelta(days=6) <= monday <= period.last:
            found[monday] = row
    if not found:
        return []
    users = accounts.people({row.by_user_id for row in found.values() if row.by_user_id})
    there = following.weeks_with_entries(venue_id, min(found), max(found) + timedelta(days=6))
    return [
        QuietWeek(
            monday,
            row,
            users[row.by_user_id].name if row.by_user_id in users else "somebody who has left",
            monday in there,
        )
        for monday, row in sorted(found.items())
    ]


def on_doors(venue_id: int, period: Period) -> Iterator[OnDoor]:
    """Who worked the door on the nights of a period, rows that were wrong left out, in order."""
    place = (period.first, 0)
    query = (
        select(DoorShift)
        .where(
            DoorShift.venue_id == venue_id,
            DoorShift.struck_at.is_(None),
            DoorShift.night.between(period.first, period.last),
        )
        .order_by(DoorShift.night, DoorShift.id)
        .limit(AT_ONCE)
    )
    while rows := db.session.scalars(
        query.where(tuple_(DoorShift.night, DoorShift.id) > place)
    ).all():
        for row in rows:
            yield OnDoor(row, doors.opened(row, "name"), doors.opened(row, "licence"))
        place = (rows[-1].night, rows[-1].id)
