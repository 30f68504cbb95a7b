"""What the pages of a walk do, whoever walks: the venue's own people, or the office on a check.

Two blueprints hang the same pages under their own permission (`views`, `check_views`), so every
address here is relative to the one that was asked.
"""

from dataclasses import dataclass
from typing import IO

from flask import abort, flash, jsonify, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter import config
from charter.accounts import service as accounts
from charter.audits import actions, loading, pages, paper, service, walks
from charter.audits.forms import (
    BeginForm,
    CheckForm,
    DropForm,
    FinishForm,
    LeaveOutForm,
    PaperForm,
    RoomForm,
)
from charter.audits.report import Head, draw
from charter.audits.results import Room
from charter.audits.rules import CHECKS, Kind
from charter.audits.walks import Walk
from charter.core import access, clock, files
from charter.core.db import commit
from charter.core.errors import Refused
from charter.core.files import PICTURES, Received
from charter.core.paper import blank as blank_form
from charter.core.paper.handing import download
from charter.venues import service as venues
from charter.venues.models import Venue

Answer = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Way:
    """Who walks: which kinds of walks are theirs, and what one is called."""

    kinds: tuple[Kind, ...]
    name: str


OWN = Way((Kind.OWN,), "Safety walk")
CHECK = Way(CHECKS, "Check")


def the_venue(venue_id: int) -> Venue:
    """The venue of the address; a 404 without one."""
    return venues.venue(venue_id) or abort(404)


def the_walk(venue_id: int, audit_id: int, way: Way) -> Walk:
    """A walk of the address that is theirs; a 404 for any other."""
    return walks.walk(venue_id, audit_id, way.kinds) or abort(404)


def running(venue_id: int, audit_id: int, way: Way) -> Walk:
    """One that can still be answered. Once it is finished its forms are no pages; whoever sends one
    that was open meanwhile is told, and shown what was found.
    """
    walk = the_walk(venue_id, audit_id, way)
    if walk.is_running:
        return walk
    if request.method != "POST":
        abort(404)
    flash("This walk is finished, so it does not change any more.")
    return abort(redirect(url_for(".show", venue_id=venue_id, audit_id=audit_id), 303))


def asked(venue_id: int) -> tuple[int, int]:
    """How many questions the quick walk and the whole walk have at a venue today."""
    template = loading.current(walks.VENUE)
    quick, whole = (
        sum(len(template.asked([kind], quick=is_quick)) for _, kind, _ in walks.through(venue_id))
        for is_quick in (True, False)
    )
    return quick, whole


def begin(venue_id: int, way: Way) -> Answer:
    """Begin a walk: which one, and how it is right now."""
    venue, on_paper = the_venue(venue_id), request.args.get("paper") == "1"
    form = CheckForm() if way is CHECK else PaperForm() if on_paper else BeginForm()
    form.offer(*asked(venue_id))
    made: list[int] = []
    if form.validate_on_submit() and form.takes(lambda: made.append(_begun(venue_id, form))):
        commit()
        return _to_room(venue_id, made[0], the_walk(venue_id, made[0], way).following())
    return render_template(
        "audits/begin.html",
        venue=venue,
        form=form,
        way=way,
        on_paper=on_paper,
        rooms=[name for _, _, name in walks.through(venue_id)],
    )


def _begun(venue_id: int, form: BeginForm) -> int:
    """The id of the walk that this form begins."""
    return service.begin(
        venue_id,
        form.kind.data if isinstance(form, CheckForm) else Kind.OWN,
        form.conditions,
        is_quick=form.size.data == "quick",
        by=current_user.id,
        once=form.once.data or "",
        on_paper=form.walked_at if isinstance(form, PaperForm) else None,
    ).id


def _to_room(venue_id: int, audit_id: int, room: Room | None) -> Response:
    """On to a place, or to the list of them where there is none."""
    if room is None:
        return redirect(url_for(".show", venue_id=venue_id, audit_id=audit_id), 303)
    where = url_for(".room", venue_id=venue_id, audit_id=audit_id, place=room.place)
    return redirect(where, 303)


def overview(venue_id: int, walk: Walk, way: Way) -> str:
    """How far a walk is, place by place."""
    asked_in_all = sum(len(each.questions) for each in walk.rooms)
    return render_template(
        "audits/walk.html",
        venue=the_venue(venue_id),
        walk=walk,
        way=way,
        asked=asked_in_all,
        missing=sum(map(walk.missing, walk.rooms)),
        following=walk.following(),
    )


def room(venue_id: int, audit_id: int, place: str, way: Way) -> Answer:
    """One place of a walk: its questions, with what was answered so far. A late view.

    A script that sends `X-Keep` with each answer gets back what now stands there, and no page. What
    of it can be kept is; 409 says that something still waits for the person.
    """
    walk = running(venue_id, audit_id, way)
    here = walk.room(place) or abort(404)
    form = RoomForm.of(walk, here)
    keeps = "X-Keep" in request.headers
    is_whole = form.validate_on_submit()
    if is_whole or (keeps and form.is_submitted()):
        photos = {} if keeps else _receive(form)
        apart = None if photos is None else _save(venue_id, audit_id, here, form, photos, way)
        if keeps:
            return _kept(form, is_whole=is_whole and apart == [])
        if apart == []:
            return _onward(venue_id, audit_id, here, way)
    return render_template(
        "audits/room.html",
        venue=the_venue(venue_id),
        walk=walk,
        way=way,
        room=here,
        form=form,
        number=[each.place for each in walk.rooms].index(place) + 1,
        why=walk.left_out.get(place, ""),
        mending=actions.open_at(venue_id, place),
    )


def _kept(form: RoomForm, *, is_whole: bool) -> Response:
    """What now stands at each question, for a script."""
    answer = jsonify({each.name: each.data for each in form if each.name.endswith("-seen")})
    answer.status_code = 200 if is_whole else 409
    return answer


def _save(
    venue_id: int, audit_id: int, here: Room, form: RoomForm, photos: dict[str, Received], way: Way
) -> list[str] | None:
    """Save what was sent, under the lock; the questions that somebody else answered apart, or None
    where all of it was refused.
    """
    access.enter()
    walk, apart = running(venue_id, audit_id, way), list[str]()
    given = form.given(photos)
    if not form.takes(lambda: apart.extend(service.save(walk, here, given, by=current_user.id))):
        return None
    commit()
    form.show_apart(walk, apart)
    return apart


def _receive(form: RoomForm) -> dict[str, Received] | None:
    """Take the photos in; None where one was refused, which is said beside it."""
    received = {}
    for key, upload in form.uploads().items():
        try:
            received[key] = files.receive(upload, allow=PICTURES, field=key)
        except Refused as refused:
            form.refuse_photo(key, refused)
    return None if form.errors else received


def _onward(venue_id: int, audit_id: int, here: Room, way: Way) -> Response:
    following = the_walk(venue_id, audit_id, way).following(here.place)
    if following is None or following.place == here.place:
        flash("Saved. Every question has an answer." if following is None else "Saved")
        return redirect(url_for(".show", venue_id=venue_id, audit_id=audit_id), 303)
    flash(f"Saved: {here.name}")
    return _to_room(venue_id, audit_id, following)


def leave_out(venue_id: int, audit_id: int, place: str, way: Way) -> Answer:
    """Say why nobody can go into a place."""
    walk = running(venue_id, audit_id, way)
    here = walk.room(place) or abort(404)
    form = LeaveOutForm(data={"why": walk.left_out.get(place, "")})
    if form.validate_on_submit() and form.takes(
        lambda: service.leave_out(walk, here, form.why.data or "", by=current_user.id)
    ):
        commit()
        flash(f"Left out: {here.name}")
        return _to_room(venue_id, audit_id, walk.following(place))
    return render_template(
        "audits/leave_out.html", venue=the_venue(venue_id), walk=walk, room=here, form=form, way=way
    )


def take_in(venue_id: int, audit_id: int, place: str, way: Way) -> Answer:
    """Take a place in again that was left out."""
    walk = running(venue_id, audit_id, way)
    here = walk.room(place) or abort(404)
    service.leave_out(walk, here, "", by=current_user.id)
    commit()
    return _to_room(venue_id, audit_id, here)


def finish(venue_id: int, audit_id: int, way: Way) -> Answer:
    """End a walk: who walked, and how it was."""
    walk = running(venue_id, audit_id, way)
    form = FinishForm.of(walk.audit)
    if way is CHECK:
        del form.woman

    def verb() -> None:
        service.finish(
            walk,
            form.conditions,
            form.roles.data or [],
            woman_took_part=way is OWN and bool(form.woman.data),
            note=form.note.data or "",
            by=current_user.id,
        )

    if form.validate_on_submit() and form.takes(verb):
        commit()
        flash("The walk is finished. Here is what you found.")
        return redirect(url_for(".show", venue_id=venue_id, audit_id=audit_id), 303)
    return render_template(
        "audits/finish.html",
        venue=the_venue(venue_id),
        walk=running(venue_id, audit_id, way),
        form=form,
        way=way,
    )


def drop(venue_id: int, audit_id: int, way: Way) -> Answer:
    """Give a walk up."""
    walk, form = running(venue_id, audit_id, way), DropForm()
    if form.validate_on_submit():
        service.drop(walk, by=current_user.id)
        commit()
        flash("The walk is given up.")
        return redirect(url_for(".index", venue_id=venue_id), 303)
    return render_template(
        "audits/drop.html", venue=the_venue(venue_id), walk=walk, form=form, way=way
    )


def report(venue_id: int, walk: Walk) -> Response:
    """What a finished walk found, as a PDF that is written while its photos are read."""
    venue, found = the_venue(venue_id), pages.result(walk)
    ids = {each.owner_id for each in found.actions.values() if each.owner_id}
    people = accounts.people(ids) if ids else {}
    address = _short(url_for("audits.show", venue_id=venue_id, audit_id=walk.audit.id))
    head = Head(venue, config.current().city.colour, address, clock.now())
    owners = {user_id: user.name for user_id, user in people.items()}
    day = clock.local(walk.audit.walked_at).date()
    return download(
        f"safety-walk-{day.isoformat()}.pdf", lambda file: draw(file, head, found, owners)
    )


def blank(venue_id: int, *, is_quick: bool) -> Response:
    """The questions of a walk through a venue's places today, to print."""
    venue, template = the_venue(venue_id), loading.current(walks.VENUE)
    rooms = [
        Room(place, name, questions)
        for place, kind, name in walks.through(venue_id)
        if (questions := template.asked([kind], quick=is_quick))
    ]
    address = _short(url_for("audits.index", venue_id=venue_id))
    title = "Safety walk: the quick walk" if is_quick else "Safety walk: the whole walk"
    how = (
        "One tick for each question. Write what is wrong below it, in a few words, and nobody’s "
        f"name. Then type it in at {address}, under “a walk that you did on paper”."
    )
    colour = config.current().city.colour
    head = blank_form.Head(title, venue.name, how, address, colour, clock.today())

    def write(file: IO[bytes]) -> None:
        file.write(paper.draw(head, rooms))

    return download(f"safety-walk-{'quick' if is_quick else 'whole'}.pdf", write)


def _short(path: str) -> str:
    """A page's address as it stands on paper."""
    return f"{config.current().public_url}{path}".partition("://")[2]
