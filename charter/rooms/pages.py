"""What the pages of the room map show: drawings with their table, put together from the questions.

A drawing and its table are made from the same rows, so that they cannot say two things.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import url_for
from markupsafe import Markup

from charter.core import clock
from charter.incidents import words
from charter.incidents.choices import Part
from charter.rooms import counts, drawing, layout, rules, service
from charter.rooms.counts import Asked
from charter.rooms.drawing import Figure
from charter.rooms.layout import Room, Sheet
from charter.rooms.rules import Cell, Compared, Row, Span, Watch

NO_ROOM = "Entries without a room"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawing with its heading."""

    title: str
    svg: Markup


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table: the room's number on the map, and what is said of it in words."""

    number: str
    name: str
    said: str
    categories: Sequence[str] = ()
    parts: Sequence[str] = ()
    is_few: bool = False


@dataclass(frozen=True, slots=True)
class Map:
    """The map of a venue's rooms and its table, for what was asked."""

    drawings: Sequence[Drawn]
    legend: Sequence[tuple[Markup, str]]
    lines: Sequence[Line]
    total: int
    without_room: int
    cameras: Sequence[layout.Mark]
    has_rooms: bool
    has_plan: bool


def of_venue(venue_id: int, asked: Asked) -> Map:
    """The map and its table. Five statements, and one for rooms that are no longer there."""
    venue, tonight = service.venue(venue_id), clock.night_of(clock.now())
    cells = counts.cells(venue_id, asked, tonight)
    rows = rules.rows([room.zone_id for room in venue.rooms], cells)
    figures = _figures(venue.rooms, rows)
    drawings = [
        Drawn(sheet.title, _draw(venue_id, sheet, figures, n))
        for n, sheet in enumerate(layout.sheets(venue), start=1)
    ]
    return Map(
        drawings,
        _legend(rows, "m1") if drawings else (),
        _lines(venue_id, venue.rooms, rows),
        sum(row.total for row in rows.values()),
        rows[None].total,
        venue.cameras,
        bool(venue.rooms),
        any(floor.plan_id for floor in venue.floors),
    )


def _figures(rooms: Sequence[Room], rows: Mapping[int | None, Row]) -> dict[int, Figure]:
    most = _most(rows)
    return {
        room.zone_id: Figure(
            None if rows[room.zone_id].is_few else rows[room.zone_id].total,
            rules.step(rows[room.zone_id].total, most),
        )
        for room in rooms
    }


def _most(rows: Mapping[int | None, Row]) -> int:
    return max((row.total for row in rows.values() if row.zone_id is not None), default=0)


def _legend(rows: Mapping[int | None, Row], name: str) -> list[tuple[Markup, str]]:
    said = rules.steps_in_words(_most(rows))
    return [(drawing.swatch(step, name), words) for step, words in enumerate(said)]


def _draw(venue_id: int, sheet: Sheet, figures: Mapping[int, Figure], n: int) -> Markup:
    return drawing.draw(
        sheet,
        figures,
        title=f"Map of the rooms: {sheet.title}. The table says the same.",
        name=f"m{n}",
        picture=picture(venue_id, sheet.plan_id),
    )


def picture(venue_id: int, plan_id: int | None) -> str:
    """The address of a plan's picture, or "" without one."""
    if plan_id is None:
        return ""
    return url_for("rooms.picture", venue_id=venue_id, plan_id=plan_id)


def _lines(venue_id: int, rooms: Sequence[Room], rows: Mapping[int | None, Row]) -> list[Line]:
    found = [_line(str(room.number), room.name, rows[room.zone_id]) for room in rooms]
    here = {room.zone_id for room in rooms}
    gone = [zone_id for zone_id in rows if zone_id is not None and zone_id not in here]
    names = service.names(venue_id, gone) if gone else {}
    found += [
        _line("–", f"{names[zone_id]} (no longer on your list)", rows[zone_id])
        for zone_id in sorted(names)
    ]
    return [*found, _line("–", NO_ROOM, rows[None])]


def _line(number: str, name: str, row: Row) -> Line:
    if row.is_few:
        return Line(number, name, row.said, is_few=True)
    return Line(number, name, row.said, _by_category(row.by_category), _by_part(row.by_part))


def _by_category(found: Mapping[str, int]) -> list[str]:
    return [f"{words.category_name(key)} {count}" for key, count in found.items()]


def _by_part(found: Mapping[str, int]) -> list[str]:
    return [f"{Part(key).label}: {count}" for key, count in found.items()]


@dataclass(frozen=True, slots=True)
class Tonight:
    """What the briefing shows of the rooms: the map of 4 weeks, their facts, what to watch."""

    drawings: Sequence[Drawn]
    legend: Sequence[tuple[Markup, str]]
    facts: Sequence[str]
    watch: Sequence[Watch]


@dataclass(frozen=True, slots=True)
class PlainTonight:
    """The same for where strangers may look: no plan, no camera and no number, only which rooms to
    look at first and when."""

    drawing: Markup | None
    watch: Sequence[str]


def tonight(venue_id: int) -> Tonight:
    """What the briefing of tonight shows. Eight statements."""
    venue, night = service.venue(venue_id), clock.night_of(clock.now())
    recent = counts.cells(venue_id, Asked(Span.WEEKS_4), night)
    names = {room.zone_id: room.name for room in venue.rooms}
    changes = service.changes(venue_id, since=night - rules.NEW_CHANGE, limit=5)
    watch = rules.watch(
        night,
        _alike(venue_id, night),
        recent,
        names,
        [service.changed(row, names) for row in changes],
        counts.faults(venue_id, Span.WEEKS_12.since(night), names),
    )
    rows = rules.rows(names, recent)
    figures = _figures(venue.rooms, rows)
    drawings = [
        Drawn(sheet.title, _draw(venue_id, sheet, figures, n))
        for n, sheet in enumerate(layout.sheets(venue), start=1)
    ]
    legend = _legend(rows, "m1") if drawings else ()
    return Tonight(drawings, legend, facts(recent, rows[None].total, night), watch)


def plain_tonight(venue_id: int) -> PlainTonight:
    """What the briefing's link shows of the rooms. Six statements."""
    venue, night = service.venue(venue_id), clock.night_of(clock.now())
    recent = counts.cells(venue_id, Asked(Span.WEEKS_4), night)
    names = {room.zone_id: room.name for room in venue.rooms}
    watch = rules.watch(night, _alike(venue_id, night), recent, names, (), ())
    if not watch:
        return PlainTonight(None, ())
    svg = drawing.draw(
        layout.simple(venue),
        None,
        title="Map of the rooms. Those to look at first have an exclamation mark.",
        name="p",
        marked=[each.zone_id for each in watch if each.zone_id is not None],
    )
    return PlainTonight(svg, [each.plain for each in watch])


def _alike(venue_id: int, night: date) -> list[Cell]:
    """What was written down of nights like this one: the same weekday in the last 12 weeks."""
    return counts.cells(venue_id, Asked(Span.WEEKS_12, weekday=night.weekday()), night)


def facts(recent: Sequence[Cell], without_room: int, night: date) -> list[str]:
    """The last four weeks in a few lines."""
    total = sum(cell.count for cell in recent)
    since = Span.WEEKS_4.since(night)
    if not total:
        return [
            "Nothing was written in the book about the last 4 weeks. Quiet, or not written down?"
        ]
    found = [f"{_counted(total)} in the book since {_short(since)}."]
    kinds = [f"{words.category_name(key)} {count}" for key, count in counts.totals(recent)[:4]]
    found.append(f"Most of all: {', '.join(kinds)}.")
    if without_room:
        found.append(f"{_counted(without_room)} without a room. Say where, every time.")
    return found


def _counted(count: int) -> str:
    return f"{count} {'entry' if count == 1 else 'entries'}"


def _short(day: date) -> str:
    return f"{day.day} {day:%B}"


def by_category(found: Compared) -> list[tuple[str, int, int]]:
    """Before and after a change, by what happened: each category with both numbers."""
    keys = [*found.before.by_category, *found.after.by_category]
    return [
        (
            words.category_name(key),
            found.before.by_category.get(key, 0),
            found.after.by_category.get(key, 0),
        )
        for key in dict.fromkeys(keys)
    ]


@dataclass(frozen=True, slots=True)
class Board:
    """A drawing to tap on: where the rooms of a floor are, without numbers of entries."""

    floor: layout.Floor
    svg: Markup

    @property
    def tall(self) -> float:
        """How high the drawing is, in its units."""
        return self.floor.tall


def board(
    venue_id: int,
    venue: layout.Venue,
    floor: int,
    *,
    marked: Collection[int] = (),
    spot: tuple[int, int] | None = None,
) -> Board:
    """The drawing of a floor to put something on; `spot` is in thousandths."""
    found, sheet = venue.floor(floor), layout.sheet(venue, floor)
    at = None
    if spot is not None:
        at = spot[0] * layout.WIDE / layout.FULL, spot[1] * found.tall / layout.FULL
    svg = drawing.draw(
        sheet,
        None,
        title=f"{found.title}, as it is drawn now",
        name=f"b{floor}",
        picture=picture(venue_id, sheet.plan_id),
        marked=marked,
        spot=at,
    )
    return Board(found, svg)


def next_to_place(venue: layout.Venue, after: int) -> Room | None:
    """The next room in the walk that is on no plan yet, going round."""
    loose = [room for room in venue.rooms if room.zone_id not in venue.boxes]
    number = next((room.number for room in venue.rooms if room.zone_id == after), 0)
    return next((room for room in loose if room.number > number), loose[0] if loose else None)
