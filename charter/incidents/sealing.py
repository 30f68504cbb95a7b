"""Seals what people wrote: each entry has two keys of its own, one for its words, one for names.

The keys lie in the entry's row, wrapped by the city's field key; to destroy them is to destroy
what they open, in every copy of the database made after. What is sealed is bound to its place (its
line, or its person), so that nothing opens anywhere else, and is padded to lengths that say little.
The chain covers a digest of the sealed bytes: it stays true when they are gone.
"""

import hashlib
import json
import secrets
from base64 import b64decode, b64encode
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from charter.core.sealed import NONCE_BYTES, Unreadable

KEY_BYTES = 32
BUCKET = 256


def new_key() -> str:
    """A fresh key of 256 bits, as text for a sealed column."""
    return b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def seal(key: str, words: dict[str, Any], place: str) -> bytes:
    """Encrypt words (a mapping of texts) under an entry's key, for one place."""
    plain = json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode()
    padded = plain + b" " * (-len(plain) % BUCKET)
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(b64decode(key)).encrypt(nonce, padded, place.encode())


def unseal(key: str, sealed: bytes, place: str) -> dict[str, Any]:
    """Open what was sealed in this place; raises Unreadable if it was moved or changed."""
    try:
        plain = AESGCM(b64decode(key)).decrypt(
            sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode()
        )
    except (InvalidTag, ValueError) as fault:  # another key, other bytes, or too few of either
        raise Unreadable(f"{place}: what was sealed here was moved or changed") from fault
    found: dict[str, Any] = json.loads(plain)
    return found


def digest(sealed: bytes) -> bytes:
    """What the chain keeps of sealed bytes."""
    return hashlib.sha256(sealed).digest()


def token_digest(token: str) -> str:
    """What the chain keeps of a random token, such as a key: enough to know it again by."""
    return hashlib.sha256(token.encode()).hexdigest()


def line_place(book: int, seq: int) -> str:
    """Where the words of a line belong."""
    return f"book_line/{book}/{seq}"


def person_place(book: int, number: int, n: int) -> str:
    """Where somebody's name belongs: the nth person of an entry."""
    return f"entry_person/{book}/{number}/{n}"
