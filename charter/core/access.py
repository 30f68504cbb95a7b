"""Who may do what: permissions, roles, one table of grants, and the one gate before every view.

A view carries a mark: `@requires(Permission.X)` or `@public`. The mark does not wrap the view, so
the order of decorators cannot matter, and the gate refuses a view without one. A permission that
is about a venue needs `venue_id` in the URL; without it the gate and `can` say no.

Answers: signed out on a page that needs a person, the sign-in page. Everything else that is not
yours or not your job is a 404 with the body of an unknown id, so that existence is not told. 403
is kept for a missing form token (CSRF).

A writing request takes its lock before anything is read, the signed-in person included. A view
whose preparation is slow (a password hash, a picture) is marked `late=True`: it calls
`access.enter()` itself, which takes the lock and then judges the person again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol, TypeVar, cast, overload

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.core.db import CITY, db, lock

View = TypeVar("View", bound=Callable[..., Any])
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Role(StrEnum):
    """What a person is, at one venue, for one operator, or for the city."""

    STAFF = "staff"
    CHAMPION = "champion"
    MANAGER = "manager"
    AREA_MANAGER = "area-manager"
    OFFICER = "officer"
    OFFICE_ADMIN = "office-admin"
    AUDITOR = "auditor"
    SYSTEM_ADMIN = "system-admin"

    @property
    def label(self) -> str:
        """The role in a person's words."""
        return _LABELS[self]


_LABELS = {
    Role.STAFF: "venue staff",
    Role.CHAMPION: "champion",
    Role.MANAGER: "venue manager",
    Role.AREA_MANAGER: "area manager",
    Role.OFFICER: "night officer",
    Role.OFFICE_ADMIN: "office administrator",
    Role.AUDITOR: "auditor",
    Role.SYSTEM_ADMIN: "system administrator",
}
AT_A_VENUE = frozenset({Role.STAFF, Role.CHAMPION, Role.MANAGER})
FOR_THE_CITY = frozenset({Role.OFFICER, Role.OFFICE_ADMIN, Role.SYSTEM_ADMIN})
SECOND_FACTOR = FOR_THE_CITY | {Role.AUDITOR}


class Permission(StrEnum):
    """`thing:verb`. Those in `ANYWHERE` need no venue; every other one does."""

    ACCOUNT_OWN = "account:own"
    VENUE_HOME = "venue:home"
    VENUE_READ = "venue:read"
    VENUE_UPDATE = "venue:update"
    VENUE_HAND_OVER = "venue:hand-over"
    EVIDENCE_READ = "evidence:read"
    EVIDENCE_WRITE = "evidence:write"
    EVIDENCE_REVIEW = "evidence:review"
    EVIDENCE_SEEN = "evidence:seen"
    THREAD_ASK = "thread:ask"
    THREAD_ANSWER = "thread:answer"
    CHARTER_SIGN = "charter:sign"
    STAFF_INVITE = "staff:invite"
    TEAM_READ = "team:read"
    TEAM_MANAGE = "team:manage"
    TRAIL_READ = "trail:read"
    CERTIFICATE_READ = "certificate:read"
    CERTIFICATE_PROPOSE = "certificate:propose"
    CERTIFICATE_ISSUE = "certificate:issue"
    CERTIFICATE_WITHDRAW = "certificate:withdraw"
    CERTIFICATE_SAY = "certificate:say"
    VENUE_OVERSEE = "venue:oversee"
    OFFICE_READ = "office:read"
    SIGNUP_DECIDE = "signup:decide"
    REVIEW_QUEUE = "review:queue"
    PEOPLE_MANAGE = "people:manage"
    THRESHOLD_SET = "threshold:set"
    SYSTEM_STATUS = "system:status"
    AUDIT_HOME = "audit:home"
    AUDIT_WORK = "audit:work"
    AUDIT_ANSWER = "audit:answer"
    AUDIT_READ = "audit:read"
    AUDIT_FILE = "audit:file"
    EVIDENCE_REPORT = "evidence:report"
    STAFF_READ = "staff:read"
    STAFF_WRITE = "staff:write"
    STAFF_SAMPLE = "staff:sample"
    COVERAGE_READ = "coverage:read"
    BRIEFING_WRITE = "briefing:write"
    CHECK_WRITE = "check:write"
    CHECK_OFFICE = "check:office"
    HANDOVER_READ = "handover:read"
    SESSIONS_READ = "sessions:read"
    SESSIONS_RUN = "sessions:run"
    TRAINING_MAP = "training:map"
    NETWORK_READ = "network:read"
    NETWORK_POST = "network:post"
    NETWORK_MODERATE = "network:moderate"
    INCIDENTS_WRITE = "incidents:write"
    INCIDENTS_READ = "incidents:read"
    INCIDENTS_NAMES = "incidents:names"
    INCIDENTS_MANAGE = "incidents:manage"
    INCIDENTS_SHARE = "incidents:share"
    BOOK_PRINT = "book:print"
    BOOK_TERMS = "book:terms"
    BOOKS_OVERSEE = "books:oversee"
    BOOKS_SHARED = "books:shared"
    BOOKS_RESTRICTED = "books:restricted"
    DEVICES_MANAGE = "devices:manage"
    DOORS_WRITE = "doors:write"
    ROOMS_READ = "rooms:read"
    ROOMS_WRITE = "rooms:write"
    AUDITS_READ = "audits:read"
    AUDITS_WALK = "audits:walk"
    AUDITS_WRITE = "audits:write"
    AUDITS_CHECK = "audits:check"
    NIGHT_WALKS = "night-walks:run"


P = Permission
EVERYONE = frozenset({P.ACCOUNT_OWN})
ANYWHERE = EVERYONE | {
    P.OFFICE_READ,
    P.SIGNUP_DECIDE,
    P.REVIEW_QUEUE,
    P.PEOPLE_MANAGE,
    P.THRESHOLD_SET,
    P.SYSTEM_STATUS,
    P.AUDIT_HOME,
    P.SESSIONS_RUN,
    P.TRAINING_MAP,
    P.NETWORK_READ,
    P.NETWORK_POST,
    P.NETWORK_MODERATE,
    P.BOOKS_OVERSEE,
    P.BOOKS_RESTRICTED,
    P.NIGHT_WALKS,
}
_STAFF = {
    P.VENUE_HOME,
    P.VENUE_READ,
    P.INCIDENTS_WRITE,
    P.ROOMS_READ,
    P.AUDITS_READ,
    P.AUDITS_WALK,
}
_CHAMPION = _STAFF | {
    P.VENUE_UPDATE,
    P.EVIDENCE_READ,
    P.EVIDENCE_WRITE,
    P.THREAD_ASK,
    P.STAFF_INVITE,
    P.TEAM_READ,
    P.TRAIL_READ,
    P.CERTIFICATE_READ,
    P.CERTIFICATE_SAY,
    P.AUDIT_ANSWER,
    P.AUDIT_READ,
    P.AUDIT_FILE,
    P.EVIDENCE_REPORT,
    P.STAFF_READ,
    P.STAFF_WRITE,
    P.COVERAGE_READ,
    P.BRIEFING_WRITE,
    P.CHECK_WRITE,
    P.HANDOVER_READ,
    P.SESSIONS_READ,
    P.NETWORK_READ,
    P.NETWORK_POST,
    P.INCIDENTS_READ,
    P.INCIDENTS_NAMES,
    P.INCIDENTS_MANAGE,
    P.INCIDENTS_SHARE,
    P.BOOK_PRINT,
    P.BOOK_TERMS,
    P.DEVICES_MANAGE,
    P.DOORS_WRITE,
    P.ROOMS_WRITE,
    P.AUDITS_WRITE,
}
_MANAGER = _CHAMPION | {P.VENUE_HAND_OVER, P.CHARTER_SIGN, P.TEAM_MANAGE}
_OFFICER = {
    P.OFFICE_READ,
    P.SIGNUP_DECIDE,
    P.REVIEW_QUEUE,
    P.VENUE_READ,
    P.VENUE_UPDATE,
    P.VENUE_HAND_OVER,
    P.VENUE_OVERSEE,
    P.EVIDENCE_READ,
    P.EVIDENCE_REVIEW,
    P.EVIDENCE_SEEN,
    P.THREAD_ANSWER,
    P.TEAM_READ,
    P.TRAIL_READ,
    P.CERTIFICATE_READ,
    P.CERTIFICATE_PROPOSE,
    P.AUDIT_READ,
    P.AUDIT_FILE,
    P.EVIDENCE_REPORT,
    P.STAFF_SAMPLE,
    P.COVERAGE_READ,
    P.CHECK_OFFICE,
    P.SESSIONS_RUN,
    P.TRAINING_MAP,
    P.NETWORK_READ,
    P.NETWORK_POST,
    P.NETWORK_MODERATE,
    P.BOOKS_OVERSEE,
    P.BOOKS_SHARED,
    P.BOOKS_RESTRICTED,
    P.AUDITS_READ,
    P.AUDITS_CHECK,
    P.NIGHT_WALKS,
}
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.STAFF: frozenset(_STAFF),
    Role.CHAMPION: frozenset(_CHAMPION),
    Role.MANAGER: frozenset(_MANAGER),
    Role.AREA_MANAGER: frozenset(_MANAGER),
    Role.OFFICER: frozenset(_OFFICER),
    Role.OFFICE_ADMIN: frozenset(
        _OFFICER
        | {
            P.CERTIFICATE_ISSUE,
            P.CERTIFICATE_WITHDRAW,
            P.PEOPLE_MANAGE,
            P.THRESHOLD_SET,
            P.TEAM_MANAGE,
        }
    ),
    Role.AUDITOR: frozenset(
        {P.AUDIT_HOME, P.AUDIT_WORK, P.VENUE_READ, P.EVIDENCE_READ, P.CERTIFICATE_READ}
        | {P.TRAIL_READ, P.VENUE_OVERSEE, P.STAFF_READ, P.COVERAGE_READ, P.AUDITS_READ}
        | {P.AUDIT_FILE, P.EVIDENCE_REPORT}
    ),
    Role.SYSTEM_ADMIN: frozenset({P.SYSTEM_STATUS}),
}


class Person(Protocol):
    """What the gate needs to know of whoever is signed in."""

    id: int
    is_authenticated: bool

    @property
    def roles_anywhere(self) -> frozenset[Role]:
        """Every role the person holds today, wherever it is."""

    @property
    def lacks_second_factor(self) -> bool:
        """Whether a role demands a second factor that is not set up yet."""


RolesAt = Callable[[Person, int], Iterable[Role]]


@dataclass(frozen=True, slots=True)
class Mark:
    """What a view asks: a permission (None: public), and how its writing request locks."""

    permission: Permission | None
    city: bool = False
    late: bool = False
    unlocked: bool = False
    enrolling: bool = False


def requires(
    permission: Permission, *, city: bool = False, late: bool = False, enrolling: bool = False
) -> Callable[[View], View]:
    """Mark a view: only for people with this permission (at the URL's venue, if it is a venue's).

    `city`: its writes also append to the city's chain. `late`: it calls `enter()` itself.
    `enrolling`: open to a person who still has to set up a second factor.
    """
    return _marker(Mark(permission, city=city, late=late, enrolling=enrolling))


@overload
def public(view: View) -> View: ...
@overload
def public(*, late: bool = False, unlocked: bool = False) -> Callable[[View], View]: ...
def public(view: View | None = None, *, late: bool = False, unlocked: bool = False) -> Any:
    """Mark a view: for anyone. Its writes take the city's lock, unless it writes nothing."""
    marker = _marker(Mark(None, city=True, late=late, unlocked=unlocked))
    return marker(view) if view is not None else marker


def _marker(mark: Mark) -> Callable[[View], View]:
    def put(view: View) -> View:
        cast(Any, view).access_mark = mark
        return view

    return put


def mark_of(view: Callable[..., Any]) -> Mark | None:
    """The mark a view carries, or None."""
    return getattr(view, "access_mark", None)


def init_app(app: Flask, *, roles_at: RolesAt, sign_in: str, enrol: str) -> None:
    """Put the gate before every request. `sign_in` and `enrol` are endpoints of pages."""
    app.extensions["charter.access"] = (roles_at, sign_in, enrol)
    app.before_request(gate)
    app.jinja_env.globals["can"] = can


def gate() -> Response | None:
    """Let a request through to its view, or answer for it."""
    if request.endpoint is None:
        return None
    mark = mark_of(current_app.view_functions[request.endpoint])
    if mark is None:
        current_app.logger.error("view without a mark: %s", request.endpoint)
        abort(404)
    if request.method in WRITES and not (mark.late or mark.unlocked):
        lock(*_chains(mark))
    return _judge(mark)


def enter(*, city: bool = False) -> None:
    """Take a late view's lock now and judge the person again; aborts like the gate.

    `city`: this time the change also appends to the city's chain, whatever the mark says.
    """
    mark = cast(Mark, mark_of(current_app.view_functions[cast(str, request.endpoint)]))
    mark = replace(mark, city=mark.city or city)
    db.session.rollback()
    g.pop("_login_user", None)
    g.pop("roles_at", None)
    lock(*_chains(mark))
    answer = _judge(mark)
    if answer is not None:
        abort(answer)


def _chains(mark: Mark) -> list[int]:
    venue_id = (request.view_args or {}).get("venue_id")
    if venue_id is None:
        return [CITY]
    return [CITY, venue_id] if mark.city else [venue_id]


def _judge(mark: Mark) -> Response | None:
    if mark.permission is None:
        return None
    _roles_at, sign_in, enrol = current_app.extensions["charter.access"]
    if not current_user.is_authenticated:
        back = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for(sign_in, next=back), 303)
    if current_user.lacks_second_factor and not mark.enrolling:
        return redirect(url_for(enrol), 303)
    if not can(mark.permission, (request.view_args or {}).get("venue_id")):
        abort(404)
    return None


def can(permission: Permission | str, venue_id: int | None = None) -> bool:
    """Whether the person here may do this (at this venue). Fails closed without a venue."""
    wanted = Permission(permission)
    if not current_user.is_authenticated:
        return False
    if wanted in EVERYONE:
        return True
    roles: frozenset[Role] = current_user.roles_anywhere
    if wanted not in ANYWHERE:
        if venue_id is None:
            return False
        roles = (roles & FOR_THE_CITY) | roles_at(venue_id)
    return any(wanted in GRANTS[role] for role in roles)


def roles_at(venue_id: int) -> frozenset[Role]:
    """The roles of the person here at one venue, asked once a request."""
    known: dict[int, frozenset[Role]] = g.setdefault("roles_at", {})
    if venue_id not in known:
        ask: RolesAt = current_app.extensions["charter.access"][0]
        known[venue_id] = frozenset(ask(cast(Person, current_user), venue_id))
    return known[venue_id]
