"""How venues keep their books, as the office sees it: numbers and questions, no story, no rank."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select

from charter.commitments.models import CountedFact
from charter.core import clock
from charter.core.access import Role
from charter.core.db import commit, db
from charter.incidents import following
from charter.incidents.rules import week_of
from charter.office import board, bookkeeping
from charter.office.bookkeeping import Asked, Keeping
from charter.proofs import exceptions
from charter.venues.models import Venue
from tests.builders.accounts import make_member
from tests.builders.commitments import Scene, make_scene, restate, under_lock
from tests.builders.incidents import book_lock, make_entry, make_zone, writer
from tests.builders.office import make_city
from tests.counting import counted, forget_answers
from tests.visitor import Visitor

As = Callable[[int], Visitor]
DAY = timedelta(days=1)
SECRET = "He put his hand on her back"
sqlite_only = pytest.mark.sqlite_only


def write(scene: Scene, number: int, *, late: int = 0, thin: int = 0) -> None:
    """So many entries of today, some of them late or with a fact missing."""
    zone = make_zone(scene.venue)
    for n in range(number):
        more = {"hours_ago": 60} if n < late else {}
        where = {} if n < thin else {"zone_id": zone}
        make_entry(scene.venue, writer(scene.champion), said=SECRET, **where, **more)


def sign_quiet(scene: Scene) -> None:
    """The champion signs the quiet weeks of one requirement."""
    under_lock(
        scene.venue, lambda: exceptions.sign_nil(scene.venue, "record.on-time", by=scene.champion)
    )


def make_books() -> dict[str, Scene]:
    """A venue of each sort."""
    names = ("Arch", "Barn", "Cave", "Dock", "Exit", "Forge")
    made = {name: make_scene(name=f"The {name}") for name in names}
    for scene in made.values():
        restate(scene.venue)
    write(made["Barn"], 6, late=2)
    write(made["Cave"], 6, thin=3)
    write(made["Dock"], 6)
    book_lock(made["Dock"].venue)
    following.read_up_to(made["Dock"].venue, 6, writer(made["Dock"].champion))
    commit()
    monday = week_of(clock.night_of(clock.now())) - timedelta(weeks=2)
    book_lock(made["Exit"].venue)
    following.sign_nil_week(made["Exit"].venue, monday, writer(made["Exit"].champion))
    commit()
    sign_quiet(made["Exit"])
    with clock.moved_to(clock.now() - 9 * DAY):
        write(made["Forge"], 1)
    restate(made["Forge"].venue)
    return made


def kept(**asked: str) -> dict[str, Keeping]:
    """The first page, by the last word of the venue's name."""
    db.session.rollback()
    return {each.name.split()[-1]: each for each in bookkeeping.page(Asked(**asked)).rows}


def test_each_venue_has_its_numbers_and_what_to_ask(app: Flask) -> None:
    with app.app_context():
        made, found = make_books(), kept()
        assert list(found) == list(made)
        barn, cave, dock, forge = (found[each] for each in ("Barn", "Cave", "Dock", "Forge"))
        assert (barn.lately, barn.counted, barn.late, barn.complete) == (6, 6, 33.3, 100)
        assert (cave.late, cave.complete, cave.days_since, cave.unread_weeks) == (0, 50, 0, 0)
        assert (dock.unread_weeks, dock.questions) == (None, [])
        assert (forge.counted, forge.late, forge.unread_weeks, forge.days_since) == (1, None, 1, 9)
        assert (found["Arch"].counted, found["Arch"].days_since) == (None, None)
        assert found["Exit"].signed_weeks == 1
        asks = {name: [each.words for each in row.questions] for name, row in found.items()}
        assert "No entries for 60 open nights" in asks["Arch"][0]
        assert any("Many late" in words for words in asks["Barn"])
        assert any("Facts missing" in words for words in asks["Cave"])
        assert "Quiet weeks signed" in asks["Exit"][0]
        assert any("Not read each week" in words for words in asks["Forge"])
        for ask, names in {
            "quiet": {"Arch", "Exit"}, "late": {"Barn"}, "incomplete": {"Cave"},
            "signed": {"Exit"}, "unread": {"Barn", "Cave", "Forge"},
            "any": {"Arch", "Barn", "Cave", "Exit", "Forge"},
        }.items():  # fmt: skip
            assert set(kept(ask=ask)) == names, ask
        assert list(kept(sort="ask")) == ["Arch", "Barn", "Cave", "Exit", "Forge", "Dock"]


def test_the_question_and_the_answer_are_written_down_from_here(app: Flask, as_: As) -> None:
    with app.app_context():
        made = make_books()
        officer = make_member(Role.OFFICER).id
        db.session.remove()
    office = as_(officer)
    page = office.get("/office/book-keeping")
    assert SECRET not in page.text
    (link,) = [each.href for each in page.links if each.text == "write down the answer"]
    assert link.endswith(
        f"/office/venues/{made['Exit'].venue}/questions/record.on-time/quiet-weeks"
    )
    office.post(link, {"answer": "Two calm weeks in a row"})
    with app.app_context():
        exit_ = kept()["Exit"]
        assert exit_.asked_on == clock.today()
        assert not any("Quiet weeks signed" in each.words for each in exit_.questions)
    for each in office.get("/office/book-keeping").links:
        if "/questions/" in each.href:
            office.get(each.href)
    venue = office.get(f"/office/venues/{made['Barn'].venue}")
    assert "6 entries in the last 3 months, 4 of them written within 24 hours" in venue.text
    assert any("/office/book-keeping" in each.href for each in venue.links)
    assert as_(made["Barn"].champion).answer("/office/book-keeping").status_code == 404


def test_an_entry_about_somebody_in_charge_is_in_no_number(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        write(scene, 5)
        before = kept()
        make_entry(scene.venue, writer(scene.champion), relation="in-charge", hours_ago=70)
        assert kept() == before


def test_the_list_downloads_as_it_stands_and_holds_no_formula(app: Flask, as_: As) -> None:
    with app.app_context():
        make_books()
        make_scene(name="=1+1")
        officer = make_member(Role.OFFICER).id
        db.session.remove()
    answer = as_(officer).answer("/office/book-keeping.csv")
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True))))
    assert rows[0] == list(bookkeeping.HEADINGS)
    assert rows[1][0] == "'=1+1"
    barn = next(row for row in rows if row[0] == "The Barn")
    assert barn[3:7] == ["6", "6", "33.3", "100.0"]
    late = as_(officer).answer("/office/book-keeping.csv?ask=late").get_data(as_text=True)
    assert [row[0] for row in csv.reader(io.StringIO(late))][1:] == ["The Barn"]


@sqlite_only
def test_pages_follow_each_other_in_both_orders_and_nonsense_is_the_beginning(app: Flask) -> None:
    with app.app_context():
        make_city(230)
        ids = list(db.session.scalars(select(Venue.id).where(Venue.edition_key.is_not(None))))
        db.session.execute(
            insert(CountedFact.__table__),  # type: ignore[arg-type]  # a table
            [
                {
                    "venue_id": venue_id, "fact": "book.quiet", "met": True, "since": None,
                    "holds_until": clock.today() + (venue_id % 3 - 1) * DAY, "words": "",
                    "step": "", "counted_on": clock.today(),
                }
                for venue_id in ids
            ],
        )  # fmt: skip
        db.session.commit()
        names = {row.id: row.name_key for row in db.session.scalars(select(Venue))}
        walked = {sort: walk(Asked(sort=sort)) for sort in bookkeeping.SORTS}
        assert len(walked["name"]) > 2 * board.PAGE
        assert set(walked["name"]) == set(walked["ask"])
        assert [names[each] for each in walked["name"]] == sorted(
            names[each] for each in walked["name"]
        )
        asks = [each % 3 == 0 for each in walked["ask"]]
        assert asks == sorted(asks, reverse=True)
        assert walk(Asked(ask="quiet")) == [each for each in walked["name"] if each % 3 == 0]
        first = [row.id for row in bookkeeping.page(Asked()).rows]
        for nonsense in ("~", "0~a~b", "9~a~1", "x", "0~~", "1~zz~99999999999999"):
            assert [row.id for row in bookkeeping.page(Asked(after=nonsense)).rows] == first


def walk(asked: Asked) -> list[int]:
    """Every venue, page by page."""
    found, after = [], ""
    while True:
        db.session.rollback()
        page = bookkeeping.page(Asked(asked.find, asked.area, asked.ask, asked.sort, after))
        found += [row.id for row in page.rows]
        assert len(found) == len(set(found))
        if not page.after:
            return found
        after = page.after


def test_what_the_address_cannot_ask_for_is_left_out() -> None:
    asked = Asked.read({"ask": "drop", "sort": "entries", "find": "x" * 200, "area": "a\0b"})
    assert asked == Asked(find="x" * 80)
    assert not Asked().is_narrowed
    assert Asked.read({"ask": "late"}).is_narrowed


@sqlite_only
def test_the_page_costs_as_much_with_many_entries_as_with_few(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_scene()
        write(scene, 1)
        officer = make_member(Role.OFFICER).id
        db.session.remove()
    office, costs = as_(officer), []
    for _ in range(2):
        office.get("/office/book-keeping")
        forget_answers(app)
        with counted(app) as seen:
            office.get("/office/book-keeping")
        costs.append(len(seen))
        with app.app_context():
            for _ in range(8):
                make_entry(scene.venue, writer(scene.champion))
            make_scene()
            db.session.remove()
    assert costs[0] == costs[1] <= 8, costs


def test_a_day_is_that_of_the_city(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        with clock.moved_to(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)):
            make_entry(scene.venue, writer(scene.champion))
        with clock.moved_to(datetime(2026, 7, 4, 12, tzinfo=UTC)):
            assert next(iter(kept().values())).days_since == 2
