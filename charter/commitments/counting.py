"""Counts the facts that other capabilities know, and keeps them beside the standing they bear on.

A count is taken by the change that could alter it (`core.db.touch`) and by the nightly run, and is
stored with the last day that it holds, so that no page counts anything and none trusts yesterday.
"""

from collections.abc import Collection
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, insert, select

from charter.briefings import checks
from charter.commitments.models import CountedFact
from charter.commitments.rules import thresholds
from charter.core import clock
from charter.core.db import db
from charter.editions import service as editions
from charter.editions.terms import Counted, Edition, Lasts, Override
from charter.training import city, courses, facts
from charter.training.rules import Terms
from charter.venues.models import Venue, VenueState

_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_EDITIONS = select(Venue.id, Venue.edition_key, Venue.state).where(
    Venue.id.in_(_IDS), Venue.edition_key.is_not(None)
)
_COLUMNS = CountedFact.__table__.c
_STORED = select(*_COLUMNS).where(_COLUMNS.venue_id.in_(_IDS))


def recount(venue_ids: Collection[int]) -> None:
    """Count the facts of these venues again and store them, in the running transaction.

    The number of statements is the same for one venue and for many.
    """
    ids = {"ids": list(venue_ids)}
    rows = db.session.execute(_EDITIONS, ids).all()
    signed = {row.id: row.edition_key for row in rows}
    of_key = editions.with_overrides(set(signed.values())) if signed else {}
    today = clock.today()
    terms = {venue_id: _terms(*of_key[key], today) for venue_id, key in signed.items()}
    teams = facts.teams(terms)
    working = {row.id: teams[row.id] for row in rows if row.state == VenueState.WORKING}
    city.store(venue_ids, working, terms, today)
    stored: dict[tuple[int, str], dict[str, Any]] = {
        (row["venue_id"], row["fact"]): dict(row)
        for row in db.session.execute(_STORED, ids).mappings()
    }
    wanted = {
        (venue_id, fact): _row(venue_id, fact, count, stored.get((venue_id, fact)), today)
        for found in (
            facts.counted(teams, terms, today, before=stored.keys()),
            checks.counted(terms, today),
        )
        for venue_id, counts in found.items()
        for fact, count in counts.items()
        if fact in terms[venue_id].lasts
    }
    changed = {
        key[0]
        for key in {*wanted, *stored}
        if _meaning(wanted.get(key)) != _meaning(stored.get(key))
    }
    if not changed:
        return
    db.session.execute(
        delete(CountedFact).where(CountedFact.venue_id.in_(changed)),
        execution_options={"synchronize_session": False},
    )
    new = [row for (venue_id, _), row in wanted.items() if venue_id in changed]
    if new:
        # The table, not the model: an entity sends one statement for each set of columns filled.
        db.session.execute(insert(db.metadata.tables[CountedFact.__tablename__]), new)


def _meaning(row: dict[str, Any] | None) -> dict[str, Any] | None:
    """A row but for the day on which it was counted, which alone is no reason to write it."""
    return row and {name: value for name, value in row.items() if name != "counted_on"}


def _terms(edition: Edition, overrides: tuple[Override, ...], today: date) -> Terms:
    return Terms(courses.courses(), thresholds(edition, overrides, today), _lasts(edition))


def _lasts(edition: Edition) -> dict[str, Lasts]:
    """How long what proves each counted fact lasts, by fact."""
    return {each.fact: each.lasts for each in edition.requirements if each.fact}


def _row(
    venue_id: int, fact: str, count: Counted, before: dict[str, Any] | None, today: date
) -> dict[str, Any]:
    row = {"venue_id": venue_id, "fact": fact, **asdict(count), "counted_on": today}
    row["met_since"] = today if count.met else None
    if before is None:
        return row
    ran_out = before["holds_until"] is not None and before["holds_until"] < today
    if count.met and before["met"] and not ran_out:
        row["met_since"] = before["met_since"]
    if before["since"] is None:
        row["lost_on"] = before["lost_on"] if count.met else _lost_on(before, today)
    return row


def _lost_on(before: dict[str, Any], today: date) -> date | None:
    """Since when a fact that is not met today no longer is, by what was known all along.

    Rows may be dated back and thresholds raised. What everybody read as met until today was lost
    today, or on the day that it ran out by itself, and never before somebody could know. What was
    only met for some hours of today, while a list was being written, was never met.
    """
    until: date | None = before["holds_until"]
    lost: date | None = before["lost_on"]
    if not before["met"] or before["met_since"] >= today:
        return lost
    return today if until is None else min(today, until + timedelta(days=1))


def stored(venue_ids: Collection[int], today: date) -> dict[int, dict[str, Counted]]:
    """What was counted last at each of these venues, by venue and fact; one statement.

    Of a fact that has run out since, only until when it held is still true. What has a life of its
    own (`since`) says on which day it was found, which stays true; closed days may stretch it.
    """
    found: dict[int, dict[str, Counted]] = {venue_id: {} for venue_id in venue_ids}
    for row in db.session.execute(_STORED, {"ids": list(venue_ids)}):
        over = row.since is None and row.holds_until is not None and row.holds_until < today
        found[row.venue_id][row.fact] = Counted(
            met=row.met,
            cases=row.cases,
            holds_until=row.holds_until,
            since=row.since,
            lost_on=row.lost_on,
            share=None if over else row.share,
            words="" if over else row.words,
            step="" if over else row.step,
        )
    return found
