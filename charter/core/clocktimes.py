"""The field for a time of day, in any of the ways in which people write one."""

from datetime import date, datetime, time
from typing import Any

from charter.core import clock, text
from charter.core.errors import Refused
from charter.core.fields import TextLine


def _read(typed: str) -> str:
    return f"{text.clock_time(typed):%H:%M}"


class ClockTime(TextLine):
    """A time of day; `data` is as the clock shows it, like 18:30, once it could be read."""

    reads = (_read,)

    def __init__(self, label: str = "", validators: Any = None, **kwargs: Any) -> None:
        hints = {"autocomplete": "off", "spellcheck": "false"}
        super().__init__(label, validators, **{"limit": 20, "render_kw": hints} | kwargs)

    @property
    def time(self) -> time:
        """The time; the form is valid."""
        return time.fromisoformat(self.data or "")

    def instant(self, day: date) -> datetime:
        """The instant at which the clock on the wall showed it that day.

        Raises Refused, for this field, for a time that never was.
        """
        try:
            return clock.instant(datetime.combine(day, self.time))
        except Refused as refused:
            raise Refused(refused.words, self.name) from refused
