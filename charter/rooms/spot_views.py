"""The spot of an entry: where on the plan it happened, tapped after it was written."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.errors import Refused
from charter.incidents import amending
from charter.incidents.blueprint import the_entry, the_venue, writer
from charter.incidents.models import Entry
from charter.rooms import layout, service
from charter.rooms.forms import SpotForm
from charter.rooms.layout import Floor, Room
from charter.rooms.setup_views import board_for, chosen_floor, tapped_before
from charter.rooms.views import Answer, bp

__all__ = ["bp"]
BOTH, ONLY = "both", "spot"


@bp.route("/book/<int:number>/spot", methods=["GET", "POST"])
@requires(Permission.INCIDENTS_WRITE)
def spot(venue_id: int, number: int) -> Answer:
    """Tap where it happened; then say whether the room there is meant too."""
    entry, who = the_entry(venue_id, number), writer(venue_id)
    if not amending.may_amend(entry, who):
        return _back(entry, "You can add to an entry for 24 hours. Ask your manager to do it.")
    venue = service.venue(venue_id)
    home = _home(venue, entry)
    floor, point = venue.floor(chosen_floor(venue, home)), tapped_before()
    form = SpotForm()
    room = venue.at(floor.number, *point) if point else None
    ways = _ways(entry, room, is_home=floor.number == home) if point else []
    if form.validate_on_submit():
        try:
            return _sent(entry, form, floor, point, room, ways)
        except Refused as refused:
            form.refuse(refused)
    return render_template(
        "rooms/spot.html",
        venue=the_venue(venue_id),
        entry=entry,
        form=form,
        point=point,
        room=room,
        ways=ways,
        said=next((each for each in venue.rooms if each.zone_id == entry.zone_id), None),
        **board_for(venue_id, venue, floor, spot=point or _known(entry, floor, home)),
    )


def _home(venue: layout.Venue, entry: Entry) -> int:
    """The floor that an entry's spot is on: its room's, else the first."""
    return venue.boxes.get(entry.zone_id or 0, (1,))[0]


def _known(entry: Entry, floor: Floor, home: int) -> tuple[int, int] | None:
    if entry.spot_x is None or entry.spot_y is None or floor.number != home:
        return None
    return entry.spot_x, entry.spot_y


def _ways(entry: Entry, room: Room | None, *, is_home: bool) -> list[str]:
    """What can be saved: the spot with its room, or the spot alone.

    A spot is on the floor of its entry's room. On another floor it needs its room said too.
    """
    ways = [BOTH] if room is not None and entry.zone_id is None else []
    return [*ways, ONLY] if is_home else ways


def _sent(
    entry: Entry,
    form: SpotForm,
    floor: Floor,
    point: tuple[int, int] | None,
    room: Room | None,
    ways: list[str],
) -> Response:
    """A tap is shown once before it is saved, so that a slip costs nothing."""
    way = request.form.get("save", "")
    if point is None or way not in ways:
        new = form.point(floor)
        if new is None:
            raise Refused("Tap on the plan, or enter how far across and down it is", "across")
        venue_id, number = entry.venue_id, entry.number
        x, y = new
        again = url_for(".spot", venue_id=venue_id, number=number, floor=floor.number, x=x, y=y)
        return redirect(again, 303)
    wanted = {"spot_x": point[0], "spot_y": point[1]}
    if way == BOTH and room is not None:
        wanted["zone_id"] = room.zone_id
    venue = the_venue(entry.venue_id)
    is_new = amending.amend(entry, venue, wanted, {}, writer(entry.venue_id))
    commit()
    return _back(entry, "Added to the entry." if is_new else "Nothing was changed.")


def _back(entry: Entry, words: str) -> Response:
    flash(words)
    venue_id, number = entry.venue_id, entry.number
    return redirect(url_for("incidents.entry", venue_id=venue_id, number=number), 303)
