"""Every page, as everybody who may open it, in a real browser: by day, by night, zoomed, on paper.

All who may open a page get it once without a browser, and it is inspected (of a page for everyone,
those whose menu is another one). Whoever's page has a
part that no page before it had in that place (another form, another state, another menu) has it
looked at in Chromium too. Of an endpoint that has nothing new, one page is measured there: its
words are its own. `make test-long` looks at all of them.
"""

import re
from collections import defaultdict

import pytest

from tests.matrix import in_app
from tests.pages import checks
from tests.pages.browsers import Browsers, Screen, parts
from tests.pages.city import City
from tests.pages.walk import NOT_PAGES, endpoints, visits

# Pages for what is not there, or no longer works.
DEAD_ENDS = [
    ("nobody", "/nowhere", 404),
    ("champion", "/office/venues", 404),
    ("nobody", "/verify/0000-0000-0000-0000", 404),
    ("nobody", "/invitations/used-up", 410),
    ("nobody", "/reset-password/used-up", 410),
    ("nobody", "/sign-up/confirm/used-up", 404),
]


def _still(words: list[str]) -> set[str]:
    """Words without their numbers: a clock goes on between two looks."""
    return {re.sub(r"\d+", "0", each) for each in words}


def _look(screen: Screen, plain: Screen, path: str, *, by_night: bool = True) -> list[str]:
    """Every fault of one page, with scripts and without; by night if it has colours of its own."""
    page = screen.open(path)
    bare = plain.open(path)
    missing = _still(checks.words(page)) ^ _still(checks.words(bare))
    return [
        *checks.sound(page, by_night=by_night),
        *checks.prints(page),
        *checks.skips(page),
        *(f"not the same without scripts: {each}" for each in missing),
        *checks.fits(bare),
        *checks.in_reach(bare),
        *screen.complaints(),
        *plain.complaints(),
    ]


def _measure(plain: Screen, path: str) -> list[str]:
    """The faults of a page of which every part was looked at elsewhere, with other words in it."""
    bare = plain.open(path)
    return [*checks.fits(bare), *checks.in_reach(bare), *plain.complaints()]


def _walk(browsers: Browsers, endpoint: str, *, all_of_them: bool) -> dict[str, list[str]]:
    """The faults of an endpoint's pages; unless all are wanted, of those with a part that is new.

    New is what no worker has looked at yet, on any page. Where nothing is, one is measured.
    """
    faults: dict[str, list[str]] = {}
    first, is_seen = None, False
    for visit in visits(browsers.city, endpoint, everybody=all_of_them):
        status, page = browsers.read(visit.person, visit.path)
        if page is None:
            assert status == 303, f"{visit} answers {status}"
            continue
        first = first or visit
        found = faults.setdefault(str(visit), [] if status == 200 else [f"answers {status}"])
        here = set(parts(page.one("body")))
        if all_of_them or browsers.seen.claim(here):
            by_night = all_of_them or browsers.kinds.claim((each[-1],) for each in here)
            found += _look(*_screens(browsers, visit.person), visit.path, by_night=by_night)
            is_seen = True
    assert first is not None, "nobody in the demo city can be shown this page"
    if not is_seen:
        plain = browsers.screen(first.person, javascript=False)
        faults[str(first)] += _measure(plain, first.path)
    return {visit: found for visit, found in faults.items() if found}


def _screens(browsers: Browsers, person: str) -> tuple[Screen, Screen]:
    return browsers.screen(person), browsers.screen(person, javascript=False)


@pytest.mark.parametrize("endpoint", endpoints())
def test_page(browsers: Browsers, endpoint: str) -> None:
    assert _walk(browsers, endpoint, all_of_them=False) == {}


@pytest.mark.long
@pytest.mark.parametrize("endpoint", endpoints())
def test_page_as_everybody_sees_it(browsers: Browsers, endpoint: str) -> None:
    assert _walk(browsers, endpoint, all_of_them=True) == {}


@pytest.mark.parametrize(("person", "path", "status"), DEAD_ENDS)
def test_dead_end(browsers: Browsers, person: str, path: str, status: int) -> None:
    answered, page = browsers.read(person, path)
    assert answered == status
    assert page
    found = _look(*_screens(browsers, person), path)
    assert [fault for fault in found if f"status of {status}" not in fault] == []


@pytest.mark.slow
def test_no_page_is_left_out(city: City) -> None:
    walked = set(endpoints()) | NOT_PAGES
    assert {endpoint for endpoint, _, method in in_app(city.app) if method == "GET"} <= walked


@pytest.mark.slow
@pytest.mark.parametrize(
    "person",
    [
        "champion",
        *(pytest.param(each, marks=pytest.mark.long) for each in ("nobody", "office-admin")),
    ],
)
def test_titles_tell_pages_apart(browsers: Browsers, person: str) -> None:
    titles: dict[str, set[str]] = defaultdict(set)
    for endpoint in endpoints():
        for visit in visits(browsers.city, endpoint, person):
            page = browsers.read(person, visit.path)[1]
            path = visit.path.partition("?")[0]
            titles[page.title if page else path].add(path)
    assert titles
    assert {title: paths for title, paths in titles.items() if len(paths) > 1} == {}
