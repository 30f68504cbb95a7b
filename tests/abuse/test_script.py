"""Words that would be a program if anybody let them: in every field that is kept, on every page.

F091 and F092; OWASP ASVS 1.2.1, 1.2.10. The pages are read as a browser reads them.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

import html5lib
import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from charter.core.db import db
from charter.core.mail import OutboxMail
from tests import matrix
from tests.abuse.world import KEYS, NOBODY, World, made
from tests.page import Page, inspect
from tests.visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]
As = Callable[[int], Visitor]
# What ends an attribute, a tag, a title and a comment; what Jinja would work out; short enough
# for every field.
PROGRAM = "'\"--></title></textarea><b id=xss-{number} onload=a()>{{{{99*99}}}}"
WORKED_OUT = "9801"  # no time and no number of these pages


@dataclass
class Words:
    """The words of every field, each with a number of its own."""

    numbers: dict[str, int] = field(default_factory=dict)
    _next: Iterator[int] = field(default_factory=lambda: count(100))

    def __call__(self, name: str) -> str:
        """The words for a field."""
        number = self.numbers.setdefault(name, next(self._next))
        return PROGRAM.format(number=number)

    def seen_in(self, text: str) -> set[str]:
        """The fields whose words stand in a text, unharmed."""
        found = {int(number) for number in re.findall(r"<b id=xss-(\d+) onload=a\(\)>{{99", text)}
        return {name for name, number in self.numbers.items() if number in found}


@pytest.fixture
def words() -> Words:
    return Words()


@pytest.fixture
def world(app: Flask, words: Words) -> World:
    """A city in which every word is a program."""
    return made(app, words)


def faults(page: Page) -> Iterator[str]:
    """Whatever of the words became more than words."""
    for element in page.all("*"):
        given = {str(name).lower(): str(value) for name, value in element.attrib.items()}
        if given.get("id", "").startswith("xss-"):
            yield f"an element of theirs: {given}"
        yield from (f"a handler: {given}" for name in given if name.startswith("on"))
        for name in ("href", "src", "action", "formaction", "xlink:href"):
            if re.match(r"\s*(javascript|vbscript|data)\s*:", given.get(name, ""), re.IGNORECASE):
                yield f"an address that runs: {given}"
        if element.tag == "script" and not given.get("src", "").startswith("/static/"):
            yield "a script of theirs"
        if element.tag in ("iframe", "object", "embed", "base", "style"):
            yield f"a {element.tag}"


def everything_said(page: Page) -> str:
    """All words of a page, those in attributes too."""
    attributes = [str(each) for element in page.all("*") for each in element.attrib.values()]
    return "\n".join(["".join(page.tree.itertext()), *attributes])


def test_the_walk_would_see_a_program() -> None:
    """Words put into a page as they are become three things that the walk complains of."""
    raw = f"<title>{PROGRAM.format(number=1)}</title><a href='javascript:x'>x</a><script>y</script>"
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    assert len(set(faults(Page(200, raw, parser.parse(raw))))) == 4


# Kept to be counted, sent or weighed, or shown by a button: on no page that this walk opens.
NOT_SHOWN = {"withdrawn venue", "operator name", "does apply", "quiet", "person", "looks"}


def test_no_word_becomes_more_than_a_word(app: Flask, world: World, words: Words, as_: As) -> None:
    visitors = {name: as_(user_id) for name, user_id in world.people.items()}
    visitors[NOBODY] = Visitor(app)
    found: list[str] = []
    seen: set[str] = set()
    for route in matrix.routes():
        if route.method != "GET" or route.endpoint == "demo.inbox":
            continue
        for name in world.who_may(route):
            for url in world.addresses(route):
                answer = visitors[name].answer(url)
                answer.get_data()
                if answer.mimetype != "text/html" or answer.status_code == 303:
                    continue
                page = inspect(answer.text, answer.status_code, typed=True)
                found += [f"{name} at {url}: {fault}" for fault in faults(page)]
                seen |= words.seen_in(everything_said(page))
                assert WORKED_OUT not in page.title
    assert found == []
    assert set(words.numbers) - seen - NOT_SHOWN == set()


def test_a_search_says_its_words_back_as_words(world: World, client: Visitor) -> None:
    asked = PROGRAM.format(number=1)
    for url in (
        "/register?find=",
        "/verify?code=",
        "/sign-up/venue?q=",
        "/sign-up/new-venue?name=",
    ):
        page = inspect(client.answer(url + asked.replace("#", "%23")).text, 200, typed=True)
        assert list(faults(page)) == []


LINKS = [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<b>", "vbscript:x", "http://a.example",
    "//a.example", "https:a.example", "https://", "https://[", "https://[::1", "https://a", "ftp://a.example",
    "https://who:word@a.example", "https://\u2100.example", "https://a.example\x00", "\x01https://a.example",
    "https://a .example", "https:///a.example", "https://a.example:99999/", "https://a.example:x/",
]  # fmt: skip


@pytest.mark.parametrize("link", LINKS)
def test_only_the_address_of_a_page_is_a_link(app: Flask, world: World, as_: As, link: str) -> None:
    champion = as_(world.people["champion"])
    url = f"/venues/{world.venue}/requirements/{KEYS['link']}"
    answer = champion.sent(url, {"link": link, "step": "hand-in", "once": "a" * 32})
    page = inspect(answer.text, answer.status_code, typed=True)
    assert answer.status_code == 200
    assert page.errors
    assert list(faults(page)) == []


RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def cells(answer: str) -> list[str]:
    """Every cell of a spreadsheet, its heading left out."""
    rows = list(csv.reader(io.StringIO(answer.removeprefix("\ufeff"))))
    return [cell for row in rows[1:] for cell in row]


@pytest.mark.parametrize("start", ["=1+1", "+44 20", "-5", "@SUM(1)", "\uff1dcmd", " =1", "  @x"])
def test_no_cell_of_a_spreadsheet_is_a_formula(
    app: Flask, as_: As, client: Visitor, start: str
) -> None:
    world = made(app, lambda name: f"{start} {name}")
    found = cells(as_(world.people["officer"]).answer("/office/venues.csv").text)
    found += cells(client.answer("/register.csv").text)
    assert any(start.strip() in cell for cell in found)
    assert [cell for cell in found if cell.lstrip(" ").startswith(RISKY)] == []


def test_data_for_maps_is_data(world: World, words: Words, client: Visitor) -> None:
    answer = client.answer("/register.geojson")
    assert answer.mimetype == "application/geo+json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert isinstance(json.loads(answer.text), dict)


def test_a_certificate_prints_the_words_and_runs_nothing(
    world: World, words: Words, as_: As
) -> None:
    url = f"/venues/{world.venue}/certificates/{world.ids['certificate_id']}.pdf"
    content = as_(world.people["champion"]).answer(url).data
    reader = PdfReader(io.BytesIO(content))
    said = "".join(page.extract_text() for page in reader.pages)
    assert "onload" in said
    for key in (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/OpenAction"):
        assert key not in content
    # The one thing like a form is the field that holds the signature.
    assert {each["/FT"] for each in (reader.get_fields() or {}).values()} == {"/Sig"}


def test_no_mail_says_anything_that_somebody_wrote(app: Flask, world: World, words: Words) -> None:
    with app.app_context():
        mails = db.session.scalars(select(OutboxMail)).all()
        kinds = {row.kind for row in mails}
        said = "\n".join(f"{row.subject}\n{row.body}" for row in mails)
    assert len(kinds) >= 6
    assert words.seen_in(said) == set()
    assert "xss-" not in said
