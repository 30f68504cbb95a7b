"""One entry as it is read: a dated record, with what was corrected beside what stands now.

Facts are told again line by line, so that each correction shows the old answer and the new one.
Whoever reads only what they wrote themselves gets their own lines and nothing of what others wrote.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from charter.accounts import service as accounts
from charter.core import clock
from charter.core.db import db
from charter.core.text import in_words
from charter.incidents import people, reading, rules, saying
from charter.incidents.choices import Age, PersonPart
from charter.incidents.models import BookLine, Entry, EntryPerson, FollowUp, PaperPage
from charter.incidents.reading import Said
from charter.incidents.rules import Line, State
from charter.staff import service as staff
from charter.venues.models import Zone

SYSTEM = "the system"


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that a line said or corrected: what it is, the old answer (if any), the new one."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Words:
    """Something a person wrote in a line; `name` says what it is, or is empty for what was said.

    `correction` stands in their place: None while they are right.
    """

    name: str
    text: str
    correction: "Correction | None" = None


@dataclass(frozen=True, slots=True)
class Correction:
    """The later line that says that some words were wrong, and what it puts in their place."""

    seq: int
    at: datetime | None
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One line of an entry: what it is, when, by whom, and what it says; the nth of its lines."""

    n: int
    seq: int
    title: str
    at: datetime
    by: str
    changes: Sequence[Change] = ()
    words: Sequence[Words] = ()
    notes: Sequence[str] = ()
    is_broken: bool = False


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person the entry is about; `who` holds name and description only where they are open."""

    n: int
    part: str
    age: str
    is_struck: bool
    who: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ToDo:
    """Something that was to be done: what, by whom, until when, and whether it is."""

    n: int
    what: str
    owner: str
    due_on: date
    done_on: date | None

    @property
    def is_overdue(self) -> bool:
        """Whether its day is over."""
        return self.done_on is None and self.due_on < clock.today()


@dataclass(frozen=True, slots=True)
class Record:
    """An entry with everything that its reader may read of it.

    `seen` is how many lines it has, whoever reads them: what a form says it was written against.
    """

    entry: Entry
    facts: Sequence[tuple[str, str]]
    lines: Sequence[RecordLine]
    people: Sequence[Somebody]
    to_do: Sequence[ToDo]
    missing: Sequence[str]
    seen: int
    by: str
    read_by: str = ""
    late_why: str = ""
    paper_by: str = ""
    paper_on: date | None = None
    paper_page: int | None = None
    saved: Mapping[str, str] = field(default_factory=dict)


def record(
    entry: Entry,
    *,
    only_by: int | None = None,
    names: Mapping[int, Mapping[str, str]] | None = None,
) -> Record:
    """An entry as it is read; `only_by`: by somebody who reads what they wrote, and no more.

    `names` are opened names by the person's number; nobody's are opened here.
    """
    return Shelf([entry]).record(entry, only_by=only_by, names=names)


class Shelf:
    """Several entries of one venue with all that hangs on them, read with a few statements."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        venue_id = entries[0].venue_id
        self.said = reading.lines_of(entries, with_words=True)
        self.people = people.people_of(entries)
        self._to_do = reading.follow_ups_of(entries)
        self._rooms = room_names(venue_id)
        lines = [each for said in self.said.values() for each in said]
        self._who = _writers(venue_id, lines)
        self._readers = _readers(entries)
        self._pages = _pages(entries)

    def record(
        self,
        entry: Entry,
        *,
        only_by: int | None = None,
        names: Mapping[int, Mapping[str, str]] | None = None,
    ) -> Record:
        """One of them, as the function of this name says."""
        said, who, rooms = self.said[entry.id], self._who, self._rooms
        mine = [each for each in said if only_by in (None, each.line.by_user_id)]
        first, by = said[0], who(said[0].line)
        started = first.words if first in mine else {}
        written_on = first.line.facts.get("written_on")
        return Record(
            entry=entry,
            facts=saying.facts(entry, rooms, started, by=by),
            lines=_lines(said, mine, who, rooms),
            people=_people(self.people[entry.id], mine if only_by is not None else None, names),
            to_do=[] if only_by is not None else _to_do(self._to_do[entry.id], said, who),
            missing=rules.missing(_state(entry)) if entry.words_wiped_on is None else [],
            seen=len(said),
            by=by,
            read_by=self._readers.get(entry.id, "") if only_by is None else "",
            late_why=first.words.get("late_why", ""),
            paper_by=first.words.get("written_by", ""),
            paper_on=date.fromisoformat(written_on) if written_on else None,
            paper_page=self._pages.get(entry.paper_page_id or 0),
            saved=_saved(said) if only_by is None else {},
        )


def people_of(entry: Entry, only_by: int | None) -> list[Somebody]:
    """Whom an entry is about, names closed; `only_by`: those that one person wrote down."""
    said = None
    if only_by is not None:
        lines = reading.lines(entry, with_words=False)
        said = [each for each in lines if each.line.by_user_id == only_by]
    return _people(people.people(entry), said, None)


def room_names(venue_id: int) -> dict[int, str]:
    """What a venue's rooms are called, those it no longer has too, by their id."""
    rows = db.session.execute(select(Zone.id, Zone.name).where(Zone.venue_id == venue_id))
    return {row.id: row.name for row in rows}


def _state(entry: Entry) -> State:
    keys = ("zone_id", "kinds", "has_words", "acted", "actions")
    return {key: getattr(entry, key) for key in keys}


class _Writers:
    """Who wrote each line: an account's name, or the name on a badge."""

    def __init__(self, users: Mapping[int, str], members: Mapping[int, str]) -> None:
        self.users = users
        self.members = members

    def __call__(self, line: BookLine) -> str:
        if line.by_member_id is not None:
            return self.members.get(line.by_member_id) or "somebody who has left"
        if line.by_user_id is not None:
            return self.users.get(line.by_user_id) or "somebody who has left"
        return SYSTEM


def _writers(venue_id: int, said: Sequence[Said]) -> _Writers:
    users = {each.line.by_user_id for each in said} - {None}
    users |= {each.line.facts["owner"] for each in said if each.kind is Line.FOLLOW_UP}
    members = {each.line.by_member_id for each in said if each.line.by_member_id is not None}
    found = staff.members(venue_id, members) if members else []
    return _Writers(
        {key: user.name for key, user in accounts.people([u for u in users if u]).items()},
        {member.id: member.name for member in found},
    )


def _lines(
    said: Sequence[Said], mine: Sequence[Said], who: _Writers, rooms: Mapping[int, str]
) -> list[RecordLine]:
    """The lines that are read, each with what it changed of the state before it."""
    corrections = {
        each.line.seq: Correction(
            each.line.seq, each.line.at, who(each.line), each.words.get("said", "")
        )
        for each in mine
        if each.kind is Line.AMENDED
    }
    found: list[RecordLine] = []
    state: State | None = None
    for n, each in enumerate(said, 1):
        before = state
        state = _after(state, each)
        if each not in mine:
            continue
        correction = None
        if each.corrected_by is not None:
            correction = corrections.get(each.corrected_by, _HIDDEN)
        found.append(
            RecordLine(
                n=n,
                seq=each.line.seq,
                title=each.kind.label,
                at=each.line.at,
                by=who(each.line),
                changes=_changes(before, each, rooms),
                words=[
                    Words(name, text, correction if key == "said" else None)
                    for key, name, text in saying.worded(each.words)
                ],
                notes=saying.notes(each.kind, each.line.facts, who.users),
                is_broken=each.is_broken,
            )
        )
    return found


# Words of one's own that somebody else corrected: that they did is told, what they wrote is not.
_HIDDEN = Correction(0, None, "", "")


def _after(state: State | None, said: Said) -> State:
    line = said.line
    on = clock.local(line.at).date()
    if state is None:
        return rules.begun(line.facts, line.at, on)
    return rules.applied(state, said.kind, line.facts, line.at, on)


def _changes(before: State | None, said: Said, rooms: Mapping[int, str]) -> list[Change]:
    if before is None or said.kind not in (Line.ADDED, Line.AMENDED):
        return []
    new: dict[str, Any] = {**before, **said.line.facts.get("set", {})}
    was, now = saying.answers(before, rooms), saying.answers(new, rooms)
    return [
        Change(name, was.get(name, ""), now.get(name, "") or "Not said any more")
        for name in {**was, **now}
        if was.get(name, "") != now.get(name, "")
    ]


def _people(
    rows: Sequence[EntryPerson],
    mine: Sequence[Said] | None,
    names: Mapping[int, Mapping[str, str]] | None,
) -> list[Somebody]:
    if mine is not None:
        own = {
            each["n"]
            for said in mine
            if said.kind is Line.PEOPLE
            for each in said.line.facts.get("add", ())
        }
        rows = [row for row in rows if row.n in own]
    return [
        Somebody(
            row.n,
            PersonPart(row.part).label,
            Age(row.age).label,
            row.is_struck,
            None if names is None else names.get(row.n, {}),
        )
        for row in rows
    ]


def _to_do(rows: Sequence[FollowUp], said: Sequence[Said], who: _Writers) -> list[ToDo]:
    what = {each.line.seq: each.words.get("what", "") for each in said}
    return [
        ToDo(
            row.n,
            what.get(row.seq) or "What it was is deleted",
            who.users.get(row.owner_id) or "somebody who has left",
            row.due_on,
            row.done_on,
        )
        for row in rows
    ]


def _saved(said: Sequence[Said]) -> dict[str, str]:
    """The words of the last line about the cameras."""
    found = [each.words for each in said if each.kind is Line.CCTV]
    return found[-1] if found else {}


def _readers(entries: Sequence[Entry]) -> dict[int, str]:
    """Who ticked each entry as read, by the entry's id."""
    at = {each.read_at for each in entries if each.read_at is not None}
    if not at:
        return {}
    rows = db.session.execute(
        select(BookLine.at, BookLine.by_user_id).where(
            BookLine.book == entries[0].book, BookLine.kind == Line.READ, BookLine.at.in_(at)
        )
    )
    by = {row.at: row.by_user_id for row in rows}
    users = accounts.people({user_id for user_id in by.values() if user_id is not None})
    return {
        each.id: users[user_id].name
        for each in entries
        if each.read_at is not None and (user_id := by.get(each.read_at)) in users
    }


def _pages(entries: Sequence[Entry]) -> dict[int, int]:
    """The numbers of the printed pages that entries were typed in from, by the page's id."""
    ids = [each.paper_page_id for each in entries if each.paper_page_id is not None]
    if not ids:
        return {}
    rows = db.session.execute(select(PaperPage.id, PaperPage.number).where(PaperPage.id.in_(ids)))
    return {row.id: row.number for row in rows}


def moment_words(at: datetime) -> str:
    """An instant in the city's own time, in words."""
    here = clock.local(at)
    return f"{in_words(here.date())} at {here:%H:%M}"
