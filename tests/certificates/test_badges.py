"""What others read of a certificate: the picture, the credential, its key, the lists of states."""

import base64
import gzip
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from charter.certificates import credential, marks, picture, reading, signing
from charter.certificates.models import Certificate
from charter.certificates.rules import State, Verdict
from charter.core import clock
from charter.core.db import CITY, commit, db, lock
from charter.core.text import in_words
from tests.builders.certificates import holds_until, issue, make_ready, noon, withdraw
from tests.builders.commitments import Scene, make_proof, restate
from tests.builders.office import make_city
from tests.counting import counted
from tests.visitor import Visitor

DAY = timedelta(days=1)
As = Callable[..., Visitor]


class Outside:
    """Another system: it has only addresses, and a library of its own to check signatures."""

    def __init__(self, client: Visitor) -> None:
        self.client = client

    def fetch(self, address: str) -> Any:
        """The answer at an address of ours, with nothing about whoever asks."""
        answer = self.client.answer(urlsplit(address).path)
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        return answer

    def read(self, address: str) -> dict[str, Any]:
        """A signed credential, its signature checked with the key that its header names."""
        answer = self.fetch(address)
        assert answer.status_code == 200
        assert answer.mimetype == "application/vc+jwt"
        token = answer.get_data(as_text=True)
        kid = jwt.get_unverified_header(token)["kid"]
        key = self.fetch(kid)
        assert key.status_code == 200
        found: dict[str, Any] = jwt.decode(
            token, jwt.PyJWK(key.get_json()).key, algorithms=["ES256"],
            options={"verify_exp": False, "verify_iat": False},
        )  # fmt: skip
        return found

    def states(self, badge: dict[str, Any]) -> dict[str, bool]:
        """What the lists say of a credential today."""
        return {
            each["statusPurpose"]: self.bit(each["statusListCredential"], each["statusListIndex"])
            for each in badge["credentialStatus"]
        }

    def bit(self, address: str, index: str) -> bool:
        """One bit of a list, counted from the left."""
        listed = self.read(address)["credentialSubject"]["encodedList"]
        assert listed[0] == "u"
        raw = gzip.decompress(base64.urlsafe_b64decode(listed[1:] + "=" * (-len(listed[1:]) % 4)))
        assert len(raw) * 8 == 131_072
        at = int(index)
        return bool(raw[at // 8] >> (7 - at % 8) & 1)


@pytest.fixture
def outside(client: Visitor) -> Outside:
    """Another system."""
    return Outside(client)


@pytest.fixture
def scene(app: Flask) -> Iterator[Scene]:
    """A venue with a certificate."""
    with app.app_context():
        made = make_ready(name="The Lantern & <Crown>", street="1 Quay Street")
        issue(made)
        db.session.remove()
    return made


def code_of(app: Flask, scene: Scene) -> str:
    with app.app_context():
        code = marks.badge(scene.venue)
        db.session.remove()
    assert code
    return code


def label(client: Visitor, code: str) -> str:
    """What the picture says, for whoever cannot see it."""
    answer = client.answer(f"/badge/{code}.svg")
    assert answer.status_code == 200
    drawn = ET.fromstring(answer.get_data(as_text=True))  # noqa: S314 - our own picture
    return drawn.attrib["aria-label"]


# Following the facts


def test_badge_credential_and_lists_follow_the_facts(
    app: Flask, client: Visitor, outside: Outside, scene: Scene
) -> None:
    code = code_of(app, scene)
    with app.app_context():
        end = holds_until(scene.venue)
    badge = outside.read(f"/badge/{code}.jwt")
    assert badge["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert badge["credentialSubject"]["identifier"][0]["identityHash"].startswith(
        "The Lantern & <Crown>, 1 Quay Street"
    )
    assert "Valid on" in label(client, code)
    assert outside.states(badge) == {"revocation": False, "suspension": False}
    with clock.moved_to(noon(end + DAY)):
        assert "Lapsing soon on" in label(client, code)
        assert outside.states(badge) == {"revocation": False, "suspension": False}
    with clock.moved_to(noon(end + 15 * DAY)):
        assert f"Suspended on {in_words(end + 15 * DAY)}" in label(client, code)
        assert outside.states(badge) == {"revocation": False, "suspension": True}
        with app.app_context():
            db.session.rollback()
            restate(scene.venue)
            for key in reading.of_venues([scene.venue])[scene.venue].certificate.unmet:
                make_proof(scene.venue, key, by=scene.champion)
            db.session.rollback()
            restate(scene.venue)
            db.session.remove()
        assert outside.states(badge) == {"revocation": False, "suspension": False}
    with app.app_context():
        restate_now(scene)
        newer = issue(scene)
        number = newer.id
        db.session.remove()
    fresh = outside.read(f"/badge/{code}.jwt")
    assert fresh["id"] != badge["id"]
    assert fresh["credentialSubject"]["id"] == badge["credentialSubject"]["id"]
    assert outside.states(badge) == {"revocation": True, "suspension": False}
    assert outside.states(fresh) == {"revocation": False, "suspension": False}
    with app.app_context():
        withdraw(scene, number)
        db.session.remove()
    assert outside.states(fresh) == {"revocation": True, "suspension": False}
    assert "Withdrawn on" in label(client, code)


def restate_now(scene: Scene) -> None:
    db.session.rollback()
    restate(scene.venue)
    db.session.rollback()


@pytest.mark.sqlite_only
def test_the_bits_are_what_each_certificate_says_of_itself(app: Flask) -> None:
    with app.app_context():
        make_city(250)
        for more in (0, 20):
            with clock.moved_to(noon(clock.today() + more * DAY)):
                db.session.rollback()
                suspended = {
                    each.certificate.status_index
                    for each in map(reading.shown, reading.current())
                    if each.verdict.state is State.SUSPENDED
                }
                found = set(credential.set_bits(credential.SUSPENSION, 1))
                assert found == suspended
                assert credential.set_bits(credential.REVOCATION, 1) == []
        assert suspended
        db.session.rollback()


@pytest.mark.sqlite_only
def test_a_list_costs_the_same_however_many_certificates_there_are(
    app: Flask, client: Visitor
) -> None:
    costs = []
    for _ in range(2):
        with app.app_context():
            make_city(80)
            lock(CITY)
            signing.ensure()
            commit()
        with counted(app) as seen:
            assert client.answer("/status/suspension/1").status_code == 200
        costs.append(len(seen))
    assert costs[0] == costs[1] <= 3


@given(st.sets(st.integers(0, marks.LIST_BITS - 1), max_size=40))
def test_a_list_holds_its_bits_and_no_others(places: set[int]) -> None:
    listed = credential.encoded(places)[1:]
    raw = gzip.decompress(base64.urlsafe_b64decode(listed + "=" * (-len(listed) % 4)))
    bits = {at for at in range(marks.LIST_BITS) if raw[at // 8] >> (7 - at % 8) & 1}
    assert bits == places


# Keys


@pytest.mark.sqlite_only
def test_a_new_key_signs_what_is_read_next_and_a_withdrawn_one_is_gone(
    app: Flask, client: Visitor, outside: Outside, scene: Scene
) -> None:
    code = code_of(app, scene)
    token = client.answer(f"/badge/{code}.jwt").get_data(as_text=True)
    old = jwt.get_unverified_header(token)["kid"]
    with app.app_context():
        lock(CITY)
        signing.make()
        commit()
        lock(CITY)
        signing.withdraw(int(old.rpartition("/")[2]), "Lost.")
        commit()
        db.session.remove()
    assert client.answer(urlsplit(old).path).status_code == 410
    badge = outside.read(f"/badge/{code}.jwt")
    assert badge["iss"] == outside.fetch("/issuer").get_json()["id"]
    assert client.answer("/issuer/keys/99").status_code == 404


@pytest.mark.sqlite_only
def test_without_a_key_nothing_is_handed_out_unsigned(
    app: Flask, client: Visitor, scene: Scene
) -> None:
    code = code_of(app, scene)
    with app.app_context():
        lock(CITY)
        key = signing.current()
        assert key
        signing.withdraw(key.id, "Lost.")
        commit()
        db.session.remove()
    assert client.answer(f"/badge/{code}.jwt").status_code == 503
    assert client.answer("/status/revocation/1").status_code == 503
    assert client.answer(f"/badge/{code}.svg").status_code == 200


# The picture


@pytest.mark.sqlite_only
def test_the_picture_is_kept_by_caches_and_can_do_nothing(
    app: Flask, client: Visitor, scene: Scene
) -> None:
    answer = client.answer(f"/badge/{code_of(app, scene)}.svg")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    drawn = answer.get_data(as_text=True)
    assert len(drawn) < 3000
    assert not re.search(r"<script|href|url\(|<image|<style|on\w+=", drawn)
    assert "The Lantern &amp; &lt;Crown&gt;" in drawn
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")


@given(
    st.sampled_from(list(State)),
    st.text(max_size=120).filter(lambda text: text.isprintable()),
)
def test_any_name_makes_a_picture_that_is_well_formed(state: State, name: str) -> None:
    drawn = picture.draw(
        Verdict(state),
        charter="Charter",
        venue=name,
        on=datetime(2026, 11, 20).date(),  # noqa: DTZ001 - a date
    )
    root = ET.fromstring(drawn)  # noqa: S314 - our own picture
    assert state.label in root.attrib["aria-label"]


# Addresses, and what a venue gets


@pytest.mark.sqlite_only
def test_the_sticker_leads_to_the_newest_certificate_for_good(
    app: Flask, client: Visitor, scene: Scene, as_: As
) -> None:
    code = code_of(app, scene)
    champion = as_(scene.champion)
    answer = champion.answer(f"/venues/{scene.venue}/certificates/sticker.pdf")
    assert answer.mimetype == "application/pdf"
    words = " ".join(PdfReader(io.BytesIO(answer.data)).pages[0].extract_text().split())
    assert words.count(code) == 4
    assert words.count("The Lantern & <Crown>") == 4
    first = client.answer(f"/badge/{code}").headers["Location"]
    assert client.get(first).status == 200
    with app.app_context():
        issue(scene)
        db.session.remove()
    second = client.answer(f"/badge/{code}").headers["Location"]
    assert second != first
    assert "Valid" in client.get(second).badge_words
    page = champion.get(f"/venues/{scene.venue}/certificates/badge")
    assert f"/badge/{code}.svg" in page.html
    assert "runs no script" in page.text


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "address",
    ["/badge/x", "/badge/x.svg", "/badge/0000-0000-0000-0000.svg", "/badge/x.jwt",
     "/status/revocation/7", "/status/nonsense/1", "/issuer/keys/0"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(
    client: Visitor, app: Flask, scene: Scene, address: str
) -> None:
    assert client.answer(address).status_code == 404


@pytest.mark.sqlite_only
def test_no_two_certificates_share_a_place(app: Flask) -> None:
    with app.app_context():
        scenes = [make_ready() for _ in range(6)]
        rows = [issue(scene) for scene in scenes]
        places = {(row.status_list, row.status_index) for row in rows}
        assert len(places) == 6
        assert all(0 <= index < marks.LIST_BITS for _, index in places)
        taken = Certificate(venue_id=scenes[0].venue)
        with pytest.MonkeyPatch.context() as patch:
            draws = iter([rows[0].status_index, rows[1].status_index, 77])
            patch.setattr("charter.certificates.marks.secrets.randbelow", lambda _: next(draws))
            marks.give(taken)
        assert (taken.status_list, taken.status_index) == (1, 77)
        db.session.rollback()
