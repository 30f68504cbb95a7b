"""What goes wrong answers with a page in strict headers, whoever is signed in, even without a
database (F087, F144, F145, F149; OWASP ASVS 3.4, 16.5)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask, abort
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from charter.core.access import Role, public
from charter.core.db import db
from tests.builders.accounts import make_member
from tests.page import inspect
from tests.visitor import Visitor

STRICT = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store, private",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
}


@public
def broken() -> str:
    """A view with a fault in it."""
    raise RuntimeError("a fault of ours")


@public
def torn() -> str:
    """A view that fails in the middle of a write, its transaction broken."""
    db.session.execute(db.text("SELECT nothing FROM nowhere"))
    return ""


@public
def refusing() -> str:
    """A view that says that it is closed."""
    abort(503)


@pytest.fixture
def app(own_app: Flask) -> Flask:
    """The application as it answers outside tests, with views that fail."""
    own_app.config["PROPAGATE_EXCEPTIONS"] = False
    for path, view in (("/broken", broken), ("/torn", torn), ("/closed", refusing)):
        own_app.add_url_rule(path, view.__name__, view, methods=["GET", "POST"])
    return own_app


@pytest.fixture
def officer(app: Flask, as_: Callable[[int], Visitor]) -> Visitor:
    """Somebody who is signed in."""
    with app.app_context():
        return as_(make_member(Role.OFFICER).id)


@contextmanager
def database_down(app: Flask) -> Iterator[None]:
    """Every statement and every connection fails."""

    def fail(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("the server closed the connection"))

    with app.app_context():
        engine: Engine = db.engine
    engine.dispose()
    for name in ("do_connect", "before_cursor_execute"):
        event.listen(engine, name, fail)
    try:
        yield
    finally:
        for name in ("do_connect", "before_cursor_execute"):
            event.remove(engine, name, fail)


@pytest.mark.parametrize(
    ("path", "status"), [("/broken", 500), ("/torn", 500), ("/closed", 503), ("/no-such", 404)]
)
def test_a_fault_is_a_page_for_whoever_is_signed_in(
    client: Visitor, officer: Visitor, path: str, status: int
) -> None:
    for visitor in (client, officer):
        for answer in (visitor.answer(path), visitor.sent(path)):
            assert answer.status_code == status
            assert {name: answer.headers[name] for name in STRICT} == STRICT
            assert "a fault of ours" not in answer.text
            assert "nowhere" not in answer.text
            inspect(answer.text, status)


@pytest.mark.parametrize("path", ["/broken", "/home", "/office/venues", "/sign-in", "/no-such"])
def test_without_a_database_there_still_is_a_page(
    app: Flask, client: Visitor, officer: Visitor, path: str
) -> None:
    assert officer.answer("/home").status_code == 303
    with database_down(app):
        for visitor in (client, officer):
            answer = visitor.answer(path)
            assert answer.status_code in (200, 303, 404, 500, 503)
            assert {name: answer.headers[name] for name in STRICT} == STRICT
            assert "OperationalError" not in answer.text
            if answer.status_code != 303:
                inspect(answer.text, answer.status_code)
        sent = officer.sent("/sign-out")
        assert (sent.status_code, sent.headers["Retry-After"]) == (503, "5")
        inspect(sent.text, 503)
    assert officer.answer("/office/venues").status_code == 200


STRANGE = ("TRACE", "TRACK", "CONNECT", "PUT", "DELETE", "PATCH", "PROPFIND", "POST", "OPTIONS")


@pytest.mark.sqlite_only
@pytest.mark.parametrize("method", STRANGE)
@pytest.mark.parametrize("path", ["/", "/no-such", "/static/icon.svg", "/static/none.css"])
def test_no_method_gets_an_answer_without_headers(client: Visitor, path: str, method: str) -> None:
    answer = client.client.open(path, method=method, base_url="https://localhost")
    assert answer.status_code in (200, 403, 404, 405)
    for name in ("X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy"):
        assert answer.headers.get(name), (answer.status_code, name)
    if method in STRANGE[:3]:
        assert answer.status_code in (404, 405)


HIDDEN = [
    "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd",
    "/static/", "/.git/config", "/.env", "/instance/secrets.toml", "/secrets.toml", "/debug",
    "/console", "/metrics", "/static/vendor/govuk/charter.css.map", "/templates/error.html",
    "/robots.txt~", "/static/vendor", "/charter.sqlite", "/evidence", "/evidence/00",
]  # fmt: skip


@pytest.mark.sqlite_only
def test_nothing_of_the_machine_lies_open(client: Visitor) -> None:
    found = {path: client.answer(path).status_code for path in HIDDEN}
    assert {path: status for path, status in found.items() if status not in (404, 405)} == {}


@pytest.mark.sqlite_only
def test_only_what_a_page_loads_is_static(app: Flask, client: Visitor) -> None:
    static = Path(app.root_path) / "static"
    kinds = {path.suffix for path in static.rglob("*") if path.is_file()}
    assert kinds & {".py", ".toml", ".sqlite", ".html", ".map", ".env"} == set()
    page = client.answer("/static/icon.svg")
    assert page.status_code == 200
    page.close()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:443"])
def test_a_strange_host_gets_no_page_and_no_link(client: Visitor, host: str) -> None:
    for path in ("/", "/sign-in", "/forgot-password", "/no-such"):
        answer = client.client.get(path, base_url="https://localhost", headers={"Host": host})
        assert answer.status_code == 400
        assert "evil" not in answer.text + str(answer.headers)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "told",
    [
        {"X-Forwarded-Host": "evil.example"},
        {"Forwarded": "host=evil.example;proto=http"},
        {"X-Original-URL": "/office/"},
        {"X-Rewrite-URL": "/office/"},
        {"X-Host": "evil.example"},
        {"X-HTTP-Method-Override": "DELETE"},
    ],
)
def test_headers_of_proxies_that_are_not_there_change_nothing(
    app: Flask, client: Visitor, told: dict[str, str]
) -> None:
    plain = client.answer("/sign-in", headers=told)
    assert plain.status_code == 200
    assert "evil" not in plain.text
    away = client.answer("/home", headers=told)
    assert away.headers["Location"] == "/sign-in?next=/home"
