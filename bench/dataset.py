"""Fills an empty, migrated database with a city's worth of venues, fast: whole tables at a time.

Everybody named here is a number. Of ten venues six have all they need and hold a certificate; the
others wait for a review, had a proof returned, have one lapsed, or have hardly begun. Each
essential requirement has three proofs on record. 24 people work at each venue and have done 24
courses between them: some have lapsed, some are due, and some people are new. Where each venue
stands, and what is counted of its people, is not invented: the product itself works it out
afterwards (`restand`).
"""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, insert, select

from charter import config
from charter.accounts import signin
from charter.accounts.models import Membership, User, WebSession
from charter.audits import loading, walks
from charter.audits.models import Action, Audit
from charter.certificates import pdf, rules
from charter.certificates.models import Certificate
from charter.commitments import standing
from charter.commitments.models import VenueStanding
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.files import StoredFile
from charter.editions import service as editions
from charter.editions.terms import Edition, Kind, Requirement
from charter.proofs.models import Evidence, EvidenceFile, Signature
from charter.proofs.states import ProofState
from charter.staff.models import StaffJob, StaffList, StaffMember
from charter.training.courses import courses
from charter.training.models import TrainingRecord
from charter.venues.models import Kind as VenueKind
from charter.venues.models import Venue, VenueState

BATCH = 5000
PROOFS_EACH = 3
OFFICER = 10_000_000
PEOPLE = (
    *("manager", "duty-manager", "supervisor", "supervisor", *["bar"] * 8, *["floor"] * 5),
    *("door", "door", "door", "cloakroom", "sound", "kitchen", "cleaner"),
)
EMPLOYED = {"door": "agency", "cleaner": "agency", "sound": "self-employed"}
STARTED = 4  # of a venue's people, in the last weeks
TO_MEND = 8  # things that the walk of each venue found
SIGNED_IN = 100  # venues whose champion has a session, to take turns
_TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_CERTIFIED = range(6)
_LAPSED, _WAITING, _RETURNED, _BEGUN = 6, 7, 8, 9


@dataclass(frozen=True, slots=True)
class Made:
    """What measuring needs to know of a filled database."""

    venues: int
    today: date
    champions: Mapping[int, str]  # venue to its champion's session token
    officer: str
    certificates: Mapping[int, tuple[int, str]]  # venue to its certificate's id and code
    fill_seconds: float
    restand_seconds: float
    standing_counts: Mapping[str, int]


def make(app: Flask, venues: int, *, after: int = 0) -> Made:
    """Fill a database that `flask init` has prepared, and take every venue's standing.

    It is empty, or holds `after` venues from here already; then it has `venues` in all afterwards.
    """
    with app.app_context():
        began = time.perf_counter()
        lock(CITY)
        edition = editions.current()
        today, now = clock.today(), clock.now()
        ids = range(after + 1, venues + 1)
        officer = _officer()
        _put(Venue, (_venue(each, edition, today) for each in ids))
        _put(User, (_champion(each) for each in ids))
        _put(Membership, (_role(each, today) for each in ids))
        _put(Signature, (_signature(each, edition, today) for each in ids))
        _put(StoredFile, (_file(each) for each in ids))
        _put(Evidence, _proofs(ids, edition, today, now))
        _put(EvidenceFile, ({"evidence_id": _first_file_proof(each, edition), "file_id": each}
                            for each in ids))  # fmt: skip
        _put(StaffList, (_list(each, today) for each in ids))
        _put(StaffMember, (_person(each, place) for each in ids for place in range(len(PEOPLE))))
        _put(StaffJob, (_job(each, place, today) for each in ids for place in range(len(PEOPLE))))
        _put(TrainingRecord, (row for each in ids for row in _trained(each, today)))
        asked = loading.current(walks.VENUE).edition
        _put(Audit, (_walk(each, officer.id, asked, now) for each in ids))
        _put(Action, (_to_mend(each, n, today) for each in ids for n in range(1, TO_MEND + 1)))
        certificates = _certificates(ids, edition, officer.id, today)
        champions = {each: _session(each) for each in list(ids)[:SIGNED_IN]}
        token = _session(officer.id)
        _go_on_counting()
        commit()
        filled = time.perf_counter()
        for _ in standing.nightly():
            commit()
        db.session.remove()
        restood = time.perf_counter()
        return Made(
            venues=venues,
            today=today,
            champions=champions,
            officer=token,
            certificates=certificates,
            fill_seconds=filled - began,
            restand_seconds=restood - filled,
            standing_counts=_counts(),
        )


def _put(model: Any, rows: Iterator[dict[str, Any]]) -> None:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            db.session.execute(insert(model.__table__), batch)
            batch.clear()
    if batch:
        db.session.execute(insert(model.__table__), batch)


def _go_on_counting() -> None:
    """Have PostgreSQL give the next ids after the ones that were given here."""
    if db.engine.dialect.name != "postgresql":
        return
    for table in db.metadata.sorted_tables:
        if "id" in table.primary_key.columns:
            newest = db.session.scalar(select(func.max(table.c.id)))
            series = func.pg_get_serial_sequence(f'"{table.name}"', "id")
            db.session.execute(select(func.setval(series, (newest or 0) + 1)))


def _officer() -> User:
    known = db.session.get(User, OFFICER)
    if known is not None:
        return known
    row = User(id=OFFICER, email="officer@city.example", name="Officer 1")
    row.totp = _TOTP
    db.session.add(row)
    db.session.flush()
    db.session.add(
        Membership(id=OFFICER, user_id=row.id, role=Role.OFFICER, starts_on=clock.today())
    )
    db.session.flush()
    return row


def _venue(number: int, edition: Edition, today: date) -> dict[str, Any]:
    kinds = list(VenueKind)
    name, postcode = f"Venue {number:05}", f"T{number % 40} {number % 9}AA"
    return {
        "id": number,
        "state": VenueState.WORKING,
        "name": name,
        "name_key": name.casefold(),
        "street": f"{number % 200 + 1} Long Street",
        "town": "Testbury",
        "postcode": postcode,
        "search": f"{name} {number % 200 + 1} long street {postcode}".casefold(),
        "area": f"T{number % 40}",
        "kind": kinds[number % len(kinds)],
        "latitude": 51.4 + number % 100 / 1000,
        "longitude": -2.6 + number % 97 / 1000,
        "edition_key": edition.key,
        "signed_on": today - timedelta(days=400),
    }


def _champion(number: int) -> dict[str, Any]:
    return {"id": number, "email": f"c{number}@venue.example", "name": f"Champion {number}"}


def _role(number: int, today: date) -> dict[str, Any]:
    return {
        "id": number,
        "user_id": number,
        "role": Role.CHAMPION,
        "venue_id": number,
        "is_stand_in": False,
        "starts_on": today - timedelta(days=1500),
    }


def _signature(number: int, edition: Edition, today: date) -> dict[str, Any]:
    return {
        "venue_id": number,
        "edition_key": edition.key,
        "name": f"Owner {number}",
        "signer_role": "owner",
        "signed_on": today - timedelta(days=400),
    }


def _list(venue_id: int, today: date) -> dict[str, Any]:
    day = today - timedelta(days=300)
    return {"venue_id": venue_id, "began_on": day, "checked_on": today - timedelta(days=20)}


def _member_id(venue_id: int, place: int) -> int:
    return (venue_id - 1) * len(PEOPLE) + place + 1


def _person(venue_id: int, place: int) -> dict[str, Any]:
    """Somebody of a list; the first of each is the venue's champion, who linked their job."""
    number = _member_id(venue_id, place)
    return {
        "id": number,
        "venue_id": venue_id,
        "name": f"Person {number}",
        "name_key": f"person {number}",
        "user_id": None if place else venue_id,
    }


def _is_new(venue_id: int, place: int) -> bool:
    return (place + venue_id) % len(PEOPLE) < STARTED


def _job(venue_id: int, place: int, today: date) -> dict[str, Any]:
    """A job since before the list, or of the last five weeks."""
    number = _member_id(venue_id, place)
    started = today - timedelta(days=number % 35) if _is_new(venue_id, place) else None
    return {
        "id": number,
        "member_id": number,
        "venue_id": venue_id,
        "job": PEOPLE[place],
        "employer": EMPLOYED.get(PEOPLE[place], "venue"),
        "started_on": started,
    }


def _trained(venue_id: int, today: date) -> Iterator[dict[str, Any]]:
    """24 courses that a venue's people did in the last 14 months, the door its own variant."""
    keys = ["champion", *["respond"] * 15, *["record"] * 4, "spiking", "bystander"]
    rows = [(place if place < 16 else place - 16, key) for place, key in enumerate(keys)]
    doors = [place for place, job in enumerate(PEOPLE) if job == "door"]
    rows += [(doors[0], "respond-door"), (doors[1], "first-shift")]
    for number, (place, key) in enumerate(rows):
        course = courses()[key]
        ago = (venue_id * 37 + number * 53) % (28 if _is_new(venue_id, place) else 420)
        day = today - timedelta(days=ago)
        yield {
            "id": (venue_id - 1) * len(rows) + number + 1,
            "member_id": _member_id(venue_id, place),
            "venue_id": venue_id,
            "course_key": key,
            "course_version": course.version,
            "done_on": day,
            "lasts_until": course.lasts.until(day),
            "source": "session",
        }


def _walk(venue_id: int, by: int, edition: int, now: datetime) -> dict[str, Any]:
    """A quick walk that a venue finished some weeks ago, after dark and while it was open."""
    at = now - timedelta(days=20 + venue_id % 60)
    return {
        "id": venue_id, "venue_id": venue_id, "kind": "own", "template": walks.VENUE,
        "edition": edition,
        "is_quick": True, "is_whole": False, "rooms": [], "left_out": {}, "on_paper": False,
        "walked_at": at, "is_open": True, "is_dark": True, "fullness": "half", "weather": "dry",
        "roles": ["bar"], "woman_took_part": True, "note": "", "begun_at": at, "begun_by": by,
        "finished_at": at + timedelta(minutes=20), "finished_by": by,
        "once": f"{venue_id:032x}",
    }  # fmt: skip


def _to_mend(venue_id: int, number: int, today: date) -> dict[str, Any]:
    """What that walk found: half of it mended, some overdue, some without a day."""
    is_open, due = number % 2 == 1, (venue_id * 7 + number * 13) % 60 - 10
    has_day = is_open and (venue_id + number) % 4 > 0
    return {
        "id": (venue_id - 1) * TO_MEND + number, "venue_id": venue_id, "number": number,
        "found_in": venue_id, "seen_in": venue_id, "place": "walk-up", "room": "Walk up",
        "question": f"walk-up.q{number}", "asked": "How light is it?", "answered": "A shape",
        "mends": ("place", "people", "rules")[number % 3], "wrong": "The lamp is out",
        "fix": "A new one", "due_on": today + timedelta(days=due) if has_day else None,
        "moved": number % 3, "cost": "low", "state": "open" if is_open else "done",
        "ending": "", "opened_on": today - timedelta(days=30),
        "ended_on": None if is_open else today - timedelta(days=9),
    }  # fmt: skip


def _file(number: int) -> dict[str, Any]:
    name = hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()
    return {
        "id": number,
        "name": name,
        "sha256": hashlib.sha256(name.encode()).digest(),
        "media_type": "application/pdf",
        "size": 100_000,
        "shown_name": "policy.pdf",
    }


def _proofs(
    ids: Sequence[int], edition: Edition, today: date, now: datetime
) -> Iterator[dict[str, Any]]:
    essentials = [each for each in edition.requirements if each.essential]
    number = (ids[0] - 1) * len(essentials) * PROOFS_EACH
    for venue_id in ids:
        for place, requirement in enumerate(essentials):
            for version in range(1, PROOFS_EACH + 1):
                number += 1
                yield _proof(number, venue_id, place, version, requirement, edition, today, now)


def _proof(
    number: int,
    venue_id: int,
    place: int,
    version: int,
    requirement: Requirement,
    edition: Edition,
    today: date,
    now: datetime,
) -> dict[str, Any]:
    life = (requirement.lasts.until(today) - today).days
    age = (venue_id * 7 + place * 3) % max(1, life // 2)
    state, age = _fate(venue_id % 10, place, version, age, life)
    happened = today - timedelta(days=age)
    kind = requirement.proof_kind
    return {
        "id": number,
        "venue_id": venue_id,
        "requirement_key": requirement.key,
        "edition_key": edition.key,
        "version": version,
        "kind": kind,
        "state": state,
        "statement": "We do this every week." if kind is Kind.STATEMENT else None,
        "link": "https://venue.example/policy" if kind is Kind.LINK else None,
        "signed_name": f"Champion {venue_id}" if kind is Kind.SIGNED_BY else None,
        "signed_user_id": venue_id if requirement.signer == "champion" else None,
        "happened_on": happened,
        "valid_from": happened,
        "valid_to": requirement.lasts.until(happened),
        "uploaded_at": now - timedelta(days=age),
        "uploaded_by": venue_id,
        "by_rule": version > 1,
        "sampled": False,
        "waits_because": "first" if state is ProofState.WAITING else None,
        "reason": "The date cannot be read." if state is ProofState.RETURNED else None,
    }


def _fate(sort: int, place: int, version: int, age: int, life: int) -> tuple[ProofState, int]:
    """What became of a proof and how many days old it is; the last version is the newest."""
    if version < PROOFS_EACH:
        return (ProofState.RETURNED if version == 1 else ProofState.ACCEPTED), age + life + 1
    if sort == _LAPSED and place == 3:
        return ProofState.ACCEPTED, life + 5
    if sort == _WAITING and place % 8 == 0:
        return ProofState.WAITING, min(age, 20)
    if (sort == _RETURNED and place % 8 == 0) or (sort == _BEGUN and place > 5):
        return ProofState.RETURNED, age
    return ProofState.ACCEPTED, age


def _first_file_proof(venue_id: int, edition: Edition) -> int:
    essentials = [each for each in edition.requirements if each.essential]
    place = next(n for n, each in enumerate(essentials) if each.proof_kind is Kind.FILE)
    return ((venue_id - 1) * len(essentials) + place) * PROOFS_EACH + PROOFS_EACH


def specimen(venue_id: int, edition: Edition, code: str, today: date) -> pdf.CertificateFacts:
    """The facts of a venue's certificate, to draw one as it is drawn on the day of issue."""
    city = config.current().city
    return pdf.CertificateFacts(
        venue_name=f"Venue {venue_id:05}",
        street="1 Long Street",
        town="Testbury",
        postcode="T1 1AA",
        city_name=city.city_name,
        charter_title=city.charter_name,
        edition_title=edition.title,
        commitments=tuple((str(each.number), each.heading) for each in edition.commitments),
        issued_on=today,
        valid_until=clock.months_after(today, 12),
        serial=rules.serial(today.year, venue_id),
        verify_url=f"https://charter.example/verify/{rules.grouped(code)}",
        short_address=f"charter.example/verify/{rules.grouped(code)}",
        office_name=city.office_name,
        colour=city.colour,
    )


def _certificates(
    ids: Sequence[int], edition: Edition, officer: int, today: date
) -> dict[int, tuple[int, str]]:
    """Certificates of real size for the venues that are visited; tiny ones for the others."""
    drawn = pdf.draw(specimen(1, edition, rules.new_code(bytes(rules.CODE_BYTES)), today))
    made: dict[int, tuple[int, str]] = {}
    rows = []
    for venue_id in ids:
        if venue_id % 10 not in _CERTIFIED:
            continue
        seed = hashlib.sha256(f"code {venue_id}".encode()).digest()
        code = rules.new_code(seed[: rules.CODE_BYTES])
        made[venue_id] = (venue_id, rules.grouped(code))
        content = drawn if len(made) <= SIGNED_IN else b"%PDF-1.7\n%%EOF"
        rows.append(_certificate(venue_id, code, content, edition, officer, today))
    _put(Certificate, iter(rows))
    return made


def _certificate(
    venue_id: int, code: str, content: bytes, edition: Edition, officer: int, today: date
) -> dict[str, Any]:
    issued = today - timedelta(days=30)
    return {
        "id": venue_id,
        "serial": rules.serial(today.year, venue_id),
        "code": code,
        "venue_id": venue_id,
        "edition_key": edition.key,
        "facts": {
            "venue_name": f"Venue {venue_id:05}",
            "street": "1 Long Street",
            "town": "Testbury",
            "postcode": "T1 1AA",
            "charter": config.current().city.charter_name,
            "edition": edition.title,
            "commitments": [[str(each.number), each.heading] for each in edition.commitments],
        },
        "pdf": content,
        "sha256": hashlib.sha256(content + str(venue_id).encode()).digest(),
        "proposed_by": officer,
        "issued_by": officer,
        "issued_at": clock.now() - timedelta(days=30),
        "valid_from": issued,
        "valid_until": clock.months_after(issued, 12),
        "status_list": 1,
        "status_index": venue_id,
    }


def _session(user_id: int) -> str:
    token, kept = signin.new_token()
    db.session.add(
        WebSession(
            token_hash=kept,
            user_id=user_id,
            device="Firefox on Linux",
            expires_at=clock.now() + timedelta(hours=8),
        )
    )
    db.session.flush()
    return token


def _counts() -> dict[str, int]:
    """What came out, so that nobody measures an empty city."""
    ask = select(
        func.count(),
        func.coalesce(func.sum(VenueStanding.commitments_met), 0),
        func.coalesce(func.sum(VenueStanding.waiting), 0),
    )
    stood, met, waiting = db.session.execute(ask).one()
    db.session.rollback()
    return {"venues": stood, "commitments met": int(met), "waiting": int(waiting)}
