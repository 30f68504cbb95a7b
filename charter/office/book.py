"""What a venue's copy of everything holds of its incident book: every line, as the venue has it.

Facts, words and names as they are today: what was deleted is null, and says since when. An entry
of the office's own series is none of the venue's. Entries are read and given a few at a time.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from charter.core.db import db
from charter.core.sealed import Unreadable
from charter.doors import service as shifts
from charter.doors.models import DoorShift
from charter.incidents import retention, sealing, service
from charter.incidents.models import BookLine, Entry, EntryPerson, FollowUp
from charter.incidents.rules import Line
from charter.office.holdings import AT_ONCE, Holdings, Row, day, moment
from charter.staff.models import StaffMember

DOORS: Row = (
    "Night", "Name", "Licence number", "Employer", "From", "Until", "Recorded", "Recorded by",
    "Struck through",
)  # fmt: skip
DAMAGED = "(damaged: ask the office)"


def entries(held: Holdings) -> Iterator[dict[str, Any]]:
    """Every entry of the venue's book in order, with its lines, people and what was to be done."""
    last = 0
    months, left_on = retention.kept_at(held.venue.id)
    badges = _badges(held.venue.id)
    query = select(Entry).where(Entry.book == held.venue.id).order_by(Entry.number)
    while rows := db.session.scalars(query.where(Entry.number > last).limit(AT_ONCE)).all():
        ids = [row.id for row in rows]
        lines, people, to_do = (
            _by_entry(table, ids) for table in (BookLine, EntryPerson, FollowUp)
        )
        for row in rows:
            facts = service.state(row)
            yield {
                "number": row.number,
                "facts": {key: facts[key] for key in sorted(facts) if key != "number"},
                "words_kept_until": day(retention.words_until(row, months, left_on=left_on)),
                "names_kept_until": day(retention.names_until(row, months, left_on=left_on)),
                "lines": [_line(held, badges, row, line) for line in lines[row.id]],
                "people": [_person(row, person) for person in people[row.id]],
                "to_do": [_to_do(held, each) for each in to_do[row.id]],
            }
        last = rows[-1].number


def other_lines(held: Holdings) -> Iterator[dict[str, Any]]:
    """The lines of the book that are of no one entry: weeks signed as quiet, and what was read."""
    badges: Mapping[int, str] = {}
    query = select(BookLine).where(BookLine.book == held.venue.id, BookLine.entry_id.is_(None))
    for line in db.session.scalars(query.order_by(BookLine.seq).execution_options(yield_per=100)):
        yield _line(held, badges, None, line)


def _by_entry(table: Any, ids: Sequence[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.scalars(select(table).where(table.entry_id.in_(ids)).order_by(table.id)):
        found[row.entry_id].append(row)
    return found


def _badges(venue_id: int) -> Mapping[int, str]:
    """The names on the badges of those who write on the venue's own phone."""
    rows = db.session.execute(
        select(StaffMember.id, StaffMember.name).where(StaffMember.venue_id == venue_id)
    )
    return {row.id: row.name or "(name deleted)" for row in rows}


def _line(
    held: Holdings, badges: Mapping[int, str], entry: Entry | None, line: BookLine
) -> dict[str, Any]:
    words = None
    if entry is not None and entry.words_key_sealed is not None and line.words is not None:
        words = _opened(entry, "words_key", line.words, sealing.line_place(line.book, line.seq))
    by = held.name(line.by_user_id) or badges.get(line.by_member_id or 0, "")
    return {
        "line": line.seq, "what": Line(line.kind).label, "kind": line.kind,
        "at": moment(line.at), "by": by, "facts": line.facts, "words": words,
        "seal": line.mac.hex(),
    }  # fmt: skip


def _person(entry: Entry, row: EntryPerson) -> dict[str, Any]:
    who = None
    if entry.names_key_sealed is not None and row.who is not None:
        place = sealing.person_place(entry.book, entry.number, row.n)
        who = _opened(entry, "names_key", row.who, place)
    return {
        "n": row.n, "part": row.part, "age": row.age, "struck_through": row.is_struck, "who": who,
    }  # fmt: skip


def _opened(entry: Entry, key: str, sealed: bytes, place: str) -> dict[str, Any] | str:
    try:
        return sealing.unseal(getattr(entry, key) or "", sealed, place)
    except Unreadable:
        # The rest of the copy is still the venue's; the check of the book names what is wrong.
        return DAMAGED


def _to_do(held: Holdings, row: FollowUp) -> dict[str, Any]:
    return {
        "n": row.n, "line": row.seq, "by": held.name(row.owner_id), "due_on": day(row.due_on),
        "done_on": day(row.done_on),
    }  # fmt: skip


def _guard(row: DoorShift) -> tuple[str, str]:
    name, licence = (shifts.opened(row, each) for each in ("name", "licence"))
    return name or "(name deleted)", licence or ""


def doors(held: Holdings) -> Iterator[Row]:
    """Who worked the door, with those that were struck through, by `DOORS`."""
    rows = db.session.scalars(
        select(DoorShift)
        .where(DoorShift.venue_id == held.venue.id)
        .order_by(DoorShift.night, DoorShift.id)
        .execution_options(yield_per=AT_ONCE)
    )
    for row in rows:
        yield (
            day(row.night), *_guard(row), row.employer,
            moment(row.starts_at), moment(row.ends_at), moment(row.recorded_at),
            held.name(row.recorded_by), moment(row.struck_at),
        )  # fmt: skip
