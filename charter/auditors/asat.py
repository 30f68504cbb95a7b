"""Where a venue stood on an earlier day, by what was recorded by then and nothing else.

Two times of each record: when it was true, and when somebody wrote it down. A proof that was handed
in later, a decision that was made later, an end that was put later: none of them is in a report of
an earlier day, so that the same report of the same day is the same for good.
"""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from charter.commitments import counting, records
from charter.commitments.assessment import VenueAssessment
from charter.commitments.facts import Facts, Proof, RequirementFacts
from charter.commitments.rules import assess
from charter.core import clock
from charter.core.db import db
from charter.proofs.models import Evidence
from charter.proofs.states import ProofState


def end_of(day: date) -> datetime:
    """The last instant of a day, by the city's clock."""
    after = datetime.combine(day + timedelta(days=1), time.min, clock.zone())
    return after - timedelta(microseconds=1)


def assessed(venue_id: int, day: date) -> VenueAssessment | None:
    """Where a venue stood on a day; None without an edition. The same number of statements."""
    known = records.known([venue_id]).get(venue_id)
    if known is None:
        return None
    by = end_of(day)
    decided = {
        row.id: row.decided_at
        for row in db.session.execute(
            select(Evidence.id, Evidence.decided_at).where(Evidence.venue_id == venue_id)
        )
    }
    counts = counting.as_known(venue_id, by)
    facts = known.facts
    of_fact = {
        each.key: counts[each.fact] for each in known.edition.requirements if each.fact in counts
    }
    requirements = {
        key: replace(
            _by_then(facts.requirements.get(key, RequirementFacts()), day, by, decided),
            counted=of_fact.get(key),
        )
        for key in {*facts.requirements, *of_fact}
    }
    then = Facts(
        as_of=day,
        requirements=requirements,
        closures=tuple(each for each in facts.closures if each.from_on <= day),
        overrides=facts.overrides,
        settings=facts.settings,
    )
    return assess(known.edition, then, day)


def _by_then(
    facts: RequirementFacts, day: date, by: datetime, decided: dict[int, datetime | None]
) -> RequirementFacts:
    return RequirementFacts(
        proofs=tuple(
            _proof(each, day, by, decided.get(each.id))
            for each in facts.proofs
            if each.handed_in <= day
        ),
        not_applicable=tuple(
            replace(
                each,
                agreed_on=_no_later(each.agreed_on, day),
                ended_on=_no_later(each.ended_on, day),
            )
            for each in facts.not_applicable
            if each.asked_on <= day
        ),
        quiet=tuple(
            replace(each, recorded_on=_no_later(each.recorded_on, day))
            for each in facts.quiet
            if each.nil_signed_on <= day
        ),
    )


def _proof(proof: Proof, day: date, by: datetime, decided_at: datetime | None) -> Proof:
    """A proof as it was known: what was decided later had not been decided."""
    ended = _no_later(proof.ended_on, day)
    if decided_at is not None and decided_at > by:
        return replace(proof, state=ProofState.WAITING, reason=None, ended_on=ended)
    return replace(proof, ended_on=ended)


def _no_later(value: date | None, day: date) -> date | None:
    return value if value is not None and value <= day else None
