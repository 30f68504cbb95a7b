"""The first screen of the incident book in a browser: counted in taps, timed, zoomed, by night."""

import time

import pytest
from playwright.sync_api import Locator, Page
from sqlalchemy import select

from charter.core.db import db
from charter.incidents.models import Entry, EntryDraft
from tests.browser import axe
from tests.pages.browsers import Browsers
from tests.pages.checks import DESK, PHONE, ZOOMED
from tests.pages.city import City, undone

MOST_TAPS, MOST_SECONDS = 12, 60
_DARK = "dark => document.documentElement.classList.toggle('dark', dark)"
_TARGET = """e => { const box = (e.closest('.pick') || e).getBoundingClientRect();
    return Math.min(box.width, box.height) }"""


class Thumb:
    """One thumb: every tap is counted, and wants a target of 44 pixels or more."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps = page, 0

    def tap(self, found: Locator) -> None:
        """Tap something."""
        assert found.evaluate(_TARGET) >= 44, found
        found.click()
        self.taps += 1

    def words(self, words: str) -> None:
        """Tap the summary, label or button with these words."""
        self.tap(self.page.locator("summary, .pick label, button").get_by_text(words, exact=True))


def newest(city: City, venue: int) -> Entry | None:
    """The newest entry of a venue's book."""
    with city.app.app_context():
        query = select(Entry).where(Entry.book == venue).order_by(Entry.number.desc()).limit(1)
        found = db.session.scalar(query)
        db.session.expunge_all()
        db.session.remove()
        return found


def test_a_short_entry_takes_twelve_taps_and_less_than_a_minute(browsers: Browsers):
    city = browsers.city
    venue = city.venue("The Lantern")
    screen = browsers.screen("staff", javascript=False)
    with undone(city):
        page = screen.open(f"/venues/{venue}/book")
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # two numbers
        thumb, began = Thumb(page), time.monotonic()
        page.get_by_role("button", name="Write an entry").click()
        thumb.taps += 1
        for words in ("Sexual", "Unwanted touching or groping"):
            thumb.words(words)
        thumb.tap(page.locator(".pick label[for=zone-2]"))
        for words in ("Listened and believed", "Stayed with them", "Told the manager"):
            thumb.words(words)
        thumb.tap(page.get_by_label("What was seen and said"))
        page.get_by_label("What was seen and said").fill("A hand on her back, twice.")
        thumb.words("Save entry")
        page.get_by_text("is written").first.wait_for()
        took = time.monotonic() - began
        assert thumb.taps <= MOST_TAPS
        assert took < MOST_SECONDS / 2  # the machine reads nothing; a person needs the rest
        assert screen.complaints() == []
        found = newest(city, venue)
    assert found is not None
    assert (found.kinds, found.has_words, found.is_complete) == (["sexual.touching"], True, True)


def test_what_is_typed_is_kept_and_said(browsers: Browsers):
    city = browsers.city
    venue = city.venue("The Lantern")
    screen = browsers.screen("staff")
    with undone(city):
        page = screen.open(f"/venues/{venue}/book/new")
        page.get_by_label("What was seen and said").fill("He would not leave")
        page.get_by_text("Kept at").wait_for()
        with city.app.app_context():
            kept = len(db.session.scalars(select(EntryDraft)).all())
            db.session.remove()
        stored = page.evaluate("[localStorage.length, sessionStorage.length]")
        page.goto(f"/venues/{venue}/book/new")
        page.get_by_role("link", name="Go on with it").click()
        back = page.get_by_label("What was seen and said").input_value()
        assert screen.complaints() == []
    assert (kept, stored, back.strip()) == (1, [0, 0], "He would not leave")


@pytest.mark.parametrize(
    "size",
    [ZOOMED, pytest.param(PHONE, marks=pytest.mark.long), DESK],
    ids=["zoomed", "phone", "desk"],
)
def test_all_of_the_form_can_be_seen_and_read(browsers: Browsers, size: dict[str, int]):
    venue = browsers.city.venue("The Lantern")
    page = browsers.screen("staff").open(f"/venues/{venue}/book/new")
    page.set_viewport_size(size)  # type: ignore[arg-type]  # two numbers
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two
        for is_dark in (True, False):
            page.evaluate(_DARK, is_dark)
            page.evaluate("for (const d of document.querySelectorAll('.rest')) d.open = true")
            page.locator("summary", has_text="About our team").click()
            assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.get_by_role("button", name="Save entry").is_visible()
