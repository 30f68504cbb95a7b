"""Teams for the rules of training: people, their stints and what they did, in plain days."""

from datetime import date, timedelta
from typing import Any

from charter.editions.terms import Lasts
from charter.training.courses import courses
from charter.training.coverage import Done, Person, Stint, Team
from charter.training.rules import FACTS, Terms
from charter.training.spans import Span

TODAY = date(2026, 6, 15)
BEGAN = date(2026, 3, 1)
VALUES = {"share_trained": 90.0, "starter_days": 30.0}


def make_stint(job: str = "bar", first: date | None = None, **overrides: Any) -> Stint:
    """A job at the venue itself since before the list, still held, known from its first day."""
    values: dict[str, Any] = {
        "job": job,
        "employer": "venue",
        "first": first,
        "last": None,
        "known": first or BEGAN,
    }
    return Stint(**values | overrides)


def make_done(course: str = "respond", on: date = BEGAN, **overrides: Any) -> Done:
    """A course done on a day, written down that day, that counts for as long as it says."""
    values: dict[str, Any] = {
        "course": course,
        "on": on,
        "last": courses()[course].lasts.until(on) if course in courses() else on,
        "known": on,
    }
    return Done(**values | overrides)


def make_person(*parts: Stint | Done, number: int = 1) -> Person:
    """Somebody with these jobs and trainings; at the bar since before the list unless told."""
    stints = tuple(each for each in parts if isinstance(each, Stint))
    done = tuple(each for each in parts if isinstance(each, Done))
    return Person(number, stints or (make_stint(),), done)


def make_people(count: int, *parts: Stint | Done) -> list[Person]:
    """So many people who are all alike."""
    return [make_person(*parts, number=number) for number in range(1, count + 1)]


def make_team(*people: Person, **overrides: Any) -> Team:
    """A team whose list began on BEGAN and was confirmed today."""
    values: dict[str, Any] = {"people": people, "began": BEGAN, "checked": TODAY}
    return Team(**values | overrides)


def make_champion(*done: Done, first: date = BEGAN, last: date | None = None) -> Any:
    """The term of a champion who did these courses."""
    return Span.of(first, last), done


def make_terms(lasts: Lasts | None = None, **values: float) -> Terms:
    """The seed's own courses, 90 in 100, thirty days for a starter; a list is fresh for a year."""
    return Terms(courses(), {**VALUES, **values}, dict.fromkeys(FACTS, lasts or Lasts(months=12)))


def days(number: int) -> timedelta:
    """So many days."""
    return timedelta(days=number)
