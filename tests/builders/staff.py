"""Builders of staff lists: people on a venue's list, and the sheets that venues send.

`put_people` wants an application context, takes the locks it needs and commits by itself.
"""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from openpyxl import Workbook

from charter.staff import service
from charter.staff.service import Starter
from tests.builders.commitments import under_lock

HEADINGS = ("Name", "Job", "Employer", "Started", "Left")
_FIRST = (
    "Ade", "Bríd", "Chloë", "Dev", "Eilidh", "Fatima", "George", "Hanna", "Idris", "Jóse",
    "Kwame", "Łucja", "Mei", "Niamh", "Olu", "Priya", "Quinn", "Róisín", "Sam", "Tomasz",
)  # fmt: skip
_LAST = ("O'Neill", "Okafor", "Müller")
_JOBS = ("bar staff", "Floor", "BARTENDER", "glass collector", "Kitchen ", "duty manager", "cloaks")


def put_people(venue: int, *people: Starter, by: int) -> dict[str, int]:
    """People on a venue's list, all at once; their ids by name."""
    under_lock(venue, lambda: service.add_many(venue, people, by=by))
    return {row.name: row.id for row in (*service.present(venue), *service.gone(venue))}


def names(count: int) -> list[str]:
    """So many names that are all different."""
    made = (f"{first} {last}" for last in _LAST for first in _FIRST)
    return [name for name, _ in zip(made, range(count), strict=False)]


def messy_list(today: date, people: int = 60) -> bytes:
    """An Excel workbook as a venue sends it: so many people, and not one rule of neatness kept.

    Headings in another order and case with stray spaces, real dates beside typed ones, accents
    and apostrophes, agency people at the door, one blank row in the middle.
    """
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([" JOB", "name  ", "STARTED ", "Employer"])
    for number, name in enumerate(names(people)):
        if number == people // 2:
            sheet.append([None, None, None, None])
        at_the_door = number % 10 == 9
        sheet.append([
            "SIA" if at_the_door else _JOBS[number % len(_JOBS)],
            f"  {name.replace(' ', '  ')} " if number % 4 == 0 else name,
            _day_as_typed(today - timedelta(days=40 + 11 * number), number),
            "Agency" if at_the_door else ("", "venue", None)[number % 3],
        ])  # fmt: skip
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _day_as_typed(day: date, number: int) -> Any:
    return (
        datetime.combine(day, time()),
        f"{day.day}/{day.month}/{day.year}",
        day.isoformat(),
        f"{day.day} {day:%B} {day.year}",
    )[number % 4]


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    """Rows as an Excel workbook."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_csv(rows: Sequence[Sequence[object]], delimiter: str = ",") -> str:
    """Rows as the text of a CSV file."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def many(count: int, today: date) -> list[list[object]]:
    """A heading row and so many people, each with a name of their own."""
    rows: list[list[object]] = [list(HEADINGS)]
    for number in range(count):
        first = today - timedelta(days=30 + number % 900)
        job = _JOBS[number % len(_JOBS)]
        employer = "agency" if number % 7 == 0 else ""
        rows.append([f"{_FIRST[number % 20]} Night {number}", job, employer, first, ""])
    return rows
