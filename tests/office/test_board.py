"""The venue table's questions: every venue once in every order, and today judges what is stored."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from charter.certificates import register
from charter.commitments.models import CommitmentStanding, VenueStanding
from charter.core import clock
from charter.core.db import db
from charter.office import board
from charter.office.board import Filters
from charter.office.totals import totals
from charter.venues.models import Closure, Venue
from tests.builders.office import make_city
from tests.counting import counted

ASKED = [
    Filters(),
    Filters(area="AA3"),
    Filters(kind="pub"),
    Filters(state="certified"),
    Filters(state="working towards"),
    Filters(lapses="30"),
    Filters(lapses="lapsed"),
    Filters(no_champion=True),
    Filters(waiting=True),
    Filters(find="quay lantern"),
    Filters(area="AA5", waiting=True, lapses="90"),
]


def walked(filters: Filters, sort: str) -> list[int]:
    """Every id from the first page to the last, and the same backwards, which must agree."""
    pages = [board.page(filters, sort)]
    while pages[-1].after:
        pages.append(board.page(filters, sort, after=pages[-1].after))
    ids = [row.id for page in pages for row in page.rows]
    page, back = pages[-1], [[row.id for row in pages[-1].rows]]
    while page.before:
        page = board.page(filters, sort, before=page.before)
        back.append([row.id for row in page.rows])
    assert [number for some in reversed(back) for number in some] == ids
    assert all(len(page.rows) == board.PAGE for page in pages[:-1])
    return ids


def standings() -> dict[int, VenueStanding]:
    return {row.venue_id: row for row in db.session.scalars(select(VenueStanding))}


@pytest.mark.slow
def test_every_order_shows_every_venue_exactly_once_both_ways(app: Flask) -> None:
    with app.app_context():
        ids = set(make_city(230))
        every = {row.id for row in db.session.scalars(select(Venue))}
        assert ids < every
        for sort in board.SORTS:
            found = walked(Filters(), sort)
            assert Counter(found) == Counter(every), sort
        for filters in ASKED:
            orders = {sort: walked(filters, sort) for sort in board.SORTS}
            assert len({frozenset(found) for found in orders.values()}) == 1, filters
            assert all(len(set(found)) == len(found) for found in orders.values()), filters


def test_the_orders_are_what_they_say(app: Flask) -> None:
    with app.app_context():
        make_city(120)
        rows = {row.id: row for row in db.session.scalars(select(Venue))}
        stands = standings()
        names = [rows[number].name_key for number in walked(Filters(), "name")]
        assert names == sorted(names)
        assert [rows[n].name_key for n in walked(Filters(), "-name")] == names[::-1]
        lapse = [
            stands[n].holds_until
            for n in walked(Filters(), "lapse")
            if n in stands and rows[n].state == "working" and stands[n].holds_until
        ]
        assert len(lapse) > 50
        assert lapse == sorted(lapse)
        met = [stands[n].essentials_met for n in walked(Filters(), "-essentials") if n in stands]
        assert met == sorted(met, reverse=True)
        waiting = [stands[n].waiting if n in stands else 0 for n in walked(Filters(), "waiting")]
        assert waiting == sorted(waiting, reverse=True)
        assert waiting[0] > 0 == waiting[-1]


def test_a_place_that_cannot_be_read_is_the_beginning(app: Flask) -> None:
    with app.app_context():
        make_city(60)
        first = [row.id for row in board.page(Filters()).rows]
        for nonsense in (
            "~",
            "0~a~b",
            "9~a~1",
            "0~~",
            "x~y~z",
            "0~a~-1",
            "0~a~9999999999",
            "0~\0~1",
        ):
            assert [row.id for row in board.page(Filters(), after=nonsense).rows] == first
        soonest = [row.id for row in board.page(Filters(), "lapse").rows]
        for nonsense in ("0~not-a-day~5", "0~2026-13-01~5", "0~~5"):
            found = board.page(Filters(), "lapse", after=nonsense)
            assert [row.id for row in found.rows] == soonest
        assert board.page(Filters(), "waiting", after="0~99999999999~5").rows
        beyond = board.page(Filters(), before=f"0~{'0'}~0")
        assert [row.id for row in beyond.rows] == first


@pytest.mark.parametrize("seed", range(3))
def test_totals_are_what_counting_every_row_gives(app: Flask, seed: int) -> None:
    with app.app_context():
        ids = make_city(150, seed=seed)
        dice = random.Random(seed)
        today = clock.today()
        for venue_id in dice.sample(ids, 12):
            db.session.add(Closure(venue_id=venue_id, from_on=today, until_on=None, reason="works"))
        for row in dice.sample(list(standings().values()), 12):
            row.holds_until = today - timedelta(days=1)
        db.session.commit()
        query = register.with_standing(select(Venue.id, register.venue_state()))
        for filters in ASKED:
            shown = [row.state for row, _ in board.everything(filters)]
            if not filters.state:
                assert Counter(shown) == Counter(totals(filters)), filters
            else:
                assert set(shown) <= {filters.state}
        counted = Counter(state for _, state in db.session.execute(query))
        assert counted == Counter(totals(Filters()))
        assert counted["closed for now"] > 0
        assert counted["suspended"] > 0


def test_what_is_stored_is_compared_with_today(app: Flask) -> None:
    with app.app_context():
        make_city(40)
        today = clock.today()
        row = next(
            each for each in standings().values()
            if each.all_met and each.holds_until and each.holds_until >= today
            and db.session.get_one(Venue, each.venue_id).state == "working"
        )  # fmt: skip
        venue_id, name = row.venue_id, db.session.get_one(Venue, row.venue_id).name
        before = one(venue_id, name)
        assert (before.state, before.has_lapsed) == ("certified", False)
        assert before.essentials_now == before.essentials
        row.holds_until = today - timedelta(days=20)
        for part in db.session.scalars(
            select(CommitmentStanding).where(CommitmentStanding.venue_id == venue_id)
        ):
            part.holds_until = today - timedelta(days=20) if part.number == 3 else None
        db.session.commit()
        after = one(venue_id, name)
        assert (after.state, after.has_lapsed) == ("suspended", True)
        assert after.essentials_now == after.essentials - 1
        states = board.read_states(board.commitments([venue_id])[venue_id])
        assert states[3] == "lapsed"
        assert {state for number, state in states.items() if number != 3} == {"met"}
        assert venue_id in {r.id for r in board.page(Filters(lapses="lapsed", find=name)).rows}
        assert venue_id not in {r.id for r in board.page(Filters(lapses="30", find=name)).rows}


def one(venue_id: int, name: str) -> Any:
    return next(row for row in board.page(Filters(find=name)).rows if row.id == venue_id)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("sort", board.SORTS)
def test_no_order_is_made_by_sorting(app: Flask, sort: str) -> None:
    with app.app_context():
        make_city(120)
        with counted(app) as seen:
            board.page(Filters(), sort)
        # Built anew, because what was counted has its values apart.
        for number, stretch in enumerate(board.SORTS[sort]):
            query = board._query(Filters(), clock.today()).where(stretch.where)
            written = board._ordered(query, stretch, None, False).compile(
                db.engine, compile_kwargs={"literal_binds": True}
            )
            plan = [
                row[3] for row in
                db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {written}")
            ]  # fmt: skip
            assert not any("FOR ORDER BY" in line for line in plan), (sort, number, plan)
            assert any("USING INDEX" in line or "USING COVERING" in line for line in plan[:1]), plan
        assert len(seen) <= 3
