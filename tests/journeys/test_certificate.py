"""A certificate follows its facts, as somebody outside sees it.

Issued; people leave and others come, training cover falls; days of grace; suspended; trained;
restored. At each step an outside client reads the verify page, the badge, the lists of states and
the register over real HTTP, and checks signatures with a library of its own.
"""

import base64
import csv
import gzip
import io
import json
import re
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from sqlalchemy import delete
from werkzeug.serving import make_server

from charter.certificates import marks, reading
from charter.commitments import standing
from charter.core import clock
from charter.core.db import Counts, commit, db, lock, touch
from charter.core.text import in_words
from charter.proofs.models import Evidence, EvidenceFile
from charter.staff import service as staff
from tests.builders.certificates import issue, noon
from tests.builders.commitments import Scene, make_scene, prove_all
from tests.builders.training import began, make_records, make_staff

KEY = "respond.front-of-house"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Outside:
    """Somebody with the city's addresses and nothing else."""

    at: str
    code: str
    badge: str

    def get(self, address: str) -> str:
        path = re.sub(r"^https?://[^/]+", "", address)
        asked = urllib.request.Request(self.at + path, headers={"Host": "localhost"})  # noqa: S310 - our own server
        with urllib.request.urlopen(asked) as answer:  # noqa: S310 - as above
            assert "Set-Cookie" not in answer.headers
            found: str = answer.read().decode("utf-8-sig")
            return found

    def signed(self, address: str) -> dict[str, Any]:
        token = self.get(address)
        key = json.loads(self.get(jwt.get_unverified_header(token)["kid"]))
        found: dict[str, Any] = jwt.decode(
            token, jwt.PyJWK(key).key, algorithms=["ES256"],
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )  # fmt: skip
        return found

    def page(self) -> str:
        """The words of the verify page."""
        return " ".join(re.sub(r"<[^>]+>", " ", self.get(f"/verify/{self.code}")).split())

    def picture(self) -> str:
        return re.search(r'aria-label="([^"]*)"', self.get(f"/badge/{self.badge}.svg"))[1]  # type: ignore[index]  # it is there

    def bits(self) -> dict[str, bool]:
        """What the lists say of the venue's credential."""
        states = {}
        for each in self.signed(f"/badge/{self.badge}.jwt")["credentialStatus"]:
            listed = self.signed(each["statusListCredential"])["credentialSubject"]
            packed = listed["encodedList"][1:]
            raw = gzip.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
            at = int(each["statusListIndex"])
            states[each["statusPurpose"]] = bool(raw[at // 8] >> (7 - at % 8) & 1)
        return states

    def row(self) -> dict[str, str]:
        """The venue's line of the register."""
        [row] = csv.DictReader(io.StringIO(self.get("/register.csv")))
        return row


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """The application on a port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def restate(scene: Scene) -> None:
    db.session.rollback()
    lock(scene.venue)
    touch(scene.venue, counts=Counts.ALL)
    commit()
    db.session.rollback()


def prepared(today: date) -> tuple[Scene, list[int]]:
    """A venue with proofs of everything but front-of-house training, which its list counts."""
    scene = make_scene(name="The Lantern")
    prove_all(scene)
    gone = db.select(Evidence.id).where(
        Evidence.venue_id == scene.venue, Evidence.requirement_key == KEY
    )
    db.session.execute(delete(EvidenceFile).where(EvidenceFile.evidence_id.in_(gone)))
    db.session.execute(
        delete(Evidence).where(Evidence.venue_id == scene.venue, Evidence.requirement_key == KEY)
    )
    db.session.commit()
    names = [f"Person {letter}" for letter in "ABCDEFGHIJ"]
    people = make_staff(scene.venue, *names, by=scene.champion)
    began(scene.venue, today - 90 * DAY)
    make_records(scene.venue, people, "respond")
    restate(scene)
    return scene, people


def test_a_certificate_follows_its_facts_as_seen_from_outside(app: Flask, served: str) -> None:
    with app.app_context():
        today = clock.today()
        scene, people = prepared(today)
        judged = standing.assessed(scene.venue)
        assert judged is not None
        assert judged.all_met, [
            (each.key, each.why) for each in judged.requirements
            if each.requirement.essential and not each.counts_as_met
        ]  # fmt: skip
        db.session.rollback()
        issue(scene)
        shown = reading.of_venues([scene.venue])[scene.venue]
        outside = Outside(served, shown.code, marks.badge(scene.venue) or "")
        db.session.rollback()

        # Issued.
        assert "Valid" in outside.page()
        assert "Valid on" in outside.picture()
        assert outside.bits() == {"revocation": False, "suspension": False}
        assert (outside.row()["state"], outside.row()["certificate state"]) == (
            "certified", "valid",
        )  # fmt: skip

        # Three leave, and three come whom nobody has trained, well past a starter's days.
        fall = today + 2 * DAY
        with clock.moved_to(noon(fall)):
            for member in people[:3]:
                db.session.rollback()
                lock(scene.venue)
                leave(scene, member)
                commit()
            newcomers = make_staff(
                scene.venue, "New One", "New Two", "New Three", by=scene.champion,
                started_on=today - 60 * DAY,
            )  # fmt: skip
            restate(scene)
            last = fall + 13 * DAY
            page = outside.page()
            assert "Lapsing soon" in page
            assert f"Since {in_words(fall)}: training cover is below 90 %." in page
            assert f"If it is not mended by {in_words(last)}, this certificate" in page
            assert "Lapsing soon on" in outside.picture()
            assert outside.bits() == {"revocation": False, "suspension": False}
            row = outside.row()
            assert (row["state"], row["until"]) == ("certified", last.isoformat())

        # Nothing is done, and no night has run: the page says so all the same.
        over = last + DAY
        with clock.moved_to(noon(over)):
            page = outside.page()
            assert f"Suspended since {in_words(over)}." in page
            assert f"Since {in_words(fall)}: training cover is below 90 %." in page
            assert "Suspended on" in outside.picture()
            assert outside.bits() == {"revocation": False, "suspension": True}
            row = outside.row()
            assert (row["state"], row["since"]) == ("suspended", over.isoformat())
            assert "training cover is below 90 %" in row["reason"]

        # They are trained: it counts again by itself.
        with clock.moved_to(noon(over + 3 * DAY)):
            make_records(scene.venue, newcomers, "respond")
            restate(scene)
            page = outside.page()
            assert "Valid" in page
            assert "counted again in full" in page
            assert f"{in_words(fall)}: something no longer held." in page
            assert "Valid on" in outside.picture()
            assert outside.bits() == {"revocation": False, "suspension": False}
            assert outside.row()["state"] == "certified"


def leave(scene: Scene, member: int) -> None:
    """Somebody's last day was yesterday."""
    staff.leave(scene.venue, member, clock.today() - DAY, by=scene.champion)
