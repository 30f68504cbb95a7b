"""The demo's calendar: the clock moved to the day on which something is told to have happened."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime, time, timedelta

from charter.core import clock


def ago(days: int, hour: int = 12) -> AbstractContextManager[None]:
    """The clock so many days ago at an hour; `days` 0 is never later than now."""
    moment = datetime.combine(clock.today() - timedelta(days=days), time(hour), UTC)
    return clock.moved_to(min(moment, clock.now()))
