"""The certificate's page: what it says, how it is made, and that its code can be read."""

import io
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from charter.certificates import pdf
from charter.certificates.pdf import CertificateFacts, draw

SEVEN = tuple((str(number), f"Commitment {number} in words") for number in range(1, 8))


def make_facts(**overrides: object) -> CertificateFacts:
    facts: dict[str, Any] = {
        "venue_name": "The Lamp & Anchor",
        "street": "14 Quay Street",
        "town": "Testbury",
        "postcode": "TB1 4QS",
        "city_name": "Testbury",
        "charter_title": "Women’s Night Safety Charter",
        "edition_title": "Testbury edition, 2024",
        "commitments": SEVEN,
        "issued_on": date(2026, 11, 20),
        "valid_until": date(2027, 11, 19),
        "serial": "2026-000123-6",
        "verify_url": "https://charter.example/verify/7K3M9QXTAB2DEF5H",
        "short_address": "charter.example/verify/7K3M-9QXT-AB2D-EF5H",
        "office_name": "the night office",
        "colour": "#4b2e83",
    }
    return CertificateFacts(**facts | overrides)


def make_logo() -> bytes:
    png = io.BytesIO()
    Image.new("RGBA", (300, 90), "#00448880").save(png, "PNG")
    return png.getvalue()


def read(data: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(data), strict=True)


def said(facts: CertificateFacts) -> str:
    """The words on the page, on one line."""
    return " ".join(read(draw(facts)).pages[0].extract_text().split())


def test_it_is_one_a4_page_that_says_whose_what_and_until_when() -> None:
    reader = read(draw(make_facts()))
    (page,) = reader.pages
    assert [round(float(side)) for side in page.mediabox] == [0, 0, 595, 842]
    words = " ".join(page.extract_text().split())
    for part in (
        "The Lamp & Anchor",
        "14 Quay Street, Testbury, TB1 4QS",
        "Women’s Night Safety Charter",
        "Testbury edition, 2024",
        "On Friday 20 November 2026 this venue met the charter’s checks.",
        "Friday 19 November 2027",
        "2026-000123-6",
        "charter.example/verify/7K3M-9QXT-AB2D-EF5H",
        "The night office",
    ):
        assert part in words
    assert "SPECIMEN" not in words


def test_it_never_promises_safety() -> None:
    words = said(make_facts()).lower()
    assert "does not promise that nothing can go wrong" in words
    for promise in ("certified safe", "is safe", "safe venue", "guarantee"):
        assert promise not in words


@pytest.mark.parametrize("count", [0, 1, 7, 8, 12, 30])
def test_every_commitment_stands_on_it_above_the_foot(count: int) -> None:
    listed = tuple((str(n), f"Commitment {n} that takes some words to say") for n in range(count))
    data = draw(make_facts(commitments=listed, venue_name="A long name for a place " * 3))
    page = read(data).pages[0]
    words = " ".join(page.extract_text().split())
    for _, name in listed:
        assert name in words
    heights: list[float] = []
    page.extract_text(
        visitor_text=lambda text, _, at, *rest: (
            heights.append(float(at[5])) if "to say" in text else None
        )
    )
    assert all(height > pdf.FOOT for height in heights)
    assert bool(heights) == bool(count)


def test_a_specimen_says_so_on_the_page_and_in_its_title() -> None:
    data = draw(make_facts(specimen=True))
    assert "SPECIMEN – demo city" in read(data).pages[0].extract_text()
    assert read(data).metadata["/Title"].startswith("Specimen certificate")  # type: ignore[index]  # set


def test_a_screen_reader_finds_the_name_as_the_heading_and_the_list_as_a_list() -> None:
    reader = read(draw(make_facts(logo_png=make_logo())))
    root = reader.root_object
    assert root["/Lang"] == "en-GB"
    document = root["/StructTreeRoot"]["/K"]
    top = [kid.get_object() for kid in document["/K"]]
    found = [str(node["/S"]) for node in top]
    assert found[:5] == ["/P", "/Figure", "/P", "/H1", "/P"]
    assert top[1]["/Alt"] == "Logo of Testbury"
    (items,) = (node["/K"] for node in top if node["/S"] == "/L")
    assert [str(item.get_object()["/S"]) for item in items] == ["/LI"] * 7
    assert top[-1]["/Alt"] == "QR code that opens https://charter.example/verify/7K3M9QXTAB2DEF5H"


def test_its_fonts_are_embedded() -> None:
    page = read(draw(make_facts())).pages[0]
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert {font["/BaseFont"].split("-")[-1] for font in fonts} == {"Regular", "Bold"}
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts)


def test_the_same_facts_are_the_same_bytes_and_others_are_not() -> None:
    facts = make_facts(logo_png=make_logo())
    assert draw(facts) == draw(replace(facts))
    assert draw(facts) != draw(replace(facts, serial="2026-000124-4"))


def squares(facts: CertificateFacts) -> tuple[list[tuple[float, ...]], int]:
    """The rectangles of the path that is the QR code, and how many times it is filled."""
    contents = read(draw(facts)).pages[0].get_contents()
    assert contents is not None
    text = contents.get_data().decode("latin-1")
    code = text[text.rindex("/Figure <<") :]
    code = code[: code.index("EMC")]
    found = re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re\b", code)
    fills = len(re.findall(r"(?:^|\s)f\*?(?=\s)", code))
    return [tuple(map(float, numbers)) for numbers in found], fills


def test_the_code_on_paper_is_the_code_for_the_address_as_one_path() -> None:
    facts = make_facts()
    drawn, fills = squares(facts)
    expected = segno.make_qr(facts.verify_url, error="m")
    size = len(expected.matrix)
    side = pdf.QR_SIDE / size
    left, top = min(box[0] for box in drawn), max(box[1] + box[3] for box in drawn)
    seen = [[0] * size for _ in range(size)]
    for x, y, width, _ in drawn:
        row = round((top - y) / side) - 1
        start = round((x - left) / side)
        for column in range(start, start + round(width / side)):
            seen[row][column] = 1
    assert seen == [[int(bool(dark)) for dark in row] for row in expected.matrix]
    assert fills == 1
    assert expected.error in ("M", "Q", "H")


def test_the_code_is_large_enough_and_has_a_quiet_zone() -> None:
    facts = make_facts(short_address="a" * 120, edition_title="An edition " * 12)
    drawn, _ = squares(facts)
    left, low = min(box[0] for box in drawn), min(box[1] for box in drawn)
    right = max(box[0] + box[2] for box in drawn)
    high = max(box[1] + box[3] for box in drawn)
    millimetre = 72 / 25.4
    assert right - left >= 30 * millimetre
    quiet = 4 * pdf.QR_SIDE / len(segno.make_qr(facts.verify_url, error="m").matrix)
    assert left - quiet >= pdf.MARGIN + (pdf.QR_LEFT - pdf.MARGIN - 28)
    assert high + quiet <= pdf.FOOT
    assert low - quiet > 0
    assert right + quiet < pdf.WIDTH


@pytest.mark.parametrize(
    "name",
    [
        "Žižkov’s Société d’Électricité Social Club & Late-Night Karaoke Bar @ The Old Wharf",
        "O'Malley's @ No. 5 & Sons",
        "Ŵŷ Tŷ Coch – Caffi Nos",
        "W" * 300,
        "¿Qué? (100 % \\ <b>)",
    ],
)
def test_hard_names_are_printed(name: str) -> None:
    words = said(make_facts(venue_name=name))
    start = name.split(" ")[0][:18]
    assert start in words


def test_a_name_in_letters_the_font_lacks_is_kept_for_screen_readers() -> None:
    document = read(draw(make_facts(venue_name="قهوة 🍸"))).root_object["/StructTreeRoot"]["/K"]
    (heading,) = (kid.get_object() for kid in document["/K"] if kid.get_object()["/S"] == "/H1")
    assert heading["/ActualText"] == "قهوة 🍸"


@settings(max_examples=40, deadline=None)
@given(
    st.text(max_size=300),
    st.text(max_size=80),
    st.lists(st.tuples(st.text(max_size=4), st.text(max_size=200)), max_size=12),
)
def test_no_text_breaks_it(name: str, street: str, listed: list[tuple[str, str]]) -> None:
    facts = make_facts(venue_name=name, street=street, commitments=tuple(listed))
    assert len(read(draw(facts)).pages) == 1


@pytest.mark.parametrize(
    ("fault", "word"), [({"colour": "red"}, "colour"), ({"logo_png": b"<svg/>"}, "picture")]
)
def test_settings_that_cannot_be_printed_are_refused(fault: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        draw(make_facts(**fault))
