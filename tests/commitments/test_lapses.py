"""Champions are told of a lapse once, in its first week, and by a mail that says nothing of it."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from charter.commitments import lapses
from charter.commitments.models import VenueStanding
from charter.core import clock
from charter.core.db import CITY, commit, db, lock
from charter.core.mail import OutboxMail
from tests.builders.commitments import make_scene, prove_all


def told() -> int:
    """Tell as the nightly run does."""
    db.session.rollback()
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
        moment = clock.now() + timedelta(days=(last - clock.today()).days)
        with clock.moved_to(moment):
            assert told() == 0
        with clock.moved_to(moment + timedelta(days=1)):
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
        with clock.moved_to(moment + timedelta(days=9)):
            assert told() == 0
