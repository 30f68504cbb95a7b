"""The city's coverage: what is kept equals what is counted, on the day and long after it."""

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, update

from charter.commitments import counting
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, Counts, commit, db, lock, touch
from charter.staff import service as staff
from charter.staff.models import StaffJob, StaffList, StaffMember
from charter.training import city, courses, facts, records, starters, tally
from charter.training.city import By
from charter.training.courses import with_variants
from charter.training.coverage import Cover, counts, share
from charter.training.models import StarterLack, TeamCount, TrainingRecord
from charter.training.tally import Numbers
from charter.venues.models import Closure, Kind, Venue, VenueState
from tests.builders.accounts import make_member
from tests.builders.certificates import noon
from tests.builders.commitments import load_charter, under_lock
from tests.builders.venues import make_venue
from tests.counting import counted

sqlite_only = pytest.mark.sqlite_only
JOBS = ("bar", "door", "manager", "kitchen")
DID = ("respond", "respond-door", "record", "spiking", "bystander", "first-shift")
PAGES = (
    "/office/training",
    "/office/training?by=job",
    "/office/training/starters",
    "/office/training.csv",
)
ORDER = (Cover.TRAINED, Cover.DUE, Cover.LAPSED, Cover.NEVER, Cover.NEW)


def make_venues(number: int) -> list[int]:
    """Venues of two areas and three kinds that signed."""
    key, kinds = load_charter(), (Kind.PUB, Kind.BAR, Kind.NIGHTCLUB)
    signed = {"state": VenueState.WORKING, "edition_key": key, "signed_on": clock.today()}
    return [
        make_venue(name=f"Venue {n}", area=("AA1", "BB2")[n % 2], kind=kinds[n % 3], **signed).id
        for n in range(number)
    ]


def fill(venue_ids: Sequence[int], people: int = 5, seed: int = 1) -> None:
    """Teams with any past and plans, straight into the tables, counted as the night does."""
    random, today = Random(seed), clock.today()
    for venue_id in venue_ids:
        began = today - timedelta(days=90)
        db.session.add(StaffList(venue_id=venue_id, began_on=began, checked_on=today))
        for n in range(people):
            member = StaffMember(venue_id=venue_id, name=f"Sam {n}", name_key=f"sam {n}")
            started = random.choice((None, today - timedelta(days=random.randint(-15, 80))))
            left = random.choice((None, None, today + timedelta(days=random.randint(15, 90))))
            for job in random.sample(JOBS, random.randint(1, 2)):
                row = {
                    "venue_id": venue_id,
                    "job": job,
                    "employer": random.choice(("venue", "agency")),
                }
                member.jobs.append(StaffJob(**row, started_on=started, left_on=left))
            db.session.add(member)
            db.session.flush()
            for key in random.sample(DID, random.randint(0, 3)):
                done_on = today - timedelta(days=random.randint(0, 400))
                db.session.add(_record(venue_id, member.id, key, done_on))
        if random.random() < 0.3:
            until = today + timedelta(days=40)
            db.session.add(
                Closure(
                    venue_id=venue_id,
                    from_on=today + timedelta(days=5),
                    until_on=until,
                    reason="works",
                )
            )
    db.session.commit()
    recount(venue_ids)


def _record(venue_id: int, member_id: int, key: str, done_on: date) -> TrainingRecord:
    course = courses.courses()[key]
    return TrainingRecord(
        venue_id=venue_id, member_id=member_id, course_key=key, course_version=course.version,
        done_on=done_on, lasts_until=course.lasts.until(done_on), source="session",
    )  # fmt: skip


def recount(venue_ids: Sequence[int]) -> None:
    """As a change of each of these venues does."""
    db.session.rollback()
    lock(CITY, *venue_ids)
    for venue_id in venue_ids:
        touch(venue_id)
    commit()


def naively(by: By, key: str, day: date) -> dict[str, Numbers]:
    """The city's numbers, counted from every team with `coverage.counts`, which knows no tally."""
    found: dict[str, Numbers] = {}
    venues = {v.id: v for v in db.session.scalars(select(Venue).where(Venue.state == "working"))}
    for venue_id, team in facts.teams(list(venues)).items():
        for (job, _), covers in counts(team, with_variants()[key], day, 30).items():
            name = job if by is By.JOB else getattr(venues[venue_id], by)
            five = [covers.get(each, 0) for each in ORDER]
            found[name] = found.get(name, Numbers()).plus((sum(five), *five))
    return found


def assert_right(day: date) -> None:
    """Coverage by job, each total, and each venue's lines, against the naive count."""
    for key in ("respond", "bystander"):
        by_job = city.coverage(key, By.JOB, day)
        assert by_job.rows == naively(By.JOB, key, day), (key, day)
        teams = facts.teams(
            list(db.session.scalars(select(Venue.id).where(Venue.state == "working")))
        )
        shares = [share(team, with_variants()[key], day) for team in teams.values()]
        trained, people = (sum(each) for each in zip(*shares, strict=True))
        assert (by_job.total.trained + by_job.total.due, by_job.total.people) == (trained, people)
        for by in (By.AREA, By.KIND):
            found = city.coverage(key, by, day)
            assert found.total == by_job.total
            assert sum(each.people for each in found.rows.values()) == people
        lines = [each for each in city.everything(day) if each.course == key]
        per_job: dict[str, Numbers] = {}
        for line in lines:
            per_job[line.job] = per_job.get(line.job, Numbers()).plus(line.numbers)
        assert per_job == by_job.rows


def test_what_is_kept_is_what_is_counted_today_and_weeks_after_the_last_night(app: Flask):
    with app.app_context():
        venue_ids = make_venues(6)
        fill(venue_ids)
        today, until = clock.today(), tally.horizon(clock.today())
        assert_right(today)
        for day in (today + timedelta(days=20), until, until + timedelta(days=40)):
            with clock.moved_to(noon(day)):
                assert_right(day)
        # Some venues were counted since, the others not for weeks.
        later = until + timedelta(days=3)
        with clock.moved_to(noon(later)):
            recount(venue_ids[:3])
            assert_right(later)
            db.session.execute(update(Venue).where(Venue.id == venue_ids[0]).values(state="left"))
            db.session.commit()
            recount(venue_ids[:1])
            assert_right(later)
            assert city.coverage("spiking", By.AREA, later).signed == 5


def test_whoever_joins_leaves_or_is_trained_is_counted_at_once(app: Flask):
    with app.app_context():
        (venue,) = make_venues(1)
        by, today = make_member(Role.CHAMPION, venue=venue).id, clock.today()
        champions = city.coverage("champion", By.JOB, today)
        assert champions.rows == {"champion": Numbers(people=1, new=1)}
        who = staff.Starter("Ada", "door", "agency", today)
        ada = under_lock(venue, lambda: staff.add(venue, who, by=by)).id
        assert city.coverage("respond", By.KIND, today).rows == {"pub": Numbers(people=1, new=1)}
        assert starters.totals(today) == starters.Totals(venues=1, briefing=1, training=0)
        with clock.moved_to(noon(today + timedelta(days=31))):
            assert starters.totals(clock.today()) == starters.Totals(1, 1, 1)
            assert city.coverage("respond", By.KIND, clock.today()).total.never == 1
        for key in ("first-shift", "respond-door"):
            under_lock(
                venue,
                lambda key=key: records.record(
                    staff.members(venue, [ada]), key, today, source="session", by=by
                ),
            )
        assert city.coverage("respond", By.KIND, today).total == Numbers(people=1, trained=1)
        assert starters.totals(today) == starters.Totals(0, 0, 0)
        under_lock(venue, lambda: staff.leave(venue, ada, today, by=by))
        assert city.coverage("respond", By.KIND, today).total.people == 1
        with clock.moved_to(noon(today + timedelta(days=1))):
            assert city.coverage("respond", By.KIND, clock.today()).total.people == 0


@sqlite_only
def test_counting_again_what_has_not_changed_writes_nothing(app: Flask):
    with app.app_context():
        venue_ids = make_venues(3)
        fill(venue_ids)
        db.session.rollback()
        lock(CITY, *venue_ids)
        with counted(app) as seen:
            counting.recount(dict.fromkeys(venue_ids, Counts.ALL))
        db.session.rollback()
        assert [each for each in seen if not each.startswith("SELECT")] == []


@sqlite_only
def test_a_page_and_the_download_cost_the_same_for_many_venues(app: Flask, as_):
    def costs() -> list[int]:
        found = []
        for page in PAGES:
            office.answer(page)
            with counted(app) as seen:
                assert office.answer(page).status_code == 200
            found.append(len(seen))
        return found

    with app.app_context():
        officer = make_member(Role.OFFICER).id
        fill(make_venues(3), people=2)
    office = as_(officer)
    few = costs()
    with app.app_context():
        fill(make_venues(27), people=2, seed=2)
    assert costs() == few
    assert max(few) <= 7


@sqlite_only
def test_starters_come_by_their_wait_fifty_at_a_time(app: Flask, as_, monkeypatch):
    monkeypatch.setattr(starters, "PAGE", 2)
    with app.app_context():
        officer = make_member(Role.OFFICER).id
        venue_ids = make_venues(5)
        today = clock.today()
        for n, venue_id in enumerate(venue_ids):
            since = today - timedelta(days=n * 10)
            db.session.execute(
                insert(StarterLack),
                [{"venue_id": venue_id, "lack": "briefing" if n < 4 else "training",
                  "from_on": since, "until_on": date.max, "people": n + 1}],
            )  # fmt: skip
        db.session.execute(
            insert(StarterLack),
            [{"venue_id": venue_ids[0], "lack": "training", "from_on": today + timedelta(days=1),
              "until_on": date.max, "people": 9}],
        )  # fmt: skip
        db.session.commit()
        seen, after = [], ""
        while True:
            page = starters.page(today, after=after)
            seen += [row.id for row in page.rows]
            after = page.after
            if not after:
                break
        assert seen == list(reversed(venue_ids))
        assert [row.id for row in starters.page(today, lack="training").rows] == venue_ids[4:]
    page = as_(officer).get("/office/training/starters")
    assert "Venue 4" in page.text
    assert "Venue 2" not in page.text
    assert as_(officer).get("/office/training/starters?lack=nothing&after=2026-99-99~x")


@sqlite_only
def test_the_download_has_safe_cells_and_nobody_by_name(app: Flask, as_):
    with app.app_context():
        officer = make_member(Role.OFFICER).id
        (venue,) = make_venues(1)
        champion, today = make_member(Role.CHAMPION, venue=venue).id, clock.today().isoformat()
        db.session.execute(update(Venue).values(name='=HYPERLINK("x")', name_key="hyperlink"))
        db.session.commit()
        fill([venue])
    answer = as_(officer).answer("/office/training.csv")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert answer.mimetype == "text/csv"
    assert rows[0][:6] == ["venue", "area", "kind", "course", "job", "employer"]
    assert len(rows) > 5
    assert {row[0] for row in rows[1:]} == {'\'=HYPERLINK("x")'}
    assert {row[-1] for row in rows[1:]} == {today}
    assert "Sam" not in answer.text
    for page in PAGES:
        assert as_(champion).answer(page).status_code == 404


@sqlite_only
def test_the_page_shows_counts_by_job_and_takes_any_address(app: Flask, as_):
    with app.app_context():
        officer = make_member(Role.OFFICER).id
    office = as_(officer)
    assert "Nobody to count yet" in office.get("/office/training?course=%00&by=name").text
    assert "Every new starter is ready" in office.get("/office/training/starters").text
    with app.app_context():
        venue_ids = make_venues(3)
        fill(venue_ids)
        db.session.execute(delete(TeamCount).where(TeamCount.venue_id == venue_ids[0]))
        db.session.commit()
        total = city.coverage("respond", By.AREA, clock.today()).total
    page = office.get("/office/training?by=job")
    assert "Duty manager" not in page.text
    assert f"of {total.people} people are trained" in page.text
    assert "3 of 3 venues that signed have a list" in page.text
    assert "No champions yet" in office.get("/office/training?course=champion").text
