"""What time takes away of the people on staff lists, and what stays: the counts, on every day."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice

import pytest
from flask import Flask
from sqlalchemy import select

from charter.accounts.models import User
from charter.accounts.rules import IdleStep
from charter.cli import run_nightly
from charter.core import clock, mail, trail
from charter.core.db import CITY, commit, db, lock
from charter.core.files import StoredFile
from charter.network.models import Notice
from charter.office import retention
from charter.sessions import papers
from charter.sessions.models import AttendancePaper, TrainingSession
from charter.staff import retention as people
from charter.staff import service as staff
from charter.staff.models import StaffImport, StaffLink, StaffMember
from charter.training import facts
from charter.training.models import TrainingRecord
from charter.venues import service as venues
from tests.builders import sessions
from tests.builders.certificates import noon
from tests.builders.commitments import Scene, make_scene, under_lock
from tests.builders.crew import Crew, make_crew, make_old, page_kept, words_kept
from tests.visitor import Visitor

As = Callable[[int], Visitor]
DAY = timedelta(days=1)


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """An application with its context open."""
    with app.app_context():
        yield app
        db.session.remove()


@pytest.fixture
def places(in_app: Flask) -> tuple[Scene, Scene, Crew]:
    """A venue, another one, and their people."""
    scene, other = make_scene(name="The Lantern"), make_scene(name="CANARY ARMS")
    return scene, other, make_crew(scene, other)


def night(moment: datetime, parts: int | None = None) -> list[str]:
    """One night at a moment; with `parts`, only so many of them, and then the machine dies."""
    db.session.rollback()
    done = []
    with clock.moved_to(moment):
        for words in islice(retention.nightly(after_a_pause=True), parts):
            commit()
            done += [words] if words else []
    db.session.rollback()
    db.session.expire_all()
    return done


def everyone(*venue_ids: int) -> object:
    """Everything that coverage is counted from, on whatever day."""
    found = facts.teams(venue_ids)
    db.session.rollback()
    return found


def test_a_leavers_name_goes_after_a_year_and_every_count_of_the_past_stays(
    places: tuple[Scene, Scene, Crew],
) -> None:
    scene, other, crew = places
    last = clock.today() + 30 * DAY
    for member in (crew.ada, crew.cleo):
        under_lock(
            scene.venue, lambda each=member: staff.leave(scene.venue, each, last, by=scene.champion)
        )
    before = everyone(scene.venue, other.venue)
    over = clock.months_after(last, 12) + DAY
    night(noon(over - DAY))
    assert {each.name for each in staff.members(scene.venue, [crew.ada, crew.cleo])} == {
        "Ada Birch",
        "Cleo Dunn",
    }
    assert f"venue {scene.venue}: 2 names deleted." in night(noon(over))
    assert everyone(scene.venue, other.venue) == before
    gone = db.session.get_one(StaffMember, crew.ada)
    assert (gone.name, gone.name_key, gone.forgotten_on) == ("", "", over)
    assert gone.user_id == crew.ada_herself
    assert db.session.get_one(StaffMember, crew.ben).name == "Ben Cole"
    left = [word for word in ("Ada Birch", "Cleo", "ada birch") if word in words_kept()]
    assert left == []
    assert "Ada Birch" not in str(trail.history(scene.venue, limit=500))
    again = len(trail.history(scene.venue, limit=500))
    night(noon(over))
    assert len(trail.history(scene.venue, limit=500)) == again


def test_each_thing_goes_on_its_day_and_what_is_younger_stays(in_app: Flask) -> None:
    scene, now = make_scene(), noon(date(2029, 3, 1))
    files_gone = make_old(scene, now)
    done = night(now)
    for words in (
        "staff-lists: 2.", "nights: 1.", "check-notes: 1.", "initials: 1.", "trainers: 1.",
        "network: 2.", f"venue {scene.venue}: 1 names deleted.",
        f"venue {scene.venue}: 2 files erased.",
    ):  # fmt: skip
        assert words in done
    erased = db.session.scalars(select(StoredFile.id).where(StoredFile.erased_at.is_not(None)))
    assert sorted(erased) == files_gone
    assert db.session.scalars(select(AttendancePaper.initials).order_by("id")).all() == ["", "N.L."]
    trainers = db.session.scalars(select(TrainingSession.trainer).order_by(TrainingSession.id))
    assert trainers.all() == ["Name removed", "Ana Reed"]
    assert len(db.session.scalars(select(StaffImport)).all()) == 1
    assert len(db.session.scalars(select(StaffLink)).all()) == 1
    assert len(db.session.scalars(select(Notice)).all()) == 1
    assert words_kept().count("Kim was not sure") == 1
    assert words_kept().count("Kim Loft") == 1
    assert night(now) == []


def test_a_certificate_that_ran_out_long_ago_says_so_without_initials(in_app: Flask) -> None:
    scene, now = make_scene(), noon(date(2029, 3, 1))
    make_old(scene, now)
    night(now)
    old, young = db.session.execute(
        select(AttendancePaper.code, AttendancePaper.record_id).order_by(AttendancePaper.id)
    ).all()
    with clock.moved_to(now):
        shown = papers.by_code(old.code)
        assert shown is not None
        assert (shown.state, shown.initials) == ("lapsed", "")
        assert papers.draw(scene.venue, old.record_id) is None
        assert papers.with_paper([old.record_id, young.record_id]) == {young.record_id}
        assert papers.draw(scene.venue, young.record_id) is not None


def test_a_venue_that_left_keeps_no_word_about_its_people(
    places: tuple[Scene, Scene, Crew],
) -> None:
    scene, other, crew = places
    under_lock(scene.venue, lambda: venues.leave(scene.venue, "We closed", by=scene.champion))
    before = everyone(scene.venue, other.venue)
    over = clock.months_after(clock.today(), 12) + DAY
    night(noon(over - DAY))
    assert page_kept(scene.venue)
    assert f"venue {scene.venue}: cleared." in night(noon(over))
    told = words_kept()
    names = ("Ada", "Ben", "Cleo", "Kim", "Tess", "HYPERLINK", "Behind the main bar")
    assert [word for word in names if word in told] == []
    assert not page_kept(scene.venue)
    assert "CANARY PERSON" in told
    assert db.session.scalars(select(StoredFile.erased_at)).all() != [None]
    there = {person.id: (person.stints, person.done) for person in before[other.venue].people}
    now = everyone(other.venue)[other.venue].people
    assert {person.id: (person.stints, person.done) for person in now} == there
    assert crew.others in there


def test_a_nameless_account_is_untied_from_lists_that_have_its_name(
    places: tuple[Scene, Scene, Crew],
) -> None:
    scene, other, crew = places
    forgotten = db.session.get_one(StaffMember, crew.ada_there)
    forgotten.name = forgotten.name_key = ""
    forgotten.forgotten_on = clock.today()
    user = db.session.get_one(User, crew.ada_herself)
    user.is_disabled, user.idle_step = True, IdleStep.CLOSED
    user.last_used_at = noon(clock.today() - timedelta(days=700))
    user.idle_step_on = clock.today() - timedelta(days=200)
    db.session.commit()
    db.session.rollback()
    lock(CITY)
    assert people.untie(crew.ada_herself) == 1
    assert set(db.session().info["touched"]) == {scene.venue, other.venue}
    done = night(noon(clock.today()))
    assert f"account {crew.ada_herself}: made nameless." in done
    rows = [db.session.get_one(StaffMember, each) for each in (crew.ada, crew.ada_there)]
    assert [row.user_id for row in rows] == [None, crew.ada_herself]
    assert db.session.get_one(StaffMember, crew.ada).name == "Ada Birch"
    assert trail.history(scene.venue)[0].verb == "staff.unlinked"
    assert all(check.fault is None for check in trail.verify())


def state_of_all() -> tuple[str, int]:
    """All that a night changes of people, and how long the chain of the city is."""
    told = words_kept()
    lines = [line for line in told.splitlines() if "retention.done" not in line]
    return "\n".join(sorted(lines)), told.count("retention.done")


def test_a_night_killed_anywhere_is_finished_by_the_next(in_app: Flask) -> None:
    scene, now = make_scene(), noon(date(2029, 3, 1))
    make_old(scene, now)
    deaths = 0
    while True:
        db.session.rollback()
        with clock.moved_to(now):
            parts = retention.nightly(after_a_pause=True)
            for _ in range(deaths):
                if next(parts, None) is None:
                    break
                commit()
            else:
                if next(parts, None) is not None:
                    db.session.rollback()  # killed with the work of one part not committed
                    parts.close()
                    deaths += 1
                    continue
        break
    assert deaths > 10
    finished = state_of_all()
    night(now)
    assert state_of_all() == finished
    verbs = [entry.verb for entry in trail.history(scene.venue, limit=500)]
    assert (verbs.count("staff.forgotten"), verbs.count("files.erased")) == (1, 1)


@pytest.mark.sqlite_only
def test_the_night_reminds_of_sessions_that_are_near(in_app: Flask) -> None:
    scene = make_scene()
    (member,) = sessions.make_staff(scene.venue, "Ada Birch")
    session = sessions.make_session(by=scene.officer, on=clock.today() + 30 * DAY)
    sessions.book(scene.venue, session, member, by=scene.champion)
    with clock.moved_to(noon(clock.today() + 29 * DAY)):
        db.session.rollback()
        assert "1 champions reminded of a session." in run_nightly()
        assert "reminded" not in run_nightly()
    kinds = db.session.scalars(select(mail.OutboxMail.kind)).all()
    assert kinds.count("session-near") == 1


@pytest.mark.sqlite_only
def test_pages_show_what_is_gone_as_gone(app: Flask, as_: As) -> None:
    with app.app_context():
        scene, other = make_scene(), make_scene()
        crew = make_crew(scene, other)
        last = clock.today() - timedelta(days=400)
        for member in staff.members(scene.venue, [crew.ada]):
            for job in member.jobs:
                job.left_on = last
        db.session.commit()
        night(noon(clock.today() + 14 * DAY))
        record = db.session.scalar(
            select(TrainingRecord.id).where(
                TrainingRecord.member_id == crew.ada, TrainingRecord.session_id.is_not(None)
            )
        )
        outside = db.session.query(StoredFile).first()
        assert outside is not None
        outside.erased_at = clock.now()
        db.session.commit()
    champion = as_(scene.champion)
    venue = f"/venues/{scene.venue}"
    page = champion.get(f"{venue}/sessions/{crew.session}")
    assert "Ada" not in page.text
    assert "Name deleted" in page.text
    assert champion.answer(f"{venue}/staff/{crew.ada}").status_code == 404
    assert "Its proof was deleted" in champion.get(f"{venue}/training/outside").text
    assert record is not None
