"""The public sign-up, as a visitor without JavaScript walks it, and as the office decides it."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from charter.accounts import service as accounts
from charter.accounts.models import Invitation, User
from charter.config import ROOT
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.errors import Refused
from charter.core.mail import OutboxMail
from charter.core.trail import TrailEntry
from charter.editions import service as editions
from charter.proofs.models import Evidence, Signature
from charter.signup import service as signing
from charter.signup.models import SignUp, SignUpDraft, SignUpMessage, SignUpState
from charter.signup.service import Verdict
from charter.venues import service as venues
from charter.venues.models import Kind, VenueState
from tests.builders.accounts import make_member
from tests.builders.venues import make_venue
from tests.visitor import Visitor

YOU = {
    "name": "Robin Vale",
    "role": "owner",
    "email": "robin@mail.example",
    "phone": "020 7946 0000",
}
CHAMPION = {"who": "named", "name": "Kit Marsh", "email": "kit@mail.example"}


@pytest.fixture(autouse=True)
def _charter(app: Flask) -> None:
    """Every test knows an edition."""
    with app.app_context():
        lock(CITY)
        editions.load_seeds(ROOT / "seeds" / "charter")
        commit()


def known(app: Flask, **overrides: Any) -> int:
    with app.app_context():
        return make_venue(**{"name": "The Lantern", "postcode": "AA3 1AB"} | overrides).id


def fill_in(client: Visitor, venue_id: int, **more: Any) -> None:
    """From the search to the page that checks."""
    assert "step" not in client.get("/sign-up/").h1
    client.get("/sign-up/venue?q=lantern")
    went = client.post("/sign-up/venue?q=lantern", {"venue_id": venue_id})
    assert client.goes_to(went) == "/sign-up/you"
    assert client.goes_to(client.post("/sign-up/you", YOU | more)) == "/sign-up/charter"
    page = client.get("/sign-up/charter")
    assert "The Lantern" in page.text
    went = client.post("/sign-up/charter", {"may_sign": "y", "signs": "y"})
    assert client.goes_to(went) == "/sign-up/champion"
    assert client.goes_to(client.post("/sign-up/champion", CHAMPION)) == "/sign-up/check"


def mails(app: Flask) -> list[tuple[str, str, str]]:
    with app.app_context():
        rows = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id))
        return [(row.kind, row.recipient or "", row.body or "") for row in rows]


def link(app: Flask) -> str:
    found = re.findall(r"https://\S+?(/sign-up/\S+)", mails(app)[-1][2])
    assert len(found) == 1
    return str(found[0])


def sent(app: Flask, client: Visitor, venue_id: int | None = None, **more: Any) -> str:
    """A sign-up that was sent: the link that confirms it."""
    fill_in(client, venue_id or known(app), **more)
    assert client.goes_to(client.post("/sign-up/check")) == "/sign-up/sent"
    return link(app)


def waiting(app: Flask, client: Visitor, venue_id: int | None = None) -> int:
    """A sign-up that was confirmed: its id."""
    address = sent(app, client, venue_id)
    client.post(address)
    with app.app_context():
        return signing.waiting()[-1].sign_up.id


def decide(app: Flask, sign_up_id: int, verdict: Verdict, **more: str) -> None:
    with app.app_context():
        officer = db.session.scalar(select(User).where(User.email == "officer@mail.example"))
        if officer is None:
            officer = make_member(Role.OFFICER, email="officer@mail.example")
        officer_id = officer.id
        db.session.rollback()
        lock(CITY)
        by = accounts.person(officer_id)
        row = db.session.get(SignUp, sign_up_id)
        assert by is not None
        assert row is not None
        signing.decide(row, verdict, by=by, **more)
        commit()


CONFIRMED = {"confirmed_through": "licence", "confirmed_how": "Called the number in the register"}


def test_the_whole_way_from_search_to_working_towards(app: Flask, client: Visitor) -> None:
    venue_id = known(app)
    fill_in(client, venue_id)
    page = client.get("/sign-up/check")
    for words in ("The Lantern", "Robin Vale", "robin@mail.example", "Kit Marsh", "Owner"):
        assert words in page.text
    client.post("/sign-up/check")
    client.get("/sign-up/sent")
    kind, to, body = mails(app)[0]
    assert (kind, to) == ("sign-up-confirm", "robin@mail.example")
    assert "Lantern" not in body
    address = link(app)
    assert client.get(address).form().buttons == ["Confirm"]
    with app.app_context():
        assert signing.waiting() == []
    client.post(address)
    assert "confirmed" in client.get(address).h1
    with app.app_context():
        [item] = signing.waiting()
        assert (item.name, item.sign_up.state) == ("The Lantern", SignUpState.WAITING)
        assert item.venue is not None
        assert item.venue.state == VenueState.WAITING
        assert signing.sign_up(item.sign_up.id) == item
        sign_up_id = item.sign_up.id
    decide(app, sign_up_id, Verdict.APPROVE, **CONFIRMED)
    with app.app_context():
        venue = venues.venue(venue_id)
        assert venue is not None
        assert (venue.state, venue.edition_key) == (VenueState.WORKING, editions.current().key)
        assert venue.signed_on == clock.today()
        signature = db.session.scalars(select(Signature)).one()
        assert (signature.name, signature.signer_role) == ("Robin Vale", "owner")
        roles = {(i.email, i.role) for i in db.session.scalars(select(Invitation))}
        assert roles == {("robin@mail.example", "manager"), ("kit@mail.example", "champion")}
        proofs = {proof.requirement_key for proof in db.session.scalars(select(Evidence))}
        assert proofs == {r.key for r in editions.current().requirements if r.signer == "owner"}
        told = [e.verb for e in db.session.scalars(select(TrailEntry).order_by(TrailEntry.id))]
        assert {"sign-up.confirmed", "venue.signed-up", "sign-up.approved", "venue.signed"} <= set(
            told
        )
    assert {kind for kind, _, _ in mails(app)[1:]} == {"invitation"}


def test_a_new_venue_is_made_when_it_is_approved(app: Flask, client: Visitor) -> None:
    place = {
        "name": "The Moth",
        "street": "2 Hill",
        "town": "",
        "postcode": "ab99zz",
        "kind": Kind.BAR.value,
    }
    went = client.post("/sign-up/new-venue", place)
    assert client.goes_to(went) == "/sign-up/you"
    client.post("/sign-up/you", YOU)
    client.post("/sign-up/charter", {"may_sign": "y", "signs": "y"})
    client.post("/sign-up/champion", {"who": "me"})
    assert "The Moth, 2 Hill, AB9 9ZZ" in client.get("/sign-up/check").text
    client.post("/sign-up/check")
    client.post(link(app))
    with app.app_context():
        [item] = signing.waiting()
        assert (item.name, item.venue) == ("The Moth", None)
        assert venues.count() == 0
        sign_up_id = item.sign_up.id
    decide(app, sign_up_id, Verdict.APPROVE, **CONFIRMED)
    with app.app_context():
        [venue] = venues.search("moth")
        assert (venue.state, venue.kind, venue.area) == (VenueState.WORKING, Kind.BAR, "AB9")
        roles = {(i.email, i.role) for i in db.session.scalars(select(Invitation))}
        assert roles == {("robin@mail.example", "manager"), ("robin@mail.example", "champion")}


def test_answers_can_be_changed_and_none_is_lost(app: Flask, client: Visitor) -> None:
    fill_in(client, known(app))
    page = client.get("/sign-up/you")
    assert page.form().fields["name"] == "Robin Vale"
    went = client.post("/sign-up/you", YOU | {"name": "Robin Hill"})
    assert client.goes_to(went) == "/sign-up/check"
    text = client.get("/sign-up/check").text
    assert "Robin Hill" in text
    assert "Kit Marsh" in text
    assert client.get("/sign-up/charter").form().fields["signs"] == "y"
    assert client.get("/sign-up/champion").form().fields["who"] == "named"


def test_steps_cannot_be_jumped(client: Visitor) -> None:
    for step in ("you", "charter", "champion", "check"):
        assert client.goes_to(client.answer(f"/sign-up/{step}")) == "/sign-up/venue"


def test_what_is_missing_is_asked_for_beside_its_field(app: Flask, client: Visitor) -> None:
    venue_id = known(app)
    page = client.refused("/sign-up/venue?q=lantern", {})
    assert page.errors == ["Choose your venue, or add it"]
    client.post("/sign-up/venue?q=lantern", {"venue_id": venue_id})
    assert client.refused("/sign-up/you", {"email": "x"}).errors == [
        "Enter your name",
        "Choose what you are. If you are neither, ask the owner to sign",
        "Enter an e-mail address, like name@example.com",
    ]
    client.post("/sign-up/you", YOU)
    assert len(client.refused("/sign-up/charter", {"signs": "y"}).errors) == 1
    client.post("/sign-up/charter", {"may_sign": "y", "signs": "y"})
    assert client.refused("/sign-up/champion", {"who": "named", "name": "Kit"}).errors == [
        "Enter the champion's e-mail address"
    ]


def test_a_venue_that_signed_or_waits_says_so_kindly(app: Flask, client: Visitor) -> None:
    signed = known(app, state=VenueState.WORKING)
    waits = known(app, state=VenueState.WAITING, name="Lantern Cellar")
    page = client.get("/sign-up/venue?q=lantern")
    assert "Has already signed" in page.text
    assert (
        "already signed"
        in client.refused("/sign-up/venue?q=lantern", {"venue_id": signed}).errors[0]
    )
    assert (
        "looking at it" in client.refused("/sign-up/venue?q=lantern", {"venue_id": waits}).errors[0]
    )
    new = {"name": "Lantern", "street": "x", "postcode": "AA3 1AB", "kind": "pub"}
    assert "on our list already" in client.refused("/sign-up/new-venue", new).errors[0]


def test_a_venue_taken_meanwhile_is_refused_when_sending(app: Flask, client: Visitor) -> None:
    venue_id = known(app)
    fill_in(client, venue_id)
    with app.app_context():
        venue = venues.venue(venue_id)
        assert venue is not None
        venue.state = VenueState.WORKING
        db.session.commit()
    assert "already signed" in client.refused("/sign-up/check", {}).errors[0]
    assert mails(app) == []


def test_opening_the_link_changes_nothing_and_twice_is_once(app: Flask, client: Visitor) -> None:
    address = sent(app, client)
    other = Visitor(app)
    for _ in range(3):
        other.get(address)
    with app.app_context():
        assert db.session.scalars(select(SignUp)).one().state == SignUpState.UNCONFIRMED
    other.post(address)
    other.post(address)
    with app.app_context():
        verbs = list(db.session.scalars(select(TrailEntry.verb)))
        assert verbs.count("sign-up.confirmed") == verbs.count("venue.signed-up") == 1


def test_confirming_at_once_from_many_windows_counts_once(app: Flask, client: Visitor) -> None:
    address = sent(app, client)
    windows = [Visitor(app) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda w: w.post(address).status_code, windows))
    assert answers == [303] * 6
    with app.app_context():
        verbs = list(db.session.scalars(select(TrailEntry.verb)))
        assert verbs.count("sign-up.confirmed") == 1
        assert len(signing.waiting()) == 1


def test_links_that_nobody_sent_are_not_found(client: Visitor) -> None:
    for page in ("confirm", "answer"):
        assert client.get(f"/sign-up/{page}/{'x' * 43}", 404).h1 == "Page not found"


def test_a_link_older_than_seven_days_says_so(app: Flask, client: Visitor) -> None:
    address = sent(app, client)
    with clock.moved_to(clock.now() + timedelta(days=8)):
        assert client.get(address).h1 == "This link is too old"
        assert "no longer works" in _refusal(app, lambda: signing.confirm(address.split("/")[-1]))


def _refusal(app: Flask, verb: Any) -> str:
    with app.app_context():
        lock(CITY)
        with pytest.raises(Refused) as refused:
            verb()
        db.session.rollback()
    return refused.value.words


def test_asking_answering_and_declining(app: Flask, client: Visitor) -> None:
    venue_id = known(app)
    sign_up_id = waiting(app, client, venue_id)
    decide(app, sign_up_id, Verdict.ASK, words="Who holds the licence?")
    kind, to, body = mails(app)[-1]
    assert (kind, to) == ("sign-up-decision", "robin@mail.example")
    assert "licence?" not in body
    address = link(app)
    assert "Who holds the licence?" in client.get(address).text
    client.post(address, {"words": "My sister does"})
    assert "My sister does" in client.get(address).text
    with app.app_context():
        assert [m.from_office for m in signing.messages(sign_up_id)] == [True, False]
        assert signing.waiting()[0].sign_up.state == SignUpState.WAITING
    assert client.refused(address, {"words": "and more"}).errors == [
        "There is no open question. If something changed, write to us"
    ]
    decide(app, sign_up_id, Verdict.DECLINE, words="The holder must sign")
    page = client.get(link(app))
    assert page.h1 == "Your sign-up was declined"
    assert "The holder must sign" in page.text
    with app.app_context():
        venue = venues.venue(venue_id)
        assert venue is not None
        assert venue.state == VenueState.DECLINED
    client.get(address, 404)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("through", "how", "words"),
    [
        ("", "Called them", "Choose how"),
        ("phone", " ", "whom you spoke to"),
        ("phone", "Called 020 7946 0000 and asked", "typed into the form"),
        ("phone", "Rang (020) 7946-0000", "typed into the form"),
        ("phone", "Rang +44 20 7946 0000", "typed into the form"),
        ("email", "Wrote to ROBIN@mail.example", "typed into the form"),
    ],
)
def test_approving_needs_a_contact_that_was_not_typed_in(
    app: Flask, client: Visitor, through: str, how: str, words: str
) -> None:
    sign_up_id = waiting(app, client)
    with pytest.raises(Refused, match=words):
        decide(app, sign_up_id, Verdict.APPROVE, confirmed_through=through, confirmed_how=how)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Signature)) == 0


def test_a_sign_up_is_decided_once(app: Flask, client: Visitor) -> None:
    sign_up_id = waiting(app, client)
    decide(app, sign_up_id, Verdict.APPROVE, **CONFIRMED)
    with pytest.raises(Refused, match="decided already"):
        decide(app, sign_up_id, Verdict.DECLINE, words="late")


def test_two_sign_ups_of_one_venue_wait_together_and_one_is_approved(
    app: Flask, client: Visitor
) -> None:
    venue_id = known(app)
    first = sent(app, client, venue_id)
    other = Visitor(app)
    second = sent(app, other, venue_id, email="somebody@mail.example")
    client.post(first)
    other.post(second)
    with app.app_context():
        one, two = (item.sign_up.id for item in signing.waiting())
    decide(app, two, Verdict.DECLINE, words="Not the holder")
    with app.app_context():
        assert venues.count(VenueState.WAITING) == 1
    decide(app, one, Verdict.APPROVE, **CONFIRMED)
    with app.app_context():
        assert venues.count(VenueState.WORKING) == 1


def test_a_fourth_mail_in_an_hour_is_put_off_and_nothing_typed_is_lost(
    app: Flask, client: Visitor
) -> None:
    for number in range(3):
        sent(app, client, known(app, name=f"The Lantern {number}", postcode=f"AA{number} 1AB"))
    fill_in(client, known(app, name="The Lantern", postcode="AA9 1AB"))
    assert "three e-mails" in client.refused("/sign-up/check", {}).errors[0]
    with clock.moved_to(clock.now() + timedelta(hours=1, minutes=1)):
        client.post("/sign-up/check")
    assert len(mails(app)) == 4


def test_what_is_kept_no_longer_is_forgotten(app: Flask, client: Visitor) -> None:
    declined = waiting(app, client)
    decide(app, declined, Verdict.DECLINE, words="No")
    sent(app, Visitor(app), known(app, postcode="AA7 1AB"))
    half = Visitor(app)
    half.post("/sign-up/venue?q=lantern", {"venue_id": known(app, postcode="AA8 1AB")})

    def left() -> list[int]:
        tables = (SignUpDraft, SignUp, SignUpMessage)
        return [db.session.scalar(select(func.count()).select_from(t)) or 0 for t in tables]

    with app.app_context():
        assert left() == [1, 2, 1]
    for days, kept in ((2, [0, 2, 1]), (8, [0, 1, 1]), (190, [0, 0, 0])):
        with app.app_context(), clock.moved_to(clock.now() + timedelta(days=days)):
            lock(CITY)
            signing.forget()
            commit()
            assert left() == kept
    assert half.goes_to(half.answer("/sign-up/you")) == "/sign-up/venue"
