"""What was written around certificates and audits: in the venue's copy, and gone in time."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from charter.accounts.models import User
from charter.auditors import complaints, work
from charter.auditors import retention as kept
from charter.auditors.models import AuditFinding, AuditQuestion, Engagement
from charter.certificates import remarks
from charter.certificates.models import Certificate, CertificateAppeal
from charter.core import clock, files
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.files import StoredFile
from charter.office import export, retention
from charter.proofs.models import Evidence
from charter.venues import service as venues
from tests.builders.accounts import make_member
from tests.builders.auditors import engage, make_auditor
from tests.builders.certificates import in_city, issue, make_ready
from tests.builders.commitments import Scene, received

DAY = timedelta(days=1)
KEY = "message.posters-up"
WRITTEN = {
    f"CANARY {what}"
    for what in (
        "sentence", "appeal", "decision", "question", "answer", "note", "finding", "action",
        "owner", "effect", "complaint", "reply",
    )
}  # fmt: skip


@pytest.fixture
def audited(app: Flask) -> Iterator[Scene]:
    """A venue with a certificate, an answered appeal, and an audit in which all was said."""
    with app.app_context():
        scene = make_ready(name="The Lantern")
        number = issue(scene).id
        auditor = make_auditor(name="Otis Audit", email="otis@outside.example")
        audit = db.session.get_one(Engagement, engage(auditor, scene.venue))
        proof = db.session.scalars(
            select(Evidence.id).where(
                Evidence.venue_id == scene.venue, Evidence.requirement_key == KEY
            )
        ).first()
        admin = make_member(Role.OFFICE_ADMIN).id
        assert proof

        def write() -> None:
            remarks.say(scene.venue, number, "CANARY sentence", by=scene.champion)
            asked = work.ask(audit, scene.venue, KEY, "CANARY question", by=auditor)
            work.answer(scene.venue, asked.id, "CANARY answer", received(), by=scene.champion)
            work.see(
                audit, scene.venue, proof, "at-venue", clock.today(), "CANARY note", by=auditor
            )
            found = work.Found(
                KEY, work.Grade.MAJOR, "CANARY finding", "CANARY action", "CANARY owner",
                clock.today(),
            )  # fmt: skip
            work.find(audit, scene.venue, found, by=auditor)
            work.check(audit, scene.venue, 1, True, "CANARY effect", by=auditor)
            made = complaints.complain(scene.venue, audit.id, "CANARY complaint", by=scene.champion)
            complaints.answer_complaint(made.id, "CANARY reply", by=admin)
            db.session.add(
                CertificateAppeal(
                    venue_id=scene.venue, certificate_id=number, words="CANARY appeal",
                    about=[KEY], asked_by=scene.champion, due_on=clock.today(),
                    decided_at=clock.now(), decided_by=admin, outcome="stands",
                    answer="CANARY decision",
                )
            )  # fmt: skip

        in_city(scene.venue, write)
        db.session.rollback()
        yield scene
        db.session.remove()


def everything() -> str:
    """Every value of every table, as one text."""
    db.session.rollback()
    return "\n".join(
        repr(row)
        for table in db.metadata.sorted_tables
        for row in db.session.execute(select(table)).all()
    )


def night() -> None:
    db.session.rollback()
    for _ in retention.nightly(after_a_pause=True):
        commit()
    db.session.rollback()
    db.session.expire_all()


def test_all_that_was_said_is_in_the_venues_copy_and_no_auditor_is_named(audited: Scene) -> None:
    with export.pack(audited.venue, staff=False) as file:
        packed = zipfile.ZipFile(io.BytesIO(file.read()))
    text = packed.read("certificates-and-audits.json").decode()
    for words in WRITTEN:
        assert words in text
    assert "Otis" not in text
    assert "outside.example" not in text
    values = json.loads(text)
    [certificate], [audit] = values["certificates"], values["audits"]
    assert certificate["serial"] == db.session.scalars(select(Certificate.serial)).one()
    [question], [finding] = audit["questions"], audit["findings"]
    assert (question["by"], finding["grade"], finding["helped"]) == ("the auditor", "major", True)
    assert packed.read(question["file"])


def test_after_a_venue_left_and_its_year_is_over_nothing_of_it_is_left(audited: Scene) -> None:
    before = everything()
    assert {words for words in WRITTEN if words not in before} == set()
    question = db.session.scalars(select(AuditQuestion)).one()
    file_id = question.file_id
    assert file_id is not None
    in_city(audited.venue, lambda: venues.leave(audited.venue, "We closed", by=audited.champion))
    with clock.moved_to(clock.now() + 360 * DAY):
        night()
        assert "CANARY answer" in everything()
    with clock.moved_to(clock.now() + 368 * DAY):
        night()
        assert "CANARY" not in everything()
        stored = db.session.get_one(StoredFile, file_id)
        assert stored.erased_at is not None
        with pytest.raises(files.Erased):
            files.read(stored)
        finding = db.session.scalars(select(AuditFinding)).one()
        assert (finding.grade, finding.number, finding.works) == ("major", 1, True)
        assert db.session.scalars(select(CertificateAppeal.outcome)).one() == "stands"


def test_an_auditors_address_goes_a_year_after_the_audit_unless_they_have_an_account(
    audited: Scene,
) -> None:
    never_came = engage(make_auditor(email="never@outside.example"), audited.venue)
    running = db.session.scalars(select(Engagement.id).where(Engagement.id != never_came)).one()
    db.session.rollback()
    lock(CITY)
    theirs = db.session.get_one(Engagement, never_came)
    theirs.auditor_id = None
    commit()

    def forget(days: int) -> tuple[int, str]:
        db.session.rollback()
        with clock.moved_to(clock.now() + days * DAY):
            lock(CITY)
            count = kept.forget_addresses()
            commit()
        db.session.expire_all()
        return count, db.session.get_one(Engagement, never_came).email

    assert forget(28 + 364) == (0, "never@outside.example")
    assert forget(28 + 367) == (1, kept.NO_ADDRESS)
    assert forget(28 + 367) == (0, kept.NO_ADDRESS)
    row = db.session.get_one(Engagement, running)
    assert row.email == "otis@outside.example"
    db.session.rollback()
    lock(CITY)
    row = db.session.get_one(Engagement, running)
    db.session.get_one(User, row.auditor_id).email = "nobody-1@removed.invalid"
    commit()
    assert forget(28 + 367)[0] == 1
