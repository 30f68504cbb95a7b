"""Reading an edition: the seed that ships, every fault by name, and meaning apart from wording."""

import json
import re
import tomllib
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from charter.editions.edition import (
    Edition,
    Fault,
    Kind,
    Lasts,
    differences,
    load,
    meaning,
    parse,
    revived,
)
from tests.builders.edition import (
    make_commitment_data,
    make_edition,
    make_edition_data,
    make_requirement_data,
)

SEED = Path("seeds/charter/bristol-2024.toml")


@pytest.fixture(scope="module")
def shipped() -> Edition:
    return load(SEED)


def faults_of(data: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(Fault) as caught:
        parse(data, "x.toml")
    return caught.value.faults


def with_requirement(**overrides: Any) -> dict[str, Any]:
    return make_edition_data([make_commitment_data(1, [make_requirement_data(**overrides)])])


# The seed that ships


def test_shipped_edition_asks_46_things_of_which_32_are_essential(shipped: Edition) -> None:
    essential = [each for each in shipped.requirements if each.essential]
    assert (len(shipped.commitments), len(shipped.requirements), len(essential)) == (7, 46, 32)


def test_shipped_commitments_have_six_or_seven_requirements(shipped: Edition) -> None:
    assert [len(each.requirements) for each in shipped.commitments] == [6, 6, 7, 7, 6, 7, 7]
    assert [len(each.good) for each in shipped.commitments] == [2, 2, 3, 1, 2, 2, 2]


def test_shipped_first_three_of_each_commitment_are_essential(shipped: Edition) -> None:
    most = int(shipped.thresholds["start_with"])
    firsts = [each for one in shipped.commitments for each in one.requirements[:most]]
    assert [each.number for each in firsts if not each.essential] == []


def test_shipped_counted_facts_all_have_something_to_show_meanwhile(shipped: Edition) -> None:
    counted = " ".join(each.number for each in shipped.requirements if each.kind is Kind.COUNTED)
    assert counted == (
        "1.3 2.3 3.2 3.7 4.1 4.2 4.5 5.1 5.2 5.3 5.4 5.5 5.6 "
        "6.1 6.2 6.3 6.4 6.6 6.7 7.1 7.2 7.3 7.4 7.5 7.6 7.7"
    )
    assert all(each.proof_kind is not Kind.COUNTED for each in shipped.requirements)


def test_shipped_facts_are_each_asked_for_once(shipped: Edition) -> None:
    facts = [each.fact for each in shipped.requirements if each.fact]
    assert len(facts) == len(set(facts)) == 26


def test_shipped_essentials_that_can_be_too_few_to_tell(shipped: Edition) -> None:
    few = [each.number for each in shipped.requirements if each.few and each.essential]
    assert few == ["4.5", "6.2", "6.3", "6.4"]


def test_shipped_words_show_thresholds_not_braces(shipped: Edition) -> None:
    found = shipped.requirement("respond.front-of-house")
    assert found is not None
    assert "90 in every 100" in found.words
    texts = [getattr(r, f) for r in shipped.requirements for f in ("task", "words", "proof")]
    assert [text for text in texts if "{" in text] == []


def test_shipped_words_are_short_and_kind(shipped: Edition) -> None:
    texts = [
        getattr(each, field)
        for each in shipped.requirements
        for field in ("task", "words", "why", "proof", "example")
    ]
    assert max(len(text.split()) for text in texts) <= 32
    assert [text for text in texts if re.search(r"\bvictim|\bother$", text, re.I)] == []


def test_shipped_tasks_are_different_and_fit_a_phone(shipped: Edition) -> None:
    tasks = [each.task for each in shipped.requirements]
    assert len(set(tasks)) == len(tasks)
    assert max(map(len, tasks)) <= 48
    assert [task for task in tasks if task.endswith(".")] == []


def test_shipped_edition_reads_the_same_from_json(shipped: Edition) -> None:
    text = json.dumps(_tables(), default=lambda day: day.isoformat())
    assert parse(json.loads(text), "stored") == shipped


def test_an_override_shows_in_the_words_and_leaves_the_default() -> None:
    edition = parse(_tables(), "x.toml", {"share_trained": 95})
    found = edition.requirement("respond.front-of-house")
    assert found is not None
    assert "95 in every 100" in found.words
    assert edition.thresholds["share_trained"] == 90


def _tables() -> dict[str, Any]:
    return tomllib.loads(SEED.read_text(encoding="utf-8"))


# How long a proof lasts


@pytest.mark.parametrize(
    ("lasts", "day", "last_day"),
    [
        (Lasts(months=12), date(2026, 3, 1), date(2027, 3, 1)),
        (Lasts(months=12), date(2024, 2, 29), date(2025, 2, 28)),
        (Lasts(months=48), date(2024, 2, 29), date(2028, 2, 29)),
        (Lasts(months=1), date(2026, 1, 31), date(2026, 2, 28)),
        (Lasts(months=1), date(2024, 1, 31), date(2024, 2, 29)),
        (Lasts(months=3), date(2026, 11, 30), date(2027, 2, 28)),
        (Lasts(months=1), date(2026, 12, 15), date(2027, 1, 15)),
        (Lasts(days=30), date(2026, 2, 14), date(2026, 3, 16)),
    ],
)
def test_lasts_until(lasts: Lasts, day: date, last_day: date) -> None:
    assert lasts.until(day) == last_day


def test_lasts_in_words() -> None:
    assert [Lasts(months=1).label, Lasts(months=6).label, Lasts(days=30).label] == [
        "1 month",
        "6 months",
        "30 days",
    ]


def test_what_ends_a_proof_is_said_with_how_long_it_lasts() -> None:
    edition = parse(with_requirement(voids=["champion-left"]), "x.toml")
    words = edition.requirements[0].lasts_words
    assert words == "Lasts 12 months, or until the champion leaves."


# Faults

REQUIREMENT_FAULTS = [
    ({"proof": None}, "has no proof"),
    ({"proof": "  "}, "needs proof to be words"),
    ({"key": None}, "has no key"),
    ({"key": "Champion Named"}, "needs key to be written like one.two"),
    ({"essential": None}, "has no essential"),
    ({"essential": "yes"}, "needs essential to be true or false"),
    ({"minutes": 0}, "needs minutes to be a whole number above 0"),
    ({"minutes": True}, "needs minutes to be a whole number above 0"),
    ({"lasts": None}, "has no lasts"),
    ({"lasts": 12}, "needs lasts to be a table"),
    ({"lasts": {"weeks": 2}}, "needs lasts to be { months = ... } or { days = ... }"),
    ({"lasts": {"months": 0}}, "needs lasts to be { months = ... } or { days = ... }"),
    (
        {"lasts": {"months": 1, "days": 1}},
        "needs lasts to be { months = ... } or { days = ... }",
    ),
    ({"kind": None}, "has no kind"),
    (
        {"kind": "video"},
        "needs kind to be one of statement, file, photo-per-place, link, signed-by, counted",
    ),
    ({"kind": "photo-per-place"}, "has no places"),
    (
        {"kind": "photo-per-place", "places": ["roof"]},
        "needs places to be a list of entrance, bar",
    ),
    ({"kind": "signed-by"}, "has no signer"),
    (
        {"kind": "signed-by", "signer": "cook"},
        "needs signer to be one of champion, stand-in, owner",
    ),
    ({"kind": "counted", "fallback": "file"}, "has no fact"),
    (
        {"kind": "counted", "fallback": "file", "fact": "training"},
        "needs fact to be written like one.two",
    ),
    ({"kind": "counted", "fact": "a.b"}, "has no fallback"),
    (
        {"kind": "counted", "fact": "a.b", "fallback": "counted"},
        "needs fallback to be one of statement, file, photo-per-place, link, signed-by",
    ),
    ({"kind": "counted", "fact": "a.b", "fallback": "photo-per-place"}, "has no places"),
    ({"few": True}, "has a key that nobody knows: few"),
    ({"wy": "typing"}, "has a key that nobody knows: wy"),
    (
        {"voids": ["full-moon"]},
        "needs voids to be a list of "
        "champion-left, stand-in-left, new-owner, new-policy, serious-incident",
    ),
    ({"waivable": 1}, "needs waivable to be true or false"),
    ({"words": "At least {share}."}, "has {share} in its words, which is not a threshold"),
]


@pytest.mark.parametrize(("overrides", "words"), REQUIREMENT_FAULTS)
def test_fault_in_a_requirement_is_named(overrides: dict[str, Any], words: str) -> None:
    assert faults_of(with_requirement(**overrides)) == (f"x.toml: requirement 1.1 {words}",)


EDITION_FAULTS: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda data: data.pop("edition"), "x.toml: has no edition"),
    (lambda data: data.pop("title"), "x.toml: has no title"),
    (lambda data: data.pop("effective_from"), "x.toml: has no effective_from"),
    (
        lambda data: data.update(effective_from="soon"),
        "x.toml: needs effective_from to be a date",
    ),
    (lambda data: data.pop("commitment"), "x.toml: has no commitment"),
    (
        lambda data: data.update(commitment=[]),
        "x.toml: needs commitment to be a list of tables",
    ),
    (lambda data: data.update(comitment=1), "x.toml: has a key that nobody knows: comitment"),
    (lambda data: data["thresholds"].pop("few_cases"), "x.toml: thresholds has no few_cases"),
    (
        lambda data: data["thresholds"].update(few_cases="five"),
        "x.toml: thresholds needs few_cases to be a number above 0",
    ),
    (
        lambda data: data["places"].update(bar=3),
        "x.toml: places needs bar to be words",
    ),
    (
        lambda data: data["commitment"][0].pop("heading"),
        "x.toml: commitment 1 has no heading",
    ),
    (
        lambda data: data["commitment"][0].update(requirement=[]),
        "x.toml: commitment 1 needs requirement to be a list of tables",
    ),
    (
        lambda data: data["commitment"][0]["requirement"][0].update(essential=False),
        "x.toml: commitment 1 has no essential requirement",
    ),
    (
        lambda data: data["commitment"][0].update(number=2),
        "x.toml: commitment 2 should be number 1",
    ),
    (
        lambda data: data["commitment"][0]["requirement"][0].update(number="1.2"),
        "x.toml: requirement 1.2 should be number 1.1",
    ),
    (lambda data: data["commitment"].append("text"), "x.toml: commitment 2 is not a table"),
]


@pytest.mark.parametrize(("spoil", "words"), EDITION_FAULTS)
def test_fault_in_an_edition_is_named(spoil: Callable[[Any], object], words: str) -> None:
    data = make_edition_data()
    spoil(data)
    assert words in faults_of(data)


def test_every_fault_is_named_at_once() -> None:
    data = make_edition_data(
        [
            make_commitment_data(1, [make_requirement_data("1.1", why=None)]),
            make_commitment_data(2, [make_requirement_data("2.1", proof=None)], name=None),
        ],
        title=None,
    )
    assert faults_of(data) == (
        "x.toml: has no title",
        "x.toml: requirement 1.1 has no why",
        "x.toml: commitment 2 has no name",
        "x.toml: requirement 2.1 has no proof",
    )


def test_a_key_used_twice_is_a_fault() -> None:
    twins = [make_requirement_data("1.1"), make_requirement_data("1.2", key="c1.r1")]
    data = make_edition_data([make_commitment_data(1, twins), make_commitment_data(2, key="c1")])
    assert faults_of(data) == (
        "x.toml: 2 things have the key c1",
        "x.toml: 2 things have the key c1.r1",
    )


def test_a_file_that_is_not_toml_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("edition = ", encoding="utf-8")
    with pytest.raises(Fault, match=r"broken\.toml: is not TOML"):
        load(path)


def test_an_edition_may_have_eight_commitments() -> None:
    edition = make_edition([make_commitment_data(number) for number in range(1, 9)])
    assert [each.number for each in edition.commitments] == list(range(1, 9))
    assert edition.requirements[-1].number == "8.1"


# Meaning and wording

MEANINGS = [
    ({"essential": False}, "essential was yes, now no"),
    ({"lasts": {"months": 6}}, "how long it lasts was 12 months, now 6 months"),
    ({"kind": "statement"}, "kind was file, now statement"),
    ({"voids": ["new-owner"]}, "what ends it early was nothing, now new-owner"),
    ({"waivable": True}, "may not apply was no, now yes"),
]


def two(**overrides: Any) -> Edition:
    """An edition of two requirements, the second with these overrides."""
    rows = [make_requirement_data("1.1"), make_requirement_data("1.2", **overrides)]
    return make_edition([make_commitment_data(1, rows)])


@pytest.mark.parametrize(("overrides", "words"), MEANINGS)
def test_a_change_of_meaning_is_named(overrides: dict[str, Any], words: str) -> None:
    assert differences(two(), two(**overrides)) == [f"requirement c1.r2: {words}"]
    assert meaning(two()) != meaning(two(**overrides))


def test_a_counted_fact_is_part_of_the_meaning() -> None:
    old = two(kind="counted", fact="a.one", fallback="file", few=True)
    new = two(kind="counted", fact="a.two", fallback="link")
    assert differences(old, new) == [
        "requirement c1.r2: fact was a.one, now a.two",
        "requirement c1.r2: what is shown while nothing is counted was file, now link",
        "requirement c1.r2: too few to tell was yes, now no",
    ]


def test_a_requirement_may_gain_a_count_that_its_former_kind_stands_in_for() -> None:
    was = two(kind="statement")
    gained = two(kind="counted", fact="a.one", fallback="statement", few=True)
    assert differences(was, gained) == []
    assert meaning(was) != meaning(gained)
    assert differences(gained, was) == [
        "requirement c1.r2: kind was counted, now statement",
        "requirement c1.r2: fact was a.one, now nothing",
        "requirement c1.r2: what is shown while nothing is counted was statement, now nothing",
        "requirement c1.r2: too few to tell was yes, now no",
    ]
    other = two(kind="counted", fact="a.one", fallback="file")
    assert "requirement c1.r2: kind was statement, now counted" in differences(was, other)
    shorter = two(kind="counted", fact="a.one", fallback="statement", lasts={"months": 1})
    assert differences(was, shorter) == [
        "requirement c1.r2: how long it lasts was 12 months, now 1 month"
    ]


def test_places_and_signers_are_part_of_the_meaning() -> None:
    old, new = (two(kind="photo-per-place", places=each) for each in (["bar"], ["bar", "entrance"]))
    assert differences(old, new) == ["requirement c1.r2: places was bar, now bar, entrance"]
    old, new = (two(kind="signed-by", signer=each) for each in ("owner", "champion"))
    assert differences(old, new) == ["requirement c1.r2: signer was owner, now champion"]


@pytest.mark.parametrize("field", ["task", "words", "why", "proof", "example", "rolling"])
def test_a_change_of_wording_is_no_difference(field: str) -> None:
    assert differences(two(), two(**{field: "Said better."})) == []
    assert meaning(two()) == meaning(two(**{field: "Said better."}))


def test_a_requirement_that_comes_or_goes_is_named() -> None:
    one = make_edition([make_commitment_data(1, [make_requirement_data("1.1")])])
    assert differences(one, two()) == ["requirement c1.r2 is new"]
    assert differences(two(), one) == ["requirement c1.r2 is no longer there"]


def test_a_default_threshold_may_be_added_but_not_changed() -> None:
    data = make_edition_data()
    changed, added = deepcopy(data), deepcopy(data)
    changed["thresholds"]["share_trained"] = 70
    added["thresholds"]["walk_months"] = 6
    old = parse(data, "x.toml")
    assert differences(old, parse(added, "x.toml")) == []
    assert differences(old, parse(changed, "x.toml")) == [
        "threshold share_trained: value was 90, now 70"
    ]


def test_a_key_may_not_come_back_as_another_kind() -> None:
    first = make_edition(edition="a-2024", effective_from=date(2024, 1, 1))
    rows = [make_requirement_data("1.1", key="c1.new")]
    second = make_edition(
        [make_commitment_data(1, rows)], edition="b-2025", effective_from=date(2025, 1, 1)
    )
    rows = [make_requirement_data("1.1", kind="link")]
    third = make_edition(
        [make_commitment_data(1, rows)], edition="c-2026", effective_from=date(2026, 1, 1)
    )
    assert revived([first, second]) == []
    assert revived([third, first, second]) == ["c-2026: c1.r1 is link, but was file in a-2024"]


def test_a_key_may_come_back_counted_and_then_stays_so() -> None:
    counts = {"kind": "counted", "fact": "a.one", "fallback": "file"}
    rows = [{}, counts, counts, {}, {**counts, "fallback": "link"}]
    made = [
        make_edition(
            [make_commitment_data(1, [make_requirement_data("1.1", **row)])],
            edition=f"e-{year}",
            effective_from=date(year, 1, 1),
        )
        for year, row in enumerate(rows, 2024)
    ]
    assert revived(made[:3]) == []
    assert revived(made[:4]) == ["e-2027: c1.r1 is file, but was counted in e-2025"]
    assert revived([made[0], made[4]]) == ["e-2028: c1.r1 is counted, but was file in e-2024"]
