"""The register on paper: what is in it, what is not, and what it says of a changed book."""

import io
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from charter.core import clock
from charter.core.access import GRANTS, Permission, Role
from charter.core.db import CITY, commit, db
from charter.doors.models import DoorShift
from charter.incidents import amending, chain, following, people, retention
from charter.incidents.models import BookLine
from charter.incidents.people import Somebody
from charter.incidents.rules import Line
from charter.venues.models import Venue
from tests.builders.accounts import sign_in_as
from tests.builders.incidents import WHOLE, book_lock, happened, make_entry, writer
from tests.counting import counted
from tests.registers.house import NIGHT, House, read

FIRST, LAST = date(2026, 10, 24), date(2026, 11, 20)
CANARY = "The manager follows people into the cellar"


def fill(house: House) -> None:
    """Five entries: one before the period, one of a repeated hour, one corrected, one by name."""
    by, boss = writer(house.ids[Role.STAFF], manages=False), writer(house.ids[Role.MANAGER])
    with house.app.app_context():
        make_entry(house.venue, by, hours_ago=24 * 40, said="Long ago.", late_why="We forgot.")
        with clock.moved_to(datetime(2026, 10, 25, 1, 50, tzinfo=UTC)):
            twice = happened(at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
            make_entry(house.venue, by, happened=replace(twice, is_around=True), said="In the fog.")
        make_entry(house.venue, by, hours_ago=24 * 35, late_why="Nobody had time.")
        one = make_entry(house.venue, by, zone_id=house.zone, said="First line.\nSecond line.")
        two = make_entry(
            house.venue, by, hours_ago=30, late_why="No phone.", kinds=("spiking.drink",)
        )
        venue = db.session.get_one(Venue, house.venue)
        book_lock(house.venue)
        people.add_people(one, [Somebody("harmed", "18-24", "Ann Bell", "Red coat")], by)
        seq = db.session.scalars(sa.select(BookLine.seq).where(BookLine.entry_id == one.id)).first()
        assert seq is not None
        amending.amend(one, venue, {"known_by": "seen"}, {"said": "It was once."}, boss,
                       corrects=[seq], why="She told us.")  # fmt: skip
        following.follow_up(one, "Put up a light", boss.user_id or 0, clock.today(), boss,
                            owners=[boss.user_id or 0])  # fmt: skip
        following.done(one, 1, boss, how="It hangs.")
        following.close(two, "ban", boss, texts={"told": "We could not"})
        following.read_up_to(house.venue, 5, boss)
        following.sign_nil_week(house.venue, date(2026, 11, 9), boss)
        chain.append(house.venue, Line.NIL_WEEK, {"week": "2026-08-03"}, by=boss.by)
        _doors(house)
        commit()
        db.session.remove()


def _doors(house: House) -> None:
    for name, night, struck in (
        ("Dee Ward", date(2026, 11, 20), None),
        ("Wrong Row", date(2026, 11, 20), NIGHT),
        ("Not Then", date(2026, 9, 1), None),
        ("", date(2026, 11, 13), None),
    ):
        starts = datetime(night.year, night.month, night.day, 20, tzinfo=UTC)
        row = DoorShift(
            venue_id=house.venue, night=night, employer="agency", starts_at=starts,
            ends_at=starts + timedelta(hours=6), recorded_by=house.ids[Role.MANAGER],
            struck_at=struck,
        )  # fmt: skip
        row.name, row.licence = name or None, "0123-4567" if name else None
        db.session.add(row)


def test_everything_of_the_period_is_there_in_order_and_nothing_else(house: House):
    fill(house)
    answer = house.printed(FIRST, LAST)
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="register-2026-10-24-2026-11-20.pdf"'
    )
    assert "no-store" in answer.headers["Cache-Control"]
    found = read(answer)
    for number, page in enumerate(found, 1):
        assert f"Page {number} of {len(found)}" in page
    words = " ".join(found)
    for part in (
        "The Lantern", "nights from Saturday 24 October 2026 to Friday 20 November 2026",
        "Entries here 3", "The whole book 5 entries in", "No line was changed, moved or missing",
        "Names of people Left out", "Friday 20 November 2026 at 23:41 by Robin Hale",
        "Sunday 25 October 2026 at 01:30, or around then (second time, after the clocks went back)",
        "The night of Saturday 24 October 2026", "In the fog.",
        "Entry 3 is about a night outside this register.",
        "Where Dance floor", "Friday 20 November 2026 at 23:41 by Kim Door",
        "Late More than 24 hours after it happened. Why: No phone.",
        "Corrected on Friday 20 November 2026 at 23:41 by Robin Hale. At first it said:",
        "First line. Second line. Right is: It was once.", "Why: She told us.",
        "was “The person it happened to",
        "Put up a light", "done on Friday 20 November 2026", "It hangs.", "told? We could not",
        "Monday 9 November 2026", "Dee Ward", "0123-4567", "20:00 02:00 an agency",
        "taken away, its time was over", "End of the register.",
    ):  # fmt: skip
        assert part in words, part
    for part in ("Long ago", "Ann Bell", "Red coat", "Wrong Row", "Not Then", "3 August"):
        assert part not in words, part
    places = [words.index(f"Entry {number}") for number in (2, 3, 4, 5)]
    assert places == sorted(places)
    with house.app.app_context():
        [check] = chain.verify(only=house.venue)
        assert check.fault is None
        assert chain.seal(bytes.fromhex(check.head)) in found[-1]
    assert house.trail("book.printed") == [
        (house.venue, {"first": "2026-10-24", "last": "2026-11-20", "entries": 3, "names": False})
    ]
    assert house.trail("names.opened") == []


@pytest.mark.sqlite_only
def test_what_the_licence_asked_stays_on_paper_after_it_is_switched_off(house: House):
    book, asked = house.book, ["ejections", "door-staff"]
    house.manager.post(f"{book}/terms", {"records": asked})
    guard = {"name": "Dee Ward", "licence": "1012345678900001", "employer": "agency"}
    hours = {"starts": "21:00", "ends": "03:30", "once": "a" * 32}
    house.manager.post(f"/venues/{house.venue}/door", guard | hours)
    wrong = {"name": "Wrong Row", "licence": "1", "employer": "venue", "once": "b" * 32}
    house.manager.post(f"/venues/{house.venue}/door", hours | wrong)
    with house.app.app_context():
        row = db.session.scalars(sa.select(DoorShift.id).order_by(DoorShift.id.desc())).first()
        said = {"licence": {"banned-months": 3}, "licence_words": {"ejected-by": "Badge 12"}}
        make_entry(house.venue, writer(house.ids[Role.MANAGER]), kinds=("refusal.ejected",), **said)
    house.manager.post(f"/venues/{house.venue}/door/{row}/strike")
    before = " ".join(read(house.printed(FIRST, LAST)))
    for part in (
        "Badge 12",
        "Door staff on duty",
        "Dee Ward",
        "1012-3456-7890-0001",
        "21:00 03:30",
    ):
        assert part in before, part
    assert "Wrong Row" not in before
    house.manager.post(f"{book}/terms", {"records": []})
    assert " ".join(read(house.printed(FIRST, LAST))) == before


def test_names_are_printed_only_if_asked_for_and_each_opening_is_on_the_trail(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    fill(house)
    words = " ".join(read(house.printed(FIRST, LAST, names="y")))
    assert "18 to 24: Ann Bell. Red coat" in words
    assert "Names of people In here" in words
    assert house.trail("names.opened") == [(4, {})]
    [(_, said)] = house.trail("book.printed")
    assert said["names"] is True
    monkeypatch.setitem(GRANTS, Role.MANAGER, GRANTS[Role.MANAGER] - {Permission.INCIDENTS_NAMES})
    assert "names" not in house.manager.get(f"{house.book}/print").form().names
    words = " ".join(read(house.printed(FIRST, LAST, names="y")))
    assert "Ann Bell" not in words
    assert len(house.trail("names.opened")) == 1
    assert house.staff.answer(f"{house.book}/print").status_code == 404


@pytest.mark.sqlite_only
def test_a_wrong_period_is_refused_beside_its_field(house: House):
    page = house.manager.get(f"{house.book}/print")
    kept = page.form().fields
    assert (kept["first-day"], kept["last-day"]) == ("24", "20")
    for first, last, words in (
        (LAST, FIRST, "the same day as the first, or a later one"),
        (date(2026, 11, 21), date(2026, 11, 22), "still to come"),
        (FIRST, date(2026, 11, 21), "still to come"),
    ):
        answer = house.printed(first, last)
        assert answer.mimetype == "text/html"
        assert words in answer.get_data(as_text=True)
    answer = house.printed(FIRST, LAST, **{"first-month": "13"})
    assert "Enter the month as a number" in answer.get_data(as_text=True)
    assert house.trail("book.printed") == []
    empty = " ".join(read(house.printed(LAST, LAST)))
    assert "No entry of these nights is in the book." in empty
    assert "Checked When it was printed. Nothing is in the book yet" in empty
    assert "Weeks signed as nothing to report None" in empty


@pytest.mark.sqlite_only
def test_nothing_differs_by_an_entry_about_somebody_in_charge(house: House):
    fill(house)
    before = house.printed(FIRST, LAST, names="y").get_data()
    with house.app.app_context():
        for more in ({"relation": "in-charge"}, {"kinds": ("staff.by-manager",)}):
            by = writer(house.ids[Role.STAFF], manages=False)
            entry = make_entry(house.venue, by, said=CANARY, **more)
            book_lock(CITY)
            people.add_people(entry, [Somebody("about", "25-39", "The boss")], by)
            commit()
        db.session.remove()
    assert house.count(CITY) == 2
    after = house.printed(FIRST, LAST, names="y").get_data()
    assert after == before
    with house.app.app_context():
        make_entry(house.venue, writer(house.ids[Role.STAFF], manages=False))
        db.session.remove()
    assert house.printed(FIRST, LAST, names="y").get_data() != before


@pytest.mark.sqlite_only
def test_words_and_names_whose_time_is_over_are_told_as_gone(house: House):
    fill(house)
    with clock.moved_to(NIGHT + timedelta(days=900)):
        with house.app.app_context():
            book_lock(house.venue)
            while retention.wipe(house.venue, clock.today()):
                commit()
                book_lock(house.venue)
            db.session.remove()
        sign_in_as(house.manager.client, house.ids[Role.MANAGER])
        words = " ".join(read(house.printed(FIRST, LAST, names="y")))
    assert "was taken away on Wednesday 9 May 2029: its time was over" in words
    assert "Names were taken away on Wednesday 9 May 2029" in words
    assert "No line was changed, moved or missing" in words
    for part in ("In the fog", "It was once", "Ann Bell"):
        assert part not in words
    assert house.trail("names.opened") == []


TAMPERINGS = {
    "facts": (
        "UPDATE book_line SET facts = '{}' WHERE entry_id = :entry AND kind = 'entry'",
        "was changed",
    ),
    "no json": (
        "UPDATE book_line SET facts = 'x' WHERE entry_id = :entry AND kind = 'entry'",
        "cannot be read",
    ),
    "line": ("DELETE FROM book_line WHERE entry_id = :entry AND kind = 'amended'", "is missing"),
    "night": ("UPDATE entry SET night = '2026-11-19' WHERE id = :entry", "entry 4 was changed"),
    "moment": ("UPDATE entry SET made_at = 'soon' WHERE id = :entry", "cannot be read"),
    "words": (
        "UPDATE book_line SET words = x'00' WHERE entry_id = :entry AND kind = 'entry'",
        "the words of line",
    ),
    "entry": ("DELETE FROM entry WHERE id = :entry", "was changed"),
    "week": ("UPDATE book_line SET facts = '{}' WHERE kind = 'nil-week'", "was changed"),
}


CANNOT_BE_READ = {"facts", "no json", "moment"}


@pytest.mark.sqlite_only
def test_a_book_that_was_changed_says_so_first_and_is_printed_all_the_same(house: House):
    fill(house)
    for name, (statement, fault) in TAMPERINGS.items():
        kept = _tampered(house, statement)
        with house.app.app_context():
            [check] = chain.verify(only=house.venue)
            db.session.remove()
        found = read(house.printed(FIRST, LAST))
        assert "This book does not verify" in found[0], name
        assert check.fault is not None, name
        assert fault in check.fault, name
        assert f"The first thing that is wrong: {check.fault}." in found[0], name
        words = " ".join(found)
        assert "In the fog." in words, name
        assert "No line was changed" not in words, name
        assert ("Entry 4 is missing from the book." in words) is (name == "entry"), name
        assert ("Entry 4 cannot be read." in words) is (name in CANNOT_BE_READ), name
        assert "this book does not verify" in found[-1], name
        _put_back(house, kept)


@contextmanager
def _file(house: House) -> Iterator[sqlite3.Connection]:
    """The database itself, without what the program asks of it."""
    with house.app.app_context():
        raw = db.engine.raw_connection()
        file: sqlite3.Connection = raw.driver_connection  # type: ignore[assignment]  # on SQLite
        file.execute("PRAGMA foreign_keys=OFF")
        yield file
        raw.close()
        db.engine.dispose()


def _tampered(house: House, statement: str) -> sqlite3.Connection:
    """Change the book behind its back; the whole database as it was before."""
    kept = sqlite3.connect(":memory:")
    with _file(house) as file:
        file.backup(kept)
        [entry] = file.execute("SELECT id FROM entry WHERE number = 4").fetchone()
        file.execute(statement, {"entry": entry} if ":entry" in statement else {})
    return kept


def _put_back(house: House, kept: sqlite3.Connection) -> None:
    with _file(house) as file, closing(kept):
        kept.backup(file)


@pytest.mark.sqlite_only
def test_a_book_of_hundreds_is_read_in_batches(house: House):
    costs = []
    for more in (20, 130):
        with house.app.app_context():
            by = writer(house.ids[Role.STAFF], manages=False)
            for n in range(more):
                make_entry(house.venue, by, said=f"It was the {n}.")
            db.session.remove()
        with counted(house.app) as seen:
            found = read(house.printed(FIRST, LAST))
        costs.append(len(seen))
        assert f"Entries here {house.count(house.venue)}" in found[0]
    assert costs[1] - costs[0] < 40
    assert WHOLE.said not in " ".join(found)


@pytest.mark.sqlite_only
def test_no_text_breaks_the_paper(house: House):
    texts = (
        "W" * 5000,
        "\\ ( ) <b>x</b> % >> endobj",
        "名前 👩\N{ZERO WIDTH JOINER}🎤 Zoë ẞ ő",
        "a\n\n\nb\n" * 200,
        "•",
    )
    with house.app.app_context():
        by = writer(house.ids[Role.STAFF], manages=False)
        for said in texts:
            row = make_entry(house.venue, by, said=said, acted="other", acted_who=said[:100])
            book_lock(house.venue)
            people.add_people(row, [Somebody("about", "25-39", said[:100], said[:200])], by)
            commit()
        db.session.remove()
    found = read(house.printed(FIRST, LAST, names="y"))
    words = " ".join(found)
    assert "\\ ( ) <b>x</b> % >> endobj" in words
    assert "Zoë ẞ ő" in words
    assert sum(page.count("W") for page in found) >= 5000
    assert f"Page {len(found)} of {len(found)}" in found[-1]


@pytest.mark.sqlite_only
def test_what_is_printed_is_tagged_in_the_order_it_is_read(house: House):
    """Every mark on every page belongs to a node of the tags, and every node hangs in the tree."""
    fill(house)
    reader = PdfReader(io.BytesIO(house.printed(FIRST, LAST).get_data()), strict=True)
    root = reader.trailer["/Root"]
    assert (root["/MarkInfo"]["/Marked"], root["/Lang"]) == (True, "en-GB")
    tree = root["/StructTreeRoot"]
    marks = tree["/ParentTree"]["/Nums"][1::2]
    assert len(marks) == len(reader.pages)
    for number, page in enumerate(reader.pages):
        assert page["/StructParents"] == number
        content = page.get_contents().get_data()
        assert content.count(b"/MCID") == len(marks[number].get_object())
        assert content.count(b" BDC") + content.count(b" BMC") == content.count(b"EMC")
    roles, waiting = Counter[str](), [tree["/K"].get_object()]
    while waiting:
        node = waiting.pop()
        roles[node["/S"]] += 1
        kids = [kid.get_object() for kid in node["/K"]]
        under = [kid for kid in kids if isinstance(kid, dict) and "/S" in kid]
        waiting += under
        assert all(kid["/P"].get_object() == node for kid in under)
    assert roles["/H1"] == 1
    assert roles["/Sect"] == roles["/H3"] == 3
    assert roles["/Table"] == 2
