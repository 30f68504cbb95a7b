"""Tells a venue's champions that something waits, and its people that its champion's time is over.

Nobody does anything on a champion's last day, so the night tells of it. Whoever ends a role,
leaves, or has their account closed is told of at once (`accounts.service`).
"""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import exists, select

from charter import config
from charter.accounts import service
from charter.accounts.models import Membership, User
from charter.core import clock, mail
from charter.core.access import Role
from charter.core.db import db, lock
from charter.core.trail import TrailEntry

# How long a night may be missed and still be made up for.
LOOK_BACK = timedelta(days=7)
# Whom a venue's certificate and its book are told to.
KEEPERS = frozenset({Role.CHAMPION, Role.MANAGER})
_ENDED_BY_SOMEBODY = exists().where(
    TrailEntry.chain == Membership.venue_id,
    TrailEntry.verb == "role.ended",
    TrailEntry.thing_id == Membership.id,
)


def keepers(venue_id: int) -> list[User]:
    """The venue's champions, their stand-ins and its managers, each once."""
    rows = service.team(venue_id)
    return list(dict.fromkeys(row.user for row in rows if row.role in KEEPERS))


def something_waits(venue_id: int, page: str, *, what: str = "waits", once: bool = False) -> None:
    """Mail each champion and stand-in the link to one of the venue's pages: never what waits there.

    At most once a day for each of them and `what`, so that a busy day is one mail. Something that
    they were promised to hear of each time is a `what` of its own. `once`: never again for it,
    whatever the day.
    """
    link = f"{config.current().public_url}/venues/{venue_id}/{page}"
    day = "once" if once else str(clock.today())
    for member in service.champions([venue_id])[venue_id]:
        mail.post(
            "something-waits",
            member.user.email,
            user_id=member.user_id,
            dedupe=f"{what}/{venue_id}/{member.user_id}/{day}",
            link=link,
        )


def nightly() -> Iterator[int]:
    """Tell the people of venues whose last champion's time is over; yields each venue's id.

    Nobody is told twice of one role, nor of one that somebody ended. The caller commits after
    each. Begins outside a transaction.
    """
    today = clock.today()
    rows = db.session.execute(
        select(Membership.venue_id, Membership.id, _ENDED_BY_SOMEBODY)
        .where(
            Membership.role == Role.CHAMPION,
            Membership.is_stand_in.is_(False),
            Membership.ends_on.between(today - LOOK_BACK, today - timedelta(days=1)),
        )
        .order_by(Membership.ends_on, Membership.id)
    )
    last = {venue_id or 0: (role_id, is_known) for venue_id, role_id, is_known in rows}
    db.session.rollback()
    for venue_id, (role_id, is_known) in sorted(last.items()):
        if is_known:
            continue
        lock(venue_id)
        service.tell_without_champion(venue_id, once=f"champion-over-{role_id}")
        yield venue_id
