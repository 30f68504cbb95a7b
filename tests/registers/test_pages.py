"""Blank pages: printed, spoiled, and typed in once, whoever presses how often."""

import threading
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from secrets import token_hex
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, db
from charter.incidents import reading
from charter.incidents.models import Entry
from tests import whole_books
from tests.builders.accounts import sign_in_as
from tests.registers.house import NIGHT, House, day, read
from tests.visitor import Visitor

TODAY = date(2026, 11, 20)
YESTERDAY = TODAY - timedelta(days=1)


def printed(house: House, count: int = 2) -> list[str]:
    """Make pages; their codes."""
    after = len(house.pages())
    house.manager.post(f"{house.book}/pages", {"count": str(count), "after": str(after)}, 200)
    return [code for _, code, _, _ in house.pages()[after:]]


def typed(**more: Any) -> dict[str, Any]:
    """What stands on a page, as it is sent."""
    return {
        "once": token_hex(16), "kinds": "sexual.touching", "when": "other", "other_at": "2130",
        "said": "A man put his hand on her back.", "actions": ["listened"], "acted": "other",
        "written_by": "Sam, door", **day("other_on", TODAY), **day("written_on", TODAY), **more,
    }  # fmt: skip


@pytest.mark.sqlite_only
def test_pages_come_numbered_with_codes_and_a_second_tap_makes_none(house: House):
    page = house.manager.get(f"{house.book}/pages")
    assert "No pages yet" in page.text
    sent = {**page.form().filled(count="3")}
    sent.pop("csrf_token")
    answer = house.manager.sent(f"{house.book}/pages", sent)
    found = read_plain(answer)
    again = house.manager.refused(f"{house.book}/pages", sent)
    assert "New pages were made since you opened this" in again.text
    rows = house.pages()
    assert [number for number, *_ in rows] == [1, 2, 3]
    assert len({code for _, code, *_ in rows}) == 3
    for (number, code, state, entry), words in zip(rows, found, strict=True):
        assert (state, entry) == ("blank", None)
        for part in (f"Page {number}", code, "Vulnerable person", "What was seen and said",
                     "Who wrote this?", f"localhost{house.book}/pages/type-in"):  # fmt: skip
            assert part in words, part
    for wrong in ("", "0", "51", "-1", "x", "1.5"):
        page = house.manager.refused(f"{house.book}/pages", {"count": wrong, "after": "3"})
        assert page.errors, wrong
    assert house.trail("pages.printed") == [(house.venue, {"first": 1, "last": 3})]
    one = house.manager.answer(f"{house.book}/pages/{rows[1][1]}/again")
    assert rows[1][1] in read_plain(one)[0]
    assert house.staff.answer(f"{house.book}/pages").status_code == 404


def read_plain(answer: TestResponse) -> list[str]:
    answer.content_length = len(answer.get_data())
    return read(answer)


def test_a_page_is_typed_in_once_and_the_entry_says_so(house: House):
    code, other = printed(house)
    address = f"{house.book}/pages/{code}"
    asked = house.staff.post(
        f"{house.book}/pages/type-in", {"code": code.lower().replace("-", " ")}
    )
    assert house.staff.goes_to(asked) == address
    form = house.staff.get(address).form(address)
    assert form.fields["when"] == "other"
    assert form.options("when") == ["tonight", "other"]
    sent = typed()
    first = house.staff.post(address, sent)
    second = house.staff.post(address, sent)
    assert house.staff.goes_to(first) == house.staff.goes_to(second) == f"{house.book}/1/written"
    assert house.count(house.venue) == 1
    assert house.pages()[0][2:] == ("typed in", 1)
    page = house.manager.get(f"{house.book}/1")
    assert (
        "Typed in from page 1, written there by Sam, door on Friday 20 November 2026" in page.text
    )
    assert "Sam, door" in page.text
    assert "Kim Door" in page.text
    used = house.manager.refused(address, typed(), 409)
    assert used.h1 == "Page 1 is typed in"
    assert used.link("entry 1") == f"{house.book}/1"
    with house.app.app_context():
        row = reading.entry(house.venue, 1)
        assert row is not None
        assert (row.by_user_id, row.made_at) == (house.ids[Role.STAFF], NIGHT)
        assert whole_books.faults() == []
        db.session.remove()
    words = " ".join(read(house.printed(TODAY, TODAY)))
    assert "From paper Typed in from page 1, written there by Sam, door on Friday 20" in words
    assert "Who dealt with it Sam, door" in words
    assert house.manager.get(f"{house.book}/pages/{other}").h1 == "Type in page 2"


@pytest.mark.sqlite_only
def test_a_late_page_needs_no_reason_and_is_marked_as_late_all_the_same(house: House):
    code, _ = printed(house)
    with clock.moved_to(NIGHT + timedelta(days=3)):
        sign_in_as(house.staff.client, house.ids[Role.STAFF])
        house.staff.post(f"{house.book}/pages/{code}", typed())
        sign_in_as(house.manager.client, house.ids[Role.MANAGER])
        words = " ".join(read(house.printed(TODAY, TODAY)))
    assert "Late More than 24 hours after it happened" in words
    assert "written there by Sam, door on Friday 20 November 2026" in words
    assert "Written Monday 23 November 2026 at 23:41" in words


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"written_by": ""}, "Enter who wrote the page"),
        (day("written_on", TODAY + timedelta(days=1)), "That day is still to come"),
        (day("written_on", YESTERDAY), "before it happened"),
        (
            day("written_on", TODAY - timedelta(days=1))
            | day("other_on", TODAY - timedelta(days=1)),
            "was not printed yet",
        ),
        ({"written_on-day": ""}, "Enter the day too"),
        ({"kinds": ""}, "Choose what happened"),
        ({"when": "now"}, "Choose one of the options shown"),
        ({"other_at": "2599"}, "Enter the time in 4 numbers"),
        ({"said": "x" * 5001}, "5,000 characters or fewer"),
    ],
)
def test_what_cannot_stand_on_a_page_is_refused_and_kept(
    house: House, more: dict[str, Any], words: str
):
    code, _ = printed(house)
    address = f"{house.book}/pages/{code}"
    page = house.staff.refused(address, typed(**more))
    assert page.errors
    assert words in page.text
    kept = page.form(address).fields
    assert kept["written_by"] == more.get("written_by", "Sam, door")
    assert kept["other_at"] == more.get("other_at", "2130")
    assert house.count(house.venue) == 0
    house.staff.post(address, typed(once=kept["once"]))


@pytest.mark.sqlite_only
def test_a_spoiled_page_is_not_typed_in_and_can_come_back(house: House):
    code, other = printed(house)
    address = f"{house.book}/pages/{code}"
    spoiled, typed_one = f"{address}/spoiled", f"{house.book}/pages/{other}"
    sent = {
        k: v for k, v in house.manager.get(spoiled).form().filled().items() if k != "csrf_token"
    }
    for _ in range(2):
        house.manager.post(spoiled, sent)
    assert house.pages()[0][2] == "spoiled"
    assert house.rows()[0]["spoiled_by"] == house.ids[Role.MANAGER]
    assert len(house.trail("page.spoiled")) == 1
    assert "Spoiled on Friday 20 November 2026" in house.manager.get(f"{house.book}/pages").text
    assert house.staff.get(address).h1 == "Page 1 is spoiled"
    assert house.staff.refused(address, typed(), 409).h1 == "Page 1 is spoiled"
    assert house.manager.answer(f"{address}/again").status_code == 409
    assert house.staff.answer(spoiled).status_code == 404
    back = house.manager.get(spoiled).form().filled()
    back.pop("csrf_token")
    house.manager.post(spoiled, back)
    assert house.pages()[0][2] == "blank"
    house.staff.post(typed_one, typed())
    page = house.manager.get(f"{typed_one}/spoiled")
    assert "cannot be marked as spoiled" in page.text
    assert (
        "typed in already" in house.manager.refused(f"{typed_one}/spoiled", {"to": "spoiled"}).text
    )
    assert house.pages()[1][2] == "typed in"


@pytest.mark.sqlite_only
def test_nobody_finds_a_page_of_another_venue_or_one_that_is_not_there(
    house: House, app: Flask, as_: Callable[[int], Visitor]
):
    code, _ = printed(house)
    elsewhere = House(app, as_)
    for wrong in (code, "ABCD-EFGH", "1", "x" * 20):
        page = elsewhere.staff.refused(f"{elsewhere.book}/pages/type-in", {"code": wrong})
        assert "No page of this venue has that code" in page.text, wrong
        assert elsewhere.staff.answer(f"{elsewhere.book}/pages/{wrong}").status_code == 404
    assert elsewhere.staff.refused(f"{elsewhere.book}/pages/type-in", {"code": ""}).errors


@pytest.mark.sqlite_only
def test_a_page_about_somebody_in_charge_goes_to_the_office_and_stays_blank(house: House):
    code, _ = printed(house)
    address = f"{house.book}/pages/{code}"

    def seen() -> list[Any]:
        pages = [
            house.manager.get(path).text for path in (house.book, f"{house.book}/pages", address)
        ]
        paper = house.printed(TODAY - timedelta(days=20), TODAY).get_data()
        return [*pages, paper, house.rows(), house.pages(), house.count(house.venue)]

    before = seen()
    sent = typed(relation="in-charge", **day("other_on", TODAY - timedelta(days=3)))
    pages_before = house.trail("pages.printed")
    for _ in range(2):
        answer = house.staff.post(address, sent, 200).get_data(as_text=True)
        assert "Sent to the night office as R-1" in answer
        assert "Do not leave it at the venue" in answer
        assert "Location" not in answer
    assert house.count(CITY) == 1
    assert seen() == before
    assert house.trail("pages.printed") == pages_before
    assert house.trail("entry.written") == []
    with house.app.app_context():
        row = reading.entry(CITY, 1)
        assert row is not None
        assert row.paper_page_id is None
        [line] = reading.lines(row, with_words=True)
        assert "paper" not in line.line.facts
        assert line.words["late_why"] == (
            "First written on paper by Sam, door on Friday 20 November 2026, then typed in."
        )
        assert whole_books.faults() == []
        db.session.remove()
    changed = house.staff.refused(address, {**sent, "relation": "customer"})
    assert "saved before" in changed.text
    house.staff.post(address, typed())
    assert house.pages()[0][2:] == ("typed in", 1)


def at_once(address: str, sends: Sequence[tuple[Visitor, dict[str, Any]]]) -> list[int]:
    """Send these at the same moment; how each was answered."""
    gate, answers = threading.Barrier(len(sends)), list[int]()

    def go(who: Visitor, sent: dict[str, Any]) -> None:
        gate.wait()
        answers.append(who.sent(address, sent).status_code)

    threads = [threading.Thread(target=go, args=each) for each in sends]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(answers) == len(sends)
    return answers


def test_two_phones_at_once_type_a_page_in_once(house: House):
    codes = printed(house, 6)
    for n, code in enumerate(codes, 1):
        same = typed()
        answers = at_once(
            f"{house.book}/pages/{code}",
            ((house.manager, same), (house.other_phone, same), (house.staff, typed())),
        )
        assert set(answers) <= {303, 409}
        assert 303 in answers
        assert house.pages()[n - 1][2:] == ("typed in", n)
    with house.app.app_context():
        assert whole_books.faults() == []
        assert db.session.query(Entry).count() == len(codes)
        db.session.remove()
