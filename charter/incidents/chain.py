"""The chain of a book: each line carries an HMAC over its content and the line before it.

`append` is the only way into a book. `verify` walks a book line by line, then puts every entry
together again from its lines and compares (`comparing`): it names the first line or entry that is
not what was written, was swapped, or is missing. A cut-off tail, and a rewrite by somebody who
holds the key, are seen only against a head that was kept elsewhere: the daily heads that are mailed
out, the database's own copy of them, and the trail, which counts entries too. Memory stays flat.
"""

import hashlib
import hmac
import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select

from charter import config
from charter.core import clock
from charter.core.db import CITY, db, holds
from charter.core.trail import TrailEntry
from charter.incidents import comparing, sealing
from charter.incidents.models import BookHead, BookLine, Entry, EntryPerson, FollowUp, PaperPage
from charter.incidents.rules import Line

START = bytes(32)
SEAL_BYTES = 16  # as much of a seal as people are asked to keep: nobody makes a book to fit it
NOTED = "book.head"
AT_ONCE = 200
_DOMAIN = b"book\0"
_LAST = (
    select(BookLine.seq, BookLine.mac)
    .where(BookLine.book == bindparam("book"))
    .order_by(BookLine.seq.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Head:
    """How far a book has come: its lines, its entries, and the seal of its last line.

    `mac` may be its first `SEAL_BYTES` bytes, as they are mailed and printed.
    """

    book: int
    seq: int
    entries: int
    mac: bytes

    @property
    def seal(self) -> str:
        """The seal as people write it down and read it to each other."""
        return seal(self.mac)


@dataclass(frozen=True, slots=True)
class Check:
    """What verifying one book found; `fault` names the first thing that is wrong, else None."""

    book: int
    lines: int
    entries: int
    head: str
    fault: str | None


def seal(mac: bytes) -> str:
    """The seal of a line in groups of four letters and digits."""
    digits = mac[:SEAL_BYTES].hex().upper()
    return "-".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def append(
    book: int,
    kind: Line,
    facts: Mapping[str, Any],
    *,
    by: tuple[int | None, int | None] = (None, None),
    entry: Entry | None = None,
    words: Mapping[str, str] | None = None,
    at: datetime | None = None,
) -> BookLine:
    """Add a line to a book, in the change's own transaction; needs the book's lock.

    `by` is a user and a member of the list, either or neither. Words are sealed with the
    entry's key; empty ones are left out, and none at all leave none.
    """
    if not holds(book):
        raise RuntimeError(f"writing in book {book} needs its lock")
    if entry is not None and entry.book != book:
        raise RuntimeError(f"an entry of book {entry.book} has no line in book {book}")
    last = db.session.execute(_LAST, {"book": book}).first()
    line = BookLine(
        book=book,
        seq=last.seq + 1 if last else 1,
        entry_id=entry.id if entry else None,
        kind=kind.value,
        at=at or clock.now(),
        by_user_id=by[0],
        by_member_id=by[1],
        facts=dict(facts),
    )
    said = {key: text for key, text in (words or {}).items() if text}
    if said:
        if entry is None or entry.words_key is None:
            raise RuntimeError("words are sealed with an entry's key")
        line.words = sealing.seal(entry.words_key, said, sealing.line_place(book, line.seq))
        line.words_digest = sealing.digest(line.words)
    line.mac = _mac(line, last.mac if last else START, entry.number if entry else None)
    db.session.add(line)
    return line


def _mac(line: Any, before: bytes, number: int | None) -> bytes:
    body = json.dumps(
        [
            line.book,
            line.seq,
            number,
            line.kind,
            line.at.astimezone(UTC).isoformat(),
            line.by_user_id,
            line.by_member_id,
            line.facts,
            line.words_digest.hex() if line.words_digest is not None else None,
        ],
        sort_keys=True,
        separators=(",", ":"),
    )
    key = config.current().secrets.trail
    return hmac.digest(key, _DOMAIN + before + body.encode(), hashlib.sha256)


def head(book: int) -> Head:
    """How far a book has come. Two statements."""
    last = db.session.execute(_LAST, {"book": book}).first()
    entries = db.session.scalar(select(func.max(Entry.number)).where(Entry.book == book)) or 0
    return Head(book, last.seq if last else 0, entries, last.mac if last else START)


def books() -> list[int]:
    """The numbers of all books that hold anything, in order."""
    return list(db.session.scalars(select(BookLine.book).distinct().order_by(BookLine.book)))


def verify(only: int | None = None, kept: Iterable[Head] = ()) -> Iterator[Check]:
    """Walk every book (or `only` one) and say for each what holds.

    `kept` are heads that were kept elsewhere; those the database itself keeps are always compared.
    """
    elsewhere: dict[int, list[Head]] = defaultdict(list)
    for each in kept:
        elsewhere[each.book].append(each)
    for book in [only] if only is not None else _known(elsewhere):
        yield _Walk(book, elsewhere[book]).check()


def _known(elsewhere: Iterable[int]) -> list[int]:
    """Every book that has a line, an entry, or a head that somebody kept."""
    found = {*elsewhere, *books()}
    for query in (
        select(Entry.book).distinct(),
        select(BookHead.book).distinct(),
        select(TrailEntry.chain).where(TrailEntry.verb == NOTED).distinct(),
    ):
        found.update(db.session.scalars(query))
    return sorted(found)


# A row that cannot even be read was written by no program of ours.
_UNREADABLE = (ValueError, TypeError, LookupError)


class _Walk:
    """One walk through one book, from its first line to its last, and then entry by entry."""

    def __init__(self, book: int, kept: Sequence[Head]) -> None:
        self.book = book
        self.heads: dict[int, list[Head]] = defaultdict(list)
        for each in kept:
            self.heads[each.seq].append(each)
        self.lines = 0
        self.entries = 0
        self.mac = START
        self.reads: list[Row[Any]] = []

    def check(self) -> Check:
        fault = self._keep_heads() or self._walk() or self._missed() or self._rows()
        return Check(self.book, self.lines, self.entries, self.mac.hex(), fault)

    def _keep_heads(self) -> str | None:
        """Gather the heads that the database keeps; the trail has to have the very same ones."""
        table = BookHead.__table__
        try:
            rows = db.session.execute(select(*table.c).where(table.c.book == self.book)).all()
            stored = {(row.on.isoformat(), row.seq, row.entries, row.mac.hex()) for row in rows}
        except _UNREADABLE:
            return "a head that was kept cannot be read"
        details = db.session.scalars(
            select(TrailEntry.detail).where(TrailEntry.chain == self.book, TrailEntry.verb == NOTED)
        )
        noted = {tuple(each.get(key) for key in _NOTED) for each in details}
        differ = min((str(on) for on, *_ in stored ^ noted), default=None)
        for row in rows:
            self.heads[row.seq].append(Head(self.book, row.seq, row.entries, row.mac))
        return f"the head of {differ} is not the same in the trail" if differ else None

    def _walk(self) -> str | None:
        columns = BookLine.__table__.c
        query = (
            select(*columns, Entry.number, Entry.book.label("entry_book"))
            .outerjoin(Entry, Entry.id == BookLine.entry_id)
            .where(columns.book == self.book)
            .order_by(columns.seq)
        )
        with suppress(*_UNREADABLE):
            return self._lines(query, AT_ONCE)
        # Rows are read many at a time: one by one, what comes before the bad one is judged too.
        try:
            return self._lines(query.where(columns.seq > self.lines), 1)
        except _UNREADABLE:
            return f"line {self.lines + 1} cannot be read"

    def _lines(self, query: Select[Any], at_once: int) -> str | None:
        with db.session.execute(query.execution_options(yield_per=at_once)) as rows:
            for line in rows:
                fault = self._line(line)
                if fault:
                    return fault
        return None

    def _line(self, line: Row[Any]) -> str | None:
        of = f" (entry {line.number})" if line.number is not None else ""
        if line.seq != self.lines + 1:
            return f"line {self.lines + 1} is missing"
        is_ours = line.entry_id is None or line.entry_book == self.book
        if not is_ours or not hmac.compare_digest(line.mac, _mac(line, self.mac, line.number)):
            return f"line {line.seq}{of} was changed"
        if line.words is not None and (
            line.words_digest is None or sealing.digest(line.words) != line.words_digest
        ):
            return f"the words of line {line.seq}{of} were changed"
        self.lines, self.mac = line.seq, line.mac
        if line.kind == Line.ENTRY:
            self.entries += 1
            if not line.number == line.facts["number"] == self.entries:
                return f"line {line.seq} is not of entry {self.entries}"
        if line.kind == Line.READ:
            self.reads.append(line)
        return self._at_heads(line)

    def _at_heads(self, line: Row[Any]) -> str | None:
        for kept in self.heads.pop(line.seq, ()):
            is_same = line.mac[: len(kept.mac)] == kept.mac and len(kept.mac) >= SEAL_BYTES
            if not is_same or kept.entries != self.entries:
                return f"line {line.seq} is not the one whose head was kept"
        return None

    def _missed(self) -> str | None:
        """A head of a line that is not there, or an entry that the trail knows of."""
        if self.heads:
            return (
                f"lines after {self.lines} were cut off: a head of line {min(self.heads)} was kept"
            )
        written = db.session.scalar(
            select(func.max(TrailEntry.thing_id)).where(
                TrailEntry.chain == self.book, TrailEntry.verb == "entry.written"
            )
        )
        if written is not None and written > self.entries:
            return f"entries after {self.entries} are missing: the trail knows of entry {written}"
        return None

    def _rows(self) -> str | None:
        last, seen = 0, 0
        query = select(*Entry.__table__.c).where(Entry.book == self.book).order_by(Entry.number)
        try:
            while rows := db.session.execute(query.where(Entry.number > last).limit(AT_ONCE)).all():
                fault = self._entries(rows)
                if fault:
                    return fault
                last, seen = rows[-1].number, seen + len(rows)
        except _UNREADABLE:
            return f"an entry after {last} cannot be read"
        if seen != self.entries:
            return f"there are {seen} entries, and lines of {self.entries}"
        return self._paper()

    def _entries(self, rows: Sequence[Row[Any]]) -> str | None:
        ids = [row.id for row in rows]
        lines, people, to_do = (
            _by_entry(table, ids, order)
            for table, order in ((BookLine, "seq"), (EntryPerson, "n"), (FollowUp, "n"))
        )
        pages = PaperPage.__table__.c
        wanted = [row.paper_page_id for row in rows if row.paper_page_id is not None]
        found = db.session.execute(select(*pages).where(pages.id.in_(wanted))) if wanted else ()
        paper = {page.id: page for page in found}
        for row in rows:
            fault = comparing.fault(
                row, lines[row.id], self._read(row.number), people[row.id], to_do[row.id]
            )
            if fault:
                return fault
            page = paper.get(row.paper_page_id)
            if row.paper_page_id is not None and (
                page is None or page.venue_id != row.venue_id or page.spoiled_on is not None
            ):
                return f"the printed page of entry {row.number} is not there to be typed in"
        return None

    def _read(self, number: int) -> Row[Any] | None:
        """The first line that ticked an entry as read: each goes on where the one before ended."""
        at = bisect_left(self.reads, number, key=lambda line: line.facts["to"])
        if at < len(self.reads) and self.reads[at].facts["from"] <= number:
            return self.reads[at]
        return None

    def _paper(self) -> str | None:
        if self.book == CITY:
            return None
        count, last = db.session.execute(
            select(func.count(), func.max(PaperPage.number)).where(PaperPage.venue_id == self.book)
        ).one()
        return f"a printed page before {last} is missing" if last and last != count else None


_NOTED = ("on", "lines", "entries", "head")


def _by_entry(table: Any, ids: Sequence[int], order: str) -> dict[int, list[Row[Any]]]:
    columns = table.__table__.c
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    query = select(*columns).where(columns.entry_id.in_(ids)).order_by(columns[order])
    for row in db.session.execute(query):
        found[row.entry_id].append(row)
    return found
