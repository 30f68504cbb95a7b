"""Questions on paper: boxes to tick and lines to write on, under the headings of a walk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from charter.core.paper.sheet import HEIGHT, MARGIN, MEASURE, Sheet
from charter.core.paper.typeset import BOLD, RULE, SOFT, Type, strong, wrap

_BOX = 9.0
_LINE = 19.0
_FLOOR = MARGIN + 18
_NAME, _TEXT, _SMALL = Type(BOLD, 13), Type(size=9.5), Type(size=8.5)


@dataclass(frozen=True, slots=True)
class Head:
    """What stands on top of a paper: its title, whose it is, how to fill it in; and below each
    page the address at which it is typed in.
    """

    title: str
    whose: str
    how: str
    short_address: str
    colour: str
    made_on: date


class BlankForm:
    """A4 pages of questions, one under the other."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._colour = strong(head.colour)
        about = {"author": head.whose, "subject": head.title}
        self._sheet = Sheet(f"{head.title}: {head.whose}", made_on=head.made_on, **about)
        self._top = HEIGHT - MARGIN
        self._sheet.rectangle(MARGIN, self._top + 8, MEASURE, 3, self._colour)
        title, whose = Type(BOLD, 19), Type(BOLD, 11)
        below = self._sheet.write("H1", head.title, MARGIN, self._top, MEASURE, title)
        below = self._sheet.write("P", head.whose, MARGIN, below - 2, MEASURE, whose)
        self._top = self._sheet.write("P", head.how, MARGIN, below - 4, MEASURE, _TEXT) - 8

    def finish(self) -> bytes:
        """The bytes of the file."""
        small = Type(size=8, colour=SOFT)

        def foot(number: int) -> None:
            with self._sheet.decoration():
                words = f"Page {number} of {self._sheet.pages}  ·  {self._head.short_address}"
                self._sheet.line(words, MARGIN, MARGIN - 10, small)

        return self._sheet.finish(foot)

    def section(self, name: str) -> None:
        """The heading of a place, kept with its first question."""
        self._top -= 6
        self._need(_NAME.line + 70)
        self._sheet.rectangle(MARGIN, self._top, MEASURE, 1.2, self._colour)
        self._top = self._sheet.write("H2", name, MARGIN, self._top - 5, MEASURE, _NAME) - 4

    def written(self, words: str, lines: int = 1) -> None:
        """A question with lines to write on."""
        self._need(_TEXT.line + lines * _LINE)
        self._top = self._sheet.write("P", words, MARGIN, self._top, MEASURE, _TEXT)
        for _ in range(lines):
            self._top -= _LINE
            self._sheet.rectangle(MARGIN, self._top, MEASURE, 0.5, RULE)
        self._top -= 6

    def boxes(self, words: str, names: Sequence[str], *, write: bool = False) -> None:
        """A question with boxes to tick, in as many rows as they need; with a line to write on."""
        rows = self._laid(names)
        asked = len(wrap(words, _TEXT, MEASURE)) * _TEXT.line
        self._need(asked + len(rows) * 14 + (_LINE if write else 0) + 6)
        self._top = self._sheet.write("P", words, MARGIN, self._top, MEASURE, _TEXT) - 2
        with self._sheet.group("L"):
            for row in rows:
                for x, name in row:
                    with self._sheet.decoration() as canvas:
                        canvas.setStrokeColor(SOFT)
                        canvas.setLineWidth(0.8)
                        canvas.rect(x, self._top - _BOX - 1, _BOX, _BOX, stroke=1, fill=0)
                    at = x + _BOX + 4
                    self._sheet.write("LI", name, at, self._top, MARGIN + MEASURE - at, _SMALL)
                self._top -= 14
        if write:
            self._top -= _LINE - 6
            self._sheet.rectangle(MARGIN, self._top, MEASURE, 0.5, RULE)
        self._top -= 6

    @staticmethod
    def _laid(names: Sequence[str]) -> list[list[tuple[float, str]]]:
        rows: list[list[tuple[float, str]]] = [[]]
        x = MARGIN
        for name in names:
            wide = _BOX + 4 + _SMALL.width(name) + 14
            if rows[-1] and x + wide > MARGIN + MEASURE:
                rows.append([])
                x = MARGIN
            rows[-1].append((x, name))
            x += wide
        return rows

    def _need(self, height: float) -> None:
        if self._top - height < _FLOOR:
            self._sheet.next_page()
            self._top = HEIGHT - MARGIN
