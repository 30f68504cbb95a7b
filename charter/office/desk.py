"""The office's first page: the city in figures, and what waits for somebody to act.

Everything is counted by statements over stored standings, each judged by today: as many of them
with one venue as with thousands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    ScalarSelect,
    case,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from charter.auditors.models import AuditComplaint
from charter.certificates.models import CertificateAppeal
from charter.commitments.assessment import CommitmentState
from charter.commitments.models import CommitmentStanding, VenueStanding
from charter.commitments.standing import sql_all_met, sql_any_lapsed, sql_state
from charter.core import clock
from charter.editions import service as editions
from charter.editions.terms import Edition
from charter.office import board
from charter.office.board import LAPSED, Query, answered
from charter.office.totals import totals
from charter.review import queue
from charter.review.queue import What
from charter.signup import service as signing
from charter.signup.models import SignUp, SignUpState
from charter.venues.models import Venue, VenueState

SHORT = 8
SOON = timedelta(days=30)
DECIDED = {
    signing.Verdict.APPROVE: "Approved. The venue has joined, and its people are invited by mail.",
    signing.Verdict.ASK: "Asked. The sign-up comes back here when they answer.",
    signing.Verdict.DECLINE: "Declined. They can read why behind the link that we mailed them.",
}


@dataclass(frozen=True, slots=True)
class Counted:
    """How venues that signed stand with one commitment today."""

    number: int
    name: str
    by_state: dict[str, int]

    @property
    def total(self) -> int:
        """How many venues are counted."""
        return sum(self.by_state.values())


@dataclass(frozen=True, slots=True)
class Ending:
    """A venue where something has ended, or will: the last day that holds, and what it is."""

    venue_id: int
    name: str
    last_day: date
    task: str


@dataclass(frozen=True, slots=True)
class Desk:
    """All that the first page shows."""

    totals: dict[str, int]
    all_met: int
    lapsed: int
    soon: int
    no_champion: int
    commitments: Sequence[Counted]
    overdue: Sequence[Ending]
    ending: Sequence[Ending]
    waiting: dict[What, int]
    sign_ups: int
    appeals: int
    complaints: int

    @property
    def signed(self) -> int:
        """How many venues have signed and not left."""
        apart = ("known", "waiting", "declined", "left")
        return sum(number for state, number in self.totals.items() if state not in apart)


def desk() -> Desk:
    """The city today; eight statements, or nine where two editions are in use."""
    today = clock.today()
    figures = _figures(today)
    overdue = answered(_endings(today, LAPSED), lambda rows: rows.all())
    ending = answered(_endings(today, str(SOON.days)), lambda rows: rows.all())
    words = editions.editions({row.edition_key for row in (*overdue, *ending)})
    return Desk(
        totals=totals(board.Filters()),
        all_met=figures.all_met,
        lapsed=figures.lapsed,
        soon=figures.soon,
        no_champion=figures.no_champion,
        commitments=_commitments(today),
        overdue=[_ending(row, words) for row in overdue],
        ending=[_ending(row, words) for row in ending],
        waiting=queue.counts(),
        sign_ups=figures.sign_ups,
        appeals=figures.appeals,
        complaints=figures.complaints,
    )


def _figures(today: date) -> Row[Any]:
    figures: Row[Any] = answered(_figures_query(today), lambda rows: rows.one())
    return figures


def _open(ended: InstrumentedAttribute[Any]) -> ScalarSelect[int]:
    """How many rows have no such instant yet."""
    return select(func.count()).where(ended.is_(None)).scalar_subquery()


@lru_cache(maxsize=2)
def _figures_query(today: date) -> Query:
    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    champion = select(func.count()).select_from(Venue).where(board.without_champion(today))
    waits = (
        select(func.count())
        .select_from(SignUp)
        .where(SignUp.state.in_((SignUpState.WAITING, SignUpState.ASKED)))
    )
    return (
        select(
            count(sql_all_met(today)).label("all_met"),
            count(sql_any_lapsed(today)).label("lapsed"),
            count(board.lapsing(str(SOON.days), today)).label("soon"),
            champion.scalar_subquery().label("no_champion"),
            waits.scalar_subquery().label("sign_ups"),
            _open(CertificateAppeal.decided_at).label("appeals"),
            _open(AuditComplaint.answered_at).label("complaints"),
        )
        .join(Venue, Venue.id == VenueStanding.venue_id)
        .where(board.HAS_SIGNED)
    )


@lru_cache(maxsize=4)
def _endings(today: date, when: str) -> Query:
    """Venues where something has lapsed, the newest first, or will, the next first."""
    last = VenueStanding.holds_until
    lapsed = not when.isdecimal()
    return (
        select(Venue.id, Venue.name, last, VenueStanding.lapses_key, VenueStanding.edition_key)
        .join(Venue, Venue.id == VenueStanding.venue_id)
        .where(board.HAS_SIGNED, board.lapsing(when, today), last.is_not(None))
        .order_by(*((last.desc(), Venue.id.desc()) if lapsed else (last, Venue.id)))
        .limit(SHORT)
    )


def _ending(row: Row[Any], words: dict[str, Edition]) -> Ending:
    asked = words[row.edition_key].requirement(row.lapses_key or "")
    task = f"{asked.number} {asked.task}" if asked else ""
    return Ending(row.id, row.name, row.holds_until, task)


def _commitments(today: date) -> list[Counted]:
    """How many venues that signed stand how with each commitment of the edition in force.

    Counted as stored, along an index; then put right by what ran out since it was stored, and by
    the venues that left: few rows on any day, where judging every row would read them all.
    """
    edition = editions.current()
    found: dict[int, dict[str, int]] = {one.number: {} for one in edition.commitments}
    rows: Sequence[Any] = answered(_counts(today), lambda found: found.all())
    for number, state, count, ran_out in rows:
        states = found.setdefault(number, {})
        states[state] = states.get(state, 0) + count
        if ran_out:
            states["lapsed"] = states.get("lapsed", 0) - count
    names = {one.number: one.name for one in edition.commitments}
    return [
        Counted(number, names.get(number, f"Commitment {number}"), found[number])
        for number in sorted(found)
    ]


@lru_cache(maxsize=2)
def _counts(today: date) -> CompoundSelect[Any]:
    """Commitments by number and stored state; what ran out and who left, with a minus."""
    row = CommitmentStanding
    count, now = func.count(), sql_state(today)
    stored = select(row.number, row.state, count, literal(False)).group_by(row.number, row.state)
    ran_out = (
        select(row.number, row.state, -count, literal(True))
        .where(row.holds_until < today, row.state != CommitmentState.LAPSED.value)
        .group_by(row.number, row.state)
    )
    others = [state for state in VenueState if state is not VenueState.WORKING]
    inner = (
        select(row.number, now.label("state"))
        .where(row.venue_id.in_(select(Venue.id).where(Venue.state.in_(others))))
        .subquery()
    )
    gone = select(inner.c.number, inner.c.state, -count, literal(False)).group_by(
        inner.c.number, inner.c.state
    )
    return union_all(stored, ran_out, gone)
