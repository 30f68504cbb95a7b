"""Pages that anybody may read, and the one page for everything that goes wrong."""

from datetime import timedelta

import pytest
from flask import Flask

from charter.config import ROOT
from charter.core import clock
from charter.core.db import CITY, commit, lock
from charter.editions import service as editions
from charter.signup import front
from tests.builders.venues import make_venue
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only


@pytest.fixture(autouse=True)
def _charter(app: Flask) -> None:
    """Every test knows an edition."""
    with app.app_context():
        lock(CITY)
        editions.load_seeds(ROOT / "seeds" / "charter")
        commit()


def test_the_start_page_leads_everywhere(client: Visitor) -> None:
    page = client.get("/")
    assert {"/sign-up/", "/charter", "/sign-in", "/verify", "/register"} <= {
        link.href for link in page.links
    }
    assert "Testbury" in page.text


def test_the_charter_shows_every_promise_and_requirement(app: Flask, client: Visitor) -> None:
    page = client.get("/charter")
    with app.app_context():
        edition = editions.current()
    for commitment in edition.commitments:
        assert commitment.heading in page.text
    for requirement in edition.requirements:
        assert f"{requirement.number} {' '.join(requirement.words.split())}" in page.text


@pytest.mark.parametrize("audience", front.AUDIENCES)
def test_each_audience_has_its_notice_with_a_contact(client: Visitor, audience: str) -> None:
    page = client.get(f"/privacy/{audience}")
    assert page.h1 == front.AUDIENCES[audience]
    assert "office@charter.example" in page.text
    for promise in ("anonymous", "untraceable", "end-to-end", "24/7"):
        assert promise not in page.text.lower()


def test_no_cookie_is_set_by_reading(client: Visitor) -> None:
    for url in ("/", "/charter", "/privacy/everyone", "/accessibility", "/sign-up/"):
        assert "Set-Cookie" not in client.answer(url).headers, url


def test_the_accessibility_statement_is_fresh_and_tells_what_is_known(
    app: Flask, client: Visitor
) -> None:
    facts = front.statement()
    with app.app_context():
        assert clock.today() - facts["reviewed"] < timedelta(days=365)
    assert (facts["conforms"] == "full") == (not facts.get("problem"))
    page = client.get("/accessibility")
    assert facts["standard"] in page.text
    for problem in facts["problem"]:
        assert problem["words"] in page.text


def test_whatever_is_not_there_or_not_yours_answers_alike(app: Flask, client: Visitor) -> None:
    with app.app_context():
        make_venue()
    bodies = {
        client.answer(url).get_data()
        for url in ("/nothing", "/privacy/nobody", "/sign-up/confirm/nothing", "/sign-up/answer/x")
    }
    assert len(bodies) == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (400, "That did not reach us whole"),
        (403, "This page was open for too long"),
        (404, "Page not found"),
        (405, "That cannot be done here"),
        (413, "That file is too large"),
        (418, "That did not reach us whole"),
        (429, "That was a lot in a short time"),
        (500, "Something went wrong"),
        (502, "Something went wrong"),
        (503, "We are closed for a moment"),
    ],
)
def test_every_error_has_words(app: Flask, code: int, words: str) -> None:
    template = app.jinja_env.get_template("error.html")
    with app.test_request_context("/"):
        app.update_template_context(context := {"code": code})
        assert words in template.render(context)


def test_a_form_without_its_token_is_answered_in_words(client: Visitor) -> None:
    answer = client.client.post("/sign-up/you", base_url="https://localhost")
    assert answer.status_code == 403
    assert "open for too long" in answer.get_data(as_text=True)


def test_a_method_that_is_not_there_is_answered_in_words(client: Visitor) -> None:
    assert client.refused("/charter", {}, 405).h1 == "That cannot be done here"
