"""Reads seed files: each table is asked for key by key, and every fault is named at once."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

KEY = re.compile(r"[a-z][a-z0-9-]*")


class Fault(ValueError):
    """A seed that cannot be used; `faults` holds every reason, each naming the file."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class Table:
    """One table of a seed, asked for key by key: each fault is noted and none hides another."""

    def __init__(self, data: object, name: str, faults: list[str]) -> None:
        self.name, self.faults, self.asked = name, faults, set[str]()
        self.data = data if isinstance(data, Mapping) else {}
        if not isinstance(data, Mapping):
            self.fault("is not a table")

    def fault(self, words: str) -> None:
        """Note what is wrong with this table."""
        self.faults.append(f"{self.name} {words}")

    def take(self, key: str, wanted: str, fits: Callable[[Any], object], default: Any) -> Any:
        """The value under `key`; a missing one is a fault unless `default` says otherwise."""
        self.asked.add(key)
        if key not in self.data:
            if default is ...:
                self.fault(f"has no {key}")
            return None if default is ... else default
        value = self.data[key]
        if fits(value):
            return value
        self.fault(f"needs {key} to be {wanted}")
        return None if default is ... else default

    def text(self, key: str, default: Any = ...) -> Any:
        """Words that are not empty."""
        return self.take(
            key, "words", lambda value: isinstance(value, str) and bool(value.strip()), default
        )

    def name_of(self, key: str, shape: re.Pattern[str]) -> str:
        """A key, written in this shape."""
        wanted = "written like this-key" if shape is KEY else "written like one.two"
        found = self.take(key, wanted, lambda v: isinstance(v, str) and shape.fullmatch(v), ...)
        return str(found or "")

    def whole(self, key: str, default: Any = ...) -> Any:
        """A whole number above 0."""
        return self.take(key, "a whole number above 0", is_whole, default)

    def flag(self, key: str, default: Any = ...) -> bool:
        """True or false."""
        return bool(self.take(key, "true or false", lambda value: isinstance(value, bool), default))

    def one_of(self, key: str, allowed: Iterable[str], default: Any = ...) -> Any:
        """One of these words."""
        choices = tuple(allowed)
        return self.take(
            key, f"one of {', '.join(choices)}", lambda value: value in choices, default
        )

    def some_of(self, key: str, allowed: Iterable[str], default: Any = ...) -> tuple[str, ...]:
        """A list of one or more of these words."""
        choices = tuple(allowed)
        chosen = self.take(
            key,
            f"a list of {', '.join(choices)}",
            lambda value: isinstance(value, list) and value and all(v in choices for v in value),
            default,
        )
        return tuple(chosen or ())

    def words(self, key: str, default: Any = ...) -> tuple[str, ...]:
        """A list of words, none of them empty."""
        found = self.take(
            key,
            "a list of words",
            lambda value: (
                isinstance(value, list)
                and all(isinstance(each, str) and each.strip() for each in value)
            ),
            default,
        )
        return tuple(found or ())

    def tables(self, key: str) -> Sequence[Any]:
        """A list of tables, for `[[key]]` in the file."""
        rows = self.take(key, "a list of tables", lambda v: isinstance(v, list) and bool(v), ...)
        return rows or []

    def finish(self) -> None:
        """Note every key that nobody asked for."""
        for key in self.data:
            if key not in self.asked:
                self.fault(f"has a key that nobody knows: {key}")


def tables(path: Path, name: str) -> tuple[list[Table], list[str]]:
    """The `[[name]]` tables of a file that holds nothing else, and the list their faults go to.

    Two tables with one key are a fault. Raises Fault for a file that is not there or not TOML.
    """
    found, faults = tables_of(path, (name,))
    return found[name], faults


def tables_of(path: Path, names: Sequence[str]) -> tuple[dict[str, list[Table]], list[str]]:
    """The tables of each of these names in a file that holds nothing else; see `tables`."""
    try:
        rows = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Fault([f"{path}: cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Fault([f"{path}: is not TOML: {error}"]) from error
    faults: list[str] = []
    top = Table(rows, f"{path}:", faults)
    found = {
        name: [
            Table(row, f"{path}: {name} {n}", faults) for n, row in enumerate(top.tables(name), 1)
        ]
        for name in names
    }
    top.finish()
    for name, each in found.items():
        keys = [table.data.get("key") for table in each]
        twice = sorted({str(key) for key in keys if key is not None and keys.count(key) > 1})
        faults += [f"{path}: two of [[{name}]] are called {key}" for key in twice]
    return found, faults


def is_whole(value: object) -> bool:
    """Whether a value is a whole number above 0 (true and false are none)."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
