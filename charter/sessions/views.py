"""A venue's pages of sessions: find one, book people, run one's own, save what somebody did."""

from collections.abc import Mapping

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.wrappers import Response as FileResponse
from flask_login import current_user
from werkzeug.wrappers import Response

from charter import config
from charter.core import clock
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.sessions import bookings, invites, lists, papers, rules, run_views, service
from charter.sessions.forms import BookForm, PressForm
from charter.sessions.models import Booking, TrainingSession
from charter.sessions.rules import BookingState
from charter.training import courses
from charter.venues import service as venues

bp = Blueprint("sessions", __name__, url_prefix="/venues/<int:venue_id>/sessions")
Answer = str | Response
AT_ONCE = 200  # people of a long list to choose from, on a page


@bp.get("")
@requires(Permission.SESSIONS_READ)
def index(venue_id: int) -> Answer:
    """Sessions to come that this venue can book, those of its own to count, and earlier ones."""
    at = {key: lists.cursor(request.args.get(key)) for key in ("after", "before")}
    return render_template(
        "sessions/index.html",
        venue=venues.venue(venue_id) or abort(404),
        found=lists.of_venue(venue_id, {key: last for key, last in at.items() if last is not None}),
        at=at | {"venue_id": venue_id},
        title_of=courses.title,
    )


@bp.get("/<int:session_id>")
@requires(Permission.SESSIONS_READ)
def session(venue_id: int, session_id: int) -> Answer:
    """One session: what it is, who of this venue is booked, and who could be."""
    return _page(venue_id, session_id, BookForm(formdata=None))


def _page(venue_id: int, session_id: int, form: BookForm) -> str:
    row = service.open_to(venue_id, session_id) or abort(404)
    ours = bookings.of_venue(venue_id, session_id)
    waits = {each.id: at for each, at in rules.places_in_line(service.line(session_id))}
    can_book = not row.is_settled and row.starts_at > clock.now()
    free = bookings.candidates(venue_id, row, [m.id for _, m in ours]) if can_book else []
    pages = max(1, -(-len(free) // AT_ONCE))
    page = min(max(1, lists.cursor(request.args.get("page")) or 1), pages)
    free = free[(page - 1) * AT_ONCE : page * AT_ONCE]
    (numbers,) = service.listed([row])
    return run_views.shown(
        "session.html",
        venue_id,
        row,
        numbers=numbers,
        ours=ours,
        standing={booking.id: _stands(booking, waits, row) for booking, _ in ours},
        rows=papers.of_session(venue_id, session_id) if row.counted_at else {},
        form=form.offer(free),
        why={each.member_id: each.why for each in free},
        page_number=page,
        pages=pages,
        can_book=can_book,
        is_own=row.venue_id == venue_id,
        about=_about(row),
    )


def _stands(booking: Booking, waits: Mapping[int, int], row: TrainingSession) -> str:
    """How one booking stands, in words; `waits`: the places in the line."""
    if booking.state == BookingState.WAITING:
        if row.is_settled:
            return "Waited, and found no place"
        return f"Waits: {rules.ordinal(waits[booking.id])} in the line"
    if row.counted_at is not None:
        return "Came" if booking.came else "Did not come"
    return BookingState.BOOKED.label


def _about(row: TrainingSession) -> str:
    course = courses.course(row.course_key)
    return course.about if course else ""


@bp.post("/<int:session_id>/book")
@requires(Permission.STAFF_WRITE, city=True)
def book(venue_id: int, session_id: int) -> Answer:
    """Book people of the staff list."""
    row = service.open_to(venue_id, session_id) or abort(404)
    form = BookForm().offer(bookings.candidates(venue_id, row, []))
    made: list[Booking] = []
    if form.validate_on_submit() and form.takes(
        lambda: made.extend(
            bookings.book(venue_id, session_id, form.people.data or [], by=current_user.id)
        )
    ):
        commit()
        flash(_booked(made))
        return redirect(url_for(".session", venue_id=venue_id, session_id=session_id), 303)
    return _page(venue_id, session_id, form)


def _booked(made: list[Booking]) -> str:
    waiting = len(rules.in_state(made, BookingState.WAITING))
    placed = len(made) - waiting
    said = [f"{placed} {'person is' if placed == 1 else 'people are'} booked."] if placed else []
    if waiting:
        said.append(
            f"{waiting} {'waits' if waiting == 1 else 'wait'} for a place. You get a mail if one "
            "becomes free."
        )
    return " ".join(said)


@bp.post("/<int:session_id>/bookings/<int:booking_id>/cancel")
@requires(Permission.STAFF_WRITE, city=True)
def unbook(venue_id: int, session_id: int, booking_id: int) -> Answer:
    """Take somebody off; their place goes to whoever waits."""
    service.open_to(venue_id, session_id) or abort(404)
    form = PressForm()
    done: list[bookings.TakenOff] = []
    if form.validate_on_submit() and form.takes(
        lambda: done.append(bookings.unbook(venue_id, session_id, booking_id, by=current_user.id))
    ):
        commit()
        flash(_taken_off(done[0]))
    for problem in form.problems():
        flash(problem.words)
    return redirect(url_for(".session", venue_id=venue_id, session_id=session_id), 303)


def _taken_off(done: bookings.TakenOff) -> str:
    if done.moved:
        return "Taken off. Whoever waited longest has the place now."
    if done.had_place:
        return "Taken off. The place is free for somebody else."
    return "Taken off the line."


@bp.get("/<int:session_id>.ics")
@requires(Permission.SESSIONS_READ)
def ics(venue_id: int, session_id: int) -> FileResponse:
    """The session as a file that a phone's calendar opens."""
    row = service.open_to(venue_id, session_id) or abort(404)
    page = url_for(".session", venue_id=venue_id, session_id=session_id)
    host = config.current().public_url
    about = [
        _about(row), f"Run by {row.trainer}, in {row.language}.", row.access_needs, row.link,
        f"{host}{page}",
    ]  # fmt: skip
    invite = invites.Invite(
        key=f"session-{row.id}@{host.partition('://')[2]}",
        title=f"{courses.title(row.course_key)}: training",
        starts_at=row.starts_at,
        minutes=row.minutes,
        place=row.place or row.link,
        about="\n".join(filter(None, about)),
        page=f"{host}{page}",
        maker=config.current().city.service_name,
        made_at=row.made_at,
        cancelled=row.cancelled_at is not None,
    )
    name = f'attachment; filename="session-{row.id}.ics"'
    return FileResponse(
        invites.calendar(invite, clock.now()),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": name},
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.STAFF_WRITE, city=True)
def new(venue_id: int) -> Answer:
    """Add a session that the venue's own trainer runs."""
    return run_views.new(venue_id)


@bp.route("/<int:session_id>/change", methods=["GET", "POST"])
@requires(Permission.STAFF_WRITE, city=True)
def change(venue_id: int, session_id: int) -> Answer:
    """Change the venue's own session."""
    return run_views.change(venue_id, session_id)


@bp.route("/<int:session_id>/cancel", methods=["GET", "POST"])
@requires(Permission.STAFF_WRITE, city=True)
def cancel(venue_id: int, session_id: int) -> Answer:
    """Cancel the venue's own session."""
    return run_views.cancel(venue_id, session_id)


@bp.route("/<int:session_id>/register", methods=["GET", "POST"])
@requires(Permission.STAFF_WRITE, city=True)
def register(venue_id: int, session_id: int) -> Answer:
    """Tick who came to the venue's own session."""
    return run_views.register(venue_id, session_id)


@bp.get("/<int:session_id>/screen")
@requires(Permission.STAFF_WRITE)
def screen(venue_id: int, session_id: int) -> run_views.Screen:
    """The code of the venue's own session, for the room."""
    return run_views.screen(venue_id, session_id)


@bp.route("/<int:session_id>/count", methods=["GET", "POST"])
@requires(Permission.STAFF_WRITE, city=True)
def count(venue_id: int, session_id: int) -> Answer:
    """Confirm how many people came to the venue's own session."""
    return run_views.count(venue_id, session_id)


@bp.get("/papers/<int:record_id>.pdf")
@requires(Permission.STAFF_READ)
def paper(venue_id: int, record_id: int) -> FileResponse:
    """Somebody's certificate of attendance."""
    return certificate(venue_id, record_id)


def certificate(venue_id: int, record_id: int) -> FileResponse:
    """A certificate of attendance as a download; no such page where there is none."""
    content = papers.draw(venue_id, record_id) or abort(404)
    name = f'attachment; filename="attendance-{record_id}.pdf"'
    return FileResponse(content, mimetype="application/pdf", headers={"Content-Disposition": name})
