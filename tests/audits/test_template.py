"""What a space audit asks: the shipped questions, what an answer comes to, and new editions."""

import tomllib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charter import config
from charter.audits.template import (
    DOES_NOT_APPLY,
    Answer,
    Question,
    Share,
    Template,
    faults_after,
    parse,
    share,
)
from charter.core.seed import Fault
from charter.venues import zones

ZONES = [each.key for each in zones.kinds()]
LIGHT = {"key": "light", "steps": ["dark", "a shape", "a face", "a label"]}
JUDGED = (Answer.SCALE, Answer.YES)


def body(*questions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A seed with these questions."""
    return {
        "key": "venue", "edition": 1, "title": "Walk", "scale": [LIGHT],
        "question": list(questions), **more,
    }  # fmt: skip


def asks(**more: Any) -> dict[str, Any]:
    """A question of a seed."""
    return {
        "zone": "door", "key": "poster", "words": "Is it there?", "answer": "yes",
        "mends": "place", **more,
    }  # fmt: skip


def test_the_shipped_walk_asks_of_every_zone_and_its_quick_one_34_things() -> None:
    path = config.ROOT / "seeds" / "audits" / "venue.toml"
    shipped = parse(tomllib.loads(path.read_text("utf-8")), path.name, ZONES)
    everything = shipped.asked(ZONES, quick=False)
    assert {each.zone for each in everything} == set(ZONES)
    assert len(everything) > 100
    assert len(shipped.asked(ZONES, quick=True)) == 34
    small = shipped.asked(["door", "main-bar"], quick=True)
    assert {each.zone for each in small} == {"door", "main-bar"}
    assert all(each.mends for each in everything if each.answer in JUDGED)
    assert all(each.words.endswith("?") for each in everything)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"zone": "moon"}, "needs zone to be one of"),
        ({"answer": "maybe"}, "needs answer to be one of"),
        ({"answer": "scale"}, "has no scale"),
        ({"answer": "scale", "scale": "smell"}, "needs scale to be one of light"),
        ({"mends": "luck"}, "needs mends to be one of"),
        ({"answer": "number"}, "has a key that nobody knows: mends"),
        ({"words": " "}, "needs words to be words"),
        ({"colour": "red"}, "has a key that nobody knows: colour"),
    ],
)
def test_a_fault_in_a_seed_names_its_question(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(Fault, match="question 1") as fault:
        parse(body(asks(**changed)), "a.toml", ZONES)
    assert any(said in each for each in fault.value.faults)


def test_two_questions_of_one_key_and_a_short_scale_are_faults() -> None:
    short = {"key": "short", "steps": ["no", "yes"]}
    with pytest.raises(Fault) as fault:
        parse(body(asks(), asks(), scale=[short]), "a.toml", ZONES)
    said = "\n".join(fault.value.faults)
    assert "two questions are called door.poster" in said
    assert "needs 4 steps" in said


QUESTIONS = {
    Answer.SCALE: Question("door.light", "door", "?", Answer.SCALE, ("a", "b", "c", "d")),
    Answer.YES: Question("door.poster", "door", "?", Answer.YES),
    Answer.FEELING: Question("door.feels", "door", "?", Answer.FEELING),
    Answer.NUMBER: Question("cctv.days", "cctv", "?", Answer.NUMBER, unit="days"),
}


@pytest.mark.parametrize(
    ("answer", "taken", "good", "weak"),
    [
        (Answer.SCALE, [0, 1, 2, 3], [2, 3], [0, 1]),
        (Answer.YES, [DOES_NOT_APPLY, 0, 1, 2], [2], [0]),
        (Answer.FEELING, [1, 2, 3, 4, 5], [], []),
        (Answer.NUMBER, list(range(1000)), [], []),
    ],
)
def test_which_answers_are_taken_good_and_weak(
    answer: Answer, taken: list[int], good: list[int], weak: list[int]
) -> None:
    asked, values = QUESTIONS[answer], range(-3, 1005)
    assert [value for value in values if asked.takes(value)] == taken
    assert [value for value in taken if asked.is_good(value)] == good
    assert [value for value in taken if asked.is_weak(value)] == weak


def test_a_feeling_is_never_added_to_the_rest() -> None:
    answers = {
        "door.light": 3, "door.poster": 1, "door.feels": 1, "cctv.days": 31, "gone.key": 0,
    }  # fmt: skip
    asked = QUESTIONS.values()
    assert share(asked, answers) == Share(1, 2, (1,))
    assert share(asked, answers | {"door.poster": DOES_NOT_APPLY}) == Share(1, 1, (1,))
    assert share(asked, {}) == Share(0, 0)


questions = st.builds(
    Question,
    key=st.sampled_from([f"door.q{n}" for n in range(6)]),
    zone=st.just("door"),
    words=st.sampled_from(["Is it there?", "Is it lit?"]),
    answer=st.sampled_from(list(Answer)),
    is_quick=st.booleans(),
    is_retired=st.booleans(),
)
editions = st.lists(questions, max_size=5, unique_by=lambda each: each.key).map(
    lambda found: Template("venue", 1, "Walk", tuple(found))
)


@given(st.lists(editions, min_size=1, max_size=6))
def test_no_run_of_editions_ever_changes_what_was_answered(drafts: list[Template]) -> None:
    """Whatever is tried next is either refused, or the next edition beside all those before it."""
    kept: list[Template] = []
    for draft in drafts:
        tried = replace(draft, edition=len(kept) + 1)
        if faults_after(kept, tried):
            continue
        kept.append(tried)
    assert [each.edition for each in kept] == list(range(1, len(kept) + 1))
    kinds: dict[str, Answer] = {}
    for each in (asked for one in kept for asked in one.questions):
        assert kinds.setdefault(each.key, each.answer) is each.answer
    # The newest can be loaded again as it is, and nothing that differs under its number.
    assert faults_after(kept, kept[-1]) == []
    assert faults_after(kept, replace(kept[-1], title="Another walk")) != []


@given(editions, st.data())
def test_a_retired_question_is_asked_no_more_and_still_counts_where_it_was_answered(
    one: Template, data: st.DataObject
) -> None:
    answers = {
        each.key: data.draw(st.sampled_from([n for n in range(-1, 6) if each.takes(n)]))
        for each in one.questions
        if each.answer is not Answer.SCALE
    }
    retired = replace(
        one, edition=2, questions=tuple(replace(each, is_retired=True) for each in one.questions)
    )
    assert retired.asked(["door"], quick=False) == ()
    assert share(retired.questions, answers) == share(one.questions, answers)
