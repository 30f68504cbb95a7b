"""Every form, sent with nothing in it: the summary has the focus and leads to each field.

A page that complains and has a part that none before it had is looked at as `test_every_page` does.
"""

import pytest
from playwright.sync_api import Page

from tests.browser import axe
from tests.matrix import routes
from tests.page import Page as Inspected
from tests.page import inspect
from tests.pages import checks
from tests.pages.browsers import Browsers, Screen, parts
from tests.pages.city import undone
from tests.pages.walk import Visit, endpoints, visits

_BLANK = """form => {
    form.noValidate = true;
    for (const each of form.elements) {
        if (each.type === 'radio' || each.type === 'checkbox') each.checked = false;
        else if (each.tagName === 'SELECT') each.selectedIndex = 0;
        else if (['INPUT', 'TEXTAREA'].includes(each.tagName) && each.type !== 'hidden')
            each.value = '';
    }
}"""
_SEND = """form => form.requestSubmit([...form.querySelectorAll('button')]
    .find(each => each.type === 'submit' && each.value !== 'save'))"""
# Between them they see every form.
SENDERS = ("nobody", "new champion", "champion", "manager", "office-admin", "auditor")
_FIELDS = "input:not([type=hidden]), select, textarea"


def _with_a_form() -> list[str]:
    sent_to = {route.url for route in routes() if route.method == "POST"}
    gets = [r for r in routes() if r.method == "GET" and r.endpoint in endpoints()]
    return [route.endpoint for route in gets if route.url in sent_to]


def _to_try(browsers: Browsers, endpoint: str) -> list[tuple[Visit, int]]:
    """One visit, and the number of the form on it, for each form that asks for something."""
    tried: dict[frozenset[str], tuple[Visit, int]] = {}
    for visit in visits(browsers.city, endpoint, *SENDERS):
        page = browsers.read(visit.person, visit.path)[1]
        for number, names in enumerate(_asked(page)):
            if names:
                tried.setdefault(names, (visit, number))
    return list(tried.values())


def _asked(page: Inspected | None) -> list[frozenset[str]]:
    """What each form in the main part asks for that posts."""
    forms = [each for each in page.forms if each.method == "post"] if page else []
    return [
        frozenset(
            control.get("name") or ""
            for tag in ("input", "select", "textarea")
            for control in form.element.iter(tag)
            if control.get("type") not in ("hidden", "submit")
        )
        for form in forms
    ]


def _send_nothing(screen: Screen, visit: Visit, number: int) -> bool:
    """Send a form with nothing in it; whether it was taken, and another page is shown."""
    page = screen.open(visit.path)
    form = page.locator("form[method=post]").nth(number)
    form.evaluate(_BLANK)
    with page.expect_navigation() as going:
        form.evaluate(_SEND)
    return going.value.ok and going.value.request.redirected_from is not None


def _complaint(page: Page, browsers: Browsers) -> list[str]:
    """What is wrong with a page that complains."""
    found = []
    if not page.title().startswith("Error: "):
        found.append("the title does not say that there is an error")
    if page.evaluate("document.activeElement.className") != "govuk-error-summary":
        found.append("the summary does not have the focus")
    here = set(parts(inspect(page.content(), 200, typed=True).one("body")))
    if browsers.seen_wrong.claim(here):
        found += axe(page)
        found += checks.fits(page)
    for link in page.locator(".govuk-error-summary__list a").all():
        link.click()
        if not page.evaluate("fields => document.activeElement.matches(fields)", _FIELDS):
            found.append(f"the summary's {link.inner_text()!r} does not lead to a field")
    return found


@pytest.mark.parametrize("endpoint", _with_a_form())
def test_a_form_sent_empty_says_what_is_missing(browsers: Browsers, endpoint: str) -> None:
    faults = {}
    for visit, number in _to_try(browsers, endpoint):
        screen = browsers.screen(visit.person)
        with undone(browsers.city):
            is_done = _send_nothing(screen, visit, number)
            page = screen.page
            if page.locator(".govuk-error-summary").count():
                faults[f"{visit}, form {number}"] = _complaint(page, browsers) + screen.complaints()
            else:
                is_said = page.title().startswith("Error: ")
                assert is_done or is_said, f"{visit}, form {number} comes back without a word"
    assert {which: told for which, told in faults.items() if told} == {}
