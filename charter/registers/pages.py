"""Blank numbered pages for the door: printed, spoiled, and typed in once.

Verbs need the book's lock, note the trail and do not commit. A page that is typed in as an entry
about somebody in charge stays as it was: the office's entry says that it was first on paper, and
not on which page.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement, func, select

from charter.core import clock, codes, trail
from charter.core.db import db
from charter.core.errors import Refused
from charter.core.text import in_words
from charter.incidents import reading as book
from charter.incidents import service
from charter.incidents.models import Entry, PaperPage
from charter.incidents.rules import LATE_HOURS
from charter.incidents.service import Paper, Writer, Written
from charter.registers import rules
from charter.registers.rules import State
from charter.venues.models import Venue

CODE_LENGTH = 8  # 40 random bits: enough where nobody gets in without an account of the venue
AT_ONCE = 25
NOT_BLANK = {
    State.TYPED_IN: "This page is typed in already",
    State.SPOILED: "This page was marked as spoiled, so nothing is typed in from it",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A printed page and what became of it; `entry` is the number it was typed in as."""

    row: PaperPage
    entry: int | None

    @property
    def state(self) -> State:
        """What became of it."""
        if self.entry is not None:
            return State.TYPED_IN
        return State.SPOILED if self.row.spoiled_on else State.BLANK

    @property
    def code(self) -> str:
        """Its code as it is printed."""
        return codes.grouped(self.row.code)


def page(venue_id: int, typed: str) -> Page | None:
    """The page of a venue with the code that somebody typed, or None."""
    code = codes.normalise(typed, CODE_LENGTH)
    found = _found(venue_id, PaperPage.code == code) if code else []
    return found[0] if found else None


def some(venue_id: int, *, before: int | None = None) -> list[Page]:
    """A screen of a venue's pages, the newest first; `before` is the number to go on below."""
    return _found(venue_id, *([] if before is None else [PaperPage.number < before]))


def between(venue_id: int, first: int, last: int) -> list[Page]:
    """The pages with these numbers, in order."""
    return _found(venue_id, PaperPage.number.between(first, last), limit=rules.MOST_PAGES)[::-1]


def _found(venue_id: int, *which: ColumnElement[bool], limit: int = AT_ONCE) -> list[Page]:
    rows = db.session.execute(
        select(PaperPage, Entry.number)
        .outerjoin(Entry, (Entry.paper_page_id == PaperPage.id) & (Entry.book == venue_id))
        .where(PaperPage.venue_id == venue_id, *which)
        .order_by(PaperPage.number.desc())
        .limit(limit)
    )
    return [Page(row, number) for row, number in rows]


def last_number(venue_id: int) -> int:
    """The number of the newest page of a venue; 0 before the first."""
    query = select(func.max(PaperPage.number)).where(PaperPage.venue_id == venue_id)
    return db.session.scalar(query) or 0


def print_more(venue_id: int, count: int, *, after: int, by: int) -> Sequence[PaperPage]:
    """Make so many new pages, numbered on from `after`, which has to be the newest one.

    So a form that is sent twice prints once. Refuses too many, none, and what was overtaken.
    """
    if not 1 <= count <= rules.MOST_PAGES:
        raise Refused(f"Enter how many pages, from 1 to {rules.MOST_PAGES}", "count")
    if last_number(venue_id) != after:
        raise Refused(
            "New pages were made since you opened this. Look at the list below: if you have not "
            "got them, open one of them and print it again"
        )
    now, made = clock.now(), _codes(count)
    rows = [
        PaperPage(venue_id=venue_id, number=number, code=code, printed_at=now, printed_by=by)
        for number, code in enumerate(made, after + 1)
    ]
    db.session.add_all(rows)
    db.session.flush()
    _note("pages.printed", venue_id, by, first=rows[0].number, last=rows[-1].number)
    return rows


def _codes(count: int) -> set[str]:
    """So many new codes that no page has."""
    found: set[str] = set()
    while len(found) < count:
        drawn = codes.new_code(secrets.token_bytes(codes.CODE_BYTES))[:CODE_LENGTH]
        if db.session.scalar(select(PaperPage.id).where(PaperPage.code == drawn)) is None:
            found.add(drawn)
    return found


def spoil(found: Page, *, by: int) -> None:
    """Say that a page was torn, lost or not used. Twice is no fault; refuses one typed in."""
    if found.state is State.TYPED_IN:
        raise Refused(NOT_BLANK[State.TYPED_IN])
    if found.state is State.BLANK:
        found.row.spoiled_on, found.row.spoiled_by = clock.today(), by
        _note("page.spoiled", found.row.venue_id, by, page=found.row.number)


def unspoil(found: Page, *, by: int) -> None:
    """Say that a page that was marked as spoiled is there after all."""
    if found.state is State.SPOILED:
        found.row.spoiled_on, found.row.spoiled_by = None, None
        _note("page.found", found.row.venue_id, by, page=found.row.number)


@dataclass(frozen=True, slots=True)
class Hand:
    """Who wrote on a page, and on which day."""

    by: str
    on: date


def type_in(
    venue: Venue, found: Page, written: Written, hand: Hand, writer: Writer, *, once: str,
    late_hours: int = LATE_HOURS,
) -> Entry:  # fmt: skip
    """Write the entry that stands on a page; the same `once` again gives the same entry.

    Refuses a page that is typed in or spoiled, a day on which nobody can have written on it, and
    what `incidents.service.write` refuses. Needs the lock of the entry's book, and the venue's.
    """
    known = service.by_once(venue.id, once, writer)
    if known is not None and known.book == service.book_of(venue.id, written):
        return known
    if found.state is not State.BLANK:
        raise Refused(NOT_BLANK[found.state])
    if written.happened is not None:
        printed_on = clock.local(found.row.printed_at).date()
        happened_on = written.happened.wall.date()
        rules.judge_written(hand.on, happened_on, printed_on, clock.today())
    if written.is_restricted:
        told = f"First written on paper by {hand.by} on {in_words(hand.on)}, then typed in."
        written = replace(written, late_why=written.late_why or told)
        return service.write(venue, written, writer, once=once, late_hours=late_hours)
    paper = Paper(found.row.id, hand.by, hand.on)
    return service.write(venue, written, writer, once=once, paper=paper, late_hours=late_hours)


def is_own(venue_id: int, number: int, user_id: int) -> bool:
    """Whether somebody wrote (or typed in) this entry themselves."""
    entry = book.entry(venue_id, number)
    return entry is not None and entry.by_user_id == user_id


def _note(verb: str, venue_id: int, by: int, **detail: int) -> None:
    trail.note(verb, "venue", venue_id, venue_id=venue_id, by=by, **detail)
