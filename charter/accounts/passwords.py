"""What makes a password good enough, and its slow hash.

Length is what counts (NIST SP 800-63B): no rules about capitals or digits, paste allowed, Unicode
allowed. Refused are the 30,000 common passwords that the zxcvbn package carries (drawn from
public breaches; it is no full breach list), the same with digits or signs around them, runs and
repeats, and what anyone would guess first: the person's own name or address, the service's name.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from charter.core.errors import Refused

SHORTEST = 12
SUGGESTED = 15
LONGEST = 200
LEFT_OVER = 8
FEWEST_DIFFERENT = 5

_RUNS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")
# OWASP's smallest setting for Argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Of a random password that nobody knows: an unknown account costs what a known one does.
NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1"
    "$C2yq3lfhedXKplSBIyP7UQ$lSErHkzG/SlZ1s+t6Ka6QjPGxX+f2ycQ4BXHZvClog4"
)


def choose(password: str, own_words: Iterable[str]) -> None:
    """Refuse a password that is too short, too long, common, or made of the person's own words."""
    folded = unicodedata.normalize("NFKC", password).casefold()
    if len(folded) < SHORTEST:
        raise Refused(
            f"Use {SHORTEST} characters or more. Three or four words you can remember are good",
            field="password",
        )
    if len(password) > LONGEST:
        raise Refused(f"Use {LONGEST} characters or fewer", field="password")
    if _is_common(folded) or _is_run(folded):
        raise Refused(
            "This password is one of the first that others would try. Choose another, such as "
            "three or four words that have nothing to do with each other",
            field="password",
        )
    if len(_without(folded, own_words)) < LEFT_OVER:
        raise Refused(
            "Your name, your e-mail address and the name of this service are easy to guess. "
            "Choose a password without them",
            field="password",
        )


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    # Loaded when somebody chooses a password: the lists take 13 MB.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def _is_common(folded: str) -> bool:
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)
    return folded in _common() or core in _common()


def _is_run(folded: str) -> bool:
    if len(set(folded)) < FEWEST_DIFFERENT:
        return True
    for run in _RUNS:
        for way in (run, run[::-1]):
            if folded in way * (2 + LONGEST // len(way)):
                return True
    return False


def _without(folded: str, own_words: Iterable[str]) -> str:
    parts = {part for words in own_words for part in re.split(r"[\W_]+", words.casefold())}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= 3:
            folded = folded.replace(part, "")
    return re.sub(r"[\W_]+", "", folded)


def hashed(password: str) -> str:
    """The slow, salted hash to keep (Argon2id)."""
    return _hasher.hash(unicodedata.normalize("NFKC", password))


def matches(kept: str | None, password: str) -> bool:
    """Whether a password is the one kept. Takes as long where nothing is kept."""
    try:
        right = _hasher.verify(kept or NOBODY, unicodedata.normalize("NFKC", password))
    except (VerificationError, InvalidHashError):
        return False
    return right and kept is not None
