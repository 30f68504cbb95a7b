"""A venue's copy holds its incident book as it has it, and nothing of the office's own series."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.datastructures import FileStorage

from charter.cli import run_nightly
from charter.core import clock
from charter.core.db import CITY, commit, db, lock
from charter.devices import pins
from charter.devices import service as devices
from charter.doors.models import DoorShift
from charter.incidents import chain, following, people
from charter.incidents.models import BookLine
from charter.incidents.people import Somebody
from charter.office import export
from charter.registers import pages
from charter.rooms import layout, looks
from charter.rooms import service as rooms
from charter.staff.service import Starter
from charter.venues.models import Venue
from tests.builders.certificates import noon
from tests.builders.commitments import Scene, make_scene
from tests.builders.incidents import WHOLE, book_lock, happened, make_entry, make_zone, writer
from tests.builders.pictures import make_picture
from tests.builders.staff import put_people

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


def make_the_rest(scene: Scene) -> None:
    """A drawn room with a camera and a change, a phone, a PIN, and two pages for the door."""
    venue, by = scene.venue, scene.champion
    zone = make_zone(venue)
    starters = (Starter(name, "bar", "venue", DAY) for name in ("Ava Quinn", "Bo Reed"))
    people = list(put_people(venue, *starters, by=by).values())
    book_lock(venue)
    picture = FileStorage(io.BytesIO(make_picture("PNG", (60, 40))), filename="plan.png")
    rooms.save_floor(venue, 1, "Ground floor", rooms.received(picture), by=by)
    rooms.place(venue, zone, 1, layout.around(200, 800, "small"), by=by)
    rooms.save_camera(venue, "Front door", 1, (100, 900), by=by)
    rooms.record_change(venue, zone, DAY, "A lamp", by=by, once="1" * 32)
    looks.note(venue, "map", by=by)
    commit()
    db.session.rollback()
    lock(CITY, venue)
    device, code = devices.add(venue, "Cellar phone", by=by)
    devices.pair(code, "192.0.2.1")
    told = [pins.give(venue, member, by=by)[1] for member in people]
    devices.sign_in(device, told[0])
    pages.print_more(venue, 2, after=0, by=by)
    pages.spoil(pages.between(venue, 1, 1)[0], by=by)
    commit()


def test_the_map_the_phones_and_the_pages_are_in_the_copy_and_no_secret_of_them(
    scene: Scene,
) -> None:
    with clock.moved_to(noon(DAY)):
        make_the_rest(scene)
        whole = taken(scene.venue)
    found = json.loads(whole.read("rooms.json"))
    [floor] = found["floors"]
    assert whole.read(floor["picture"]).startswith(b"\xff\xd8")
    assert [each["room"] for each in found["rooms"]] == ["Dance floor"]
    assert [each["name"] for each in found["cameras"]] == ["Front door"]
    assert [(each["on"], each["what"]) for each in found["changes"]] == [("2026-11-20", "A lamp")]
    assert found["looked_at"] == [{"night": "2026-11-20", "in": "map"}]
    phones, shifts, papers = (
        whole.read(f"{name}.csv").decode() for name in ("phones", "phone-shifts", "paper-pages")
    )
    assert "Cellar phone" in phones
    assert '"Cellar phone","Ava Quinn","2026-11-20 12:00"' in shifts
    assert '"","Bo Reed","",""' in shifts
    assert papers.count("2026-11-20 12:00") == 2
    for row in db.session.execute(sa.text("SELECT token_hash FROM device")):
        assert row.token_hash.hex() not in phones
    office = set(taken(scene.venue, staff=False).namelist())
    assert not {"rooms.json", "phones.csv", "phone-shifts.csv", "paper-pages.csv"} & office


def test_the_copy_is_the_same_with_and_without_an_entry_about_somebody_in_charge(
    scene: Scene,
) -> None:
    def copied() -> dict[str, bytes]:
        packed = taken(scene.venue)
        return {name: packed.read(name) for name in packed.namelist()}

    with clock.moved_to(noon(DAY)):
        make_the_rest(scene)
        before = copied()
        make_entry(scene.venue, writer(scene.champion), relation="in-charge", said="CANARY")
        hand = pages.Hand("Kim, door", DAY)
        db.session.rollback()
        lock(CITY, scene.venue)
        written = replace(WHOLE, relation="in-charge", happened=happened(1))
        page = pages.between(scene.venue, 2, 2)[0]
        venue = db.session.get_one(Venue, scene.venue)
        pages.type_in(venue, page, written, hand, writer(scene.champion), once="2" * 32)
        commit()
        assert copied() == before


def test_a_row_of_the_door_that_was_tampered_with_spoils_no_copy(scene: Scene) -> None:
    db.session.execute(sa.update(DoorShift).values(licence_sealed=DoorShift.name_sealed))
    db.session.commit()
    assert b"does not open" in taken(scene.venue).read("door-staff.csv")
