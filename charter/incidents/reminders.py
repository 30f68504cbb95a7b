"""Reminders of dates in the book: pictures of a camera soon overwritten, things to do that are
overdue, and entries that are kept for longer and have to be looked at again.

A mail says that something in the book has a date, and links to the book: nothing of what it is.
One mail a person a day at most, and each date once: what came up since the night before.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import func, literal, select, union_all

from charter import config
from charter.accounts import notices
from charter.accounts import service as accounts
from charter.accounts.models import User
from charter.core import clock, retention
from charter.core.db import CITY, CityValue, db, lock
from charter.incidents import heads, rules
from charter.incidents.choices import Cctv
from charter.incidents.models import BookLine, Entry, FollowUp
from charter.incidents.rules import Line
from charter.venues.models import Venue

LAST_RUN = "book-reminders"
LOOK_BACK = timedelta(days=14)  # how long a machine may stand still and still make up for it
_DAY = timedelta(days=1)


def remind() -> int:
    """Mail everybody who looks after a book in which a date came up; how many mails.

    Takes the city's lock itself, so it begins outside a transaction; the caller commits.
    """
    lock(CITY)
    today = clock.today()
    row = db.session.get(CityValue, LAST_RUN) or CityValue(name=LAST_RUN, number=0)
    since = max(date.fromordinal(max(row.number, 1)), today - LOOK_BACK)
    if row.number >= today.toordinal():
        return 0
    if row.number == 0:
        since = today - _DAY
    row.number = today.toordinal()
    db.session.add(row)
    owners: dict[int, set[int]] = {}
    for book, owner_id in _overdue(since, today):
        owners.setdefault(book, set()).add(owner_id)
    for book in (*_cameras(since, today), *_held(since, today)):
        owners.setdefault(book, set())
    return _tell(owners, today)


def _cameras(since: date, today: date) -> Iterator[int]:
    """Books with a wanted picture of which a warning's day came up after `since`."""
    series = union_all(select(Venue.id), select(literal(CITY)))
    rows = db.session.execute(
        select(Entry.book, Entry.cctv_until, Entry.made_at).where(
            Entry.book.in_(series),
            Entry.cctv == Cctv.WANTED,
            Entry.cctv_until.between(today, today + timedelta(days=max(rules.CCTV_WARNINGS))),
        )
    )
    for book, until, made_at in rows:
        first = clock.local(made_at).date() + _DAY
        if until is None:
            continue
        days = (max(first, until - timedelta(days=n)) for n in rules.CCTV_WARNINGS)
        if any(since < day <= today for day in days):
            yield book


def _overdue(since: date, today: date) -> list[tuple[int, int]]:
    """Books with something to do whose day ended after `since`, and who was to do it."""
    series = union_all(select(Venue.id), select(literal(CITY)))
    rows = db.session.execute(
        select(FollowUp.book, FollowUp.owner_id).where(
            FollowUp.book.in_(series),
            FollowUp.done_on.is_(None),
            FollowUp.due_on.between(since, today - _DAY),
        )
    )
    return [(book, owner_id) for book, owner_id in rows]


def _held(since: date, today: date) -> Iterator[int]:
    """Books with an entry that is kept for longer, whose day to be looked at again came up."""
    every = retention.BOOK_HOLD_ASKED.days
    rows = db.session.execute(
        select(Entry.book, func.max(BookLine.at, type_=BookLine.at.type))
        .join(BookLine, BookLine.entry_id == Entry.id)
        .where(Entry.is_held.is_(True), BookLine.kind == Line.HELD)
        .group_by(Entry.book, Entry.id)
    )
    for book, at in rows:
        on = clock.local(at).date()
        if (today - on).days // every > (since - on).days // every and today - on >= every * _DAY:
            yield book


def _readers(venue_id: int, owners: set[int]) -> list[User]:
    """Whoever looks after a venue's book, and those of `owners` who still work there."""
    rows = accounts.team(venue_id)
    return list(
        dict.fromkeys(
            row.user for row in rows if row.role in notices.KEEPERS or row.user_id in owners
        )
    )


def _tell(owners: dict[int, set[int]], today: date) -> int:
    home = config.current().public_url
    links: dict[int, list[str]] = defaultdict(list)
    people = {}
    told = 0
    for book, theirs in sorted(owners.items()):
        readers = [] if book == CITY else _readers(book, theirs)
        if not readers:  # the office's own, or a book that nobody looks after any more
            office = config.current().city.office_email
            key = f"book-dates/office/{today}"
            told += heads.post("book-dates", office, dedupe=key, link=f"{home}/office/books")
        for user in readers:
            people[user.id] = user
            links[user.id].append(f"{home}/venues/{book}/book")
    for user_id, found in links.items():
        told += heads.post(
            "book-dates",
            people[user_id].email,
            user_id=user_id,
            dedupe=f"book-dates/{user_id}/{today}",
            link=found[0] if len(found) == 1 else f"{home}/",
        )
    return told
