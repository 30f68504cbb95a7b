"""Keeps the editions of the charter: loads them from seed files and hands them out, read once.

An edition is *in use* from the first signature, proof or threshold that names it. From then on its
words may be bettered and its meaning may not change; its keys stay taken for ever. Rows are never
deleted: an edition whose file is gone is still what its signatories signed.
"""

import json
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import bindparam, inspect, select

from charter import config
from charter.core import clock, trail
from charter.core.db import db
from charter.core.errors import Refused
from charter.editions.edition import Fault, differences, load, meaning, parse, revived
from charter.editions.models import EditionRow, ThresholdOverride
from charter.editions.terms import Edition, Override, in_force

__all__ = [
    "Fault",
    "Report",
    "current",
    "edition",
    "editions",
    "load_seeds",
    "thresholds",
    "with_overrides",
]


_Read = dict[str, tuple[datetime, tuple[Override, ...]]]
# Put together once: nearly every request asks it.
_WITH_OVERRIDES = (
    select(
        EditionRow.key,
        EditionRow.loaded_at,
        ThresholdOverride.name,
        ThresholdOverride.value,
        ThresholdOverride.from_on,
    )
    .outerjoin(ThresholdOverride, ThresholdOverride.edition_key == EditionRow.key)
    .where(EditionRow.key.in_(bindparam("keys", expanding=True)))
    .order_by(EditionRow.key, ThresholdOverride.from_on, ThresholdOverride.id)
)


@dataclass(frozen=True, slots=True)
class Report:
    """What loading did: the keys of editions that are new, reworded, and as they were."""

    new: tuple[str, ...]
    reworded: tuple[str, ...]
    same: tuple[str, ...]
    checked_only: bool

    def __str__(self) -> str:
        done = "would be loaded" if self.checked_only else "loaded"
        parts = [
            f"{name}: {what}"
            for what, names in (
                (f"new, {done}", self.new),
                ("words bettered", self.reworded),
                ("nothing changed", self.same),
            )
            for name in names
        ]
        return "Editions of the charter: " + "; ".join(parts) + "."


def load_seeds(folder: Path, *, check: bool = False) -> Report:
    """Load every `*.toml` of a folder, or only judge them (`check`).

    Raises `Fault` naming each file and fault, and then nothing is loaded: a file that cannot be
    read, a change of meaning in an edition that is in use, a key that comes back as another
    thing. Writing needs the city's lock.
    """
    paths = sorted(folder.glob("*.toml"))
    files = [(path, _load(path)) for path in paths]
    faults = [line for _, found in files if isinstance(found, Fault) for line in found.faults]
    editions = {path: found for path, found in files if isinstance(found, Edition)}
    if not paths:
        faults.append(f"{folder}: holds no edition of the charter (*.toml)")
    stored = _stored_rows(check)
    faults += _faults_between(editions, stored)
    if faults:
        raise Fault(faults)
    new: list[str] = []
    reworded: list[str] = []
    same: list[str] = []
    for path, found in editions.items():
        body = _plain(path)
        row = stored.get(found.key)
        kind = new if row is None else same if row.body == body else reworded
        kind.append(found.key)
        if not check and kind is not same:
            _store(row, found, body)
    return Report(tuple(new), tuple(reworded), tuple(same), check)


def _load(path: Path) -> Edition | Fault:
    try:
        return load(path)
    except Fault as fault:
        return fault


def _stored_rows(check: bool) -> dict[str, EditionRow]:
    if check and not inspect(db.session.connection()).has_table(EditionRow.__tablename__):
        return {}
    return {row.key: row for row in db.session.scalars(select(EditionRow))}


def _faults_between(
    editions: Mapping[Path, Edition], stored: Mapping[str, EditionRow]
) -> list[str]:
    """What no single file can show: two files for one edition, a changed meaning, a reused key."""
    faults = []
    seen: dict[str, Path] = {}
    for path, found in editions.items():
        if found.key in seen:
            faults.append(f"{path}: edition {found.key} is also in {seen[found.key].name}")
        seen[found.key] = path
        row = stored.get(found.key)
        if row is not None and row.meaning != meaning(found) and _is_in_use(found.key):
            changes = differences(parse(row.body, found.key), found)
            faults += [f"{path}: is in use, so its meaning must stay: {each}" for each in changes]
    others = [parse(row.body, key) for key, row in stored.items() if key not in seen]
    return faults + revived([*others, *editions.values()])


def _is_in_use(key: str) -> bool:
    """Whether any row of any table refers to the edition: a venue, a signature, a proof, ..."""
    referring = [
        column
        for table in db.metadata.tables.values()
        for column in table.columns
        if column.name == "edition_key"
    ]
    return any(
        db.session.scalar(select(column).where(column == key).limit(1)) is not None
        for column in referring
    )


def _plain(path: Path) -> dict[str, Any]:
    """A seed's tables as JSON can hold them: dates as words."""
    data: dict[str, Any] = json.loads(
        json.dumps(tomllib.loads(path.read_text("utf-8")), default=date.isoformat)
    )
    return data


def _store(row: EditionRow | None, found: Edition, body: dict[str, Any]) -> None:
    if row is None:
        row = EditionRow(key=found.key)
        db.session.add(row)
    row.title, row.effective_from = found.title, found.effective_from
    row.meaning, row.body, row.loaded_at = meaning(found), body, clock.now()
    _bodies().pop(found.key, None)
    forget()
    db.session.flush()
    trail.note("edition.loaded", "edition", None, edition=found.key, meaning=row.meaning)


def current() -> Edition:
    """The edition new signatories sign: the one the city's settings name, else the newest in force.

    Raises Refused when none has been loaded.
    """
    key = config.current().city.edition or db.session.scalar(
        select(EditionRow.key)
        .where(EditionRow.effective_from <= clock.today())
        .order_by(EditionRow.effective_from.desc())
        .limit(1)
    )
    if not key:
        raise Refused("No edition of the charter has been loaded yet.")
    return edition(key)


def edition(key: str) -> Edition:
    """One edition, its words showing the thresholds in force today; parsed once in a process.

    One short query tells whether the words or a threshold changed since. Raises Refused for a
    key that was never loaded.
    """
    return editions([key])[key]


def editions(keys: Iterable[str]) -> dict[str, Edition]:
    """Several editions by key, at the cost of one (see `edition`)."""
    return {key: found for key, (found, _) in with_overrides(keys).items()}


def with_overrides(keys: Iterable[str]) -> dict[str, tuple[Edition, tuple[Override, ...]]]:
    """Several editions, each with every value the office ever gave one of its thresholds.

    Read once in a transaction: whoever writes an edition or an override calls `forget`.
    """
    wanted, today = set(keys), clock.today()
    read: _Read = db.session().info.setdefault("editions", {})
    if wanted - read.keys():
        read.update(_read(wanted - read.keys()))
        # Reading began the transaction, whose end forgets it.
        db.session().info["editions"] = read
    return {
        key: (_parsed(_body(key, loaded_at), key, _in_force(overrides, today)), overrides)
        for key, (loaded_at, overrides) in ((key, read[key]) for key in wanted)
    }


def thresholds(keys: Iterable[str], on: date) -> dict[str, dict[str, float]]:
    """The thresholds of several editions in force on a day, the office's own values included."""
    return {
        key: in_force(edition.thresholds, overrides, on)
        for key, (edition, overrides) in with_overrides(keys).items()
    }


def forget() -> None:
    """Have editions read again in this transaction, after something about one was written."""
    db.session().info.pop("editions", None)


def _read(keys: Collection[str]) -> _Read:
    """When each edition was loaded, and its overrides in the order they were given."""
    found: dict[str, tuple[datetime, list[Override]]] = {}
    rows = db.session.execute(_WITH_OVERRIDES, {"keys": sorted(keys)})
    for key, loaded_at, name, value, from_on in rows:
        _, overrides = found.setdefault(key, (loaded_at, []))
        if name is not None:
            overrides.append(Override(name, value, from_on))
    missing = set(keys) - found.keys()
    if missing:
        raise Refused(f"The edition {', '.join(sorted(missing))} has not been loaded.")
    return {key: (loaded_at, tuple(overrides)) for key, (loaded_at, overrides) in found.items()}


def _in_force(overrides: Iterable[Override], today: date) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(in_force({}, overrides, today).items()))


def _body(key: str, loaded_at: datetime) -> str:
    """An edition's tables as text, read once for each loading of it."""
    bodies = _bodies()
    known = bodies.get(key)
    if known is None or known[0] != loaded_at:
        body = db.session.scalar(select(EditionRow.body).where(EditionRow.key == key))
        known = bodies[key] = (loaded_at, json.dumps(body, sort_keys=True))
    return known[1]


def _bodies() -> dict[str, tuple[datetime, str]]:
    """What this process has read, by edition; each application has its own database."""
    known: dict[str, tuple[datetime, str]] = current_app.extensions.setdefault(
        "charter.editions", {}
    )
    return known


@lru_cache(maxsize=64)
def _parsed(body: str, key: str, thresholds: tuple[tuple[str, float], ...]) -> Edition:
    return parse(json.loads(body), key, dict(thresholds))
