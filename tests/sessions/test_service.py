"""What is done with sessions, on both databases: plan, book, wait, check in, count, and remind."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from charter.commitments import counting
from charter.core import clock, trail
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.errors import Refused
from charter.core.mail import OutboxMail
from charter.sessions import (
    bookings,
    lists,
    papers,
    planning,
    reminders,
    room,
    rules,
    service,
)  # fmt: skip
from charter.sessions.models import AttendancePaper, Booking
from charter.sessions.rules import BookingState
from charter.staff import service as staff
from charter.training import records
from charter.training.models import TrainingRecord
from tests.builders.accounts import mails, make_member
from tests.builders.commitments import make_scene
from tests.builders.sessions import (
    begun,
    book,
    count,
    done,
    locked_in,
    make_plan,
    make_session,
    make_staff,
)  # fmt: skip
from tests.builders.venues import make_venue
from tests.counting import counted


@dataclass
class City:
    """Two venues with champions and three people each, and an officer."""

    officer: int
    lantern: int
    lantern_champion: int
    lantern_people: list[int]
    anchor: int
    anchor_people: list[int]


@pytest.fixture
def city(app: Flask) -> Iterator[City]:
    with app.app_context():
        scene = make_scene(name="The Lantern")
        anchor = make_venue(name="The Anchor").id
        make_member(Role.CHAMPION, venue=anchor, email="anchor@mail.example")
        people = make_staff(scene.venue), make_staff(anchor, "Ivo Jones", "Jo King", "Kit Lowe")
        yield City(scene.officer, scene.venue, scene.champion, people[0], anchor, people[1])


def refused(verb: Callable[[], Any], *venues: int) -> Refused:
    """The refusal of a verb done under its locks."""
    with pytest.raises(Refused) as caught:
        done(verb, *venues)
    db.session.rollback()
    return caught.value


def ids(page: lists.Page) -> list[int]:
    return [row.session.id for row in page.rows]


def states(session: int) -> list[tuple[int, str]]:
    db.session.rollback()
    return [(each.member_id, each.state) for each in service.line(session)]


def test_a_session_is_stored_as_an_instant_and_as_the_wall_clock_shows_it(city: City) -> None:
    summer = make_session(by=city.officer, on=date(clock.today().year + 1, 7, 1), at=time(18))
    row = service.session(summer)
    assert row is not None
    assert (row.starts_at.hour, row.starts_local.hour, row.fold) == (17, 18, 0)
    assert row.minutes == 60  # as long as the course takes
    assert row.ends_at - row.starts_at == timedelta(minutes=60)


@pytest.mark.sqlite_only
def test_what_cannot_be_planned_is_said_beside_its_field(city: City) -> None:
    def planning_of(course: str = "respond", **overrides: Any) -> Refused:
        wanted = make_plan(**overrides)
        return refused(lambda: planning.plan(course, wanted, venue_id=None, by=city.officer))

    with clock.moved_to(datetime(2027, 3, 1, 12, tzinfo=UTC)):
        wrong: dict[str, dict[str, Any]] = {
            "at": {"on": date(2027, 3, 28), "at": time(1, 30)},  # the clocks go forward
            "on": {"on": date(2027, 2, 27)},
            "places": {"places": 0},
            "minutes": {"minutes": 721},
            "place": {"place": "", "link": ""},
            "link": {"link": "javascript:alert(1)"},
        }
        for field, overrides in wrong.items():
            assert planning_of(**overrides).field == field
        assert "two years" in planning_of(on=date(2029, 6, 1)).words
        assert planning_of("nothing").field == planning_of("first-shift").field == "course"


def test_the_form_sent_twice_plans_one_session(city: City) -> None:
    def sent() -> int:
        wanted = make_plan()
        return planning.plan("respond", wanted, venue_id=None, by=city.officer, once="a" * 32).id

    assert done(sent) == done(sent)
    assert len(lists.of_office({}).to_come.rows) == 1


def test_a_full_session_has_a_line_that_moves_up(city: City) -> None:
    session = make_session(by=city.officer, places=2)
    ada, ben, cleo = city.lantern_people
    ivo, jo, _ = city.anchor_people
    first, _ = book(city.lantern, session, ada, ben, by=city.lantern_champion)
    book(city.anchor, session, ivo, jo, by=city.officer)
    book(city.lantern, session, cleo, by=city.lantern_champion)
    assert [state for _, state in states(session)] == ["booked", "booked", *["waiting"] * 3]

    moved = done(
        lambda: [
            each.member_id
            for each in bookings.unbook(
                city.lantern, session, first, by=city.lantern_champion
            ).moved
        ],
        city.lantern,
    )
    assert moved == [ivo]
    assert mails("session-place") == ["anchor@mail.example"]
    assert [entry.verb for entry in trail.history(city.anchor, limit=1)] == ["session.moved-up"]

    # Booked again, somebody goes to the end of the line, not to where they were.
    book(city.lantern, session, ada, by=city.lantern_champion)
    assert [who for who, state in states(session) if state == "waiting"] == [jo, cleo, ada]

    # Places that are added go to whoever waits, in that order.
    wanted = make_plan(places=4)
    done(lambda: planning.change(session, wanted, venue_id=None, by=city.officer))
    assert [who for who, state in states(session) if state == "waiting"] == [ada]
    fewer = make_plan(places=3)
    said = refused(lambda: planning.change(session, fewer, venue_id=None, by=city.officer))
    assert said.field == "places"
    (row,) = lists.of_venue(city.lantern, {}).to_come.rows
    assert (row.booked, row.waiting, row.places_left) == (4, 1, 0)
    assert (row.by_venue[city.lantern], row.waiting_by_venue[city.lantern]) == (2, 1)


@pytest.mark.sqlite_only
def test_who_can_be_booked_where(city: City) -> None:
    session = make_session(by=city.officer)
    own = make_session(by=city.officer, venue=city.anchor)
    ada = city.lantern_people[0]
    book(city.lantern, session, ada, by=1)

    def booking(session_id: int, *members: int) -> str:
        return refused(
            lambda: bookings.book(city.lantern, session_id, members, by=1), city.lantern
        ).words

    assert "Ada Birch is booked already" in booking(session, city.lantern_people[1], ada)
    assert "your staff list" in booking(session, city.anchor_people[0])
    assert "not there" in booking(own, ada)
    assert "not there" in booking(10_000, ada)
    assert booking(session) == "Tick who should go"
    ben = city.lantern_people[1]
    done(lambda: staff.leave(city.lantern, ben, clock.today(), by=1), city.lantern)
    assert "that day" in booking(session, ben)
    with begun(session):
        assert "has begun" in booking(session, city.lantern_people[2])
    done(lambda: planning.cancel(session, "The trainer is ill", venue_id=None, by=1))
    assert "cancelled" in booking(session, city.lantern_people[2])
    assert len(mails("session-cancelled")) == 1
    theirs = refused(lambda: bookings.unbook(city.anchor, session, 1, by=1), city.anchor)
    assert "cancelled" in theirs.words


@pytest.mark.sqlite_only
def test_whoever_is_not_covered_comes_first(city: City) -> None:
    ada, ben, cleo = city.lantern_people
    (cook,) = make_staff(city.lantern, "Zed Young", job="kitchen")
    session = make_session(by=city.officer)
    row = service.session(session)
    assert row is not None
    locked_in(city.lantern)
    records.record(
        staff.members(city.lantern, [ada]), "respond-door", clock.today(), source="before", by=None
    )
    records.record(
        staff.members(city.lantern, [ben]), "respond", clock.today(), source="before", by=None
    )
    commit()
    row = service.session(session)
    assert row is not None
    found = bookings.candidates(city.lantern, row, [])
    # A variant for other jobs does not cover Ada.
    assert [each.member_id for each in found] == [ada, cleo, ben, cook]
    assert found[0].why.endswith("Not trained yet")
    assert found[2].why.endswith("Trained already")
    assert found[3].why.endswith("Not made for this job")


def test_a_headcount_makes_rows_and_no_shows(app: Flask, city: City) -> None:
    session = make_session(by=city.officer, places=4)
    ada, ben, cleo = city.lantern_people
    ivo, jo, _ = city.anchor_people
    seats = book(city.lantern, session, ada, ben, cleo, by=1)
    theirs = book(city.anchor, session, ivo, jo, by=1)  # Jo waits
    assert "begun" in refused(lambda: room.count(session, 3, venue_id=None, by=1)).words
    with begun(session):
        done(lambda: [room.check_in(session, city.lantern, each) for each in seats[:2]])
        # Fewer in the room than checked in: the trainer says who is there; Jo came without a place.
        said = refused(lambda: room.count(session, 1, venue_id=None, by=city.officer))
        assert said.field == "headcount"
        ticked = [seats[0], theirs[1]]
        done(lambda: room.set_register(session, ticked, venue_id=None, by=city.officer))
        found = count(session, 3, by=city.officer)
        assert (found.came, found.made, found.unknown) == (2, 2, 1)
        again = refused(lambda: room.count(session, 4, venue_id=None, by=city.officer))
        assert "fixed" in again.words
        late = refused(lambda: room.check_in(session, city.lantern, seats[2]))
        assert "counted" in late.words
        rows = db.session.scalars(select(TrainingRecord).order_by(TrainingRecord.member_id)).all()
        assert [(row.member_id, row.source, row.session_id) for row in rows] == [
            (ada, "session", session), (jo, "session", session),
        ]  # fmt: skip
        assert {row.done_on for row in rows} == {clock.today()}
        db.session.rollback()
        with counted(app) as seen:
            missed = service.no_shows(clock.today() - timedelta(days=30))
        assert len(seen) == 1
        assert [(row.name, row.missed, row.booked) for row in missed] == [
            ("The Lantern", 2, 3), ("The Anchor", 1, 2),
        ]  # fmt: skip
        assert service.no_shows(clock.today() + timedelta(days=1)) == []
        assert lists.of_venue(city.anchor, {}).earlier.rows[0].came == 2
        fact = counting.stored([city.lantern], clock.today())[city.lantern]
        assert fact["training.front-of-house"].words.startswith("1 of 3")


def test_each_row_has_a_certificate_whose_page_tells_no_name(city: City) -> None:
    session = make_session(by=city.officer)
    ada = city.lantern_people[0]
    (seat,) = book(city.lantern, session, ada, by=1)
    with begun(session):
        done(lambda: room.set_register(session, [seat], venue_id=None, by=city.officer))
        count(session, 1, by=city.officer)
        row = papers.of_session(city.lantern, session)[ada]
        row_id, until = row.id, row.lasts_until
        code = db.session.scalars(select(AttendancePaper.code)).one()
        shown = papers.by_code(code.lower())
        assert shown is not None
        assert (shown.initials, shown.course, shown.state) == ("A.B.", "Respond", "valid")
        assert (shown.done_on, shown.lasts_until) == (clock.today(), until)
        assert papers.draw(city.anchor, row_id) is None
        drawn = papers.draw(city.lantern, row_id)
        assert drawn is not None
        assert drawn.startswith(b"%PDF")
        with clock.moved_to(clock.now() + timedelta(days=400)):
            later = papers.by_code(code)
            assert later is not None
            assert later.state == "lapsed"
        done(lambda: records.withdraw(city.lantern, row_id, "Not there", by=1), city.lantern)
        back = papers.by_code(code)
        assert back is not None
        assert (back.state, back.taken_back_on) == ("withdrawn", clock.today())
        assert papers.draw(city.lantern, row_id) is None
    assert papers.by_code("0" * 16) is None
    assert papers.by_code("nonsense") is None


def test_a_venues_own_trainer_runs_a_session_for_that_venue_only(city: City) -> None:
    session = make_session(by=1, venue=city.lantern, course="bystander")
    assert service.open_to(city.anchor, session) is None
    assert ids(lists.of_venue(city.lantern, {}).to_come) == [session]
    assert ids(lists.of_venue(city.anchor, {}).to_come) == []
    seen_by_the_office = lists.of_office({})
    assert ids(seen_by_the_office.own_to_come) == [session]
    assert ids(seen_by_the_office.to_come) == []
    (seat,) = book(city.lantern, session, city.lantern_people[0], by=1)
    with begun(session):
        for other in (None, city.anchor):
            said = refused(
                lambda other=other: room.count(session, 1, venue_id=other, by=1),  # type: ignore[misc]
                city.anchor,
            )
            assert "not there" in said.words
        done(lambda: room.set_register(session, [seat], venue_id=city.lantern, by=1), city.lantern)
        assert count(session, 1, by=1, venue=city.lantern).made == 1
    verbs = [entry.verb for entry in trail.history(city.lantern, limit=3)]
    assert verbs == ["session.counted", "training.recorded", "session.register-set"]


@pytest.mark.sqlite_only
def test_the_register_goes_before_what_phones_said(city: City) -> None:
    session = make_session(by=city.officer)
    ada, ben, _ = book(city.lantern, session, *city.lantern_people, by=1)
    assert "opens" in refused(lambda: room.set_register(session, [], venue_id=None, by=1)).words
    assert "closed" in refused(lambda: room.check_in(session, city.lantern, ada)).words
    with begun(session):
        assert refused(lambda: room.check_in(session, city.anchor, ada)).field == "booking"
        done(lambda: room.check_in(session, city.lantern, ada))
        assert [name for _, name in room.names(session, city.lantern)] == ["Ben C.", "Cleo D."]
        # Somebody gave Ada's name: the trainer takes her off, and no phone puts her back.
        done(lambda: room.set_register(session, [], venue_id=None, by=1))
        done(lambda: room.check_in(session, city.lantern, ada))
        assert not any(each.is_here for each in room.seats(session))
        # Ben was late: the register had been saved without him.
        done(lambda: room.check_in(session, city.lantern, ben))
        assert [each.name for each in room.seats(session) if each.is_here] == ["Ben C."]
        said = refused(lambda: room.set_register(session, [9999], venue_id=None, by=1))
        assert said.field == "here"


@pytest.mark.sqlite_only
def test_the_code_finds_the_room_while_it_is_open(city: City) -> None:
    session, other = make_session(by=city.officer), make_session(by=city.officer, course="record")
    code = room.code(session, clock.now())
    assert room.by_code(code) is None
    with begun(session) as now:
        shown = room.code(session, now)
        assert room.by_code(shown) is service.session(session)
        assert shown != room.code(other, now)
        assert room.by_code(f"{(int(shown) + 1) % 100_000_000:08}") is None
        with clock.moved_to(now + timedelta(seconds=119)):
            old = room.by_code(shown)
        with clock.moved_to(now + timedelta(seconds=120)):
            assert room.by_code(shown) is None
        assert old is None or old.id == session
    db.session.rollback()
    done(lambda: planning.cancel(session, "Ill", venue_id=None, by=1))
    with begun(session) as now:
        assert room.by_code(room.code(session, now)) is None


def test_reminders_go_out_a_week_and_a_day_before_and_once_each(city: City) -> None:
    starts = clock.today() + timedelta(days=30)
    session = make_session(by=city.officer, on=starts)
    book(city.lantern, session, city.lantern_people[0], by=1)

    def night(days_before: int) -> int:
        noon = datetime.combine(starts, time(4), tzinfo=UTC) - timedelta(days=days_before)
        with clock.moved_to(noon):
            db.session.rollback()
            told = reminders.remind()
            commit()
        return told

    assert [night(days) for days in (9, 7, 6)] == [0, 1, 0]
    with clock.moved_to(datetime.combine(starts, time(12), tzinfo=UTC) - timedelta(days=3)):
        book(city.anchor, session, city.anchor_people[0], by=1)
    assert [night(days) for days in (2, 1, 0)] == [0, 2, 0]
    letter = db.session.scalars(
        select(OutboxMail).where(OutboxMail.kind == "session-near").order_by(OutboxMail.id)
    ).first()
    assert letter is not None
    body = f"{letter.subject}{letter.body}"
    assert f"/venues/{city.lantern}/sessions/{session}" in body
    assert not [word for word in ("Lantern", "Ada", "Respond", "Quay") if word in body]


@pytest.mark.sqlite_only
def test_the_venues_hear_that_a_session_moved_only_when_it_did(city: City) -> None:
    session = make_session(by=city.officer)
    book(city.lantern, session, city.lantern_people[0], by=1)
    done(lambda: planning.change(session, make_plan(), venue_id=None, by=city.officer))
    assert mails("session-changed") == []
    later = make_plan(at=time(19))
    done(lambda: planning.change(session, later, venue_id=None, by=city.officer))
    assert len(mails("session-changed")) == 1
    with begun(session):
        said = refused(lambda: planning.change(session, later, venue_id=None, by=1))
        assert "begun" in said.words


@pytest.mark.sqlite_only
def test_whoever_checked_in_before_a_session_moved_has_not_come(city: City) -> None:
    session = make_session(by=city.officer)
    seat, other = book(city.lantern, session, *city.lantern_people[:2], by=1)
    elsewhere = make_plan(place="Upstairs")
    with begun(session, minutes=-20):
        done(lambda: room.check_in(session, city.lantern, seat))
        done(lambda: room.set_register(session, [seat], venue_id=None, by=1))
        done(lambda: planning.change(session, elsewhere, venue_id=None, by=1))
        assert [each.is_here for each in room.seats(session)] == [True, False]
        later = make_plan(on=clock.today() + timedelta(days=7))
        done(lambda: planning.change(session, later, venue_id=None, by=1))
        assert not any(each.is_here for each in room.seats(session))
    with begun(session):
        done(lambda: room.check_in(session, city.lantern, other))
        assert count(session, 1, by=city.officer).came == 1
        rows = db.session.scalars(select(TrainingRecord.member_id)).all()
        assert rows == [city.lantern_people[1]]


@pytest.mark.sqlite_only
def test_whoever_is_booked_again_has_to_check_in_again(city: City) -> None:
    session = make_session(by=city.officer)
    ada = city.lantern_people[0]
    (seat,) = book(city.lantern, session, ada, by=1)
    with begun(session, minutes=-20):
        done(lambda: room.check_in(session, city.lantern, seat))
        done(lambda: bookings.unbook(city.lantern, session, seat, by=1), city.lantern)
        assert book(city.lantern, session, ada, by=1) == [seat]
        assert not any(each.is_here for each in room.seats(session))


@pytest.mark.sqlite_only
def test_a_venues_own_trainer_cannot_run_the_champions_training(city: City) -> None:
    def planned(venue: int | None) -> Any:
        return planning.plan("champion", make_plan(), venue_id=venue, by=1)

    said = refused(lambda: planned(city.lantern), city.lantern)
    assert (said.field, "own trainer" in said.words) == ("course", True)
    assert done(lambda: planned(None).course_key) == "champion"


def test_every_venue_that_is_booked_has_on_record_what_became_of_it(city: City) -> None:
    session = make_session(by=city.officer, places=3)
    seats = book(city.lantern, session, *city.lantern_people[:2], by=1)
    book(city.anchor, session, *city.anchor_people[:2], by=1)  # one has a place, one waits
    third = make_venue(name="The Mill").id
    book(third, session, *make_staff(third, "Lou Marsh"), by=1)  # waits, and finds no place

    def on_record(venue: int) -> tuple[str, dict[str, Any]]:
        (entry,) = trail.history(venue, limit=1)
        return entry.verb, entry.detail

    done(lambda: planning.change(session, make_plan(places=3), venue_id=None, by=1))
    for venue in (city.lantern, city.anchor, third):
        verb, detail = on_record(venue)
        assert (verb, list(detail)) == ("session.changed", ["on"])
    with begun(session):
        done(lambda: room.set_register(session, seats[:1], venue_id=None, by=1))
        count(session, 2, by=city.officer)
        assert on_record(city.lantern) == ("session.counted", {"came": 1, "missed": 1})
        assert on_record(city.anchor) == ("session.counted", {"came": 0, "missed": 1})
        assert on_record(third)[0] == "session.changed"
        (entry,) = [each for each in trail.history(CITY) if each.verb == "session.counted"]
        assert entry.detail == {"headcount": 2, "came": 1, "missed": 2}


@pytest.mark.sqlite_only
def test_the_same_sent_twice_is_answered_as_the_first_time(city: City) -> None:
    session = make_session(by=city.officer)
    first = book(city.lantern, session, *city.lantern_people[:2], by=1)
    assert book(city.lantern, session, *city.lantern_people[:2], by=1) == first
    with begun(session):
        done(lambda: room.set_register(session, first[:1], venue_id=None, by=1))
        said = [count(session, 3, by=city.officer) for _ in range(2)]
        assert [(each.came, each.unknown) for each in said] == [(1, 2), (1, 2)]
        assert len(db.session.scalars(select(TrainingRecord)).all()) == 1
        verbs = [entry.verb for entry in trail.history(city.lantern)]
        assert (verbs.count("session.booked"), verbs.count("session.counted")) == (1, 1)


@pytest.mark.sqlite_only
def test_a_venue_cannot_fill_the_line(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_WAITING", 1)
    session = make_session(by=city.officer, places=1)
    ada, ben, cleo = city.lantern_people

    def booking(*members: int) -> str:
        verb = bookings.book
        return refused(lambda: verb(city.lantern, session, members, by=1), city.lantern).words

    assert booking(ada, ben, cleo).endswith("Untick 1")
    book(city.lantern, session, ada, ben, by=1)
    assert booking(cleo).startswith("Up to 1 people")
    book(city.anchor, session, city.anchor_people[0], by=1)  # others still can


@pytest.mark.slow
def test_two_venues_never_get_the_same_last_place(app: Flask, city: City) -> None:
    session = make_session(by=city.officer, places=1)
    for _ in range(10):
        start = Barrier(2)

        def run(venue: int, member: int, start: Barrier = start) -> None:
            with app.app_context():
                start.wait(10)
                lock(CITY, venue)
                bookings.book(venue, session, [member], by=city.officer)
                commit()
                db.session.remove()

        pairs = ((city.lantern, city.lantern_people[0]), (city.anchor, city.anchor_people[0]))
        threads = [Thread(target=run, args=pair) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(state for _, state in states(session)) == ["booked", "waiting"]
        locked_in()
        db.session.execute(update(Booking).values(state=BookingState.CANCELLED))
        db.session.commit()
