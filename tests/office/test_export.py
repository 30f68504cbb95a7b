"""The copy of everything that a venue may take: whole, its own, harmless, and noted."""

import csv
import hashlib
import io
import json
import secrets
import shutil
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from charter import config
from charter.accounts.models import User
from charter.certificates.models import Certificate
from charter.core import clock, files, trail
from charter.core.access import Role
from charter.core.db import commit, db, lock
from charter.core.files import StoredFile
from charter.office import export, holdings
from charter.proofs import decisions, drafts, exceptions, threads
from charter.proofs.models import EvidenceFile
from charter.venues import places
from charter.venues import service as venues
from charter.venues.models import Venue
from tests.builders.accounts import make_member
from tests.builders.certificates import issue, make_ready
from tests.builders.commitments import (
    Scene,
    hand_in,
    make_proof,
    make_scene,
    received,
    under_lock,
)
from tests.visitor import Visitor

FORMULA = '=HYPERLINK("https://evil.example","x")'
As = Callable[[int], Visitor]


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy, opened."""

    packed: zipfile.ZipFile

    def json(self) -> Any:
        return json.loads(self.packed.read("venue.json"))

    def sheet(self, name: str) -> list[dict[str, str]]:
        text = self.packed.read(name).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    @property
    def everything(self) -> bytes:
        return b"\n".join(
            self.packed.read(name)
            for name in self.packed.namelist()
            if not name.startswith(("files/", "certificates/"))
        )


def copy_of(venue_id: int, *, staff: bool = True) -> Copy:
    with export.pack(venue_id, staff=staff) as file:
        packed = zipfile.ZipFile(io.BytesIO(file.read()))
    assert packed.testzip() is None
    return Copy(packed)


def keys(scene: Scene, kind: str) -> list[str]:
    edition = holdings.holdings(scene.venue).edition
    assert edition is not None
    return [each.key for each in edition.requirements if each.proof_kind == kind]


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """An application with its context open."""
    with app.app_context():
        yield app
        db.session.remove()


@pytest.fixture
def scene(in_app: Flask) -> Scene:
    """A venue with something of every sort, beside one of which nothing may be told."""
    scene = make_scene(name="The Lantern", licence_cctv_days=31)
    make_member(Role.MANAGER, venue=scene.venue, name="Mara Quill")
    auditor = make_member(Role.AUDITOR, venue=scene.venue, name="Otis Audit").id
    statement, paper = keys(scene, "statement")[0], keys(scene, "file")[0]
    proof = hand_in(scene.venue, statement, by=scene.champion).id
    under_lock(scene.venue, lambda: decisions.accept(scene.venue, proof, by=scene.officer))
    under_lock(
        scene.venue,
        lambda: decisions.mark_seen(scene.venue, proof, "at-venue", by=auditor, role=Role.AUDITOR),
    )
    hand_in(scene.venue, paper, by=scene.champion)
    under_lock(
        scene.venue,
        lambda: threads.ask(scene.venue, statement, FORMULA, by=scene.champion),
    )
    under_lock(
        scene.venue,
        lambda: threads.answer(scene.venue, statement, "Yes, do.", by=scene.officer),
    )
    under_lock(
        scene.venue,
        lambda: drafts.save(
            scene.venue,
            keys(scene, "file")[1],
            by=scene.champion,
            statement="Half done",
            new_files=[received("half.jpg")],
        ),
    )
    under_lock(scene.venue, lambda: places.set_rooms(scene.venue, ["main-bar"], by=scene.champion))
    waivable = next(
        each.key
        for each in holdings.holdings(scene.venue).edition.requirements
        if each.waivable  # type: ignore[union-attr]  # it has one
    )
    under_lock(
        scene.venue,
        lambda: exceptions.ask_not_applicable(
            scene.venue, waivable, "+44 has no toilets", by=scene.champion
        ),
    )
    other = make_scene(name="CANARY ARMS")
    hand_in(other.venue, statement, by=other.champion)
    under_lock(
        other.venue,
        lambda: threads.ask(other.venue, statement, "CANARY WORDS", by=other.champion),
    )
    db.session.rollback()
    return scene


def test_everything_of_the_venue_is_in_it(scene: Scene) -> None:
    copy = copy_of(scene.venue)
    names = copy.packed.namelist()
    told = {name for name, _ in export.CONTENTS}
    assert {name.split("/")[0] for name in names} | {"certificates"} == told
    values = copy.json()
    assert values["venue"]["name"] == "The Lantern"
    assert values["venue"]["state"] == "working towards"
    assert values["licence"]["cctv_kept_days"] == 31
    assert [room["name"] for room in values["rooms"]] == ["Main bar"]
    assert {(each["role"], each["name"]) for each in values["team"]} >= {
        ("venue manager", "Mara Quill")
    }
    assert len(values["standing"]["commitments"]) == 7
    (half,) = values["unfinished"]
    assert half["words"] == "Half done"
    assert half["files"][0] in names
    proofs = copy.sheet("proofs.csv")
    assert [tuple(row) for row in proofs] == [holdings.PROOFS] * 2
    with_file = next(row for row in proofs if row["Files"])
    assert with_file["Files"] in names
    stored = db.session.scalars(
        select(StoredFile).join(EvidenceFile, EvidenceFile.file_id == StoredFile.id)
    ).first()
    assert stored is not None
    assert with_file["SHA-256"] == stored.sha256.hex()
    assert copy.packed.read(with_file["Files"]) == files.read(stored)
    assert all(
        row[name]
        for row in proofs
        for name in ("Happened on", "Counts from", "Counts until", "Handed in", "What it asks")
    )
    assert len(copy.sheet("trail.csv")) == len(trail.history(scene.venue, limit=500))
    assert any(row["What"].startswith("Proof handed in") for row in copy.sheet("trail.csv"))
    (wish,) = copy.sheet("exceptions.csv")
    assert wish["What"] == "Does not apply"


def test_nothing_of_others_is_in_it(scene: Scene) -> None:
    told = copy_of(scene.venue).everything
    officer = db.session.get_one(User, scene.officer).name
    for hidden in (b"CANARY", b"Otis Audit", b"@mail.example", officer.encode()):
        assert hidden not in told
    people = {row["From"] for row in copy_of(scene.venue).sheet("messages.csv")}
    assert len(people) == 2
    assert "the night office" in people
    decided = next(row for row in copy_of(scene.venue).sheet("proofs.csv") if row["Decided"])
    assert decided["Decided by"] == "the night office"
    assert decided["Seen by"].startswith("auditor, at the venue, ")
    assert {row["By"] for row in copy_of(scene.venue).sheet("trail.csv")} >= {
        "the night office",
        "an auditor",
    }


def test_no_cell_is_a_formula(scene: Scene) -> None:
    copy = copy_of(scene.venue)
    cells = [
        cell
        for name in copy.packed.namelist()
        if name.endswith(".csv")
        for row in copy.sheet(name)
        for cell in row.values()
    ]
    assert f"'{FORMULA}" in cells
    assert "'+44 has no toilets" in cells
    assert [cell for cell in cells if cell[:1] in set("=+-@\t\r")] == []
    assert copy.json() is not None


def test_a_damaged_or_deleted_file_is_listed_as_that(scene: Scene, app: Flask) -> None:
    key = keys(scene, "file")[2]
    proof = make_proof(scene.venue, key, by=scene.champion)
    harmed, gone = received("harmed.jpg"), received("gone.jpg")
    db.session.rollback()
    lock(scene.venue)
    rows = [files.keep(each) for each in (harmed, gone)]
    db.session.add_all([EvidenceFile(evidence_id=proof, file_id=row.id) for row in rows])
    files.erase([rows[1].id])
    commit()
    place = app.extensions["charter.settings"].evidence_folder / harmed.name[:2] / harmed.name
    place.write_bytes(b"not what it was")
    copy = copy_of(scene.venue)
    row = next(each for each in copy.sheet("proofs.csv") if "harmed.jpg" in each["Files"])
    assert "harmed.jpg (damaged on our side" in row["Files"]
    assert "gone.jpg (deleted" in row["Files"]
    assert [name for name in copy.packed.namelist() if "harmed" in name or "gone" in name] == []
    readme = copy.packed.read("README.txt").decode()
    assert "harmed.jpg (damaged" in readme
    assert len(copy.sheet("proofs.csv")) == 3


def test_certificates_are_in_it_byte_for_byte(in_app: Flask) -> None:
    scene = make_ready()
    serial, pdf = issue(scene).serial, db.session.scalars(select(Certificate.pdf)).one()
    db.session.rollback()
    copy = copy_of(scene.venue)
    assert copy.packed.read(f"certificates/{serial}.pdf") == pdf
    assert [each["serial"] for each in copy.json()["certificates"]] == [serial]


@pytest.mark.sqlite_only
def test_who_speaks_for_the_owner_takes_it_and_the_trail_says_so(app: Flask, as_: As) -> None:
    with app.app_context():
        scene, other = make_scene(), make_scene()
        manager = make_member(Role.MANAGER, venue=scene.venue).id
    url = f"/venues/{scene.venue}/export"
    visitor = as_(manager)
    page = visitor.get(url)
    assert page.form(f"{url}.zip").buttons == ["Download the copy"]
    answer = visitor.post(f"{url}.zip", status=200)
    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer.headers["Cache-Control"]
    assert "README.txt" in zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    answer.close()
    with app.app_context():
        entry = trail.history(scene.venue)[0]
        assert (entry.verb, entry.actor_id) == ("venue.exported", manager)
        count = len(trail.history(scene.venue))
    as_(scene.champion).post(f"{url}.zip", status=404)
    visitor.post(f"/venues/{other.venue}/export.zip", status=404)
    assert visitor.answer(f"{url}.zip").status_code == 405
    as_(scene.officer).post("/venues/999999/export.zip", status=404)
    with app.app_context():
        assert len(trail.history(scene.venue)) == count


@pytest.mark.sqlite_only
def test_managers_of_a_venue_that_left_can_still_take_it(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_scene()
        manager = make_member(Role.MANAGER, venue=scene.venue).id
        moved = datetime(2026, 11, 20, 12, tzinfo=UTC)
        with clock.moved_to(moved):
            under_lock(scene.venue, lambda: venues.leave(scene.venue, "We closed", by=manager))
    visitor = as_(manager)
    page = visitor.get(f"/venues/{scene.venue}/export")
    assert "take this copy until Saturday 20 November 2027" in page.text
    answer = visitor.post(f"/venues/{scene.venue}/export.zip", status=200)
    readme = zipfile.ZipFile(io.BytesIO(answer.data)).read("README.txt").decode()
    answer.close()
    assert "On Sunday 21 November 2027 their roles end" in readme
    assert visitor.get(f"/venues/{scene.venue}/profile").link("Take a copy") == (
        f"/venues/{scene.venue}/export"
    )
    with app.app_context():
        db.session.get_one(Venue, scene.venue).cleared_on = date(2027, 11, 21)
        db.session.commit()
    page = as_(scene.officer).get(f"/venues/{scene.venue}/export")
    assert "were deleted on Sunday 21 November 2027" in page.text


@pytest.mark.sqlite_only
def test_a_disk_that_takes_nothing_is_told_in_words(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_scene()
        shutil.rmtree(config.current().folder)
    officer = as_(scene.officer)
    went = officer.post(f"/venues/{scene.venue}/export.zip")
    page = officer.get(officer.goes_to(went))
    assert "could not make the copy just now" in page.text
    with app.app_context():
        assert "venue.exported" not in [entry.verb for entry in trail.history(scene.venue)]


@pytest.mark.sqlite_only
def test_a_large_copy_is_made_in_little_memory(in_app: Flask) -> None:
    scene = make_scene()
    proof = make_proof(scene.venue, keys(scene, "file")[0], by=scene.champion)
    db.session.rollback()
    lock(scene.venue)
    for number in range(12):
        content = secrets.token_bytes(3_000_000)
        name = f"{number:032x}"
        files.store().put(name, content)
        kept = files.Received(
            name, hashlib.sha256(content).digest(), "image/jpeg", len(content), "a.jpg"
        )
        row = files.keep(kept)
        db.session.add(EvidenceFile(evidence_id=proof, file_id=row.id))
    commit()
    tracemalloc.start()
    try:
        with export.pack(scene.venue, staff=True) as file:
            size = file.seek(0, io.SEEK_END)
            _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 36_000_000
    assert peak < 15_000_000
