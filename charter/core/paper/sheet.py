"""A tagged A4 document to draw on: text, pictures and decoration, with the tree that names them."""

import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

from charter.core.paper.typeset import REGULAR, Type, fit, legible, tidy, wrap

WIDTH, HEIGHT = A4
MARGIN = 25 * mm
MEASURE = WIDTH - 2 * MARGIN
LOGO_PIXELS = 600
MOST_PIXELS = 25_000_000

# ReportLab's font parser keeps its place in the file on the shared font: one subset at a time.
subsetting = threading.Lock()


class Element(pdfdoc.PDFObject):
    """One node of the tree of tags: its role, its parent, and what it holds on which page."""

    __RefOnly__ = 1

    def __init__(self, role: str, parent: "Element | None", words: dict[str, str]) -> None:
        self.role = role
        self.parent = parent
        self.words = words
        self.kids: list[Element | tuple[str, int]] = []

    def format(self, document: Any) -> bytes:
        """The node as PDF (called by ReportLab when the file is written)."""
        above = self.parent or document.Catalog.StructTreeRoot
        parts: dict[str, object] = {
            "S": pdfdoc.PDFName(self.role),
            "P": document.Reference(above),
        }
        if len(self.kids) == 1 and isinstance(self.kids[0], tuple):
            # The short form: most nodes hold one mark, and a register has tens of thousands.
            page, number = self.kids[0]
            parts |= {"Pg": pdfdoc.PDFObjectReference(page), "K": number}
        else:
            parts["K"] = pdfdoc.PDFArray([_kid(kid, document) for kid in self.kids])
        parts |= {name: pdfdoc.PDFString(words) for name, words in self.words.items()}
        if self.role == "TH":
            scope = {"O": pdfdoc.PDFName("Table"), "Scope": pdfdoc.PDFName("Column")}
            parts["A"] = pdfdoc.PDFDictionary(scope)
        return bytes(pdfdoc.PDFDictionary(parts).format(document))


def _kid(kid: Element | tuple[str, int], document: Any) -> object:
    if isinstance(kid, Element):
        return document.Reference(kid)
    page, number = kid
    content = {"Type": pdfdoc.PDFName("MCR"), "Pg": pdfdoc.PDFObjectReference(page), "MCID": number}
    return pdfdoc.PDFDictionary(content)


def _stream(code: Sequence[str]) -> pdfdoc.PDFStream:
    """Drawing operations as a stream compressed now, so that a finished page takes little room."""
    content = zlib.compress("\n".join(code).encode("latin-1") + b"\n")
    kind = {"Filter": pdfdoc.PDFName("FlateDecode")}
    return pdfdoc.PDFStream(pdfdoc.PDFDictionary(kind), content, [])


def opened_picture(content: bytes) -> Image.Image:
    """The picture in these bytes. Raises ValueError for what is no PNG or JPEG, or too big."""
    try:
        with Image.open(BytesIO(content), formats=("PNG", "JPEG")) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise ValueError("the picture has too many pixels")
            opened.load()
            return opened.copy()
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("not a picture that can be printed") from error


class Sheet:
    """A tagged A4 document to draw on, page by page; `finish` hands back its bytes."""

    def __init__(
        self, title: str, *, author: str, subject: str, made_on: date, language: str = "en-GB"
    ) -> None:
        # The published types call this option a number.
        ours: dict[str, Any] = {"initialFontName": REGULAR}
        self.canvas = Canvas(
            BytesIO(), A4, pageCompression=1, invariant=1, pdfVersion=(1, 7), lang=language, **ours
        )
        # ReportLab has no door to tags: its own workings, which the published types leave out.
        self._inside: Any = self.canvas
        self._document: Any = vars(self.canvas)["_doc"]
        self._about = {"title": tidy(title), "author": tidy(author), "subject": tidy(subject)}
        self._language = language
        self._made_on = made_on
        self._root = Element("Document", None, {})
        self._open = [self._root]
        self._marked: list[list[Element]] = [[]]
        self._pages: list[Any] = []

    @property
    def pages(self) -> int:
        """How many pages have been begun."""
        return len(self._marked)

    def bookmark(self, words: str, level: int, top: float) -> None:
        """Have a viewer list a place of this page by these words; a ream does, other sheets not."""

    def element(self, role: str, parent: Element | None = None, **words: str) -> Element:
        """A new node under `parent`, or under the innermost open group.

        `words` are its texts by PDF name: Alt for a picture, ActualText for what was not drawn.
        """
        above = parent or self._open[-1]
        node = Element(role, above, words)
        above.kids.append(node)
        return node

    @contextmanager
    def group(self, role: str) -> Iterator[Element]:
        """Everything tagged inside belongs to one node, such as a list or a table."""
        node = self.element(role)
        self._open.append(node)
        yield node
        self._open.pop()

    @contextmanager
    def content(self, node: Element) -> Iterator[None]:
        """Everything drawn inside is what `node` holds; may be entered again on a later page."""
        self._code(f"/{node.role} <</MCID {self._mark(node)}>> BDC")
        yield
        self._code("EMC")

    def _mark(self, node: Element) -> int:
        """The number on this page of what is drawn next, which `node` holds."""
        marked = self._marked[-1]
        node.kids.append((f"Page{self.pages}", len(marked)))
        marked.append(node)
        return len(marked) - 1

    @contextmanager
    def decoration(self) -> Iterator[Canvas]:
        """Everything drawn inside is for the eye only; screen readers pass over it."""
        self._code("/Artifact BMC")
        yield self.canvas
        self._code("EMC")

    def rectangle(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled rectangle as decoration; thin ones are rules."""
        with self.decoration() as canvas:
            canvas.setFillColor(colour)
            canvas.rect(x, y, width, height, stroke=0, fill=1)

    def line(self, text: str, x: float, baseline: float, type_: Type) -> None:
        """Draw one legible line; call it inside `content` or `decoration`."""
        self.canvas.setFillColor(type_.colour)
        self.canvas.setFont(type_.font, type_.size)
        self.canvas.drawString(x, baseline, text)

    def lines(self, lines: Sequence[str], x: float, top: float, type_: Type) -> float:
        """Draw lines downwards inside `content`; returns the height where the next would begin."""
        for number, text in enumerate(lines):
            # The space keeps words apart for a screen reader where the line ends.
            ending = " " if number < len(lines) - 1 else ""
            self.line(text + ending, x, top - type_.size * 0.8 - number * type_.line, type_)
        return top - len(lines) * type_.line

    def write(
        self, role: str, text: str, x: float, top: float, width: float, type_: Type,
        *, most: int = 0, smallest: float = 0, parent: Element | None = None,
    ) -> float:  # fmt: skip
        """Write a tagged text, wrapped to `width`; returns the height below it.

        With `most` lines, it shrinks to `smallest` points to fit them and is then cut short. The
        whole true text is kept for screen readers whenever what is drawn differs from it.
        """
        drawn = legible(text)
        if most:
            type_, lines = fit(drawn, type_, width, most, smallest or type_.size)
        else:
            lines = wrap(drawn, type_, width)
        true = tidy(text)
        differs = drawn != true or (lines[-1].endswith("…") and not true.endswith("…"))
        node = self.element(role, parent, **({"ActualText": true} if differs else {}))
        with self.content(node):
            return self.lines(lines, x, top, type_)

    def picture(
        self, png: bytes, alt: str, x: float, y: float, width: float, height: float
    ) -> None:
        """A picture from its bytes, as large as fits the box, kept to the box's right and middle.

        Raises ValueError for bytes that are no PNG or JPEG, or more than 25 million pixels.
        """
        image = opened_picture(png).convert("RGBA")
        image.thumbnail((LOGO_PIXELS, LOGO_PIXELS))
        scale = min(width / image.width, height / image.height)
        wide, high = image.width * scale, image.height * scale
        at = (x + width - wide, y + (height - high) / 2)
        with self.content(self.element("Figure", Alt=tidy(alt))):
            self.canvas.drawImage(ImageReader(image), *at, wide, high, mask="auto")

    def next_page(self) -> None:
        """Close this page and begin another."""
        self._close_page()
        self._marked.append([])

    def finish(self, finishing: Callable[[int], None] | None = None) -> bytes:
        """The bytes of the file. `finishing(number)` may draw decoration on top of each page.

        It is called when the number of pages is known, which is how "page 2 of 9" is written.
        """
        self._close_page()
        for number, page in enumerate(self._pages, start=1):
            if finishing:
                finishing(number)
                page.Contents.sequence.append(self._document.Reference(_stream(self._take())))
        self._tag()
        with subsetting:
            return bytes(self._inside.getpdfdata())

    def _code(self, operation: str) -> None:
        self._inside._code.append(operation)

    def _take(self) -> list[str]:
        code: list[str] = self._inside._code
        self._inside._code = []
        return code

    def _close_page(self) -> None:
        code = self._take()
        self.canvas.showPage()
        number = self.pages
        page: Any = self._document.idToObject[f"Page{number}"]
        page.stream = None
        page.Contents = pdfdoc.PDFArray([self._document.Reference(_stream(code))])
        # ReportLab knows neither entry; named on this page alone, so that nothing else changes.
        page.__NoDefault__ = [*page.__NoDefault__, "StructParents", "Tabs"]
        page.StructParents = number - 1
        page.Tabs = pdfdoc.PDFName("S")
        self._pages.append(page)

    def _tag(self) -> None:
        document, catalog = self._document, self._document.Catalog
        rows = [
            part
            for number, nodes in enumerate(self._marked)
            for part in (number, pdfdoc.PDFArray([document.Reference(node) for node in nodes]))
        ]
        tree = pdfdoc.PDFDictionary(
            {
                "Type": pdfdoc.PDFName("StructTreeRoot"),
                "K": document.Reference(self._root),
                "ParentTree": pdfdoc.PDFDictionary({"Nums": pdfdoc.PDFArray(rows)}),
                "ParentTreeNextKey": self.pages,
            }
        )
        catalog.StructTreeRoot = tree
        catalog.MarkInfo = pdfdoc.PDFDictionary({"Marked": "true"})
        catalog.ViewerPreferences = pdfdoc.PDFDictionary({"DisplayDocTitle": "true"})
        catalog.Metadata = self._metadata()
        self.canvas.setTitle(self._about["title"])
        self.canvas.setAuthor(self._about["author"])
        self.canvas.setSubject(self._about["subject"])
        self.canvas.setCreator(self._about["author"])
        stamp = f"D:{self._made_on:%Y%m%d}000000Z"
        self.canvas.setDateFormatter(lambda *_: stamp)

    def _metadata(self) -> pdfdoc.PDFStream:
        kind = {"Type": pdfdoc.PDFName("Metadata"), "Subtype": pdfdoc.PDFName("XML")}
        return pdfdoc.PDFStream(pdfdoc.PDFDictionary(kind), self.described().encode(), [])

    def described(self) -> str:
        """What the file is, as XMP (ISO 16684-1)."""
        title, author = escape(self._about["title"]), escape(self._about["author"])
        return (
            '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
            '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
            ' xmlns:xmp="http://ns.adobe.com/xap/1.0/">'
            f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>'
            f"<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>"
            f"<dc:language><rdf:Bag><rdf:li>{self._language}</rdf:li></rdf:Bag></dc:language>"
            f"<xmp:CreateDate>{self._made_on.isoformat()}</xmp:CreateDate>"
            '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
        )
