"""Guessing a room's code is slowed down, and nobody makes a room wait from outside.

Only wrong codes count, and each counts for where it came from: an IPv4 address, or the /64 that a
home has of IPv6. A whole room may share one address, so the first thirty of an hour cost nothing;
then each wrong code is followed by a wait, of fifteen seconds at the most. While many are wrong
over all addresses, only the first five are free. A wait always counts from the last wrong code of
that very address, so whoever guesses elsewhere keeps no room waiting. Somebody who guesses from
within the room, over its own address, does: then the trainer's register says who came.

What this cannot do is stop somebody who commands thousands of networks. That is what the eight
digits are for: of a million guesses while a room is open, one in fifty such attempts finds it.
What is kept of an address is a keyed hash, for an hour.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from charter.accounts import rules as account_rules
from charter.accounts import signin
from charter.accounts.models import Throttle
from charter.core import clock
from charter.core.db import db

FREE_FOR_ADDRESS = 30
FREE_WHEN_MANY = 5
MANY = 200
LONGEST_WAIT = timedelta(seconds=15)
_STEP = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Stand:
    """How an address stands: the seconds it still has to wait, and whether its next miss is free.

    Whoever has no free one left is judged one after the other, so that tries at once gain nothing.
    """

    seconds: int
    is_free: bool


def _address(address: str | None) -> bytes:
    return signin.keyed_hash("check-in-address", signin.place_of(address))


def _all() -> bytes:
    return signin.keyed_hash("check-in", "all")


def stand(address: str | None) -> Stand:
    """How this address stands now; one statement."""
    now = clock.now()
    keys = (_address(address), _all())
    rows = {
        row.key_hash: row
        for row in db.session.scalars(select(Throttle).where(Throttle.key_hash.in_(keys)))
        # One from an hour still to come was noted before the machine's clock was set back.
        if timedelta() <= now - row.last_at < account_rules.FAILURES_FADE
    }
    own, everybody = rows.get(keys[0]), rows.get(keys[1])
    if own is None:
        return Stand(0, is_free=True)
    are_many = everybody is not None and everybody.failures >= MANY
    over = own.failures - (FREE_WHEN_MANY if are_many else FREE_FOR_ADDRESS) + 1
    until = own.last_at + min(LONGEST_WAIT, _STEP * max(0, over))
    return Stand(max(0, -(-(until - now) // timedelta(seconds=1))), is_free=over <= 0)


def missed(address: str | None) -> None:
    """Count a wrong code. Needs the city's lock, and a commit although the code is refused."""
    signin.count_failure((_address(address), _all()))
