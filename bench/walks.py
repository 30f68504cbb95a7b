"""`python -m bench.walks`: what a safety walk costs: a room saved, and its report with photos.

A whole walk through 30 places is answered by the program itself, with 0, 50 and 150 photos. Then,
each by a process of its own: its pages are asked for without a network in between, a room is
saved, and the report is written, so that the memory told is that of the report alone.
"""

import io
import itertools
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from secrets import token_hex

from pypdf import PdfReader
from werkzeug.datastructures import FileStorage

from bench.alone import CHAMPION, application, memory, run, signed_in, visit
from bench.pages import Ask, Page
from charter import install
from charter.audits import pages, report, service, walks
from charter.audits.models import Audit
from charter.audits.rules import Kind
from charter.audits.walks import Conditions, Given, Seen
from charter.core import clock, files
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.paper.handing import paper_file
from charter.editions import service as editions
from charter.venues import places, zones
from charter.venues.models import Venue
from tests.builders.accounts import make_member
from tests.builders.pictures import make_photo
from tests.builders.venues import make_venue

PHOTOS = [0, 50, 150]
NOW = Conditions(is_open=True, is_dark=True, fullness="half", weather="dry")


def main() -> None:
    """Walk, open, save, print, and say what that took."""
    run("bench.walks", __doc__ or "", PHOTOS, _walk, {"open": _open, "print": _print})


def _walk(folder: Path, photos: int) -> None:
    """Two walks of one venue: one that is finished, with so many photos, and one under way."""
    app, began = application(folder), time.perf_counter()
    shot = make_photo((1600, 1200))
    with app.app_context():
        install.prepare(False)
        since = clock.today() - timedelta(days=100)
        signed = {"edition_key": editions.current().key, "signed_on": since}
        venue_id = make_venue(state="working", **signed).id
        by = make_member(Role.CHAMPION, venue=venue_id, starts_on=since, email=CHAMPION).id
        db.session.rollback()
        lock(CITY, venue_id)
        places.set_rooms(venue_id, [each.key for each in zones.to_choose()], by=by)
        left = itertools.count()
        for is_finished in (True, False):
            row = service.begin(venue_id, Kind.OWN, NOW, is_quick=False, by=by, once=token_hex(16))
            walk = walks.with_answers(row)
            for room in walk.rooms if is_finished else walk.rooms[:1]:
                given = []
                for each in room.questions:
                    has_photo = is_finished and next(left) < photos
                    photo = _received(shot) if has_photo else None
                    given.append(Given(each.key, min(each.choices, default=1), "", Seen(), photo))
                given = [
                    each if each.value != -1 else Given(each.question, 0, "", Seen(), each.photo)
                    for each in given
                ]
                service.save(walk, room, given, by=by)
            if is_finished:
                service.finish(walk, NOW, ["bar"], woman_took_part=True, note="", by=by)
        commit()
        db.session.remove()
    took = time.perf_counter() - began
    print(f"{photos:4} photos: walked in {took:.0f} s", flush=True)


def _received(content: bytes) -> files.Received:
    return files.receive(FileStorage(io.BytesIO(content), filename="photo.jpg"))


def _open(folder: Path) -> None:
    """The pages of a walk, and a saved room: milliseconds and statements."""
    app = application(folder)
    with app.app_context():
        session = signed_in()
        venue_id = db.session.query(Venue.id).scalar()
        done, running = (each for (each,) in db.session.query(Audit.id).order_by(Audit.id))
        walk = walks.walk(venue_id, running, [Kind.OWN])
        assert walk is not None
        names = [each.key.split(".")[1] for each in walk.rooms[0].questions]
        place = walk.rooms[0].place
        db.session.remove()
    visit(app, _pages(f"/venues/{venue_id}/audits", done, running, place, names, session))


def _pages(
    base: str, done: int, running: int, place: str, names: list[str], session: str
) -> list[Page]:
    def again(path: str) -> Iterator[Ask]:
        return itertools.repeat(Ask(f"{base}{path}", session=session))

    def saves() -> Iterator[Ask]:
        """Every answer of the first room, another one each time."""
        version, value = 1, 1
        while True:
            seen = {f"{name}-seen": f"{version}.{value}.0" for name in names}
            value, version = 3 - value, version + 1
            fields = {**seen, **{f"{name}-answer": str(value) for name in names}}
            yield Ask(f"{base}/{running}/rooms/{place}", "POST", session=session, fields=fields)

    return [
        Page("first", "the first page of walks", "", again("")),
        Page("room", "a room to answer", "", again(f"/{running}/rooms/{place}")),
        Page("save", "saving a room", "", saves(), 303),
        Page("result", "what a walk found", "", again(f"/{done}")),
        Page("board", "what is to be mended", "", again("/actions")),
    ]


def _print(folder: Path) -> None:
    app = application(folder)
    with app.test_request_context():
        venue = db.session.query(Venue).one()
        row = db.session.query(Audit).order_by(Audit.id).first()
        assert row is not None
        head = report.Head(venue, "#4b2e83", "charter.example/venues/1/audits/1", clock.now())
        found = pages.result(walks.with_answers(row))
        before = memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")
        began = time.perf_counter()
        with paper_file() as file:
            report.draw(file, head, found, {})
            took, size = time.perf_counter() - began, file.tell()
            most = memory("VmHWM")
            file.seek(0)
            count = len(PdfReader(file).pages)
    print(
        f"        the report {took:.1f} s; {count} pages, {size / 1e6:.1f} MB; "
        f"memory {before:.0f} MB before, {most:.0f} most",
        flush=True,
    )


if __name__ == "__main__":
    main()
