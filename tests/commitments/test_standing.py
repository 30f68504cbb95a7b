"""What is stored is what the rules say, after every kind of write, and is read as of today."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from charter import config
from charter.accounts import service as accounts
from charter.accounts.models import Membership, User
from charter.cli import run_nightly
from charter.commitments import standing
from charter.commitments.models import CommitmentStanding, VenueStanding
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock, touch
from charter.proofs import decisions, exceptions, service, signatures, threads
from charter.proofs.models import NotApplicable
from charter.venues import places
from charter.venues import service as venues
from tests.builders.accounts import make_member
from tests.builders.commitments import (
    EDITION,
    Scene,
    hand_in,
    load_charter,
    make_proof,
    make_scene,
    prove_all,
    restate,
    under_lock,
)
from tests.builders.venues import make_venue
from tests.counting import counted

DAY = timedelta(days=1)
sqlite_only = pytest.mark.sqlite_only


@pytest.fixture
def settings(settings: config.Settings) -> config.Settings:
    """A city that draws no lots, so that a renewal is a renewal."""
    return replace(settings, city=replace(settings.city, review_share=0.0))


def stored(venue: int) -> tuple[Any, ...]:
    """What the tables say of a venue, but for what is only counted and when it was done."""
    db.session.rollback()
    row = db.session.get_one(VenueStanding, venue, populate_existing=True)
    rows = db.session.scalars(
        select(CommitmentStanding)
        .where(CommitmentStanding.venue_id == venue)
        .order_by(CommitmentStanding.number)
        .execution_options(populate_existing=True)
    )
    whole = (row.essentials_met, row.commitments_met, row.all_met, row.any_lapsed)
    whole += (row.holds_until, row.lapses_key, row.waiting, row.returned, row.edition_key)
    return (
        *whole,
        *(
            (each.commitment_key, each.number, each.state, each.essentials_met, each.holds_until)
            for each in rows
        ),
    )


def judged(venue: int) -> tuple[Any, ...]:
    """The same from the rules, judged anew."""
    db.session.rollback()
    found = standing.assessed(venue)
    assert found is not None
    waiting = sum(
        each.proof_waits or each.asked_not_applicable or each.nil_signed
        for each in found.requirements
    )
    whole = (found.essentials_met, found.commitments_met, found.all_met, found.any_lapsed)
    whole += (found.holds_until, found.lapses_key, waiting, found.returned, found.edition)
    return (
        *whole,
        *(
            (
                each.commitment.key,
                each.commitment.number,
                each.state.value,
                each.essentials_met,
                each.holds_until,
            )
            for each in found.commitments
        ),
    )


def user(user_id: int) -> User:
    """A person who acts, with today's roles."""
    found = accounts.person(user_id)
    assert found is not None
    return found


def membership(user_id: int) -> int:
    """The id of somebody's only role."""
    return db.session.scalars(select(Membership.id).where(Membership.user_id == user_id)).one()


def _decide(verb: Callable[..., object], *words: str) -> Callable[[Scene], object]:
    def act(scene: Scene) -> object:
        newest = service.newest(scene.venue, "staff.policy")
        assert newest is not None
        return verb(scene.venue, newest.id, *words, by=scene.officer)

    return act


def _answer_wish(scene: Scene) -> object:
    asked = db.session.scalars(select(NotApplicable.id)).one()
    return exceptions.decide_not_applicable(scene.venue, asked, True, "", by=scene.officer)


def _end_champion(scene: Scene) -> object:
    return accounts.end_role(
        membership(scene.champion), by=user(scene.officer), venue_id=scene.venue
    )


WRITES: dict[str, Callable[[Scene], object]] = {
    "a question": lambda s: threads.ask(s.venue, "staff.policy", "How?", by=s.champion),
    "an answer": lambda s: threads.answer(s.venue, "staff.policy", "So.", by=s.officer),
    "a return": _decide(decisions.return_, "No date"),
    "a withdrawal": lambda s: service.withdraw(
        s.venue,
        service.newest(s.venue, "staff.survey").id,
        by=s.champion,  # type: ignore[union-attr]  # the scene has one
    ),
    "an acceptance": lambda s: decisions.accept(
        s.venue,
        service.newest(s.venue, "champion.named").id,
        by=s.officer,  # type: ignore[union-attr]  # the scene has one
    ),
    "a pull back": lambda s: decisions.pull_back(
        s.venue,
        service.newest(s.venue, "public.no-name-needed").id,
        "Old",
        by=s.officer,  # type: ignore[union-attr]  # the scene has one
    ),
    "something changed": lambda s: service.end_early(
        s.venue, "staff.policy-given", "new-policy", by=s.champion
    ),
    "a wish": lambda s: exceptions.ask_not_applicable(
        s.venue, "public.codes-checked", "No posters", by=s.champion
    ),
    "its answer": _answer_wish,
    "applies after all": lambda s: exceptions.apply_after_all(
        s.venue, "public.codes-checked", by=s.champion
    ),
    "quiet weeks": lambda s: exceptions.sign_nil(s.venue, "record.on-time", by=s.champion),
    "their answer": lambda s: exceptions.record_quiet(
        s.venue, "record.on-time", "Closed", by=s.officer
    ),
    "a closure": lambda s: places.close(
        s.venue, clock.today(), clock.today() + 40 * DAY, "Works", by=s.champion
    ),
    "a vouched proof": lambda s: signatures.vouch(
        s.venue,
        EDITION,
        service.asked(s.venue, "champion.owner-signed").requirement,  # type: ignore[union-attr]  # the edition has it
        clock.today() - 20 * DAY,
        by=user(s.officer),
        signed_name="Pat",
    ),
    "a new owner": lambda s: venues.change_owner(s.venue, clock.today(), by=s.officer),
    "a champion leaves": _end_champion,
    "the venue leaves": lambda s: venues.leave(s.venue, "Sold", by=s.champion),
}


def test_every_kind_of_write_leaves_stored_what_the_rules_say(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        for key in ("champion.named", "staff.policy", "staff.survey"):
            hand_in(scene.venue, key, by=scene.champion)
        for key in ("public.no-name-needed", "staff.policy-given"):
            make_proof(scene.venue, key, by=scene.champion, happened_on=clock.today() - 30 * DAY)
        restate(scene.venue)
        seen = set()
        for name, write in WRITES.items():
            under_lock(scene.venue, lambda write=write: write(scene))
            assert stored(scene.venue) == judged(scene.venue), name
            seen.add(stored(scene.venue))
        renewed = hand_in(make_scene().venue, "staff.policy", by=scene.champion)
        assert stored(renewed.venue_id) == judged(renewed.venue_id)
        assert len(seen) >= 10


@sqlite_only
def test_all_essentials_make_all_met_and_the_first_to_end_is_named(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        prove_all(scene)
        row = standing.of_venue(scene.venue)
        assert row is not None
        assert (row.all_met, row.commitments_met, row.commitments) == (True, 7, 7)
        assert row.lapses_key == "message.online"
        assert row.has_champion


@sqlite_only
def test_a_lapse_is_read_without_the_nightly_run(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        prove_all(scene)
        row = standing.of_venue(scene.venue)
        assert row is not None
        last = row.holds_until
        assert last is not None
        assert standing.effective(row, last) == (True, False)
        assert standing.effective(row, last + DAY) == (False, True)
        commitments = standing.of_venues([scene.venue])[scene.venue]
        read = {each.commitment_key: standing.state_today(each, last + DAY) for each in commitments}
        assert read["message"] == "lapsed"
        assert read["champion"] == "met"


def test_the_query_reads_as_the_reader_does(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        prove_all(scene)
        last = standing.of_venue(scene.venue).holds_until  # type: ignore[union-attr]  # it has one
        assert last is not None
        for today in (last, last + DAY, last + 400 * DAY):
            rows = db.session.execute(
                select(CommitmentStanding, standing.sql_state(today)).where(
                    CommitmentStanding.venue_id == scene.venue
                )
            ).all()
            assert [said for _, said in rows] == [standing.state_today(r, today) for r, _ in rows]
            row, met, lapsed = db.session.execute(
                select(VenueStanding, standing.sql_all_met(today), standing.sql_any_lapsed(today))
            ).one()
            assert (bool(met), bool(lapsed)) == standing.effective(row, today)


@sqlite_only
def test_the_nightly_run_agrees_with_what_was_read_before_it(app: Flask) -> None:
    with app.app_context():
        scene, other = make_scene(), make_scene()
        prove_all(scene)
        prove_all(other)
        last = standing.of_venue(scene.venue).holds_until  # type: ignore[union-attr]  # it has one
        assert last is not None
        with clock.moved_to(_noon(last + DAY)):
            row = standing.of_venue(scene.venue)
            assert row is not None
            before = standing.effective(row, clock.today())
            db.session.rollback()
            assert "2 venues" in run_nightly()
            db.session.rollback()
            row = standing.of_venue(scene.venue)
            assert row is not None
            assert standing.effective(row, clock.today()) == before == (False, True)
            assert row.any_lapsed
            assert stored(scene.venue) == judged(scene.venue)


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@sqlite_only
def test_many_venues_cost_what_one_costs(app: Flask) -> None:
    with app.app_context():
        scenes = [make_scene() for _ in range(8)]
        for scene in scenes:
            for key in ("staff.policy", "champion.named"):
                make_proof(scene.venue, key, by=scene.champion)
        costs = []
        for batch in (scenes[:1], scenes[1:3], scenes[3:]):
            db.session.rollback()
            ids = [scene.venue for scene in batch]
            lock(CITY, *ids)
            with counted(app) as statements:
                standing.restand(ids)
            costs.append(len(statements))
            commit()
        assert len(set(costs)) == 1, costs
        assert costs[0] <= 14


@sqlite_only
def test_a_venue_without_an_edition_has_no_standing(app: Flask) -> None:
    with app.app_context():
        load_charter()
        venue = make_venue().id
        db.session.rollback()
        lock(CITY, venue)
        touch(venue)
        commit()
        assert standing.of_venue(venue) is None
        assert standing.assessed(venue) is None


@sqlite_only
def test_a_champion_who_leaves_shows_at_once(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        make_member(Role.MANAGER, venue=scene.venue)
        restate(scene.venue)
        under_lock(scene.venue, lambda: _end_champion(scene))
        db.session.rollback()
        row = standing.of_venue(scene.venue)
        assert row is not None
        assert not row.has_champion
