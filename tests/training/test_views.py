"""The pages of a venue's training: counts for many, names for few."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import inspect, select

from charter.commitments.models import CountedFact
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.trail import TrailEntry
from charter.editions import service as editions
from charter.proofs import exceptions
from charter.training import outside_views, pages, sampling
from charter.training.models import TrainingRecord
from charter.venues import service as venues
from tests.builders.accounts import mails, make_member, make_user
from tests.builders.commitments import make_scene
from tests.builders.training import began, make_records, make_staff
from tests.counting import counted
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[int], Visitor]
MOST_STATEMENTS = 12
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Place:
    """A venue with a team: three at the bar of whom two are trained, a trained door, a kitchen."""

    venue: int
    champion: int
    officer: int
    bar: list[int]
    door: list[int]
    rows: list[int]
    today: date

    @property
    def url(self) -> str:
        """Where its training is."""
        return f"/venues/{self.venue}/training"


@pytest.fixture
def place(app: Flask) -> Place:
    """The venue, whose list began two hundred days ago."""
    with app.app_context():
        scene = make_scene(name="The Blue Lantern")
        venue, by = scene.venue, scene.champion
        bar = make_staff(venue, "Ava Quinn", "Ben Marsh", "Cleo Hart", by=by)
        door = make_staff(venue, "Ed Stone", by=by, job="door", employer="agency")
        make_staff(venue, "Ivo Lang", by=by, job="kitchen")
        began(venue, clock.today() - timedelta(days=200))
        rows = make_records(venue, bar[:2], on=clock.today() - timedelta(days=100))
        make_records(venue, door, "respond-door", clock.today() - timedelta(days=350))
        return Place(venue, by, scene.officer, bar, door, rows, clock.today())


def test_counts_are_for_many_and_names_for_the_venues_own_people(
    app: Flask, as_: As, place: Place
) -> None:
    with app.app_context():
        auditor = make_member(Role.AUDITOR, venue=place.venue).id
        worker = make_member(Role.STAFF, venue=place.venue).id
        stranger = make_scene().champion
    for who in (place.champion, place.officer, auditor):
        page = as_(who).get(place.url)
        assert "3 of 4 trained (75 %)" in page.text
        assert "1 due again in 30 days" in page.text
        assert "0 of 1 trained" in page.text, "the champion's own course"
        assert "Ava" not in page.text
    assert "Ava Quinn" in as_(auditor).get(f"{place.url}/people").text
    as_(place.officer).get(f"{place.url}/people", 404)
    as_(place.officer).get(f"{place.url}/people/{place.bar[0]}", 404)
    as_(auditor).get(f"{place.url}/records/{place.rows[0]}/withdraw", 404)
    for who in (worker, stranger):
        as_(who).get(place.url, 404)
        as_(who).get(f"{place.url}/people", 404)


def test_a_course_and_its_variant_are_one_line_by_job_and_employer(
    app: Flask, place: Place
) -> None:
    with app.app_context():
        venue = venues.venue(place.venue)
        assert venue is not None
        cards = {card.topic.key: card for card in pages.look(venue, clock.today()).cards}
    assert [*cards] == ["respond", "record", "spiking", "bystander"]
    rows = [(row.job, row.employer, sum(row.counts.values())) for row in cards["respond"].rows]
    assert rows == [("Bar", "the venue", 3), ("Door", "an agency", 1)]


def test_a_past_day_is_shown_as_it_was_recorded_by_its_end(
    app: Flask, as_: As, place: Place
) -> None:
    today = place.today
    past = today - timedelta(days=50)
    with app.app_context():
        late = make_records(place.venue, place.bar[2:], on=today - timedelta(days=90))
        db.session.get_one(TrainingRecord, late[0]).recorded_at = clock.now()
        db.session.commit()
    champion = as_(place.champion)
    assert "4 of 4 trained" in champion.get(place.url).text
    parts = f"on-day={past.day}&on-month={past.month}&on-year={past.year}"
    for asked in (f"on={past}", parts):
        page = champion.get(f"{place.url}?{asked}")
        assert "75 % were trained (3 of 4)" in page.text
        assert "What was written down later is left out" in page.text
    before = champion.get(f"{place.url}?on={today - timedelta(days=201)}")
    assert "No staff list then" in before.text
    assert "still to come" in champion.get(f"{place.url}?on={today + timedelta(days=1)}").text
    for odd in (
        "on=soon",
        "on-day=31&on-month=2&on-year=2026",
        "on-day=&on-month=2",
        "on=0001-01-01",
    ):
        champion.get(f"{place.url}?{odd}")


def test_the_list_of_people_is_narrowed_to_whom_to_book(app: Flask, as_: As, place: Place) -> None:
    with app.app_context():
        start = clock.today() + timedelta(days=9)
        make_staff(place.venue, "Lou West", by=place.champion, started_on=start)
    champion = as_(place.champion)
    everybody = champion.get(f"{place.url}/people")
    assert "6 of 6 people" in everybody.text
    assert "starts" in everybody.text
    book = champion.get(f"{place.url}/people?course=respond&state=book")
    assert {name for name in ("Cleo", "Ed", "Lou", "Ava", "Ivo") if name in book.text} == {
        "Cleo", "Ed", "Lou",
    }  # fmt: skip
    assert "Nobody fits" in champion.get(f"{place.url}/people?state=lapsed").text
    odd = champion.get(f"{place.url}/people?course=nothing&state=nothing")
    assert "6 of 6 people" in odd.text
    with counted(app) as seen:
        champion.get(f"{place.url}/people")
    assert len(seen) <= MOST_STATEMENTS


def stored(venue: int, fact: str) -> CountedFact:
    """What is kept of one counted fact."""
    db.session.rollback()
    where = (CountedFact.venue_id == venue, CountedFact.fact == fact)
    return db.session.scalars(select(CountedFact).where(*where)).one()


def test_a_row_taken_back_counts_no_more_at_once_and_stays_readable(
    app: Flask, as_: As, place: Place
) -> None:
    champion = as_(place.champion)
    url = f"{place.url}/records/{place.rows[0]}/withdraw"
    with app.app_context():
        assert stored(place.venue, "training.front-of-house").share == 75.0
    assert "Say what was wrong" in champion.refused(url, {"because": " "}).text
    champion.post(url, {"because": "This was another Ava"})
    with app.app_context():
        assert stored(place.venue, "training.front-of-house").share == 50.0
    page = champion.get(f"{place.url}/people/{place.bar[0]}")
    assert "This was another Ava" in page.text
    assert "Never" in page.text
    assert "2 of 4 trained" in champion.get(place.url).text
    assert "not there any more" in champion.refused(url, {"because": "Again"}).text
    with app.app_context():
        other = make_scene()
        mine = make_staff(other.venue, "Ava Quinn", by=other.champion)
        foreign = make_records(other.venue, mine)[0]
    champion.get(f"{place.url}/records/{foreign}/withdraw", 404)
    champion.post(f"{place.url}/records/{foreign}/withdraw", {"because": "No"}, status=404)
    champion.get(f"{place.url}/people/{mine[0]}", 404)


def test_my_own_training_is_of_all_my_jobs_and_nobody_elses(
    app: Flask, as_: As, place: Place
) -> None:
    with app.app_context():
        me = make_user().id
        other = make_scene(name="The Anchor")
        for venue, by in ((place.venue, place.champion), (other.venue, other.champion)):
            member = make_staff(venue, "Sam Field", by=by, user=me)
            make_records(venue, member, "spiking")
    page = as_(me).get("/account/training")
    assert page.text.count("at a session") == 2
    assert "for The Blue Lantern" in page.text
    assert "for The Anchor" in page.text
    assert "Nothing yet" in as_(place.champion).get("/account/training").text
    away = as_(place.champion).get(f"{place.url}/people")
    assert "The Anchor" not in away.text


def test_the_office_sees_a_few_names_by_lot_once_its_reason_is_on_record(
    app: Flask, as_: As, place: Place
) -> None:
    with app.app_context():
        make_staff(place.venue, *(f"Extra {n}" for n in "ABCDEFGH"), by=place.champion)
        colleague = make_member(Role.OFFICER).id
    officer = as_(place.officer)
    url = f"/office/venues/{place.venue}/training-sample"
    names = {"Ava Quinn", "Ben Marsh", "Cleo Hart", "Ed Stone", "Ivo Lang"}
    names |= {f"Extra {n}" for n in "ABCDEFGH"}

    def shown(text: str) -> set[str]:
        return {name for name in names if name in text}

    assert shown(officer.get(url).text) == set()
    assert "Choose why you look" in officer.refused(url, {}).text
    for _ in range(2):
        officer.post(url, {"reason": "certificate"})
    seen = shown(officer.get(url).text)
    assert len(seen) == sampling.MOST
    officer.post(url, {"reason": "lot"})
    assert shown(officer.get(url).text) == seen, "looking again shows nobody new"
    assert shown(as_(colleague).get(url).text) == set()
    with app.app_context():
        rows = db.session.scalars(select(TrailEntry).where(TrailEntry.verb == sampling.VERB)).all()
        assert [(row.chain, row.detail["sample"], row.detail["count"]) for row in rows] == [
            (place.venue, "certificate", 5),
            (place.venue, "lot", 5),
        ]
        assert len(mails("something-waits")) == 2, "one for each look, and none for the repeat"
    assert "Before a certificate is given" in as_(place.champion).get(place.url).text
    as_(place.champion).get(url, 404)


def test_a_long_list_comes_in_pages_of_its_own_order(
    app: Flask, as_: As, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "AT_ONCE", 2)
    monkeypatch.setattr(outside_views, "OFFERED", 4)
    champion = as_(place.champion)
    first = champion.get(f"{place.url}/people?course=respond&state=book")
    shown = [name for name in ("Ava Quinn", "Cleo Hart", "Ed Stone") if name in first.text]
    assert ("2 of 5 people" in first.text, shown) == (True, ["Cleo Hart", "Ed Stone"])
    next_page = champion.get(champion.get(f"{place.url}/people").link("Next"))
    assert "5 of 5 people" in next_page.text
    assert ("Ed Stone" in next_page.text, "Ben Marsh" in next_page.text) == (True, False)
    assert "Ivo Lang" in champion.get(next_page.link("Next")).text
    some = champion.get(f"{place.url}/outside/new")
    assert "4 of 5 people" in some.text
    rest = champion.get(some.link("Next"))
    assert ("Ivo Lang" in rest.text, "Ava Quinn" in rest.text) == (True, False)
    assert "Ava Quinn" in champion.get(f"{place.url}/people?after=nobody").text


def test_looks_are_found_without_reading_a_venues_whole_record(app: Flask) -> None:
    with app.app_context():
        known = inspect(db.engine).get_indexes("trail_entry")
    assert ["chain", "verb", "number"] in [each["column_names"] for each in known]


def test_a_threshold_that_was_set_twice_for_one_day_is_the_last_everywhere(
    app: Flask, place: Place
) -> None:
    with app.app_context():
        venue = venues.venue(place.venue)
        assert venue is not None
        assert venue.edition_key is not None
        key, soon = venue.edition_key, place.today + DAY
        for days in (60, 7):
            db.session.rollback()
            lock(CITY)
            exceptions.set_threshold(key, "starter_days", days, soon, by=place.officer)
            commit()
        with clock.moved_to(clock.now() + DAY):
            venue = venues.venue(place.venue)
            assert venue is not None
            assert pages.starter_days(venue, clock.today()) == 7
            assert pages.starter_days(venue, place.today) == 30
            assert editions.thresholds([key], clock.today())[key]["starter_days"] == 7


def test_an_empty_venue_says_what_to_do(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_scene()
    champion = as_(scene.champion)
    assert "Nobody to train yet" in champion.get(f"/venues/{scene.venue}/training").text
    assert "Nobody on the list" in champion.get(f"/venues/{scene.venue}/training/people").text
    url = f"/office/venues/{scene.venue}/training-sample"
    assert "Nobody is on" in as_(scene.officer).refused(url, {"reason": "lot"}).text
