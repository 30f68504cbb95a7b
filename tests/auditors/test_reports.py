"""Reports to download: the same of the same day for good, by what was recorded by then."""

import hashlib
import io
import subprocess
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from charter.auditors import annual, asat, evidence, outcome, pack, sections, work
from charter.auditors.models import Engagement
from charter.certificates import reading
from charter.commitments import standing
from charter.core import clock
from charter.core.db import db
from charter.proofs import decisions
from charter.proofs.models import EvidenceFile
from charter.staff.models import StaffMember
from charter.venues.models import Venue
from tests.builders.auditors import engage, make_auditor
from tests.builders.certificates import in_city, issue, make_ready, noon
from tests.builders.commitments import Scene, hand_in, make_scene, restate
from tests.builders.devices import make_people
from tests.builders.rooms import make_counted
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
DAY = timedelta(days=1)
KEY = "message.poster-words"
As = Callable[..., Visitor]


def drawn(scene: Scene, on: date) -> bytes:
    """The evidence report of a venue, as it is made now."""
    db.session.rollback()
    about = sections.asked(db.session.get_one(Venue, scene.venue), on)
    file = io.BytesIO()
    evidence.draw(file, about)
    db.session.rollback()
    return file.getvalue()


def words(content: bytes) -> str:
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def state_on(scene: Scene, on: date) -> str:
    db.session.rollback()
    judged = asat.assessed(scene.venue, on)
    assert judged is not None
    found = judged.requirement(KEY)
    assert found is not None
    return found.state.value


def test_a_report_of_a_day_is_the_same_whatever_comes_later(app: Flask) -> None:
    with app.app_context():
        start = clock.now() - 10 * DAY
        with clock.moved_to(start):
            scene = make_scene(name="The Lantern")
            proof = hand_in(scene.venue, KEY, by=scene.champion).id
        on = start.date()
        first = drawn(scene, on + DAY)
        assert "not looked at yet" in words(first)
        with clock.moved_to(start + 4 * DAY):
            in_city(scene.venue, lambda: decisions.accept(scene.venue, proof, by=scene.officer))
            hand_in(scene.venue, "staff.policy", by=scene.champion)
        assert drawn(scene, on + DAY) == first
        later = words(drawn(scene, on + 5 * DAY))
        assert "accepted" in later
        assert drawn(scene, on + 5 * DAY) == drawn(scene, on + 5 * DAY)


def test_where_a_venue_stood_is_told_by_what_was_known_then(app: Flask) -> None:
    """Handed in, accepted, pulled back: each day reads as it did."""
    with app.app_context():
        start = clock.now() - 20 * DAY
        with clock.moved_to(start):
            scene = make_scene()
        with clock.moved_to(start + 2 * DAY):
            proof = hand_in(scene.venue, KEY, by=scene.champion).id
        with clock.moved_to(start + 5 * DAY):
            in_city(scene.venue, lambda: decisions.accept(scene.venue, proof, by=scene.officer))
        day = start.date()
        told = [state_on(scene, day + n * DAY) for n in (1, 2, 4, 5, 9)]
        assert told == ["not-shown", "shown", "shown", "accepted", "accepted"]


def test_today_by_records_is_today_by_standing(app: Flask) -> None:
    """Of the day itself, what the report judges by gives the very standing that is stored."""
    with app.app_context():
        scene = make_ready()
        people = make_people(scene.venue, "Ada Byron", "Bo Carver", "Cy Dent", "Di Ely")
        make_counted(scene.venue, *people.values(), by=scene.champion)
        db.session.rollback()
        restate(scene.venue)
        db.session.rollback()
        now = standing.assessed(scene.venue)
        then = asat.assessed(scene.venue, clock.today())
        assert now is not None
        assert then is not None
        states = [(each.key, each.state, each.holds_until) for each in now.requirements]
        assert states == [(each.key, each.state, each.holds_until) for each in then.requirements]
        db.session.rollback()


def test_it_has_all_that_it_should_and_nobodys_name(app: Flask) -> None:
    with app.app_context():
        with clock.moved_to(clock.now() - 3 * DAY):
            scene = make_ready(name="The Lantern")
            issue(scene)
            proof = hand_in(scene.venue, "staff.policy", by=scene.champion)
            digests = [
                file.file.sha256.hex()
                for file in db.session.scalars(
                    select(EvidenceFile).where(EvidenceFile.evidence_id == proof.id)
                )
            ]
            people = make_people(scene.venue, "Ada Byron", "Bo Carver", "Cy Dent")
            make_counted(scene.venue, *people.values(), by=scene.champion)
        on = clock.today() - DAY
        content = drawn(scene, on)
        text = words(content)
    assert digests
    assert all(digest in text.replace(" ", "") for digest in digests)
    for said in (
        "What is missing", "What ends when", "Training, by initials", "Seal of the last line",
        "flask trail verify", "every seal fits", "SHA-256 of the file", "Contents",
        "1.1 Name your champion",
    ):  # fmt: skip
        assert said in text, said
    reader = PdfReader(io.BytesIO(content))
    assert f"Page 2 of {len(reader.pages)}" in text
    titles = [each.title for each in reader.outline if not isinstance(each, list)]
    assert titles[:2] == ["What is missing", "What ends when"]
    inner = [each for each in reader.outline if isinstance(each, list)]
    assert sum(len(each) for each in inner) == 46
    numbered = {
        title: reader.get_destination_page_number(each) + 1
        for each in reader.outline
        if not isinstance(each, list)
        for title in [each.title]
    }
    contents = next(page for page in reader.pages if "Contents" in page.extract_text())
    listed = contents.extract_text()
    for title, page in numbered.items():
        assert f"{title}\n{page}" in listed or f"{title} {page}" in listed, (title, page)
    with app.app_context():
        for name in db.session.scalars(select(StaffMember.name)):
            assert name not in text
        db.session.rollback()


def test_the_pack_holds_the_files_with_hashes_that_check(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        with clock.moved_to(clock.now() - 3 * DAY):
            scene = make_scene(name="The <Lantern> & Crown")
            hand_in(scene.venue, "staff.policy", by=scene.champion)
            hand_in(scene.venue, KEY, by=scene.champion)
        on = clock.today() - DAY
        db.session.rollback()
        about = sections.asked(db.session.get_one(Venue, scene.venue), on)
        content = b"".join(pack.parts(about))
        again = b"".join(pack.parts(about))
        assert content == again
        db.session.rollback()
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        assert made.testzip() is None
        names = made.namelist()
        assert names[0] == "evidence-report.pdf"
        assert len([name for name in names if name.startswith("files/")]) == 2
        made.extractall(tmp_path)
        sums = made.read("SHA256SUMS.txt").decode()
        page = made.read("index.html").decode()
    for line in sums.splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
    done = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS.txt"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "<script" not in page
    assert "The &lt;Lantern&gt; &amp; Crown" in page


def test_only_a_day_that_is_over_can_be_asked_for(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_ready()
        today = clock.today()
        auditor = make_auditor()
        engage(auditor, scene.venue)
    champion = as_(scene.champion)
    home = f"/venues/{scene.venue}/evidence"
    assert "A large one takes up" in champion.get(home).text
    for bad in (today.isoformat(), "2026-13-01", "x", (today + DAY).isoformat()):
        champion.get(f"{home}/{bad}.pdf", 404)
    given = f"?on-day={today.day}&on-month={today.month}&on-year={today.year}"
    assert "Choose a day that is over" in champion.get(home + given).text
    before = today - DAY
    given = f"?on-day={before.day}&on-month={before.month}&on-year={before.year}"
    to = champion.answer(f"{home}{given}&what=pack").headers["Location"]
    assert to.endswith(f"{before.isoformat()}.zip")
    answer = as_(auditor).answer(f"{home}/{before.isoformat()}.pdf")
    assert answer.mimetype == "application/pdf"
    answer = as_(auditor).answer(f"{home}/{before.isoformat()}.zip")
    assert zipfile.ZipFile(io.BytesIO(answer.get_data())).testzip() is None


def test_the_report_of_an_audit_tells_sample_seed_and_findings(app: Flask, as_: As) -> None:
    with app.app_context():
        scenes = [make_ready(name=f"Venue {n}") for n in range(3)]
        auditor = make_auditor()
        number = engage(
            auditor, *(scene.venue for scene in scenes), title="Spring audit", seed="one seed",
            population=12,
        )  # fmt: skip
        row = db.session.get_one(Engagement, number)
        venue = scenes[0].venue
        found = work.Found(
            KEY, work.Grade.MAJOR, "Torn.", "Put up a new one.", "Bar manager", clock.today()
        )
        in_city(venue, lambda: work.find(row, venue, found, by=auditor))
        file = io.BytesIO()
        outcome.draw(file, db.session.get_one(Engagement, number), clock.today())
        text = words(file.getvalue())
        db.session.rollback()
    for said in ("one seed", "12 venues that had signed", "Torn.", "Put up a new one.", "Venue 2",
                 "Major: does not conform"):  # fmt: skip
        assert said in text, said
    assert as_(auditor).answer(f"/audit/{number}.pdf").mimetype == "application/pdf"
    assert as_(scenes[0].officer).answer(f"/office/engagements/{number}.pdf").status_code == 200
    with clock.moved_to(clock.now() + 40 * DAY):
        as_(auditor).get(f"/audit/{number}.pdf", 404)


def test_a_year_that_is_over_stays_as_it_was_told(app: Flask, as_: As) -> None:
    with app.app_context():
        year = clock.today().year - 1
        then = noon(date(year, 6, 15))
        with clock.moved_to(then):
            scene = make_ready(name="The Lantern")
            issue(scene)
        first = yearly(year)
        text = words(first)
        assert "Certificates issued, renewals among them" in text
        assert "The Lantern" not in text
        counts = text.partition("Jan Feb Mar")[2].partition("Suspended")[0].split()
        assert counts.count("1") >= 2
        issue(make_ready())
        assert yearly(year) == first
        assert yearly(year + 1) != first
    office = as_(scene.officer)
    assert office.answer(f"/office/annual/{year}.pdf").mimetype == "application/pdf"
    office.get(f"/office/annual/{clock_year_after(app)}.pdf", 404)
    office.get("/office/annual/1999.pdf", 404)
    assert f"/office/annual/{year}.pdf" in office.get("/office/engagements").html


def clock_year_after(app: Flask) -> int:
    with app.app_context():
        return clock.today().year + 1


def yearly(year: int) -> bytes:
    db.session.rollback()
    file = io.BytesIO()
    annual.draw_year(file, year)
    db.session.rollback()
    return file.getvalue()


def test_the_register_of_certificates_has_each_with_its_state_and_reason(app: Flask) -> None:
    with app.app_context():
        scene, other = make_ready(name="The Lantern"), make_ready(name="The Crown")
        serials = [issue(each).serial for each in (scene, other)]
        with clock.moved_to(clock.now() + 300 * DAY):
            file = io.BytesIO()
            annual.draw_register(file)
            text = words(file.getvalue())
            shown = reading.of_venues([scene.venue])[scene.venue].verdict
        db.session.rollback()
    # A long word may be broken over two lines of its cell.
    assert all(serial in text.replace(" ", "") for serial in serials)
    assert shown.state.label in text
    assert shown.reason.split(":")[0] in text
