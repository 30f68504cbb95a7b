"""The demo: built once by the services a city uses, readable only where everything is made up."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from charter import config
from charter.app import create_app
from charter.certificates.models import Certificate
from charter.commitments.models import VenueStanding
from charter.core import trail
from charter.core.db import CITY, Installation, commit, db, lock
from charter.core.mail import OutboxMail
from charter.demo import city
from charter.editions import service as editions
from charter.install import SEEDS
from charter.venues.models import Venue
from tests.visitor import Visitor

pytestmark = [pytest.mark.sqlite_only, pytest.mark.slow]


def test_the_demo_city_is_built_once_and_its_trail_verifies(settings: config.Settings) -> None:
    app = create_app(replace(settings, demo=True, public_url="https://localhost"))
    with app.app_context():
        lock(CITY)
        db.session.add(Installation(id=1, is_demo=True))
        editions.load_seeds(SEEDS / "charter")
        commit()
        assert "22 venues" in city.load()
        assert "as you left it" in city.load()
        assert db.session.scalar(select(func.count()).select_from(Venue)) == 22
        assert db.session.scalar(select(func.count()).select_from(Certificate)) == 5
        without = select(func.count()).where(VenueStanding.has_champion.is_(False))
        assert db.session.scalar(without) >= 1
        assert db.session.scalar(select(func.count()).select_from(OutboxMail)) == 0
        assert [check.fault for check in trail.verify() if check.fault] == []
    page = Visitor(app).get("/demo/inbox")
    assert "officer@saltmarsh.example" in page.text
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_city_has_no_page_that_reads_mail(client: Visitor) -> None:
    client.get("/demo/inbox", status=404)


def test_a_city_refuses_a_database_that_was_a_demo(settings: config.Settings) -> None:
    app = create_app(settings)
    with app.app_context():
        lock(CITY)
        db.session.add(Installation(id=1, is_demo=True))
        commit()
        db.engine.dispose()
    with pytest.raises(config.ConfigFault, match="belongs to a demo"):
        create_app(settings)
