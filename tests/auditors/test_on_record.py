"""What auditors ask, see and find stands on record, and a venue can complain of them."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from charter.auditors import casework, complaints
from charter.auditors.models import AuditFinding, AuditQuestion, AuditSight, Engagement
from charter.cli import run_nightly
from charter.core import clock, trail
from charter.core.access import Role
from charter.core.db import db
from charter.core.errors import Refused
from charter.core.mail import OutboxMail
from tests.builders.accounts import (
    make_member,
)
from tests.builders.auditors import engage, make_auditor, proof_of
from tests.builders.certificates import in_city, issue, make_ready
from tests.builders.commitments import Scene
from tests.builders.pictures import make_picture
from tests.visitor import Visitor

DAY = timedelta(days=1)
As = Callable[..., Visitor]


def opened(app: Flask, scene: Scene) -> list[dict[str, object]]:
    """What the trail of a venue says that auditors opened."""
    with app.app_context():
        rows = [
            dict(row.detail) for row in trail.history(scene.venue)
            if row.verb == "audit-file.opened"
        ]  # fmt: skip
        db.session.rollback()
    return rows[::-1]


def test_all_that_is_opened_stands_in_the_trail_that_the_venue_reads(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_ready()
        certificate = issue(scene).id
        auditor = make_auditor()
        number = engage(auditor, scene.venue)
    visitor = as_(auditor)
    visitor.get("/audit")
    assert opened(app, scene) == []
    visitor.get(f"/audit/{number}/venues/{scene.venue}")
    visitor.answer(f"/venues/{scene.venue}/certificates/{certificate}.pdf")
    visitor.get(f"/venues/{scene.venue}/certificates/{certificate + 9}.pdf", 404)
    assert opened(app, scene) == [
        {"page": "auditors.case", "engagement": number},
        {"page": "certificates.pdf", "certificate": certificate},
    ]
    as_(scene.champion).get(f"/venues/{scene.venue}/certificates")
    assert len(opened(app, scene)) == 2
    history = as_(scene.officer).get(f"/office/venues/{scene.venue}").text
    assert "Opened by an auditor" in history
    with app.app_context():
        assert [check.fault for check in trail.verify() if check.fault] == []


def test_a_question_is_asked_mailed_in_the_night_and_answered_with_a_file(
    app: Flask, as_: As
) -> None:
    with app.app_context():
        scene = make_ready()
        auditor = make_auditor()
        number = engage(auditor, scene.venue)
    visitor, champion = as_(auditor), as_(scene.champion)
    ask = f"/audit/{number}/venues/{scene.venue}/ask"
    assert "Write your question" in visitor.refused(ask, {"requirement": ""}).text
    visitor.post(ask, {"requirement": "message.posters-up", "words": "Where is the second one?"})
    home = f"/venues/{scene.venue}/auditor"
    assert "Where is the second one?" in champion.get(home).text
    with app.app_context():
        run_nightly()
        kinds = db.session.scalars(
            select(OutboxMail.kind).where(OutboxMail.user_id == scene.champion)
        ).all()
        assert "something-waits" in kinds
        question = db.session.scalars(select(AuditQuestion.id)).one()
        db.session.rollback()
    answer = f"{home}/questions/{question}"
    assert "Write your answer" in champion.refused(answer).text
    wrong = {"words": "Here", "file": (io.BytesIO(b"not much"), "a.doc")}
    assert "error" in champion.refused(answer, wrong).html
    champion.post(
        answer, {"words": "By the stairs.", "file": (io.BytesIO(make_picture()), "p.jpg")}
    )
    case = visitor.get(f"/audit/{number}/venues/{scene.venue}").text
    assert "By the stairs." in case
    assert visitor.answer(f"{answer}/file").mimetype == "image/jpeg"
    assert champion.answer(f"{answer}/file").status_code == 200
    assert "has been answered" in champion.get(answer).text
    assert "has been answered" in champion.refused(answer, {"words": "Again"}).text
    with app.app_context():
        staff = make_member(Role.STAFF, venue=scene.venue).id
    as_(staff).get(f"{answer}/file", 404)


def test_seen_by_me_findings_and_whether_they_worked(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_ready()
        auditor = make_auditor()
        number = engage(auditor, scene.venue)
        proof = proof_of(scene)
        today = clock.today()
    visitor = as_(auditor)
    base = f"/audit/{number}/venues/{scene.venue}"
    day = {"seen_on-day": today.day, "seen_on-month": today.month, "seen_on-year": today.year}
    assert "Choose how you saw it" in visitor.refused(f"{base}/seen/{proof}", day).text
    old = {**day, "how": "at-venue", "seen_on-year": today.year - 1}
    assert "one of the audit’s" in visitor.refused(f"{base}/seen/{proof}", old).text
    for _ in "ab":
        visitor.post(f"{base}/seen/{proof}", {**day, "how": "at-venue", "note": "Clean"})
    with app.app_context():
        [sight] = db.session.scalars(select(AuditSight)).all()
        assert (sight.evidence_id, sight.how, sight.seen_on) == (proof, "at-venue", today)
        db.session.rollback()
    assert "At the venue" in visitor.get(base).text
    form = {
        "requirement": "message.posters-up", "grade": "major", "words": "Nothing by the bar.",
        "action": "Put one up.", "owner": "Bar manager",
    }  # fmt: skip
    assert "by which it has to be done" in visitor.refused(f"{base}/findings/new", form).text
    due = today + 9 * DAY
    whole = {**form, "due_on-day": due.day, "due_on-month": due.month, "due_on-year": due.year}
    assert (
        "Write what has to be done"
        in visitor.refused(f"{base}/findings/new", {**whole, "action": ""}).text
    )
    visitor.post(f"{base}/findings/new", whole)
    visitor.post(f"{base}/findings/new", {**form, "grade": "conforms", "words": "All well."})
    assert "Nothing by the bar." in as_(scene.champion).get(f"/venues/{scene.venue}/auditor").text
    visitor.post(f"{base}/findings/1", {"works": "yes", "words": "It hangs there now."})
    again = visitor.refused(f"{base}/findings/1", {"works": "no", "words": "It fell down."})
    assert "has been checked" in again.text
    assert "nothing to check" in visitor.get(f"{base}/findings/2").text
    visitor.get(f"{base}/findings/3", 404)
    with app.app_context():
        rows = db.session.scalars(select(AuditFinding).order_by(AuditFinding.number)).all()
        assert [(row.grade, row.works, row.due_on) for row in rows] == [
            ("major", True, due), ("conforms", None, None),
        ]  # fmt: skip
        row = db.session.get_one(Engagement, number)
        case = casework.case(row, scene.venue)
        assert case is not None
        compared = next(
            each for _, rows in case.commitments for each in rows
            if each.assessed.key == "message.posters-up"
        )  # fmt: skip
        assert compared.accepted == "Accepted by a person"
        assert [each.how for each in compared.sights] == ["at-venue"]
        assert len(compared.findings) == 2
        db.session.rollback()


# A complaint


def test_a_complaint_is_answered_by_somebody_who_did_not_engage_them(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_ready()
        auditor = make_auditor()
        number = engage(auditor, scene.venue)
        engaged_by = db.session.get_one(Engagement, number).granted_by
        other = make_member(Role.OFFICE_ADMIN).id
        db.session.rollback()
    champion = as_(scene.champion)
    url = f"/venues/{scene.venue}/auditor/{number}/complaint"
    champion.post(url, {"words": "They shouted at our staff."})
    as_(auditor).get(f"/venues/{scene.venue}/auditor", 404)
    office = as_(other)
    assert "1 complaint about an auditor" in office.get("/office/").text
    assert "complaint about" not in as_(scene.officer).get("/office/").text
    page = office.get("/office/complaints")
    reply = next(link.href for link in page.links if "/complaints/" in link.href)
    assert "Somebody else has to answer" in as_(engaged_by).get(reply).text
    assert "Somebody else has to answer" in as_(engaged_by).refused(reply, {"words": "x"}).text
    office.post(reply, {"words": "We spoke with them."})
    assert "complaint about" not in office.get("/office/").text
    assert "We spoke with them." in champion.get(f"/venues/{scene.venue}/auditor").text
    assert "has been answered" in office.refused(reply, {"words": "Again"}).text
    with app.app_context(), pytest.raises(Refused, match="not one of yours"):
        in_city(
            scene.venue,
            lambda: complaints.complain(scene.venue, number + 7, "x", by=scene.champion),
        )
