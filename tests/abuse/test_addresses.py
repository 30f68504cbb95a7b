"""Addresses that lead nowhere: whatever stands in one, the answer is a page and never a fault.

F057, F058, F060, F100: ids of nothing, keys nobody has, signs that no database takes, queries
made by hand.
"""

import re
from collections.abc import Callable, Iterator
from secrets import token_hex
from typing import Any

import pytest
from flask import Flask, Request

from tests import matrix
from tests.abuse.world import NOBODY, World, made
from tests.visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.long_on_postgresql]

KEYS = ("nothing", "a b", "%00", "%f0%9f%8c%99", "x" * 500, "'--")
IDS = ("0", "2147483647", "2147483648", "9" * 30)
QUERIES = (
    "%00", "%ff", "%ed%a0%80", "'%20or%201=1--", "%25%25_", "a%20" * 900, "x" * 5000,
    "0001-01-01T00:00:00%2B23:59~proof~1", "9999-12-31T23:59:59-23:59~proof~1", "0~~1", "0~a~1",
    "1~9999-12-31~999999999", "0~%00~1", "~1", "-1", "999999999999", "%D9%A3", "%C2%B2",
)  # fmt: skip
NAMES = (
    "find", "q", "name", "code", "after", "before", "only", "next", "sort", "area", "kind", "state",
    "lapses", "needs", "sent", "page", "by", "course", "lack", "on", "still", "format",
    "left", "own_after", "own_before",
)  # fmt: skip


@pytest.fixture
def world(app: Flask) -> World:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return made(app)


@pytest.fixture
def visitors(app: Flask, world: World, as_: Callable[[int], Visitor]) -> dict[str, Visitor]:
    """Everybody's browser."""
    found = {name: as_(user_id) for name, user_id in world.people.items()}
    return {NOBODY: Visitor(app), **found}


def bent(world: World, route: matrix.Route) -> Iterator[str]:
    """A route's address with each of its parts in turn made to lead nowhere."""
    names = re.findall(r"\{(\w+)\}", route.url)
    values = {**world.ids, "code": world.code, "audience": "venues", "act": "changed"}
    values |= {"token": world.links.get(route.endpoint, "unknown"), "key": "staff.survey"}
    for name in names:
        for wrong in KEYS if name in ("key", "token", "code", "audience", "act") else IDS:
            given = {**values, name: wrong}
            venue = given.pop("venue", world.venue)
            yield route.at(venue, **given)


def answers() -> dict[str, object]:
    """What any form could hold, whatever it asks."""
    return {
        "decision": "accept", "verdict": "decline", "words": "Some words", "reason": "Some words",
        "answer": "Some words", "body": "Some words", "question-body": "Some words",
        "applies-reason": "Some words", "because": "new-policy", "email": "who@mail.example",
        "name": "Some body", "role": "staff", "sure": "y", "how": "on-page", "once": token_hex(16),
        "question-once": token_hex(16),
        "current": "seven lanterns over the quay", "password": "a lantern over the dark water",
    }  # fmt: skip


def test_what_is_not_there_is_never_a_fault(world: World, visitors: dict[str, Visitor]) -> None:
    faults = []
    for route in matrix.routes():
        if "{" not in route.url or route.endpoint == "demo.inbox":
            continue
        for name in {world.who_may(route)[0], world.who_may(route)[-1]}:
            visitor = visitors[name]
            for url in bent(world, route):
                if route.method == "GET":
                    status = visitor.answer(url).status_code
                else:
                    status = visitor.sent(url, answers()).status_code
                if status >= 500:
                    faults.append(f"{name}: {route.method} {url[:120]}: {status}")
    assert faults == []


def reads_a_query(app: Flask, visitor: Visitor, url: str) -> bool:
    """Whether a page looks at what stands behind the question mark."""
    asked = []

    class Watched(Request):
        @property
        def args(self) -> Any:
            asked.append(url)
            return super().args

    app.request_class = Watched
    visitor.answer(url)
    app.request_class = Request
    return bool(asked)


@pytest.mark.long
def test_no_query_is_a_fault(app: Flask, world: World, visitors: dict[str, Visitor]) -> None:
    tried = set()
    faults = []
    for route in matrix.routes():
        if route.method != "GET" or route.endpoint == "demo.inbox":
            continue
        name = world.who_may(route)[0]
        url = next(world.addresses(route))
        for query in QUERIES if reads_a_query(app, visitors[name], url) else ():
            asked = "&".join(f"{each}={query}" for each in NAMES)
            status = visitors[name].answer(f"{url}?{asked}").status_code
            tried.add(route.endpoint)
            if status >= 500:
                faults.append(f"{name}: {url}?...={query[:40]}: {status}")
    assert faults == []
    assert {"office.venues", "review.queue", "verify.register", "signup.venue"} <= tried
