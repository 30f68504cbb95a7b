"""The map as a drawing (SVG): rooms as boxes with number, name and count, cameras as marks.

It says what its table says, and in shade and pattern what it says in words. It carries no style
and no script: colours come from `rooms.css` by class, and every word in it is escaped.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from charter.rooms.layout import WIDE, Box, Placed, Sheet
from charter.rooms.rules import FEW_WORDS

LINE = 27  # a line of words, and one letter of it, in units; with room for wide fonts
LETTER = 13
PAD = 8
MOST_LINES = 3
FEW_SHORT = "few"
# How far apart the lines of each shade's pattern are, and whether they cross.
_PATTERNS = {1: (16, False), 2: (8, False), 3: (8, True)}


@dataclass(frozen=True, slots=True)
class Figure:
    """What is said of a room: its number, or that there are few; its shade (0 to 3)."""

    count: int | None
    step: int

    @property
    def words(self) -> str:
        """As the table says it."""
        if self.count is None:
            return FEW_WORDS
        return f"{self.count} {'entry' if self.count == 1 else 'entries'}"

    @property
    def short(self) -> str:
        """For a box in which the words have no room."""
        return FEW_SHORT if self.count is None else str(self.count)


def draw(
    sheet: Sheet,
    figures: Mapping[int, Figure] | None,
    *,
    title: str,
    name: str,
    picture: str = "",
    marked: Iterable[int] = (),
    spot: tuple[float, float] | None = None,
) -> Markup:
    """A sheet as SVG. `figures` by zone; None: no numbers at all, only where things are.

    `title` says what it is to whoever does not see it; `name` keeps its ids apart from those of
    other drawings on a page; `picture` is the address of the plan underneath; `marked` rooms are
    to be looked at first; `spot` is a place to show, in units.
    """
    marks = frozenset(marked)
    parts = [
        Markup(
            '<svg class="map{}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img">'
            "<title>{}</title>"
        ).format(" map--plan" if picture else "", WIDE, _n(sheet.height), title),
        _patterns(name) if figures is not None else Markup(),
    ]
    if not sheet.bands:
        parts.append(_ground(sheet, picture))
    parts += [
        Markup('<text class="map__band" x="2" y="{}">{}</text>').format(_n(y), words)
        for y, words in sheet.bands
    ]
    # The large first, so that a small room inside a larger one can be seen.
    for each in sorted(sheet.placed, key=lambda placed: -placed.box.w * placed.box.h):
        figure = figures.get(each.room.zone_id) if figures is not None else None
        parts.append(_room(each, figure, name, is_marked=each.room.zone_id in marks))
    parts += [_camera(letter, named, x, y) for letter, named, x, y in _cameras(sheet)]
    if spot is not None:
        parts.append(
            Markup('<g class="map__spot"><circle cx="{0}" cy="{1}" r="20"/>'
                   '<circle cx="{0}" cy="{1}" r="5"/></g>').format(_n(spot[0]), _n(spot[1]))
        )  # fmt: skip
    parts.append(Markup("</svg>"))
    return Markup().join(parts)


def swatch(step: int, name: str) -> Markup:
    """A small square in a shade, for the words that say what the shades mean."""
    return Markup(
        '<svg class="map__swatch" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" '
        'focusable="false">{}</svg>'
    ).format(_shaded(Box(1, 1, 30, 30), step, name))


def label(room: Placed, figure: Figure | None) -> tuple[list[str], list[str]]:
    """The lines in a room's box: what it is called and its count, or as much as has room."""
    tight = [str(room.room.number)]
    lines = wrapped(f"{room.room.number} {room.room.name}", room.box.w, LETTER)
    if figure is None:
        return (lines if _fits(lines, room.box) else tight), []
    counts = wrapped(figure.words, room.box.w, LETTER)
    short = [figure.short]
    for name, count in ((lines, counts), (lines, short), (tight, counts)):
        if _fits([*name, *count], room.box) and not any("…" in line for line in count):
            return name, count
    return tight, short


def wrapped(words: str, wide: float, letter: float) -> list[str]:
    """Words in lines that fit a width, `MOST_LINES` at most; what has no room ends in "…"."""
    most = max(2, int((wide - 2 * PAD) / letter))
    lines: list[str] = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= most or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > MOST_LINES or any(len(line) > most for line in lines):
        cut = [line if len(line) <= most else f"{line[: most - 1]}…" for line in lines]
        lines = cut[:MOST_LINES]
        if len(cut) > MOST_LINES and not lines[-1].endswith("…"):
            lines[-1] = f"{lines[-1][: most - 1]}…"
    return lines


def _fits(lines: Sequence[str], box: Box) -> bool:
    is_wide = all(len(line) * LETTER <= box.w - PAD for line in lines)
    return is_wide and len(lines) * LINE <= box.h - 6


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _patterns(name: str) -> Markup:
    parts = [Markup("<defs>")]
    for step, (apart, is_crossed) in _PATTERNS.items():
        path = f"M0 {apart}L{apart} 0" + (f"M0 0L{apart} {apart}" if is_crossed else "")
        parts.append(
            Markup(
                '<pattern id="{}-{}" width="{}" height="{}" patternUnits="userSpaceOnUse">'
                '<path class="map__hatch" d="{}"/></pattern>'
            ).format(name, step, apart, apart, path)
        )
    return Markup().join([*parts, Markup("</defs>")])


def _ground(sheet: Sheet, picture: str) -> Markup:
    ground = Markup('<rect class="map__ground" width="{}" height="{}"/>').format(
        WIDE, _n(sheet.height)
    )
    if not picture:
        return ground
    return ground + Markup(
        '<image href="{}" width="{}" height="{}" preserveAspectRatio="none"/>'
    ).format(picture, WIDE, _n(sheet.height))


def _shaded(box: Box, step: int, name: str) -> Markup:
    place = Markup('x="{}" y="{}" width="{}" height="{}"').format(
        _n(box.x + 1), _n(box.y + 1), _n(box.w - 2), _n(box.h - 2)
    )
    shade = Markup('<rect class="map__box map__box--{}" {} rx="6"/>').format(step, place)
    if step not in _PATTERNS:
        return shade
    return shade + Markup('<rect {} rx="6" fill="url(#{}-{})"/>').format(place, name, step)


def _room(placed: Placed, figure: Figure | None, name: str, *, is_marked: bool) -> Markup:
    box = placed.box
    said = f": {figure.words}" if figure is not None else ""
    said += ", look here first" if is_marked else ""
    shown = Markup("<g><title>{}. {}{}</title>{}{}</g>").format(
        placed.room.number,
        placed.room.name,
        said,
        _shaded(box, figure.step if figure else 0, name),
        _words(box, *label(placed, figure)),
    )
    if not is_marked:
        return shown
    return shown + Markup(
        '<g class="map__look"><circle cx="{0}" cy="{1}" r="17"/>'
        '<text x="{0}" y="{2}" text-anchor="middle">!</text></g>'
    ).format(_n(box.x + box.w - 20), _n(box.y + 21), _n(box.y + 30))


def _words(box: Box, name: Sequence[str], count: Sequence[str]) -> Markup:
    """The lines on a plate of their own, so that no pattern runs through them."""
    x, y = box.middle
    lines = [*name, *count]
    wide = min(max(len(line) for line in lines) * LETTER + 2 * PAD, box.w - 6)
    tall = len(lines) * LINE + 6
    top = y - tall / 2
    plate = Markup('<rect class="map__plate" x="{}" y="{}" width="{}" height="{}" rx="5"/>').format(
        _n(x - wide / 2), _n(top), _n(wide), _n(tall)
    )
    rows = Markup().join(
        Markup('<tspan{} x="{}" y="{}">{}</tspan>').format(
            Markup(' class="map__count"') if number >= len(name) else "",
            _n(x),
            _n(top + 22 + number * LINE),
            line,
        )
        for number, line in enumerate(lines)
    )
    return plate + Markup('<text class="map__words" text-anchor="middle">{}</text>').format(rows)


def _cameras(sheet: Sheet) -> Iterator[tuple[str, str, float, float]]:
    for mark, x, y in sheet.cameras:
        yield mark.letter, mark.name, min(max(x, 18), WIDE - 18), min(max(y, 18), sheet.height - 18)


def _camera(letter: str, name: str, x: float, y: float) -> Markup:
    """A ring with a lens that looks to the side, and the camera's letter in it."""
    return Markup(
        '<g class="map__camera"><title>Camera {letter}: {name}</title>'
        '<path d="M{a} {b}l12 -8v28l-12 -8z"/><circle cx="{x}" cy="{y}" r="15"/>'
        '<text x="{x}" y="{low}" text-anchor="middle">{letter}</text></g>'
    ).format(
        letter=letter, name=name, x=_n(x), y=_n(y), a=_n(x + 10), b=_n(y - 6), low=_n(y + 7)
    )  # fmt: skip
