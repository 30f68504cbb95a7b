"""The office's reviews: what waits, one on a page, and on to the next."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert

from charter import config
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.proofs import exceptions, service, threads
from charter.proofs.models import Evidence, NotApplicable, QuietRecord
from charter.review import queue
from charter.review.queue import What
from tests.builders.accounts import make_member
from tests.builders.commitments import (
    EDITION,
    Scene,
    hand_in,
    make_proof,
    make_scene,
    under_lock,
)
from tests.counting import counted
from tests.visitor import Visitor

As = Callable[[int], Visitor]
sqlite_only = pytest.mark.sqlite_only


@pytest.fixture
def settings(settings: config.Settings) -> config.Settings:
    """A city that draws no lots, so that a renewal is a renewal."""
    return replace(settings, city=replace(settings.city, review_share=0.0))


@pytest.fixture
def scene(app: Flask) -> Scene:
    """A venue that signed and has shown nothing yet."""
    with app.app_context():
        return make_scene(name="The Blue Lantern")


def fill(scene: Scene, number: int) -> None:
    """So many proofs that wait, a minute apart, at one venue."""
    start = clock.now() - timedelta(minutes=number)
    day = clock.today()
    rows = [
        {
            "venue_id": scene.venue,
            "requirement_key": "staff.policy",
            "edition_key": EDITION,
            "version": n + 1,
            "kind": "file",
            "state": "waiting",
            "happened_on": day,
            "valid_from": day,
            "uploaded_at": start + timedelta(minutes=n // 3),
            "uploaded_by": scene.champion,
            "waits_because": "first",
        }
        for n in range(number)
    ]
    db.session.execute(insert(Evidence), rows)
    db.session.commit()


def test_the_queue_is_walked_page_by_page_and_misses_nothing(app: Flask, scene: Scene) -> None:
    with app.app_context():
        fill(scene, 120)
        for n in range(3):
            under_lock(
                scene.venue,
                lambda n=n: threads.ask(scene.venue, "staff.policy", f"{n}?", by=scene.champion),
            )
        under_lock(
            scene.venue,
            lambda: exceptions.ask_not_applicable(
                scene.venue, "staff.way-home", "We close at six", by=scene.champion
            ),
        )
        db.session.rollback()
        seen, after, pages = [], None, 0
        while True:
            found = queue.queue(by=scene.officer, after=after)
            seen += [(item.at, item.what, item.id) for item in found.items]
            pages, after = pages + 1, found.next
            assert len(found.items) <= queue.PAGE
            if after is None:
                break
        assert pages == 3
        assert len(set(seen)) == len(seen) == 124
        assert seen == sorted(seen)
        assert found.counts == {What.PROOF: 120, What.QUESTION: 3, What.NOT_APPLICABLE: 1}
        only = queue.queue(by=scene.officer, only=What.QUESTION)
        assert {item.what for item in only.items} == {What.QUESTION}


@sqlite_only
@pytest.mark.parametrize(
    "after", ["", "x", "2026-01-01~proof~1", "~~", "2026-01-01T00:00:00+00:00~proof~x"]
)
def test_a_nonsense_cursor_is_the_start(app: Flask, scene: Scene, after: str) -> None:
    with app.app_context():
        fill(scene, 3)
        assert len(queue.queue(by=scene.officer, after=after).items) == 3


@sqlite_only
def test_the_queue_costs_the_same_however_long_it_is(app: Flask, as_: As, scene: Scene) -> None:
    visitor = as_(scene.officer)
    with app.app_context():
        fill(scene, 1)
    visitor.get("/office/reviews")
    with counted(app) as few:
        visitor.get("/office/reviews")
    with app.app_context():
        fill(make_scene(), 90)
    with counted(app) as many:
        visitor.get("/office/reviews")
    assert len(few) == len(many) <= 8, "\n".join(many)


@sqlite_only
def test_an_empty_queue_says_so(as_: As, scene: Scene) -> None:
    assert "Nothing waits" in as_(scene.officer).get("/office/reviews").text


@sqlite_only
def test_an_officer_goes_from_one_proof_to_the_next(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        first = hand_in(scene.venue, "staff.policy", by=scene.champion).id
        second = hand_in(scene.venue, "champion.named", by=scene.champion).id
    visitor = as_(scene.officer)
    page = visitor.get("/office/reviews")
    (start,) = [link for link in page.links if link.text.startswith("Start reviewing")]
    assert start.href == f"/office/venues/{scene.venue}/proofs/{first}"
    page = visitor.get(start.href)
    assert "2 proofs left" in page.text
    assert "first proof of this" in page.text
    sent = visitor.post(start.href, {"decision": "accept"})
    assert visitor.goes_to(sent).endswith(f"/proofs/{second}")
    page = visitor.get(visitor.goes_to(sent))
    assert "1 proof left" in page.text
    refusal = visitor.refused(visitor.goes_to(sent), {"decision": "return", "reason": ""})
    assert "Say what is missing" in refusal.text
    last = visitor.post(visitor.goes_to(sent), {"decision": "return", "reason": "Whose name?"})
    assert visitor.goes_to(last) == "/office/reviews"
    with app.app_context():
        states = {row.requirement_key: row.state for row in db.session.query(Evidence)}
    assert states == {"staff.policy": "accepted", "champion.named": "returned"}
    home = as_(scene.champion).get(f"/venues/{scene.venue}/requirements/champion.named")
    assert "Whose name?" in home.text


@sqlite_only
def test_a_decision_that_is_none_is_refused(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        proof = hand_in(scene.venue, "staff.policy", by=scene.champion).id
    page = as_(scene.officer).refused(f"/office/venues/{scene.venue}/proofs/{proof}", {})
    assert "Choose whether to accept" in page.text


@sqlite_only
def test_ones_own_proof_is_left_to_somebody_else(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        proof = hand_in(scene.venue, "staff.policy", by=scene.officer).id
    visitor = as_(scene.officer)
    page = visitor.get("/office/reviews")
    assert "somebody else looks at it" in page.text
    assert not [link for link in page.links if link.text.startswith("Start reviewing")]
    address = f"/office/venues/{scene.venue}/proofs/{proof}"
    assert "Accept proof" not in visitor.get(address).text
    assert "somebody else has to look" in visitor.refused(address, {"decision": "accept"}).text


@sqlite_only
def test_what_a_rule_accepted_is_pulled_back(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        make_proof(scene.venue, "staff.policy", by=scene.champion)
        proof = hand_in(scene.venue, "staff.policy", by=scene.champion).id
    visitor = as_(scene.officer)
    address = f"/office/venues/{scene.venue}/proofs/{proof}"
    assert "Nobody looked at it again" in visitor.get(address).text
    visitor.post(address, {"decision": "pull-back", "reason": "Blurred"})
    with app.app_context():
        assert db.session.get_one(Evidence, proof).state == "pulled-back"


@sqlite_only
def test_a_question_is_answered(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        under_lock(
            scene.venue,
            lambda: threads.ask(scene.venue, "staff.policy", "One page?", by=scene.champion),
        )
    visitor = as_(scene.officer)
    address = f"/office/venues/{scene.venue}/questions/staff.policy"
    assert "One page?" in visitor.get(address).text
    assert "Write your answer" in visitor.refused(address, {"once": "a" * 32, "body": ""}).text
    visitor.post(address, {"once": "a" * 32, "body": "One page will do."})
    page = as_(scene.champion).get(f"/venues/{scene.venue}/requirements/staff.policy")
    assert "One page will do." in page.text


@sqlite_only
def test_a_wish_is_agreed_to_or_answered_with_words(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        for key in ("staff.way-home", "staff.survey"):
            under_lock(
                scene.venue,
                lambda key=key: exceptions.ask_not_applicable(
                    scene.venue, key, "We close at six", by=scene.champion
                ),
            )
        ids = [row.id for row in db.session.query(NotApplicable).order_by(NotApplicable.id)]
    visitor = as_(scene.officer)
    yes, no = (f"/office/venues/{scene.venue}/not-applicable/{each}" for each in ids)
    assert "We close at six" in visitor.get(yes).text
    visitor.post(yes, {"decision": "agree"})
    assert "Say why it does apply" in visitor.refused(no, {"decision": "refuse"}).text
    visitor.post(no, {"decision": "refuse", "words": "It does."})
    assert "This has been answered." in visitor.get(no).text
    with app.app_context():
        assert [row.agreed for row in db.session.query(NotApplicable)] == [True, False]
    visitor.get(f"/office/venues/{scene.venue}/not-applicable/999", 404)


@sqlite_only
def test_quiet_weeks_are_asked_about_and_written_down(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        under_lock(
            scene.venue,
            lambda: exceptions.sign_nil(scene.venue, "record.on-time", by=scene.champion),
        )
    visitor = as_(scene.officer)
    address = f"/office/venues/{scene.venue}/questions/record.on-time"
    assert "quiet weeks" in visitor.get(address).text
    visitor.post(f"{address}/quiet-weeks", {"answer": "Closed for works in May"})
    with app.app_context():
        assert db.session.query(QuietRecord).one().recorded_by == scene.officer


@sqlite_only
def test_only_reviewers_see_reviews(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        proof = hand_in(scene.venue, "staff.policy", by=scene.champion).id
        auditor = make_member(Role.AUDITOR, venue=scene.venue).id
        newest = service.newest(scene.venue, "staff.policy")
        assert newest is not None
    for who in (scene.champion, auditor):
        visitor = as_(who)
        visitor.get("/office/reviews", 404)
        visitor.get(f"/office/venues/{scene.venue}/proofs/{proof}", 404)
        visitor.post(f"/office/venues/{scene.venue}/proofs/{proof}", {"decision": "accept"}, 404)
