"""Questions and answers on a requirement."""

import pytest
from flask import Flask

from charter.commitments import standing
from charter.core import mail
from charter.core.db import db
from charter.core.errors import Refused
from charter.proofs import threads
from tests.builders.commitments import Scene, make_scene, under_lock

pytestmark = pytest.mark.sqlite_only
KEY = "staff.policy"


def ask(scene: Scene, body: str = "Is a photo enough?", once: str | None = None) -> int:
    return under_lock(
        scene.venue, lambda: threads.ask(scene.venue, KEY, body, by=scene.champion, once=once)
    ).id


def answer(scene: Scene, body: str = "Yes.") -> None:
    under_lock(scene.venue, lambda: threads.answer(scene.venue, KEY, body, by=scene.officer))


def test_a_question_is_open_until_it_is_answered(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        ask(scene)
        ask(scene, "And two?")
        row = standing.of_venue(scene.venue)
        assert row is not None
        assert row.questions == 2
        answer(scene)
        assert threads.unanswered(scene.venue) == []
        db.session.rollback()
        row = standing.of_venue(scene.venue)
        assert row is not None
        assert row.questions == 0
        said = [(each.from_office, each.body) for each in threads.thread(scene.venue, KEY)]
        assert said == [(False, "Is a photo enough?"), (False, "And two?"), (True, "Yes.")]


def test_an_answer_sends_a_mail_that_says_nothing_of_it(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        ask(scene)
        answer(scene, "Bring the CANARY form")
        (letter,) = db.session.query(mail.OutboxMail).all()
        assert letter.kind == "something-waits"
        assert "CANARY" not in (letter.body or "")
        assert "Lantern" not in (letter.body or "")


def test_a_question_sent_twice_is_one(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        assert ask(scene, once="b" * 32) == ask(scene, once="b" * 32)
        assert len(threads.thread(scene.venue, KEY)) == 1


def test_an_empty_question_and_an_unknown_requirement_are_refused(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        with pytest.raises(Refused, match="Write your question"):
            ask(scene, " ")
        with pytest.raises(Refused, match="Write your answer"):
            answer(scene, "")
        with pytest.raises(Refused, match="does not ask"):
            under_lock(
                scene.venue, lambda: threads.ask(scene.venue, "no.such", "Hm", by=scene.champion)
            )
