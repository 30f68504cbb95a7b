"""Where each room is drawn: on the plan where somebody put it, else in simple boxes. Pure.

A sheet is one drawing, `WIDE` units wide. Before anybody has drawn anything, the rooms stand in
boxes from the back of the place to its front door, so that there is a map to look at on day one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

WIDE = 600
GAP = 10
BAND = 30
AUTO_HEIGHTS = {1: 92, 2: 124, 3: 152}  # of a box, by how many stand beside each other
FULL = 1000  # places on a plan are in thousandths
LOWEST, HIGHEST = 240, 1500
# Where in a place rooms of a kind usually are; keys of the seed of zones, which are for ever.
_BANDS: Sequence[tuple[str, frozenset[str]]] = (
    ("At the back", frozenset({"outside", "exits", "stage", "staff-rooms"})),
    ("Inside", frozenset({"main-bar", "second-bar", "dance-floor", "seating", "side-rooms"})),
    (
        "Toilets, ways and quiet places",
        frozenset(
            {
                *("corridors", "womens-toilets", "neutral-toilets", "accessible-toilet"),
                *("mens-toilets", "quiet-space"),
            }
        ),
    ),
    ("At the front", frozenset({"door", "search-point", "cloakroom", "walk-up"})),
)
ELSEWHERE = "Everywhere"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: its left top corner and size, in units of its sheet or thousandths of a plan."""

    x: float
    y: float
    w: float
    h: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return self.x + self.w / 2, self.y + self.h / 2

    def holds(self, x: float, y: float) -> bool:
        """Whether a point is inside."""
        return self.x <= x <= self.x + self.w and self.y <= y <= self.y + self.h


@dataclass(frozen=True, slots=True)
class Room:
    """A zone to be drawn: its number on the map is its place in a walk through the venue."""

    zone_id: int
    number: int
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Floor:
    """One floor as it was set up: `plan_id` where it has a picture, with the picture's shape."""

    number: int
    name: str = ""
    plan_id: int | None = None
    width: int = FULL
    height: int = 700

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or f"Floor {self.number}"

    @property
    def tall(self) -> float:
        """How high it is drawn; a very long or flat picture is drawn within reason."""
        return min(HIGHEST, max(LOWEST, WIDE * self.height / max(1, self.width)))


@dataclass(frozen=True, slots=True)
class Mark:
    """A camera: the letter it has on the map, and where it hangs, in thousandths of a plan."""

    camera_id: int
    letter: str
    name: str
    floor: int
    x: int | None = None
    y: int | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A room and its box on a sheet."""

    room: Room
    box: Box


@dataclass(frozen=True, slots=True)
class Sheet:
    """One drawing: a floor (its number), or (0) the rooms that are on no plan."""

    floor: int
    title: str
    height: float
    placed: Sequence[Placed] = ()
    cameras: Sequence[tuple[Mark, float, float]] = ()
    bands: Sequence[tuple[float, str]] = ()
    plan_id: int | None = None


@dataclass(frozen=True, slots=True)
class Venue:
    """All that is known of where things are at a venue."""

    rooms: Sequence[Room]
    boxes: Mapping[int, tuple[int, Box]] = field(default_factory=dict)
    floors: Sequence[Floor] = ()
    cameras: Sequence[Mark] = ()

    def floor(self, number: int) -> Floor:
        """A floor as it was set up; one that nobody set up is an empty sheet."""
        return next((each for each in self.floors if each.number == number), Floor(number))

    def at(self, floor: int, x: float, y: float) -> Room | None:
        """The room whose box holds a point of a floor; of several, the smallest."""
        inside = [
            (box.w * box.h, room)
            for room in self.rooms
            if room.zone_id in self.boxes
            for number, box in [self.boxes[room.zone_id]]
            if number == floor and box.holds(x, y)
        ]
        return min(inside, key=lambda each: (each[0], each[1].number))[1] if inside else None


def letter(number: int) -> str:
    """The letters of a camera, from 0 on: A, B, ... Z, AA, AB."""
    words = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        words = chr(65 + rest) + words
    return words


def sheets(venue: Venue) -> list[Sheet]:
    """Every drawing of a venue: its floors in order, then the rooms that are on none of them."""
    numbers = {floor.number for floor in venue.floors if floor.plan_id is not None}
    numbers |= {number for number, _box in venue.boxes.values()}
    numbers |= {mark.floor for mark in venue.cameras if mark.x is not None}
    found = [sheet(venue, number) for number in sorted(numbers)]
    loose = [room for room in venue.rooms if room.zone_id not in venue.boxes]
    if loose:
        title = "Not on the plan yet" if found else "All rooms"
        found.append(_loose(loose, title))
    return found


def sheet(venue: Venue, number: int) -> Sheet:
    """The drawing of one floor."""
    floor = venue.floor(number)
    return Sheet(
        number,
        floor.title,
        floor.tall,
        placed=[
            Placed(room, _drawn(venue.boxes[room.zone_id][1], floor))
            for room in venue.rooms
            if venue.boxes.get(room.zone_id, (None,))[0] == number
        ],
        cameras=[
            (mark, mark.x * WIDE / FULL, mark.y * floor.tall / FULL)
            for mark in venue.cameras
            if mark.floor == number and mark.x is not None and mark.y is not None
        ],
        plan_id=floor.plan_id,
    )


def simple(venue: Venue) -> Sheet:
    """All rooms in simple boxes, wherever they are on the plan."""
    return _loose(venue.rooms, "All rooms")


def _drawn(box: Box, floor: Floor) -> Box:
    across, down = WIDE / FULL, floor.tall / FULL
    return Box(box.x * across, box.y * down, box.w * across, box.h * down)


def _loose(rooms: Iterable[Room], title: str) -> Sheet:
    """Rooms in bands, from the back of the place to its door."""
    groups: dict[str, list[Room]] = {words: [] for words in (*(w for w, _ in _BANDS), ELSEWHERE)}
    for room in rooms:
        words = next((words for words, kinds in _BANDS if room.kind in kinds), ELSEWHERE)
        groups[words].append(room)
    placed: list[Placed] = []
    bands: list[tuple[float, str]] = []
    y: float = 0
    for words, members in groups.items():
        if not members:
            continue
        bands.append((y + BAND - 9, words))
        y += BAND
        many = {1: 1, 2: 2, 4: 2}.get(len(members), 3)
        wide, high = (WIDE - GAP * (many - 1)) / many, AUTO_HEIGHTS[many]
        for n, room in enumerate(members):
            row, column = divmod(n, many)
            box = Box(column * (wide + GAP), y + row * (high + GAP), wide, high)
            placed.append(Placed(room, box))
        y += -(-len(members) // many) * (high + GAP)
    return Sheet(0, title, max(y, BAND), placed=placed, bands=bands)


# How big a box is when it is put down by its middle: in words, and in thousandths.
SIZES: Mapping[str, tuple[str, int, int]] = {
    "small": ("Small", 120, 120),
    "medium": ("Medium", 220, 220),
    "large": ("Large", 380, 380),
    "wide": ("Wide", 420, 160),
    "tall": ("Tall", 160, 420),
}
LEAST = 30


def around(x: int, y: int, size: str) -> Box:
    """The box of a size around a point, pushed inside the plan."""
    _words, w, h = SIZES[size]
    return Box(min(max(0, x - w // 2), FULL - w), min(max(0, y - h // 2), FULL - h), w, h)


def between(x: int, y: int, other_x: int, other_y: int) -> Box:
    """The box between two opposite corners; one that is too thin to see is made wider."""
    left, right = sorted((x, other_x))
    top, bottom = sorted((y, other_y))
    w, h = max(right - left, LEAST), max(bottom - top, LEAST)
    return Box(min(left, FULL - w), min(top, FULL - h), w, h)


def tapped(x: int, y: int, wide: int, tall: float) -> tuple[int, int]:
    """A tap on a drawing that was shown so many pixels wide, in thousandths of the plan."""
    high = wide * tall / WIDE
    return (
        min(FULL, max(0, round(x * FULL / wide))),
        min(FULL, max(0, round(y * FULL / high))),
    )
