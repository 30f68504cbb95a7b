"""What is installed is locked: by version and hash, from no named registry, as setup.cfg asks."""

import configparser
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def locked(lock: Path) -> dict[str, tuple[str, int]]:
    """Each locked package's version and number of hashes, by its name."""
    entries = re.split(r"\n(?=[a-z0-9])", lock.read_text())
    found = {}
    for entry in entries:
        name, version = re.match(r"([\w.-]+)(?:\[[\w,]+\])?==([^\s;]+)", entry).groups()
        found[canonicalize_name(name)] = (version, entry.count("--hash=sha256:"))
    return found


def wanted(*extras: str) -> list[Requirement]:
    """What setup.cfg asks for by name."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    texts = [setup["options"]["install_requires"]]
    texts += [setup["options.extras_require"][extra] for extra in extras]
    lines = "\n".join(texts).splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_has_hashes_and_no_address(lock: Path):
    assert "://" not in lock.read_text()
    assert [name for name, (_, hashes) in locked(lock).items() if not hashes] == []


@pytest.mark.parametrize(("lock", "extras"), [("run", ["postgres"]), ("dev", ["postgres", "dev"])])
def test_a_lock_holds_what_setup_cfg_asks_for(lock: str, extras: list[str]):
    versions = locked(ROOT / "requirements" / f"{lock}.txt")
    unmet = [
        str(requirement)
        for requirement in wanted(*extras)
        if versions.get(canonicalize_name(requirement.name), ("0", 0))[0]
        not in requirement.specifier
    ]
    assert unmet == []


def test_tests_run_on_the_very_versions_that_the_product_runs_on():
    run, dev = (locked(ROOT / "requirements" / f"{name}.txt") for name in ("run", "dev"))
    assert run.items() <= dev.items()


def test_every_direct_dependency_says_why_it_is_there():
    in_setup = (ROOT / "setup.cfg").read_text()
    blocks = re.findall(r"(?:install_requires|postgres|dev) =\n((?:    .*\n)+)", in_setup)
    assert len(blocks) == 3
    assert [block.splitlines()[0] for block in blocks if not block.startswith("    #")] == []


def test_the_builder_is_the_locked_one():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert build == [f"setuptools=={locked(ROOT / 'requirements' / 'run.txt')['setuptools'][0]}"]


def test_an_unattended_check_runs_the_same_command_as_a_person():
    commands = (ROOT / ".ci" / "run").read_text().splitlines()
    assert commands[0] == "#!/usr/bin/env bash"
    assert commands[-1] == "make test"
