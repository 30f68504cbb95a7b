"""Which pages are measured, what each one's request looks like, and what it is compared with."""

import itertools
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import event
from werkzeug.test import TestResponse

from bench import floor
from bench.client import Next, message
from bench.dataset import Made
from charter.core.db import db

EVIDENCE = "staff.policy"
_RAW_TOKEN = "b" * 40
_BOUNDARY = "charter-bench-boundary"
_PDF = b"%PDF-1.4\n" + b"0" * 102_000 + b"\n%%EOF\n"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, in parts, so that it can go over the wire or to an application in hand."""

    path: str
    method: str = "GET"
    session: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    upload: bytes = b""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of ours and the page of the floor that it is compared with."""

    name: str
    title: str
    floor: str
    asks: Iterator[Ask]
    expect: int = 200


@dataclass(frozen=True, slots=True)
class FloorPage:
    """A page of the floor."""

    name: str
    request: bytes
    expect: int = 200


def of_floor() -> list[FloorPage]:
    """The floor's pages."""
    body = urlencode({"venue": 1, "body": "x" * 200}).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return [
        FloorPage("login", message("GET", floor.LOGIN)),
        FloorPage("list", message("GET", floor.LIST)),
        FloorPage("detail", message("GET", floor.DETAIL)),
        FloorPage("insert", message("POST", floor.INSERT, body=body, headers=form), 204),
        FloorPage("pdf", message("GET", floor.PDF)),
    ]


def of_ours(made: Made) -> list[Page]:
    """Our pages, each visited in turn by people of several venues."""
    certified = [venue for venue in made.champions if venue in made.certificates]
    # Saving adds proofs, and a page must not be measured at a venue that grows meanwhile.
    visited, busy = certified[: len(certified) // 3], certified[len(certified) // 3 :]
    desk, table, filtered, trained, books, mend = (
        itertools.cycle([Ask(f"/office/{path}", session=made.officer)])
        for path in ("", "venues", "venues?state=certified", "training", "book-keeping", "to-mend")
    )
    team = itertools.cycle(
        [Ask(f"/venues/{v}/training", session=made.champions[v]) for v in visited]
    )
    home = itertools.cycle([Ask(f"/venues/{v}/", session=made.champions[v]) for v in visited])
    verify = itertools.cycle([Ask(f"/verify/{made.certificates[v][1]}") for v in visited])
    papers = itertools.cycle(
        [
            Ask(
                f"/venues/{v}/certificates/{made.certificates[v][0]}.pdf",
                session=made.champions[v],
            )
            for v in visited
        ]
    )
    return [
        Page("login", "sign-in page", "login", itertools.cycle([Ask("/sign-in")])),
        Page("home", "champion's home", "detail", home),
        Page("desk", "office dashboard", "list", desk),
        Page("table", "office table", "list", table),
        Page("filtered", "office table, filtered", "list", filtered),
        Page("trained", "office coverage", "list", trained),
        Page("books", "how books are kept", "list", books),
        Page("mend", "what venues have to mend", "list", mend),
        Page("team", "venue training", "detail", team),
        Page("verify", "verify page", "detail", verify),
        Page("download", "certificate PDF, again", "detail", papers),
        Page("save", "evidence save, 100 KB", "insert", _saves(made, busy), 303),
    ]


def _saves(made: Made, venues: Sequence[int]) -> Iterator[Ask]:
    """Renewals of a policy: dated today, a file each, none of them drawn for review."""
    for venue in itertools.cycle(venues):
        yield Ask(
            f"/venues/{venue}/requirements/{EVIDENCE}",
            "POST",
            session=made.champions[venue],
            fields={
                "happened_on-day": str(made.today.day),
                "happened_on-month": str(made.today.month),
                "happened_on-year": str(made.today.year),
                "once": secrets.token_hex(16),
            },
            upload=_PDF,
        )


class Wire:
    """Turns what is asked into bytes, with the cookie and form token of the application."""

    def __init__(self, app: Flask) -> None:
        self._cookie = app.config["SESSION_COOKIE_NAME"]
        sessions = app.session_interface
        assert isinstance(sessions, SecureCookieSessionInterface)
        sealer = sessions.get_signing_serializer(app)
        assert sealer is not None
        self._sealer = sealer
        signer = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token")
        self._token = str(signer.dumps(_RAW_TOKEN))

    def cookie(self, ask: Ask) -> str:
        """The browser's cookie, empty for somebody who is not signed in."""
        if not ask.session:
            return ""
        kept = {"_user_id": ask.session, "_fresh": True, "csrf_token": _RAW_TOKEN}
        return f"{self._cookie}={self._sealer.dumps(kept)}"

    def body(self, ask: Ask) -> bytes:
        """The form with its token and its file."""
        parts = b""
        for name, value in {**ask.fields, "csrf_token": self._token}.items():
            head = f'Content-Disposition: form-data; name="{name}"'
            parts += f"--{_BOUNDARY}\r\n{head}\r\n\r\n{value}\r\n".encode()
        if ask.upload:
            head = 'Content-Disposition: form-data; name="files"; filename="policy.pdf"'
            kind = "Content-Type: application/pdf"
            parts += f"--{_BOUNDARY}\r\n{head}\r\n{kind}\r\n\r\n".encode() + ask.upload + b"\r\n"
        return parts + f"--{_BOUNDARY}--\r\n".encode()

    def following(self, page: Page) -> Next:
        """What gives the next request for a page; cookies are signed once each, not each time."""
        known: dict[str, str] = {}
        turn = threading.Lock()

        def following() -> bytes:
            with turn:
                ask = next(page.asks)
            cookie = known.get(ask.session)
            if cookie is None:
                cookie = known[ask.session] = self.cookie(ask)
            if ask.method == "GET":
                return message("GET", ask.path, cookie=cookie)
            kind = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
            return message("POST", ask.path, cookie=cookie, body=self.body(ask), headers=kind)

        return following

    def count(self, app: Flask, page: Page) -> tuple[int, TestResponse]:
        """How many statements one visit sends to the database, and what it answered.

        The second of two visits counts: the first fills what a process remembers. What a
        connection remembers is gone by then.
        """
        seen: list[str] = []

        def note(_c: object, _k: object, statement: str, *_more: object) -> None:
            if not statement.lstrip().upper().startswith(("BEGIN", "PRAGMA")):
                seen.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            for _ in range(2):
                engine.dispose()
                seen.clear()
                answer = self.visit(app, next(page.asks))
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen), answer

    def visit(self, app: Flask, ask: Ask) -> TestResponse:
        """Send a request to an application in hand."""
        client = app.test_client(use_cookies=False)
        headers = {"Cookie": self.cookie(ask)} if ask.session else {}
        if ask.method == "GET":
            return client.get(ask.path, headers=headers, base_url="http://127.0.0.1")
        return client.post(
            ask.path,
            data=self.body(ask),
            content_type=f"multipart/form-data; boundary={_BOUNDARY}",
            headers=headers,
            base_url="http://127.0.0.1",
        )
