"""What an entry about somebody in charge shows to the place it is about: nothing (F072, F076).

The same people open everything that they may open, twice: once with the entry in the office's own
series, once without. Every answer, file, mail and header must be the same, byte for byte.
"""

import io
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from charter.cli import run_nightly
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, db
from charter.core.mail import OutboxMail
from charter.incidents.models import Entry
from tests import matrix
from tests.abuse.world import made
from tests.builders.accounts import sign_in_as
from tests.visitor import Visitor

pytestmark = [pytest.mark.sqlite_only, pytest.mark.slow]
# The venue's own, from its champion to whoever wrote the entry, and others who see venues.
PEOPLE = ("champion", Role.MANAGER, Role.STAFF, Role.AREA_MANAGER, Role.AUDITOR)
LINK = re.compile(rb'href="(/[^"#]*)')
# What is random in every answer, whatever the database says.
RANDOM = re.compile(
    rb'name="[\w-]*(?:csrf_token|once)"[^>]*>|nonce-[\w-]+|/ID\s*\[[^\]]*\]|\b[0-9a-f]{32}\b'
)
# A seal covers the keys of its entries, and they are random.
SEAL = re.compile(r"seal [0-9A-F-]+")
PRINTED_SEAL, UNBROKEN = re.compile(r"(?:[0-9A-F]{4}-){3,}[0-9A-F]{4}"), re.compile(r"[ \t]+")
# Headers that say the same of the same body, whenever it is made.
UNSTEADY = {"Set-Cookie", "Date", "X-Request-Id"}
# An empty sheet to fill in carries the time at which the library made it, and nothing of the book.
NOT_OPENED = re.compile(r"/sign-out|/static/|.*/staff/template$")
Seen = dict[str, tuple[int, Mapping[str, str], bytes]]
ABOUT = "Our manager follows people into the cellar"


class City:
    """The world of these tests, which can be put back to how it was."""

    def __init__(self, app: Flask) -> None:
        self.app, self.world = app, made(app)
        with app.app_context():
            self.file = Path(make_url(str(db.engine.url)).database or "")
        self.kept = self.file.with_suffix(".kept")
        self._swap(self.file, self.kept)

    def put_back(self) -> None:
        """Everything that happened since is undone."""
        self._swap(self.kept, self.file)

    def _swap(self, source: Path, target: Path) -> None:
        with self.app.app_context():
            db.session.remove()
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()
        shutil.copyfile(source, target)

    def write(self, person: str, **said: Any) -> str:
        """Have somebody send the form of an entry; where the answer leads."""
        sent = {
            "once": token_hex(16), "when": "now", "said": ABOUT, "actions": ["listened"],
            "relation": "customer", "kinds": ["sexual.comments"], "cctv": "no", **said,
        }  # fmt: skip
        answer = self.visitor(person).sent(f"/venues/{self.world.venue}/book/new", sent)
        assert answer.status_code in (200, 303), answer.get_data(as_text=True)[:3000]
        return answer.headers.get("Location") or answer.get_data(as_text=True)

    def visitor(self, person: str) -> Visitor:
        """One of its people, signed in."""
        visitor = Visitor(self.app)
        sign_in_as(visitor.client, self.world.people[person])
        return visitor

    def crawl(self, person: str, *, follows: bool = True) -> Seen:
        """Every address that somebody may open or finds a link to, with what it answers."""
        visitor, seen, waiting = self.visitor(person), Seen(), list(self._starts(person))
        while waiting:
            address = waiting.pop()
            if address in seen or NOT_OPENED.match(address):
                continue
            if person != "champion" and "/requirements/" in address:
                continue  # the same page as the champion's, without its forms
            answer = visitor.answer(address)
            body = answer.get_data()
            headers = {k: v for k, v in answer.headers.items() if k not in UNSTEADY}
            seen[address] = (answer.status_code, headers, _steady(answer.mimetype, body))
            if answer.mimetype == "text/html" and follows:
                waiting += [link.decode().replace("&amp;", "&") for link in LINK.findall(body)]
        return seen

    def _starts(self, person: str) -> Iterator[str]:
        yield "/"
        for route in matrix.routes():
            if route.method == "GET" and person in self.world.who_may(route):
                yield from self.world.addresses(route)

    def printed(self) -> str:
        """The words of the register of a year, and of how many pages they are."""
        today = clock.now().date()
        first = {"first-day": 1, "first-month": today.month, "first-year": today.year - 1}
        last = {"last-day": today.day, "last-month": today.month, "last-year": today.year}
        asked = {**first, **last, "names": "y"}
        answer = self.visitor("champion").sent(f"/venues/{self.world.venue}/book/print", asked)
        assert answer.mimetype == "application/pdf", answer.get_data(as_text=True)[:3000]
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(answer.get_data())).pages]
        return UNBROKEN.sub(" ", PRINTED_SEAL.sub("", "\n\n".join(pages)))

    def mailed(self) -> list[tuple[str, str, str]]:
        """What the nights until next week mail to anybody but the office."""
        office = self.app.extensions["charter.settings"].city.office_email
        now = clock.now()
        for day in range(1, 8):
            with clock.moved_to(now + timedelta(days=day)), self.app.app_context():
                run_nightly()
                db.session.remove()
        with self.app.app_context():
            rows = db.session.scalars(select(OutboxMail)).all()
            mails = sorted((row.recipient, row.kind, SEAL.sub("", row.body or "")) for row in rows)
            db.session.remove()
        return [each for each in mails if each[0] != office]

    def entries(self, book: int) -> int:
        """How many entries a book has."""
        with self.app.app_context():
            count = db.session.scalar(select(func.count(Entry.id)).where(Entry.book == book))
            db.session.remove()
        return count or 0


def _steady(mimetype: str, body: bytes) -> bytes:
    if mimetype == "application/vc+jwt":
        return body.rpartition(b".")[0]  # a signature is another one each time
    if mimetype != "application/zip":
        return RANDOM.sub(b"", body)
    with zipfile.ZipFile(io.BytesIO(body)) as parts:
        return b"\n".join(name.encode() + parts.read(name) for name in sorted(parts.namelist()))


@pytest.fixture
def city(app: Flask) -> Iterator[City]:
    """The world, on a clock that stands still: the same question has one answer."""
    with clock.moved_to(clock.now()):
        yield City(app)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The addresses that do not answer the same, each with where its answer begins to differ."""
    return sorted(
        f"{each}: {_first(str(before.get(each)), str(after.get(each)))}"
        for each in before.keys() | after.keys()
        if before.get(each) != after.get(each)
    )


def _first(one: str, other: str) -> str:
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return f"{one[max(0, at - 60) : at + 60]!r}, {other[max(0, at - 60) : at + 60]!r}"


def test_nothing_of_the_place_differs_by_an_entry_about_somebody_in_charge(city: City):
    found: list[dict[str, Any]] = []
    for with_it in (False, True):
        city.put_back()
        if with_it:
            before = city.entries(CITY)
            city.write(Role.STAFF, relation="in-charge")
            city.write("champion", kinds=["staff.by-manager"])
            assert city.entries(CITY) == before + 2
        else:  # they are there, and write nothing
            city.visitor(Role.STAFF)
            city.visitor("champion")
        # What follows takes the next number, id and place in the trail, with and without.
        assert "/book/" in city.write("champion")
        seen = {person: city.crawl(person) for person in PEOPLE}
        found.append(
            {f"{person} {path}": each for person in PEOPLE for path, each in seen[person].items()}
            | {"register": city.printed(), "mails": city.mailed()}
        )
    without, with_them = found
    assert len(without) > 150
    assert any(path.endswith("/book") for path in without)
    assert "Entry 3" in without["register"]
    assert differences(without, with_them) == []


def test_an_ordinary_entry_does_differ(city: City):
    """The other way round: the crawl sees one entry more, in its page and in its mails."""
    before = city.crawl("champion", follows=False)
    city.write(Role.STAFF)
    changed = differences(before, city.crawl("champion", follows=False))
    assert any(each.startswith(f"/venues/{city.world.venue}/book:") for each in changed)
