"""A tagged A4 document that is written to a file while it is drawn: what is done is let go.

For papers whose length nobody knows beforehand, such as a year of a book. A page goes into the
file when the next one begins, a node of the tree of tags as soon as nothing more can belong to it;
what stays in memory is a few numbers for each page and each node. The footers come last, when the
number of pages is known.
"""

import zlib
from array import array
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from io import BytesIO
from typing import IO, Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import SUBSETN, makeToUnicodeCMap

from charter.core.paper.sheet import Element, Sheet, opened_picture, subsetting
from charter.core.paper.typeset import BOLD, REGULAR, Type, tidy

# Objects whose numbers are known from the start, and those of each page, from its first on.
_CATALOG, _PAGES, _INFO, _RESOURCES, _ROOT, _TREE, _PARENTS, _ABOUT = range(1, 9)
_PAGE, _FOOTER, _MARKS, _CONTENT = range(4)
PRINTED_DOTS = 150 / 72  # for each point of a page
_SYMBOLIC, _NONSYMBOLIC = 4, 32  # of a font's flags (ISO 32000-1, table 123)


class Node(Element):
    """A node of the tags that has an object number, and lets go of what is in the file."""

    def __init__(
        self, role: str, parent: "Node | None", words: dict[str, str], number: int
    ) -> None:
        super().__init__(role, parent, words)
        self.number = number
        self.holds: list[int | tuple[int, int]] = []
        self.young: list[Node] = []


class Ream(Sheet):
    """A sheet that is written to `file` page by page, and each picture as soon as it is drawn.

    What is put directly into an open group (or, without one, into the document) is done when the
    next thing is put there.
    """

    def __init__(
        self, file: IO[bytes], title: str, *, author: str, subject: str, made_on: date,
        language: str = "en-GB",
    ) -> None:  # fmt: skip
        super().__init__(title, author=author, subject=subject, made_on=made_on, language=language)
        self._file = file
        self._offsets = array("Q", [0] * (_ABOUT + 1))
        self._firsts = array("L")
        self._top = Node("Document", None, {}, _ROOT)
        self._open = [self._top]
        self._marks: list[int] = []
        self._pictures: list[int] = []
        self._places: list[tuple[str, int, int, float]] = []
        self._file.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self._begin()

    @property
    def pages(self) -> int:
        """How many pages have been begun."""
        return len(self._firsts)

    def element(self, role: str, parent: Element | None = None, **words: str) -> Node:
        """A new node under `parent`, or under the innermost open group, which ends what was
        there before it."""
        above = parent or self._open[-1]
        if not isinstance(above, Node):
            raise TypeError("a node of another sheet")
        if parent is None:
            self._settle(above)
        node = Node(role, above, words, self._number())
        above.holds.append(node.number)
        above.young.append(node)
        return node

    def _mark(self, node: Element) -> int:
        if not isinstance(node, Node):
            raise TypeError("a node of another sheet")
        mark = len(self._marks)
        node.holds.append((self._firsts[-1] + _PAGE, mark))
        self._marks.append(node.number)
        return mark

    def line(self, text: str, x: float, baseline: float, type_: Type) -> None:
        """Draw one legible line; call it inside `content` or `decoration`."""
        font: Any = pdfmetrics.getFont(type_.font)
        self._code(f"BT {_fill(type_.colour)} 1 0 0 1 {x:.3f} {baseline:.3f} Tm")
        for subset, letters in font.splitString(text, self._document):
            name = font.getSubsetInternalName(subset, self._document)
            self._code(f"{name} {type_.size:g} Tf <{letters.hex()}> Tj")
        self._code("ET")

    def picture(
        self, png: bytes, alt: str, x: float, y: float, width: float, height: float
    ) -> None:
        """A picture from its bytes, as a JPEG no finer than it can be printed, kept to the box's
        left and top.

        Raises ValueError for bytes that are no PNG or JPEG, or more than 25 million pixels.
        """
        image = opened_picture(png).convert("RGB")
        most = [max(1, round(side * PRINTED_DOTS)) for side in (width, height)]
        image.thumbnail((most[0], most[1]))
        scale = min(width / image.width, height / image.height)
        wide, high = image.width * scale, image.height * scale
        packed = BytesIO()
        image.save(packed, "JPEG", quality=72)
        number = self._number()
        about = (
            f"/Type/XObject/Subtype/Image/Width {image.width}/Height {image.height}"
            f"/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode"
        )
        content = packed.getvalue()
        head = f"<<{about}/Length {len(content)}>>\nstream\n"
        self._put(number, head.encode("latin-1") + content + b"\nendstream")
        self._pictures.append(number)
        with self.content(self.element("Figure", Alt=tidy(alt))):
            at = f"{wide:.3f} 0 0 {high:.3f} {x:.3f} {y + height - high:.3f}"
            self._code(f"q {at} cm /P{number} Do Q")

    def bookmark(self, words: str, level: int, top: float) -> None:
        """Have a viewer list this place by these words, in the list of its level (from 1)."""
        self._places.append((tidy(words), level, self._firsts[-1] + _PAGE, top))

    def next_page(self) -> None:
        """Close this page, which is then in the file, and begin another."""
        self._end()
        self._begin()

    def finish(self, finishing: Callable[[int], None] | None = None) -> bytes:
        """Write what is left. Nothing is handed back: all of it is in the file."""
        self._end()
        for page, first in enumerate(self._firsts, start=1):
            if finishing:
                finishing(page)
            self._stream(first + _FOOTER, self._drawn())
        self._settle(self._top)
        self._node(self._top, f"{_TREE} 0 R")
        self._put_tree()
        self._put_fonts()
        self._put_about(self._put_outlines())
        self._put_end()
        return b""

    def _number(self, count: int = 1) -> int:
        """The next object number, or the first of so many."""
        number = len(self._offsets)
        self._offsets.extend([0] * count)
        return number

    def _begin(self) -> None:
        self._firsts.append(self._number(4))
        self._marks = []

    def _end(self) -> None:
        first = self._firsts[-1]
        self._stream(first + _CONTENT, self._drawn())
        self._put(first + _MARKS, f"[{' '.join(f'{number} 0 R' for number in self._marks)}]")
        width, height = A4
        self._put(
            first + _PAGE,
            f"<</Type/Page/Parent {_PAGES} 0 R/MediaBox[0 0 {width:.4f} {height:.4f}]"
            f"/Resources {_RESOURCES} 0 R/Contents[{first + _CONTENT} 0 R {first + _FOOTER} 0 R]"
            f"/StructParents {self.pages - 1}/Tabs/S>>",
        )

    def _drawn(self) -> bytes:
        return "\n".join(self._take()).encode("latin-1") + b"\n"

    def _settle(self, above: Node) -> None:
        """Write everything under a node; nothing more belongs to it."""
        for node in above.young:
            self._settle(node)
            self._node(node, f"{above.number} 0 R")
        above.young.clear()

    def _node(self, node: Node, parent: str) -> None:
        words = "".join(f"/{name}{_text(words)}" for name, words in node.words.items())
        scope = "/A<</O/Table/Scope/Column>>" if node.role == "TH" else ""
        self._put(node.number, f"<</S/{node.role}/P {parent}{_held(node.holds)}{words}{scope}>>")

    def _put(self, number: int, body: str | bytes) -> None:
        self._offsets[number] = self._file.tell()
        body = body.encode("latin-1") if isinstance(body, str) else body
        self._file.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))

    def _stream(self, number: int, content: bytes, more: str = "") -> None:
        packed = zlib.compress(content)
        head = f"<</Filter/FlateDecode/Length {len(packed)}{more}>>\nstream\n"
        self._put(number, head.encode("latin-1") + packed + b"\nendstream")

    def _put_tree(self) -> None:
        self._put(
            _TREE,
            f"<</Type/StructTreeRoot/K {_ROOT} 0 R/ParentTree {_PARENTS} 0 R"
            f"/ParentTreeNextKey {self.pages}>>",
        )
        marks = (f"{page} {first + _MARKS} 0 R" for page, first in enumerate(self._firsts))
        self._put(_PARENTS, f"<</Nums[{' '.join(marks)}]>>")
        pages = " ".join(f"{first + _PAGE} 0 R" for first in self._firsts)
        self._put(_PAGES, f"<</Type/Pages/Count {self.pages}/Kids[{pages}]>>")

    def _put_outlines(self) -> str:
        """The list of places, as a tree of two levels; what the catalog says of it."""
        if not self._places:
            return ""
        root, first = self._number(), self._number(len(self._places))
        families: list[tuple[int, list[int]]] = []
        for n, (_, level, _, _) in enumerate(self._places):
            if level == 1 or not families:
                families.append((n, []))
            else:
                families[-1][1].append(n)
        uppers = [upper for upper, _ in families]
        for upper, below in families:
            inner = ""
            if below:
                ends = f"/First {first + below[0]} 0 R/Last {first + below[-1]} 0 R"
                inner = f"{ends}/Count {-len(below)}"
            self._put_place(first, upper, uppers, root, inner)
            for n in below:
                self._put_place(first, n, below, first + upper, "")
        ends = f"/First {first + uppers[0]} 0 R/Last {first + uppers[-1]} 0 R"
        self._put(root, f"<</Type/Outlines{ends}/Count {len(uppers)}>>")
        return f"/Outlines {root} 0 R/PageMode/UseOutlines"

    def _put_place(self, first: int, n: int, kin: Sequence[int], parent: int, inner: str) -> None:
        """One place of the list, between those before and after it."""
        words, _, page, top = self._places[n]
        at = kin.index(n)
        links = f"/Prev {first + kin[at - 1]} 0 R" if at else ""
        links += f"/Next {first + kin[at + 1]} 0 R" if at + 1 < len(kin) else ""
        place = f"/Dest[{page} 0 R/XYZ null {top:.1f} null]"
        self._put(first + n, f"<</Title{_text(words)}/Parent {parent} 0 R{links}{inner}{place}>>")

    def _put_fonts(self) -> None:
        """Every font with the letters of it that were drawn."""
        found = []
        for name in (REGULAR, BOLD):
            font: Any = pdfmetrics.getFont(name)
            state = font.state.get(self._document)
            if state is None or state.internalName is None:
                continue
            for n, subset in enumerate(state.subsets):
                made = self._put_font(font.face, SUBSETN(n).decode(), subset)
                found.append(f"/{state.internalName}+{n} {made} 0 R")
            del font.state[self._document]
        pictures = " ".join(f"/P{number} {number} 0 R" for number in self._pictures)
        self._put(
            _RESOURCES,
            f"<</ProcSet[/PDF/Text/ImageC]/Font<<{' '.join(found)}>>/XObject<<{pictures}>>>>",
        )

    def _put_font(self, face: Any, tag: str, subset: Sequence[int]) -> int:
        font, letters, about, unicode = (self._number() for _ in range(4))
        name = f"{tag}+{face.name.decode()}"
        with subsetting:
            content = face.makeSubset(subset)
        self._stream(letters, content, f"/Length1 {len(content)}")
        box = " ".join(str(edge) for edge in face.bbox)
        flags = face.flags & ~_NONSYMBOLIC | _SYMBOLIC
        self._put(
            about,
            f"<</Type/FontDescriptor/FontName/{name}/Flags {flags}/FontBBox[{box}]"
            f"/Ascent {face.ascent}/Descent {face.descent}/CapHeight {face.capHeight}"
            f"/ItalicAngle {face.italicAngle}/StemV {face.stemV}"
            f"/MissingWidth {face.defaultWidth}/FontFile2 {letters} 0 R>>",
        )
        self._stream(unicode, makeToUnicodeCMap(name, subset).encode("latin-1"))
        widths = " ".join(str(face.getCharWidth(letter)) for letter in subset)
        self._put(
            font,
            f"<</Type/Font/Subtype/TrueType/BaseFont/{name}/FirstChar 0/LastChar {len(subset) - 1}"
            f"/Widths[{widths}]/FontDescriptor {about} 0 R/ToUnicode {unicode} 0 R>>",
        )
        return font

    def _put_about(self, more: str) -> None:
        about, stamp = self._about, f"(D:{self._made_on:%Y%m%d}000000Z)"
        words = "".join(f"/{name.capitalize()}{_text(said)}" for name, said in about.items())
        self._put(
            _INFO,
            f"<<{words}/Creator{_text(about['author'])}/CreationDate{stamp}/ModDate{stamp}>>",
        )
        self._stream(_ABOUT, self.described().encode(), "/Type/Metadata/Subtype/XML")
        self._put(
            _CATALOG,
            f"<</Type/Catalog/Pages {_PAGES} 0 R/StructTreeRoot {_TREE} 0 R/Metadata {_ABOUT} 0 R"
            f"/MarkInfo<</Marked true>>/ViewerPreferences<</DisplayDocTitle true>>"
            f"/Lang{_text(self._language)}{more}>>",
        )

    def _put_end(self) -> None:
        start, size = self._file.tell(), len(self._offsets)
        self._file.write(b"xref\n0 %d\n0000000000 65535 f \n" % size)
        for offset in self._offsets[1:]:
            self._file.write(b"%010d 00000 n \n" % offset)
        self._file.write(
            b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF\n"
            % (size, _CATALOG, _INFO, start)
        )


def _held(holds: Sequence[int | tuple[int, int]]) -> str:
    """What a node holds: nodes by their number, and marks by page; in the short form where all are
    marks of one page, as in most of the tens of thousands of nodes of a long paper."""
    pages = {each[0] if isinstance(each, tuple) else 0 for each in holds}
    if len(pages) == 1 and 0 not in pages:
        marks = " ".join(str(each[1]) for each in holds if isinstance(each, tuple))
        return f"/Pg {pages.pop()} 0 R/K[{marks}]"
    kids = (
        f"<</Type/MCR/Pg {each[0]} 0 R/MCID {each[1]}>>"
        if isinstance(each, tuple)
        else f"{each} 0 R"
        for each in holds
    )
    return f"/K[{' '.join(kids)}]"


@cache
def _fill(colour: str) -> str:
    """The operation that fills with a colour (#rrggbb)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return f"{' '.join(f'{part:.4g}' for part in parts)} rg"


def _text(words: str) -> str:
    """Words as a text string of any letters (ISO 32000-1, 7.9.2.2)."""
    return f"<FEFF{words.encode('utf-16-be').hex().upper()}>"
