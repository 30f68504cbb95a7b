"""`python -m bench.evidence`: what evidence costs, and a batch of certificates.

A venue of so many years is written by the program itself: 400 entries of the book, 600 training
rows and 40 files a year, so that five years are 2,000, 3,000 and 200. Then, each by a process of
its own, so that the memory told is that of the act alone: the evidence report is drawn, the pack
is made and thrown away piece by piece, and a hundred certificates of other venues are renewed.
"""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex

from sqlalchemy import insert, select

from bench.alone import CHAMPION, application, memory, run
from charter import install
from charter.auditors import evidence, pack, sections
from charter.certificates import together
from charter.certificates.models import Certificate
from charter.certificates.rules import CODE_BYTES, new_code, serial
from charter.commitments.models import VenueStanding
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock, next_number
from charter.core.paper.handing import paper_file
from charter.editions import service as editions
from charter.incidents import service as book
from charter.incidents.service import Writer
from charter.proofs import decisions
from charter.proofs.models import Evidence
from charter.staff.service import Starter
from charter.training.models import TrainingRecord
from charter.venues.models import Venue
from tests.builders.accounts import make_member
from tests.builders.commitments import Scene, hand_in
from tests.builders.incidents import WHOLE, make_zone, writer
from tests.builders.staff import names, put_people
from tests.builders.venues import make_venue

YEARS = [1, 5]
ENTRIES, RECORDS, FILES, PEOPLE, BATCH = 400, 600, 40, 60, 100
KEYS = ("message.poster-words", "staff.policy", "message.who-to-tell", "staff.ways-to-tell")


def main() -> None:
    """Write each venue, make its papers, and say what that took."""
    acts = {"report": _report, "pack": _pack, "batch": _batch}
    run("bench.evidence", __doc__ or "", YEARS, _write, acts)


def _write(folder: Path, years: int) -> None:
    app, began = application(folder), time.perf_counter()
    days = years * 365
    with app.app_context():
        install.prepare(False)
        since = clock.today() - timedelta(days=days + 30)
        signed = {"edition_key": editions.current().key, "signed_on": since}
        venue_id = make_venue(state="working", **signed).id
        champion = make_member(Role.CHAMPION, venue=venue_id, starts_on=since, email=CHAMPION).id
        officer = make_member(Role.OFFICER).id
        zone, by, now = make_zone(venue_id), writer(champion), clock.now()
        _entries(venue_id, zone, by, now, days, years * ENTRIES)
        scene = Scene(venue_id, champion, officer)
        for n in reversed(range(years * FILES)):
            at = now - timedelta(days=2 + n * days / (years * FILES))
            with clock.moved_to(at):
                proof = hand_in(venue_id, KEYS[n % len(KEYS)], by=champion).id
                db.session.rollback()
                lock(CITY, venue_id)
                _decide(scene, proof)
                commit()
        _records(venue_id, champion, days, years * RECORDS)
        _certified(officer)
        db.session.remove()
    print(f"{years} years: written in {time.perf_counter() - began:.0f} s", flush=True)


def _decide(scene: Scene, proof: int) -> None:
    if db.session.get_one(Evidence, proof).state == "waiting":
        decisions.accept(scene.venue, proof, by=scene.officer)


def _entries(venue_id: int, zone: int, by: Writer, now: datetime, days: int, count: int) -> None:
    for n in range(count):
        if n % 500 == 0:
            commit()
            db.session.rollback()
            lock(CITY, venue_id)
            venue = db.session.get_one(Venue, venue_id)
        with clock.moved_to(now - timedelta(hours=24 + (count - n) * days * 24 / count)):
            happened = book.just_now()
            said = replace(WHOLE, happened=happened, zone_id=zone)
            book.write(venue, said, by, once=token_hex(16))
    commit()


def _records(venue_id: int, by: int, days: int, count: int) -> None:
    """People of the list, and what they did over the years, the newest yesterday."""
    people = put_people(venue_id, *(Starter(name, "bar") for name in names(PEOPLE)), by=by)
    ids, today, now = list(people.values()), clock.today(), clock.now()
    keys = ("respond", "record", "bystander", "spiking")
    rows = []
    for n in range(count):
        ago = 1 + n * days // count
        done = today - timedelta(days=ago)
        rows.append({
            "member_id": ids[n % PEOPLE], "venue_id": venue_id, "course_key": keys[n // PEOPLE % 4],
            "course_version": "1", "done_on": done, "lasts_until": done + timedelta(days=365),
            "source": "list", "recorded_at": now - timedelta(days=ago),
        })  # fmt: skip
    db.session.execute(insert(TrainingRecord), rows[::-1])
    db.session.commit()


def _certified(officer: int) -> None:
    """A hundred venues whose certificates run out within the month and whose records are alive."""
    today, key = clock.today(), editions.current().key
    signed = {"edition_key": key, "signed_on": today - timedelta(days=400)}
    ids = [make_venue(name=f"Certified {n}", state="working", **signed).id for n in range(BATCH)]
    db.session.execute(insert(VenueStanding), [
        {"venue_id": each, "edition_key": key, "commitments_met": 7, "commitments": 7,
         "essentials_met": 32, "essentials": 32, "all_met": True, "any_lapsed": False,
         "holds_until": today + timedelta(days=300), "lapses_key": "message.posters-up",
         "assessed_on": today}
        for each in ids
    ])  # fmt: skip
    db.session.commit()
    db.session.rollback()
    lock(CITY)
    for each in ids:
        db.session.add(Certificate(
            serial=serial(today.year, next_number(f"certificate-{today.year}")),
            code=new_code(each.to_bytes(CODE_BYTES)), venue_id=each, edition_key=key,
            facts={"venue_name": "A venue"}, pdf=b"%PDF-", sha256=each.to_bytes(32),
            proposed_by=officer, issued_by=officer, valid_from=today - timedelta(days=350),
            valid_until=today + timedelta(days=9), status_list=1, status_index=each,
        ))  # fmt: skip
    db.session.commit()


def _about() -> sections.Asked:
    venue = db.session.query(Venue).order_by(Venue.id).first()
    assert venue is not None
    return sections.asked(venue, clock.today() - timedelta(days=1))


def _report(folder: Path) -> None:
    app = application(folder)
    with app.app_context(), paper_file() as file:
        about, before = _about(), memory("VmRSS")
        began = time.perf_counter()
        evidence.draw(file, about)
        took = time.perf_counter() - began
        size, most = file.tell(), memory("VmHWM")
        from pypdf import PdfReader  # only now: it is no part of what is measured

        file.seek(0)
        print(
            f"        evidence report           {took:.1f} s, {len(PdfReader(file).pages)} pages, "
            f"{size / 1024:.0f} KB; {before:.0f} MB before, {most:.0f} MB at most",
            flush=True,
        )
        db.session.remove()


def _pack(folder: Path) -> None:
    app = application(folder)
    with app.app_context():
        about, before = _about(), memory("VmRSS")
        began = time.perf_counter()
        first, size = 0.0, 0
        for part in pack.parts(about):
            first = first or time.perf_counter() - began
            size += len(part)
        took, most = time.perf_counter() - began, memory("VmHWM")
        print(
            f"        evidence pack             {took:.1f} s, first bytes after {first:.1f} s, "
            f"{size / 1048576:.1f} MB; {before:.0f} MB before, {most:.0f} MB at most",
            flush=True,
        )
        db.session.remove()


def _batch(folder: Path) -> None:
    app = application(folder)
    app.extensions["charter.settings"] = replace(
        app.extensions["charter.settings"], is_public=True, public_url="https://charter.example"
    )
    with app.app_context():
        one, other = (
            make_member(Role.OFFICE_ADMIN, email=f"{name}@office.example").id for name in "ab"
        )
        while (page := together.page(together.RENEW)).rows:
            ids = [row.venue.id for row in page.rows]
            for _ in together.propose(ids, by=one, web_session=None):
                commit()
        query = select(Certificate.venue_id).where(Certificate.replaced_by_id.is_(None))
        waits = list(db.session.scalars(query))
        began = time.perf_counter()
        done = together.Done()
        for now in together.issue(waits, by=other, web_session=None):
            commit()
            done = now
        took = time.perf_counter() - began
        print(
            f"        {done.number} renewals issued       {took:.1f} s, drawn, signed and "
            f"committed one by one, {took * 1000 / max(1, done.number):.0f} ms each",
            flush=True,
        )
        db.session.remove()


if __name__ == "__main__":
    main()
