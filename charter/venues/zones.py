"""The kinds of zones (rooms and spots) a venue can have, read once from their seed file."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from charter import config

SEED = config.ROOT / "seeds" / "zones.toml"
PLACES = ("entrance", "bar", "public-toilet")
_KEY = re.compile(r"[a-z][a-z0-9-]{0,39}")
_FIELDS = {"key", "name", "hint", "counts", "choose"}


class ZoneFault(ValueError):
    """The seed of zones cannot be used; the message names the file and every fault."""


@dataclass(frozen=True, slots=True)
class ZoneKind:
    """A kind of zone. `counts` says which place of the charter it is; `choose` whether to ask."""

    key: str
    name: str
    hint: str
    counts: str | None = None
    choose: bool = True


def read(path: Path) -> tuple[ZoneKind, ...]:
    """The kinds in a seed file, in its order. Raises ZoneFault with every fault in it."""
    try:
        rows = tomllib.loads(path.read_text("utf-8"))["zone"]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError) as fault:
        raise ZoneFault(f"{path}: is not a list of [[zone]]: {fault}") from fault
    faults = [
        f"{path}: zone {n}: {fault}" for n, row in enumerate(rows, 1) for fault in _faults(row)
    ]
    keys = [row.get("key") for row in rows]
    faults += [f"{path}: two zones are called {key}" for key in set(keys) if keys.count(key) > 1]
    if faults:
        raise ZoneFault("\n".join(faults))
    return tuple(ZoneKind(**row) for row in rows)


def _faults(row: dict[str, object]) -> list[str]:
    found = [f"has a key that nobody knows: {name}" for name in sorted(set(row) - _FIELDS)]
    if not _KEY.fullmatch(str(row.get("key", ""))):
        found.append("has no key written like this-key")
    found += [f"has no {name}" for name in ("name", "hint") if not str(row.get(name, "")).strip()]
    if row.get("counts") not in (None, *PLACES):
        found.append(f"counts as none of {', '.join(PLACES)}")
    if not isinstance(row.get("choose", True), bool):
        found.append("has a choose that is not true or false")
    return found


@cache
def kinds() -> tuple[ZoneKind, ...]:
    """Every kind of zone, in the order in which a person walks through a venue."""
    return read(SEED)


def kind(key: str) -> ZoneKind | None:
    """The kind with this key, or None."""
    return next((each for each in kinds() if each.key == key), None)


def to_choose() -> tuple[ZoneKind, ...]:
    """The kinds a venue is asked about: those that not every venue has."""
    return tuple(each for each in kinds() if each.choose)
