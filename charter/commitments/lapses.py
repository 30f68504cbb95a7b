"""Tells champions that something lapsed: once for each lapse, in the first week after it.

What lapses by time alone has no request that could tell anybody, so the nightly run does. A lapse
that is older than a week was told, or is from before there was anybody to tell.
"""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import select

from charter import config
from charter.accounts import service as accounts
from charter.commitments.models import VenueStanding
from charter.core import clock, mail
from charter.core.db import db
from charter.venues.models import Venue, VenueState

TOLD_WITHIN = timedelta(days=7)


def tell(but_not: Collection[int] = ()) -> int:
    """Put a mail to its champions in the outbox for every venue with a new lapse; how many mails.

    `but_not`: venues that are told of it in another mail.

    Comes after the nightly run has taken every standing. Needs the city's lock. Two statements,
    and one for each mail.
    """
    today = clock.today()
    last_day = VenueStanding.newest_lapse
    rows = db.session.execute(
        select(VenueStanding.venue_id, last_day)
        .join(Venue, Venue.id == VenueStanding.venue_id)
        .where(Venue.state == VenueState.WORKING, last_day < today, last_day >= today - TOLD_WITHIN)
    ).all()
    rows = [row for row in rows if row.venue_id not in but_not]
    champions = accounts.champions([row.venue_id for row in rows])
    told = 0
    for row in rows:
        for member in champions[row.venue_id]:
            link = f"{config.current().public_url}/venues/{row.venue_id}/"
            told += (
                mail.post(
                    "something-lapsed",
                    member.user.email,
                    user_id=member.user_id,
                    dedupe=f"lapsed/{row.venue_id}/{row.newest_lapse}/{member.user_id}",
                    link=link,
                    last_day=row.newest_lapse,
                )
                is not None
            )
    return told
