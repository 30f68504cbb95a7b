"""An auditor writes nothing but their own tables, and a page costs the same for many proofs."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from charter.auditors import casework
from charter.auditors.models import Engagement
from charter.core import trail
from charter.core.db import CITY, NotYours, db, lock, only_writing, read_only
from charter.venues.models import Venue
from tests import matrix
from tests.abuse.world import made
from tests.builders.auditors import engage, make_auditor
from tests.builders.certificates import make_ready
from tests.builders.commitments import make_scene
from tests.counting import counted
from tests.digest import changed, digest
from tests.visitor import Visitor

As = Callable[..., Visitor]


def test_the_database_itself_refuses_to_write_while_an_auditor_reads(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        db.session.rollback()
        read_only()
        assert db.session.get_one(Venue, scene.venue).name
        with pytest.raises(Exception, match=r"(?i)read-?only"):
            db.session.execute(text("UPDATE venue SET name = 'x'"))
        db.session.rollback()
        db.session.execute(text("UPDATE venue SET name = 'y'"))
        db.session.rollback()


def test_only_the_auditors_own_tables_can_be_written(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        db.session.rollback()
        only_writing(frozenset({"audit_question"}))
        try:
            for statement in (
                "UPDATE venue SET name = 'x'", "  delete from evidence",
                'INSERT INTO "user" (email) VALUES (\'x\')',
            ):  # fmt: skip
                with pytest.raises(NotYours):
                    db.session.execute(text(statement))
                db.session.rollback()
            db.session.execute(text("DELETE FROM audit_question"))
            db.session.rollback()
            lock(CITY, scene.venue)
            with pytest.raises(NotYours):
                trail.note("venue.changed", "venue", scene.venue, venue_id=scene.venue)
        finally:
            only_writing(None)
            db.session.rollback()


@pytest.mark.slow
def test_no_route_lets_an_auditor_change_anything_but_their_own(app: Flask, as_: As) -> None:
    """Method by route: every address of the table, with and without form fields (decision 32)."""
    world = made(app)
    with app.app_context():
        auditor = make_auditor()
        number = engage(auditor, world.venue)
        db.session.rollback()
    visitor = as_(auditor)
    mine = {
        "audit_question", "audit_sight", "audit_finding", "trail_entry",
        "web_session",
    }  # fmt: skip
    before = digest(app)
    wrote: set[str] = set()
    tried = 0
    fields = {
        "words": "x", "name": "x", "requirement": "message.posters-up", "grade": "observation",
        "how": "on-page", "body": "x", "reason": "x", "because": "x", "works": "yes",
    }  # fmt: skip
    for route in matrix.routes():
        if route.endpoint.startswith("accounts.") or route.endpoint in ("demo.inbox",):
            continue
        values = {"engagement_id": number, "number": 1, "question_id": 1, "complaint_id": 1}
        for url in (
            world.addresses(route)
            if "engagement_id" not in route.parts
            else [route.at(world.venue, **{**world.ids, **values})]
        ):
            tried += 1
            if route.method == "GET":
                visitor.answer(url).get_data()
            else:
                visitor.sent(url, fields)
                visitor.sent(url)
            after = digest(app)
            touched = set(changed(before, after))
            assert touched <= mine, (route.endpoint, url, touched - mine)
            wrote |= touched
            before = after
    assert tried > 300
    assert {"audit_question", "audit_finding", "trail_entry"} <= wrote


def test_a_page_of_an_audit_costs_the_same_for_many_proofs(app: Flask) -> None:
    with app.app_context():
        few, many = make_scene(), make_ready()
        auditor = make_auditor()
        number = engage(auditor, few.venue, many.venue)
        row = db.session.get_one(Engagement, number)
        costs = []
        for scene in (few, many):
            casework.case(row, scene.venue)
            with counted(app) as seen:
                casework.case(row, scene.venue)
            costs.append(len(seen))
        assert max(costs) - min(costs) <= 1
        with counted(app) as seen:
            casework.progress(row)
        assert len(seen) == 5
