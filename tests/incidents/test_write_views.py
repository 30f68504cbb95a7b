"""Writing an entry: the least it takes, twice the same form, what is kept, and who is told what."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from secrets import token_hex

import pytest
from flask import Flask
from sqlalchemy import select

from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, db
from charter.incidents import reading
from charter.incidents.models import BookTerms, Entry, EntryDraft
from tests.builders.accounts import make_member, make_user
from tests.builders.incidents import make_zone
from tests.builders.venues import make_venue
from tests.counting import counted
from tests.page import inspect
from tests.visitor import Visitor

NIGHT = datetime(2026, 11, 20, 23, 41, tzinfo=UTC)
LONG_AGO = date(2020, 1, 1)
SCRIPT = "<script>alert(1)</script>"
BLUE = "\N{LARGE BLUE CIRCLE}"


class Place:
    """A venue with one room, and its people."""

    def __init__(self, app: Flask, as_: Callable[[int], Visitor]) -> None:
        self.app = app
        with app.app_context():
            self.venue = make_venue(state="working").id
            self.zone = make_zone(self.venue)
            here = {"venue": self.venue, "starts_on": LONG_AGO}
            staff, manager = (make_member(role, **here).id for role in (Role.STAFF, Role.MANAGER))
            elsewhere = make_venue(name="Elsewhere", state="working").id
            stranger = make_member(Role.STAFF, venue=elsewhere, starts_on=LONG_AGO).id
            db.session.remove()
        self.staff, self.manager, self.stranger = as_(staff), as_(manager), as_(stranger)
        self.staff_again = lambda: as_(staff)
        self.book = f"/venues/{self.venue}/book"
        self.new = f"{self.book}/new"

    def rows(self, book: int | None = None) -> list[dict[str, object]]:
        """The entries of a book, in order, by column."""
        with self.app.app_context():
            query = select(Entry).where(Entry.book == (self.venue if book is None else book))
            found = [
                {column.key: getattr(row, column.key) for column in Entry.__table__.columns}
                for row in db.session.scalars(query.order_by(Entry.number))
            ]
            db.session.remove()
            return found

    def said(self, number: int) -> dict[str, str]:
        """The words of an entry's first line."""
        with self.app.app_context():
            row = reading.entry(self.venue, number)
            assert row is not None
            found = reading.lines(row, with_words=True)[0].words
            db.session.remove()
            return found

    def drafts(self) -> list[str]:
        """The tokens of every draft kept."""
        with self.app.app_context():
            found = list(db.session.scalars(select(EntryDraft.once)))
            db.session.remove()
            return found


@pytest.fixture
def place(app: Flask, as_: Callable[[int], Visitor]) -> Iterator[Place]:
    with clock.moved_to(NIGHT):
        yield Place(app, as_)


def short(**more: object) -> dict[str, object]:
    """The shortest form that can be saved."""
    return {"once": token_hex(16), "when": "now", "kinds": "sexual.touching", **more}


def _terms(venue_id: int) -> BookTerms:
    by = make_user().id
    return BookTerms(venue_id=venue_id, records=["refusals", "visits"], saved_by=by)


def test_a_kind_and_just_now_are_enough(place: Place):
    form = place.staff.get(place.new).form(place.new)
    sent = {**form.filled(), "kinds": "sexual.touching"}
    answer = place.staff.post(place.new, {k: v for k, v in sent.items() if k != "csrf_token"})
    assert place.staff.goes_to(answer) == f"{place.book}/1/written"
    page = place.staff.get(f"{place.book}/1/written")
    assert page.h1 == "Entry 1 is written"
    assert "add where it happened" in page.text
    assert page.link("Add what is missing") == f"{place.book}/1/change"
    [row] = place.rows()
    assert (row["kinds"], row["acted"], row["team"]) == (["sexual.touching"], "me", "floor")
    assert (row["happened_at"], row["is_late"]) == (NIGHT, False)


def test_the_same_form_twice_is_one_entry_with_the_same_answer(place: Place):
    sent = short(said="Once.")
    first, second = (place.staff.post(place.new, sent) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert len(place.rows()) == 1
    assert place.staff.refused(place.new, {**sent, "kinds": ""}).errors
    other = place.manager.refused(place.new, sent)
    assert "saved before" in other.text
    assert len(place.rows()) == 1


def test_a_refused_form_keeps_what_was_typed_and_is_a_draft(place: Place):
    sent = short(kinds="", said="A loud <b>row</b> & more", zone=place.zone, when="tonight",
                 tonight_at="2599")  # fmt: skip
    page = place.staff.refused(place.new, sent)
    assert "Choose what happened" in page.text
    kept = page.form(place.new).fields
    for name in ("said", "when", "tonight_at", "once"):
        assert str(kept[name]).strip() == sent[name]
    assert kept["zone"] == str(place.zone)
    assert place.drafts() == [sent["once"]]
    again = {**sent, "kinds": "violence.pushing"}
    assert "Enter the time in 4 numbers" in place.staff.refused(place.new, again).text
    place.staff.post(place.new, {**again, "tonight_at": "2310"})
    assert place.drafts() == []
    assert place.said(1)["said"] == sent["said"]


def test_a_draft_is_offered_gone_on_with_and_thrown_away(place: Place):
    sent = short(said="He said", actions=["listened", "police"])
    assert place.staff.post(f"{place.book}/draft", sent, 204).get_data() == b""
    assert "began an entry" not in place.manager.get(place.new).text
    with clock.moved_to(NIGHT + timedelta(minutes=30)):
        staff = place.staff_again()
        offered = staff.get(place.new)
        assert "You began an entry at 23:41" in offered.text
        fields = staff.get(offered.link("Go on with it")).form(place.new).fields
        assert (str(fields["said"]).strip(), fields["once"]) == ("He said", sent["once"])
        assert (fields["when"], fields["tonight_at"], fields["is_around"]) == (
            "tonight",
            "23:41",
            "y",
        )
        assert fields["actions"] == ["listened", "police"]
    place.manager.post(f"{place.book}/draft/drop", {"once": sent["once"]})
    assert place.drafts() == [sent["once"]]
    place.staff.post(f"{place.book}/draft/drop", {"once": sent["once"]})
    assert place.drafts() == []


def test_a_draft_of_yesterday_says_its_day(place: Place):
    place.staff.post(f"{place.book}/draft", short(), 204)
    with clock.moved_to(NIGHT + timedelta(hours=7)):
        page = place.staff_again().get(f"{place.new}?begun=go-on")
    fields = page.form(place.new).fields
    assert (fields["when"], fields["other_at"], fields["other_on-day"]) == ("other", "23:41", "20")


def test_keep_for_later_works_without_a_script(place: Place):
    answer = place.staff.post(f"{place.book}/draft", short(keep="later"))
    assert "Kept until tomorrow" in place.staff.get(place.staff.goes_to(answer)).text
    assert len(place.drafts()) == 1
    place.staff.post(f"{place.book}/draft", {"once": "no token"}, 204)
    assert len(place.drafts()) == 1


def test_a_draft_that_comes_after_its_entry_keeps_nothing(place: Place):
    sent = short()
    place.staff.post(place.new, sent)
    place.staff.post(f"{place.book}/draft", sent, 204)
    assert place.drafts() == []


@pytest.mark.parametrize("how", [{"relation": "in-charge"}, {"kinds": "staff.by-manager"}])
def test_an_entry_about_somebody_in_charge_is_told_of_once(place: Place, how: dict[str, str]):
    pages = (place.book, place.new, f"{place.book}/1", f"{place.book}/1/written")
    before = [(place.staff.answer(url).status_code) for url in pages]
    lists = [place.staff.get(url).text for url in pages[:1]]
    sent = short(said="The owner did it.", **how)
    answer = place.staff.post(place.new, sent, 200)
    assert "Set-Cookie" not in answer.headers
    page = inspect(answer.get_data(as_text=True), 200)
    assert page.h1 == "Thank you"
    assert "Sent to the night office as R-1" in page.text
    assert "not in this venue’s book" in page.text
    assert place.book not in answer.get_data(as_text=True)
    again = place.staff.post(place.new, sent, 200)
    assert "R-1" in again.get_data(as_text=True)
    assert (len(place.rows(CITY)), place.rows(), place.drafts()) == (1, [], [])
    assert [place.staff.answer(url).status_code for url in pages] == before
    assert [place.staff.get(url).text for url in pages[:1]] == lists
    place.staff.post(place.new, short())
    assert place.rows()[0]["number"] == 1


def test_a_saved_form_that_turns_out_to_be_about_somebody_in_charge_is_a_new_entry(place: Place):
    sent = short(said="He pushed her.")
    place.staff.post(place.new, sent)
    changed = sent | {"relation": "in-charge"}
    page = place.staff.refused(place.new, changed)
    assert "This form was saved before" in page.text
    form = page.form(place.new)
    assert form.fields["once"] != sent["once"]
    assert (len(place.rows()), place.rows(CITY)) == (1, [])
    answer = place.staff.post(place.new, changed | {"once": form.fields["once"]}, 200)
    assert "R-1" in answer.get_data(as_text=True)
    assert (len(place.rows()), len(place.rows(CITY)), place.drafts()) == (1, 1, [])


def test_nobody_of_another_venue_comes_in(place: Place):
    place.staff.post(place.new, short())
    for url in (place.new, f"{place.book}/1/written"):
        place.stranger.get(url, 404)
    for url in (place.new, f"{place.book}/draft", f"{place.book}/draft/drop"):
        place.stranger.post(url, short(), 404)
    assert (len(place.rows()), place.drafts()) == (1, [])


def test_staff_are_told_of_their_own_entries_alone(place: Place):
    place.manager.post(place.new, short())
    place.staff.get(f"{place.book}/1/written", 404)
    place.manager.get(f"{place.book}/1/written")
    assert place.rows()[0]["team"] == "management"


def test_a_script_and_a_long_text_are_words_like_others(place: Place):
    page = place.staff.refused(place.new, short(kinds="", said=SCRIPT, acted="other",
                                                acted_who='"><img src=x>'))  # fmt: skip
    assert str(page.form(place.new).fields["said"]).strip() == SCRIPT
    long = place.staff.refused(place.new, short(said=BLUE * 5001))
    assert "5,000 characters or fewer" in long.text
    hidden = place.staff.refused(place.new, short(said="a\x00b"))
    assert "hidden characters" in hidden.text
    place.staff.post(place.new, short(said=BLUE * 5000))
    assert place.said(1)["said"] == BLUE * 5000


def test_late_is_asked_why_by_the_hours_in_force_and_only_then(place: Place):
    day = {"when": "other", "other_on-day": "19", "other_on-month": "11", "other_on-year": "2026"}
    asked = place.staff.get(place.new).form(place.new).names
    assert not asked & {"late_why", "fold"}
    page = place.staff.refused(place.new, short(**day, other_at="23:40"))
    assert "more than 24 hours ago" in page.text
    assert "late_why" in page.form(place.new).names
    place.staff.post(place.new, short(**day, other_at="23:42"))
    place.staff.post(place.new, short(**day, other_at="2340", late_why="No time"))
    assert [row["is_late"] for row in place.rows()] == [False, True]


def test_licence_fields_are_there_once_they_are_switched_on(place: Place):
    assert "licence_refused_count" not in place.staff.get(place.new).form(place.new).names
    with place.app.app_context():
        db.session.add(_terms(place.venue))
        db.session.commit()
        db.session.remove()
    names = place.staff.get(place.new).form(place.new).names
    assert {"licence_refused_count", "licence_visit_officer"} <= names
    wrong = place.staff.refused(place.new, short(licence_refused_count="many"))
    assert "Enter a number" in wrong.text
    place.staff.post(
        place.new,
        short(
            kinds="refusal.entry-refused",
            licence_refused_count="3",
            licence_refused_because="drunk",
            licence_visit_officer="PC 7",
        ),
    )
    assert place.rows()[0]["licence"] == {"refused-count": 3, "refused-because": "drunk"}
    assert place.said(1)["licence.visit-officer"] == "PC 7"


def test_nothing_done_asks_why_and_what_is_not_offered_is_refused(place: Place):
    page = place.staff.refused(place.new, short(actions="nothing"))
    assert "Say why nothing was done" in page.text
    for wrong in ({"kinds": "no.such"}, {"zone": "999999"}, {"relation": "boss"}, {"wish": "x"}):
        place.staff.refused(place.new, short(**wrong))
    assert place.rows() == []


def test_pages_are_dark_at_night_and_as_the_phone_likes_by_day(place: Place):
    assert 'class="dark"' in place.staff.answer(place.new).get_data(as_text=True)
    with clock.moved_to(NIGHT.replace(hour=12)):
        assert 'class="dark"' not in place.staff.answer(place.new).get_data(as_text=True)


def test_opening_and_saving_cost_a_fixed_number_of_statements(place: Place):
    place.staff.post(place.new, short())
    with counted(place.app) as opening:
        place.staff.get(place.new)
    with counted(place.app) as saving:
        place.staff.post(place.new, short(said="Words.", zone=place.zone))
    assert len(opening) <= 10
    assert len(saving) <= 44
