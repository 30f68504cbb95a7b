"""What a page asks of the database does not grow with the city: 250 venues or 2,500 (goal B1)."""

import pytest
from flask import Flask

from bench import dataset
from bench.pages import Ask, Wire
from charter import config
from charter.audits import loading as audits
from charter.commitments import standing
from charter.core.db import CITY, commit, db, lock, touch
from charter.editions import service as editions
from tests.counting import counted, forget_answers

pytestmark = [pytest.mark.slow, pytest.mark.long_on_postgresql]

# The most statements that a page may send; sign-in and roles are two of them.
MOST = {
    "/sign-in": 0,
    "/verify/{code}": 2,
    "/register": 4,
    "/venues/{venue}/": 11,
    "/venues/{venue}/commitments/champion": 12,
    "/venues/{venue}/requirements/staff.policy": 22,
    "/venues/{venue}/profile": 10,
    "/venues/{venue}/team": 12,
    "/venues/{venue}/certificates": 12,
    "/venues/{venue}/certificates/{venue}.pdf": 5,
    "/office/": 12,
    "/office/venues": 8,
    "/office/venues?kind=bar": 8,
    "/office/venues?sort=lapse": 9,
    "/office/venues?find=venue+0000": 8,
    "/office/venues/{venue}": 24,
    "/office/reviews": 10,
    "/office/sign-ups": 5,
    "/office/training": 4,
    "/office/training?by=job": 5,
    "/office/training/starters": 4,
    "/office/training/outside": 6,
    "/office/sessions": 9,
    "/venues/{venue}/staff": 8,
    "/venues/{venue}/staff/new": 4,
    "/venues/{venue}/training": 12,
    "/venues/{venue}/training/people": 12,
    "/venues/{venue}/training/outside": 7,
    "/venues/{venue}/sessions": 7,
    "/venues/{venue}/briefing": 21,
    "/venues/{venue}/audits": 8,
    "/venues/{venue}/audits/begin": 7,
    "/venues/{venue}/audits/{venue}": 10,
    "/venues/{venue}/audits/actions": 7,
    "/venues/{venue}/audits/actions/1": 7,
    "/venues/{venue}/audits/actions/1/plan": 8,
    "/office/to-mend": 5,
    "/office/to-mend?show=overdue&mends=place": 5,
    "/venues/{venue}/space-checks": 6,
    "/office/night-walks": 7,
    "/office/night-walks/new": 4,
    "/office/night-walks/recipients": 5,
    "/venues/{venue}/rooms": 10,
    "/venues/{venue}/rooms?span=12-months&weekday=4": 10,
    "/venues/{venue}/rooms/set-up": 8,
    "/venues/{venue}/rooms/changes": 6,
    "/venues/{venue}/checks": 12,
    "/venues/{venue}/handover": 18,
    "/venues/{venue}/book": 12,
    "/venues/{venue}/book?category=sexual&from=2026-01-01": 6,
    "/venues/{venue}/book/week": 10,
    "/venues/{venue}/book/search": 4,
    "/venues/{venue}/book/print": 4,
    "/venues/{venue}/book/pages": 6,
    "/venues/{venue}/book/pages/type-in": 4,
    "/venues/{venue}/phones": 8,
    "/venues/{venue}/book/terms": 6,
    "/venues/{venue}/door": 6,
    "/venues/{venue}/first-week": 8,
    "/account/training": 4,
    "/network": 8,
    "/office/books": 6,
    "/office/book-keeping": 8,
    "/office/book-keeping?ask=any": 8,
    "/office/book-keeping?sort=ask": 8,
    "/office/venues/{venue}/book": 6,
}
OFFICE = ("/office/",)
EVERYBODY = ("/sign-in", "/verify/", "/register")


def asks(made: dataset.Made) -> dict[str, Ask]:
    """One request for each page, by somebody who may see it."""
    venue = next(each for each in made.champions if each in made.certificates)
    number, code = made.certificates[venue]
    found = {}
    for page in MOST:
        session = made.champions[venue]
        if page.startswith(OFFICE) or "space-checks" in page:
            session = made.officer
        elif page.startswith(EVERYBODY):
            session = ""
        found[page] = Ask(page.format(venue=number, code=code), session=session)
    return found


def costs(app: Flask, made: dataset.Made) -> dict[str, int]:
    """How many statements each page sends, once the process has what it remembers."""
    wire, found = Wire(app), {}
    for page, ask in asks(made).items():
        wire.visit(app, ask)
        forget_answers(app)
        with counted(app) as seen:
            answer = wire.visit(app, ask)
        assert answer.status_code == 200, (page, answer.status_code)
        found[page] = len(seen)
    return found


def restanding(app: Flask, venue_ids: list[int]) -> int:
    """How many statements it takes to judge these venues again and store where they stand."""
    with app.app_context():
        lock(CITY, *venue_ids)
        for venue_id in venue_ids:
            touch(venue_id)
        db.session.flush()
        with counted(app) as seen:
            standing.restand(venue_ids)
        db.session.rollback()
    return len(seen)


# A small and a large city, both of more than one page of venues.
SIZES = [(120, 300), pytest.param((250, 2500), marks=pytest.mark.long)]


@pytest.mark.parametrize("sizes", SIZES, ids=["town", "country"])
def test_no_page_asks_more_of_a_large_city_than_of_a_small_one(app: Flask, sizes: tuple[int, int]):
    small, large = sizes
    with app.app_context():
        lock(CITY)
        audits.load_seeds(config.ROOT / "seeds" / "audits")
        editions.load_seeds(config.ROOT / "seeds" / "charter")
        commit()
    made = dataset.make(app, small)
    few = costs(app, made)
    assert {page: cost for page, cost in few.items() if cost > MOST[page]} == {}
    grown = dataset.make(app, large, after=small)
    with app.app_context():
        assert standing.of_venue(large) is not None
        db.session.remove()
    assert grown.standing_counts["venues"] == large
    many = costs(app, made)
    assert many == few
    assert restanding(app, [1]) == restanding(app, list(range(1, 26)))
