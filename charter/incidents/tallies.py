"""Gathers what is counted of the books of many venues, at the cost of one.

Nothing but what lies in a venue's own series is ever read here: an entry about somebody in charge
changes nothing that a venue could see. Entries are added up by the database, by the day on which
they were written, so that a book with years in it costs what a new one does.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Date,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from charter.core import clock
from charter.core.db import db
from charter.editions.terms import Counted
from charter.incidents import counting
from charter.incidents.choices import Cctv
from charter.incidents.counting import Book, Picture, Reading, Some, Terms
from charter.incidents.models import BookLine, Entry
from charter.incidents.rules import Line, week_of
from charter.venues.closures import Closed, merged
from charter.venues.models import Closure, Venue

_NIGHT, _READ, _WEEK, _SIGNED_ON = "night", "read", "week", "signed-on"
_Watched = Mapping[str, list[tuple[date, date | None]]]
# Months are of no one length, a day here may be another in UTC, and reading and signing have weeks.
_SPARE, _WATCHED_SPARE = timedelta(days=5), timedelta(days=28)

# Put together once: every entry that is saved asks these.
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_SINCE: BindParameter[datetime] = bindparam("since", type_=Entry.made_at.type)
_DAY: BindParameter[date] = bindparam("day", type_=Date())
_MADE, _READ_ON = (func.date(at, type_=Date()) for at in (Entry.made_at, Entry.read_at))
_OWN = Entry.book == Venue.id
_VENUES = select(
    Venue.id,
    Venue.opening_nights,
    Venue.signed_on,
    select(BookLine.at)
    .where(BookLine.book == Venue.id, BookLine.seq == 1)
    .scalar_subquery()
    .label("began"),
    select(Entry.made_at)
    .where(_OWN, Entry.read_at.is_(None))
    .order_by(Entry.number)
    .limit(1)
    .scalar_subquery()
    .label("unread"),
    select(func.max(Entry.read_at)).where(_OWN).scalar_subquery().label("read"),
    select(func.max(Entry.made_at)).where(_OWN).scalar_subquery().label("last"),
).where(Venue.id.in_(_IDS))
_CLOSURES = select(Closure.venue_id, Closure.from_on, Closure.until_on).where(
    Closure.venue_id.in_(_IDS)
)
_ENTRIES = (
    select(
        *(Entry.book, _MADE, Entry.team, func.count()),
        func.count().filter(Entry.is_late.is_(False)),
        func.count().filter(Entry.is_complete.is_(True)),
    )
    .where(Entry.book.in_(_IDS), Entry.made_at >= _SINCE)
    .group_by(Entry.book, _MADE, Entry.team)
)
_NO_DAY = cast(null(), Date())
# Three questions of few rows each: when entries were read, pictures that were wanted, and nights.
_WATCHED: CompoundSelect[Any] = union_all(
    select(literal(_READ), Entry.book, _MADE.label("day"), _READ_ON.label("read"))
    .where(Entry.book.in_(_IDS), Entry.made_at >= _SINCE)
    .group_by(Entry.book, _MADE, _READ_ON),
    select(Entry.cctv, Entry.book, Entry.cctv_until, _NO_DAY)
    .where(Entry.book.in_(_IDS), Entry.cctv.in_((Cctv.WANTED, Cctv.LOST)), Entry.cctv_until >= _DAY)
    .distinct(),
    select(literal(_NIGHT), Entry.book, Entry.night, _NO_DAY)
    .where(Entry.book.in_(_IDS), Entry.night >= _DAY)
    .distinct(),
)
_SIGNED = select(BookLine.book, BookLine.at, BookLine.facts).where(
    BookLine.book.in_(_IDS), BookLine.kind == Line.NIL_WEEK, BookLine.at >= _SINCE
)


def counted(terms_of: Mapping[int, Terms], today: date) -> dict[int, dict[str, Counted]]:
    """What the books of these venues come to today, by venue and fact. Five statements."""
    return {
        venue_id: counting.counted(book, terms_of[venue_id], today)
        for venue_id, book in books(terms_of, today).items()
    }


def books(terms_of: Mapping[int, Terms], today: date) -> dict[int, Book]:
    """All that is counted of each of these venues' books."""
    ids = list(terms_of)
    closed = _closed(ids)
    paused = timedelta(days=max((_days(each, today) for each in closed.values()), default=0))
    months = max((counting.months(each) for each in terms_of.values()), default=0)
    weeks = max((counting.watched_days(each) for each in terms_of.values()), default=0)
    entries = _entries(ids, clock.months_after(today, -months) - paused - _SPARE)
    watched = _watched(ids, today - timedelta(days=weeks) - paused - _WATCHED_SPARE)
    return {
        row.id: _book(row, entries[row.id], watched[row.id], closed[row.id])
        for row in db.session.execute(_VENUES, {"ids": ids})
    }


def _book(row: Any, entries: Sequence[Some], watched: _Watched, closures: Sequence[Closed]) -> Book:
    readings = [Reading(made, read) for made, read in watched[_READ] if made]
    if row.unread is not None:
        readings.append(Reading(_utc(row.unread), None))
    looked = [day for day, _ in watched[_SIGNED_ON]]
    if row.read is not None:
        looked.append(_utc(row.read))
    return Book(
        began=_utc(row.began) if row.began else None,
        since=row.signed_on,
        last=_utc(row.last) if row.last else None,
        entries=entries,
        readings=readings,
        looked=max(looked, default=None),
        pictures=[
            Picture(until, kind is Cctv.LOST)
            for kind in (Cctv.WANTED, Cctv.LOST)
            for until, _ in watched[kind]
        ],
        weeks=frozenset(week_of(night) for night, _ in watched[_NIGHT]),
        signed=frozenset(monday for monday, _ in watched[_WEEK]),
        closures=closures,
        opening=frozenset(map(int, row.opening_nights)),
    )


def _closed(venue_ids: Sequence[int]) -> dict[int, list[Closed]]:
    found: dict[int, list[Closed]] = defaultdict(list)
    for row in db.session.execute(_CLOSURES, {"ids": venue_ids}):
        found[row.venue_id].append(Closed(row.from_on, row.until_on))
    return defaultdict(list, {venue_id: merged(each) for venue_id, each in found.items()})


def _days(closures: Sequence[Closed], today: date) -> int:
    """On how many days up to today a venue was closed: so much longer anything may last."""
    return sum(
        (min(each.until or today, today) - each.from_on).days + 1
        for each in closures
        if each.from_on <= today
    )


def _entries(venue_ids: Sequence[int], first: date) -> dict[int, list[Some]]:
    found: dict[int, list[Some]] = defaultdict(list)
    for row in db.session.execute(_ENTRIES, {"ids": venue_ids, "since": _instant(first)}):
        found[row[0]].append(Some._make(row[1:]))
    return found


def _watched(venue_ids: Sequence[int], first: date) -> dict[int, _Watched]:
    found: dict[int, _Watched] = defaultdict(lambda: defaultdict(list))
    asked = {"ids": venue_ids, "since": _instant(first)}
    for kind, book, day, read in db.session.execute(_WATCHED, asked | {"day": first}):
        found[book][kind].append((day, read))
    for book, at, facts in db.session.execute(_SIGNED, asked):
        found[book][_SIGNED_ON].append((_utc(at), None))
        found[book][_WEEK].append((date.fromisoformat(facts["week"]), None))
    return found


def _utc(at: datetime) -> date:
    """The day of an instant as the database groups by it."""
    return at.astimezone(UTC).date()


def _instant(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
