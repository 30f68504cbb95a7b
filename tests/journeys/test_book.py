"""A night in the incident book: written, added to, read, closed, printed, and seen on the map.

On phones 360 px wide, with JavaScript off and on: by somebody at the bar, who writes it down, and
by the champion, who looks after the book.
"""

import io
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from charter import config
from charter.core.access import Role
from charter.rooms import looks
from tests.builders.accounts import make_member
from tests.builders.commitments import Scene, make_scene
from tests.builders.incidents import make_zone
from tests.journeys.city import City, Person, person, served

pytestmark = [pytest.mark.slow, pytest.mark.long_on_postgresql]

SEEN = "A man put his hand on her back, twice, by the speakers."
LATER = "She came back to the bar and told us that he had followed her from the stairs."
CHANGED = "A member of the door team now stands by the stairs after 23:00."
WORD_OF_A_SEAL = re.compile(r"seal [0-9A-Z]{4}-[0-9A-Z]{4}")


@dataclass
class House:
    """The venue and its two people, each with a phone of their own."""

    city: City
    scene: Scene
    floor: Person
    champion: Person

    def at(self, path: str) -> str:
        """An address of the venue's pages."""
        return f"/venues/{self.scene.venue}/{path}"


@pytest.fixture(params=[False, True], ids=["without scripts", "with scripts"])
def house(
    request: pytest.FixtureRequest, settings: config.Settings, browser: Browser
) -> Iterator[House]:
    with served(settings) as city, ExitStack() as phones:
        with city.app.app_context():
            scene = make_scene(name="The Lantern", name_key="lantern")
            make_zone(scene.venue)
            staff = make_member(Role.STAFF, venue=scene.venue).id
        floor, champion = (
            phones.enter_context(person(city, browser, width=360, javascript=request.param))
            for _ in range(2)
        )
        floor.is_signed_in(staff)
        champion.is_signed_in(scene.champion)
        yield House(city, scene, floor, champion)


def test_a_night_is_written_read_closed_printed_and_mapped(house: House) -> None:
    write(house)
    add_to_it(house)
    read_the_week(house)
    close(house)
    words = printed(house)
    for each in (SEEN, LATER, CHANGED, "The Lantern", "Page 1 of"):
        assert each in words
    assert WORD_OF_A_SEAL.search(words)
    look_at_the_map(house)
    for each in (house.floor, house.champion):
        assert each.tab.evaluate("document.documentElement.scrollWidth") <= 360
    assert "BAD" not in house.city.run("trail", "verify")
    assert "1 entries, seal" in house.city.run("book", "verify")


def write(house: House) -> None:
    """Somebody at the bar writes it down, on the first screen alone."""
    floor = house.floor
    floor.opens(house.at("book"))
    floor.presses("Write an entry")
    floor.tab.locator("summary", has_text="Sexual").click()
    for words in ("Unwanted touching or groping", "Dance floor", "Listened and believed"):
        floor.tab.locator(".pick label").get_by_text(words, exact=True).click()
    floor.types("What was seen and said", SEEN)
    floor.presses("Save entry")
    assert floor.heading == "Entry 1 is written"


def add_to_it(house: House) -> None:
    """They add what they heard later; what stood there stays."""
    floor = house.floor
    floor.follows("Open the entry")
    floor.presses("Add or correct")
    floor.types("What else was seen and said?", LATER)
    floor.presses("Save")
    assert SEEN in floor.words
    assert LATER in floor.words
    floor.opens(house.at("book"))
    assert "What you wrote" in floor.words


def read_the_week(house: House) -> None:
    """The champion reads what is new, ticks it, and signs the weeks in which nothing happened."""
    champion = house.champion
    champion.opens(house.at("book/week"))
    assert "Nobody has read these" in champion.words
    champion.presses("I have read up to entry 1")
    assert "1 entry read" in champion.words
    while champion.tab.get_by_role("button", name="Nothing to report").count():
        champion.presses("Nothing to report")
    assert "All is read" in champion.words


def close(house: House) -> None:
    """The champion says how it ended, and what was changed."""
    champion = house.champion
    champion.opens(house.at("book/1"))
    champion.presses("Close this entry")
    champion.presses("Close this entry")
    assert "Choose how it ended" in champion.words
    champion.chooses("The place was changed")
    champion.types("What was changed?", CHANGED)
    champion.chooses("Yes")
    champion.presses("Close this entry")
    assert CHANGED in champion.words


def printed(house: House) -> str:
    """The words of the register of the last four weeks."""
    champion = house.champion
    champion.opens(house.at("book/print"))
    with champion.tab.expect_download() as made:
        champion.tab.get_by_role("button", name="Make the register").click()
    paper = PdfReader(io.BytesIO(made.value.path().read_bytes()))
    return " ".join(" ".join(page.extract_text() for page in paper.pages).split())


def look_at_the_map(house: House) -> None:
    """The map is there without a plan, with its table: one entry does not make a hot spot.

    That the team looked at it before the night is written down.
    """
    champion = house.champion
    champion.opens(house.at("rooms"))
    row = champion.tab.locator("tbody tr", has_text="Dance floor").inner_text()
    assert "1 entry in your book" in champion.words
    assert "few or not recorded" in row
    assert champion.tab.locator("main svg").first.is_visible()
    champion.presses("We looked at the map")
    assert "It is noted that you looked at the map" in champion.words
    with house.city.app.app_context():
        assert looks.tonight(house.scene.venue) == ["map"]
