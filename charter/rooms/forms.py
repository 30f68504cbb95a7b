"""What a person may choose, type or tap about the room map.

A tap on a drawing comes as `tap-288.x`, `tap-288.y`: the number says how wide the drawing was
shown, in pixels, because nothing else does where there is no script. Where a keyboard presses it,
a browser sends 0 and 0. Whoever cannot tap types how far across and down, in hundredths.
"""

from collections.abc import Sequence
from secrets import token_hex
from typing import Any

from flask import request
from wtforms import IntegerField
from wtforms.validators import Optional as MayBeLeftOut
from wtforms.validators import Regexp

from charter.core import clock
from charter.core.dateparts import DateParts
from charter.core.errors import Refused
from charter.core.fields import (
    ACCEPT_PHOTOS,
    Form,
    Hidden,
    Menu,
    QueryForm,
    TextLine,
    UploadField,
)
from charter.core.text import is_number, showable
from charter.incidents import words
from charter.incidents.choices import Part
from charter.rooms import layout, service
from charter.rooms.counts import Asked
from charter.rooms.layout import Floor, Room
from charter.rooms.rules import Span
from charter.venues import rules as venues

WIDTHS = (288, 640)  # pixels: on a phone, and from a tablet on
HUNDRED = 100
CORNERS = "corners"
WHERE = (
    "Tap on the plan. With a keyboard: enter how far across and down it is, from 0 to 100, "
    "and choose “Put it there”"
)


class MapForm(QueryForm):
    """What of the book the map shows; kept in the address."""

    span = Menu("Since", missing=None, choices=[(each.value, each.label) for each in Span])
    category = Menu("What happened", missing=None)
    part = Menu(
        "Part of the night",
        missing=None,
        choices=[("", "Any time"), *((each.value, each.label) for each in Part)],
    )
    weekday = Menu(
        "Night of the week",
        missing=None,
        choices=[("", "Every night"), *((str(n), day) for n, day in enumerate(venues.WEEKDAYS))],
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        known = [(key, each.name) for key, each in words.words().categories.items()]
        self.category.choices = [("", "Anything"), *known]

    @property
    def asked(self) -> Asked:
        """What is asked; whatever is not offered asks nothing."""
        given = {
            name: self[name].data
            for name in ("span", "category", "part", "weekday")
            if self[name].data in {value for value, _words in self[name].choices}
        }
        return Asked(
            Span(given.get("span") or Span.WEEKS_4),
            given.get("category") or None,
            given.get("part") or None,
            int(given["weekday"]) if given.get("weekday") else None,
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether something else than everything of the last four weeks is shown."""
        return self.asked != Asked()


class Hundredths(IntegerField):
    """How far across or down a plan something is, from 0 to 100; may be left out."""

    kind = "input"

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, [MayBeLeftOut()], **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read digits."""
        typed = (valuelist[0] if valuelist else "").strip()
        self.data = None
        if typed:
            if not (is_number(typed) and int(typed) <= HUNDRED):
                raise ValueError("Enter a whole number from 0 to 100")
            self.data = int(typed)

    def _value(self) -> str:
        typed = self.raw_data[0] if self.raw_data else self.data
        return "" if typed is None else showable(str(typed))


class SpotForm(Form):
    """Where something is on a drawing: tapped, or typed."""

    across = Hundredths("How far across, from the left (0 to 100)")
    down = Hundredths("How far down, from the top (0 to 100)")

    def point(self, floor: Floor) -> tuple[int, int] | None:
        """The place in thousandths, or None where nothing was tapped and nothing was typed.

        Raises Refused for half an answer, and for a drawing that was pressed by keyboard.
        """
        tap = _tap(floor)
        if tap is not None and tap != (0, 0):
            return tap
        if self.across.data is not None and self.down.data is not None:
            scale = layout.FULL // HUNDRED
            return self.across.data * scale, self.down.data * scale
        if self.across.data is not None or self.down.data is not None:
            raise Refused("Enter both: how far across and how far down", "across")
        if tap is not None:
            raise Refused(WHERE, "across")
        return None


def _tap(floor: Floor) -> tuple[int, int] | None:
    for wide in WIDTHS:
        x, y = (request.form.get(f"tap-{wide}.{axis}", "") for axis in "xy")
        if is_number(x) and is_number(y):
            if (int(x), int(y)) == (0, 0):
                return 0, 0
            return layout.tapped(int(x), int(y), wide, floor.tall)
    return None


class PlaceForm(SpotForm):
    """Where a room is, and how big."""

    size = Menu(
        "How big is it?",
        missing="Choose how big it is",
        default="medium",
        choices=[
            *((key, label) for key, (label, _w, _h) in layout.SIZES.items()),
            (CORNERS, "I tap two opposite corners"),
        ],
    )


class CameraForm(SpotForm):
    """A camera, and where it hangs."""

    name = TextLine(
        "What do you call it?",
        limit=service.CAMERA_NAME,
        missing="Enter what people call this camera, like: door, or number 4",
    )


class PlanForm(Form):
    """A floor: what it is called, and its picture."""

    number = Menu("Which floor?", missing="Choose which floor", coerce=int)
    name = TextLine("What do you call it?", limit=service.FLOOR_NAME, missing=None)
    file = UploadField("Picture of the plan", missing=None, accept=ACCEPT_PHOTOS)

    def offer(self, floors: Sequence[Floor]) -> None:
        """Say which floors there are, and one more."""
        names = {floor.number: floor.title for floor in floors}
        last = max(names, default=0)
        new = range(1, min(service.MOST_FLOORS, last + 1) + 1)
        self.number.choices = [
            (n, names.get(n, "Floor 1" if n == 1 else f"Floor {n} (new)")) for n in new
        ]


class ChangeForm(Form):
    """Something about a room that was changed."""

    once = Hidden(default=lambda: token_hex(16), validators=[Regexp(r"[0-9a-f]{32}\Z")])
    zone = Menu("Where?", missing=None, coerce=int)
    done_on = DateParts("On which day?", default=clock.today)
    what = TextLine(
        "What was changed?",
        limit=service.CHANGE_WORDS,
        missing="Say what was changed, like: a lamp over the back stairs",
    )

    def offer(self, rooms: Sequence[Room]) -> None:
        """Say which rooms there are."""
        everywhere = [("", "The whole place")]
        self.zone.choices = [*everywhere, *((room.zone_id, room.name) for room in rooms)]
