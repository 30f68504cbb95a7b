"""Facts are gathered from every table, and who left is found out each time."""

from datetime import date, timedelta

import pytest
from flask import Flask

from charter.accounts.models import Membership
from charter.commitments import records
from charter.commitments.facts import Proof
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.proofs.models import NotApplicable, QuietRecord
from charter.venues.models import Closure, Venue
from tests.builders.accounts import make_member
from tests.builders.commitments import Scene, make_proof, make_scene
from tests.builders.venues import make_venue
from tests.counting import counted

pytestmark = pytest.mark.sqlite_only
DAY = timedelta(days=1)


def leave(user_id: int, venue_id: int, last: date) -> None:
    """End somebody's role at a venue; `last` is the last day it counts."""
    row = db.session.query(Membership).filter_by(user_id=user_id, venue_id=venue_id).one()
    row.ends_on = last
    db.session.commit()


def proofs_of(scene: Scene, key: str) -> tuple[Proof, ...]:
    """What the rules are told about the proofs of a requirement."""
    db.session.rollback()
    return records.known([scene.venue])[scene.venue].facts.requirements[key].proofs


def test_a_proof_keeps_its_four_dates_and_all_the_rules_ask_for(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        day = clock.today() - 3 * DAY
        made = make_proof(scene.venue, "staff.policy", by=scene.champion, happened_on=day)
        (proof,) = proofs_of(scene, "staff.policy")
        assert (proof.id, proof.state, proof.kind) == (made, "accepted", "file")
        assert (proof.happened_on, proof.valid_from, proof.handed_in) == (day, day, clock.today())
        assert proof.ended_on is None


def test_a_champion_who_leaves_ends_what_they_signed(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        make_proof(scene.venue, "champion.named", by=scene.champion, signed_user_id=scene.champion)
        assert proofs_of(scene, "champion.named")[0].ended_on is None
        last = clock.today() - DAY
        leave(scene.champion, scene.venue, last)
        assert proofs_of(scene, "champion.named")[0].ended_on == last
        assert not records.known([scene.venue])[scene.venue].has_champion


def test_a_second_champion_does_not_keep_the_first_ones_signature(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        make_member(Role.CHAMPION, venue=scene.venue)
        make_proof(scene.venue, "champion.named", by=scene.champion, signed_user_id=scene.champion)
        make_proof(scene.venue, "champion.trained", by=scene.champion)
        leave(scene.champion, scene.venue, clock.today() - DAY)
        assert proofs_of(scene, "champion.named")[0].ended_on == clock.today() - DAY
        assert records.known([scene.venue])[scene.venue].has_champion


def test_what_nobody_signed_ends_with_the_last_champion_of_that_day(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        other = make_member(Role.CHAMPION, venue=scene.venue, starts_on=date(2020, 1, 1)).id
        make_proof(scene.venue, "champion.trained", by=scene.officer)
        leave(scene.champion, scene.venue, clock.today() - DAY)
        assert proofs_of(scene, "champion.trained")[0].ended_on is None
        leave(other, scene.venue, clock.today())
        assert proofs_of(scene, "champion.trained")[0].ended_on == clock.today()


def test_a_proof_recorded_before_the_champion_had_an_account_is_theirs(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        leave(scene.champion, scene.venue, date(2020, 1, 1))
        db.session.query(Membership).filter_by(user_id=scene.champion).update(
            {"starts_on": date(2019, 1, 1)}
        )
        db.session.commit()
        make_proof(scene.venue, "champion.trained", by=scene.officer)
        assert proofs_of(scene, "champion.trained")[0].ended_on is None
        later = clock.today() + 2 * DAY
        make_member(Role.CHAMPION, venue=scene.venue, starts_on=clock.today() + DAY, ends_on=later)
        assert proofs_of(scene, "champion.trained")[0].ended_on == later


def test_a_role_taken_up_again_without_a_gap_ends_nothing(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        make_proof(scene.venue, "champion.named", by=scene.champion, signed_user_id=scene.champion)
        leave(scene.champion, scene.venue, clock.today())
        db.session.add(
            Membership(
                user_id=scene.champion,
                role=Role.CHAMPION,
                venue_id=scene.venue,
                starts_on=clock.today() + DAY,
            )
        )
        db.session.commit()
        assert proofs_of(scene, "champion.named")[0].ended_on is None


def test_a_stand_in_is_no_champion_and_ends_only_their_own(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        helper = make_member(Role.CHAMPION, venue=scene.venue, is_stand_in=True).id
        make_proof(scene.venue, "champion.stand-in", by=scene.champion, signed_user_id=helper)
        make_proof(scene.venue, "champion.named", by=scene.champion, signed_user_id=scene.champion)
        leave(helper, scene.venue, clock.today() - DAY)
        assert proofs_of(scene, "champion.named")[0].ended_on is None
        leave(scene.champion, scene.venue, clock.today() - DAY)
        assert not records.known([scene.venue])[scene.venue].has_champion


def test_a_role_given_and_taken_on_one_day_never_was(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        leave(scene.champion, scene.venue, clock.today() - timedelta(days=500))
        make_proof(scene.venue, "champion.trained", by=scene.officer)
        assert proofs_of(scene, "champion.trained")[0].ended_on is None
        assert not records.known([scene.venue])[scene.venue].has_champion


def test_a_new_owner_ends_what_the_old_one_signed(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        make_proof(
            scene.venue,
            "champion.owner-signed",
            by=scene.champion,
            happened_on=clock.today() - 10 * DAY,
        )
        make_proof(scene.venue, "champion.owner-signed", by=scene.champion)
        since = clock.today() - 5 * DAY
        db.session.get_one(Venue, scene.venue).owner_since = since
        db.session.commit()
        old, new = proofs_of(scene, "champion.owner-signed")
        assert (old.ended_on, new.ended_on) == (since - DAY, None)


def test_wishes_quiet_weeks_and_closures_are_gathered(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        asked = {"venue_id": scene.venue, "reason": "No bar", "asked_by": scene.champion}
        decided = {"decided_at": clock.now(), "decided_by": scene.officer}
        db.session.add_all(
            [
                NotApplicable(
                    requirement_key="public.quiet-place", agreed=True, **asked, **decided
                ),
                NotApplicable(requirement_key="staff.way-home", agreed=False, **asked, **decided),
                NotApplicable(requirement_key="staff.survey", **asked),
                QuietRecord(
                    venue_id=scene.venue,
                    requirement_key="record.on-time",
                    nil_signed_on=clock.today(),
                    nil_signed_by=scene.champion,
                ),
                Closure(venue_id=scene.venue, from_on=clock.today(), reason="Refurbishment"),
            ]
        )
        db.session.commit()
        facts = records.known([scene.venue])[scene.venue].facts
        assert set(facts.requirements) == {"public.quiet-place", "staff.survey", "record.on-time"}
        assert facts.requirements["public.quiet-place"].not_applicable[0].agreed_on == clock.today()
        assert facts.requirements["staff.survey"].not_applicable[0].agreed_on is None
        assert facts.requirements["record.on-time"].quiet[0].recorded_on is None
        assert facts.closures[0].until is None


def test_a_venue_that_signed_nothing_is_not_known(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        stranger = make_venue().id
        assert set(records.known([scene.venue, stranger])) == {scene.venue}


def test_many_venues_with_many_proofs_cost_what_one_costs(app: Flask) -> None:
    with app.app_context():
        one = make_scene()
        many = [make_scene() for _ in range(5)]
        for scene in many:
            for key in ("champion.named", "staff.policy", "champion.trained"):
                make_proof(scene.venue, key, by=scene.champion)
        db.session.rollback()
        records.known([one.venue])
        db.session.rollback()
        with counted(app) as alone:
            records.known([one.venue])
        db.session.rollback()
        with counted(app) as together:
            records.known([scene.venue for scene in many])
        assert len(alone) == len(together) <= 7
