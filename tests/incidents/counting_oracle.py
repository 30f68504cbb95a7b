"""A second, naive judge of what is counted of a book: it looks at every entry on every day.

It shares no code with the rules: a life is a purse of days that each open day takes one from, and
"until when" is found by judging each day in turn. Slow, and meant to be read.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

DAY = timedelta(days=1)
FAR = 900


@dataclass(frozen=True)
class Written:
    """One entry: when it was written and for which night, and what became of it."""

    made: date
    night: date
    team: str
    late: bool
    complete: bool
    read: date | None = None
    wanted: date | None = None
    lost: bool = False


@dataclass
class Shelf:
    """One book with all that was ever done with it; closures may have no end."""

    entries: list[Written]
    signed: dict[date, date] = field(default_factory=dict)
    closures: list[tuple[date, date | None]] = field(default_factory=list)
    opening: frozenset[int] = frozenset()
    began: date = date(2026, 1, 1)
    few: int = 5
    on_time: float = 90
    complete: float = 90
    months: int = 3
    book_months: int = 6

    def closed(self, day: date) -> bool:
        """Whether a closure covers the day."""
        return any(first <= day and (last is None or day <= last) for first, last in self.closures)

    def opens(self, night: date) -> bool:
        """Whether the venue is open on a night."""
        return (not self.opening or night.weekday() in self.opening) and not self.closed(night)

    def last(self, first: date, days: int) -> date:
        """The last day of so many open days from one on; the end of time where none come."""
        day = first
        for _ in range(FAR):
            if not self.closed(day):
                days -= 1
            if days <= 0:
                return day
            day += DAY
        return date.max

    def months_from(self, first: date, months: int) -> int:
        """How many days, the first included, lie between a day and the same one months later."""
        year, month = first.year, first.month
        for _ in range(months):
            month += 1
            if month == 13:
                year, month = year + 1, 1
        day = first.day
        while True:
            try:
                return (date(year, month, day) - first).days + 1
            except ValueError:
                day -= 1

    def there(self, day: date, months: int) -> list[Written]:
        """The entries that are counted on a day."""
        return [
            each
            for each in self.entries
            if day <= self.last(each.made, self.months_from(each.made, months))
        ]

    def met(self, fact: str, day: date) -> bool:
        """Whether a fact is met on a day, by what is known today."""
        if fact == "book.one-book":
            found = self.there(day, self.book_months)
            return len(found) >= self.few and len({each.team for each in found}) > 1
        if fact in ("book.on-time", "book.complete"):
            found = self.there(day, self.months)
            if len(found) < self.few:
                return False
            is_time = fact == "book.on-time"
            good = [each for each in found if (not each.late if is_time else each.complete)]
            return len(good) * 100 >= (self.on_time if is_time else self.complete) * len(found)
        return self.reviewed(day) if fact == "book.reviewed" else self.nil_weeks(day)

    def reviewed(self, day: date) -> bool:
        """Somebody looked lately, and nothing slipped lately."""
        looked = [each.read for each in self.entries if each.read] + list(self.signed.values())
        if not looked or day > self.last(max(looked), self.months_from(max(looked), 1)):
            return False
        for each in self.entries:
            time = self.last(each.made, 8)
            if day > time and (each.read is None or each.read > time):
                slip = time + DAY
                if each.read is None or day <= self.last(slip, self.months_from(slip, 1)):
                    return False
            if each.wanted and (each.lost or day > each.wanted):
                slip = each.wanted + DAY
                if day <= self.last(slip, self.months_from(slip, 1)):
                    return False
        return True

    def nil_weeks(self, day: date) -> bool:
        """The last four weeks of which the time to sign is over have an entry or a signature."""
        monday, judged = self.began, []
        while monday.weekday():
            monday -= DAY
        while monday <= day:
            nights = [monday + n * DAY for n in range(7)]
            if any(self.opens(night) for night in nights):
                time = self.last(monday + 7 * DAY, 7)
                if time < day:
                    has_entry = any(each.night in nights for each in self.entries)
                    judged.append(has_entry or monday in self.signed)
            monday += 7 * DAY
        return bool(judged) and all(judged[-4:])

    def until(self, fact: str, today: date) -> date | None:
        """The last day on which what is met today still is; None where it never ends."""
        day = today
        for _ in range(FAR):
            if not self.met(fact, day + DAY):
                return day
            day += DAY
        return None

    def quiet(self, since: date) -> date | None:
        """The sixtieth open night after a day; None where it never comes."""
        night, nights = since, 0
        for _ in range(FAR):
            night += DAY
            nights += self.opens(night)
            if nights == 60:
                return night
        return None
