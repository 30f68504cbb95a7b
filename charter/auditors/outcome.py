"""The report of an engagement: its sample, and what was found at each venue."""

from collections import Counter
from datetime import date
from typing import IO

from charter.auditors import casework, work
from charter.auditors.models import Engagement
from charter.auditors.sections import begun, day
from charter.auditors.work import WAYS, Grade
from charter.core.paper.report import Column, Report
from charter.editions import service as editions


def draw(file: IO[bytes], row: Engagement, on: date) -> None:
    """Write the report of an engagement, as it is on a day, into a file."""
    report = begun(file, f"Audit: {row.title}", on)
    progress = casework.progress(row)
    _front(report, row, len(progress))
    _summary(report, row, progress)
    for each in progress:
        _venue(report, row, each)
    report.finish()


def _front(report: Report, row: Engagement, venues: int) -> None:
    sample = row.sample
    facts = [
        ("From", day(row.from_on)),
        ("To", day(row.last_day)),
        ("What for", row.scope or "the whole charter"),
        ("Commitments", casework.asked(row)),
        ("Venues", str(venues)),
    ]
    if sample:
        facts += [
            ("Drawn from", f"{sample['population']} venues that had signed and were at work"),
            ("How", "at random, each kind and area with its share (largest remainders)"),
            ("Seed", str(sample["seed"])),
        ]
    report.rows(facts)
    if sample:
        columns = (Column("Kind and area", 6), Column("Drawn", 2, is_number=True))
        rows = ((name, str(number)) for name, number in sorted(sample["strata"].items()))
        report.table("How many venues of each kind and area", columns, rows)


def _summary(report: Report, row: Engagement, progress: list[casework.Progress]) -> None:
    report.heading("What was found")
    grades = Counter(each.grade for each in work.findings(row.id))
    columns = (Column("Grade", 6), Column("Findings", 2, is_number=True))
    rows = ((each.label, str(grades.get(each.value, 0))) for each in Grade)
    report.table("Findings by grade", columns, rows)
    by_venue = (
        Column("Venue", 5), Column("Proofs seen", 2, is_number=True),
        Column("Findings", 2, is_number=True), Column("Do not conform", 2, is_number=True),
        Column("Questions open", 2, is_number=True),
    )  # fmt: skip
    report.table("Venue by venue, by name", by_venue, (
        (each.venue.name, str(each.seen), str(each.findings), str(each.failing),
         str(each.open_questions))
        for each in progress
    ))  # fmt: skip


def _venue(report: Report, row: Engagement, each: casework.Progress) -> None:
    venue = each.venue
    report.heading(venue.name)
    where = ", ".join(part for part in (venue.street, venue.postcode) if part)
    report.rows([("Where", where), ("Drawn from", each.stratum or "chosen")])
    case = casework.case(row, venue.id)
    if case is None:
        report.paragraph("This venue has signed no edition of the charter.")
        return
    columns = (
        Column("Requirement", 5), Column("Claimed", 2), Column("Office", 3), Column("Auditor", 4),
    )  # fmt: skip
    report.table("Claimed, accepted, seen", columns, (
        (
            f"{one.assessed.requirement.number} {one.assessed.requirement.task}",
            one.assessed.state.label,
            one.accepted,
            "; ".join(f"{WAYS[seen.how].lower()}, {day(seen.seen_on)}" for seen in one.sights)
            or "not looked at",
        )
        for _, rows in case.commitments
        for one in rows
    ))  # fmt: skip
    edition = editions.edition(venue.edition_key) if venue.edition_key else None
    for finding in work.findings(row.id, venue.id):
        asked = edition.requirement(finding.requirement_key) if edition else None
        report.heading(f"{finding.number}. {Grade(finding.grade).label}", level=3)
        pairs = [
            ("About", f"{asked.number} {asked.task}" if asked else finding.requirement_key),
            ("What", finding.words),
        ]
        if finding.due_on is not None:
            pairs += [
                ("To do", finding.action),
                ("Who", finding.owner),
                ("By", day(finding.due_on)),
            ]
        if finding.checked_on is not None:
            how = "it worked" if finding.works else "it did not work"
            pairs.append(("Checked", f"{day(finding.checked_on)}: {how}. {finding.checked_words}"))
        report.rows(pairs)
    for question in work.questions(row.id, venue.id):
        answer = question.answer or "not answered"
        report.rows([("Asked", question.words), ("Answered", answer)])
