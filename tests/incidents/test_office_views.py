"""The office's own series: who opens it, what is listed, and that opening words is recorded."""

from collections.abc import Callable

from flask import Flask

from charter.core.access import Role
from charter.core.db import CITY, db
from charter.core.trail import TrailEntry
from charter.incidents import chain, reading
from tests.builders.accounts import mails, make_member
from tests.builders.incidents import make_entry, writer
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
    assert WORDS not in office.get("/office/books/").text
    assert "R-1" in office.get("/office/books/").text
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
