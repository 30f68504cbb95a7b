"""The champion's pages, as a person with a phone and no JavaScript uses them."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from charter import config
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.proofs import service
from charter.proofs.models import Evidence, EvidenceSeen, NotApplicable, ThreadMessage
from charter.venues.models import VenueState
from tests.builders.accounts import make_member
from tests.builders.commitments import (
    Scene,
    hand_in,
    make_proof,
    make_scene,
    prove_all,
    restate,
)
from tests.builders.pictures import make_pdf, make_picture
from tests.builders.venues import make_venue
from tests.counting import counted
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[int], Visitor]
MOST_STATEMENTS = 12


@pytest.fixture
def settings(settings: config.Settings) -> config.Settings:
    """A city that draws no lots, so that a renewal is a renewal."""
    return replace(settings, city=replace(settings.city, review_share=0.0))


@pytest.fixture
def scene(app: Flask) -> Scene:
    """A venue that signed and has shown nothing yet."""
    with app.app_context():
        return make_scene(name="The Blue Lantern")


def of(scene: Scene, key: str) -> str:
    """The address of a requirement's page."""
    return f"/venues/{scene.venue}/requirements/{key}"


def picture(name: str = "poster.jpg") -> tuple[io.BytesIO, str]:
    """A photo as a form sends it."""
    return io.BytesIO(make_picture()), name


def dated(**more: Any) -> dict[str, Any]:
    """A proof of this moment's day."""
    day = clock.now()
    parts = {"happened_on-day": day.day, "happened_on-month": day.month}
    return {"step": "hand-in", **parts, "happened_on-year": day.year, **more}


def proofs(app: Flask) -> list[tuple[str, str]]:
    """The requirement and state of every proof there is."""
    with app.app_context():
        rows = db.session.query(Evidence).order_by(Evidence.id)
        return [(row.requirement_key, row.state) for row in rows]


def test_home_says_where_we_stand_and_three_things_to_do(as_: As, scene: Scene) -> None:
    page = as_(scene.champion).get(f"/venues/{scene.venue}/")
    assert page.h1 == "The Blue Lantern"
    assert "0 of 7 commitments met." in page.text
    assert page.text.count(" minutes") == 3
    assert "Name your champion" in page.text
    assert page.text.count("Not met") == 7


def test_home_when_everything_holds(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        prove_all(scene)
    page = as_(scene.champion).get(f"/venues/{scene.venue}/")
    assert "All 7 commitments met. They hold until" in page.text


def test_home_lists_what_ends_soon(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        day = clock.today() - timedelta(days=350)
        make_proof(scene.venue, "staff.policy", by=scene.champion, happened_on=day)
    page = as_(scene.champion).get(f"/venues/{scene.venue}/")
    assert "Ends soon" in page.text


def test_home_costs_the_same_however_many_proofs_there_are(
    app: Flask, as_: As, scene: Scene
) -> None:
    visitor = as_(scene.champion)
    address = f"/venues/{scene.venue}/"
    visitor.get(address)
    with counted(app) as few:
        visitor.get(address)
    with app.app_context():
        prove_all(scene)
        for _ in range(5):
            make_proof(scene.venue, "staff.policy", by=scene.champion)
    with counted(app) as many:
        visitor.get(address)
    assert len(few) == len(many) <= MOST_STATEMENTS, "\n".join(many)


def test_staff_see_where_we_stand_and_nothing_to_do(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        staff = make_member(Role.STAFF, venue=scene.venue).id
    visitor = as_(staff)
    page = visitor.get(f"/venues/{scene.venue}/")
    assert "0 of 7 commitments met." in page.text
    assert "Next three things" not in page.text
    commitment = visitor.get(f"/venues/{scene.venue}/commitments/champion")
    assert not [link for link in commitment.links if "/requirements/" in link.href]
    visitor.get(of(scene, "champion.named"), 404)


def test_a_venue_that_is_not_approved_yet_says_so(app: Flask, as_: As) -> None:
    with app.app_context():
        venue = make_venue(state=VenueState.WAITING).id
        champion = make_member(Role.CHAMPION, venue=venue).id
    assert "not signed the charter yet" in as_(champion).get(f"/venues/{venue}/").text


def test_a_commitment_lists_what_it_takes(as_: As, scene: Scene) -> None:
    page = as_(scene.champion).get(f"/venues/{scene.venue}/commitments/champion")
    assert "0 of 4 are met" in page.text
    assert "1.1 Name your champion" in page.text
    assert "Good to have" in page.text


def test_what_is_unknown_or_another_venues_is_not_there(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        stranger = make_scene().champion
        proof = hand_in(scene.venue, "staff.policy", by=scene.champion)
        proof_id, file_id = proof.id, proof.files[0].file_id
    visitor = as_(scene.champion)
    for address in ("commitments/nothing", "requirements/no.such", "proofs/999", "files/999"):
        visitor.get(f"/venues/{scene.venue}/{address}", 404)
    other = as_(stranger)
    for address in ("", "requirements/staff.policy", f"proofs/{proof_id}", f"files/{file_id}"):
        other.get(f"/venues/{scene.venue}/{address}", 404)
    other.post(f"/venues/{scene.venue}/proofs/{proof_id}/withdraw", status=404)


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("staff.survey", {"statement": "We asked eleven people, and changed the rota."}),
        ("message.online", {"link": "https://lantern.example/safety"}),
        ("champion.named", {"signed_name": "Sam Field", "confirmed": "y"}),
    ],
)
def test_a_proof_without_a_file_is_handed_in(
    app: Flask, as_: As, scene: Scene, key: str, data: dict[str, str]
) -> None:
    visitor = as_(scene.champion)
    sent = visitor.post(of(scene, key), dated(once="c" * 32, **data))
    assert visitor.goes_to(sent) == of(scene, key)
    page = visitor.get(of(scene, key))
    assert "Your proof is handed in" in page.text
    assert "With the night office" in page.text
    visitor.post(of(scene, key), dated(once="c" * 32, **data))
    assert proofs(app) == [(key, "waiting")]


def test_a_file_is_handed_in_and_shown_only_here(app: Flask, as_: As, scene: Scene) -> None:
    visitor = as_(scene.champion)
    visitor.post(of(scene, "staff.policy"), dated(once="d" * 32, files=picture()))
    with app.app_context():
        newest = service.newest(scene.venue, "staff.policy")
        assert newest is not None
        file_id = newest.files[0].file_id
    answer = visitor.answer(f"/venues/{scene.venue}/files/{file_id}")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")


def test_a_pdf_is_a_download(app: Flask, as_: As, scene: Scene) -> None:
    visitor = as_(scene.champion)
    paper = (io.BytesIO(make_pdf()), "policy.pdf")
    visitor.post(of(scene, "staff.policy"), dated(once="d" * 32, files=paper))
    page = visitor.get(of(scene, "staff.policy"))
    (link,) = [each for each in page.links if "/files/" in each.href]
    assert link.text == "policy.pdf"
    assert "attachment" in visitor.answer(link.href).headers["Content-Disposition"]


def test_a_missing_date_does_not_lose_the_file(app: Flask, as_: As, scene: Scene) -> None:
    visitor = as_(scene.champion)
    data = {"once": "e" * 32, "step": "hand-in", "files": picture()}
    page = visitor.refused(of(scene, "staff.policy"), data)
    assert page.title.startswith("Error: ")
    assert "poster.jpg" in page.text
    visitor.post(of(scene, "staff.policy"), dated(once="f" * 32))
    assert proofs(app) == [("staff.policy", "waiting")]


def test_what_is_wrong_is_said_in_words(as_: As, scene: Scene) -> None:
    visitor = as_(scene.champion)
    page = visitor.refused(of(scene, "staff.policy"), dated(once="a" * 32))
    assert "Choose a photo or a PDF" in page.text
    page = visitor.refused(of(scene, "message.online"), dated(once="a" * 32, link="ftp://x.y"))
    assert "starting with https://" in page.text
    page = visitor.refused(of(scene, "champion.named"), dated(once="a" * 32, signed_name="Sam"))
    assert "Tick the box to sign" in page.text


def test_a_word_file_is_answered_with_what_to_do(as_: As, scene: Scene) -> None:
    page = as_(scene.champion).refused(
        of(scene, "staff.policy"), dated(once="a" * 32, files=(io.BytesIO(b"hello"), "a.doc"))
    )
    assert page.title.startswith("Error: ")


def test_save_and_come_back(app: Flask, as_: As, scene: Scene) -> None:
    visitor = as_(scene.champion)
    key = "staff.survey"
    visitor.post(of(scene, key), {"once": "a" * 32, "step": "save", "statement": "Half a story"})
    assert proofs(app) == []
    page = visitor.get(of(scene, key))
    assert "Half a story" in page.text
    listed = visitor.get(f"/venues/{scene.venue}/commitments/staff")
    assert "Saved, not handed in." in listed.text
    visitor.post(f"{of(scene, key)}/start-again")
    assert "Half a story" not in visitor.get(of(scene, key)).text


def test_photos_are_saved_place_by_place(app: Flask, as_: As, scene: Scene) -> None:
    visitor = as_(scene.champion)
    key = "message.posters-up"
    assert "no photo yet" in visitor.get(of(scene, key)).text
    for place in ("entrance", "bar", "public-toilet"):
        form = visitor.get(of(scene, key)).forms
        offered = [each for each in form if each.action.endswith("/photos")]
        assert offered[0].fields["photo-place"] == place
        data = {"photo-place": place, "photo-photo": picture()}
        visitor.post(f"{of(scene, key)}/photos", data)
    page = visitor.get(of(scene, key))
    assert "no photo yet" not in page.text
    assert "Hand in 3 photos" in page.text
    visitor.post(of(scene, key), dated(once="a" * 32))
    assert proofs(app) == [(key, "waiting")]


def test_a_photo_needs_a_place_and_a_picture(as_: As, scene: Scene) -> None:
    visitor = as_(scene.champion)
    address = f"{of(scene, 'message.posters-up')}/photos"
    page = visitor.refused(address, {"photo-place": "", "photo-photo": picture()})
    assert "Choose the place it shows" in page.text
    paper = (io.BytesIO(make_pdf()), "a.pdf")
    page = visitor.refused(address, {"photo-place": "bar", "photo-photo": paper})
    assert page.title.startswith("Error: ")


def test_a_proof_is_taken_back(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        proof = hand_in(scene.venue, "staff.policy", by=scene.champion).id
    visitor = as_(scene.champion)
    visitor.post(f"/venues/{scene.venue}/proofs/{proof}/withdraw")
    assert proofs(app) == [("staff.policy", "withdrawn")]
    page = visitor.refused(f"/venues/{scene.venue}/proofs/{proof}/withdraw")
    assert "cannot be taken back" in page.text


def test_a_question_is_asked_once(app: Flask, as_: As, scene: Scene) -> None:
    visitor = as_(scene.champion)
    address = f"{of(scene, 'staff.policy')}/questions"
    for _ in range(2):
        visitor.post(address, {"question-once": "a" * 32, "question-body": "Is one page enough?"})
    assert "Is one page enough?" in visitor.get(of(scene, "staff.policy")).text
    with app.app_context():
        assert db.session.query(ThreadMessage).count() == 1
    page = visitor.refused(address, {"question-once": "b" * 32, "question-body": ""})
    assert "Write your question" in page.text


def test_does_not_apply_asks_for_a_reason(app: Flask, as_: As, scene: Scene) -> None:
    visitor = as_(scene.champion)
    address = of(scene, "staff.way-home")
    page = visitor.refused(f"{address}/does-not-apply", {"applies-reason": ""})
    assert "Say why it does not apply" in page.text
    visitor.post(f"{address}/does-not-apply", {"applies-reason": "We close at six."})
    assert "You said that this does not apply." in visitor.get(address).text
    visitor.post(f"{address}/applies-after-all")
    with app.app_context():
        assert db.session.query(NotApplicable).one().ended_on is not None
    assert "Show it" in visitor.get(address).text
    assert (
        "applies to every venue"
        in visitor.refused(
            f"{of(scene, 'staff.policy')}/does-not-apply", {"applies-reason": "Never"}
        ).text
    )


def test_something_changed_is_told_by_a_button(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        day = clock.today() - timedelta(days=9)
        make_proof(scene.venue, "staff.policy-given", by=scene.champion, happened_on=day)
        restate(scene.venue)
    visitor = as_(scene.champion)
    address = of(scene, "staff.policy-given")
    assert "Accepted" in visitor.get(address).text
    visitor.post(f"{address}/changed", {"because": "new-policy"})
    assert "Lapsed" in visitor.get(address).text
    assert "does not end" in visitor.refused(f"{address}/changed", {"because": "rain"}).text


def test_an_officer_marks_a_proof_as_seen(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        proof = hand_in(scene.venue, "staff.policy", by=scene.champion).id
        auditor = make_member(Role.AUDITOR, venue=scene.venue).id
    address = f"/venues/{scene.venue}/proofs/{proof}"
    visitor = as_(scene.officer)
    assert "Mark as seen by me" in visitor.get(address).text
    assert "Choose how you saw it" in visitor.refused(f"{address}/seen").text
    visitor.post(f"{address}/seen", {"how": "at-venue"})
    assert "officer, at the venue" in visitor.get(address).text
    with app.app_context():
        assert db.session.query(EvidenceSeen).one().role == "officer"
    # An auditor marks it in their own audit, and writes nothing here.
    assert "Mark as seen by me" not in as_(auditor).get(address).text
    as_(auditor).post(f"{address}/seen", {"how": "at-venue"}, 404)
    assert "Mark as seen by me" not in as_(scene.champion).get(address).text
    as_(scene.champion).post(f"{address}/seen", {"how": "at-venue"}, 404)


@pytest.mark.slow
def test_every_requirement_has_a_page_and_costs_the_same(app: Flask, as_: As, scene: Scene) -> None:
    with app.app_context():
        asked = service.asked(scene.venue, "staff.policy")
        assert asked is not None
        keys = [each.key for each in asked.edition.requirements]
        for _ in range(4):
            make_proof(scene.venue, "staff.policy", by=scene.champion)
    visitor = as_(scene.champion)
    costs = {}
    for key in keys:
        with counted(app) as statements:
            assert visitor.get(of(scene, key)).h1
        costs[key] = len(statements)
    assert costs["staff.policy"] <= 20
    assert max(costs.values()) <= 21, costs
