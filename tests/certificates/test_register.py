"""The public register: who signed and their state today, on pages and as open data, and no more."""

import csv
import io
import json
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from charter.certificates import register
from charter.core import clock
from charter.core.db import db
from charter.core.text import in_words
from charter.venues.models import Kind, Venue, VenueState
from tests.builders.certificates import holds_until, issue, make_ready, noon
from tests.builders.office import make_city
from tests.builders.venues import make_venue
from tests.counting import counted
from tests.page import text_of
from tests.visitor import Visitor


def test_every_venue_that_signed_is_listed_once_over_all_pages(app: Flask) -> None:
    with app.app_context():
        make_city(240)
        for number in range(3):
            make_venue(
                name="Same name", signed_on=clock.today(), state=VenueState.WORKING,
                street=f"{number} Row",
            )  # fmt: skip
        signed = select(Venue.id).where(
            Venue.signed_on.is_not(None),
            Venue.state.in_([VenueState.WORKING, VenueState.LEFT]),
        )
        expected = sorted(db.session.scalars(signed))
        page, found = register.page(), []
        found += [row.id for row in page.rows]
        while page.after:
            page = register.page(after=page.after)
            found += [row.id for row in page.rows]
        assert sorted(found) == expected
        assert len(list(register.rows())) == len(expected) > 2 * register.PAGE
        listed = register.page(after="~nonsense").rows
        assert [row.id for row in listed] == found[: register.PAGE]
        for odd in ("x~9999999999999999999", "\0~1", "~~~"):
            assert register.page(after=odd).rows is not None


@pytest.mark.sqlite_only
def test_the_register_follows_the_facts_of_the_day(app: Flask, client: Visitor) -> None:
    with app.app_context():
        scene = make_ready(name="The Lantern")
        make_venue(name="Not on it")
        issue(scene)
        end = holds_until(scene.venue)
    page = client.get("/register")
    assert "Not on it" not in page.text
    row = page.one("tbody")[0]
    assert "Certified" in text_of(row)
    assert any(link.href.startswith("/verify/") for link in page.links)
    with clock.moved_to(noon(end + timedelta(days=15))):
        assert "Suspended" in text_of(client.get("/register").one("tbody")[0])
        rows = table(client)
        assert (rows[0]["state"], rows[0]["valid until"]) == ("suspended", "")
        assert rows[0]["certificate state"] == "suspended"
        assert rows[0]["since"] == (end + timedelta(days=15)).isoformat()
        assert rows[0]["reason"].startswith(f"Since {in_words(end + timedelta(days=1))}: ")
        assert client.get(urlsplit(rows[0]["page"]).path).status == 200
    with clock.moved_to(noon(end + timedelta(days=14))):
        words = text_of(client.get("/register").one("tbody")[0])
        assert "Certified" in words
        last = in_words(end + timedelta(days=14))
        assert f"It is suspended after {last} unless this is mended." in words
        rows = table(client)
        assert (rows[0]["state"], rows[0]["certificate state"]) == ("certified", "lapsing-soon")
        assert rows[0]["until"] == (end + timedelta(days=14)).isoformat()
    assert "Set-Cookie" not in client.answer("/register").headers


def table(client: Visitor) -> list[dict[str, str]]:
    answer = client.answer("/register.csv")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", ["=1+1", "+44 Bar", "-x", "@home", "\uff1dfull width", "|pipe"])
def test_no_cell_is_a_formula(app: Flask, client: Visitor, name: str) -> None:
    with app.app_context():
        make_venue(name=name, signed_on=clock.today(), state=VenueState.WORKING)
    shown = table(client)[0]["venue"]
    assert shown.lstrip("'") == name
    assert shown[0] not in "=+-@\uff1d"


@pytest.mark.sqlite_only
def test_the_open_data_holds_places_and_states_and_never_a_count(
    app: Flask, client: Visitor
) -> None:
    with app.app_context():
        make_venue(
            name="The Lantern", signed_on=clock.today(), state=VenueState.WORKING,
            latitude=51.45, longitude=-2.6, kind=Kind.NIGHTCLUB,
        )  # fmt: skip
        make_venue(name="Nowhere", signed_on=clock.today(), state=VenueState.WORKING)
    answer = client.answer("/register.geojson")
    assert answer.mimetype == "application/geo+json"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    data = json.loads(answer.get_data())
    assert data["type"] == "FeatureCollection"
    (feature,) = data["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [-2.6, 51.45]}
    assert set(feature["properties"]) == {
        "name",
        "street",
        "postcode",
        "kind",
        "state",
        "signed_on",
        "certificate",
        "certificate_state",
        "since",
        "until",
        "reason",
        "page",
    }
    assert feature["properties"]["kind"] == "nightclub"
    assert tuple(table(client)[0]) == register.COLUMNS
    assert client.answer("/register.csv").headers["Cache-Control"] == "public, max-age=300"


def test_a_search_finds_by_words_and_costs_the_same(app: Flask, client: Visitor) -> None:
    costs = []
    for number in (40, 160):
        with app.app_context():
            make_city(number)
        client.get("/register")
        with counted(app) as seen:
            client.get("/register")
        costs.append(len(seen))
    assert costs[0] == costs[1] <= 3
    with app.app_context():
        make_venue(
            name="Café Été", street="9 Bridge Row", signed_on=clock.today(),
            state=VenueState.WORKING,
        )  # fmt: skip
    assert len(client.get("/register?find=bridge+cafe").one("tbody")) == 1
    assert "No venue matches" in client.get("/register?find=zzzz").text
    assert client.answer("/register?find=%00&after=%00~1").status_code == 200
