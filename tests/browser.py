"""A real browser for the tests: Chromium by Playwright, and axe-core run inside its pages.

Every page is one that a person could have: with or without JavaScript, narrow, dark. The browser
reaches this machine only, so a page that needs another host fails its test.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import provision

AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
AXE_TAGS = (
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22aa",
    "best-practice",
)
_FLAGS = (
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
_RUN_AXE = """async tags => {
    const options = {
        runOnly: {type: 'tag', values: tags}, resultTypes: ['violations'],
        preload: {assets: ['media']},
    };
    const {violations} = await axe.run(document, options);
    return violations.flatMap(rule => rule.nodes.map(
        node => `${rule.id} (${rule.impact}): ${rule.help}: ${node.target} ${node.html}`));
}"""


@contextmanager
def launch() -> Iterator[Browser]:
    """Chromium without a window: the one named by `CHROMIUM`, the machine's, or Playwright's."""
    flags = [*_FLAGS, "--no-sandbox"] if provision.is_root() else list(_FLAGS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=provision.system_browser(), args=flags
        )
        try:
            yield chromium
        finally:
            chromium.close()


@contextmanager
def page(
    browser: Browser,
    *,
    base_url: str | None = None,
    javascript: bool = True,
    width: int = 1280,
    height: int = 900,
    scheme: Literal["light", "dark"] = "light",
    forced_colours: bool = False,
) -> Iterator[Page]:
    """One page of somebody with nothing kept from before; sizes are CSS pixels.

    400 % zoom on a 1280 pixel screen is `width=320, height=256`.
    """
    context = browser.new_context(
        base_url=base_url,
        java_script_enabled=javascript,
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        forced_colors="active" if forced_colours else "none",
        locale="en-GB",
        timezone_id="Europe/London",
    )
    try:
        yield context.new_page()
    finally:
        context.close()


def axe(page: Page) -> list[str]:
    """What axe-core finds wrong with the page: one line for each element and rule, none if sound.

    The rules are those of WCAG 2.2 A and AA, and axe's best practice. The page needs JavaScript;
    its Content-Security-Policy does not matter.
    """
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(_RUN_AXE, list(AXE_TAGS))
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a worker; each test opens its own `page`."""
    with launch() as chromium:
        yield chromium


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens the browser, so that `-m "not browser"` leaves it out."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
