"""The certificate of attendance as a PDF: one A4 page; the same facts, same bytes.

It says who did which course when and what they can do now, and sends whoever reads it to the page
that says whether it still counts.
"""

from dataclasses import dataclass
from datetime import date

from reportlab.lib.units import mm

from charter.core.paper.sheet import HEIGHT, MARGIN, MEASURE, WIDTH, Sheet
from charter.core.paper.square import draw_square
from charter.core.paper.typeset import BOLD, RULE, SOFT, Type, strong
from charter.core.text import in_words

EDGE = 12 * mm
QR_SIDE = 32 * mm
QR_LEFT = WIDTH - MARGIN - QR_SIDE
FOOT = 182.0
PANEL = 210.0
WHITE = "#ffffff"


@dataclass(frozen=True, slots=True)
class AttendanceFacts:
    """All that a certificate of attendance says. `able` are things a person can do, in words."""

    name: str
    course: str
    version: str
    able: tuple[str, ...]
    done_on: date
    lasts_until: date
    trainer: str
    own_trainer: bool
    made_on: date
    charter_title: str
    office_name: str
    colour: str
    verify_url: str
    short_address: str
    specimen: bool = False


def draw(facts: AttendanceFacts) -> bytes:
    """The certificate's bytes. Raises ValueError for a colour that cannot be used."""
    colour = strong(facts.colour)
    kind = "Specimen certificate of attendance" if facts.specimen else "Certificate of attendance"
    sheet = Sheet(
        f"{kind}: {facts.name}, {facts.course}",
        author=facts.office_name,
        subject=facts.charter_title,
        made_on=facts.made_on,
    )
    office = facts.office_name[:1].upper() + facts.office_name[1:]
    top = HEIGHT - EDGE - 20
    sheet.write("P", office, EDGE, top, 400, Type(BOLD, 13, colour), most=1, smallest=8)
    below = _panel(sheet, facts, kind, colour, HEIGHT - EDGE - 46)
    _facts(sheet, facts, below - 34)
    _proof(sheet, facts, colour)
    return sheet.finish()


def _panel(sheet: Sheet, facts: AttendanceFacts, kind: str, colour: str, top: float) -> float:
    """The strong block with the person's name; returns its foot."""
    sheet.rectangle(EDGE, top - PANEL, WIDTH - 2 * EDGE, PANEL, colour)
    label, name = Type(BOLD, 17, WHITE), Type(BOLD, 40, WHITE, 1.1)
    at = sheet.write("P", kind, MARGIN, top - 34, MEASURE, label, most=1, smallest=9)
    at = sheet.write("H1", facts.name, MARGIN, at - 30, MEASURE, name, most=2, smallest=20)
    words = f"took part in the course “{facts.course}”"
    sheet.write(
        "P", words, MARGIN, at - 10, MEASURE, Type(size=17, colour=WHITE), most=2, smallest=9
    )
    return top - PANEL


def _facts(sheet: Sheet, facts: AttendanceFacts, top: float) -> None:
    label, value = Type(size=10.5, colour=SOFT), Type(BOLD, 13)
    by = f"{facts.trainer}, the venue’s own trainer" if facts.own_trainer else facts.trainer
    rows = (
        ("On", in_words(facts.done_on)),
        ("Counts until", in_words(facts.lasts_until)),
        ("Course", f"{facts.course}, version {facts.version}"),
        ("Run by", by),
    )
    for name, said in rows:
        sheet.write("P", name, MARGIN, top - 2, 90, label)
        below = sheet.write("P", said, MARGIN + 90, top, MEASURE - 90, value, most=2, smallest=8)
        top = below - 9
    if not facts.able:
        return
    top = sheet.write("H2", "Afterwards a person can", MARGIN, top - 20, MEASURE, Type(BOLD, 15))
    with sheet.group("L"):
        for words in facts.able:
            with sheet.group("LI"):
                sheet.write("Lbl", "•", MARGIN, top - 6, 14, Type(BOLD, 13))
                top = sheet.write("LBody", words, MARGIN + 16, top - 6, MEASURE - 16, Type(size=13))


def _proof(sheet: Sheet, facts: AttendanceFacts, colour: str) -> None:
    """The foot: how to check it, its address and its square."""
    width = QR_LEFT - MARGIN - 28
    sheet.rectangle(MARGIN, FOOT, MEASURE, 0.8, RULE)
    top = FOOT - 16
    top = sheet.write("H2", "Does it still count today?", MARGIN, top, width, Type(BOLD, 13))
    top = sheet.write("P", "Scan the code, or go to this address:", MARGIN, top, width, Type())
    address = Type(BOLD, 12.5, colour)
    top = sheet.write("P", facts.short_address, MARGIN, top - 3, width, address, most=2, smallest=6)
    plain = "That page shows the course, the dates and the initials, and no more of the name."
    sheet.write("P", plain, MARGIN, top - 6, width, Type(size=9.5, colour=SOFT))
    draw_square(sheet, facts.verify_url, QR_LEFT, FOOT - 14 - QR_SIDE, QR_SIDE)
