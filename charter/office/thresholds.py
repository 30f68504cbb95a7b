"""The numbers that an edition judges by: what they are, what counts today, and what will."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from charter.core import clock
from charter.core.errors import Refused
from charter.editions import service as editions
from charter.editions.terms import Edition

WORDS = {
    "start_with": "Essentials of each commitment to begin with",
    "lapsing_soon_days": "Days before its end that a proof is “lapsing soon”",
    "few_cases": "Fewer cases than this are too few to tell",
    "few_months": "Months that an answer about quiet weeks counts",
    "share_trained": "Per cent of the people who work with customers trained",
    "share_practised": "Per cent of the people who work with customers who practised stepping in",
    "starter_days": "Days in which somebody new has to be trained",
    "open_days": "Days in which a report from the public is opened",
    "share_on_time": "Per cent of entries written in time",
    "late_hours": "Hours after which an entry counts as late",
    "share_complete": "Per cent of entries with every core fact",
    "book_months": "Months looked at to see that one book is used",
    "entry_months": "Months of entries looked at",
    "report_months": "Months of reports looked at",
    "ways_to_report": "Ways to tell the venue that the public and staff each have",
    "check_staff": "People asked in a spot check",
    "check_questions": "Questions put to each of them",
    "check_right": "Right answers each of them has to give",
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """One number: the edition's own, the one in force today, and those set for later days."""

    words: str
    default: float
    today: float
    later: Sequence[tuple[date, float]]


def words(edition: Edition) -> dict[str, str]:
    """What each threshold of an edition is, in words."""
    return {name: WORDS.get(name, name.replace("_", " ")) for name in edition.thresholds}


def thresholds(edition: Edition) -> list[Threshold]:
    """Every threshold of an edition, in its own order."""
    _, overrides = editions.with_overrides([edition.key])[edition.key]
    today = clock.today()
    found = []
    for name, label in words(edition).items():
        own = sorted((each.from_on, each.value) for each in overrides if each.name == name)
        begun = [value for day, value in own if day <= today]
        later = [(day, value) for day, value in own if day > today]
        default = edition.thresholds[name]
        found.append(Threshold(label, default, begun[-1] if begun else default, later))
    return found


def number(typed: str | None) -> float:
    """A threshold as somebody typed it. Raises Refused for what is no number."""
    try:
        return float((typed or "").replace(",", ""))
    except ValueError as fault:
        raise Refused("Enter the new value as a number, like 30", "value") from fault
