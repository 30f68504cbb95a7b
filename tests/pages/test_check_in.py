"""The pages of checking in by phone that only a sent form leads to, looked at like every other."""

from typing import Any

from playwright.sync_api import Page
from sqlalchemy import select

from charter.core import clock
from charter.core.db import db
from charter.sessions import room
from charter.sessions.models import TrainingSession
from tests.pages import checks
from tests.pages.browsers import Browsers
from tests.pages.city import City, undone


def code_of_the_room(city: City) -> str:
    """What the screen shows in the room that two venues are booked on."""
    with city.app.app_context():
        now = clock.now()
        row = db.session.scalars(
            select(TrainingSession).where(
                TrainingSession.venue_id.is_(None),
                TrainingSession.starts_at <= now,
                TrainingSession.counted_at.is_(None),
                TrainingSession.cancelled_at.is_(None),
            )
        ).one()
        found = room.code(row.id, now)
        db.session.remove()
    return found


def faults(page: Page) -> list[str]:
    """What is wrong with the page that is open, left as wide as a phone."""
    found = [*checks.sound(page), *checks.prints(page), *checks.fits(page), *checks.in_reach(page)]
    page.set_viewport_size(checks.PHONE)
    return found


def test_each_step_of_checking_in_is_sound_without_scripts_and_names_one_venues_people(
    browsers: Browsers,
) -> None:
    city = browsers.city
    with undone(city):
        page: Any = browsers.screen("nobody").open("/check-in")
        page.get_by_label("Code on the screen").fill(code_of_the_room(city))
        page.get_by_role("button").first.click()
        assert faults(page) == []
        assert "Switchyard" in page.inner_text("main")
        page.get_by_label("The Lantern").check()
        page.get_by_role("button").first.click()
        assert faults(page) == []
        assert page.get_by_role("radio").count() == 5  # six are booked, and one is there already
        page.get_by_role("radio").first.check()
        page.get_by_role("button").first.click()
        assert page.url.endswith("/check-in/done")
        assert faults(page) == []
