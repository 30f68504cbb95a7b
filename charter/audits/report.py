"""What a walk found, on paper: for the wall of the office, the owner, an auditor."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from charter.audits.models import Action, AuditPhoto
from charter.audits.pages import Result
from charter.audits.results import RoomResult
from charter.audits.rules import State
from charter.core import clock, files
from charter.core.db import db
from charter.core.files import StoredFile
from charter.core.paper.ream import Ream
from charter.core.paper.report import Column, Letterhead, Report
from charter.core.text import in_words
from charter.venues.models import Venue

MEND_COLUMNS = (
    Column("No.", 1, is_number=True),
    Column("Place and what is wrong", 7),
    Column("Who", 3),
    Column("By when", 3),
    Column("How far", 3),
)


@dataclass(frozen=True, slots=True)
class Head:
    """What stands on top: whose place it is, its colour, where the page behind it is, and when."""

    venue: Venue
    colour: str
    address: str
    printed_at: datetime


def draw(file: IO[bytes], head: Head, found: Result, owners: dict[int, str]) -> None:
    """Write the report into a file, photos one at a time."""
    venue, on = head.venue, clock.local(head.printed_at).date()
    where = ", ".join(part for part in (venue.street, venue.town, venue.postcode) if part)
    letter = Letterhead(venue.name, where, head.colour, head.address, on)
    title = "What the safety walk found"
    ream = Ream(file, title, author=venue.name, subject=title, made_on=on)
    report = Report(letter, title, ream)
    report.rows(found.facts)
    _first_looks(report, found)
    _by_room(report, found)
    _changes(report, found)
    _mend(report, found, owners)
    for each in found.rooms:
        _room(report, each, found)
    report.finish()


def _first_looks(report: Report, found: Result) -> None:
    if not found.first_looks:
        return
    report.heading("Look here first")
    report.paragraph("It feels unsafe here, although the list is fine.")
    for each in found.first_looks:
        report.paragraph(f"{each.room.name}: it feels {each.feels} of 5, {_share(each)} are good.")


def _share(each: RoomResult) -> str:
    return f"{each.share.good} of {each.share.judged}" if each.share.judged else "–"


def _by_room(report: Report, found: Result) -> None:
    columns = [Column("Place", 5), Column("Good answers", 2, is_number=True)]
    if found.before:
        columns.append(Column("Before", 2, is_number=True))
    columns.append(Column("How safe it feels", 2, is_number=True))
    if found.before:
        columns.append(Column("Felt before", 2, is_number=True))
    report.table("Place by place", columns, _room_rows(found))
    report.paragraph(
        "Good answers are those that need nothing. How safe it feels, from 1 to 5, is never added "
        "to them. There is no total: a place is no better for having another that is good."
    )


def _room_rows(found: Result) -> Iterator[tuple[str, ...]]:
    for each in found.rooms:
        name = f"{each.room.name} (left out)" if each.why_left_out else each.room.name
        row = [name, _share(each)]
        if found.before:
            then = each.before
            row.append(f"{then.good} of {then.judged}" if then and then.judged else "–")
        row.append(str(each.feels or "–"))
        if found.before:
            row.append(str(each.felt or "–"))
        yield tuple(row)


def _changes(report: Report, found: Result) -> None:
    if found.before is None:
        return
    report.heading(f"What changed since {in_words(found.before.day)}")
    if not found.changes:
        report.paragraph("Every answer that was asked both times is the same.")
        return
    columns = (Column("Place and question", 5), Column("Then", 3), Column("Now", 3), Column("", 2))
    rows = (
        (
            f"{name}: {change.question.words}",
            change.question.said(change.before),
            change.question.said(change.after),
            "–" if change.is_better is None else "Better" if change.is_better else "Worse",
        )
        for name, change in found.changes
    )
    report.table("Answers that are others now", columns, rows)


def _mend(report: Report, found: Result, owners: dict[int, str]) -> None:
    rows = list(found.actions.values())
    if not rows:
        report.heading("What has to be mended")
        report.paragraph("Nothing weak was found.")
        return
    report.table(
        "What has to be mended, as it stands on the day this was printed",
        MEND_COLUMNS,
        (
            (
                str(row.number),
                f"{row.room}: {row.wrong or row.asked}",
                owners.get(row.owner_id or 0, "Nobody yet"),
                in_words(row.due_on) if row.due_on else "No day yet",
                _how_far(row),
            )
            for row in rows
        ),
    )


def _how_far(row: Action) -> str:
    if row.ended_on is None:
        return "Open"
    end = "Mended" if row.state == State.DONE else "Will not be mended"
    return f"{end}, {in_words(row.ended_on)}"


def _room(report: Report, each: RoomResult, found: Result) -> None:
    rows, photos = found.walk.rows, found.walk.photos
    place = each.room.place
    report.heading(each.room.name, level=3)
    if each.why_left_out:
        report.paragraph(f"Left out: {each.why_left_out}")
    told = []
    for question in each.room.questions:
        row = rows.get((place, question.key))
        if row is not None:
            note = f". {row.note}" if row.note else ""
            weak = " (to be mended)" if question.is_weak(row.value) else ""
            told.append((question.words, f"{question.said(row.value)}{weak}{note}"))
    report.rows(told, labels=250)
    shots = [
        (photo, question.words)
        for question in each.room.questions
        for photo in photos.get((place, question.key), ())
    ]
    if shots:
        report.pictures(_pictures(shots))


def _pictures(shots: list[tuple[AuditPhoto, str]]) -> Iterator[tuple[bytes, str]]:
    """The bytes of photos, read when they are drawn; one that is damaged gives none."""
    for photo, words in shots:
        stored = db.session.get(StoredFile, photo.file_id)
        try:
            yield (files.read(stored) if stored else b""), words
        except files.Damaged:
            yield b"", words
