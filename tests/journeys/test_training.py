"""Staff and training: a list taken in, a session held, coverage up and down, a lapse on its day.

In a real browser with JavaScript off, by a champion, an officer who trains, phones without an
account, and a passer-by. The days are of one spring, and what falls due on which is worked out
here by hand. It runs on both engines.
"""

import html
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from charter import config
from charter.accounts.models import User
from charter.core import clock
from charter.core.db import db
from charter.core.mail import OutboxMail
from charter.core.text import in_words
from charter.proofs.models import Evidence
from charter.sessions.models import AttendancePaper, Booking, TrainingSession
from charter.staff.service import short_name
from tests import matrix
from tests.builders.commitments import Scene, make_scene
from tests.builders.staff import messy_list, names
from tests.journeys.city import City, Person, person, served

pytestmark = [pytest.mark.slow, pytest.mark.long_on_postgresql]

# 60 people in the messy list: every seventh, from the fifth on, is in the kitchen unless at the
# door (4, 11, 18, 25, 32, 46, 53), so 53 work with customers. From the sixth on every seventh is a
# duty manager, unless at the door (5, 12, 26, 33, 40, 47, 54).
LIST_READ = date(2026, 3, 2)
PEOPLE = names(60)
MANAGERS = [PEOPLE[n] for n in (5, 12, 26, 33, 40, 47, 54)]
BOOKED = [*MANAGERS, *(PEOPLE[n] for n in (0, 7, 14, 21, 28))]
STAYS_AWAY = PEOPLE[28]
OTHERS = [name for name in PEOPLE if name not in BOOKED]  # 48, 7 of them in the kitchen
SESSION = date(2026, 3, 12)
# The others did somebody else's course on a day; it counts for twelve months, that day's included.
ELSEWHERE, HANDED_IN, ELSEWHERE_LAST = date(2025, 4, 20), date(2026, 3, 16), date(2026, 4, 20)
CHANGE = date(2026, 3, 24)  # two leave, three join
LEAVERS = PEOPLE[1:3]
JOINERS = [("Nia Pugh", "bar"), ("Oskar Quist", "floor"), ("Perla Reyes", "door")]
STARTERS_LAST = date(2026, 4, 23)  # thirty days after they joined
FAMILY_NAMES = {name.split()[-1] for name in [*PEOPLE, *(name for name, _ in JOINERS)]}


@dataclass
class Team:
    """Who plays: the venue and its people's ids, their browsers, and what nobody's phone showed."""

    city: City
    scene: Scene
    champion: Person
    officer: Person
    phone: Person
    shown: list[str] = field(default_factory=list)

    @contextmanager
    def on(self, day: date, hour: int = 12, minute: int = 0) -> Iterator[None]:
        """A day; whoever has an account signs in anew."""
        moment = datetime.combine(day, time(hour, minute), clock.zone())
        with clock.moved_to(moment):
            self.champion.is_signed_in(self.scene.champion)
            self.officer.is_signed_in(self.scene.officer)
            yield

    def of_venue(self, path: str = "") -> str:
        """An address of the venue's pages."""
        return f"/venues/{self.scene.venue}/{path}"

    def phone_shows(self) -> None:
        """Keep what a phone without an account shows, to be looked through at the end."""
        self.shown.append(self.phone.tab.content())


@pytest.fixture
def team(settings: config.Settings, browser: Browser) -> Iterator[Team]:
    with served(settings) as city, ExitStack() as browsers:
        at_noon = datetime.combine(LIST_READ, time(12), settings.city.timezone)
        with city.app.app_context(), clock.moved_to(at_noon):
            scene = make_scene(name="The Lantern", name_key="lantern")
        wide, narrow = 1280, 360
        people = [
            browsers.enter_context(person(city, browser, width=width))
            for width in (narrow, wide, narrow)
        ]
        # Times are by the clock of the city, and its mail and rows are looked at.
        with city.app.app_context():
            yield Team(city, scene, *people)


def test_coverage_rises_and_falls_and_lapses_on_its_day(team: Team, tmp_path: Path) -> None:
    with team.on(LIST_READ):
        take_the_list_in(team, tmp_path)
        session_id = plan_and_book(team)
        assert covered(team) == (0, 53)
    hold(team, session_id)
    with team.on(HANDED_IN):
        assert covered(team) == (11, 53)
        assert stands(team, "respond.front-of-house") == "Not shown"
        learn_elsewhere(team, tmp_path)
        assert covered(team) == (52, 53)
        assert stands(team, "respond.front-of-house") == "Accepted"
        assert stands(team, "respond.managers") == "Accepted"
        nothing_was_handed_in(team)
    with team.on(CHANGE):
        two_leave_and_three_join(team)
    with team.on(ELSEWHERE_LAST):
        assert covered(team) == (50, 54)
        assert stands(team, "respond.front-of-house") == "Accepted"
        assert in_words(ELSEWHERE_LAST) in team.champion.words
        assert "told of a lapse" not in team.city.run("nightly")
    with team.on(date(2026, 4, 21)):
        it_lapsed(team)
    with team.on(STARTERS_LAST):
        assert stands(team, "respond.new-starters") == "Accepted"
    with team.on(date(2026, 4, 24)):
        assert stands(team, "respond.new-starters") == "Lapsed"
        assert in_words(STARTERS_LAST) in team.champion.words
        assert "1 champions told of a lapse" in team.city.run("nightly"), "of this one too"
    nobody_is_named_in_public(team)
    assert "BAD" not in team.city.run("trail", "verify")


def take_the_list_in(team: Team, folder: Path) -> None:
    """Read a messy workbook, look it over, and save it."""
    sheet, champion = folder / "rota.xlsx", team.champion
    sheet.write_bytes(messy_list(LIST_READ))
    champion.opens(team.of_venue("staff"))
    assert "Nobody is on the list yet" in champion.words
    champion.presses("Paste or upload a list")
    champion.tab.set_input_files("input[name=file]", sheet)
    champion.presses("Look it over")
    assert "Nothing is saved yet" in champion.words
    assert champion.tab.locator("main tbody tr").count() == 60
    champion.presses("Save this list")
    champion.opens(team.of_venue("staff"))
    assert "60 people work here." in champion.words


def plan_and_book(team: Team) -> int:
    """The office plans a session, the champion books twelve on it; its id."""
    officer, champion = team.officer, team.champion
    officer.opens("/office/sessions/new")
    officer.tab.select_option("select[name=course]", "respond")
    fill_in_a_day(officer, "on", SESSION)
    officer.types("When does it start?", "6pm")
    officer.types("Where is it?", "City Hall, room 2")
    officer.types("How many people can come?", "20")
    officer.types("Who runs it?", "Ana Reed")
    officer.presses("Add the session")
    found = re.search(r"/office/sessions/(\d+)", officer.tab.url)
    assert found, officer.words
    champion.opens(team.of_venue("sessions"))
    champion.follows("Respond")
    for name in BOOKED:
        champion.chooses(name)
    champion.presses("Book these people")
    assert "12 people are booked" in champion.words
    return int(found[1])


def fill_in_a_day(somebody: Person, name: str, day: date) -> None:
    """The three parts of a date."""
    for part in ("day", "month", "year"):
        somebody.tab.locator(f"[name={name}-{part}]").fill(str(getattr(day, part)))


def hold(team: Team, session_id: int) -> None:
    """Eleven check in by phone, some a minute later with another code; the trainer counts."""
    here = [name for name in BOOKED if name != STAYS_AWAY]
    with team.on(SESSION, 17, 55):
        first = code_of_the_room(team, session_id)
        check_in(team, first, here[:8])
    with team.on(SESSION, 17, 56):
        second = code_of_the_room(team, session_id)
        assert second != first
        check_in(team, first, here[8:9])
        check_in(team, second, here[9:])
    with team.on(SESSION, 18, 10):
        wrong = "".join(str(9 - int(each)) for each in code_of_the_room(team, session_id))
        for code in (first, wrong):
            enter_code(team, code)
            assert "That is not the code of this minute" in team.phone.words
        assert covered(team) == (0, 53), "it counts once the room is counted"
        team.officer.opens(f"/office/sessions/{session_id}/count")
        assert "11 people are marked as here" in team.officer.words
        team.officer.types("How many people are in the room?", "11")
        team.officer.presses("Confirm")
        assert "11 people have done it" in team.officer.words
        missed = team.officer.tab.locator("main", has_text="booked and did not come")
        assert re.search(r"\b1\s+booked and did not come", missed.inner_text())
    assert STAYS_AWAY in names_of(team, came=False)


def names_of(team: Team, *, came: bool) -> Sequence[str]:
    """Who of the venue came to a session, as the venue's own page of it says."""
    with team.on(SESSION, 19):
        session_id = db.session.scalars(select(TrainingSession.id)).one()
        said = db.session.scalars(select(Booking.came).where(Booking.session_id == session_id))
        assert sorted(map(bool, said)) == [False] + [True] * 11
        db.session.rollback()
        team.champion.opens(team.of_venue(f"sessions/{session_id}"))
        words = "Came" if came else "Did not come"
        rows = team.champion.tab.locator("main li", has_text=words)
        return [row.split("\n")[0] for row in rows.all_inner_texts()]


def code_of_the_room(team: Team, session_id: int) -> str:
    """The numbers on the screen that the trainer puts up."""
    team.officer.opens(f"/office/sessions/{session_id}/screen")
    label = team.officer.tab.locator("main svg[aria-label]").first.get_attribute("aria-label")
    assert label
    return label.replace(" ", "")


def enter_code(team: Team, code: str) -> None:
    """A phone opens the page of the room and enters a code."""
    team.phone.opens("/check-in")
    team.phone.types("Code on the screen", code)
    team.phone.presses("Go on")
    team.phone_shows()


def check_in(team: Team, code: str, people: Sequence[str]) -> None:
    """One phone after the other."""
    for name in people:
        enter_code(team, code)
        team.phone.chooses(short_name(name))
        team.phone.presses("Check in")
        team.phone_shows()
        assert team.phone.heading == "You are checked in"


def learn_elsewhere(team: Team, folder: Path) -> None:
    """The other 48 did somebody else's course; the office says what it counts for."""
    champion, officer = team.champion, team.officer
    paper = folder / "certificates.pdf"
    paper.write_bytes(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
    champion.opens(team.of_venue("training/outside/new"))
    champion.tab.select_option("select[name=provider]", "good-night-out")
    champion.types("What is the course called?", "Night-time staff")
    fill_in_a_day(champion, "done_on", ELSEWHERE)
    for name in OTHERS:
        champion.chooses(name)
    champion.tab.set_input_files("input[name=proof]", paper)
    champion.presses("Hand in")
    assert covered(team) == (11, 53), "it waits for the office"
    officer.opens("/office/training/outside")
    officer.follows("Night-time staff")
    officer.tab.get_by_label("Respond", exact=True).check()
    officer.presses("It counts for these")
    assert "Decided. It counts" in officer.tab.locator("body").inner_text()


def nothing_was_handed_in(team: Team) -> None:
    """What is accepted here is what was counted."""
    shown = select(Evidence.id).where(Evidence.venue_id == team.scene.venue)
    assert db.session.scalars(shown).all() == []
    db.session.rollback()


def two_leave_and_three_join(team: Team) -> None:
    """Both change the numbers at once. Whoever joins is not briefed, until they read the page."""
    champion = team.champion
    assert covered(team) == (52, 53)
    for name in LEAVERS:
        champion.opens(team.of_venue("staff"))
        champion.follows(name)
        champion.presses("They leave")
        fill_in_a_day(champion, "left_on", date(2026, 3, 23))
        champion.presses("Save")
    assert covered(team) == (50, 51)
    assert stands(team, "respond.new-starters") == "Accepted"
    for name, job in JOINERS:
        champion.opens(team.of_venue("staff/new"))
        champion.types("Name, or the name on the badge", name)
        champion.tab.select_option("select[name=job]", job)
        champion.presses("Save")
    # 50 of 54 are 92.6 in every 100; nobody new was briefed before their first shift.
    assert covered(team) == (50, 54)
    assert "39 due again in 30 days" in champion.words
    assert stands(team, "respond.front-of-house") == "Accepted"
    assert stands(team, "respond.new-starters") == "Lapsed"
    assert "Somebody new works without the briefing" in champion.words
    for left, (name, _) in enumerate(JOINERS):
        read_the_briefing(team, name, is_first=not left)
    assert stands(team, "respond.new-starters") == "Accepted"
    assert in_words(STARTERS_LAST) in champion.words


def read_the_briefing(team: Team, name: str, *, is_first: bool) -> None:
    """Somebody new reads tonight's page on the venue's phone and says so."""
    champion, phone = team.champion, team.phone
    if is_first:
        champion.opens(team.of_venue("briefing/page"))
        champion.types("Where is the incident book?", "Behind the bar, under the till")
        champion.presses("Save")
        champion.types("Who is on tonight?", "Duty manager: Mei")
        champion.presses("Make tonight’s briefing")
    champion.opens(team.of_venue("briefing"))
    link = champion.tab.get_by_role("button", name="Hand this phone").get_attribute("href")
    phone.opens(link or "")
    team.phone_shows()
    phone.chooses(short_name(name))
    phone.chooses("I have read this page")
    phone.presses("I am ready")
    team.phone_shows()


def it_lapsed(team: Team) -> None:
    """The course of the 39 ran out yesterday: 11 of 54, said with reason, and the champion told."""
    champion, officer = team.champion, team.officer
    assert covered(team) == (11, 54)
    assert "39 lapsed" in champion.words
    assert stands(team, "respond.front-of-house") == "Lapsed"
    assert f"It held until {in_words(ELSEWHERE_LAST)}." in champion.words
    assert stands(team, "respond.managers") == "Accepted"
    assert stands(team, "respond.new-starters") == "Accepted"
    champion.opens(team.of_venue("commitments/respond"))
    assert "Lapsed" in champion.words
    officer.opens(f"/office/venues/{team.scene.venue}")
    assert "Lapsed" in officer.words
    assert mails(team) == []
    assert "1 champions told of a lapse" in team.city.run("nightly")
    assert "told of a lapse" not in team.city.run("nightly"), "once"
    (mail,) = mails(team)
    assert mail.recipient == address_of(team)
    said = f"{mail.subject}\n{mail.body}"
    assert re.findall(r"https?://\S+", said) == [f"{team.city.url}{team.of_venue()}"]
    assert "Lantern" not in said
    assert not {name for name in FAMILY_NAMES if name in said}
    db.session.rollback()
    champion.opens(team.of_venue("requirements/respond.front-of-house"))
    assert "Lapsed" in champion.words


def mails(team: Team) -> list[OutboxMail]:
    """The mails about a lapse."""
    return list(db.session.scalars(select(OutboxMail).where(OutboxMail.kind == "something-lapsed")))


def address_of(team: Team) -> str:
    """The champion's address."""
    return db.session.get_one(User, team.scene.champion).email


def covered(team: Team) -> tuple[int, int]:
    """How many of how many are trained to respond, as the champion's page says."""
    team.champion.opens(team.of_venue("training"))
    said = team.champion.tab.locator("section[aria-labelledby=of-respond]").inner_text()
    found = re.search(r"(\d+) of (\d+) trained", said)
    assert found, said
    return int(found[1]), int(found[2])


def stands(team: Team, key: str) -> str:
    """The badge of one requirement, as the champion's page shows it."""
    team.champion.opens(team.of_venue(f"requirements/{key}"))
    return team.champion.tab.locator("main .badge").first.inner_text().strip()


def nobody_is_named_in_public(team: Team) -> None:
    """No family name ever stood on a page that needs no account, nor a name that was not asked."""
    code = db.session.scalars(select(AttendancePaper.code)).first() or ""
    db.session.rollback()
    public = [route.url for route in matrix.routes() if route.who == "public" and not route.parts]
    assert len(public) > 10
    client = team.city.app.test_client()
    for url in [*public, f"/verify/{code}"]:
        answer = client.get(url, base_url=team.city.url, follow_redirects=True)
        team.shown.append(answer.get_data(as_text=True))
    assert "Respond" in team.shown[-1]
    for page in map(html.unescape, team.shown):
        assert not {name for name in FAMILY_NAMES if name in page}
        assert not {name for name in ("Kwame", "Łucja", "Róisín") if name in page}
