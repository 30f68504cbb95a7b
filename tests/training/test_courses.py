"""The courses, jobs and providers of the seeds: all load, and every fault is named."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from charter.core.seed import Fault
from charter.staff import jobs
from charter.training import courses, seeds
from charter.training.courses import Part
from charter.training.rules import BRIEFED, FACTS

COURSE = """
[[course]]
key = "respond"
title = "Respond"
version = "2024.1"
part = "front-of-house"
minutes = 60
about = "How to spot it."
jobs = ["door"]
lasts = { months = 12 }
facts = ["training.front-of-house"]
able = ["recognise"]
"""


def faults_of(path: Path, words: str) -> list[str]:
    """What is wrong with a file of courses that holds these words, without its path."""
    path.write_text(words, "utf-8")
    with pytest.raises(Fault) as caught:
        courses.read(path)
    assert all(each.startswith(f"{path}: ") for each in caught.value.faults)
    return [each.removeprefix(f"{path}: ") for each in caught.value.faults]


def test_the_seeds_are_without_fault() -> None:
    assert seeds.faults(courses.FOLDER) == []
    assert {each.part for each in courses.courses().values()} == set(Part)
    known = courses.courses()
    for fact in (*FACTS, BRIEFED):
        assert any(fact in each.facts for each in known.values()), fact


def test_the_courses_of_the_issue_are_there() -> None:
    known = courses.courses()
    assert [*known] == [
        "champion",
        "respond",
        "respond-door",
        "record",
        "spiking",
        "bystander",
        "first-shift",
    ]
    assert known["champion"].lasts.until(date(2026, 2, 28)) == date(2028, 2, 28)
    assert known["bystander"].lasts.until(date(2026, 8, 31)) == date(2027, 2, 28)
    assert known["respond"].able_words == (
        "see that something is wrong",
        "step in safely",
        "support the person who was harmed",
    )
    assert "first-shift" not in {each.key for each in courses.to_book()}
    own = {each.key for each in courses.to_run_oneself()}
    assert own == {each.key for each in courses.to_book()} - {"champion"}


def test_whom_a_course_is_for() -> None:
    known = courses.courses()
    assert known["respond-door"].is_for("door")
    assert not known["respond-door"].is_for("bar")
    assert known["respond"].is_for("bar")
    assert known["respond"].is_for("manager")
    assert not known["respond"].is_for("kitchen")
    assert not known["respond"].is_for("no-such-job")
    assert known["champion"].is_for("kitchen")


def test_a_key_that_is_gone_is_its_own_name() -> None:
    assert courses.course("old-course") is None
    assert courses.title("old-course") == "Old course"
    assert courses.title("respond-door") == "Respond: for door teams"
    assert jobs.name("old-job") == "Old job"
    assert jobs.name("dj") == "Dj"
    assert jobs.name("sound") == "DJ or sound"


@pytest.mark.parametrize(
    ("was", "wrong", "fault"),
    [
        (
            'key = "respond"',
            'key = "Re spond"',
            "course 1 needs key to be written like this-key",
        ),
        ('key = "respond"\n', "", "course 1 has no key"),
        ('title = "Respond"', 'title = " "', "course 1 needs title to be words"),
        ('version = "2024.1"', "version = 2024", "course 1 needs version to be words"),
        (
            'part = "front-of-house"',
            'part = "back"',
            "course 1 needs part to be one of champion, front-of-house, briefing",
        ),
        ("minutes = 60", "minutes = true", "course 1 needs minutes to be a whole number above 0"),
        ('jobs = ["door"]', 'jobs = ["doorman"]', "course 1 needs jobs to be a list of bar, "),
        ('jobs = ["door"]', "jobs = []", "course 1 needs jobs to be a list of bar, "),
        (
            "{ months = 12 }",
            "{ months = 12, days = 3 }",
            "course 1 needs lasts to be { months = ... } or { days = ... }",
        ),
        (
            "{ months = 12 }",
            "{ weeks = 12 }",
            "course 1 needs lasts to be { months = ... } or { days = ... }",
        ),
        ("{ months = 12 }", '"a year"', "course 1 needs lasts to be a table"),
        (
            "training.front-of-house",
            "front of house",
            "course 1 needs facts written like one.two, not front of house",
        ),
        ('able = ["recognise"]', 'able = ["fly"]', "course 1 needs able to be a list of recognise"),
        (
            "minutes = 60",
            "minutes = 60\ncolour = 3",
            "course 1 has a key that nobody knows: colour",
        ),
        ("[[course]]", "[[curse]]", "has no course"),
        ("[[course]]", "[[course]", "is not TOML: "),
        (
            'able = ["recognise"]',
            'able = ["recognise"]\nretired = "no"',
            "course 1 needs retired to be true or false",
        ),
        (
            'part = "front-of-house"',
            'part = "champion"\nown_trainer = true',
            "course 1 may have own_trainer = true only if it is for front of house",
        ),
    ],
)
def test_each_fault_of_a_course_is_named(tmp_path: Path, was: str, wrong: str, fault: str) -> None:
    assert was in COURSE
    found = faults_of(tmp_path / "courses.toml", COURSE.replace(was, wrong))
    assert any(each.startswith(fault) for each in found), found


def test_no_fault_hides_another(tmp_path: Path) -> None:
    words = COURSE.replace("60", "0") + COURSE.replace('"front-of-house"', '"x"') + "[[extra]]\n"
    assert faults_of(tmp_path / "courses.toml", words) == [
        "has a key that nobody knows: extra",
        "two of [[course]] are called respond",
        "course 1 needs minutes to be a whole number above 0",
        "course 2 needs part to be one of champion, front-of-house, briefing",
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the real seeds, to put faults into."""
    return Path(shutil.copytree(courses.FOLDER, tmp_path / "training"))


def test_the_files_are_judged_together(folder: Path) -> None:
    for name, was, wrong in (
        ("jobs.toml", 'key = "transport"', 'key = "marshal"'),
        ("courses.toml", '"training.spiking"', '"training.spikes"'),
        ("providers.toml", '"wave"', '"own"'),
    ):
        path = folder / name
        path.write_text(path.read_text("utf-8").replace(was, wrong), "utf-8")
    found = seeds.faults(folder)
    assert [each.removeprefix(f"{folder}/")[:70] for each in found] == [
        "providers.toml: two of [[provider]] are called own",
        "courses.toml: course 3 needs jobs to be a list of bar, floor, door, cl",
    ]
    (folder / "jobs.toml").unlink()
    found = seeds.faults(folder)
    assert found[0] == f"{folder}/jobs.toml: cannot be read: No such file or directory"
    assert found[-1] == (
        f"{folder}/courses.toml: course spiking counts for training.spikes, which nothing counts"
    )
