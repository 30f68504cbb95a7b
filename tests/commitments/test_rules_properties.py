"""Where a venue stands, in cases nobody thought of: against the oracle, and as time goes by."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charter.commitments.assessment import VenueAssessment, as_read
from charter.commitments.facts import (
    Closure,
    Counted,
    Facts,
    NotApplicable,
    Proof,
    Quiet,
    RequirementFacts,
    Settings,
)
from charter.commitments.rules import assess
from charter.editions.terms import Override
from tests.builders.edition import make_commitment_data, make_edition, make_requirement_data
from tests.commitments.oracle import Oracle

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
FIRST, GATHERED = date(2026, 1, 20), date(2026, 3, 10)
COUNTED = {"kind": "counted", "fact": "a.fact", "fallback": "file"}
EDITION = make_edition(
    [
        make_commitment_data(
            1,
            [
                make_requirement_data("1.1"),
                make_requirement_data("1.2", **COUNTED, few=True, waivable=True),
                make_requirement_data("1.3", essential=False),
            ],
        ),
        make_commitment_data(2, [make_requirement_data("2.1", **COUNTED, waivable=True)]),
    ]
)

past = st.integers(0, 49).map(lambda days: FIRST + days * DAY)
near = st.integers(0, 70).map(lambda days: FIRST + days * DAY)


def after(first: date, most: int) -> st.SearchStrategy[date]:
    return st.integers(0, most).map(lambda days: first + days * DAY)


@st.composite
def proofs(draw: st.DrawFn) -> Proof:
    first = draw(near)
    return Proof(
        id=draw(st.integers(1, 9)),
        state=draw(
            st.sampled_from(["accepted"] * 4 + ["waiting"] * 3 + ["returned", "pulled-back"])
        ),
        handed_in=draw(past),
        valid_from=first,
        valid_to=draw(st.none() | after(first, 60)),
        ended_on=draw(st.none() | st.none() | st.none() | after(first, 60)),
        by_rule=draw(st.booleans()),
    )


@st.composite
def agreements(draw: st.DrawFn) -> NotApplicable:
    asked = draw(past)
    agreed = draw(st.none() | after(asked, 30))
    return NotApplicable(asked, agreed, draw(st.none() | after(agreed, 60)) if agreed else None)


@st.composite
def counts(draw: st.DrawFn) -> Counted:
    met = draw(st.booleans())
    since = draw(st.none() | past)
    return Counted(
        met=met,
        cases=draw(st.none() | st.integers(0, 8)),
        holds_until=draw(st.none() | after(since or FIRST, 90)) if met else None,
        since=since,
        lost_on=None if met else draw(st.none() | past),
    )


@st.composite
def quiets(draw: st.DrawFn) -> Quiet:
    return Quiet(draw(past), draw(st.none() | near))


@st.composite
def closures(draw: st.DrawFn) -> Closure:
    first = draw(after(FIRST, 120))
    return Closure(first, draw(st.none() | after(first, 30) | after(first, 5)))


knowns = st.builds(
    RequirementFacts,
    proofs=st.lists(proofs(), max_size=4).map(tuple),
    not_applicable=st.lists(agreements(), max_size=2).map(tuple),
    quiet=st.lists(quiets(), max_size=2).map(tuple),
    counted=st.none() | counts(),
)
overrides = st.builds(
    Override,
    name=st.sampled_from(["few_cases", "few_months"]),
    value=st.integers(1, 4).map(float),
    from_on=near,
)
venues = st.builds(
    Facts,
    as_of=st.just(GATHERED),
    requirements=st.fixed_dictionaries({each.key: knowns for each in EDITION.requirements}),
    closures=st.lists(closures(), max_size=3).map(tuple),
    overrides=st.lists(overrides, max_size=2, unique_by=lambda row: (row.name, row.from_on)).map(
        tuple
    ),
    settings=st.builds(Settings, renewal_waiting_days=st.sampled_from([0, 3, 14])),
)
days_on = st.integers(0, 250)
thorough = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def words(venue: VenueAssessment) -> list[tuple[object, ...]]:
    """All that is stored of a venue."""
    return [
        (venue.state, venue.holds_until),
        *((each.state, each.holds_until) for each in venue.commitments),
        *((each.state, each.holds_until, each.counts_as_met) for each in venue.requirements),
    ]


@thorough
@given(venues, days_on)
def test_the_rules_say_what_the_oracle_says(facts: Facts, on: int) -> None:
    today = GATHERED + on * DAY
    venue, oracle = assess(EDITION, facts, today), Oracle(EDITION, facts, GATHERED)
    for each in venue.requirements:
        due = oracle.requirement(each.requirement, today)
        assert (each.state, each.counts_as_met, each.holds_until) == (
            due.state,
            due.met,
            due.until,
        ), each.requirement.number
        assert (each.renewal_waiting, each.not_rechecked) == (due.renewed, due.by_rule)
    for number, one in enumerate(venue.commitments):
        total = oracle.commitment(number, today)
        assert (one.state, one.holds_until) == (total.state, total.until)
        assert one.essentials_met == total.met
    whole = oracle.venue(today)
    assert (venue.state, venue.holds_until) == (whole.state, whole.until)
    assert venue.essentials_met == whole.met


@thorough
@given(venues, days_on)
def test_a_reader_of_the_stored_pair_is_right_on_every_later_day(facts: Facts, on: int) -> None:
    stored, today = assess(EDITION, facts, GATHERED), GATHERED + on * DAY
    true = assess(EDITION, facts, today)
    assert as_read(stored.state, stored.holds_until, today) is true.state
    for was, now in zip(stored.commitments, true.commitments, strict=True):
        assert as_read(was.state, was.holds_until, today) is now.state
    for old, new in zip(stored.requirements, true.requirements, strict=True):
        assert as_read(old.state, old.holds_until, today) is new.state


@thorough
@given(venues, days_on)
def test_a_reader_of_any_later_assessment_is_right_too(facts: Facts, on: int) -> None:
    middle, today = GATHERED + (on // 2) * DAY, GATHERED + on * DAY
    stored, true = assess(EDITION, facts, middle), assess(EDITION, facts, today)
    for was, now in zip(stored.commitments, true.commitments, strict=True):
        assert as_read(was.state, was.holds_until, today) is now.state


@thorough
@given(venues, days_on, days_on)
def test_time_alone_never_betters_anything(facts: Facts, one: int, other: int) -> None:
    sooner, later = (assess(EDITION, facts, GATHERED + days * DAY) for days in sorted((one, other)))
    for was, now in zip(sooner.requirements, later.requirements, strict=True):
        assert was.counts_as_met or not now.counts_as_met
        assert now.state in (was.state, "lapsed")


@thorough
@given(venues, days_on)
def test_gathering_again_changes_nothing_before_the_day_to_look_again(
    facts: Facts, on: int
) -> None:
    stored, today = assess(EDITION, facts, GATHERED), GATHERED + on * DAY
    if stored.look_again_on is not None and today >= stored.look_again_on:
        today = stored.look_again_on - DAY
    fresh = assess(EDITION, replace(facts, as_of=today), today)
    assert words(fresh) == words(assess(EDITION, facts, today))


@thorough
@given(venues, st.sampled_from([each.key for each in EDITION.requirements]), proofs())
def test_another_proof_never_takes_away(facts: Facts, key: str, proof: Proof) -> None:
    before = assess(EDITION, facts, GATHERED).requirement(key)
    known = facts.requirements[key]
    more = replace(known, proofs=(*known.proofs, replace(proof, handed_in=GATHERED)))
    richer = replace(facts, requirements={**facts.requirements, key: more})
    now = assess(EDITION, richer, GATHERED).requirement(key)
    assert before is not None
    assert now is not None
    if before.counts_as_met:
        assert now.counts_as_met
        assert (now.holds_until or date.max) >= (before.holds_until or date.max)


@thorough
@given(venues, st.sampled_from([each.key for each in EDITION.requirements]), counts())
def test_the_day_a_fact_is_first_counted_lapses_nobody(
    facts: Facts, key: str, counted: Counted
) -> None:
    known = replace(facts.requirements[key], counted=None)
    uncounted = replace(facts, requirements={**facts.requirements, key: known})
    counts_it = replace(
        facts, requirements={**facts.requirements, key: replace(known, counted=counted)}
    )
    before = assess(EDITION, uncounted, GATHERED).requirement(key)
    now = assess(EDITION, counts_it, GATHERED).requirement(key)
    assert before is not None
    assert now is not None
    assert now.counts_as_met or not before.counts_as_met


@thorough
@given(venues, days_on, closures())
def test_closing_never_lapses_anything(facts: Facts, on: int, closure: Closure) -> None:
    today = GATHERED + on * DAY
    before = assess(EDITION, facts, today)
    closed = assess(EDITION, replace(facts, closures=(*facts.closures, closure)), today)
    for was, now in zip(before.requirements, closed.requirements, strict=True):
        assert now.counts_as_met or not was.counts_as_met


@thorough
@given(venues, days_on)
def test_every_assessment_can_be_put_into_words(facts: Facts, on: int) -> None:
    venue = assess(EDITION, facts, GATHERED + on * DAY)
    for each in venue.requirements:
        assert each.why.endswith((".", ":"))
        assert each.next_step.startswith("Nothing to do.") is not each.to_do
    assert [step.requirement for step in venue.next_steps(2)] == [
        step.requirement for step in venue.next_steps(99)[:2]
    ]
    assert len(venue.next_steps(99)) == sum(each.to_do for each in venue.requirements)
