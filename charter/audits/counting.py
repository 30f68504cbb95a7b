"""Gathers what is counted of the walks of many venues and of what they have to mend."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import BindParameter, bindparam, func, select

from charter.audits import rules
from charter.audits.models import Action, Audit
from charter.audits.rules import Found, Kind, State
from charter.core import clock
from charter.core.db import db
from charter.editions.terms import Counted
from charter.training.rules import Terms

_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_OWN = Audit.kind == Kind.OWN
_WALKS = (
    select(
        Audit.venue_id,
        *(
            func.max(Audit.walked_at).filter(each).label(name)
            for name, each in (
                ("after_dark", _OWN & Audit.is_open & Audit.is_dark),
                ("woman", _OWN & Audit.woman_took_part),
                ("whole", _OWN & Audit.is_whole),
                ("outside", Audit.kind != Kind.OWN),
                ("any_walk", Audit.id > 0),
            )
        ),
    )
    .where(Audit.venue_id.in_(_IDS), Audit.finished_at.is_not(None))
    .group_by(Audit.venue_id)
)
_BARE = Action.owner_id.is_(None) | Action.due_on.is_(None)
_ACTIONS = (
    select(
        Action.venue_id,
        func.count().filter(_BARE).label("unplanned"),
        func.min(Action.opened_on).filter(_BARE).label("first_unplanned"),
        func.min(Action.due_on).label("first_due"),
    )
    .where(Action.venue_id.in_(_IDS), Action.state == State.OPEN)
    .group_by(Action.venue_id)
)


def counted(terms_of: Mapping[int, Terms], today: date) -> dict[int, dict[str, Counted]]:
    """What is counted of each venue that ever finished a walk or was checked. Two statements."""
    ids = {"ids": list(terms_of)}
    stands = {row.venue_id: row for row in db.session.execute(_ACTIONS, ids)}
    made = {}
    for row in db.session.execute(_WALKS, ids):
        stand = stands.get(row.venue_id)
        found = Found(
            _day(row.after_dark),
            _day(row.woman),
            _day(row.whole),
            _day(row.outside),
            _day(row.any_walk),
            stand.unplanned if stand else 0,
            stand.first_unplanned if stand else None,
            stand.first_due if stand else None,
        )
        made[row.venue_id] = rules.counted(found, terms_of[row.venue_id].lasts, today)
    return made


def _day(at: datetime | None) -> date | None:
    """The day of a walk: the one on which its night began."""
    return None if at is None else clock.night_of(at)
