"""The room map on a database: counts against a naive count, places, cameras, changes, time."""

import io
import random
import re
import threading
from collections import Counter
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from charter.core import clock, files
from charter.core.access import Role
from charter.core.db import CITY, Model, commit, db, lock
from charter.core.errors import Refused
from charter.core.files import StoredFile
from charter.incidents import words
from charter.incidents.choices import Part
from charter.incidents.models import Entry
from charter.rooms import counts, layout, looks, pages, retention, rules, service
from charter.rooms.counts import Asked
from charter.rooms.models import Camera, FloorPlan, MapLook, SpaceChange, ZoneBox
from charter.rooms.rules import Span
from charter.venues import places
from tests.builders.accounts import make_member
from tests.builders.commitments import Scene, make_scene, under_lock
from tests.builders.floorplans import make_entries, make_plan, make_rooms, put
from tests.builders.incidents import make_entry, writer
from tests.builders.pictures import SCRIPT, make_pdf
from tests.counting import counted

ONCE = "a" * 32
PARTS = [part.value for part in Part]


def some_entries(zones: list[int], count: int, seed: int) -> list[dict[str, object]]:
    """Entries of the last fourteen months, drawn by lot."""
    lot = random.Random(seed)  # a test's own dice
    categories = list(words.words().categories)
    return [
        {
            "zone_id": lot.choice([*zones, None]),
            "category": lot.choice(categories),
            "part": lot.choice(PARTS),
            "ago": lot.choice([0, 1, 27, 28, 83, 84, 363, 364, lot.randrange(420)]),
        }
        for _ in range(count)
    ]


def naive(venue: int, asked: Asked) -> Counter[tuple[int | None, str, str]]:
    """Every entry read and looked at one by one."""
    tonight = clock.night_of(clock.now())
    found: Counter[tuple[int | None, str, str]] = Counter()
    for row in db.session.scalars(select(Entry)):
        back = (tonight - row.night).days
        if row.book != venue or not 0 <= back < asked.span.nights:
            continue
        wanted = (asked.category, asked.part, asked.weekday)
        mine = (row.category, row.part, row.night.weekday())
        if all(want is None or want == own for want, own in zip(wanted, mine, strict=True)):
            found[row.zone_id, row.category, row.part] += 1
    return found


def test_counts_are_what_a_naive_count_finds_and_never_the_offices_own(app: Flask) -> None:
    with app.app_context():
        scene, other = make_scene(), make_scene()
        zones = make_rooms(scene)
        make_entries(scene.venue, some_entries(zones, 300, 1))
        make_entries(other.venue, some_entries([], 40, 2))
        before = [pages.of_venue(scene.venue, Asked(span)).lines for span in Span]
        make_entries(scene.venue, some_entries(zones, 80, 3), book=CITY)
        after = [pages.of_venue(scene.venue, Asked(span)).lines for span in Span]
        assert before == after
        for span in Span:
            for category in (None, "sexual"):
                for part in (None, "midnight"):
                    for weekday in (None, 0, 4):
                        asked = Asked(span, category, part, weekday)
                        found = counts.cells(scene.venue, asked, clock.night_of(clock.now()))
                        got = {(each.zone_id, each.category, each.part): each.count
                               for each in found}  # fmt: skip
                        assert got == naive(scene.venue, asked), asked


@pytest.mark.sqlite_only
def test_a_real_entry_about_somebody_in_charge_is_on_no_map(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        zone = make_rooms(scene)[0]
        for _ in range(4):
            make_entry(scene.venue, writer(scene.champion), zone_id=zone)
        before = pages.of_venue(scene.venue, Asked()).lines
        for _ in range(4):
            make_entry(
                scene.venue, writer(scene.champion), zone_id=zone, kinds=("staff.by-manager",)
            )
        assert db.session.scalar(select(func.count()).where(Entry.book == CITY)) == 4
        assert pages.of_venue(scene.venue, Asked()).lines == before
        assert before[0].said == "4"


def test_the_map_costs_the_same_whatever_is_on_it(app: Flask) -> None:
    with app.app_context():
        small, large = make_scene(), make_scene()
        few = make_rooms(small)
        kinds = [("seating", f"Booth {n} {'x' * 60}") for n in range(120)]
        many = make_rooms(large, kinds)
        make_entries(small.venue, some_entries(few, 4, 5))
        make_entries(large.venue, some_entries(many, 900, 6))
        costs = []
        for scene, zones in ((small, few), (large, many)):
            for n, zone in enumerate(zones[:60]):
                put(scene, zone, n * 7, n * 9, floor=1 + n % 3)
            db.session.remove()
            with counted(app) as seen:
                pages.of_venue(scene.venue, Asked(Span.MONTHS_12))
                pages.tonight(scene.venue)
                pages.plain_tonight(scene.venue)
            costs.append(len(seen))
        assert costs[0] == costs[1]
        found = pages.of_venue(large.venue, Asked(Span.MONTHS_12))
        assert len(found.lines) == 121
        assert len(found.drawings) == 4


def test_a_map_is_there_before_anybody_draws_and_says_what_its_table_says(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        assert pages.of_venue(scene.venue, Asked()).drawings == []
        bar, floor, door = _by_kind(scene)
        make_entries(scene.venue, [{"zone_id": floor}] * 4 + [{"zone_id": bar}] * 2 + [{}])
        found = pages.of_venue(scene.venue, Asked())
        [drawn] = found.drawings
        assert [(line.name, line.said) for line in found.lines] == [
            ("Queue and door", "few or not recorded"),
            ("Main bar", "few or not recorded"),
            ("Dance floor", "4"),
            ("Entries without a room", "1"),
        ]
        assert found.lines[1].categories == ()
        assert found.lines[2].categories == ["Sexual 4"]
        assert "3. Dance floor: 4 entries" in drawn.svg
        assert "2. Main bar: few or not recorded" in drawn.svg
        under_lock(scene.venue, lambda: places.remove_room(scene.venue, floor, by=scene.champion))
        found = pages.of_venue(scene.venue, Asked())
        assert ("Dance floor (no longer on your list)", "4") in [
            (line.name, line.said) for line in found.lines
        ]
        assert "Dance floor" not in found.drawings[0].svg
        assert door


def _by_kind(scene: Scene) -> list[int]:
    """Bar, dance floor, door."""
    make_rooms(scene)
    rooms = {zone.kind: zone.id for zone in places.rooms(scene.venue)}
    return [rooms["main-bar"], rooms["dance-floor"], rooms["door"]]


def test_a_newer_plan_takes_the_place_of_an_older_one_and_time_takes_its_file(app: Flask) -> None:
    with app.app_context():
        scene, other = make_scene(), make_scene()
        first = make_plan(scene, name="Ground", size=(80, 20))
        second = make_plan(scene, name="Ground", size=(60, 60))
        upstairs = make_plan(scene, 2)
        old = db.session.get_one(FloorPlan, first)
        assert old.retired_on == clock.today()
        assert [each.plan_id for each in service.floors(scene.venue)] == [second, upstairs]
        assert [each.title for each in service.floors(scene.venue)] == ["Ground", "Floor 2"]
        assert service.picture(scene.venue, first) is None
        assert service.picture(other.venue, second) is None
        assert service.picture(scene.venue, second) is not None
        under_lock(
            scene.venue,
            lambda: service.save_floor(scene.venue, 1, "Cellar", None, by=scene.champion),
        )
        assert service.floors(scene.venue)[0].title == "Cellar"
        under_lock(scene.venue, lambda: service.remove_picture(scene.venue, 1, by=scene.champion))
        [floor, _up] = service.floors(scene.venue)
        assert (floor.plan_id, floor.title, floor.tall) == (None, "Cellar", layout.WIDE)
        last = clock.today() + timedelta(days=30)
        assert retention.over(last) == {}
        due = retention.over(last + timedelta(days=1))
        assert set(due) == {scene.venue}
        assert len(due[scene.venue]) == 2
        assert retention.over(last + timedelta(days=1), venue_id=other.venue) == {}


@pytest.mark.sqlite_only
@pytest.mark.parametrize("bad", [SCRIPT, make_pdf(), b"", b"<svg onload=alert(1)>"])
def test_what_is_no_picture_is_no_plan(app: Flask, bad: bytes) -> None:
    with app.app_context(), pytest.raises(Refused):
        service.received(FileStorage(io.BytesIO(bad), filename="plan.png"))


def test_rooms_and_cameras_are_put_moved_and_taken_off_at_their_own_venue_only(app: Flask) -> None:
    with app.app_context():
        scene, other = make_scene(), make_scene()
        zone = make_rooms(scene)[0]
        by = scene.champion
        for floor in (0, 10):
            with pytest.raises(Refused):
                put(scene, zone, floor=floor)
        with pytest.raises(Refused, match="no such place"):
            put(other, zone)
        put(scene, zone, 0, 1000, size="small")
        put(scene, zone, 990, 10, floor=2)
        [(floor, box)] = service.venue(scene.venue).boxes.values()
        assert (floor, box) == (2, layout.Box(780, 0, 220, 220))
        under_lock(other.venue, lambda: service.take_off(other.venue, zone, by=by))
        assert service.venue(scene.venue).boxes
        for _ in range(2):
            under_lock(scene.venue, lambda: service.take_off(scene.venue, zone, by=by))
        assert service.venue(scene.venue).boxes == {}

        def hang(name: str, **more: object) -> Camera:
            return under_lock(
                scene.venue,
                lambda: service.save_camera(scene.venue, name, 1, (5, 6), by=by, **more),  # type: ignore[arg-type]  # as named there
            )

        door = hang("Door")
        with pytest.raises(Refused, match="already have"):
            hang("Door")
        with pytest.raises(Refused, match="what people call"):
            hang("")
        bar = hang("Bar")
        with pytest.raises(Refused, match="already have"):
            hang("Bar", camera_id=door.id)
        hang("Front door", camera_id=door.id)
        with pytest.raises(Refused, match="no such camera"):
            under_lock(
                other.venue,
                lambda: service.save_camera(other.venue, "X", 1, None, by=by, camera_id=bar.id),
            )
        for _ in range(2):
            under_lock(scene.venue, lambda: service.remove_camera(scene.venue, bar.id, by=by))
        assert [mark.name for mark in service.cameras(scene.venue)] == ["Front door"]
        assert hang("Bar").id == bar.id


def test_a_change_is_written_once_and_compared_with_its_own_room(app: Flask) -> None:
    with app.app_context():
        scene, other = make_scene(), make_scene()
        bar, floor, _door = _by_kind(scene)
        day = clock.today() - timedelta(days=43)

        def record(
            zone: int | None = bar, when: date = day, what: str = "A lamp", once: str = ONCE
        ):
            return under_lock(
                scene.venue,
                lambda: service.record_change(
                    scene.venue, zone, when, what, by=scene.champion, once=once
                ),
            )

        for wrong in ({"what": ""}, {"zone": 999_999}, {"when": clock.today() + timedelta(days=1)},
                      {"when": date(2001, 1, 1)}):  # fmt: skip
            with pytest.raises(Refused):
                record(**wrong)  # type: ignore[arg-type]  # one wrong value each
        row = record()
        assert record().id == row.id
        night = row.done_on
        make_entries(
            scene.venue,
            [
                *[{"zone_id": bar, "night": night - timedelta(days=n)} for n in (1, 1, 40, 90)],
                *[{"zone_id": bar, "night": night + timedelta(days=n)} for n in (0, 41)],
                *[{"zone_id": floor, "night": night + timedelta(days=n)} for n in range(-80, 40)],
            ],
        )
        make_entries(scene.venue, [{"zone_id": bar, "night": night}] * 9, book=CITY)
        found = service.compared(row)
        assert found.words == "3 entries in 12 weeks before, 2 in 6 weeks after."
        whole = record(None, what="Posters", once="b" * 32)
        assert service.compared(whole).before.entries == 3 + 80
        assert service.change(other.venue, row.id) is None
        under_lock(other.venue, lambda: service.drop_change(other.venue, row.id, by=other.champion))
        assert [each.what for each in service.changes(scene.venue)] == ["Posters", "A lamp"]
        for _ in range(2):
            under_lock(
                scene.venue, lambda: service.drop_change(scene.venue, row.id, by=scene.champion)
            )
        assert [each.what for each in service.changes(scene.venue)] == ["Posters"]


def test_what_to_watch_names_open_faults_until_they_are_closed(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        bar, _floor, _door = _by_kind(scene)
        fault = {"category": "operational", "kinds": ["operational.cctv-fault"], "zone_id": bar}
        make_entries(scene.venue, [fault | {"ago": 80}, fault | {"ago": 90, "state": "open"}])
        make_entries(scene.venue, [fault | {"state": "closed"}, fault])
        make_entries(scene.venue, [fault], book=CITY)
        words = [each.words for each in pages.tonight(scene.venue).watch]
        assert len(words) == 1
        assert words[0].startswith("CCTV does not work, Main bar: still open (entries ")
        assert len(re.findall(r"\d+", words[0])) == 2
        assert pages.plain_tonight(scene.venue).watch == ()


def test_looks_are_noted_once_and_asked_for_many_venues_in_one_statement(app: Flask) -> None:
    with app.app_context():
        scenes = [make_scene() for _ in range(3)]
        for scene in scenes[:2]:
            for how in ("map", "map", "briefing"):
                under_lock(
                    scene.venue, lambda s=scene, h=how: looks.note(s.venue, h, by=s.champion)
                )
        db.session.rollback()
        tonight = clock.night_of(clock.now())
        with counted(app) as seen:
            found = looks.history([scene.venue for scene in scenes], tonight)
        assert len(seen) == 1
        assert [len(found[scene.venue]) for scene in scenes] == [2, 2, 0]
        assert looks.history([scenes[0].venue], tonight + timedelta(days=1)) == {
            scenes[0].venue: []
        }
        later = clock.now() + timedelta(days=366 * 2 + 5)
        with clock.moved_to(later):
            under_lock(scenes[0].venue, lambda: looks.note(scenes[0].venue, "map", by=1))
            assert under_lock(scenes[0].venue, retention.forget_looks) == 4
        assert db.session.scalar(select(func.count(MapLook.id))) == 1


def test_nothing_of_the_rooms_is_left_of_a_venue_that_is_cleared(app: Flask) -> None:
    with app.app_context():
        scene, other = make_scene(), make_scene()
        for each in (scene, other):
            put(each, make_rooms(each)[0])
            make_plan(each)
            by, venue = each.champion, each.venue
            under_lock(venue, lambda v=venue, b=by: service.save_camera(v, "C", 1, None, by=b))
            under_lock(
                venue,
                lambda v=venue, b=by: service.record_change(
                    v, None, clock.today(), "Canary lamp", by=b, once=f"{v:032d}"
                ),
            )
            under_lock(venue, lambda v=venue, b=by: looks.note(v, "map", by=b))
        assert under_lock(scene.venue, lambda: retention.clear(scene.venue)) == 1
        for model in (ZoneBox, FloorPlan, Camera, SpaceChange, MapLook):
            assert left(model, scene.venue) == 0
            assert left(model, other.venue) == 1
        gone = [row.erased_at is not None for row in db.session.scalars(select(StoredFile))]
        assert sorted(gone) == [False, True]
        assert files.sweep() == 1


def left(model: type[Model], venue: int) -> int | None:
    return db.session.scalar(select(func.count()).where(model.venue_id == venue))  # type: ignore[attr-defined]  # each of them has one


def test_two_people_who_place_at_once_both_succeed_and_one_box_is_left(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        zone, second = make_rooms(scene)[:2]
        helper = make_member(Role.MANAGER, venue=scene.venue).id
        db.session.remove()
    faults: list[BaseException] = []
    start = threading.Barrier(4)

    def work(by: int, x: int, room: int) -> None:
        try:
            start.wait()
            with app.app_context():
                lock(scene.venue)
                service.place(scene.venue, room, 1, layout.around(x, x, "small"), by=by)
                commit()
                db.session.remove()
        except BaseException as fault:  # a thread's fault is told to the test
            faults.append(fault)

    jobs = [(scene.champion, 100, zone), (helper, 500, zone), (helper, 700, second),
            (scene.champion, 200, second)]  # fmt: skip
    threads = [threading.Thread(target=work, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with app.app_context():
        boxes = service.venue(scene.venue).boxes
        assert set(boxes) == {zone, second}
        assert boxes[zone][1].x in (40, 440)
        assert boxes[second][1].x in (640, 140)
        assert rules.FEW == 3


@pytest.mark.sqlite_only
@pytest.mark.parametrize("weekday", [None, 4])
def test_what_is_in_the_book_outside_the_span_is_not_read(app: Flask, weekday: int | None) -> None:
    with app.app_context():
        scene = make_scene()
        make_entries(scene.venue, some_entries(make_rooms(scene), 400, 7))
        tonight = clock.night_of(clock.now())
        with counted(app) as seen:
            counts.cells(scene.venue, Asked(weekday=weekday), tonight)
        nights = Asked(weekday=weekday).nights(tonight) or [Span.WEEKS_4.since(tonight), tonight]
        values = (scene.venue, *(night.isoformat() for night in nights))
        plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {seen[0]}", values)
        steps = [row[3] for row in plan]
        assert any("COVERING INDEX ix_entry_book_night (book=? AND night" in each for each in steps)
