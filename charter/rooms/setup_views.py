"""Setting the map up: floors and their pictures, where rooms and cameras are, one tap each."""

from collections.abc import Sequence
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from charter.core import access
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.errors import Refused
from charter.core.text import is_number
from charter.rooms import layout, pages, service
from charter.rooms.forms import CORNERS, WIDTHS, CameraForm, PlaceForm, PlanForm
from charter.rooms.layout import Box, Floor
from charter.rooms.service import Picture
from charter.rooms.views import Answer, bp, the_venue

WRITE = Permission.ROOMS_WRITE


@bp.get("/rooms/set-up")
@requires(WRITE)
def setup(venue_id: int) -> Answer:
    """The steps of drawing the map, each with how far it is."""
    venue = service.venue(venue_id)
    return render_template(
        "rooms/setup.html",
        venue=the_venue(venue_id),
        where=venue,
        following=pages.next_to_place(venue, 0),
    )


@bp.route("/rooms/plan", methods=["GET", "POST"])
@requires(WRITE, late=True)
def plan(venue_id: int) -> Answer:
    """Name a floor, and give it a picture."""
    form = PlanForm(number=_given("floor") or 1)
    floors = service.floors(venue_id)
    form.offer(floors)
    if form.validate_on_submit():
        picture = _received(form)
        if not form.errors and not form.form_errors:
            access.enter()
            number, name = int(form.number.data or 0), form.name.data or ""
            if form.takes(
                lambda: service.save_floor(venue_id, number, name, picture, by=current_user.id)
            ):
                commit()
                flash("Saved. Now put your rooms on it.")
                return redirect(url_for(".setup", venue_id=venue_id), 303)
    elif not form.is_submitted():
        form.name.data = next((f.name for f in floors if f.number == form.number.data), "")
    return render_template("rooms/plan.html", venue=the_venue(venue_id), form=form, floors=floors)


def _received(form: PlanForm) -> Picture | None:
    """Take the picture in, if there is one; a refused one is said beside its field."""
    if not form.file.data:
        return None
    try:
        return service.received(form.file.data)
    except Refused as refused:
        form.refuse(refused)
        return None


@bp.post("/rooms/floors/<int:floor>/remove-picture")
@requires(WRITE)
def remove_picture(venue_id: int, floor: int) -> Answer:
    """Take the picture of a floor away."""
    service.remove_picture(venue_id, floor, by=current_user.id)
    commit()
    flash("The picture is taken away. Your rooms stay where they are.")
    return redirect(url_for(".setup", venue_id=venue_id), 303)


@bp.route("/rooms/place/<int:zone_id>", methods=["GET", "POST"])
@requires(WRITE)
def place(venue_id: int, zone_id: int) -> Answer:
    """Put a room on the plan, or move it: choose a size and tap; or tap two corners."""
    venue = service.venue(venue_id)
    room = next((each for each in venue.rooms if each.zone_id == zone_id), None) or abort(404)
    floor = venue.floor(chosen_floor(venue, venue.boxes.get(zone_id, (1,))[0]))
    form = PlaceForm()
    corner = tapped_before() if not form.is_submitted() or form.size.data == CORNERS else None
    if form.validate_on_submit():
        try:
            return _put(venue_id, zone_id, floor, form, corner)
        except Refused as refused:
            form.refuse(refused)
    elif not form.is_submitted() and corner:
        form.size.data = CORNERS
    return render_template(
        "rooms/place.html",
        venue=the_venue(venue_id),
        room=room,
        is_placed=zone_id in venue.boxes,
        corner=corner,
        form=form,
        **board_for(venue_id, venue, floor, marked=[zone_id], spot=corner),
    )


def _put(
    venue_id: int, zone_id: int, floor: Floor, form: PlaceForm, corner: tuple[int, int] | None
) -> Answer:
    """Take a tap: the first of two corners asks for the second; else the room is put there."""
    point = form.point(floor)
    if point is None:
        raise Refused("Tap on the plan, or enter how far across and down it is", "across")
    if form.size.data == CORNERS and corner is None:
        x, y = point
        again = url_for(".place", venue_id=venue_id, zone_id=zone_id, floor=floor.number, x=x, y=y)
        return redirect(again, 303)
    service.place(venue_id, zone_id, floor.number, _box(form, corner, point), by=current_user.id)
    commit()
    following = pages.next_to_place(service.venue(venue_id), zone_id)
    if following is None:
        flash("Saved. Every room is on the plan.")
        return redirect(url_for(".setup", venue_id=venue_id), 303)
    flash("Saved. Here is the next room.")
    onward = url_for(".place", venue_id=venue_id, zone_id=following.zone_id, floor=floor.number)
    return redirect(onward, 303)


def _box(form: PlaceForm, corner: tuple[int, int] | None, point: tuple[int, int]) -> Box:
    if corner is not None:
        return layout.between(*corner, *point)
    return layout.around(*point, str(form.size.data))


@bp.post("/rooms/place/<int:zone_id>/take-off")
@requires(WRITE)
def take_off(venue_id: int, zone_id: int) -> Answer:
    """Take a room off the plan."""
    service.take_off(venue_id, zone_id, by=current_user.id)
    commit()
    flash("Taken off the plan. It stays on your list of places.")
    return redirect(url_for(".setup", venue_id=venue_id), 303)


@bp.route("/rooms/cameras", methods=["GET", "POST"])
@requires(WRITE)
def cameras(venue_id: int) -> Answer:
    """The cameras, and one more."""
    return _camera(venue_id, CameraForm(), None)


@bp.route("/rooms/cameras/<int:camera_id>", methods=["GET", "POST"])
@requires(WRITE)
def camera(venue_id: int, camera_id: int) -> Answer:
    """Move a camera, or call it something else."""
    row = service.camera(venue_id, camera_id) or abort(404)
    return _camera(venue_id, CameraForm(obj=row), camera_id)


def _camera(venue_id: int, form: CameraForm, camera_id: int | None) -> Answer:
    venue = service.venue(venue_id)
    mark = next((each for each in venue.cameras if each.camera_id == camera_id), None)
    floor = venue.floor(chosen_floor(venue, mark.floor if mark else 1))
    if form.validate_on_submit() and form.takes(
        lambda: service.save_camera(
            venue_id,
            form.name.data or "",
            floor.number,
            form.point(floor) or _before(mark, floor),
            by=current_user.id,
            camera_id=camera_id,
        )
    ):
        commit()
        flash("Saved")
        return redirect(url_for(".cameras", venue_id=venue_id, floor=floor.number), 303)
    return render_template(
        f"rooms/{'cameras' if mark is None else 'camera'}.html",
        venue=the_venue(venue_id),
        form=form,
        mark=mark,
        cameras=venue.cameras,
        **board_for(venue_id, venue, floor),
    )


def _before(mark: layout.Mark | None, floor: Floor) -> tuple[int, int] | None:
    """Where a camera hangs that is only renamed."""
    if mark is None or mark.x is None or mark.y is None or mark.floor != floor.number:
        return None
    return mark.x, mark.y


@bp.post("/rooms/cameras/<int:camera_id>/remove")
@requires(WRITE)
def remove_camera(venue_id: int, camera_id: int) -> Answer:
    """Take a camera off the list."""
    service.remove_camera(venue_id, camera_id, by=current_user.id)
    commit()
    flash("Taken off the list")
    return redirect(url_for(".cameras", venue_id=venue_id), 303)


def board_for(
    venue_id: int,
    venue: layout.Venue,
    floor: Floor,
    *,
    marked: Sequence[int] = (),
    spot: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """What the drawing to tap on needs: itself, its widths, and the floors to choose from."""
    numbers = {1, floor.number} | {each.number for each in venue.floors}
    return {
        "board": pages.board(venue_id, venue, floor.number, marked=marked, spot=spot),
        "floors": [venue.floor(number) for number in sorted(numbers)],
        "floor": floor,
        "widths": WIDTHS,
    }


def _given(name: str) -> int | None:
    """A number from the address, or None."""
    typed = request.args.get(name, "")
    return int(typed) if is_number(typed) else None


def chosen_floor(venue: layout.Venue, otherwise: int) -> int:
    """The floor that the address names, if there is one."""
    known = {1, otherwise} | {each.number for each in venue.floors}
    asked = _given("floor")
    return asked if asked in known else otherwise


def tapped_before() -> tuple[int, int] | None:
    """The corner that was tapped first, from the address."""
    x, y = _given("x"), _given("y")
    if x is None or y is None or max(x, y) > layout.FULL:
        return None
    return x, y
