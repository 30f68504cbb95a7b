"""The QR code (ISO/IEC 18004): on a sheet, as one filled path without seams, and on a screen."""

from collections.abc import Iterator
from itertools import groupby

import segno
from markupsafe import Markup

from charter.core.paper.sheet import Sheet
from charter.core.paper.typeset import INK


def draw_square(sheet: Sheet, address: str, x: float, y: float, side: float) -> None:
    """Draw the square that opens an address, with its lower left corner at `x`, `y`.

    Error level M or better. Its quiet zone of four squares is white paper all round.
    """
    code = segno.make_qr(address, error="m")
    rows = [bytes(row) for row in code.matrix]
    square = side / len(rows)
    with sheet.content(sheet.element("Figure", Alt=f"QR code that opens {address}")):
        sheet.canvas.setFillColor(INK)
        path = sheet.canvas.beginPath()
        for number, row in enumerate(rows, start=1):
            for start, length in _runs(row):
                across, up = x + start * square, y + side - number * square
                path.rect(across, up, length * square, square)
        sheet.canvas.drawPath(path, stroke=0, fill=1)


def on_screen(address: str, words: str, *, scale: int | None = None) -> Markup:
    """The square that opens an address, as SVG to stand in a page; `words` say what it is.

    `scale` is how many pixels wide a small square is; None: as wide as the page gives it room.
    """
    size = {"omitsize": True} if scale is None else {"scale": scale}
    drawn = segno.make_qr(address, error="m").svg_inline(
        border=4, dark="#000", light="#fff", title=words, **size
    )
    # The address is in its squares only, and the words are ours.
    return Markup(drawn.replace("<svg", '<svg role="img"', 1))  # noqa: S704  # see above


def _runs(row: bytes) -> Iterator[tuple[int, int]]:
    """Where each run of dark squares begins in a row of the code, and how long it is."""
    start = 0
    for is_dark, squares in groupby(row):
        length = len(tuple(squares))
        if is_dark:
            yield start, length
        start += length
