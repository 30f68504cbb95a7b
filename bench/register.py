"""`python -m bench.register 200 2000`: how long a register takes, and how much memory.

Each book is written by the program itself, line by line, and printed by a process of its own, so
that the memory is that of printing alone.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from secrets import token_hex

from flask import Flask
from pypdf import PdfReader

from charter import config, install
from charter.app import create_app
from charter.core import clock
from charter.core.db import CITY, commit, db, lock, steady
from charter.incidents import chain, people, service
from charter.incidents.people import Somebody
from charter.registers import printing, register
from charter.registers.register import Cover
from charter.registers.rules import Period
from charter.registers.views import paper_file
from charter.venues.models import Venue
from tests.builders.incidents import WHOLE, make_zone, writer
from tests.builders.venues import make_venue

AT_ONCE = 500
SAID = " ".join(["He would not leave her alone, and went on when she had said no twice."] * 6)
MEGABYTE = 1024.0


def main() -> None:
    """Write each book, print it, and say what that took."""
    parser = argparse.ArgumentParser(prog="python -m bench.register", description=__doc__)
    parser.add_argument("entries", type=int, nargs="*", default=[200, 2000])
    parser.add_argument("--print", dest="folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        _print_book(options.folder)
        return
    for entries in options.entries:
        with tempfile.TemporaryDirectory(prefix="charter-bench-") as name:
            _write_book(Path(name), entries)
            command = [sys.executable, "-m", "bench.register", "--print", name]
            subprocess.run(command, check=True)


def _app(folder: Path) -> Flask:
    url = f"sqlite:///{folder / 'book.sqlite'}"
    return create_app(config.load({"INSTANCE": str(folder), "DEMO": "0", "DATABASE_URL": url}))


def _write_book(folder: Path, entries: int) -> None:
    install.write_settings(folder, False)
    app, began = _app(folder), time.perf_counter()
    with app.app_context():
        install.prepare(False)
        venue_id = make_venue(state="working").id
        zone, by = make_zone(venue_id), writer()
        now = clock.now()
        for n in range(entries):
            if n % AT_ONCE == 0:
                commit()
                db.session.rollback()
                lock(CITY, venue_id)
                venue = db.session.get_one(Venue, venue_id)
            with clock.moved_to(now - timedelta(hours=(entries - n) * 8000 / entries)):
                happened = service.just_now()
                said = replace(WHOLE, happened=happened, zone_id=zone, said=SAID)
                entry = service.write(venue, said, by, once=token_hex(16))
                if n % 4 == 0:
                    people.add_people(entry, [Somebody("harmed", "18-24", "Ann")], by)
        commit()
        db.session.remove()
    print(f"{entries:6} entries: written in {time.perf_counter() - began:.0f} s", flush=True)


def _print_book(folder: Path) -> None:
    app = _app(folder)
    with app.app_context():
        venue = db.session.query(Venue).one()
        today = clock.today()
        period = Period(today - timedelta(days=400), today)
        cover = Cover(venue.name, "1 Street", "#4b2e83", "Somebody", clock.now())
        venue_id = venue.id
        db.session.rollback()
        lock(venue_id)
        begun = printing.begin(venue_id, period, with_names=True, by=None)
        db.session.rollback()
        before = _memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")
        began = time.perf_counter()
        check = next(iter(chain.verify(only=begun.venue_id)))
        checked = time.perf_counter()
        after_check = _memory("VmHWM")
        db.session.rollback()
        steady()
        with paper_file() as file:
            register.draw(file, cover, begun)
            took, size = time.perf_counter() - checked, file.tell()
            most = _memory("VmHWM")
            file.seek(0)
            pages = len(PdfReader(file).pages)
    print(
        f"        check alone {checked - began:.1f} s ({check.fault or 'it verifies'}), "
        f"with the register {took:.1f} s; {pages} pages, {size / 1e6:.1f} MB; "
        f"memory {before:.0f} MB before, {after_check:.0f} most while checking, {most:.0f} most",
        flush=True,
    )


def _memory(what: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / MEGABYTE
    raise RuntimeError(f"this machine does not tell {what}")


if __name__ == "__main__":
    main()
