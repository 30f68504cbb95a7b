"""A proof runs out: every page follows on the day, with reason and date; no nightly work ran."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from flask import Flask

from charter.accounts.models import User
from charter.certificates import rules
from charter.commitments.models import VenueStanding
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.core.text import in_words
from charter.editions import service as editions
from tests.builders.accounts import make_member
from tests.builders.certificates import issue
from tests.builders.commitments import Scene, make_scene, prove_all
from tests.visitor import Visitor


@pytest.fixture
def certified(app: Flask) -> tuple[Scene, str]:
    """A venue whose essentials were all proven today, and the code of its certificate."""
    with app.app_context():
        scene = make_scene(name="The Lantern", name_key="lantern")
        prove_all(scene)
        return scene, rules.grouped(issue(scene).code)


def test_the_day_after_the_last_every_page_says_so(
    app: Flask, certified: tuple[Scene, str], as_: Callable[[User | int], Visitor]
) -> None:
    scene, code = certified
    with app.app_context():
        stored = db.session.get_one(VenueStanding, scene.venue)
        assert stored.all_met
        assert stored.holds_until
        assert stored.lapses_key
        last, key = stored.holds_until, stored.lapses_key
        requirement = editions.edition(stored.edition_key).requirement(key)
        assert requirement
        other = make_member(Role.OFFICER).id
        noon = datetime.combine(last, time(12), clock.zone())
    commitment = f"/venues/{scene.venue}/commitments/{requirement.commitment}"

    with clock.moved_to(noon):
        assert "Lapsing soon" in Visitor(app).get(f"/verify/{code}").text

    after = in_words(last + timedelta(days=1))
    with clock.moved_to(noon + timedelta(days=1)):
        champion, officer = as_(scene.champion), as_(other)
        asked = champion.get(f"/venues/{scene.venue}/requirements/{key}")
        assert "Lapsed" in asked.badge_words
        assert in_words(last) in asked.text
        assert "Lapsed" in champion.get(commitment).badge_words
        home = champion.get(f"/venues/{scene.venue}/")
        assert "Lapsed" in home.badge_words
        assert requirement.task in home.text
        assert "Lapsed" in officer.get(f"/office/venues/{scene.venue}").badge_words
        table = officer.get("/office/venues?state=certified")
        assert "The Lantern" in table.text
        row = next(row for row in table.rows if "The Lantern" in row[0])
        assert any("lapsed" in cell.lower() for cell in row)
        public = Visitor(app).get(f"/verify/{code}")
        assert "Lapsing soon" in public.badge_words
        assert requirement.lost_words in public.text
        assert after in public.text
        grace = in_words(last + timedelta(days=14))
        assert f"If it is not mended by {grace}, this certificate is suspended." in public.text
        assert grace in Visitor(app).get("/register").text

    with clock.moved_to(noon + timedelta(days=15)):
        assert "The Lantern" in as_(other).get("/office/venues?state=suspended").text
        public = Visitor(app).get(f"/verify/{code}")
        assert "Suspended" in public.badge_words
        assert requirement.lost_words in public.text
        assert after in public.text
        assert "Suspended" in Visitor(app).get("/register").badge_words
        assert "suspended" in Visitor(app).answer("/register.csv").get_data(as_text=True)

    with app.app_context():
        assert db.session.get_one(VenueStanding, scene.venue).all_met, "the nightly work did run"
