"""The questions of a spot check, read once from their seed file."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from charter import config
from charter.core.seed import KEY, Fault, tables

SEED = config.ROOT / "seeds" / "training" / "questions.toml"


@dataclass(frozen=True, slots=True)
class Question:
    """One question to read out, and what a good answer has in it."""

    key: str
    words: str
    right: str


def read(path: Path) -> tuple[Question, ...]:
    """The questions in a seed file, in its order. Raises `seed.Fault` with every fault in it."""
    found, faults = tables(path, "question")
    made = []
    for table in found:
        key = table.name_of("key", KEY)
        made.append(Question(key, table.text("words") or "", table.text("right") or ""))
        table.finish()
    if faults:
        raise Fault(faults)
    return tuple(made)


@cache
def questions() -> tuple[Question, ...]:
    """Every question, in the order in which they are asked."""
    return read(SEED)
