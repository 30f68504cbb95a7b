"""What the hour and the charter's edition say of an entry that is being written."""

from charter import config
from charter.core import clock
from charter.editions import service as editions
from charter.incidents import rules
from charter.venues.models import Venue

DARK_FROM = 18


def is_dark() -> bool:
    """Whether the pages for writing are dark now, whatever the phone prefers: at night."""
    hour = clock.local(clock.now()).hour
    return hour >= DARK_FROM or hour < config.current().city.night_ends_hour


def late_hours(venue: Venue) -> int:
    """After how many hours an entry of this venue is late today, by its edition of the charter."""
    key = venue.edition_key
    if key is None:
        return rules.LATE_HOURS
    found = editions.thresholds([key], clock.today())[key]
    return int(found.get("late_hours", rules.LATE_HOURS))
