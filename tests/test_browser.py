"""The browser and its accessibility checker see what they are there to see."""

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Error as BrowserError

from tests.browser import axe, page

SOUND = """<!doctype html><html lang="en"><head><title>Sign in</title></head><body><main>
<h1>Sign in</h1><label for="name">Your name</label><input id="name" autocomplete="name">
</main></body></html>"""


def test_axe_finds_nothing_wrong_with_a_sound_page(browser: Browser):
    with page(browser) as tab:
        tab.set_content(SOUND)
        assert axe(tab) == []


@pytest.mark.parametrize(
    ("sound", "faulty", "rule"),
    [
        ('<label for="name">', "<label>", "label"),
        ('<html lang="en">', "<html>", "html-has-lang"),
        ("<h1>", '<h1 style="color: #aaa; background: #fff">', "color-contrast"),
        ("main>", "div>", "region"),
    ],
)
def test_axe_finds_a_planted_fault(browser: Browser, sound: str, faulty: str, rule: str):
    with page(browser) as tab:
        tab.set_content(SOUND.replace(sound, faulty))
        assert any(found.startswith(f"{rule} (") for found in axe(tab))


@pytest.mark.parametrize(("javascript", "title"), [(True, "on"), (False, "off")])
def test_javascript_can_be_switched_off(browser: Browser, javascript: bool, title: str):
    with page(browser, javascript=javascript) as tab:
        tab.set_content("<title>off</title><script>document.title = 'on'</script>")
        assert tab.title() == title


def test_a_page_has_the_screen_that_was_asked_for(browser: Browser):
    with page(browser, width=320, height=256, scheme="dark", forced_colours=True) as tab:
        tab.set_content(SOUND)
        seen = tab.evaluate(
            "[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches,"
            " matchMedia('(forced-colors: active)').matches]"
        )
    assert seen == [320, True, True]


def test_no_other_host_can_be_reached(browser: Browser):
    with page(browser) as tab, pytest.raises(BrowserError, match="ERR_NAME_NOT_RESOLVED"):
        tab.goto("http://example.org/")
