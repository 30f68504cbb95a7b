"""Due process: a venue appeals against a suspension, somebody who is apart answers in time."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from charter.certificates import appeals, credential, reading, register
from charter.certificates.rules import State
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.core.errors import Refused
from charter.core.text import in_words
from charter.proofs import decisions
from charter.proofs.models import Evidence
from tests.builders.accounts import make_member
from tests.builders.certificates import in_city, issue, make_ready, noon
from tests.builders.commitments import Scene, hand_in, make_proof, restate
from tests.visitor import Visitor

DAY = timedelta(days=1)
KEY = "message.posters-up"
As = Callable[..., Visitor]


def suspended(app: Flask) -> tuple[Scene, int]:
    """A venue whose proof was pulled back by an officer 20 days ago; that officer's number."""
    with app.app_context():
        with clock.moved_to(clock.now() - 20 * DAY):
            scene = make_ready()
            issue(scene)
            row = hand_in(scene.venue, KEY, by=scene.champion)
            strict = make_member(Role.OFFICER).id
            number = row.id
            in_city(
                scene.venue,
                lambda: [
                    decisions.pull_back(scene.venue, each, "Too dark", by=strict)
                    for each in accepted(scene)
                ],
            )
            assert number
        db.session.rollback()
        restate(scene.venue)
        shown = reading.of_venues([scene.venue])[scene.venue]
        assert shown.verdict.state is State.SUSPENDED
        db.session.rollback()
    return scene, strict


def accepted(scene: Scene) -> list[int]:
    """The proofs of the posters that count."""
    query = select(Evidence.id).where(
        Evidence.venue_id == scene.venue,
        Evidence.requirement_key == KEY,
        Evidence.state == "accepted",
    )
    return list(db.session.scalars(query))


def test_an_appeal_is_answered_by_somebody_apart_and_stays_the_suspension(
    app: Flask, as_: As, client: Visitor
) -> None:
    scene, strict = suspended(app)
    with app.app_context():
        shown = reading.of_venues([scene.venue])[scene.venue]
        number, code = shown.certificate.id, shown.code
        apart = make_member(Role.OFFICER).id
        place = shown.certificate.status_index
        due = in_words(clock.today() + 14 * DAY)
        until = clock.today() + 10 * DAY
        db.session.rollback()
    champion = as_(scene.champion)
    ask = f"/venues/{scene.venue}/certificates/{number}/appeal"
    home = f"/venues/{scene.venue}/certificates"
    assert any(link.href == ask for link in champion.get(home).links)
    assert "Write what we should" in champion.refused(ask).text
    champion.post(ask, {"words": "The photos were bright enough."})
    assert "You have appealed" in champion.get(ask).text
    assert f"Our answer is due by {due}." in client.get(f"/verify/{code}").text
    assert "You have appealed already" in champion.refused(ask, {"words": "Again"}).text
    with app.app_context():
        [(appeal, _)] = appeals.waiting()
        url = f"/office/venues/{scene.venue}/appeals/{appeal.id}"
        db.session.rollback()
    given = {
        "outcome": "upheld", "answer": "You are right. We accept the photos by Friday.",
        "stay_until-day": until.day, "stay_until-month": until.month,
        "stay_until-year": until.year,
    }  # fmt: skip
    for somebody in (strict, scene.officer):
        assert "Somebody else has to answer it" in as_(somebody).get(url).text
        assert "Somebody else has to answer it" in as_(somebody).refused(url, given).text
    assert "1 appeal to answer" in as_(apart).get("/office/").text
    late = {**given, "stay_until-day": "", "stay_until-month": "", "stay_until-year": ""}
    assert "Choose a day in the next 28 days" in as_(apart).refused(url, late).text
    as_(apart).post(url, given)
    assert "appeal to answer" not in as_(apart).get("/office/").text
    page = client.get(f"/verify/{code}")
    assert "Lapsing soon" in page.badge_words
    assert "The venue appealed, and the office upheld it." in page.text
    assert in_words(until) in page.text
    with app.app_context():
        assert register.state_of(scene.venue) == "certified"
        assert place not in credential.set_bits(credential.SUSPENSION, 1)
        with clock.moved_to(noon(until + DAY)):
            db.session.rollback()
            assert register.state_of(scene.venue) == "suspended"
            assert place in credential.set_bits(credential.SUSPENSION, 1)
            assert reading.of_venues([scene.venue])[scene.venue].verdict.state is State.SUSPENDED
        db.session.rollback()
        make_proof(scene.venue, KEY, by=scene.champion)
        db.session.rollback()
        restate(scene.venue)
        shown = reading.of_venues([scene.venue])[scene.venue]
        assert shown.verdict.state is State.VALID
        assert shown.certificate.stay_until is None
        turns = [row.what for row in reading.history(shown.certificate.id)]
        assert turns == ["grace", "suspended", "stayed", "restored"]
        db.session.rollback()
    assert "Upheld" in as_(apart).refused(url, given).text


def test_an_appeal_that_is_not_upheld_changes_nothing_but_has_an_answer(
    app: Flask, as_: As, client: Visitor
) -> None:
    scene, _ = suspended(app)
    with app.app_context():
        shown = reading.of_venues([scene.venue])[scene.venue]
        number, code = shown.certificate.id, shown.code
        in_city(
            scene.venue, lambda: appeals.ask(scene.venue, number, "Look again", by=scene.champion)
        )
        [(appeal, _)] = appeals.waiting()
        url = f"/office/venues/{scene.venue}/appeals/{appeal.id}"
        apart = make_member(Role.OFFICE_ADMIN).id
        db.session.rollback()
    office = as_(apart)
    with clock.moved_to(clock.now() + 15 * DAY):
        assert "overdue" in as_(apart).get("/office/appeals").text
    office.post(url, {"outcome": "stands", "answer": "The photos show another room."})
    assert "Suspended" in client.get(f"/verify/{code}").badge_words
    assert "Our answer is due" not in client.get(f"/verify/{code}").text
    text = as_(scene.champion).get(f"/venues/{scene.venue}/certificates").text
    assert "not upheld" in text
    assert "The photos show another room." in text
    assert "No appeal waits" in office.get("/office/appeals").text


@pytest.mark.sqlite_only
def test_there_is_no_appeal_where_nothing_is_suspended(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        number = issue(scene).id
        with pytest.raises(Refused, match="no suspension"):
            in_city(scene.venue, lambda: appeals.ask(scene.venue, number, "x", by=scene.champion))
        with pytest.raises(Refused, match="has been answered"):
            in_city(
                scene.venue,
                lambda: appeals.answer(scene.venue, 7, "stands", "x", None, by=scene.officer),
            )
        db.session.rollback()
