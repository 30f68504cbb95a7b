"""A venue with a book, its people, and its papers read back as text."""

import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select
from werkzeug.test import TestResponse

from charter.core.access import Role
from charter.core.db import CITY, db
from charter.core.trail import TrailEntry
from charter.incidents.models import Entry, PaperPage
from charter.registers import pages
from tests.builders.accounts import make_member
from tests.builders.incidents import make_zone
from tests.builders.venues import make_venue
from tests.visitor import Visitor

NIGHT = datetime(2026, 11, 20, 23, 41, tzinfo=UTC)
LONG_AGO = date(2020, 1, 1)


class House:
    """A venue, who works there, and questions about what is in its book."""

    def __init__(self, app: Flask, as_: Callable[[int], Visitor]) -> None:
        self.app = app
        with app.app_context():
            self.venue = make_venue(name="The Lantern", state="working").id
            self.zone = make_zone(self.venue)
            self.ids = {
                role: make_member(role, venue=self.venue, starts_on=LONG_AGO, name=name).id
                for role, name in ((Role.STAFF, "Kim Door"), (Role.MANAGER, "Robin Hale"))
            }
            db.session.remove()
        self.staff, self.manager = as_(self.ids[Role.STAFF]), as_(self.ids[Role.MANAGER])
        self.other_phone = as_(self.ids[Role.MANAGER])
        self.book = f"/venues/{self.venue}/book"

    def printed(self, first: date, last: date, **more: Any) -> TestResponse:
        """The answer to asking for the register of these nights."""
        sent = {**day("first", first), **day("last", last), **more}
        return self.manager.sent(f"{self.book}/print", sent)

    def trail(self, verb: str) -> list[tuple[int | None, dict[str, Any]]]:
        """What the venue's trail holds of a verb: of which number, and more."""
        with self.app.app_context():
            rows = db.session.scalars(
                select(TrailEntry)
                .where(TrailEntry.chain == self.venue, TrailEntry.verb == verb)
                .order_by(TrailEntry.number)
            )
            found = [(row.thing_id, dict(row.detail)) for row in rows]
            db.session.remove()
            return found

    def count(self, book: int) -> int:
        """How many entries a book has."""
        with self.app.app_context():
            found = len(db.session.scalars(select(Entry.id).where(Entry.book == book)).all())
            db.session.remove()
            return found

    def pages(self) -> list[tuple[int, str, str, int | None]]:
        """The printed pages: number, code, state, and the entry that each became."""
        with self.app.app_context():
            found = pages.some(self.venue)[::-1]
            told = [(each.row.number, each.code, each.state.value, each.entry) for each in found]
            db.session.remove()
            return told

    def rows(self) -> list[dict[str, Any]]:
        """The printed pages as they lie in the database."""
        with self.app.app_context():
            found = [
                {column.key: getattr(row, column.key) for column in PaperPage.__table__.columns}
                for row in db.session.scalars(select(PaperPage).order_by(PaperPage.number))
            ]
            db.session.remove()
            return found


def day(name: str, on: date) -> dict[str, str]:
    """A day as its three fields are sent."""
    return {f"{name}-{part}": str(getattr(on, part)) for part in ("day", "month", "year")}


def read(answer: TestResponse) -> list[str]:
    """The words of every page of a paper, in a line each."""
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    assert answer.mimetype == "application/pdf", answer.get_data(as_text=True)[:3000]
    assert answer.content_length == len(answer.get_data())
    return text_of(answer.get_data())


def text_of(content: bytes) -> list[str]:
    """The same from bytes; a file that is not whole fails."""
    reader = PdfReader(io.BytesIO(content), strict=True)
    return [re.sub(r"\s+", " ", page.extract_text()) for page in reader.pages]


__all__ = ["CITY", "NIGHT", "House", "day", "read", "text_of"]
