"""Keeps where each venue stands: stored by the change itself, compared with today by its reader.

A stored state is true on every day up to its `holds_until`; after that it reads *lapsed*. So a
reader needs today's date and nothing else, and the nightly run only tidies up.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from charter.commitments import records
from charter.commitments.assessment import (
    CommitmentAssessment,
    CommitmentState,
    RequirementAssessment,
    RequirementState,
    VenueAssessment,
    as_read,
)
from charter.commitments.models import CommitmentStanding, VenueStanding
from charter.commitments.rules import assess
from charter.core import clock
from charter.core.db import CITY, db, lock, touch
from charter.proofs.models import ThreadMessage
from charter.venues.models import Venue

NIGHTLY_BATCH = 200


# Put together once: every change of a venue asks these.
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_OPEN_QUESTIONS = (
    select(ThreadMessage.venue_id, func.count())
    .where(
        ThreadMessage.venue_id.in_(_IDS),
        ThreadMessage.from_office.is_(False),
        ThreadMessage.answered_at.is_(None),
    )
    .group_by(ThreadMessage.venue_id)
)
_STORED = {
    model: select(*model.__table__.columns).where(model.__table__.c.venue_id.in_(_IDS))
    for model in (VenueStanding, CommitmentStanding)
}


class Effective(NamedTuple):
    """What a stored standing of a venue reads as on a day."""

    all_met: bool
    any_lapsed: bool


def restand(venue_ids: Collection[int]) -> None:
    """Assess these venues and store where they stand, in the running transaction.

    The number of statements is the same for one venue and for many. A venue that has signed no
    edition has no standing.
    """
    known = records.known(venue_ids)
    questions = _open_questions(venue_ids)
    venue_rows, commitment_rows = [], []
    for venue_id, each in known.items():
        judged = assess(each.edition, each.facts, clock.today())
        venue_rows.append(
            _venue_row(venue_id, judged, questions.get(venue_id, 0), each.has_champion)
        )
        commitment_rows += [_commitment_row(venue_id, one) for one in judged.commitments]
    _replace(VenueStanding, venue_ids, venue_rows)
    _replace(CommitmentStanding, venue_ids, commitment_rows)


def _venue_row(
    venue_id: int, judged: VenueAssessment, questions: int, has_champion: bool
) -> dict[str, Any]:
    return {
        "venue_id": venue_id,
        "edition_key": judged.edition,
        "commitments_met": judged.commitments_met,
        "commitments": judged.commitments_total,
        "essentials_met": judged.essentials_met,
        "essentials": judged.essentials_total,
        "all_met": judged.all_met,
        "any_lapsed": judged.any_lapsed,
        "holds_until": judged.holds_until,
        "lapses_key": judged.lapses_key,
        "newest_lapse": judged.newest_lapse,
        "waiting": sum(
            each.proof_waits or each.asked_not_applicable or each.nil_signed
            for each in judged.requirements
        ),
        "returned": judged.returned,
        "questions": questions,
        "has_champion": has_champion,
        "assessed_on": judged.today,
        "assessed_at": clock.now(),
    }


def _commitment_row(venue_id: int, judged: CommitmentAssessment) -> dict[str, Any]:
    return {
        "venue_id": venue_id,
        "commitment_key": judged.commitment.key,
        "number": judged.commitment.number,
        "state": judged.state.value,
        "essentials_met": judged.essentials_met,
        "essentials": judged.essentials_total,
        "holds_until": judged.holds_until,
        "lapses_key": judged.lapses_key,
    }


def _open_questions(venue_ids: Collection[int]) -> dict[int, int]:
    rows = db.session.execute(_OPEN_QUESTIONS, {"ids": list(venue_ids)})
    return {venue_id: count for venue_id, count in rows}


def _replace(
    model: type[VenueStanding | CommitmentStanding],
    venue_ids: Collection[int],
    rows: Sequence[dict[str, Any]],
) -> None:
    """Make the stored rows of these venues equal to `rows`: at most one statement of each sort."""
    table = db.metadata.tables[model.__tablename__]
    keys = [column.name for column in table.primary_key]
    stored = {
        tuple(row[key] for key in keys): row
        for row in db.session.execute(_STORED[model], {"ids": list(venue_ids)}).mappings()
    }
    wanted = {tuple(row[key] for key in keys): row for row in rows}
    gone = {key[0] for key in stored.keys() - wanted.keys()}
    if gone:
        # The venue's edition changed, or it has none: all its rows are written anew.
        db.session.execute(
            delete(model).where(model.venue_id.in_(gone)),
            execution_options={"synchronize_session": "fetch"},
        )
    new = [row for key, row in wanted.items() if key not in stored or key[0] in gone]
    changed = [
        row
        for key, row in wanted.items()
        if key in stored and key[0] not in gone and any(stored[key][n] != row[n] for n in row)
    ]
    if new:
        db.session.execute(insert(table), new)
    if changed:
        db.session.execute(update(model), changed)
        _forget(model)


def _forget(model: type[VenueStanding | CommitmentStanding]) -> None:
    """Rows already loaded in this session are read again when next asked: they were overwritten."""
    for row in list(db.session().identity_map.values()):
        if isinstance(row, model):
            db.session.expire(row)


def nightly() -> Iterator[int]:
    """Have every venue's standing taken again, in batches; yields how many are in each.

    The caller commits after each batch, which restates it. Begins outside a transaction.
    """
    ids = list(
        db.session.scalars(
            select(Venue.id).where(Venue.edition_key.is_not(None)).order_by(Venue.id)
        )
    )
    db.session.rollback()
    for start in range(0, len(ids), NIGHTLY_BATCH):
        batch = ids[start : start + NIGHTLY_BATCH]
        lock(CITY, *batch)
        for venue_id in batch:
            touch(venue_id)
        yield len(batch)


def effective(row: VenueStanding, today: date) -> Effective:
    """What a stored standing reads as today."""
    over = row.holds_until is not None and row.holds_until < today
    return Effective(row.all_met and not over, row.any_lapsed or over)


def state_today(row: CommitmentStanding, today: date) -> CommitmentState:
    """What the stored state of one commitment reads as today."""
    return as_read(CommitmentState(row.state), row.holds_until, today)


def sql_state(today: date) -> ColumnElement[str]:
    """The same as `state_today`, as an expression over `CommitmentStanding` for a query."""
    lapsed = CommitmentStanding.holds_until < today
    return case((lapsed, CommitmentState.LAPSED.value), else_=CommitmentStanding.state)


def sql_all_met(today: date) -> ColumnElement[bool]:
    """Whether every essential is met today, as an expression over `VenueStanding`."""
    holds = or_(VenueStanding.holds_until.is_(None), VenueStanding.holds_until >= today)
    return and_(VenueStanding.all_met.is_(True), holds)


def sql_any_lapsed(today: date) -> ColumnElement[bool]:
    """Whether an essential has lapsed by today, as an expression over `VenueStanding`."""
    return or_(VenueStanding.any_lapsed.is_(True), VenueStanding.holds_until < today)


def of_venues(venue_ids: Iterable[int]) -> dict[int, list[CommitmentStanding]]:
    """The commitments of each of these venues, in order; one statement. Read them as of today."""
    found: dict[int, list[CommitmentStanding]] = {venue_id: [] for venue_id in venue_ids}
    rows = db.session.scalars(
        select(CommitmentStanding)
        .where(CommitmentStanding.venue_id.in_(found))
        .order_by(CommitmentStanding.venue_id, CommitmentStanding.number)
    )
    for row in rows:
        found[row.venue_id].append(row)
    return found


def of_venue(venue_id: int) -> VenueStanding | None:
    """Where one venue stands as stored, or None if it has signed no edition."""
    return db.session.get(VenueStanding, venue_id)


def assessed(venue_id: int) -> VenueAssessment | None:
    """Where a venue stands today, judged anew from its records; None without an edition."""
    known = records.known([venue_id]).get(venue_id)
    return assess(known.edition, known.facts, clock.today()) if known else None


def unmet(venue_ids: Collection[int]) -> dict[int, dict[str, date | None]]:
    """For each venue, the essentials that do not hold today by key, judged anew from its records.

    With each, the first day on which it did not hold, where that is known: one that was pulled
    back or never shown has none.
    """
    today = clock.today()
    return {
        venue_id: {
            each.key: _lapsed_on(each)
            for each in assess(known.edition, known.facts, today).requirements
            if each.requirement.essential and not each.counts_as_met
        }
        for venue_id, known in records.known(venue_ids).items()
    }


def _lapsed_on(each: RequirementAssessment) -> date | None:
    lapsed = each.state is RequirementState.LAPSED and each.holds_until
    return each.holds_until + timedelta(days=1) if lapsed and each.holds_until else None
