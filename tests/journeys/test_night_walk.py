"""A night walk by three people, one of them on paper: merged, sent, answered, and walked again.

The office plans it at a desk; two walkers rate each stop on phones 360 px wide, one with JavaScript
off; whoever mends the lamps answers behind the mailed link, with a photo.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from charter import config
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.mail import OutboxMail
from charter.nightwalks import service
from charter.nightwalks.models import NightWalk
from tests.builders.accounts import make_member
from tests.builders.pictures import make_photo
from tests.journeys.city import City, Person, person, served

pytestmark = [pytest.mark.slow, pytest.mark.long_on_postgresql]
STOPS = ("The door of the station", "Under the bridge", "The last bus stop")
# How each walker finds each stop, for all nine things alike: the third one is on paper.
RATED = ((3, 0, 2), (3, 1, 2), (2, 1, 3))
LAMP = "The lamp under the bridge is broken"


@dataclass
class Night:
    """The city, somebody of the office, two walkers with phones, and somebody who mends lamps."""

    city: City
    officer: Person
    walkers: tuple[Person, Person]
    mender: Person
    photo: Path


@pytest.fixture
def night(settings: config.Settings, browser: Browser, tmp_path: Path) -> Iterator[Night]:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(make_photo((800, 600)))
    with served(settings) as city, ExitStack() as screens:
        with city.app.app_context():
            officer = make_member(Role.OFFICER).id
            db.session.rollback()
            lock(CITY)
            service.load_recipients()
            commit()
        shown = screens.enter_context(person(city, browser, width=1280, javascript=False))
        shown.is_signed_in(officer)
        phones = [
            screens.enter_context(person(city, browser, width=360, javascript=scripts))
            for scripts in (False, True, False)
        ]
        yield Night(city, shown, (phones[0], phones[1]), phones[2], photo)


def test_three_walk_one_on_paper_and_what_they_found_is_mended(night: Night) -> None:
    link = plan(night)
    for n, walker in enumerate(night.walkers):
        walk(night, walker, link, RATED[n])
    type_in(night, RATED[2])
    merged(night)
    send(night)
    answer(night)
    again(night)
    for each in (*night.walkers, night.mender):
        assert each.tab.evaluate("document.documentElement.scrollWidth") <= 360
    assert "BAD" not in night.city.run("trail", "verify")


def plan(night: Night) -> str:
    """The office plans a walk for tonight, and enters who mends lamps; the walkers' link."""
    officer = night.officer
    with night.city.app.app_context():
        at = clock.local(clock.now() - timedelta(minutes=10))
    officer.opens("/office/night-walks/recipients")
    officer.follows("Street lighting")
    officer.types("Their e-mail address (optional)", "lamps@city.example")
    officer.presses("Save")
    officer.opens("/office/night-walks")
    officer.presses("Plan a night walk")
    officer.types("What is it called?", "Station to the last bus")
    for part, value in (("Day", at.day), ("Month", at.month), ("Year", at.year)):
        officer.types(part, str(value))
    officer.types("When do you meet?", f"{at:%H:%M}")
    officer.types("Where do you meet?", "By the clock")
    officer.types("The stops, in the order of the way", "\n".join(STOPS))
    officer.presses("Save")
    found = re.search(r"\S+/night-walk/\w+", officer.words)
    assert found
    return "/night-walk/" + found[0].rsplit("/", 1)[-1]


def walk(night: Night, walker: Person, link: str, rated: tuple[int, ...]) -> None:
    """Join by the link, and rate every stop; one photo on the way."""
    walker.opens(link)
    walker.presses("Join the walk")
    for n, value in enumerate(rated, start=1):
        assert STOPS[n - 1] in walker.heading
        for name in ("light", "open", "seen", "way", "people", "mix", "transport", "help"):
            walker.tab.locator(f"input[name=rate-{name}][value='{value}']").check()
        walker.tab.locator(f"input[name=rate-feeling][value='{value}']").check()
        if n == 2:
            walker.types("What did you see?", "The lamp is out")
            walker.tab.locator("summary", has_text="Add a photo").click()
            walker.tab.locator("input[name=photo]").set_input_files(night.photo)
            walker.chooses("Nobody can be seen on my photo")
        walker.presses("Save and go on")
    assert walker.heading == "Thank you for walking"


def type_in(night: Night, rated: tuple[int, ...]) -> None:
    """The office types the sheet of the third walker in."""
    officer = night.officer
    officer.opens("/office/night-walks/1")
    officer.presses("Type in a sheet")
    for value in rated:
        for field in officer.tab.locator(f"input[value='{value}'][name^=rate-]").all():
            field.check()
        officer.presses("Save and go on")
    assert "3 walkers, 1 on paper" in officer.words


def merged(night: Night) -> None:
    """Each stop says the middle of the three and how far they lie apart."""
    words = night.officer.words
    assert "1 of 3: I see a shape, but no face" in words
    assert "How it feels: 1 of 3: Uneasy" in words
    assert night.officer.tab.get_by_role("link", name="Put it on the list").count() == 9


def send(night: Night) -> None:
    """What is wrong goes on a numbered list, and to whoever mends it."""
    officer = night.officer
    officer.tab.locator("a[href*='stop=2&thing=light']").click()
    assert officer.tab.locator("select[name=to] option:checked").inner_text() == "Street lighting"
    officer.types("What has to be mended?", LAMP)
    officer.presses("Save")
    officer.presses("Send what is new")
    assert "Sent: 1 fault" in officer.words


def answer(night: Night) -> None:
    """Whoever mends it says that it is fixed, with a photo, without an account."""
    with night.city.app.app_context():
        body = db.session.scalars(select(OutboxMail)).one().body or ""
    mender = night.mender
    mender.opens("/street-faults/" + body.split("/street-faults/")[1].split()[0])
    mender.follows(f"1. {LAMP}")
    mender.chooses("It is fixed")
    mender.types("In a few words", "New lamp")
    mender.tab.locator("summary", has_text="Add a photo").click()
    mender.tab.locator("input[name=photo]").set_input_files(night.photo)
    mender.chooses("Nobody can be seen on my photo")
    mender.presses("Save")
    assert "Fixed," in mender.words
    night.officer.opens("/office/night-walks/1")
    assert "Fixed" in night.officer.tab.locator("#faults ~ div tbody").inner_text()


def again(night: Night) -> None:
    """The same walk again; the two are set side by side."""
    officer = night.officer
    officer.follows("Plan the same walk again")
    with night.city.app.app_context():
        at = clock.local(clock.now() - timedelta(minutes=5))
    for part, value in (("Day", at.day), ("Month", at.month), ("Year", at.year)):
        officer.types(part, str(value))
    officer.types("When do you meet?", f"{at:%H:%M}")
    officer.presses("Save")
    with night.city.app.app_context():
        code = db.session.get_one(NightWalk, 2).code
        db.session.remove()
    for walker in night.walkers:
        walk(night, walker, f"/night-walk/{code}", (3, 3, 3))
    officer.opens("/office/night-walks/2/compared")
    assert "1 is fixed" in officer.words
    assert officer.words.count("Better") == 18
