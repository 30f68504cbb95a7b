"""A safety walk on a phone 360 px wide, JavaScript off and on: walked, mended, walked again.

Two people walk at once. Every question of the quick walk is answered, with photos; what is weak is
given a person and a day and mended with a photo from after; the second walk is set beside the
first, and the report is read.
"""

import io
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader
from sqlalchemy import func, select

from charter import config
from charter.audits import actions, walks
from charter.audits.models import AuditPhoto
from charter.audits.rules import AFTER_DARK, DONE, PLANNED, WOMAN, Kind
from charter.commitments.models import CountedFact
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.venues import places, zones
from tests.builders.accounts import make_member
from tests.builders.audits import make_template
from tests.builders.commitments import Scene, make_scene, under_lock
from tests.builders.pictures import make_photo
from tests.journeys.city import City, Person, person, served

pytestmark = [pytest.mark.slow, pytest.mark.long_on_postgresql]
WRONG = "The lamp over the door is out"
FOUND = 4  # lamps that are out, in the first rooms of the walk
FIX = "A new lamp that comes on by itself"


@dataclass
class House:
    """The venue with every kind of place, and two of its people, each with a phone."""

    city: City
    scene: Scene
    champion: Person
    floor: Person
    photo: Path

    def at(self, *parts: object) -> str:
        """An address among the venue's walks."""
        return "/".join([f"/venues/{self.scene.venue}/audits", *map(str, parts)])


@pytest.fixture(
    params=[
        pytest.param(False, id="without scripts"),
        # What a script adds is also in test_views; both ways through take a minute.
        pytest.param(True, id="with scripts", marks=pytest.mark.long),
    ]
)
def house(
    request: pytest.FixtureRequest,
    settings: config.Settings,
    browser: Browser,
    tmp_path: Path,
) -> Iterator[House]:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(make_photo((800, 600)))
    with served(settings) as city, ExitStack() as phones:
        with city.app.app_context():
            scene = make_scene(name="The Lantern", name_key="lantern")
            make_template()
            kinds = [each.key for each in zones.to_choose()]
            under_lock(scene.venue, lambda: places.set_rooms(scene.venue, kinds, by=scene.champion))
            staff = make_member(Role.STAFF, venue=scene.venue).id
        champion, floor = (
            phones.enter_context(person(city, browser, width=360, javascript=request.param))
            for _ in range(2)
        )
        champion.is_signed_in(scene.champion)
        floor.is_signed_in(staff)
        yield House(city, scene, champion, floor, photo)


def test_a_place_is_walked_mended_and_walked_again(house: House) -> None:
    first = begin(house)
    answers = walk(house, first, weak={"light": WRONG}, halves=True)
    assert answers == 34
    finish(house)
    with house.city.app.app_context():
        assert db.session.scalar(select(func.count(AuditPhoto.id))) == FOUND
    assert f"{FOUND} things were found weak" in house.champion.words
    mend(house)
    second = begin(house)
    assert walk(house, second, weak={}, halves=False) == 34
    finish(house)
    compare(house, second)
    for each in (house.champion, house.floor):
        assert each.tab.evaluate("document.documentElement.scrollWidth") <= 360
    assert "BAD" not in house.city.run("trail", "verify")
    facts_are_counted(house)


def begin(house: House) -> int:
    """Begin a quick walk: one page, five answers."""
    champion = house.champion
    champion.opens(house.at())
    champion.presses("Begin a safety walk")
    champion.tab.locator("input[name=size][value=quick]").check()
    for name in ("is_open", "is_dark"):
        champion.tab.locator(f"input[name={name}][value=yes]").check()
    champion.chooses("About half full")
    champion.chooses("Dry")
    champion.presses("Begin")
    return int(champion.tab.url.split("/")[6])


def walk(house: House, audit: int, *, weak: dict[str, str], halves: bool) -> int:
    """Answer room by room, each by one of the two people in turn; how many answers."""
    answered = 0
    with house.city.app.app_context():
        found = walks.walk(house.scene.venue, audit, [Kind.OWN])
        assert found is not None
        rooms = found.rooms
        db.session.remove()
    for n, room in enumerate(rooms):
        who = house.floor if halves and n % 2 else house.champion
        who.opens(house.at(audit, "rooms", room.place))
        for question in room.questions:
            name = question.key.split(".")[1]
            field = who.tab.locator(f"input[name='{name}-answer']")
            answered += 1
            if name in weak and n < 7:
                field.last.check()
                who.tab.locator("summary", has_text="A note or a photo").nth(
                    [each.key for each in room.questions].index(question.key)
                ).click()
                who.tab.locator(f"textarea[name='{name}-note']").fill(weak[name])
                who.tab.locator(f"input[name='{name}-photo']").set_input_files(house.photo)
                who.chooses("Nobody can be seen on my photos")
            elif question.choices:
                field.nth(3 if question.answer == "feeling" else 0).check()
            else:
                field.fill("30")
        who.presses("Save and go on")
        # With scripts it waits until every answer that is on its way has arrived.
        who.tab.wait_for_url(lambda url, end=f"/{room.place}": not url.endswith(end))
        assert "There is a problem" not in who.words
    return answered


def finish(house: House) -> None:
    """Say who walked; the conditions are there from the beginning."""
    champion = house.champion
    champion.opens(house.at())
    champion.follows("Go on with your quick walk")
    champion.presses("Finish the walk")
    champion.chooses("Bar or floor staff")
    champion.tab.locator("input[name=woman][value=yes]").check()
    champion.presses("Finish")
    assert champion.heading.startswith("What the walk of")


def mend(house: House) -> None:
    """Each weak thing gets a person and a day; then it is mended, with a photo from after."""
    champion = house.champion
    champion.follows("See what is to be mended")
    champion.presses("Give the next one a person and a day")
    with house.city.app.app_context():
        day = clock.today()
    for left in reversed(range(FOUND)):
        assert champion.heading == "Who mends it, and by when?"
        champion.types("What will you do?", FIX)
        champion.tab.locator("select[name=owner]").select_option(index=1)
        for part, value in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
            champion.types(part, str(value))
        champion.chooses("Up to £100")
        champion.presses("Save")
        assert ("Here is the next one" in champion.words) == bool(left)
    for number in range(1, FOUND + 1):
        champion.opens(house.at("actions", number))
        assert WRONG in champion.words
        champion.presses("It is mended")
        champion.tab.locator("input[name=photo]").set_input_files(house.photo)
        champion.chooses("Nobody can be seen on my photo")
        champion.tab.get_by_role("button", name="It is mended").click()
        champion.tab.wait_for_load_state()
        assert "Mended. Well done." in champion.words
    with house.city.app.app_context():
        totals = actions.totals(house.scene.venue)
    assert (totals["open"], totals["done"]) == (0, FOUND)


def compare(house: House, audit: int) -> None:
    """The second walk says what changed, on the page and in the report."""
    champion = house.champion
    assert "Nothing weak was found" in champion.words
    assert "What changed since" in champion.words
    assert champion.words.count("Better") == FOUND
    with champion.tab.expect_download() as made:
        champion.tab.get_by_role("button", name="Download the report").click()
    pages = PdfReader(io.BytesIO(made.value.path().read_bytes())).pages
    words = " ".join(" ".join(page.extract_text() for page in pages).split())
    for each in ("What the safety walk found", "Place by place", "Better", "Women's toilets"):
        assert each in words
    assert f"Page 1 of {len(pages)}" in words


def facts_are_counted(house: House) -> None:
    """The charter counts the walk, the woman, the plans and the work done."""
    with house.city.app.app_context():
        rows = db.session.scalars(
            select(CountedFact).where(CountedFact.venue_id == house.scene.venue)
        )
        met = {row.fact: row.met for row in rows}
    assert {each: met.get(each) for each in (AFTER_DARK, WOMAN, PLANNED, DONE)} == {
        AFTER_DARK: True, WOMAN: True, PLANNED: True, DONE: True,
    }  # fmt: skip
