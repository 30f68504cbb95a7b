"""A venue's copy holds its incident book as it has it, and nothing of the office's own series."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from charter.cli import run_nightly
from charter.core import clock
from charter.core.db import commit, db
from charter.doors.models import DoorShift
from charter.incidents import chain, following, people
from charter.incidents.models import BookLine
from charter.incidents.people import Somebody
from charter.office import export
from tests.builders.certificates import noon
from tests.builders.commitments import Scene, make_scene
from tests.builders.incidents import book_lock, make_entry, writer

pytestmark = pytest.mark.sqlite_only
DAY = date(2026, 11, 20)


@pytest.fixture
def scene(app: Flask) -> Iterator[Scene]:
    """A venue with a book, and an entry about its manager that is none of it."""
    with app.app_context():
        made = make_scene(name="The Lantern")
        by = writer(made.champion)
        with clock.moved_to(noon(DAY)):
            entry = make_entry(made.venue, by, said="She told us at the bar.")
            make_entry(made.venue, by, relation="in-charge", said="CANARY")
            book_lock(made.venue)
            people.add_people(entry, [Somebody("harmed", "18-24", "Ann Example", "tall")], by)
            following.follow_up(
                entry, "Mend the lock", made.champion, clock.today(), by, owners=[made.champion]
            )
            following.sign_nil_week(made.venue, date(2026, 11, 2), by)
            starts = datetime(2026, 11, 20, 21, tzinfo=UTC)
            shift = DoorShift(
                venue_id=made.venue, night=DAY, employer="ours", recorded_by=made.champion,
                starts_at=starts, ends_at=starts + timedelta(hours=6),
            )  # fmt: skip
            shift.name, shift.licence = "Rae Door", "1234 5678"
            db.session.add(shift)
            commit()
        yield made
        db.session.rollback()
        db.session.remove()


def taken(venue_id: int, *, staff: bool = True) -> zipfile.ZipFile:
    with export.pack(venue_id, staff=staff) as file:
        return zipfile.ZipFile(io.BytesIO(file.read()))


def book(venue_id: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(taken(venue_id).read("book.json"))
    db.session.rollback()
    return found


def test_the_whole_book_is_in_the_venues_copy_and_none_of_it_in_the_offices(scene: Scene) -> None:
    found = book(scene.venue)
    [entry] = found["entries"]
    assert entry["number"] == 1
    assert entry["facts"]["kinds"] == ["sexual.touching"]
    assert entry["words_kept_until"] == "2028-11-20"
    assert entry["names_kept_until"] == "2027-11-20"
    assert [line["what"] for line in entry["lines"]] == [
        "Written",
        "People written down",
        "To do",
    ]
    assert entry["lines"][0]["words"]["said"] == "She told us at the bar."
    assert entry["lines"][2]["words"] == {"what": "Mend the lock"}
    assert entry["people"][0]["who"] == {"name": "Ann Example", "seen": "tall"}
    assert [entry["to_do"][0][key] for key in ("n", "due_on", "done_on")] == [1, "2026-11-20", ""]
    assert [line["facts"] for line in found["other_lines"]] == [{"week": "2026-11-02"}]
    seals = [line["seal"] for line in (*entry["lines"], *found["other_lines"])]
    assert chain.head(scene.venue).mac.hex() == seals[-1]
    whole = taken(scene.venue)
    assert b"Rae Door" in whole.read("door-staff.csv")
    assert b"1234 5678" in whole.read("door-staff.csv")
    everything = b"".join(whole.read(name) for name in whole.namelist())
    assert b"CANARY" not in everything
    office = taken(scene.venue, staff=False)
    assert not {"book.json", "door-staff.csv"} & set(office.namelist())
    said = b"".join(office.read(name) for name in office.namelist())
    for words in (b"She told us", b"Ann Example", b"Mend the lock", b"Rae Door"):
        assert words not in said
    assert "Nor is the incident book" in office.read("README.txt").decode()


def test_what_is_deleted_is_null_in_the_copy(scene: Scene) -> None:
    with clock.moved_to(noon(date(2027, 11, 21))):
        run_nightly(after_a_pause=True)
    [entry] = book(scene.venue)["entries"]
    assert entry["people"] == [
        {"n": 1, "part": "harmed", "age": "18-24", "struck_through": False, "who": None}
    ]
    assert entry["lines"][0]["words"]["said"] == "She told us at the bar."
    with clock.moved_to(noon(date(2028, 11, 21))):
        run_nightly(after_a_pause=True)
    [entry] = book(scene.venue)["entries"]
    assert [line["words"] for line in entry["lines"]] == [None] * 5
    assert entry["facts"]["words_wiped_on"] == "2028-11-21"


def test_words_that_were_tampered_with_spoil_no_copy(scene: Scene) -> None:
    db.session.execute(
        sa.update(BookLine)
        .where(BookLine.book == scene.venue, BookLine.seq == 1)
        .values(words=b"x")
    )
    db.session.commit()
    [entry] = book(scene.venue)["entries"]
    assert entry["lines"][0]["words"] == "(damaged: ask the office)"
    assert entry["lines"][2]["words"] == {"what": "Mend the lock"}
