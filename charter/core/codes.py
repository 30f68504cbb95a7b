"""Codes that a person reads off paper and types: 80 random bits in letters that are told apart."""

import re

CODE_BYTES = 10
CODE_LENGTH = 16
_LONGEST_TYPED = 64
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("OIL", "011")


def new_code(random: bytes) -> str:
    """The code of a paper's own page: 80 random bits in Crockford's base 32, 16 letters.

    Pass `secrets.token_bytes(CODE_BYTES)`. Raises ValueError for any other length.
    """
    if len(random) != CODE_BYTES:
        raise ValueError(f"a code is made from {CODE_BYTES} random bytes")
    number = int.from_bytes(random)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))


def grouped(code: str) -> str:
    """A code as it is printed, in fours: 7K3M-9QXT-AB2D-EF5H."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def normalise(typed: str, length: int = CODE_LENGTH) -> str | None:
    """The code of so many letters in what somebody typed or scanned; None if there is none.

    Takes either case, spaces, dashes, and the letters people read for 0 and 1 (O, I, L). Long
    texts are turned away before any work is done on them.
    """
    if len(typed) > _LONGEST_TYPED:
        return None
    code = re.sub(r"[\s–—-]", "", typed).upper().translate(_MISREAD)
    is_code = len(code) == length and all(letter in _ALPHABET for letter in code)
    return code if is_code else None
