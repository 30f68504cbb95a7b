"""Starts the floor and the application under the same gunicorn, and watches who else is working."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from charter.config import ROOT

WORKERS = 2
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: its port, and the process above its workers."""

    port: int
    process: int

    def spent(self) -> float:
        """Milliseconds of processor time that it has used so far; 0 where nobody can tell."""
        return _ticks_of(self.process) * 1000 / _TICKS


@contextlib.contextmanager
def serving(
    app: str, environ: Mapping[str, str], log: Path, extra: tuple[str, ...] = ()
) -> Iterator[Server]:
    """Serve an application on a free loopback port; the server is yielded once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "gunicorn", "--worker-class", "sync", "--workers", str(WORKERS)),
        *("--bind", f"127.0.0.1:{port}", "--no-control-socket", "--log-level", "warning"),
        *extra,
        app,
    ]
    with log.open("ab") as output:
        server = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environ}, stdout=output, stderr=output
        )
    try:
        _wait_for(server, port, log)
        yield Server(port, server.pid)
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(600):
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-3000:]}")


class Machine:
    """How much of the machine's time somebody else took, between two looks. Linux only."""

    def __init__(self) -> None:
        self._before = _busy_and_ours()

    def foreign_share(self) -> float | None:
        """Per cent of all cores' time since the start that was neither idle nor ours."""
        before, after = self._before, _busy_and_ours()
        if before is None or after is None or after[2] == before[2]:
            return None
        busy, ours, whole = (new - old for new, old in zip(after, before, strict=True))
        return max(0.0, 100 * (busy - ours) / whole)


def _busy_and_ours() -> tuple[float, float, float] | None:
    """Ticks the machine was busy, ticks of our own tree of processes, and all its ticks."""
    try:
        head = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    except OSError:
        return None
    ticks = [int(each) for each in head]
    whole, idle = sum(ticks), ticks[3] + ticks[4]
    return whole - idle, _ticks_of(os.getpid()), whole


def _ticks_of(root: int) -> int:
    """Ticks that a process and everything below it have used."""
    parents: dict[int, int] = {}
    spent: dict[int, int] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = place.read_text().rsplit(")", 1)[1].split()
            number = int(place.parent.name)
            parents[number] = int(fields[1])
            spent[number] = sum(int(each) for each in fields[11:15])
    tree = {root}
    while more := {child for child, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return sum(spent.get(each, 0) for each in tree)
