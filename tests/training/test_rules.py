"""What a team comes to on any day: by the table of the rules, and against a naive judge."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charter.commitments.assessment import RequirementState
from charter.commitments.rules import assess
from charter.editions.terms import Counted, Lasts
from charter.training import rules
from charter.training.coverage import Done, Person, Team
from charter.training.rules import FACTS, Terms
from charter.training.spans import Count
from charter.venues.closures import Closed, merged
from tests.builders.edition import make_commitment_data, make_edition, make_requirement_data
from tests.builders.facts import make_facts, make_known
from tests.builders.teams import (
    BEGAN,
    TODAY,
    days,
    make_champion,
    make_done,
    make_people,
    make_person,
    make_stint,
    make_team,
    make_terms,
)
from tests.training.cases import EARLIEST, HORIZON, Case, cases, closures, facts, quick, thorough
from tests.training.oracle import DAY, Oracle


def said(team: Team, terms: Terms, fact: str, today: date) -> Counted:
    """What the rules say."""
    found = rules.counted(team, terms, fact, today)
    assert found is not None
    return found


def agrees(case: Case, fact: str) -> None:
    """Whether the rules say what the oracle says, in every number and date."""
    today, oracle = case.today, Oracle(case.team, case.terms, EARLIEST, HORIZON)
    found = said(case.team, case.terms, fact, today)
    met = oracle.met(fact, today)
    there, trained = oracle.numbers(fact, today)
    assert (found.met, found.cases) == (met, there)
    assert found.share == (round(trained * 100 / there, 1) if there else None)
    assert found.holds_until == (oracle.holds_until(fact, today) if met else None)
    assert found.lost_on == (None if met else oracle.lost_on(fact, today))
    without = rules.counted(case.team, case.terms, fact, today, past=False)
    assert without == replace(found, lost_on=None)


@quick
@given(cases(), facts)
def test_the_rules_say_what_the_oracle_says(case: Case, fact: str) -> None:
    agrees(case, fact)


@pytest.mark.long
@thorough
@given(cases(), facts)
def test_the_rules_say_what_the_oracle_says_of_thousands(case: Case, fact: str) -> None:
    agrees(case, fact)


REQUIREMENT = make_requirement_data("1.1", kind="counted", fact="a.fact", fallback="file")
EDITION = make_edition([make_commitment_data(1, [REQUIREMENT])])


def read(count: Counted, gathered: date, today: date) -> RequirementState:
    """What a requirement with nothing but this count reads as."""
    facts = make_facts({"c1.r1": make_known(count)}, as_of=gathered)
    return assess(EDITION, facts, today).requirements[0].state


@quick
@given(cases(), facts, st.integers(0, 120))
def test_time_alone_only_worsens_what_was_stored_and_never_too_early(
    case: Case, fact: str, later: int
) -> None:
    stored = said(case.team, case.terms, fact, case.today)
    oracle = Oracle(case.team, case.terms, EARLIEST, HORIZON)
    states = [read(stored, case.today, case.today + days(n)) for n in range(later + 1)]
    met = [state is RequirementState.ACCEPTED for state in states]
    assert met == sorted(met, reverse=True)
    if stored.met:
        lapses = next((n for n, held in enumerate(met) if not held), later + 1)
        assert all(oracle.met(fact, case.today + days(n)) for n in range(lapses))
        assert lapses > later or not oracle.met(fact, case.today + days(lapses))


@quick
@given(cases(), facts, st.integers(1, 120))
def test_whoever_counts_again_reads_what_the_stored_count_already_said(
    case: Case, fact: str, later: int
) -> None:
    today = case.today + days(later)
    stored = said(case.team, case.terms, fact, case.today)
    again = said(case.team, case.terms, fact, today)
    if stored.met and not again.met:
        assert read(stored, case.today, today) is RequirementState.LAPSED
        assert read(again, today, today) is RequirementState.LAPSED
    if stored.met and read(stored, case.today, today) is RequirementState.ACCEPTED:
        assert (again.met, again.holds_until) == (True, stored.holds_until)


@quick
@given(cases(), facts, closures())
def test_closing_takes_nothing_away(case: Case, fact: str, closed: Closed) -> None:
    longer = replace(case.team, closures=tuple(merged([*case.team.closures, closed])))
    before = said(case.team, case.terms, fact, case.today)
    now = said(longer, case.terms, fact, case.today)
    assert now.met or not before.met
    if before.met:
        assert (now.holds_until or date.max) >= (before.holds_until or date.max)


RESPOND = make_done("respond")
BRIEFED = make_done("first-shift")
NEW = TODAY - days(10)
LATE = TODAY - days(31)
trained = make_person(RESPOND)
untrained = make_person()


def bar(first: date | None, *done: Done, last: date | None = None) -> Person:
    """Somebody at the bar."""
    return make_person(make_stint("bar", first, last=last), *done)


def boss(first: date | None, *done: Done, job: str = "manager") -> Person:
    """Somebody in charge."""
    return make_person(make_stint(job, first), *done)


# The table in the docstring of the rules, line by line: (fact, its people, is it met).
TABLE: dict[str, tuple[str, list[Person], bool]] = {
    "nine of ten": ("training.front-of-house", [*make_people(9, RESPOND), untrained], True),
    "eight of nine": ("training.front-of-house", [*make_people(8, RESPOND), untrained], False),
    "agency door staff are counted": (
        "training.front-of-house",
        [*make_people(8, RESPOND), make_person(make_stint("door", employer="agency"))],
        False,
    ),
    "the kitchen is not": (
        "training.front-of-house",
        [trained, make_person(make_stint("kitchen"))],
        True,
    ),
    "who left is not": ("training.front-of-house", [trained, bar(None, last=BEGAN)], True),
    "who is new is, from the first day": (
        "training.front-of-house",
        [trained, bar(TODAY)],
        False,
    ),
    "who is to come is not, yet": ("training.front-of-house", [trained, bar(TODAY + DAY)], True),
    "the door's own course is for the door": (
        "training.front-of-house",
        [make_person(make_stint("door"), make_done("respond-door"))],
        True,
    ),
    "and not for the bar": (
        "training.front-of-house",
        [make_person(make_stint("bar"), make_done("respond-door"))],
        False,
    ),
    "on its last day a training counts": (
        "training.front-of-house",
        [make_person(replace(RESPOND, last=TODAY))],
        True,
    ),
    "the day after it does not": (
        "training.front-of-house",
        [make_person(replace(RESPOND, last=TODAY - DAY))],
        False,
    ),
    "a row that was taken back never does": (
        "training.front-of-house",
        [make_person(replace(RESPOND, withdrawn=TODAY))],
        False,
    ),
    "one person of two rows is one": (
        "training.front-of-house",
        [make_person(make_stint("bar"), make_stint("floor"), RESPOND, make_done("respond", NEW))],
        True,
    ),
    "a job that nobody knows any more is nobody's": (
        "training.front-of-house",
        [trained, make_person(make_stint("juggler"))],
        True,
    ),
    "nobody meets nothing": ("training.front-of-house", [], False),
    "spiking by its own course": ("training.spiking", [trained], False),
    "spiking": ("training.spiking", [make_person(make_done("spiking"))], True),
    "practice asks for all where the edition names no share": (
        "training.bystander",
        [*make_people(9, make_done("bystander")), untrained],
        False,
    ),
    "all managers": ("training.all-managers", [boss(None, RESPOND), untrained], True),
    "but one": ("training.all-managers", [boss(None, RESPOND), boss(None)], False),
    "a new one has time": ("training.all-managers", [boss(None, RESPOND), boss(NEW)], True),
    "thirty days": (
        "training.all-managers",
        [boss(None, RESPOND), boss(TODAY - days(30))],
        True,
    ),
    "and no more": ("training.all-managers", [boss(None, RESPOND), boss(LATE)], False),
    "one at least is trained": ("training.all-managers", [boss(NEW), boss(NEW)], False),
    "from supervisor to manager is not new in charge": (
        "training.all-managers",
        [
            boss(None, RESPOND),
            make_person(make_stint("supervisor", LATE, last=NEW - DAY), make_stint("manager", NEW)),
        ],
        False,
    ),
    "from the bar to manager is": (
        "training.all-managers",
        [
            boss(None, RESPOND),
            make_person(make_stint("bar", LATE, last=NEW - DAY), make_stint("manager", NEW)),
        ],
        True,
    ),
    "and so is a manager after a time at the bar": (
        "training.all-managers",
        [
            boss(None, RESPOND),
            make_person(
                make_stint("manager", last=LATE), make_stint("bar"), make_stint("manager", NEW)
            ),
        ],
        True,
    ),
    "the book": ("training.book", [make_person(make_done("record"))], True),
    "the book, unbriefed": ("training.book", [make_person(make_done("record")), bar(NEW)], False),
    "the book, briefed": (
        "training.book",
        [make_person(make_done("record")), bar(NEW, make_done("first-shift", NEW))],
        True,
    ),
    "the book, too late": (
        "training.book",
        [make_person(make_done("record")), bar(LATE, make_done("first-shift", LATE))],
        False,
    ),
    "nobody new": ("training.new-starters", [untrained], True),
    "new and unbriefed": ("training.new-starters", [bar(TODAY)], False),
    "new and briefed": (
        "training.new-starters",
        [bar(TODAY, make_done("first-shift", TODAY))],
        True,
    ),
    "new, and briefed on the second night": (
        "training.new-starters",
        [bar(TODAY - DAY, make_done("first-shift", TODAY))],
        True,
    ),
    "new and untrained on the thirtieth day after": (
        "training.new-starters",
        [bar(TODAY - days(30), make_done("first-shift", LATE))],
        True,
    ),
    "new and untrained for too long": (
        "training.new-starters",
        [bar(LATE, make_done("first-shift", LATE))],
        False,
    ),
    "new and trained late": (
        "training.new-starters",
        [bar(LATE, make_done("first-shift", LATE), make_done("respond", TODAY))],
        True,
    ),
    "trained elsewhere before": (
        "training.new-starters",
        [bar(LATE, make_done("first-shift", LATE), RESPOND)],
        True,
    ),
    "trained elsewhere, but it was over": (
        "training.new-starters",
        [bar(LATE, make_done("first-shift", LATE), replace(RESPOND, last=LATE - DAY))],
        False,
    ),
    "trained for the door, and new at the bar": (
        "training.new-starters",
        [bar(LATE, make_done("first-shift", LATE), make_done("respond-door"))],
        False,
    ),
    "there before the list": ("training.new-starters", [bar(BEGAN - days(31))], True),
    "new when the list began": ("training.new-starters", [bar(BEGAN - days(30))], False),
    "back after years, the briefing of then is over": (
        "training.new-starters",
        [
            make_person(
                make_stint("bar", last=date(2023, 1, 1)),
                make_stint("bar", NEW),
                make_done("first-shift", date(2022, 6, 1)),
            )
        ],
        False,
    ),
    "from the kitchen to the bar as a starter": (
        "training.new-starters",
        [make_person(make_stint("kitchen", NEW, last=TODAY - DAY), make_stint("bar", TODAY))],
        False,
    ),
    "from the kitchen to the bar after years": (
        "training.new-starters",
        [make_person(make_stint("kitchen", last=TODAY - DAY), make_stint("bar", TODAY))],
        True,
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_each_line_of_the_table(case: str) -> None:
    fact, people, met = TABLE[case]
    team = make_team(*(replace(each, id=number) for number, each in enumerate(people)))
    assert said(team, make_terms(), fact, TODAY).met is met


def test_the_share_is_the_one_in_force() -> None:
    team = make_team(*make_people(7, RESPOND), *make_people(3))
    assert not said(team, make_terms(), "training.front-of-house", TODAY).met
    eased = said(team, make_terms(share_trained=70), "training.front-of-house", TODAY)
    assert (eased.met, eased.cases, eased.share) == (True, 10, 70.0)


@pytest.mark.parametrize(
    ("champion", "met"),
    [
        (make_champion(make_done("champion", TODAY)), True),
        (make_champion(make_done("champion", BEGAN - days(200))), True),
        (make_champion(make_done("champion", date(2024, 6, 15))), True),
        (make_champion(make_done("champion", date(2024, 6, 14))), False),
        (make_champion(make_done("respond")), False),
        (make_champion(make_done("champion"), last=TODAY - DAY), False),
        (make_champion(make_done("champion"), last=TODAY), True),
        (make_champion(make_done("champion", withdrawn=TODAY)), False),
    ],
)
def test_a_champion_is_trained_for_two_years_and_needs_no_list(champion: object, met: bool) -> None:
    team = Team(champions=(champion,))  # type: ignore[arg-type]  # one term
    assert said(team, make_terms(), "training.champion", TODAY).met is met


def test_a_list_that_nobody_looks_at_any_more_meets_nothing() -> None:
    stale = make_team(boss(None, RESPOND, make_done("record")), checked=TODAY - days(41))
    terms = make_terms(Lasts(days=40))
    for fact in FACTS[1:]:
        old, fresh = said(stale, terms, fact, TODAY), said(stale, terms, fact, TODAY - DAY)
        assert not old.met
        if fact not in ("training.spiking", "training.bystander"):
            assert (fresh.met, fresh.holds_until) == (True, TODAY - DAY)
            assert old.lost_on == TODAY
            assert old.step == "Say that your staff list is still right."
            assert "Somebody new" not in old.words
    closed = replace(stale, closures=(Closed(TODAY - days(5), TODAY - days(4)),))
    assert said(closed, terms, "training.front-of-house", TODAY + DAY).met
    assert not said(closed, terms, "training.front-of-house", TODAY + days(2)).met
    none = replace(stale, began=None, checked=None)
    assert said(none, terms, "training.front-of-house", TODAY).lost_on is None


def test_who_joins_and_leaves_moves_the_day_on_which_it_lapses() -> None:
    """The journey of the issue: eleven trained, one until August; two leave, three join."""
    soon = replace(RESPOND, last=date(2026, 8, 1))
    team = [*make_people(10, RESPOND), make_person(soon, number=11), bar(None)]
    team[-1] = replace(team[-1], id=12)

    def front(*people: Person) -> Counted:
        return said(make_team(*people), make_terms(), "training.front-of-house", TODAY)

    before = front(*team)
    assert (before.met, before.holds_until) == (True, date(2026, 8, 1))
    assert before.words.startswith("11 of 12 people who work with customers are trained.")
    left = [bar(None, RESPOND, last=TODAY) for _ in range(2)]
    fewer = front(*team[2:], *left)
    assert (fewer.met, fewer.cases) == (True, 12)
    assert fewer.holds_until == date(2026, 8, 1)
    joined = [replace(bar(TODAY + days(3)), id=20 + number) for number in range(3)]
    more = front(*team[2:], *left, *joined)
    assert (more.met, more.holds_until) == (True, TODAY + days(2))
    on_the_day = said(
        make_team(*team[2:], *left, *joined),
        make_terms(),
        "training.front-of-house",
        TODAY + days(3),
    )
    assert (on_the_day.met, on_the_day.lost_on) == (False, TODAY + days(3))
    assert (on_the_day.cases, on_the_day.share) == (13, 69.2)
    assert on_the_day.step == "Book 3 more people on a respond session."


def test_whoever_left_costs_nothing_once_it_is_known_since_when_a_fact_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []

    def count(team: Team, terms: Terms, fact: str) -> Count | None:
        sizes.append(len(team.people))
        return original(team, terms, fact)

    original = rules._count
    monkeypatch.setattr(rules, "_count", count)
    left = make_person(make_stint("bar", last=TODAY - DAY))
    team = make_team(make_person(make_stint("bar")), *[left] * 50)
    for past in (False, True):
        rules.counted(team, make_terms(), "training.front-of-house", TODAY, past=past)
    assert sizes == [1, 1, 51]


def test_what_never_was_is_not_lost() -> None:
    over = replace(RESPOND, on=BEGAN - days(90), last=BEGAN - DAY)
    never = said(make_team(make_person(over)), make_terms(), "training.front-of-house", TODAY)
    assert (never.met, never.lost_on) == (False, None)
    one_day = replace(over, last=BEGAN)
    once = said(make_team(make_person(one_day)), make_terms(), "training.front-of-house", TODAY)
    assert once.lost_on == BEGAN + DAY


def test_a_champions_training_that_was_over_before_the_list_began_is_not_lost() -> None:
    over = make_champion(make_done("champion", BEGAN - days(90), last=BEGAN - DAY))
    team = make_team(untrained, champions=(over,))
    assert said(team, make_terms(), "training.champion", TODAY).lost_on is None
    listless = Team(champions=(over,))
    assert said(listless, make_terms(), "training.champion", TODAY).lost_on is None
    running = make_champion(over[1][0], first=BEGAN - days(200))
    listless = Team(champions=(running,))
    assert said(listless, make_terms(), "training.champion", TODAY).lost_on == BEGAN
    later = make_team(untrained, champions=(running,))
    assert said(later, make_terms(), "training.champion", TODAY).lost_on is None


def test_closed_days_keep_the_training_that_a_starter_brought() -> None:
    brought = replace(RESPOND, last=LATE - days(2))
    starter = bar(LATE, make_done("first-shift", LATE), brought)
    assert not said(make_team(starter), make_terms(), "training.new-starters", TODAY).met
    closed = Closed(LATE - days(9), LATE - days(8))
    team = make_team(starter, closures=(closed,))
    assert said(team, make_terms(), "training.new-starters", TODAY).met


@pytest.mark.parametrize(
    ("fact", "people", "words", "step"),
    [
        (
            "training.front-of-house",
            [trained, untrained],
            "1 of 2 people who work with customers are trained. "
            "At least 90 in every 100 are needed.",
            "Book 1 more person on a respond session.",
        ),
        (
            "training.all-managers",
            [boss(NEW), boss(NEW)],
            "0 of 2 managers and supervisors are trained.",
            "Book 2 more people on a respond session.",
        ),
        (
            "training.all-managers",
            [],
            "No manager or supervisor is on your staff list.",
            "Put your team on the staff list.",
        ),
        (
            "training.new-starters",
            [bar(NEW)],
            "Somebody new works without the briefing, or has waited too long for the training.",
            "Brief and train your new starters.",
        ),
        (
            "training.new-starters",
            [untrained],
            "Everyone who has started since your list began was briefed, and trained in time.",
            "",
        ),
        ("training.champion", [], "", "Book the champion on the champion training."),
    ],
)
def test_what_it_says(fact: str, people: list[Person], words: str, step: str) -> None:
    team = make_team(*(replace(each, id=number) for number, each in enumerate(people)))
    found = said(team, make_terms(), fact, TODAY)
    assert (found.words, found.step) == (words, step)


def test_a_fact_of_somebody_else_is_not_counted_here() -> None:
    assert rules.counted(make_team(trained), make_terms(), "links.report-opens", TODAY) is None
