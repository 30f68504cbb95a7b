"""What the charter counts of a book: by the table of the rules, and against a naive judge."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charter.editions.terms import Lasts
from charter.incidents import counting
from charter.incidents.choices import Team
from charter.incidents.counting import SIGN, Book, Picture, Reading, Some
from charter.incidents.rules import week_of
from charter.training.rules import Terms
from charter.venues.closures import Closed, merged
from tests.incidents.counting_oracle import Shelf, Written

pytestmark = pytest.mark.sqlite_only

DAY = timedelta(days=1)
TODAY = date(2026, 6, 17)  # a Wednesday
MONDAY = week_of(TODAY)
LASTS = {
    "book.one-book": Lasts(months=6),
    "book.on-time": Lasts(months=3),
    "book.complete": Lasts(months=3),
    "book.reviewed": Lasts(months=1),
    "book.nil-weeks": Lasts(months=1),
}
ASKED = tuple(LASTS)
VALUES = {
    "few_cases": 5, "share_on_time": 90, "share_complete": 90, "book_months": 6,
    "entry_months": 3, "late_hours": 24,
}  # fmt: skip
TERMS = Terms({}, VALUES, LASTS)


def entry(ago: int = 5, team: str = "floor", **more: bool | date) -> Written:
    """An entry written so many days ago, of that night, read three days later."""
    made = TODAY - ago * DAY
    values = {"late": False, "complete": True, "read": min(made + 3 * DAY, TODAY)} | more
    return Written(made, made, team, **values)  # type: ignore[arg-type]


def book(shelf: Shelf) -> Book:
    """The same as it is gathered."""
    alike = {(e.made, e.team): [0, 0, 0] for e in shelf.entries}
    for e in shelf.entries:
        for place, more in enumerate((1, not e.late, e.complete)):
            alike[e.made, e.team][place] += more
    looked = [e.read for e in shelf.entries if e.read] + list(shelf.signed.values())
    return Book(
        began=shelf.began,
        since=shelf.began,
        last=max((e.made for e in shelf.entries), default=None),
        entries=[Some(*key, *numbers) for key, numbers in alike.items()],
        readings=list({Reading(e.made, e.read) for e in shelf.entries}),
        looked=max(looked, default=None),
        pictures=[Picture(e.wanted, e.lost) for e in shelf.entries if e.wanted],
        weeks=frozenset(week_of(e.night) for e in shelf.entries),
        signed=frozenset(shelf.signed),
        closures=merged(Closed(*each) for each in shelf.closures),
        opening=shelf.opening,
    )


def terms(shelf: Shelf) -> Terms:
    """Its thresholds."""
    values = {
        "few_cases": shelf.few, "share_on_time": shelf.on_time, "share_complete": shelf.complete,
        "entry_months": shelf.months, "book_months": shelf.book_months,
    }  # fmt: skip
    return Terms({}, VALUES | values, LASTS)


def count(*entries: Written, fact: str, **more: object) -> counting.Counted:
    """What a fact comes to at a venue with these entries."""
    shelf = Shelf(list(entries), **more)  # type: ignore[arg-type]
    return counting.counted(book(shelf), terms(shelf), TODAY)[fact]


# Against the naive judge.

days = st.integers(-20, 210).map(lambda ago: TODAY - ago * DAY)
past = st.integers(0, 210).map(lambda ago: TODAY - ago * DAY)


@st.composite
def written(draw: st.DrawFn) -> Written:
    """An entry of any sort."""
    made = draw(past)
    read = draw(st.none() | st.integers(0, 25).map(lambda later: made + later * DAY))
    wanted = draw(st.none() | st.integers(10, 40).map(lambda later: made + later * DAY))
    return Written(
        made=made,
        night=made - draw(st.integers(0, 10)) * DAY,
        team=draw(st.sampled_from(list(Team))),
        late=draw(st.booleans()),
        complete=draw(st.booleans()),
        read=read if read and read <= TODAY else None,
        wanted=wanted,
        lost=draw(st.booleans()) if wanted else False,
    )


@st.composite
def closures(draw: st.DrawFn) -> tuple[date, date | None]:
    """A closure, now and then without an end."""
    first = draw(days)
    return first, draw(st.none() | st.integers(0, 50).map(lambda long: first + long * DAY))


shelves = st.builds(
    Shelf,
    entries=st.lists(written(), max_size=9),
    signed=st.dictionaries(
        st.integers(1, 12).map(lambda ago: MONDAY - ago * 7 * DAY), past, max_size=8
    ),
    closures=st.lists(closures(), max_size=2),
    opening=st.frozensets(st.integers(0, 6), max_size=3),
    began=past,
    few=st.integers(1, 5),
    on_time=st.sampled_from([50, 75, 90]),
    complete=st.sampled_from([50, 75, 90]),
    months=st.integers(1, 3),
    book_months=st.integers(1, 6),
)
thorough = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@thorough
@given(shelf=shelves, fact=st.sampled_from(ASKED))
def test_what_is_counted_is_what_a_naive_judge_says(shelf: Shelf, fact: str) -> None:
    found = counting.counted(book(shelf), terms(shelf), TODAY)[fact]
    assert found.met == shelf.met(fact, TODAY)
    assert found.holds_until == (shelf.until(fact, TODAY) if found.met else None)
    if fact in counting.SHARES:
        months = shelf.book_months if fact == "book.one-book" else shelf.months
        assert found.cases == len(shelf.there(TODAY, months))


@thorough
@given(shelf=shelves, fact=st.sampled_from(ASKED), on=st.integers(1, 60))
def test_a_reader_of_a_count_is_right_on_every_later_day(shelf: Shelf, fact: str, on: int) -> None:
    now = counting.counted(book(shelf), terms(shelf), TODAY)[fact]
    later = counting.counted(book(shelf), terms(shelf), TODAY + on * DAY)[fact]
    if now.met:
        holds = now.holds_until is None or TODAY + on * DAY <= now.holds_until
        assert later.met or not holds
        if later.met and holds:
            assert later.holds_until == now.holds_until


@thorough
@given(shelf=shelves, team=st.sampled_from(list(Team)), fact=st.sampled_from(counting.SHARES))
def test_a_good_entry_more_never_makes_a_venue_look_worse(
    shelf: Shelf, team: Team, fact: str
) -> None:
    good = Written(TODAY, TODAY, team, late=False, complete=True)
    more = replace(shelf, entries=[*shelf.entries, good])
    before = counting.counted(book(shelf), terms(shelf), TODAY)[fact]
    after = counting.counted(book(more), terms(more), TODAY)[fact]
    assert after.met or not before.met
    if before.met and before.holds_until is not None:
        assert after.holds_until is None or after.holds_until >= before.holds_until


@thorough
@given(shelf=shelves)
def test_how_quiet_a_book_is_counts_open_nights(shelf: Shelf) -> None:
    found = counting.counted(book(shelf), terms(shelf), TODAY)[counting.QUIET]
    since = max((each.made for each in shelf.entries), default=shelf.began)
    assert (found.since, found.holds_until) == (since, shelf.quiet(since))


# By the table.

FIVE = [entry(ago, team) for ago, team in enumerate(["floor", "floor", "door", "floor", "floor"])]


def test_five_entries_of_two_teams_are_one_book() -> None:
    found = count(*FIVE, fact="book.one-book")
    assert (found.met, found.cases, found.share) == (True, 5, None)
    assert found.words == "5 entries in the last 6 months, written by the floor and the door."
    alone = count(*[entry(n) for n in range(9)], fact="book.one-book")
    assert not alone.met
    assert alone.step == "Have another team write in the book too."


def test_four_entries_are_too_few_to_tell_however_good() -> None:
    found = count(*FIVE[:4], fact="book.on-time")
    assert (found.met, found.cases, found.step) == (False, 4, SIGN)
    assert found.words == "4 entries in the last 3 months. Fewer than 5 are too few to tell."
    assert count(fact="book.on-time").words.startswith("No entry in the last 3 months.")


@pytest.mark.parametrize(("late", "met"), [(1, True), (2, False)])
def test_nine_of_ten_have_to_be_in_time_and_complete(late: int, met: bool) -> None:
    rows = [entry(n, late=n < late, complete=n >= late) for n in range(10)]
    for fact, words in (("on-time", "written within 24 hours"), ("complete", "with every core")):
        found = count(*rows, fact=f"book.{fact}")
        assert (found.met, found.share) == (met, 100 - 10 * late)
        assert f"{10 - late} of them {words}" in found.words


def test_what_is_met_says_when_it_ends_by_time_alone_and_what_to_do_then() -> None:
    few = count(*[entry(ago) for ago in (80, 40, 30, 20, 10)], fact="book.on-time")
    assert (few.holds_until, few.step) == (date(2026, 6, 29), SIGN)
    rows = [*[entry(80)] * 10, entry(10, late=True), *[entry(9)] * 8]
    share = count(*rows, fact="book.on-time")
    assert (share.holds_until, share.step) == (
        date(2026, 6, 29),
        "Write entries on the same night, or the day after.",
    )


def test_many_entries_are_no_fault_and_no_merit() -> None:
    some, many = (count(*FIVE * times, fact="book.on-time") for times in (1, 400))
    assert (some.met, some.share, some.step) == (many.met, many.share, many.step)


def test_closed_days_use_up_no_time() -> None:
    shut = [(TODAY + 5 * DAY, TODAY + 24 * DAY)]
    rows = [entry(ago) for ago in (80, 40, 30, 20, 10)]
    assert count(*rows, fact="book.on-time", closures=shut).holds_until == date(2026, 7, 19)
    for_now = [(TODAY - 2 * DAY, None)]
    assert count(*rows, fact="book.on-time", closures=for_now).holds_until is None


def test_reading_within_a_week_is_reading_weekly() -> None:
    found = count(entry(9, read=TODAY - 2 * DAY), fact="book.reviewed")
    assert (found.met, found.holds_until) == (True, date(2026, 7, 15))
    late = count(entry(9, read=TODAY - DAY), fact="book.reviewed")
    assert not late.met
    assert "Lately something waited for too long" in late.words
    waits = count(entry(9, read=TODAY - 4 * DAY), entry(3, read=None), fact="book.reviewed")
    assert (waits.met, waits.holds_until) == (True, TODAY + 4 * DAY)
    gone = count(entry(30, read=None), entry(3), fact="book.reviewed")
    assert gone.words == "An entry of 18 May 2026 waits to be read."
    assert count(fact="book.reviewed").words == "Nobody has ticked anything as read yet."


def test_a_picture_that_was_wanted_has_to_be_saved() -> None:
    wanted = entry(20, wanted=TODAY + 2 * DAY)
    assert count(wanted, entry(1), fact="book.reviewed").holds_until == TODAY + 2 * DAY
    over = replace(wanted, wanted=TODAY - DAY)
    assert not count(over, entry(1), fact="book.reviewed").met
    assert not count(replace(wanted, lost=True), entry(1), fact="book.reviewed").met


def test_signing_a_week_is_looking_at_the_book() -> None:
    signed = {MONDAY - 7 * DAY: TODAY - 2 * DAY}
    assert count(fact="book.reviewed", signed=signed).met


def test_each_of_the_last_weeks_has_an_entry_or_a_signature() -> None:
    signed = {MONDAY - n * 7 * DAY: TODAY for n in (2, 3, 4, 5)}
    began = MONDAY - 100 * DAY
    found = count(fact="book.nil-weeks", signed=signed, began=began)
    assert (found.met, found.holds_until) == (True, MONDAY + 6 * DAY)
    assert found.words == "Each of the last 4 weeks has an entry or is signed."
    mixed = {week: on for week, on in signed.items() if week != MONDAY - 21 * DAY}
    bare = count(fact="book.nil-weeks", signed=mixed, began=began)
    assert (bare.met, bare.step) == (False, SIGN)
    assert bare.words == "1 of the last 4 weeks has no entry and no signature."
    written = Written(TODAY - DAY, MONDAY - 19 * DAY, "floor", late=True, complete=True)
    assert count(written, fact="book.nil-weeks", signed=mixed, began=began).met
    new = count(fact="book.nil-weeks", began=MONDAY)
    assert not new.met
    assert "has just begun" in new.words


def test_a_week_in_which_the_venue_did_not_open_is_not_asked_about() -> None:
    signed = {MONDAY - n * 7 * DAY: TODAY for n in (2, 4, 5, 6)}
    began, week = MONDAY - 100 * DAY, MONDAY - 21 * DAY
    assert not count(fact="book.nil-weeks", signed=signed, began=began).met
    shut = {"closures": [(week, week + 6 * DAY)], "signed": signed, "began": began}
    assert count(fact="book.nil-weeks", **shut).met
    weekend = [(week + 4 * DAY, week + 5 * DAY)]
    assert not count(fact="book.nil-weeks", **shut | {"closures": weekend}).met
    only = {"closures": weekend, "opening": frozenset({4, 5})}
    assert count(fact="book.nil-weeks", **shut | only).met


def test_a_book_without_a_line_says_nothing_but_how_quiet_it_is() -> None:
    found = counting.counted(Book(since=TODAY - 61 * DAY), TERMS, TODAY)
    assert set(found) == {counting.QUIET}
    assert found[counting.QUIET].holds_until == TODAY - DAY
    assert counting.counted(Book(), TERMS, TODAY) == {}
