"""Reports on headed paper: headings, paragraphs and tables of any length, page x of y."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from charter.core.paper.sheet import HEIGHT, MARGIN, MEASURE, WIDTH, Element, Sheet
from charter.core.paper.typeset import BOLD, RULE, SOFT, Type, fit, legible, strong, tidy, wrap
from charter.core.text import in_words

# How high a chart is, and what its words take at most, in points.
_BARS, _NAMES = 70.0, 80.0
CHART = _BARS + _NAMES


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who a report is from, of which day its facts are, and the address of the page behind it."""

    office_name: str
    charter_title: str
    colour: str
    short_address: str
    as_at: date
    logo_png: bytes | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its heading, its share of the width, and whether it holds numbers."""

    name: str
    share: float = 1
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines to set at one place across the page, and the node they belong to."""

    node: Element
    lines: list[str]
    x: float = MARGIN
    width: float = MEASURE
    is_number: bool = False
    type_: Type | None = None


class Report:
    """A4 pages under a letterhead, each with its number, its as-at date and a short address."""

    _BODY = Type()
    _CELL = Type(size=9, leading=1.3)
    _HEAD = Type(BOLD, 9, leading=1.3)
    _SMALL = Type(size=8.5, colour=SOFT)
    _PAD = 3.5
    _FLOOR = MARGIN + 8

    def __init__(self, head: Letterhead, title: str, sheet: Sheet | None = None) -> None:
        self._head = head
        self._title = title
        # Level, words and page of every heading so far: what a list of contents is made of.
        self.headings: list[tuple[int, str, int]] = []
        self._colour = strong(head.colour)
        self._sheet = sheet or Sheet(
            title, author=head.office_name, subject=head.charter_title, made_on=head.as_at
        )
        self._top = HEIGHT - MARGIN
        self._letterhead()

    def heading(self, text: str, level: int = 2, *, room: float = 0) -> None:
        """A heading of level 2 or 3, kept on the page of what follows it.

        `room` is what that takes, in points, if it is more than three lines and cannot be parted.
        """
        type_ = Type(BOLD, 14 if level == 2 else 11.5, leading=1.2)
        self._need(type_.line * 2 + max(room, self._BODY.line * 3))
        self._top -= type_.size * 0.6
        self.headings.append((level, text, self._sheet.pages))
        self._sheet.bookmark(text, level - 1, self._top)
        self._write(f"H{level}", text, type_, after=type_.size * 0.35)

    def paragraph(self, text: str) -> None:
        """A paragraph, carried over the page where it must be."""
        self._flow([self._block("P", text, self._BODY)], self._BODY)
        self._top -= self._BODY.size * 0.6

    def rows(self, pairs: Iterable[tuple[str, str]], labels: float = 118) -> None:
        """Questions with their answers beside them; `labels` is the width of the questions."""
        for name, text in pairs:
            drawn, true = [legible(each) for each in (name, text)], [tidy(name), tidy(text)]
            words = {} if drawn == true else {"ActualText": ": ".join(true)}
            node = self._sheet.element("P", None, **words)
            blocks = [
                _Block(node, wrap(drawn[0], self._HEAD, labels - 6), type_=self._HEAD),
                _Block(node, wrap(drawn[1], self._CELL, MEASURE - labels), MARGIN + labels),
            ]
            self._flow(blocks, self._CELL)
        self._top -= 4

    def table(self, caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
        """A table from rows read one by one; its headings return at the top of every page.

        A row keeps to one page where it can; one taller than a page goes on over the next.
        Raises ValueError for a row that has not one text for each column.
        """
        self._need(self._BODY.line * 6)
        with self._sheet.group("Table"):
            self._write("Caption", caption, Type(BOLD), after=4)
            self._headings(columns)
            for row in rows:
                self._row(row, columns)
        self._top -= self._BODY.size

    def bars(self, caption: str, values: Sequence[tuple[str, int]]) -> None:
        """A chart of upright bars from nought, each with its number on it and its name below.

        It is an ornament to whoever hears the page: the same numbers stand in a table after it.
        """
        high, most = _BARS, max((number for _, number in values), default=0)
        if not most:
            return
        self._need(CHART)
        self._write("P", caption, Type(BOLD), after=14)
        step = MEASURE / len(values)
        base = self._top - high
        lowest = base
        for place, (name, number) in enumerate(values):
            x, tall = MARGIN + place * step, high * number / most
            self._sheet.rectangle(x + step * 0.15, base, step * 0.7, tall, self._colour)
            with self._sheet.decoration():
                self._label(str(number), x, base + tall + 3, step)
                lowest = min(lowest, self._label(name, x, base - 11, step))
        self._sheet.rectangle(MARGIN, base, MEASURE, 0.6, RULE)
        self._top = lowest - 13

    def _label(self, words: str, x: float, baseline: float, room: float) -> float:
        """Words in the middle of some room, in up to four lines; the last one's baseline."""
        type_, lines = fit(legible(words), self._SMALL, room - 2, 4, 6)
        for each in lines:
            self._sheet.line(each, x + (room - type_.width(each)) / 2, baseline, type_)
            baseline -= type_.line
        return baseline + type_.line

    def contents(self, headings: Sequence[tuple[int, str, int]]) -> None:
        """A list of contents, on pages of its own: the headings of level 2 with their pages."""
        rows = [(words, str(page)) for level, words, page in headings if level == 2]
        self.table("Contents", (Column("What", 8), Column("Page", 1, is_number=True)), rows)
        self._turn()

    def pictures(self, shots: Iterable[tuple[bytes, str]], across: int = 3) -> None:
        """Pictures side by side, each with what it shows below it. One that cannot be read is said.

        They are read one by one, as they are drawn.
        """
        gap, high = 10.0, 120.0
        wide = (MEASURE - gap * (across - 1)) / across
        below = self._top
        for place, (content, words) in enumerate(shots):
            column = place % across
            if column == 0:
                self._top = below
                self._need(high + 3 * self._SMALL.line)
                below = self._top
            x = MARGIN + column * (wide + gap)
            try:
                self._sheet.picture(content, words, x, self._top - high, wide, high)
            except ValueError:
                words = f"{words}: this picture cannot be shown"
            end = self._sheet.write(
                "P", words, x, self._top - high - 2, wide, self._SMALL, most=2, smallest=7
            )
            below = min(below, end - 6)
        self._top = below - 4

    def finish(self) -> bytes:
        """The bytes of the file."""
        return self._sheet.finish(self._footer)

    def _letterhead(self) -> None:
        head, sheet = self._head, self._sheet
        sheet.rectangle(MARGIN, self._top + 10, MEASURE, 3, self._colour)
        if head.logo_png:
            box = (WIDTH - MARGIN - 110, self._top - 32, 110, 34)
            sheet.picture(head.logo_png, f"Logo of {head.office_name}", *box)
        narrow = MEASURE - 130
        office = head.office_name[:1].upper() + head.office_name[1:]
        self._write("P", office, Type(BOLD, 12, self._colour), width=narrow, after=0)
        self._write("P", head.charter_title, self._SMALL, width=narrow, after=22)
        self._write("H1", self._title, Type(BOLD, 22, leading=1.2), after=4)
        self._write("P", f"As at {in_words(head.as_at)}", self._SMALL, after=12)

    def _footer(self, number: int) -> None:
        sheet, y = self._sheet, MARGIN - 16
        page = f"Page {number} of {sheet.pages}"
        right = self._SMALL.width(page)
        words = legible(f"As at {in_words(self._head.as_at)}  ·  {self._head.short_address}")
        small, lines = fit(words, self._SMALL, MEASURE - right - 20, 1, 6)
        sheet.rectangle(MARGIN, y + 14, MEASURE, 0.6, RULE)
        with sheet.decoration():
            sheet.line(lines[0], MARGIN, y, small)
            sheet.line(page, WIDTH - MARGIN - right, y, self._SMALL)

    def _write(
        self, role: str, text: str, type_: Type, *, after: float, width: float = MEASURE
    ) -> None:
        below = self._sheet.write(role, text, MARGIN, self._top, width, type_, most=6)
        self._top = below - after

    def _block(
        self, role: str, text: str, type_: Type, *, parent: Element | None = None,
        x: float = MARGIN, width: float = MEASURE, is_number: bool = False,
    ) -> _Block:  # fmt: skip
        drawn, true = legible(text), tidy(text)
        words = {} if drawn == true else {"ActualText": true}
        node = self._sheet.element(role, parent, **words)
        return _Block(node, wrap(drawn, type_, width), x, width, is_number)

    def _cells(
        self, role: str, texts: Sequence[str], columns: Sequence[Column], type_: Type
    ) -> list[_Block]:
        row = self._sheet.element("TR")
        scale = MEASURE / sum(column.share for column in columns)
        cells, x = [], MARGIN
        for text, column in zip(texts, columns, strict=True):
            width = column.share * scale
            place = {"x": x + self._PAD, "width": width - 2 * self._PAD}
            is_number = column.is_number
            cells.append(self._block(role, text, type_, parent=row, is_number=is_number, **place))
            x += width
        return cells

    def _headings(self, columns: Sequence[Column]) -> None:
        self._heads = self._cells("TH", [column.name for column in columns], columns, self._HEAD)
        height = self._height(self._heads, self._HEAD)
        self._shade(height)
        for cell in self._heads:
            with self._sheet.content(cell.node):
                self._set(cell, cell.lines, self._HEAD)
        self._top -= height

    def _headings_again(self) -> None:
        height = self._height(self._heads, self._HEAD)
        self._shade(height)
        with self._sheet.decoration():
            for cell in self._heads:
                self._set(cell, cell.lines, self._HEAD)
        self._top -= height

    def _shade(self, height: float) -> None:
        self._sheet.rectangle(MARGIN, self._top - height, MEASURE, 1.2, self._colour)

    def _row(self, texts: Sequence[str], columns: Sequence[Column]) -> None:
        cells = self._cells("TD", texts, columns, self._CELL)
        height = self._height(cells, self._CELL)
        page = HEIGHT - 2 * MARGIN - self._height(self._heads, self._HEAD)
        if self._top - height < self._FLOOR and height < page:
            self._turn()
            self._headings_again()
        self._flow(cells, self._CELL, pad=self._PAD, again=self._headings_again)
        self._sheet.rectangle(MARGIN, self._top, MEASURE, 0.5, RULE)

    def _height(self, cells: Sequence[_Block], type_: Type) -> float:
        return max(len(cell.lines) for cell in cells) * type_.line + 2 * self._PAD

    def _flow(
        self, blocks: Sequence[_Block], type_: Type, pad: float = 0,
        again: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        """Set blocks side by side, line by line, turning the page as often as it takes."""
        done, total = 0, max(len(block.lines) for block in blocks)
        while done < total:
            room = int((self._top - self._FLOOR - 2 * pad) / type_.line)
            if room < min(2, total - done):
                self._turn()
                if again:
                    again()
                continue
            for block in blocks:
                lines = block.lines[done : done + room]
                if lines:
                    with self._sheet.content(block.node):
                        self._set(block, lines, type_, pad)
            self._top -= min(room, total - done) * type_.line + 2 * pad
            done += room

    def _set(self, block: _Block, lines: Sequence[str], type_: Type, pad: float = _PAD) -> None:
        x, type_ = block.x, block.type_ or type_
        if block.is_number:
            x += block.width - max(type_.width(line) for line in lines)
        self._sheet.lines(lines, x, self._top - pad, type_)

    def _need(self, height: float) -> None:
        if self._top - height < self._FLOOR:
            self._turn()

    def _turn(self) -> None:
        self._sheet.next_page()
        self._top = HEIGHT - MARGIN
        type_, lines = fit(legible(self._title), self._SMALL, MEASURE, 1, 7)
        with self._sheet.decoration():
            self._sheet.line(lines[0], MARGIN, self._top + 12, type_)
        self._sheet.rectangle(MARGIN, self._top + 6, MEASURE, 0.6, self._colour)
