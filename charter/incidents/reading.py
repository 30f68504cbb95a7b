"""Questions about a book: one entry with its words, a page of entries, what waits to be done.

Every question names the book it is asked of, so that nothing of another series is ever found.
Opening words asks for an entry that its reader may read; the pages judge that.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from charter.core import clock
from charter.core.db import CITY, db
from charter.core.sealed import Unreadable
from charter.incidents import following, rules, sealing
from charter.incidents.models import BookLine, BookTerms, Entry, FollowUp
from charter.incidents.rules import Line
from charter.venues.models import Venue

PAGE = 25
MANY = 99  # as far as entries that wait are counted


@dataclass(frozen=True, slots=True)
class Said:
    """One line of an entry as it is read: its kind, when and by whom, and its words if open.

    `corrected_by` is the line that says these words are wrong; they are shown, struck through.
    `is_broken`: somebody changed the words outside the book, so that they do not open.
    """

    line: BookLine
    kind: Line
    words: dict[str, str] = field(default_factory=dict)
    corrected_by: int | None = None
    is_broken: bool = False


def entry(book: int, number: int) -> Entry | None:
    """The entry with this number in this book, or None."""
    return db.session.scalar(select(Entry).where(Entry.book == book, Entry.number == number))


def lines(entry: Entry, *, with_words: bool) -> list[Said]:
    """Every line of an entry in order, with its words where they may be read and still are."""
    return lines_of([entry], with_words=with_words)[entry.id]


def lines_of(entries: Sequence[Entry], *, with_words: bool) -> dict[int, list[Said]]:
    """The lines of several entries, by the entry's id, with one statement."""
    found: dict[int, list[BookLine]] = defaultdict(list)
    ids = [each.id for each in entries]
    query = select(BookLine).where(BookLine.entry_id.in_(ids)).order_by(BookLine.seq)
    for row in db.session.scalars(query):
        found[row.entry_id or 0].append(row)
    return {each.id: _all_said(each, found[each.id], with_words) for each in entries}


def _all_said(entry: Entry, rows: Sequence[BookLine], with_words: bool) -> list[Said]:
    corrected = {seq: row.seq for row in rows for seq in row.facts.get("corrects", ())}
    return [_said(entry, row, with_words, corrected.get(row.seq)) for row in rows]


def _said(entry: Entry, row: BookLine, with_words: bool, corrected_by: int | None) -> Said:
    words: dict[str, str] = {}
    is_broken = False
    if with_words and row.words is not None and entry.words_key_sealed is not None:
        try:
            key = entry.words_key or ""
            words = sealing.unseal(key, row.words, sealing.line_place(row.book, row.seq))
        except Unreadable:
            is_broken = True
    return Said(row, Line(row.kind), words, corrected_by, is_broken)


def count_lines(entry: Entry) -> int:
    """How many lines an entry has: what a form about it was written against."""
    query = select(func.count()).where(BookLine.entry_id == entry.id)
    return db.session.scalar(query) or 0


def of_the_office(*, before: int | None = None) -> list[tuple[Entry, str]]:
    """A page of the office's own series, the newest first, each with the name of its venue.

    `before` is the number to go on below. One statement.
    """
    query = select(Entry, Venue.name).join(Venue, Venue.id == Entry.venue_id)
    query = query.where(Entry.book == CITY)
    if before is not None:
        query = query.where(Entry.number < before)
    rows = db.session.execute(query.order_by(Entry.number.desc()).limit(PAGE))
    return [(entry, name) for entry, name in rows]


def own(venue_id: int, user_id: int, *, before: int | None = None) -> list[Entry]:
    """What somebody wrote themselves in a venue's book, the newest first."""
    query = select(Entry).where(Entry.book == venue_id, Entry.by_user_id == user_id)
    if before is not None:
        query = query.where(Entry.number < before)
    return list(db.session.scalars(query.order_by(Entry.number.desc()).limit(PAGE)))


def unread(book: int, limit: int = PAGE) -> list[Entry]:
    """The entries that nobody has ticked as read, the oldest first."""
    query = select(Entry).where(Entry.book == book, Entry.read_at.is_(None))
    return list(db.session.scalars(query.order_by(Entry.number).limit(limit)))


def still_open(book: int) -> tuple[int, datetime | None]:
    """How many entries of a book nobody has closed, and when the oldest of them was written."""
    query = select(func.count(), func.min(Entry.made_at, type_=Entry.made_at.type))
    open_ones = query.where(Entry.book == book, Entry.state == "open")
    number, oldest = db.session.execute(open_ones).one()
    return number, oldest


def next_unread(book: int, number: int) -> int | None:
    """The number of the next entry after this one that nobody has ticked as read, or None."""
    return db.session.scalar(
        select(Entry.number)
        .where(Entry.book == book, Entry.read_at.is_(None), Entry.number > number)
        .order_by(Entry.number)
        .limit(1)
    )


def count_unread(book: int) -> int:
    """How many entries nobody has ticked as read; `MANY` and one more stand for more than that."""
    unread = select(Entry.id).where(Entry.book == book, Entry.read_at.is_(None))
    some = unread.limit(MANY + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def many(count: int) -> str:
    """Such a count in words."""
    if count > MANY:
        return f"More than {MANY} entries"
    return "1 entry" if count == 1 else f"{count} entries"


def cctv_to_save(book: int, today: date, limit: int = PAGE) -> list[Entry]:
    """Entries whose pictures are still there and wanted, the soonest overwritten first."""
    return list(
        db.session.scalars(
            select(Entry)
            .where(Entry.book == book, Entry.cctv == "wanted", Entry.cctv_until >= today)
            .order_by(Entry.cctv_until, Entry.number)
            .limit(limit)
        )
    )


def to_do(book: int, limit: int = PAGE) -> Sequence[tuple[FollowUp, int]]:
    """What is still to be done, each with the number of its entry, the soonest due first."""
    rows = db.session.execute(
        select(FollowUp, Entry.number)
        .join(Entry, Entry.id == FollowUp.entry_id)
        .where(FollowUp.book == book, FollowUp.done_on.is_(None))
        .order_by(FollowUp.due_on, FollowUp.id)
        .limit(limit)
    )
    return [(row, number) for row, number in rows]


def follow_ups(entry: Entry) -> list[FollowUp]:
    """Everything that was to be done after an entry, in order."""
    return follow_ups_of([entry])[entry.id]


def follow_ups_of(entries: Sequence[Entry]) -> dict[int, list[FollowUp]]:
    """Everything that was to be done after several entries, by the entry's id."""
    found: dict[int, list[FollowUp]] = {each.id: [] for each in entries}
    query = select(FollowUp).where(FollowUp.entry_id.in_(found)).order_by(FollowUp.n)
    for row in db.session.scalars(query):
        found[row.entry_id].append(row)
    return found


def weeks_to_sign(venue_id: int, weeks: int = 5) -> list[date]:
    """The Mondays of the last weeks that are over without an entry or a signature."""
    tonight = clock.night_of(clock.now())
    last = rules.week_of(tonight)
    if tonight != last + timedelta(days=6):
        last -= timedelta(weeks=1)
    asked = [last - timedelta(weeks=n) for n in range(weeks)]
    first = asked[-1]
    there = following.weeks_with_entries(venue_id, first, last + timedelta(days=6))
    signed = following.nil_weeks(venue_id, first)
    return [week for week in asked if week not in there and week not in signed]


def records(venue_id: int) -> tuple[str, ...]:
    """The records that a venue's own licence asks for, by key."""
    row = db.session.get(BookTerms, venue_id)
    return tuple(row.records) if row else ()


def is_office(entry: Entry) -> bool:
    """Whether an entry is one of the office's own series."""
    return entry.book == CITY


def shown_number(entry: Entry) -> str:
    """An entry's number as people say it: 12, or R-3 in the office's own series."""
    return f"R-{entry.number}" if is_office(entry) else str(entry.number)
