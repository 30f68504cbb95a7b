"""The city's reports: a year of the charter with charts, and the register of its certificates.

A year is told by what is dated, each thing on the day on which it was recorded, so that the report
of a year that is over stays the same. Nothing in it names a venue for what happened there, and no
number of the incident books is in it.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import IO, Any

from sqlalchemy import ColumnElement, func, select

from charter.auditors import asat
from charter.auditors.models import AuditFinding
from charter.auditors.sections import begun, day
from charter.auditors.work import Grade
from charter.audits.models import Action, Audit
from charter.certificates import reading
from charter.certificates.models import Certificate, CertificateEvent
from charter.certificates.rules import Turn
from charter.core import clock
from charter.core.db import db
from charter.core.paper.report import CHART, Column, Report
from charter.core.text import in_words
from charter.proofs.models import Evidence
from charter.training.models import TrainingRecord
from charter.venues.models import Kind, Venue

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def last_day(year: int) -> date:
    """The last day that a report of a year tells of: its end, or yesterday."""
    return min(date(year, 12, 31), clock.today() - timedelta(days=1))


def draw_year(file: IO[bytes], year: int) -> None:
    """Write the report of a year into a file."""
    on = last_day(year)
    report = begun(file, f"The charter in {year}", on, page="register")
    report.paragraph(
        f"What was recorded from {in_words(date(year, 1, 1))} to {in_words(on)}. It counts what "
        "was done. It does not say that any place is safe, and it names none for what happened "
        "there."
    )
    report.heading("Venues")
    _venues(report, year, on)
    report.heading("Certificates", room=CHART)
    issued = _by_month(Certificate.issued_at, year, on)
    _months(report, "Certificates issued, renewals among them", issued)
    for turn in (Turn.SUSPENDED, Turn.RESTORED, Turn.WITHDRAWN):
        counts = _by_month(CertificateEvent.at, year, on, CertificateEvent.what == turn)
        _months(report, f"{turn.words}, by the month in which it was recorded", counts)
    report.heading("What venues showed and did", room=CHART)
    _months(report, "Proofs handed in", _by_month(Evidence.uploaded_at, year, on))
    trained = _by_month(TrainingRecord.recorded_at, year, on, TrainingRecord.withdrawn_at.is_(None))
    _months(report, "Trainings of people written down", trained)
    _months(report, "Safety walks finished", _by_month(Audit.finished_at, year, on))
    _months(report, "Things mended after a walk", _mended(year, on))
    report.heading("Looks from outside", room=CHART)
    _findings(report, year, on)
    report.finish()


def _venues(report: Report, year: int, on: date) -> None:
    first = date(year, 1, 1)

    def many(*conditions: ColumnElement[bool]) -> int:
        return db.session.scalar(select(func.count(Venue.id)).where(*conditions)) or 0

    signed, left = Venue.signed_on, Venue.left_on
    here = (signed <= on, (left.is_(None)) | (left > on))
    report.rows(
        [
            ("Had signed at the end", str(many(*here))),
            ("Signed in the year", str(many(signed >= first, signed <= on))),
            ("Left in the year", str(many(left >= first, left <= on))),
        ]
    )
    rows = db.session.execute(
        select(Venue.kind, func.count()).where(*here).group_by(Venue.kind).order_by(Venue.kind)
    ).all()
    values = [(Kind(kind).label, number) for kind, number in rows]
    report.bars("Venues that had signed, by kind", values)
    columns = (Column("Kind", 4), Column("Venues", 2, is_number=True))
    report.table("The same in numbers", columns, ((name, str(n)) for name, n in values))


def _by_month(moment: Any, year: int, on: date, *conditions: ColumnElement[bool]) -> list[int]:
    """How many instants of a column fall into each month of a year, by the city's clock."""
    counts = [0] * 12
    for month in range(1, 13):
        first = date(year, month, 1)
        if first > on:
            break
        end = min(on, clock.months_after(first, 1) - timedelta(days=1))
        begins = asat.end_of(first - timedelta(days=1))
        query = select(func.count()).where(moment > begins, moment <= asat.end_of(end), *conditions)
        counts[month - 1] = db.session.scalar(query) or 0
    return counts


def _mended(year: int, on: date) -> list[int]:
    counts = [0] * 12
    rows = db.session.scalars(
        select(Action.ended_on).where(
            Action.ended_on >= date(year, 1, 1), Action.ended_on <= on, Action.state == "done"
        )
    )
    for ended in rows:
        if ended is not None:
            counts[ended.month - 1] += 1
    return counts


def _months(report: Report, caption: str, counts: Sequence[int]) -> None:
    report.bars(caption, list(zip(MONTHS, counts, strict=True)))
    columns = tuple(Column(month, 1, is_number=True) for month in (*MONTHS, "Year"))
    report.table(caption, columns, [[str(number) for number in (*counts, sum(counts))]])


def _findings(report: Report, year: int, on: date) -> None:
    begins = asat.end_of(date(year, 1, 1) - timedelta(days=1))
    rows = db.session.execute(
        select(AuditFinding.grade, func.count())
        .where(AuditFinding.found_at > begins, AuditFinding.found_at <= asat.end_of(on))
        .group_by(AuditFinding.grade)
    ).all()
    found = {grade: number for grade, number in rows}
    columns = (Column("Grade", 6), Column("Findings", 2, is_number=True))
    report.table(
        "Findings of auditors",
        columns,
        ((each.label, str(found.get(each.value, 0))) for each in Grade),
    )


def draw_register(file: IO[bytes]) -> None:
    """Write the register of every current certificate, as it reads today, into a file."""
    today = clock.today()
    report = begun(file, "Register of certificates", today, page="register")
    report.paragraph(
        "Every certificate that is not withdrawn or replaced, with its state today. The page "
        "behind each code says the same, worked out anew each time it is opened."
    )
    columns = (
        Column("Certificate", 3.8), Column("Venue", 4.6), Column("State", 2.5),
        Column("Since", 2.2), Column("Until", 2.2), Column("Why", 5),
    )  # fmt: skip
    report.table("Certificates, by the venues’ names", columns, _certificates())
    report.finish()


def _certificates() -> Iterable[tuple[str, ...]]:
    found = sorted(reading.current(), key=lambda each: (each.venue.name_key, each.venue.id))
    for each in found:
        shown = reading.shown(each)
        verdict, venue = shown.verdict, shown.venue
        place = ", ".join(filter(None, (venue.name, venue.street, venue.postcode)))
        yield (
            shown.certificate.serial,
            place,
            verdict.state.label,
            day(verdict.since),
            day(verdict.until),
            verdict.reason,
        )
