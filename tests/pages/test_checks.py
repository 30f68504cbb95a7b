"""The questions asked of every page are first seen to find what they are there to find."""

import pytest
from playwright.sync_api import Browser

from tests.browser import page
from tests.pages import checks

PAGE = """<!doctype html><html lang="en"><title>Bad</title>
<style>{css}</style><body><a href="#main" class="govuk-skip-link">Skip</a>
<main id="main" tabindex="-1"><h1>A heading</h1>{body}</main></body></html>"""
BAD = [
    ("fits", "", "<p><b style='display:inline-block;width:400px'>wide</b></p>", "too wide"),
    ("fits", "p{height:20px;width:200px;overflow:hidden}", "<p>Words in a box</p>", "clipped"),
    ("in_reach", "", "<button>Go</button>", "px: <button>"),
    ("prints", "", "<button>Go</button>", "printed: <button>"),
    ("prints", "h1{color:white}", "", "is printed in 255"),
    ("prints", "@media print{h1{display:none}}", "", "is not printed"),
    ("skips", "a{position:absolute;top:-99px}", "", "is not seen"),
    ("skips", "a{display:none}", "<a href='/'>Home</a>", "is not the skip link"),
    ("sound", "@media(prefers-color-scheme:dark){p{color:#eee}}", "<p>Words</p>", "by night"),
    ("sound", "", "<img src='/x.png'>", "image-alt"),
    (
        "legible_in_forced_colours",
        "p{forced-color-adjust:none;color:#999;background:#888}",
        "<p>Words</p>",
        "forced colours: contrast",
    ),
]


@pytest.mark.parametrize(("check", "css", "body", "fault"), BAD)
def test_a_bad_page_is_found_out(
    browser: Browser, check: str, css: str, body: str, fault: str
) -> None:
    with page(browser) as found:
        found.set_content(PAGE.format(css=css, body=body))
        assert fault in " ".join(getattr(checks, check)(found))


@pytest.mark.parametrize("check", ["fits", "in_reach", "prints", "skips"])
def test_a_good_page_is_left_alone(browser: Browser, check: str) -> None:
    with page(browser) as found:
        found.set_content(PAGE.format(css="@media print{a{display:none}}", body="<p>Words</p>"))
        assert getattr(checks, check)(found) == []


def test_words_that_only_scripts_show_are_missed_without(browser: Browser) -> None:
    body = "<p id=late></p><script>late.textContent = 'Only with scripts'</script>"
    said = []
    for javascript in (True, False):
        with page(browser, javascript=javascript) as found:
            found.set_content(PAGE.format(css="", body=body))
            said.append(set(checks.words(found)))
    assert said[0] - said[1] == {"Only with scripts"}
