"""What holds while an auditor is signed in: nothing of a venue's is written, all they open is told.

A page is read over a connection that the database itself lets write nothing (SQLite `query_only`,
PostgreSQL READ ONLY), and what an auditor sends may write to the auditors' own tables and the trail
alone, whatever a view tries. An auditor's own account and sign-in are theirs, and stand apart.
"""

from flask import Flask, Response, current_app, request
from flask_login import current_user

from charter.auditors.models import OWN_TABLES
from charter.core import trail
from charter.core.access import WRITES, Permission, Role, mark_of
from charter.core.db import commit, db, lock, only_writing, read_only

TRAIL = trail.TrailEntry.__tablename__


def init_app(app: Flask) -> None:
    """Watch every request of an auditor."""
    app.before_request(_begin)
    app.after_request(_tell)
    app.teardown_request(lambda _error: only_writing(None))


def _is_auditor() -> bool:
    return current_user.is_authenticated and Role.AUDITOR in current_user.roles_anywhere


def _is_own(app: Flask) -> bool:
    """Whether this is about the auditor's own account and sign-in."""
    mark = mark_of(app.view_functions.get(request.endpoint or "", _begin))
    own = mark is not None and mark.permission is Permission.ACCOUNT_OWN
    return own or request.blueprint in ("accounts", None)


def _begin() -> None:
    if not _is_auditor() or _is_own(current_app):
        return
    if request.method in WRITES:
        only_writing(OWN_TABLES | {TRAIL})
    else:
        only_writing(frozenset())
        read_only()


def _tell(response: Response) -> Response:
    """Write into a venue's trail that an auditor opened or took something of it."""
    venue_id = (request.view_args or {}).get("venue_id")
    opened = request.method == "GET" and response.status_code == 200
    if not opened or venue_id is None or not _is_auditor():
        return response
    auditor = current_user.id
    db.session.rollback()
    only_writing(frozenset({TRAIL}))
    lock(venue_id)
    ids = {
        name.removesuffix("_id"): value
        for name, value in (request.view_args or {}).items()
        if name != "venue_id" and isinstance(value, int)
    }
    page = request.endpoint or ""
    trail.note("audit-file.opened", "page", None, venue_id=venue_id, by=auditor, page=page, **ids)
    commit()
    return response
