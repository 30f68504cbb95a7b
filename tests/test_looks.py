"""The style pages in a real browser: axe, narrow screens, targets, the night, forced colours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser import axe, page
from tests.looks import CHARTER, PAGES, WRONG, render

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
TOO_WIDE = """() => [...document.querySelectorAll('body *')]
    .filter(e => !e.closest('.table-box') && !e.matches('.govuk-visually-hidden, .govuk-skip-link')
        && e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.outerHTML.slice(0, 80))"""
SMALL = """() => [...document.querySelectorAll('button, .govuk-button, .rail__link, .foot__link,'
        + ' input:not([type=hidden]), select, .masthead__name')]
    .map(e => e.closest('.govuk-radios__item, .govuk-checkboxes__item') || e)
    .map(e => [e, e.getBoundingClientRect().height])
    .filter(([e, height]) => height > 0 && height < (e.matches('.foot__link') ? 24 : 44))
    .map(([e, height]) => height + ' ' + e.outerHTML.slice(0, 80))"""


@contextmanager
def shown(browser: Browser, name: str, typed: Any = None, **options: Any) -> Iterator[Page]:
    """A style page in the browser, with our static files and no server."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix("http://localhost/")
        if path == "":
            route.fulfill(body=render(name, typed), content_type="text/html; charset=utf-8")
            return
        file = CHARTER / path
        route.fulfill(body=file.read_bytes(), content_type=TYPES.get(file.suffix, "font/woff2"))

    with page(browser, **options) as found:
        found.route("http://localhost/**", answer)
        found.goto("http://localhost/")
        yield found


@pytest.mark.parametrize("typed", [None, WRONG], ids=["plain", "with errors"])
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(
    browser: Browser, name: str, scheme: Any, width: int, typed: dict[str, str] | None
) -> None:
    with shown(browser, name, typed, scheme=scheme, width=width) as found:
        assert axe(found) == []


@pytest.mark.parametrize("width", [320, 768])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_sticks_out_on_a_narrow_screen(browser: Browser, name: str, width: int) -> None:
    with shown(browser, name, WRONG, width=width, height=256) as found:
        assert found.evaluate(TOO_WIDE) == []
        assert found.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", ["kitchen", "door"])
def test_a_thumb_can_hit_what_it_must(browser: Browser, name: str) -> None:
    with shown(browser, name, width=360) as found:
        assert found.evaluate(SMALL) == []


def test_the_night_reaches_every_ground(browser: Browser) -> None:
    bright = """() => [...document.querySelectorAll('body, body *')].filter(e => {
        const found = getComputedStyle(e).backgroundColor.match(/[0-9.]+/g).map(Number);
        const light = found[3] !== 0 && Math.min(...found.slice(0, 3)) > 235;
        return light && !e.closest('.mark');
    }).map(e => e.outerHTML.slice(0, 80))"""
    with shown(browser, "kitchen", WRONG, scheme="dark") as found:
        assert found.evaluate(bright) == []


def test_shapes_stay_when_colours_are_forced(browser: Browser) -> None:
    ink = "e => getComputedStyle(e).backgroundColor"
    with shown(browser, "kitchen", forced_colours=True) as found:
        mark = found.locator(".mark--tick").first
        ground = found.locator("body").evaluate(ink)
        assert mark.evaluate(ink) != ground


def test_the_summary_has_the_focus(browser: Browser) -> None:
    with shown(browser, "question", {}) as found:
        assert found.evaluate("document.activeElement.className") == "govuk-error-summary"
        found.get_by_role("link", name="Choose the kind of venue").click()
        assert found.evaluate("document.activeElement.id") == "kind"


def test_the_summary_leads_to_the_part_of_a_date(browser: Browser) -> None:
    with shown(browser, "kitchen", WRONG) as found:
        found.get_by_role("link", name="Enter the year in 4 numbers, like 2026").click()
        assert found.evaluate("document.activeElement.id") == "held_on-year"


def test_a_password_can_be_shown(browser: Browser) -> None:
    with shown(browser, "kitchen") as found:
        found.locator("#password").fill("correct horse")
        found.get_by_role("button", name="Show password").click()
        assert found.locator("#password").get_attribute("type") == "text"


def test_without_scripts_nothing_is_missing(browser: Browser) -> None:
    with shown(browser, "kitchen", javascript=False) as found:
        assert found.locator("#password").is_visible()
        assert not found.get_by_role("button", name="Show password").is_visible()
        assert found.get_by_text("You can enter up to 500 characters").is_visible()


def test_our_font_comes_without_moving_the_page(browser: Browser) -> None:
    shift = """() => new Promise(done => new PerformanceObserver(list => done(
            list.getEntries().reduce((sum, entry) => sum + entry.value, 0)))
        .observe({type: 'layout-shift', buffered: true}) || setTimeout(() => done(0), 300))"""
    with shown(browser, "end", width=360) as found:
        found.evaluate("document.fonts.ready")
        assert found.evaluate("document.fonts.check('16px \"Atkinson Hyperlegible Next\"')")
        assert found.evaluate(shift) < 0.02
