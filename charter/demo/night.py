"""The demo's night walks: one that three walked, one of them on paper; and the same planned again.

Told by the services a city uses, on the days on which it happened.
"""

import tomllib
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Any

from charter import config
from charter.core import clock
from charter.core.db import CITY, commit, db, lock
from charter.demo import papers
from charter.nightwalks import sending, service
from charter.nightwalks.models import NightWalk
from charter.nightwalks.rules import State
from charter.nightwalks.service import Plan

SEED = config.ROOT / "seeds" / "demo" / "night-walk.toml"


def tell(users: Mapping[str, int]) -> None:
    """Walk, list what was found, send it, have some of it answered, and plan the next walk."""
    seed, by = tomllib.loads(SEED.read_text("utf-8")), users["officer"]
    db.session.rollback()
    lock(CITY)
    service.load_recipients()
    at = _moment(-seed["ago"], seed["at"])
    with clock.moved_to(at - timedelta(days=10)):
        for row in service.recipients():
            if row.key in seed["addresses"]:
                mail = seed["addresses"][row.key]
                service.save_recipient(row, row.name, row.mends, mail, by=by)
        walk = service.plan(_plan(seed, at), by=by, once=_once(1))
    _walk(walk, seed, at, by)
    _mend(walk, seed, at, by)
    again = _moment(seed["again"], seed["at"])
    service.plan(_plan(seed, again), by=by, once=_once(2), repeats=walk)
    commit()


def _once(number: int) -> str:
    return sha256(f"demo night walk {number}".encode()).hexdigest()[:32]


def _moment(days: int, at: str) -> datetime:
    day = clock.today() + timedelta(days=days)
    return clock.instant(datetime.combine(day, time.fromisoformat(at)))


def _plan(seed: Mapping[str, Any], at: datetime) -> Plan:
    stops = [each["words"] for each in seed["stop"]]
    return Plan(seed["title"], at, seed["meeting_place"], stops)


def _walk(walk: NightWalk, seed: Mapping[str, Any], at: datetime, by: int) -> None:
    stops, keys = service.stops(walk.id), [each.key for each in service.things(walk)]
    for n in range(3):
        on_paper = n == 2
        with clock.moved_to(at + timedelta(minutes=2 + n)):
            if on_paper:
                walker = service.join_on_paper(walk, by=by)
            else:
                found = service.walker_of(walk.id, service.join(walk))
                if found is None:
                    raise LookupError("a walker who joined is not there")
                walker = found
        for stop, said in zip(stops, seed["stop"], strict=True):
            values = dict(zip(keys, said["rated"][n], strict=True))
            words = said.get("said", ["", "", ""])[n]
            photo = papers.photo(stop.words) if words and n == 0 else None
            with clock.moved_to(at + timedelta(minutes=5 + 8 * stop.number + n)):
                service.rate(walk, walker, stop, values, words, photo, by=by if on_paper else None)


def _mend(walk: NightWalk, seed: Mapping[str, Any], at: datetime, by: int) -> None:
    stops = {each.number: each for each in service.stops(walk.id)}
    to = {each.key: each for each in service.recipients()}
    listed = []
    with clock.moved_to(at + timedelta(days=2)):
        for row in seed["fault"]:
            due = clock.today() + timedelta(days=row["due"])
            fault = service.list_fault(
                walk, stops[row["stop"]], row["thing"], row["what"], to[row["to"]], due, by=by
            )
            listed.append((row, fault))
        sending.send(walk, by=by)
    for row, fault in listed:
        if "state" in row:
            with clock.moved_to(at + timedelta(days=row["answered"])):
                photo = papers.photo("Now") if row["state"] == State.FIXED else None
                service.answer(fault, State(row["state"]), row["answer"], photo, by=None)
