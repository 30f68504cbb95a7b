"""The trail's heads, mailed out each night: what nobody here can take back.

Whoever cuts entries off a chain, or rewrites it with the keys at hand, cannot change a mail that
has gone. The mail says numbers and seals and nothing of what was done or where.
"""

from contextlib import suppress

from charter import config
from charter.core import clock, mail, trail
from charter.core.db import CITY, CityValue, db, lock
from charter.core.errors import Refused

TOLD = "trail-heads"


def tell() -> int:
    """Mail the head of every chain that moved since the last time; how many heads.

    Takes the city's lock itself, so it begins outside a transaction; the caller commits.
    """
    lock(CITY)
    told = db.session.get(CityValue, TOLD) or CityValue(name=TOLD, number=0)
    newest, marks = trail.moved(told.number)
    if not marks:
        return 0
    told.number = newest
    db.session.add(told)
    city, home = config.current().city, config.current().public_url
    for to in filter(None, dict.fromkeys((city.office_email, city.heads_email))):
        with suppress(Refused):
            key = f"trail-heads/{clock.today()}/{newest}/{to}"
            mail.post("trail-heads", to, dedupe=key, link=f"{home}/proof", marks=tuple(marks))
    return len(marks)
