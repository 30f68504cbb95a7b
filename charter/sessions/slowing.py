"""Guessing a room's code is slowed down, and a room is never locked out.

Only wrong codes count. A room shares one address, so the first thirty of an hour cost nothing, and
no wait is longer than fifteen seconds. Wrong codes are counted over all rooms too, since a wrong
one names none; that wait holds only for addresses that were wrong themselves, so that whoever
guesses from many places cannot keep a room waiting. What is kept of an address is a keyed hash,
for an hour. Should all fail, the trainer's register says who came.
"""

from datetime import timedelta

from sqlalchemy import delete, select

from charter.accounts import rules as account_rules
from charter.accounts.models import Throttle
from charter.accounts.signin import keyed_hash
from charter.core import clock
from charter.core.db import db

FREE_FOR_ADDRESS = 30
FREE_FOR_ALL = 200
LONGEST_WAIT = timedelta(seconds=15)
_STEP = timedelta(seconds=5)
_ALL_WAIT = timedelta(seconds=5)


def _address(address: str | None) -> bytes:
    return keyed_hash("check-in-address", address or "unknown")


def _all() -> bytes:
    return keyed_hash("check-in", "all")


def wait(address: str | None) -> int:
    """How many seconds this address still has to wait before another try; 0: none."""
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
        return 0
    until = own.last_at + min(LONGEST_WAIT, _STEP * max(0, own.failures - FREE_FOR_ADDRESS + 1))
    if everybody is not None and everybody.failures >= FREE_FOR_ALL:
        until = max(until, everybody.last_at + _ALL_WAIT)
    return max(0, -(-(until - now) // timedelta(seconds=1)))


def missed(address: str | None) -> None:
    """Count a wrong code. Needs the city's lock, and a commit although the code is refused."""
    now = clock.now()
    db.session.execute(
        delete(Throttle).where(Throttle.last_at <= now - account_rules.FAILURES_FADE)
    )
    for key in (_address(address), _all()):
        row = db.session.scalar(select(Throttle).where(Throttle.key_hash == key))
        if row is None:
            row = Throttle(key_hash=key, failures=0, last_at=now)
            db.session.add(row)
        row.failures += 1
        row.last_at = now
    db.session.flush()
