"""Who may do what: every route, method and role against the table that a person wrote.

Views are exchanged for one that says it was entered, so that the gate alone is judged; what real
views must leave alone when the gate refuses is in tests/test_refusals.py.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from charter import config
from charter.accounts import service as accounts
from charter.app import create_app
from charter.core import access
from charter.core.access import ANYWHERE, EVERYONE, GRANTS, Permission, Role, mark_of
from charter.core.db import db
from tests import matrix
from tests.builders.accounts import sign_in_as
from tests.matrix import Answer, Cast, Relation, Someone

pytestmark = pytest.mark.sqlite_only

BASE = "https://localhost"
UNKNOWN = "/there-is-no-such-page"
# New in every form; and where the rail says one is, which only repeats the address.
VARIES = re.compile(rb'(?<=name="csrf_token" value=")[^"]+| aria-current="page"')


def entered(**_values: object) -> tuple[str, int]:
    """What stands in for every view."""
    return "entered", 299


@pytest.fixture
def gated(settings: config.Settings) -> Iterator[Flask]:
    """The whole application, the demo's page included, with every view exchanged."""
    made = create_app(replace(settings, demo=True, public_url=BASE))
    made.config["WTF_CSRF_ENABLED"] = False
    for endpoint, view in list(made.view_functions.items()):

        def stand_in(**values: object) -> tuple[str, int]:
            return entered(**values)

        stand_in.access_mark = mark_of(view)  # type: ignore[attr-defined]
        made.view_functions[endpoint] = stand_in
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def cast(gated: Flask) -> Cast:
    """Everybody who walks."""
    with gated.app_context():
        return matrix.make_cast()


def browser_of(app: Flask, someone: Someone) -> FlaskClient:
    """A browser in which this person is signed in."""
    client = app.test_client()
    if someone.user_id is not None:
        sign_in_as(client, someone.user_id)
    return client


def one_of(cast: Cast, role: Role) -> Someone:
    """Whoever holds this role here."""
    return next(each for each in cast.people if (each.role, each.relation) == (role, Relation.OWN))


def ask(client: FlaskClient, method: str, url: str) -> TestResponse:
    """Send a request without a body."""
    return client.open(url, method=method, base_url=BASE)


def answered(response: TestResponse) -> Answer | str:
    """Which of the gate's answers this is; its status and place for any other."""
    place = response.headers.get("Location", "").removeprefix(BASE)
    if response.status_code == 299:
        return Answer.ENTERED
    if response.status_code == 303 and place.partition("?")[0] == "/sign-in":
        return Answer.SIGN_IN
    if response.status_code == 303 and place == "/account/second-factor":
        return Answer.ENROL
    return Answer.HIDDEN if response.status_code == 404 else f"{response.status_code} {place}"


def told(response: TestResponse) -> tuple[bytes, list[tuple[str, str]]]:
    """All that an answer gives away about what is behind an address."""
    headers = [each for each in response.headers.to_wsgi_list() if each[0] != "Content-Length"]
    return VARIES.sub(b"", response.data), sorted(headers)


def test_the_table_holds_every_route_and_no_other(gated: Flask):
    written = {(each.endpoint, each.url, each.method) for each in matrix.routes()}
    there = matrix.in_app(gated)
    assert sorted(there - written) == [], "not in tests/permissions.yaml"
    assert sorted(written - there) == [], "only in tests/permissions.yaml"


def test_the_table_names_every_role_and_every_permission():
    named = {role for who in matrix.permissions().values() if who != "anyone" for role in who}
    named |= {
        role for each in matrix.routes() if not isinstance(each.who, str) for role in each.who
    }
    assert named == {role.value for role in Role}
    assert set(matrix.permissions()) == {each.value for each in Permission}


def test_every_view_is_marked_and_a_venues_permission_has_a_venue_in_its_address(gated: Flask):
    faults = []
    for rule in gated.url_map.iter_rules():
        mark = mark_of(gated.view_functions[rule.endpoint])
        if mark is None:
            faults.append(f"{rule.endpoint} has no mark")
        elif mark.permission is not None and mark.permission not in ANYWHERE:
            faults += [] if "venue_id" in rule.arguments else [f"{rule.endpoint} names no venue"]
    assert faults == []


@pytest.mark.slow
def test_the_gate_does_what_the_table_says_for_every_route_method_and_role(
    gated: Flask, cast: Cast
):
    """What is not yours is answered like a page that does not exist: same body, same headers."""
    faults = []
    for someone in cast.people:
        client = browser_of(gated, someone)
        nothing = {method: told(ask(client, method, UNKNOWN)) for method in ("GET", "POST")}
        for route in matrix.routes():
            response = ask(client, route.method, route.at(cast.own))
            found = answered(response)
            if found != matrix.expected(route, someone):
                faults.append(f"{someone}: {route.method} {route.url}: {found}")
            elif found is Answer.HIDDEN and told(response) != nothing[route.method]:
                faults.append(f"{someone}: {route.method} {route.url}: tells of itself")
    assert faults == []


def test_another_venue_is_answered_like_one_that_does_not_exist(gated: Flask, cast: Cast):
    client = browser_of(gated, one_of(cast, Role.CHAMPION))
    for route in matrix.routes():
        if route.is_about_a_venue:
            there, nowhere = (
                told(ask(client, route.method, route.at(venue_id)))
                for venue_id in (cast.elsewhere, 999_999)
            )
            assert there == nowhere, route.url


def test_signed_out_people_are_sent_to_sign_in_and_back(gated: Flask, cast: Cast):
    nobody = gated.test_client()
    url = f"/venues/{cast.own}/profile"
    answer = ask(nobody, "GET", url)
    assert answer.headers["Location"].endswith(f"/sign-in?next={url}")
    assert ask(nobody, "POST", f"{url}/leave").headers["Location"].endswith("/sign-in")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_asking_about_a_page_is_judged_like_opening_it(gated: Flask, cast: Cast, method: str):
    faults = []
    for someone in cast.people:
        if someone.role not in (None, Role.CHAMPION, Role.OFFICER):
            continue
        client = browser_of(gated, someone)
        for route in matrix.routes():
            if route.method != "GET":
                continue
            found = answered(ask(client, method, route.at(cast.own)))
            wanted = matrix.expected(route, someone)
            if wanted is Answer.ENTERED and method == "OPTIONS":
                wanted = "200 "
            if found != wanted:
                faults.append(f"{someone}: {method} {route.url}: {found}")
    assert faults == []


def test_nothing_answers_methods_that_no_view_has(gated: Flask, cast: Cast):
    client = browser_of(gated, one_of(cast, Role.OFFICER))
    for url in ("/", "/sign-in", f"/venues/{cast.own}/profile"):
        assert ask(client, "TRACE", url).status_code == 405
        for method in ("PUT", "PATCH", "DELETE"):
            assert ask(client, method, url).status_code in (404, 405)


BENT = [
    "/venues/{mine}/../{theirs}/profile",
    "/venues/{mine}/%2e%2e/{theirs}/profile",
    "/venues/{mine}%2f..%2f{theirs}/profile",
    "/venues/%252e%252e/venues/{theirs}/profile",
    "/venues/{theirs};/profile",
    "/venues/{theirs};x={mine}/profile",
    "/venues/{theirs}/profile/",
    "//venues/{theirs}/profile",
    "/venues//{theirs}/profile",
    "/VENUES/{theirs}/profile",
    "/venues/{theirs}/Profile",
    "/venues/{theirs}%00/profile",
    "/venues/ {theirs}/profile",
    "/venues/+{theirs}/profile",
    "/venues/-{theirs}/profile",
    "/venues/0{theirs}/profile",
    "/venues/{theirs}%e2%88%95profile",
    "/venues/{theirs}/profile?venue_id={mine}",
    "/venues/{theirs}/profile?_method=GET",
    "/venues/{wide}/profile",
]


@pytest.mark.parametrize("bent", BENT)
def test_no_bent_address_leads_to_another_venue(gated: Flask, cast: Cast, bent: str):
    champion = next(p for p in cast.people if (p.role, p.relation) == (Role.CHAMPION, Relation.OWN))
    client = browser_of(gated, champion)
    wide = "".join(chr(0xFF10 + int(digit)) for digit in str(cast.elsewhere))
    url = bent.format(mine=cast.own, theirs=cast.elsewhere, wide=wide)
    for _ in range(3):
        answer = ask(client, "GET", url)
        assert answer.status_code in (301, 308, 400, 404), url
        if answer.status_code not in (301, 308):
            return
        url = answer.headers["Location"].removeprefix(BASE)
    pytest.fail(f"{bent} goes round in circles")


def test_a_method_named_in_a_form_is_no_method(gated: Flask, cast: Cast):
    champion = next(p for p in cast.people if (p.role, p.relation) == (Role.CHAMPION, Relation.OWN))
    client = browser_of(gated, champion)
    url = f"/office/venues/{cast.own}/certificates/propose"
    for headers in ({}, {"X-HTTP-Method-Override": "GET"}):
        answer = client.post(url, data={"_method": "GET"}, headers=headers, base_url=BASE)
        assert answer.status_code == 404


def surprises(app: Flask, cast: Cast, someone: Someone) -> tuple[list[str], list[str]]:
    """Where what somebody may do differs from the table: routes, and permissions by themselves.

    Reads `can` for the loaded person, as the gate does, without sending a request.
    """
    by_route, by_name = [], []
    for route in matrix.routes():
        mark = mark_of(app.view_functions[route.endpoint])
        if mark is None or mark.permission is None:
            continue
        may = access.can(mark.permission, cast.own if route.is_about_a_venue else None)
        if may != (matrix.expected(route, someone) is Answer.ENTERED):
            by_route.append(f"{someone}: {route.method} {route.url}")
    for name, who in matrix.permissions().items():
        here = someone.relation is Relation.OWN
        may = access.can(name, None if name in ANYWHERE else cast.own)
        if may != (who == "anyone" or (here and str(someone.role) in who)):
            by_name.append(f"{someone}: {name}")
    return by_route, by_name


def test_flipping_any_single_grant_is_noticed(
    gated: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
):
    used = {
        mark.permission
        for view in gated.view_functions.values()
        if (mark := mark_of(view)) is not None
    }
    unnoticed = []
    for someone in cast.people:
        if someone.role is None or someone.relation is not Relation.OWN:
            continue
        with gated.test_request_context(base_url=BASE):
            g._login_user = accounts.person(someone.user_id)
            assert surprises(gated, cast, someone) == ([], [])
            kept = GRANTS[someone.role]
            for permission in set(Permission) - EVERYONE:
                monkeypatch.setitem(GRANTS, someone.role, kept ^ {permission})
                by_route, by_name = surprises(gated, cast, someone)
                if not by_name or (permission in used and not by_route):
                    unnoticed.append(f"{someone.role}: {permission}")
            monkeypatch.setitem(GRANTS, someone.role, kept)
    assert unnoticed == []
