"""The words of the incident book, read once from their seed file: what happened, what was done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from charter import config
from charter.core.seed import KEY, Fault, Table, tables_of

SEED = config.ROOT / "seeds" / "incidents.toml"
IN_CHARGE = "in-charge"
_SEVERITIES = range(1, 5)


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that can have happened. `key` is "category.kind".

    `is_about_in_charge`: about somebody who runs the place, so it is no entry of the venue's book.
    `licence` is the key of the licence record it belongs to, or None.
    """

    key: str
    category: str
    name: str
    severity: int
    is_about_in_charge: bool = False
    licence: str | None = None
    offered: bool = True


@dataclass(frozen=True, slots=True)
class Category:
    """A group of kinds, as one button offers them."""

    key: str
    name: str
    hint: str
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Action:
    """Something that was done. `first`: on the first screen; `because`: asks why."""

    key: str
    name: str
    first: bool = False
    because: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an entry ends. `because`: asks why; `changed`: the place or the team was changed."""

    key: str
    name: str
    because: bool = False
    changed: bool = False


@dataclass(frozen=True, slots=True)
class LicenceField:
    """One thing that a licence record asks. Text is sealed; a choice or a number is a fact."""

    key: str
    name: str
    choices: tuple[str, ...] = ()
    number: bool = False

    @property
    def is_fact(self) -> bool:
        """Whether the answer may stand among the facts."""
        return self.number or bool(self.choices)


@dataclass(frozen=True, slots=True)
class Record:
    """A record that some licences ask for, with the fields it adds to entries of its kinds."""

    key: str
    name: str
    hint: str
    fields: tuple[LicenceField, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """Everything in the seed, each in its order and by its key."""

    categories: Mapping[str, Category]
    actions: Mapping[str, Action]
    outcomes: Mapping[str, Outcome]
    records: Mapping[str, Record]

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """Every kind by its whole key, "category.kind"."""
        return {kind.key: kind for each in self.categories.values() for kind in each.kinds}


def read(path: Path) -> Words:
    """The words in a seed file. Raises `seed.Fault` with every fault in it."""
    found, faults = tables_of(path, ("category", "action", "outcome", "licence"))
    records = {each.key: each for each in map(_record, found["licence"])}
    made = Words(
        categories={each.key: each for each in (_category(t, records) for t in found["category"])},
        actions={each.key: each for each in map(_action, found["action"])},
        outcomes={each.key: each for each in map(_outcome, found["outcome"])},
        records=records,
    )
    if faults:
        raise Fault(faults)
    return made


@cache
def words() -> Words:
    """The words of this city's incident book."""
    return read(SEED)


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its whole key."""
    return words().kinds


def names(keys: Iterable[str]) -> list[str]:
    """What kinds are called; one that is no longer in the seed is its own name."""
    return [kinds()[key].name if key in kinds() else key for key in keys]


def category_name(key: str) -> str:
    """What a category is called."""
    found = words().categories.get(key)
    return found.name if found else key


def _category(table: Table, records: Mapping[str, Record]) -> Category:
    key = table.name_of("key", KEY)
    severity = _severity(table, ...)
    rows = [
        Table(row, f"{table.name}, kind {n}", table.faults)
        for n, row in enumerate(table.tables("kinds"), 1)
    ]
    made = Category(
        key=key,
        name=table.text("name") or "",
        hint=table.text("hint") or "",
        kinds=tuple(_kind(row, key, severity, records) for row in rows),
    )
    own = [kind.key for kind in made.kinds]
    for each in sorted({one for one in own if own.count(one) > 1}):
        table.fault(f"has two kinds called {each}")
    table.finish()
    return made


def _kind(table: Table, category: str, severity: int, records: Mapping[str, Record]) -> Kind:
    made = Kind(
        key=f"{category}.{table.name_of('key', KEY)}",
        category=category,
        name=table.text("name") or "",
        severity=_severity(table, severity),
        is_about_in_charge=table.one_of("about", (IN_CHARGE,), None) is not None,
        licence=table.one_of("licence", records, None),
        offered=table.flag("offered", True),
    )
    table.finish()
    return made


def _severity(table: Table, default: object) -> int:
    found = table.take("severity", "a number from 1 to 4", lambda v: v in _SEVERITIES, default)
    return int(found or 1)


def _action(table: Table) -> Action:
    made = Action(
        key=table.name_of("key", KEY),
        name=table.text("name") or "",
        first=table.flag("first", False),
        because=table.flag("because", False),
    )
    table.finish()
    return made


def _outcome(table: Table) -> Outcome:
    made = Outcome(
        key=table.name_of("key", KEY),
        name=table.text("name") or "",
        because=table.flag("because", False),
        changed=table.flag("changed", False),
    )
    table.finish()
    return made


def _record(table: Table) -> Record:
    rows = table.take("fields", "a list of tables", lambda v: isinstance(v, list), ())
    made = Record(
        key=table.name_of("key", KEY),
        name=table.text("name") or "",
        hint=table.text("hint") or "",
        fields=tuple(
            _field(Table(row, f"{table.name}, field {n}", table.faults))
            for n, row in enumerate(rows or (), 1)
        ),
    )
    table.finish()
    return made


def _field(table: Table) -> LicenceField:
    made = LicenceField(
        key=table.name_of("key", KEY),
        name=table.text("name") or "",
        choices=table.words("choices", ()),
        number=table.flag("number", False),
    )
    table.finish()
    return made
