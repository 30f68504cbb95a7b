"""`python -m bench.book`: what an incident book costs at 200, 2,000 and 20,000 entries.

Each book is written by the program itself, line by line: a small one over eleven months, larger
ones at six entries a night, so that 20,000 are nine years of a busy place. Then, each by a process
of its own: the pages that people open most are asked for without a network in between, and the
register of all of it is printed, so that the memory told is that of printing alone.
"""

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from secrets import token_hex

from pypdf import PdfReader

from bench.alone import CHAMPION, application, memory, run, signed_in, visit
from bench.pages import Ask, Page
from charter import install
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock, steady
from charter.core.paper.handing import paper_file
from charter.editions import service as editions
from charter.incidents import chain, people, service
from charter.incidents.people import Somebody
from charter.registers import printing, register
from charter.registers.register import Cover
from charter.registers.rules import Period
from charter.venues.models import Venue, Zone
from tests.builders.accounts import make_member
from tests.builders.incidents import WHOLE, make_zone, writer
from tests.builders.venues import make_venue

AT_ONCE = 500
ENTRIES = [200, 2_000, 20_000]
SAID = " ".join(["He would not leave her alone, and went on when she had said no twice."] * 6)


def main() -> None:
    """Write each book, open it, print it, and say what that took."""
    run(
        "bench.book",
        __doc__ or "",
        ENTRIES,
        _write_book,
        {"open": _open_book, "print": _print_book},
    )


def _write_book(folder: Path, entries: int) -> None:
    app, began = application(folder), time.perf_counter()
    with app.app_context():
        install.prepare(False)
        since = clock.today() - timedelta(days=400)
        signed = {"edition_key": editions.current().key, "signed_on": since}
        venue_id = make_venue(state="working", **signed).id
        champion = make_member(Role.CHAMPION, venue=venue_id, starts_on=since, email=CHAMPION)
        zone, by = make_zone(venue_id), writer(champion.id)
        now = clock.now()
        for n in range(entries):
            if n % AT_ONCE == 0:
                commit()
                db.session.rollback()
                lock(CITY, venue_id)
                venue = db.session.get_one(Venue, venue_id)
            with clock.moved_to(now - timedelta(hours=(entries - n) * max(4, 8000 / entries))):
                happened = service.just_now()
                said = replace(WHOLE, happened=happened, zone_id=zone, said=SAID)
                entry = service.write(venue, said, by, once=token_hex(16))
                if n % 4 == 0:
                    people.add_people(entry, [Somebody("harmed", "18-24", "Ann")], by)
        commit()
        db.session.remove()
    print(f"{entries:6} entries: written in {time.perf_counter() - began:.0f} s", flush=True)


def _open_book(folder: Path) -> None:
    """The pages that people open most, and a saved entry: milliseconds and statements."""
    app = application(folder)
    with app.app_context():
        session = signed_in()
        venue_id, zone = db.session.query(Venue.id, Zone.id).join(Zone).one()
        db.session.remove()
    visit(app, _pages(venue_id, zone, session))


def _pages(venue_id: int, zone: int, session: str) -> list[Page]:
    def again(path: str) -> Iterator[Ask]:
        return itertools.repeat(Ask(f"/venues/{venue_id}/{path}", session=session))

    def entries() -> Iterator[Ask]:
        said = {"kinds": "sexual.touching", "when": "now", "zone": str(zone), "said": SAID}
        while True:
            fields = {**said, "actions": "listened", "acted": "me", "once": token_hex(16)}
            yield Ask(f"/venues/{venue_id}/book/new", "POST", session=session, fields=fields)

    return [
        Page("first", "the book's first page", "", again("book")),
        Page("rooms", "the map of the rooms", "", again("rooms")),
        Page("week", "this week's reading", "", again("book/week")),
        Page("entry", "an entry", "", again("book/100")),
        Page("save", "saving an entry", "", entries(), 303),
    ]


def _print_book(folder: Path) -> None:
    app = application(folder)
    with app.app_context():
        venue = db.session.query(Venue).one()
        today = clock.today()
        period = Period(today - timedelta(days=4000), today)
        cover = Cover(venue.name, "1 Street", "#4b2e83", "Somebody", clock.now())
        venue_id = venue.id
        db.session.rollback()
        lock(venue_id)
        begun = printing.begin(venue_id, period, with_names=True, by=None)
        db.session.rollback()
        before = memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")
        began = time.perf_counter()
        check = next(iter(chain.verify(only=begun.venue_id)))
        checked = time.perf_counter()
        after_check = memory("VmHWM")
        db.session.rollback()
        steady()
        with paper_file() as file:
            register.draw(file, cover, begun)
            took, size = time.perf_counter() - checked, file.tell()
            most = memory("VmHWM")
            file.seek(0)
            pages = len(PdfReader(file).pages)
    print(
        f"        check alone {checked - began:.1f} s ({check.fault or 'it verifies'}), "
        f"with the register {took:.1f} s; {pages} pages, {size / 1e6:.1f} MB; "
        f"memory {before:.0f} MB before, {after_check:.0f} most while checking, {most:.0f} most",
        flush=True,
    )


if __name__ == "__main__":
    main()
