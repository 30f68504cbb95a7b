"""What benches of one capability share: a venue is made, and each act is a process of its own.

So the memory that is told is that of the act alone.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles

from flask import Flask

from bench.pages import Page, Wire
from charter import config, install
from charter.accounts import signin
from charter.accounts.models import User
from charter.app import create_app
from charter.core.db import db

VISITS = 40
CHAMPION = "champion@venue.example"
_MEGABYTE = 1024.0


def run(
    name: str, about: str, sizes: Sequence[int], make: Callable[[Path, int], None],
    acts: Mapping[str, Callable[[Path], None]],
) -> None:  # fmt: skip
    """For each size (the defaults, or those of the command line): make it, then do every act."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=about)
    parser.add_argument("sizes", type=int, nargs="*", default=sizes)
    parser.add_argument("--of", dest="folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--act", choices=tuple(acts), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        acts[options.act](options.folder)
        return
    for size in options.sizes:
        with tempfile.TemporaryDirectory(prefix="charter-bench-") as folder:
            install.write_settings(Path(folder), False)
            make(Path(folder), size)
            for act in acts:
                command = [sys.executable, "-m", name, "--of", folder, "--act", act]
                subprocess.run(command, check=True)


def application(folder: Path) -> Flask:
    """The application of a bench's folder, on SQLite."""
    url = f"sqlite:///{folder / 'bench.sqlite'}"
    return create_app(config.load({"INSTANCE": str(folder), "DEMO": "0", "DATABASE_URL": url}))


def signed_in() -> str:
    """The token of a session of the champion, whose address is `CHAMPION`."""
    champion = db.session.query(User).filter_by(email=CHAMPION).one()
    token: str = signin.begin(champion, device="Firefox on Linux").token
    db.session.commit()
    return token


def visit(app: Flask, pages: Iterable[Page]) -> None:
    """Ask for each page again and again, without a network, and say what that took."""
    wire = Wire(app)
    for page in pages:
        statements, answer = wire.count(app, page)
        if answer.status_code != page.expect:
            raise SystemExit(f"{page.title}: {answer.status_code}\n{answer.text[:3000]}")
        took = []
        for _ in range(VISITS):
            ask = next(page.asks)
            began = time.perf_counter()
            wire.visit(app, ask)
            took.append((time.perf_counter() - began) * 1000)
        print(
            f"        {page.title:<24}{median(took):6.1f} ms, {quantiles(took, n=20)[-1]:6.1f} ms "
            f"at most for 19 of 20; {statements} statements",
            flush=True,
        )


def memory(what: str) -> float:
    """What the system says of this process, in megabytes: `VmRSS` now, `VmHWM` at most."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / _MEGABYTE
    raise RuntimeError(f"this machine does not tell {what}")
