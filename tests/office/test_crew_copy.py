"""What a venue's copy holds about the people of its staff list: theirs, whole, and for managers."""

import io
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice

import pytest
from flask import Flask
from sqlalchemy import insert

from charter.core import clock, files
from charter.core.access import Role
from charter.core.db import db
from charter.core.files import StoredFile
from charter.office import export, holdings, roster
from charter.staff import service as staff
from charter.staff.models import StaffMember
from charter.staff.service import Starter
from charter.training.models import TrainingRecord
from tests.builders.accounts import make_member
from tests.builders.commitments import Scene, make_scene, under_lock
from tests.builders.crew import Crew, make_crew
from tests.office.test_export import FORMULA, copy_of
from tests.visitor import Visitor

As = Callable[[int], Visitor]
SHEETS = {
    "staff.csv": roster.STAFF,
    "training.csv": roster.TRAINING,
    "sessions.csv": roster.SESSIONS,
    "outside.csv": roster.OUTSIDE,
    "briefings.csv": roster.BRIEFINGS,
    "spot-checks.csv": roster.CHECKS,
}


@pytest.fixture
def places(app: Flask) -> Iterator[tuple[Scene, Scene, Crew]]:
    """A venue, another one of which nothing may be told, and their people, in an open context."""
    with app.app_context():
        scene, other = make_scene(name="The Lantern"), make_scene(name="CANARY ARMS")
        yield scene, other, make_crew(scene, other)
        db.session.remove()


def test_all_about_the_people_is_in_it_and_nobody_of_another_venue(
    places: tuple[Scene, Scene, Crew],
) -> None:
    scene, other, crew = places
    copy = copy_of(scene.venue)
    for name, head in SHEETS.items():
        assert {tuple(row) for row in copy.sheet(name)} == {head}
    staff_rows = copy.sheet("staff.csv")
    assert [row["Name"] for row in staff_rows] == ["Ada Birch", "Ben Cole", "Cleo Dunn"]
    assert {(row["Job"], row["Employer"], row["Left"]) for row in staff_rows} == {
        ("Bar", "the venue", "")
    }
    did = copy.sheet("training.csv")
    assert {(row["Name"], row["From where"]) for row in did} == {
        ("Ada Birch", "at a session"),
        ("Ben Cole", "WAVE: Spiking awareness"),
        ("Cleo Dunn", "WAVE: Spiking awareness"),
    }
    (back,) = (row for row in did if row["Taken back"])
    assert (back["Name"], back["Why"]) == ("Cleo Dunn", "This was another Cleo")
    assert [bool(row["Certificate"]) for row in did if row["Name"] == "Ada Birch"] == [True]
    asked, own = copy.sheet("sessions.csv")[:2], copy.sheet("sessions.csv")[2:]
    assert [(row["Name"], row["Booking"], row["Came"]) for row in asked] == [
        ("Ada Birch", "Has a place", "yes"),
        ("Ben Cole", "Has a place", "no"),
    ]
    assert [(row["Name"], row["Run by"]) for row in own] == [("", "Tess Own, your own trainer")]
    handed = copy.sheet("outside.csv")
    assert [row["Name"] for row in handed] == ["Ben Cole", "Cleo Dunn"]
    proof = db.session.query(StoredFile).one()
    assert {(row["Proof"], row["SHA-256"]) for row in handed} == {
        (f"files/{proof.id}-list.jpg", proof.sha256.hex())
    }
    assert copy.packed.read(handed[0]["Proof"]) == files.read(proof)
    said = {row["What it says"]: row["Words"] for row in copy.sheet("briefings.csv")}
    assert said["Where the incident book is"] == "Behind the main bar"
    assert "Duty manager: Kim Loft" in said.values()
    checks = copy.sheet("spot-checks.csv")
    assert [(row["Job"], row["Right"], row["Note"]) for row in checks] == [
        ("Bar", "3", f"'{FORMULA}")
    ] * 3
    assert set(copy.json()["staff_list"]) == {"began_on", "last_checked_on"}
    assert b"CANARY" not in copy.everything
    assert b"Ada Herself" not in copy.everything
    there = copy_of(other.venue)
    assert {row["Name"] for row in there.sheet("sessions.csv")} == {"CANARY PERSON", "CANARY ADA"}
    for hidden in (b"Ada Birch", b"Ben Cole", b"Lantern", b"Kim Loft"):
        assert hidden not in there.everything
    assert crew.ada != crew.ada_there


def test_the_copy_of_the_office_names_nobody_of_the_staff_list(
    places: tuple[Scene, Scene, Crew],
) -> None:
    scene, _, _ = places
    copy = copy_of(scene.venue, staff=False)
    names = set(copy.packed.namelist())
    assert names & SHEETS.keys() == {"spot-checks.csv"}
    told = {name for name, _ in export.contents(staff=False)}
    assert {name.split("/")[0] for name in names} | {"certificates", "files"} == told
    for hidden in (b"Ada", b"Ben Cole", b"Cleo", b"Kim Loft"):
        assert hidden not in copy.everything
    readme = copy.packed.read("README.txt").decode()
    assert export.NO_STAFF in readme
    assert export.NO_STAFF not in copy_of(scene.venue).packed.read("README.txt").decode()
    assert [name for name in names if "list.jpg" in name] == []


def test_a_name_that_is_gone_is_said_to_be_and_a_deleted_proof_too(
    places: tuple[Scene, Scene, Crew],
) -> None:
    scene, _, crew = places
    row = db.session.get_one(StaffMember, crew.ben)
    row.name = row.name_key = ""
    row.forgotten_on = clock.today()
    proof = db.session.query(StoredFile.id).one()
    files.erase([proof.id])
    db.session.commit()
    copy = copy_of(scene.venue)
    assert [row["Name"] for row in copy.sheet("staff.csv")][1] == "(name deleted)"
    assert "deleted: kept for as long as" in copy.sheet("outside.csv")[0]["Proof"]
    assert "list.jpg (deleted" in copy.packed.read("README.txt").decode()


@pytest.mark.sqlite_only
def test_who_reads_the_staff_list_has_it_in_their_copy_and_the_office_has_not(
    app: Flask, as_: As
) -> None:
    with app.app_context():
        scene = make_scene()
        manager = make_member(Role.MANAGER, venue=scene.venue).id
        under_lock(
            scene.venue,
            lambda: staff.add(scene.venue, Starter("Ada Birch", "bar"), by=scene.champion),
        )
    url = f"/venues/{scene.venue}/export"
    for person, has_them in ((manager, True), (scene.officer, False)):
        visitor = as_(person)
        page = visitor.get(url)
        assert ("staff.csv" in page.text) == has_them
        assert ("the office counts them" in page.text) != has_them
        answer = visitor.post(f"{url}.zip", status=200)
        packed = zipfile.ZipFile(io.BytesIO(answer.data))
        answer.close()
        assert ("staff.csv" in packed.namelist()) == has_them
        everything = b"".join(packed.read(name) for name in packed.namelist())
        assert (b"Ada Birch" in everything) == has_them


@pytest.mark.sqlite_only
def test_many_rows_are_copied_in_the_memory_of_a_few(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        people = [Starter(f"Person {number}", "bar") for number in range(1000)]
        under_lock(scene.venue, lambda: staff.add_many(scene.venue, people, by=scene.champion))
        today = clock.today()
        rows = [
            {
                "member_id": row.id, "venue_id": scene.venue, "course_key": "respond",
                "course_version": "1", "done_on": today - timedelta(days=ago),
                "lasts_until": today, "source": "session",
            }
            for row in db.session.query(StaffMember.id)
            for ago in range(4)
        ]  # fmt: skip
        db.session.execute(insert(TrainingRecord), rows)
        db.session.commit()
        held = holdings.holdings(scene.venue)
        peaks = []
        for most in (400, 4000):
            tracemalloc.start()
            assert sum(1 for _ in islice(roster.training(held), most)) == most
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] < 1.5 * peaks[0]
