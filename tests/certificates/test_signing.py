"""Signed certificates: what another program says of them, tampering told apart, new keys."""

import io
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from flask import Flask
from pyhanko.pdf_utils.reader import PdfFileReader
from pypdf import PdfReader
from sqlalchemy import select

from charter import config
from charter.certificates import inspecting, pades, reading, service, signing
from charter.certificates.checking import Answer
from charter.certificates.models import Certificate, SigningKey
from charter.core import clock, trail
from charter.core.access import Role
from charter.core.db import CITY, db, lock
from charter.core.errors import Refused
from charter.core.text import in_words
from tests.builders import tampering
from tests.builders.accounts import make_member
from tests.builders.certificates import ensure_key, issue, make_ready, propose
from tests.builders.signatures import answered, lock_and, needs, pdfsig
from tests.builders.tampering import CHANGED, NOT_OURS, Tamper
from tests.page import inspect
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def issued(app: Flask) -> bytes:
    """The file of a certificate that was issued."""
    with app.app_context():
        content = issue(make_ready(name="The Lantern")).pdf
        db.session.remove()
    return content


# Genuine


@needs("pdfsig")
def test_another_program_finds_the_signature_valid_and_the_whole_file_signed(
    issued: bytes, tmp_path: Path
) -> None:
    said = pdfsig(issued, tmp_path)
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert "CN=The night office" in said


def test_it_allows_no_changes_and_is_dated_by_our_clock(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        when = clock.now() - timedelta(days=40)
        with clock.moved_to(when):
            content = issue(scene).pdf
        [each] = PdfFileReader(io.BytesIO(content)).embedded_signatures
        assert each.docmdp_level is not None
        assert each.docmdp_level.name == "NO_CHANGES"
        at = each.self_reported_timestamp
        assert at is not None
        assert abs(at - when) < timedelta(minutes=1)
        db.session.rollback()


def test_the_paper_names_the_key_and_the_page_has_every_fact_of_the_paper(
    app: Flask, client: Visitor, issued: bytes
) -> None:
    """Parity: whoever cannot read the PDF reads the same on the page (the PDF is tagged too)."""
    with app.app_context():
        shown = reading.by_bytes(issued)
        assert shown is not None
        key = db.session.get_one(SigningKey, shown.certificate.signing_key_id)
        row, code = shown.certificate, shown.code
        facts = [
            row.facts["venue_name"], row.facts["street"], row.facts["postcode"],
            row.facts["edition"], row.serial, in_words(row.valid_until), key.name,
            *(words for _, words in row.facts["commitments"]),
        ]  # fmt: skip
        facts.append(in_words(row.valid_from))
        db.session.rollback()
    paper = " ".join((PdfReader(io.BytesIO(issued)).pages[0].extract_text() or "").split())
    page = client.get(f"/verify/{code}").text
    for fact in facts:
        assert fact in paper, fact
        assert fact in page, fact


def test_a_file_is_found_again_and_said_to_be_unchanged(
    app: Flask, client: Visitor, issued: bytes
) -> None:
    checked = answered(app, issued)
    assert checked.answer is Answer.ISSUED
    text = posted(client, issued)
    assert "This is the file that was issued, unchanged." in text


def posted(client: Visitor, content: bytes) -> str:
    answer = client.client.post(
        "/verify",
        data={"file": (io.BytesIO(content), "x.pdf")},
        base_url="https://localhost",
    )
    return inspect(answer.get_data(as_text=True), answer.status_code).text


# Tampered with


@pytest.mark.parametrize("tamper", CHANGED, ids=lambda each: each.__name__)
def test_what_was_changed_is_told_apart(app: Flask, issued: bytes, tamper: Tamper) -> None:
    """F095, F096: flips, overlays, re-signed and rewritten copies of a genuine one."""
    content = tamper(issued)
    assert content != issued
    assert answered(app, content).answer is Answer.CHANGED


@pytest.mark.parametrize("tamper", NOT_OURS, ids=lambda each: each.__name__)
def test_what_never_carried_our_signature_is_not_ours(
    app: Flask, issued: bytes, tamper: Tamper
) -> None:
    """F098: signed by a key that calls itself like ours, and not signed at all."""
    assert answered(app, tamper(issued)).answer is Answer.NOT_OURS


@pytest.mark.parametrize(
    "tamper",
    [tampering.overlay, tampering.change_title, tampering.append_comment, tampering.countersign],
    ids=lambda each: each.__name__,
)
def test_what_was_added_to_is_traced_to_the_certificate_it_was(
    app: Flask, issued: bytes, tamper: Tamper
) -> None:
    """The signature of an overlay stays intact (F096): we say changed, and which one it was."""
    content = tamper(issued)
    [mine, *_] = inspecting.signatures(content) or []
    assert mine.holds
    assert mine.end == len(issued)
    checked = answered(app, content)
    assert checked.answer is Answer.CHANGED
    assert checked.shown is not None


@needs("pdfsig")
def test_another_program_agrees_about_what_it_can_see(issued: bytes, tmp_path: Path) -> None:
    assert "Signature is Valid." not in pdfsig(tampering.flip_first_stream(issued), tmp_path)
    assert "Not total document signed" in pdfsig(tampering.overlay(issued), tmp_path)
    assert "Signature is Valid." in pdfsig(tampering.strip_and_sign(issued), tmp_path)


def test_every_byte_of_a_file_counts(app: Flask, issued: bytes) -> None:
    """A bit turned anywhere: never called unchanged, and nearly always traced to us."""
    with app.app_context():
        for place in range(0, len(issued), 997):
            assert reading.by_bytes(tampering.at(issued, place)) is None, place
        db.session.rollback()
    for place in range(0, len(issued), 6007):
        assert answered(app, tampering.at(issued, place)).answer is Answer.CHANGED, place


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (b"hello", Answer.NOT_A_PDF),
        (b"%PDF-1.7\n", Answer.NOT_OURS),
        (b"%PDF-1.7\n" + bytes(2_000_000), Answer.NOT_OURS),
        (
            b"%PDF-1.7\nxref\n0 1\ntrailer<</Root 1 0 R/Prev 0>>\nstartxref\n9\n%%EOF",
            Answer.NOT_OURS,
        ),
        (b"%PDF-1.7\n1 0 obj" + b"[" * 500_000, Answer.NOT_OURS),
    ],
    ids=["words", "empty", "noughts", "loop", "nested"],
)
def test_a_hostile_file_is_answered_and_harms_nothing(
    app: Flask, content: bytes, answer: Answer
) -> None:
    with app.app_context():
        ensure_key()
    assert answered(app, content).answer is answer


def test_only_so_many_files_are_read_at_one_time(app: Flask, client: Visitor) -> None:
    with app.app_context():
        ensure_key()
    held = [inspecting._turn.acquire() for _ in range(inspecting.AT_ONCE)]
    try:
        with pytest.raises(inspecting.Busy):
            inspecting.signatures(b"%PDF-1.7\n")
        assert "Too many files" in posted(client, b"%PDF-1.7\n")
    finally:
        for _ in held:
            inspecting._turn.release()


def test_the_check_page_has_words_for_each_answer(
    client: Visitor, issued: bytes, app: Flask
) -> None:
    assert "was changed after we issued it" in posted(client, tampering.overlay(issued))
    assert "It was certificate" in posted(client, tampering.overlay(issued))
    assert "not a file we issued" in posted(client, tampering.strip_and_sign(issued))
    assert "This is not a PDF" in posted(client, b"hello")


# Keys


def test_a_replaced_key_still_vouches_and_a_withdrawn_one_says_so(
    app: Flask, client: Visitor, issued: bytes
) -> None:
    with app.app_context():
        old = signing.current()
        assert old is not None
        lock_and(signing.make)
        newer = issue(make_ready(name="The Crown"))
        assert newer.signing_key_id != old.id
        assert answered(app, issued).answer is Answer.ISSUED
        assert answered(app, tampering.overlay(issued)).answer is Answer.CHANGED
        number = old.id
        lock_and(lambda: signing.withdraw(number, "The disk it lay on was stolen."))
        assert answered(app, issued).answer is Answer.WITHDRAWN_KEY
        assert answered(app, tampering.overlay(issued)).answer is Answer.WITHDRAWN_KEY
        assert answered(app, newer.pdf).answer is Answer.ISSUED
        with pytest.raises(Refused, match="no such key"):
            lock_and(lambda: signing.withdraw(number, "Again"))
        db.session.rollback()
        assert [check.fault for check in trail.verify() if check.fault] == []
        shown = reading.by_bytes(issued)
        assert shown is not None
        code = shown.code
        db.session.remove()
    assert "The disk it lay on was stolen." in posted(client, issued)
    page = client.get(f"/verify/{code}")
    assert "Valid" in page.badge_words
    assert "withdrawn" in page.text


def test_nothing_is_issued_without_a_key_that_is_ours_alone(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        key = signing.current()
        assert key is not None
        place = config.current().folder / "signing" / f"{key.fingerprint.hex()[:32]}.pem"
        assert place.stat().st_mode & 0o777 == 0o600
        number = key.id
        lock_and(lambda: signing.withdraw(number, "Lost."))
        with pytest.raises(Refused, match="no key to sign with"):
            reissue(scene)
        db.session.rollback()
        key = lock_and(signing.make)
        place = config.current().folder / "signing" / f"{key.fingerprint.hex()[:32]}.pem"
        os.chmod(place, 0o644)
        in_its_way = [row.id for row in db.session.scalars(select(Certificate))]
        with pytest.raises(Refused, match="can be read by others"):
            reissue(scene)
        place.unlink()
        with pytest.raises(Refused, match="is not in the folder"):
            reissue(scene)
        db.session.rollback()
        assert [row.id for row in db.session.scalars(select(Certificate))] == in_its_way
        db.session.rollback()


def reissue(scene: Any) -> None:
    """Issue again after a refusal left its proposal open."""
    pades._of_file.cache_clear()
    db.session.rollback()
    waits = service.open_proposal(scene.venue, service.ISSUE)
    number = waits.id if waits else None
    db.session.rollback()
    number = number or propose(scene)
    admin = make_member(Role.OFFICE_ADMIN).id
    db.session.rollback()
    lock(CITY, scene.venue)
    service.issue(scene.venue, number, by=admin, web_session=None)


def test_the_demo_says_in_its_key_that_it_is_no_city(app: Flask) -> None:
    with app.app_context():
        settings = config.current()
        app.extensions["charter.settings"] = replace(settings, demo=True)
        try:
            key = lock_and(signing.make)
            subject = x509.load_der_x509_certificate(key.certificate).subject.rfc4514_string()
            assert "DEMO" in subject
        finally:
            app.extensions["charter.settings"] = settings
            db.session.remove()


def test_the_commands_make_list_and_withdraw_keys(app: Flask) -> None:
    runner = app.test_cli_runner()
    made = runner.invoke(args=["signing", "new"])
    assert "Key 1 signs from now on" in made.output
    runner.invoke(args=["signing", "new"])
    lost = runner.invoke(args=["signing", "withdraw", "1", "--why", "Lost."])
    assert "Key 1 is withdrawn" in lost.output
    listed = runner.invoke(args=["signing", "keys"]).output.splitlines()
    assert listed[0].startswith("2\t")
    assert listed[0].endswith("\tsigns")
    assert listed[1].endswith(": Lost.")
    assert runner.invoke(args=["signing", "withdraw", "9", "--why", "x"]).exit_code == 1
    assert "No token is set" in runner.invoke(args=["signing", "token"]).output
