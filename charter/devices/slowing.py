"""Guessing a pairing code or a PIN is slowed down; nobody is locked out for good.

Pairing codes are counted for where they came from, and over all addresses: while many are wrong
anywhere, an address has fewer free tries. PINs are counted for the phone they are typed on, which
is known; a right one forgives nothing, or whoever has a PIN of their own could guess on for ever.
Only hashes of an address are kept, for an hour.
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select

from charter.accounts import rules as account_rules
from charter.accounts import signin
from charter.accounts.models import Throttle
from charter.core import clock
from charter.core.db import db

FREE_CODES = 8
FREE_WHEN_MANY = 2
MANY = 100
FREE_PINS = 5
# One phone can be tried 12 times an hour for ever: of a million PINs and twenty people, one guess
# in 50,000 is right.
_WAITS = tuple(timedelta(seconds=each) for each in (10, 30, 60, 120, 300))


def _address(address: str | None) -> bytes:
    return signin.keyed_hash("pair-address", signin.place_of(address))


def _all() -> bytes:
    return signin.keyed_hash("pair", "all")


def _phone(device_id: int) -> bytes:
    return signin.keyed_hash("phone-tries", str(device_id))


def code_wait(address: str | None) -> str | None:
    """Words with how long this address has to wait before another pairing code, or None."""
    rows = _rows((_address(address), _all()))
    everybody = rows.get(_all())
    are_many = everybody is not None and everybody.failures >= MANY
    return _words(rows.get(_address(address)), FREE_WHEN_MANY if are_many else FREE_CODES)


def code_missed(address: str | None) -> None:
    """Count a wrong pairing code. Needs the city's lock, and a commit although it is refused."""
    signin.count_failure((_address(address), _all()))


def pin_wait(device_id: int) -> str | None:
    """Words with how long this phone has to wait before another PIN, or None."""
    return _words(_rows((_phone(device_id),)).get(_phone(device_id)), FREE_PINS)


def pin_missed(device_id: int) -> None:
    """Count a wrong PIN. Needs the city's lock, and a commit although it is refused."""
    signin.count_failure((_phone(device_id),))


def _rows(keys: Iterable[bytes]) -> dict[bytes, Throttle]:
    now = clock.now()
    return {
        row.key_hash: row
        for row in db.session.scalars(select(Throttle).where(Throttle.key_hash.in_(keys)))
        # One from an hour still to come was noted before the machine's clock was set back.
        if timedelta() <= now - row.last_at < account_rules.FAILURES_FADE
    }


def _words(row: Throttle | None, free: int) -> str | None:
    over = row.failures - free if row is not None else -1
    if row is None or over < 0:
        return None
    left = row.last_at + _WAITS[min(over, len(_WAITS) - 1)] - clock.now()
    seconds = -(-left // timedelta(seconds=1))
    if seconds <= 0:
        return None
    unit = "second" if seconds == 1 else "seconds"
    return f"There were several wrong tries. Wait {seconds} {unit}, then try again"
