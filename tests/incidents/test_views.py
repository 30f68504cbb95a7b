"""The pages of a book: who reads what, what each press of a button does, and what it refuses."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import insert, select

from charter.core import clock
from charter.core.access import Role
from charter.core.db import commit, db
from charter.core.trail import TrailEntry
from charter.incidents import chain, finding, reading
from charter.incidents.models import BookLine, BookTerms, Entry
from charter.incidents.service import when as at_wall
from charter.venues.models import Venue
from tests.builders.accounts import make_member
from tests.builders.certificates import noon
from tests.builders.incidents import book_lock, make_entry, make_zone, writer
from tests.builders.venues import make_venue
from tests.counting import counted
from tests.page import Page, inspect, text_of
from tests.visitor import Visitor

As = Callable[[int], Visitor]
pytestmark = pytest.mark.sqlite_only
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LONG_AGO = date(2020, 1, 1)


@dataclass
class Scene:
    """A venue with a room, and its people."""

    app: Flask
    as_: As
    venue: int
    zone: int
    manager: int
    champion: int
    staff: int
    other: int

    def at(self, number: int | str = "", page: str = "") -> str:
        """An address in the book."""
        end = "/".join(str(part) for part in (number, page) if part)
        return f"/venues/{self.venue}/book{'/' + end if end else ''}"

    def write(self, by: int | None = None, **said: Any) -> int:
        """An entry by somebody; its number."""
        with self.app.app_context():
            manages = by in (None, self.manager, self.champion)
            entry = make_entry(
                self.venue,
                writer(by or self.champion, manages=manages),
                **{"zone_id": self.zone} | said,
            )
            return entry.number

    def entry(self, number: int) -> dict[str, Any]:
        """The columns of an entry."""
        with self.app.app_context():
            row = reading.entry(self.venue, number)
            assert row is not None
            found = {column.key: getattr(row, column.key) for column in Entry.__table__.columns}
            db.session.remove()
            return found

    def verbs(self) -> list[str]:
        """The verbs of the venue's trail, in order."""
        with self.app.app_context():
            query = select(TrailEntry.verb).where(TrailEntry.chain == self.venue)
            found = list(db.session.scalars(query.order_by(TrailEntry.number)))
            db.session.remove()
            return found

    def fault(self) -> str | None:
        """What is wrong with the book."""
        with self.app.app_context():
            [check] = chain.verify(self.venue)
            db.session.remove()
            return check.fault

    def send(self, page: str, number: int = 1, by: int | None = None, **typed: Any) -> Any:
        """Fill in a form about an entry as it comes, and send it; the answer."""
        visitor = self.as_(by or self.champion)
        return visitor.sent(self.at(number, page), self.form(visitor, page, number, **typed))

    def form(self, visitor: Visitor, page: str, number: int = 1, **typed: Any) -> dict[str, Any]:
        """A form as somebody has it before them, filled in."""
        filled = visitor.get(self.at(number, page)).form().filled(**typed)
        return {name: value for name, value in filled.items() if name != "csrf_token"}


@pytest.fixture
def scene(app: Flask, as_: As) -> Scene:
    with app.app_context():
        venue = make_venue(state="working").id
        ids = [
            make_member(role, venue=venue, name=name, starts_on=LONG_AGO).id
            for role, name in (
                (Role.MANAGER, "Mo Manager"),
                (Role.CHAMPION, "Cleo Champion"),
                (Role.STAFF, "Sam Staff"),
                (Role.STAFF, "Olu Other"),
            )
        ]
        zone = make_zone(venue)
        db.session.remove()
    return Scene(app, as_, venue, zone, *ids)


def today() -> date:
    """Today in the city."""
    return clock.now().astimezone(ZoneInfo("Europe/London")).date()


def day(name: str, on: date | None = None) -> dict[str, str]:
    """A date as a form sends it; today."""
    on = on or today()
    parts = {"day": on.day, "month": on.month, "year": on.year}
    return {f"{name}-{part}": str(number) for part, number in parts.items()}


def numbers(page: Page) -> list[int]:
    """The numbers of the entries that a page lists, in its order."""
    return [int(text_of(e).split()[-1]) for e in page.all("a", "book__number")]


def trail_of(scene: Scene) -> list[tuple[str, dict[str, Any]]]:
    """Verbs and details of the venue's trail, in order."""
    with scene.app.app_context():
        query = select(TrailEntry).where(TrailEntry.chain == scene.venue)
        rows = db.session.scalars(query.order_by(TrailEntry.number)).all()
        found = [(row.verb, dict(row.detail)) for row in rows]
        db.session.remove()
        return found


def words_of(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


PEOPLE = {"part_1": "harmed", "age_1": "18-24", "name_1": "Ann Example", "looks_1": "Red coat"}


# The first page


def test_index_of_an_empty_book_says_what_to_do(scene: Scene) -> None:
    page = scene.as_(scene.champion).get(scene.at())
    assert "Nothing is written yet" in page.text
    assert page.link("Write an entry") == scene.at() + "/new"


def test_index_lists_facts_and_never_words(scene: Scene) -> None:
    scene.write(hours_ago=30)
    page = scene.as_(scene.manager).get(scene.at())
    assert "Sexual" in page.text
    assert "Dance floor" in page.text
    assert "put his hand" not in page.html
    assert {"Open", "Late"} <= set(page.badge_words)
    assert page.link("Entry 1") == scene.at(1)


def test_index_shows_staff_their_own_entries_alone(scene: Scene) -> None:
    scene.write(scene.staff)
    scene.write(scene.champion)
    page = scene.as_(scene.staff).get(scene.at())
    assert [link.href for link in page.links if "Entry" in link.text] == [scene.at(1)]
    assert "What to do next" not in page.text
    assert "You have written nothing yet" in scene.as_(scene.other).get(scene.at()).text


def test_index_says_three_things_to_do_the_most_urgent_first(scene: Scene) -> None:
    with clock.moved_to(noon(today() - timedelta(days=26))):
        scene.write()
        due = today()
        answer = scene.send(
            "to-do", what="Mend it", owner=str(scene.champion), **day("due_on", due)
        )
        assert answer.status_code == 303
    with clock.moved_to(noon(today())):
        page = scene.as_(scene.champion).get(scene.at())
    titles = [text_of(e) for e in page.all("a", "step__link")]
    assert titles == [
        "Save the CCTV: 2 days left",
        "1 entry waits to be read",
        "Something to do is overdue",
    ]


def test_index_pages_by_number_and_keeps_its_filters(scene: Scene) -> None:
    for _ in range(3):
        scene.write(kinds=("crime.theft",))
    for _ in range(25):
        scene.write()
    visitor = scene.as_(scene.champion)
    page = visitor.get(scene.at())
    assert len(page.all("li", "book__row")) == 25
    assert len(visitor.get(page.link("older entries")).all("li", "book__row")) == 3
    page = visitor.get(scene.at() + "?category=crime")
    assert len(page.all("li", "book__row")) == 3
    page = visitor.get(scene.at() + "?category=sexual&before=10")
    assert len(page.all("li", "book__row")) == 6
    assert "category=sexual" in page.link("the newest")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("room=ROOM", [2, 1]),
        ("room=999", []),
        ("state=closed", []),
        ("state=nonsense", [3, 2, 1]),
        ("from=TODAY", [3, 1]),
        ("to=BEFORE", [2]),
        ("from=2026-99-99", [3, 2, 1]),
        ("before=abc", [3, 2, 1]),
        ("category=%27", [3, 2, 1]),
    ],
)
def test_index_filters_by_the_address(scene: Scene, asked: str, found: list[int]) -> None:
    with clock.moved_to(NOON):
        scene.write()
        scene.write(hours_ago=48)
        scene.write(zone_id=None)
        for name, value in {
            "ROOM": str(scene.zone),
            "TODAY": NOON.date().isoformat(),
            "BEFORE": (NOON.date() - timedelta(days=1)).isoformat(),
        }.items():
            asked = asked.replace(name, value)
        page = scene.as_(scene.champion).get(f"{scene.at()}?{asked}")
    assert numbers(page) == found


def test_index_of_a_venue_whose_licence_wants_paper_says_so(scene: Scene) -> None:
    with scene.app.app_context():
        db.session.get_one(Venue, scene.venue).licence_paper_book = True
        db.session.commit()
        db.session.remove()
    assert "Your licence asks for a book on paper" in scene.as_(scene.champion).get(scene.at()).text


# One entry


def test_entry_is_a_dated_record(scene: Scene) -> None:
    scene.write(hours_ago=30)
    page = scene.as_(scene.manager).get(scene.at(1))
    for words in ("Cleo Champion", "put his hand", "Dance floor", "more than 24 hours",
                  "Nobody had time.", "A customer", "CCTV has to be saved"):  # fmt: skip
        assert words in page.text, words


@pytest.mark.parametrize("wall", [(0, "before"), (1, "after")])
def test_entry_says_which_pass_of_the_clock_it_was(scene: Scene, wall: tuple[int, str]) -> None:
    fold, which = wall
    with clock.moved_to(datetime(2026, 10, 25, 9, tzinfo=UTC)):
        with scene.app.app_context():
            back = datetime.fromisoformat("2026-10-25T01:30")
            happened = at_wall(back, fold, is_around=True)
        scene.write(happened=happened)
        text = scene.as_(scene.champion).get(scene.at(1)).text
    assert f"time, {which} the clocks went back" in text
    assert "or around then" in text
    assert "The night of Saturday 24 October 2026" in text


def test_entry_of_others_is_unknown_to_staff(scene: Scene) -> None:
    scene.write(scene.champion)
    scene.write(scene.staff)
    visitor = scene.as_(scene.staff)
    assert "put his hand" in visitor.get(scene.at(2)).text
    unknown = visitor.get(scene.at(99), 404).html
    assert visitor.get(scene.at(1), 404).html == unknown
    assert visitor.get(scene.at(1, "change"), 404).html == unknown
    assert scene.as_(scene.other).get(scene.at(2), 404).status == 404


def test_entry_shows_staff_no_word_of_others(scene: Scene) -> None:
    scene.write(scene.staff)
    scene.send("change", corrects="1", said="SECRET instead", why="SECRET reason")
    scene.send("people", **PEOPLE)
    scene.send("to-do", what="SECRET task", owner=str(scene.champion), **day("due_on"))
    scene.send("cctv", state="saved", camera="SECRET camera", who="SECRET saver")
    page = scene.as_(scene.staff).get(scene.at(1))
    assert "put his hand" in text_of(page.one("del"))
    assert "Corrected later by somebody who looks after the book" in page.text
    for hidden in ("SECRET", "Ann Example", "It happened to them", "Show the names", "Close"):
        assert hidden not in page.html, hidden


def test_forms_show_staff_no_word_of_others(scene: Scene) -> None:
    scene.write(scene.staff)
    visitor = scene.as_(scene.staff)
    form = scene.form(visitor, "change", said="Mine")
    scene.send("change", said="SECRET words")
    answer = visitor.refused(scene.at(1, "change"), form, status=409)
    assert "Mine" in answer.html
    assert "SECRET" not in answer.html
    assert "SECRET" not in visitor.get(scene.at(1, "change")).html
    assert len(answer.form().options("corrects")) == 1
    assert "Choose one of" in words_of(scene.send("change", by=scene.staff, corrects="2", why="x"))


def test_entry_of_another_venue_is_not_found_through_ones_own(scene: Scene) -> None:
    with scene.app.app_context():
        other = make_venue(state="working").id
        for _ in range(2):
            make_entry(other, writer(scene.champion))
        db.session.remove()
    scene.write()
    visitor = scene.as_(scene.champion)
    unknown = visitor.get(scene.at(99), 404).html
    assert visitor.get(scene.at(2), 404).html == unknown
    assert visitor.get(f"/venues/{other}/book/1", 404).html == unknown
    for page in ("close", "names", "cctv", "share", "change"):
        visitor.post(scene.at(2, page), {"seen": "1", "outcome": "ban"}, status=404)


def test_entry_that_is_the_offices_cannot_be_told_from_none(scene: Scene) -> None:
    scene.write(scene.staff, relation="in-charge", zone_id=None)
    visitor = scene.as_(scene.champion)
    unknown = visitor.get(scene.at(2), 404).html
    assert visitor.get(scene.at(1), 404).html == unknown
    assert scene.as_(scene.staff).get(scene.at(1), 404).status == 404
    assert visitor.get("/venues/0/book/1", 404).status == 404


def test_entry_whose_words_are_deleted_keeps_its_facts(scene: Scene) -> None:
    scene.write(scene.staff)
    with scene.app.app_context():
        book_lock(scene.venue)
        row = reading.entry(scene.venue, 1)
        assert row is not None
        row.words_key = row.names_key = None
        row.words_wiped_on = row.names_wiped_on = clock.today()
        for each in reading.lines(row, with_words=False):
            each.line.words = None
        commit()
        db.session.remove()
    page = scene.as_(scene.champion).get(scene.at(1))
    assert "was deleted on" in page.text
    assert "Unwanted touching" in page.text
    for act in ("change", "people", "cctv", "close", "to-do", "keep", "share"):
        assert scene.as_(scene.champion).answer(scene.at(1, act)).status_code == 303, act


# Names


def test_names_are_shown_on_that_answer_alone_and_recorded(scene: Scene) -> None:
    scene.write(scene.staff)
    assert scene.send("people", by=scene.staff, **PEOPLE).status_code == 303
    visitor = scene.as_(scene.champion)
    page = visitor.get(scene.at(1))
    assert "It happened to them, 18 to 24" in page.text
    assert "Ann" not in page.html
    assert "is written down" in page.text
    opened = visitor.refused(scene.at(1, "names"))
    assert "Ann Example: Red coat" in opened.text
    assert scene.verbs()[-1] == "names.opened"
    assert "Ann" not in visitor.get(scene.at(1)).html
    assert "Ann" not in str(trail_of(scene))


def test_names_are_not_for_staff(scene: Scene) -> None:
    scene.write(scene.staff)
    before = scene.verbs()
    scene.as_(scene.staff).post(scene.at(1, "names"), status=404)
    assert scene.verbs() == before


# Adding and correcting


def test_change_adds_words_of_ones_own_for_a_day(scene: Scene) -> None:
    scene.write(scene.staff)
    assert scene.send("change", by=scene.staff, said="He came back later.").status_code == 303
    assert "He came back later." in scene.as_(scene.champion).get(scene.at(1)).text
    with clock.moved_to(clock.now() + timedelta(hours=25)):
        visitor = scene.as_(scene.staff)
        page = visitor.get(scene.at(1))
        assert "Add or correct" not in page.text
        for act in ("change", "people"):
            assert visitor.answer(scene.at(1, act)).status_code == 303
            assert visitor.sent(scene.at(1, act), {"said": "Late", **PEOPLE}).status_code == 303
        assert scene.send("change", said="A manager may.").status_code == 303
    assert scene.verbs().count("entry.added") == 2


def test_change_strikes_wrong_words_through_and_puts_right_ones_beside(scene: Scene) -> None:
    scene.write(scene.staff)
    refused = scene.send("change", corrects="1", said="Once, on her arm.")
    assert "Say why you correct this" in words_of(refused)
    typed = {"corrects": "1", "said": "Once, on her arm.", "why": "She told us"}
    assert scene.send("change", **typed).status_code == 303
    page = scene.as_(scene.manager).get(scene.at(1))
    assert "This was wrong: A man put" in text_of(page.one("del"))
    assert text_of(page.one("ins")) == "Right is: Once, on her arm."
    assert scene.fault() is None


def test_change_of_a_fact_shows_the_old_one(scene: Scene) -> None:
    scene.write()
    typed: dict[str, Any] = {"relation": "artist", "kinds": ["sexual.rape-reported"], "at": "0:15"}
    typed |= day("on", today() - timedelta(days=1))
    assert scene.send("change", **typed, why="Found out").status_code == 303
    entry = scene.entry(1)
    assert (entry["relation"], entry["severity"]) == ("artist", 4)
    assert entry["happened_wall"].endswith("T00:15")
    page = scene.as_(scene.champion).get(scene.at(1))
    assert "was A customer" in [text_of(e) for e in page.all("del")]
    assert scene.fault() is None


def test_change_that_only_joins_needs_no_reason(scene: Scene) -> None:
    scene.write(zone_id=None)
    joined = ["listened", "asked", "police"]
    answer = scene.send("change", zone=str(scene.zone), actions=joined)
    assert answer.status_code == 303
    assert scene.verbs()[-1] == "entry.added"


def test_change_takes_what_the_licence_asks_for(scene: Scene) -> None:
    scene.write(kinds=("crime.drugs",), licence={"item": "drugs"})
    assert "licence_item" not in scene.form(scene.as_(scene.champion), "change")
    with scene.app.app_context():
        terms = BookTerms(venue_id=scene.venue, records=["seizures"], saved_by=scene.manager)
        db.session.add(terms)
        db.session.commit()
        db.session.remove()
    assert scene.form(scene.as_(scene.champion), "change")["licence_item"] == "drugs"
    answer = scene.send("change", licence_item="blade", licence_bag_number="Bag 7", why="Looked")
    assert answer.status_code == 303
    assert scene.entry(1)["licence"] == {"item": "blade"}
    text = scene.as_(scene.champion).get(scene.at(1)).text
    assert "Bag 7" in text
    assert "What was found" in text
    assert scene.fault() is None


def test_change_of_nothing_is_refused(scene: Scene) -> None:
    scene.write()
    assert "Nothing is changed yet" in words_of(scene.send("change"))
    assert scene.verbs()[-1] == "entry.written"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"at": "25:00"}, "Enter the time like 23:40"),
        ({"at": ""}, "Enter the day and the time"),
        ({"on-year": "2031"}, "still to come"),
        ({"zone": "77"}, "Choose one of the options shown"),
        ({"zone": "x"}, "Choose one of the options shown"),
        ({"relation": "in-charge"}, "Choose one of the options shown"),
        ({"kinds": "staff.by-manager"}, "Choose one of the options shown"),
        ({"corrects": "5"}, "Choose one of the options shown"),
        ({"actions": ["listened", "asked", "nothing"]}, "something else. Take one off"),
        ({"said": "x" * 5001}, "5,000 characters or fewer"),
        ({"why": "x" * 501}, "500 characters or fewer"),
        ({"said": "a\u202eb"}, "hidden characters"),
    ],
)
def test_change_refuses_and_keeps_what_was_typed(
    scene: Scene, typed: dict[str, Any], words: str
) -> None:
    scene.write()
    answer = scene.send("change", **{"said": "Kept words", **typed})
    assert answer.status_code == 200
    assert words in words_of(answer)
    assert "said" in typed or "Kept words" in words_of(answer)
    assert scene.verbs()[-1] == "entry.written"


def test_change_on_a_night_with_two_passes_asks_which(scene: Scene) -> None:
    with clock.moved_to(datetime(2026, 10, 25, 9, tzinfo=UTC)):
        scene.write()
        typed = {"at": "01:30", "why": "Wrong time", **day("on", date(2026, 10, 25))}
        answer = scene.send("change", **typed)
        assert "was there twice. Say which" in words_of(answer)
        form = inspect(words_of(answer)).form().filled(fold="1")
        form.pop("csrf_token")
        scene.as_(scene.champion).post(scene.at(1, "change"), form)
    assert scene.entry(1)["fold"] == 1


@pytest.mark.parametrize("page", ["change", "close", "cctv", "to-do", "people", "keep", "share"])
def test_somebody_who_wrote_meanwhile_is_not_written_over(scene: Scene, page: str) -> None:
    """F030: the second of two gets their own words back beside those of the first."""
    scene.write()
    typed: dict[str, dict[str, Any]] = {
        "change": {"said": "Mine"},
        "close": {"outcome": "ban"},
        "cctv": {"state": "saved", "camera": "Mine", "who": "Me"},
        "to-do": {"what": "Mine", "owner": str(scene.manager), **day("due_on")},
        "people": {**PEOPLE, "name_1": "Mine"},
        "keep": {"why": "Mine"},
        "share": {"what": "facts"},
    }
    visitor = scene.as_(scene.manager)
    form = scene.form(visitor, page, **typed[page])
    assert scene.send("change", said="Theirs, meanwhile").status_code == 303
    before = scene.verbs()
    answer = visitor.refused(scene.at(1, page), form, status=409)
    assert "Something was written in this entry while you were writing" in answer.text
    assert "Theirs, meanwhile" in answer.text
    assert "Mine" in answer.html or page in ("close", "share")
    assert scene.verbs() == before
    again = {k: v for k, v in answer.form().fields.items() if k != "csrf_token" and v != []}
    visitor.post(scene.at(1, page), again)
    assert len(scene.verbs()) == len(before) + 1


def test_a_form_sent_twice_is_done_once(scene: Scene) -> None:
    scene.write()
    visitor = scene.as_(scene.champion)
    form = scene.form(visitor, "people", **PEOPLE)
    visitor.post(scene.at(1, "people"), form)
    visitor.refused(scene.at(1, "people"), form, status=409)
    assert scene.verbs().count("entry.people") == 1


# People


def test_people_refuses_a_name_without_a_part(scene: Scene) -> None:
    scene.write()
    assert "Choose what their part was" in words_of(scene.send("people", name_2="Bo"))
    assert "Write down one person at least" in words_of(scene.send("people"))
    assert "120 characters or fewer" in words_of(scene.send("people", name_1="x" * 121))
    assert "entry.people" not in scene.verbs()


def test_strike_keeps_the_person_and_says_why(scene: Scene) -> None:
    scene.write()
    scene.send("people", **PEOPLE)
    page = scene.at(1, "people/1/strike")
    assert "Say what was wrong" in words_of(scene.send("people/1/strike"))
    assert scene.send("people/1/strike", why="Not there").status_code == 303
    shown = scene.as_(scene.champion).get(scene.at(1))
    assert any("It happened to them" in text_of(e) for e in shown.all("del"))
    scene.as_(scene.champion).get(page, 404)
    scene.as_(scene.champion).get(scene.at(1, "people/9/strike"), 404)


def test_strike_is_for_staff_only_of_whom_they_wrote_down(scene: Scene) -> None:
    scene.write(scene.staff)
    scene.send("people", **PEOPLE)
    scene.as_(scene.staff).get(scene.at(1, "people/1/strike"), 404)
    scene.send("people", by=scene.staff, part_1="about")
    assert scene.send("people/2/strike", by=scene.staff, why="Wrong").status_code == 303


# Cameras


def test_cctv_is_saved_by_somebody_with_a_camera(scene: Scene) -> None:
    scene.write()
    assert "Enter who saved it" in words_of(scene.send("cctv", state="saved", camera="3"))
    assert "Enter which camera it was" in words_of(scene.send("cctv", state="saved", who="Jo"))
    assert "Choose what became of it" in words_of(scene.send("cctv"))
    assert scene.send("cctv", state="saved", camera="Camera 3", who="Jo").status_code == 303
    page = scene.as_(scene.champion).get(scene.at(1))
    assert "Camera 3" in page.text
    assert "CCTV has to be saved" not in page.text
    # It is settled, so the form that adds to the entry asks nothing about it, refused or not.
    refused = words_of(scene.send("change"))
    assert "Nothing is changed yet" in refused
    assert 'name="cctv"' not in refused
    assert scene.send("change", said="The tape is at the office").status_code == 303
    assert scene.entry(1)["cctv"] == "saved"


@pytest.mark.parametrize("state", ["no", "lost"])
def test_cctv_may_be_lost_or_not_there(scene: Scene, state: str) -> None:
    scene.write()
    assert scene.send("cctv", state=state).status_code == 303
    assert scene.entry(1)["cctv"] == state


def test_cctv_counts_the_days_to_overwriting(scene: Scene) -> None:
    with clock.moved_to(noon(today())):
        scene.write()
        later = clock.now() + timedelta(days=27)
    with clock.moved_to(later):
        assert "1 day left" in scene.as_(scene.champion).get(scene.at(1)).text
    with clock.moved_to(later + timedelta(days=2)):
        assert "was overwritten on" in scene.as_(scene.champion).get(scene.at(1)).text


# What comes after


def test_close_needs_an_outcome_and_its_reason(scene: Scene) -> None:
    scene.write()
    assert "Choose how it ended" in words_of(scene.send("close"))
    assert "Say why there is nothing more" in words_of(scene.send("close", outcome="no-action"))
    assert "Say what was changed" in words_of(scene.send("close", outcome="space-changed"))
    tomorrow = day("told_on", today() + timedelta(days=1))
    late = scene.send("close", outcome="ban", told="yes", **tomorrow)
    assert "That day is still to come" in words_of(late)
    told = scene.send("close", outcome="ban", told="yes", **day("told_on"))
    assert told.status_code == 303
    page = scene.as_(scene.champion).get(scene.at(1))
    assert "Yes, on" in page.text
    assert "Closed" in page.badge_words
    assert "closed already" in words_of(scene.send("close", outcome="ban"))


def test_reopen_needs_a_reason_and_a_closed_entry(scene: Scene) -> None:
    scene.write()
    assert "open already" in words_of(scene.send("reopen", why="New words"))
    scene.send("close", outcome="ban")
    assert "Say why you open it again" in words_of(scene.send("reopen"))
    assert scene.send("reopen", why="She came back").status_code == 303
    assert scene.entry(1)["state"] == "open"


def test_to_do_has_an_owner_of_the_venue_and_a_day(scene: Scene) -> None:
    scene.write()
    good = {"what": "Mend the lock", "owner": str(scene.staff), **day("due_on")}
    assert "Enter what has to be done" in words_of(scene.send("to-do", **good | {"what": ""}))
    assert "Choose" in words_of(scene.send("to-do", **good | {"owner": "424242"}))
    old = day("due_on", today() - timedelta(days=1))
    assert "from today on" in words_of(scene.send("to-do", **good | old))
    assert scene.send("to-do", **good).status_code == 303
    assert "Sam Staff" in scene.as_(scene.champion).get(scene.at(1)).text
    assert scene.send("to-do/1/done", how="New lock").status_code == 303
    assert "Done on" in scene.as_(scene.champion).get(scene.at(1)).text
    scene.as_(scene.champion).get(scene.at(1, "to-do/2/done"), 404)
    assert scene.fault() is None


def test_hold_and_release_need_reasons(scene: Scene) -> None:
    scene.write()
    assert "Say who needs it" in words_of(scene.send("keep"))
    assert scene.send("keep", why="Police").status_code == 303
    assert "Kept for longer" in scene.as_(scene.champion).get(scene.at()).badge_words
    assert "kept for longer already" in words_of(scene.send("keep", why="Again"))
    assert "Say why it is no longer" in words_of(scene.send("keep/end"))
    assert scene.send("keep/end", why="Over").status_code == 303
    assert "not kept for longer" in words_of(scene.send("keep/end", why="Again"))


def test_share_says_what_the_office_reads_and_goes_one_way(scene: Scene) -> None:
    scene.write()
    page = scene.as_(scene.champion).get(scene.at(1, "share"))
    assert "cannot be taken back" in page.text
    assert "Never names" in page.text
    assert "Choose what the office may read" in words_of(scene.send("share"))
    assert "Choose one of" in words_of(scene.send("share", what="names"))
    assert scene.send("share", what="words").status_code == 303
    assert scene.entry(1)["shared"] == "words"
    assert "can read that already" in words_of(scene.send("share", what="facts"))


@pytest.mark.parametrize(
    "page",
    ["cctv", "close", "reopen", "to-do", "to-do/1/done", "keep", "keep/end", "share", "names"],
)
def test_what_comes_after_is_not_for_staff(scene: Scene, page: str) -> None:
    scene.write(scene.staff)
    before = scene.verbs()
    typed = {"seen": "1", "why": "x", "outcome": "ban", "what": "facts", "state": "no"}
    scene.as_(scene.staff).post(scene.at(1, page), typed, status=404)
    assert scene.verbs() == before


# The week


def test_week_is_read_up_to_an_entry(scene: Scene) -> None:
    for _ in range(27):
        scene.write()
    visitor = scene.as_(scene.champion)
    page = visitor.get(scene.at("week"))
    assert numbers(page) == list(range(1, 26))
    assert "there are 2 to read" in page.text
    assert "put his hand" not in page.html
    visitor.post(scene.at("week/read"), {"up_to": "25"})
    assert numbers(visitor.get(scene.at("week"))) == [26, 27]
    assert "Read on" in visitor.get(scene.at(3)).text
    assert "by Cleo Champion" in visitor.get(scene.at(3)).text
    visitor.post(scene.at("week/read"), {"up_to": "27"})
    assert numbers(visitor.get(scene.at("week"))) == []
    assert scene.verbs().count("book.read") == 2


def test_entry_leads_to_the_next_that_nobody_has_read(scene: Scene) -> None:
    for _ in range(3):
        scene.write(scene.staff)
    visitor = scene.as_(scene.champion)
    assert visitor.get(scene.at(1)).link("Read the next one") == scene.at(2)
    assert "Go back to this week’s reading" in visitor.get(scene.at(3)).text
    visitor.post(scene.at("week/read"), {"up_to": "2"})
    assert "Nobody has ticked this" not in visitor.get(scene.at(1)).text
    assert "Nobody has ticked this" not in scene.as_(scene.staff).get(scene.at(3)).text


@pytest.mark.parametrize("typed", ["", "0", "2", "-1", "x", "9" * 30])
def test_week_refuses_an_entry_that_is_not_there(scene: Scene, typed: str) -> None:
    scene.write()
    page = scene.as_(scene.champion).refused(scene.at("week/read"), {"up_to": typed})
    assert page.errors == ["There is no such entry. Open the book again"]
    assert "book.read" not in scene.verbs()


def test_nil_week_is_signed_once(scene: Scene) -> None:
    visitor = scene.as_(scene.champion)
    page = visitor.get(scene.at("week"))
    weeks = [f.fields["week"] for f in page.forms if "week" in f.fields]
    assert len(weeks) == 5
    visitor.post(scene.at("week/nothing"), {"week": weeks[0]})
    visitor.post(scene.at("week/nothing"), {"week": weeks[0]})
    page = visitor.get(scene.at("week"))
    assert [f.fields["week"] for f in page.forms if "week" in f.fields] == weeks[1:]
    assert scene.verbs().count("book.nil-week") == 1
    for typed in ("2026-01-01", "2020-01-06", "soon", ""):
        wrong = visitor.refused(scene.at("week/nothing"), {"week": typed})
        assert wrong.errors == ["Choose one of the weeks shown"]


def test_week_and_search_are_not_for_staff(scene: Scene) -> None:
    visitor = scene.as_(scene.staff)
    for page in ("week", "search"):
        visitor.get(scene.at(page), 404)
    for page in ("week/read", "week/nothing", "search"):
        visitor.post(scene.at(page), {"up_to": "1", "words": "hand"}, status=404)


# Looking for words


def test_search_finds_words_and_tells_none(scene: Scene) -> None:
    scene.write()
    scene.write(said="A man with a snake tattoo followed her.")
    visitor = scene.as_(scene.champion)
    page = visitor.refused(scene.at("search"), {"words": "SNAKE tattoo"})
    assert numbers(page) == [2]
    assert "Looked through entries 1 to 2 and opened the words of 2 entries" in page.text
    assert "followed her" not in page.html
    [last] = trail_of(scene)[-1:]
    assert last == ("book.searched", {"newest": 2, "oldest": 1, "opened": 2, "people": False})


def test_search_looks_at_names_only_when_asked(scene: Scene) -> None:
    scene.write()
    scene.send("people", **PEOPLE)
    visitor = scene.as_(scene.champion)
    assert numbers(visitor.refused(scene.at("search"), {"words": "example"})) == []
    found = visitor.refused(scene.at("search"), {"words": "example", "people": "y"})
    assert numbers(found) == [1]
    assert "Ann" not in found.html
    assert trail_of(scene)[-1][1]["people"] is True


def test_search_for_facts_opens_nothing(scene: Scene) -> None:
    scene.write()
    scene.write(kinds=("crime.theft", "crime.drugs"))
    visitor = scene.as_(scene.champion)
    assert numbers(visitor.refused(scene.at("search"), {"kind": "crime.drugs"})) == [2]
    assert numbers(visitor.refused(scene.at("search"), {"relation": "customer"})) == [2, 1]
    assert numbers(visitor.refused(scene.at("search"), {"zone": str(scene.zone)})) == [2, 1]
    assert "book.searched" not in scene.verbs()


def test_search_asks_for_something(scene: Scene) -> None:
    visitor = scene.as_(scene.champion)
    for typed in ({}, {"words": "ab"}, {"words": "..."}, {"words": "x" * 81}, {"kind": "y"}):
        page = visitor.refused(scene.at("search"), typed)
        assert page.errors, typed
    assert "book.searched" not in scene.verbs()


def test_search_finds_nothing_of_another_venue(scene: Scene) -> None:
    with scene.app.app_context():
        other = make_venue(state="working").id
        make_entry(other, writer(scene.champion), said="A man with a snake tattoo.")
        db.session.remove()
    scene.write()
    page = scene.as_(scene.champion).refused(scene.at("search"), {"words": "snake"})
    assert numbers(page) == []
    assert "Looked through entries 1 to 1" in page.text


def test_search_opens_so_many_entries_and_goes_on_below(scene: Scene) -> None:
    scene.write(said="A man with a snake tattoo.")
    with scene.app.app_context():
        row = reading.entry(scene.venue, 1)
        known = {column.key: getattr(row, column.key) for column in Entry.__table__.columns}
        known |= {"words_key_sealed": None, "names_key_sealed": None}
        del known["id"]
        more = range(2, finding.OPENED + 3)
        db.session.execute(
            insert(Entry), [known | {"number": n, "once": f"{n:032x}"} for n in more]
        )
        db.session.commit()
        db.session.remove()
    visitor = scene.as_(scene.champion)
    page = visitor.refused(scene.at("search"), {"words": "snake", "relation": "customer"})
    assert numbers(page) == []
    assert f"Looked through entries 3 to {finding.OPENED + 2}" in page.text
    assert f"The words of {finding.OPENED} entries are deleted" in page.text
    [further] = [form for form in page.forms if "Look further back" in form.buttons]
    fields = {k: v for k, v in further.fields.items() if k != "csrf_token"}
    page = visitor.refused(scene.at("search"), fields)
    assert numbers(page) == [1]
    assert "Looked through entries 1 to 2" in page.text
    assert scene.verbs().count("book.searched") == 2


def test_search_says_what_it_could_not_look_through(scene: Scene) -> None:
    scene.write()
    scene.write(said="Snake")
    with scene.app.app_context():
        book_lock(scene.venue)
        row = reading.entry(scene.venue, 2)
        assert row is not None
        row.words_key = None
        commit()
        db.session.remove()
    page = scene.as_(scene.champion).refused(scene.at("search"), {"words": "snake"})
    assert numbers(page) == []
    assert "The words of 1 entry are deleted" in page.text


def test_words_changed_outside_the_book_are_said_to_be(scene: Scene) -> None:
    scene.write()
    with scene.app.app_context():
        line = db.session.scalars(select(BookLine).where(BookLine.book == scene.venue)).one()
        line.words = bytes(reversed(line.words or b""))
        db.session.commit()
        db.session.remove()
    visitor = scene.as_(scene.champion)
    assert "changed outside the book" in visitor.get(scene.at(1)).text
    assert numbers(visitor.refused(scene.at("search"), {"words": "hand"})) == []


# Text that is no text


def test_what_people_write_is_inert(scene: Scene) -> None:
    bad = "<script>alert(1)</script>'\"><b>x</b>"
    scene.write(said=bad)
    scene.send("people", part_1="about", name_1=bad, looks_1=bad)
    scene.send("to-do", what=bad, owner=str(scene.champion), **day("due_on"))
    scene.send("cctv", state="saved", camera=bad, who=bad)
    scene.send("change", corrects="1", said=bad, why=bad)
    visitor = scene.as_(scene.champion)
    found = visitor.refused(scene.at(1, "names"))
    assert found.html.count("<script>alert") == 0
    assert bad in found.text
    assert "<script>alert" not in visitor.get(scene.at(1, "change")).html
    assert "<script>alert" not in visitor.refused(scene.at("search"), {"words": bad}).html


def costs(scene: Scene) -> dict[str, int]:
    """How many statements each page sends."""
    visitor, found = scene.as_(scene.champion), {}
    for page in ("", "?category=sexual", "1", "1/change", "1/close", "week", "search"):
        address = scene.at() + page if page.startswith("?") else scene.at(page)
        visitor.get(address)
        with counted(scene.app) as seen:
            visitor.get(address)
        found[page] = len(seen)
    with counted(scene.app) as seen:
        visitor.refused(scene.at("search"), {"words": "nowhere", "people": "y"})
    return found | {"search for words": len(seen)}


def test_no_page_asks_more_of_a_longer_book(scene: Scene) -> None:
    for _ in range(26):
        scene.write()
    scene.send("people", **PEOPLE)
    few = costs(scene)
    for _ in range(30):
        scene.write()
    assert costs(scene) == few
    assert max(few.values()) <= 16, few
