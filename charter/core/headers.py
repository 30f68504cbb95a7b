"""What every answer carries and every request must keep to: headers, limits, hosts, log lines.

The headers are put on outside Flask, when an answer is ready to leave, so that an error page, a
redirect and a fault in a view carry them too. Nothing but static files and views marked
`cacheable` may be kept by a browser or anything between.

There is no reverse proxy unless PROXIES says how many; only then are its headers believed.
"""

import logging
import re
from collections.abc import Callable, Iterable, MutableMapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import Flask, Response, abort, current_app, request
from flask.logging import default_handler
from werkzeug.datastructures import Headers
from werkzeug.middleware.proxy_fix import ProxyFix

from charter import config

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

View = TypeVar("View", bound=Callable[..., Any])
Fault = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None

FORM_BYTES = 500_000
FORM_PARTS = 200
AROUND_AN_UPLOAD = 1024 * 1024
YEAR = 31_536_000
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; manifest-src 'self'"
)
_CLOSED = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
# A view that hands out a file may be stricter about these, never absent.
_ALWAYS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in _CLOSED),
    "X-Frame-Options": "DENY",
    "X-Permitted-Cross-Domain-Policies": "none",
}
_CACHE = "charter.cacheable"


def init_app(app: Flask) -> None:
    """Put headers, limits, trusted hosts and log lines on an application."""
    settings: config.Settings = app.extensions["charter.settings"]
    app.config.update(
        MAX_CONTENT_LENGTH=settings.upload_bytes + AROUND_AN_UPLOAD,
        MAX_FORM_MEMORY_SIZE=FORM_BYTES,
        MAX_FORM_PARTS=FORM_PARTS,
        TRUSTED_HOSTS=[host for host in settings.trusted_hosts if host],
        # Browsers send no referrer here (see Referrer-Policy), so a form cannot be asked for one;
        # the form token and the cookie's SameSite still hold.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.before_request(_measure)
    app.after_request(_remember_cacheable)
    app.wsgi_app = _Headed(app.wsgi_app, settings.is_https)  # type: ignore[method-assign]  # how a WSGI layer is put on
    if settings.proxies > 0:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # as above
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies
        )
    keep_to_one_line(default_handler, logging.lastResort)
    keep_to_one_line(*logging.getLogger("werkzeug").handlers)
    # The server makes its handler later, so its own records pass through here.
    keep_to_one_line(logging.getLogger("gunicorn.error"))


def cacheable(seconds: int) -> Callable[[View], View]:
    """Mark a view whose successful answer is the same for everybody and may be kept so long."""

    def put(view: View) -> View:
        cast(Any, view).cacheable_seconds = seconds
        return view

    return put


def on_static(headers: MutableMapping[str, str], _path: str, _url: str) -> None:
    """Put the fixed headers on a static file, for servers of files that ask a function to."""
    for name, value in _ALWAYS.items():
        headers[name] = value


def _measure() -> None:
    if request.method in ("TRACE", "TRACK", "CONNECT"):
        abort(405)
    # Only an upload may be long: the other parsers read all at once, with no limit of their own.
    if request.mimetype != "multipart/form-data":
        request.max_content_length = FORM_BYTES


def _remember_cacheable(response: Response) -> Response:
    view = current_app.view_functions.get(request.endpoint or "")
    seconds = getattr(view, "cacheable_seconds", None)
    if seconds is not None and response.status_code in (200, 304):
        request.environ[_CACHE] = seconds
    return response


class _Headed:
    """The outermost layer: completes the headers of whatever comes out of the application."""

    def __init__(self, inner: "WSGIApplication", is_https: bool) -> None:
        self.inner = inner
        self.is_https = is_https

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        def start(
            status: str, raw: list[tuple[str, str]], fault: Fault = None, /
        ) -> Callable[[bytes], object]:
            headers = Headers(raw)
            self._complete(headers, environ.get(_CACHE))
            return start_response(status, headers.to_wsgi_list(), fault)

        environ.pop(_CACHE, None)
        return self.inner(environ, start)

    def _complete(self, headers: Headers, seconds: int | None) -> None:
        for name, value in _ALWAYS.items():
            headers.setdefault(name, value)
        if self.is_https:
            headers["Strict-Transport-Security"] = f"max-age={YEAR}; includeSubDomains"
        for noise in ("Server", "X-Powered-By", "Expires", "Pragma"):
            headers.pop(noise, None)
        if seconds is not None and "Set-Cookie" not in headers:
            headers["Cache-Control"] = f"public, max-age={seconds}"
            return
        headers["Cache-Control"] = "no-store, private"
        headers.pop("ETag", None)
        varies = {part.strip().lower() for part in headers.get("Vary", "").split(",")}
        if "cookie" not in varies:
            headers["Vary"] = ", ".join(filter(None, (headers.get("Vary"), "Cookie")))


_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_QUERY = re.compile(r"(/[^\s?]*)\?[^\s\"']*")
_TOKEN = re.compile(r"(?<=/)[A-Za-z0-9_-]{20,}(?=[/\s\"'?]|$)")
# Whom it is about: an e-mail address, where a request came from, and the row that a database
# quotes when it complains.
_PERSON = re.compile(
    r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+|\bip=\S+|\b\d{1,3}(?:\.\d{1,3}){3}\b|(?<=DETAIL: ).+"
)


class OneLine(logging.Filter):
    """One event, one line: control characters escaped; queries, tokens and people taken out.

    A traceback is folded into its line. Put it on handlers, so that it sees every logger's.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; none is dropped."""
        words = _TOKEN.sub("-", _QUERY.sub(r"\1", record.getMessage()))
        if record.exc_info:
            words = f"{words}\n{logging.Formatter().formatException(record.exc_info)}"
        if record.stack_info:
            words = f"{words}\n{record.stack_info}"
        words = _PERSON.sub("-", words)
        record.msg = _HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), words)
        record.args = ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def keep_to_one_line(*handlers: logging.Filterer | None) -> None:
    """Have these handlers write one line per event; asking twice does no harm."""
    for handler in handlers:
        if handler and not any(isinstance(one, OneLine) for one in handler.filters):
            handler.addFilter(OneLine())
