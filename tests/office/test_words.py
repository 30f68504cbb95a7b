"""Every verb that anything writes into the trail has words for a person, and no words are idle."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from charter.core.trail import TrailEntry
from charter.office.words import VERBS, said

CHARTER = Path(__file__).resolve().parents[2] / "charter"
VERB = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*")
NOTERS = {"note", "note_only", "_note", "_move", "_changed", "_decide", "add", "_add"}


def constants(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def verbs_written() -> set[str]:
    """Texts like verbs given to whatever notes, or to something named verb."""
    found: set[str] = set()
    for path in CHARTER.rglob("*.py"):
        if "assets" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            parts: list[ast.AST] = []
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                parts += node.args if name in NOTERS else []
                parts += [each.value for each in node.keywords if each.arg == "verb"]
            elif isinstance(node, ast.FunctionDef):
                names = [each.arg for each in (*node.args.args, *node.args.kwonlyargs)]
                if "verb" in names:
                    parts += [d for d in (*node.args.defaults, *node.args.kw_defaults) if d]
            elif isinstance(node, ast.Assign):
                targets = {getattr(target, "id", "") for target in node.targets}
                parts += [node.value] if "verb" in targets else []
            found |= {t for part in parts for t in constants(part) if VERB.fullmatch(t)}
    return found


def test_every_verb_has_words_and_every_word_a_verb() -> None:
    written = verbs_written()
    assert len(written) > 40
    assert written - set(VERBS) == set()
    assert set(VERBS) - written == set()


def test_words_say_what_a_person_can_use_and_leave_ids_out() -> None:
    entry = TrailEntry(verb="role.given", detail={"role": "champion", "person": 7, "until": None})
    assert said(entry, None) == "Role given: champion"
    entry = TrailEntry(verb="venue.closed", detail={"closure": 3, "since": "2026-11-20"})
    assert said(entry, None) == "Closed for a while: from Friday 20 November 2026"
    assert said(TrailEntry(verb="venue.added", detail={}), None) == "Venue added"
