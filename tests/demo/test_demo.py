"""The demo: built once by the services a city uses, readable only where everything is made up."""

from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from charter import config
from charter.accounts.models import User
from charter.app import create_app
from charter.audits import loading as audits
from charter.briefings import checks
from charter.briefings import service as briefings
from charter.briefings.models import SpotCheck
from charter.certificates import signing
from charter.certificates.models import Certificate
from charter.commitments import standing
from charter.commitments.models import VenueStanding
from charter.core import clock, trail
from charter.core.db import CITY, Installation, commit, db, lock
from charter.core.mail import OutboxMail
from charter.demo import city
from charter.editions import service as editions
from charter.incidents import chain
from charter.incidents.choices import Team
from charter.incidents.models import Entry
from charter.install import SEEDS
from charter.network.models import Notice, NoticeReply
from charter.network.rules import State
from charter.sessions import service as session_service
from charter.sessions.models import TrainingSession
from charter.staff import links
from charter.staff import service as staff
from charter.staff.models import StaffList
from charter.training import courses, coverage, facts, outside
from charter.training.coverage import Cover
from charter.training.models import OutsideTraining
from charter.venues.models import Venue, VenueState
from tests.visitor import Visitor

pytestmark = [pytest.mark.sqlite_only, pytest.mark.slow]


def test_the_demo_city_is_built_once_and_its_trail_verifies(settings: config.Settings) -> None:
    app = create_app(replace(settings, demo=True, public_url="https://localhost"))
    with app.app_context():
        lock(CITY)
        db.session.add(Installation(id=1, is_demo=True))
        audits.load_seeds(SEEDS / "audits")
        editions.load_seeds(SEEDS / "charter")
        signing.ensure()
        commit()
        assert "23 venues" in city.load()
        assert "as you left it" in city.load()
        assert db.session.scalar(select(func.count()).select_from(Venue)) == 23
        assert db.session.scalar(select(func.count()).select_from(Certificate)) == 6
        without = select(func.count()).where(VenueStanding.has_champion.is_(False))
        assert db.session.scalar(without) >= 1
        assert db.session.scalar(select(func.count()).select_from(OutboxMail)) == 0
        assert [check.fault for check in trail.verify() if check.fault] == []
        the_certified_stay_certified()
        the_lantern_is_well_trained()
        venues_are_trained_in_all_degrees()
        the_year_has_something_of_everything()
        the_books_stand_up_to_a_check()
    page = Visitor(app).get("/demo/inbox")
    assert "officer@saltmarsh.example" in page.text
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def the_certified_stay_certified() -> None:
    """What is counted takes nothing away from what was shown."""
    met = select(Venue.name).join(VenueStanding, VenueStanding.venue_id == Venue.id)
    met = met.where(standing.sql_all_met(clock.today()))
    assert {"The Lantern", "Switchyard", "Marlow Rooms", "Junction House"} == set(
        db.session.scalars(met)
    )


def the_lantern_is_well_trained() -> None:
    """24 people, 22 trained (two for not much longer), one lapsed, one new and not briefed."""
    lantern = venue_id("The Lantern")
    people = staff.present(lantern)
    assert len(people) == 24
    team, respond = facts.teams([lantern])[lantern], courses.with_variants()["respond"]
    today = clock.today()
    assert coverage.share(team, respond, today) == (22, 24)
    stands = Counter(
        coverage.cover(team, each, respond, today, 30)
        for each in team.people
        if each.jobs_on(today)
    )
    assert stands == {Cover.TRAINED: 20, Cover.DUE: 2, Cover.LAPSED: 1, Cover.NEW: 1}
    assert briefings.unbriefed([lantern]) == {lantern: 1}
    accounts = {row.id: row.email for row in db.session.scalars(select(User))}
    linked = {each.name: accounts[each.user_id] for each in people if each.user_id}
    assert linked["Robin Hale"] == "champion@saltmarsh.example"
    assert linked["Kit Moreno"] == "staff@saltmarsh.example"
    kit = next(each.user_id for each in people if each.name == "Kit Moreno")
    assert [each.venue for each in links.own(kit or 0)] == ["The Lantern", "Switchyard"]


def venues_are_trained_in_all_degrees() -> None:
    """Some well, some partly, some not begun; whoever signed and has not left has a list."""
    signed = select(Venue.id).where(
        Venue.edition_key.is_not(None), Venue.state == VenueState.WORKING
    )
    ids = db.session.scalars(signed).all()
    assert db.session.scalar(select(func.count()).select_from(StaffList)) == len(ids) == 18
    shares = []
    for team in facts.teams(ids).values():
        trained, there = coverage.share(team, courses.with_variants()["respond"], clock.today())
        shares.append(trained * 100 // there)
    assert sum(share > 90 for share in shares) >= 4
    assert sum(20 <= share <= 80 for share in shares) >= 6
    assert sum(share == 0 for share in shares) == 4
    assert sum(count > 0 for count in briefings.unbriefed(ids).values()) >= 6


def the_year_has_something_of_everything() -> None:
    """Sessions of each kind and fate, hand-ins and posts in each state, the office's own eyes."""
    now = clock.now()
    sessions = session_service.listed(db.session.scalars(select(TrainingSession)).all())
    to_come = [each for each in sessions if each.session.starts_at > now]
    assert sum(each.places_left > 0 for each in to_come) >= 2
    assert any(each.waiting for each in to_come)
    assert any(each.session.venue_id for each in to_come)
    counted = [each for each in sessions if each.session.counted_at]
    assert len(counted) >= 18
    assert {each.session.course_key for each in counted} == {each.key for each in courses.to_book()}
    assert any(each.no_shows for each in counted)
    cancelled = [each for each in sessions if each.session.cancelled_at]
    assert len(sessions) == len(to_come) + len(counted) + len(cancelled)
    assert cancelled
    states = set(db.session.scalars(select(OutsideTraining.state)))
    assert states == {each.value for each in outside.State}
    for model in (Notice, NoticeReply):
        assert set(db.session.scalars(select(model.state))) == {each.value for each in State}
    asked = set(db.session.scalars(select(SpotCheck.by)))
    assert asked == {each.value for each in checks.By}


def the_books_stand_up_to_a_check() -> None:
    """The Lantern's has something of everything; one entry is the office's; all verify."""
    lantern = venue_id("The Lantern")
    entries = db.session.scalars(
        select(Entry).where(Entry.book == lantern).order_by(Entry.number)
    ).all()
    assert [each.number for each in entries] == list(range(1, 24))
    assert {each.team for each in entries} == {each.value for each in Team}
    assert {each.state for each in entries} == {"open", "closed"}
    assert {each.cctv for each in entries} == {"no", "wanted", "saved", "lost"}
    assert any(each.is_held for each in entries)
    assert {each.shared for each in entries} == {"", "words"}
    assert entries[0].read_at is not None
    assert db.session.scalar(select(func.count()).where(Entry.book == CITY)) == 1
    assert [check.fault for check in chain.verify() if check.fault] == []


def venue_id(name: str) -> int:
    """The id of a venue by its name."""
    return db.session.scalars(select(Venue.id).where(Venue.name == name)).one()


def test_a_city_has_no_page_that_reads_mail(client: Visitor) -> None:
    client.get("/demo/inbox", status=404)


def test_a_city_refuses_a_database_that_was_a_demo(settings: config.Settings) -> None:
    app = create_app(settings)
    with app.app_context():
        lock(CITY)
        db.session.add(Installation(id=1, is_demo=True))
        commit()
        db.engine.dispose()
    with pytest.raises(config.ConfigFault, match="belongs to a demo"):
        create_app(settings)
