"""The numbered register of a venue's book for a period, as a licensing officer may hold it.

The book is checked and read in one steady look at the database, so that what is printed is what
was checked. A book that does not verify is printed all the same, and says so first.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from charter.core import clock
from charter.core.paper.report import Column, Letterhead
from charter.core.text import in_words
from charter.incidents import chain
from charter.incidents.chain import Check
from charter.incidents.record import moment_words
from charter.registers import reading
from charter.registers.paper import BookPaper
from charter.registers.printing import Printing
from charter.registers.reading import Broken, Elsewhere, OnDoor, QuietWeek, Step
from charter.registers.rules import numbers_words
from charter.staff.jobs import EMPLOYERS

GONE = "taken away, its time was over"
CHANGED = "Something in this was changed outside the book, and it cannot be read"


@dataclass(frozen=True, slots=True)
class Cover:
    """Whose register it is and who printed it; `colour` is #rrggbb."""

    venue_name: str
    address: str
    colour: str
    printed_by: str
    printed_at: datetime


def draw(file: IO[bytes], cover: Cover, printing: Printing) -> None:
    """Write the register into a file. Begins outside a transaction, after `db.steady`.

    Whatever names it opens were noted before (`printing.note_names`).
    """
    check = next(iter(chain.verify(only=printing.venue_id)))
    paper = BookPaper(file, _head(cover, check), "Incident register")
    _front(paper, cover, printing, check)
    paper.heading("Entries")
    period, up_to = printing.period, printing.up_to
    is_empty = True
    for step in reading.steps(printing.venue_id, period, up_to, with_names=printing.with_names):
        is_empty = False
        _step(paper, step)
    if is_empty:
        paper.paragraph("No entry of these nights is in the book.")
    _quiet_weeks(paper, printing)
    _on_doors(paper, reading.on_doors(printing.venue_id, period))
    paper.paragraph("End of the register.")
    paper.finish()


def _seal(check: Check) -> str:
    return chain.seal(bytes.fromhex(check.head))


def _head(cover: Cover, check: Check) -> Letterhead:
    mark = "this book does not verify" if check.fault else f"seal {_seal(check)}"
    if not check.lines and not check.fault:
        mark = "nothing is in the book yet"
    on = clock.local(cover.printed_at).date()
    return Letterhead(cover.venue_name, cover.address, cover.colour, mark, on)


def _front(paper: BookPaper, cover: Cover, printing: Printing, check: Check) -> None:
    """What this is, and whether the book verified."""
    period = printing.period
    first, last = in_words(period.first), in_words(period.last)
    paper.strong(f"The nights from {first} to {last}")
    if check.fault:
        paper.heading("This book does not verify")
        paper.strong(f"The first thing that is wrong: {check.fault}.")
        paper.paragraph(
            "Something was changed outside the book, after it was written. From there on, what "
            "is printed here may not be what was written. Ask the night office, which keeps the "
            "seal of every day."
        )
    paper.rows(_facts(cover, printing, check))


def _facts(cover: Cover, printing: Printing, check: Check) -> Iterator[tuple[str, str]]:
    yield "Printed", f"{moment_words(cover.printed_at)} by {cover.printed_by}"
    yield "Entries here", str(printing.entries)
    if check.fault:
        yield "As it was written", f"The first {check.lines} lines, {check.entries} entries"
        yield "Checked", f"When it was printed. It does not verify: {check.fault}"
    elif not check.lines:
        yield "Checked", "When it was printed. Nothing is in the book yet"
    else:
        yield "The whole book", f"{check.entries} entries in {check.lines} lines"
        yield "Seal", f"Line {check.lines}, {check.entries} entries: {_seal(check)}"
        yield (
            "Checked",
            "The whole book was checked when this was printed. No line was changed, moved or "
            "missing",
        )
    names = "In here. That they were opened is written down" if printing.with_names else "Left out"
    yield "Names of people", names


def _step(paper: BookPaper, step: Step) -> None:
    match step:
        case Elsewhere(first, last):
            is_are = "is about a night" if first == last else "are about nights"
            paper.paragraph(f"{numbers_words(first, last)} {is_are} outside this register.")
        case Broken(first, last, is_missing):
            is_are = "is" if first == last else "are"
            what = f"{is_are} missing from the book" if is_missing else "cannot be read"
            why = "" if is_missing else f". {CHANGED}"
            paper.strong(f"{numbers_words(first, last)} {what}{why}.")
        case record:
            paper.entry(record)


def _quiet_weeks(paper: BookPaper, printing: Printing) -> None:
    paper.heading("Weeks signed as nothing to report")
    try:
        weeks = reading.quiet_weeks(printing.venue_id, printing.period)
    except reading.BROKEN:
        paper.strong(f"{CHANGED}.")
        return
    if not weeks:
        paper.paragraph("None of these weeks.")
        return
    columns = (Column("Week from", 3), Column("Signed", 4), Column("By", 3), Column("", 3))
    paper.table("Each is signed by somebody who looks after the book", columns, _weeks(weeks))


def _weeks(weeks: Iterable[QuietWeek]) -> Iterator[tuple[str, ...]]:
    for each in weeks:
        after = "An entry about it was written later" if each.was_written else ""
        yield in_words(each.monday), moment_words(each.line.at), each.by, after


def _on_doors(paper: BookPaper, rows: Iterator[OnDoor]) -> None:
    first = next(rows, None)
    if first is None:
        return
    paper.heading("Door staff on duty")
    columns = (
        Column("Night of", 5),
        Column("Name", 5),
        Column("Licence number", 5),
        Column("From", 2),
        Column("To", 2),
        Column("Works for", 3),
    )
    paper.table("As it was written down each night", columns, _duty(first, rows))


def _duty(first: OnDoor, rows: Iterator[OnDoor]) -> Iterator[tuple[str, ...]]:
    each: OnDoor | None = first
    while each is not None:
        shift = each.shift
        yield (
            in_words(shift.night),
            GONE if each.name is None else each.name,
            GONE if each.licence is None and each.name is None else each.licence or "",
            f"{clock.local(shift.starts_at):%H:%M}",
            f"{clock.local(shift.ends_at):%H:%M}",
            EMPLOYERS.get(shift.employer, shift.employer),
        )
        each = next(rows, None)
