"""An eighth commitment is a change of seed and nothing else: from the file to the certificate."""

import io
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from pypdf import PdfReader

from charter import config
from charter.accounts.models import User
from charter.app import create_app
from charter.certificates import reading, rules, signing
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.editions import service as editions
from charter.proofs import signatures
from tests.builders.accounts import make_member, sign_in_as
from tests.builders.certificates import issue
from tests.builders.commitments import Scene
from tests.builders.venues import make_venue
from tests.visitor import Visitor

EIGHTH = """
[[commitment]]
key = "home"
number = 8
name = "Getting home"
heading = "Nobody is left to get home alone"
why = "The way home is part of the night."

  [[commitment.requirement]]
  key = "home.last-bus"
  number = "8.1"
  essential = true
  task = "Show when the last bus goes"
  words = "A notice by the door says when the last bus and train go"
  why = "People plan their way before they need it."
  proof = "A photo of the notice."
  example = "A printed card by the door with the night's last times."
  minutes = 5
  kind = "statement"
  lasts = { months = 6 }
"""


@pytest.fixture
def eight(settings: config.Settings, tmp_path: Path) -> Iterator[Flask]:
    """A city whose charter has an eighth commitment, loaded from a seed file."""
    seed = (config.ROOT / "seeds" / "charter" / "bristol-2024.toml").read_text("utf-8")
    folder = tmp_path / "seeds"
    folder.mkdir()
    text = seed.replace('"bristol-2024"', '"testbury-2026"', 1) + EIGHTH
    assert tomllib.loads(text)["edition"] == "testbury-2026"
    (folder / "testbury-2026.toml").write_text(text, "utf-8")
    city = replace(settings.city, edition="testbury-2026")
    app = create_app(replace(settings, city=city, public_url="https://localhost"))
    with app.app_context():
        lock(CITY)
        editions.load_seeds(folder)
        signing.ensure()
        commit()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def signed_and_proven(venue: int) -> Scene:
    """A venue that signed the edition of eight, every essential of it vouched for."""
    champion = make_member(Role.CHAMPION, venue=venue).id
    officer = make_member(Role.OFFICER).id
    db.session.rollback()
    lock(CITY, venue)
    by = db.session.get_one(User, officer)
    edition = editions.current()
    signatures.sign(venue, edition.key, clock.today(), name="Pat", role="owner", by=by)
    for each in edition.requirements:
        if each.essential and each.signer != "owner":
            proof = signatures.vouch(
                venue, edition.key, each, clock.today(), by=by, statement="Seen."
            )
            proof.signed_user_id = champion if "champion-left" in each.voids else None
    commit()
    return Scene(venue, champion, officer)


@pytest.mark.slow
def test_eight_commitments_walk_to_a_certificate(eight: Flask) -> None:
    with eight.app_context():
        scene = signed_and_proven(make_venue(name="The Lantern").id)
        code = rules.grouped(issue(scene).code)
        shown = reading.by_code(code)
        assert shown
        paper = PdfReader(io.BytesIO(shown.certificate.pdf)).pages[0].extract_text()
    assert "Nobody is left to get home alone" in paper.replace("\n", " ")
    visitor = Visitor(eight)
    assert "Nobody is left to get home alone" in visitor.get("/charter").text
    assert "Nobody is left to get home alone" in visitor.get(f"/verify/{code}").text
    sign_in_as(visitor.client, scene.officer)
    table = visitor.get("/office/venues")
    assert "Getting home" in table.text
    assert "Getting home" in visitor.get(f"/office/venues/{scene.venue}").text
