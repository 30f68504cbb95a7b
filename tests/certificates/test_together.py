"""The office's lists of certificates agree with each one, and renewals go many at a time."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from charter.certificates import reading, register, service, together
from charter.certificates.models import Certificate
from charter.certificates.rules import State
from charter.core import clock, trail
from charter.core.access import Role
from charter.core.db import commit, db
from charter.venues.models import Venue, VenueState
from tests.builders.accounts import make_member
from tests.builders.certificates import in_city, issue, make_ready, noon, propose
from tests.builders.commitments import make_scene
from tests.builders.office import make_city
from tests.counting import counted
from tests.visitor import Visitor

DAY = timedelta(days=1)
As = Callable[..., Visitor]


def everything(which: str) -> dict[int, together.Row]:
    """Every row of a list, over all its pages."""
    found: dict[int, together.Row] = {}
    after = ""
    while True:
        page = together.page(which, after=after)
        assert not found.keys() & {row.venue.id for row in page.rows}
        found |= {row.venue.id: row for row in page.rows}
        if not page.after:
            return found
        after = page.after


def test_each_list_holds_exactly_those_whose_own_page_says_so(app: Flask) -> None:
    """300 venues in every state: the statement over many against the verdict on each."""
    with app.app_context():
        make_city(300)
        for more in (0, 9, 20):
            with clock.moved_to(noon(clock.today() + more * DAY)):
                db.session.rollback()
                working = {
                    each.venue.id: each
                    for each in map(reading.shown, reading.current())
                    if each.venue.state == VenueState.WORKING
                }
                running = {
                    key: each for key, each in working.items()
                    if each.verdict.state is not State.LAPSED
                }  # fmt: skip
                grace = {key for key, each in running.items() if each.verdict.in_grace}
                suspended = {
                    key for key, each in running.items()
                    if each.verdict.state is State.SUSPENDED
                }  # fmt: skip
                assert set(everything(together.GRACE)) == grace
                assert set(everything(together.SUSPENDED)) == suspended
                counts = together.counts()
                assert (counts["grace"], counts["suspended"]) == (len(grace), len(suspended))
                for key, each in running.items():
                    state = register.state_of(key)
                    if state != "closed for now":
                        assert (state == "certified") == each.verdict.state.counts, key
                if more == 9:
                    assert grace
                if more == 20:
                    assert suspended
                db.session.rollback()


@pytest.mark.sqlite_only
def test_a_list_costs_the_same_in_a_city_of_any_size(app: Flask) -> None:
    costs: dict[str, list[int]] = {which: [] for which in together.LISTS}
    for _ in range(2):
        with app.app_context():
            make_city(150)
            for which in together.LISTS:
                db.session.rollback()
                with counted(app) as seen:
                    together.page(which)
                    together.counts()
                costs[which].append(len(seen))
            db.session.rollback()
    assert all(one == other <= 5 for one, other in costs.values()), costs


@pytest.mark.sqlite_only
@pytest.mark.parametrize("after", ["x", "~", "a~99999999999999", "\0~1", "a~-1"])
def test_a_place_that_cannot_be_is_the_beginning(app: Flask, after: str) -> None:
    with app.app_context():
        make_ready()
        for which in together.LISTS:
            together.page(which, after=after)
        db.session.rollback()


def test_renewals_are_proposed_and_issued_many_at_a_time(app: Flask, as_: As) -> None:
    with app.app_context():
        last = clock.today() + timedelta(days=900)
        scenes = [make_ready(valid_to=last, name=f"Venue {n}") for n in range(3)]
        old = {scene.venue: issue(scene).serial for scene in scenes}
        first = make_ready(valid_to=last, name="New one")
        waits = propose(first)
        admin, officer = make_member(Role.OFFICE_ADMIN).id, scenes[0].officer
        ends = service.last_day(clock.today())
        assert not everything(together.RENEW)
        db.session.rollback()
    with clock.moved_to(noon(ends - 10 * DAY)):
        with app.app_context():
            assert set(everything(together.RENEW)) == set(old)
            in_city(first.venue, lambda: None)
            propose(first)
        office, boss = as_(officer), as_(admin)
        page = office.get("/office/certificates?show=renew")
        assert "3 to renew" in page.text.replace("\n", " ")
        ids = [str(scene.venue) for scene in scenes]
        some = [*ids[:2], str(first.venue), "x", "99999999999"]
        answer = office.post("/office/certificates/propose", {"venue": some})
        text = office.get(office.goes_to(answer)).text
        assert "2 proposed." in text
        assert "1 not done. This certificate is not to be renewed now." in text
        office.post("/office/certificates/issue", {"venue": ids}, 404)
        # The one who proposed cannot issue, whoever they are; a first certificate is not for many.
        boss.post("/office/certificates/propose", {"venue": ids[2:]})
        answer = boss.post("/office/certificates/issue", {"venue": [*ids, str(first.venue)]})
        text = boss.get(boss.goes_to(answer)).text
        assert "2 issued." in text
        assert "2 not done." in text
        with app.app_context():
            now = {
                each.venue.id: each.certificate for each in map(reading.shown, reading.current())
            }
            new = [key for key, row in now.items() if row.serial != old[key]]
            assert sorted(new) == [scene.venue for scene in scenes[:2]]
            assert all(row.valid_from == clock.today() for key, row in now.items() if key in new)
            rows = db.session.scalars(
                select(Certificate).where(Certificate.replaced_by_id.is_not(None))
            ).all()
            assert len(rows) == 2
            assert all(check.fault is None for check in trail.verify())
            assert waits
            db.session.rollback()


@pytest.mark.sqlite_only
def test_nothing_ticked_does_nothing_and_says_so(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_ready()
        bare = make_scene().venue
        db.session.rollback()
    office = as_(scene.officer)
    text = office.get(office.goes_to(office.post("/office/certificates/propose"))).text
    assert "Nothing was ticked" in text
    text = office.get(
        office.goes_to(office.post("/office/certificates/propose", {"venue": [str(bare)]}))
    ).text
    assert "1 not done." in text
    page = office.get("/office/certificates?show=ready")
    with app.app_context():
        assert db.session.get_one(Venue, scene.venue).name in page.text
        assert db.session.get_one(Venue, bare).name not in page.text
        commit()
    assert office.get("/office/certificates?show=nonsense").status == 200
