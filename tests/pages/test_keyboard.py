"""Without a mouse, and in few colours: six pages that most work is done on."""

import pytest
from playwright.sync_api import Page

from tests.pages import checks
from tests.pages.browsers import Browsers
from tests.pages.walk import visits

PAGES = [
    ("nobody", "accounts.sign_in"),
    ("nobody", "signup.venue"),
    ("champion", "commitments.home"),
    ("new champion", "commitments.requirement"),
    ("officer", "office.venues"),
    ("officer", "review.proof"),
]
MOST_STOPS = 400
_STOPS = """() => {
    const stops = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select,'
        + ' textarea, summary, [tabindex="0"]')].filter(e => !e.disabled && e.checkVisibility());
    stops.forEach((e, number) => e.dataset.stop = number);
    const first = {};
    return stops.filter(e => {
        if (e.type !== 'radio') return true;
        const group = e.form ? e.form.action + e.name : e.name;
        return !(group in first) && (first[group] = true);
    }).map(e => e.dataset.stop);
}"""
_HERE = """() => {
    const e = document.activeElement, box = e.getBoundingClientRect();
    const x = box.x + Math.min(box.width / 2, 20), y = box.y + Math.min(box.height / 2, 20);
    const top = document.elementFromPoint(x, y);
    const label = e.labels && [...e.labels].some(each => each.contains(top));
    return {stop: e.dataset.stop, kind: `${e.tagName} ${e.type || ''} ${e.className}`,
        radios: e.type === 'radio', html: e.outerHTML.slice(0, 120),
        covered: !(top && (e.contains(top) || top.contains(e) || label)),
        clip: {x: Math.max(box.x - 8, 0), y: Math.max(box.y - 8, 0),
            width: Math.min(box.width + 16, 600), height: Math.min(box.height + 16, 200)}};
}"""


def _path(browsers: Browsers, person: str, endpoint: str) -> str:
    return visits(browsers.city, endpoint, person)[0].path


def _shows_focus(page: Page, clip: dict[str, float]) -> bool:
    """Whether a pixel changes when the focus goes; the keyboard goes on from there."""
    with_focus = page.screenshot(clip=clip)
    page.evaluate("document.activeElement.blur()")
    return page.screenshot(clip=clip) != with_focus


@pytest.mark.parametrize(("person", "endpoint"), PAGES)
def test_all_is_reached_and_seen_by_keyboard(
    browsers: Browsers, person: str, endpoint: str
) -> None:
    page = browsers.screen(person).open(_path(browsers, person, endpoint))
    wanted = page.evaluate(_STOPS)
    reached: list[str] = []
    faults: list[str] = []
    kinds: set[str] = set()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        here = page.evaluate(_HERE)
        if here["stop"] is None or here["stop"] in reached:
            break
        reached.append(here["stop"])
        if here["covered"]:
            faults.append(f"covered: {here['html']}")
        if here["kind"] not in kinds:
            kinds.add(here["kind"])
            if not _shows_focus(page, here["clip"]):
                faults.append(f"no sign of the focus: {here['html']}")
    assert faults == []
    assert reached == wanted


@pytest.mark.parametrize(("person", "endpoint"), PAGES)
def test_few_colours_are_enough(browsers: Browsers, person: str, endpoint: str) -> None:
    page = browsers.screen(person).open(_path(browsers, person, endpoint))
    assert checks.legible_in_forced_colours(page) == []
