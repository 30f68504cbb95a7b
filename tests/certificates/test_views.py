"""A venue's certificate pages: who sees what, and the way from proposal to paper to withdrawal."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from charter.certificates import reading, service
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from tests.builders.accounts import make_member
from tests.builders.certificates import issue, make_ready, propose
from tests.builders.commitments import make_scene
from tests.visitor import Visitor

As = Callable[..., Visitor]


def test_from_proposal_to_paper_to_withdrawal(app: Flask, as_: As, client: Visitor) -> None:
    with app.app_context():
        scene = make_ready(name="The Lantern")
        admin = make_member(Role.OFFICE_ADMIN).id
    office, boss = as_(scene.officer), as_(admin)
    base = f"/office/venues/{scene.venue}/certificates"
    mine = f"/venues/{scene.venue}/certificates"
    assert "no certificate now" in as_(scene.champion).get(mine).text
    assert "They have 72 hours" in office.get(f"{base}/propose").text
    assert office.goes_to(office.post(f"{base}/propose")) == mine
    links = [link.href for link in boss.get(mine).links]
    issue_url = next(href for href in links if href.endswith("/issue"))
    page = boss.get(issue_url)
    for words in ("The Lantern", "cannot be changed afterwards", "Runs until", "Commitments met"):
        assert words in page.text
    boss.post(issue_url)
    with app.app_context():
        shown = reading.of_venue(scene.venue)[0]
        pdf, number, code = shown.certificate.pdf, shown.certificate.id, shown.code
    paper = as_(scene.champion).answer(f"{mine}/{number}.pdf")
    assert paper.data == pdf
    assert paper.headers["Content-Disposition"].startswith("attachment;")
    assert client.get(f"/verify/{code}").status == 200
    withdraw = f"{base}/{number}/withdraw"
    assert "Write why" in boss.refused(withdraw).text
    assert office.goes_to(office.post(withdraw, {"because": "A proof was not true."})) == mine
    assert "A proof was not true." not in client.get(f"/verify/{code}").text
    assert "Somebody has proposed" in boss.refused(withdraw, {"because": "Again"}).text
    decide = next(link.href for link in boss.get(mine).links if link.href.endswith("/take-back"))
    assert not [link for link in office.get(mine).links if link.href.endswith("/take-back")]
    assert "A proof was not true." in boss.get(decide).text
    assert boss.goes_to(boss.post(decide)) == mine
    assert "A proof was not true." in client.get(f"/verify/{code}").text
    assert "no longer there" in boss.refused(withdraw, {"because": "Again"}).text


@pytest.mark.sqlite_only
def test_the_proposer_cannot_issue_from_any_sign_in(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_ready()
        admin = make_member(Role.OFFICE_ADMIN).id
    first, second = as_(admin), as_(admin)
    first.post(f"/office/venues/{scene.venue}/certificates/propose")
    with app.app_context():
        proposal = service.open_proposal(scene.venue, service.ISSUE)
        assert proposal is not None
        assert proposal.proposed_session is not None
        number = proposal.id
        db.session.rollback()
    url = f"/office/venues/{scene.venue}/certificates/{number}/issue"
    for visitor in (first, second):
        assert "Somebody else has to decide" in visitor.refused(url).text


@pytest.mark.sqlite_only
def test_a_proposal_is_no_good_after_three_days(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_ready()
        admin = make_member(Role.OFFICE_ADMIN).id
        number = propose(scene)
    url = f"/office/venues/{scene.venue}/certificates/{number}/issue"
    with clock.moved_to(clock.now() + timedelta(hours=73)):
        assert "no longer open" in as_(admin).refused(url).text
        page = as_(scene.officer).get(f"/venues/{scene.venue}/certificates")
        assert any(link.href.endswith("/propose") for link in page.links)


@pytest.mark.sqlite_only
def test_a_proposal_is_dropped_and_what_is_missing_is_told(app: Flask, as_: As) -> None:
    with app.app_context():
        scene, bare = make_ready(), make_scene()
        number = propose(scene)
    office = as_(scene.officer)
    office.post(f"/office/venues/{scene.venue}/certificates/{number}/drop")
    assert "The proposal is gone" in office.get(f"/venues/{scene.venue}/certificates").text
    page = as_(bare.champion).get(f"/venues/{bare.venue}/certificates")
    assert "What is still missing" in page.text
    refused = office.refused(f"/office/venues/{bare.venue}/certificates/propose")
    assert "Not every essential requirement holds" in refused.text


@pytest.mark.sqlite_only
def test_a_certificate_is_reached_only_through_its_venue(app: Flask, as_: As) -> None:
    with app.app_context():
        here, there = make_ready(), make_ready()
        number = issue(here).id
        admin = make_member(Role.OFFICE_ADMIN).id
    visitor = as_(there.champion)
    visitor.get(f"/venues/{here.venue}/certificates", 404)
    assert visitor.answer(f"/venues/{there.venue}/certificates/{number}.pdf").status_code == 404
    office = f"/office/venues/{there.venue}/certificates"
    as_(admin).get(f"{office}/{number}/withdraw", 404)
    as_(there.officer).get(f"{office}/{number}/withdraw", 404)


@pytest.mark.sqlite_only
def test_the_second_certificate_shows_the_first_among_earlier_ones(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_ready()
        first = issue(scene).serial
        number = propose(scene)
        admin = make_member(Role.OFFICE_ADMIN).id
    boss = as_(admin)
    url = f"/office/venues/{scene.venue}/certificates/{number}/issue"
    assert f"takes the place of certificate {first}" in boss.get(url).text
    boss.post(url)
    page = boss.get(f"/venues/{scene.venue}/certificates")
    assert "Earlier certificates" in page.text
    assert first in page.text
