"""The public pages: each plain state on its day, codes as people type them, and files checked."""

import gzip
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from charter.certificates.models import Certificate
from charter.core import clock
from charter.core.db import db
from charter.core.text import in_words
from charter.venues import places
from tests.builders.certificates import (
    holds_until,
    in_city,
    issue,
    make_ready,
    noon,
    withdraw,
)
from tests.builders.commitments import Scene
from tests.counting import counted
from tests.page import Page, text_of
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only

DOOR = Path(__file__).resolve().parents[2] / "charter" / "static" / "door.css"
BUDGET = 20_000
ONE_DAY = timedelta(days=1)


@pytest.fixture
def scene(app: Flask) -> Scene:
    """A venue with everything proved, called The Lantern."""
    with app.app_context():
        return make_ready(name="The Lantern", street="1 Quay Street")


@pytest.fixture
def issued(app: Flask, scene: Scene) -> Certificate:
    """Its certificate."""
    with app.app_context():
        row = issue(scene)
        assert row.pdf
        return row


def code_of(row: Certificate) -> str:
    return "-".join(re.findall("....", row.code))


def opened(client: Visitor, row: Certificate) -> Page:
    return client.get(f"/verify/{code_of(row)}")


def state_on(page: Page) -> str:
    return text_of(page.one("strong", "badge"))


# The five states, each on its day, with no nightly work in between


def test_valid_then_lapsing_soon_then_suspended_with_reason_and_date(
    app: Flask, client: Visitor, scene: Scene, issued: Certificate
) -> None:
    with app.app_context():
        end = holds_until(scene.venue)
    page = opened(client, issued)
    assert page.h1 == "The Lantern, 1 Quay Street"
    assert state_on(page) == "Valid"
    assert "What it does not prove" in page.text
    assert "Does this match where you are?" in page.text
    with clock.moved_to(noon(end - timedelta(days=5))):
        page = opened(client, issued)
        assert state_on(page) == "Lapsing soon"
        assert f"{end:%A} {end.day} {end:%B %Y}" in page.text
    with clock.moved_to(noon(end)):
        assert state_on(opened(client, issued)) == "Lapsing soon"
    after, over = end + ONE_DAY, end + timedelta(days=15)
    with clock.moved_to(noon(after)):
        page = opened(client, issued)
        assert state_on(page) == "Lapsing soon"
        assert "something it needs has run out" in page.text
        assert f"Since {in_words(after)}: " in page.text
        last = in_words(over - ONE_DAY)
        assert f"If it is not mended by {last}, this certificate is suspended." in page.text
    with clock.moved_to(noon(over)):
        page = opened(client, issued)
        assert state_on(page) == "Suspended"
        assert f"Suspended since {in_words(over)}." in page.text
        assert f"Since {in_words(after)}: " in page.text


def test_lapsed_after_its_own_last_day(app: Flask, client: Visitor) -> None:
    with app.app_context():
        row = issue(make_ready(valid_to=clock.today() + timedelta(days=900)))
    with clock.moved_to(noon(row.valid_until)):
        assert state_on(opened(client, row)) == "Lapsing soon"
    with clock.moved_to(noon(row.valid_until + ONE_DAY)):
        page = opened(client, row)
        assert state_on(page) == "Lapsed"
        assert "Its last day was" in page.text


def test_withdrawn_with_the_words_of_the_office(
    app: Flask, client: Visitor, scene: Scene, issued: Certificate
) -> None:
    with app.app_context():
        withdraw(scene, issued.id, "A proof was not true.")
    page = opened(client, issued)
    assert state_on(page) == "Withdrawn"
    assert "A proof was not true." in page.text
    assert "Withdrawn since " in page.text


def test_a_replaced_one_reads_lapsed_and_names_its_successor(
    app: Flask, client: Visitor, scene: Scene, issued: Certificate
) -> None:
    with app.app_context():
        newer = issue(scene)
    page = opened(client, issued)
    assert state_on(page) == "Lapsed"
    assert f"replaced by certificate {newer.serial}" in page.text
    assert state_on(opened(client, newer)) == "Valid"


def test_a_closed_venue_says_so_and_its_dates_wait(
    app: Flask, client: Visitor, scene: Scene, issued: Certificate
) -> None:
    with app.app_context():
        end, today = holds_until(scene.venue), clock.today()
        until = today + timedelta(days=20)
        in_city(
            scene.venue,
            lambda: places.close(scene.venue, today, until, "New floor", by=scene.officer),
        )
    page = opened(client, issued)
    assert state_on(page) == "Valid"
    assert "closed for now until" in page.text
    with clock.moved_to(noon(end + ONE_DAY)):
        assert state_on(opened(client, issued)) == "Valid"
    with clock.moved_to(noon(end + timedelta(days=20))):
        assert state_on(opened(client, issued)) == "Lapsing soon"


# Small, without cookie and script, the same for everybody


def test_the_page_is_small_and_leaves_nothing_behind(
    app: Flask, client: Visitor, issued: Certificate
) -> None:
    url = f"/verify/{code_of(issued)}"
    client.answer(url)
    with counted(app) as seen:
        answer = client.answer(url)
    assert "Set-Cookie" not in answer.headers
    assert b"<script" not in answer.data
    loaded = gzip.compress(answer.data), gzip.compress(DOOR.read_bytes())
    assert sum(map(len, loaded)) < BUDGET
    assert len(answer.data) < BUDGET
    assert len(seen) <= 4
    assert client.answer("/verify").headers.get("Set-Cookie") is None


# Codes as people type and scan them


def test_a_code_works_however_it_is_typed(client: Visitor, issued: Certificate) -> None:
    good = code_of(issued)
    odd = good.replace("0", "O").replace("1", "l")
    for typed in (good.lower(), good.replace("-", ""), odd.lower(), odd, f"%20{good}%20"):
        answer = client.answer(f"/verify/{typed}")
        if typed != good:
            assert answer.status_code == 301, typed
            assert client.goes_to(answer) == f"/verify/{good}"
    answer = client.answer(f"/verify?code={good.lower().replace('-', '+')}")
    assert (answer.status_code, client.goes_to(answer)) == (303, f"/verify/{good}")


def test_an_unknown_code_is_a_plain_404_with_the_body_of_any_other(
    app: Flask, client: Visitor, issued: Certificate
) -> None:
    unknown = "0000-0000-0000-0000"
    bodies = {
        client.answer(f"/verify/{code}").get_data()
        for code in (unknown, "nonsense", "x" * 500, "7K3M", "%00%00", "-")
    }
    assert len(bodies) == 1
    assert client.answer(f"/verify/{unknown}").status_code == 404
    assert b"Page not found" in bodies.pop()
    with counted(app) as seen:
        client.answer(f"/verify/{'0' * 500}")
    assert seen == []


def test_half_a_code_is_told_apart_from_an_unknown_one(client: Visitor) -> None:
    assert "not a whole code" in client.get("/verify?code=7K3M").text
    assert "not a whole code" in client.get("/verify?code=%3Cscript%3E").text


# Files


def send(client: Visitor, content: bytes) -> tuple[int, str]:
    """Hand a file in as a stranger would: no cookie, no form token."""
    answer = client.client.post(
        "/verify", data={"file": (io.BytesIO(content), "c.pdf")}, base_url="https://localhost"
    )
    assert "Set-Cookie" not in answer.headers
    return answer.status_code, answer.get_data(as_text=True)


def too_large(client: Visitor) -> int:
    """Hand in six megabytes, written here: the test client would leave a file of its own open."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="c.pdf"\r\n\r\n'
    body = head + b"x" * (6 * 1024 * 1024) + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    return client.client.post(
        "/verify", data=body, content_type=kind, base_url="https://localhost"
    ).status_code


def test_a_file_is_compared_byte_for_byte_and_nothing_is_kept(
    app: Flask, client: Visitor, issued: Certificate
) -> None:
    with counted(app) as seen:
        status, words = send(client, issued.pdf)
    assert (status, "This is the file that was issued" in words) == (200, True)
    assert issued.serial in words
    assert not [s for s in seen if s.startswith(("INSERT", "UPDATE", "DELETE"))]
    changed = issued.pdf[:-9] + b"x" + issued.pdf[-8:]
    with counted(app) as seen:
        assert "was changed after we issued it" in send(client, changed)[1]
        assert "was changed after we issued it" in send(client, issued.pdf + b" ")[1]
    assert not [s for s in seen if s.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert "This is not a file we issued" in send(client, b"%PDF-1.7 something else")[1]
    assert send(client, b"")[0] == 400
    assert client.client.post("/verify", base_url="https://localhost").status_code == 400
    assert too_large(client) == 413
    with app.app_context():
        assert db.session.query(Certificate).count() == 1
