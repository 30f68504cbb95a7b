"""How long things are kept: the calendar, leap days, nights on which the clocks change, pauses."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charter.core import retention
from charter.core.retention import Span

LONDON = ZoneInfo("Europe/London")
SPANS = st.one_of(
    st.builds(Span, months=st.integers(1, 72)), st.builds(Span, days=st.integers(1, 800))
)
DAYS = st.dates(date(2024, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    ("span", "since", "last"),
    [
        (Span(months=12), date(2026, 11, 20), date(2027, 11, 20)),
        (Span(months=12), date(2028, 2, 29), date(2029, 2, 28)),
        (Span(months=6), date(2026, 8, 31), date(2027, 2, 28)),
        (Span(months=6), date(2027, 8, 31), date(2028, 2, 29)),
        (Span(days=14), date(2028, 2, 20), date(2028, 3, 5)),
    ],
)
def test_the_last_day_is_kept_and_the_next_is_not(span: Span, since: date, last: date) -> None:
    assert span.last_day(since) == last
    assert not span.is_over(since, last)
    assert span.is_over(since, last + timedelta(days=1))


@given(SPANS, DAYS)
def test_the_oldest_day_kept_is_the_first_that_is_not_over(span: Span, today: date) -> None:
    oldest = span.oldest_day(today)
    assert not span.is_over(oldest, today)
    assert span.is_over(oldest - timedelta(days=1), today)


def test_a_time_in_hours_is_real_on_nights_when_the_clocks_change() -> None:
    for night in (date(2026, 3, 29), date(2026, 10, 25)):
        began = datetime.combine(night, datetime.min.time(), LONDON).astimezone(UTC)
        over = began + timedelta(hours=24)
        assert Span(hours=24).oldest_moment(over, LONDON) == began
        a_second_before = over - timedelta(seconds=1)
        assert Span(hours=24).oldest_moment(a_second_before, LONDON) < began


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29)])
def test_a_time_in_months_ends_at_the_citys_midnight(day: date) -> None:
    """Europe/London is an hour ahead of UTC in summer: its midnight is 23:00 there."""
    span = Span(months=12)
    over_on = span.last_day(day) + timedelta(days=1)
    midnight = datetime.combine(over_on, datetime.min.time(), LONDON).astimezone(UTC)
    latest = datetime.combine(day, datetime.max.time(), LONDON)
    assert span.oldest_moment(midnight - timedelta(seconds=1), LONDON) <= latest
    assert span.oldest_moment(midnight, LONDON) > latest


def test_lengths_are_said_in_words() -> None:
    spans = (Span(months=1), Span(months=12), Span(months=72), Span(days=7), Span(hours=24))
    assert [str(span) for span in spans] == [
        "1 month",
        "12 months",
        "6 years",
        "7 days",
        "24 hours",
    ]
    with pytest.raises(ValueError, match="calendar"):
        _ = Span(months=1).real


def test_a_long_pause_looks_like_a_clock_that_jumped() -> None:
    today = date(2026, 11, 20)
    assert not retention.paused(None, today)
    assert not retention.paused(today - timedelta(days=35), today)
    assert retention.paused(today - timedelta(days=36), today)
    assert not retention.paused(today + timedelta(days=3650), today)
