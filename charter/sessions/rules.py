"""Rules of sessions, pure: who moves up, which code counts, and what is near.

A session's places go to whoever was booked first; the rest wait in a line, in the order in which
they were booked. The room's code is eight digits for each minute; the one of the minute before
counts too, so that nobody loses a race against the clock on the screen.
"""

import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

OPENS_BEFORE = timedelta(minutes=30)
CLOSES_AFTER = timedelta(hours=2)
AHEAD = timedelta(days=730)
MOST_PLACES = 500
MOST_MINUTES = 12 * 60
MOST_WAITING = 30  # of one venue on one session
CODE_DIGITS = 8
NEAR_DAYS = 7


class BookingState(StrEnum):
    """Where one person's booking stands."""

    BOOKED = "booked"
    WAITING = "waiting"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """In words."""
        return _STATES[self]


_STATES = {
    BookingState.BOOKED: "Has a place",
    BookingState.WAITING: "Waits for a place",
    BookingState.CANCELLED: "Taken off",
}


class Booked(Protocol):
    """What the rules need to know of a booking."""

    state: str


AnyBooking = TypeVar("AnyBooking", bound=Booked)


def in_state(bookings: Iterable[AnyBooking], *states: BookingState) -> list[AnyBooking]:
    """The bookings that stand so, in the order given."""
    return [each for each in bookings if each.state in states]


def places_left(bookings: Iterable[Booked], places: int) -> int:
    """How many places nobody has; never less than none."""
    return max(0, places - len(in_state(bookings, BookingState.BOOKED)))


def moving_up(line: Sequence[AnyBooking], places: int) -> list[AnyBooking]:
    """Who of the waiting gets a place now. `line` is every booking, the first booked first."""
    return in_state(line, BookingState.WAITING)[: places_left(line, places)]


def places_in_line(line: Sequence[AnyBooking]) -> list[tuple[AnyBooking, int]]:
    """Whoever waits, with how many stand in the line up to them, themselves included."""
    return [(who, at) for at, who in enumerate(in_state(line, BookingState.WAITING), 1)]


def ordinal(number: int) -> str:
    """A place in a line, as people say it: 1st, 2nd, 11th."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    end = "th" if number % 100 in (11, 12, 13) else ends.get(number % 10, "th")
    return f"{number}{end}"


_LINK = re.compile(r"https://[!-~]+", re.ASCII)


def is_link(text: str) -> bool:
    """Whether a text is an address that a page may link to: https and nothing else."""
    return _LINK.fullmatch(text) is not None


def minute_of(at: datetime) -> int:
    """The number of a minute since 1970, by which codes are made."""
    return int(at.timestamp()) // 60


def code_of(digest: bytes) -> str:
    """Eight digits from a keyed hash."""
    return f"{int.from_bytes(digest[:8]) % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def digits(typed: str) -> str:
    """The digits of a code as somebody typed it, with or without spaces and dashes."""
    return re.sub(r"[\s–—-]", "", typed[:40])


def minutes_that_count(at: datetime) -> tuple[int, int]:
    """The minutes whose codes are taken at an instant: this one and the one before."""
    now = minute_of(at)
    return now, now - 1


def is_one_of(typed: str, codes: Iterable[str]) -> bool:
    """Whether somebody typed one of these codes; how long it takes does not tell which."""
    given = digits(typed).encode("utf-8", "replace")
    return any([hmac.compare_digest(given, code.encode()) for code in codes])


def is_open(starts_at: datetime, minutes: int, at: datetime) -> bool:
    """Whether the room's code counts: half an hour before the start to two hours after the end."""
    ends_at = starts_at + timedelta(minutes=minutes)
    return starts_at - OPENS_BEFORE <= at <= ends_at + CLOSES_AFTER


def renew_in(at: datetime) -> int:
    """After how many seconds a screen should fetch the next code: just after the minute.

    Never under ten seconds, so that nobody is interrupted at once; the code shown counts on.
    """
    return max(10, 61 - at.second)


def near(starts_on: date, booked_on: date, today: date) -> str | None:
    """Which reminder is due to whoever booked on a day: "week", "day" or none.

    Whoever booked within the last week before needs no reminder a week ahead.
    """
    left = (starts_on - today).days
    if 0 <= left <= 1:
        return "day"
    early = booked_on < starts_on - timedelta(days=NEAR_DAYS)
    return "week" if 1 < left <= NEAR_DAYS and early else None
