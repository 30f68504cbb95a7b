"""Paper: what is drawn, what is tagged, what is embedded, and that nothing typed can break it."""

import io
import tracemalloc
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from charter.core.paper.report import Column, Letterhead, Report
from charter.core.paper.sheet import MARGIN, MEASURE, Sheet
from charter.core.paper.typeset import BOLD, UNPRINTABLE, Type, fit, legible, strong, tidy, wrap
from charter.core.text import in_words

DAY = date(2026, 11, 20)
HEAD = Letterhead(
    office_name="the night office",
    charter_title="Women’s Night Safety Charter",
    colour="#4b2e83",
    short_address="charter.example/register",
    as_at=DAY,
)
HOSTILE = "🍸 قهوة <b>&amp; <img src=http://169.254.169.254/x> {{7*7}} \x00\ud800\u202e" + "W" * 300


def make_sheet(title: str = "A page") -> Sheet:
    return Sheet(title, author="The night office", subject="A charter", made_on=DAY)


def read(data: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(data), strict=True)


def nodes(reader: PdfReader) -> list[Any]:
    """Every node of the tree of tags, in reading order."""

    def walk(node: Any) -> Iterator[Any]:
        node = node.get_object()
        if isinstance(node, int) or node.get("/Type") == "/MCR":
            return
        yield node
        for kid in node["/K"] if isinstance(node["/K"], list) else ():
            yield from walk(kid)

    return list(walk(reader.root_object["/StructTreeRoot"]["/K"]))


def roles(reader: PdfReader) -> list[str]:
    return [str(node["/S"])[1:] for node in nodes(reader)]


def fonts(reader: PdfReader) -> list[Any]:
    return [
        font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()
    ]


def test_a_date_is_written_as_people_say_it() -> None:
    assert in_words(DAY) == "Friday 20 November 2026"


def test_what_cannot_be_seen_is_left_out_and_spaces_become_one() -> None:
    assert tidy("The\u200b  Lamp\x00\n&\u202e Anchor\ud800 ") == "The Lamp & Anchor"


@pytest.mark.parametrize(
    ("typed", "drawn"),
    [
        ("Žižkov’s Café Ŵŷ & ' @ Ø", "Žižkov’s Café Ŵŷ & ' @ Ø"),
        ("Cafe\u0301", "Café"),
        ("Phở Quán", "Pho Quán"),
        ("ﬁve №7", "five No7"),
        ("10\u20112 a\u2192b", "10-2 a>b"),
        ("Bar 🍸", f"Bar {UNPRINTABLE}"),
        ("👩🏽\u200d🍳", UNPRINTABLE * 2),
        ("قهوة", UNPRINTABLE * 4),
    ],
)
def test_letters_the_font_lacks_get_their_plain_form_or_a_visible_sign(
    typed: str, drawn: str
) -> None:
    assert legible(typed) == drawn


@given(st.text(max_size=120))
def test_any_text_becomes_drawable_and_stays_so(text: str) -> None:
    drawn = legible(text)
    assert legible(drawn) == drawn
    assert bool(drawn) >= any(letter.isalnum() for letter in tidy(text))


@given(st.text(max_size=200), st.floats(min_value=20, max_value=400))
def test_wrapped_lines_fit_and_lose_no_letter(text: str, width: float) -> None:
    drawn, type_ = legible(text), Type(size=12)
    lines = wrap(drawn, type_, width)
    assert all(type_.width(line) <= width + 0.01 for line in lines)
    assert "".join(lines).replace(" ", "") == drawn.replace(" ", "")


def test_a_long_name_shrinks_before_it_is_broken_and_is_cut_short_last() -> None:
    type_, lines = fit("The Assembly Rooms Social Club", Type(BOLD, 40), 300, 2, 10)
    assert 10 < type_.size < 40
    assert " ".join(lines) == "The Assembly Rooms Social Club"
    type_, lines = fit("W" * 300, Type(BOLD, 40), 300, 2, 10)
    assert (type_.size, len(lines), lines[-1][-1]) == (10, 2, "…")
    assert all(type_.width(line) <= 300 for line in lines)


@given(st.integers(min_value=0, max_value=0xFFFFFF))
def test_every_colour_becomes_readable_against_white(number: int) -> None:
    colour = strong(f"#{number:06x}")
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    luminance = sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    assert 1.05 / (luminance + 0.05) >= 4.5


def test_a_strong_colour_is_kept_and_nonsense_refused() -> None:
    assert strong("#4b2e83") == "#4b2e83"
    for nonsense in ("red", "#fff", "#12345g", "#1234567", ""):
        with pytest.raises(ValueError, match="not a colour"):
            strong(nonsense)


def test_a_sheet_says_what_it_is_and_in_which_language() -> None:
    sheet = make_sheet("Fish & <Chips> 🍸")
    sheet.write("H1", "Fish", MARGIN, 700, MEASURE, Type())
    reader = read(sheet.finish())
    root = reader.root_object
    assert root["/Lang"] == "en-GB"
    assert root["/MarkInfo"]["/Marked"] is not None
    assert bool(root["/MarkInfo"]["/Marked"])
    assert bool(root["/ViewerPreferences"]["/DisplayDocTitle"])
    assert reader.metadata is not None
    assert reader.metadata.title == "Fish & <Chips> 🍸"
    assert reader.metadata["/CreationDate"].startswith("D:20261120")
    assert reader.xmp_metadata is not None
    assert reader.xmp_metadata.dc_title == {"x-default": "Fish & <Chips> 🍸"}
    assert b"pdfuaid" not in root["/Metadata"].get_object().get_data()


def test_every_mark_is_tagged_or_declared_decoration() -> None:
    sheet = make_sheet()
    sheet.rectangle(MARGIN, 500, 10, 10, "#000000")
    sheet.write("P", "Words", MARGIN, 700, MEASURE, Type())
    sheet.next_page()
    sheet.write("P", "More", MARGIN, 700, MEASURE, Type())
    reader = read(sheet.finish(lambda _: sheet.rectangle(MARGIN, 20, 10, 10, "#000000")))
    for page in reader.pages:
        depth = 0
        for _, operator in page.get_contents().operations:  # type: ignore[union-attr]  # drawn on
            depth += {b"BDC": 1, b"BMC": 1, b"EMC": -1}.get(operator, 0)
            assert depth in (0, 1)
            assert depth or operator not in {b"Tj", b"f", b"f*", b"B", b"S", b"Do"}
        assert depth == 0


def test_the_tree_leads_from_each_page_back_to_its_nodes() -> None:
    sheet = make_sheet()
    sheet.write("H1", "One", MARGIN, 700, MEASURE, Type())
    sheet.next_page()
    sheet.write("P", "Two", MARGIN, 700, MEASURE, Type())
    reader = read(sheet.finish())
    tree = reader.root_object["/StructTreeRoot"]
    rows = tree["/ParentTree"]["/Nums"]
    for number, page in enumerate(reader.pages):
        assert page["/StructParents"] == number
        assert page["/Tabs"] == "/S"
        (node,) = rows[number * 2 + 1]
        assert node.get_object()["/Pg"].get_object() == page.get_object()
    assert roles(reader) == ["Document", "H1", "P"]


def test_what_is_drawn_otherwise_keeps_its_true_text() -> None:
    sheet = make_sheet()
    sheet.write("P", "Bar 🍸", MARGIN, 700, MEASURE, Type())
    sheet.write("P", "long " * 90, MARGIN, 600, 100, Type(), most=2)
    sheet.write("P", "Plain", MARGIN, 500, MEASURE, Type())
    _, emoji, cut, plain = nodes(read(sheet.finish()))
    assert emoji["/ActualText"] == "Bar 🍸"
    assert cut["/ActualText"] == ("long " * 90).strip()
    assert "/ActualText" not in plain


def test_every_font_is_embedded_and_none_is_the_library_s_own() -> None:
    sheet = make_sheet()
    sheet.write("P", "Words", MARGIN, 700, MEASURE, Type())
    sheet.write("P", "Words", MARGIN, 600, MEASURE, Type(BOLD))
    found = fonts(read(sheet.finish()))
    assert len(found) == 2
    for font in found:
        assert "AtkinsonHyperlegibleNext" in font["/BaseFont"]
        assert "/FontFile2" in font["/FontDescriptor"]


def test_a_picture_is_tagged_with_its_words_and_kept_small() -> None:
    png = io.BytesIO()
    Image.new("RGBA", (3000, 1000), "#004488").save(png, "PNG")
    sheet = make_sheet()
    sheet.picture(png.getvalue(), "Logo of Testbury", MARGIN, 600, 100, 50)
    reader = read(sheet.finish())
    figure = nodes(reader)[1]
    assert (figure["/S"], figure["/Alt"]) == ("/Figure", "Logo of Testbury")
    (image,) = reader.pages[0].images
    assert image.image is not None
    assert image.image.size == (600, 200)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\x00" * 40])
def test_bytes_that_are_no_picture_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="picture"):
        make_sheet().picture(data, "Logo", 0, 0, 10, 10)


def make_report(rows: Sequence[Sequence[str]] = (("The Lamp", "Valid", "7"),)) -> bytes:
    """A small register: the example to copy for a report of one's own."""
    report = Report(HEAD, "Register of venues")
    report.paragraph("Every venue that has signed, and where it stands on this day.")
    report.heading("Venues")
    columns = (Column("Venue", 3), Column("State", 2), Column("Commitments met", 1, True))
    report.table("Venues and their state", columns, rows)
    return report.finish()


def test_a_report_is_a_tree_of_headings_paragraphs_and_a_table() -> None:
    reader = read(make_report())
    found = roles(reader)
    above = ["Document", "P", "P", "H1", "P", "P", "H2", "Table", "Caption"]
    assert found == [*above, "TR", "TH", "TH", "TH", "TR", "TD", "TD", "TD"]
    heads = [node for node in nodes(reader) if node["/S"] == "/TH"]
    assert {head["/A"]["/Scope"] for head in heads} == {"/Column"}
    text = reader.pages[0].extract_text()
    assert "The night office" in text
    assert "As at Friday 20 November 2026" in text
    assert "charter.example/register" in text
    assert "Page 1 of 1" in text


def test_a_long_table_keeps_its_headings_and_counts_its_pages() -> None:
    rows = [(f"Venue {number}", "Valid", str(number % 8)) for number in range(200)]
    reader = read(make_report(rows))
    total = len(reader.pages)
    assert total > 3
    for number, page in enumerate(reader.pages, start=1):
        text = page.extract_text()
        assert f"Page {number} of {total}" in text
        assert "Commitments" in text
    assert roles(reader).count("TH") == 3
    assert roles(reader).count("TR") == 201
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert all(f"Venue {number}\n" in text for number in range(200))


def test_a_row_taller_than_a_page_goes_on_over_the_next() -> None:
    story = " ".join(f"word{number}" for number in range(4000))
    reader = read(make_report([("The Lamp", story, "1"), ("The Anchor", "Valid", "2")]))
    assert len(reader.pages) > 3
    text = " ".join(page.extract_text() for page in reader.pages).split()
    assert [word for word in text if word.startswith("word")] == story.split()
    assert roles(reader).count("TD") == 6


def test_a_row_that_does_not_match_its_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="argument"):
        make_report([("The Lamp", "Valid")])


def test_nothing_typed_breaks_a_report() -> None:
    report = Report(HEAD, HOSTILE)
    report.heading(HOSTILE)
    report.heading("", 3)
    report.paragraph(HOSTILE * 30)
    report.paragraph("")
    report.table(HOSTILE, (Column(HOSTILE), Column("")), [(HOSTILE, ""), ("", HOSTILE)])
    text = " ".join(page.extract_text() for page in read(report.finish()).pages)
    assert "{{7*7}}" in text
    assert "http://169.254.169.254/x" in text.replace("\n", "")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=300), st.text(), st.text()), max_size=5))
def test_any_text_makes_a_file_that_opens(rows: list[tuple[str, str, str]]) -> None:
    assert len(read(make_report(rows)).pages) >= 1


def test_the_same_report_is_the_same_bytes_also_beside_another_thread() -> None:
    alone = [make_report([(f"Venue {n} äöü", "Valid", "1")] * 30) for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(lambda n: make_report([(f"Venue {n} äöü", "Valid", "1")] * 30), range(4))
        assert list(made) == alone


@pytest.mark.slow
def test_a_report_of_thousands_of_rows_stays_small() -> None:
    make_report()
    rows = ((f"Venue {number} of a long street", "Working towards", "5") for number in range(1500))
    tracemalloc.start()
    report = Report(HEAD, "Register")
    report.table("Venues", (Column("Venue", 3), Column("State"), Column("Met", 1, True)), rows)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / 1500 < 6000
