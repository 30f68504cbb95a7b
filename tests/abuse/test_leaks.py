"""What may never be found where nobody should look: in a log, a database file, an error page.

Each sweep first proves that it can find what was put there on purpose (F045, F115, F115b, F148).
"""

import io
import logging
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.logging import default_handler
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

from charter.accounts import factor, mailboxes
from charter.accounts.models import User
from charter.core import headers, mail
from charter.core.access import Role, public
from charter.core.db import CITY, db
from charter.core.mail import OutboxMail
from tests import matrix
from tests.abuse.world import NOBODY, World, made
from tests.builders.accounts import TOTP_SECRET, locked, make_member, make_user
from tests.visitor import RAW_TOKEN, Visitor

pytestmark = pytest.mark.slow
WORD = "canarybird"


def canary(field: str) -> str:
    """Words that stand for what somebody wrote."""
    return f"{WORD} {field}"


class Sweep:
    """All that was logged, by whichever logger at whichever level."""

    def __init__(self) -> None:
        self.out = io.StringIO()
        self.handler = logging.StreamHandler(self.out)
        headers.keep_to_one_line(self.handler)

    @property
    def written(self) -> str:
        """What came out of it."""
        return self.out.getvalue()


@pytest.fixture
def sweep(monkeypatch: pytest.MonkeyPatch) -> Sweep:
    """Everything is logged at DEBUG while the test runs."""
    found = Sweep()
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [found.handler])
    monkeypatch.setattr(root, "level", logging.DEBUG)
    for name in ("sqlalchemy", "werkzeug", "gunicorn.error", "charter", "flask_wtf", "PIL"):
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
    return found


@public
def broken() -> str:
    """A view with a fault in it, at a moment when it knows much."""
    secret = f"{WORD} narrative of somebody@mail.example"
    assert secret
    raise RuntimeError("a fault of ours")


@public
def doubled() -> str:
    """A view that has the database complain of what somebody typed."""
    for _ in range(2):
        db.session.add(User(email=f"{WORD}@mail.example", name=WORD))
    db.session.flush()
    return ""


@pytest.fixture
def app(own_app: Flask) -> Flask:
    """The application as it answers outside tests, with views that fail."""
    own_app.config["PROPAGATE_EXCEPTIONS"] = False
    own_app.add_url_rule("/broken/<token>", "broken", broken_with_token, methods=["GET", "POST"])
    own_app.add_url_rule("/doubled", "doubled", doubled)
    return own_app


@public
def broken_with_token(token: str) -> str:
    """A fault behind a mailed link."""
    return broken()


def told(sweep: Sweep, *forbidden: str) -> list[str]:
    """Which of these words stand in the log."""
    return [word for word in forbidden if word and word.lower() in sweep.written.lower()]


def test_the_sweep_finds_what_is_there(app: Flask, sweep: Sweep) -> None:
    logging.getLogger("charter.somewhere").debug("%s was here", WORD)
    assert told(sweep, WORD) == [WORD]


def test_no_log_says_who_or_what(app: Flask, sweep: Sweep) -> None:
    """The whole of every route, by everybody, and faults in the middle of it."""
    world = made(app, canary)
    visitors = {NOBODY: Visitor(app)}
    tokens = []
    for name, user_id in world.people.items():
        visitors[name] = Visitor(app)
        with app.app_context():
            row = db.session.get_one(User, user_id)
            tokens.append(row.email)
            token = factor.signin.begin(row, device="Firefox").token
            db.session.commit()
        tokens.append(token)
        with visitors[name].client.session_transaction(base_url="https://localhost") as session:
            session["_user_id"], session["_fresh"] = token, True
    walk(world, visitors)
    mailed = world.links["accounts.reset_password"]
    for name, visitor in visitors.items():
        address = f"/broken/{mailed}?email=who@mail.example&name={WORD}"
        assert visitor.answer(address).status_code == 500, name
        assert visitor.sent(address, {"statement": canary("typed")}).status_code == 500
        assert visitor.answer("/doubled").status_code == 500
    assert "a fault of ours" in sweep.written
    assert "IntegrityError" in sweep.written
    cookies = [
        cookie.value
        for visitor in visitors.values()
        if (cookie := visitor.client.get_cookie("__Host-session")) is not None
    ]
    links = [link for name, link in world.links.items() if name != "withdrawn"]
    assert told(sweep, WORD, "@mail.example", *tokens, *cookies, *links) == []
    assert told(sweep, RAW_TOKEN, "127.0.0.1", "020 7946", "Firefox") == []


def walk(world: World, visitors: dict[str, Visitor]) -> None:
    """Open every page, and send every form with nothing in it but words."""
    for route in matrix.routes():
        if route.endpoint in ("demo.inbox", "accounts.sign_out"):
            continue
        visitor = visitors[world.who_may(route)[0]]
        for url in world.addresses(route):
            if route.method == "GET":
                visitor.answer(url)
            else:
                typed = {name: canary("typed") for name in ("statement", "body", "reason", "name")}
                visitor.sent(url, {**typed, "email": "typed@mail.example"})


def test_a_complaint_of_the_database_names_nobody(app: Flask, sweep: Sweep) -> None:
    with app.app_context():
        make_user(email=f"{WORD}@mail.example")
        try:
            make_user(email=f"{WORD}@mail.example")
        except IntegrityError:
            logging.getLogger("charter").exception("it failed")
        db.session.rollback()
    assert "it failed" in sweep.written
    assert told(sweep, WORD) == []


def test_the_server_s_own_lines_pass_the_same_filter(sweep: Sweep) -> None:
    """Gunicorn names the address of a request, token and all, when something breaks in it."""
    logger = logging.getLogger("gunicorn.error")
    token = "A" * 43
    logger.error("Error handling request %s %s", "GET", f"/reset-password/{token}?x={WORD}")
    logger.warning("Invalid request from ip=%s: %s", "203.0.113.9", "bad\nheader")
    assert "Error handling request" in sweep.written
    assert told(sweep, token, WORD, "203.0.113.9") == []
    assert sweep.written.count("\n") == 2


@pytest.mark.parametrize("typed", ["a\r\n2026 root in", "\x1b[31m", '"}\n{"level":"ok', "\u2028"])
def test_what_is_typed_to_sign_in_is_no_line_of_a_log(
    app: Flask, client: Visitor, sweep: Sweep, typed: str
) -> None:
    client.sent("/sign-in", {"email": typed, "password": typed})
    client.client.get("/" + WORD, base_url="https://localhost", headers={"User-Agent": typed[:1]})
    assert told(sweep, "root in", "[31m", "level") == []


# The database's own files.


@pytest.fixture
def files(app: Flask) -> Callable[[], bytes]:
    """Everything that lies in the folder of the SQLite file: the file, its journal, its index."""
    name = make_url(app.config["SQLALCHEMY_DATABASE_URI"]).database
    assert name is not None

    def read() -> bytes:
        folder = Path(name).parent
        return b"\n".join(path.read_bytes() for path in sorted(folder.iterdir()))

    return read


@pytest.mark.sqlite_only
def test_a_stolen_database_gives_away_no_second_factor_and_no_mail(
    app: Flask, files: Callable[[], bytes]
) -> None:
    with app.app_context():
        user = make_member(Role.OFFICER, email="officer@mail.example", name=WORD, totp=TOTP_SECRET)
        user_id, email = user.id, user.email
        locked(CITY)
        mailboxes.ask_reset(email)
        factor.start(db.session.get_one(User, user_id))
        codes = factor.renew_codes(db.session.get_one(User, user_id))
        pending = db.session.get_one(User, user_id).totp_pending or ""
        db.session.commit()
        row = db.session.scalars(select(OutboxMail)).one()
        assert row.body is not None
        link = re.findall(r"https://\S+", row.body)[0]
        subject, message = row.subject or "", row.body
        kept = row.body_sealed or b""
        db.session.rollback()
    found = files()
    # It can find: a name that is kept as it is, and a sealed body by its own bytes.
    assert WORD.encode() in found
    assert kept in found
    secrets = [TOTP_SECRET, pending, link, link.rpartition("/")[2], subject, *codes]
    secrets += [line for line in message.splitlines() if len(line) > 12]
    assert [each for each in secrets if each.encode() in found] == []
    assert [each for each in secrets if each.encode("utf-16-le") in found] == []


@pytest.mark.sqlite_only
def test_a_mail_that_has_gone_leaves_not_even_its_seal(
    app: Flask, files: Callable[[], bytes]
) -> None:
    with app.app_context():
        user = make_user(email="gone@mail.example")
        locked(CITY)
        mailboxes.ask_reset(user.email)
        db.session.commit()
        row = db.session.scalars(select(OutboxMail)).one()
        sealed = [row.body_sealed or b"", row.subject_sealed or b"", row.recipient_sealed or b""]
        number = row.id
        db.session.rollback()
        assert all(each in files() for each in sealed)
        mail._settle(number, mail.postman.Outcome("sent"))
        db.session.rollback()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
        assert [each for each in sealed if each in files()] == []
        name = make_url(app.config["SQLALCHEMY_DATABASE_URI"]).database or ""
    connection = sqlite3.connect(name)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_logs_go_through_the_filter_where_they_are_written() -> None:
    """What the sweep's own handler does, the handler of the application does too."""
    assert any(isinstance(each, headers.OneLine) for each in default_handler.filters)
    server = logging.getLogger("gunicorn.error")
    assert any(isinstance(each, headers.OneLine) for each in server.filters)
