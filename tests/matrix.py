"""The table of who may do what, as a person wrote it, and the cast that walks every route by it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from flask import Flask
from werkzeug.routing import Rule

from charter.core import clock
from charter.core.access import SECOND_FACTOR, Role
from charter.core.db import db
from charter.venues.models import Operator, Venue
from tests.builders.accounts import make_member
from tests.builders.venues import make_venue

TABLE = Path(__file__).parent / "permissions.yaml"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PARAMETER = re.compile(r"<(?:[^:<>]+:)?(\w+)>")
_OPEN = re.compile(r"\{(\w+)\}")

Holders = str | frozenset[str]


class Answer(StrEnum):
    """What the gate does with a request."""

    ENTERED = "entered"
    SIGN_IN = "sent to sign in"
    ENROL = "sent to set up a second factor"
    HIDDEN = "not found"


class Relation(StrEnum):
    """How somebody's role stands to the venue that a request is about."""

    OWN = "here"
    ELSEWHERE = "elsewhere"
    ENDED = "ended"
    NO_FACTOR = "without the second factor it needs"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint and method of the table, and who may enter."""

    endpoint: str
    url: str
    method: str
    who: Holders
    before_factor: bool
    token: bool

    @property
    def is_about_a_venue(self) -> bool:
        """Whether a venue's role has to be one at the venue in the address."""
        return "{venue}" in self.url

    @property
    def parts(self) -> list[str]:
        """What the address leaves open, by name."""
        return _OPEN.findall(self.url)

    def at(self, venue_id: int, **values: Any) -> str:
        """The address, about a venue; what is not given is "1"."""
        given = {"venue": venue_id, "act": "changed", **values}
        return _OPEN.sub(lambda part: str(given.get(part[1], "1")), self.url)


@dataclass(frozen=True, slots=True)
class Someone:
    """A person of the cast; without a role, somebody who is not signed in."""

    role: Role | None
    relation: Relation
    user_id: int | None

    def __str__(self) -> str:
        return f"{self.role}, {self.relation}" if self.role else "nobody"


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody who walks the routes, and the venue that the addresses are about."""

    own: int
    elsewhere: int
    people: tuple[Someone, ...]


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = yaml.safe_load(TABLE.read_text("utf-8"))
    return table


def _holders(written: Any) -> Holders:
    return written if isinstance(written, str) else frozenset(written)


def routes() -> list[Route]:
    """Every endpoint and method of the table."""
    return [
        Route(
            endpoint,
            row["url"],
            method,
            _holders(row[method]),
            row.get("before-factor", False),
            row.get("token") != "none",
        )
        for endpoint, row in _table()["endpoints"].items()
        for method in METHODS
        if method in row
    ]


def permissions() -> dict[str, Holders]:
    """Who holds each permission, by the table."""
    return {name: _holders(who) for name, who in _table()["permissions"].items()}


def as_written(rule: Rule) -> str:
    """A rule of the application as the table writes addresses."""
    named = _PARAMETER.sub(lambda m: f"{{{m[1]}}}", rule.rule)
    return named.replace("{venue_id}", "{venue}")


def in_app(app: Flask) -> set[tuple[str, str, str]]:
    """Every endpoint, address and method that the application answers by itself."""
    return {
        (rule.endpoint, as_written(rule), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def expected(route: Route, someone: Someone) -> Answer:
    """What the table says that the gate does."""
    if route.who == "public":
        return Answer.ENTERED
    if someone.role is None:
        return Answer.SIGN_IN
    if someone.relation is Relation.NO_FACTOR and not route.before_factor:
        return Answer.ENROL
    if route.who == "anyone":
        return Answer.ENTERED
    counts = someone.relation is not Relation.ENDED and someone.role in route.who
    away = someone.relation is Relation.ELSEWHERE and route.is_about_a_venue
    return Answer.ENTERED if counts and not away else Answer.HIDDEN


def make_cast(own: int | None = None) -> Cast:
    """Everybody at one venue (`own`, or a new one), at another, after their role ended, and so on.

    Wants an application context.
    """
    operators = [Operator(name=name) for name in ("Two Taverns", "Other Inns")]
    db.session.add_all(operators)
    db.session.commit()
    here = make_venue().id if own is None else own
    db.session.get_one(Venue, here).operator_id = operators[0].id
    venues = [here, make_venue(operator_id=operators[1].id).id]
    places = list(zip(venues, [each.id for each in operators], strict=True))
    people = [Someone(None, Relation.OWN, None)]
    for role in Role:
        people += _players(role, *places)
    return Cast(venues[0], venues[1], tuple(people))


def _players(role: Role, here: tuple[int, int], there: tuple[int, int]) -> Iterator[Someone]:
    yesterday = clock.today() - timedelta(days=1)
    began = clock.today() - timedelta(days=90)
    yield Someone(role, Relation.OWN, make_member(role, **_at(role, here)).id)
    gone = make_member(role, **_at(role, here), starts_on=began, ends_on=yesterday)
    yield Someone(role, Relation.ENDED, gone.id)
    if _at(role, there):
        yield Someone(role, Relation.ELSEWHERE, make_member(role, **_at(role, there)).id)
    if role in SECOND_FACTOR:
        bare = make_member(role, **_at(role, here), totp=None)
        yield Someone(role, Relation.NO_FACTOR, bare.id)


def _at(role: Role, place: tuple[int, int]) -> dict[str, int]:
    venue_id, operator_id = place
    if role is Role.AREA_MANAGER:
        return {"operator": operator_id}
    return {"venue": venue_id} if role in _AT_ONE_VENUE else {}


_AT_ONE_VENUE = frozenset({Role.STAFF, Role.CHAMPION, Role.MANAGER, Role.AUDITOR})
