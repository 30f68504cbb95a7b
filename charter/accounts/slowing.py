"""Guessing at a short code is slowed down for whoever guesses, and for nobody else.

Only wrong codes count, each for where it came from (`own`) and for all of its kind together
(`everybody`). The first few of an hour cost nothing, so that a room full of people behind one
address can mistype; then each wrong code is followed by a wait. While many are wrong over all,
fewer are free. A wait always counts from the last wrong code of that very place, so whoever
guesses elsewhere keeps nobody waiting. What is kept is keyed hashes, for an hour.
"""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from sqlalchemy import select

from charter.accounts import rules, signin
from charter.accounts.models import Throttle
from charter.core import clock
from charter.core.db import db

_HOME = 64  # bits of an IPv6 address that one home, office or phone has for itself


@dataclass(frozen=True, slots=True)
class Stand:
    """How a place stands: the seconds it still has to wait, and whether its next miss is free.

    Whoever has no free one left is judged one after the other, so that tries at once gain nothing.
    """

    seconds: int
    is_free: bool

    @property
    def wait(self) -> str:
        """The wait in words: "15 seconds"."""
        return f"{self.seconds} second{'' if self.seconds == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Slowing:
    """How fast one kind of code can be guessed; `many` wrong ones over all leave `free_when_many`
    free. Every wrong code over that adds `step` to the wait, which is `longest` at the most."""

    free: int
    free_when_many: int
    many: int
    step: timedelta
    longest: timedelta

    def stand(self, own: bytes, everybody: bytes) -> Stand:
        """How a place stands now; one statement."""
        now = clock.now()
        rows = {
            row.key_hash: row
            for row in db.session.scalars(
                select(Throttle).where(Throttle.key_hash.in_((own, everybody)))
            )
            # One from an hour still to come was noted before the machine's clock was set back.
            if timedelta() <= now - row.last_at < rules.FAILURES_FADE
        }
        mine, over_all = rows.get(own), rows.get(everybody)
        if mine is None:
            return Stand(0, is_free=True)
        are_many = over_all is not None and over_all.failures >= self.many
        over = mine.failures - (self.free_when_many if are_many else self.free) + 1
        until = mine.last_at + min(self.longest, self.step * max(0, over))
        return Stand(max(0, -(-(until - now) // timedelta(seconds=1))), is_free=over <= 0)


def missed(own: bytes, everybody: bytes) -> None:
    """Count a wrong code. Needs the city's lock, and a commit although the code is refused."""
    signin.count_failure((own, everybody))


def place_of(address: str | None) -> str:
    """Where an address is counted: itself, or of IPv6 the network that one home has."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ip_network((int(found), _HOME), strict=False))
    return str(found)
