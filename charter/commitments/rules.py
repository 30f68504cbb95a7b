"""Judges where a venue stands: `assess(edition, facts, today)`, with no database, Flask or clock.

A requirement counts as met while it has at least one *ground* that has not ended. A ground is

=====================  =======================  ==============================  ================
ground                 begins                   last day                        reads
=====================  =======================  ==============================  ================
accepted proof         its valid_from           its valid_to, or the day        accepted
                                                something ended it early
counted fact, met      when it is counted       the fact's own                  accepted
agreed not to apply    the office agrees        the agreement's, if any         does not apply
quiet weeks            signed as nil, and an    `few_months` later, as the      too few to tell
                       officer wrote down the   value was on the day it began
                       answer (the later day)
=====================  =======================  ==============================  ================

and then:

1.  With several grounds the one that holds longest speaks for the requirement: a newer proof
    never displaces an accepted one that still holds, and a counted fact takes over from a dated
    proof only when the proof ends, or when that keeps it met for longer. A counted fact that is
    not met takes nothing away from a proof that holds.
2.  With grounds that have all ended it is *lapsed*, whatever waits. With none, a proof that waits
    makes it *shown*, one sent or pulled back *returned*; otherwise it is *not shown*.
3.  Where few cases cannot tell and there are fewer than `few_cases`, the counted fact meets
    nothing: *too few to tell*, which is not met until the quiet weeks are a ground; but what it
    met before and lost is *lapsed*, as whoever read it last could foresee. An officer's answer
    counts for its `few_months`, however much is written meanwhile: nobody loses by an entry.
4.  Closed days stretch every ground that runs out by itself: it lasts so many open days. During a
    closure with no end, nothing that held when it began runs out. What was ended early stays ended.
5.  A proof handed in on or before a ground's last day, and still waiting, keeps that ground for
    `renewal_waiting_days` more, unless something ended it early. Sent back, it keeps nothing.
6.  A commitment is *lapsed* with any essential lapsed, else *not met* with none met, *partly met*
    with some, *met* with all. So is the venue, over every essential. Good ones never block.
7.  `holds_until` of a commitment is the first day on which any essential's ground ends. After it
    the state is *lapsed* and before it nothing changes, so a reader of the stored pair needs only
    today's date (`as_read`). That is exact because no ground can begin by itself: what begins
    after `Facts.as_of` is left out until the facts are gathered again (`look_again_on` says when
    that would change something), and a threshold is the one in force on that day. A planned
    closure only moves the last day, and is known at once.
8.  *Lapsing soon* is the smaller of `lapsing_soon_days` and a quarter of the ground's life.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from charter.commitments.assessment import (
    CommitmentAssessment,
    CommitmentState,
    Ground,
    RequirementAssessment,
    RequirementState,
    VenueAssessment,
)
from charter.commitments.facts import NOTHING_KNOWN, Facts, Proof, RequirementFacts
from charter.editions.terms import (
    Commitment,
    Edition,
    Kind,
    Lasts,
    Override,
    Requirement,
    in_force,
)
from charter.proofs.states import SENT_BACK, ProofState
from charter.venues.closures import Closed, merged, stretched

SOON_SHARE = 4


class _Context(NamedTuple):
    """What every requirement of one venue is judged with."""

    edition: Edition
    known: date
    today: date
    closures: Sequence[Closed]
    overrides: Sequence[Override]
    grace: timedelta
    few_cases: float
    soon_days: int


def assess(edition: Edition, facts: Facts, today: date) -> VenueAssessment:
    """Where a venue with these facts stands on the day `today`."""
    known = min(facts.as_of, today)
    values = thresholds(edition, facts.overrides, known)
    context = _Context(
        edition,
        known,
        today,
        merged(facts.closures),
        facts.overrides,
        timedelta(days=facts.settings.renewal_waiting_days),
        values["few_cases"],
        int(values["lapsing_soon_days"]),
    )
    commitments = tuple(_commitment(each, facts, context) for each in edition.commitments)
    total = sum(each.essentials_total for each in commitments)
    met = sum(each.essentials_met for each in commitments)
    lapsed = any(each.state is CommitmentState.LAPSED for each in commitments)
    holds_until, lapses_key = _first_end(
        (each.holds_until, each.lapses_key) for each in commitments
    )
    return VenueAssessment(
        edition=edition.key,
        today=today,
        state=_state(met, total, lapsed),
        commitments=commitments,
        essentials_met=met,
        essentials_total=total,
        holds_until=holds_until,
        lapses_key=lapses_key,
        start_with=int(values["start_with"]),
        look_again_on=_look_again_on(facts, known),
    )


def thresholds(edition: Edition, overrides: Iterable[Override], on: date) -> dict[str, float]:
    """The value in force on a day of every threshold: the last override by then, or the default."""
    return in_force(edition.thresholds, overrides, on)


def _commitment(commitment: Commitment, facts: Facts, context: _Context) -> CommitmentAssessment:
    judged = tuple(
        _requirement(each, facts.requirements.get(each.key, NOTHING_KNOWN), context)
        for each in commitment.requirements
    )
    essentials = [each for each in judged if each.requirement.essential]
    met = sum(each.counts_as_met for each in essentials)
    lapsed = any(each.state is RequirementState.LAPSED for each in essentials)
    holds_until, lapses_key = _first_end((each.holds_until, each.key) for each in essentials)
    return CommitmentAssessment(
        commitment, _state(met, len(essentials), lapsed), judged, met, holds_until, lapses_key
    )


def _state(met: int, total: int, lapsed: bool) -> CommitmentState:
    if lapsed:
        return CommitmentState.LAPSED
    if not met:
        return CommitmentState.NOT_MET
    return CommitmentState.MET if met == total else CommitmentState.PARTLY


def _first_end(
    ends: Iterable[tuple[date | None, str | None]],
) -> tuple[date | None, str | None]:
    """The earliest last day and whose it is; the first in order where two share it."""
    first: tuple[date | None, str | None] = (None, None)
    for end, key in ends:
        if end is not None and (first[0] is None or end < first[0]):
            first = end, key
    return first


def _requirement(
    requirement: Requirement, facts: RequirementFacts, context: _Context
) -> RequirementAssessment:
    waiting = [
        each
        for each in facts.proofs
        if each.state == ProofState.WAITING and each.handed_in <= context.known
    ]
    ground = _longest(requirement, facts, waiting, context)
    if ground is None:
        return _without_ground(requirement, facts, bool(waiting), context)
    holds = ground.end is None or ground.end >= context.today
    return RequirementAssessment(
        requirement=requirement,
        facts=facts,
        state=ground.state if holds else RequirementState.LAPSED,
        counts_as_met=holds,
        holds_until=ground.end,
        ground=ground,
        lapsing_soon=holds and _ends_soon(requirement, ground, context),
        proof_waits=bool(waiting),
        returned=None if waiting or (holds and not ground.proof) else _sent_back(facts),
        too_few=_too_few(requirement, facts, context),
    )


def _sent_back(facts: RequirementFacts) -> Proof | None:
    """The newest proof, when it was sent or pulled back and nothing has come since."""
    newest = max(facts.proofs, key=lambda proof: (proof.handed_in, proof.id), default=None)
    return newest if newest is not None and newest.state in SENT_BACK else None


def _without_ground(
    requirement: Requirement, facts: RequirementFacts, waits: bool, context: _Context
) -> RequirementAssessment:
    """A requirement for which nothing counts or ever counted."""
    starts = [
        proof.valid_from
        for proof in facts.proofs
        if proof.state == ProofState.ACCEPTED and proof.valid_from > context.known
    ]
    sent_back = [proof for proof in facts.proofs if proof.state in SENT_BACK]
    state = RequirementState.NOT_SHOWN
    if waits or starts:
        state = RequirementState.SHOWN
    elif sent_back:
        state = RequirementState.RETURNED
    elif _too_few(requirement, facts, context):
        state = RequirementState.TOO_FEW
    returned = max(sent_back, key=lambda proof: (proof.handed_in, proof.id), default=None)
    return RequirementAssessment(
        requirement=requirement,
        facts=facts,
        state=state,
        counts_as_met=False,
        proof_waits=waits,
        returned=returned if state is RequirementState.RETURNED else None,
        starts_on=min(starts, default=None),
        too_few=_too_few(requirement, facts, context),
    )


def _longest(
    requirement: Requirement, facts: RequirementFacts, waiting: Sequence[Proof], context: _Context
) -> Ground | None:
    """The ground that holds longest; where two end together, the more certain one."""
    grounds = [
        *_not_applicable(requirement, facts, context),
        *_proofs(facts, waiting, context),
        *_counted(requirement, facts, waiting, context),
    ]
    return max(grounds, key=lambda ground: ground.end or date.max, default=None)


def _not_applicable(
    requirement: Requirement, facts: RequirementFacts, context: _Context
) -> list[Ground]:
    return [
        Ground(RequirementState.DOES_NOT_APPLY, each.ended_on, None)
        for each in facts.not_applicable
        if requirement.waivable and each.agreed_on is not None and each.agreed_on <= context.known
    ]


def _proofs(facts: RequirementFacts, waiting: Sequence[Proof], context: _Context) -> list[Ground]:
    """A ground for each accepted proof that has begun, those that a person looked at first."""
    accepted = [
        proof
        for proof in facts.proofs
        if proof.state == ProofState.ACCEPTED and proof.valid_from <= context.known
    ]
    accepted.sort(key=lambda proof: proof.by_rule)
    return [
        _lasting(
            RequirementState.ACCEPTED,
            (proof.valid_from, proof.valid_to),
            [each for each in waiting if each.handed_in >= proof.handed_in],
            context,
            proof,
        )
        for proof in accepted
    ]


def _counted(
    requirement: Requirement, facts: RequirementFacts, waiting: Sequence[Proof], context: _Context
) -> list[Ground]:
    """The ground that a counted fact is, then the quiet weeks that an officer asked about."""
    counted = facts.counted
    if counted is None or requirement.kind is not Kind.COUNTED:
        return []
    grounds = []
    if counted.met and not _too_few(requirement, facts, context):
        life = (counted.since, counted.holds_until)
        grounds.append(_lasting(RequirementState.ACCEPTED, life, waiting, context))
    elif not counted.met and counted.lost_on is not None and counted.lost_on <= context.known:
        life = (None, counted.lost_on - timedelta(days=1))
        grounds.append(_lasting(RequirementState.ACCEPTED, life, waiting, context))
    can_be_few = requirement.few and counted.cases is not None
    return grounds + (_quiet(facts, waiting, context) if can_be_few else [])


def _too_few(requirement: Requirement, facts: RequirementFacts, context: _Context) -> bool:
    cases = facts.counted.cases if facts.counted else None
    return requirement.few and cases is not None and cases < context.few_cases


def _quiet(facts: RequirementFacts, waiting: Sequence[Proof], context: _Context) -> list[Ground]:
    """A ground for each time that the quiet weeks were signed, asked about and written down."""
    grounds = []
    for begins in [each.begins for each in facts.quiet]:
        if begins is not None and begins <= context.known:
            values = thresholds(context.edition, context.overrides, begins)
            life = (begins, Lasts(months=int(values["few_months"])).until(begins))
            grounds.append(_lasting(RequirementState.TOO_FEW, life, waiting, context))
    return grounds


def _lasting(
    state: RequirementState,
    life: tuple[date | None, date | None],
    newer: Sequence[Proof],
    context: _Context,
    proof: Proof | None = None,
) -> Ground:
    """A ground that runs out: stretched by closed days, kept for a renewal, or ended early."""
    since, end = life
    days = (end - since).days + 1 if since and end else None
    if since and end:
        end = stretched(since, end, context.closures)
    ended_on = proof.ended_on if proof else None
    if ended_on is not None:
        return Ground(state, min(end or ended_on, ended_on), days, proof=proof)
    renewed = any(end is None or each.handed_in <= end for each in newer)
    if renewed and end is not None:
        end += context.grace
    return Ground(state, end, days, renewed, proof)


def _ends_soon(requirement: Requirement, ground: Ground, context: _Context) -> bool:
    if ground.end is None:
        return False
    lasts = requirement.lasts
    life = ground.life or lasts.days or lasts.months * 30
    return (ground.end - context.today).days <= min(context.soon_days, life // SOON_SHARE)


def _look_again_on(facts: Facts, known: date) -> date | None:
    """The next day on which something already recorded begins to count."""
    begins = [override.from_on for override in facts.overrides]
    for each in facts.requirements.values():
        begins += [proof.valid_from for proof in each.proofs if proof.state == ProofState.ACCEPTED]
        begins += [asked.agreed_on for asked in each.not_applicable if asked.agreed_on]
        begins += [quiet.begins for quiet in each.quiet if quiet.begins]
    return min((day for day in begins if day > known), default=None)
