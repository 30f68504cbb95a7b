"""What goes to the police: what was ticked and nothing else, and the entry says so."""

from itertools import combinations

import pytest

from charter.core.access import GRANTS, Permission, Role
from charter.core.db import commit, db
from charter.incidents import amending, people, reading, retention
from charter.incidents.models import BookLine
from charter.incidents.people import Somebody
from charter.incidents.rules import Line
from charter.venues.models import Venue
from tests.builders.incidents import book_lock, make_entry, writer
from tests.registers.house import House, read

# Something that only stands in one part of the paper.
ONLY = {
    "facts": "Where Dance floor",
    "words": "He would not go.",
    "people": "Ann Bell",
    "after": "A friend came.",
}


def entry(house: House) -> int:
    """An entry with something in each part; its number."""
    by = writer(house.ids[Role.STAFF], manages=False)
    boss = writer(house.ids[Role.MANAGER])
    with house.app.app_context():
        row = make_entry(
            house.venue, by, said="He would not go.", zone_id=house.zone, acted="other",
            acted_who="Lou Reed", late_why="Busy.",
        )  # fmt: skip
        make_entry(house.venue, by, relation="in-charge", said="The boss did it.")
        book_lock(house.venue)
        people.add_people(row, [Somebody("about", "25-39", "Ann Bell", "Red coat")], by)
        venue = db.session.get_one(Venue, house.venue)
        amending.amend(row, venue, {}, {"said": "A friend came."}, boss)
        commit()
        number = row.number
        db.session.remove()
    return number


def ask(house: House, number: int, parts: list[str], **more: str) -> dict[str, object]:
    """The form as it is opened now, with these ticks."""
    form = house.manager.get(f"{house.book}/{number}/police").form()
    values: dict[str, object] = {"parts": parts, "to": "PC 55, Testbury", "reference": "LOG 9"}
    sent = form.filled(**values | more)
    return {k: v for k, v in sent.items() if k != "csrf_token"}


def test_only_what_is_ticked_goes_and_the_entry_says_what_and_to_whom(house: House):
    number = entry(house)
    address, given = f"{house.book}/{number}/police", 0
    for size in (1, 2, 4):
        for parts in combinations(ONLY, size):
            answer = house.manager.sent(address, ask(house, number, list(parts)))
            assert answer.headers["Content-Disposition"] == (
                'attachment; filename="entry-2026-11-20.pdf"'
            )
            words = " ".join(read(answer))
            given += 1
            for part, only in ONLY.items():
                assert (only in words) is (part in parts), (part, parts)
            assert ("Lou Reed" in words) is ({"facts", "words"} <= set(parts)), parts
            assert "Given to PC 55, Testbury Their reference LOG 9" in words
            assert "Page 1 of 1" in words
            assert "The boss did it" not in words
    page = house.manager.get(f"{house.book}/{number}")
    assert page.text.count("PC 55, Testbury") == given
    assert "With the police: facts, words, people, what came of it" in page.text
    assert len(house.trail("entry.to-police")) == given
    assert len(house.trail("names.opened")) == sum("people" in each for each in _all())
    with house.app.app_context():
        shared = db.session.query(BookLine).filter_by(kind=Line.SHARED.value)
        lines = shared.order_by(BookLine.seq).all()
        assert all("PC 55" not in str(line.facts) for line in lines)
        assert [line.facts["parts"] for line in lines][-1] == ["facts", "words", "people", "after"]
        db.session.remove()


def _all() -> list[tuple[str, ...]]:
    return [parts for size in (1, 2, 4) for parts in combinations(ONLY, size)]


@pytest.mark.sqlite_only
def test_nothing_goes_without_a_tick_a_name_and_the_right_to(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    number = entry(house)
    address = f"{house.book}/{number}/police"
    for wrong, words in (
        ({"parts": []}, "Tick what you give them"),
        ({"to": ""}, "Enter who you give it to"),
        ({"parts": ["everything"]}, "Choose one of the options shown"),
    ):
        sent = ask(house, number, ["facts"]) | wrong
        assert words in house.manager.refused(address, sent).text
    sent = ask(house, number, ["facts"])
    assert house.manager.sent(address, sent).mimetype == "application/pdf"
    assert "Written meanwhile" in house.manager.refused(address, sent, 409).text
    monkeypatch.setitem(GRANTS, Role.MANAGER, GRANTS[Role.MANAGER] - {Permission.INCIDENTS_NAMES})
    page = house.manager.get(address)
    assert "people" not in page.form().options("parts")
    assert house.manager.refused(address, ask(house, number, ["people"])).errors
    assert house.trail("names.opened") == []
    assert house.staff.answer(address).status_code == 404
    assert house.manager.answer(f"{house.book}/2/police").status_code == 404


@pytest.mark.sqlite_only
def test_an_entry_whose_words_are_gone_goes_nowhere(house: House):
    number = entry(house)
    with house.app.app_context():
        book_lock(house.venue)
        row = reading.entry(house.venue, number)
        assert row is not None
        while retention.wipe(house.venue, row.since_on.replace(year=2030)):
            commit()
            book_lock(house.venue)
        db.session.remove()
    answer = house.manager.answer(f"{house.book}/{number}/police")
    assert house.manager.goes_to(answer) == f"{house.book}/{number}"
