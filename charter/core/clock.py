"""The only source of time: instants in UTC, days and nights by the city's own clock."""

from calendar import monthrange
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from charter import config
from charter.core.errors import Refused


def _machine() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _machine


@dataclass(frozen=True, slots=True)
class Wall:
    """What the clock on the wall showed: local time without a zone, and which pass of a repeat.

    `fold` is 1 for the second 01:30 of the night the clocks go back (PEP 495), else 0.
    """

    local: datetime
    fold: int


def now() -> datetime:
    """This instant, aware, in UTC."""
    return _source()


def zone() -> ZoneInfo:
    """The city's time zone."""
    return config.current().city.timezone


def today() -> date:
    """Today's date by the city's clock."""
    return local(now()).date()


def local(instant: datetime) -> datetime:
    """An instant as the city's wall clock shows it (aware)."""
    return instant.astimezone(zone())


def wall(instant: datetime) -> Wall:
    """The wall time and fold to store beside an instant."""
    here = local(instant)
    return Wall(here.replace(tzinfo=None, fold=0), here.fold)


def instant(shown: datetime, fold: int = 0) -> datetime:
    """The UTC instant at which the wall clock showed `shown` (naive).

    Raises Refused where the clocks went forward and that time never was.
    """
    here = shown.replace(tzinfo=zone(), fold=fold)
    there = here.astimezone(UTC)
    if there.astimezone(zone()).replace(tzinfo=None) != shown.replace(fold=0):
        earlier, later = shown - timedelta(hours=1), shown + timedelta(hours=1)
        raise Refused(
            "The clocks went forward that night, so there was no "
            f"{shown:%H:%M}. Did you mean {earlier:%H:%M} or {later:%H:%M}?"
        )
    return there


def is_ambiguous(shown: datetime) -> bool:
    """Whether the wall clock showed this time twice (the night the clocks go back)."""
    first, second = (shown.replace(tzinfo=zone(), fold=f).utcoffset() for f in (0, 1))
    return first is not None and second is not None and first > second


def night_of(moment: datetime) -> date:
    """The date on which the night of an instant began: 02:00 on Saturday is Friday's night."""
    here = local(moment)
    early = here.hour < config.current().city.night_ends_hour
    return here.date() - timedelta(days=1) if early else here.date()


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or that month's last (31 January and 1: 28 February)."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@contextmanager
def moved_to(moment: datetime) -> Iterator[None]:
    """Stand the clock at one aware instant: for tests and for the demo's story."""
    global _source
    before = _source

    def stopped() -> datetime:
        return moment.astimezone(UTC)

    _source = stopped
    try:
        yield
    finally:
        _source = before
