"""How a team stands with a course, today and on a day in the past, as it was known then."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given

from charter.training.courses import courses
from charter.training.coverage import (
    Cover,
    Group,
    Person,
    Team,
    as_known,
    counts,
    cover,
    share,
    unbroken_since,
)
from charter.venues.closures import Closed
from tests.builders.teams import (
    BEGAN,
    TODAY,
    days,
    make_done,
    make_people,
    make_person,
    make_stint,
    make_team,
)
from tests.training.cases import EARLIEST, HORIZON, Case, cases, quick
from tests.training.oracle import DAY, Oracle

RESPOND = [courses()["respond"], courses()["respond-door"]]
SPIKING = [courses()["spiking"]]
STARTER_DAYS = 30


def stands(person: Person, day: date = TODAY, team: Team | None = None) -> Cover:
    """How somebody stands with the respond course on a day."""
    team = team or make_team(person)
    return cover(team, person, RESPOND, day, STARTER_DAYS)


def done(last: date, course: str = "respond") -> Person:
    """Somebody at the bar whose training counts to a day."""
    return make_person(make_done(course, date(2025, 9, 1), last=last))


@pytest.mark.parametrize(
    ("person", "said"),
    [
        (done(TODAY + days(31)), Cover.TRAINED),
        (done(TODAY + days(30)), Cover.DUE),
        (done(TODAY), Cover.DUE),
        (done(TODAY - DAY), Cover.LAPSED),
        (done(TODAY + days(90), "spiking"), Cover.NEVER),
        (make_person(), Cover.NEVER),
        (make_person(make_done("respond", withdrawn=TODAY)), Cover.NEVER),
        (make_person(make_done("respond", TODAY + DAY)), Cover.NEVER),
        (make_person(make_stint("bar", TODAY)), Cover.NEW),
        (make_person(make_stint("bar", TODAY - days(30))), Cover.NEW),
        (make_person(make_stint("bar", TODAY - days(31))), Cover.NEVER),
        (make_person(make_stint("bar", TODAY), make_done("respond")), Cover.TRAINED),
        (
            make_person(
                make_stint("bar", TODAY), make_done("respond", BEGAN, last=TODAY - days(2))
            ),
            Cover.LAPSED,
        ),
        (
            make_person(
                make_done("respond", date(2024, 1, 1), last=date(2025, 1, 1)),
                make_done("respond", date(2026, 1, 1)),
            ),
            Cover.TRAINED,
        ),
    ],
)
def test_trained_due_lapsed_never_or_new(person: Person, said: Cover) -> None:
    assert stands(person) is said
    assert said.counts is (said in (Cover.TRAINED, Cover.DUE))


def test_the_five_have_words_of_their_own() -> None:
    words = ["Trained", "Due in 30 days", "Lapsed", "Never", "New starter"]
    assert [each.label for each in Cover] == words


def test_a_variant_counts_for_the_jobs_it_is_for() -> None:
    did = make_done("respond-door")
    assert stands(make_person(make_stint("door"), did)) is Cover.TRAINED
    assert stands(make_person(make_stint("bar"), did)) is Cover.NEVER
    both = make_person(make_stint("bar"), make_stint("door"), did)
    assert stands(both) is Cover.TRAINED
    moved = make_person(make_stint("door", last=TODAY - DAY), make_stint("bar", TODAY), did)
    assert stands(moved, TODAY - DAY) is Cover.TRAINED
    assert stands(moved) is Cover.NEVER


def test_closed_days_use_up_neither_a_training_nor_a_starters_time() -> None:
    closed = Closed(TODAY - days(3), TODAY - DAY)
    person = done(TODAY - days(3))
    assert stands(person, TODAY, make_team(person, closures=(closed,))) is Cover.DUE
    assert stands(person, TODAY + DAY, make_team(person, closures=(closed,))) is Cover.LAPSED
    # Done while it was closed: only the closed days from then on are given back.
    while_closed = make_person(make_done("respond", TODAY - days(2), last=TODAY - DAY))
    team = make_team(while_closed, closures=(closed,))
    assert stands(while_closed, TODAY + DAY, team) is Cover.DUE
    assert stands(while_closed, TODAY + days(2), team) is Cover.LAPSED
    starter = make_person(make_stint("bar", TODAY - days(33)))
    shut = make_team(starter, closures=(closed,))
    assert stands(starter, TODAY, shut) is Cover.NEW
    assert stands(starter, TODAY + DAY, shut) is Cover.NEVER
    never_open = make_team(person, closures=(replace(closed, until=None),))
    assert stands(person, TODAY + days(900), never_open) is Cover.TRAINED


@quick
@given(cases())
def test_cover_says_what_the_oracle_says_and_every_person_is_counted(case: Case) -> None:
    starter_days = case.terms.value("starter_days")
    oracle = Oracle(case.team, case.terms, EARLIEST, HORIZON)
    for day in (case.today, case.today - days(20), case.today + days(40)):
        for course in (RESPOND, SPIKING):
            there = [
                person
                for person in case.team.people
                if any(
                    oracle.suits(each, stint.job)
                    for each in course
                    for stint in oracle.stints(person, day, "any job")
                )
            ]
            said = [oracle.cover(person, course, day) for person in there]
            found = [cover(case.team, each, course, day, starter_days) for each in there]
            assert found == said
            trained = sum(each in ("trained", "due") for each in said)
            assert share(case.team, course, day) == (trained, len(there))
            by_group = counts(case.team, course, day, starter_days)
            groups = [
                {Group(s.job, s.employer) for s in oracle.stints(person, day, "customers")}
                for person in there
            ]
            assert sum(sum(of.values()) for of in by_group.values()) == sum(map(len, groups))


def test_people_are_counted_by_job_and_employer() -> None:
    agency = make_stint("door", employer="agency")
    team = make_team(
        *make_people(3, make_done()),
        make_person(agency, make_done("respond-door")),
        make_person(agency),
        make_person(make_stint("kitchen")),
        make_person(make_stint("bar"), make_stint("floor", TODAY)),
        make_person(make_stint("bar", TODAY + DAY)),
        make_person(make_stint("bar", last=TODAY - DAY)),
    )
    assert counts(team, RESPOND, TODAY, STARTER_DAYS) == {
        Group("bar", "venue"): {Cover.TRAINED: 3, Cover.NEVER: 1},
        Group("floor", "venue"): {Cover.NEVER: 1},
        Group("door", "agency"): {Cover.TRAINED: 1, Cover.NEVER: 1},
    }
    assert share(team, RESPOND, TODAY) == (4, 6)
    assert share(make_team(), RESPOND, TODAY) == (0, 0)


def test_on_the_twelfth_of_march_83_in_100_were_trained() -> None:
    """Five of six; since then one has lapsed, one left, two joined and one was taught."""
    day = date(2026, 3, 12)
    team = make_team(
        make_person(make_done(on=date(2025, 4, 1)), number=1),
        make_person(make_stint("bar", last=date(2026, 5, 1)), make_done(), number=2),
        *(make_person(make_done(), number=number) for number in (3, 4, 5)),
        make_person(make_done(on=date(2026, 4, 20)), number=6),
        *(make_person(make_stint("bar", date(2026, 6, 1)), number=number) for number in (7, 8)),
    )
    assert share(team, RESPOND, day) == (5, 6)
    assert round(5 * 100 / 6) == 83
    assert share(team, RESPOND, TODAY) == (4, 7)
    assert counts(team, RESPOND, TODAY, STARTER_DAYS) == {
        Group("bar", "venue"): {Cover.TRAINED: 4, Cover.LAPSED: 1, Cover.NEW: 2}
    }


def test_a_report_of_a_past_day_uses_only_what_was_recorded_by_then() -> None:
    day = date(2026, 4, 10)
    after = day + DAY
    left_late = make_stint("bar", last=date(2026, 4, 1), last_known=after)
    joined_late = make_stint("bar", date(2026, 4, 1), known=after)
    wrong = make_done("respond", date(2026, 4, 1), withdrawn=after)
    late = make_done("respond", date(2026, 4, 1), known=after)
    planned = make_stint("bar", last=date(2026, 4, 20), last_known=date(2026, 4, 2))
    team = make_team(
        make_person(left_late, number=1),
        make_person(joined_late, number=2),
        make_person(wrong, number=3),
        make_person(late, number=4),
        make_person(planned, number=5),
    )
    then = as_known(team, day)
    assert [each.id for each in then.people] == [1, 3, 4, 5]
    assert share(then, RESPOND, day) == (1, 4)
    assert share(team, RESPOND, day) == (1, 4)  # 2, 3, 4, 5, of whom 4 is trained
    assert {p.id: stands(p, day, then) for p in then.people} == {
        1: Cover.NEVER,
        3: Cover.TRAINED,
        4: Cover.NEVER,
        5: Cover.NEVER,
    }
    assert then.people[3].stints == (planned,)
    assert as_known(team, after) == team
    assert as_known(team, BEGAN - DAY).people == ()


@quick
@given(cases())
def test_what_is_recorded_later_changes_nothing_that_was_known(case: Case) -> None:
    day = case.today
    before = as_known(case.team, day)
    later = replace(make_done("respond", day), known=day + DAY)
    people = [replace(each, done=(*each.done, later)) for each in case.team.people]
    newcomer = make_person(make_stint("bar", day - days(9), known=day + DAY), number=99)
    assert as_known(replace(case.team, people=(*people, newcomer)), day) == before
    assert as_known(before, day) == before


def test_a_time_without_a_gap_is_one_time() -> None:
    kitchen = make_stint("kitchen", date(2026, 4, 1), last=date(2026, 4, 30))
    bar = make_stint("bar", date(2026, 5, 1), last=date(2026, 5, 20))
    door = make_stint("door", date(2026, 5, 10))
    again = make_stint("bar", date(2026, 6, 10))
    for order in ((kitchen, bar, door), (door, bar, kitchen)):
        assert unbroken_since(order, TODAY) == date(2026, 4, 1)
    assert unbroken_since((kitchen, bar), TODAY) == TODAY
    assert unbroken_since((kitchen, again), TODAY) == date(2026, 6, 10)
    assert unbroken_since((make_stint("bar", last=date(2026, 6, 9)), again), TODAY) is None
    assert unbroken_since((make_stint("bar", last=date(2026, 6, 8)), again), TODAY) == again.first
