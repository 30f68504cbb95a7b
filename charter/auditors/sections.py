"""The parts of an evidence report that are not proofs: training, book, walks, audits, seals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any

from sqlalchemy import case, func, select

from charter import config
from charter.auditors import asat
from charter.auditors.models import AuditFinding, Engagement
from charter.auditors.work import Grade
from charter.audits.models import Action, Audit
from charter.certificates.models import Certificate, CertificateEvent
from charter.certificates.rules import Turn
from charter.core import clock, trail
from charter.core.db import db
from charter.core.paper.ream import Ream
from charter.core.paper.report import Column, Letterhead, Report
from charter.core.trail import TrailEntry
from charter.incidents import chain
from charter.incidents.models import BookLine, Entry
from charter.staff.models import StaffMember
from charter.staff.service import initials
from charter.training import courses
from charter.training.models import TrainingRecord
from charter.venues.models import Venue

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Place:
    """A venue as plain words: a pack is made after its request's own reading is over."""

    id: int
    name: str
    street: str
    town: str
    postcode: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose report of which day; `by` is the last instant of that day."""

    venue: Place
    on: date
    by: datetime


def begun(file: IO[bytes], title: str, on: date, *, page: str = "proof") -> Report:
    """A report of the city's of a day, begun in a file; `page` is named at each sheet's foot."""
    settings = config.current()
    head = Letterhead(
        settings.city.office_name,
        settings.city.charter_name,
        settings.city.colour,
        f"{settings.public_url.partition('://')[2]}/{page}",
        on,
    )
    ream = Ream(file, title, author=head.office_name, subject=head.charter_title, made_on=on)
    return Report(head, title, ream)


def asked(venue: Venue, on: date) -> Asked:
    """A report of the end of a day."""
    place = Place(venue.id, venue.name, venue.street, venue.town, venue.postcode)
    return Asked(place, on, asat.end_of(on))


def day(value: date | None) -> str:
    return f"{value.day} {value:%b %Y}" if value else ""


def training(report: Report, about: Asked) -> None:
    report.heading("Training, by initials")
    known = courses.courses()
    columns = (
        Column("Who", 1.5),
        Column("Course", 6),
        Column("Done on", 2),
        Column("Counts until", 2),
    )
    rows = (
        (
            initials(row.name),
            known[row.course_key].title if row.course_key in known else row.course_key,
            day(row.done_on),
            day(row.lasts_until),
        )
        for row in _records(about)
    )
    report.table("What people of the staff list did, newest of each course", columns, rows)


def _records(about: Asked) -> Iterator[Any]:
    newest = (
        select(func.max(TrainingRecord.id))
        .where(
            TrainingRecord.venue_id == about.venue.id,
            TrainingRecord.recorded_at <= about.by,
            (TrainingRecord.withdrawn_at.is_(None)) | (TrainingRecord.withdrawn_at > about.by),
        )
        .group_by(TrainingRecord.member_id, TrainingRecord.course_key)
    )
    yield from db.session.execute(
        select(
            StaffMember.name, TrainingRecord.course_key, TrainingRecord.done_on,
            TrainingRecord.lasts_until,
        )
        .join(StaffMember, StaffMember.id == TrainingRecord.member_id)
        .where(TrainingRecord.id.in_(newest))
        .order_by(TrainingRecord.course_key, TrainingRecord.lasts_until, TrainingRecord.id)
        .execution_options(yield_per=AT_ONCE)
    )  # fmt: skip


def book(report: Report, about: Asked) -> None:
    report.heading("The incident book in numbers")
    here = (Entry.book == about.venue.id, Entry.made_at <= about.by)
    year = func.substr(Entry.happened_wall, 1, 4)
    rows = db.session.execute(
        select(year, func.count(), func.sum(_one(Entry.is_late)), func.sum(_one(Entry.is_complete)))
        .where(*here)
        .group_by(year)
        .order_by(year)
    ).all()
    columns = (
        Column("Year", 2), Column("Entries", 2, is_number=True),
        Column("Written late", 2, is_number=True),
        Column("With every core fact", 3, is_number=True),
    )  # fmt: skip
    report.table("Entries by year", columns, ([str(cell) for cell in row] for row in rows))
    report.paragraph(
        "More entries mean that more is written down. They say nothing about how safe a place is."
    )
    line = db.session.execute(
        select(BookLine.seq, BookLine.mac)
        .where(BookLine.book == about.venue.id, BookLine.at <= about.by)
        .order_by(BookLine.seq.desc())
        .limit(1)
    ).first()
    seal = chain.seal(line.mac) if line else "no line yet"
    report.rows([("Lines", str(line.seq if line else 0)), ("Seal of the last line", seal)])


def _one(condition: Any) -> Any:
    return case((condition.is_(True), 1), else_=0)


def walks(report: Report, about: Asked) -> None:
    report.heading("Safety walks, and what is to be mended")
    walked = db.session.execute(
        select(Audit.walked_at, Audit.kind, Audit.is_dark, Audit.is_whole, Audit.finished_at)
        .where(
            Audit.venue_id == about.venue.id,
            Audit.finished_at.is_not(None),
            Audit.finished_at <= about.by,
        )
        .order_by(Audit.finished_at, Audit.id)
    ).all()
    columns = (Column("Walked", 3), Column("By", 3), Column("After dark", 2), Column("Whole", 2))
    report.table("Walks", columns, (_walk_row(row) for row in walked))
    actions = db.session.execute(
        select(
            Action.number, Action.room, Action.opened_on, Action.due_on, Action.ended_on,
            Action.moved,
        )
        .where(Action.venue_id == about.venue.id, Action.opened_on <= about.on)
        .order_by(Action.number)
    ).all()  # fmt: skip
    mended = (
        Column("No.", 1, is_number=True), Column("Place", 4), Column("Found", 2),
        Column("Due", 2), Column("Ended", 2), Column("Put off", 1.5, is_number=True),
    )  # fmt: skip
    report.table("To be mended", mended, (_action_row(row, about) for row in actions))


def _walk_row(row: Any) -> tuple[str, ...]:
    return (
        day(clock.local(row.walked_at).date()),
        "the venue" if row.kind == "own" else "the office",
        "yes" if row.is_dark else "no",
        "yes" if row.is_whole else "no",
    )


def _action_row(row: Any, about: Asked) -> tuple[str, ...]:
    ended = row.ended_on is not None and row.ended_on <= about.on
    return (
        str(row.number),
        row.room,
        day(row.opened_on),
        day(row.due_on) or "no day",
        day(row.ended_on) if ended else "open",
        str(row.moved),
    )


def audits(report: Report, about: Asked, names: Mapping[str, str]) -> None:
    """What auditors found; `names` has the number and short name of requirements by key."""
    report.heading("Looks from outside")
    rows = db.session.execute(
        select(AuditFinding, Engagement.title)
        .join(Engagement, Engagement.id == AuditFinding.engagement_id)
        .where(AuditFinding.venue_id == about.venue.id, AuditFinding.found_at <= about.by)
        .order_by(AuditFinding.engagement_id, AuditFinding.number)
    ).all()
    columns = (
        Column("Audit", 3), Column("About", 3), Column("Grade", 3),
        Column("What, and what to do", 7),
    )  # fmt: skip
    found = (
        (
            f"{title}, {row.number}",
            names.get(row.requirement_key, row.requirement_key),
            Grade(row.grade).label,
            _found(row, about),
        )
        for row, title in rows
    )
    if not rows:
        report.paragraph("No auditor has written anything down.")
        return
    report.table("Findings of auditors", columns, found)


def _found(row: AuditFinding, about: Asked) -> str:
    words = row.words
    if row.due_on is not None:
        words += f" To do: {row.action} By {row.owner}, until {day(row.due_on)}."
    if row.checked_on is not None and row.checked_on <= about.on:
        how = "it worked" if row.works else "it did not work"
        words += f" Checked {day(row.checked_on)}: {how}. {row.checked_words}"
    return words


def certificates(report: Report, about: Asked) -> None:
    report.heading("Certificates")
    columns = (Column("Certificate", 3), Column("Day", 2), Column("What", 3), Column("Why", 6))
    rows: list[tuple[str, str, str, str]] = []
    for certificate in db.session.scalars(
        select(Certificate)
        .where(Certificate.venue_id == about.venue.id, Certificate.issued_at <= about.by)
        .order_by(Certificate.id)
    ):
        digest = f"SHA-256 of the file {certificate.sha256.hex()}"
        rows.append((certificate.serial, day(certificate.valid_from), "Issued", digest))
        events = db.session.scalars(
            select(CertificateEvent)
            .where(
                CertificateEvent.certificate_id == certificate.id, CertificateEvent.at <= about.by
            )
            .order_by(CertificateEvent.id)
        )
        rows += [
            (certificate.serial, day(row.on), Turn(row.what).words, row.because) for row in events
        ]
    if not rows:
        report.paragraph("This venue has had no certificate.")
        return
    report.table("What became of them", columns, rows)


def custody(report: Report, about: Asked) -> None:
    report.heading("How the records hold together")
    last = db.session.execute(
        select(TrailEntry.number, TrailEntry.mac)
        .where(TrailEntry.chain == about.venue.id, TrailEntry.at <= about.by)
        .order_by(TrailEntry.number.desc())
        .limit(1)
    ).first()
    checks = [each for each in trail.verify(chain=about.venue.id) if each.chain == about.venue.id]
    book = next(iter(chain.verify(only=about.venue.id)), None)
    report.rows(
        [
            ("Trail", f"{last.number} entries" if last else "no entry yet"),
            ("Seal of its last entry", trail.seal(last.mac) if last else "–"),
            ("flask trail verify", _verdict([each.fault for each in checks])),
            ("flask book verify", _verdict([book.fault] if book else [])),
        ]
    )
    report.paragraph(
        "Each entry of the trail and each line of the book carries a seal worked out from all "
        "that came before and from a secret key. A changed, missing or moved line breaks the "
        "seals after it. The last seals are mailed out every night: what was cut off at the end, "
        "or written anew by somebody who holds the key, shows against those mails and nowhere else."
    )
    report.paragraph(
        "Seals show that nobody changed what was written. They do not show that it was true, nor "
        "that everything was written down."
    )


def _verdict(faults: Sequence[str | None]) -> str:
    found = [each for each in faults if each]
    if not faults:
        return "nothing to check yet"
    return f"BAD: {found[0]}" if found else "every seal fits"
