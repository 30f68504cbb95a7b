"""The first walk: a venue signs the charter, proves it, and gets a certificate anyone can check.

In a real browser with JavaScript off, from an imported venue to the page behind the QR code, by
seven people who each have a browser of their own. It runs on both engines.
"""

import io
import os
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser
from pypdf import PdfReader

from charter import config
from charter.core import clock
from charter.editions import service as editions
from tests.journeys.city import City, Person, person, served
from tests.journeys.workload import champion_minutes_a_month, reviews_a_working_day

pytestmark = [pytest.mark.slow, pytest.mark.long_on_postgresql]

ROOT = Path(__file__).resolve().parents[2]
REAL = Path(os.environ.get("CHARTER_DATA", ROOT.parent / "shared" / "data"))
LARGE_CITY = 2_500
# What is counted from the venue's own records can be shown otherwise too, under a fold.
_FOLDED = "main details:not([open]):has(button[value=hand-in]) > summary"


@pytest.fixture
def venues_file(tmp_path: Path) -> tuple[Path, str]:
    """A food hygiene file and a venue in it: real open data where it is at hand, else made up."""
    real = REAL / "fhrs-bristol-2020-10-22.xml"
    if real.exists():
        return real, "Thekla"
    made = tmp_path / "made-up.xml"
    made.write_text(
        "<FHRSEstablishment><Header><ItemCount>1</ItemCount></Header><EstablishmentCollection>"
        "<EstablishmentDetail><FHRSID>1</FHRSID><BusinessName>The Ship &amp; Bell's</BusinessName>"
        "<BusinessType>Pub/bar/nightclub</BusinessType><BusinessTypeID>7843</BusinessTypeID>"
        "<AddressLine1>1 The Quay</AddressLine1><PostCode>ZZ1 1AA</PostCode>"
        "</EstablishmentDetail></EstablishmentCollection></FHRSEstablishment>",
        "utf-8",
    )
    return made, "Ship"


def test_from_an_imported_venue_to_a_certificate_that_checks(
    settings: config.Settings,
    browser: Browser,
    venues_file: tuple[Path, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file, name = venues_file
    with served(settings) as city:
        city.run("seed")
        city.run("signing", "new")
        city.run("venues", "import-fhrs", str(file))
        with (
            person(city, browser) as admin,
            person(city, browser) as other_admin,
            person(city, browser) as officer,
            person(city, browser, width=360) as owner,
            person(city, browser, width=360) as champion,
            person(city, browser, width=360) as passer_by,
        ):
            staff_the_office(city, admin, other_admin, officer)
            sign_up(city, owner, name)
            approve(officer)
            champion.joins(city.mailed_link("champion@venue.example"), "Robin Hale")
            shown = prove_everything(city, champion, tmp_path)
            accepted = review_everything(officer)
            assert accepted == shown
            venue_id = venue_of(champion)
            officer.opens(f"/office/venues/{venue_id}/certificates/propose")
            officer.presses("Propose")
            issue(admin, venue_id)
            code_page = download(champion, venue_id)
            passer_by.opens(code_page)
            assert name in passer_by.heading
            assert "Valid" in passer_by.words
        assert "BAD" not in city.run("trail", "verify")
        with city.app.app_context():
            edition = editions.current()
            share = settings.city.review_share
    minutes = champion_minutes_a_month(edition)
    reviews = reviews_a_working_day(edition, LARGE_CITY, share)
    with capsys.disabled():
        print(f"\nA champion's minutes a month, all essentials kept alive: {minutes:.0f}")
        print(f"The office's reviews a working day at {LARGE_CITY:,} venues: {reviews:.0f}")
    assert minutes < 240
    assert reviews < 400


def staff_the_office(city: City, admin: Person, other: Person, officer: Person) -> None:
    """Two administrators by the command line; an officer invited by one, agreed by the other."""
    for who, address in ((admin, "ada@office.example"), (other, "bo@office.example")):
        link = re.search(r"http\S+", city.run("users", "create-admin", address))
        assert link
        who.joins(link[0], address.split("@")[0].title())
        who.sets_up_a_second_factor()
    admin.opens("/office/people")
    admin.presses("Invite to the office")
    admin.chooses("Night officer")
    admin.types("Their name", "Noor")
    admin.types("Their e-mail address", "noor@office.example")
    admin.presses("Propose")
    other.opens("/office/people")
    other.presses("Approve")
    officer.joins(city.mailed_link("noor@office.example"), "Noor")
    officer.sets_up_a_second_factor()


def sign_up(city: City, owner: Person, name: str) -> None:
    """Find the venue, say who signs, read and sign, name the champion, check, send, confirm."""
    owner.opens("/sign-up/")
    owner.presses("Start now")
    owner.types("Name, street or postcode", name)
    owner.presses("Search")
    owner.chooses(name)
    owner.presses("Save and continue")
    owner.types("Your name", "Sam Okoro")
    owner.chooses("Owner")
    owner.types("Your e-mail address", "owner@venue.example")
    owner.presses("Save and continue")
    owner.chooses("I have the right to sign")
    owner.chooses("I sign the charter")
    owner.presses("Sign the charter")
    owner.chooses("Somebody else")
    owner.types("The champion's name", "Robin Hale")
    owner.types("The champion's e-mail address", "champion@venue.example")
    owner.presses("Save and continue")
    assert name in owner.words
    owner.presses("Send")
    owner.opens(city.mailed_link("owner@venue.example"))
    owner.presses("Confirm")


def approve(officer: Person) -> None:
    """Make sure through a contact that was not typed into the form, then approve."""
    officer.opens("/office/sign-ups")
    officer.tab.locator("main table a, main li a").first.click()
    officer.chooses("Approve")
    officer.tab.locator("main [name=confirmed_through]").first.check()
    officer.tab.locator("main [name=confirmed_how]").fill("Rang the number on the licence: yes.")
    officer.presses("Save the decision")


def venue_of(somebody: Person) -> int:
    """The id of the venue whose home this person is sent to."""
    somebody.opens("/home")
    found = re.search(r"/venues/(\d+)/", somebody.tab.url)
    assert found, somebody.tab.url
    return int(found[1])


def prove_everything(city: City, champion: Person, folder: Path) -> int:
    """Show a proof for each essential requirement; how many were handed in."""
    venue_id = venue_of(champion)
    with city.app.app_context():
        wanted = [r for r in editions.current().requirements if r.essential]
    picture, paper = folder / "photo.jpg", folder / "policy.pdf"
    Image.new("RGB", (800, 600), (120, 90, 160)).save(picture)
    paper.write_bytes(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
    shown = 0
    for requirement in wanted:
        champion.opens(f"/venues/{venue_id}/requirements/{requirement.key}")
        assert champion.heading == requirement.task
        if requirement.signer == "owner":
            assert "Accepted" in champion.words
            continue
        hand_in(champion, picture, paper)
        assert champion.heading == requirement.task
        assert "With the night office" in champion.words, champion.words
        shown += 1
    return shown


def hand_in(champion: Person, picture: Path, paper: Path) -> None:
    """Use whichever control the requirement's page has."""
    if champion.has(_FOLDED):
        champion.tab.locator(_FOLDED).first.click()
    photograph_every_place(champion, picture)
    if champion.has("textarea[name=statement]"):
        champion.types("What did you do?", "We did this together before opening.")
    if champion.has("input[name=link]"):
        champion.types("Address of the page", "https://venue.example/safety")
    if champion.has("input[name=files]"):
        champion.tab.set_input_files("input[name=files]", paper)
    if champion.has("input[name=signed_name]"):
        champion.tab.locator("input[name=signed_name]").fill("Robin Hale")
        champion.tab.locator("input[name=confirmed]").check()
    if champion.has("[name=happened_on-day]"):
        today = clock.now().date()
        for part, value in (("day", today.day), ("month", today.month), ("year", today.year)):
            champion.tab.locator(f"[name=happened_on-{part}]").fill(str(value))
    champion.tab.locator("button[value=hand-in]").first.click()
    champion.tab.wait_for_load_state()


def photograph_every_place(champion: Person, picture: Path) -> None:
    """Save a photo of each place that has none yet."""
    while champion.has("select[name=photo-place]"):
        menu = champion.tab.locator("select[name=photo-place]")
        left = [v for v in menu.locator("option").evaluate_all("o => o.map(x => x.value)") if v]
        missing = champion.tab.locator(".places__item", has_text="no photo yet").count()
        if not missing:
            break
        menu.select_option(left[-missing])
        champion.tab.set_input_files("input[name=photo-photo]", picture)
        champion.presses("Save photo")


def review_everything(officer: Person) -> int:
    """Accept one proof after the other until the queue is empty; how many there were."""
    accepted = 0
    officer.opens("/office/reviews")
    officer.presses("Start reviewing")
    while officer.has("button:has-text('Accept proof')"):
        officer.presses("Accept proof")
        accepted += 1
        assert accepted < 200
    return accepted


def issue(admin: Person, venue_id: int) -> None:
    """A second person issues what the officer proposed."""
    admin.opens(f"/venues/{venue_id}/certificates")
    admin.presses("Look at it and issue it")
    admin.presses("Issue the certificate")


def download(champion: Person, venue_id: int) -> str:
    """Download the PDF and give the address its paper prints."""
    champion.opens(f"/venues/{venue_id}/certificates")
    with champion.tab.expect_download() as coming:
        champion.tab.locator("main a[href$='.pdf']").first.click()
    content = Path(coming.value.path()).read_bytes()
    words = PdfReader(io.BytesIO(content)).pages[0].extract_text()
    code = re.search(r"/verify/\s*([0-9A-Z]{4}(?:-[0-9A-Z]{4})+)", words.replace("\n", ""))
    assert code, words
    return f"/verify/{code[1]}"
