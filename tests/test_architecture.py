"""Rules of the house that a reader may rely on because a test does."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from charter.core.access import ANYWHERE, EVERYONE, mark_of

ROOT = Path(__file__).resolve().parent.parent
CHARTER = ROOT / "charter"
SOURCES = sorted(
    p
    for p in CHARTER.rglob("*.py")
    if not {"migrations", "assets"} & set(p.relative_to(CHARTER).parts)
)
TEMPLATES = sorted((CHARTER / "templates").rglob("*.html"))
TOP = {
    "README.md", "CHANGELOG.md", "LICENSE", "Makefile", "bench", "docs", "wsgi.py", "setup.cfg",
    "pyproject.toml", "requirements", "instance", "seeds", "charter", "tests",
}  # fmt: skip
# Loaded when needed, for their weight; never to hide a cycle, which the floors forbid all the same.
HEAVY = (
    "openpyxl.", "zxcvbn.", "charter.certificates.pades", "charter.certificates.tokens"
)  # fmt: skip
# The worker's own loop commits each mail, so that a mail sent is never sent again; what an auditor
# opened is written down once the page is made.
MAY_COMMIT = re.compile(
    r"(views|account|own|office|people|team|front|public|cli|install|city)\.py$"
    r"|core/(db|mail)\.py$|auditors/watch\.py$|demo/(books|night|spaces|training)\.py$"
)


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node


def test_the_floors_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_top_level_holds_what_the_product_fixed_and_no_more() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    found = {line.split("/")[0] for line in listed if line}
    assert {name for name in found if not name.startswith(".")} <= TOP


def late(node: ast.AST) -> list[str]:
    """What an import asks for, with the name of the module in front."""
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{each.name}" for each in node.names]
    return [each.name for each in node.names] if isinstance(node, ast.Import) else []


def test_only_what_weighs_much_and_is_needed_by_few_is_imported_inside_a_function() -> None:
    asked = {
        name: f"{names(path)}:{inner.lineno}"
        for path in SOURCES
        for function in functions(path)
        for inner in ast.walk(function)
        for name in late(inner)
    }
    hidden = {name: place for name, place in asked.items() if not name.startswith(HEAVY)}
    assert hidden == {}
    assert all(any(name.startswith(heavy) for name in asked) for heavy in HEAVY)


def test_only_views_and_commands_commit() -> None:
    guilty = [
        names(path)
        for path in SOURCES
        if not MAY_COMMIT.search(str(path)) and re.search(r"\bcommit\(\)", path.read_text("utf-8"))
    ]
    assert guilty == []


def test_no_module_outgrows_its_budget() -> None:
    long = {names(p): n for p in SOURCES if (n := len(p.read_text("utf-8").splitlines())) > 400}
    assert long == {}


def test_no_view_outgrows_its_budget(app: Flask) -> None:
    views = {view.__name__ for view in app.view_functions.values()}
    long = [
        f"{names(path)}:{function.name}"
        for path in SOURCES
        if re.search(r"(views|account|own|office|people|team|front|public)\.py$", path.name)
        for function in functions(path)
        if function.name in views and (function.end_lineno or 0) - function.lineno >= 30
    ]
    assert long == []


def test_every_module_says_what_it_is() -> None:
    silent = [names(p) for p in SOURCES if not ast.get_docstring(ast.parse(p.read_text("utf-8")))]
    assert silent == []


def test_every_view_is_marked(app: Flask) -> None:
    bare = [name for name, view in app.view_functions.items() if mark_of(view) is None]
    assert bare == []


def test_a_permission_about_a_venue_stands_under_a_venues_url(app: Flask) -> None:
    loose = []
    for rule in app.url_map.iter_rules():
        mark = mark_of(app.view_functions[rule.endpoint])
        assert mark is not None
        wanted = mark.permission
        if wanted is not None and wanted not in ANYWHERE | EVERYONE:
            typed = rule.rule.find("<int:venue_id>")
            if typed < 0:
                loose.append(rule.endpoint)
    assert loose == []


def test_addresses_are_kebab_case(app: Flask) -> None:
    odd = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if not re.fullmatch(r"(/[a-z0-9.-]*|/?\.?<[a-z:_]+>(\.[a-z]+)?|/<[a-z:_]+>)*", rule.rule)
    ]
    assert odd == []


def test_no_name_of_a_real_city_stands_in_the_code() -> None:
    """Decision: city, charter's name, contacts and support services are settings or seeds."""
    found = [
        names(path)
        for path in CHARTER.rglob("*")
        if path.is_file()
        and "vendor" not in path.parts
        and "node_modules" not in path.parts
        and path.suffix in {".py", ".html", ".txt", ".css", ".scss", ".js"}
        and re.search(r"bristol|manchester city|avon and somerset", path.read_text("utf-8"), re.I)
    ]
    assert found == []


def test_templates_ask_for_permissions_and_never_for_roles() -> None:
    roles = r"""['"](officer|office-admin|champion|manager|auditor|system-admin|area-manager)['"]"""
    found = [names(p) for p in TEMPLATES if re.search(roles, p.read_text("utf-8"))]
    assert found == []


def test_page_templates_stay_short() -> None:
    long = {
        names(p): n
        for p in TEMPLATES
        if p.parent.name not in {"macros", "layouts"}
        and (n := len(p.read_text("utf-8").splitlines())) > 120
    }
    assert long == {}


@pytest.mark.sqlite_only
def test_the_readme_names_every_command(app: Flask) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    groups = {name: command for name, command in app.cli.commands.items() if name not in {"db"}}
    told = []
    for name, command in groups.items():
        inner = getattr(command, "commands", None)
        told += [f"flask {name} {sub}" for sub in inner] if inner else [f"flask {name}"]
    assert [command for command in told if command not in text] == []


def test_a_worker_starts_without_what_only_some_ever_need() -> None:
    heavy = ("pyhanko", "aiohttp", "openpyxl", "zxcvbn", "pkcs11")
    told = subprocess.run(
        [
            sys.executable, "-c",
            f"import sys, charter.app; print([each for each in {heavy!r} if each in sys.modules])",
        ],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == "[]"
