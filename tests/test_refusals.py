"""What a refused request leaves alone: everything. Real views, real forms, real rows.

Refused by the gate (F056), for a child of another venue (F057), for a missing or foreign form
token (F062), and for whatever a form is sent beyond its own fields (F061).
"""

import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select
from werkzeug.test import TestResponse

from charter.accounts.models import Invitation, Membership
from charter.auditors.models import AuditComplaint, AuditFinding, AuditQuestion, Engagement
from charter.audits.models import Audit, AuditPhoto
from charter.audits.rules import Kind as Walker
from charter.certificates.models import CertificateAppeal, CertificateProposal, CertificateRemark
from charter.core import clock, files
from charter.core.access import Role
from charter.core.db import db
from charter.devices.models import Device
from charter.doors.models import DoorShift
from charter.incidents.models import BookTerms, PaperPage
from charter.proofs.models import Evidence, EvidenceFile, NotApplicable
from charter.rooms.models import Camera, SpaceChange
from charter.venues.models import Closure, Venue, Zone
from tests import matrix
from tests.builders.accounts import make_member, sign_in_as
from tests.builders.auditors import engage, make_auditor
from tests.builders.audits import make_walk, weak
from tests.builders.certificates import issue, make_ready
from tests.builders.commitments import Scene, hand_in, received
from tests.builders.floorplans import make_plan
from tests.builders.rooms import make_counted
from tests.builders.sessions import book, make_session
from tests.builders.training import make_hand_in, make_staff
from tests.digest import changed, digest
from tests.matrix import Answer, Cast, Relation, Route, Someone

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]

BASE = "https://localhost"
RAW_TOKEN = "a" * 40
PDF = b"%PDF-1.4\nsmall\n%%EOF\n"
KEY = "staff.policy"
# A page that does not exist, or for a form also the way back to where it came from.
VARIES = re.compile(r'(?<=name="csrf_token" value=")[^"]+')
# Shows the venue's own case whatever proposal is named, and says so when it is sent.
SHOWS_ITS_OWN = {"certificates.issue"}
NOT_HERE = {"GET": (404,), "POST": (303, 404)}
# Parts of an address that are words, or counted from 1 at each venue (an entry's number, a person's
# in it); every other one is the id of something.
WORDS = {"venue", "place", "key", "act", "token", "code", "audience", "floor", "number", "n", "on"}


def form_token(app: Flask, raw: str = RAW_TOKEN) -> str:
    """The signed form token that goes with a browser's own."""
    signer = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token")
    return str(signer.dumps(raw))


def browser(app: Flask, user_id: int | None) -> FlaskClient:
    """A browser with a form token, in which this person is signed in."""
    client = app.test_client()
    if user_id is not None:
        sign_in_as(client, user_id)
    with client.session_transaction(base_url=BASE) as session:
        session["csrf_token"] = RAW_TOKEN
    return client


def post(client: FlaskClient, url: str, **data: object) -> TestResponse:
    """Send a form."""
    return client.post(url, data=data, base_url=BASE)


def children(scene: Scene) -> dict[str, Any]:
    """One of everything that belongs to a venue and has an id, or a code, in an address."""
    certificate = issue(scene)
    proof = hand_in(scene.venue, KEY, by=scene.champion)
    venue, today = scene.venue, clock.today()
    rows = {
        "proposal_id": CertificateProposal(
            venue_id=venue,
            proposed_by=scene.officer,
            expires_at=clock.now() + timedelta(hours=70),
        ),
        "withdrawal_id": CertificateProposal(
            venue_id=venue,
            kind="withdraw",
            certificate_id=certificate.id,
            because="A proof was not true.",
            proposed_by=scene.officer,
            expires_at=clock.now() + timedelta(hours=70),
        ),
        "appeal_id": CertificateAppeal(
            venue_id=venue,
            certificate_id=certificate.id,
            words="The photos were there.",
            about=[KEY],
            asked_by=scene.champion,
            due_on=today,
        ),
        "asked_id": NotApplicable(
            venue_id=venue,
            requirement_key=KEY,
            reason="We have no staff.",
            asked_by=scene.champion,
        ),
        "invitation_id": Invitation(
            email=f"somebody{venue}@mail.example",
            role=Role.STAFF,
            venue_id=venue,
            invited_by=scene.champion,
            sent_at=clock.now(),
            expires_at=clock.now() + timedelta(days=7),
        ),
        "room_id": Zone(venue_id=venue, kind="main-bar", name="Cellar bar"),
        "camera_id": Camera(venue_id=venue, name="Door"),
        "device_id": Device(venue_id=venue, name="Bar tablet", made_by=scene.champion),
        "shift_id": DoorShift(
            venue_id=venue,
            night=today,
            employer="venue",
            recorded_by=scene.champion,
            starts_at=clock.now(),
            ends_at=clock.now() + timedelta(hours=4),
        ),
        "change_id": SpaceChange(
            venue_id=venue, done_on=today, what="A lamp", recorded_by=scene.champion
        ),
        "closure_id": Closure(
            venue_id=venue,
            from_on=today + timedelta(days=20),
            until_on=today + timedelta(days=30),
            reason="New floor",
        ),
    }
    page = PaperPage(venue_id=venue, number=1, code=f"{venue:08}", printed_by=scene.champion)
    asked = BookTerms(venue_id=venue, records=["door-staff"], saved_by=scene.champion)
    db.session.add_all([*rows.values(), page, asked])
    db.session.commit()
    staff = make_member(Role.STAFF, venue=venue).id
    people = make_staff(venue, "Ava Quinn", by=scene.champion)
    session = make_session(by=scene.champion, venue=venue)
    for kind, by in ((Walker.OWN, scene.champion), (Walker.COVERT, scene.officer)):
        make_walk(venue, by, say=weak, kind=kind, finish=False)
        walk = make_walk(venue, by, say=weak, kind=kind)
    # What a check found is on the venue's pages too, once it is finished.
    here, photo = {"audit_id": walk, "place": "walk-up"}, received()
    shot = AuditPhoto(
        **here, question="walk-up.light", file_id=files.keep(photo).id, by_user_id=scene.champion
    )
    engagement = engage(make_auditor(), venue)
    asked = AuditQuestion(
        engagement_id=engagement, venue_id=venue, words="Why?", asked_by=scene.officer,
        answer="So.", answered_by=scene.champion, answered_at=clock.now(),
        file_id=files.keep(received()).id,
    )  # fmt: skip
    complaint = AuditComplaint(
        engagement_id=engagement, venue_id=venue, words="They shouted.", asked_by=scene.champion,
        due_on=today,
    )  # fmt: skip
    finding = AuditFinding(
        engagement_id=engagement, venue_id=venue, number=1, requirement_key=KEY, grade="minor",
        words="Torn", found_by=scene.officer,
    )  # fmt: skip
    db.session.add_all([asked, complaint, finding])
    said = CertificateRemark(
        certificate_id=certificate.id, words="We train on Monday.", said_by=scene.champion
    )
    db.session.add_all([shot, said])
    db.session.commit()
    return {name: row.id for name, row in rows.items()} | {
        "audit_id": walk,
        "place": "walk-up",
        "photo_id": shot.id,
        "zone_id": rows["room_id"].id,
        "plan_id": make_plan(scene),
        "sheet": page.code,
        "certificate_id": certificate.id,
        "engagement_id": engagement,
        "question_id": asked.id,
        "complaint_id": complaint.id,
        "evidence_id": proof.id,
        "member_id": people[0],
        "record_id": make_counted(venue, *people, by=scene.champion),
        "session_id": session,
        "booking_id": book(venue, session, *people, by=scene.champion)[0],
        "outside_id": make_hand_in(venue, people, by=scene.champion),
        "file_id": db.session.scalars(
            select(EvidenceFile.file_id).where(EvidenceFile.evidence_id == proof.id)
        ).one(),
        "membership_id": db.session.scalars(
            select(Membership.id).where(Membership.user_id == staff)
        ).one(),
    }


def forms(app: Flask) -> list[Route]:
    """Every route that takes a form; the demo's own page is not part of a city."""
    return [r for r in matrix.routes() if r.method == "POST" and r.endpoint in app.view_functions]


def test_a_form_that_the_gate_refuses_changes_nothing(app: Flask):
    with app.app_context():
        scene = make_ready()
        there = children(scene)
        cast = matrix.make_cast(scene.venue)
    refused = 0
    for someone in cast.people:
        client, before = browser(app, someone.user_id), digest(app)
        for route in forms(app):
            if matrix.expected(route, someone) is Answer.ENTERED:
                continue
            url = route.at(scene.venue, **there, key=KEY)
            answer = post(client, url, csrf_token=form_token(app))
            assert answer.status_code in (303, 404), (str(someone), url)
            refused += 1
        assert changed(before, digest(app)) == [], str(someone)
    assert refused > 500


def walk_for(app: Flask, route: Route, venue: int) -> dict[str, int]:
    """The walk of a venue that an address is about: whose it is, and whether it is finished."""
    if "audit_id" not in route.parts:
        return {}
    is_check = route.endpoint.startswith("space_checks.") or route.endpoint == "office.beside"
    is_finished = route.endpoint.endswith((".report", ".beside"))
    with app.app_context():
        query = select(Audit.id).where(
            Audit.venue_id == venue,
            (Audit.kind != Walker.OWN) if is_check else (Audit.kind == Walker.OWN),
            Audit.finished_at.is_not(None) if is_finished else Audit.finished_at.is_(None),
        )
        return {"audit_id": db.session.scalars(query).one()}


def told(app: Flask, client: FlaskClient, route: Route, url: str) -> tuple[int, str, str]:
    """What a request for a child that is not the venue's is answered with: status, place, body."""
    sent = {"csrf_token": form_token(app)} if route.method == "POST" else None
    answer = client.open(url, method=route.method, data=sent, base_url=BASE)
    if route.endpoint in SHOWS_ITS_OWN:
        return answer.status_code, "", ""
    assert answer.status_code in NOT_HERE[route.method], url
    return (
        answer.status_code,
        answer.headers.get("Location", ""),
        VARIES.sub("", answer.text.replace(url, "")),
    )


def allowed(route: Route, cast: Cast) -> list[Someone]:
    """Everybody whose role lets them in at the cast's own venue."""
    return [
        each
        for each in cast.people
        if each.role in route.who
        and each.relation is Relation.OWN
        and matrix.expected(route, each) is Answer.ENTERED
    ]


def test_a_child_of_another_venue_is_not_found_through_ones_own(app: Flask):
    with app.app_context():
        mine, theirs = make_ready(), make_ready()
        my_children, their_children = children(mine), children(theirs)
        cast = matrix.make_cast(mine.venue)
        auditor = next(
            each.user_id
            for each in cast.people
            if each.role is Role.AUDITOR and each.relation is Relation.OWN
        )
        # An audit opens to the one auditor that it names.
        audit = db.session.get_one(Engagement, my_children["engagement_id"])
        audit.auditor_id = auditor
        db.session.commit()
    there = [each for each in matrix.routes() if each.is_about_a_venue]
    named = {each.endpoint: set(each.parts) - WORDS for each in there}
    for route in there:
        unknown = dict.fromkeys(named[route.endpoint], 999_999)
        my_walk, their_walk = (walk_for(app, route, each) for each in (mine.venue, theirs.venue))
        for someone in allowed(route, cast) if unknown else ():
            client, before = browser(app, someone.user_id), digest(app)
            answers = [
                told(app, client, route, route.at(mine.venue, **values, key=KEY))
                for values in (their_children | their_walk, unknown)
            ]
            assert answers[0] == answers[1], (str(someone), route.url)
            assert changed(before, digest(app)) == [], (str(someone), route.url)
            if route.method == "GET":
                own = client.get(
                    route.at(mine.venue, **my_children | my_walk, key=KEY), base_url=BASE
                )
                assert own.status_code == 200, (str(someone), route.url)
    assert set().union(*named.values()) == my_children.keys() - WORDS, "children() lacks a kind"


@pytest.mark.parametrize("how", ["none", "another browser's", "made up", "of another key"])
def test_a_form_without_its_own_token_changes_nothing(app: Flask, how: str):
    with app.app_context():
        scene = make_ready()
        there = children(scene)
        cast = matrix.make_cast(scene.venue)
    stranger = URLSafeTimedSerializer("k" * 48, salt="wtf-csrf-token")
    sent = {
        "none": {},
        "another browser's": {"csrf_token": form_token(app, "b" * 40)},
        "made up": {"csrf_token": RAW_TOKEN},
        "of another key": {"csrf_token": str(stranger.dumps(RAW_TOKEN))},
    }[how]
    for someone in cast.people:
        if someone.relation is not Relation.OWN:
            continue
        client, before = browser(app, someone.user_id), digest(app)
        for route in forms(app):
            answer = post(client, route.at(scene.venue, **there, key=KEY), **sent)
            if route.token:
                assert answer.status_code == 403, (str(someone), route.url)
        assert changed(before, digest(app)) == [], str(someone)


def test_a_token_dies_with_the_sign_in_it_was_given_in(app: Flask):
    with app.app_context():
        scene = make_ready()
    client = browser(app, scene.champion)
    assert post(client, "/sign-out", csrf_token=form_token(app)).status_code == 303
    before = digest(app)
    url = f"/venues/{scene.venue}/profile/leave"
    assert post(client, url, csrf_token=form_token(app)).status_code in (303, 403)
    assert changed(before, digest(app)) == []


SURPLUS = {
    "id": "1",
    "state": "accepted",
    "venue_id": "2",
    "edition_key": "another",
    "version": "99",
    "by_rule": "1",
    "sampled": "1",
    "uploaded_by": "1",
    "uploaded_at": "2020-01-01",
    "decided_by": "1",
    "valid_to": "2099-01-01",
    "signed_user_id": "1",
    "created_at": "2020-01-01",
    "role": "office-admin",
    "is_disabled": "1",
    "operator_id": "1",
    "owner_since": "2020-01-01",
    "signed_on": "2020-01-01",
}


def test_a_proof_takes_nothing_from_fields_that_its_form_does_not_have(app: Flask):
    with app.app_context():
        scene, other = make_ready(), make_ready()
        db.session.execute(
            Evidence.__table__.delete().where(
                Evidence.venue_id == scene.venue, Evidence.requirement_key == KEY
            )
        )
        db.session.commit()
    today = clock_today(app)
    answer = post(
        browser(app, scene.champion),
        f"/venues/{scene.venue}/requirements/{KEY}",
        **{**SURPLUS, "venue_id": str(other.venue)},
        **{
            "csrf_token": form_token(app),
            "once": "c" * 32,
            "happened_on-day": str(today.day),
            "happened_on-month": str(today.month),
            "happened_on-year": str(today.year),
            "files": (io.BytesIO(PDF), "policy.pdf"),
        },
    )
    assert answer.status_code == 303
    with app.app_context():
        row = db.session.scalars(select(Evidence).where(Evidence.once == "c" * 32)).one()
        assert (row.venue_id, row.state, row.version) == (scene.venue, "waiting", 1)
        assert (row.uploaded_by, row.decided_by, row.by_rule) == (scene.champion, None, False)
        assert row.uploaded_at.date().year == clock.now().year
        assert row.valid_to is not None
        assert row.valid_to.year < 2099
        db.session.remove()


def test_a_profile_takes_nothing_from_fields_that_its_form_does_not_have(app: Flask):
    with app.app_context():
        scene = make_ready()
        kept = columns(scene.venue)
    answer = post(
        browser(app, scene.champion),
        f"/venues/{scene.venue}/profile/identity",
        csrf_token=form_token(app),
        name="The New Lantern",
        street="1 Quay Street",
        town="Testbury",
        postcode="AA3 1AB",
        kind="pub",
        nights="4",
        **{key: value for key, value in SURPLUS.items() if key not in ("role",)},
    )
    assert answer.status_code == 303
    with app.app_context():
        now = columns(scene.venue)
    ours = {"name", "name_key", "street", "town", "postcode", "search", "area", "kind"}
    differs = {name for name in kept if now[name] != kept[name]}
    assert "name" in differs
    assert differs <= ours | {"opening_nights", "expected_people"}


def test_a_new_name_brings_no_new_role(app: Flask):
    with app.app_context():
        scene = make_ready()
    before = digest(app)
    answer = post(
        browser(app, scene.champion),
        "/account/name",
        csrf_token=form_token(app),
        name="Pat Lantern",
        **SURPLUS,
    )
    assert answer.status_code == 303
    told = set(changed(before, digest(app)))
    assert told <= {"user", "trail_entry", "web_session"}


def columns(venue_id: int) -> dict[str, object]:
    """Every column of a venue."""
    row = db.session.get_one(Venue, venue_id)
    names = [column.name for column in Venue.__table__.columns]
    found = {name: getattr(row, name) for name in names}
    db.session.rollback()
    return found


def clock_today(app: Flask) -> date:
    """Today by the city's clock."""
    with app.app_context():
        return clock.today()
