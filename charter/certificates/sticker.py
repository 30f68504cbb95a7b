"""The window sticker: four on a sheet of A4, to cut out; it leads to what holds today.

It says that the venue is held to the charter and where to look. It never says that the charter is
kept: paper in a window cannot know.
"""

from datetime import date

from reportlab.lib.units import mm

from charter.certificates.pdf import WHITE
from charter.core.paper.sheet import HEIGHT, WIDTH, Sheet
from charter.core.paper.square import draw_square
from charter.core.paper.typeset import BOLD, RULE, SOFT, Type, strong

_EDGE = 9 * mm
_QR = 42 * mm


def draw(
    venue: str, *, charter: str, office: str, address: str, colour: str, made_on: date
) -> bytes:
    """The sheet for a venue; `address` is that of its badge, `colour` is #rrggbb."""
    colour = strong(colour)
    sheet = Sheet(f"Window sticker: {venue}", author=office, subject=charter, made_on=made_on)
    width, height = WIDTH / 2, HEIGHT / 2
    for number in range(4):
        across, up = number % 2 * width, HEIGHT - (number // 2 + 1) * height
        _sticker(sheet, venue, charter, address, colour, across, up)
    return sheet.finish()


def _sticker(
    sheet: Sheet, venue: str, charter: str, address: str, colour: str, across: float, up: float
) -> None:
    width, height = WIDTH / 2, HEIGHT / 2
    left, measure = across + _EDGE + 6 * mm, width - 2 * _EDGE - 12 * mm
    with sheet.decoration() as canvas:
        # Where to cut.
        canvas.setStrokeColor(RULE)
        canvas.setDash(2, 3)
        canvas.rect(across + 4, up + 4, width - 8, height - 8, stroke=1, fill=0)
        canvas.setDash()
    top = up + height - _EDGE
    sheet.rectangle(across + _EDGE, top - 128, width - 2 * _EDGE, 128, colour)
    title = Type(BOLD, 15, WHITE)
    below = sheet.write("P", charter, left, top - 16, measure, title, most=2, smallest=9)
    sheet.write("H1", venue, left, below - 6, measure, Type(BOLD, 24, WHITE), most=2, smallest=11)
    below = top - 128 - 14
    ask = Type(BOLD, 13, colour)
    below = sheet.write("P", "Do we keep our promises today?", left, below, measure, ask, most=1)
    plain = "Scan the code: the city’s own page says what holds, since when, and what does not."
    sheet.write("P", plain, left, below - 2, measure, Type(size=9.5), most=2, smallest=7)
    middle = across + width / 2 - _QR / 2
    draw_square(sheet, address, middle, up + _EDGE + 34, _QR)
    short = address.partition("://")[2]
    foot = Type(BOLD, 10, colour)
    at = left + (measure - min(foot.width(short), measure)) / 2
    sheet.write("P", short, at, up + _EDGE + 28, measure, foot, most=1, smallest=6)
    small = Type(size=7.5, colour=SOFT)
    note = "This sticker does not promise that nothing can go wrong."
    at = left + (measure - small.width(note)) / 2
    sheet.write("P", note, at, up + _EDGE + 12, measure, small, most=1, smallest=5)
