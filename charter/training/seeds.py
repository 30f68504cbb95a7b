"""Judges the seed files of training together: what one names must stand in another."""

from collections.abc import Callable, Iterable
from pathlib import Path

from charter.core.seed import Fault, tables
from charter.staff import jobs
from charter.training import courses, rules

# What a course may count for: a word that nothing counts would make it count for nothing.
COUNTED = frozenset({*rules.FACTS, rules.BRIEFED})


def faults(folder: Path) -> list[str]:
    """Every fault of the jobs, courses and providers in a folder, each naming its file."""
    jobs_file, courses_file = folder / "jobs.toml", folder / "courses.toml"
    found = [
        *_of(lambda: jobs.read(jobs_file)),
        *_of(lambda: courses.read_providers(folder / "providers.toml")),
    ]
    try:
        read = courses.read(courses_file, _keys(jobs_file))
    except Fault as fault:
        return [*found, *fault.faults]
    return [*found, *_uncounted(courses_file, read)]


def _of(read: Callable[[], object]) -> tuple[str, ...]:
    try:
        read()
    except Fault as fault:
        return fault.faults
    return ()


def _keys(jobs_file: Path) -> tuple[str, ...]:
    """The keys in a file of jobs, whatever else is wrong with it."""
    try:
        rows, _ = tables(jobs_file, "job")
    except Fault:
        return tuple(jobs.jobs())
    return tuple(str(row.data.get("key")) for row in rows)


def _uncounted(path: Path, read: Iterable[courses.Course]) -> list[str]:
    return [
        f"{path}: course {course.key} counts for {fact}, which nothing counts"
        for course in read
        for fact in sorted(course.facts - COUNTED)
    ]
