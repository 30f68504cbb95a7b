"""Every page, as everybody who may open it, in a real browser: by day, by night, zoomed, on paper.

All who may open a page get it once without a browser, and it is inspected. Whoever's page differs
in its parts (another form, another state, another menu) has it looked at in Chromium too.
"""

from collections import defaultdict
from xml.etree.ElementTree import Element

import pytest

from tests.matrix import in_app
from tests.pages import checks
from tests.pages.browsers import Browsers, Screen
from tests.pages.city import City
from tests.pages.walk import NOT_PAGES, Visit, endpoints, visits

# Pages that only send on: who asks is shown another page of this walk.
SENDS_ON = {"office.home"}


def _shapes(body: Element) -> set[str]:
    """What the main part is made of, and what is around it, whatever the words say."""
    return {_shape(body, leave_out="main"), *(_shape(main) for main in body.iter("main"))}


def _shape(element: Element, leave_out: str = "") -> str:
    """An element's parts, outline and classes; runs of the same part count as one."""
    parts: list[str] = []
    for child in element:
        if isinstance(child.tag, str) and child.tag != leave_out:
            shape = _shape(child, leave_out)
            if not parts or parts[-1] != shape:
                parts.append(shape)
    kind = [element.get(each, "") for each in ("class", "type", "aria-current")]
    return f"<{element.tag} {kind} {''.join(parts)}>"


def _look(screen: Screen, plain: Screen, path: str) -> list[str]:
    """Every fault of one page, with scripts and without."""
    page = screen.open(path)
    bare = plain.open(path)
    missing = set(checks.words(page)) ^ set(checks.words(bare))
    return [
        *checks.sound(page),
        *checks.prints(page),
        *checks.skips(page),
        *(f"not the same without scripts: {each}" for each in missing),
        *checks.fits(bare),
        *checks.in_reach(bare),
        *screen.complaints(),
        *plain.complaints(),
    ]


@pytest.mark.parametrize("endpoint", [e for e in endpoints() if e not in SENDS_ON])
def test_page(browsers: Browsers, endpoint: str) -> None:
    found = visits(browsers.city, endpoint)
    assert found, "nobody can be shown this page in the demo city"
    faults: dict[str, list[str]] = defaultdict(list)
    seen: set[str] = set()
    opened = 0
    for visit in found:
        status, page = browsers.read(visit.person, visit.path)
        if page is None:
            assert status == 303, f"{visit} answers {status}"
            continue
        if status != 200:
            faults[str(visit)].append(f"answers {status}")
        opened += 1
        shapes = _shapes(page.one("body"))
        if not shapes <= seen:
            seen |= shapes
            faults[str(visit)] += _look(*_screens(browsers, visit), visit.path)
    assert opened, "everybody is sent on from here"
    assert {visit: told for visit, told in faults.items() if told} == {}


def _screens(browsers: Browsers, visit: Visit) -> tuple[Screen, Screen]:
    return browsers.screen(visit.person), browsers.screen(visit.person, javascript=False)


@pytest.mark.slow
def test_no_page_is_left_out(city: City) -> None:
    walked = set(endpoints()) | NOT_PAGES
    assert {endpoint for endpoint, _, method in in_app(city.app) if method == "GET"} <= walked


@pytest.mark.slow
@pytest.mark.parametrize("person", ["nobody", "champion", "office-admin"])
def test_titles_tell_pages_apart(browsers: Browsers, person: str) -> None:
    titles: dict[str, set[str]] = defaultdict(set)
    for endpoint in endpoints():
        for visit in visits(browsers.city, endpoint, person):
            page = browsers.read(person, visit.path)[1]
            path = visit.path.partition("?")[0]
            titles[page.title if page else path].add(path)
    assert titles
    assert {title: paths for title, paths in titles.items() if len(paths) > 1} == {}
