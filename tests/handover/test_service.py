"""What a handover gathers, from a venue with something of everything."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from charter.accounts import service as accounts
from charter.accounts.models import Membership, User
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db
from charter.handover import service
from charter.handover.service import Handover, Task
from charter.staff import service as staff
from charter.staff.service import Starter
from tests.builders.accounts import locked, make_member
from tests.builders.commitments import make_proof, make_scene, restate, under_lock
from tests.builders.handover import PLACE, make_house, make_session
from tests.builders.venues import make_venue
from tests.counting import counted

MOST_STATEMENTS = 17


def gathered(venue_id: int) -> Handover:
    """The handover of a venue that has signed."""
    found = service.handover(venue_id)
    assert found is not None
    return found


def keys(tasks: object) -> list[str]:
    """The requirements of these tasks."""
    assert isinstance(tasks, (list, tuple))
    return [each.requirement.key for each in tasks if isinstance(each, Task)]


def names(rows: object) -> list[str]:
    """Who holds these roles."""
    assert isinstance(rows, (list, tuple))
    return [row.user.name for row in rows]


def test_a_handover_tells_what_is_open_what_ends_and_where_things_are(app: Flask) -> None:
    with app.app_context():
        house = make_house()
        found = gathered(house.venue)
        tasks, training, things = found.tasks, found.training, found.things
        assert names(found.people.champions) == ["Cleo Champion"]
        assert names(found.people.stand_ins) == ["Stella Stand"]
        assert names(found.people.managers) == ["Mo Manager"]
        assert keys(tasks.lapsed) == ["staff.policy"]
        assert keys(tasks.sent_back) == ["message.poster-words"]
        assert "too dark to read" in tasks.sent_back[0].note
        assert keys(tasks.ending) == ["staff.risk-assessment"]
        assert keys(tasks.begun) == ["staff.survey"]
        assert "A start was saved on" in tasks.begun[0].note
        assert keys(tasks.at_office) == ["public.no-name-needed"]
        assert keys(tasks.questions) == ["staff.way-home"]
        everything = [*tasks.lapsed, *tasks.sent_back, *tasks.ending, *tasks.begun]
        everything += [*tasks.at_office, *tasks.not_begun]
        assert len(set(keys(everything))) == len(everything)
        assert keys(tasks.not_begun)[0] == "champion.named"
        assert all(each.requirement.essential for each in tasks.not_begun)
        assert tasks.good > 5
        said = {each.requirement.fact: each.words for each in training.cover}
        assert said["training.front-of-house"].startswith("2 of 5 people")
        assert training.checked == clock.today()
        assert training.unbriefed == 1
        booked = [(each.title, each.place, each.people, each.waiting) for each in training.booked]
        assert booked == [("Respond", PLACE, 3, 1)]
        assert (things.book, things.quiet) == ("Behind the till", "Office")
        assert list(things.posters) == ["Long bar"]
        assert [each.evidence_id for each in things.papers if each.evidence_id == house.paper]
        assert {each.requirement.key for each in things.papers} == {
            "staff.risk-assessment", "public.what-happens-next",
        }  # fmt: skip


def test_a_venue_that_has_just_signed_has_all_of_it_before_it(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        found = gathered(scene.venue)
        assert len(found.tasks.not_begun) + found.tasks.good > 40
        assert (found.training.checked, found.training.unbriefed) == (None, 0)
        assert (found.things.book, list(found.things.papers)) == ("", [])
        assert "Entrance" in found.things.posters
        assert not found.tasks.is_empty
        assert service.handover(make_venue().id) is None
        assert service.handover(999_999) is None


@pytest.mark.sqlite_only
def test_who_was_champion_last_and_since_when_there_is_none(app: Flask) -> None:
    with app.app_context():
        today = clock.today()
        venue = make_scene().venue
        assert gathered(venue).people.before == ""
        db.session.execute(Membership.__table__.delete().where(Membership.venue_id == venue))
        db.session.commit()
        people = gathered(venue).people
        assert (people.before, people.none_since) == ("", None)
        for name, first, last in (
            ("First", 900, 500), ("Long", 800, 20), ("Short", 300, 200), ("Never", 0, 1),
        ):  # fmt: skip
            make_member(
                Role.CHAMPION,
                venue=venue,
                name=name,
                starts_on=today - timedelta(days=first),
                ends_on=today - timedelta(days=last),
            )
        people = gathered(venue).people
        assert (people.before, people.none_since) == ("Long", today - timedelta(days=19))
        closed = make_member(Role.CHAMPION, venue=venue, name="Closed")
        admin = make_member(Role.OFFICE_ADMIN)
        assert names(gathered(venue).people.champions) == ["Closed"]
        locked(CITY)
        by = accounts.person(admin.id)
        accounts.disable(closed.id, by=by)
        commit()
        people = gathered(venue).people
        assert (people.before, people.none_since) == ("Closed", today)


@pytest.mark.sqlite_only
def test_a_handover_costs_the_same_however_much_there_is(app: Flask) -> None:
    with app.app_context():
        house = make_house()
        few = cost(app, house.venue)
        for number in range(6):
            under_lock(
                house.venue,
                lambda number=number: staff.add(
                    house.venue,
                    Starter(f"Newer {number}", "bar", started_on=clock.today()),
                    by=house.scene.champion,
                ),
            )
            make_member(Role.MANAGER, venue=house.venue)
            make_proof(house.venue, "staff.policy-given", by=house.scene.champion)
        make_session(house.scene, "spiking")
        restate(house.venue)
        assert cost(app, house.venue) == few <= MOST_STATEMENTS - 2
        assert gathered(house.venue).training.unbriefed == 7
        for user_id in db.session.scalars(
            select(User.id).where(User.id.in_([house.scene.champion, house.stand_in]))
        ).all():
            db.session.execute(Membership.__table__.delete().where(Membership.user_id == user_id))
        db.session.commit()
        assert cost(app, house.venue) <= MOST_STATEMENTS


def cost(app: Flask, venue_id: int) -> int:
    """How many statements a handover takes, once the process has what it remembers."""
    gathered(venue_id)
    db.session.rollback()
    db.session.expunge_all()
    with counted(app) as seen:
        gathered(venue_id)
    db.session.rollback()
    return len(seen)
