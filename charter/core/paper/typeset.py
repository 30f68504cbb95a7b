"""Typesetting: words made drawable in the embedded fonts, measured, and broken into lines.

The fonts are Atkinson Hyperlegible Next (SIL Open Font License): Latin letters with the accents
of Europe. A text may hold anything, since people type names: what cannot be seen is left out,
what the font lacks becomes its plain form or `UNPRINTABLE`, and nothing here ever fails on a text.
All lengths are points.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR, BOLD = "AtkinsonHyperlegibleNext-Regular", "AtkinsonHyperlegibleNext-Bold"
INK, SOFT, RULE = "#1c1b22", "#56535f", "#c9c6cf"
UNPRINTABLE = "¤"

_FONTS = Path(__file__).parents[2] / "static" / "vendor" / "atkinson" / "ttf"
for _name in (REGULAR, BOLD):
    pdfmetrics.registerFont(TTFont(_name, str(_FONTS / f"{_name}.ttf"), asciiReadable=False))
# The published types know fonts without the face that a TrueType font carries.
_FACES: dict[str, Any] = {name: vars(pdfmetrics.getFont(name))["face"] for name in (REGULAR, BOLD)}
_COVERED = frozenset(_FACES[REGULAR].charToGlyph) & frozenset(_FACES[BOLD].charToGlyph)
_LETTERS = frozenset(map(chr, _COVERED))


class _Widths(dict[str, float]):
    """How wide each letter is; what a font does not have takes no room."""

    def __missing__(self, letter: str) -> float:
        return 0


_WIDTHS = {
    name: _Widths((chr(letter), width) for letter, width in face.charWidths.items())
    for name, face in _FACES.items()
}
_PLAIN = str.maketrans("\u2010\u2011\u2012\u2015\u2032\u2033\u2192\u2190", "----'\"><")
# Controls, half characters, unassigned and private letters, and the unseen signs that turn a
# line around or glue emoji together.
_UNSEEN = {"Cc", "Cf", "Cs", "Cn", "Co"}


def tidy(text: str) -> str:
    """One line of composed Unicode, without characters that cannot be seen."""
    if text.isprintable():  # which most texts are: all of it can be seen
        return unicodedata.normalize("NFC", " ".join(text.split()))
    spaced = (" " if letter.isspace() else letter for letter in text)
    seen = (letter for letter in spaced if unicodedata.category(letter) not in _UNSEEN)
    return unicodedata.normalize("NFC", " ".join("".join(seen).split()))


def legible(text: str) -> str:
    """`tidy` text in letters that the font has; what has no plain form becomes a visible sign."""
    clean = tidy(text)
    if _LETTERS.issuperset(clean):
        return clean
    drawable = "".join(_drawable(letter) for letter in clean.translate(_PLAIN))
    return " ".join(drawable.split())


def _drawable(letter: str) -> str:
    if ord(letter) in _COVERED:
        return letter
    if unicodedata.category(letter) in ("Mn", "Me", "Sk"):
        return ""
    parts = unicodedata.normalize("NFKD", letter)
    bare = [part for part in parts if not unicodedata.combining(part)]
    return "".join(part if ord(part) in _COVERED else UNPRINTABLE for part in bare)


def strong(colour: str) -> str:
    """The colour (#rrggbb), darkened until white on it and it on white read well.

    At least 4.5 to 1 (WCAG 2.2, 1.4.3). Raises ValueError for anything but six hex digits.
    """
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise ValueError(f"not a colour like #1a2b3c: {colour!r}")
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    while 1.05 / (_luminance(parts) + 0.05) < 4.5:
        parts = [int(part * 0.96) for part in parts]
    return "#" + "".join(f"{part:02x}" for part in parts)


def _luminance(parts: Sequence[int]) -> float:
    linear = [
        part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@dataclass(frozen=True, slots=True)
class Type:
    """How words are set: font, size in points, colour, and line height as a share of the size."""

    font: str = REGULAR
    size: float = 10.5
    colour: str = INK
    leading: float = 1.35

    @property
    def line(self) -> float:
        """The height of one line, in points."""
        return self.size * self.leading

    def width(self, text: str) -> float:
        """The width of one line of legible text, in points."""
        return float(sum(map(_WIDTHS[self.font].__getitem__, text))) * self.size / 1000


def wrap(text: str, type_: Type, width: float) -> list[str]:
    """The lines of a legible text; a word too long for a line is broken rather than lost."""
    lines: list[str] = []
    line, used = "", 0.0
    space = type_.width(" ")
    for word in _pieces(text, type_, width):
        needs = type_.width(word)
        if line and used + space + needs > width:
            lines.append(line)
            line, used = word, needs
        else:
            line, used = (f"{line} {word}", used + space + needs) if line else (word, needs)
    return [*lines, line]


def _pieces(text: str, type_: Type, width: float) -> Iterator[str]:
    for word in text.split(" "):
        piece, used = "", 0.0
        for letter in word if type_.width(word) > width else ():
            needs = type_.width(letter)
            if piece and used + needs > width:
                yield piece
                piece, used = "", 0.0
            piece, used = piece + letter, used + needs
        yield piece or word


def fit(
    text: str, type_: Type, width: float, lines: int, smallest: float
) -> tuple[Type, list[str]]:
    """Set legible text in at most so many lines: smaller by degrees, at last cut short with …

    Words are only broken at the smallest size.
    """
    longest = max(text.split(" "), key=type_.width)
    while type_.size > smallest:
        if type_.width(longest) <= width and len(wrap(text, type_, width)) <= lines:
            break
        type_ = replace(type_, size=max(smallest, type_.size - 1))
    wrapped = wrap(text, type_, width)
    if len(wrapped) > lines:
        last = wrapped[lines - 1]
        while last and type_.width(last + "…") > width:
            last = last[:-1]
        wrapped = [*wrapped[: lines - 1], last.rstrip() + "…"]
    return type_, wrapped
