"""What must be true of every book whoever wrote at once, and whenever the server died.

Asked by plain reading of the tables, beside the product's own check of its chains.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping

from sqlalchemy import select

from charter.core import trail
from charter.core.db import db
from charter.core.trail import TrailEntry
from charter.incidents import chain
from charter.incidents.models import BookLine, Entry, EntryDraft, EntryPerson, FollowUp
from charter.incidents.rules import Line

# What of an entry is noted in the trail with every line that is appended.
NOTED = {
    Line.ENTRY: "entry.written",
    Line.ADDED: "entry.added",
    Line.AMENDED: "entry.amended",
    Line.PEOPLE: "entry.people",
    Line.CLOSED: "entry.closed",
    Line.FOLLOW_UP: "entry.follow-up",
    Line.READ: "book.read",
    Line.NIL_WEEK: "book.nil-week",
}


def faults(acknowledged: Mapping[str, int] | None = None) -> list[str]:
    """Everything that is not as it must be; `acknowledged` are numbers told, by the form's token.

    Wants an application context, and leaves no transaction open.
    """
    found = [f"book {each.book}: {each.fault}" for each in chain.verify() if each.fault]
    found += [f"trail {each.chain}: {each.fault}" for each in trail.verify() if each.fault]
    found += [*_series(), *_halves(), *_untold(), *_lost(acknowledged or {})]
    db.session.rollback()
    return found


def written() -> dict[str, tuple[int, int]]:
    """Every entry there is, by its form's token: its book and its number."""
    rows = db.session.execute(select(Entry.once, Entry.book, Entry.number)).all()
    db.session.rollback()
    return {once: (book, number) for once, book, number in rows}


def _series() -> list[str]:
    """Numbers of entries and of lines with a gap or a twin."""
    found = []
    for model, column in ((Entry, Entry.number), (BookLine, BookLine.seq)):
        books: dict[int, list[int]] = defaultdict(list)
        for book, number in db.session.execute(select(model.book, column)):
            books[book].append(number)
        for book, numbers in books.items():
            if sorted(numbers) != list(range(1, len(numbers) + 1)):
                found.append(f"{model.__tablename__} of book {book}: {sorted(numbers)}")
    return found


def _halves() -> list[str]:
    """A part of an entry without the rest."""
    entries = dict(db.session.execute(select(Entry.id, Entry.book)).all())
    firsts = Counter(
        db.session.scalars(select(BookLine.entry_id).where(BookLine.kind == Line.ENTRY))
    )
    found = [
        f"entry {each} has {firsts[each]} first lines" for each in entries if firsts[each] != 1
    ]
    lines = db.session.execute(
        select(BookLine.id, BookLine.book, BookLine.entry_id).where(BookLine.entry_id.is_not(None))
    )
    found += [f"line {n} is of no entry" for n, book, of in lines if entries.get(of) != book]
    said: Counter[tuple[int | None, str]] = Counter()
    query = select(BookLine).where(BookLine.kind.in_([Line.PEOPLE, Line.FOLLOW_UP]))
    for line in db.session.scalars(query):
        said[line.entry_id, line.kind] += len(line.facts.get("add", [line.kind]))
    there = Counter(
        (of, Line.PEOPLE.value) for of in db.session.scalars(select(EntryPerson.entry_id))
    )
    there += Counter(
        (of, Line.FOLLOW_UP.value) for of in db.session.scalars(select(FollowUp.entry_id))
    )
    if there != +said:
        found.append(f"people or things to do without a line, or the other way: {there - said}")
    tokens = select(EntryDraft.once).where(EntryDraft.once.in_(select(Entry.once)))
    return found + [f"a draft of an entry: {once}" for once in db.session.scalars(tokens)]


def _untold() -> list[str]:
    """Lines without their entry in the trail, and the other way round."""
    lines = Counter(
        (book, NOTED[Line(kind)])
        for book, kind in db.session.execute(select(BookLine.book, BookLine.kind))
        if Line(kind) in NOTED
    )
    query = select(TrailEntry.chain, TrailEntry.verb).where(TrailEntry.verb.in_(NOTED.values()))
    told = Counter((chain_, verb) for chain_, verb in db.session.execute(query))
    numbers = Counter(
        db.session.execute(
            select(TrailEntry.chain, TrailEntry.thing_id).where(TrailEntry.verb == "entry.written")
        )
    )
    twice = [f"the trail has entry {each} twice" for each, count in numbers.items() if count > 1]
    return twice if lines == told else [*twice, f"lines {lines - told}, trail {told - lines}"]


def _lost(acknowledged: Mapping[str, int]) -> list[str]:
    """Entries that somebody was told the number of, and that are not there by that number."""
    there = written()
    return [
        f"entry {number} of form {once} is {there.get(once)}"
        for once, number in acknowledged.items()
        if once not in there or there[once][1] != number
    ]
