"""Blank pages of the book for the door: each with its own number and code, and room to write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from charter.core import codes
from charter.core.paper.sheet import HEIGHT, MARGIN, MEASURE, WIDTH, Sheet
from charter.core.paper.typeset import BOLD, RULE, SOFT, Type, strong
from charter.incidents import words
from charter.incidents.models import PaperPage

LINE = 23.0  # from one line to write on to the next: room for a pen
BOX = 9.0
INK_LINE = "#8b8794"


@dataclass(frozen=True, slots=True)
class Blanks:
    """What stands on every blank page. `short_address` is where it is typed in."""

    venue_name: str
    office_name: str
    short_address: str
    colour: str
    made_on: date


def draw(facts: Blanks, pages: Sequence[PaperPage]) -> bytes:
    """The bytes of a file with these pages, one to a sheet."""
    colour = strong(facts.colour)
    title = f"Pages for the incident book: {facts.venue_name}"
    sheet = Sheet(title, author=facts.venue_name, subject="Incident book", made_on=facts.made_on)
    for place, page in enumerate(pages):
        if place:
            sheet.next_page()
        _page(sheet, facts, page, colour)
    return sheet.finish()


def _page(sheet: Sheet, facts: Blanks, page: PaperPage, colour: str) -> None:
    top = _head(sheet, facts, page, colour)
    top = _pair(sheet, "Which day? After midnight: the new day", "At what time by the clock?", top)
    top = _ruled(sheet, "Where in the venue?", top, 1)
    kinds = [each.name for each in words.words().categories.values()]
    top = _boxes(sheet, "What happened? Tick all that fit", kinds, top, 3)
    top = _ruled(sheet, "What was seen and said, in plain words. No opinions, no names", top, 9)
    done = [each.name for each in words.words().actions.values() if each.first]
    top = _boxes(sheet, "What did we do? Tick, and write what else", done, top, 3)
    top = _ruled(sheet, "", top + 6, 3)
    top = _boxes(sheet, "Cameras", ["A camera may have seen it", "No camera there"], top, 3)
    _pair(sheet, "Who wrote this?", "On which day?", top)
    _foot(sheet, facts)


def _head(sheet: Sheet, facts: Blanks, page: PaperPage, colour: str) -> float:
    top = HEIGHT - MARGIN + 24
    sheet.rectangle(MARGIN, top + 6, MEASURE, 3, colour)
    code = Type(BOLD, 17, colour)
    shown = codes.grouped(page.code)
    name, room = Type(BOLD, 12), MEASURE - code.width(shown) - 20
    sheet.write("P", facts.venue_name, MARGIN, top - 4, room, name, most=1, smallest=8)
    right = WIDTH - MARGIN - code.width(shown)
    sheet.write("H1", f"Page {page.number}", MARGIN, top - 20, room, Type(BOLD, 17))
    sheet.write("P", "Code", right, top - 2, MEASURE, Type(size=8.5, colour=SOFT))
    sheet.write("P", shown, right, top - 14, MEASURE, code)
    return top - 48


def _title(sheet: Sheet, text: str, top: float, x: float = MARGIN, width: float = MEASURE) -> float:
    return sheet.write("H2", text, x, top, width, Type(BOLD, 10.5), most=1, smallest=8)


def _pair(sheet: Sheet, one: str, other: str, top: float) -> float:
    """Two short questions side by side, each with a line; returns where the next one begins."""
    width = MEASURE * 0.62
    for text, x, room in (
        (one, MARGIN, width - 16),
        (other, MARGIN + width, MEASURE - width),
    ):
        below = _title(sheet, text, top, x, room) - LINE
        sheet.rectangle(x, below, room, 0.6, INK_LINE)
    return below - 9


def _ruled(sheet: Sheet, text: str, top: float, lines: int) -> float:
    """A question with lines to write on; returns where the next one begins."""
    if text:
        top = _title(sheet, text, top)
    for _ in range(lines):
        top -= LINE
        sheet.rectangle(MARGIN, top, MEASURE, 0.6, INK_LINE)
    return top - 9


def _boxes(sheet: Sheet, text: str, names: Sequence[str], top: float, columns: int) -> float:
    """A question with boxes to tick, in columns that are read downwards."""
    top = _title(sheet, text, top) - 3
    rows, width = -(-len(names) // columns), MEASURE / columns
    with sheet.group("L"):
        for place, name in enumerate(names):
            column, row = divmod(place, rows)
            x, at = MARGIN + column * width, top - row * 15
            with sheet.decoration() as canvas:
                canvas.setStrokeColor(SOFT)
                canvas.setLineWidth(0.8)
                canvas.rect(x, at - BOX - 1, BOX, BOX, stroke=1, fill=0)
            room = width - BOX - 12
            sheet.write("LI", name, x + BOX + 5, at, room, Type(size=9), most=1, smallest=6)
    return top - rows * 15 - 7


def _foot(sheet: Sheet, facts: Blanks) -> None:
    small = Type(size=8.5, colour=SOFT)
    sheet.rectangle(MARGIN, MARGIN + 10, MEASURE, 0.6, RULE)
    office = facts.office_name
    about = (
        f"Is it about somebody who runs this place? Do not use this page: sign in and write it "
        f"yourself. It then goes to {office} and not into this book."
    )
    below = sheet.write("P", about, MARGIN, MARGIN + 4, MEASURE, small)
    typed = f"Type this page in as soon as you can: {facts.short_address}"
    sheet.write("P", typed, MARGIN, below - 2, MEASURE, small, most=1, smallest=6)
