"""Certificates on real databases: who may propose and issue, what is frozen, what a race does."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import select

from charter.certificates import reading, register, rules, service, withdrawing
from charter.certificates.models import Certificate, CertificateProposal
from charter.certificates.rules import State
from charter.commitments.models import VenueStanding
from charter.core import clock, trail
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.errors import Refused
from charter.venues import places
from charter.venues import service as venues
from charter.venues.models import Venue, VenueState
from tests.builders.accounts import make_member
from tests.builders.certificates import holds_until, in_city, issue, make_ready, noon, propose
from tests.builders.commitments import Scene, make_scene, restate
from tests.builders.venues import make_venue

ROUNDS = 50
ONE_DAY = timedelta(days=1)


def of(scene: Scene) -> reading.Shown:
    db.session.rollback()
    return reading.of_venue(scene.venue)[0]


def at_once(app: Flask, *verbs: Callable[[], object]) -> list[str]:
    """Run verbs at one moment, each in its own thread and transaction; what came of each."""
    gate = Barrier(len(verbs))
    outcomes = [""] * len(verbs)

    def run(number: int, verb: Callable[[], object]) -> None:
        with app.app_context():
            gate.wait()
            try:
                verb()
                commit()
                outcomes[number] = "done"
            except Refused as refused:
                db.session.rollback()
                outcomes[number] = refused.words
            finally:
                db.session.remove()

    threads = [Thread(target=run, args=each) for each in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def take_again(venue_id: int) -> None:
    """What the nightly work does for one venue."""
    db.session.rollback()
    restate(venue_id)


# Who may have one


def test_a_venue_that_has_not_shown_everything_is_refused_with_the_reason(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        with pytest.raises(Refused, match="Not every essential requirement holds"):
            propose(scene)
        known = make_venue().id
        db.session.rollback()
        reasons = service.reasons_against(db.session.get_one(Venue, known))
    assert any("has not approved" in reason for reason in reasons)
    assert any("has not signed" in reason for reason in reasons)


def test_what_ran_out_meanwhile_is_refused_though_the_stored_standing_says_met(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        end = holds_until(scene.venue)
        with clock.moved_to(noon(end)):
            proposal = propose(scene)
        admin = make_member(Role.OFFICE_ADMIN).id
        with clock.moved_to(noon(end + ONE_DAY)):
            assert db.session.get_one(VenueStanding, scene.venue).all_met
            with pytest.raises(Refused, match="Not every essential requirement holds"):
                in_city(
                    scene.venue,
                    lambda: service.issue(scene.venue, proposal, by=admin, web_session=None),
                )
        db.session.rollback()
        assert db.session.scalars(select(Certificate)).all() == []


# Two people, two sessions, three days


def test_it_takes_two_people_at_two_sign_ins_within_72_hours(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        admin, other = (make_member(Role.OFFICE_ADMIN).id for _ in "ab")
        began = clock.now()
        proposal = propose(scene, by=admin)

        def try_to(by: int) -> None:
            in_city(
                scene.venue, lambda: service.issue(scene.venue, proposal, by=by, web_session=None)
            )

        with pytest.raises(Refused, match="Somebody else has to decide"):
            try_to(admin)
        with clock.moved_to(began + timedelta(hours=72, minutes=1)):
            with pytest.raises(Refused, match="no longer open"):
                try_to(other)
            db.session.rollback()
            again = propose(scene)
            assert again != proposal
        rows = db.session.scalars(select(CertificateProposal).order_by(CertificateProposal.id))
        assert [row.outcome for row in rows] == ["expired", None]
        db.session.rollback()


def test_a_second_proposal_waits_for_the_first_and_a_dropped_one_is_gone(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        first = propose(scene)
        with pytest.raises(Refused, match="already waiting"):
            propose(scene)
        in_city(scene.venue, lambda: service.drop(scene.venue, first, by=scene.officer))
        with pytest.raises(Refused, match="no longer open"):
            in_city(scene.venue, lambda: service.drop(scene.venue, first, by=scene.officer))
        assert propose(scene) != first


def test_a_proposal_of_another_venue_is_not_to_be_had(app: Flask) -> None:
    with app.app_context():
        here, there = make_ready(), make_ready()
        proposal = propose(there)
        admin = make_member(Role.OFFICE_ADMIN).id
        with pytest.raises(Refused, match="no longer open"):
            in_city(
                here.venue, lambda: service.issue(here.venue, proposal, by=admin, web_session=None)
            )
        certificate = issue(here)
        db.session.rollback()
        assert reading.one(there.venue, certificate.id) is None


# What is frozen


def test_facts_and_bytes_are_frozen_at_issue(app: Flask) -> None:
    with app.app_context():
        scene = make_ready(name="The Lantern")
        row = issue(scene)
        shown = of(scene)
        assert rules.is_serial(row.serial)
        assert hashlib.sha256(row.pdf).digest() == row.sha256
        assert row.valid_until == clock.months_after(row.valid_from, 12)
        assert shown.code.replace("-", "") == row.code
        assert len(row.facts["commitments"]) == 7
        in_city(scene.venue, lambda: rename(scene.venue, "Another name"))
        after = of(scene)
        assert after.venue.name == "Another name"
        assert after.certificate.facts["venue_name"] == "The Lantern"
        found = reading.by_bytes(after.certificate.pdf)
        assert found is not None
        assert found.certificate.id == row.id
        assert reading.by_bytes(after.certificate.pdf + b"\n") is None


def rename(venue_id: int, name: str) -> None:
    db.session.get_one(Venue, venue_id).name = name


def test_serials_of_a_year_have_no_gap_though_issues_are_refused(app: Flask) -> None:
    with app.app_context():
        scenes = [make_ready() for _ in range(3)]
        serials = [issue(scenes[0]).serial]
        bare = make_scene()
        with pytest.raises(Refused):
            propose(bare)
        serials += [issue(scene).serial for scene in scenes[1:]]
    numbers = [int(each.split("-")[1]) for each in serials]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]


# It follows its facts


def test_it_is_suspended_and_restored_on_record_and_withdrawn_when_the_venue_leaves(
    app: Flask,
) -> None:
    with app.app_context():
        scene = make_ready()
        issue(scene)
        end = holds_until(scene.venue)
        over = end + timedelta(days=15)
        with clock.moved_to(noon(end + timedelta(days=3))):
            take_again(scene.venue)
            shown = of(scene)
            assert shown.verdict.in_grace
            assert shown.certificate.unmet_since == end + ONE_DAY
            assert shown.certificate.suspended_on is None
            assert register.state_of(scene.venue) == "certified"
        with clock.moved_to(noon(over + timedelta(days=3))):
            take_again(scene.venue)
            shown = of(scene)
            assert shown.verdict.state is State.SUSPENDED
            assert shown.certificate.suspended_on == over
            assert register.state_of(scene.venue) == "suspended"
        take_again(scene.venue)
        assert of(scene).certificate.suspended_on is None
        turns = [(row.what, row.on) for row in reading.history(of(scene).certificate.id)]
        assert turns == [
            ("grace", end + ONE_DAY), ("suspended", over), ("restored", clock.today()),
        ]  # fmt: skip
        in_city(scene.venue, lambda: venues.leave(scene.venue, "Closing down", by=scene.officer))
        assert of(scene).verdict.state is State.WITHDRAWN
        verbs = [entry.verb for entry in trail.history(scene.venue)][::-1]
        told = [verb for verb in verbs if verb.startswith("certificate.")]
        assert told == [
            "certificate.proposed", "certificate.issued", "certificate.grace",
            "certificate.suspended", "certificate.restored", "certificate.withdrawn",
        ]  # fmt: skip
        assert all(check.fault is None for check in trail.verify())
        db.session.rollback()


def test_a_new_owner_suspends_until_they_sign(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        issue(scene)
        with clock.moved_to(clock.now() + timedelta(days=2)):
            in_city(
                scene.venue,
                lambda: venues.change_owner(scene.venue, clock.today(), by=scene.officer),
            )
            shown = of(scene)
            assert shown.verdict.state is State.SUSPENDED
            assert "new owner" in shown.verdict.reason


def test_a_closed_venue_keeps_its_certificate_and_says_so(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        issue(scene)
        today = clock.today()
        in_city(
            scene.venue,
            lambda: places.close(scene.venue, today, None, "New floor", by=scene.officer),
        )
        assert "closed for now" in of(scene).verdict.reason
        assert register.state_of(scene.venue) == "closed for now"


def test_the_list_and_the_certificate_say_the_same_on_every_day(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        issue(scene)
        start, end = clock.today(), holds_until(scene.venue)
        grace = [end + timedelta(days=more) for more in (1, 14, 15)]
        for day in (start, end - ONE_DAY, end, *grace, start + timedelta(days=400)):
            with clock.moved_to(noon(day)):
                counts = of(scene).verdict.state.counts
                assert (register.state_of(scene.venue) == "certified") == counts, day
                db.session.rollback()


# Races


@pytest.mark.slow
def test_two_administrators_at_once_issue_one_certificate(app: Flask) -> None:
    """F031: 50 rounds; one of two wins each time, and no number is given twice or lost."""
    with app.app_context():
        scenes = [make_ready(), make_ready()]
        admins = [make_member(Role.OFFICE_ADMIN).id for _ in "ab"]
    for number in range(ROUNDS):
        scene = scenes[number % 2]
        with app.app_context():
            proposal = propose(scene)
            db.session.remove()

        def verb(by: int, scene: Scene = scene, proposal: int = proposal) -> None:
            lock(CITY, scene.venue)
            service.issue(scene.venue, proposal, by=by, web_session=None)

        outcomes = at_once(app, *(lambda by=by: verb(by) for by in admins))
        assert sorted(outcomes) == ["This proposal is no longer open.", "done"], number
    with app.app_context():
        rows = db.session.scalars(select(Certificate).order_by(Certificate.id)).all()
        numbers = [int(row.serial.split("-")[1]) for row in rows]
        assert numbers == list(range(numbers[0], numbers[0] + ROUNDS))
        current = [row.venue_id for row in rows if row.replaced_by_id is None]
        assert sorted(current) == sorted(scene.venue for scene in scenes)
        assert all(row.replaced_by_id != row.id for row in rows)
        assert all(check.fault is None for check in trail.verify())


@pytest.mark.slow
def test_issuing_while_withdrawing_leaves_one_truth(app: Flask) -> None:
    """F032: whichever comes first, what is withdrawn never counts again, nor does what was
    proposed in its place before anybody knew.
    """
    with app.app_context():
        scene = make_ready()
        admin = make_member(Role.OFFICE_ADMIN).id
    for number in range(ROUNDS):
        with app.app_context():
            old = issue(scene).id
            renewal = propose(scene)
            taking = in_city(scene.venue, lambda old=old: propose_withdrawal(scene, old)).id
            db.session.remove()

        def renew(renewal: int = renewal) -> None:
            lock(CITY, scene.venue)
            service.issue(scene.venue, renewal, by=admin, web_session=None)

        def withdraw(taking: int = taking) -> None:
            lock(scene.venue)
            withdrawing.withdraw(scene.venue, taking, by=admin, web_session=None)

        renewed, withdrawn = at_once(app, renew, withdraw)
        assert withdrawn == "done", number
        assert renewed != "done", number
        with app.app_context():
            assert {each.verdict.state for each in reading.of_venue(scene.venue)} == {
                State.WITHDRAWN
            }
            db.session.remove()


def propose_withdrawal(scene: Scene, certificate_id: int) -> CertificateProposal:
    return withdrawing.propose(
        scene.venue, certificate_id, by=scene.officer, web_session=None, because="By mistake."
    )


@pytest.mark.slow
def test_proposing_to_withdraw_while_a_renewal_is_issued_is_never_forgotten(app: Flask) -> None:
    """F032: either the renewal came first and the old one cannot be withdrawn, or it waits."""
    with app.app_context():
        scene = make_ready()
        admin = make_member(Role.OFFICE_ADMIN).id
        old = issue(scene).id
    for number in range(ROUNDS):
        with app.app_context():
            renewal = propose(scene)
            db.session.remove()

        def renew(renewal: int = renewal) -> None:
            lock(CITY, scene.venue)
            service.issue(scene.venue, renewal, by=admin, web_session=None)

        def take(old: int = old) -> None:
            lock(scene.venue)
            propose_withdrawal(scene, old)

        outcomes = at_once(app, renew, take)
        assert sorted(each == "done" for each in outcomes) == [False, True], number
        with app.app_context():
            db.session.rollback()
            waits = service.open_proposal(scene.venue, service.WITHDRAW)
            assert (waits is not None) == (outcomes[1] == "done"), number
            db.session.rollback()
            for kind in (service.WITHDRAW, service.ISSUE):
                lock(CITY, scene.venue)
                left = service.open_proposal(scene.venue, kind)
                if left is not None:
                    service.drop(scene.venue, left.id, by=admin)
                commit()
            old = reading.of_venues([scene.venue])[scene.venue].certificate.id
            db.session.remove()


def test_withdrawing_takes_two_people_and_a_frozen_reason(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        row = issue(scene)
        one, other = (make_member(Role.OFFICE_ADMIN).id for _ in "ab")

        def ask(by: int, because: str = "A proof was not true.") -> CertificateProposal:
            return withdrawing.propose(
                scene.venue, row.id, by=by, web_session=None, because=because
            )

        def decide(number: int, by: int) -> None:
            withdrawing.withdraw(scene.venue, number, by=by, web_session=None)

        taking = in_city(scene.venue, lambda: ask(one)).id
        with pytest.raises(Refused, match="Somebody has proposed"):
            in_city(scene.venue, lambda: ask(other, "Another reason"))
        with pytest.raises(Refused, match="Somebody else has to decide"):
            in_city(scene.venue, lambda: decide(taking, one))
        with pytest.raises(Refused, match="no longer open"):
            in_city(scene.venue, lambda: decide(taking + 1, other))
        assert of(scene).verdict.state is State.VALID
        with pytest.raises(Refused, match="Decide on that first"):
            propose(scene)
        late = clock.now() + timedelta(hours=73)
        with clock.moved_to(late), pytest.raises(Refused, match="no longer open"):
            in_city(scene.venue, lambda: decide(taking, other))
        in_city(scene.venue, lambda: decide(taking, other))
        shown = of(scene)
        assert (shown.verdict.state, shown.verdict.reason) == (
            State.WITHDRAWN, "A proof was not true.",
        )  # fmt: skip
        assert shown.certificate.withdrawn_by == other
        with pytest.raises(Refused, match="no longer there"):
            in_city(scene.venue, lambda: ask(one))
        db.session.rollback()


def test_a_venue_that_left_has_no_certificate_to_propose(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        in_city(scene.venue, lambda: venues.leave(scene.venue, "Closing down", by=scene.officer))
        assert db.session.get_one(Venue, scene.venue).state == VenueState.LEFT
        with pytest.raises(Refused, match="has not approved"):
            propose(scene)
