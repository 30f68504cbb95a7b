"""The venue's own phone in a browser: with scripts and without, with a signal and without.

What waits for a signal is looked for in the browser's own database, and sent once and once only.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page
from sqlalchemy import func, select

from charter.core.access import Role
from charter.core.db import CITY, commit, db
from charter.devices import service as devices
from charter.incidents import reading
from charter.incidents.models import Entry
from charter.staff import service as staff
from tests.builders.accounts import make_member
from tests.builders.devices import locked, make_code, make_pin
from tests.pages import checks
from tests.pages.checks import PHONE
from tests.pages.city import City, undone

CANARY = "Zanzibar-canary"
SHORT = 10_000
_DUMP = """async () => {
    const found = [];
    for (const {name} of await indexedDB.databases()) {
        const opened = await new Promise(yes => {
            const asked = indexedDB.open(name);
            asked.onsuccess = () => yes(asked.result);
        });
        for (const each of opened.objectStoreNames) {
            const rows = await new Promise(yes => {
                const asked = opened.transaction(each).objectStore(each).getAll();
                asked.onsuccess = () => yes(asked.result);
            });
            const words = each => each && new TextDecoder('latin1').decode(each);
            found.push(...rows.map(row => ({...row, iv: '', sealed: words(row.sealed)})));
        }
        opened.close();
    }
    return JSON.stringify(found);
}"""
_KEPT = """async () => {
    const found = [];
    for (const name of await caches.keys()) {
        const kept = await caches.open(name);
        for (const each of await kept.keys()) {
            found.push(each.url, await (await kept.match(each)).text());
        }
    }
    return found.join('\\n');
}"""
# The next form reaches the server, and its answer never comes.
_LOSE_ONE = """() => {
    const real = fetch;
    window.fetch = async (...asked) => {
        const answer = await real(...asked);
        if (asked[1].method !== 'POST') return answer;
        window.fetch = real;
        throw new TypeError('lost');
    };
}"""
_STORED = "() => JSON.stringify([{...localStorage}, {...sessionStorage}])"


@dataclass
class Phone:
    """A phone of The Lantern in somebody's hand, and what the city knows."""

    city: City
    context: BrowserContext
    page: Page
    venue: int
    device: int
    code: str
    pins: list[str]
    names: list[str]
    members: list[int]
    before: dict[int, int]

    def pair(self) -> None:
        """Enter the code."""
        self.page.goto("/phone")
        self.page.get_by_label("Pairing code").fill(self.code)
        self.page.get_by_role("button", name="Pair").click()
        self.at("pin")

    def enter(self, who: int = 0) -> None:
        """Type somebody's PIN."""
        self.page.get_by_label("Your PIN").fill(self.pins[who])
        self.page.get_by_role("button", name="Go on").click()
        self.at("form")

    def at(self, kind: str) -> None:
        """Wait until this page is there."""
        self.page.locator(f"[data-phone={kind}]").wait_for(timeout=SHORT)

    def loses_the_signal(self) -> None:
        """It was paired, somebody signed in, and then there is no signal."""
        self.pair()
        self.enter()
        self.is_ready()
        self.context.set_offline(True)

    def is_ready(self) -> None:
        """Wait until the script can keep what is saved without a signal."""
        self.page.locator("[data-ready]").wait_for(timeout=SHORT)
        self.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")

    def fill(self, said: str = CANARY, *, in_charge: bool = False) -> None:
        """The least of an entry, and some words."""
        self.page.locator("summary").get_by_text("Sexual", exact=True).click()
        self.page.locator(".pick label").get_by_text("Unwanted touching or groping").click()
        self.page.locator("#said").fill(said)
        if in_charge:
            self.page.locator("summary").get_by_text("More (can follow later)").click()
            self.page.locator("input[name=relation][value=in-charge]").check()

    def save(self) -> None:
        """Press the button."""
        self.page.get_by_role("button", name="Save entry").click()

    def waits(self, words: str) -> None:
        """Wait until the page says so of what waits."""
        self.page.locator("[data-waits]", has_text=words).wait_for(timeout=30_000)

    @property
    def told(self) -> str:
        """What the page says of what waits."""
        return self.page.locator("[data-waits]").inner_text()

    def kept(self) -> str:
        """All that the browser keeps in its databases, caches and storage."""
        return "\n".join(map(str, (self.page.evaluate(each) for each in (_DUMP, _KEPT, _STORED))))

    def rows(self) -> list[Any]:
        """What waits in the browser's database."""
        found: list[Any] = json.loads(self.page.evaluate(_DUMP))
        return found

    def entries(self, book: int | None = None) -> list[tuple[int, int | None, str]]:
        """Number, writer and words of each entry that was written in a book since."""
        with self.city.app.app_context():
            book = self.venue if book is None else book
            query = select(Entry).where(Entry.book == book, Entry.number > self.before[book])
            found = [
                (row.number, row.by_member_id, reading.lines(row, with_words=True)[0].words["said"])
                for row in db.session.scalars(query.order_by(Entry.number))
            ]
            db.session.remove()
        return found


def _made(city: City, context: BrowserContext) -> Phone:
    venue = city.venue("The Lantern")
    with city.app.app_context():
        people = [each for each in staff.present(venue) if staff.jobs_now(each)][:2]
        names, members = [each.name for each in people], [each.id for each in people]
        pins = [make_pin(venue, each) for each in members]
        device, code = make_code(venue)
        newest = select(func.max(Entry.number))
        before = {
            book: db.session.scalar(newest.where(Entry.book == book)) or 0 for book in (venue, CITY)
        }
        db.session.remove()
    page = context.new_page()
    return Phone(city, context, page, venue, device, code, pins, names, members, before)


def _phones(browser: Browser, city: City, *, javascript: bool) -> Iterator[Phone]:
    context = browser.new_context(
        base_url=city.address,
        java_script_enabled=javascript,
        viewport=PHONE,  # type: ignore[arg-type]  # two numbers
        locale="en-GB",
        timezone_id="Europe/London",
    )
    with undone(city):
        try:
            yield _made(city, context)
        finally:
            context.close()


@pytest.fixture
def phone(browser: Browser, city: City) -> Iterator[Phone]:
    """A phone whose browser runs scripts."""
    yield from _phones(browser, city, javascript=True)


@pytest.fixture
def plain(browser: Browser, city: City) -> Iterator[Phone]:
    """A phone whose browser runs none."""
    yield from _phones(browser, city, javascript=False)


def faults(page: Page) -> list[str]:
    """What is wrong with the page that is open."""
    found = [*checks.sound(page), *checks.prints(page), *checks.fits(page), *checks.in_reach(page)]
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # two numbers
    return found


def small(page: Page) -> list[str]:
    """What is wrong with the page for a thumb and at 400 % zoom, where no script can run."""
    found = [*checks.fits(page), *checks.in_reach(page)]
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # two numbers
    return found


def test_without_scripts_it_pairs_signs_in_and_writes_and_back_shows_nothing(plain: Phone) -> None:
    page = plain.page
    page.goto("/phone")
    assert small(page) == []
    plain.pair()
    assert small(page) == []
    plain.enter()
    assert small(page) == []
    plain.fill()
    plain.save()
    plain.at("saved")
    assert small(page) == []
    [(number, member, said)] = plain.entries()
    assert (member, said) == (plain.members[0], CANARY)
    assert f"as entry {number}." in page.inner_text("main")
    page.go_back()
    assert page.locator("#said").input_value() == ""
    page.get_by_role("button", name="I am done").click()
    plain.at("pin")
    for _ in range(3):
        page.go_back()
        assert CANARY not in page.content()
    plain.page.goto("/phone/offline")
    assert small(page) == []


def test_two_entries_wait_for_a_signal_and_are_sent_once(phone: Phone) -> None:
    phone.loses_the_signal()
    phone.save()
    phone.waits("Choose what happened first.")
    phone.fill(f"{CANARY} one")
    phone.save()
    phone.waits("1 entry waits on this phone. Do not close this page.")
    assert phone.page.locator("#said").input_value() == ""
    phone.fill(f"{CANARY} two", in_charge=True)
    phone.save()
    phone.waits("2 entries wait on this phone.")
    assert faults(phone.page) == []
    rows = phone.rows()
    assert [sorted(row) for row in rows] == [["at", "iv", "once", "sealed", "tab"]] * 2
    assert {len(row["sealed"]) for row in rows} == {4096 + 16}
    kept, waiting = phone.kept(), phone.page.evaluate(_DUMP)
    for secret in (CANARY, *phone.names, 'name="csrf_token"'):
        assert secret not in kept
    for secret in ("sexual.touching", "in-charge"):  # which the empty form offers
        assert secret not in waiting
    with phone.page.expect_request_finished(lambda each: each.method == "POST"):
        phone.context.set_offline(False)
    phone.waits("Sent: 2 entries.")
    assert "R-" not in phone.told
    [(number, member, said)] = phone.entries()
    assert (member, said) == (phone.members[0], f"{CANARY} one")
    [(_, member, said)] = phone.entries(CITY)
    assert (member, said) == (phone.members[0], f"{CANARY} two")
    assert phone.rows() == []
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    phone.fill(f"{CANARY} three")
    phone.save()
    phone.at("saved")
    assert f"as entry {number + 1}." in phone.page.inner_text("main")
    assert "R-" not in phone.page.inner_text("main")
    assert len(phone.entries()) == 2


def test_an_answer_that_is_lost_makes_no_second_entry(phone: Phone) -> None:
    """The entry is written and nobody learns of it: it waits, is sent again, and is the same."""
    phone.pair()
    phone.enter()
    phone.is_ready()
    phone.page.evaluate(_LOSE_ONE)
    phone.fill()
    phone.save()
    phone.waits("Sent: 1 entry.")
    assert len(phone.entries()) == 1
    assert phone.rows() == []


def test_who_wrote_types_their_pin_when_the_shift_is_over(phone: Phone) -> None:
    phone.loses_the_signal()
    phone.fill()
    phone.save()
    phone.waits("1 entry waits")
    with phone.city.app.app_context():
        locked(phone.venue)
        row = devices.phone(phone.venue, phone.device)
        assert row is not None
        devices.sign_out(row)
        commit()
        db.session.remove()
    phone.context.set_offline(False)
    phone.waits("Whoever wrote it has to type their PIN.")
    assert phone.entries() == []
    phone.page.get_by_role("button", name="Type the PIN").click()
    phone.at("pin")
    phone.enter(1)  # somebody else
    phone.waits("Whoever wrote it has to type their PIN.")
    assert phone.entries() == []
    assert CANARY not in phone.page.content()
    phone.page.get_by_role("button", name="Type the PIN").click()
    phone.at("pin")
    phone.enter(0)
    phone.waits("Sent: 1 entry.")
    assert [entry[1:] for entry in phone.entries()] == [(phone.members[0], CANARY)]


def test_what_is_written_while_nobody_is_known_is_of_who_types_a_pin_next(phone: Phone) -> None:
    phone.loses_the_signal()
    phone.page.get_by_role("button", name="I am done").click()
    phone.at("offline")
    assert phone.names[0] not in phone.page.content()
    phone.fill()
    phone.save()
    phone.waits("1 entry waits")
    phone.context.set_offline(False)
    phone.waits("Whoever types their PIN now sends it under their name.")
    phone.page.get_by_role("button", name="Type the PIN").click()
    phone.at("pin")
    phone.enter(1)
    phone.waits("Sent: 1 entry.")
    assert [entry[1:] for entry in phone.entries()] == [(phone.members[1], CANARY)]


def test_a_page_that_is_closed_loses_what_waits_and_the_next_says_so(phone: Phone) -> None:
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    phone.page.on("dialog", answer)
    phone.loses_the_signal()
    phone.fill()
    phone.save()
    phone.waits("1 entry waits")
    second = phone.context.new_page()
    second.goto("/phone")  # without a signal: the form that was kept
    second.locator("[data-phone=offline]").wait_for()
    assert second.locator("[data-lost]").is_hidden(), "the page that holds it is open"
    second.close()
    phone.page.reload()
    assert asked == ["beforeunload"]
    phone.at("offline")
    lost = phone.page.locator("[data-lost]")
    lost.wait_for()
    assert "Lost: 1 entry, saved here on" in lost.inner_text()
    assert faults(phone.page) == []
    assert [sorted(row) for row in phone.rows()] == [["at", "iv", "once", "tab"]], "nothing sealed"
    phone.page.get_by_role("button", name="I have read this").click()
    lost.wait_for(state="hidden")
    assert phone.rows() == []
    phone.context.set_offline(False)
    phone.page.goto("/phone")
    phone.at("form")
    assert lost.is_hidden()
    assert phone.entries() == []


def test_a_phone_that_is_ended_says_that_nothing_can_be_sent_and_keeps_no_form(
    phone: Phone,
) -> None:
    phone.page.on("dialog", lambda dialog: dialog.accept())
    phone.loses_the_signal()
    phone.fill()
    phone.save()
    phone.waits("1 entry waits")
    with phone.city.app.app_context():
        boss = make_member(Role.MANAGER, venue=phone.venue).id
        locked(phone.venue)
        devices.end(phone.venue, phone.device, by=boss)
        commit()
        db.session.remove()
    phone.context.set_offline(False)
    phone.waits("This phone is not the venue’s any more")
    phone.page.goto("/phone")
    phone.at("pair")
    phone.page.locator("[data-lost]").wait_for()
    assert phone.page.evaluate("caches.keys()") == []
    assert phone.entries() == []


def test_what_cannot_be_saved_as_it_is_is_put_right_and_then_saved(phone: Phone) -> None:
    phone.loses_the_signal()
    phone.fill()
    phone.page.locator(".pick label").get_by_text("Earlier tonight").click()
    phone.page.locator("#tonight_at").fill("2599")
    phone.save()
    phone.waits("1 entry waits")
    phone.context.set_offline(False)
    phone.waits("1 entry cannot be saved as it is.")
    phone.page.get_by_role("button", name="Put it right").click()
    phone.page.locator("#tonight_at-error").wait_for()
    assert phone.page.locator("#said").input_value().strip() == CANARY
    phone.page.locator(".pick label").get_by_text("Just now").click()
    phone.page.locator("#tonight_at").evaluate("each => { each.value = ''; }")
    phone.save()
    phone.at("saved")
    assert phone.page.locator("[data-waits]").is_hidden()
    assert phone.rows() == []
    assert len(phone.entries()) == 1
