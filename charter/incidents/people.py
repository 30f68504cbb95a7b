"""The people an entry is about: their part and age are facts, who they are is sealed apart.

Names have a table, a key and a permission of their own, and opening them is on the trail.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from charter.core.db import db
from charter.core.errors import Refused
from charter.core.sealed import Unreadable
from charter.incidents import amending, sealing, service
from charter.incidents.choices import Age, PersonPart
from charter.incidents.models import Entry, EntryPerson
from charter.incidents.rules import Line
from charter.incidents.service import Writer

NAME_LIMIT = 120
MOST_PEOPLE = 20


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person an entry is about."""

    part: str
    age: str
    name: str = ""
    description: str = ""


def add_people(entry: Entry, people: Sequence[Somebody], writer: Writer) -> None:
    """Write down who an entry is about; names and descriptions are sealed apart from the words."""
    if not amending.may_amend(entry, writer):
        raise Refused("You can add to an entry for 24 hours. Ask your manager to write this down")
    if entry.names_key is None:
        raise Refused("The names of this entry are deleted, so none can be added")
    last = db.session.scalar(
        select(func.max(EntryPerson.n)).where(EntryPerson.entry_id == entry.id)
    )
    rows = []
    for n, each in enumerate(people, (last or 0) + 1):
        if n > MOST_PEOPLE:
            raise Refused(f"An entry can name {MOST_PEOPLE} people at most. Describe the others")
        if each.part not in set(PersonPart) or each.age not in set(Age):
            raise Refused("Choose from what is shown")
        place = sealing.person_place(entry.book, entry.number, n)
        who = sealing.seal(entry.names_key, {"name": each.name, "seen": each.description}, place)
        rows.append(
            EntryPerson(
                entry_id=entry.id,
                n=n,
                part=each.part,
                age=each.age,
                who=who,
                who_digest=sealing.digest(who),
            )
        )
    db.session.add_all(rows)
    facts = {
        "add": [
            {"n": row.n, "part": row.part, "age": row.age, "digest": row.who_digest.hex()}
            for row in rows
        ]
    }
    service.add_line(
        entry, Line.PEOPLE, facts, writer, verb="entry.people", detail={"added": len(rows)}
    )


def strike_person(entry: Entry, n: int, writer: Writer, *, why: str) -> None:
    """Say that a person was written down wrongly; the row stays, and reads as struck."""
    row = db.session.scalar(
        select(EntryPerson).where(EntryPerson.entry_id == entry.id, EntryPerson.n == n)
    )
    if row is None or not amending.may_amend(entry, writer):
        raise Refused("There is no such person in this entry")
    if row.is_struck:
        return
    if not why:
        raise Refused("Say what was wrong", "why")
    if entry.words_wiped_on is not None:
        raise Refused("The words of this entry are deleted, so it cannot be changed any more")
    row.is_struck = True
    service.add_line(
        entry,
        Line.PEOPLE,
        {"strike": [n]},
        writer,
        {"why": why},
        verb="entry.people",
        detail={"struck": n},
    )


def names(entry: Entry, *, by: int) -> list[tuple[EntryPerson, dict[str, str]]]:
    """The people of an entry with their names opened; that they were opened is on the trail."""
    rows = people(entry)
    note_opening(entry, by=by)
    return [(row, opened(entry, row)) for row in rows]


def note_opening(entry: Entry, *, by: int) -> None:
    """Note in the trail that the names of an entry are opened; needs its book's lock."""
    service.note_only(entry, "names.opened", by)


def people(entry: Entry) -> list[EntryPerson]:
    """The people of an entry, names closed."""
    return people_of([entry])[entry.id]


def people_of(entries: Sequence[Entry]) -> dict[int, list[EntryPerson]]:
    """The people of several entries, names closed, by the entry's id."""
    found: dict[int, list[EntryPerson]] = {each.id: [] for each in entries}
    query = select(EntryPerson).where(EntryPerson.entry_id.in_(found)).order_by(EntryPerson.n)
    for row in db.session.scalars(query):
        found[row.entry_id].append(row)
    return found


def opened(entry: Entry, row: EntryPerson) -> dict[str, str]:
    """Somebody's name and description; whoever opens them has noted it (`note_opening`)."""
    if row.who is None or entry.names_key_sealed is None:
        return {}
    place = sealing.person_place(entry.book, entry.number, row.n)
    try:
        return sealing.unseal(entry.names_key or "", row.who, place)
    except Unreadable:
        return {"name": "This was changed outside the book, and does not open"}
