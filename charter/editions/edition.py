"""Reads an edition of the charter from a seed's tables, and tells its meaning from its wording.

`parse` and what follows it are pure and name every fault at once; `load` is the one function that
opens a file. What an edition *means* (who must show what, how, and for how long) is kept apart
from its words, because an edition in use may change only its words.
"""

import hashlib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from charter.core.seed import KEY, Fault, Table, is_whole
from charter.editions.terms import VOID_WORDS, Commitment, Edition, Kind, Lasts, Requirement

__all__ = [
    "Commitment",
    "Edition",
    "Fault",
    "Kind",
    "Lasts",
    "Requirement",
    "differences",
    "load",
    "meaning",
    "parse",
    "revived",
]

PAIR = re.compile(r"[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*")
BRACES = re.compile(r"\{(\w+)\}")
SIGNERS = ("champion", "stand-in", "owner")
NEEDED_THRESHOLDS = ("start_with", "lapsing_soon_days", "few_cases", "few_months")


def _numbered(row: object, what: str, due: str, faults: list[str]) -> Table:
    """A table called by the number that its author wrote, or else by the one that is due."""
    written = row.get("number", due) if isinstance(row, Mapping) else due
    return Table(row, f"{what} {written}", faults)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def parse(
    data: Mapping[str, Any], source: str, in_force: Mapping[str, float] | None = None
) -> Edition:
    """The edition in a seed's tables (as TOML or JSON reads them).

    `in_force` gives thresholds the office has overridden: words that name a threshold in braces
    show that value, while `Edition.thresholds` keeps the defaults. Raises `Fault` with every
    fault, each beginning with `source`.
    """
    faults: list[str] = []
    top = Table(data, f"{source}:", faults)
    key = top.name_of("edition", KEY)
    title = top.text("title")
    effective_from = _day(top)
    thresholds = _thresholds(top, source, faults)
    places = _places(top, source, faults)
    shown = {**thresholds, **(in_force or {})}
    commitments = [
        _commitment(
            _numbered(row, f"{source}: commitment", str(number), faults),
            source,
            number,
            places,
            shown,
        )
        for number, row in enumerate(top.tables("commitment"), start=1)
    ]
    top.finish()
    faults += [f"{source}: {each}" for each in _repeated(commitments)]
    if faults:
        raise Fault(faults)
    return Edition(key, title, effective_from, thresholds, places, tuple(commitments))


def load(path: Path) -> Edition:
    """The edition in a seed file. Raises `Fault`, also for a file that is not TOML."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Fault([f"{path}: is not TOML: {error}"]) from error
    return parse(data, str(path))


def _day(top: Table) -> date:
    day = top.take("effective_from", "a date", lambda value: _as_day(value) is not None, ...)
    return _as_day(day) or date.min


def _as_day(value: object) -> date | None:
    """A date from TOML, or from JSON, which can only hold it as words."""
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _thresholds(top: Table, source: str, faults: list[str]) -> dict[str, float]:
    rows = top.take("thresholds", "a table", lambda value: isinstance(value, Mapping), ...) or {}
    table = Table(rows, f"{source}: thresholds", faults)
    names = {**dict.fromkeys(NEEDED_THRESHOLDS), **dict.fromkeys(rows)}
    values = {name: table.take(name, "a number above 0", _is_number, ...) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _places(top: Table, source: str, faults: list[str]) -> dict[str, str]:
    rows = top.take("places", "a table", lambda value: isinstance(value, Mapping), {}) or {}
    table = Table(rows, f"{source}: places", faults)
    return {place: table.text(place) or "" for place in rows}


def _commitment(
    table: Table, source: str, number: int, places: Mapping[str, str], shown: Mapping[str, float]
) -> Commitment:
    key = table.name_of("key", KEY)
    if table.whole("number") not in (number, None):
        table.fault(f"should be number {number}")
    words = {field: _filled(table, field, shown) for field in ("name", "heading", "why")}
    requirements, good = [], 0
    for place, row in enumerate(table.tables("requirement"), start=1):
        due = f"{number}.{place}"
        one = _numbered(row, f"{source}: requirement", due, table.faults)
        requirements.append(_requirement(one, key, due, places, shown))
        good += one.data.get("essential") is False
    if requirements and good == len(requirements):
        table.fault("has no essential requirement")
    table.finish()
    return Commitment(key, number, **words, requirements=tuple(requirements))


def _requirement(
    table: Table,
    commitment: str,
    number: str,
    places: Mapping[str, str],
    shown: Mapping[str, float],
) -> Requirement:
    if table.text("number") not in (number, None):
        table.fault(f"should be number {number}")
    texts: dict[str, Any] = {
        field: _filled(table, field, shown)
        for field in ("task", "words", "why", "proof", "example")
    }
    requirement = Requirement(
        commitment=commitment,
        key=table.name_of("key", PAIR),
        number=number,
        essential=table.flag("essential"),
        **texts,
        minutes=table.whole("minutes"),
        lasts=lasts_of(table),
        voids=table.some_of("voids", VOID_WORDS, ()),
        waivable=table.flag("waivable", False),
        rolling=_filled(table, "rolling", shown, None) or None,
        lost=_filled(table, "lost", shown, None),
        **_kind(table, places),
    )
    table.finish()
    return requirement


def _kind(table: Table, places: Mapping[str, str]) -> dict[str, Any]:
    """The kind with the details that it, or what stands in for it, needs."""
    kind = Kind(table.one_of("kind", Kind) or Kind.STATEMENT)
    found: dict[str, Any] = {"kind": kind}
    if kind is Kind.COUNTED:
        fallback = table.one_of("fallback", [each for each in Kind if each is not Kind.COUNTED])
        found["fact"] = table.name_of("fact", PAIR)
        found["few"] = table.flag("few", False)
        found["fallback"] = kind = Kind(fallback or Kind.STATEMENT)
    if kind is Kind.PHOTO_PER_PLACE:
        found["places"] = table.some_of("places", places)
    if kind is Kind.SIGNED_BY:
        found["signer"] = table.one_of("signer", SIGNERS)
    return found


def lasts_of(table: Table) -> Lasts:
    """How long something lasts: `lasts = { months = ... }` or `{ days = ... }`."""
    row = table.take("lasts", "a table", lambda value: isinstance(value, Mapping), ...)
    if row is None:
        return Lasts(days=1)
    if len(row) != 1 or not all(
        unit in ("months", "days") and is_whole(number) for unit, number in row.items()
    ):
        table.fault("needs lasts to be { months = ... } or { days = ... }")
        return Lasts(days=1)
    return Lasts(**row)


def _filled(table: Table, field: str, shown: Mapping[str, float], default: Any = ...) -> str:
    """The text with each {threshold} as its value; a name that is no threshold is a fault."""
    text = str(table.text(field, default) or "")
    for name in BRACES.findall(text):
        if name not in shown:
            table.fault(f"has {{{name}}} in its {field}, which is not a threshold")
    return BRACES.sub(lambda match: f"{shown.get(match[1], 0):g}", text)


def _repeated(commitments: Sequence[Commitment]) -> list[str]:
    keys = Counter(each.key for each in commitments)
    keys += Counter(each.key for one in commitments for each in one.requirements)
    return [
        f"{times} things have the key {key}" for key, times in keys.items() if key and times > 1
    ]


def meaning(edition: Edition) -> str:
    """A SHA-256, in hexadecimal, of what may not change once the edition is in use.

    Two editions with one digest mean the same. With two digests, `differences` says what differs,
    and is the judge: it lets thresholds be added, for capabilities that come later.
    """
    canonical = json.dumps(_meant(edition), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def differences(old: Edition, new: Edition) -> list[str]:
    """Each difference in meaning, in words; empty when `new` may take the place of `old`.

    What was proved in one way may come to be counted, where that way goes on standing in for the
    count: what was accepted before stands, so that no venue loses by it.
    """
    before, after = _meant(old), _meant(new)
    found = [f"{name} is no longer there" for name in before if name not in after]
    for name, has in after.items():
        if name not in before:
            found += [] if name.startswith("threshold ") else [f"{name} is new"]
            continue
        gains = _gains_a_count(before[name], has)
        for what, value in has.items():
            if before[name][what] != value and not (gains and what in _OF_A_COUNT):
                found.append(f"{name}: {what} was {_said(before[name][what])}, now {_said(value)}")
    return found


_FALLBACK = "what is shown while nothing is counted"
_OF_A_COUNT = ("kind", "fact", _FALLBACK, "too few to tell")


def _gains_a_count(was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether what is said of a requirement differs in that it is counted now, as far as kinds go.

    What was its kind stands in for the count.
    """
    return now.get("kind") == Kind.COUNTED and now[_FALLBACK] == was["kind"]


def _meant(edition: Edition) -> dict[str, dict[str, Any]]:
    """Everything that has a meaning, by what it is called in words."""
    things: dict[str, dict[str, Any]] = {
        f"edition {edition.key}": {"effective from": edition.effective_from.isoformat()}
    }
    things |= {f"threshold {name}": {"value": v} for name, v in edition.thresholds.items()}
    things |= {f"commitment {each.key}": {} for each in edition.commitments}
    for each in edition.requirements:
        things[f"requirement {each.key}"] = {
            "commitment": each.commitment,
            "essential": each.essential,
            "kind": each.kind.value,
            "fact": each.fact,
            _FALLBACK: each.fallback and each.fallback.value,
            "too few to tell": each.few,
            "how long it lasts": each.lasts.label,
            "what ends it early": sorted(each.voids),
            "places": sorted(each.places),
            "signer": each.signer,
            "may not apply": each.waivable,
        }
    return things


def _said(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    if value is None or isinstance(value, bool):
        return {True: "yes", False: "no", None: "nothing"}[value]
    return str(value)


def revived(editions: Iterable[Edition]) -> list[str]:
    """Each key that a later edition uses for another kind of thing, in words. Keys are for ever.

    A key may be left out of an edition and come back; it may not come back as something else, but
    for a requirement that comes to be counted while its former kind stands in for the count.
    """
    first: dict[str, tuple[str, str]] = {}
    found = []
    for edition in sorted(editions, key=lambda each: each.effective_from):
        kinds: dict[str, tuple[str, str | None]] = {}
        kinds |= {each.key: ("commitment", None) for each in edition.commitments}
        kinds |= {each.key: (each.kind.value, each.fallback) for each in edition.requirements}
        for key, (kind, fallback) in kinds.items():
            was, where = first.setdefault(key, (kind, edition.key))
            if kind == Kind.COUNTED and was == fallback:
                first[key] = (kind, edition.key)
            elif was != kind:
                found.append(f"{edition.key}: {key} is {kind}, but was {was} in {where}")
    return found
