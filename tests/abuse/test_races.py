"""Two people who do what only one may do, at the same moment, through the whole application.

F030 (two officers decide one proof), F032 (a certificate is issued while the venue leaves), and the
races that are no round of tests/accounts: fifty rounds each on both engines.
"""

from collections.abc import Callable
from secrets import token_hex
from threading import Barrier, Event, Thread

import pytest
from flask import Flask
from sqlalchemy import select

from charter.accounts import invitations, service
from charter.accounts.invitations import Wish
from charter.accounts.models import Invitation, User
from charter.certificates.models import Certificate
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.errors import Refused
from charter.core.trail import TrailEntry
from charter.core.trail import verify as verify_trail
from charter.proofs.models import Evidence, Signature
from charter.signup.models import SignUp, SignUpState
from charter.venues.models import Venue, VenueState
from tests.builders.accounts import last_link, locked, make_member, make_user
from tests.builders.certificates import make_ready, propose
from tests.builders.commitments import EDITION, load_charter, make_proof, make_scene
from tests.builders.venues import make_venue
from tests.visitor import Visitor

pytestmark = pytest.mark.slow

ROUNDS = 50
As = Callable[[int], Visitor]


def together(*acts: Callable[[], object]) -> list[object]:
    """Do these at the same moment, each in a thread; what each gave, in their order."""
    start = Barrier(len(acts))
    gave: list[object] = [None] * len(acts)

    def run(number: int, act: Callable[[], object]) -> None:
        start.wait(20)
        try:
            gave[number] = act()
        except Exception as fault:
            gave[number] = fault

    threads = [Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return gave


def sends(visitor: Visitor, url: str, **data: object) -> Callable[[], int]:
    """Sending a form: the status of its answer."""
    visitor.sent("/no-such", {})  # the browser has its session before the race begins
    return lambda: visitor.sent(url, dict(data)).status_code


def verbs_about(app: Flask, thing: str, thing_id: int) -> list[str]:
    """What the trail says was done to a thing."""
    with app.app_context():
        rows = select(TrailEntry.verb).where(
            TrailEntry.thing == thing, TrailEntry.thing_id == thing_id
        )
        return list(db.session.scalars(rows.order_by(TrailEntry.id)))


def whole_trail(app: Flask) -> list[str]:
    """Every fault of the trail."""
    with app.app_context():
        return [check.fault for check in verify_trail() if check.fault]


def test_two_officers_decide_a_proof_once(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_scene()
        ids = [
            make_proof(scene.venue, "staff.survey", by=scene.champion, state="waiting")
            for _ in range(ROUNDS)
        ]
        second = make_member(Role.OFFICER).id
    one, two = as_(scene.officer), as_(second)
    for number in ids:
        url = f"/office/venues/{scene.venue}/proofs/{number}"
        ended = together(
            sends(one, url, decision="accept"),
            sends(two, url, decision="return", reason="The date is missing."),
        )
        assert sorted(map(str, ended)) == ["200", "303"], number
        assert len(verbs_about(app, "evidence", number)) == 1
        with app.app_context():
            row = db.session.get_one(Evidence, number)
            accepted = ended[0] == 303
            assert row.state == ("accepted" if accepted else "returned")
            assert row.decided_by == (scene.officer if accepted else second)
            assert (row.reason is None) == accepted
    assert whole_trail(app) == []


def test_a_proof_is_either_decided_or_taken_back(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_scene()
        ids = [
            make_proof(scene.venue, "staff.survey", by=scene.champion, state="waiting")
            for _ in range(ROUNDS)
        ]
    officer, champion = as_(scene.officer), as_(scene.champion)
    for number in ids:
        ended = together(
            sends(officer, f"/office/venues/{scene.venue}/proofs/{number}", decision="accept"),
            sends(champion, f"/venues/{scene.venue}/proofs/{number}/withdraw"),
        )
        assert sorted(map(str, ended)) == ["200", "303"], number
        assert len(verbs_about(app, "evidence", number)) == 1
        with app.app_context():
            state = db.session.get_one(Evidence, number).state
            assert state == ("accepted" if ended[0] == 303 else "withdrawn")
    assert whole_trail(app) == []


def make_sign_up(venue_id: int) -> int:
    """A sign-up of this venue that waits for the office; its id."""
    row = SignUp(
        state=SignUpState.WAITING,
        venue_id=venue_id,
        signer_name="Robin Vale",
        signer_role="owner",
        signer_email=f"{token_hex(4)}@mail.example",
        edition_key=EDITION,
        confirmed_at=clock.now(),
    )
    db.session.add(row)
    db.session.commit()
    return row.id


def test_of_two_sign_ups_of_one_venue_one_is_approved(app: Flask, as_: As) -> None:
    with app.app_context():
        load_charter()
        officers = [make_member(Role.OFFICER).id for _ in range(2)]
    people = [as_(each) for each in officers]
    answer = {
        "verdict": "approve",
        "confirmed_through": "licence",
        "confirmed_how": "Rang the number in the register",
    }
    for number in range(ROUNDS // 2):
        with app.app_context():
            venue_id = make_venue(state=VenueState.WAITING).id
            pair = [make_sign_up(venue_id) for _ in range(2)]
        ended = together(
            *(
                sends(who, f"/office/sign-ups/{row}", **answer)
                for who, row in zip(people, pair, strict=True)
            )
        )
        assert sorted(map(str, ended)) == ["200", "303"], number
        with app.app_context():
            signed = select(Signature).where(Signature.venue_id == venue_id)
            assert len(db.session.scalars(signed).all()) == 1
    assert whole_trail(app) == []


def test_no_certificate_outlives_a_venue_that_leaves(app: Flask, as_: As) -> None:
    with app.app_context():
        boss = make_user().id
        admin = make_member(Role.OFFICE_ADMIN).id
    manager, second = as_(boss), as_(admin)
    for number in range(ROUNDS // 5):
        with app.app_context():
            scene = make_ready()
            make_member(Role.MANAGER, venue=scene.venue, user=db.session.get_one(User, boss))
            proposal = propose(scene)
        ended = together(
            sends(second, f"/office/venues/{scene.venue}/certificates/{proposal}/issue"),
            sends(
                manager,
                f"/venues/{scene.venue}/profile/leave",
                reason="We are closing down.",
                sure="y",
            ),
        )
        assert ended[1] == 303, number
        assert ended[0] in (200, 303), number
        with app.app_context():
            assert db.session.get_one(Venue, scene.venue).state == VenueState.LEFT
            rows = select(Certificate).where(Certificate.venue_id == scene.venue)
            assert [row for row in db.session.scalars(rows) if row.withdrawn_at is None] == []
    assert whole_trail(app) == []


def test_an_invitation_that_is_being_taken_back_is_not_accepted(app: Flask) -> None:
    """The one who takes it back is first at the venue's lock, and has not committed yet."""
    with app.app_context():
        place = make_venue().id
        boss = make_member(Role.MANAGER, venue=place).id
        guest = make_user()
        guest_id, email = guest.id, guest.email
        locked(CITY, place)
        row_id = invitations.invite(Wish(email, Role.STAFF, "Kit", place), by=None).id
        db.session.commit()
        token = last_link("invitation", email).rpartition("/")[2]
    is_taken_back, ended = Event(), []

    def accept() -> None:
        with app.app_context():
            is_taken_back.wait(10)
            lock(CITY)
            try:
                invitations.accept(token, by=db.session.get_one(User, guest_id))
                commit()
                ended.append("accepted")
            except Refused:
                ended.append("refused")
            db.session.remove()

    thread = Thread(target=accept)
    thread.start()
    with app.app_context():
        lock(place)
        by = service.person(boss)
        assert by is not None
        invitations.withdraw(row_id, by=by, venue_id=place)
        db.session.flush()
        is_taken_back.set()
        thread.join(1.0)  # it has looked at the link, and waits for the venue's lock
        commit()
    thread.join(30)
    assert ended == ["refused"]
    with app.app_context():
        assert service.roles_of(guest_id) == []
        assert db.session.get_one(Invitation, row_id).accepted_at is None


def test_an_invitation_is_either_accepted_or_taken_back(app: Flask, as_: As) -> None:
    with app.app_context():
        place = make_venue().id
        boss = make_member(Role.MANAGER, venue=place).id
    manager = as_(boss)
    for number in range(ROUNDS):
        with app.app_context():
            guest = make_user()
            guest_id, email = guest.id, guest.email
            locked(CITY, place)
            row_id = invitations.invite(Wish(email, Role.STAFF, "Kit", place), by=None).id
            db.session.commit()
            token = last_link("invitation", email).rpartition("/")[2]
        together(
            sends(as_(guest_id), f"/invitations/{token}/accept"),
            sends(manager, f"/venues/{place}/team/invitations/{row_id}/withdraw"),
        )
        with app.app_context():
            row = db.session.get_one(Invitation, row_id)
            assert (row.accepted_at is None) != (row.withdrawn_at is None), number
            assert len(service.roles_of(guest_id)) == (row.accepted_at is not None)
    assert whole_trail(app) == []
