"""What is counted is stored by the change itself, is what the rules say, and bears on the standing.

Decision 11 for counted facts: after every kind of write the stored ones equal what is counted anew.
Decision 7: no upgrade lapses anybody, and whoever joins or leaves changes the standing at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select

from charter import config
from charter.accounts import service as accounts
from charter.cli import run_nightly
from charter.commitments import counting, standing
from charter.commitments.assessment import RequirementState
from charter.commitments.models import CountedFact
from charter.commitments.rules import thresholds
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, Counts, commit, db, lock
from charter.editions import service as editions
from charter.editions.terms import Counted
from charter.proofs import exceptions
from charter.staff import links
from charter.staff import service as staff
from charter.staff.models import StaffMember
from charter.staff.service import Starter
from charter.training import courses, facts, records, rules
from charter.training.models import TrainingRecord
from charter.training.rules import Terms
from charter.venues import places
from charter.venues import service as venues
from tests.builders.accounts import make_user
from tests.builders.commitments import (
    EDITION,
    Scene,
    hand_in,
    make_proof,
    make_scene,
    restate,
    under_lock,
)
from tests.builders.training import make_records, make_staff
from tests.commitments.test_standing import judged, membership, user
from tests.commitments.test_standing import stored as stored_standing
from tests.counting import counted

DAY = timedelta(days=1)
TODAY = date(2026, 6, 15)
BEGAN = TODAY - timedelta(days=20)
FRONT, STARTERS = "training.front-of-house", "training.new-starters"
sqlite_only = pytest.mark.sqlite_only


@pytest.fixture
def settings(settings: config.Settings) -> config.Settings:
    """A city that draws no lots, so that a renewal is a renewal."""
    return replace(settings, city=replace(settings.city, review_share=0.0))


def noon(day: date) -> datetime:
    """The middle of a day, everywhere the same one."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """A venue with a list: three people, the manager's row tied to an account."""

    scene: Scene
    ada: int
    bo: int
    cy: int
    pat: int

    @property
    def venue(self) -> int:
        """The venue's id."""
        return self.scene.venue

    @property
    def by(self) -> int:
        """Who writes."""
        return self.scene.champion


def make_team_place() -> Place:
    """A venue whose list began on BEGAN, all of it trained that day."""
    with clock.moved_to(noon(BEGAN)):
        scene = make_scene()
        pat = make_user().id
        ada, bo = make_staff(scene.venue, "Ada", "Bo", by=scene.champion)
        (cy,) = make_staff(scene.venue, "Cy", by=scene.champion, job="manager", user=pat)
        for course in ("respond", "record", "champion"):
            make_records(scene.venue, [ada, bo, cy], course)
    return Place(scene, ada, bo, cy, pat)


def stored(venue: int) -> dict[str, Counted]:
    """What the table says of a venue's training."""
    db.session.rollback()
    found = counting.stored([venue], clock.today())[venue]
    return {
        fact: replace(each, lost_on=None) for fact, each in found.items() if fact in rules.FACTS
    }


def anew(venue: int) -> dict[str, Counted]:
    """The same, counted anew from everything that was recorded.

    Since when something is lost is remembered, not counted: it has tests of its own.
    """
    db.session.rollback()
    edition, overrides = editions.with_overrides([EDITION])[EDITION]
    lasts = {each.fact: each.lasts for each in edition.requirements if each.fact}
    values = thresholds(edition, overrides, clock.today())
    terms = Terms(courses.courses(), values, lasts)
    team = facts.teams([venue])[venue]
    found = {fact: rules.counted(team, terms, fact, clock.today()) for fact in rules.FACTS}
    return {fact: replace(each, lost_on=None) for fact, each in found.items() if each}


def lost_on(venue: int, fact: str = "training.front-of-house") -> date | None:
    """Since when a fact is stored as lost."""
    db.session.rollback()
    return counting.stored([venue], clock.today())[venue][fact].lost_on


def state(venue: int, key: str = "respond.front-of-house") -> RequirementState:
    """What a requirement reads as today, from what is stored."""
    db.session.rollback()
    found = standing.assessed(venue)
    assert found is not None
    requirement = found.requirement(key)
    assert requirement is not None
    return requirement.state


def _newest(venue: int, name: str) -> int:
    return (
        db.session.scalars(
            select(StaffMember.id)
            .where(StaffMember.venue_id == venue, StaffMember.name == name)
            .order_by(StaffMember.id.desc())
        ).first()
        or 0
    )


def _record(name: str, course: str) -> Callable[[Place], object]:
    def act(at: Place) -> object:
        people = staff.members(at.venue, [_newest(at.venue, name)])
        return records.record(people, course, clock.today(), source="session", by=at.by)

    return act


def _withdraw(at: Place) -> object:
    row = db.session.scalars(
        select(TrainingRecord.id).where(TrainingRecord.member_id == _newest(at.venue, "Dee"))
    ).first()
    return records.withdraw(at.venue, row or 0, "Somebody else", by=at.by)


def _reopen(at: Place) -> object:
    (closure,) = places.closures(at.venue)
    return places.reopen(at.venue, closure.id, clock.today(), by=at.by)


def _give_role(at: Place) -> object:
    return accounts.give_role(user(at.pat), Role.CHAMPION, venue_id=at.venue, by=at.scene.officer)


def _end_role(at: Place) -> object:
    return accounts.end_role(membership(at.pat), by=user(at.scene.officer), venue_id=at.venue)


def _link(at: Place) -> object:
    found = links.enter_code(user(at.pat), links.make_code(at.venue, at.cy, by=at.by))
    assert isinstance(found, StaffMember), found
    return found


# In this order; each changes something that is counted.
WRITES: dict[str, Callable[[Place], object]] = {
    "the list is confirmed": lambda at: staff.confirm(at.venue, by=at.by),
    "somebody joins": lambda at: staff.add(
        at.venue, Starter("Dee", "bar", "venue", TODAY), by=at.by
    ),
    "many join": lambda at: staff.add_many(
        at.venue, [Starter(name, "door", "agency", TODAY) for name in ("Eli", "Flo")], by=at.by
    ),
    "somebody is trained": _record("Dee", "respond"),
    "somebody is briefed": _record("Dee", "first-shift"),
    "a row is taken back": _withdraw,
    "somebody leaves": lambda at: staff.leave(at.venue, at.bo, TODAY - DAY, by=at.by),
    "and comes back": lambda at: staff.come_back(
        at.venue, at.bo, Starter("Bo", "bar", "venue", TODAY), by=at.by
    ),
    "a job changes": lambda at: staff.change(
        at.venue, at.ada, "Ada", "kitchen", "venue", TODAY, by=at.by
    ),
    "the venue closes": lambda at: places.close(
        at.venue, TODAY - 3 * DAY, TODAY + 40 * DAY, "Works", by=at.by
    ),
    "it opens again": _reopen,
    "a leave is planned": lambda at: staff.leave(at.venue, at.cy, TODAY + 9 * DAY, by=at.by),
    "a champion begins": _give_role,
    "a person unties their row": lambda at: links.unlink(at.pat, at.cy),
    "and ties it again": _link,
    "the champion ends": _end_role,
}


def test_every_kind_of_write_leaves_stored_what_is_counted_anew(app: Flask) -> None:
    with app.app_context():
        at = make_team_place()
        with clock.moved_to(noon(TODAY)):
            before = stored(at.venue)
            assert before.keys() == set(rules.FACTS)
            assert before == anew(at.venue)
            for name, write in WRITES.items():
                under_lock(at.venue, lambda write=write: write(at))
                now = stored(at.venue)
                assert now == anew(at.venue), name
                assert now != before, f"{name} changed nothing that is counted"
                assert stored_standing(at.venue) == judged(at.venue), name
                before = now
            under_lock(at.venue, lambda: venues.leave(at.venue, "Sold", by=at.by))
            assert stored_standing(at.venue) == judged(at.venue)


def test_a_threshold_of_the_office_counts_from_its_day_and_the_night_takes_it_in(
    app: Flask,
) -> None:
    with app.app_context():
        at = make_team_place()
        with clock.moved_to(noon(TODAY)):
            make_staff(at.venue, "Dee", by=at.by, started_on=TODAY)
            assert (stored(at.venue)[FRONT].met, stored(at.venue)[FRONT].share) == (False, 75.0)
            db.session.rollback()
            lock(CITY)
            exceptions.set_threshold(EDITION, "share_trained", 75, TODAY + DAY, by=at.scene.officer)
            commit()
            assert stored(at.venue) == anew(at.venue)
            assert state(at.venue) is RequirementState.LAPSED
        with clock.moved_to(noon(TODAY + DAY)):
            db.session.rollback()
            run_nightly()
            assert stored(at.venue) == anew(at.venue)
            assert stored(at.venue)[FRONT].met
            assert state(at.venue) is RequirementState.ACCEPTED
            assert stored_standing(at.venue) == judged(at.venue)


def writes_of_counts(seen: list[str]) -> list[str]:
    """The statements that changed the table of counts."""
    return [each for each in seen if "counted_fact" in each and not each.startswith("SELECT")]


def test_a_night_on_which_nothing_changed_writes_no_count(app: Flask) -> None:
    with app.app_context():
        at, empty = make_team_place(), make_scene()
        restate(empty.venue)
        with clock.moved_to(noon(BEGAN)):
            restate(at.venue)
        for day in (BEGAN, BEGAN + DAY, TODAY):
            with clock.moved_to(noon(day)):
                db.session.rollback()
                before = stored(at.venue)
                with counted(app) as seen:
                    db.session.rollback()
                    run_nightly()
                assert writes_of_counts(seen) == []
                assert stored(at.venue) == before == anew(at.venue)
                with counted(app) as seen:
                    restate(at.venue)
                assert writes_of_counts(seen) == []
        over = stored(at.venue)[FRONT].holds_until
        assert over is not None
        with clock.moved_to(noon(over + DAY)):
            db.session.rollback()
            with counted(app) as seen:
                run_nightly()
            assert len(writes_of_counts(seen)) == 2
            assert lost_on(at.venue) == over + DAY


@sqlite_only
def test_counting_many_venues_costs_what_one_costs(app: Flask) -> None:
    with app.app_context():
        found = [make_team_place().venue for _ in range(5)]
        costs = []
        for batch in (found[:1], found[1:]):
            for venue in batch:
                make_staff(venue, "Dee", by=make_user().id, started_on=clock.today())
            db.session.rollback()
            lock(CITY, *batch)
            # As after the first count of a new course: every row is wrong.
            db.session.execute(delete(CountedFact))
            with counted(app) as seen:
                counting.recount(dict.fromkeys(batch, Counts.ALL))
            costs.append(len(seen))
            commit()
        assert costs[0] == costs[1], costs


# Decision 7.

VALID_TO = TODAY + 30 * DAY


def proved(scene: Scene) -> None:
    """The venue has shown 5.2 by a list of its own, and the office has accepted it."""
    make_proof(
        scene.venue,
        "respond.front-of-house",
        by=scene.champion,
        happened_on=TODAY - 300 * DAY,
        valid_to=VALID_TO,
    )
    restate(scene.venue)


def reads(venue: int, on: date) -> set[RequirementState]:
    """What 5.2 reads as on a day, before that day's nightly run and after it."""
    with clock.moved_to(noon(on)):
        before = state(venue)
        db.session.rollback()
        run_nightly()
        assert stored_standing(venue) == judged(venue)
        return {before, state(venue)}


@sqlite_only
def test_without_a_list_an_accepted_proof_stands_until_its_own_end(app: Flask) -> None:
    with app.app_context():
        with clock.moved_to(noon(TODAY)):
            scene, other = make_scene(), make_scene()
            proved(scene)
            restate(other.venue)
        assert reads(scene.venue, TODAY) == {RequirementState.ACCEPTED}
        assert reads(scene.venue, VALID_TO) == {RequirementState.ACCEPTED}
        assert reads(scene.venue, VALID_TO + DAY) == {RequirementState.LAPSED}
        assert reads(other.venue, VALID_TO + DAY) == {RequirementState.NOT_SHOWN}


@sqlite_only
def test_a_list_that_is_met_carries_on_where_the_proof_ends(app: Flask) -> None:
    with app.app_context():
        at = make_team_place()
        with clock.moved_to(noon(TODAY)):
            proved(at.scene)
        assert reads(at.venue, VALID_TO + DAY) == {RequirementState.ACCEPTED}
        last = courses.courses()["respond"].lasts.until(BEGAN)
        assert reads(at.venue, last) == {RequirementState.ACCEPTED}
        assert reads(at.venue, last + DAY) == {RequirementState.LAPSED}


@sqlite_only
def test_a_list_that_is_not_met_takes_nothing_from_a_proof(app: Flask) -> None:
    with app.app_context():
        with clock.moved_to(noon(TODAY)):
            scene = make_scene()
            proved(scene)
            make_staff(scene.venue, "Ada", "Bo", by=scene.champion)
            assert not stored(scene.venue)[FRONT].met
        assert reads(scene.venue, TODAY) == {RequirementState.ACCEPTED}
        assert reads(scene.venue, VALID_TO) == {RequirementState.ACCEPTED}
        assert reads(scene.venue, VALID_TO + DAY) == {RequirementState.LAPSED}


# Who joins or leaves.


def test_who_joins_or_leaves_changes_the_standing_at_once(app: Flask) -> None:
    with app.app_context():
        at = make_team_place()
        with clock.moved_to(noon(TODAY)):
            assert state(at.venue) is RequirementState.ACCEPTED
            (dee,) = make_staff(at.venue, "Dee", by=at.by, started_on=TODAY - DAY)
            assert lost_on(at.venue) == TODAY
            assert state(at.venue) is RequirementState.LAPSED
            assert stored_standing(at.venue) == judged(at.venue)
            under_lock(at.venue, lambda: staff.leave(at.venue, dee, TODAY - DAY, by=at.by))
            assert state(at.venue) is RequirementState.ACCEPTED
            assert stored_standing(at.venue) == judged(at.venue)


@sqlite_only
def test_who_is_to_join_moves_the_day_on_which_it_lapses(app: Flask) -> None:
    with app.app_context():
        at = make_team_place()
        with clock.moved_to(noon(TODAY)):
            make_staff(at.venue, "Dee", by=at.by, started_on=TODAY + 9 * DAY)
            assert stored(at.venue)[FRONT].holds_until == TODAY + 8 * DAY
        assert reads(at.venue, TODAY + 8 * DAY) == {RequirementState.ACCEPTED}
        assert reads(at.venue, TODAY + 9 * DAY) == {RequirementState.LAPSED}


@sqlite_only
def test_what_has_run_out_is_read_without_its_old_numbers(app: Flask) -> None:
    with app.app_context():
        at = make_team_place()
        with clock.moved_to(noon(TODAY)):
            fresh = stored(at.venue)[STARTERS]
            assert fresh.met
            assert fresh.holds_until is not None
        with clock.moved_to(noon(fresh.holds_until + DAY)):
            old = stored(at.venue)[STARTERS]
            assert (old.met, old.holds_until) == (True, fresh.holds_until)
            assert (old.share, old.words, old.step) == (None, "", "")


@sqlite_only
def test_a_venue_that_signed_nothing_has_no_counts(app: Flask) -> None:
    with app.app_context():
        at = make_team_place()
        venue = db.session.get_one(venues.Venue, at.venue)
        venue.edition_key = None
        db.session.commit()
        restate(at.venue)
        assert stored(at.venue) == {}


# What was done at another venue, and what waits for the office.


@sqlite_only
def test_a_champions_training_written_down_at_another_venue_counts_at_once(app: Flask) -> None:
    with app.app_context():
        here, there = make_scene(), make_scene()
        restate(here.venue)
        members = make_staff(there.venue, "Ada", by=there.champion, user=here.champion)
        make_records(there.venue, members, "champion")
        assert stored(here.venue) == anew(here.venue)


@sqlite_only
def test_a_champion_who_ties_a_row_of_another_venue_is_counted_at_once(app: Flask) -> None:
    with app.app_context():
        here, there = make_scene(), make_scene()
        restate(here.venue)
        (ada,) = make_staff(there.venue, "Ada", by=there.champion)
        make_records(there.venue, [ada], "champion")

        def tie() -> None:
            lock(here.venue)
            code = links.make_code(there.venue, ada, by=there.champion)
            assert isinstance(links.enter_code(user(here.champion), code), StaffMember)

        under_lock(there.venue, tie)
        assert stored(here.venue) == anew(here.venue)


@sqlite_only
def test_a_proof_that_waits_keeps_a_count_that_ran_out_with_or_without_the_nightly_run(
    app: Flask,
) -> None:
    with app.app_context():
        at = make_team_place()
        last = courses.courses()["respond"].lasts.until(BEGAN)
        with clock.moved_to(noon(last)):
            restate(at.venue)
            hand_in(at.venue, "respond.front-of-house", by=at.by)
        assert reads(at.venue, last + DAY) == {RequirementState.ACCEPTED}


# Since when something is lost: by what was known all along, never by what was written later.


@pytest.mark.parametrize("how", ["joins, since long ago", "row taken back", "threshold raised"])
@sqlite_only
def test_what_was_read_as_met_until_today_is_lost_today(app: Flask, how: str) -> None:
    with app.app_context():
        at = make_team_place()
        with clock.moved_to(noon(TODAY - 9 * DAY)):
            set_share(75, at)
        with clock.moved_to(noon(TODAY - 8 * DAY)):
            restate(at.venue)
            # Three of four: enough for 75 per cent.
            make_staff(at.venue, "Dee", by=at.by)
            assert state(at.venue) is RequirementState.ACCEPTED
        with clock.moved_to(noon(TODAY)):
            worsened(at, how)
            assert lost_on(at.venue) == TODAY
            assert state(at.venue) is RequirementState.LAPSED
        with clock.moved_to(noon(TODAY + 3 * DAY)):
            db.session.rollback()
            run_nightly()
            assert lost_on(at.venue) == TODAY


def set_share(number: float, at: Place) -> None:
    """The office's own value from tomorrow on."""
    db.session.rollback()
    lock(CITY)
    day = clock.today() + DAY
    exceptions.set_threshold(EDITION, "share_trained", number, day, by=at.scene.officer)
    commit()


def worsened(at: Place, how: str) -> None:
    """Something is written today that is true since long ago, or from today."""
    if how == "joins, since long ago":
        eve = Starter("Eve", "bar", "venue", clock.today() - 900 * DAY)
        under_lock(at.venue, lambda: staff.add(at.venue, eve, by=at.by))
    elif how == "row taken back":
        row = select(TrainingRecord.id).where(
            TrainingRecord.member_id == at.ada, TrainingRecord.course_key == "respond"
        )
        number = db.session.scalars(row).one()
        under_lock(at.venue, lambda: records.withdraw(at.venue, number, "Slip", by=at.by))
    else:
        with clock.moved_to(noon(TODAY - DAY)):
            set_share(90, at)
        db.session.rollback()
        run_nightly()


@sqlite_only
def test_what_was_never_read_as_met_is_not_lost(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        with clock.moved_to(noon(TODAY)):
            ada, bo = make_staff(scene.venue, "Ada", "Bo", by=scene.champion)
            assert (lost_on(scene.venue), state(scene.venue)) == (None, RequirementState.NOT_SHOWN)
            # Written down today, and over since last month: it held before anybody could know.
            make_records(scene.venue, [ada, bo], "respond", TODAY - 400 * DAY)
            assert (lost_on(scene.venue), state(scene.venue)) == (None, RequirementState.NOT_SHOWN)
