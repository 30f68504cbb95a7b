"""A tally's sums are what a naive judge counts, on every day up to the horizon."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from random import Random

import pytest

from charter.training import tally
from charter.training.courses import Course, with_variants
from charter.training.coverage import Done, Stint, Team
from charter.training.tally import EVERYBODY, Numbers
from charter.venues.closures import Closed, merged
from tests.builders.teams import (
    BEGAN,
    TODAY,
    days,
    make_champion,
    make_done,
    make_person,
    make_team,
    make_terms,
)
from tests.training.oracle import ANY, DAY, Oracle

JOBS = ("bar", "door", "kitchen", "manager", "juggler")
DID = ("respond", "respond-door", "record", "bystander", "champion", "first-shift")
UNTIL = tally.horizon(TODAY)


def random_team(random: Random) -> Team:
    """Up to seven people with any past and plans, champions, and days on which it is closed."""

    def day(first: int, last: int) -> date:
        return TODAY + days(random.randint(first, last))

    def stint() -> Stint:
        first = random.choice((None, day(-60, 20), day(-40, 0)))
        last = random.choice((None, None, (first or TODAY) + days(random.randint(0, 70))))
        employer = random.choice(("venue", "agency"))
        return Stint(random.choice(JOBS), employer, first, last, known=BEGAN)

    def done() -> Done:
        first = day(-200, 0)
        last = first + days(random.randint(0, 260))
        withdrawn = random.choice((None, None, None, TODAY))
        return make_done(random.choice(DID), first, last=last, withdrawn=withdrawn)

    people = [
        make_person(
            *(stint() for _ in range(random.randint(1, 3))),
            *(done() for _ in range(random.randint(0, 4))),
            number=number,
        )
        for number in range(random.randint(1, 7))
    ]
    champions = [
        make_champion(
            *(done() for _ in range(2)), first=day(-60, 20), last=random.choice((None, day(21, 60)))
        )
        for _ in range(random.randint(0, 2))
    ]
    closures = [
        Closed(day(-30, 30), random.choice((None, day(31, 50))))
        for _ in range(random.randint(0, 1))
    ]
    return make_team(*people, champions=tuple(champions), closures=tuple(merged(closures)))


def naively(team: Team, course: Sequence[Course], day: date) -> dict[tuple[str, str], Numbers]:
    """The numbers of each group on a day, by the judge who lives through all of them."""
    oracle = Oracle(team, make_terms(), TODAY - days(300), UNTIL + days(400))
    found: dict[tuple[str, str], Counter[str]] = {}
    for person in team.people:
        here = {
            (each.job, each.employer)
            for each in oracle.stints(person, day, ANY)
            if any(oracle.suits(one, each.job) for one in course)
        }
        for group in {*here, EVERYBODY} if here else ():
            found.setdefault(group, Counter())[oracle.cover(person, list(course), day)] += 1
    return {
        group: Numbers(
            by.total(), *(by[name] for name in ("trained", "due", "lapsed", "never", "new"))
        )
        for group, by in found.items()
    }


def summed(changes: Sequence[tally.Change], day: date) -> dict[tuple[str, str], Numbers]:
    """The changes up to a day, added up by group."""
    found: dict[tuple[str, str], Numbers] = {}
    for each in changes:
        if each.from_on <= day:
            group = (each.job, each.employer)
            found[group] = found.get(group, Numbers()).plus(each.numbers)
    return {group: numbers for group, numbers in found.items() if any(numbers)}


@pytest.mark.parametrize("seed", range(12))
def test_changes_add_up_to_what_a_naive_judge_counts_on_each_day(seed: int):
    random = Random(seed)
    team = random_team(random)
    for key, course in with_variants().items():
        of = tally.crew(team) if key == "champion" else team
        found = tally.changes(team, course, TODAY, UNTIL, 30)
        looked = [
            TODAY,
            TODAY + DAY,
            UNTIL,
            *(TODAY + days(random.randint(2, 44)) for _ in range(5)),
        ]
        for day in looked:
            assert summed(found, day) == naively(of, course, day), (seed, key, day)
        assert {each.course for each in found} == {key}


@pytest.mark.parametrize("seed", range(12))
def test_lacks_are_of_the_starters_whom_a_naive_judge_finds_wanting(seed: int):
    random = Random(seed)
    team = random_team(random)
    oracle = Oracle(team, make_terms(), TODAY - days(300), UNTIL + days(400))
    found = tally.lacks(team, make_terms(), TODAY)
    for day in [TODAY, UNTIL, *(TODAY + days(random.randint(1, 44)) for _ in range(8))]:
        there = Counter[str]()
        for lack, first, last, people in found:
            there[lack] += people if first <= day <= last else 0
        wanting = [
            person
            for person in team.people
            if oracle.stints(person, day, "customers") and oracle.wanting(person, day)
        ]
        assert max(there.values(), default=0) <= len(wanting) <= there.total(), (seed, day)


def test_the_horizon_is_the_same_for_all_of_a_month():
    assert tally.horizon(date(2026, 1, 1)) == tally.horizon(date(2026, 1, 31)) == date(2026, 2, 28)
    assert tally.horizon(date(2026, 12, 31)) == date(2027, 1, 31)


def test_whoever_has_two_jobs_is_one_of_everybody_and_one_in_each():
    person = make_person(
        Stint("bar", "venue", None, None, BEGAN), Stint("door", "agency", None, None, BEGAN)
    )
    found = tally.changes(make_team(person), with_variants()["respond"], TODAY, UNTIL, 30)
    never = Numbers(people=1, never=1)
    assert summed(found, TODAY) == {
        EVERYBODY: never, ("bar", "venue"): never, ("door", "agency"): never,
    }  # fmt: skip


def test_a_team_of_nobody_still_says_that_it_was_counted():
    (only,) = tally.changes(make_team(), with_variants()["record"], TODAY, UNTIL, 30)
    assert only[1:] == (*EVERYBODY, tally.AS_COUNTED, Numbers())
    assert only.numbers.share is None
