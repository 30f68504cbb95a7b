"""What the charter counts of a venue's book: pure, on any day, and until when it holds.

What an edition calls a *fact* is met on a day by the line of this table:

===============  =============================================================================
fact             met on a day when
===============  =============================================================================
book.one-book    of the entries of the last `book_months`, some are of more than one team
book.on-time     of those of the last `entry_months`, at least `share_on_time` per cent were
                 written in time
book.complete    of the same, at least `share_complete` per cent have every core fact
book.reviewed    somebody read entries or signed a week lately; none has waited for more than
                 `READ_DAYS` to be read, and no picture that was wanted was overwritten
book.nil-weeks   each of the last weeks that are over for `SIGN_DAYS` has an entry or is signed
===============  =============================================================================

The first three want `few_cases` entries: with fewer nothing is met, and the rules of the charter
ask for signed quiet weeks and an officer's answer. No fact asks for more entries than that, and
none is ever lost by there being many. "Lately" and "the last weeks" are as long as what proves the
requirement lasts. A late reading, or a picture that was lost, is remembered for as long.

An entry counts from the day it was written, by the server's clock, so that nothing written about
its night afterwards moves it; whether it is late and complete is what its corrections have made of
it. A closed day uses up no time, and a week in which the venue opened on none of its nights is not
asked about. A new owner takes the book over as it is: the edition names nothing of it that ends
with the old one. A book without a line says nothing, so that what a venue showed otherwise stands
for it. Of days, the database's are those of UTC.

`book.quiet` is no fact of an edition, and no state ever follows from it: it says until when
`QUIET_NIGHTS` open nights will not have gone by without an entry, for an officer to ask about.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import reduce
from typing import NamedTuple, Protocol

from charter.core.text import in_words
from charter.editions.terms import Counted, Lasts
from charter.incidents.choices import Team
from charter.incidents.rules import LATE_HOURS, week_of
from charter.venues.closures import Closed, stretched

ONE_BOOK, ON_TIME, COMPLETE = SHARES = ("book.one-book", "book.on-time", "book.complete")
REVIEWED, NIL_WEEKS = WEEKLY = ("book.reviewed", "book.nil-weeks")
QUIET = "book.quiet"
FACTS = (*SHARES, *WEEKLY, QUIET)

READ_DAYS = SIGN_DAYS = 7
QUIET_NIGHTS = 60
DAY, WEEK = timedelta(days=1), timedelta(days=7)
SIGN = "Sign the quiet weeks as “nothing to report”."
_MONTH = Lasts(months=1)


class Terms(Protocol):
    """What a book is counted with: the thresholds in force, and how long proofs last by fact."""

    @property
    def values(self) -> Mapping[str, float]:
        """The thresholds by name."""

    @property
    def lasts(self) -> Mapping[str, Lasts]:
        """How long what proves a fact lasts."""


class Some(NamedTuple):
    """The entries that one team wrote on one day: how many, in time, and complete."""

    on: date
    team: str
    entries: int
    in_time: int
    complete: int


class Reading(NamedTuple):
    """The day on which entries were written, and the day on which they were read, if they were."""

    made: date
    read: date | None


class Picture(NamedTuple):
    """Up to when a picture that was wanted is there; `is_lost`: it is known to be gone."""

    until: date
    is_lost: bool


@dataclass(frozen=True, slots=True)
class Book:
    """All that is counted of one book. `since` is when the venue began with the charter.

    `looked` are days on which somebody read entries or signed a week; weeks go by their Mondays.
    `opening` are the weekdays on which the venue opens; none stands for all.
    """

    began: date | None = None
    since: date | None = None
    last: date | None = None
    entries: Sequence[Some] = ()
    readings: Sequence[Reading] = ()
    looked: date | None = None
    pictures: Sequence[Picture] = ()
    weeks: frozenset[date] = frozenset()
    signed: frozenset[date] = frozenset()
    closures: Sequence[Closed] = ()
    opening: frozenset[int] = field(default_factory=frozenset)

    def last_day(self, first: date, last: date) -> date:
        """The last day of a life when closed days use none of it up; `date.max` for no end."""
        return stretched(first, last, self.closures) or date.max

    def is_open(self, night: date) -> bool:
        """Whether the venue opens on a night."""
        return (not self.opening or night.weekday() in self.opening) and not any(
            each.from_on <= night and (each.until is None or night <= each.until)
            for each in self.closures
        )

    def never_opens_after(self, day: date) -> bool:
        """Whether nobody knows yet when a closure that runs on a day will end."""
        return any(each.until is None and each.from_on <= day for each in self.closures)


def months(terms: Terms) -> int:
    """How many months back the entries lie that are counted."""
    return max(_Rule.of(fact, terms.values).months for fact in SHARES)


def watched_days(terms: Terms) -> int:
    """How many days back reading and signing are looked at, but for the days they have."""
    lasts = [terms.lasts.get(fact, _MONTH) for fact in WEEKLY]
    return max(each.days or each.months * 31 for each in lasts)


def counted(book: Book, terms: Terms, today: date) -> dict[str, Counted]:
    """What each fact of the edition comes to today, and how quiet the book is."""
    found = {}
    if book.began is not None:
        found = {fact: _share(book, terms, fact, today) for fact in SHARES}
        found[REVIEWED] = _reviewed(book, terms.lasts.get(REVIEWED, _MONTH), today)
        found[NIL_WEEKS] = _nil_weeks(book, terms.lasts.get(NIL_WEEKS, _MONTH), today)
    if (quiet := _quiet(book)) is not None:
        found[QUIET] = quiet
    return found


class _Tally(NamedTuple):
    """Entries, how many of them are as they should be, and the teams that wrote them."""

    entries: int
    good: int
    teams: tuple[str, ...]

    def plus(self, other: "_Tally") -> "_Tally":
        """Both together."""
        teams = tuple({*self.teams, *other.teams})
        return _Tally(self.entries + other.entries, self.good + other.good, teams)


_NOTHING = _Tally(0, 0, ())


def _together(tallies: Iterable[_Tally]) -> _Tally:
    return reduce(_Tally.plus, tallies, _NOTHING)


def _share(book: Book, terms: Terms, fact: str, today: date) -> Counted:
    """6.2 to 6.4: nothing but the passing of days takes an entry out of what is counted."""
    rule = _Rule.of(fact, terms.values)
    lives = sorted(
        (last, tally)
        for on, tally in rule.by_day(book.entries).items()
        if (last := book.last_day(on, Lasts(months=rule.months).until(on))) >= today
    )
    now = _together(tally for _, tally in lives)
    until, then = None, now
    if rule.is_met(now):
        until, then = _first_loss(lives, rule)
    is_met, few = rule.is_met(now), rule.is_few(now)
    return Counted(
        met=is_met,
        cases=now.entries,
        holds_until=until,
        share=None if few or not rule.share else round(now.good * 100 / now.entries, 1),
        words=rule.words(now),
        step=rule.step(then) if not is_met or until is not None else "",
    )


def _first_loss(lives: Sequence[tuple[date, _Tally]], rule: "_Rule") -> tuple[date | None, _Tally]:
    """The last day on which a rule that is met still is, and what is left on the day after."""
    found: tuple[date | None, _Tally] = (None, _together(tally for _, tally in lives))
    left, after = _NOTHING, date.max
    for last, tally in reversed(lives):
        if last < after and not rule.is_met(left):
            found = last, left
        left, after = left.plus(tally), last
    return found


@dataclass(frozen=True, slots=True)
class _Rule:
    """How one of the facts about entries is judged; `share` is 0 for the one about teams."""

    fact: str
    months: int
    few: float
    share: float
    late_hours: float

    @classmethod
    def of(cls, fact: str, values: Mapping[str, float]) -> "_Rule":
        """By the thresholds in force; a share that is not named asks for all."""
        months = values.get("book_months", 6) if fact == ONE_BOOK else values.get("entry_months", 3)
        share = {ON_TIME: "share_on_time", COMPLETE: "share_complete"}.get(fact)
        return cls(
            fact=fact,
            months=max(1, int(months)),
            few=values.get("few_cases", 5),
            share=values.get(share, 100) if share else 0,
            late_hours=values.get("late_hours", LATE_HOURS),
        )

    def by_day(self, entries: Iterable[Some]) -> dict[date, _Tally]:
        """What was written on each day, added up."""
        found: dict[date, tuple[int, int, set[str]]] = {}
        for each in entries:
            number, good, teams = found.get(each.on, (0, 0, set()))
            teams.add(each.team)
            more = each.in_time if self.fact == ON_TIME else each.complete
            found[each.on] = number + each.entries, good + more, teams
        return {day: _Tally(n, good, tuple(teams)) for day, (n, good, teams) in found.items()}

    def is_few(self, now: _Tally) -> bool:
        """Whether there are too few entries to tell."""
        return now.entries < max(self.few, 1)

    def is_met(self, now: _Tally) -> bool:
        """Whether what is counted is enough."""
        if self.is_few(now):
            return False
        if self.fact == ONE_BOOK:
            return len(now.teams) > 1
        return now.good * 100 >= self.share * now.entries

    def words(self, now: _Tally) -> str:
        """What was counted."""
        months = Lasts(months=self.months).label
        said = {0: "No entry", 1: "1 entry"}.get(now.entries, f"{now.entries} entries")
        said += f" in the last {months}"
        if self.is_few(now):
            return f"{said}. Fewer than {self.few:g} are too few to tell."
        if self.fact == ONE_BOOK:
            teams = [_TEAMS[team] for team in Team if team in now.teams]
            return f"{said}, written by {' and '.join(teams)}."
        good = f"written within {self.late_hours:g} hours"
        if self.fact == COMPLETE:
            good = "with every core fact"
        needed = f"At least {self.share:g} in every 100 are needed."
        return f"{said}, {now.good} of them {good}. {needed}"

    def step(self, then: _Tally) -> str:
        """What to do where so much is, or will be, too little."""
        return SIGN if self.is_few(then) else _STEPS[self.fact]


_TEAMS = {Team.FLOOR: "the floor", Team.DOOR: "the door", Team.MANAGEMENT: "managers"}
_STEPS = {
    ONE_BOOK: "Have another team write in the book too.",
    ON_TIME: "Write entries on the same night, or the day after.",
    COMPLETE: "Add what is missing to your entries.",
    REVIEWED: "Read what is new in the book.",
    NIL_WEEKS: SIGN,
}


def _reviewed(book: Book, lasts: Lasts, today: date) -> Counted:
    """6.6: read within days, pictures saved; a slip is remembered for as long as a proof lasts."""
    ends, slips = [], []
    looked = book.last_day(book.looked, lasts.until(book.looked)) if book.looked else None
    for each in book.readings:
        last = book.last_day(each.made, each.made + timedelta(days=READ_DAYS))
        if each.read is None and last >= today:
            ends.append(last)
        elif last < today and (each.read is None or each.read > last):
            slips.append((last + DAY, each.read is None))
    for picture in book.pictures:
        if picture.until >= today and not picture.is_lost:
            ends.append(picture.until)
        else:
            slips.append((picture.until + DAY, False))
    slip = any(goes_on or book.last_day(day, lasts.until(day)) >= today for day, goes_on in slips)
    if looked is None or looked < today or slip:
        return Counted(met=False, words=_review_words(book, today), step=_STEPS[REVIEWED])
    until = min(looked, *ends) if ends else looked
    words = f"The book was last read on {_day(book.looked)}, and nothing has waited for long."
    return Counted(met=True, holds_until=_or_none(until), words=words, step=_STEPS[REVIEWED])


def _review_words(book: Book, today: date) -> str:
    unread = min((each.made for each in book.readings if each.read is None), default=None)
    if unread is not None and book.last_day(unread, unread + timedelta(days=READ_DAYS)) < today:
        return f"An entry of {_day(unread)} waits to be read."
    if book.looked is None:
        return "Nobody has ticked anything as read yet."
    return f"The book was last read on {_day(book.looked)}. Lately something waited for too long."


def _nil_weeks(book: Book, lasts: Lasts, today: date) -> Counted:
    """6.7: each of the last weeks that somebody had time to sign has an entry or a signature."""
    asked = max(1, (lasts.days or lasts.months * 30) // 7)
    judged: list[date] = []
    holds = date.max
    for monday in _weeks(book, today, asked):
        last = _last_to_sign(book, monday)
        if last < today:
            judged.append(monday)
        elif monday not in book.weeks and monday not in book.signed:
            holds = last
            break
    judged = judged[-asked:]
    bare = sum(each not in book.weeks and each not in book.signed for each in judged)
    if not judged:
        words = "Your book has just begun. Its first quiet week can be signed when it is over."
        return Counted(met=False, words=words)
    weeks = f"the last {len(judged)} weeks" if len(judged) > 1 else "the last week"
    if bare:
        words = f"{bare} of {weeks} {'has' if bare == 1 else 'have'} no entry and no signature."
        return Counted(met=False, words=words, step=SIGN)
    words = f"Each of {weeks} has an entry or is signed."
    if len(judged) == 1:
        words = "The last week has an entry or is signed."
    return Counted(met=True, holds_until=_or_none(holds), words=words, step=SIGN)


def _weeks(book: Book, today: date, back: int) -> Iterator[date]:
    """The weeks that are asked about, from the book's first on, or so many before today.

    They go on into the future, unless a closure does.
    """
    monday = week_of(book.began or today)
    closed = sum(
        (min(each.until or today, today) - each.from_on).days + 1
        for each in book.closures
        if each.from_on <= today
    )
    monday = max(monday, week_of(today - timedelta(days=closed)) - (back + 3) * WEEK)
    while not book.never_opens_after(monday):
        if any(book.is_open(monday + timedelta(days=n)) for n in range(7)):
            yield monday
        monday += WEEK


def _last_to_sign(book: Book, monday: date) -> date:
    return book.last_day(monday + WEEK, monday + WEEK + timedelta(days=SIGN_DAYS - 1))


def _quiet(book: Book) -> Counted | None:
    """Until when fewer than `QUIET_NIGHTS` open nights will have passed without an entry.

    Whether that is over is for its reader to say: nothing of it changes but by an entry.
    """
    since = night = book.last or book.since or book.began
    if since is None or night is None:
        return None
    nights = 0
    while nights < QUIET_NIGHTS:
        night += DAY
        if book.never_opens_after(night):
            return Counted(met=True, since=since)
        nights += book.is_open(night)
    return Counted(met=True, holds_until=night, since=since)


def _or_none(last: date) -> date | None:
    return None if last == date.max else last


def _day(day: date | None) -> str:
    return in_words(day).partition(" ")[2] if day else ""
