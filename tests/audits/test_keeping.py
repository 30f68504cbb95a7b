"""What of walks is kept how long, what a venue's copy holds of it, and who is reminded."""

import json
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from charter.audits import actions, pages, reminders, report, retention, service
from charter.audits.models import Action, Audit, AuditAnswer, AuditPhoto
from charter.audits.rules import State
from charter.audits.walks import Conditions, Given, Seen
from charter.core import clock, files
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.files import StoredFile
from charter.core.mail import OutboxMail
from charter.office import export
from charter.venues.models import Venue
from tests.builders.accounts import make_member
from tests.builders.audits import make_walk, opened, weak
from tests.builders.commitments import Scene, make_scene, received, under_lock
from tests.builders.floorplans import make_rooms

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def scene(app: Flask) -> Scene:
    """A venue at work with a door and a bar."""
    with app.app_context():
        made = make_scene(name="The Lantern")
        make_rooms(made, [("door", "Door"), ("main-bar", "Bar")])
        return made


def photograph(scene: Scene, audit: int) -> None:
    """Add a photo to the first answer of a walk that is under way."""
    shot = received()

    def add() -> None:
        walk = opened(scene.venue, audit)
        room = walk.rooms[0]
        key = room.questions[0].key
        row = walk.rows[room.place, key]
        given = Given(key, row.value, row.note, Seen.of(row), shot)
        service.save(walk, room, [given], by=scene.champion)

    under_lock(scene.venue, add)


def finish(scene: Scene, audit: int) -> None:
    """Finish a walk."""

    def end() -> None:
        walk = opened(scene.venue, audit)
        service.finish(
            walk, conditions_of(walk.audit), ["bar"], woman_took_part=True, note="Cold",
            by=scene.champion,
        )  # fmt: skip

    under_lock(scene.venue, end)


def conditions_of(row: Audit) -> Conditions:
    """How it was when the walk began."""
    return Conditions(row.is_open, row.is_dark, row.fullness, row.weather)


def erased() -> list[bool]:
    """Of each photo, whether its time is over."""
    query = select(StoredFile).join(AuditPhoto, AuditPhoto.file_id == StoredFile.id)
    return [each.erased_at is not None for each in db.session.scalars(query)]


def test_a_walk_that_nobody_finishes_is_given_up(app: Flask, scene: Scene) -> None:
    with app.app_context():
        audit = make_walk(scene.venue, scene.champion, finish=False)
        photograph(scene, audit)
        start, gone = clock.now(), list[int]()
        for days in (29, 31, 32):
            with clock.moved_to(start + timedelta(days=days)):
                under_lock(CITY, lambda: gone.append(retention.forget_unfinished()))
        assert gone == [0, 1, 0]
        assert db.session.scalars(select(AuditAnswer)).all() == []
        assert erased() == [True]


def test_photos_stay_while_what_they_show_is_to_be_mended(app: Flask, scene: Scene) -> None:
    with app.app_context():
        audit = make_walk(scene.venue, scene.champion, say=weak, finish=False)
        photograph(scene, audit)
        finish(scene, audit)
        row = db.session.scalars(select(Action).where(Action.before_photo_id.is_not(None))).one()
        start = clock.now()

        def over(days: int) -> int:
            with clock.moved_to(start + timedelta(days=days)):
                found = retention.over(clock.today())
                db.session.rollback()
                return len(found.get(scene.venue, ()))

        assert over(800) == 0
        with clock.moved_to(start + timedelta(days=100)):
            shot = received()
            under_lock(scene.venue, lambda: actions.done(row, "New", shot, by=scene.champion))
        assert [over(days) for days in (800, 840)] == [0, 2]
        under_lock(scene.venue, lambda: retention.clear(scene.venue))
        assert erased() == [True]
        assert db.session.scalars(select(Audit)).one().note == ""
        rows = db.session.scalars(select(Action)).all()
        assert {(each.wrong, each.fix, each.ending, each.owner_id) for each in rows} == {
            ("", "", "", None)
        }


def test_the_venues_copy_holds_its_walks_with_their_photos(app: Flask, scene: Scene) -> None:
    with app.app_context():
        audit = make_walk(
            scene.venue, scene.champion, say=weak, finish=False, notes={"door.light": "Dark"}
        )
        photograph(scene, audit)
        finish(scene, audit)
        row = actions.board(scene.venue, State.OPEN)[0]
        shot = received()
        under_lock(scene.venue, lambda: actions.done(row, "New lamp", shot, by=scene.champion))
        running = make_walk(scene.venue, scene.champion, finish=False)
        with export.pack(scene.venue, staff=False) as packed, zipfile.ZipFile(packed) as copy:
            told = json.loads(copy.read("safety-walks.json"))
            names = copy.namelist()
        [walk] = told["walks"]
        assert walk["walk"] == audit != running
        assert {"place": "Door", "note": "Dark"}.items() <= next(
            each for each in walk["answers"] if each["note"]
        ).items()
        [shown] = [each for each in walk["answers"] if each["photos"]]
        assert shown["photos"][0] in names
        mended = next(each for each in told["to_mend"] if each["state"] == "done")
        assert mended["words"] == "New lamp"
        assert mended["photo after"] in names


def test_overdue_work_is_mailed_the_day_after_and_then_weekly(app: Flask, scene: Scene) -> None:
    with app.app_context():
        owner = make_member(Role.STAFF, venue=scene.venue).id
        make_walk(scene.venue, scene.champion, say=weak)
        due = clock.today() + timedelta(days=3)

        def plan() -> None:
            row = actions.board(scene.venue, State.OPEN)[0]
            actions.plan(row, wrong="Dark", fix="A lamp", owner_id=owner, owners={owner},
                         due_on=due, cost="", by=scene.champion)  # fmt: skip

        under_lock(scene.venue, plan)
        start, told = clock.now(), []
        for day in (3, 4, 5, 10, 11, 18):
            with clock.moved_to(start + timedelta(days=day)):
                db.session.rollback()
                told.append(reminders.remind())
                commit()
        assert told == [0, 2, 0, 0, 2, 2]
        mails = db.session.scalars(select(OutboxMail)).all()
        assert {each.kind for each in mails} == {"to-mend"}
        assert all("Dark" not in (each.body or "") for each in mails)
        db.session.rollback()
        lock(CITY, scene.venue)
        row = actions.board(scene.venue, State.OPEN)[-1]
        for each in actions.board(scene.venue, State.OPEN):
            actions.drop(each, "Gone", by=scene.champion)
        commit()
        assert row.state == State.DROPPED
        with clock.moved_to(start + timedelta(days=40)):
            db.session.rollback()
            assert reminders.remind() == 0
            commit()


def test_a_photo_that_is_damaged_is_said_in_the_report_and_stops_nothing(
    app: Flask, scene: Scene
) -> None:
    with app.app_context():
        audit = make_walk(scene.venue, scene.champion, finish=False)
        photograph(scene, audit)
        finish(scene, audit)
        stored = db.session.scalars(
            select(StoredFile).join(AuditPhoto, AuditPhoto.file_id == StoredFile.id)
        ).one()
        files.store().delete(stored.name)
        venue = db.session.get_one(Venue, scene.venue)
        head = report.Head(venue, "#4b2e83", "charter.example", clock.now())
        out = BytesIO()
        report.draw(out, head, pages.result(opened(scene.venue, audit)), {})
        words = " ".join(page.extract_text() for page in PdfReader(out).pages)
        assert "this picture cannot be shown" in " ".join(words.split())
