"""Builders of training: people on a venue's list, what they did, and hand-ins of other courses.

All want an application context, take the locks they need and commit by themselves; they give ids.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from secrets import token_hex
from typing import Any

from charter.core import clock
from charter.core.db import db
from charter.staff import service as staff
from charter.staff.models import StaffList, StaffMember
from charter.staff.service import Starter
from charter.training import outside, records
from charter.training.outside import HandIn
from tests.builders.commitments import received, under_lock


def make_staff(
    venue: int, *names: str, by: int, user: int | None = None, **overrides: Any
) -> list[int]:
    """People on a venue's list, at the bar and employed by the venue unless told; their ids.

    Without `started_on` they were there before the list, however old it is. `user`: the account
    to which their row is tied.
    """
    values: dict[str, Any] = {"job": "bar", "employer": "venue"} | overrides
    first = values.pop("started_on", None)
    values["started_on"] = first or clock.months_after(clock.today(), -240)

    def add() -> list[int]:
        found = []
        for name in names:
            member = staff.add(venue, Starter(name, **values), by=by)
            member.jobs[0].started_on = first
            member.user_id = user
            found.append(member.id)
        return found

    return under_lock(venue, add)


def began(venue: int, on: date) -> None:
    """Have a venue's list begin on an earlier day than the one on which it was made."""
    row = db.session.get_one(StaffList, venue)
    row.began_on = on
    for member in db.session.query(StaffMember).filter_by(venue_id=venue):
        for job in member.jobs:
            job.recorded_at = at(on)
    db.session.commit()


def at(day: date, hour: int = 12) -> datetime:
    """An hour of a day by the city's clock, as an instant."""
    return clock.instant(datetime.combine(day, time(hour)))


def make_records(
    venue: int, members: Collection[int], course: str = "respond", on: date | None = None
) -> list[int]:
    """These people did a course on a day (today), written down on that day; the rows' ids."""
    day = on or clock.today()

    def write() -> list[int]:
        people = staff.members(venue, members)
        rows = records.record(people, course, day, source="session", by=None)
        for row in rows:
            row.recorded_at = at(day, hour=0)
        return [row.id for row in rows]

    return under_lock(venue, write)


def make_hand_in(
    venue: int, members: Sequence[int], *, by: int, once: str | None = None, **overrides: Any
) -> int:
    """A hand-in of somebody else's course, done last week; its id."""
    values: dict[str, Any] = {
        "provider": "wave",
        "name": "",
        "title": "Spiking awareness",
        "done_on": clock.today() - timedelta(days=7),
        "people": set(members),
    } | overrides
    proof = received("list.jpg")
    said = HandIn(**values)
    return under_lock(
        venue,
        lambda: outside.hand_in(venue, said, proof, by=by, once=once or token_hex(16)).id,
    )
