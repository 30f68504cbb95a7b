"""The chain of a book: each line carries an HMAC over its content and the line before it.

`append` is the only way into a book. `verify` walks a book line by line, puts every entry together
again from its lines and compares: it names the first line or entry that is not what was written,
was swapped, or is missing. A cut-off tail, and a rewrite by somebody who holds the key, are seen
only against a head that was kept elsewhere: the daily heads that are mailed out, or the trail's.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from charter import config
from charter.core import clock
from charter.core.db import db, holds
from charter.core.sealed import Unreadable
from charter.incidents import rules, sealing
from charter.incidents.models import BookHead, BookLine, Entry, EntryPerson, FollowUp
from charter.incidents.rules import Line, State

START = bytes(32)
_DOMAIN = b"book\0"
_LAST = (
    select(BookLine.seq, BookLine.mac)
    .where(BookLine.book == bindparam("book"))
    .order_by(BookLine.seq.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Head:
    """How far a book has come: its lines, its entries, and the seal of its last line."""

    book: int
    seq: int
    entries: int
    mac: bytes


@dataclass(frozen=True, slots=True)
class Check:
    """What verifying one book found; `fault` names the first thing that is wrong, else None."""

    book: int
    lines: int
    entries: int
    head: str
    fault: str | None


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


def _mac(line: BookLine, before: bytes, number: int | None) -> bytes:
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
            line.words_digest.hex() if line.words_digest else None,
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
    elsewhere = tuple(kept)
    stored = select(BookHead).order_by(BookHead.book, BookHead.seq)
    heads = [Head(row.book, row.seq, row.entries, row.mac) for row in db.session.scalars(stored)]
    with_rows = select(Entry.book).distinct()
    known = {
        *books(),
        *db.session.scalars(with_rows),
        *(each.book for each in (*heads, *elsewhere)),
    }
    for book in sorted(known if only is None else known & {only}):
        wanted = {(each.seq, each.mac) for each in (*heads, *elsewhere) if each.book == book}
        yield _Walk(book, wanted).check()


class _Walk:
    """One walk through one book, from its first line to its last."""

    def __init__(self, book: int, heads: set[tuple[int, bytes]]) -> None:
        self.book = book
        self.heads = heads
        self.lines = 0
        self.mac = START
        self.states: dict[int, State] = {}
        self.people: dict[int, dict[int, tuple[dict[str, str], bool]]] = {}
        self.to_do: dict[int, dict[int, tuple[int, int, str, str | None]]] = {}

    def check(self) -> Check:
        fault = self._walk() or self._heads() or self._rows()
        return Check(self.book, self.lines, len(self.states), self.mac.hex(), fault)

    def _walk(self) -> str | None:
        query = (
            select(BookLine, Entry.number, Entry.words_wiped_on)
            .outerjoin(Entry, Entry.id == BookLine.entry_id)
            .where(BookLine.book == self.book)
            .order_by(BookLine.seq)
            .execution_options(yield_per=500)
        )
        rows = db.session.execute(query)
        try:
            for line, number, wiped_on in rows:
                fault = self._line(line, number, wiped_on is not None)
                if fault:
                    return fault
                self._at_head(line)
                db.session.expunge(line)
        finally:
            rows.close()
        return None

    def _line(self, line: BookLine, number: int | None, is_wiped: bool) -> str | None:
        if line.seq != self.lines + 1:
            return f"line {self.lines + 1} is missing"
        if not hmac.compare_digest(line.mac, _mac(line, self.mac, number)):
            return f"line {line.seq}{_of(number)} was changed"
        if line.words is not None and sealing.digest(line.words) != line.words_digest:
            return f"the words of line {line.seq}{_of(number)} were changed"
        if line.words is None and line.words_digest is not None and not is_wiped:
            return f"the words of line {line.seq}{_of(number)} are gone"
        self.lines, self.mac = line.seq, line.mac
        self._apply(line, number)
        return None

    def _apply(self, line: BookLine, number: int | None) -> None:
        kind, on = Line(line.kind), clock.local(line.at).date()
        if kind is Line.READ:
            for each in range(line.facts["from"], line.facts["to"] + 1):
                if each in self.states:
                    self.states[each] = rules.applied(
                        self.states[each], kind, line.facts, line.at, on
                    )
        if number is None:
            return
        if kind is Line.ENTRY:
            self.states[number] = rules.begun(line.facts, line.at, on)
        elif number in self.states:
            self.states[number] = rules.applied(self.states[number], kind, line.facts, line.at, on)
        self._people_and_to_do(line, kind, number)

    def _people_and_to_do(self, line: BookLine, kind: Line, number: int) -> None:
        if kind is Line.PEOPLE:
            here = self.people.setdefault(number, {})
            for each in line.facts.get("add", ()):
                here[each["n"]] = (each, False)
            for n in line.facts.get("strike", ()):
                here[n] = (here[n][0], True)
        to_do = self.to_do.setdefault(number, {})
        if kind is Line.FOLLOW_UP:
            facts = line.facts
            to_do[facts["n"]] = (line.seq, facts["owner"], facts["due"], None)
        if kind is Line.DONE:
            n = line.facts["n"]
            to_do[n] = (*to_do[n][:3], clock.local(line.at).date().isoformat())

    def _at_head(self, line: BookLine) -> None:
        self.heads = {(seq, mac) for seq, mac in self.heads if (seq, mac) != (line.seq, line.mac)}

    def _heads(self) -> str | None:
        if not self.heads:
            return None
        seq = min(seq for seq, _ in self.heads)
        if seq > self.lines:
            return f"lines after {self.lines} were cut off: a head of line {seq} was kept"
        return f"line {seq} is not the one whose head was kept"

    def _rows(self) -> str | None:
        seen = set()
        query = select(Entry).where(Entry.book == self.book).order_by(Entry.number)
        rows = db.session.scalars(query.execution_options(yield_per=500))
        try:
            for entry in rows:
                seen.add(entry.number)
                fault = self._entry(entry)
                db.session.expunge(entry)
                if fault:
                    return fault
        finally:
            rows.close()
        lost = sorted(set(self.states) - seen)
        if lost:
            return f"entry {lost[0]} is missing"
        return self._people() or self._follow_ups()

    def _entry(self, entry: Entry) -> str | None:
        state = self.states.get(entry.number)
        if state is None:
            return f"entry {entry.number} has no line in the book"
        stored = rules.state_of({key: getattr(entry, key) for key in rules.columns(state)})
        for key, value in state.items():
            if _plain(stored[key]) != _plain(value):
                return f"entry {entry.number} was changed: {key}"
        for what in ("words", "names"):
            has_key = getattr(entry, f"{what}_key_sealed") is not None
            if has_key == bool(state[f"{what}_wiped_on"]):
                return f"the key of the {what} of entry {entry.number} is not as the book says"
        return self._opens(entry)

    def _opens(self, entry: Entry) -> str | None:
        if entry.words_wiped_on is not None:
            return None
        rows = db.session.execute(
            select(BookLine.seq, BookLine.words).where(
                BookLine.entry_id == entry.id, BookLine.words.is_not(None)
            )
        )
        try:
            for seq, words in rows:
                place = sealing.line_place(entry.book, seq)
                sealing.unseal(entry.words_key or "", words or b"", place)
        except (Unreadable, ValueError):
            return f"the words of entry {entry.number} do not open"
        return None

    def _people(self) -> str | None:
        rows = db.session.execute(
            select(EntryPerson, Entry.number, Entry.names_wiped_on)
            .join(Entry, Entry.id == EntryPerson.entry_id)
            .where(Entry.book == self.book)
        )
        wanted = {(number, n) for number, here in self.people.items() for n in here}
        for person, number, wiped_on in rows:
            known = self.people.get(number, {}).get(person.n)
            if known is None:
                return f"a person of entry {number} has no line in the book"
            facts = {"n": person.n, "part": person.part, "age": person.age}
            facts["digest"] = person.who_digest.hex()
            is_same = (facts, person.is_struck) == known
            is_whole = person.who is None or sealing.digest(person.who) == person.who_digest
            if not is_same or not is_whole or (person.who is None) != (wiped_on is not None):
                return f"person {person.n} of entry {number} was changed"
            wanted.discard((number, person.n))
        return f"a person of entry {min(wanted)[0]} is missing" if wanted else None

    def _follow_ups(self) -> str | None:
        rows = db.session.execute(
            select(FollowUp, Entry.number)
            .join(Entry, Entry.id == FollowUp.entry_id)
            .where(FollowUp.book == self.book)
        )
        wanted = {(number, n) for number, here in self.to_do.items() for n in here}
        for row, number in rows:
            done = row.done_on.isoformat() if row.done_on else None
            now = (row.seq, row.owner_id, row.due_on.isoformat(), done)
            if self.to_do.get(number, {}).get(row.n) != now:
                return f"to-do {row.n} of entry {number} was changed"
            wanted.discard((number, row.n))
        return f"a to-do of entry {min(wanted)[0]} is missing" if wanted else None


def _of(number: int | None) -> str:
    return f" (entry {number})" if number is not None else ""


def _plain(value: Any) -> Any:
    """A value as it is compared: an instant in one writing, whatever zone it was written in."""
    if isinstance(value, str) and "T" in value and "+" in value:
        return datetime.fromisoformat(value).astimezone(UTC)
    return value
