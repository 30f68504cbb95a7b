"""What time takes away of the incident book: words, names, and what was typed and never saved.

The words of an entry are kept for as long as the venue's licence asks (24 months if it says
nothing) from the day on which somebody last wrote about it, its names for 12 months and never
longer than its words. In the office's own series that time begins when the entry is closed. What is
held stays. At the date the entry's key is destroyed, the sealed bytes are taken away, and a line of
the chain says so; the facts stay and the book still verifies.

SQLite overwrites what is taken away (`secure_delete`, and the write-ahead log is cut off at the end
of the nightly run). PostgreSQL does not: VACUUM, which the nightly run asks for, gives the place of
old rows back, but their bytes lie there until something is written over them, and in the server's
own log until that is recycled. Until then, whoever has its files and the city's keys could open
them; `VACUUM FULL` on these tables, in a quiet hour, leaves none in the tables.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from charter.core import clock, retention
from charter.core.db import CITY, db
from charter.core.retention import Span
from charter.incidents import service
from charter.incidents.choices import Team
from charter.incidents.models import BookLine, Entry, EntryDraft, EntryPerson
from charter.incidents.rules import Line
from charter.incidents.service import Writer
from charter.venues.models import Venue, VenueState

AT_ONCE = 100
TABLES = ("entry", "book_line", "entry_person", "entry_draft")
NOBODY = Writer(Team.MANAGEMENT)


def words_kept(months: int | None) -> Span:
    """How long words are kept where the licence asks for so many months, or for none."""
    return retention.licensed(months)


def names_kept(months: int | None) -> Span:
    """How long names are kept: never longer than the words."""
    return min(words_kept(months), retention.BOOK_NAMES, key=lambda span: span.months)


def words_until(entry: Entry, months: int | None, *, left_on: date | None = None) -> date | None:
    """The last day on which the words of an entry are kept; None while it has none.

    `months` is what the venue's licence asks for, `left_on` the day on which the venue left the
    charter. An entry that is held has no such day, nor has an open one of the office's series.
    """
    return _until(entry, words_kept(months), left_on)


def names_until(entry: Entry, months: int | None, *, left_on: date | None = None) -> date | None:
    """The last day on which the names of an entry are kept; None while it has none."""
    return _until(entry, names_kept(months), left_on)


def _until(entry: Entry, span: Span, left_on: date | None) -> date | None:
    if entry.is_held or (entry.book == CITY and entry.state != "closed"):
        return None
    last = span.last_day(entry.since_on)
    if entry.book == CITY or left_on is None:
        return last
    return min(last, retention.VENUE_LEFT.last_day(left_on))


@dataclass(frozen=True, slots=True)
class Until:
    """The last days on which words and names of an entry are kept; None where there is none."""

    words: date | None
    names: date | None


def kept_until(entry: Entry, venue: Venue) -> Until:
    """Until when an entry is kept, for a page about it: what is gone already has no day."""
    months, left_on = _kept(venue)
    if entry.book == CITY:
        months, left_on = None, None
    words = words_until(entry, months, left_on=left_on)
    names = names_until(entry, months, left_on=left_on)
    return Until(
        words if entry.words_wiped_on is None else None,
        names if entry.names_wiped_on is None else None,
    )


def kept_at(book: int) -> tuple[int | None, date | None]:
    """What decides how long a book's entries are kept: the licence's months, and since when the
    venue has left; neither for the office's own series."""
    venue = None if book == CITY else db.session.get(Venue, book)
    return (None, None) if venue is None else _kept(venue)


def _kept(venue: Venue) -> tuple[int | None, date | None]:
    left_on = venue.left_on if venue.state == VenueState.LEFT else None
    return venue.licence_retention_months, left_on


def due(today: date) -> list[int]:
    """The books in which words or names are kept no longer. Two statements."""
    asked = db.session.scalars(select(Venue.licence_retention_months).distinct()).all()
    licensed = [
        and_(
            Entry.book.in_(
                select(Venue.id).where(Venue.licence_retention_months.is_not_distinct_from(months))
            ),
            _over(months, today),
        )
        for months in asked
    ]
    left = Entry.book.in_(
        select(Venue.id).where(
            Venue.state == VenueState.LEFT,
            Venue.left_on < retention.VENUE_LEFT.oldest_day(today),
        )
    )
    office = and_(Entry.book == CITY, Entry.state == "closed", _over(None, today))
    query = select(Entry.book).where(
        Entry.is_held.is_(False), or_(*licensed, and_(left, _has_any()), office)
    )
    return sorted(db.session.scalars(query.distinct()))


def _has_any() -> ColumnElement[bool]:
    return or_(Entry.words_wiped_on.is_(None), Entry.names_wiped_on.is_(None))


def _over(months: int | None, today: date) -> ColumnElement[bool]:
    words, names = words_kept(months), names_kept(months)
    return or_(
        and_(Entry.words_wiped_on.is_(None), Entry.since_on < words.oldest_day(today)),
        and_(Entry.names_wiped_on.is_(None), Entry.since_on < names.oldest_day(today)),
    )


def wipe(book: int, today: date) -> int:
    """Destroy what is due in one book, so many entries at most; how many. Needs the book's lock.

    Whoever calls it commits and calls again until it says 0: a kill loses nothing, and what is
    wiped is not wiped twice.
    """
    months, left_on = kept_at(book)
    query = (
        select(Entry)
        .where(Entry.book == book, Entry.is_held.is_(False), _has_any())
        .order_by(Entry.since_on, Entry.number)
        .execution_options(populate_existing=True)
    )
    if left_on is None or not retention.VENUE_LEFT.is_over(left_on, today):
        query = query.where(_over(months, today))
    if book == CITY:
        query = query.where(Entry.state == "closed")
    rows = db.session.scalars(query.limit(AT_ONCE)).all()
    return sum(_wipe(row, months, left_on, today) for row in rows)


def _wipe(entry: Entry, months: int | None, left_on: date | None, today: date) -> bool:
    names_last = names_until(entry, months, left_on=left_on)
    words_last = words_until(entry, months, left_on=left_on)
    names = entry.names_wiped_on is None and names_last is not None and today > names_last
    words = entry.words_wiped_on is None and words_last is not None and today > words_last
    if names:
        entry.names_key = None
        db.session.execute(
            update(EntryPerson).where(EntryPerson.entry_id == entry.id).values(who=None)
        )
        _say(entry, "names")
    if words:
        entry.words_key = None
        db.session.execute(
            update(BookLine)
            .where(BookLine.entry_id == entry.id, BookLine.words.is_not(None))
            .values(words=None)
        )
        _say(entry, "words")
    return names or words


def _say(entry: Entry, what: str) -> None:
    service.add_line(
        entry, Line.WIPED, {"what": what}, NOBODY, verb="entry.wiped", detail={"part": what}
    )


def forget_drafts() -> int:
    """Delete what was typed more than a day ago and never saved; how many. Needs the city's lock.

    What is saved takes its draft along at once (`service.write`).
    """
    before = retention.BOOK_DRAFT.oldest_moment(clock.now(), clock.zone())
    gone = delete(EntryDraft).where(EntryDraft.saved_at < before).returning(EntryDraft.id)
    return len(db.session.scalars(gone).all())


def clear(venue_id: int) -> None:
    """Throw away what was typed and not saved at a venue that left. Needs its lock.

    Its words and names are due on the same night, in steps of their own (`due`, `wipe`).
    """
    db.session.execute(delete(EntryDraft).where(EntryDraft.venue_id == venue_id))
