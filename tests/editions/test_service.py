"""Editions are loaded whole or not at all, read once, and keep their meaning once in use."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from charter import config
from charter.cli import seed
from charter.core import clock
from charter.core.db import CITY, commit, db, lock
from charter.core.errors import Refused
from charter.core.trail import TrailEntry
from charter.editions import service as editions
from charter.editions.models import EditionRow
from charter.proofs import exceptions
from charter.proofs.models import Signature
from tests.builders.accounts import make_member
from tests.builders.commitments import EDITION, SEEDS, load_charter, make_scene
from tests.counting import counted

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a copy of the charter's seed that a test may spoil."""
    copy = tmp_path / "seeds"
    copy.mkdir()
    for path in SEEDS.glob("*.toml"):
        (copy / path.name).write_text(path.read_text("utf-8"), "utf-8")
    return copy


def spoil(folder: Path, before: str, after: str, name: str = f"{EDITION}.toml") -> None:
    """Change the seed; what is to be changed must be there."""
    path = folder / name
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


def load(folder: Path) -> editions.Report:
    """Load a folder as `flask seed` does."""
    db.session.rollback()
    lock(CITY)
    report = editions.load_seeds(folder)
    commit()
    return report


def sign() -> None:
    """Somebody signs the edition, so that it is in use."""
    scene = make_scene()
    day = clock.today()
    db.session.add(
        Signature(
            venue_id=scene.venue,
            edition_key=EDITION,
            name="Pat",
            signer_role="owner",
            signed_on=day,
        )
    )
    db.session.commit()


def test_the_seed_is_loaded_once_and_then_nothing_changes(app: Flask, folder: Path) -> None:
    with app.app_context():
        first, second = load(folder), load(folder)
        assert (first.new, second.same) == ((EDITION,), (EDITION,))
        assert len(editions.current().requirements) == 46
        notes = db.session.query(TrailEntry).filter_by(verb="edition.loaded").count()
        assert notes == 1


def test_a_check_names_every_fault_and_writes_nothing(app: Flask, folder: Path) -> None:
    spoil(folder, 'kind = "signed-by"', 'kind = "sung-by"')
    spoil(folder, "minutes = 5", "minutes = 0")
    with app.app_context():
        with pytest.raises(editions.Fault) as caught:
            editions.load_seeds(folder, check=True)
        faults = "\n".join(caught.value.faults)
        assert "requirement 1.1" in faults
        assert "requirement 1.3" in faults
        assert f"{EDITION}.toml" in faults
        assert db.session.query(EditionRow).count() == 0


def test_words_of_an_edition_in_use_may_be_bettered(app: Flask, folder: Path) -> None:
    with app.app_context():
        sign()
        assert editions.edition(EDITION).commitments[0].name == "Champion"
        spoil(folder, 'name = "Champion"', 'name = "Leader"')
        assert load(folder).reworded == (EDITION,)
        assert editions.edition(EDITION).commitments[0].name == "Leader"


def test_the_meaning_of_an_edition_in_use_stays(app: Flask, folder: Path) -> None:
    with app.app_context():
        sign()
        spoil(folder, "lasts = { months = 24 }", "lasts = { months = 12 }")
        with pytest.raises(editions.Fault, match=r"must stay.*was 24 months, now 12 months"):
            load(folder)
        db.session.rollback()
        found = editions.edition(EDITION).requirement("champion.trained")
        assert found is not None
        assert found.lasts.months == 24


def test_an_edition_nobody_uses_may_still_change(app: Flask, folder: Path) -> None:
    with app.app_context():
        load(folder)
        spoil(folder, "lasts = { months = 24 }", "lasts = { months = 12 }")
        assert load(folder).reworded == (EDITION,)
        found = editions.edition(EDITION).requirement("champion.trained")
        assert found is not None
        assert found.lasts.months == 12


def test_a_key_never_comes_back_as_something_else(app: Flask, folder: Path) -> None:
    later = (folder / f"{EDITION}.toml").read_text("utf-8")
    later = later.replace(f'edition = "{EDITION}"', 'edition = "next"')
    later = later.replace("2024-01-01", "2027-01-01")
    later = later.replace('kind = "file"\nlasts', 'kind = "statement"\nlasts', 1)
    (folder / "next.toml").write_text(later, "utf-8")
    with app.app_context(), pytest.raises(editions.Fault, match="but was file in"):
        load(folder)


def test_two_files_cannot_be_one_edition(app: Flask, folder: Path) -> None:
    (folder / "twin.toml").write_text((folder / f"{EDITION}.toml").read_text("utf-8"), "utf-8")
    with app.app_context(), pytest.raises(editions.Fault, match="is also in"):
        load(folder)


def test_an_empty_folder_is_a_fault(app: Flask, tmp_path: Path) -> None:
    with app.app_context(), pytest.raises(editions.Fault, match="no edition"):
        editions.load_seeds(tmp_path, check=True)


def test_an_edition_that_was_never_loaded_is_refused(app: Flask) -> None:
    with app.app_context(), pytest.raises(Refused, match="not been loaded"):
        editions.edition("nowhere-1999")


def test_an_edition_costs_one_statement_in_a_transaction_once_it_was_read(app: Flask) -> None:
    with app.app_context():
        load_charter()
        editions.edition(EDITION)
        db.session.rollback()
        with counted(app) as statements:
            editions.edition(EDITION)
            editions.edition(EDITION)
        assert len(statements) == 1
        db.session.rollback()
        with counted(app) as statements:
            editions.edition(EDITION)
        assert len(statements) == 1


def test_what_is_written_about_an_edition_is_read_again_at_once(app: Flask, folder: Path) -> None:
    with app.app_context():
        load_charter()
        admin = make_member("office-admin").id
        db.session.rollback()
        lock(CITY)
        tomorrow = clock.today() + timedelta(days=1)
        assert editions.with_overrides([EDITION])[EDITION][1] == ()
        exceptions.set_threshold(EDITION, "share_trained", 95, tomorrow, by=admin)
        assert [each.value for each in editions.with_overrides([EDITION])[EDITION][1]] == [95]
        spoil(folder, "Name your champion", "Say who your champion is")
        editions.load_seeds(folder)
        named = editions.edition(EDITION).requirement("champion.named")
        assert named is not None
        assert named.task == "Say who your champion is"
        db.session.rollback()
        named = editions.edition(EDITION).requirement("champion.named")
        assert named is not None
        assert named.task == "Name your champion"


def test_words_show_the_threshold_in_force_today(app: Flask) -> None:
    with app.app_context():
        load_charter()
        admin = make_member("office-admin").id
        db.session.rollback()
        lock(CITY)
        tomorrow = clock.today().fromordinal(clock.today().toordinal() + 1)
        exceptions.set_threshold(EDITION, "share_trained", 95, tomorrow, by=admin)
        commit()
        key = "respond.front-of-house"
        today = editions.edition(EDITION).requirement(key)
        with clock.moved_to(clock.now().replace(year=clock.now().year + 1)):
            later = editions.edition(EDITION).requirement(key)
        assert today is not None
        assert later is not None
        assert "90" in today.words
        assert "95" in later.words
        assert editions.edition(EDITION).thresholds["share_trained"] == 90


def test_a_threshold_is_refused_for_today_and_for_a_name_nobody_knows(app: Flask) -> None:
    with app.app_context():
        load_charter()
        admin = make_member("office-admin").id
        db.session.rollback()
        lock(CITY)
        tomorrow = clock.today().fromordinal(clock.today().toordinal() + 1)
        with pytest.raises(Refused, match="tomorrow"):
            exceptions.set_threshold(EDITION, "share_trained", 95, clock.today(), by=admin)
        with pytest.raises(Refused, match="no such threshold"):
            exceptions.set_threshold(EDITION, "share_eaten", 95, tomorrow, by=admin)
        with pytest.raises(Refused, match="number"):
            exceptions.set_threshold(EDITION, "share_trained", 0, tomorrow, by=admin)


def test_the_command_checks_and_loads(app: Flask) -> None:
    runner = app.test_cli_runner()
    checked = runner.invoke(seed, ["--check"])
    assert checked.exit_code == 0, checked.output
    assert "would be loaded" in checked.output
    loaded = runner.invoke(seed)
    assert loaded.exit_code == 0, loaded.output
    with app.app_context():
        assert editions.current().key == config.current().city.edition
