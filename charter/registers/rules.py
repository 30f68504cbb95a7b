"""What a period is, and what becomes of a printed page: pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from charter.core.errors import Refused

FOUR_WEEKS = timedelta(days=27)
MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class Period:
    """Nights from the first to the last, both included."""

    first: date
    last: date


def last_weeks(tonight: date) -> Period:
    """The last four weeks, tonight included."""
    return Period(tonight - FOUR_WEEKS, tonight)


def period(first: date, last: date, today: date) -> Period:
    """The period between two days. Refuses one that ends before it begins, or is to come."""
    if first > today:
        raise Refused("That day is still to come", "first")
    if last > today:
        raise Refused("That day is still to come", "last")
    if last < first:
        raise Refused("This has to be the same day as the first, or a later one", "last")
    return Period(first, last)


class State(StrEnum):
    """What became of a printed page."""

    BLANK = "blank"
    TYPED_IN = "typed in"
    SPOILED = "spoiled"


def numbers_words(first: int, last: int) -> str:
    """One number, or several in a row: "Entry 4", "Entries 4 to 9"."""
    return f"Entry {first}" if first == last else f"Entries {first} to {last}"


def judge_written(written_on: date, happened_on: date, printed_on: date, today: date) -> None:
    """Refuse a day on which nobody can have written on a page: one to come, one before it
    happened, or one before the page was printed."""
    if written_on > today:
        raise Refused("That day is still to come", "written_on")
    if written_on < happened_on:
        raise Refused("That is before it happened. Check both days", "written_on")
    if written_on < printed_on:
        raise Refused("The page was not printed yet on that day. Check the day", "written_on")
