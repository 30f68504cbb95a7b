"""The office's pages of sessions: plan them, run them, and see which venues did not come."""

from datetime import timedelta

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from charter.core import clock
from charter.core.access import Permission, requires
from charter.sessions import lists, run_views, service
from charter.training import courses

bp = Blueprint("sessions_office", __name__, url_prefix="/office/sessions")
Answer = str | Response
NO_SHOWS_OF = timedelta(days=365)
GOES_ON = ("after", "before", "own_after", "own_before")


@bp.get("")
@requires(Permission.SESSIONS_RUN)
def index() -> Answer:
    """The office's sessions, those of venues' own trainers, and which venues did not come."""
    at = {key: lists.cursor(request.args.get(key)) for key in GOES_ON}
    found = lists.of_office({key: last for key, last in at.items() if last is not None})
    own = {row.session.venue_id or 0 for row in (*found.own_to_come.rows, *found.own_counted.rows)}
    return render_template(
        "sessions_office/index.html",
        found=found,
        at=at,
        no_shows=service.no_shows(clock.today() - NO_SHOWS_OF),
        venues=service.venue_names(own),
        title_of=courses.title,
    )


@bp.get("/<int:session_id>")
@requires(Permission.SESSIONS_RUN)
def session(session_id: int) -> Answer:
    """One session: what it is, and how many of which venue are booked."""
    row = service.session(session_id) or abort(404)
    (numbers,) = service.listed([row])
    booked = numbers.by_venue | numbers.waiting_by_venue
    return render_template(
        "sessions_office/session.html",
        row=row,
        course=courses.title(row.course_key),
        numbers=numbers,
        venues=service.venue_names(booked.keys()),
        runs_it=service.venue_names([row.venue_id or 0]).get(row.venue_id or 0, ""),
        where={"session_id": session_id},
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.SESSIONS_RUN)
def new() -> Answer:
    """Add a session for the city's venues."""
    return run_views.new(None)


@bp.route("/<int:session_id>/change", methods=["GET", "POST"])
@requires(Permission.SESSIONS_RUN)
def change(session_id: int) -> Answer:
    """Change a session of the office."""
    return run_views.change(None, session_id)


@bp.route("/<int:session_id>/cancel", methods=["GET", "POST"])
@requires(Permission.SESSIONS_RUN)
def cancel(session_id: int) -> Answer:
    """Cancel a session of the office."""
    return run_views.cancel(None, session_id)


@bp.route("/<int:session_id>/register", methods=["GET", "POST"])
@requires(Permission.SESSIONS_RUN)
def register(session_id: int) -> Answer:
    """Tick who came: first names and initials, by venue."""
    return run_views.register(None, session_id)


@bp.get("/<int:session_id>/screen")
@requires(Permission.SESSIONS_RUN)
def screen(session_id: int) -> run_views.Screen:
    """The code for the room."""
    return run_views.screen(None, session_id)


@bp.route("/<int:session_id>/count", methods=["GET", "POST"])
@requires(Permission.SESSIONS_RUN)
def count(session_id: int) -> Answer:
    """Confirm how many people are in the room."""
    return run_views.count(None, session_id)
