"""A proof sent twice at the same moment is one proof (F027, F028), on both engines."""

import secrets
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from bench import dataset
from bench.pages import EVIDENCE, Ask, Wire
from charter import config
from charter.audits import loading as audits
from charter.core import files, trail
from charter.core.db import CITY, commit, db, lock
from charter.core.trail import TrailEntry
from charter.editions import service as editions
from charter.proofs.models import Evidence, EvidenceFile

pytestmark = pytest.mark.slow

ROUNDS = 50
UPLOAD = b"%PDF-1.4\n" + b"1" * 2_000 + b"\n%%EOF\n"


@pytest.fixture
def city(app: Flask) -> dataset.Made:
    """Venues with a champion each, fifty of them with an accepted proof of everything."""
    with app.app_context():
        lock(CITY)
        audits.load_seeds(config.ROOT / "seeds" / "audits")
        editions.load_seeds(config.ROOT / "seeds" / "charter")
        commit()
    return dataset.make(app, 2 * ROUNDS)


def ready(city: dataset.Made) -> list[int]:
    """The venues of the rounds: nothing waits there, so that another proof may follow."""
    found = [venue for venue in city.champions if venue in city.certificates]
    assert len(found) >= ROUNDS
    return found[:ROUNDS]


def at_once(*acts: Callable[[], int]) -> list[int]:
    """Do all of these at the same moment, each in a thread of its own; what each answered."""
    gate = threading.Barrier(len(acts))
    answers = [0] * len(acts)

    def go(place: int) -> None:
        gate.wait()
        answers[place] = acts[place]()

    threads = [threading.Thread(target=go, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def hand_in(app: Flask, wire: Wire, city: dataset.Made, venue: int, once: str) -> Callable[[], int]:
    """Handing one proof in, as the champion's browser does; its answer's status."""
    ask = Ask(
        f"/venues/{venue}/requirements/{EVIDENCE}",
        "POST",
        session=city.champions[venue],
        fields={
            "happened_on-day": str(city.today.day),
            "happened_on-month": str(city.today.month),
            "happened_on-year": str(city.today.year),
            "once": once,
        },
        upload=UPLOAD,
    )
    return lambda: wire.visit(app, ask).status_code


def proofs(venue: int, once: str) -> int:
    """How many proofs of a form there are."""
    query = select(func.count()).where(Evidence.venue_id == venue, Evidence.once == once)
    return db.session.scalar(query) or 0


def test_a_form_sent_twice_at_the_same_moment_makes_one_proof(app: Flask, city: dataset.Made):
    wire = Wire(app)
    for venue in ready(city):
        once = secrets.token_hex(16)
        send = hand_in(app, wire, city, venue, once)
        assert at_once(send, send) == [303, 303], venue
        assert send() == 303, "a reload after that"
        with app.app_context():
            assert proofs(venue, once) == 1
            number = db.session.scalar(select(Evidence.id).where(Evidence.once == once))
            kept = select(func.count()).where(EvidenceFile.evidence_id == number)
            assert db.session.scalar(kept) == 1
            shown = (TrailEntry.verb == "evidence.shown") & (TrailEntry.thing_id == number)
            assert db.session.scalar(select(func.count()).where(shown)) == 1
            db.session.remove()
    with app.app_context():
        assert [each.fault for each in trail.verify() if each.fault] == []
        db.session.remove()


def test_two_forms_sent_at_the_same_moment_have_two_versions_or_one_is_refused(
    app: Flask, city: dataset.Made
):
    wire = Wire(app)
    for venue in ready(city):
        forms = [secrets.token_hex(16) for _ in range(2)]
        answers = at_once(*(hand_in(app, wire, city, venue, once) for once in forms))
        with app.app_context():
            there = [proofs(venue, once) for once in forms]
            assert there == [int(answer == 303) for answer in answers], (venue, answers)
            assert sum(there) >= 1
            versions = db.session.scalars(
                select(Evidence.version)
                .where(Evidence.venue_id == venue, Evidence.requirement_key == EVIDENCE)
                .order_by(Evidence.version)
            ).all()
            assert list(versions) == list(range(1, len(versions) + 1))
            db.session.remove()


@pytest.mark.sqlite_only
def test_what_a_lost_race_left_in_the_store_is_swept(app: Flask, city: dataset.Made):
    wire = Wire(app)
    venue, once = ready(city)[0], secrets.token_hex(16)
    send = hand_in(app, wire, city, venue, once)
    at_once(send, send)
    folder: Path = app.extensions["charter.settings"].evidence_folder
    assert len(list(folder.glob("??/*"))) == 2
    with app.app_context():
        assert files.sweep(timedelta(0)) == 1
        assert [each.id for each in files.missing() if each.id > 2 * ROUNDS] == []
        db.session.remove()
    assert len(list(folder.glob("??/*"))) == 1
