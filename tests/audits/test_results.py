"""What a walk found: the feeling apart, set beside the walk before and beside a check."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charter.audits.results import Change, Room, beside, results
from charter.audits.template import DOES_NOT_APPLY, Answer, Mends, Question, Share

LIGHT = Question(
    "door.light", "door", "How light?", Answer.SCALE, ("a", "b", "c", "d"), Mends.PLACE
)
POSTER = Question("door.poster", "door", "Is it there?", Answer.YES, mends=Mends.PLACE)
FEELS = Question("door.feels", "door", "How does it feel?", Answer.FEELING)
COUNT = Question("door.count", "door", "How many?", Answer.NUMBER, unit="times")
ROOM = Room("door", "Door", (LIGHT, POSTER, FEELS, COUNT))
values = st.fixed_dictionaries(
    {},
    optional={
        ("door", "door.light"): st.integers(0, 3),
        ("door", "door.poster"): st.sampled_from([0, 1, 2, DOES_NOT_APPLY]),
        ("door", "door.feels"): st.integers(1, 5),
        ("door", "door.count"): st.integers(0, 999),
        ("bar", "door.light"): st.integers(0, 3),
    },
)


def of(light: int, poster: int, feels: int) -> dict[tuple[str, str], int]:
    """Answers about the door."""
    names = ("light", "poster", "feels")
    return {
        ("door", f"door.{name}"): v for name, v in zip(names, (light, poster, feels), strict=True)
    }


@pytest.mark.parametrize(
    ("answers", "looks"),
    [
        (of(3, 2, 1), True),
        (of(2, 2, 2), True),
        (of(3, 2, 3), False),
        (of(0, 2, 1), False),
        ({("door", "door.feels"): 1}, False),
        ({("door", "door.light"): 3}, False),
    ],
)
def test_the_first_place_to_look_feels_unsafe_although_its_list_is_fine(
    answers: dict[tuple[str, str], int], looks: bool
) -> None:
    [found] = results([ROOM], answers)
    assert found.needs_a_look is looks


def test_a_share_is_of_what_is_judged_and_a_feeling_is_the_lowest_one() -> None:
    [found] = results([ROOM], of(3, DOES_NOT_APPLY, 2), of(1, 0, 4), {"door": "Locked"})
    assert found.share == Share(1, 1, (2,))
    assert found.before == Share(0, 2, (4,))
    assert (found.per_cent, found.feels, found.felt) == (100, 2, 4)
    assert found.why_left_out == "Locked"
    assert found.weak == ()
    [weak] = results([ROOM], of(1, 1, 1))
    assert weak.weak == (LIGHT,)
    assert (weak.before, weak.felt, weak.changes) == (None, None, ())


@pytest.mark.parametrize(
    ("question", "before", "after", "better"),
    [
        (LIGHT, 0, 2, True),
        (LIGHT, 3, 2, False),
        (POSTER, 1, 2, True),
        (POSTER, DOES_NOT_APPLY, 0, None),
        (POSTER, 2, DOES_NOT_APPLY, None),
        (FEELS, 4, 3, False),
        (COUNT, 3, 9, None),
    ],
)
def test_which_change_is_better(
    question: Question, before: int, after: int, better: bool | None
) -> None:
    assert Change(question, before, after).is_better is better


@given(values, values)
def test_only_what_both_asked_is_compared(
    before: dict[tuple[str, str], int], after: dict[tuple[str, str], int]
) -> None:
    [found] = results([ROOM], after, before)
    both = {key for key in before.keys() & after.keys() if key[0] == "door"}
    changed = {("door", each.question.key) for each in found.changes}
    assert changed == {key for key in both if before[key] != after[key]}
    rows = beside([ROOM], before, after)
    assert [("door", each.question.key) for each in rows] == [
        ("door", each.key) for each in ROOM.questions if ("door", each.key) in both
    ]
    assert {("door", each.question.key) for each in rows if each.gap} == changed
    without = {key: value for key, value in after.items() if key[1] != "door.feels"}
    [apart] = results([ROOM], without, before)
    assert (apart.share.good, apart.share.judged) == (found.share.good, found.share.judged)
