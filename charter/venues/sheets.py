"""Reads a spreadsheet a person made (CSV, Excel, or pasted cells) into rows with their numbers.

Formulas are never worked out and never taken: a cell that holds one is named by its row. Text
that a spreadsheet would take for a formula is written with an apostrophe before it, and that
apostrophe is taken off again when it comes back.
"""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from charter.core.errors import Refused

MOST_ROWS = 5000
MOST_COLUMNS = 60
MOST_BYTES = 10 * 1024 * 1024
CELL_LIMIT = 2000
_UNPACKED_LIMIT = 200 * 1024 * 1024
_DELIMITERS = ",;\t|"
# The last four are the full-width twins of the first four.
_RISKY = tuple("=+-@\t\r\x00\uff1d\uff0b\uff0d\uff20")
_APOSTROPHES = re.compile(r"^['\s]+")
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})[ /.-](\d{1,2}|[A-Za-z]{3,9})[ /.-](\d{4})")


class Faults(Refused):
    """A sheet that cannot be taken: every fault, each in words and with its row's number.

    `rows` are all rows of a sheet that could be read, for whoever has more to say about them.
    """

    def __init__(self, lines: Sequence[str], rows: Sequence["Row"] = ()) -> None:
        self.lines = tuple(lines)
        self.rows = tuple(rows)
        super().__init__("\n".join(lines))


@dataclass(frozen=True, slots=True)
class Column:
    """A column that may be in a sheet; `title` heads it, `hint` says what to write."""

    key: str
    title: str
    hint: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as the spreadsheet shows it, and its cells by column key."""

    number: int
    cells: Mapping[str, str]


def read(data: bytes, file_name: str, columns: Sequence[Column]) -> list[Row]:
    """The rows of a .csv or .xlsx file below its heading row; wholly empty ones are left out.

    CSV may be UTF-8 or UTF-16 with or without its mark, or Windows' own; cells may be parted by
    commas, semicolons, tabs or bars. Raises Faults with every fault and its row's number, and
    takes 5,000 rows of 2,000 characters a cell at most.
    """
    if len(data) > MOST_BYTES:
        raise Faults([f"The file is larger than {MOST_BYTES // 1024 // 1024} MB"])
    if data[:4] == b"PK\x03\x04":
        return _named(_excel(data), columns)
    if file_name.lower().endswith((".xlsx", ".xls", ".ods")):
        raise Faults([f"{file_name} is not an Excel workbook (.xlsx). Save it as .xlsx or .csv"])
    return paste(_decoded(data), columns)


def paste(text: str, columns: Sequence[Column]) -> list[Row]:
    """The rows of cells that somebody pasted, or of a CSV file's text; headed like a file."""
    return _named(_csv(text), columns)


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _try(data, encoding)
    if b"\x00" in data[:200]:
        return _try(data, "utf-16-le" if data[1:2] == b"\x00" else "utf-16-be")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _try(data, "cp1252")


def _try(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as fault:
        raise Faults(["The file is not text. Save it as CSV UTF-8 or as .xlsx"]) from fault


def _csv(text: str) -> Iterator[tuple[int, list[str]]]:
    heading = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=heading.count)
    reader = csv.reader(io.StringIO(text.replace("\x00", "�"), newline=""), delimiter=delimiter)
    try:
        yield from enumerate(reader, 1)
    except csv.Error as fault:
        raise Faults([f"Line {reader.line_num} cannot be read as CSV: {fault}"]) from fault


def _excel(data: bytes) -> Iterator[tuple[int, list[str]]]:
    book = _workbook(data)
    try:
        sheet = book.worksheets[0]
        # A file may claim any size it likes; what is in it is counted instead.
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(), 1):
            yield number, [_shown(cell) for cell in cells[: MOST_COLUMNS + 1]]
    except (ValueError, KeyError, IndexError, zipfile.BadZipFile) as fault:
        raise Faults(["The workbook is damaged. Save it again as .xlsx, or as CSV"]) from fault
    finally:
        book.close()


def _workbook(data: bytes) -> Any:
    # Loaded when there is a workbook to read: it takes 10 MB, and most workers never see one.
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(item.file_size for item in packed.infolist()) > _UNPACKED_LIMIT:
                raise Faults(["The workbook unpacks to far more than it should. Save it as CSV"])
        with warnings.catch_warnings():
            # Extensions of other makers, which hold no cells, are not worth a word.
            warnings.simplefilter("ignore", UserWarning)
            return load_workbook(io.BytesIO(data), read_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as fault:
        raise Faults(["The workbook cannot be opened. Save it as .xlsx or CSV"]) from fault


def _shown(cell: Any) -> str:
    """A cell as its words: dates as 2024-03-01, whole numbers without a point, formulas as =."""
    if cell.value is None:
        return ""
    value = cell.value
    if cell.data_type == "f":
        return f"={value}".replace("==", "=", 1)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _named(lines: Iterator[tuple[int, list[str]]], columns: Sequence[Column]) -> list[Row]:
    """Rows under their headings. The heading row is the first that is not empty."""
    heading = next((cells for _, cells in lines if any(map(str.strip, cells))), None)
    if heading is None:
        raise Faults(["The file is empty"])
    keys = _keys(heading, columns)
    faults: list[str] = []
    rows: list[Row] = []
    for number, cells in lines:
        if not any(map(str.strip, cells)):
            continue
        if len(rows) == MOST_ROWS:
            raise Faults([f"There are more than {MOST_ROWS:,} rows. Split the file"])
        faults += [f"Row {number}: {fault}" for fault in _cell_faults(cells, keys, columns)]
        named = {key: _plain(cell) for key, cell in zip(keys, cells, strict=False) if key}
        rows.append(Row(number, {column.key: "" for column in columns} | named))
    if faults:
        raise Faults(faults, rows)
    return rows


def _keys(heading: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """The column key of each heading; "" for one that heads nothing and holds nothing."""
    known = {_bare(column.title): column.key for column in columns}
    known |= {_bare(column.key): column.key for column in columns}
    keys = [known.get(_bare(cell), "" if not cell.strip() else "?") for cell in heading]
    faults = [
        f"The heading “{cell.strip()[:40]}” is not one of the template's"
        for cell, key in zip(heading, keys, strict=True)
        if key == "?"
    ]
    faults += [
        f"There are {keys.count(c.key)} columns headed “{c.title}”"
        for c in columns
        if keys.count(c.key) > 1
    ]
    faults += [
        f"There is no column headed “{c.title}”"
        for c in columns
        if c.required and c.key not in keys
    ]
    if len(keys) > MOST_COLUMNS:
        faults = [f"There are more than {MOST_COLUMNS} columns"]
    if faults:
        raise Faults(faults)
    return keys


def _bare(words: str) -> str:
    return "".join(c for c in words.casefold() if c.isalnum())


def _cell_faults(
    cells: Sequence[str], keys: Sequence[str], columns: Sequence[Column]
) -> Iterator[str]:
    titles = {column.key: column.title for column in columns}
    if any(map(str.strip, cells[len(keys) :])):
        yield "there are more cells than headings"
    for key, cell in zip(keys, cells, strict=False):
        if not key and cell.strip():
            yield "there is a cell under no heading"
        elif cell.strip().startswith("="):
            yield f"{titles[key]} holds a formula. Type its value instead"
        elif len(cell) > CELL_LIMIT:
            yield f"{titles[key]} is longer than {CELL_LIMIT:,} characters"
    filled = dict(zip(keys, cells, strict=False))
    for column in columns:
        if column.required and not filled.get(column.key, "").strip():
            yield f"{column.title} is missing"


def _plain(cell: str) -> str:
    """A cell's text without the apostrophe that `neutral` put before it."""
    bare = cell.lstrip()
    if bare.startswith("'") and _is_risky(bare[1:]):
        bare = bare[1:]
    return bare.strip()


def _is_risky(words: str) -> bool:
    # Behind apostrophes too: what somebody typed with one keeps it, as `_plain` takes one away.
    behind = _APOSTROPHES.sub("", words)
    before = words.removesuffix(behind)
    return behind.startswith(_RISKY) or any(each in before for each in _RISKY)


def neutral(value: object) -> str:
    """A value as CSV may carry it: what a spreadsheet could run gets an apostrophe before it.

    After OWASP's "CSV injection": = + - @, tab, return, their full-width twins, also after spaces.
    A phone number +44 ... therefore shows as '+44 ....
    """
    words = "" if value is None else str(value)
    return f"'{words}" if _is_risky(words) else words


def csv_of(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as CSV that Excel reads as UTF-8, every cell quoted and harmless."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def template(columns: Sequence[Column], file_format: str) -> bytes:
    """An empty sheet to fill in: its headings, and in Excel a second sheet that explains them."""
    headings = [column.title for column in columns]
    if file_format == "csv":
        return csv_of([headings])
    from openpyxl import Workbook  # as in `_workbook`

    book = Workbook(write_only=True)
    sheet = book.create_sheet("To fill in")
    sheet.freeze_panes = "A2"
    sheet.append(headings)
    notes = book.create_sheet("What goes where")
    notes.append(["Column", "What to write", "Needed?"])
    for column in columns:
        notes.append([column.title, column.hint, "yes" if column.required else "no"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def day(words: str) -> date | None:
    """A date as people write it in a sheet, day before month: 2024-03-01, 1/3/2024, 1 March 2024.

    None for an empty cell. Raises ValueError in words for anything else.
    """
    if not words:
        return None
    iso, usual = _ISO.fullmatch(words), _DAY_FIRST.fullmatch(words)
    try:
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if usual:
            return date(int(usual[3]), _month(usual[2]), int(usual[1]))
    except ValueError:
        pass
    raise ValueError(f"“{words[:30]}” is not a date like 20/11/2026")


def _month(words: str) -> int:
    return int(words) if words.isdecimal() else _MONTHS.index(words[:3].lower()) + 1
