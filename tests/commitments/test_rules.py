"""Where a venue stands, example by example: each decision of the table in `rules`."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from charter.commitments.assessment import (
    CommitmentState,
    RequirementAssessment,
    RequirementState,
    as_read,
)
from charter.commitments.facts import Closure, Counted, Facts, NotApplicable, Proof, Quiet, Settings
from charter.commitments.rules import assess, stretched, thresholds
from charter.editions.edition import Edition, load
from charter.editions.terms import Override
from tests.builders.edition import make_commitment_data, make_edition, make_requirement_data
from tests.builders.facts import TODAY, make_facts, make_known, make_proof

DAY = timedelta(days=1)
COUNTED = {"kind": "counted", "fact": "book.on-time", "fallback": "statement"}
Part = Proof | NotApplicable | Quiet | Counted


def judged(
    *parts: Part,
    asked: dict[str, Any] | None = None,
    today: date = TODAY,
    **facts: Any,
) -> RequirementAssessment:
    """The one requirement of a small edition, judged by these facts."""
    row = make_requirement_data(**(asked or {}))
    edition = make_edition([make_commitment_data(1, [row])])
    venue = assess(edition, make_facts({"c1.r1": make_known(*parts)}, **facts), today)
    return venue.requirements[0]


# What counts as met


def test_nothing_shown_is_not_met() -> None:
    found = judged()
    assert (found.state, found.counts_as_met) == (RequirementState.NOT_SHOWN, False)
    assert found.why == "Nothing has been shown yet."
    assert found.next_step == "Do task 1.1."


def test_a_proof_that_waits_is_shown_and_not_met() -> None:
    found = judged(make_proof(state="waiting"))
    assert (found.state, found.counts_as_met) == (RequirementState.SHOWN, False)
    assert found.next_step == "Nothing to do. The office will look at it."
    assert not found.to_do


def test_an_accepted_proof_is_met_until_its_last_day() -> None:
    found = judged(make_proof())
    assert (found.state, found.counts_as_met) == (RequirementState.ACCEPTED, True)
    assert found.holds_until == date(2026, 12, 31)
    assert found.why == "Accepted. It holds until Thursday 31 December 2026."
    assert found.next_step == "Nothing to do."


def test_an_accepted_proof_may_have_no_end() -> None:
    found = judged(make_proof(valid_to=None))
    assert (found.counts_as_met, found.holds_until) == (True, None)
    assert found.why == "Accepted. Nothing ends it."


@pytest.mark.parametrize("state", ["returned", "pulled-back"])
def test_a_proof_sent_back_is_returned_with_its_reason(state: str) -> None:
    found = judged(make_proof(state=state, reason="The date cannot be read."))
    assert (found.state, found.counts_as_met) == (RequirementState.RETURNED, False)
    assert found.why == "The office sent it back: The date cannot be read."
    assert found.next_step == (
        "Do task 1.1: mend what the office asked about and hand it in again."
    )


def test_a_proof_the_venue_took_away_is_as_if_never_shown() -> None:
    assert judged(make_proof(state="withdrawn")).state is RequirementState.NOT_SHOWN


def test_a_new_proof_after_a_return_is_shown() -> None:
    found = judged(make_proof(state="returned"), make_proof(id=2, state="waiting"))
    assert found.state is RequirementState.SHOWN


def test_lapsed_on_the_day_after_the_last_day() -> None:
    proof = make_proof(valid_to=TODAY)
    assert judged(proof).state is RequirementState.ACCEPTED
    found = judged(proof, today=TODAY + DAY)
    assert (found.state, found.counts_as_met) == (RequirementState.LAPSED, False)
    assert found.holds_until == TODAY
    assert found.why == "It held until Monday 15 June 2026."
    assert found.next_step == "Do task 1.1 again."


def test_agreed_not_to_apply_is_met() -> None:
    found = judged(
        NotApplicable(date(2026, 6, 1), date(2026, 6, 3), date(2026, 9, 1)),
        asked={"waivable": True},
    )
    assert (found.state, found.counts_as_met) == (RequirementState.DOES_NOT_APPLY, True)
    assert found.holds_until == date(2026, 9, 1)


def test_asked_but_not_agreed_is_not_met_and_waits_for_the_office() -> None:
    found = judged(NotApplicable(date(2026, 6, 1)), asked={"waivable": True})
    assert (found.state, found.counts_as_met) == (RequirementState.NOT_SHOWN, False)
    assert found.next_step == "Nothing to do. The office will say whether this applies to you."
    assert found.why == "You said that this does not apply. The office has not answered yet."


def test_a_question_the_venue_took_back_waits_for_nobody() -> None:
    found = judged(NotApplicable(date(2026, 6, 1), None, TODAY), asked={"waivable": True})
    assert (found.office_turn, found.to_do) == (False, True)


def test_what_may_not_be_waived_is_not_met_by_an_agreement() -> None:
    found = judged(NotApplicable(date(2026, 6, 1), date(2026, 6, 3)))
    assert found.state is RequirementState.NOT_SHOWN


def test_asking_again_after_an_agreement_ended_does_not_hide_that_it_lapsed() -> None:
    found = judged(
        NotApplicable(date(2026, 1, 1), date(2026, 1, 2), date(2026, 6, 1)),
        NotApplicable(date(2026, 6, 10)),
        asked={"waivable": True},
    )
    assert found.state is RequirementState.LAPSED


# Too few to tell


FEW = {**COUNTED, "few": True}


def test_few_cases_are_too_few_to_tell_and_not_met_by_silence() -> None:
    found = judged(Counted(met=True, cases=4), asked=FEW)
    assert (found.state, found.counts_as_met) == (RequirementState.TOO_FEW, False)
    assert found.next_step == "Sign the quiet weeks as “nothing to report”."


def test_signed_quiet_weeks_alone_are_a_question_for_the_office() -> None:
    found = judged(Counted(met=False, cases=0), Quiet(date(2026, 6, 1)), asked=FEW)
    assert (found.state, found.counts_as_met) == (RequirementState.TOO_FEW, False)
    assert found.next_step == "Nothing to do. An officer will ask you about the quiet weeks."


def test_signed_and_recorded_quiet_weeks_count_for_three_months() -> None:
    quiet = Quiet(date(2026, 5, 20), date(2026, 5, 31))
    found = judged(Counted(met=False, cases=0), quiet, asked=FEW)
    assert (found.state, found.counts_as_met) == (RequirementState.TOO_FEW, True)
    assert found.holds_until == date(2026, 8, 31)
    after = judged(Counted(met=False, cases=0), quiet, asked=FEW, today=date(2026, 9, 1))
    assert after.state is RequirementState.LAPSED
    assert after.next_step == "Sign the quiet weeks as “nothing to report”."


def test_an_answer_still_to_be_written_down_does_not_count_by_itself() -> None:
    parts = (Counted(met=False, cases=0), Quiet(date(2026, 6, 1), TODAY + DAY))
    assert not judged(*parts, asked=FEW, today=TODAY + 5 * DAY).counts_as_met


def test_a_new_signature_does_not_end_the_record_that_still_counts() -> None:
    parts = (Quiet(date(2026, 5, 20), date(2026, 5, 31)), Quiet(date(2026, 6, 14)))
    found = judged(Counted(met=False, cases=0), *parts, asked=FEW)
    assert found.holds_until == date(2026, 8, 31)


def test_enough_cases_can_tell() -> None:
    found = judged(Counted(met=False, cases=5, words="3 of 5 were late."), asked=FEW)
    assert (found.state, found.why) == (RequirementState.NOT_SHOWN, "3 of 5 were late.")
    found = judged(Counted(met=True, cases=5, words="All 5 were on time."), asked=FEW)
    assert found.state is RequirementState.ACCEPTED


def test_few_cases_only_matter_where_the_edition_says_so() -> None:
    assert judged(Counted(met=True, cases=1), asked=COUNTED).state is RequirementState.ACCEPTED


def test_the_length_of_a_quiet_time_is_fixed_when_it_begins() -> None:
    quiet = Quiet(date(2026, 5, 1), date(2026, 5, 1))
    shorter = Override("few_months", 1, date(2026, 5, 10))
    found = judged(Counted(met=False, cases=0), quiet, asked=FEW, overrides=(shorter,))
    assert found.holds_until == date(2026, 8, 1)


# Renewals


def test_a_newer_proof_never_displaces_one_that_holds() -> None:
    for state in ("waiting", "returned", "pulled-back", "withdrawn"):
        newer = make_proof(id=2, state=state, handed_in=TODAY)
        found = judged(make_proof(), newer)
        assert (found.state, found.counts_as_met) == (RequirementState.ACCEPTED, True)


def test_a_renewal_handed_in_on_the_last_day_keeps_it_for_14_days() -> None:
    parts = (
        make_proof(valid_to=TODAY),
        make_proof(id=2, state="waiting", handed_in=TODAY),
    )
    found = judged(*parts, today=TODAY + 14 * DAY)
    assert (found.state, found.renewal_waiting) == (RequirementState.ACCEPTED, True)
    assert found.holds_until == TODAY + 14 * DAY
    assert not found.to_do
    after = judged(*parts, today=TODAY + 15 * DAY)
    assert (after.state, after.renewal_waiting) == (RequirementState.LAPSED, False)
    assert after.why.endswith("A newer proof is with the office.")


def test_a_renewal_handed_in_a_day_late_keeps_nothing() -> None:
    parts = (
        make_proof(valid_to=TODAY - DAY),
        make_proof(id=2, state="waiting", handed_in=TODAY),
    )
    assert judged(*parts).state is RequirementState.LAPSED


def test_how_long_a_renewal_keeps_it_is_a_setting() -> None:
    parts = (make_proof(valid_to=TODAY), make_proof(id=2, state="waiting", handed_in=TODAY))
    found = judged(*parts, settings=Settings(renewal_waiting_days=3))
    assert found.holds_until == TODAY + 3 * DAY


def test_a_renewal_sent_back_keeps_nothing_and_is_to_do() -> None:
    parts = (
        make_proof(valid_to=TODAY + 100 * DAY),
        make_proof(id=2, state="returned", handed_in=TODAY, reason="Too dark to read."),
    )
    found = judged(*parts)
    assert (found.state, found.holds_until) == (RequirementState.ACCEPTED, TODAY + 100 * DAY)
    assert found.to_do
    assert found.why.endswith("The office sent it back: Too dark to read.")


def test_an_old_return_is_over_once_something_newer_is_accepted() -> None:
    parts = (
        make_proof(id=1, state="returned", handed_in=date(2026, 5, 1)),
        make_proof(id=2),
    )
    assert not judged(*parts).to_do


def test_an_old_return_does_not_trouble_what_is_now_counted() -> None:
    parts = (Counted(met=True), make_proof(state="returned"))
    found = judged(*parts, asked=COUNTED)
    assert (found.state, found.to_do) == (RequirementState.ACCEPTED, False)


def test_a_renewal_accepted_by_rule_says_that_nobody_looked() -> None:
    newer = make_proof(id=2, valid_to=date(2027, 6, 1), by_rule=True)
    found = judged(make_proof(), newer)
    assert (found.not_rechecked, found.holds_until) == (True, date(2027, 6, 1))
    assert found.why.startswith("Renewed like the one before, and not looked at again.")
    assert not judged(make_proof()).not_rechecked


def test_a_renewal_pulled_back_leaves_the_one_before() -> None:
    newer = make_proof(id=2, valid_to=date(2027, 6, 1), by_rule=True, state="pulled-back")
    found = judged(make_proof(), newer)
    assert (found.holds_until, found.not_rechecked) == (date(2026, 12, 31), False)


# Counted facts


def test_a_counted_fact_that_is_met_needs_no_proof() -> None:
    fact = Counted(met=True, holds_until=date(2026, 7, 20), words="All 9 are trained.")
    found = judged(fact, asked=COUNTED)
    assert (found.state, found.holds_until) == (RequirementState.ACCEPTED, date(2026, 7, 20))
    assert found.why.startswith("All 9 are trained.")


def test_a_dated_proof_stands_when_the_counted_fact_is_not_met() -> None:
    found = judged(make_proof(), Counted(met=False), asked=COUNTED)
    assert (found.state, found.holds_until) == (RequirementState.ACCEPTED, date(2026, 12, 31))


def test_the_counted_fact_takes_over_when_that_keeps_it_met() -> None:
    fact = Counted(met=True, holds_until=date(2027, 3, 1))
    assert judged(make_proof(), fact, asked=COUNTED).holds_until == date(2027, 3, 1)


def test_the_counted_fact_does_not_shorten_a_dated_proof() -> None:
    fact = Counted(met=True, holds_until=date(2026, 7, 1))
    assert judged(make_proof(), fact, asked=COUNTED).holds_until == date(2026, 12, 31)


def test_a_counted_fact_that_was_lost_has_lapsed() -> None:
    found = judged(Counted(met=False, lost_on=TODAY, step="Train two more."), asked=COUNTED)
    assert (found.state, found.holds_until) == (RequirementState.LAPSED, TODAY - DAY)
    assert found.next_step == "Train two more."


def test_a_fact_is_nothing_to_a_requirement_that_is_not_counted() -> None:
    assert judged(Counted(met=True)).state is RequirementState.NOT_SHOWN


# What ends early, begins late, or stands still


def test_a_proof_that_was_ended_early_has_lapsed_and_no_renewal_keeps_it() -> None:
    parts = (
        make_proof(ended_on=TODAY - DAY),
        make_proof(id=2, state="waiting", handed_in=TODAY - DAY),
    )
    found = judged(*parts)
    assert (found.state, found.holds_until) == (RequirementState.LAPSED, TODAY - DAY)
    assert "Something changed, so it has to be shown again." in found.why


def test_a_proof_counts_from_its_first_day_and_not_by_itself() -> None:
    later = make_proof(valid_from=TODAY + 10 * DAY)
    found = judged(later, today=TODAY + 20 * DAY)
    assert (found.state, found.counts_as_met) == (RequirementState.SHOWN, False)
    assert found.why == "The office accepted it. It counts from Thursday 25 June 2026."
    assert not found.to_do
    gathered_again = judged(later, as_of=TODAY + 10 * DAY, today=TODAY + 10 * DAY)
    assert gathered_again.state is RequirementState.ACCEPTED


def test_the_day_to_look_again_is_when_something_recorded_begins() -> None:
    edition = make_edition()
    known = {"c1.r1": make_known(make_proof(valid_from=TODAY + 10 * DAY))}
    later = Override("few_cases", 3, TODAY + 4 * DAY)
    venue = assess(edition, make_facts(known, overrides=(later,)), TODAY)
    assert venue.look_again_on == TODAY + 4 * DAY
    assert assess(edition, make_facts(known), TODAY).look_again_on == TODAY + 10 * DAY
    assert assess(edition, make_facts(), TODAY).look_again_on is None


def test_closed_days_are_added_to_the_last_day() -> None:
    closed = Closure(date(2026, 8, 1), date(2026, 8, 31))
    found = judged(make_proof(), closures=(closed,))
    assert found.holds_until == date(2027, 1, 31)


def test_a_closure_with_no_end_stops_the_clock() -> None:
    found = judged(make_proof(), closures=(Closure(date(2026, 7, 1)),), today=date(2030, 1, 1))
    assert (found.state, found.holds_until) == (RequirementState.ACCEPTED, None)


def test_a_closure_does_not_bring_back_what_had_lapsed() -> None:
    proof = make_proof(valid_to=date(2026, 6, 10))
    found = judged(proof, closures=(Closure(date(2026, 6, 11)),))
    assert (found.state, found.holds_until) == (RequirementState.LAPSED, date(2026, 6, 10))


def test_a_closure_does_not_bring_back_what_was_ended() -> None:
    proof = make_proof(ended_on=date(2026, 6, 10))
    found = judged(proof, closures=(Closure(date(2026, 6, 5)),))
    assert found.state is RequirementState.LAPSED


def test_days_closed_twice_are_added_once() -> None:
    closures = (
        Closure(date(2026, 8, 1), date(2026, 8, 20)),
        Closure(date(2026, 8, 10), date(2026, 8, 31)),
        Closure(date(2026, 8, 5), date(2026, 8, 6)),
    )
    assert judged(make_proof(), closures=closures).holds_until == date(2027, 1, 31)


@pytest.mark.parametrize(
    ("closures", "last"),
    [
        ([(1, 1)], 11),
        ([(10, 10)], 11),
        ([(11, 12)], 10),
        ([(-5, 0)], 10),
        ([(-5, 1)], 11),
        ([(2, 4), (4, 6)], 15),
        ([(2, 4), (5, 6)], 15),
        ([(5, 4)], 10),
    ],
)
def test_each_closed_day_of_a_ten_day_life_is_added_once(
    closures: list[tuple[int, int]], last: int
) -> None:
    zero = date(2026, 6, 30)
    proof = make_proof(valid_from=zero + DAY, valid_to=zero + 10 * DAY)
    closed = tuple(Closure(zero + first * DAY, zero + end * DAY) for first, end in closures)
    found = judged(proof, closures=closed, today=zero + DAY, as_of=zero + DAY)
    assert found.holds_until == zero + last * DAY


def test_a_closure_reached_only_because_of_another_is_added_too() -> None:
    first, second = (
        Closure(date(2026, 8, 1), date(2026, 8, 10)),
        Closure(date(2027, 1, 5), date(2027, 1, 6)),
    )
    closures = [first, second]
    assert stretched(date(2026, 6, 1), date(2026, 12, 31), closures) == date(2027, 1, 12)


def test_a_counted_fact_is_stretched_only_from_a_day_it_gives() -> None:
    closed = (Closure(date(2026, 7, 1), date(2026, 7, 10)),)
    end, since = date(2026, 7, 20), date(2026, 1, 20)
    plain = judged(Counted(True, holds_until=end), asked=COUNTED, closures=closed)
    dated = judged(Counted(True, holds_until=end, since=since), asked=COUNTED, closures=closed)
    assert (plain.holds_until, dated.holds_until) == (end, end + 10 * DAY)


# Lapsing soon


@pytest.mark.parametrize(
    ("first", "last", "left", "soon"),
    [
        (date(2026, 1, 1), date(2026, 12, 31), 30, True),
        (date(2026, 1, 1), date(2026, 12, 31), 31, False),
        (date(2026, 1, 1), date(2026, 1, 28), 7, True),
        (date(2026, 1, 1), date(2026, 1, 28), 8, False),
        (date(2026, 1, 1), date(2026, 1, 3), 0, True),
        (date(2026, 1, 1), date(2026, 1, 3), 1, False),
    ],
)
def test_lapsing_soon_is_30_days_or_a_quarter(
    first: date, last: date, left: int, soon: bool
) -> None:
    today = last - left * DAY
    found = judged(
        make_proof(handed_in=first, valid_from=first, valid_to=last), today=today, as_of=today
    )
    assert (found.counts_as_met, found.lapsing_soon) == (True, soon)
    assert found.to_do is soon


def test_lapsing_soon_says_by_when() -> None:
    found = judged(make_proof(valid_to=date(2026, 6, 20)))
    assert found.next_step == "Do task 1.1 again, by Saturday 20 June 2026."


# Commitments and the venue


def two_by_two() -> Edition:
    """Two commitments, each with two essentials and a good one."""
    return make_edition(
        [
            make_commitment_data(
                number,
                [
                    make_requirement_data(f"{number}.1"),
                    make_requirement_data(f"{number}.2"),
                    make_requirement_data(f"{number}.3", essential=False),
                ],
            )
            for number in (1, 2)
        ]
    )


def facts_with(**ends: date) -> Facts:
    """Accepted proofs by requirement (c1_r1=last day)."""
    known = {
        key.replace("_", "."): make_known(make_proof(valid_to=last)) for key, last in ends.items()
    }
    return make_facts(known)


FAR, NEAR, PAST = date(2026, 12, 31), date(2026, 9, 30), date(2026, 6, 10)


@pytest.mark.parametrize(
    ("ends", "state", "until"),
    [
        ({}, CommitmentState.NOT_MET, None),
        ({"c1_r3": FAR}, CommitmentState.NOT_MET, None),
        ({"c1_r1": FAR}, CommitmentState.PARTLY, FAR),
        ({"c1_r1": FAR, "c1_r2": NEAR}, CommitmentState.MET, NEAR),
        ({"c1_r1": FAR, "c1_r2": FAR, "c1_r3": PAST}, CommitmentState.MET, FAR),
        ({"c1_r1": FAR, "c1_r2": PAST}, CommitmentState.LAPSED, PAST),
        ({"c1_r2": PAST}, CommitmentState.LAPSED, PAST),
    ],
)
def test_a_commitment(ends: dict[str, date], state: CommitmentState, until: date | None) -> None:
    found = assess(two_by_two(), facts_with(**ends), TODAY).commitments[0]
    assert (found.state, found.holds_until) == (state, until)


def test_a_commitment_names_what_ends_first_and_what_has_lapsed() -> None:
    venue = assess(two_by_two(), facts_with(c1_r1=NEAR, c1_r2=FAR, c2_r1=PAST), TODAY)
    first, second = venue.commitments
    assert (first.lapses_key, first.lapsed) == ("c1.r1", ())
    assert [each.key for each in second.lapsed] == ["c2.r1"]
    assert (first.essentials_met, first.essentials_total) == (2, 2)
    assert (first.good_met, first.good_total) == (0, 1)


def test_of_two_that_end_together_the_first_in_order_is_named() -> None:
    venue = assess(two_by_two(), facts_with(c1_r1=NEAR, c1_r2=NEAR), TODAY)
    assert venue.commitments[0].lapses_key == "c1.r1"


def test_a_venue_is_met_only_with_every_essential() -> None:
    ends = {"c1_r1": FAR, "c1_r2": FAR, "c2_r1": NEAR}
    venue = assess(two_by_two(), facts_with(**ends), TODAY)
    assert (venue.state, venue.all_met, venue.commitments_met) == (
        CommitmentState.PARTLY,
        False,
        1,
    )
    venue = assess(two_by_two(), facts_with(**ends, c2_r2=FAR), TODAY)
    assert (venue.state, venue.all_met, venue.commitments_met) == (CommitmentState.MET, True, 2)
    assert (venue.holds_until, venue.lapses_key) == (NEAR, "c2.r1")
    assert (venue.essentials_met, venue.essentials_total, venue.commitments_total) == (4, 4, 2)
    assert venue.next_lapse is not None
    assert (venue.next_lapse.last_day, venue.next_lapse.requirement.key) == (NEAR, "c2.r1")


def test_the_next_lapse_is_one_to_come() -> None:
    venue = assess(two_by_two(), facts_with(c1_r1=PAST, c2_r1=FAR), TODAY)
    assert venue.any_lapsed
    assert venue.holds_until == PAST
    assert venue.next_lapse is not None
    assert venue.next_lapse.requirement.key == "c2.r1"


def test_what_waits_and_what_came_back_is_counted() -> None:
    known = {
        "c1.r1": make_known(make_proof(state="waiting")),
        "c1.r2": make_known(make_proof(), make_proof(id=2, state="waiting", handed_in=TODAY)),
        "c2.r1": make_known(make_proof(state="returned")),
    }
    venue = assess(two_by_two(), make_facts(known), TODAY)
    assert (venue.waiting, venue.returned) == (2, 1)


def test_an_eighth_commitment_is_an_edition_change_only() -> None:
    edition = make_edition([make_commitment_data(number) for number in range(1, 9)])
    known = {f"c{number}.r1": make_known(make_proof()) for number in range(1, 8)}
    venue = assess(edition, make_facts(known), TODAY)
    assert (venue.commitments_met, venue.commitments_total, venue.all_met) == (7, 8, False)
    assert [step.requirement.key for step in venue.next_steps(3)] == ["c8.r1"]
    known["c8.r1"] = make_known(make_proof())
    assert assess(edition, make_facts(known), TODAY).all_met


# What to do next


def steps(edition: Edition, facts: Facts, most: int = 99) -> list[str]:
    return [each.requirement.number for each in assess(edition, facts, TODAY).next_steps(most)]


def test_a_new_venue_starts_with_the_first_three_of_each_in_turn() -> None:
    shipped = load(Path("seeds/charter/bristol-2024.toml"))
    assert steps(shipped, make_facts(), 8) == [
        *(f"{number}.1" for number in range(1, 8)),
        "1.2",
    ]
    order = steps(shipped, make_facts())
    assert order[20:23] == ["7.3", "1.4", "2.4"]
    assert order[32:34] == ["1.5", "2.5"]
    assert len(order) == 46


def test_how_many_to_start_with_is_a_threshold() -> None:
    one = (Override("start_with", 1, TODAY),)
    assert steps(two_by_two(), make_facts(overrides=one)) == [
        "1.1",
        "2.1",
        "1.2",
        "2.2",
        "1.3",
        "2.3",
    ]


def test_the_most_pressing_comes_first() -> None:
    rows = [make_requirement_data(f"1.{place}") for place in range(1, 8)]
    rows.append(make_requirement_data("1.8", essential=False))
    edition, year = make_edition([make_commitment_data(1, rows)]), date(2026, 1, 1)
    known = {
        "c1.r2": make_known(make_proof(state="waiting")),
        "c1.r3": make_known(make_proof(valid_from=year, valid_to=TODAY + 20 * DAY)),
        "c1.r4": make_known(make_proof(valid_from=year, valid_to=TODAY + 10 * DAY)),
        "c1.r5": make_known(make_proof(state="returned")),
        "c1.r6": make_known(make_proof(valid_to=PAST)),
        "c1.r7": make_known(make_proof(valid_to=PAST - DAY)),
        "c1.r8": make_known(make_proof(valid_to=PAST - DAY)),
    }
    assert steps(edition, make_facts(known)) == ["1.7", "1.6", "1.5", "1.4", "1.3", "1.1", "1.8"]


def test_a_step_has_words_minutes_and_a_reason() -> None:
    (step,) = assess(make_edition(), make_facts(), TODAY).next_steps(3)
    assert (step.words, step.minutes, step.why) == (
        "Do task 1.1.",
        5,
        "Nothing has been shown yet.",
    )


# Thresholds


def test_an_override_counts_from_its_day() -> None:
    edition = make_edition()
    later = Override("few_cases", 3, TODAY)
    assert thresholds(edition, [later], TODAY - DAY)["few_cases"] == 5
    assert thresholds(edition, [later], TODAY)["few_cases"] == 3


def test_the_newest_override_counts_whatever_their_order() -> None:
    rows = [Override("few_cases", 2, TODAY), Override("few_cases", 9, TODAY - DAY)]
    assert thresholds(make_edition(), rows, TODAY)["few_cases"] == 2


def test_the_value_in_force_decides_what_is_too_few() -> None:
    fact = Counted(met=True, cases=4)
    lower = Override("few_cases", 4, TODAY)
    assert judged(fact, asked=FEW).state is RequirementState.TOO_FEW
    assert judged(fact, asked=FEW, overrides=(lower,)).state is RequirementState.ACCEPTED


# Words and readers


def test_states_have_one_set_of_words() -> None:
    assert [each.label for each in RequirementState] == [
        "Not shown",
        "Shown",
        "Accepted",
        "Returned",
        "Lapsed",
        "Does not apply",
        "Too few to tell",
    ]
    assert [each.label for each in CommitmentState] == ["Met", "Partly met", "Not met", "Lapsed"]


def test_a_reader_needs_only_the_stored_pair_and_the_day() -> None:
    assert as_read(CommitmentState.MET, TODAY, TODAY) is CommitmentState.MET
    assert as_read(CommitmentState.MET, TODAY, TODAY + DAY) is CommitmentState.LAPSED
    assert as_read(CommitmentState.NOT_MET, None, date.max) is CommitmentState.NOT_MET
    read = as_read(RequirementState.ACCEPTED, TODAY, TODAY + DAY)
    assert read is RequirementState.LAPSED
