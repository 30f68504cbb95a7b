"""Any minute of the nights on which clocks change, years end and months end (F046 to F049)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from charter import config
from charter.core import clock
from charter.core.db import db
from charter.core.errors import Refused
from charter.incidents import service
from charter.incidents.choices import Part
from charter.incidents.models import Entry
from charter.incidents.rules import Happened
from charter.rooms import counts
from tests.builders.commitments import make_scene
from tests.builders.incidents import make_entry, make_zone, writer

# Noon to noon, in UTC: the clocks go back, go forward, a new year, a leap day, an ordinary Friday.
NIGHTS = [date(2026, 10, 24), date(2027, 3, 27), date(2026, 12, 31), date(2028, 2, 28),
          date(2026, 11, 20)]  # fmt: skip
# The application only tells the time zone: nothing of one example is left for the next.
_shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
moments = st.builds(
    lambda night, minute: (night, _noon(night) + timedelta(minutes=minute)),
    st.sampled_from(NIGHTS),
    st.integers(0, 24 * 60 - 1),
)


def _noon(night: date) -> datetime:
    return datetime(night.year, night.month, night.day, 12, tzinfo=UTC)


def told(app: Flask, at: datetime) -> Happened:
    """What is kept of a moment when somebody writes down what the clock showed, a day later."""
    with app.app_context(), clock.moved_to(at + timedelta(days=1)):
        shown = clock.wall(at)
        fold = shown.fold if clock.is_ambiguous(shown.local) else None
        return service.when(shown.local, fold)


@pytest.mark.sqlite_only
@_shared
@given(moment=moments)
def test_a_moment_comes_back_as_it_was_in_the_night_that_it_was(
    app: Flask, moment: tuple[date, datetime]
) -> None:
    began, at = moment
    found = told(app, at)
    with app.app_context():
        ends = config.current().city.night_ends_hour
        here = clock.local(at)
    assert found.at == at
    assert (found.wall, found.fold) == (here.replace(tzinfo=None, fold=0), here.fold)
    assert found.night == (began if here.date() == began or here.hour < ends else here.date())
    assert found.facts["weekday"] == found.night.weekday()
    after_midnight = {Part.MIDNIGHT, Part.SMALL}
    assert (found.part in after_midnight) == (here.hour < ends)


@pytest.mark.sqlite_only
@_shared
@given(one=moments, other=moments)
def test_what_came_first_comes_first(
    app: Flask, one: tuple[date, datetime], other: tuple[date, datetime]
) -> None:
    first, second = sorted((one[1], other[1]))
    early, late = told(app, first), told(app, second)
    assert (late.at - early.at) == second - first
    if early.wall != late.wall and early.fold == late.fold == 0:
        assert early.wall < late.wall


@pytest.mark.sqlite_only
@pytest.mark.parametrize("minute", range(0, 60, 7))
def test_no_minute_of_the_hour_that_never_was_is_taken(app: Flask, minute: int) -> None:
    shown = datetime.fromisoformat(f"2027-03-28T01:{minute:02}")
    after = clock.moved_to(datetime(2027, 3, 28, 9, tzinfo=UTC))
    with app.app_context(), after, pytest.raises(Refused) as refused:
        service.when(shown, None)
    assert refused.value.field == "time"
    assert f"00:{minute:02} or 02:{minute:02}" in refused.value.words


def test_two_passes_of_half_past_one_are_two_entries_of_one_night_a_real_hour_apart(
    app: Flask,
) -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    with app.app_context(), clock.moved_to(first + timedelta(hours=24, minutes=30)):
        scene = make_scene()
        zone, by = make_zone(scene.venue), writer(scene.champion)
        for fold in (1, 0):
            happened = service.when(datetime.fromisoformat("2026-10-25T01:30"), fold)
            why = "" if fold else "Nobody had time."
            make_entry(scene.venue, by, happened=happened, zone_id=zone, late_why=why)
        query = select(Entry).where(Entry.book == scene.venue).order_by(Entry.happened_at)
        rows = list(db.session.scalars(query))
        shown = [(row.number, row.happened_wall, row.fold) for row in rows]
        assert shown == [(2, "2026-10-25T01:30", 0), (1, "2026-10-25T01:30", 1)]
        assert rows[1].happened_at - rows[0].happened_at == timedelta(hours=1)
        # Late is over 24 hours as they passed, though the clock on the wall shows less for one.
        assert [row.is_late for row in rows] == [True, False]
        assert {(row.night, row.weekday, row.part) for row in rows} == {
            (date(2026, 10, 24), 5, Part.MIDNIGHT)
        }
        on_the_map = counts.by_night(scene.venue, date(2026, 10, 1), date(2026, 10, 31))
        assert on_the_map == {(date(2026, 10, 24), zone, "sexual"): 2}
