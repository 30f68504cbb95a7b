"""Reminders of what has to be mended: a mail on the day after something was due, and each week
after that while it is open. The mail says that something is overdue and links to the list.
"""

from datetime import timedelta

from sqlalchemy import select

from charter import config
from charter.accounts import service as accounts
from charter.accounts.models import User
from charter.audits.models import Action
from charter.audits.rules import State
from charter.core import clock, mail
from charter.core.access import Role
from charter.core.db import CITY, db, lock
from charter.core.errors import Refused
from charter.venues.models import Venue, VenueState

EVERY = timedelta(days=7)
RUNS = (Role.CHAMPION, Role.MANAGER, Role.AREA_MANAGER)


def remind() -> int:
    """Mail whoever is to mend something that is overdue, and who runs the place; how many mails.

    Takes the city's lock itself, so it begins outside a transaction; the caller commits.
    """
    lock(CITY)
    today = clock.today()
    rows = db.session.scalars(
        select(Action)
        .join(Venue, Venue.id == Action.venue_id)
        .where(
            Action.state == State.OPEN,
            Action.due_on < today,
            (Action.reminded_on.is_(None)) | (Action.reminded_on <= today - EVERY),
            Venue.state == VenueState.WORKING,
        )
        .order_by(Action.venue_id, Action.id)
    )
    owners: dict[int, set[int]] = {}
    for row in rows:
        owners.setdefault(row.venue_id, set()).add(row.owner_id or 0)
        row.reminded_on = today
    return sum(
        _post(user, venue_id)
        for venue_id, theirs in owners.items()
        for user in _people(venue_id, theirs)
    )


def _people(venue_id: int, owners: set[int]) -> list[User]:
    """Whoever runs a place, and those of `owners` who still work there."""
    team = accounts.team(venue_id)
    return list(
        dict.fromkeys(row.user for row in team if row.role in RUNS or row.user_id in owners)
    )


def _post(user: User, venue_id: int) -> bool:
    """Post one mail; an address that no mail goes to stops nothing."""
    link = f"{config.current().public_url}/venues/{venue_id}/audits/actions"
    key = f"to-mend/{user.id}/{venue_id}/{clock.today()}"
    try:
        return mail.post("to-mend", user.email, user_id=user.id, dedupe=key, link=link) is not None
    except Refused:
        return False
