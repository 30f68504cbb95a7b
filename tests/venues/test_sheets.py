"""The reader of spreadsheets: whatever a person hands in is read whole, or refused by row."""

import csv
import io
import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from charter.venues import sheets
from charter.venues.sheets import Column, Faults

COLUMNS = (
    Column("name", "Name", "", required=True),
    Column("street", "Street", ""),
    Column("email", "Champion's e-mail", ""),
)
HEADINGS = ["Name", "Street", "Champion's e-mail"]
PRINTED = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=40
).filter(str.strip)
CELLS = st.lists(st.tuples(PRINTED, PRINTED, PRINTED), min_size=1, max_size=8)


def as_csv(rows: list[list[str]], delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def as_excel(rows: list[list[object]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]  # a new workbook has a sheet
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def faults_of(data: bytes, name: str = "list.csv") -> tuple[str, ...]:
    with pytest.raises(Faults) as refused:
        sheets.read(data, name, COLUMNS)
    return refused.value.lines


@given(CELLS, st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["utf-8", "utf-8-sig"]))
def test_what_is_written_is_read_whatever_parts_the_cells(
    rows: list[tuple[str, ...]], delimiter: str, encoding: str
) -> None:
    written = [[sheets.neutral(cell) for cell in row] for row in rows]
    data = as_csv([HEADINGS, *written], delimiter).encode(encoding)
    found = sheets.read(data, "list.csv", COLUMNS)
    assert [tuple(row.cells.values()) for row in found] == [
        tuple(cell.strip() for cell in row) for row in rows
    ]
    assert [row.number for row in found] == list(range(2, len(rows) + 2))


@given(CELLS, st.sampled_from(["utf-16", "utf-16-le", "utf-16-be"]))
def test_utf_16_is_read_with_its_mark_and_without(
    rows: list[tuple[str, ...]], encoding: str
) -> None:
    written = [[sheets.neutral(cell) for cell in row] for row in rows]
    found = sheets.read(as_csv([HEADINGS, *written]).encode(encoding), "list.csv", COLUMNS)
    assert [row.cells["name"] for row in found] == [row[0].strip() for row in rows]


def rows_or_lines(data: bytes, name: str) -> list[str]:
    try:
        return [row.cells["name"] for row in sheets.read(data, name, COLUMNS)] or ["no rows"]
    except Faults as refused:
        return list(refused.lines)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_in_words(data: bytes) -> None:
    assert all(rows_or_lines(data, "list.csv"))
    assert all(rows_or_lines(data, "list.xlsx"))


@given(st.lists(PRINTED, min_size=1, max_size=6))
def test_nothing_written_as_csv_begins_like_a_formula(cells: list[str]) -> None:
    written = sheets.csv_of([[mark + cell for mark in "=+-@\t" for cell in cells]])
    for row in csv.reader(io.StringIO(written.decode("utf-8-sig"), newline="")):
        assert not any(cell.lstrip()[:1] in tuple("=+-@\uff1d\uff0b") for cell in row)


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+44 20 7946 0000", "'+44 20 7946 0000"),
        ("-5", "'-5"),
        ("@Harris'", "'@Harris'"),
        ("\tx", "'\tx"),
        ("  =x", "'  =x"),
        ("\uff1d1", "'\uff1d1"),
        ("O'Neills", "O'Neills"),
        (None, ""),
        (7, "7"),
    ],
)
def test_risky_cells_get_an_apostrophe(cell: object, safe: str) -> None:
    assert sheets.neutral(cell) == safe


def test_names_that_only_look_risky_are_taken() -> None:
    data = as_csv([HEADINGS, ["@Harris'", "-5 High Street", ""], ["'+1 Bar", "", ""]]).encode()
    names = [row.cells["name"] for row in sheets.read(data, "a.csv", COLUMNS)]
    assert names == ["@Harris'", "+1 Bar"]


def test_formulas_are_refused_by_row_in_csv_and_excel() -> None:
    rows: list[list[object]] = [[*HEADINGS], ["A", "x", ""], ["B", '=HYPERLINK("http://x")', ""]]
    lines = ("Row 3: Street holds a formula. Type its value instead",)
    assert faults_of(as_csv([[str(c) for c in row] for row in rows]).encode()) == lines
    assert faults_of(as_excel(rows), "a.xlsx") == lines


def test_excel_gives_words_for_dates_numbers_and_empty_rows() -> None:
    data = as_excel([[*HEADINGS], ["A", date(2024, 3, 1), 12.0], [None, None, None], ["B", 1.5, 0]])
    rows = sheets.read(data, "a.xlsx", COLUMNS)
    assert [(row.number, *row.cells.values()) for row in rows] == [
        (2, "A", "2024-03-01", "12"),
        (4, "B", "1.5", "0"),
    ]


def test_every_fault_is_told_with_its_row() -> None:
    data = as_csv(
        [HEADINGS, ["A", "x" * 2001, ""], ["", "y", ""], [], ["C", "", "", "more"]]
    ).encode()
    assert faults_of(data) == (
        "Row 2: Street is longer than 2,000 characters",
        "Row 3: Name is missing",
        "Row 5: there are more cells than headings",
    )


def test_wrong_and_missing_and_doubled_headings_are_named() -> None:
    assert faults_of(b"Street,Street,Colour\nx,y,z\n") == (
        "The heading “Colour” is not one of the template's",
        "There are 2 columns headed “Street”",
        "There is no column headed “Name”",
    )
    assert faults_of(b"\n\n") == ("The file is empty",)


def test_headings_may_be_written_in_any_way() -> None:
    rows = sheets.paste("NAME\tchampions email\nA\ta@mail.example", COLUMNS)
    assert rows[0].cells == {"name": "A", "street": "", "email": "a@mail.example"}


def test_five_thousand_rows_are_read_and_one_more_is_refused() -> None:
    body = [[f"Venue {n}", "x", ""] for n in range(sheets.MOST_ROWS)]
    assert len(sheets.read(as_csv([HEADINGS, *body]).encode(), "a.csv", COLUMNS)) == 5000
    assert "5,000" in faults_of(as_csv([HEADINGS, *body, ["One more", "", ""]]).encode())[0]


def test_what_is_not_a_workbook_is_said_to_be_none() -> None:
    assert "Excel" in faults_of(b"<html>", "a.xlsx")[0]
    assert "opened" in faults_of(b"PK\x03\x04" + random.Random(1).randbytes(300), "a.xlsx")[0]
    assert "10 MB" in faults_of(b"x" * (sheets.MOST_BYTES + 1))[0]


def test_old_windows_letters_are_read() -> None:
    rows = sheets.read("Name\nCafé Zoë".encode("cp1252"), "a.csv", COLUMNS)
    assert rows[0].cells["name"] == "Café Zoë"


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("2024-03-01", date(2024, 3, 1)),
        ("1/3/2024", date(2024, 3, 1)),
        ("01.03.2024", date(2024, 3, 1)),
        ("1 March 2024", date(2024, 3, 1)),
        ("20 11 2026", date(2026, 11, 20)),
        ("", None),
    ],
)
def test_dates_are_read_day_first(words: str, day: date | None) -> None:
    assert sheets.day(words) == day


@pytest.mark.parametrize("words", ["31/2/2024", "3/24", "yesterday", "1 Foo 2024", "45000"])
def test_what_is_no_date_is_refused_in_words(words: str) -> None:
    with pytest.raises(ValueError, match="not a date like 20/11/2026"):
        sheets.day(words)


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_the_template_is_read_back_as_an_empty_list(file_format: str) -> None:
    data = sheets.template(COLUMNS, file_format)
    assert sheets.read(data, f"template.{file_format}", COLUMNS) == []
