"""Bringing in venues that signed before, from a sheet: all rows or none."""

from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from charter.accounts.models import Invitation
from charter.config import ROOT
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.trail import TrailEntry
from charter.editions import service as editions
from charter.proofs.models import Evidence, Signature
from charter.signup import signatories
from charter.venues import service, sheets
from charter.venues.models import Kind, Venue, VenueState
from tests.builders.accounts import make_member
from tests.builders.venues import make_venue

TITLES = [column.title for column in signatories.COLUMNS]
FULL = {
    "Name": "The Lantern",
    "Street": "1 Quay Street",
    "Town": "Testbury",
    "Postcode": "aa3 1ab",
    "Kind": "pub",
    "Signed date": "20/11/2025",
    "Signed by": "Robin Vale",
    "Signer's role": "Licence holder",
    "Champion's name": "Kit Marsh",
    "Champion's e-mail": "kit@mail.example",
    "Manager's e-mail": "robin@mail.example",
    "Champion's training date": "1 March 2026",
}
PLAIN = {"Name": "The Moth", "Street": "2 Hill", "Postcode": "AB9 9ZZ", "Kind": "Nightclub"}


@pytest.fixture(autouse=True)
def _charter(app: Flask) -> None:
    """Every test knows an edition, and an officer to vouch."""
    with app.app_context():
        lock(CITY)
        editions.load_seeds(ROOT / "seeds" / "charter")
        commit()
        make_member(Role.OFFICER, email="officer@mail.example")


def write(path: Path, *rows: dict[str, str]) -> str:
    data = [TITLES, *([row.get(title, "") for title in TITLES] for row in rows)]
    path.write_bytes(sheets.csv_of(data))
    return str(path)


def run(app: Flask, file: str, *more: str, status: int = 0) -> str:
    args = ["venues", "import", file, "--by", "officer@mail.example", *more]
    result = app.test_cli_runner().invoke(args=args)
    assert result.exit_code == status, result.output
    return result.output


def count(app: Flask, table: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_signatory_comes_in_with_signature_training_and_invitations(
    app: Flask, tmp_path: Path
) -> None:
    said = run(app, write(tmp_path / "a.csv", FULL, PLAIN), "--invite")
    assert "Done: 2 new venues, 1 signed, 0 signed before." in said
    assert "2 invitations are on their way." in said
    with app.app_context():
        signed = service.twin("Lantern", "AA3 1AB")
        plain = service.twin("Moth", "AB9 9ZZ")
        assert signed is not None
        assert plain is not None
        assert (signed.state, signed.signed_on) == (VenueState.WORKING, date(2025, 11, 20))
        assert (plain.state, plain.kind) == (VenueState.KNOWN, Kind.NIGHTCLUB)
        signature = db.session.scalars(select(Signature)).one()
        assert (signature.name, signature.signer_role) == ("Robin Vale", "licence-holder")
        proofs = {e.requirement_key: e for e in db.session.scalars(select(Evidence))}
        trained = proofs[signatories.PAST_TRAINING]
        assert (trained.happened_on, trained.valid_from) == (date(2026, 3, 1), date(2026, 3, 1))
        invited = {(i.email, i.role) for i in db.session.scalars(select(Invitation))}
        assert invited == {("kit@mail.example", "champion"), ("robin@mail.example", "manager")}


def test_a_second_time_changes_nothing(app: Flask, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", FULL, PLAIN)
    run(app, file, "--invite")
    entries = count(app, TrailEntry)
    said = run(app, file, "--invite")
    assert "Row 2: The Lantern is on the list already (working towards)" in said
    assert "Done: 0 new venues, 0 signed, 1 signed before." in said
    assert "0 invitations" in said
    assert count(app, TrailEntry) == entries


def test_a_known_venue_is_signed_and_not_made_twice(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        make_venue(name="Lantern", postcode="AA3 1AB")
    run(app, write(tmp_path / "a.csv", FULL))
    with app.app_context():
        venue = db.session.scalars(select(Venue)).one()
        assert (venue.name, venue.state) == ("Lantern", VenueState.WORKING)


@pytest.mark.sqlite_only
def test_every_fault_of_every_row_is_told_and_nothing_is_kept(app: Flask, tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.csv",
        FULL,
        FULL | {"Name": "Lantern"},
        FULL | {"Name": "B", "Postcode": "x", "Kind": "moon", "Signed date": "31/2/2020"},
        FULL | {"Name": "C", "Signed date": "1/1/2099", "Champion's e-mail": "kit@"},
        PLAIN | {"Champion's e-mail": "kit@mail.example"},
        FULL | {"Name": "D", "Signer's role": "friend"},
    )
    said = run(app, file, status=1)
    for words in (
        "Row 3: is the same venue as row 2",
        "Row 4: Postcode: Enter a full postcode, like AA3 1AB",
        "Row 4: Kind: “moon” is none of the kinds in the template",
        "Row 4: Signed date: “31/2/2020” is not a date like 20/11/2026",
        "Row 5: Signed date: 1/1/2099 is still to come",
        "Row 5: Champion's e-mail: Enter an e-mail address, like name@example.com",
        "Row 6: has people or training but no Signed date",
        "Row 7: Signer's role: “friend” is neither owner nor licence holder",
    ):
        assert words in said
    assert count(app, Venue) == 0


@pytest.mark.sqlite_only
def test_a_dry_run_changes_nothing(app: Flask, tmp_path: Path) -> None:
    said = run(app, write(tmp_path / "a.csv", FULL), "--dry-run", "--invite")
    assert "Nothing was changed. It would be: 1 new venues, 1 signed" in said
    assert count(app, Venue) == count(app, Invitation) == 0


@pytest.mark.sqlite_only
def test_only_the_office_vouches(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        make_member(Role.MANAGER, venue=make_venue(), email="manager@mail.example")
    file = write(tmp_path / "a.csv", FULL)
    for who in ("manager@mail.example", "nobody@mail.example"):
        args = ["venues", "import", file, "--by", who]
        result = app.test_cli_runner().invoke(args=args)
        assert result.exit_code == 1
        assert "nobody of the office" in result.output
    assert count(app, Signature) == 0


@pytest.mark.sqlite_only
@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_the_template_can_be_downloaded_and_read(
    app: Flask, tmp_path: Path, file_format: str
) -> None:
    path = tmp_path / f"template.{file_format}"
    args = ["venues", "template", "--format", file_format, "--output", str(path)]
    assert app.test_cli_runner().invoke(args=args).exit_code == 0
    assert sheets.read(path.read_bytes(), path.name, signatories.COLUMNS) == []


@pytest.mark.long
@pytest.mark.sqlite_only
def test_five_hundred_venues_come_in_at_once(app: Flask, tmp_path: Path) -> None:
    rows = [
        FULL | {"Name": f"Venue {n}", "Champion's e-mail": f"c{n}@mail.example"} for n in range(500)
    ]
    said = run(app, write(tmp_path / "a.csv", *rows))
    assert "500 new venues, 500 signed" in said
    assert count(app, Signature) == 500


@given(st.lists(st.dictionaries(st.sampled_from(TITLES), st.text(max_size=30)), max_size=4))
def test_any_cells_are_taken_or_refused_by_row(rows: list[dict[str, str]]) -> None:
    data = sheets.csv_of([TITLES, *([row.get(t, "") for t in TITLES] for row in rows)])
    assert all(line.startswith("Row ") for line in lines_of(data))


def lines_of(data: bytes) -> list[str]:
    """The faults of a sheet with no dates in it; none when all of it is taken."""
    try:
        signatories.read(sheets.read(data, "a.csv", signatories.COLUMNS))
    except sheets.Faults as refused:
        return list(refused.lines)
    return []
