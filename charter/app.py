"""Composition root: the only module that knows every capability."""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, current_app, g, make_response, render_template, request, url_for
from flask_login import AnonymousUserMixin, LoginManager, current_user
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from jinja2 import StrictUndefined
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from werkzeug.exceptions import HTTPException, SecurityError, ServiceUnavailable
from werkzeug.routing import IntegerConverter, Map, UnicodeConverter
from werkzeug.wrappers import Response
from whitenoise import WhiteNoise

from charter import cli, config
from charter.accounts import service as accounts
from charter.accounts import team as accounts_team
from charter.accounts import views as accounts_views
from charter.auditors import report_views as auditors_reports
from charter.auditors import venue_views as auditors_venue
from charter.auditors import views as auditors_engagements
from charter.auditors import watch as auditors_watch
from charter.auditors import work_views as auditors_work
from charter.audits import action_views as audits_views
from charter.audits import check_views as audits_checks
from charter.briefings import check_views as briefings_checks
from charter.briefings import public as briefings_public
from charter.briefings import views as briefings_views
from charter.certificates import appeal_views as certificates_appeals
from charter.certificates import badge_views as certificates_badge
from charter.certificates import following as certificates_following
from charter.certificates import office_views as certificates_office
from charter.certificates import public as certificates_public
from charter.certificates import sentence as certificates_sentence
from charter.certificates import views as certificates_views
from charter.commitments import counting, standing
from charter.commitments import views as commitments_views
from charter.core import access, db, headers
from charter.core.access import Permission
from charter.core.clock import local
from charter.core.text import in_words
from charter.demo import views as demo_views
from charter.devices import views as devices_views
from charter.handover import views as handover_views
from charter.handover import week as handover_week
from charter.incidents import licence_views as incidents_licence
from charter.incidents import office_views as incidents_office
from charter.incidents import phone_views as incidents_phone
from charter.incidents import views as incidents_views
from charter.network import views as network_views
from charter.nightwalks import fault_views as night_walks_views
from charter.nightwalks import public as night_walks_public
from charter.office import views as office_views
from charter.registers import views as registers_views
from charter.review import views as commitments_review
from charter.rooms import spot_views as rooms_views
from charter.sessions import office as sessions_office
from charter.sessions import own as sessions_own
from charter.sessions import public as sessions_public
from charter.sessions import views as sessions_views
from charter.signup import front as commitments_front
from charter.signup import views as commitments_signup
from charter.staff import own as staff_own
from charter.staff import views as staff_views
from charter.training import office as training_office
from charter.training import outside_views as training_outside
from charter.training import own as training_own
from charter.training import views as training_views
from charter.venues import views as venues_views

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

STATIC = Path(__file__).parent / "static"
BLUEPRINTS = (
    commitments_front.bp,
    commitments_signup.bp,
    accounts_views.bp,
    accounts_team.bp,
    venues_views.bp,
    commitments_views.bp,
    commitments_review.bp,
    certificates_public.bp,
    certificates_views.bp,
    certificates_office.bp,
    certificates_badge.bp,
    certificates_appeals.bp,
    auditors_engagements.bp,
    auditors_work.bp,
    auditors_venue.bp,
    auditors_reports.bp,
    office_views.bp,
    staff_views.bp,
    staff_own.bp,
    training_views.bp,
    training_office.bp,
    training_outside.bp,
    training_own.bp,
    sessions_views.bp,
    sessions_own.bp,
    sessions_office.bp,
    sessions_public.bp,
    briefings_views.bp,
    briefings_public.bp,
    briefings_checks.bp,
    handover_views.bp,
    network_views.bp,
    rooms_views.bp,
    audits_views.bp,
    audits_checks.bp,
    night_walks_views.bp,
    night_walks_public.bp,
    incidents_views.bp,
    registers_views.bp,
    incidents_licence.bp,
    incidents_office.bp,
    incidents_phone.bp,
    devices_views.bp,
)
# Where the way home leads different people.
HOMES = {"office.home", "office.dashboard", "office.status", "commitments.home"}
csrf = CSRFProtect()
migrate = Migrate()


class Word(UnicodeConverter):
    """A key, code or token in an address: plain signs, and few. Anything else is no page of ours.

    No database has to say what it makes of a NUL, nor a trail of a line break.
    """

    def __init__(self, map: Map) -> None:
        super().__init__(map)
        self.regex = "[ -.0-~]{1,200}"


class Files(WhiteNoise):
    """The static files. What does not read is the application's to refuse, with its headers."""

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            found: Iterable[bytes] = super().__call__(environ, start_response)
            return found
        answered: Iterable[bytes] = self.application(environ, start_response)
        return answered


class RowId(IntegerConverter):
    """A row's id in an address: one that no table can hold is an unknown page, not a fault."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=2**31 - 1)


def create_app(settings: config.Settings | None = None) -> Flask:
    """Build the application; raises ConfigFault when it may not start."""
    settings = settings or config.load()
    app = Flask("charter", instance_path=str(settings.folder), static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secrets.session,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SESSION_COOKIE_NAME="__Host-session" if settings.is_https else "session",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        TESTING=settings.testing,
        HOME_ENDPOINT="office.home",
    )
    app.extensions["charter.settings"] = settings
    app.extensions["charter.certificate_sentence"] = certificates_sentence.of_venue
    app.extensions["charter.first_week"] = handover_week.card
    app.url_map.converters.update(int=RowId, default=Word)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    _add_ground_floor(app, settings)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    if settings.demo:
        app.register_blueprint(demo_views.bp)
    for view in certificates_public.WITHOUT_FORM_TOKEN:
        csrf.exempt(view)
    _add_words(app, settings)
    app.register_error_handler(HTTPException, _answer_error)
    app.register_error_handler(OperationalError, _answer_away)
    app.register_error_handler(CSRFError, _answer_stale_form)
    app.register_error_handler(SecurityError, _answer_strange_host)
    cli.init_app(app)
    return app


def _add_ground_floor(app: Flask, settings: config.Settings) -> None:
    headers.init_app(app)
    db.init_app(
        app, count=counting.recount, steps=(standing.restand, certificates_following.follow)
    )
    with app.app_context():
        db.refuse_wrong_installation(db.db.engine, settings.demo)
    migrate.init_app(
        app, db.db, directory=str(Path(__file__).parent / "migrations"), render_as_batch=True
    )
    csrf.init_app(app)
    manager = LoginManager(app)
    manager.session_protection = None
    manager.user_loader(accounts.signed_in)
    access.init_app(
        app,
        roles_at=accounts.roles_at,
        sign_in="accounts.sign_in",
        enrol="accounts.set_up_second_factor",
    )
    auditors_watch.init_app(app)
    app.wsgi_app = Files(  # type: ignore[method-assign]  # how a WSGI layer is put on
        app.wsgi_app,
        root=str(STATIC),
        prefix="static/",
        max_age=31_536_000,
        immutable_file_test=lambda path, url: True,
        add_headers_function=headers.on_static,
    )


@lru_cache(maxsize=256)
def static_url(path: str) -> str:
    """The address of a static file, with its content's hash so that it may be cached for ever."""
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:10]
    return f"/static/{path}?v={digest}"


def short_day(value: date) -> str:
    """A date for a narrow table, never broken over two lines: 20 Nov 2026."""
    return f"{value.day} {value:%b %Y}".replace(" ", "\u00a0")


def _add_words(app: Flask, settings: config.Settings) -> None:
    app.jinja_env.filters["day"] = in_words
    app.jinja_env.filters["short_day"] = short_day
    app.jinja_env.filters["moment"] = lambda at: (
        f"{in_words(local(at).date())} at {local(at):%H:%M}"
    )
    app.jinja_env.globals["static_url"] = static_url
    app.jinja_env.globals.pop("config", None)

    @app.context_processor
    def words() -> dict[str, Any]:
        me = current_user if current_user.is_authenticated else None
        return {
            "city": settings.city,
            "demo": settings.demo,
            **({"demo_href": url_for("demo.inbox")} if settings.demo else {}),
            "me": me,
            "nav": _navigation() if me else [],
            "footer_links": [
                ("Privacy", url_for("front.privacy", audience="everyone")),
                ("Accessibility", url_for("front.accessibility")),
                ("Venues that signed", url_for("verify.register")),
            ],
        }


# Where somebody with a permission can go from anywhere, in this order.
PLACES = (
    (Permission.OFFICE_READ, "Venues", "office.venues"),
    (Permission.OFFICE_READ, "Training", "training_office.index"),
    (Permission.REVIEW_QUEUE, "Reviews", "review.queue"),
    (Permission.BOOKS_RESTRICTED, "Own book", "office_books.index"),
    (Permission.SIGNUP_DECIDE, "Sign-ups", "office.sign_ups"),
    (Permission.NIGHT_WALKS, "Night walks", "night_walks.index"),
    (Permission.AUDIT_HOME, "Audits", "auditors.home"),
    (Permission.NETWORK_READ, "Network", "network.index"),
    (Permission.PEOPLE_MANAGE, "People", "team.office_people"),
)


def _navigation() -> list[tuple[str, str, bool]]:
    """Where a signed-in person can go from anywhere: label, address, whether they are there."""
    links = [("Home", url_for("office.home"))]
    links += [(label, url_for(page)) for needed, label, page in PLACES if access.can(needed)]
    links.append(("Account", url_for("accounts.account")))
    here = links[0][1] if request.endpoint in HOMES else request.path
    return [(label, href, here == href) for label, href in links]


def _answer_error(error: HTTPException) -> Response | tuple[str, int]:
    if error.response is not None:
        return cast(Response, error.response)
    code = error.code or 500
    with suppress(SQLAlchemyError):
        db.db.session.rollback()
    if code >= 500:
        # Who is signed in is in the database, which may be what failed.
        g._login_user = AnonymousUserMixin()
    return render_template("error.html", code=code), code


def _answer_away(error: OperationalError) -> Response:
    """The database is away, or was busy for longer than anybody should wait: try again soon.

    SQLite files a statement that is wrong under the same heading; that is a fault like any other.
    """
    if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_ERROR":
        raise error
    current_app.logger.error("the database does not answer: %s", type(error.orig).__name__)
    answer = make_response(_answer_error(ServiceUnavailable()))
    answer.headers["Retry-After"] = "5"
    return answer


def _answer_strange_host(_error: SecurityError) -> tuple[str, int]:
    """A host that is not ours has no addresses, so no page of ours can be drawn for it."""
    return "This address is not served here.", 400


def _answer_stale_form(error: CSRFError) -> tuple[str, int]:
    return render_template("error.html", code=403), 403
