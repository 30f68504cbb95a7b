"""Builders of the notice board: posts and replies, by the services and under the city's lock.

All want an application context and commit by themselves; they give ids.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.network import service
from charter.network.rules import Kind
from tests.builders.accounts import make_member
from tests.builders.venues import make_venue

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Circle:
    """Champions of two venues and an officer."""

    robin: int
    sam: int
    officer: int


def make_circle() -> Circle:
    """Robin Field and Sam Hill look after two venues; Kit Reed is of the office."""
    robin = make_member(Role.CHAMPION, venue=make_venue(name="The Lantern"), name="Robin Field")
    sam = make_member(Role.MANAGER, venue=make_venue(name="The Anchor"), name="Sam Hill")
    officer = make_member(Role.OFFICER, name="Kit Reed")
    return Circle(robin.id, sam.id, officer.id)


def in_city(verb: Callable[[], Result]) -> Result:
    """Do something as a request would: the city's lock, the verb, commit; refused, roll back."""
    db.session.rollback()
    lock(CITY)
    try:
        result = verb()
    except BaseException:
        db.session.rollback()
        raise
    commit()
    return result


def make_notice(*, by: int, show_by: int | None = None, **more: Any) -> int:
    """A post of a venue, waiting; or shown, if an officer shows it; or the office's own."""
    values = {"kind": Kind.QUESTION, "title": "Does a lanyard count?", "body": "We all wear one."}
    values |= {"received": None, "from_office": False} | more
    kind, title = values.pop("kind"), values.pop("title")
    body, received = values.pop("body"), values.pop("received")
    notice = in_city(lambda: service.post(kind, title, body, received, by=by, **values).id)
    if show_by is not None:
        in_city(lambda: service.decide(notice, show=True, by=show_by))
    return notice


def make_reply(notice: int, *, by: int, show_by: int | None = None, **more: Any) -> int:
    """A reply of a venue, waiting; or shown, if an officer shows it; or the office's own."""
    values = {"body": "It does, if it has the name on it.", "from_office": False} | more
    body = values.pop("body")
    reply = in_city(lambda: service.reply(notice, body, by=by, **values).id)
    if show_by is not None:
        in_city(lambda: service.decide_reply(notice, reply, show=True, by=show_by))
    return reply
