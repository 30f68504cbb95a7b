"""A new champion's first week: from nothing to all of it, by what people really do."""

from datetime import timedelta

import pytest
from flask import Flask

from charter.accounts import service as accounts
from charter.accounts.models import Membership, User
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.editions import service as editions
from charter.handover import week
from charter.sessions import bookings
from charter.staff import links
from charter.staff import service as staff
from charter.staff.models import StaffList
from charter.staff.service import Starter
from charter.training import records
from charter.venues.models import Venue
from tests.builders.accounts import make_member
from tests.builders.certificates import noon
from tests.builders.commitments import Scene, hand_in, make_scene, under_lock
from tests.builders.handover import make_session
from tests.builders.venues import make_venue
from tests.counting import counted

TICKED = ["agree", "join", "list", "train"]


def done(scene: Scene, user_id: int) -> list[str]:
    """The steps that are done."""
    found = week.first_week(scene.venue, user_id)
    assert found is not None
    return [step.key for step in found.steps if step.done]


def card(scene: Scene, user_id: int) -> str:
    """What the champion's home says of it."""
    person = accounts.person(user_id)
    assert person is not None
    return week.card(scene.venue, person.memberships_now)


def new_champion(scene: Scene) -> User:
    """Somebody who is champion from today on, where somebody else has been for long."""
    return make_member(Role.CHAMPION, venue=scene.venue, name="Nell New")


def member_of(scene: Scene, user_id: int) -> int:
    """A person's own row of the list."""
    return next(each.id for each in staff.present(scene.venue) if each.user_id == user_id)


def test_the_first_week_goes_from_nothing_to_all_of_it(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        user = new_champion(scene)
        me = user.id
        session = make_session(scene, "champion", places=1)
        assert done(scene, me) == []
        assert card(scene, me) == "Your first week: 0 of 4 done"
        hand_in(scene.venue, "champion.named", by=me)
        assert done(scene, me) == ["agree"]
        under_lock(
            scene.venue, lambda: links.join(scene.venue, user, Starter("Nell New", "manager"))
        )
        assert done(scene, me) == ["agree", "join", "list"]
        row = member_of(scene, me)
        db.session.rollback()
        under_lock(scene.venue, lambda: bookings.book(scene.venue, session, [row], by=me))
        assert done(scene, me) == TICKED
        assert card(scene, me) == ""
        db.session.get_one(StaffList, scene.venue).checked_on -= timedelta(days=31)
        db.session.commit()
        assert card(scene, me) == "Your first week: 3 of 4 done"
        db.session.rollback()
        under_lock(scene.venue, lambda: staff.confirm(scene.venue, by=me))
        assert done(scene, me) == TICKED


def test_training_that_was_done_counts_as_well_as_a_place_and_a_place_given_back_does_not(
    app: Flask,
) -> None:
    with app.app_context():
        scene = make_scene()
        user = new_champion(scene)
        under_lock(
            scene.venue, lambda: links.join(scene.venue, user, Starter("Nell New", "manager"))
        )
        row, session = member_of(scene, user.id), make_session(scene, "champion")
        wrong = make_session(scene, "respond")
        db.session.rollback()
        under_lock(scene.venue, lambda: bookings.book(scene.venue, wrong, [row], by=user.id))
        assert "train" not in done(scene, user.id)
        db.session.rollback()
        made = under_lock(
            scene.venue, lambda: bookings.book(scene.venue, session, [row], by=user.id)
        )
        booking = made[0].id
        assert "train" in done(scene, user.id)
        db.session.rollback()
        under_lock(scene.venue, lambda: bookings.unbook(scene.venue, session, booking, by=user.id))
        assert "train" not in done(scene, user.id)
        db.session.rollback()
        under_lock(
            scene.venue,
            lambda: records.record(
                staff.members(scene.venue, [row]), "champion", clock.today(),
                source="before", by=user.id,
            ),
        )  # fmt: skip
        assert "train" in done(scene, user.id)


@pytest.mark.sqlite_only
def test_what_somebody_else_signed_does_not_count(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        hand_in(scene.venue, "champion.named", by=scene.champion)
        user = new_champion(scene)
        assert done(scene, user.id) == []
        assert done(scene, scene.champion) == ["agree"]


@pytest.mark.sqlite_only
def test_the_card_goes_after_two_weeks_and_costs_nobody_else_a_statement(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        user = new_champion(scene)
        stand_in = make_member(Role.CHAMPION, venue=scene.venue, is_stand_in=True)
        manager = make_member(Role.MANAGER, venue=scene.venue)
        for other in (stand_in, manager):
            assert card(scene, other.id) == ""
        assert card(scene, scene.champion) == ""
        start = clock.today()
        for days, is_shown in ((0, True), (13, True), (14, False)):
            with clock.moved_to(noon(start + timedelta(days=days))):
                assert bool(card(scene, user.id)) is is_shown
        for who, most in ((scene.champion, 0), (stand_in.id, 0), (user.id, 1)):
            held = accounts.roles_of(who)
            home = db.session.get_one(Venue, scene.venue)
            editions.edition(home.edition_key or "")
            with counted(app) as seen:
                week.card(scene.venue, held)
            assert len(seen) == most, seen


@pytest.mark.sqlite_only
def test_whoever_is_no_champion_reads_the_newest_champions_or_the_next_ones(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        manager = make_member(Role.MANAGER, venue=scene.venue).id
        user = new_champion(scene)
        hand_in(scene.venue, "champion.named", by=user.id)
        found = week.first_week(scene.venue, manager)
        assert found is not None
        assert found.of is not None
        assert (found.of.user_id, found.done, found.total) == (user.id, 1, 4)
        db.session.execute(
            Membership.__table__.delete().where(Membership.user_id.in_([user.id, scene.champion]))
        )
        db.session.commit()
        found = week.first_week(scene.venue, manager)
        assert found is not None
        assert (found.of, found.done, found.total) == (None, 0, 4)
        assert week.first_week(make_venue().id, manager) is None


@pytest.mark.sqlite_only
def test_an_edition_decides_which_steps_there_are(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        found = week.first_week(scene.venue, scene.champion)
        assert found is not None
        assert [step.key for step in found.steps] == [
            "agree", "promises", "join", "list", "train", "handover", "network",
        ]  # fmt: skip
        asked = {step.key: step.requirement for step in found.steps if step.requirement}
        assert asked["agree"].signer == "champion"
        assert asked["train"].fact == "training.champion"
        assert found.minutes > 30
