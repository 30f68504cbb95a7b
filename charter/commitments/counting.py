"""Counts the facts that other capabilities know, and keeps them beside the standing they bear on.

A count is taken by the change that could alter it (`core.db.touch` says whose counts that are) and
by the nightly run, and is stored with the last day that it holds, so that no page counts anything
and none trusts yesterday.
"""

from collections.abc import Collection, Iterator, Mapping, Set
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, func, insert, select

from charter.audits import counting as audits
from charter.audits import rules as audit_rules
from charter.briefings import checks
from charter.commitments.models import CountedFact, CountedWas
from charter.commitments.rules import thresholds
from charter.core import clock
from charter.core.db import Counts, db
from charter.editions import service as editions
from charter.editions.terms import Counted, Edition, Lasts, Override
from charter.incidents import counting as book
from charter.incidents import tallies
from charter.rooms import looks
from charter.training import city, courses, facts, rules
from charter.training.rules import Terms
from charter.venues.models import Venue, VenueState

# Whose count each fact is.
FACTS = {
    **dict.fromkeys(rules.FACTS, Counts.TRAINING),
    checks.FACT: Counts.CHECKS,
    **dict.fromkeys(book.FACTS, Counts.BOOK),
    looks.FACT: Counts.ROOMS,
    **dict.fromkeys(audit_rules.FACTS, Counts.AUDITS),
}
# Kept for the office to ask about; no edition asks for it, so no venue's standing rests on it.
OF_NO_EDITION = frozenset({book.QUIET})

_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_EDITIONS = select(Venue.id, Venue.edition_key, Venue.state).where(
    Venue.id.in_(_IDS), Venue.edition_key.is_not(None)
)
_COLUMNS = CountedFact.__table__.c
_STORED = select(*_COLUMNS).where(_COLUMNS.venue_id.in_(_IDS))


def recount(asked: Mapping[int, Counts]) -> None:
    """Count again what is asked of each of these venues and store it, in the running transaction.

    The number of statements is the same for one venue and for many. Of a venue that signed no
    edition nothing stays.
    """
    ids = {"ids": list(asked)}
    rows = db.session.execute(_EDITIONS, ids).all()
    signed = {row.id: row.edition_key for row in rows}
    of_key = editions.with_overrides(set(signed.values())) if signed else {}
    today = clock.today()
    terms = {venue_id: _terms(*of_key[key], today) for venue_id, key in signed.items()}
    stored: dict[tuple[int, str], dict[str, Any]] = {
        (row["venue_id"], row["fact"]): dict(row)
        for row in db.session.execute(_STORED, ids).mappings()
    }
    working = {row.id for row in rows if row.state == VenueState.WORKING}
    found = _found(asked, terms, working, stored.keys(), today)
    # What was not asked for stays as it is, where there is still an edition to count it for.
    wanted = {
        key: row
        for key, row in stored.items()
        if key[0] in terms and _whose(key[1]) not in asked[key[0]]
    } | {
        (venue_id, fact): _row(venue_id, fact, count, stored.get((venue_id, fact)), today)
        for each in found
        for venue_id, counts in each.items()
        for fact, count in counts.items()
        if fact in terms[venue_id].lasts or fact in OF_NO_EDITION
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
    _remember(wanted, stored)


_REMEMBERED = (
    "venue_id",
    "fact",
    "met",
    "cases",
    "holds_until",
    "since",
    "lost_on",
    "share",
    "words",
)


def _remember(
    wanted: Mapping[tuple[int, str], dict[str, Any]], stored: Mapping[tuple[int, str], Any]
) -> None:
    """Keep what each fact that changed came to, for reports of earlier days."""
    now = clock.now()
    rows = [
        {name: row[name] for name in _REMEMBERED} | {"at": now}
        for key, row in wanted.items()
        if _said(row) != _said(stored.get(key))
    ]
    if rows:
        db.session.execute(insert(db.metadata.tables[CountedWas.__tablename__]), rows)


def _said(row: Mapping[str, Any] | None) -> list[Any] | None:
    return [row[name] for name in _REMEMBERED] if row else None


def as_known(venue_id: int, by: datetime) -> dict[str, Counted]:
    """What was last counted of a venue by a moment, by fact; one statement."""
    was = CountedWas
    newest = (
        select(func.max(was.id)).where(was.venue_id == venue_id, was.at <= by).group_by(was.fact)
    )
    return {
        row.fact: Counted(
            met=row.met,
            cases=row.cases,
            holds_until=row.holds_until,
            since=row.since,
            lost_on=row.lost_on,
            share=row.share,
            words=row.words,
        )
        for row in db.session.scalars(select(was).where(was.id.in_(newest)))
    }


def _found(
    asked: Mapping[int, Counts],
    terms: Mapping[int, Terms],
    working: Set[int],
    before: Collection[tuple[int, str]],
    today: date,
) -> Iterator[dict[int, dict[str, Counted]]]:
    """What each capability that is asked counts; the others are not asked at all."""

    def of(part: Counts) -> dict[int, Terms]:
        return {venue_id: each for venue_id, each in terms.items() if part in asked[venue_id]}

    if venue_ids := [venue_id for venue_id, each in asked.items() if Counts.TRAINING in each]:
        of_training = of(Counts.TRAINING)
        teams = facts.teams(of_training)
        here = {venue_id: team for venue_id, team in teams.items() if venue_id in working}
        city.store(venue_ids, here, of_training, today)
        yield facts.counted(teams, of_training, today, before=before)
    if of_checks := of(Counts.CHECKS):
        yield checks.counted(of_checks, today)
    if of_books := of(Counts.BOOK):
        yield tallies.counted(of_books, today)
    if of_rooms := of(Counts.ROOMS):
        yield looks.counted(of_rooms, today)
    if of_audits := of(Counts.AUDITS):
        yield audits.counted(of_audits, today)


def _whose(fact: str) -> Counts:
    """Whose count a fact is; one that nobody counts any more is everybody's to take away."""
    return FACTS.get(fact, Counts.ALL)


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
    over = before["holds_until"] is not None and before["holds_until"] < today
    ran_out = over and before["since"] is None  # what has a life of its own is read with it
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
