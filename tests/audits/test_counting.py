"""What the charter counts of walks and of what they found: pure on any day, and stored as it is."""

from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from charter.audits import actions, rules
from charter.audits.models import Action
from charter.audits.rules import (
    AFTER_DARK,
    DONE,
    OUTSIDE,
    PLANNED,
    WHOLE,
    WOMAN,
    Found,
    Kind,
    State,
)  # fmt: skip
from charter.audits.walks import Conditions
from charter.commitments import counting
from charter.commitments.models import CountedFact
from charter.core import clock
from charter.core.db import Counts, commit, db, lock, touch
from charter.editions.terms import Lasts
from tests.builders.audits import AFTER_DARK as NIGHT
from tests.builders.audits import make_walk, weak
from tests.builders.commitments import Scene, make_scene
from tests.builders.floorplans import make_rooms

LASTS = {
    AFTER_DARK: Lasts(months=6), WOMAN: Lasts(months=6), WHOLE: Lasts(months=6),
    OUTSIDE: Lasts(months=12), PLANNED: Lasts(months=6), DONE: Lasts(months=3),
}  # fmt: skip
TODAY = date(2026, 11, 27)
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
maybe = st.none() | days


@given(st.builds(Found, maybe, maybe, maybe, maybe, maybe, st.integers(0, 9), maybe, maybe), days)
def test_time_alone_never_makes_a_count_better(found: Found, today: date) -> None:
    now = rules.counted(found, LASTS, today)
    for fact, count in now.items():
        later = rules.counted(found, LASTS, today + timedelta(days=1))[fact]
        holds = count.met and (count.holds_until is None or count.holds_until > today)
        if count.since is None:
            assert later.met is holds, fact
        else:
            assert count.holds_until == LASTS[fact].until(count.since)
            assert count.since <= today


@given(st.builds(Found, maybe, maybe, maybe, maybe, st.none(), st.integers(0, 9), maybe, maybe))
def test_of_what_was_never_walked_nothing_is_said(found: Found) -> None:
    told = rules.counted(found, LASTS, TODAY)
    assert not {PLANNED, DONE} & told.keys()
    assert (AFTER_DARK in told) == (found.after_dark is not None)
    assert rules.counted(found, {}, TODAY) == {}


@pytest.mark.parametrize(
    ("opened", "met", "until"),
    [(0, True, 7), (7, True, 0), (8, False, None)],
)
def test_whoever_finds_something_has_seven_days_to_plan_it(
    opened: int, met: bool, until: int | None
) -> None:
    day = TODAY - timedelta(days=opened)
    told = rules.counted(Found(any_walk=day, unplanned=1, first_unplanned=day), LASTS, TODAY)
    ends = None if until is None else TODAY + timedelta(days=until)
    assert (told[PLANNED].met, told[PLANNED].holds_until) == (met, ends)
    assert told[PLANNED].cases == 1


@pytest.mark.parametrize(("due", "met"), [(-1, False), (0, True), (5, True)])
def test_what_was_due_is_done_until_something_is_overdue(due: int, met: bool) -> None:
    day = TODAY + timedelta(days=due)
    told = rules.counted(Found(any_walk=TODAY, first_due=day), LASTS, TODAY)[DONE]
    assert (told.met, told.holds_until) == (met, day if met else None)


@pytest.fixture
def scene(app: Flask) -> Scene:
    """A venue at work with a door and a bar."""
    with app.app_context():
        made = make_scene()
        make_rooms(made, [("door", "Door"), ("main-bar", "Bar")])
        return made


def stored(venue: int) -> dict[str, CountedFact]:
    """What is stored of a venue's walks."""
    rows = db.session.scalars(select(CountedFact).where(CountedFact.venue_id == venue)).all()
    found = {row.fact: row for row in rows if row.fact in rules.FACTS}
    db.session.expunge_all()
    db.session.rollback()
    return found


def test_a_walk_counts_for_what_it_was(app: Flask, scene: Scene) -> None:
    by_day = Conditions(is_open=True, is_dark=False, fullness="quiet", weather="dry")
    with app.app_context():
        assert stored(scene.venue) == {}
        make_walk(scene.venue, scene.champion, conditions=by_day, woman=False)
        assert stored(scene.venue).keys() == {PLANNED, DONE}
        make_walk(scene.venue, scene.champion)
        assert stored(scene.venue).keys() == {PLANNED, DONE, AFTER_DARK, WOMAN}
        make_walk(scene.venue, scene.champion, conditions=by_day, woman=False, is_quick=False)
        assert stored(scene.venue).keys() == {PLANNED, DONE, AFTER_DARK, WOMAN, WHOLE}
        make_walk(scene.venue, scene.officer, kind=Kind.COVERT, conditions=NIGHT)
        assert stored(scene.venue).keys() == set(rules.FACTS)
        assert all(row.met for row in stored(scene.venue).values())


def test_plans_and_work_are_counted_as_they_change(app: Flask, scene: Scene) -> None:
    with app.app_context():
        make_walk(scene.venue, scene.champion, say=weak)
        found = stored(scene.venue)
        assert found[PLANNED].met
        assert found[PLANNED].holds_until == clock.today() + rules.PLAN_WITHIN
        with clock.moved_to(clock.now() + timedelta(days=9)):
            lock(scene.venue)
            touch(scene.venue, counts=Counts.AUDITS)
            commit()
            assert not stored(scene.venue)[PLANNED].met
            lock(scene.venue)
            for row in actions.board(scene.venue, State.OPEN):
                actions.plan(
                    row, wrong="Dark", fix="A lamp", owner_id=scene.champion,
                    owners={scene.champion}, due_on=clock.today(), cost="", by=scene.champion,
                )  # fmt: skip
            commit()
            found = stored(scene.venue)
            assert found[PLANNED].met
            assert found[DONE].holds_until == clock.today()
        with clock.moved_to(clock.now() + timedelta(days=10)):
            lock(scene.venue)
            touch(scene.venue, counts=Counts.AUDITS)
            commit()
            assert not stored(scene.venue)[DONE].met
            lock(scene.venue)
            for row in db.session.scalars(select(Action)).all():
                actions.drop(row, "It is gone", by=scene.champion)
            commit()
            assert stored(scene.venue)[DONE].met


def test_what_is_stored_is_what_counting_all_again_finds(app: Flask, scene: Scene) -> None:
    with app.app_context():
        make_walk(scene.venue, scene.champion, say=weak, is_quick=False)
        make_walk(scene.venue, scene.officer, kind=Kind.ANNOUNCED, say=weak)
        before = {fact: row.words for fact, row in stored(scene.venue).items()}
        lock(scene.venue)
        counting.recount({scene.venue: Counts.ALL})
        commit()
        assert {fact: row.words for fact, row in stored(scene.venue).items()} == before
