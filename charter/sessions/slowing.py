"""Guessing a room's code is slowed down, and nobody makes a room wait from outside.

Wrong codes count for the address they came from (`accounts.slowing`). A whole room may share one,
so the first thirty of an hour cost nothing; then each wrong code is followed by a wait, of fifteen
seconds at the most. Somebody who guesses from within the room, over its own address, does keep it
waiting: then the trainer's register says who came.

What this cannot do is stop somebody who commands thousands of networks. That is what the eight
digits are for: of a million guesses while a room is open, one in fifty such attempts finds it.
"""

from datetime import timedelta

from charter.accounts import signin, slowing
from charter.accounts.slowing import Slowing, Stand, place_of

__all__ = ("Stand", "missed", "place_of", "stand")
FREE_FOR_ADDRESS = 30
FREE_WHEN_MANY = 5
MANY = 200
STEP = timedelta(seconds=5)
LONGEST_WAIT = timedelta(seconds=15)


def _keys(address: str | None) -> tuple[bytes, bytes]:
    own = signin.keyed_hash("check-in-address", place_of(address))
    return own, signin.keyed_hash("check-in", "all")


def stand(address: str | None) -> Stand:
    """How this address stands now; one statement."""
    codes = Slowing(
        free=FREE_FOR_ADDRESS,
        free_when_many=FREE_WHEN_MANY,
        many=MANY,
        step=STEP,
        longest=LONGEST_WAIT,
    )
    return codes.stand(*_keys(address))


def missed(address: str | None) -> None:
    """Count a wrong code. Needs the city's lock, and a commit although the code is refused."""
    slowing.missed(*_keys(address))
