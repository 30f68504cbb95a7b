"""The trail: an append-only, chained record of who did what to which thing, ids only.

Each entry carries an HMAC over its own content and the entry before it; there is one chain for
the city and one for each venue. A chain shows edits, gaps and reordering to anyone with the key.
It cannot show a cut-off tail, nor a rewrite by someone who holds the key: for those the head and
count of every chain that moved are mailed out each night (`core.heads`), and `verify` compares.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    and_,
    bindparam,
    func,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from charter import config
from charter.core import clock
from charter.core.db import CITY, Model, db, holds
from charter.core.letters import TrailMark

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


def verify(kept: Iterable[TrailMark] = (), chain: int | None = None) -> Iterator[Check]:
    """Walk every chain once (or one), in order, and say for each what holds. Memory stays flat.

    `kept` are heads that were kept elsewhere: each chain has to have had them on its way.
    """
    waiting: dict[int, dict[int, TrailMark]] = {}
    for mark in kept:
        waiting.setdefault(mark.chain, {})[mark.entries] = mark
    query = select(TrailEntry).order_by(TrailEntry.chain, TrailEntry.number)
    if chain is not None:
        query = query.where(TrailEntry.chain == chain)
    rows = db.session.scalars(query.execution_options(yield_per=500))
    for number, entries in groupby(rows, key=lambda entry: entry.chain):
        yield _walk(number, entries, waiting.pop(number, {}))
    for number, marks in sorted(waiting.items()):
        if chain in (None, number):
            yield Check(number, 0, START.hex(), _cut_off(0, marks))


def _walk(chain: int, entries: Iterable[TrailEntry], kept: dict[int, TrailMark]) -> Check:
    count, mac, fault = 0, START, None
    for entry in entries:
        count += 1
        if fault is None:
            fault = _fault(entry, count, mac) or _differs(entry, kept.get(count))
        mac = entry.mac
        db.session.expunge(entry)
    return Check(chain, count, mac.hex(), fault or _cut_off(count, kept))


def _differs(entry: TrailEntry, mark: TrailMark | None) -> str | None:
    if mark is None or seal(entry.mac) == mark.seal:
        return None
    return f"entry {entry.number} is not the one whose seal was mailed on {mark.on.isoformat()}"


def _cut_off(count: int, kept: dict[int, TrailMark]) -> str | None:
    beyond = [mark for number, mark in kept.items() if number > count]
    if not beyond:
        return None
    last = max(beyond, key=lambda mark: mark.entries)
    on = last.on.isoformat()
    return f"it ends at entry {count}, but had {last.entries} when its seal was mailed on {on}"


def seal(mac: bytes) -> str:
    """The first half of a head as people compare it: eight groups of four digits."""
    digits = mac.hex().upper()[:32]
    return "-".join(digits[place : place + 4] for place in range(0, 32, 4))


def moved(after: int) -> tuple[int, list[TrailMark]]:
    """How far each chain has come that got an entry since the entry with this id; and the last id.

    Two statements, however many chains there are.
    """
    newest = db.session.scalar(select(func.max(TrailEntry.id))) or 0
    ends = (
        select(TrailEntry.chain, func.max(TrailEntry.number).label("number"))
        .where(TrailEntry.id > after, TrailEntry.id <= newest)
        .group_by(TrailEntry.chain)
        .subquery()
    )
    rows = db.session.execute(
        select(TrailEntry.chain, TrailEntry.number, TrailEntry.mac)
        .join(ends, and_(TrailEntry.chain == ends.c.chain, TrailEntry.number == ends.c.number))
        .order_by(TrailEntry.chain)
    )
    today = clock.today()
    return newest, [TrailMark(row.chain, today, row.number, seal(row.mac)) for row in rows]


def _fault(entry: TrailEntry, expected: int, before: bytes) -> str | None:
    if entry.number != expected:
        return f"entry {expected} is missing"
    if not hmac.compare_digest(entry.mac, _mac(entry, before)):
        return f"entry {entry.number} (id {entry.id}) was changed"
    return None
