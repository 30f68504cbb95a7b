"""Compares an entry, and what hangs on it, with what its lines say: the first difference, in words.

Everything that a page reads of an entry is put together again from its lines. Where a line is the
only one to say something (who wrote, which keys it was sealed with), the row is held against that.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from charter.core import clock
from charter.core.sealed import SealedText, Unreadable
from charter.incidents import rules, sealing
from charter.incidents.models import Entry
from charter.incidents.rules import Line, State


def fault(
    entry: Any, lines: Sequence[Any], read: Any, people: Sequence[Any], to_do: Sequence[Any]
) -> str | None:
    """What is not as it was written, or None.

    All are rows: of the entry, of its lines in order, of the line that ticked it as read (or None),
    of its people, and of what was to be done.
    """
    if not lines or lines[0].kind != Line.ENTRY:
        return f"entry {entry.number} has no line in the book"
    state = _state(lines, read)
    return (
        _of_entry(entry, state, lines[0])
        or _of_keys(entry, state, lines[0].facts)
        or _of_words(entry, state, lines)
        or _of_people(entry, state, lines, people)
        or _of_to_do(entry, lines, to_do)
    )


def _state(lines: Sequence[Any], read: Any) -> State:
    first, *others = lines
    state = rules.begun(first.facts, first.at, clock.local(first.at).date())
    for line in [*others, read] if read is not None else others:
        on = clock.local(line.at).date()
        state = rules.applied(state, Line(line.kind), line.facts, line.at, on)
    return state


def _of_entry(entry: Any, state: State, first: Any) -> str | None:
    stored = rules.state_of({key: getattr(entry, key) for key in rules.columns(state)})
    changed = [key for key in state if _plain(stored[key]) != _plain(state[key])]
    if (entry.by_user_id, entry.by_member_id) != (first.by_user_id, first.by_member_id):
        changed.append("who wrote it")
    if sealing.token_digest(entry.once) != first.facts["once"]:
        changed.append("once")
    return f"entry {entry.number} was changed: {changed[0]}" if changed else None


def _plain(value: Any) -> Any:
    """A value as it is compared: an instant in one writing, whatever zone it was written in."""
    if isinstance(value, str) and "T" in value and "+" in value:
        return datetime.fromisoformat(value).astimezone(UTC)
    return value


def _of_keys(entry: Any, state: State, facts: Mapping[str, Any]) -> str | None:
    for what, field in (("words", Entry.words_key), ("names", Entry.names_key)):
        key = _key(entry, field)
        if state[f"{what}_wiped_on"] is not None:
            is_right = key is None
        else:
            is_right = bool(key) and sealing.token_digest(key or "") == facts["keys"][what]
        if not is_right:
            return f"the key of the {what} of entry {entry.number} is not as the book says"
    return None


def _key(entry: Any, field: Any) -> str | None:
    """A key out of a row; one that was moved or changed is no key: an empty text."""
    sealed: SealedText = field
    try:
        key: str | None = sealed.__get__(entry, Entry)
    except (Unreadable, ValueError):
        return ""
    return key


def _of_words(entry: Any, state: State, lines: Sequence[Any]) -> str | None:
    key = _key(entry, Entry.words_key)
    for line in lines:
        where = f"the words of line {line.seq} (entry {entry.number})"
        if state["words_wiped_on"] is not None:
            if line.words is not None:
                return f"{where} are still there"
        elif (line.words is None) != (line.words_digest is None):
            return f"{where} are gone" if line.words is None else f"{where} were added"
        elif line.words is not None and not _opens(
            key, line.words, sealing.line_place(line.book, line.seq)
        ):
            return f"{where} do not open"
    return None


def _opens(key: str | None, sealed: bytes, place: str) -> bool:
    try:
        sealing.unseal(key or "", sealed, place)
    except Unreadable:
        return False
    return True


def _of_people(entry: Any, state: State, lines: Sequence[Any], people: Sequence[Any]) -> str | None:
    wanted = _people_said(lines)
    key = _key(entry, Entry.names_key)
    for person in people:
        known = wanted.pop(person.n, None)
        where = f"person {person.n} of entry {entry.number}"
        if known is None:
            return f"{where} has no line in the book"
        if known != (person.part, person.age, person.who_digest.hex(), person.is_struck):
            return f"{where} was changed"
        if (person.who is None) != (state["names_wiped_on"] is not None):
            return f"the name of {where} is {'gone' if person.who is None else 'still there'}"
        if person.who is not None and not _is_whole(entry, person, key):
            return f"the name of {where} was changed"
    return f"person {min(wanted)} of entry {entry.number} is missing" if wanted else None


def _people_said(lines: Sequence[Any]) -> dict[int, tuple[Any, ...]]:
    """The people of an entry by their lines: part, age, digest, and whether they are struck."""
    found: dict[int, tuple[Any, ...]] = {}
    for line in lines:
        if line.kind == Line.PEOPLE:
            for each in line.facts.get("add", ()):
                found[each["n"]] = (each["part"], each["age"], each["digest"], False)
            for n in line.facts.get("strike", ()):
                found[n] = (*found[n][:3], True)
    return found


def _is_whole(entry: Any, person: Any, key: str | None) -> bool:
    place = sealing.person_place(entry.book, entry.number, person.n)
    return sealing.digest(person.who) == person.who_digest and _opens(key, person.who, place)


def _of_to_do(entry: Any, lines: Sequence[Any], to_do: Sequence[Any]) -> str | None:
    wanted: dict[int, tuple[Any, ...]] = {}
    for line in lines:
        if line.kind == Line.FOLLOW_UP:
            facts = line.facts
            wanted[facts["n"]] = (entry.book, line.seq, facts["owner"], facts["due"], None)
        if line.kind == Line.DONE:
            n = line.facts["n"]
            wanted[n] = (*wanted[n][:4], clock.local(line.at).date().isoformat())
    for row in to_do:
        done = row.done_on.isoformat() if row.done_on else None
        now = (row.book, row.seq, row.owner_id, row.due_on.isoformat(), done)
        if wanted.pop(row.n, None) != now:
            return f"to-do {row.n} of entry {entry.number} was changed"
    return f"to-do {min(wanted)} of entry {entry.number} is missing" if wanted else None
