"""Builders of night walks: planned, joined, rated. All want an application context and commit."""

from collections.abc import Sequence
from datetime import timedelta
from secrets import token_hex

from charter.core import clock
from charter.core.db import CITY, commit, db, lock
from charter.nightwalks import service
from charter.nightwalks.service import Plan

STOPS = ("The door of the station", "Under the bridge", "The bus stop")


def make_night_walk(
    by: int, *, stops: Sequence[str] = STOPS, again: int | None = None, title: str = "To the bus"
) -> int:
    """A walk that began an hour ago; its id."""
    db.session.rollback()
    lock(CITY)
    service.load_recipients()
    wished = Plan(title, clock.now() - timedelta(hours=1), "By the clock", stops)
    before = service.walk(again) if again else None
    walk_id = service.plan(wished, by=by, once=token_hex(16), repeats=before).id
    commit()
    db.session.rollback()
    return walk_id


def make_walker(
    walk_id: int, rated: Sequence[Sequence[int]], *, by: int | None = None, words: str = ""
) -> int:
    """A walker who rated nine things at each stop (`by`: typed in by somebody); their number."""
    db.session.rollback()
    lock(CITY)
    row = service.walk(walk_id)
    assert row is not None
    if by is None:
        walker = service.walker_of(walk_id, service.join(row))
    else:
        walker = service.join_on_paper(row, by=by)
    assert walker is not None
    keys = [each.key for each in service.things(row)]
    for stop, values in zip(service.stops(walk_id), rated, strict=True):
        said = dict(zip(keys, values, strict=True))
        service.rate(row, walker, stop, said, words, None, by=by)
    number = walker.number
    commit()
    db.session.rollback()
    return number


def make_fault(
    walk_id: int, by: int, *, what: str = "The lamp is out", key: str = "lighting"
) -> int:
    """Something on a walk's list for one of the seed's recipients; its number."""
    db.session.rollback()
    lock(CITY)
    row = service.walk(walk_id)
    assert row is not None
    to = next(each for each in service.recipients() if each.key == key)
    due = clock.today() + timedelta(days=14)
    stop = service.stops(walk_id)[0]
    number = service.list_fault(row, stop, "light", what, to, due, by=by).number
    commit()
    db.session.rollback()
    return number
