"""The trail: an append-only, chained record of who did what to which thing, ids only.

Each entry carries an HMAC over its own content and the entry before it; there is one chain for
the city and one for each venue. A chain shows edits, gaps and reordering to anyone with the key.
It cannot show a cut-off tail, nor a rewrite by someone who holds the key: for those, keep the
head and count that `flask trail verify` prints somewhere else.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    bindparam,
    func,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from charter import config
from charter.core import clock
from charter.core.db import CITY, Model, db, holds

Plain = int | str | bool | None
_WORD = re.compile(r"[A-Za-z0-9_.:/-]{0,80}")
START = bytes(32)


class TrailEntry(Model):
    """One thing somebody did. `detail` holds ids, states and dates: never names, never text."""

    __table_args__ = (
        UniqueConstraint("chain", "number"),
        Index("ix_trail_entry_actor_id_id", "actor_id", "id"),
        # A page that asks a chain for one verb must not grow with the chain.
        Index("ix_trail_entry_chain_verb_number", "chain", "verb", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    chain: Mapped[int]
    number: Mapped[int]
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    verb: Mapped[str] = mapped_column(String(60))
    thing: Mapped[str] = mapped_column(String(40))
    thing_id: Mapped[int | None]
    detail: Mapped[dict[str, Plain]] = mapped_column(JSON)
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))


# Put together once: every change asks it.
_LAST = (
    select(TrailEntry.number, TrailEntry.mac)
    .where(TrailEntry.chain == bindparam("chain"))
    .order_by(TrailEntry.number.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Check:
    """What verifying one chain found: its length, its head, and the first bad entry if any."""

    chain: int
    count: int
    head: str
    fault: str | None


def note(
    verb: str,
    thing: str,
    thing_id: int | None,
    *,
    venue_id: int | None = None,
    by: int | None = None,
    **detail: Plain,
) -> TrailEntry:
    """Append an entry to a venue's chain (or the city's), in the change's own transaction.

    `by` is the actor's user id, None for the system. A detail value must be a number or one
    short word such as a state or an ISO date: free text has no place here and raises ValueError.
    """
    chain = venue_id if venue_id is not None else CITY
    if not holds(chain):
        raise RuntimeError(f"appending to chain {chain} needs its lock")
    for name, value in detail.items():
        if isinstance(value, str) and not _WORD.fullmatch(value):
            raise ValueError(f"the trail holds no free text: {name}")
    last = db.session.execute(_LAST, {"chain": chain}).first()
    entry = TrailEntry(
        chain=chain,
        number=last.number + 1 if last else 1,
        at=clock.now(),
        actor_id=by,
        verb=verb,
        thing=thing,
        thing_id=thing_id,
        detail=detail,
    )
    entry.mac = _mac(entry, last.mac if last else START)
    db.session.add(entry)
    db.session.flush()
    return entry


def _mac(entry: TrailEntry, before: bytes) -> bytes:
    body = json.dumps(
        [
            entry.chain,
            entry.number,
            entry.at.isoformat(),
            entry.actor_id,
            entry.verb,
            entry.thing,
            entry.thing_id,
            entry.detail,
        ],
        sort_keys=True,
        separators=(",", ":"),
    )
    return hmac.digest(config.current().secrets.trail, before + body.encode(), hashlib.sha256)


def history(venue_id: int, *, before: int | None = None, limit: int = 50) -> list[TrailEntry]:
    """A venue's entries, newest first; `before` is the number to go on below."""
    query = select(TrailEntry).where(TrailEntry.chain == venue_id)
    if before is not None:
        query = query.where(TrailEntry.number < before)
    return list(db.session.scalars(query.order_by(TrailEntry.number.desc()).limit(limit)))


def count(chain: int, verb: str, since: datetime) -> int:
    """How many entries with this verb a chain has got since an instant."""
    query = select(func.count(TrailEntry.id)).where(
        TrailEntry.chain == chain, TrailEntry.verb == verb, TrailEntry.at > since
    )
    return db.session.scalar(query) or 0


def verify() -> Iterator[Check]:
    """Walk every chain once, in order, and say for each what holds. Memory stays flat."""
    rows = db.session.scalars(
        select(TrailEntry)
        .order_by(TrailEntry.chain, TrailEntry.number)
        .execution_options(yield_per=500)
    )
    chain: int | None = None
    count, mac, fault = 0, START, None
    for entry in rows:
        if entry.chain != chain:
            if chain is not None:
                yield Check(chain, count, mac.hex(), fault)
            chain, count, mac, fault = entry.chain, 0, START, None
        count += 1
        if fault is None:
            fault = _fault(entry, count, mac)
        mac = entry.mac
        db.session.expunge(entry)
    if chain is not None:
        yield Check(chain, count, mac.hex(), fault)


def _fault(entry: TrailEntry, expected: int, before: bytes) -> str | None:
    if entry.number != expected:
        return f"entry {expected} is missing"
    if not hmac.compare_digest(entry.mac, _mac(entry, before)):
        return f"entry {entry.number} (id {entry.id}) was changed"
    return None
