"""Whoever changes a book behind its back is found, whatever they change (F111 to F113, F117).

Every column of every row of every table of the book, taken from the tables themselves: a column
that is new is covered, or named below with the reason why it says nothing about what happened.
Each tampering is done inside a transaction, looked at, and taken back.
"""

import hmac
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from charter import config
from charter.core import clock
from charter.core.db import UtcDateTime, commit, db
from charter.core.trail import TrailEntry
from charter.incidents import amending, chain, following, heads, models, people, reading, sealing
from charter.incidents.chain import Head
from charter.incidents.choices import Cctv
from charter.incidents.models import BookHead, BookLine, Entry, EntryPerson, FollowUp, PaperPage
from charter.incidents.people import Somebody
from charter.incidents.service import Paper
from charter.staff.models import StaffMember
from charter.venues.models import Venue
from tests.builders.accounts import make_user
from tests.builders.incidents import book_lock, make_entry, make_zone, writer
from tests.builders.venues import make_venue

NOT_OF_THE_BOOK = {
    "entry_draft": "what nobody saved is no record",
    "book_terms": "what is asked from now on, not what happened; its changes are in the trail",
}
SAYS_NOTHING = {
    "*.id": "a row's own number, which no page shows; what hangs on it finds it gone",
    "paper_page.code": "finds a blank page; the entry typed in from it names the page itself",
    "paper_page.printed_at": "when a blank page was printed is in the trail",
    "paper_page.printed_by": "who printed a blank page is in the trail",
    "paper_page.spoiled_by": "who said that a blank page is lost is in the trail",
}
TABLES = {
    each.__tablename__: each.__table__
    for each in vars(models).values()
    if isinstance(each, type)
    and issubclass(each, db.Model)
    and each.__module__ == models.__name__
    and each.__tablename__ not in NOT_OF_THE_BOOK
}


@pytest.fixture
def book(app: Flask) -> Iterator[int]:
    """A venue's book with everything that a book can hold, and another one; the venue's id."""
    with app.app_context():
        other = make_venue(state="working").id
        make_entry(other, writer(make_user().id), kinds=("operational.near-miss",))
        venue_id = make_venue(state="working").id
        user = make_user()
        for name in ("Robin", "Ash"):
            db.session.add(StaffMember(venue_id=venue_id, name=name, name_key=name.lower()))
        db.session.commit()
        fill(venue_id, writer(user.id))
        assert chain.head(venue_id).entries == 4
        db.session.rollback()
        for _book in heads.nightly():
            commit()
        yield venue_id
        db.session.rollback()
        db.session.remove()


def fill(venue_id: int, by: Any) -> None:
    zone = make_zone(venue_id)
    make_entry(venue_id, by, zone_id=zone, spot=(1, 2), licence={"refused-count": 2})
    make_entry(venue_id, by, hours_ago=30, said="")
    page = PaperPage(venue_id=venue_id, number=1, code=f"code-{venue_id}", printed_by=by.user_id)
    spare = PaperPage(venue_id=venue_id, number=2, code=f"spare-{venue_id}", printed_by=by.user_id)
    db.session.add_all([page, spare])
    db.session.commit()
    paper = Paper(page.id, "Door staff", clock.today())
    make_entry(venue_id, by, kinds=("operational.near-miss",), paper=paper)
    make_entry(venue_id, by, said="")
    book_lock(venue_id)
    one = reading.entry(venue_id, 1)
    assert one is not None
    known = [Somebody("harmed", "18-24", "Ann Example"), Somebody("about", "unknown", "", "tall")]
    people.add_people(one, known, by)
    people.strike_person(one, 2, by, why="It was somebody else.")
    venue = db.session.get_one(Venue, venue_id)
    amending.amend(
        one, venue, {"zone_id": None}, {"said": "In the corridor."}, by, corrects=[1], why="Wrong"
    )
    amending.set_cctv(one, Cctv.SAVED, by, camera="Camera 3", who="Duty manager")
    owner = by.user_id
    following.follow_up(one, "Mend the lock", owner, clock.today(), by, owners=[owner])
    following.done(one, 1, by, how="Mended")
    following.follow_up(one, "Ask the door", owner, clock.today(), by, owners=[owner])
    following.read_up_to(venue_id, 2, by)
    following.read_up_to(venue_id, 3, by)
    following.close(one, "ban", by, texts={})
    following.hold(one, by, why="Police asked")
    following.share_with_office(one, "facts", by)
    monday = clock.night_of(clock.now())
    monday -= timedelta(days=monday.weekday() + 21)
    following.sign_nil_week(venue_id, monday, by)
    commit()


def fault(book: int, kept: tuple[Head, ...] = ()) -> str | None:
    """What the check finds in this transaction, which is then taken back."""
    [found] = chain.verify(book, kept)
    db.session.rollback()
    return found.fault


def run(statement: Any, **values: Any) -> None:
    db.session.execute(sa.text(statement) if isinstance(statement, str) else statement, values)


def rows(table: sa.Table, book: int) -> list[Any]:
    """The rows of a table that are of a book."""
    if "book" in table.c:
        which = table.c.book == book
    elif "entry_id" in table.c:
        which = table.c.entry_id.in_(sa.select(Entry.id).where(Entry.book == book))
    else:  # a blank page is of the book once something was typed in from it
        which = table.c.id.in_(sa.select(Entry.paper_page_id).where(Entry.book == book))
    found = list(db.session.execute(sa.select(table).where(which).order_by(table.c.id)))
    db.session.rollback()
    return found


def others(column: sa.Column[Any], was: Any) -> Iterator[Any]:
    """Other values that a column could hold, as its type allows."""
    if column.nullable and was is not None:
        yield None
    [reference] = column.foreign_keys or [None]
    if reference is not None:
        query = sa.select(reference.column).order_by(reference.column.desc())
        found = db.session.scalars(query).all()
        db.session.rollback()
        yield next(each for each in found if each != was)
    elif column.name == "severity":
        yield was % 4 + 1
    else:
        [change] = [found for kind, found in CHANGES.items() if isinstance(column.type, kind)]
        yield change(was)


CHANGES: dict[Any, Any] = {
    UtcDateTime: lambda was: (was or clock.now()) + timedelta(seconds=1),
    sa.Date: lambda was: (was or date(2026, 1, 1)) + timedelta(days=1),
    sa.LargeBinary: lambda was: bytes([*(was or bytes(32))[:-1], (was or bytes(32))[-1] ^ 1]),
    sa.JSON: lambda was: [*was, "x"] if isinstance(was, list) else {**was, "x": 1},
    sa.Boolean: lambda was: not was,
    sa.Integer: lambda was: (was or 0) + 7000,
    # As long as the column takes; a seal's name and a token fill theirs.
    sa.String: lambda was: f"x{was or ''}"[: max(len(was or ""), 1)],
}


def names_of(column: sa.Column[Any]) -> set[str]:
    return {f"*.{column.name}", f"{column.table.name}.{column.name}"}


@pytest.mark.sqlite_only
def test_every_column_of_every_row_is_covered(book: int):
    assert fault(book) is None
    unseen = []
    for table in TABLES.values():
        there = rows(table, book)
        assert there, table.name
        for row in there:
            for column in table.c:
                if names_of(column) & set(SAYS_NOTHING):
                    continue
                for value in others(column, getattr(row, column.name)):
                    run(sa.update(table).where(table.c.id == row.id).values({column: value}))
                    if fault(book) is None:
                        unseen.append(f"{table.name}.{column.name} of {row.id} as {value!r}")
    assert unseen == []


@pytest.mark.sqlite_only
def test_every_row_that_is_taken_out_is_missed(book: int):
    for name, table in TABLES.items():
        for row in rows(table, book)[: -1 if name == "book_line" else None]:
            if name == "entry":
                for hanging in (BookLine, EntryPerson, FollowUp):
                    run(sa.delete(hanging).where(hanging.entry_id == row.id))
            if name == "paper_page":
                run(sa.update(Entry).where(Entry.book == book).values(paper_page_id=None))
            run(sa.delete(table).where(table.c.id == row.id))
            assert fault(book), f"{name} {row.id}"


@pytest.mark.sqlite_only
def test_every_row_that_is_put_in_is_found(book: int):
    table = BookLine.__table__
    for row in rows(table, book):
        copy = {**row._mapping, "id": 90_000, "seq": 90_000}
        run(sa.insert(table).values(copy))
        assert fault(book), f"line {row.seq} again at the end"
    last = rows(table, book)[-1]
    copy = {**last._mapping, "id": 90_000, "seq": last.seq + 1}
    run(sa.insert(table).values(copy))
    assert fault(book) == f"line {last.seq + 1} was changed"
    for name, change in (
        ("entry", {"number": 5, "once": "x" * 32, "paper_page_id": None}),
        ("entry_person", {"n": 3}),
        ("follow_up", {"n": 3}),
        ("book_head", {"on": date(2027, 1, 1)}),
    ):
        row = rows(TABLES[name], book)[0]
        run(sa.insert(TABLES[name]).values({**row._mapping, "id": 90_000, **change}))
        assert fault(book), name


def test_lines_in_another_order_are_named(book: int):
    for first, second in ((1, 2), (5, 9)):
        for seq, other in ((first, 90_000), (second, first), (90_000, second)):
            run(
                sa.update(BookLine)
                .where(BookLine.book == book, BookLine.seq == seq)
                .values(seq=other)
            )
        assert str(fault(book)).startswith(f"line {first} ")


def test_entries_that_change_numbers_are_found(book: int):
    for number, other in ((1, 90_000), (2, 1), (90_000, 2)):
        run(sa.update(Entry).where(Entry.book == book, Entry.number == number).values(number=other))
    assert fault(book) == "line 1 (entry 2) was changed"


def test_a_line_of_another_book_is_none_of_this_one(book: int):
    """An entry of another book may have the same number: the line still is not its own."""
    stranger = db.session.scalar(sa.select(Entry.id).where(Entry.book != book, Entry.number == 1))
    mine = db.session.scalar(sa.select(Entry.id).where(Entry.book == book, Entry.number == 1))
    for seq in (1, 2, 5):
        run(
            sa.update(BookLine)
            .where(BookLine.book == book, BookLine.seq == seq)
            .values(entry_id=stranger)
        )
        assert fault(book), seq
    run(sa.update(FollowUp).where(FollowUp.entry_id == mine).values(entry_id=stranger))
    assert fault(book) == "to-do 1 of entry 1 is missing"
    run(sa.update(EntryPerson).where(EntryPerson.entry_id == mine).values(entry_id=stranger))
    assert fault(book) == "person 1 of entry 1 is missing"


def exchange(table: sa.Table, one: int, other: int, *columns: str) -> None:
    """Swap columns of two rows."""
    found = {row.id: row for row in db.session.execute(sa.select(table))}
    for to, frm in ((one, other), (other, one)):
        run(
            sa.update(table)
            .where(table.c.id == to)
            .values({name: getattr(found[frm], name) for name in columns})
        )


def test_what_is_sealed_opens_nowhere_else(book: int):
    lines = [row for row in rows(BookLine.__table__, book) if row.words is not None]
    entries = rows(Entry.__table__, book)
    [stranger] = db.session.execute(
        sa.select(Entry.id).where(Entry.number == 1, Entry.book != book)
    )
    names = rows(EntryPerson.__table__, book)
    db.session.rollback()
    same = [row for row in lines if row.entry_id == entries[0].id]
    exchange(BookLine.__table__, same[0].id, same[1].id, "words")
    assert fault(book) == f"the words of line {same[0].seq} (entry 1) were changed"
    exchange(BookLine.__table__, same[0].id, same[1].id, "words", "words_digest")
    assert fault(book) == f"line {same[0].seq} (entry 1) was changed"
    for columns in (
        ("words_key_sealed",),
        ("words_key_sealed", "seal_name"),
        ("words_key_sealed", "names_key_sealed", "seal_name"),
    ):
        for other in (entries[1].id, entries[3].id, stranger.id):
            exchange(Entry.__table__, entries[0].id, other, *columns)
            assert "the key of the words of entry 1" in str(fault(book))
    run(
        "UPDATE entry SET words_key_sealed = names_key_sealed, names_key_sealed = words_key_sealed "
        "WHERE id = :id",
        id=entries[0].id,
    )
    assert "the key of the words of entry 1" in str(fault(book))
    exchange(EntryPerson.__table__, names[0].id, names[1].id, "who")
    assert fault(book) == "the name of person 1 of entry 1 was changed"
    exchange(EntryPerson.__table__, names[0].id, names[1].id, "who", "who_digest")
    assert fault(book) == "person 1 of entry 1 was changed"
    words = sealing.digest(same[0].words)
    run(
        sa.update(EntryPerson)
        .where(EntryPerson.id == names[0].id)
        .values(who=same[0].words, who_digest=words)
    )
    assert fault(book) == "person 1 of entry 1 was changed"


def test_no_page_shows_words_that_were_moved(book: int):
    [first, second] = [
        row for row in rows(BookLine.__table__, book) if row.words is not None and row.entry_id
    ][:2]
    exchange(BookLine.__table__, first.id, second.id, "words", "words_digest")
    entry = reading.entry(book, 1)
    assert entry is not None
    [line, *_] = reading.lines(entry, with_words=True)
    assert (line.words, line.is_broken) == ({}, True)
    db.session.rollback()


def test_words_that_only_look_wiped_are_found(book: int):
    one = rows(Entry.__table__, book)[0]
    run(sa.update(Entry).where(Entry.id == one.id).values(words_key_sealed=None))
    assert fault(book) == "the key of the words of entry 1 is not as the book says"
    run(sa.update(BookLine).where(BookLine.entry_id == one.id).values(words=None))
    assert fault(book) == "the words of line 1 (entry 1) are gone"
    run(sa.update(BookLine).where(BookLine.entry_id == one.id).values(words=None))
    today = clock.today()
    run(
        sa.update(Entry)
        .where(Entry.id == one.id)
        .values(words_key_sealed=None, words_wiped_on=today)
    )
    assert fault(book) == "entry 1 was changed: words_wiped_on"


def test_a_wiping_line_that_somebody_made_up_is_found(book: int):
    last = rows(BookLine.__table__, book)[-1]
    one = rows(Entry.__table__, book)[0]
    made_up = {
        **last._mapping,
        **{"id": 90_000, "seq": last.seq + 1, "kind": "wiped", "facts": {"what": "words"}},
        **{"entry_id": one.id, "mac": hmac.digest(bytes(32), last.mac, "sha256")},
    }
    run(sa.insert(BookLine.__table__).values(made_up))
    assert fault(book) == f"line {last.seq + 1} (entry 1) was changed"


def rebuilt(book: int, *, from_seq: int) -> None:
    """Give every line from one on a new mac with the key in the settings of now."""
    numbers = dict(db.session.execute(sa.select(Entry.id, Entry.number)).all())
    before = chain.START
    found = db.session.execute(
        sa.select(BookLine.__table__).where(BookLine.book == book).order_by(BookLine.seq)
    ).all()
    for line in found:
        mac = line.mac
        if line.seq >= from_seq:
            mac = chain._mac(line, before, numbers.get(line.entry_id))
            run(sa.update(BookLine).where(BookLine.id == line.id).values(mac=mac))
        before = mac


def test_a_chain_rebuilt_without_its_key_is_found_and_with_it_only_by_what_was_mailed(
    app: Flask, book: int
):
    kept = chain.head(book)
    db.session.rollback()
    mine = config.current()
    secrets = replace(mine.secrets, trail=b"a guess of thirty-two bytes here")
    app.extensions["charter.settings"] = replace(mine, secrets=secrets)
    rebuilt(book, from_seq=1)
    app.extensions["charter.settings"] = mine
    assert fault(book) == "line 1 (entry 1) was changed"
    # With the key, and with both copies of the head that lie in the database rewritten too.
    run(sa.delete(BookHead).where(BookHead.book == book))
    run(sa.delete(TrailEntry).where(TrailEntry.verb == chain.NOTED))
    rewritten = sa.update(BookLine).where(BookLine.book == book, BookLine.kind == "nil-week")
    run(rewritten.values(at=datetime(2026, 1, 1, tzinfo=UTC)))
    rebuilt(book, from_seq=2)
    [plain] = chain.verify(book)
    [held] = chain.verify(book, [replace(kept, mac=kept.mac[: chain.SEAL_BYTES])])
    db.session.rollback()
    assert plain.fault is None, "nothing inside can show it: that is what the mails are for"
    assert held.fault == f"line {kept.seq} is not the one whose head was kept"


def test_a_cut_off_tail_is_found_by_each_head_that_is_left(book: int):
    kept = chain.head(book)
    db.session.rollback()

    def cut() -> None:
        run(sa.delete(BookLine).where(BookLine.book == book, BookLine.seq == kept.seq))

    cut()
    assert "were cut off" in str(fault(book))
    cut()
    run(sa.delete(BookHead).where(BookHead.book == book))
    assert "is not the same in the trail" in str(fault(book))
    cut()
    run(sa.delete(BookHead).where(BookHead.book == book))
    run(sa.delete(TrailEntry).where(TrailEntry.verb == chain.NOTED))
    assert "were cut off" in str(fault(book, (kept,)))
    cut()
    run(sa.delete(BookHead).where(BookHead.book == book))
    run(sa.delete(TrailEntry).where(TrailEntry.verb == chain.NOTED))
    assert fault(book) is None, "nothing inside can show it: that is what the mails are for"


def test_a_whole_entry_cut_off_is_missed_by_the_trail(app: Flask):
    with app.app_context():
        venue_id = make_venue(state="working").id
        by = writer(make_user().id)
        make_entry(venue_id, by)
        make_entry(venue_id, by)
        db.session.rollback()
        run(sa.delete(BookLine).where(BookLine.book == venue_id, BookLine.seq == 2))
        run(sa.delete(Entry).where(Entry.book == venue_id, Entry.number == 2))
        [found] = chain.verify(venue_id)
        assert found.fault == "entries after 1 are missing: the trail knows of entry 2"
        db.session.execute(sa.delete(BookLine))
        db.session.execute(sa.delete(Entry))
        [found] = chain.verify(venue_id)
        assert found.fault == "entries after 0 are missing: the trail knows of entry 2"
        db.session.rollback()
        db.session.remove()


@pytest.mark.sqlite_only
def test_what_cannot_even_be_read_is_named_and_stops_nothing(book: int):
    """SQLite takes anything in any column."""
    for change, where in (
        ("facts = '{'", "line 3 cannot be read"),
        ("at = 'yesterday'", "line 3 cannot be read"),
        ("mac = 'abc'", "line 3"),
        ("words = 'abc'", "line 3"),
        ("kind = 'gossip'", "line 3"),
    ):
        run(f"UPDATE book_line SET {change} WHERE book = :book AND seq = 3", book=book)  # noqa: S608  # our own words
        assert str(fault(book)).startswith(where)
    run("UPDATE entry SET kinds = '[' WHERE book = :book AND number = 2", book=book)
    assert fault(book) == "an entry after 0 cannot be read"
