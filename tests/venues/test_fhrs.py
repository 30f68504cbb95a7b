"""Importing the Food Hygiene Rating Scheme's XML: all or nothing, and twice changes nothing."""

import gc
import tracemalloc
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from charter.core.db import CITY, commit, db, lock
from charter.core.errors import Refused
from charter.core.trail import TrailEntry
from charter.venues import fhrs
from charter.venues.models import Kind, Venue, VenueState
from tests.builders.venues import make_record, real_fhrs, write_fhrs


def take(app: Flask, path: Path, **more: object) -> fhrs.Outcome:
    with app.app_context():
        lock(CITY)
        outcome = fhrs.import_file(path, **more)  # type: ignore[arg-type]  # passed through
        commit()
        return outcome


def venues(app: Flask) -> list[Venue]:
    with app.app_context():
        return list(db.session.scalars(select(Venue).order_by(Venue.id)))


def entries(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(TrailEntry)) or 0


@pytest.mark.slow
def test_the_real_file_gives_403_venues_and_a_second_run_none(app: Flask) -> None:
    path = real_fhrs()
    first = take(app, path)
    assert (first.new, first.changed, first.same, first.refused) == (403, 0, 0, 0)
    assert sum(first.other_types.values()) == 4146 - 403
    found = venues(app)
    assert len(found) == 403
    assert sum(venue.latitude is not None for venue in found) == 401
    assert {venue.state for venue in found} == {VenueState.KNOWN}
    assert all(venue.name and venue.name_key and venue.search for venue in found)
    assert any("&" in venue.name for venue in found)
    told = entries(app)
    again = take(app, path)
    assert (again.new, again.changed, again.same, again.refused) == (0, 0, 403, 0)
    assert entries(app) == told == 404


def test_memory_stays_flat_whatever_the_size(tmp_path: Path) -> None:
    path = write_fhrs(tmp_path / "large.xml", [make_record() for _ in range(8000)])
    gc.collect()
    tracemalloc.start()
    assert sum(1 for _ in fhrs.records(path)) == 8000
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Held whole, the tree would take several times the file.
    assert used < path.stat().st_size / 4


def test_other_types_are_counted_and_may_be_asked_for(app: Flask, tmp_path: Path) -> None:
    hotel = "Hotel/bed & breakfast/guest house"
    path = write_fhrs(
        tmp_path / "f.xml", [make_record(), make_record(BusinessType=hotel, BusinessName="Rest")]
    )
    assert take(app, path).other_types == {hotel: 1}
    wider = take(app, path, types=("Pub/bar/nightclub", hotel))
    assert (wider.new, wider.same) == (1, 1)
    assert [Kind(venue.kind) for venue in venues(app)] == [Kind.PUB, Kind.HOTEL]


def test_every_record_not_taken_is_named_with_its_reason(app: Flask, tmp_path: Path) -> None:
    path = write_fhrs(
        tmp_path / "f.xml",
        [
            make_record(FHRSID="1"),
            make_record(FHRSID="1"),
            make_record(FHRSID=None),
            make_record(FHRSID="2", BusinessName=" "),
            make_record(FHRSID="3", BusinessName="Far away", Longitude="0", Latitude="0"),
            make_record(FHRSID="4", BusinessName="Odd post", PostCode="none"),
            make_record(FHRSID="5", BusinessName="x" * 121),
        ],
    )
    outcome = take(app, path)
    assert (outcome.new, outcome.refused) == (3, 4)
    assert [line.split(" ", 1)[1] for line in outcome.lines] == [
        "2 (FHRSID 1) The Lantern: not taken: its FHRSID is in the file twice",
        "3 (FHRSID none) The Lantern: not taken: it has no FHRSID",
        "4 (FHRSID 2) (no name): not taken: it has no name",
        "5 (FHRSID 3) Far away: taken without a position: its position is not in the country",
        "6 (FHRSID 4) Odd post: taken without its postcode, which is not one",
        f"7 (FHRSID 5) {'x' * 60}: not taken: The name must be 120 characters or fewer",
    ]


def test_a_known_venue_follows_its_record_and_a_signed_one_keeps_its_words(
    app: Flask, tmp_path: Path
) -> None:
    path = tmp_path / "f.xml"
    take(app, write_fhrs(path, [make_record(FHRSID="1"), make_record(FHRSID="2")]))
    with app.app_context():
        signed = db.session.scalars(select(Venue).where(Venue.fhrs_id == "2")).one()
        signed.state, signed.kind = VenueState.WORKING, Kind.BAR
        known = db.session.scalars(select(Venue).where(Venue.fhrs_id == "1")).one()
        known.kind = Kind.LIVE_MUSIC
        db.session.commit()
    moved = {"BusinessName": "The New Lantern", "AddressLine2": "2 Quay Street"}
    outcome = take(
        app, write_fhrs(path, [make_record(FHRSID="1", **moved), make_record(FHRSID="2", **moved)])
    )
    assert (outcome.new, outcome.changed, outcome.same) == (0, 1, 1)
    assert "differs in name, street" in outcome.lines[0]
    first, second = venues(app)
    assert (first.name, first.name_key) == ("The New Lantern", "new lantern")
    assert "2 quay street" in first.search
    assert first.kind == Kind.LIVE_MUSIC
    assert (second.name, second.kind) == ("The Lantern", Kind.BAR)


@pytest.mark.parametrize(
    "text",
    [
        "<a>",
        "not xml",
        "<FHRSEstablishment></FHRSEstablishment>",
        '<!DOCTYPE a [<!ENTITY x "y">]><FHRSEstablishment>&x;</FHRSEstablishment>',
    ],
)
def test_what_is_not_the_schemes_xml_is_refused_and_leaves_nothing(
    app: Flask, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "f.xml"
    path.write_text(text)
    with pytest.raises(Refused, match=r"f\.xml"):
        take(app, path)
    assert venues(app) == []


@pytest.mark.sqlite_only
def test_a_file_cut_off_in_the_middle_leaves_nothing(app: Flask, tmp_path: Path) -> None:
    whole = write_fhrs(tmp_path / "whole.xml", [make_record() for _ in range(300)])
    cut = tmp_path / "cut.xml"
    cut.write_bytes(whole.read_bytes()[:-5000])
    result = app.test_cli_runner().invoke(args=["venues", "import-fhrs", str(cut)])
    assert result.exit_code == 1
    assert "cannot be read as XML" in result.output
    assert venues(app) == []


@pytest.mark.sqlite_only
def test_a_dry_run_says_what_would_happen_and_changes_nothing(app: Flask, tmp_path: Path) -> None:
    path = write_fhrs(tmp_path / "f.xml", [make_record(), make_record(BusinessType="Caterer")])
    run = app.test_cli_runner().invoke
    dry = run(args=["venues", "import-fhrs", str(path), "--dry-run"])
    assert "Nothing was changed. It would be: 1 new" in dry.output
    assert venues(app) == []
    real = run(args=["venues", "import-fhrs", str(path)])
    assert "left out: 1 of type Caterer" in real.output
    assert "Done: 1 new, 0 changed, 0 as before, 0 not taken." in real.output
    assert len(venues(app)) == 1
