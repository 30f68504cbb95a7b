"""The courses that count, read once from their seed file: whom each is for, how long it lasts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from charter import config
from charter.core.seed import KEY, Fault, Table, tables
from charter.editions.edition import PAIR, lasts_of
from charter.editions.terms import Lasts
from charter.staff import jobs as staff_jobs

FOLDER = config.ROOT / "seeds" / "training"
SEED = FOLDER / "courses.toml"
PROVIDERS = FOLDER / "providers.toml"


class Part(StrEnum):
    """Which part of the training a course is of. A briefing is no training."""

    CHAMPION = "champion"
    FRONT_OF_HOUSE = "front-of-house"
    BRIEFING = "briefing"

    @property
    def label(self) -> str:
        """The part in words."""
        return _PARTS[self]


_PARTS = {
    Part.CHAMPION: "For champions",
    Part.FRONT_OF_HOUSE: "For front of house",
    Part.BRIEFING: "Briefing",
}
ABLE = {
    "recognise": "see that something is wrong",
    "step-in": "step in safely",
    "support": "support the person who was harmed",
    "record": "write it down well",
}


@dataclass(frozen=True, slots=True)
class Course:
    """A course. `jobs` are those it is for; empty: everybody who works with customers.

    `facts` names what it counts for in an edition. `able` are keys of ABLE. A `retired` course
    takes no more bookings; what was done still counts. `own_trainer`: a venue's own trainer may
    run it for that venue's people.
    """

    key: str
    title: str
    version: str
    part: Part
    minutes: int
    about: str
    jobs: frozenset[str]
    lasts: Lasts
    facts: frozenset[str]
    able: tuple[str, ...]
    retired: bool = False
    own_trainer: bool = False

    def is_for(self, job: str) -> bool:
        """Whether somebody with this job is meant to do it."""
        if self.part is Part.CHAMPION or self.jobs:
            return not self.jobs or job in self.jobs
        known = staff_jobs.jobs().get(job)
        return known is not None and known.customers

    @property
    def able_words(self) -> tuple[str, ...]:
        """What a person can do afterwards, in words."""
        return tuple(ABLE[each] for each in self.able)


def read(path: Path, known_jobs: Collection[str] | None = None) -> tuple[Course, ...]:
    """The courses in a seed file, in its order. Raises `seed.Fault` with every fault in it.

    `known_jobs`: keys of the jobs they may be for; without, those of the seed.
    """
    found, faults = tables(path, "course")
    known = staff_jobs.jobs().keys() if known_jobs is None else known_jobs
    made = [_course(table, known) for table in found]
    if faults:
        raise Fault(faults)
    return tuple(made)


def _course(table: Table, known_jobs: Collection[str]) -> Course:
    course = Course(
        key=table.name_of("key", KEY),
        title=table.text("title") or "",
        version=table.text("version") or "",
        part=Part(table.one_of("part", [each.value for each in Part]) or Part.FRONT_OF_HOUSE),
        minutes=table.whole("minutes") or 1,
        about=table.text("about") or "",
        jobs=frozenset(table.some_of("jobs", known_jobs, ())),
        lasts=lasts_of(table),
        facts=_facts(table),
        able=table.some_of("able", ABLE),
        retired=table.flag("retired", False),
        own_trainer=table.flag("own_trainer", False),
    )
    if course.own_trainer and course.part is not Part.FRONT_OF_HOUSE:
        # A champion would prove their own training; nobody runs a briefing for others.
        table.fault("may have own_trainer = true only if it is for front of house")
    table.finish()
    return course


def _facts(table: Table) -> frozenset[str]:
    rows = table.take("facts", "a list of facts", lambda value: isinstance(value, list), ...) or []
    wrong = [each for each in rows if not isinstance(each, str) or not PAIR.fullmatch(each)]
    for each in wrong:
        table.fault(f"needs facts written like one.two, not {each}")
    return frozenset(each for each in rows if each not in wrong)


@cache
def courses() -> Mapping[str, Course]:
    """Every course by its key, in order, those that are retired included."""
    return {course.key: course for course in read(SEED)}


def course(key: str) -> Course | None:
    """The course with this key, or None."""
    return courses().get(key)


def title(key: str) -> str:
    """What a course is called; a key that is no longer in the seed is its own name."""
    found = courses().get(key)
    return found.title if found else key.replace("-", " ").capitalize()


def to_book() -> tuple[Course, ...]:
    """The courses that people can be booked on: trainings that are not retired."""
    return tuple(
        each for each in courses().values() if each.part is not Part.BRIEFING and not each.retired
    )


def to_run_oneself() -> tuple[Course, ...]:
    """The courses that a venue's own trainer may run; the others only the office runs."""
    return tuple(each for each in to_book() if each.own_trainer)


@cache
def with_variants() -> Mapping[str, tuple[Course, ...]]:
    """Each training with those that count for the same, by the key of the first, in order."""
    found: dict[frozenset[str], list[Course]] = {}
    for each in courses().values():
        if each.part is not Part.BRIEFING:
            found.setdefault(each.facts, []).append(each)
    return {same[0].key: tuple(same) for same in found.values()}


@dataclass(frozen=True, slots=True)
class Provider:
    """Somebody else who trains people that work at night."""

    key: str
    name: str


def read_providers(path: Path) -> tuple[Provider, ...]:
    """The providers in a seed file. Raises `seed.Fault` with every fault in it."""
    found, faults = tables(path, "provider")
    made = []
    for table in found:
        made.append(Provider(table.name_of("key", KEY), table.text("name") or ""))
        table.finish()
    if faults:
        raise Fault(faults)
    return tuple(made)


@cache
def providers() -> tuple[Provider, ...]:
    """Every provider that is offered by name."""
    return read_providers(PROVIDERS)
