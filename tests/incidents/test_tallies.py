"""What is counted of a book is stored by the change itself, and is what its entries say.

Every kind of write leaves stored what is counted anew, and where the venue stands to match; an
entry about somebody in charge changes nothing; an edition that comes to count lapses nobody.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from charter.cli import run_nightly
from charter.commitments import counting, standing
from charter.commitments.assessment import RequirementAssessment, RequirementState
from charter.commitments.models import CountedFact
from charter.core import clock
from charter.core.db import CITY, Counts, commit, db, lock, touch
from charter.editions import service as editions
from charter.incidents import amending, following, people, tallies
from charter.incidents import counting as book
from charter.incidents.choices import Cctv, Team
from charter.incidents.counting import Some
from charter.incidents.models import Entry
from charter.incidents.people import Somebody
from charter.incidents.rules import week_of
from charter.proofs import exceptions
from charter.proofs.models import QuietRecord
from charter.rooms import looks
from charter.training.rules import Terms
from charter.venues import places
from charter.venues import service as venues
from charter.venues.models import Venue, Zone
from tests.builders.accounts import make_member
from tests.builders.commitments import (
    EDITION,
    SEEDS,
    Scene,
    make_proof,
    make_scene,
    restate,
    under_lock,
)
from tests.builders.incidents import book_lock, make_entry, make_zone, writer
from tests.commitments.test_standing import judged
from tests.commitments.test_standing import stored as stored_standing
from tests.counting import counted
from tests.visitor import Visitor

sqlite_only = pytest.mark.sqlite_only
DAY = timedelta(days=1)
TODAY = date(2026, 6, 17)
KEYS = {
    "book.one-book": "record.one-book",
    "book.on-time": "record.on-time",
    "book.complete": "record.complete",
    "book.reviewed": "record.weekly-review",
    "book.nil-weeks": "record.nil-weeks",
    "rooms.map-looked": "spaces.map-used",
}


def at_night(day: date) -> datetime:
    """Ten at night of a day."""
    return datetime(day.year, day.month, day.day, 21, tzinfo=UTC)


def stored(venue: int) -> dict[str, Any]:
    """What the table says of a venue's book and map."""
    db.session.rollback()
    found = counting.stored([venue], clock.today())[venue]
    db.session.rollback()
    return {fact: each for fact, each in found.items() if fact.startswith(("book.", "rooms."))}


def anew(venue: int) -> dict[str, Any]:
    """The same, counted anew."""
    before = stored(venue)
    db.session.rollback()
    lock(CITY, venue)
    # Lost since when is remembered, not counted.
    db.session.execute(delete(CountedFact).where(CountedFact.venue_id == venue))
    counting.recount({venue: Counts.ALL})
    found = counting.stored([venue], clock.today())[venue]
    db.session.rollback()
    return {
        fact: type(each)(**{**_fields(each), "lost_on": before[fact].lost_on})
        for fact, each in found.items()
        if fact in before
    }


def _fields(each: Any) -> dict[str, Any]:
    return {name: getattr(each, name) for name in each.__slots__}


def assessed(venue: int, fact: str) -> RequirementAssessment:
    """Where a venue stands with the requirement of a fact."""
    db.session.rollback()
    found = standing.assessed(venue)
    assert found is not None
    requirement = found.requirement(KEYS[fact])
    assert requirement is not None
    db.session.rollback()
    return requirement


def fill(scene: Scene, nights: int = 6, **more: Any) -> list[int]:
    """Entries of so many days, the last of them today, by two teams; their numbers."""
    zone = db.session.scalar(select(Zone.id).where(Zone.venue_id == scene.venue))
    zone = zone or make_zone(scene.venue)
    numbers = []
    for ago in reversed(range(nights)):
        team = Team.DOOR if ago % 2 else Team.MANAGEMENT
        with clock.moved_to(at_night(clock.today() - ago * DAY)):
            said = {"zone_id": zone} | more
            by = writer(scene.champion, team=team)
            numbers.append(make_entry(scene.venue, by, **said).number)
    return numbers


def _entry(scene: Scene, number: int = 1) -> Entry:
    return db.session.scalars(
        select(Entry).where(Entry.book == scene.venue, Entry.number == number)
    ).one()


def _in_book(verb: Callable[[Entry, Any], object]) -> Callable[[Scene], object]:
    return lambda scene: verb(_entry(scene), writer(scene.champion))


def _amend(scene: Scene) -> object:
    venue = db.session.get_one(Venue, scene.venue)
    entry, by = _entry(scene), writer(scene.champion)
    return amending.amend(entry, venue, {"zone_id": None}, {}, by, why="Not known after all")


def _week(ago: int) -> date:
    return week_of(clock.today()) - 7 * ago * DAY


# In this order; those of `SAME` change nothing that is counted.
WRITES: dict[str, Callable[[Scene], object]] = {
    "a nil week": lambda s: following.sign_nil_week(s.venue, _week(3), writer(s.champion)),
    "read": lambda s: following.read_up_to(s.venue, 3, writer(s.champion)),
    "a correction": _amend,
    "pictures lost": _in_book(lambda e, by: amending.set_cctv(e, Cctv.LOST, by, camera="")),
    "the map": lambda s: looks.note(s.venue, "map", by=s.champion),
    "a closure": lambda s: places.close(
        s.venue, clock.today(), clock.today() + 9 * DAY, "Works", by=s.champion
    ),
    "closed": _in_book(
        lambda e, by: following.close(e, "no-action", by, texts={"because": "Settled"})
    ),
    "somebody": _in_book(
        lambda e, by: people.add_people(e, [Somebody("harmed", "18-24", "", "")], by)
    ),
    "shared": _in_book(lambda e, by: following.share_with_office(e, "facts", by)),
    "held": _in_book(lambda e, by: following.hold(e, by, why="Police")),
    "a new owner": lambda s: venues.change_owner(s.venue, clock.today(), by=s.officer),
    "quiet weeks": lambda s: exceptions.sign_nil(s.venue, "record.on-time", by=s.champion),
}
SAME = {"closed", "somebody", "shared", "held", "a new owner", "quiet weeks"}


def test_every_kind_of_write_leaves_stored_what_is_counted_anew(app: Flask) -> None:
    with app.app_context(), clock.moved_to(at_night(TODAY)):
        scene = make_scene()
        restate(scene.venue)
        assert set(stored(scene.venue)) == {book.QUIET}
        fill(scene)
        before = stored(scene.venue)
        assert set(before) == {*KEYS, book.QUIET} - {looks.FACT}
        assert before == anew(scene.venue)
        for name, write in WRITES.items():
            under_lock(scene.venue, lambda write=write: write(scene))
            now = stored(scene.venue)
            assert now == anew(scene.venue), name
            assert (now == before) == (name in SAME), name
            assert stored_standing(scene.venue) == judged(scene.venue), name
            before = now


def test_an_entry_about_somebody_in_charge_changes_nothing(app: Flask) -> None:
    with app.app_context(), clock.moved_to(at_night(TODAY)):
        scene = make_scene()
        fill(scene)
        seen = db.session.scalars(select(CountedFact.counted_on)).all()
        before = stored(scene.venue), stored_standing(scene.venue)
    with app.app_context(), clock.moved_to(at_night(TODAY + DAY)):
        make_entry(scene.venue, writer(scene.champion), relation="in-charge", hours_ago=90)
        assert (stored(scene.venue), stored_standing(scene.venue)) == before
        assert db.session.scalars(select(CountedFact.counted_on)).all() == seen
        assert stored(scene.venue) == anew(scene.venue)


def test_a_change_has_only_its_own_counts_taken_again(app: Flask) -> None:
    with app.app_context(), clock.moved_to(at_night(TODAY)):
        scene = make_scene()
        fill(scene, 2)
        for part, tables in (
            (Counts.BOOK, {"entry"}),
            (Counts.TRAINING, {"staff_job"}),
            (Counts.CHECKS, {"spot_check"}),
            (Counts.ROOMS, {"map_look"}),
            (Counts.NONE, set()),
        ):
            db.session.rollback()
            lock(scene.venue)
            touch(scene.venue, counts=part)
            with counted(app) as seen:
                commit()
            asked = {"entry", "staff_job", "spot_check", "map_look"}
            found = {each for each in asked if any(f"FROM {each}" in one for one in seen)}
            assert found == tables, part
        lock(scene.venue)
        touch(scene.venue, counts=Counts.BOOK)
        touch(scene.venue, counts=Counts.NONE)
        touch(scene.venue, counts=Counts.ROOMS)
        with counted(app) as seen:
            commit()
        assert any("FROM map_look" in one for one in seen)
        assert any("FROM entry" in one for one in seen)


@sqlite_only
def test_counting_many_books_costs_what_one_costs(app: Flask) -> None:
    with app.app_context():
        scenes = [make_scene() for _ in range(4)]
        for scene in scenes:
            fill(scene, 3)
        ids = [scene.venue for scene in scenes]
        costs = []
        for batch in (ids[:1], ids):
            db.session.rollback()
            lock(CITY, *batch)
            with counted(app) as seen:
                tallies.books(dict.fromkeys(batch, Terms({}, {})), clock.today())
            costs.append(len(seen))
        assert costs == [5, 5]


@sqlite_only
def test_entries_are_added_up_as_they_stand(app: Flask) -> None:
    with app.app_context(), clock.moved_to(at_night(TODAY)):
        scene = make_scene()
        fill(scene, 3)
        make_entry(scene.venue, writer(scene.champion), hours_ago=40)
        found = tallies.books({scene.venue: Terms({}, {})}, TODAY)[scene.venue]
        assert set(found.entries) == {
            Some(TODAY - 2 * DAY, Team.MANAGEMENT, 1, 1, 1),
            Some(TODAY - DAY, Team.DOOR, 1, 1, 1),
            Some(TODAY, Team.MANAGEMENT, 2, 1, 1),
        }
        assert (found.began, found.last, found.looked) == (TODAY - 2 * DAY, TODAY, None)
        assert found.since == db.session.get_one(Venue, scene.venue).signed_on
        assert {each.made for each in found.readings} == {TODAY - n * DAY for n in range(3)}
        assert found.weeks == {week_of(TODAY)}


def test_few_entries_lapse_by_time_and_an_officers_answer_counts(app: Flask) -> None:
    with app.app_context():
        with clock.moved_to(at_night(TODAY)):
            scene = make_scene()
            fill(scene, 4)
            assert assessed(scene.venue, "book.on-time").state is RequirementState.TOO_FEW
            fill(scene, 1)
            found = assessed(scene.venue, "book.on-time")
            assert found.state is RequirementState.ACCEPTED
            last = found.holds_until
            assert last == date(2026, 9, 14)
            assert not found.may_sign_quiet
        with clock.moved_to(at_night(last)):
            # Before it ends, the quiet weeks can be signed.
            assert assessed(scene.venue, "book.on-time").may_sign_quiet
        with clock.moved_to(at_night(last + DAY)):
            assert assessed(scene.venue, "book.on-time").state is RequirementState.LAPSED
            run_nightly()
            found = assessed(scene.venue, "book.on-time")
            assert (found.state, found.holds_until) == (RequirementState.LAPSED, last)
            assert (found.next_step, found.may_sign_quiet) == (book.SIGN, True)
            under_lock(
                scene.venue,
                lambda: exceptions.sign_nil(scene.venue, "record.on-time", by=scene.champion),
            )
            assert not assessed(scene.venue, "book.on-time").counts_as_met
            under_lock(
                scene.venue,
                lambda: exceptions.record_quiet(
                    scene.venue, "record.on-time", "Two calm months", by=scene.officer
                ),
            )
            found = assessed(scene.venue, "book.on-time")
            assert (found.state, found.counts_as_met) == (RequirementState.TOO_FEW, True)
            assert stored_standing(scene.venue) == judged(scene.venue)
            # Whoever writes meanwhile, and late, loses nothing by it.
            for _ in range(3):
                make_entry(scene.venue, writer(scene.champion), hours_ago=50)
            assert stored(scene.venue)["book.on-time"].cases == 7
            assert assessed(scene.venue, "book.on-time").counts_as_met


def test_quiet_weeks_are_signed_where_there_are_too_few_and_nowhere_else(
    app: Flask, as_: Callable[[int], Visitor]
) -> None:
    button = "Sign the quiet weeks as “nothing to report”"
    with app.app_context():
        few, many = make_scene(), make_scene()
        for scene, number in ((few, 2), (many, 6)):
            for _ in range(number):
                make_entry(scene.venue, writer(scene.champion), hours_ago=50)
        db.session.remove()
    for scene, may in ((few, True), (many, False)):
        page = f"/venues/{scene.venue}/requirements/record.on-time"
        champion = as_(scene.champion)
        assert (button in champion.get(page).text) == may
        assert "Open your incident book" in champion.get(page).text
        champion.sent(f"{page}/nil-weeks")
        with app.app_context():
            signed = select(QuietRecord.venue_id).where(QuietRecord.venue_id == scene.venue)
            assert len(db.session.scalars(signed).all()) == may
            db.session.remove()
        assert button not in champion.get(page).text


def test_an_edition_that_comes_to_count_lapses_nobody(app: Flask, tmp_path: Path) -> None:
    name = f"{EDITION}.toml"
    new = (SEEDS / name).read_text("utf-8")
    counts = 'kind = "counted"\nfact = "rooms.map-looked"\nfallback = "statement"\n'
    assert counts in new
    (tmp_path / name).write_text(new.replace(counts, 'kind = "statement"\n'), "utf-8")
    with app.app_context():
        with clock.moved_to(at_night(TODAY)):
            _load(tmp_path)
            scene, other = make_scene(), make_scene()
            valid_to = TODAY + 20 * DAY
            make_proof(scene.venue, KEYS[looks.FACT], by=scene.champion, valid_to=valid_to)
            for each in (scene, other):
                restate(each.venue)
            assert assessed(scene.venue, looks.FACT).state is RequirementState.ACCEPTED
            before = stored_standing(scene.venue), stored_standing(other.venue)
            report = _load(SEEDS)
            assert report.reworded == (EDITION,)
            assert (stored_standing(scene.venue), stored_standing(other.venue)) == before
            run_nightly()
            assert (stored_standing(scene.venue), stored_standing(other.venue)) == before
            found = assessed(scene.venue, looks.FACT)
            assert (found.state, found.holds_until) == (RequirementState.ACCEPTED, valid_to)
            assert assessed(other.venue, looks.FACT).state is RequirementState.NOT_SHOWN
            under_lock(other.venue, lambda: looks.note(other.venue, "map", by=other.champion))
            found = assessed(other.venue, looks.FACT)
            assert (found.state, found.holds_until) == (
                RequirementState.ACCEPTED,
                date(2026, 7, 17),
            )
        with clock.moved_to(at_night(valid_to)):
            assert assessed(scene.venue, looks.FACT).state is RequirementState.ACCEPTED
            under_lock(scene.venue, lambda: looks.note(scene.venue, "briefing", by=scene.champion))
            assert stored_standing(scene.venue) == judged(scene.venue)
        with clock.moved_to(at_night(valid_to + DAY)):
            assert assessed(scene.venue, looks.FACT).state is RequirementState.ACCEPTED


def _load(folder: Path) -> editions.Report:
    db.session.rollback()
    lock(CITY)
    report = editions.load_seeds(folder)
    commit()
    return report


def test_what_was_shown_stands_until_its_end_whatever_the_book_says(app: Flask) -> None:
    with app.app_context():
        with clock.moved_to(at_night(TODAY)):
            scene, valid_to = make_scene(), TODAY + 30 * DAY
            make_proof(scene.venue, KEYS["book.on-time"], by=scene.champion, valid_to=valid_to)
            for _ in range(6):
                make_entry(scene.venue, writer(scene.champion), hours_ago=60)
            assert not stored(scene.venue)["book.on-time"].met
            found = assessed(scene.venue, "book.on-time")
            assert (found.state, found.holds_until) == (RequirementState.ACCEPTED, valid_to)
        with clock.moved_to(at_night(valid_to + DAY)):
            assert assessed(scene.venue, "book.on-time").state is RequirementState.LAPSED


@sqlite_only
def test_a_threshold_of_the_office_counts_from_its_day(app: Flask) -> None:
    with app.app_context():
        with clock.moved_to(at_night(TODAY)):
            scene = make_scene()
            fill(scene, 6)
            admin = make_member("office-admin").id
            book_lock(CITY)
            exceptions.set_threshold(EDITION, "few_cases", 7, TODAY + DAY, by=admin)
            commit()
            assert assessed(scene.venue, "book.on-time").state is RequirementState.ACCEPTED
        with clock.moved_to(at_night(TODAY + DAY)):
            run_nightly()
            found = assessed(scene.venue, "book.on-time")
            assert (found.state, found.too_few) == (RequirementState.LAPSED, True)
            assert stored_standing(scene.venue) == judged(scene.venue)
