"""Finds entries of one book: by facts, so many numbers at a time, and by words when that is asked.

Numbers have no gaps, so that a look through a stretch of them costs the same in a book of any
size; each answer says which numbers it looked through. Words are sealed: to search them is to open
them, so that it is bounded, asked for by a press of a button, and on the trail (never the words).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, String, cast, func, select

from charter.core import trail
from charter.core.db import db
from charter.core.sealed import Unreadable
from charter.incidents import sealing
from charter.incidents.models import BookLine, Entry, EntryPerson
from charter.venues.rules import folded

PAGE = 25
STRETCH = 2000
OPENED = 500
HITS = 50
SHORTEST = 3  # letters of a word that can be searched for


@dataclass(frozen=True, slots=True)
class Sought:
    """The facts that entries are looked for by; what is None or empty is not asked."""

    category: str = ""
    kind: str = ""
    zone_id: int | None = None
    state: str = ""
    relation: str = ""
    part: str = ""
    first: date | None = None
    last: date | None = None

    @property
    def is_anything(self) -> bool:
        """Whether anything is asked at all."""
        return self != Sought()

    @property
    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """What an entry has to be."""
        equal = {
            Entry.category: self.category,
            Entry.zone_id: self.zone_id,
            Entry.state: self.state,
            Entry.relation: self.relation,
            Entry.part: self.part,
        }
        for column, wanted in equal.items():
            if wanted:
                yield column == wanted
        if self.kind:
            yield cast(Entry.kinds, String).contains(f'"{self.kind}"', autoescape=True)
        if self.first:
            yield Entry.night >= self.first
        if self.last:
            yield Entry.night <= self.last


@dataclass(frozen=True, slots=True)
class Found:
    """Entries, the newest first; which numbers were looked through; below which to go on.

    `opened` of them had their words opened, and of `gone` more the words are deleted.
    """

    entries: Sequence[Entry]
    newest: int = 0
    oldest: int = 0
    before: int | None = None
    opened: int = 0
    gone: int = 0


def page(book: int, sought: Sought, *, before: int | None = None, limit: int = PAGE) -> Found:
    """The newest entries below a number that are as sought; one statement, or two."""
    query = select(Entry).where(Entry.book == book, *sought.conditions)
    top, low = before - 1 if before is not None else None, 1
    if sought.is_anything:
        top = _newest(book) if top is None else top
        low = max(1, top - STRETCH + 1)
    if top is not None:
        query = query.where(Entry.number.between(low, top))
    rows = db.session.scalars(query.order_by(Entry.number.desc()).limit(limit + 1)).all()
    if top is None:
        top = rows[0].number if rows else 0
    if len(rows) > limit:
        shown = rows[:limit]
        return Found(shown, top, shown[-1].number, shown[-1].number)
    return Found(rows, top, low, low if low > 1 else None)


def _newest(book: int) -> int:
    return db.session.scalar(select(func.max(Entry.number)).where(Entry.book == book)) or 0


def terms(typed: str) -> list[str]:
    """The words of a search as they are compared: small letters, without accents."""
    return [word for word in folded(typed).split() if len(word) >= SHORTEST]


def search(
    venue_id: int,
    sought: Sought,
    words: Sequence[str],
    *,
    people: bool,
    before: int | None = None,
) -> Found:
    """Entries of a venue's own book in which all these words stand, of those that are as sought.

    Opens the words of so many entries at most, with `people` also names and descriptions. It takes
    a while, so that it asks for no lock; whoever calls it shows nothing of it before `note`.
    """
    found = page(venue_id, sought, before=before, limit=OPENED)
    rows = [row for row in found.entries if row.words_key_sealed is not None]
    texts = _texts(rows)
    if people:
        for entry_id, text in _people(found.entries):
            texts[entry_id] = f"{texts.get(entry_id, '')}\n{text}"
    hits = [row for row in found.entries if all(w in texts.get(row.id, "") for w in words)]
    opened, gone = len(rows), len(found.entries) - len(rows)
    if len(hits) > HITS:
        last = hits[HITS - 1].number
        return Found(hits[:HITS], found.newest, last, last, opened, gone)
    return Found(hits, found.newest, found.oldest, found.before, opened, gone)


def note(venue_id: int, found: Found, *, by: int, people: bool) -> None:
    """Note in the trail that words were opened to search them, and which: not what was sought.

    Needs the venue's lock, and does not commit.
    """
    trail.note(
        "book.searched", "venue", venue_id, venue_id=venue_id, by=by,
        newest=found.newest, oldest=found.oldest, opened=found.opened, people=people,
    )  # fmt: skip


def _texts(entries: Sequence[Entry]) -> dict[int, str]:
    """What was written in each entry, folded, by the entry's id."""
    known = {row.id: row for row in entries}
    found: dict[int, list[str]] = {}
    query = select(BookLine.book, BookLine.seq, BookLine.entry_id, BookLine.words).where(
        BookLine.entry_id.in_(known), BookLine.words.is_not(None)
    )
    for book, seq, entry_id, sealed in db.session.execute(query):
        place = sealing.line_place(book, seq)
        text = _opened(known[entry_id or 0], "words", sealed or b"", place)
        found.setdefault(entry_id or 0, []).append(text)
    return {entry_id: "\n".join(texts) for entry_id, texts in found.items()}


def _people(entries: Sequence[Entry]) -> Iterator[tuple[int, str]]:
    """The names and descriptions in each entry, folded."""
    known = {row.id: row for row in entries if row.names_key_sealed is not None}
    query = select(EntryPerson.entry_id, EntryPerson.n, EntryPerson.who).where(
        EntryPerson.entry_id.in_(known), EntryPerson.who.is_not(None)
    )
    for entry_id, n, sealed in db.session.execute(query):
        row = known[entry_id]
        place = sealing.person_place(row.book, row.number, n)
        yield entry_id, _opened(row, "names", sealed or b"", place)


def _opened(row: Entry, what: str, sealed: bytes, place: str) -> str:
    try:
        key = (row.words_key if what == "words" else row.names_key) or ""
        return folded("\n".join(map(str, sealing.unseal(key, sealed, place).values())))
    except Unreadable:
        # Somebody changed it: the check of the book names it; a search goes on with the others.
        return ""
