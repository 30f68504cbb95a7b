"""A session as a calendar file (RFC 5545), which every phone can put into its calendar."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Event


@dataclass(frozen=True, slots=True)
class Invite:
    """What a calendar is told. `key` never changes for one session; instants are aware.

    `made_at` is when the session was planned: a file counts for newer the later it was made.
    """

    key: str
    title: str
    starts_at: datetime
    minutes: int
    place: str
    about: str
    page: str
    maker: str
    made_at: datetime
    cancelled: bool = False


def calendar(invite: Invite, now: datetime) -> bytes:
    """The file's bytes. A newer file with the same key changes the entry that is there.

    Calendars keep whichever has the greater sequence, so it is the session's age in seconds: it
    grows with every change, and with nothing to remember.
    """
    event = Event()
    event.add("uid", invite.key)
    event.add("dtstamp", now)
    event.add("dtstart", invite.starts_at)
    event.add("dtend", invite.starts_at + timedelta(minutes=invite.minutes))
    event.add("summary", invite.title)
    event.add("location", invite.place)
    event.add("description", invite.about)
    event.add("url", invite.page)
    event.add("sequence", max(0, int((now - invite.made_at).total_seconds())))
    event.add("status", "CANCELLED" if invite.cancelled else "CONFIRMED")
    made = Calendar()
    made.add("prodid", f"-//{invite.maker}//EN")
    made.add("version", "2.0")
    made.add_component(event)
    return bytes(made.to_ical())
