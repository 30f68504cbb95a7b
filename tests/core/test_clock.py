"""Time: nights, and the two nights a year on which the wall clock lies (security.md F046-F050)."""

import time
from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from charter.core import clock
from charter.core.errors import Refused

pytestmark = pytest.mark.sqlite_only


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("moment", "night"),
    [
        ("2026-11-20T23:59:00+00:00", date(2026, 11, 20)),
        ("2026-11-21T00:01:00+00:00", date(2026, 11, 20)),
        ("2026-11-21T05:59:00+00:00", date(2026, 11, 20)),
        ("2026-11-21T06:00:00+00:00", date(2026, 11, 21)),
        ("2027-01-01T02:00:00+00:00", date(2026, 12, 31)),
        # Summer: 05:30 UTC is 06:30 on the wall.
        ("2026-07-04T05:30:00+00:00", date(2026, 7, 4)),
        ("2026-07-04T04:30:00+00:00", date(2026, 7, 3)),
    ],
)
def test_a_night_belongs_to_the_day_it_began(app: Flask, moment: str, night: date) -> None:
    with app.app_context():
        assert clock.night_of(at(moment)) == night


def test_the_repeated_hour_is_kept_apart(app: Flask) -> None:
    shown = datetime.fromisoformat("2026-10-25T01:30")
    with app.app_context():
        first, second = clock.instant(shown, 0), clock.instant(shown, 1)
        assert second - first == timedelta(hours=1)
        assert clock.wall(first) == clock.Wall(shown, 0)
        assert clock.wall(second) == clock.Wall(shown, 1)
        assert clock.is_ambiguous(shown)
        assert not clock.is_ambiguous(shown + timedelta(hours=2))


def test_the_hour_that_never_was_is_refused_with_both_guesses(app: Flask) -> None:
    with app.app_context(), pytest.raises(Refused, match=r"00:30 or 02:30"):
        clock.instant(datetime.fromisoformat("2027-03-28T01:30"))


def test_a_shift_over_the_change_is_as_long_as_it_was(app: Flask) -> None:
    with app.app_context():
        start = clock.instant(datetime.fromisoformat("2026-10-24T23:00"))
        end = clock.instant(datetime.fromisoformat("2026-10-25T04:00"))
    assert end - start == timedelta(hours=6)


def test_the_clock_can_be_stood_still_and_goes_on_after(app: Flask) -> None:
    with app.app_context():
        with clock.moved_to(at("2026-11-20T23:30:00+00:00")):
            assert clock.now() == at("2026-11-20T23:30:00+00:00")
            assert clock.today() == date(2026, 11, 20)
        assert abs(clock.now().timestamp() - time.time()) < 60
