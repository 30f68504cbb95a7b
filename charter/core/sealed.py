"""Columns that a stolen database does not give away: AES-256-GCM, bound to where they stand.

The associated data of each value is its table, column and row, so that a ciphertext copied to
another place does not open; the key's id stands in front, so that keys can be turned over while
the old ones still open. This protects a stolen database or backup. It does not protect
against someone who controls the running server, and nothing here claims to.
"""

import secrets
from collections.abc import Iterator
from typing import Any, overload

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from charter import config
from charter.core.db import db

NONCE_BYTES = 12
fields: list["SealedText"] = []


class Unreadable(Exception):
    """A sealed value did not open: moved, changed, or sealed under a key that is gone."""


class Sealable:
    """Mixin for tables with sealed columns: a random row name that never changes."""

    seal_name: Mapped[str] = mapped_column(String(32), default=lambda: secrets.token_hex(16))


class SealedText:
    """A text attribute kept in a binary column: `phone = SealedText("phone_sealed")`.

    Reading opens it, setting seals it. Raises Unreadable rather than ever give part of a text.
    """

    def __init__(self, column: str) -> None:
        self.column = column
        self.owner: type[Any] = object

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.owner = owner
        fields.append(self)

    @overload
    def __get__(self, row: None, owner: type[Any]) -> "SealedText": ...
    @overload
    def __get__(self, row: Any, owner: type[Any]) -> str | None: ...
    def __get__(self, row: Any, owner: type[Any]) -> "SealedText | str | None":
        if row is None:
            return self
        sealed: bytes | None = getattr(row, self.column)
        return None if sealed is None else unseal(sealed, self._place(row)).decode()

    def __set__(self, row: Any, value: str | None) -> None:
        if row.seal_name is None:
            row.seal_name = secrets.token_hex(16)
        sealed = None if value is None else seal(value.encode(), self._place(row))
        setattr(row, self.column, sealed)

    def _place(self, row: Any) -> str:
        return f"{self.owner.__tablename__}/{self.column}/{row.seal_name}"


def seal(plain: bytes, place: str) -> bytes:
    """Encrypt under the current key: key id, a zero byte, nonce, ciphertext."""
    keys = config.current().secrets
    nonce = secrets.token_bytes(NONCE_BYTES)
    body = AESGCM(keys.field_keys[keys.current]).encrypt(nonce, plain, place.encode())
    return keys.current.encode() + b"\0" + nonce + body


def unseal(sealed: bytes, place: str) -> bytes:
    """Open a sealed value in its place, or raise Unreadable."""
    key_id, _, body = sealed.partition(b"\0")
    key = config.current().secrets.field_keys.get(key_id.decode("ascii", "replace"))
    if key is None:
        raise Unreadable(f"{place.split('/')[0]}: sealed under a key that is not here")
    try:
        return AESGCM(key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], place.encode())
    except InvalidTag as fault:
        raise Unreadable(f"{place.split('/')[0]}: a sealed value was moved or changed") from fault


def rotate(batch: int = 200) -> Iterator[int]:
    """Seal every value again under the current key, one batch at a time, yielding how many.

    The caller commits after each batch; a stopped run goes on where it was, because what is
    already under the current key is passed over.
    """
    current = config.current().secrets.current
    prefix = current.encode() + b"\0"
    for item in fields:
        column = getattr(item.owner, item.column)
        last = 0
        while rows := db.session.scalars(
            select(item.owner)
            .where(item.owner.id > last, column.is_not(None))
            .order_by(item.owner.id)
            .limit(batch)
        ).all():
            last = rows[-1].id
            stale = [row for row in rows if not getattr(row, item.column).startswith(prefix)]
            for row in stale:
                item.__set__(row, item.__get__(row, item.owner))
            yield len(stale)


def missing_keys() -> set[str]:
    """Ids of keys that sealed rows need and the secrets no longer hold (none, when all is well)."""
    have = set(config.current().secrets.field_keys)
    needed: set[str] = set()
    for item in fields:
        column = getattr(item.owner, item.column)
        heads = select(func.substr(column, 1, config.LONGEST_KEY_ID + 1)).where(column.is_not(None))
        for head in db.session.scalars(heads):
            needed.add(bytes(head).partition(b"\0")[0].decode("ascii", "replace"))
    return needed - have
