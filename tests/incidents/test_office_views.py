"""The office's own series: who opens it, what is listed, and that opening words is recorded."""

from collections.abc import Callable
from datetime import date, timedelta

from flask import Flask
from sqlalchemy import select

from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db
from charter.core.text import in_words
from charter.core.trail import TrailEntry
from charter.incidents import chain, following, people, reading, retention
from charter.incidents.people import Somebody
from tests.builders.accounts import mails, make_member
from tests.builders.incidents import book_lock, make_entry, writer
from tests.builders.venues import make_venue
from tests.visitor import Visitor

WORDS = "He put his hand on her, and he runs the place."


def _city_trail() -> list[TrailEntry]:
    """What the city's trail says, in order."""
    query = select(TrailEntry).where(TrailEntry.chain == CITY).order_by(TrailEntry.number)
    return list(db.session.scalars(query))


def test_an_officer_opens_words_by_a_recorded_click_and_closes(
    app: Flask, as_: Callable[[int], Visitor]
):
    with app.app_context():
        venue = make_venue(state="working").id
        manager = make_member(Role.MANAGER, venue=venue).id
        officer = make_member(Role.OFFICER).id
        make_entry(venue, writer(manager), said=WORDS, relation="in-charge")
        assert len(mails("something-waits")) == 1
        assert "R-1" not in mails("something-waits")[0]
        db.session.remove()
    office = as_(officer)
    assert WORDS not in office.get("/office/books").text
    assert "R-1" in office.get("/office/books").text
    assert WORDS not in office.get("/office/books/1").text
    assert WORDS in office.post("/office/books/1/open", status=200).get_data(as_text=True)
    office.refused("/office/books/1/close", {"outcome": "no-action"})
    office.post("/office/books/1/close", {"outcome": "no-action", "because": "It was answered."})
    assert as_(manager).answer("/office/books/1").status_code == 404
    assert as_(manager).sent("/office/books/1/open").status_code == 404
    with app.app_context():
        verbs = [row.verb for row in _city_trail()]
        assert verbs[-3:] == ["entry.written", "entry.opened", "entry.closed"]
        entry = reading.entry(CITY, 1)
        assert entry is not None
        assert entry.state == "closed"
        assert [each.fault for each in chain.verify(CITY)] == [None]
        db.session.remove()


def test_what_a_venue_shares_is_read_without_names_and_the_venue_sees_that_it_was(
    app: Flask, as_: Callable[[int], Visitor]
):
    with app.app_context():
        venue = make_venue(state="working").id
        manager = make_member(Role.MANAGER, venue=venue, name="Morgan Keeper").id
        officer = make_member(Role.OFFICER).id
        boss = writer(manager)
        for n, what in enumerate(("", "facts", "words"), 1):
            made = make_entry(venue, boss, said=f"{WORDS} {n}", late_why="The queue", acted="me")
            if what:
                book_lock(venue)
                kept = reading.entry(venue, made.number)
                assert kept is not None
                people.add_people(kept, [Somebody("harmed", "18-24", "Ann Example")], boss)
                following.share_with_office(kept, what, boss)
                commit()
        db.session.remove()
    office, book = as_(officer), f"/office/venues/{venue}/book"
    assert [each.text for each in office.get(book).links if "book/" in each.href] == [
        "Entry 3",
        "Entry 2",
    ]
    assert office.answer(f"{book}/1").status_code == 404
    assert office.sent(f"{book}/1/open").status_code == 404
    assert office.sent(f"{book}/2/open").status_code == 404
    assert "the facts alone" in office.get(f"{book}/2").text
    assert WORDS not in office.get(f"{book}/3").text
    opened = office.post(f"{book}/3/open", status=200).get_data(as_text=True)
    assert f"{WORDS} 3" in opened
    for secret in ("Ann Example", "Morgan Keeper", "The queue", f"{WORDS} 2"):
        assert secret not in opened
    assert as_(manager).answer(f"{book}/3").status_code == 404
    assert "office opened what was said" in as_(manager).get(f"/venues/{venue}/book/3").text
    assert "office opened" not in as_(manager).get(f"/venues/{venue}/book/2").text


def test_the_office_carries_its_own_entry_on_as_a_venue_does(
    app: Flask, as_: Callable[[int], Visitor]
):
    with app.app_context():
        venue = make_venue(state="working").id
        manager = make_member(Role.MANAGER, venue=venue).id
        officer = make_member(Role.OFFICER, name="Olu Officer").id
        system = make_member(Role.SYSTEM_ADMIN).id
        with clock.moved_to(clock.now() - timedelta(days=40)):
            make_entry(venue, writer(manager), said=WORDS, relation="in-charge")
            since = clock.today()
        friday = clock.today() + timedelta(days=3)
        make_entry(venue, writer(manager), said=WORDS, relation="in-charge")
        db.session.remove()
    office, entry = as_(officer), "/office/books/1"
    assert f"2 are open, the oldest since {in_words(since)}" in office.get("/office/books").text
    assert "Write what there is to add" in office.refused(f"{entry}/add", {"said": ""}).text
    office.post(f"{entry}/add", {"said": "The licensing team was told."})
    due = date_parts("due_on", friday)
    todo = {"what": "Visit on Friday", "owner": str(officer), **due}
    kept = office.refused(f"{entry}/to-do", todo | {"owner": str(system)})
    assert "Visit on Friday" in kept.text
    office.post(f"{entry}/to-do", todo)
    page = office.get(entry).text
    assert "Olu Officer, by" in page
    assert "Visit on Friday" not in page
    opened = office.post(f"{entry}/open", status=200).get_data(as_text=True)
    assert "Visit on Friday" in opened
    assert "The licensing team was told." in opened
    office.post(f"{entry}/to-do/1/done", {"how": "Done by phone"})
    assert "Done on" in office.get(entry).text
    assert office.answer(f"{entry}/to-do/2/done").status_code == 404
    office.refused(f"{entry}/keep", {"why": ""})
    office.post(f"{entry}/keep", {"why": "The court asked"})
    assert "Kept for longer" in office.get(entry).text
    office.post(f"{entry}/keep/end", {"why": "It is over"})
    office.post(f"{entry}/close", {"outcome": "no-action", "because": "Answered"})
    assert "1 is open since" in office.get("/office/books").text
    for act in ("add", "to-do", "keep", "close"):
        assert as_(manager).answer(f"{entry}/{act}").status_code == 404
    with app.app_context():
        verbs = [row.verb for row in _city_trail()]
        assert verbs[-7:] == [
            *("entry.added", "entry.follow-up", "entry.opened", "entry.done"),
            *("entry.held", "entry.released", "entry.closed"),
        ]
        assert [each.fault for each in chain.verify(CITY)] == [None]
        assert db.session.query(TrailEntry).filter_by(chain=venue).count() == 0
        db.session.remove()


def date_parts(name: str, day: date) -> dict[str, str]:
    """A day as a form sends it."""
    parts = {"day": day.day, "month": day.month, "year": day.year}
    return {f"{name}-{part}": str(number) for part, number in parts.items()}


def test_an_entry_whose_words_are_gone_takes_nothing_more(
    app: Flask, as_: Callable[[int], Visitor]
):
    with app.app_context():
        venue = make_venue(state="working").id
        manager = make_member(Role.MANAGER, venue=venue).id
        officer = make_member(Role.OFFICER).id
        make_entry(venue, writer(manager), relation="in-charge")
        db.session.remove()
    office = as_(officer)
    office.post("/office/books/1/close", {"outcome": "no-action", "because": "Answered"})
    with app.app_context(), clock.moved_to(clock.now() + timedelta(days=800)):
        book_lock(CITY)
        assert retention.wipe(CITY, clock.today())
        commit()
        db.session.remove()
    for act in ("add", "to-do", "keep", "close"):
        assert office.answer(f"/office/books/1/{act}").status_code == 303
    assert "Add to it" not in office.get("/office/books/1").text
