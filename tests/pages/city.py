"""A demo city to walk through: built once a session, copied for each worker, and served to it.

To what the demo tells it adds what only lasts a while: mailed links that still work, a sign-up
half filled in and two that wait, a proposal, and a venue whose name is as long as one may be.
"""

import contextlib
import io
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.serving import WSGIRequestHandler, make_server

from charter import config
from charter.accounts import factor, invitations, mailboxes, signin
from charter.accounts.models import User
from charter.app import create_app
from charter.auditors import complaints
from charter.auditors import service as audits
from charter.audits import service as walking
from charter.audits import walks
from charter.audits.rules import Kind as Walker
from charter.audits.walks import Conditions, Given
from charter.briefings import service as briefings
from charter.certificates import appeals, remarks, withdrawing
from charter.certificates import reading as certified
from charter.certificates import service as certificates
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.mail import OutboxMail
from charter.core.text import in_words
from charter.demo import city as demo_city
from charter.devices import pins
from charter.devices import service as devices
from charter.doors import service as doors
from charter.doors.service import Guard
from charter.editions import service as editions
from charter.incidents import amending, following
from charter.incidents import people as people_of
from charter.incidents import reading as book
from charter.incidents import service as incidents
from charter.incidents.people import Somebody
from charter.install import SEEDS, prepare
from charter.nightwalks import service as night_walks
from charter.nightwalks.service import Plan as Wished
from charter.proofs import exceptions, signatures, threads
from charter.registers import pages as papers
from charter.registers.pages import Hand
from charter.rooms import layout
from charter.rooms import service as rooms
from charter.sessions import bookings, planning, room
from charter.sessions.planning import Plan
from charter.signup import drafts
from charter.signup import service as signing
from charter.staff import imports, sheet
from charter.staff import service as staff
from charter.venues import service as venues
from charter.venues.models import Kind, Venue
from tests.builders import incidents as entries
from tests.builders.pictures import make_picture
from tests.conftest import settings_for

NOBODY = "nobody"
# Whom the pages are shown to, by their address in the demo; two champions: settled in, and new.
PEOPLE = {
    NOBODY: None,
    "staff": "staff@saltmarsh.example",
    "champion": "champion@saltmarsh.example",
    "new champion": "newchampion@saltmarsh.example",
    "manager": "manager@saltmarsh.example",
    "area-manager": "area@saltmarsh.example",
    "officer": "officer@saltmarsh.example",
    "office-admin": "admin@saltmarsh.example",
    "auditor": "auditor@saltmarsh.example",
    "system-admin": "system@saltmarsh.example",
}
LONG_NAME = "The Worshipful Company of Lamplighters, Ropemakers & Wharfingers’ Llanfairpwllgwyngyll"
_PLACE = {"name": "The Gaslight", "street": "4 Salt Row", "town": "Saltmarsh", "kind": "bar"}


@dataclass
class City:
    """The city of one worker: its application, its address, and what to find there."""

    app: Flask
    folder: Path
    address: str = ""
    links: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def venue(self, name: str) -> int:
        """The id of a venue by its name."""
        with self.app.app_context():
            return db.session.scalars(select(Venue.id).where(Venue.name == name)).one()

    def cookie(self, person: str) -> str:
        """The session cookie of somebody who is signed in, or who fills in a sign-up."""
        if person not in self.cookies:
            self.cookies[person] = _cookie(self.app, self._session_of(person))
        return self.cookies[person]

    def _session_of(self, person: str) -> dict[str, Any]:
        email = PEOPLE.get(person)
        if email is None:
            walks = {self.links["night walk"]: self.links["walker"]}
            kept = {"sign_up": self.links["draft"], "pending": self.links["pending"]}
            return {**kept, "night-walk": walks}
        with self.app.app_context():
            row = db.session.scalars(select(User).where(User.email == email)).one()
            token = signin.begin(row, device="Firefox on Linux").token
            db.session.commit()
        return {"_user_id": token, "_fresh": True}


def _cookie(app: Flask, values: dict[str, Any]) -> str:
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    return str(signer.dumps(values))


def _application(folder: Path, address: str = "http://127.0.0.1") -> Flask:
    settings = settings_for(f"sqlite:///{folder / 'charter.sqlite'}", folder)
    city = config.read_city(SEEDS / "demo" / "city.toml")
    return create_app(replace(settings, demo=True, public_url=address, is_public=False, city=city))


def build(folder: Path) -> None:
    """Make the city in an empty folder."""
    folder.mkdir()
    app = _application(folder)
    with app.app_context():
        prepare(demo=True)
        demo_city.load()
        _add_what_lasts_a_while()
        db.session.remove()
        db.engine.dispose()


def _add_what_lasts_a_while() -> None:
    people = {
        name: db.session.scalars(select(User).where(User.email == email)).one()
        for name, email in PEOPLE.items()
        if email
    }
    lantern = _venue_id("The Lantern")
    officer, champion = people["officer"], people["champion"]
    parts = (
        _long_name,
        _sign_ups,
        _links,
        _questions,
        _tonight,
        _sheet,
        _book,
        _pages,
        _rooms,
        _phones,
        _door,
        _walking,
    )
    for part in parts:
        db.session.rollback()
        lock(CITY, lantern)
        part(lantern, officer, champion)
        commit()
    for venue_id in (None, lantern):
        _running_session(venue_id, lantern, officer, champion)
    junction = _venue_id("Junction House")
    db.session.rollback()
    lock(CITY, junction)
    certificates.propose(junction, by=officer.id, web_session=None)
    commit()
    certificate = certified.of_venues([lantern])[lantern].certificate.id
    db.session.rollback()
    lock(CITY, lantern)
    words = "A proof that it rests on was of another house."
    withdrawing.propose(lantern, certificate, by=officer.id, web_session=None, because=words)
    remarks.say(lantern, certificate, "Ask for Sam at the bar.", by=champion.id)
    commit()
    audit = audits.at_venue(lantern)[0].id
    db.session.rollback()
    lock(CITY, lantern)
    complaints.complain(lantern, audit, "They came at the busiest hour.", by=champion.id)
    commit()
    crescent = _venue_id("Crescent Tap")
    shown = certified.of_venues([crescent])[crescent]
    words = "We walked the place on the last day. The walk was finished after midnight."
    db.session.rollback()
    lock(CITY, crescent)
    appeals.ask(crescent, shown.certificate.id, words, by=officer.id)
    commit()


def _venue_id(name: str) -> int:
    return db.session.scalars(select(Venue.id).where(Venue.name == name)).one()


def _long_name(lantern: int, officer: User, champion: User) -> None:
    identity = venues.Identity(LONG_NAME, "12 Quay Street", "Saltmarsh", "SM1 2AB", Kind.PUB, None)
    venue = venues.add(identity, by=officer.id)
    edition = editions.current().key
    signatures.sign(venue.id, edition, clock.today(), name="The owner", role="owner", by=officer)


def _sign_ups(lantern: int, officer: User, champion: User) -> None:
    edition = editions.current().key
    answers: dict[str, Any] = {
        "venue": {**_PLACE, "postcode": "SM1 9ZZ"},
        "you": {
            "name": "Bo Carver",
            "role": "owner",
            "email": "half@saltmarsh.example",
            "phone": "",
        },
        "charter": {"edition": edition},
        "champion": {"who": "named", "name": "Kay Rook", "email": "kay@saltmarsh.example"},
    }
    signing.send(answers)
    for who in ("asked", "waits"):
        you = {**answers["you"], "email": f"{who}@saltmarsh.example"}
        place = {**answers["venue"], "name": f"The Gaslight {who}"}
        signing.send({**answers, "you": you, "venue": place})
        row = signing.confirm(_link("sign-up-confirm", you["email"]).rsplit("/", 1)[-1])
        if who == "asked":
            words = "Which door do guests come in by?"
            signing.decide(row, signing.Verdict.ASK, by=officer, words=words)


def _links(lantern: int, officer: User, champion: User) -> None:
    wish = invitations.Wish("newcomer@mail.example", Role.STAFF, "Ray Holt", venue_id=lantern)
    invitations.invite(wish, by=None)
    known = invitations.Wish(PEOPLE["new champion"] or "", Role.STAFF, venue_id=lantern)
    invitations.invite(known, by=None)
    mailboxes.ask_reset(PEOPLE["staff"] or "")
    mailboxes.ask_email_change(champion, "robin@mail.example")
    factor.start(champion)


def _questions(lantern: int, officer: User, champion: User) -> None:
    requirements = editions.current().requirements
    threads.ask(lantern, requirements[2].key, "Does a lanyard count?", by=champion.id)
    good = next(each for each in requirements if each.waivable and not each.essential)
    exceptions.ask_not_applicable(lantern, good.key, "We have no such room.", by=champion.id)


def _tonight(lantern: int, officer: User, champion: User) -> None:
    briefings.make_tonight(lantern, "Jo is the duty manager. Sam is on the door.", by=champion.id)


def _sheet(lantern: int, officer: User, champion: User) -> None:
    """A list that was read in and waits to be looked over, with a row of each kind."""
    here, gone = staff.present(lantern), staff.gone(lantern)
    back = in_words(clock.today()).split(" ", 1)[1]
    rows = [
        "Name,Job,Employer,Started,Left",
        f"{here[0].name},Cleaner,,,",
        f"{here[1].name},{here[1].jobs[0].job},{here[1].jobs[0].employer},,",
        f"{here[2].name},{here[2].jobs[0].job},{here[2].jobs[0].employer},,{back}",
        f"{gone[0].name},Bar,,{back},",
        f"Una Fairweather,Door,Agency,{back},",
    ]
    imports.hold(lantern, sheet.of_text("\n".join(rows)), by=champion.id)


def _book(lantern: int, officer: User, champion: User) -> None:
    """Two entries of the barkeeper's: one corrected and with things to do, one closed and kept."""
    venue = db.session.get_one(Venue, lantern)
    staff_id = db.session.scalars(select(User.id).where(User.email == PEOPLE["staff"])).one()
    by, boss = entries.writer(staff_id, manages=False), entries.writer(champion.id)
    made = [
        incidents.write(venue, replace(entries.WHOLE, happened=entries.happened(hours)), by,
                        once=f"{hours:032x}")
        for hours in (2, 5)
    ]  # fmt: skip
    one, two = made
    people_of.add_people(one, [Somebody("harmed", "18-24", "Ann"), Somebody("about", "25-39")], by)
    people_of.strike_person(one, 2, boss, why="It was somebody else.")
    [line, *_] = book.lines(one, with_words=False)
    words = {"said": "Once, on her shoulder. She told us so later."}
    amending.amend(
        one, venue, {"known_by": "seen"}, words, boss, corrects=[line.line.seq], why="She told us."
    )
    day = clock.today()
    following.follow_up(one, "Put up a light", champion.id, day, boss, owners=[champion.id])
    following.close(two, "ban", boss, texts={"told": "We could not"})
    following.hold(two, boss, why="The police asked.")
    following.share_with_office(two, "facts", boss)
    about = replace(entries.WHOLE, relation="in-charge", happened=entries.happened(3))
    own, office = incidents.write(venue, about, by, once=f"{3:032x}"), entries.writer(officer.id)
    following.follow_up(own, "Ask the owner", officer.id, day, office, owners=[officer.id])


def _pages(lantern: int, officer: User, champion: User) -> None:
    """Printed pages: one spoiled, one typed in, one blank."""
    papers.print_more(lantern, 3, after=0, by=champion.id)
    venue, (one, two, _) = db.session.get_one(Venue, lantern), papers.between(lantern, 1, 3)
    papers.spoil(one, by=champion.id)
    written = replace(entries.WHOLE, happened=entries.happened(4))
    hand, by = Hand("Kim, door", clock.today()), entries.writer(champion.id)
    papers.type_in(venue, two, written, hand, by, once=f"{9:032x}")


def _rooms(lantern: int, officer: User, champion: User) -> None:
    """A plan with two rooms and a camera on it, a floor without one, and two changes."""
    by, day = {"by": champion.id}, clock.today()
    upload = FileStorage(io.BytesIO(make_picture("PNG", (600, 400))), filename="plan.png")
    rooms.save_floor(lantern, 1, "Ground floor", rooms.received(upload), **by)
    rooms.save_floor(lantern, 2, "", None, **by)
    here = [each.zone_id for each in rooms.venue(lantern).rooms]
    rooms.place(lantern, here[0], 1, layout.around(200, 800, "small"), **by)
    rooms.place(lantern, here[1], 1, layout.around(400, 300, "large"), **by)
    rooms.take_off(lantern, here[-1], **by)
    rooms.save_camera(lantern, "Front door", 1, (100, 900), **by)
    rooms.save_camera(lantern, "Not hung yet", 1, None, **by)
    for n, zone in enumerate((here[1], None)):
        back = timedelta(days=30 * n + 3)
        rooms.record_change(lantern, zone, day - back, f"Lamp {n}", once=f"{n:032x}", **by)


def _phones(lantern: int, officer: User, champion: User) -> None:
    """A phone that is paired, one that waits for its code, and somebody with a PIN."""
    _, code = devices.add(lantern, "Cellar phone", by=champion.id)
    devices.pair(code, "192.0.2.1")
    devices.add(lantern, "Tablet behind the main bar", by=champion.id)
    last = [each for each in staff.present(lantern) if staff.jobs_now(each)][-1]
    pins.give(lantern, last.id, by=champion.id)


def _door(lantern: int, officer: User, champion: User) -> None:
    """Two on the door tonight, one of them struck."""
    night = doors.tonight()
    for n, name in enumerate(("Kofi Mensah", "Wrong Name")):
        guard = Guard(name, "1012-3456", "agency", time(21), time(3, 30))
        row = doors.add(lantern, night, guard, by=champion.id, once=f"{n:032x}")
    doors.strike(lantern, row.id, by=champion.id)


def _walking(lantern: int, officer: User, champion: User) -> None:
    """A walk of the venue's own that is under way, and a check by the office."""
    now = Conditions(is_open=True, is_dark=True, fullness="half", weather="dry")
    for n, (kind, by) in enumerate(((Walker.OWN, champion), (Walker.COVERT, officer))):
        row = walking.begin(lantern, kind, now, is_quick=True, by=by.id, once=f"{n:032x}")
        walk = walks.with_answers(row)
        room = walk.rooms[0]
        given = [Given(each.key, max(each.choices, default=1)) for each in room.questions]
        walking.save(walk, room, given, by=by.id)


def _running_session(venue_id: int | None, lantern: int, officer: User, champion: User) -> None:
    """A session that began ten minutes ago: its room is open, and somebody is there."""
    began = clock.local(clock.now() - timedelta(minutes=10))
    plan = Plan(began.date(), began.time(), 20, place="Here", trainer="Imke Rolle")
    by = champion.id if venue_id else officer.id
    other = _venue_id("Switchyard")
    db.session.rollback()
    lock(CITY, lantern, other)
    with clock.moved_to(began - timedelta(hours=3)):
        course = "bystander" if venue_id else "respond"
        row = planning.plan(course, plan, venue_id=venue_id, by=by)
        people = [each.id for each in staff.present(lantern)][:6]
        made = bookings.book(lantern, row.id, people, by=champion.id)
        if venue_id is None:
            guests = [each.id for each in staff.present(other)][:2]
            bookings.book(other, row.id, guests, by=officer.id)
    room.check_in(row.id, lantern, made[0].id)
    commit()


def _link(kind: str, to: str) -> str:
    rows = db.session.scalars(
        select(OutboxMail).where(OutboxMail.kind == kind).order_by(OutboxMail.id.desc())
    )
    body = next(mail.body for mail in rows if mail.recipient == to)
    found = re.search(r"https?://[^/\s]+(/\S+)", body or "")
    assert found, f"the mail {kind} has no link"
    return found[1]


class _Quiet(WSGIRequestHandler):
    """Keeps a connection open between requests, and writes no log."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing: what goes wrong is seen by the test."""


@contextlib.contextmanager
def opened(built: Path, folder: Path) -> Iterator[City]:
    """A copy of a city that was built, served until the end."""
    shutil.copytree(built, folder)
    app = _application(folder)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    city = City(app, folder, f"http://127.0.0.1:{server.server_port}")
    try:
        _look_around(city)
        yield city
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@contextlib.contextmanager
def undone(city: City) -> Iterator[None]:
    """Whatever is written meanwhile is as if it had never been."""
    kept = city.folder / "kept.sqlite"
    database = city.folder / "charter.sqlite"
    _close(city.app)
    shutil.copyfile(database, kept)
    try:
        yield
    finally:
        _close(city.app)
        for end in ("-wal", "-shm"):
            database.with_name(database.name + end).unlink(missing_ok=True)
        kept.replace(database)


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()


def _look_around(city: City) -> None:
    with city.app.app_context():
        for kind, to in (
            ("sign-up-confirm", "half@saltmarsh.example"),
            ("sign-up-decision", "asked@saltmarsh.example"),
            ("invitation", "newcomer@mail.example"),
            ("reset-password", PEOPLE["staff"] or ""),
            ("email-change-new", "robin@mail.example"),
        ):
            city.links[kind] = _link(kind, to).rsplit("/", 1)[-1]
        db.session.rollback()
        lock(CITY)
        token = None
        for step, answer in _draft().items():
            token = drafts.save(token, step, answer)
        city.links["draft"] = token or ""
        officer = db.session.scalars(select(User).where(User.email == PEOPLE["officer"])).one()
        city.links["pending"] = signin.begin(officer, device="", is_pending=True).token
        wished = Wished("To the bus", clock.now(), "Here", ["Door", "Bus stop"])
        night = night_walks.plan(wished, by=officer.id, once="f" * 32)
        city.links["night walk"], city.links["walker"] = str(night.id), night_walks.join(night)
        commit()
        db.session.remove()


def _draft() -> dict[str, Any]:
    return {
        "venue": {**_PLACE, "postcode": "SM1 9ZZ"},
        "you": {"name": "Bo Carver", "role": "owner", "email": "bo@saltmarsh.example", "phone": ""},
        "charter": {"edition": editions.current().key},
        "champion": {"who": "named", "name": "Kay Rook", "email": "kay@saltmarsh.example"},
    }
