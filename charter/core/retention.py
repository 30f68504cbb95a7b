"""How long what is kept is kept: one table, from which both the nightly work and the notices read.

A time in months, or in days of a date, is counted by the city's calendar: its last day is still
kept, and what is over is taken away on the day after. A time in hours, or in days of an instant,
is counted in real time, so that a night on which the clocks change makes it no shorter. Nothing
here reads a clock or a database.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from charter.core.clock import months_after

LONGEST_PAUSE = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: months, or days, or hours (exactly one of them)."""

    months: int = 0
    days: int = 0
    hours: int = 0

    def __str__(self) -> str:
        """The length in words, such as "12 months"; whole years are said from two on."""
        if self.months > 12 and self.months % 12 == 0:
            return f"{self.months // 12} years"
        number, unit = next(
            (number, unit)
            for number, unit in ((self.months, "month"), (self.days, "day"), (self.hours, "hour"))
            if number
        )
        return f"{number} {unit}" if number == 1 else f"{number} {unit}s"

    @property
    def real(self) -> timedelta:
        """The length in real time; a month has none, and raises ValueError."""
        if self.months:
            raise ValueError("months are counted by the calendar")
        return timedelta(days=self.days, hours=self.hours)

    def last_day(self, since: date) -> date:
        """The last day, included, on which something of the day `since` is kept.

        Months take the month's last day where there is no such day: 29 February and 12 months
        make 28 February.
        """
        if self.months:
            return months_after(since, self.months)
        return since + self.real

    def is_over(self, since: date, today: date) -> bool:
        """Whether something of the day `since` is kept no longer."""
        return today > self.last_day(since)

    def oldest_day(self, today: date) -> date:
        """The earliest day whose things are still kept; what is of a day before it is over."""
        day = months_after(today, -self.months) if self.months else today - self.real
        while not self.is_over(day - timedelta(days=1), today):
            day -= timedelta(days=1)
        while self.is_over(day, today):
            day += timedelta(days=1)
        return day

    def oldest_moment(self, now: datetime, zone: tzinfo) -> datetime:
        """The earliest instant whose things are still kept, for columns that hold instants."""
        if not self.months:
            return now - self.real
        day = self.oldest_day(now.astimezone(zone).date())
        return datetime.combine(day, time(), zone)


# Ways in, and what leads to them.
INVITATION = Span(days=30)

# An account that nobody uses.
ACCOUNT_UNUSED = Span(months=12)
SECOND_WARNING = Span(days=14)
LAST_CALL = Span(days=14)
ACCOUNT_CLOSED = Span(months=3)

# Signing a venue up.
SIGN_UP_DRAFT = Span(hours=24)
SIGN_UP_UNCONFIRMED = Span(days=7)
SIGN_UP_DECLINED = Span(months=6)

# What a venue handed in, and what is left of one that is gone.
PROOFS_KEPT = 2
FILE_UNUSED = Span(hours=24)
VENUE_LEFT = Span(months=12)

# Who works at a venue, and what they learned.
STAFF_IMPORT = Span(hours=24)
STAFF_CODE = Span(days=30)
STAFF_LEFT = Span(months=12)
ATTENDANCE = Span(months=12)
OUTSIDE_PROOF = Span(months=12)
CHECK_NOTE = Span(months=24)

# The room map and the briefings before a night.
PLAN_RETIRED = Span(days=30)
MAP_LOOK = Span(months=24)
BRIEFING_READ = Span(months=12)

# Safety walks: one that nobody finished, and photos of a walk or of what was mended.
WALK_UNFINISHED = Span(days=30)
WALK_PHOTO = Span(months=24)

# The incident book: its words (unless the venue's licence says otherwise) and names, counted from
# the day on which somebody last wrote about an entry; what was typed and not saved; and how often
# somebody is asked whether an entry that is kept for longer still has to be.
BOOK_WORDS = Span(months=24)
BOOK_NAMES = Span(months=12)
BOOK_DRAFT = Span(hours=24)
BOOK_HOLD_ASKED = Span(days=90)

# The venue's own phone: who was signed in on it, and one that is used no more.
DEVICE_SHIFT = Span(days=90)

# The champions' network.
NETWORK_POST = Span(months=36)
NETWORK_UNSEEN = Span(months=12)

MAIL = Span(days=30)

# Kept at least so long, and never taken away by this program.
TRAIL = Span(months=72)
CERTIFICATE = Span(months=72)
# What whoever runs the machine is told to keep to.
BACKUP = Span(days=35)


def licensed(months: int | None) -> Span:
    """How long the words of a venue's book, and who worked its door, are kept by its licence."""
    return Span(months=months) if months else BOOK_WORDS


def paused(last: date | None, today: date) -> bool:
    """Whether so long has passed since the last run that a clock which jumped is more likely.

    The first run of all has nothing to compare with.
    """
    return last is not None and today - last > LONGEST_PAUSE
