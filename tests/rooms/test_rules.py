"""What the map says of numbers, what to watch, and before and after a change: no database."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charter.incidents.choices import Part
from charter.rooms import rules
from charter.rooms.rules import FEW_WORDS, Cell, Changed, Fault, Span, compare, rows, step, watch

FRIDAY = date(2026, 11, 20)
NAMES = {1: "Main bar", 2: "Dance floor", 3: "Yard"}
CATEGORIES = ("sexual", "violence", "crime")

entries = st.lists(
    st.tuples(
        st.sampled_from([1, 2, 3, 9, None]),
        st.sampled_from(CATEGORIES),
        st.sampled_from([part.value for part in Part]),
    ),
    max_size=40,
)


def grouped(found: list[tuple[int | None, str, str]]) -> list[Cell]:
    """Entries as the database groups them."""
    return [Cell(*key, count) for key, count in Counter(found).items()]


@given(entries)
def test_rows_say_what_a_naive_count_says(found: list[tuple[int | None, str, str]]) -> None:
    made = rows(NAMES, grouped(found))
    assert made.keys() == {*NAMES, None, *(zone for zone, _c, _p in found)}
    for zone, row in made.items():
        mine = [each for each in found if each[0] == zone]
        assert row.total == len(mine)
        for key, count in row.by_category.items():
            assert count == sum(each[1] == key for each in mine)
        assert sum(row.by_category.values()) == sum(row.by_part.values()) == len(mine)
        assert row.is_few == (zone is not None and len(mine) < 3)
        assert row.said == (FEW_WORDS if row.is_few else str(len(mine)))


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_shade_says_what_its_words_say(one: int, other: int) -> None:
    most = max(one, other)
    said = rules.steps_in_words(most)
    words = said[step(one, most)]
    if one < 3:
        assert words == FEW_WORDS
        return
    numbers = [int(word) for word in words.split() if word.isdecimal()]
    assert numbers[0] <= one
    assert words.endswith("or more") or one <= numbers[-1]
    assert step(min(one, other), most) <= step(most, most)


def test_a_span_is_whole_weeks_up_to_tonight() -> None:
    for span in Span:
        assert span.nights % 7 == 0
        assert (FRIDAY - span.since(FRIDAY)).days == span.nights - 1
        assert span.label


def cells(zone: int, count: int, part: str = "midnight") -> list[Cell]:
    return [Cell(zone, "sexual", part, count)]


def test_the_rooms_of_nights_like_this_come_first_and_none_twice() -> None:
    alike = [*cells(2, 5), *cells(2, 1, "early"), *cells(1, 3, "early"), *cells(1, 3, "small")]
    recent = [*cells(2, 9), *cells(3, 4), *cells(7, 20)]
    found = watch(FRIDAY, alike, recent, NAMES, [], [])
    assert [each.words for each in found] == [
        "Main bar: 6 entries on Fridays in the last 12 weeks.",
        "Dance floor: 6 entries on Fridays in the last 12 weeks, most of them midnight to 2:00.",
        "Yard: 4 entries in the last 4 weeks, most of them midnight to 2:00.",
    ]
    assert [each.plain for each in found] == [
        "Main bar.",
        "Dance floor. Most of all midnight to 2:00.",
        "Yard. Most of all midnight to 2:00.",
    ]


def test_two_entries_are_nothing_to_watch_and_three_are() -> None:
    assert watch(FRIDAY, cells(1, 2), cells(1, 2), NAMES, [], []) == []
    assert len(watch(FRIDAY, cells(1, 3), cells(1, 2), NAMES, [], [])) == 1


def test_a_change_just_made_and_what_does_not_work_are_said_without_strangers_reading() -> None:
    changes = [
        Changed(FRIDAY - timedelta(days=14), "a lamp", "Yard"),
        Changed(FRIDAY - timedelta(days=15), "long ago", "Yard"),
        Changed(FRIDAY + timedelta(days=1), "tomorrow", "Yard"),
    ]
    faults = [
        Fault(12, "operational.cctv-fault", "Main bar"),
        Fault(9, "operational.cctv-fault", "Main bar"),
        Fault(4, "operational.light-or-lock", ""),
    ]
    found = watch(FRIDAY, [], [], NAMES, changes, faults)
    assert [each.words for each in found] == [
        "New since Friday 6 November 2026: a lamp (Yard). See whether it helps.",
        "CCTV does not work, Main bar: still open (entries 9, 12).",
        "A light or lock does not work: still open (entry 4).",
    ]
    assert {(each.plain, each.zone_id) for each in found} == {("", None)}


DONE = date(2026, 8, 3)
BEGAN = DONE - timedelta(weeks=52)


def of_weeks(*counts: int, after: bool) -> dict[tuple[date, str], int]:
    """So many entries in each week before the change (the nearest first), or after it."""
    found = {}
    for n, count in enumerate(counts):
        night = DONE + timedelta(days=7 * n + 3) if after else DONE - timedelta(days=7 * n + 4)
        found[night, "sexual"] = count
    return {key: count for key, count in found.items() if count}


def compared(before: list[int], after: list[int], weeks_after: int = 20, **more: object):
    """A comparison in which everything else is as calm as can be."""
    entries = of_weeks(*before, after=False) | of_weeks(*after, after=True)
    every = {DONE + timedelta(days=n) for n in range(-200, 200)}
    values = {
        "entries": entries,
        "recorded": every,
        "signed": set(),
        "began": BEGAN,
        "is_closed": lambda night: False,
    } | more
    return compare(DONE, DONE + timedelta(weeks=weeks_after), **values)  # type: ignore[arg-type]  # as named above


def test_few_entries_are_called_chance() -> None:
    found = compared([1, 1, 1, 1], [1], weeks_after=6)
    assert found.words == "4 entries in 12 weeks before, 1 in 6 weeks after."
    assert found.cautions == ["Few entries: this may be chance."]
    assert found.before.by_category == {"sexual": 4}
    assert found.before.a_week == pytest.approx(1 / 3)


def test_a_week_that_is_not_over_is_no_week_yet() -> None:
    assert compared([2], [2], weeks_after=0).words == (
        "2 entries in 12 weeks before. The first open week after it is not over yet."
    )
    nearly = compare(
        DONE,
        DONE + timedelta(days=6),
        entries={},
        recorded=(),
        signed=(),
        began=BEGAN,
        is_closed=lambda night: False,
    )
    assert nearly.after.weeks == 0
    over = compare(
        DONE,
        DONE + timedelta(days=7),
        entries={},
        recorded=(),
        signed=(),
        began=BEGAN,
        is_closed=lambda night: False,
    )
    assert over.after.weeks == 1
    assert over.after.silent == 1


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ([2] * 12, [2] * 12, "the difference is small"),
        ([3] * 12, [1] * 12, "more than chance alone"),
        ([0] * 12, [1] * 12, "more than chance alone"),
        ([1] * 5, [1] * 4, "Few entries"),
    ],
)
def test_what_chance_brings_is_not_called_a_result(before: list[int], after: list[int], says: str):
    assert says in compared(before, after).cautions[0]


def test_closed_weeks_do_not_count_and_silent_ones_are_said() -> None:
    shut = {DONE - timedelta(days=n) for n in range(1, 15)}
    found = compared([0, 0, 4], [1, 1], is_closed=shut.__contains__)
    assert (found.before.weeks, found.before.closed) == (10, 2)
    assert "2 weeks before it you were closed: not counted." in found.cautions
    silent = compared([1], [1], recorded={key[0] for key in of_weeks(1, after=False)})
    assert silent.before.silent == 11
    assert any(each.startswith("In 11 weeks before it nobody wrote") for each in silent.cautions)
    mondays = {DONE + timedelta(weeks=n) for n in range(-12, 12)}
    assert compared([1], [1], recorded=set(), signed=mondays).before.silent == 0


def test_no_week_before_the_book_began_counts() -> None:
    assert compared([1], [1], began=DONE - timedelta(days=15)).before.weeks == 2
    assert compared([], [1], began=DONE).words.startswith("There is nothing written down from")
    assert compared([], [1], began=None).before.weeks == 0


@given(st.lists(st.integers(0, 6), max_size=12), st.lists(st.integers(0, 6), max_size=12))
def test_every_entry_of_the_weeks_is_counted_once(before: list[int], after: list[int]) -> None:
    found = compared(before, after)
    assert (found.before.entries, found.after.entries) == (sum(before), sum(after))
    assert (found.before.weeks, found.after.weeks) == (12, 12)
