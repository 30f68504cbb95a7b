"""The demo's safety walks: walked, checked by the office, and mended as far as the seed tells.

All from seeds/demo/walks.toml, told by the services a city uses.
"""

import tomllib
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Any

from charter import config
from charter.accounts import service as accounts
from charter.audits import actions, service, walks
from charter.audits.models import Audit
from charter.audits.rules import Kind, State
from charter.audits.template import Answer, Mends, Question
from charter.audits.walks import Conditions, Given
from charter.core import clock
from charter.core.db import CITY, commit, db, lock
from charter.demo import papers

SEED = config.ROOT / "seeds" / "demo" / "walks.toml"
FEELS = 4
COUNTED = 31


def tell(venue_ids: Mapping[str, int], users: Mapping[str, int]) -> None:
    """Walk these venues (by the demo's keys), the oldest walk first, and mend what was found."""
    rows = tomllib.loads(SEED.read_text("utf-8"))["walk"]
    db.session.rollback()
    for row in sorted(rows, key=lambda each: -int(each["ago"])):
        venue_id = venue_ids[row["venue"]]
        members = accounts.champions([venue_id])[venue_id]
        champion = next(each.user_id for each in members if not each.is_stand_in)
        db.session.rollback()
        is_own = row["kind"] == Kind.OWN
        day = clock.today() - timedelta(days=row["ago"])
        began = clock.instant(datetime.combine(day, time.fromisoformat(row["at"])))
        lock(CITY, venue_id)
        with clock.moved_to(began):
            audit = _walk(venue_id, row, champion if is_own else users["officer"])
        if audit.finished_at is not None:
            _mend(venue_id, row, audit, champion, began)
        commit()
        db.session.rollback()


def _walk(venue_id: int, row: Mapping[str, Any], by: int) -> Audit:
    conditions = Conditions(is_open=True, is_dark=True, fullness="half", weather="dry")
    once = sha256(f"demo walk {venue_id} {row['ago']}".encode()).hexdigest()[:32]
    kind, is_quick = Kind(row["kind"]), row["size"] == "quick"
    audit = service.begin(venue_id, kind, conditions, is_quick=is_quick, by=by, once=once)
    walk = walks.with_answers(audit)
    weak, feels = row.get("weak", {}), row.get("feels", {})
    for room in walk.rooms[: row.get("rooms")]:
        given = [
            Given(
                each.key,
                _value(each, weak, feels),
                weak.get(each.key, ""),
                photo=papers.photo(room.name) if each.key in weak else None,
            )
            for each in room.questions
        ]
        service.save(walk, room, given, by=by)
    if row.get("finished", True):
        roles = ["bar", "door", "manager"] if kind is Kind.OWN else ["office"]
        own = kind is Kind.OWN
        service.finish(walk, conditions, roles, woman_took_part=own, note="", by=by)
    return audit


def _value(question: Question, weak: Mapping[str, str], feels: Mapping[str, int]) -> int:
    if question.answer is Answer.FEELING:
        return feels.get(question.key, FEELS)
    if question.answer is Answer.NUMBER:
        return COUNTED
    if question.key in weak:
        return 0
    return next(iter(question.choices), 1)


def _mend(
    venue_id: int, row: Mapping[str, Any], audit: Audit, champion: int, began: datetime
) -> None:
    told = {each["question"]: each for each in row.get("mended", ())}
    for action in actions.of_walk(venue_id, audit.id):
        plan = told.get(action.question)
        if plan is None or action.state != State.OPEN:
            continue
        with clock.moved_to(began + timedelta(hours=20)):
            actions.plan(
                action,
                wrong=action.wrong,
                fix=plan["fix"],
                owner_id=champion,
                owners={champion},
                due_on=clock.today() + timedelta(days=plan["due"]),
                cost=plan["cost"],
                by=champion,
            )
        if "done" in plan:
            photo = papers.photo(f"{action.room}, after") if action.mends == Mends.PLACE else None
            with clock.moved_to(began + timedelta(days=plan["done"])):
                actions.done(action, plan["fix"], photo, by=champion)
