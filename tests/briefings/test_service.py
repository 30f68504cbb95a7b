"""The briefing and spot checks on a database: links, nights, who needs it, what a check changes."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from charter.briefings import checks, readers, retention, service
from charter.briefings.checks import FACT, By
from charter.briefings.models import BriefingNight, BriefingReader, SpotCheck
from charter.commitments import counting, records
from charter.core import clock
from charter.core.db import CITY, Counts, commit, db, lock
from charter.core.errors import Refused
from charter.core.trail import TrailEntry
from charter.editions.terms import Counted
from charter.rooms import looks
from charter.staff import service as staff
from charter.staff.models import StaffMember
from charter.training import records as training
from charter.training.models import TrainingRecord
from charter.venues.models import Closure
from tests.builders.briefings import (
    list_began,
    make_check,
    make_page,
    make_starter,
    make_tonight,
)
from tests.builders.commitments import Scene, make_scene, under_lock
from tests.counting import counted

DAY = timedelta(days=1)


def read(token: str, member: int | None) -> None:
    """Say that somebody read it, as the public page does."""
    db.session.rollback()
    lock(CITY)
    service.acknowledge(token, member)
    commit()


def rows() -> list[TrainingRecord]:
    return list(db.session.scalars(select(TrainingRecord).order_by(TrainingRecord.id)))


def names(scene: Scene) -> list[str]:
    return [each.name for each in service.needs_briefing(scene.venue)]


def test_tonights_link_is_found_by_its_hash_and_made_again_is_another(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        with pytest.raises(Refused, match="First say where"):
            service.make_tonight(scene.venue, "Kim", by=scene.champion)
        first = make_tonight(scene)
        night = service.found(first)
        assert night
        assert service.token(night) == first
        assert len(first) == 43
        assert not service.is_over(night)
        assert first.encode() not in night.token_hash
        second = make_tonight(scene, "Duty manager: Jo")
        assert second != first
        assert service.found(first) is None
        assert db.session.scalar(select(func.count(BriefingNight.id))) == 1
        with pytest.raises(Refused, match="who is on"):
            under_lock(scene.venue, lambda: service.make_tonight(scene.venue, " ", by=1))


def test_reading_it_makes_one_row_of_the_night_and_no_training(app: Flask) -> None:
    with app.app_context():
        scene, other = make_scene(), make_scene()
        list_began(scene)
        sam, jo = make_starter(scene), make_starter(scene, "Jo Marsh")
        stranger = make_starter(other, "Kit Boyd")
        token = make_tonight(scene)
        for who in (stranger, None, 999_999):
            with pytest.raises(Refused, match="Choose your name"):
                read(token, who)
        with pytest.raises(Refused, match="has ended"):
            read("no-such-link", sam)
        read(token, sam)
        read(token, sam)
        [row] = rows()
        assert (row.member_id, row.course_key, row.source) == (sam, "first-shift", "briefing")
        assert (row.recorded_by, row.done_on) == (None, clock.night_of(clock.now()))
        assert [each.member_id for each in service.needs_briefing(scene.venue)] == [jo]
        assert service.unbriefed([scene.venue, other.venue]) == {scene.venue: 1, other.venue: 1}
        night = clock.night_of(clock.now())
        assert readers.has_read(scene.venue, night, sam)
        assert not readers.has_read(other.venue, night, sam)


def test_everybody_on_the_list_can_say_that_they_read_it_and_only_a_starter_is_briefed(
    app: Flask,
) -> None:
    with app.app_context():
        scene, other = make_scene(), make_scene()
        list_began(scene)
        old, sam = make_starter(scene, "Old Hand", started_on=None), make_starter(scene)
        gone = make_starter(scene, "Gone", started_on=clock.today() - 9 * DAY)
        under_lock(
            scene.venue,
            lambda: staff.leave(scene.venue, gone, clock.today() - DAY, by=scene.champion),
        )
        token, night = make_tonight(scene), clock.night_of(clock.now())
        with pytest.raises(Refused, match="Choose your name"):
            read(token, gone)
        for who in (old, old, sam):
            read(token, who)
        assert [row.member_id for row in rows()] == [sam]
        team = readers.of_night(scene.venue, night)
        assert [(each.name, each.at is not None) for each in team] == [
            ("Old Hand", True),
            ("Sam Perry", True),
        ]
        again = make_tonight(scene, "Duty manager: Jo")
        read(again, old)
        assert db.session.scalar(select(func.count(BriefingReader.id))) == 2
        # The row is the record: the trail, which is kept for years, says nothing of who was there.
        verbs = set(db.session.scalars(select(TrailEntry.verb)))
        assert not {verb for verb in verbs if verb.startswith("briefing.read")}
        with clock.moved_to(clock.now() + timedelta(days=368)):
            assert under_lock(scene.venue, retention.forget_readers) == 2
        with clock.moved_to(clock.now() + DAY):
            tomorrow = clock.night_of(clock.now())
            assert {each.at for each in readers.of_night(scene.venue, tomorrow)} == {None}
        assert other.venue


@pytest.mark.sqlite_only
def test_a_name_is_found_as_people_type_it_and_never_guessed(app: Flask) -> None:
    with app.app_context():
        scene, other = make_scene(), make_scene()
        names = ("Sam Perry", "Sam Pike", "Łucja Nowak", "Mei", "Ann Mei")
        ids = {name: make_starter(scene, name, started_on=None) for name in names}
        make_starter(other, "Kit Boyd")
        for typed, name in (
            ("sam perry", "Sam Perry"),
            ("  SAM   PIKE", "Sam Pike"),
            ("Łucja", "Łucja Nowak"),
            ("lucja n", "Łucja Nowak"),
            ("Ann M.", "Ann Mei"),
            ("mei", "Mei"),
        ):
            assert readers.named(scene.venue, typed) == ids[name], typed
        for typed in ("Sam", "Sam P", "sam p."):
            with pytest.raises(Refused, match="whole name"):
                readers.named(scene.venue, typed)
        for typed in ("Kit", "Perry", "S", "Sam Perr"):
            with pytest.raises(Refused, match="not on the list"):
                readers.named(scene.venue, typed)
        for typed in ("", " . ", "%"):
            with pytest.raises(Refused, match="or type it"):
                readers.named(scene.venue, typed)


def test_making_tonights_briefing_notes_that_the_map_is_looked_at(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        for _ in range(2):
            make_tonight(scene)
        assert looks.tonight(scene.venue) == ["briefing"]
        under_lock(scene.venue, lambda: retention.clear(scene.venue))
        assert service.tonight(scene.venue) is None


def test_who_needs_it_is_who_the_charter_calls_a_new_starter(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        list_began(scene)
        today = clock.today()
        make_starter(scene, "Old Hand", started_on=None)
        make_starter(scene, "Long Here", started_on=today - 300 * DAY)
        make_starter(scene, "Chef", job="kitchen")
        make_starter(scene, "Next Month", started_on=today + 30 * DAY)
        assert names(scene) == []
        make_starter(scene, "Tomorrow", started_on=today + DAY)
        new = make_starter(scene, "New")
        gone = make_starter(scene, "Gone", started_on=today - 9 * DAY)
        under_lock(
            scene.venue, lambda: staff.leave(scene.venue, gone, today - DAY, by=scene.champion)
        )
        moved = make_starter(scene, "Moved", job="kitchen", started_on=today - 200 * DAY)
        under_lock(
            scene.venue,
            lambda: staff.change(
                scene.venue, moved, "Moved", "bar", "venue", today, by=scene.champion
            ),
        )
        assert names(scene) == ["New", "Tomorrow"]
        assert service.unbriefed([scene.venue]) == {scene.venue: 1}
        fact = counting.stored([scene.venue], today)[scene.venue]["training.new-starters"]
        assert not fact.met
        read(make_tonight(scene), new)
        assert names(scene) == ["Tomorrow"]
        fact = counting.stored([scene.venue], today)[scene.venue]["training.new-starters"]
        assert fact.met
        [row] = rows()
        under_lock(
            scene.venue,
            lambda: training.withdraw(scene.venue, row.id, "Slip", by=scene.champion),
        )
        assert names(scene) == ["New", "Tomorrow"]


def test_a_briefing_is_of_one_venue_also_for_whoever_linked_both_jobs(app: Flask) -> None:
    with app.app_context():
        here, there = make_scene(), make_scene()
        sam, same = make_starter(here), make_starter(there)
        read(make_tonight(there), same)
        for member in (sam, same):
            db.session.get_one(StaffMember, member).user_id = here.champion
        db.session.commit()
        assert names(here) == ["Sam Perry"]
        assert names(there) == []


def test_many_venues_cost_what_one_costs(app: Flask) -> None:
    with app.app_context():
        scenes = [make_scene() for _ in range(4)]
        for scene in scenes:
            make_starter(scene)
            make_starter(scene, "Jo Marsh")
            make_check(scene)
            make_check(scene, 0, by=By.COVERT)
        ids = [scene.venue for scene in scenes]
        terms = {}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(checks, "counted", lambda given, _day: terms.update(given) or {})
            counting.recount(dict.fromkeys(ids, Counts.ALL))
        db.session.rollback()
        service.unbriefed(ids)
        costs = []
        for some in (ids[:1], ids):
            db.session.rollback()
            with counted(app) as cost:
                assert set(service.unbriefed(some).values()) == {2}
            costs.append(len(cost))
            db.session.rollback()
            with counted(app) as cost:
                found = checks.counted({each: terms[each] for each in some}, clock.today())
            costs.append(len(cost))
            assert set(found) == set(some)
        assert costs == [2, 2, 2, 2]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("made", "night", "over"),
    [
        ("2026-06-19T22", "2026-06-19", "2026-06-20T05"),
        ("2026-06-20T01", "2026-06-19", "2026-06-20T05"),
        ("2026-06-20T05", "2026-06-20", "2026-06-21T05"),
        # The clocks go forward on 29 March, and back on 25 October, between 1 and 2 at night.
        ("2026-03-28T22", "2026-03-28", "2026-03-29T05"),
        ("2026-10-25T01", "2026-10-24", "2026-10-25T06"),
    ],
)
def test_a_link_lasts_until_the_night_ends(app: Flask, made: str, night: str, over: str) -> None:
    begin, end = (datetime.fromisoformat(f"{each}:00+00:00") for each in (made, over))
    with app.app_context():
        with clock.moved_to(begin):
            scene = make_scene()
            sam = make_starter(scene)
            token = make_tonight(scene)
            row = service.found(token)
            assert row
            assert (row.night.isoformat(), row.expires_at) == (night, end)
        with clock.moved_to(end - timedelta(seconds=1)):
            assert service.tonight(scene.venue)
            assert not service.is_over(row)
        with clock.moved_to(end):
            assert service.tonight(scene.venue) is None
            assert service.is_over(row)
            with pytest.raises(Refused, match="has ended"):
                read(token, sam)
            assert rows() == []
            make_tonight(scene)
            assert service.found(token) is None


@pytest.mark.sqlite_only
def test_nights_that_are_over_are_forgotten(app: Flask) -> None:
    with app.app_context():
        scene, other = make_scene(), make_scene()
        for each in (scene, other):
            make_tonight(each)
        with clock.moved_to(clock.now() + 2 * DAY):
            make_tonight(scene)
            assert under_lock(scene.venue, service.forget_ended) == 1
            assert db.session.scalars(select(BriefingNight.venue_id)).all() == [scene.venue]


def fact_of(scene: Scene) -> Counted | None:
    db.session.rollback()
    return counting.stored([scene.venue], clock.today())[scene.venue].get(FACT)


def state_of(scene: Scene) -> Counted | None:
    facts = records.known([scene.venue])[scene.venue].facts
    return facts.requirements["respond.spot-check"].counted


def test_a_check_counts_at_once_and_a_covert_one_that_fails_ends_it(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        assert fact_of(scene) is None
        make_check(scene, 3, 2, 2, days_ago=10)
        fact = fact_of(scene)
        assert fact
        assert fact.met
        assert fact.since == clock.today() - 10 * DAY
        assert "3 people, all knew at least 2 of 3" in fact.words
        make_check(scene, 3, 1, 1, by=By.COVERT, days_ago=3)
        make_check(scene, 3, 3, 3, days_ago=5)
        fact = state_of(scene)
        assert fact
        assert not fact.met
        assert fact.lost_on == clock.today() - 3 * DAY
        make_check(scene, by=By.UNANNOUNCED)
        fact = fact_of(scene)
        assert fact
        assert fact.met
        assert fact.words.startswith("The office asked")
        found = checks.of_venue(scene.venue)
        assert [row.by for row in found] == ["unannounced", "covert", "self", "self"]


@pytest.mark.sqlite_only
def test_a_check_that_closed_days_stretch_still_says_what_it_found(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        today = clock.today()
        make_check(scene)
        shut = Closure(venue_id=scene.venue, from_on=today + DAY, reason="Works")
        under_lock(scene.venue, lambda: db.session.add(shut))
        with clock.moved_to(clock.now() + 120 * DAY):
            fact = fact_of(scene)
            assert fact
            assert fact.holds_until is not None
            assert fact.holds_until < clock.today()
            assert "3 people, all knew" in fact.words


def test_a_check_is_refused_for_what_cannot_be(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        today = clock.today()
        good = [("bar", 3)]
        refusals = [
            (today + DAY, good, "still to come"),
            (clock.months_after(today, -3) - DAY, good, "3 months ago"),
            (today, [], "Enter the job"),
            (today, good * 21, "20 people at most"),
            (today, [("bar", 4)], "There are 3 questions"),
            (today, [("bar", -1)], "There are 3 questions"),
            (today, [("juggler", 1)], "one of the jobs"),
        ]
        for day, answers, words in refusals:
            with pytest.raises(Refused, match=words):
                checks.note_check(scene.venue, By.SELF, day, answers, by=scene.champion)
        first = clock.months_after(today, -3)

        def note(once: str) -> SpotCheck:
            return checks.note_check(
                scene.venue, By.SELF, first, good * 20, by=scene.champion, once=once
            )

        one, two = (under_lock(scene.venue, lambda: note("a" * 32)).id for _ in range(2))
        assert one == two
        other = make_scene()
        taken = under_lock(
            other.venue,
            lambda: checks.note_check(
                other.venue, By.SELF, today, good, by=other.champion, once="a" * 32
            ),
        )
        assert (taken.id != one, taken.once) == (True, None)


@pytest.mark.sqlite_only
def test_the_page_says_where_the_book_is(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        with pytest.raises(Refused, match="where the incident book is"):
            service.write_page(scene.venue, " ", "", "", by=scene.champion)
        make_page(scene)
        make_page(scene)
        saved = service.page(scene.venue)
        assert saved
        assert saved.book_place == "Behind the main bar"
