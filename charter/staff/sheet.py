"""Reads a venue's own list of its people, from a file or pasted, into rows that can be judged.

No column names a person's id or a venue: whose list it is, is said by the address alone.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from charter.core.errors import Refused
from charter.staff import jobs, service, stints
from charter.venues import sheets
from charter.venues.rules import folded
from charter.venues.sheets import Column, Faults, Row

T = TypeVar("T")
COLUMNS = (
    Column("name", "Name", "The name, or the name on the badge", required=True),
    Column(
        "job",
        "Job",
        f"One of: {', '.join(job.name for job in jobs.jobs().values())}. Common words work too",
        required=True,
    ),
    Column("employer", "Employer", "venue, agency or self-employed. Empty: the venue"),
    Column(
        "started",
        "Started",
        "The first day, like 20/11/2026. On the day you make your list, empty means long ago",
    ),
    Column("left", "Left", "The last day, for somebody who leaves. Empty: still here"),
)
_TITLES = {column.key: column.title for column in COLUMNS}
_ROW = re.compile(r"(Row|Line) (\d+)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One person of a sheet, cleaned; no `employer` was said where it is ""."""

    number: int
    name: str
    job: str
    employer: str
    started_on: date | None
    left_on: date | None

    @property
    def key(self) -> str:
        """The name folded, by which somebody on the list is found."""
        return service.key_of(self.name)


def of_file(data: bytes, file_name: str) -> list[Entry]:
    """The people in a .csv or .xlsx file. Raises Faults with every fault and its row."""
    return _judged(lambda: sheets.read(data, file_name, COLUMNS))


def of_text(text: str) -> list[Entry]:
    """The people in pasted cells. Without headings they are read in the template's order."""
    first = next(iter(text.splitlines()), "")
    delimiter = max(",;\t|", key=first.count)
    titles = list(_TITLES.values())
    if {folded(cell) for cell in first.split(delimiter)} & set(map(folded, titles)):
        return _judged(lambda: sheets.paste(text, COLUMNS))
    return _judged(lambda: _without_heading(f"{delimiter.join(titles)}\n{text}"))


def _without_heading(text: str) -> list[Row]:
    """The rows of cells under a heading that we put there ourselves, numbered without it."""
    try:
        return _less_one(sheets.paste(text, COLUMNS))
    except Faults as faults:
        lines = [_ROW.sub(lambda row: f"{row[1]} {int(row[2]) - 1}", each) for each in faults.lines]
        raise Faults(lines, _less_one(faults.rows)) from faults


def _less_one(rows: Sequence[Row]) -> list[Row]:
    return [Row(row.number - 1, row.cells) for row in rows]


def _judged(read: Callable[[], Sequence[Row]]) -> list[Entry]:
    """The people in a sheet. Raises Faults with all that is wrong, in the order of its rows."""
    try:
        rows, faults = read(), []
    except Faults as told:
        if not told.rows:
            raise
        rows, faults = told.rows, [(_number(line), line) for line in told.lines]
    if not rows:
        raise Faults(["There is nobody in this list"])
    faulty = {number for number, _ in faults}
    entries, seen = [], dict[str, int]()
    for row in rows:
        if row.number in faulty:
            continue
        cells = _Cells(row.cells)
        entry = _entry(row.number, cells)
        if entry.name and seen.setdefault(entry.key, row.number) != row.number:
            cells.faults.append(
                f"{entry.name} is in row {seen[entry.key]} too. One person: take one row out. "
                "Two people: give one another badge name"
            )
        faults += [(row.number, f"Row {row.number}: {fault}") for fault in cells.faults]
        entries.append(entry)
    if faults:
        raise Faults([line for _, line in sorted(faults, key=lambda fault: fault[0])])
    return entries


def _number(line: str) -> int:
    found = _ROW.match(line)
    return int(found[2]) if found else 0


class _Cells:
    """One row's cells, asked for one by one; each fault is noted and none hides another."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self.cells = cells
        self.faults: list[str] = []

    def read(self, key: str, rule: Callable[[str], T]) -> T | None:
        words = " ".join(self.cells[key].split())
        try:
            return rule(words) if words else None
        except (ValueError, Refused) as fault:
            self.faults.append(f"{_TITLES[key]}: {fault}")
            return None

    def day(self, key: str) -> date | None:
        day = self.read(key, sheets.day)
        if day is not None:
            try:
                stints.judge_day(day, key)
            except Refused as fault:
                self.faults.append(f"{_TITLES[key]}: {fault.words}")
        return day


def _entry(number: int, cells: _Cells) -> Entry:
    entry = Entry(
        number=number,
        name=cells.read("name", service.clean_name) or "",
        job=cells.read("job", jobs.written) or "",
        employer=cells.read("employer", jobs.employer) or "",
        started_on=cells.day("started"),
        left_on=cells.day("left"),
    )
    if entry.started_on and entry.left_on and entry.left_on < entry.started_on:
        cells.faults.append("Left is before Started")
    return entry
