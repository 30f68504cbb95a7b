"""What walkers rate, and what their answers come to."""

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charter.nightwalks import rules
from charter.nightwalks.rules import Merged, Thing, merged, moved

THINGS = (
    Thing("light", "Light", "How well do you see?", ("a", "b", "c", "d")),
    Thing("way", "Way", "How is the way?", ("a", "b", "c", "d")),
    Thing("feeling", "Feeling", "How does it feel?", ("a", "b", "c", "d"), is_feeling=True),
)
ratings = st.lists(
    st.tuples(st.sampled_from(["light", "way", "feeling", "gone"]), st.integers(0, 3)), max_size=40
)


def test_the_seed_has_nine_things_one_of_them_the_feeling() -> None:
    found = rules.things()
    assert len(found) == 9
    assert [each.key for each in found if each.is_feeling] == ["feeling"]
    assert all(len(each.steps) == 4 for each in found)
    assert {each.key for each in rules.kinds()} >= {
        "lighting", "waste", "transport", "police", "venue",
    }  # fmt: skip
    usually = [key for kind in rules.kinds() for key in kind.usually]
    assert sorted(usually) == sorted(each.key for each in found)


def test_a_walk_keeps_its_words() -> None:
    for each in rules.things():
        assert Thing.of(each.kept) == each


@given(ratings)
def test_the_middle_is_an_answer_that_somebody_gave_and_the_feeling_stands_apart(
    said: list[tuple[str, int]],
) -> None:
    found = merged(THINGS, said)
    assert all(not each.thing.is_feeling for each in found.middles)
    for each in (*found.middles, *([found.feeling] if found.feeling else [])):
        values = [value for key, value in said if key == each.thing.key]
        assert each.middle in values
        assert each.lowest <= each.middle <= each.highest
        assert each.answers == len(values)
        assert each.middle <= median(values) < each.middle + 2
    assert {each.thing.key for each in found.middles} == {
        key for key, _ in said if key in ("light", "way")
    }
    without = merged(THINGS, [each for each in said if each[0] != "feeling"])
    assert without.middles == found.middles


@given(ratings, st.randoms())
def test_the_order_of_walkers_changes_nothing(said: list[tuple[str, int]], dice) -> None:
    turned = list(said)
    dice.shuffle(turned)
    assert merged(THINGS, turned) == merged(THINGS, said)


@pytest.mark.parametrize(
    ("said", "looks"),
    [
        ([("light", 3), ("way", 2), ("feeling", 1)], True),
        ([("light", 3), ("way", 1), ("feeling", 1)], False),
        ([("light", 3), ("way", 2), ("feeling", 2)], False),
        ([("feeling", 0)], False),
        ([("light", 3)], False),
    ],
)
def test_where_it_feels_unsafe_although_the_rest_is_fine(
    said: list[tuple[str, int]], looks: bool
) -> None:
    assert merged(THINGS, said).needs_a_look is looks


def test_two_walks_are_compared_by_what_both_rated() -> None:
    before = merged(THINGS, [("light", 0), ("way", 2)])
    after = merged(THINGS, [("light", 2), ("way", 2), ("feeling", 1)])
    assert [(each.thing.key, each.words) for each in moved(before, after)] == [
        ("light", "Better"), ("way", "The same"),
    ]  # fmt: skip
    assert moved(Merged((), None), after) == []
    assert [each.words for each in moved(after, before)] == ["Worse", "The same"]
