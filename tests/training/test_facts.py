"""The teams of many venues, gathered from the tables: who is whose, and at the cost of one."""

from datetime import timedelta

import pytest
from flask import Flask

from charter.accounts.models import Membership
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.staff import links
from charter.staff import service as staff
from charter.staff.models import StaffMember
from charter.training import facts, records, rules
from charter.training.coverage import Person, Team
from charter.training.models import TrainingRecord
from charter.venues.closures import Closed
from charter.venues.models import Closure
from tests.builders.accounts import make_member, make_user
from tests.builders.commitments import Scene, make_scene, under_lock
from tests.builders.teams import make_terms
from tests.builders.training import at, began, make_records, make_staff
from tests.counting import counted

DAY = timedelta(days=1)


def team_of(venue: int) -> Team:
    """One venue's team, gathered anew."""
    db.session.rollback()
    return facts.teams([venue])[venue]


def person(venue: int, member: int) -> Person:
    """One of its people."""
    return next(each for each in team_of(venue).people if each.id == member)


def did(venue: int, member: int) -> list[str]:
    """The courses that one of its people is known to have done."""
    return sorted(each.course for each in person(venue, member).done)


def champion_is_trained(venue: int) -> bool:
    """Whether the champion's fact is met."""
    found = rules.counted(team_of(venue), make_terms(), "training.champion", clock.today())
    assert found is not None
    return found.met


def add_champion(scene: Scene, user: int, **overrides: object) -> None:
    """One more row of a champion's role, as it stands."""
    values = {
        "user_id": user,
        "role": Role.CHAMPION,
        "venue_id": scene.venue,
        "starts_on": clock.today() - 30 * DAY,
    }
    db.session.add(Membership(**values | overrides))
    db.session.commit()


def test_many_teams_cost_what_one_costs(app: Flask) -> None:
    with app.app_context():
        scenes = [make_scene() for _ in range(6)]
        for number, scene in enumerate(scenes):
            user = make_user().id if number % 2 else None
            members = make_staff(scene.venue, "Ada", by=scene.champion, user=user)
            make_records(scene.venue, members)
        venues = [scene.venue for scene in scenes]
        some = venues + list(range(9000, 9019))
        costs = []
        for asked in (venues[:1], venues[1:2], venues, some):
            db.session.rollback()
            with counted(app) as seen:
                found = facts.teams(asked)
            costs.append(len(seen))
            assert [*found] == asked
        assert len(some) == 25
        assert set(costs) == {6}
        assert all(len(found[venue].people[0].done) == 1 for venue in venues)
        assert found[9000] == Team()
        assert facts.teams([]) == {}


def test_a_team_is_what_the_tables_say(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        today, before = clock.today(), clock.today() - 40 * DAY
        (member,) = make_staff(scene.venue, "Ada", by=scene.champion, started_on=before)
        began(scene.venue, before)
        under_lock(
            scene.venue,
            lambda: staff.change(
                scene.venue, member, "Ada", "door", "agency", today, by=scene.champion
            ),
        )
        (kept, wrong) = (
            *make_records(scene.venue, [member]),
            *make_records(scene.venue, [member], "spiking"),
        )
        under_lock(
            scene.venue, lambda: records.withdraw(scene.venue, wrong, "Not her", by=scene.officer)
        )
        for first, last in ((30, 20), (25, 18), (60, 50)):
            closed = Closure(venue_id=scene.venue, from_on=today - first * DAY, reason="Works")
            closed.until_on = today - last * DAY
            db.session.add(closed)
        db.session.get_one(TrainingRecord, kept).recorded_at = at(today - DAY, hour=23)
        db.session.commit()
        team = team_of(scene.venue)
        assert (team.began, team.checked) == (before, today)
        assert team.closures == (
            Closed(today - 60 * DAY, today - 50 * DAY),
            Closed(today - 30 * DAY, today - 18 * DAY),
        )
        (ada,) = team.people
        assert [(s.job, s.employer, s.first, s.last) for s in ada.stints] == [
            ("bar", "venue", before, today - DAY),
            ("door", "agency", today, None),
        ]
        assert [(s.known, s.last_known) for s in ada.stints] == [(before, today), (today, None)]
        done = {each.course: each for each in ada.done}
        assert (done["respond"].known, done["respond"].withdrawn) == (today - DAY, None)
        assert (done["spiking"].known, done["spiking"].withdrawn) == (today, today)


def test_what_a_person_did_elsewhere_counts_once_they_link_their_jobs(app: Flask) -> None:
    with app.app_context():
        here, there = make_scene(), make_scene()
        (ada,) = make_staff(here.venue, "Ada", by=here.champion)
        (same,) = make_staff(there.venue, "Ada", by=there.champion)
        (other,) = make_staff(here.venue, "Bo", by=here.champion)
        make_records(here.venue, [ada], "spiking")
        make_records(there.venue, [same])
        assert did(here.venue, ada) == ["spiking"]
        user = make_user().id
        for scene, member in ((here, ada), (there, same)):
            under_lock(
                scene.venue,
                lambda m=member: setattr(db.session.get(StaffMember, m), "user_id", user),
            )
        assert did(here.venue, ada) == did(there.venue, same) == ["respond", "spiking"]
        assert did(here.venue, other) == []
        # Somebody of the same name who is linked to somebody else stays apart.
        third = make_scene()
        (namesake,) = make_staff(third.venue, "Ada", by=third.champion, user=make_user().id)
        assert did(third.venue, namesake) == []
        db.session.rollback()
        lock(CITY, here.venue, there.venue)
        links.unlink(user, ada)
        commit()
        assert did(here.venue, ada) == ["spiking"]
        assert did(there.venue, same) == ["respond"]


def test_a_champions_rows_count_through_the_account(app: Flask) -> None:
    with app.app_context():
        here, there = make_scene(), make_scene()
        assert not champion_is_trained(here.venue)
        # On the list of another venue, where the training was written down.
        members = make_staff(there.venue, "Ada", by=there.champion, user=here.champion)
        make_records(there.venue, members, "champion")
        assert champion_is_trained(here.venue)
        assert not champion_is_trained(there.venue)


@pytest.mark.parametrize(
    ("starts", "ends", "is_stand_in", "counts"),
    [
        (-10, None, False, True),
        (-10, 0, False, True),
        (0, 0, False, True),
        (-10, -1, False, False),
        (0, -1, False, False),
        (1, None, False, False),
        (-10, None, True, False),
    ],
)
@pytest.mark.sqlite_only
def test_a_role_counts_on_its_days(
    app: Flask, starts: int, ends: int | None, is_stand_in: bool, counts: bool
) -> None:
    with app.app_context():
        scene = make_scene()
        user = make_user().id
        members = make_staff(scene.venue, "Ada", by=scene.champion, user=user)
        make_records(scene.venue, members, "champion")
        today = clock.today()
        add_champion(
            scene,
            user,
            starts_on=today + starts * DAY,
            ends_on=None if ends is None else today + ends * DAY,
            is_stand_in=is_stand_in,
        )
        assert champion_is_trained(scene.venue) is counts
        gone = (starts, ends) == (0, -1)
        assert len(team_of(scene.venue).champions) == 2 - gone - is_stand_in


@pytest.mark.sqlite_only
def test_no_other_role_is_a_champions(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        manager = make_member(Role.MANAGER, venue=scene.venue).id
        members = make_staff(scene.venue, "Ada", by=scene.champion, user=manager)
        make_records(scene.venue, members, "champion")
        assert not champion_is_trained(scene.venue)
