"""Where rooms are drawn, and the drawing: well formed, without a script, every word escaped."""

import re

import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from charter.rooms import layout
from charter.rooms.drawing import Figure, draw, label, wrapped
from charter.rooms.layout import FULL, WIDE, Box, Floor, Mark, Placed, Room, Venue
from charter.venues import zones

KINDS = [kind.key for kind in zones.kinds()]
NASTY = '</text><script>alert("x")</script>&amp;\' onload=x'
SVG = "{http://www.w3.org/2000/svg}"


# Whatever a form takes as a name.
LONG = "The Snug behind the old brewery gate, with the long oak table and two blue sofas"
names = st.sampled_from([NASTY, LONG, "W" * 80, "Bar", "Женский туалет", "بار", "1", "i" * 40])
boxes = st.builds(lambda x, y, x2, y2: layout.between(x, y, x2, y2), *[st.integers(0, FULL)] * 4)


@st.composite
def venues(some: st.DrawFn) -> Venue:
    """A venue with any rooms, some of them placed, on any floors."""
    rooms = [
        Room(n + 1, n + 1, some(st.sampled_from([*KINDS, "unknown"])), some(names))
        for n in range(some(st.integers(0, 9)))
    ]
    placed = {
        room.zone_id: (some(st.integers(1, 3)), some(boxes))
        for room in rooms
        if some(st.booleans())
    }
    floors = [
        Floor(n, some(names), some(st.none() | st.just(4)), some(st.integers(1, 4000)),
              some(st.integers(1, 4000)))
        for n in range(1, some(st.integers(1, 3)))
    ]  # fmt: skip
    spots = st.none() | st.integers(0, FULL)
    cameras = [
        Mark(n, layout.letter(n), some(names), some(st.integers(1, 3)), some(spots), some(spots))
        for n in range(some(st.integers(0, 3)))
    ]
    return Venue(rooms, placed, floors, cameras)


@given(venues())
def test_every_room_is_drawn_once_and_inside_its_sheet(venue: Venue) -> None:
    sheets = layout.sheets(venue)
    drawn = [each.room.zone_id for sheet in sheets for each in sheet.placed]
    assert sorted(drawn) == sorted(room.zone_id for room in venue.rooms)
    for sheet in sheets:
        for each in sheet.placed:
            box = each.box
            assert box.x >= 0
            assert box.y >= 0
            assert box.x + box.w <= WIDE + 0.01
            assert box.y + box.h <= sheet.height + 0.01
    simple = layout.simple(venue)
    for one in simple.placed:
        for other in simple.placed:
            apart = (
                one.box.x + one.box.w <= other.box.x
                or other.box.x + other.box.w <= one.box.x
                or one.box.y + one.box.h <= other.box.y
                or other.box.y + other.box.h <= one.box.y
            )
            assert one is other or apart


@given(venues(), st.booleans())
def test_a_drawing_is_well_formed_and_says_each_rooms_number(venue: Venue, with_numbers: bool):
    figures = {
        room.zone_id: Figure(None if n % 2 else n + 3, n % 4) for n, room in enumerate(venue.rooms)
    }
    for sheet in layout.sheets(venue):
        svg = draw(sheet, figures if with_numbers else None, title=NASTY, name="m1",
                   picture="/venues/1/rooms/plans/4/picture" if sheet.plan_id else "",
                   marked=[1], spot=(1, 2))  # fmt: skip
        tree = ElementTree.fromstring(str(svg))
        assert {each.tag.removeprefix(SVG) for each in tree.iter()} <= {
            *("svg", "title", "defs", "pattern", "path", "rect", "g", "text", "tspan"),
            *("circle", "image"),
        }
        for each in tree.iter():
            assert not [key for key in each.attrib if key.startswith("on") or key == "style"]
        titles = [each.text or "" for each in tree.iter(f"{SVG}title")]
        for placed in sheet.placed:
            said = f"{placed.room.number}. {placed.room.name}"
            if with_numbers:
                said += f": {figures[placed.room.zone_id].words}"
            assert any(title.startswith(said) for title in titles)
        ids = [each.get("id") for each in tree.iter() if each.get("id")]
        assert len(ids) == len(set(ids))
        named = set(re.findall(r"url\(#([^)]+)\)", str(svg)))
        assert named <= set(ids)


def test_a_box_says_as_much_as_has_room() -> None:
    room = Room(1, 12, "dance-floor", "Dance floor")

    def said(w: float, h: float, figure: Figure | None = Figure(7, 1)) -> list[str]:  # noqa: B008  # it is frozen
        name, count = label(Placed(room, Box(0, 0, w, h)), figure)
        return [*name, *count]

    assert said(300, 100) == ["12 Dance floor", "7 entries"]
    assert said(110, 140) == ["12", "Dance", "floor", "7"]
    assert said(50, 60) == ["12", "7"]
    assert said(1, 1) == ["12", "7"]
    assert said(300, 100, Figure(None, 0)) == ["12 Dance floor", "few or not recorded"]
    assert said(60, 60, Figure(None, 0)) == ["12", "few"]
    assert said(300, 60, None) == ["12 Dance floor"]
    assert said(40, 40, None) == ["12"]


@given(names | st.text("ab ", min_size=1).filter(str.strip), st.floats(20, 600))
def test_lines_are_few_and_no_longer_than_they_may_be(words: str, wide: float) -> None:
    lines = wrapped(words, wide, 13)
    assert 1 <= len(lines) <= 3
    assert all(len(line) <= max(2, int((wide - 16) / 13)) for line in lines)


@given(st.integers(0, 700), st.integers(0, 2000), st.sampled_from([288, 640]))
def test_a_tap_is_always_on_the_plan(x: int, y: int, wide: int) -> None:
    found = layout.tapped(x, y, wide, 400)
    assert all(0 <= each <= FULL for each in found)
    for size in layout.SIZES:
        box = layout.around(*found, size)
        assert 0 <= box.x <= box.x + box.w <= FULL
        assert 0 <= box.y <= box.y + box.h <= FULL


@given(*[st.integers(0, FULL)] * 4)
def test_two_corners_make_a_box_that_can_be_seen(x: int, y: int, x2: int, y2: int) -> None:
    box = layout.between(x, y, x2, y2)
    assert box == layout.between(x2, y2, x, y)
    assert min(box.w, box.h) >= layout.LEAST
    assert box.x + box.w <= FULL
    assert box.y + box.h <= FULL


def test_of_rooms_inside_each_other_the_smaller_is_meant() -> None:
    rooms = [Room(1, 1, "main-bar", "Bar"), Room(2, 2, "seating", "Booth")]
    venue = Venue(rooms, {1: (1, Box(0, 0, 500, 500)), 2: (1, Box(100, 100, 50, 50))})
    assert venue.at(1, 120, 120) == rooms[1]
    assert venue.at(1, 300, 300) == rooms[0]
    assert venue.at(1, 600, 300) is None
    assert venue.at(2, 120, 120) is None


@pytest.mark.parametrize(("number", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ")])
def test_cameras_have_letters(number: int, letters: str) -> None:
    assert layout.letter(number) == letters
