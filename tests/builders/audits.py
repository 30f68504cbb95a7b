"""Builders of safety walks: begun, answered and finished, and what a person sends about a room.

All but `answers_for` want an application context, take the venue's lock and commit by themselves.
"""

from collections.abc import Callable, Mapping
from secrets import token_hex
from typing import Any

from charter.audits import loading, service, walks
from charter.audits.results import Room
from charter.audits.rules import Kind
from charter.audits.template import Answer, Question
from charter.audits.walks import Conditions, Given, Seen, Walk
from charter.core.db import CITY, commit, db, lock
from charter.install import SEEDS

AFTER_DARK = Conditions(is_open=True, is_dark=True, fullness="half", weather="dry")
Say = Callable[[Question], int]


def make_template() -> None:
    """Load the questions of the real walk, if they are not there."""
    db.session.rollback()
    lock(CITY)
    loading.load_seeds(SEEDS / "audits")
    commit()
    db.session.rollback()


def good(question: Question) -> int:
    """The best answer to a question."""
    return next(iter(question.choices), 1)


def weak(question: Question) -> int:
    """The worst answer to a question."""
    return 0 if question.is_judged else good(question)


def make_walk(
    venue: int, by: int, *, say: Say = good, is_quick: bool = True, kind: Kind = Kind.OWN,
    conditions: Conditions = AFTER_DARK, finish: bool = True, woman: bool = True,
    notes: Mapping[str, str] | None = None, note: str = "",
) -> int:  # fmt: skip
    """A walk with every question answered as `say` says; its id."""
    make_template()
    lock(CITY, venue)
    row = service.begin(venue, kind, conditions, is_quick=is_quick, by=by, once=token_hex(16))
    walk = walks.with_answers(row)
    for room in walk.rooms:
        given = [
            Given(each.key, say(each), (notes or {}).get(each.key, ""), Seen())
            for each in room.questions
        ]
        assert service.save(walk, room, given, by=by) == {}
    if finish:
        service.finish(walk, conditions, ["bar"], woman_took_part=woman, note=note, by=by)
    audit_id = row.id
    commit()
    db.session.rollback()
    return audit_id


def opened(venue: int, audit_id: int) -> Walk:
    """A walk as it is now."""
    found = walks.walk(venue, audit_id, tuple(Kind))
    assert found is not None
    return found


def form_of(room: Room, say: Say = good, seen: str = "0..0", **more: Any) -> dict[str, Any]:
    """What a form about a room sends, as `say` answers."""
    sent: dict[str, Any] = {}
    for each in room.questions:
        name = each.key.split(".", 1)[1]
        if each.answer not in (Answer.TEXT, Answer.PHOTO):
            sent[f"{name}-answer"] = str(say(each))
        sent[f"{name}-note"] = ""
        sent[f"{name}-seen"] = seen
    return sent | more
