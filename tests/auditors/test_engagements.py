"""Audits: granted, opened and ended by their dates; on record; writing nothing but their own."""

import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from charter.accounts import invitations
from charter.accounts.models import Invitation, User
from charter.auditors import casework, complaints, service, work
from charter.auditors.models import AuditFinding, AuditQuestion, AuditSight, Engagement
from charter.cli import run_nightly
from charter.core import clock, trail
from charter.core.access import Role
from charter.core.db import CITY, NotYours, commit, db, lock, only_writing, read_only
from charter.core.errors import Refused
from charter.core.mail import OutboxMail
from charter.proofs.models import Evidence
from charter.venues.models import Venue
from tests import matrix
from tests.abuse.world import made
from tests.builders.accounts import (
    TOTP_SECRET,
    last_link,
    make_member,
    make_user,
    password_hash,
)
from tests.builders.auditors import engage, make_auditor
from tests.builders.certificates import in_city, issue, make_ready, noon
from tests.builders.commitments import Scene, make_scene
from tests.builders.pictures import make_picture
from tests.counting import counted
from tests.digest import changed, digest
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


def proof_of(scene: Scene, key: str = "message.posters-up") -> int:
    found = db.session.scalars(
        select(Evidence.id).where(Evidence.venue_id == scene.venue, Evidence.requirement_key == key)
    ).first()
    db.session.rollback()
    assert found
    return found


# Granting


def test_the_office_draws_a_sample_and_engages_an_auditor(app: Flask, as_: As) -> None:
    with app.app_context():
        scenes = [make_scene(name=f"Venue {n}") for n in range(12)]
        admin = make_member(Role.OFFICE_ADMIN).id
        today = clock.today()
        db.session.rollback()
    office = as_(admin)
    page = office.get("/office/engagements/new")
    form = {
        "title": "Spring audit", "name": "Ines Rowe", "email": "ines@outside.example",
        "from_on-day": today.day, "from_on-month": today.month, "from_on-year": today.year,
        "to_on-day": today.day, "to_on-month": today.month, "to_on-year": today.year + 1,
        "how": "drawn", "size": "5", "seed": "one seed",
        "once": re.search(r'name="once"[^>]*value="(\w+)"', page.html)[1],  # type: ignore[index]  # it is there
    }  # fmt: skip
    assert (
        "Enter a number from 1"
        in office.refused("/office/engagements/new", {**form, "size": "x"}).text
    )
    assert (
        "Choose one venue or more"
        in office.refused("/office/engagements/new", {**form, "how": "named"}).text
    )
    assert (
        "Choose how venues are picked"
        in office.refused("/office/engagements/new", {**form, "how": ""}).text
    )
    seen = office.refused("/office/engagements/new", {**form, "step": "look"})
    assert "5 venues of 12" in seen.text
    with app.app_context():
        assert db.session.scalar(select(Engagement.id)) is None
        db.session.rollback()
    late = {**form, "step": "grant", "to_on-year": today.year + 2}
    assert "An audit ends within a year" in office.refused("/office/engagements/new", late).text
    office.post("/office/engagements/new", {**form, "step": "grant"})
    office.post("/office/engagements/new", {**form, "step": "grant"})
    with app.app_context():
        [row] = db.session.scalars(select(Engagement)).all()
        units, population = service.drawn(5, "one seed")
        assert service.venue_ids(row.id) == [unit.venue_id for unit in units]
        assert row.sample is not None
        assert (row.sample["seed"], row.sample["population"]) == ("one seed", population)
        [invitation] = db.session.scalars(select(Invitation)).all()
        assert invitation.venue_ids == service.venue_ids(row.id)
        verbs = [each.verb for each in trail.history(units[0].venue_id)]
        assert "engagement.granted" in verbs
        assert len(scenes) == 12
        db.session.rollback()
    assert "Spring audit" in office.get("/office/engagements").text
    assert "seed one seed" in office.get("/office/engagements/1").text


def test_access_opens_on_the_first_day_and_nothing_opens_after_the_last(
    app: Flask, as_: As
) -> None:
    with app.app_context():
        scene = make_ready()
        auditor = make_auditor()
        start = clock.today() + 3 * DAY
        number = engage(auditor, scene.venue, from_on=start, to_on=start + 4 * DAY)
        proof = proof_of(scene)
    addresses = [
        "/audit", f"/audit/{number}/venues/{scene.venue}", f"/office/venues/{scene.venue}",
        f"/venues/{scene.venue}/requirements/message.posters-up",
        f"/audit/{number}/venues/{scene.venue}/seen/{proof}",
    ]  # fmt: skip
    for day, status in ((0, 404), (2, 404), (3, 200), (7, 200), (8, 404), (60, 404)):
        with clock.moved_to(noon(start + (day - 3) * DAY)):
            visitor = as_(auditor)
            for address in addresses:
                assert visitor.answer(address).status_code == status, (day, address)


def test_an_audit_that_is_ended_early_opens_nothing_more(app: Flask, as_: As) -> None:
    with app.app_context():
        scene, other = make_ready(), make_ready()
        auditor = make_auditor()
        number = engage(auditor, scene.venue, other.venue)
        engage(auditor, other.venue)
        admin = make_member(Role.OFFICE_ADMIN).id
        officer = scene.officer
    visitor = as_(auditor)
    case = f"/audit/{number}/venues/{scene.venue}"
    assert visitor.get(case).status == 200
    as_(officer).post(f"/office/engagements/{number}", {}, 404)
    as_(admin).post(f"/office/engagements/{number}")
    visitor.get(case, 404)
    visitor.get(f"/office/venues/{scene.venue}", 404)
    assert visitor.get(f"/office/venues/{other.venue}").status == 200
    assert "This engagement is over" in as_(admin).refused(f"/office/engagements/{number}").text


def invite(address: str, *venues: int, **overrides: object) -> tuple[int, str]:
    """Engage somebody who has no account: the engagement, and the token that was mailed."""
    stranger = make_auditor()
    number = engage(stranger, *venues, email=address, **overrides)
    return number, last_link("invitation", address).rpartition("/")[2]


def take_up(token: str) -> int:
    """Take up an invitation with a new account that has its second factor; its number."""
    db.session.rollback()
    row = invitations.found(token)[1]
    assert row is not None
    venues = tuple(row.venue_ids or ())
    db.session.rollback()
    lock(CITY, *venues)
    user = invitations.accept_as_new(token, name="Ines Rowe", password_hash=password_hash())
    user.totp_sealed = make_user(totp=TOTP_SECRET).totp_sealed
    number = user.id
    commit()
    db.session.rollback()
    return number


def test_an_audit_ended_early_opens_nothing_for_whoever_was_invited_to_it(
    app: Flask, as_: As
) -> None:
    with app.app_context():
        scene, other = make_ready(), make_ready()
        first, token = invite("ines@outside.example", scene.venue)
        late, unread = invite("late@outside.example", other.venue)
        auditor = take_up(token)
        admin = make_member(Role.OFFICE_ADMIN).id
        db.session.rollback()
    visitor = as_(auditor)
    assert visitor.get(f"/audit/{first}/venues/{scene.venue}").status == 200
    assert visitor.get(f"/office/venues/{scene.venue}").status == 200
    as_(admin).post(f"/office/engagements/{first}")
    as_(admin).post(f"/office/engagements/{late}")
    visitor.get(f"/audit/{first}/venues/{scene.venue}", 404)
    visitor.get(f"/office/venues/{scene.venue}", 404)
    with app.app_context():
        assert db.session.get_one(Engagement, first).auditor_id == auditor
        assert invitations.found(unread)[0] is not invitations.LinkState.OPEN
        db.session.rollback()


def test_two_audits_of_one_venue_open_on_their_own_days_and_no_others(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_ready()
        auditor, today = make_auditor(), clock.today()
        first = engage(auditor, scene.venue, to_on=today + 20 * DAY)
        engage(auditor, scene.venue, from_on=today + 40 * DAY, to_on=today + 50 * DAY)
        engage(auditor, scene.venue, to_on=today + 3 * DAY)
        admin = make_member(Role.OFFICE_ADMIN).id
    page = f"/office/venues/{scene.venue}"
    for day, status in ((0, 200), (10, 200), (20, 200), (21, 404), (39, 404), (40, 200), (51, 404)):
        with clock.moved_to(noon(today + day * DAY)):
            assert as_(auditor).answer(page).status_code == status, day
    as_(admin).post(f"/office/engagements/{first}")
    for day, status in ((0, 200), (3, 200), (4, 404), (20, 404), (40, 200), (50, 200), (51, 404)):
        with clock.moved_to(noon(today + day * DAY)):
            assert as_(auditor).answer(page).status_code == status, day


def test_two_audits_of_somebody_invited_each_open_their_own_venues(app: Flask, as_: As) -> None:
    with app.app_context():
        one, other = make_ready(), make_ready()
        first, token = invite("ines@outside.example", one.venue)
        second, again = invite("ines@outside.example", other.venue)
        auditor = take_up(token)
        lock(CITY, other.venue)
        invitations.accept(again, by=db.session.get_one(User, auditor))
        commit()
        db.session.rollback()
    visitor = as_(auditor)
    assert visitor.get(f"/audit/{first}/venues/{one.venue}").status == 200
    assert visitor.get(f"/audit/{second}/venues/{other.venue}").status == 200


def test_an_auditor_who_changes_their_address_keeps_their_audit(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_ready()
        number, token = invite("ines@outside.example", scene.venue)
        auditor = take_up(token)
        lock(CITY)
        assert service.know_auditors() == 1
        db.session.get_one(User, auditor).email = "rowe@outside.example"
        commit()
        db.session.rollback()
    assert as_(auditor).get(f"/audit/{number}/venues/{scene.venue}").status == 200


def test_a_question_is_mailed_once_even_after_nights_that_were_missed(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        number = engage(make_auditor(), scene.venue)
        row = db.session.get_one(Engagement, number)
        in_city(scene.venue, lambda: work.ask(row, scene.venue, "", "Why?", by=row.auditor_id or 0))
        told = []
        for days in (3, 4, 5):
            db.session.rollback()
            with clock.moved_to(clock.now() + days * DAY):
                lock(CITY)
                work.tell()
                commit()
            mails = select(OutboxMail.user_id).where(
                OutboxMail.kind == "something-waits", OutboxMail.user_id == scene.champion
            )
            told.append(len(db.session.scalars(mails).all()))
        assert told == [1, 1, 1]
        db.session.rollback()


def test_one_auditor_does_not_reach_the_audit_of_another(app: Flask, as_: As) -> None:
    with app.app_context():
        scene, other = make_ready(), make_ready()
        mine, theirs = make_auditor(), make_auditor()
        first = engage(mine, scene.venue)
        second = engage(theirs, scene.venue, other.venue)
    visitor = as_(mine)
    assert visitor.get(f"/audit/{first}/venues/{scene.venue}").status == 200
    for address in (
        f"/audit/{second}/venues/{scene.venue}",
        f"/audit/{first}/venues/{other.venue}",
        f"/audit/{second}/venues/{other.venue}/ask",
    ):
        visitor.get(address, 404)


# On record


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


# Read only


def test_the_database_itself_refuses_to_write_while_an_auditor_reads(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        db.session.rollback()
        read_only()
        assert db.session.get_one(Venue, scene.venue).name
        with pytest.raises(Exception, match=r"(?i)read-?only"):
            db.session.execute(text("UPDATE venue SET name = 'x'"))
        db.session.rollback()
        db.session.execute(text("UPDATE venue SET name = 'y'"))
        db.session.rollback()


def test_only_the_auditors_own_tables_can_be_written(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        db.session.rollback()
        only_writing(frozenset({"audit_question"}))
        try:
            for statement in (
                "UPDATE venue SET name = 'x'", "  delete from evidence",
                'INSERT INTO "user" (email) VALUES (\'x\')',
            ):  # fmt: skip
                with pytest.raises(NotYours):
                    db.session.execute(text(statement))
                db.session.rollback()
            db.session.execute(text("DELETE FROM audit_question"))
            db.session.rollback()
            lock(CITY, scene.venue)
            with pytest.raises(NotYours):
                trail.note("venue.changed", "venue", scene.venue, venue_id=scene.venue)
        finally:
            only_writing(None)
            db.session.rollback()


@pytest.mark.slow
def test_no_route_lets_an_auditor_change_anything_but_their_own(app: Flask, as_: As) -> None:
    """Method by route: every address of the table, with and without form fields (decision 32)."""
    world = made(app)
    with app.app_context():
        auditor = make_auditor()
        number = engage(auditor, world.venue)
        db.session.rollback()
    visitor = as_(auditor)
    mine = {
        "engagement", "audit_question", "audit_sight", "audit_finding", "trail_entry",
        "web_session",
    }  # fmt: skip
    before = digest(app)
    wrote: set[str] = set()
    tried = 0
    fields = {
        "words": "x", "name": "x", "requirement": "message.posters-up", "grade": "observation",
        "how": "on-page", "body": "x", "reason": "x", "because": "x", "works": "yes",
    }  # fmt: skip
    for route in matrix.routes():
        if route.endpoint.startswith("accounts.") or route.endpoint in ("demo.inbox",):
            continue
        values = {"engagement_id": number, "number": 1, "question_id": 1, "complaint_id": 1}
        for url in (
            world.addresses(route)
            if "engagement_id" not in route.parts
            else [route.at(world.venue, **{**world.ids, **values})]
        ):
            tried += 1
            if route.method == "GET":
                visitor.answer(url).get_data()
            else:
                visitor.sent(url, fields)
                visitor.sent(url)
            after = digest(app)
            touched = set(changed(before, after))
            assert touched <= mine, (route.endpoint, url, touched - mine)
            wrote |= touched
            before = after
    assert tried > 300
    assert {"audit_question", "audit_finding", "trail_entry"} <= wrote


def test_a_page_of_an_audit_costs_the_same_for_many_proofs(app: Flask) -> None:
    with app.app_context():
        few, many = make_scene(), make_ready()
        auditor = make_auditor()
        number = engage(auditor, few.venue, many.venue)
        row = db.session.get_one(Engagement, number)
        costs = []
        for scene in (few, many):
            casework.case(row, scene.venue)
            with counted(app) as seen:
                casework.case(row, scene.venue)
            costs.append(len(seen))
        assert max(costs) - min(costs) <= 1
        with counted(app) as seen:
            casework.progress(row)
        assert len(seen) == 5
