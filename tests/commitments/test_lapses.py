"""Champions are told of a lapse once, in its first week, and by a mail that says nothing of it."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from charter.commitments import lapses, standing
from charter.commitments.models import VenueStanding
from charter.core import clock
from charter.core.db import CITY, commit, db, lock
from charter.core.mail import OutboxMail
from tests.builders.certificates import noon
from tests.builders.commitments import make_scene, prove_all

DAY = timedelta(days=1)


def told() -> int:
    """Take the standings and tell, as the nightly run does."""
    db.session.rollback()
    for _ in standing.nightly():
        commit()
    lock(CITY)
    number = lapses.tell()
    commit()
    return number


def test_a_lapse_is_told_once_in_its_first_week(app: Flask):
    with app.app_context():
        scene = make_scene()
        prove_all(scene)
        last = db.session.get_one(VenueStanding, scene.venue).holds_until
        assert last is not None
        db.session.rollback()
        with clock.moved_to(noon(last)):
            assert told() == 0
        with clock.moved_to(noon(last + DAY)):
            assert told() == 1
            assert told() == 0
            mail = db.session.scalars(
                select(OutboxMail).where(OutboxMail.kind == "something-lapsed")
            ).one()
            assert mail.user_id == scene.champion
            assert f"/venues/{scene.venue}/" in (mail.body or "")
            db.session.rollback()
            lock(CITY)
            db.session.delete(db.session.get_one(OutboxMail, mail.id))
            commit()
        with clock.moved_to(noon(last + 9 * DAY)):
            assert told() == 0


def test_the_next_lapse_is_told_while_the_first_is_still_open(app: Flask):
    with app.app_context():
        scene = make_scene()
        prove_all(scene)
        judged = standing.assessed(scene.venue)
        assert judged is not None
        ends = sorted({each.holds_until for each in judged.requirements if each.holds_until})
        assert ends[1] - ends[0] > lapses.TOLD_WITHIN
        for end in ends[:3]:
            with clock.moved_to(noon(end)):
                assert told() == 0
            with clock.moved_to(noon(end + DAY)):
                assert told() == 1
