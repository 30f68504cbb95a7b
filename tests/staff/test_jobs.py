"""The jobs of the seed, and how people write them."""

from pathlib import Path

import pytest

from charter.core.seed import Fault
from charter.staff import jobs

# The jobs that the charter's office asked for.
ASKED = {
    "bar",
    "floor",
    "door",
    "cloakroom",
    "toilets",
    "sound",
    "artists",
    "kitchen",
    "cleaner",
    "duty-manager",
    "supervisor",
    "manager",
    "night-work",
}
JOB = """
[[job]]
key = "bar"
name = "Bar"
customers = true
also = ["barback"]

[[job]]
key = "door"
name = "Door"
customers = true
"""


def test_the_jobs_that_were_asked_for_are_there() -> None:
    known = jobs.jobs()
    assert known.keys() >= ASKED
    assert {key for key, job in known.items() if job.in_charge} == {
        "duty-manager",
        "supervisor",
        "manager",
    }
    assert not any(known[key].customers for key in ("kitchen", "cleaner", "night-work"))


@pytest.mark.parametrize("key", [*jobs.jobs()])
def test_every_word_for_a_job_is_understood(key: str) -> None:
    job = jobs.jobs()[key]
    for words in (job.key, job.name, *job.also):
        assert jobs.written(words) == key
        assert jobs.written(f"  {words.upper()} ") == key


@pytest.mark.parametrize("words", ["", "astronaut", "bar and door", "=cmd()"])
def test_other_words_are_refused_by_name(words: str) -> None:
    with pytest.raises(ValueError, match="is none of the jobs") as caught:
        jobs.written(words)
    assert f"“{words}”" in str(caught.value)


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("", "venue"),
        ("  ", "venue"),
        ("Us", "venue"),
        ("The venue", "venue"),
        ("in-house", "venue"),
        ("Agency", "agency"),
        ("an agency", "agency"),
        ("Self-employed", "self-employed"),
        ("self employed", "self-employed"),
        ("FREELANCE", "self-employed"),
    ],
)
def test_who_employs_somebody_in_their_own_words(words: str, key: str) -> None:
    assert jobs.employer(words) == key


def test_a_name_is_no_employer() -> None:
    with pytest.raises(ValueError, match="“Shield Security” is none of"):
        jobs.employer("Shield Security")


@pytest.mark.parametrize(
    ("was", "wrong", "fault"),
    [
        ('key = "door"', 'key = "Door"', "job 2 needs key to be written like this-key"),
        ('key = "door"', 'key = "bar"', "two of [[job]] are called bar"),
        ('name = "Door"', 'nam = "Door"', "job 2 has no name"),
        ('name = "Door"', 'nam = "Door"', "job 2 has a key that nobody knows: nam"),
        ('["barback"]', '"barback"', "job 1 needs also to be a list of words"),
        ('["barback"]', "[3]", "job 1 needs also to be a list of words"),
        ('["barback"]', '[""]', "job 1 needs also to be a list of words"),
        ('["barback"]', '["DOOR"]', "two jobs are written as “door”"),
        ('name = "Door"', 'name = "Barback"', "two jobs are written as “barback”"),
        ('name = "Bar"', 'name = "door"', "two jobs are written as “door”"),
        ('key = "door"', 'key = "barback"', "two jobs are written as “barback”"),
        (
            'also = ["barback"]',
            "in_charge = 1",
            "job 1 needs in_charge to be true or false",
        ),
    ],
)
def test_each_fault_of_a_job_is_named(tmp_path: Path, was: str, wrong: str, fault: str) -> None:
    path = tmp_path / "jobs.toml"
    path.write_text(JOB, "utf-8")
    assert [each.key for each in jobs.read(path)] == ["bar", "door"]
    path.write_text(JOB.replace(was, wrong), "utf-8")
    with pytest.raises(Fault) as caught:
        jobs.read(path)
    assert f"{path}: {fault}" in caught.value.faults


def test_a_word_may_stand_for_a_jobs_own_key_and_a_nameless_one_stands_for_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "jobs.toml"
    path.write_text(JOB.replace('["barback"]', '["bar", "the bar"]'), "utf-8")
    assert len(jobs.read(path)) == 2
    path.write_text(JOB.replace('name = "Bar"\n', "").replace('name = "Door"\n', ""), "utf-8")
    with pytest.raises(Fault) as caught:
        jobs.read(path)
    assert len(caught.value.faults) == 2
