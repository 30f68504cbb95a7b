"""What every answer carries, and what a request may not do (F087, F089, F144, F145, F148)."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, abort, redirect, request, session
from flask.logging import default_handler
from flask.testing import FlaskClient

from charter.core import headers
from tests.builders.settings import make_bare_app, make_settings

FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store, private",
    "Vary": "Cookie",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
}


def make_app(folder: Path, **settings: Any) -> Flask:
    app = make_bare_app(make_settings(folder, **settings))
    headers.init_app(app)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    for path, view in (
        ("/page", page),
        ("/away", away),
        ("/broken", broken),
        ("/forbidden", forbidden),
        ("/strict", strict),
        ("/public/<state>", public),
        ("/where", where),
    ):
        app.add_url_rule(path, view_func=view)
    app.add_url_rule("/form", view_func=form, methods=["POST"])
    return app


def page() -> Response:
    return Response("page", headers={"Server": "noise", "Cache-Control": "public", "ETag": "x"})


def away() -> Any:
    return redirect("/page", 303)


def broken() -> str:
    raise RuntimeError("first line\nsecond line \x1b[31m")


def forbidden() -> str:
    abort(403)


def strict() -> Response:
    return Response("x", headers={"Content-Security-Policy": "sandbox", "Vary": "Accept"})


@headers.cacheable(60)
def public(state: str) -> str:
    if state == "session":
        session["seen"] = True
    if state == "gone":
        abort(404)
    return "public"


def form() -> dict[str, Any]:
    return {"fields": len(request.form), "files": len(request.files)}


def where() -> dict[str, Any]:
    return {"from": request.remote_addr, "scheme": request.scheme, "host": request.host}


@pytest.fixture
def visitor(tmp_path: Path) -> FlaskClient:
    return make_app(tmp_path).test_client()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/page", 200),
        ("HEAD", "/page", 200),
        ("OPTIONS", "/page", 200),
        ("POST", "/page", 405),
        ("GET", "/away", 303),
        ("GET", "/broken", 500),
        ("GET", "/forbidden", 403),
        ("GET", "/nowhere", 404),
        ("GET", "/static/none.css", 404),
        ("GET", "/strict", 200),
        ("TRACE", "/page", 405),
        ("TRACE", "/nowhere", 405),
        ("CONNECT", "/page", 405),
    ],
)
def test_every_answer_carries_them(
    visitor: FlaskClient, method: str, path: str, status: int
) -> None:
    answer = visitor.open(path, method=method)
    assert answer.status_code == status
    wanted = FIXED if path != "/strict" else {**FIXED, "Vary": "Accept, Cookie"}
    assert {name: answer.headers.get(name) for name in wanted} == wanted
    assert {"Server", "ETag", "X-Powered-By"} & set(answer.headers.keys()) == set()
    assert "camera=()" in answer.headers["Permissions-Policy"]
    for name in FIXED:
        assert len(answer.headers.getlist(name)) == 1


def test_the_content_policy_lets_nothing_in_from_outside(visitor: FlaskClient) -> None:
    policy = visitor.get("/page").headers["Content-Security-Policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "manifest-src": "'self'",
    }
    assert visitor.get("/strict").headers["Content-Security-Policy"] == "sandbox"


def test_only_a_marked_view_may_be_kept_and_only_when_it_is_the_same_for_all(
    visitor: FlaskClient,
) -> None:
    kept = visitor.get("/public/ok").headers
    assert (kept["Cache-Control"], kept.get("Vary")) == ("public, max-age=60", None)
    for state in ("session", "gone"):
        answer = visitor.get(f"/public/{state}")
        assert answer.headers["Cache-Control"] == "no-store, private"
        assert "Cookie" in answer.headers["Vary"]
    assert visitor.post("/public/ok").headers["Cache-Control"] == "no-store, private"


def test_a_static_file_gets_the_fixed_headers_from_its_own_server() -> None:
    put = {"Cache-Control": "public, max-age=31536000, immutable"}
    headers.on_static(put, "/x/charter.css", "/static/charter.css")
    assert put["X-Content-Type-Options"] == "nosniff"
    assert put["Content-Security-Policy"].startswith("default-src 'none'")
    assert put["Cache-Control"] == "public, max-age=31536000, immutable"


def test_without_tls_there_is_no_hsts(tmp_path: Path) -> None:
    visitor = make_app(tmp_path, public_url="http://127.0.0.1:5000").test_client()
    assert "Strict-Transport-Security" not in visitor.get("/page").headers


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("charter.example", 200),
        ("charter.example:443", 200),
        ("localhost", 200),
        ("evil.example", 400),
        ("charter.example.evil.example", 400),
        ("", 400),
    ],
)
def test_only_our_own_hosts_are_answered(visitor: FlaskClient, host: str, status: int) -> None:
    answer = visitor.get("/page", headers={"Host": host})
    assert answer.status_code == status
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_a_proxy_is_believed_only_when_there_is_one(tmp_path: Path) -> None:
    told = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
    }
    alone = make_app(tmp_path).test_client().get("/where", headers=told).json
    assert alone == {"from": "127.0.0.1", "scheme": "http", "host": "localhost"}
    behind = make_app(tmp_path, proxies=1).test_client().get("/where", headers=told).json
    assert behind == {"from": "203.0.113.9", "scheme": "https", "host": "localhost"}


def test_requests_have_a_measure(tmp_path: Path) -> None:
    visitor = make_app(tmp_path, upload_bytes=1024 * 1024).test_client()
    multipart = "multipart/form-data; boundary=x"

    def claims(size: int) -> int:
        how = {"CONTENT_LENGTH": str(size), "CONTENT_TYPE": multipart}
        return visitor.post("/form", environ_overrides=how).status_code

    most = 1024 * 1024 + headers.AROUND_AN_UPLOAD
    # What is claimed does not come, which is another fault (400), met later.
    assert [claims(most), claims(most + 1)] == [400, 413]
    many = {f"field{n}": "x" for n in range(201)}
    assert visitor.post("/form", data=many, content_type=multipart).status_code == 413
    del many["field0"]
    assert visitor.post("/form", data=many, content_type=multipart).json == {
        "fields": 200,
        "files": 0,
    }
    for length, status in ((headers.FORM_BYTES - 5, 200), (headers.FORM_BYTES - 4, 413)):
        assert visitor.post("/form", data={"text": "x" * length}).status_code == status
    text = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n" + b"x" * 500_001 + b"\r\n--x--"
    assert visitor.post("/form", data=text, content_type=multipart).status_code == 413


# Log lines.


@pytest.fixture
def lines() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger whose handler keeps to one line, and what it wrote."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    headers.keep_to_one_line(handler, handler)
    assert len(handler.filters) == 1
    logger = logging.getLogger("tests.one-line")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield logger, out
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("ann\r\nroot signed in", r"ann\r\nroot signed in"),
        ("red \x1b[31mann\x07", r"red \x1b[31mann\x07"),
        ('"}\n{"level":"ok', r'"}\n{"level":"ok'),
        ("a\u2028b\u202ec\x85d", r"a\u2028b\u202ec\x85d"),
        ("\ud800", r"\ud800"),
        ("GET /find?name=ann+smith HTTP/1.1", "GET /find HTTP/1.1"),
        ('"GET /a/b?x=1&y=2" 200', '"GET /a/b" 200'),
        ("on /invitation/abcdefghijklmnopqrstuvwxyz_-012 [POST]", "on /invitation/- [POST]"),
        ("100 % of café", "100 % of café"),
    ],
)
def test_one_event_is_one_line(
    lines: tuple[logging.Logger, io.StringIO], said: str, written: str
) -> None:
    logger, out = lines
    logger.info("user %s", said)
    assert out.getvalue() == f"user {written}\n"


def test_a_traceback_is_one_line_too(lines: tuple[logging.Logger, io.StringIO]) -> None:
    logger, out = lines
    try:
        raise ValueError("evil\nINFO all is well")
    except ValueError:
        logger.exception("failed", stack_info=True)
    assert out.getvalue().count("\n") == 1
    assert r"ValueError: evil\nINFO all is well" in out.getvalue()
    assert "test_headers.py" in out.getvalue()


def test_a_fault_in_a_view_is_logged_on_one_line_without_what_was_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    app = make_app(tmp_path)
    monkeypatch.setattr(app.logger, "handlers", [default_handler])
    monkeypatch.setattr(app.logger, "propagate", False)
    visitor = app.test_client()
    errors = {"wsgi.errors": out}
    visitor.get("/broken?name=ann", environ_overrides=errors, data={"text": "narrative"})
    written = out.getvalue()
    assert written.count("\n") == 1
    assert "RuntimeError: first line" in written
    assert "ann" not in written
    assert "narrative" not in written
