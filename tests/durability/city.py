"""A small city on disk behind a real server that is killed, and what must be true of it after.

The city is the benchmark's: venues whose champions are signed in and whose proofs are accepted, so
that each upload is a renewal that is accepted by rule and another can follow.
"""

import hashlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench import dataset, pages
from bench.client import message
from charter import config, install
from charter.app import create_app
from charter.core import files, trail
from charter.core.db import db
from charter.incidents import chain
from tests.durability.steps import STEPS, WORKERS
from tests.page import inspect

VENUES = 12
UPLOAD = b"%PDF-1.4\n" + b"1" * 30_000 + b"\n%%EOF\n"
_BOUNDARY = "charter-bench-boundary"


@dataclass(slots=True)
class Sent:
    """What the client knows: uploads that were acknowledged, and those it heard nothing about."""

    acknowledged: set[str] = field(default_factory=set)
    unknown: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


class City:
    """The city's folder, its server, and a client."""

    def __init__(self, folder: Path, database_url: str = "") -> None:
        self.folder = folder
        install.write_settings(folder, False)
        settings = folder / "city.toml"
        # None is drawn for review: a proof that waits would refuse the next.
        none = re.sub(r"review_share = [\d.]+", "review_share = 0", settings.read_text())
        settings.write_text(none)
        self.environ = {"INSTANCE": str(folder), "DEMO": "0", "DOOM": str(folder)}
        self.environ["DATABASE_URL"] = database_url or f"sqlite:///{folder / 'charter.sqlite'}"
        self.app = create_app(config.load(self.environ))
        with self.app.app_context():
            install.prepare(False)
            db.session.remove()
        made = dataset.make(self.app, VENUES)
        self.champions = {v: t for v, t in made.champions.items() if v in made.certificates}
        self.today = made.today
        self.wire = pages.Wire(self.app)
        self.first_file = self._ask("SELECT max(id) FROM stored_file")[0][0] + 1
        self.server: subprocess.Popen[bytes] | None = None
        self.port = 0

    def start(self) -> None:
        """Start the server on a free port and wait until a worker answers."""
        for old in self.folder.glob("worker-*"):
            old.unlink()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        with (self.folder / "server.log").open("ab") as log:
            self.server = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", "-c", "python:tests.durability.doomed"),
                    *("--bind", f"127.0.0.1:{self.port}", "tests.durability.doomed:app"),
                ],
                cwd=config.ROOT,
                env={**os.environ, **self.environ},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait()

    def wait(self) -> None:
        """Wait until the server answers again, with every worker that it has."""
        request = message("GET", "/sign-in")
        until = time.monotonic() + 60
        while time.monotonic() < until:
            assert self.server is not None
            assert self.server.poll() is None, (self.folder / "server.log").read_text()[-3000:]
            if self._all_live() and b" 200 " in self._exchange(request)[:20]:
                return
            time.sleep(0.02)
        raise AssertionError("the server is not back within a minute")

    def kill_workers(self) -> None:
        """kill -9 every worker; the server's first process starts new ones."""
        for place in self.folder.glob("worker-*"):
            place.unlink()
            with suppress(ProcessLookupError):
                os.kill(_number(place), signal.SIGKILL)

    def _all_live(self) -> bool:
        """Whether as many workers live as there are to be, of those that said so."""
        return sum(_lives(_number(each)) for each in self.folder.glob("worker-*")) >= WORKERS

    def kill_everything(self) -> None:
        """kill -9 the whole server, with no one left to start it again."""
        if self.server is not None:
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait()
            self.server = None

    def die_at(self, step: str) -> None:
        """Have the next worker that gets there kill itself."""
        assert step in STEPS
        (self.folder / "die-at").write_text(step, "utf-8")

    def upload(self, venue_id: int, once: str) -> str:
        """Hand one proof in; what `sent` says."""
        return self.sent(pages.Ask(
            f"/venues/{venue_id}/requirements/{pages.EVIDENCE}",
            "POST",
            session=self.champions[venue_id],
            fields={
                "happened_on-day": str(self.today.day),
                "happened_on-month": str(self.today.month),
                "happened_on-year": str(self.today.year),
                "once": once,
            },
            upload=UPLOAD + once.encode(),
        ))  # fmt: skip

    def write(self, venue_id: int, once: str) -> str:
        """Save an entry in a book; what `sent` says."""
        fields = {"kinds": "sexual.touching", "when": "now", "acted": "me", "actions": "listened"}
        return self.sent(pages.Ask(
            f"/venues/{venue_id}/book/new",
            "POST",
            session=self.champions[venue_id],
            fields={**fields, "said": f"A hand on her back. {once}", "once": once},
        ))  # fmt: skip

    def to_add(self, venue_id: int, number: int) -> pages.Ask:
        """The form that adds to an entry, as somebody has it open, with words typed in."""
        path = f"/venues/{venue_id}/book/{number}/change"
        session = self.champions[venue_id]
        cookie = self.wire.cookie(pages.Ask(path, session=session))
        _, _, body = self._exchange(message("GET", path, cookie=cookie)).partition(b"\r\n\r\n")
        form = inspect(body.decode(), 200).form()
        typed = form.filled(said="She came back and told us more.")
        fields = {
            name: value[0] if isinstance(value, list) else str(value)
            for name, value in typed.items()
            if name != "csrf_token"
        }
        return pages.Ask(path, "POST", session=session, fields=fields)

    def read(self, venue_id: int, up_to: int) -> str:
        """Tick entries as read; what `sent` says."""
        path = f"/venues/{venue_id}/book/week/read"
        session, fields = self.champions[venue_id], {"up_to": str(up_to)}
        return self.sent(pages.Ask(path, "POST", session=session, fields=fields))

    def sent(self, ask: pages.Ask) -> str:
        """Send a form: "saved", "nothing" (no answer came), or the answer's first line and page."""
        kind = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
        answer = self._exchange(
            message(
                "POST",
                ask.path,
                cookie=self.wire.cookie(ask),
                body=self.wire.body(ask),
                headers=kind,
            )
        )
        first = answer.partition(b"\r\n")[0].decode()
        if not first:
            return "nothing"
        if " 303 " in first:
            return "saved"
        page = answer.partition(b"\r\n\r\n")[2].decode(errors="replace")
        return f"{first}: {inspect(page, 200).text}"

    def keep_doing(
        self, what: Callable[[int, str], str], venue_id: int, sent: Sent, over: threading.Event
    ) -> None:
        """Send one form after the other until that is over or no answer comes."""
        while not over.is_set():
            once = secrets.token_hex(16)
            answer = what(venue_id, once)
            if answer == "saved":
                sent.acknowledged.add(once)
            elif answer == "nothing":
                sent.unknown[once] = venue_id
                return
            else:
                sent.refused.append(answer)

    def _exchange(self, request: bytes) -> bytes:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
                connection.sendall(request)
                parts = []
                while part := connection.recv(65536):
                    parts.append(part)
        except OSError:
            return b""
        return b"".join(parts)

    def _ask(self, query: str, **values: Any) -> list[Any]:
        with self.app.app_context(), db.engine.connect() as connection:
            return list(connection.execute(text(query), values))

    def proofs(self) -> Counter[str]:
        """How many proofs there are of each form that was ever sent."""
        return Counter(
            once for (once,) in self._ask("SELECT once FROM evidence WHERE once IS NOT NULL")
        )

    def lost(self, sent: Sent) -> list[str]:
        """Proofs that were acknowledged and are not there, or there twice; refusals too."""
        there = self.proofs()
        found = [f"lost: {once}" for once in sent.acknowledged - there.keys()]
        found += [f"twice: {once}" for once, count in there.items() if count > 1]
        return found + sent.refused

    def faults(self, sent: Sent) -> list[str]:
        """Everything that is not as it must be, whenever the server died."""
        return self.lost(sent) + self._half_done() + self.unsound()

    def book_faults(self, sent: Sent) -> list[str]:
        """Everything that is not as it must be in the books, whenever the server died."""
        there = Counter(
            once for (once,) in self._ask("SELECT once FROM entry WHERE book = venue_id")
        )
        found = [f"lost: {once}" for once in sent.acknowledged - there.keys()] + sent.refused
        counts = self._ask("SELECT book, count(*), max(number) FROM entry GROUP BY book")
        found += [f"book {b}: {n} entries up to {top}" for b, n, top in counts if n != top]
        with self.app.app_context():
            found += [f"book {each.book}: {each.fault}" for each in chain.verify() if each.fault]
            db.session.remove()
        noted = self._ask(
            "SELECT e.book, e.number, (SELECT count(*) FROM trail_entry t WHERE t.chain = e.book"
            " AND t.verb = 'entry.written' AND t.thing_id = e.number) FROM entry e"
        )
        found += [f"entry {b}/{n} has {c} notes in the trail" for b, n, c in noted if c != 1]
        return found + self.unsound()

    def lines(self, venue_id: int) -> int:
        """How many lines a book has."""
        asked = "SELECT count(*) FROM book_line WHERE book = :book"
        count: int = self._ask(asked, book=venue_id)[0][0]
        return count

    def newest(self, venue_id: int) -> int:
        """The number of the newest entry of a book."""
        asked = "SELECT max(number) FROM entry WHERE book = :book"
        number: int = self._ask(asked, book=venue_id)[0][0]
        return number

    def unsound(self) -> list[str]:
        """What is broken in the database itself, and in the trail."""
        found = []
        if self.environ["DATABASE_URL"].startswith("sqlite"):
            checked = [row[0] for row in self._ask("PRAGMA integrity_check")]
            found += [f"integrity: {each}" for each in checked if each != "ok"]
            found += [f"an orphan row: {row}" for row in self._ask("PRAGMA foreign_key_check")]
        with self.app.app_context():
            checks = list(trail.verify())
            found += [f"trail {each.chain}: {each.fault}" for each in checks if each.fault]
            db.session.remove()
        return found

    def _half_done(self) -> list[str]:
        """Proofs without their file, their entry in the trail, or their place in the standing."""
        rows = self._ask(
            "SELECT e.id, f.name,"
            " (SELECT count(*) FROM trail_entry t WHERE t.verb = 'evidence.shown'"
            "  AND t.thing_id = e.id AND t.chain = e.venue_id)"
            " FROM evidence e LEFT JOIN evidence_file ef ON ef.evidence_id = e.id"
            " LEFT JOIN stored_file f ON f.id = ef.file_id WHERE e.once IS NOT NULL"
        )
        found = []
        for number, name, entries in rows:
            if name is None or entries != 1:
                found.append(f"proof {number} has file {name} and {entries} entries")
        for name, digest in self._ask(
            "SELECT name, sha256 FROM stored_file WHERE id >= :first", first=self.first_file
        ):
            place = self.folder / "evidence" / name[:2] / name
            if not place.exists() or hashlib.sha256(place.read_bytes()).digest() != bytes(digest):
                found.append(f"file {name} is missing or changed")
        return found

    def strays(self) -> int:
        """How many files lie in the store without a row."""
        lying = {each.name for each in (self.folder / "evidence").glob("??/*")}
        return len(lying - {name for (name,) in self._ask("SELECT name FROM stored_file")})

    def sweep(self) -> int:
        """Take strays away, as the nightly work does a day later; how many."""
        with self.app.app_context():
            gone = files.sweep(timedelta(0))
            db.session.remove()
        return gone


def _number(worker: Path) -> int:
    return int(worker.name.partition("-")[2])


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True
