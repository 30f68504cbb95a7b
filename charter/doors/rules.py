"""When somebody works the door on a night, pure but for the city's clock."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from charter.core import clock
from charter.core.errors import Refused

# Nobody stands at a door for longer; it is more likely that the two times are the wrong way round.
LONGEST = timedelta(hours=16)
# So far back a night can still be written down; what is older is no record of who was on duty.
OLDEST = timedelta(days=27)
DAY = timedelta(days=1)
# The Security Industry Authority numbers its licences with 16 digits, four by four on the badge.
BADGE_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Hours:
    """From when to when, as instants, end after start."""

    starts_at: datetime
    ends_at: datetime


def judge_night(night: date, tonight: date) -> None:
    """Refuse a night to come, and one that is too long ago to be written down."""
    if night > tonight:
        raise Refused("That night is still to come")
    if night < tonight - OLDEST:
        raise Refused("That night is more than four weeks ago. It is too late to write it down")


def badge(typed: str) -> str:
    """A licence number as it stands on a badge: four digits by four; as typed if it is another."""
    digits = re.sub(r"[\s./-]", "", typed)
    if not _is_badge(digits):
        return typed
    return "-".join(digits[place : place + 4] for place in range(0, BADGE_DIGITS, 4))


def is_odd(licence: str) -> bool:
    """Whether a licence number is not one of the regulator's: perhaps a slip of the finger.

    It is written down all the same: whoever stands at the door is there, whatever is on the badge.
    """
    return not _is_badge(licence.replace("-", ""))


def _is_badge(digits: str) -> bool:
    return len(digits) == BADGE_DIGITS and digits.isascii() and digits.isdigit()


def hours(night: date, starts: time, ends: time, night_ends_hour: int) -> Hours:
    """The hours meant by two times on the wall on a night, after midnight too.

    A time that the clocks made twice counts from its first pass and until its second. Refuses a
    time that never was, two times that are one, and more than `LONGEST`.
    """
    began = datetime.combine(night if starts.hour >= night_ends_hour else night + DAY, starts)
    ended = datetime.combine(began.date(), ends)
    if ended <= began:
        ended += DAY
    starts_at, ends_at = _instant(began, 0, "starts"), _instant(ended, 1, "ends")
    if ends_at - starts_at > LONGEST:
        raise Refused("That is more than 16 hours. Check both times", "ends")
    return Hours(starts_at, ends_at)


def _instant(shown: datetime, fold: int, field: str) -> datetime:
    try:
        return clock.instant(shown, fold if clock.is_ambiguous(shown) else 0)
    except Refused as refused:
        raise Refused(refused.words, field) from refused
