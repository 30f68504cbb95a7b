"""The office's own series: who opens it, what is listed, and that opening words is recorded."""

from collections.abc import Callable

from flask import Flask

from charter.core.access import Role
from charter.core.db import CITY, commit, db
from charter.core.trail import TrailEntry
from charter.incidents import chain, following, people, reading
from charter.incidents.people import Somebody
from tests.builders.accounts import mails, make_member
from tests.builders.incidents import book_lock, make_entry, writer
from tests.builders.venues import make_venue
from tests.visitor import Visitor

WORDS = "He put his hand on her, and he runs the place."


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
        verbs = [row.verb for row in db.session.query(TrailEntry).filter_by(chain=CITY)]
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
