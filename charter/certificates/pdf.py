"""The certificate as a PDF: one A4 page for a wall, from frozen facts; the same facts, same bytes.

It says what was checked and when, and sends whoever reads it to the page that says what holds
today. It never says that a venue is safe.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from reportlab.lib.units import mm

from charter.core.paper.sheet import HEIGHT, MARGIN, MEASURE, WIDTH, Sheet
from charter.core.paper.square import draw_square
from charter.core.paper.typeset import BOLD, INK, RULE, SOFT, Type, fit, legible, strong, wrap
from charter.core.text import in_words

EDGE = 12 * mm
QR_SIDE = 34 * mm
GUTTER = 24
WHITE = "#ffffff"
PANEL_TOP = HEIGHT - EDGE - 46
FOOT = 182.0
QR_LEFT = WIDTH - MARGIN - QR_SIDE


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """All that a certificate says, fixed at issue.

    `commitments` are (number, name) in the edition's order; `verify_url` is what the QR code
    holds and `short_address` the same in print; `colour` is #rrggbb; `valid_until` is the last
    day on which it counts; `key_name` is the beginning of the signing key's fingerprint.
    """

    venue_name: str
    street: str
    town: str
    postcode: str
    city_name: str
    charter_title: str
    edition_title: str
    commitments: tuple[tuple[str, str], ...]
    issued_on: date
    valid_until: date
    serial: str
    verify_url: str
    short_address: str
    office_name: str
    colour: str
    logo_png: bytes | None = None
    specimen: bool = False
    key_name: str = ""


def draw(facts: CertificateFacts) -> bytes:
    """The certificate's bytes. Raises ValueError for a colour or a logo that cannot be used."""
    colour = strong(facts.colour)
    kind = "Specimen certificate" if facts.specimen else "Certificate"
    sheet = Sheet(
        f"{kind} {facts.serial}: {facts.venue_name}",
        author=facts.office_name,
        subject=f"{facts.charter_title}, {facts.edition_title}",
        made_on=facts.issued_on,
    )
    _masthead(sheet, facts, colour)
    below = _panel(sheet, facts, colour)
    below = _meaning(sheet, facts, below)
    _commitments(sheet, facts.commitments, colour, below)
    _proof(sheet, facts, colour)
    return sheet.finish()


def _masthead(sheet: Sheet, facts: CertificateFacts, colour: str) -> None:
    middle = PANEL_TOP + 26
    office = Type(BOLD, 13, colour)
    name = facts.office_name[:1].upper() + facts.office_name[1:]
    sheet.write("P", name, EDGE, middle + 7, 330, office, most=1, smallest=8)
    if facts.logo_png:
        box = (WIDTH - EDGE - 130, middle - 16, 130, 34)
        sheet.picture(facts.logo_png, f"Logo of {facts.city_name}", *box)


def _panel(sheet: Sheet, facts: CertificateFacts, colour: str) -> float:
    """The strong block with the venue's name; as deep as the name needs. Returns its foot."""
    name_type, count = _name(facts.venue_name)
    depth = 134 + count * name_type.line
    sheet.rectangle(EDGE, PANEL_TOP - depth, WIDTH - 2 * EDGE, depth, colour)
    top = PANEL_TOP - 36
    width = MEASURE - _specimen(sheet, colour, top) if facts.specimen else MEASURE
    charter = Type(BOLD, 17, WHITE)
    sheet.write("P", facts.charter_title, MARGIN, top, width, charter, most=1, smallest=9)
    top -= 44
    name = facts.venue_name
    top = sheet.write("H1", name, MARGIN, top, MEASURE, name_type, most=count)
    where = ", ".join(part for part in (facts.street, facts.town, facts.postcode) if part)
    address = Type(size=15, colour=WHITE)
    sheet.write("P", where, MARGIN, top - 10, MEASURE, address, most=1, smallest=8)
    return PANEL_TOP - depth


def _name(name: str) -> tuple[Type, int]:
    """How the venue's name is set, and on how many lines: on few, unless that makes it small."""
    text = legible(name)
    for lines, smallest in ((1, 38), (2, 32), (3, 22)):
        type_, _ = fit(text, Type(BOLD, 50, WHITE, 1.08), MEASURE, lines, smallest)
        wrapped = wrap(text, type_, MEASURE)
        whole = max(type_.width(word) for word in text.split(" ")) <= MEASURE
        if whole and len(wrapped) <= lines:
            return type_, len(wrapped)
    return type_, min(len(wrapped), lines)


def _specimen(sheet: Sheet, colour: str, top: float) -> float:
    """A white label beside the charter's name; returns the width to leave for it."""
    words, text = Type(BOLD, 11, colour), "SPECIMEN – demo city"
    width = words.width(text) + 20
    left = WIDTH - MARGIN - width
    sheet.rectangle(left, top - 18, width, 21, WHITE)
    sheet.write("P", text, left + 10, top - 2, width, words)
    return width + 16


def _meaning(sheet: Sheet, facts: CertificateFacts, top: float) -> float:
    plain = f"On {in_words(facts.issued_on)} this venue met the charter’s checks."
    bold, small = Type(BOLD, 16), Type(size=10.5, colour=SOFT)
    proof = "It had shown dated proof for each commitment below."
    limit = (
        "This does not promise that nothing can go wrong. If something does, please tell someone."
    )
    top = sheet.write("P", plain, MARGIN, top - 28, MEASURE, bold, most=1, smallest=11)
    top = sheet.write("P", proof, MARGIN, top - 3, MEASURE, small)
    return sheet.write("P", limit, MARGIN, top, MEASURE, small)


def _commitments(
    sheet: Sheet, commitments: Sequence[tuple[str, str]], colour: str, top: float
) -> None:
    """The list, in as few columns and as large as the room above the foot allows."""
    top -= 22
    plan = _plan(commitments, top - FOOT - 16)
    with sheet.group("L"):
        for number, (mark, name) in enumerate(commitments):
            column, row = divmod(number, plan.rows)
            x = MARGIN + column * (plan.width + GUTTER)
            _commitment(sheet, plan, mark, name, colour, x, top - row * plan.step)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the list is set: type, rows to a column, the width of a column, and row to row."""

    type_: Type
    rows: int
    width: float
    step: float

    @property
    def indent(self) -> float:
        """From the left of a mark to the left of its words."""
        return self.type_.size * 2.4


def _plan(commitments: Sequence[tuple[str, str]], room: float) -> _Plan:
    for plan in _plans(len(commitments)):
        words = plan.width - plan.indent
        lines = max(
            (len(wrap(legible(name), plan.type_, words)) for _, name in commitments), default=1
        )
        least = max(lines * plan.type_.line, plan.type_.size * 1.9) + plan.type_.size * 0.6
        if plan.rows * least <= room:
            break
    step = min(max(room / max(plan.rows, 1), least), least * 1.4)
    return replace(plan, step=step)


def _plans(count: int) -> Iterator[_Plan]:
    """Every way to set the list, the largest letters first, down to three columns of six point."""
    steps: tuple[tuple[int, float, float], ...] = ((1, 14.5, 11), (2, 12, 8), (3, 8, 6))
    for columns, size, smallest in steps:
        width = (MEASURE - GUTTER * (columns - 1)) / columns
        while size >= smallest:
            yield _Plan(Type(size=size, leading=1.2), -(-count // columns), width, 0)
            size -= 0.5


def _commitment(
    sheet: Sheet, plan: _Plan, mark: str, name: str, colour: str, x: float, top: float
) -> None:
    size, radius = plan.type_.size, plan.type_.size * 0.86
    middle = top - size * 0.8 + size * 0.335
    with sheet.decoration() as canvas:
        canvas.setFillColor(colour)
        canvas.circle(x + radius, middle, radius, stroke=0, fill=1)
    number, lines = fit(legible(mark), Type(BOLD, size * 0.86, WHITE), radius * 1.8, 1, 3)
    left = x + radius - number.width(lines[0]) / 2
    with sheet.group("LI"):
        below = middle + number.size * (0.8 - 0.335)
        sheet.write("Lbl", mark, left, below, radius * 2, number, most=1)
        sheet.write("LBody", name, x + plan.indent, top, plan.width - plan.indent, plan.type_)


def _proof(sheet: Sheet, facts: CertificateFacts, colour: str) -> None:
    """The foot: how to check it today, its dates, and the code."""
    width = QR_LEFT - MARGIN - 28
    sheet.rectangle(MARGIN, FOOT, MEASURE, 0.8, RULE)
    top = FOOT - 16
    top = sheet.write("H2", "Does it still hold today?", MARGIN, top, width, Type(BOLD, 13))
    top = sheet.write("P", "Scan the code, or go to this address:", MARGIN, top, width, Type())
    address = Type(BOLD, 12.5, colour)
    sheet.write("P", facts.short_address, MARGIN, top - 3, width, address, most=2, smallest=6)
    _dates(sheet, facts, FOOT - 88)
    draw_square(sheet, facts.verify_url, QR_LEFT, FOOT - 14 - QR_SIDE, QR_SIDE)


def _dates(sheet: Sheet, facts: CertificateFacts, top: float) -> None:
    label, value = Type(size=8.5, colour=SOFT), Type(BOLD, 10, INK)
    words = [
        ("Valid until", in_words(facts.valid_until)),
        ("Certificate", facts.serial),
        ("Charter", facts.edition_title),
    ]
    if facts.key_name:
        words.append(("Signed by", f"{facts.office_name}, key {facts.key_name}"))
    for name, said in words:
        sheet.write("P", name, MARGIN, top - 1, 60, label)
        sheet.write("P", said, MARGIN + 60, top, QR_LEFT - MARGIN - 88, value, most=1, smallest=6)
        top -= 15
