"""The venue's evidence report: what is asked, how it stands, what was shown, by whom it was seen.

It is of the end of a whole day and uses what was recorded by then: of the same day it is the same
file, for good. People of the staff list stand in it by their initials, and nothing of what anybody
told is in it: of the incident book only numbers, and the seal that holds it together.
"""

import io
from collections.abc import Sequence
from typing import IO, Any

from sqlalchemy import select

from charter.auditors import asat, sections
from charter.auditors.models import AuditSight
from charter.auditors.sections import Asked, day
from charter.auditors.work import WAYS
from charter.commitments.assessment import RequirementAssessment, VenueAssessment
from charter.core import clock
from charter.core.db import db
from charter.core.files import StoredFile
from charter.core.paper.report import Column, Report
from charter.core.text import in_words
from charter.proofs.decisions import WAYS_SEEN
from charter.proofs.models import Evidence, EvidenceFile, EvidenceSeen

TITLE = "Evidence report"
PROOFS = (
    Column("Version", 1.2, is_number=True),
    Column("Happened", 2.2),
    Column("Counts until", 2.2),
    Column("Handed in", 2.2),
    Column("Decided", 4),
)
STATES = {
    "waiting": "not looked at yet", "accepted": "accepted", "returned": "sent back",
    "pulled-back": "pulled back", "withdrawn": "taken back by the venue",
}  # fmt: skip


def draw(file: IO[bytes], about: Asked) -> None:
    """Write the report into a file: drawn twice, so that its contents know their pages."""
    judged = asat.assessed(about.venue.id, about.on)
    headings = _drawn(io.BytesIO(), about, judged, ()).headings
    _drawn(file, about, judged, headings)


def _drawn(
    file: IO[bytes],
    about: Asked,
    judged: VenueAssessment | None,
    headings: Sequence[tuple[int, str, int]],
) -> Report:
    report = sections.begun(file, f"{TITLE}: {about.venue.name}", about.on)
    _front(report, about, judged)
    report.contents(headings or _expected(judged))
    if judged is not None:
        _gaps(report, judged)
        _endings(report, judged)
        _commitments(report, about, judged)
    sections.training(report, about)
    sections.book(report, about)
    sections.walks(report, about)
    names = {each.key: _asked(each) for each in judged.requirements} if judged else {}
    sections.audits(report, about, names)
    sections.certificates(report, about)
    sections.custody(report, about)
    report.finish()
    return report


def _expected(judged: VenueAssessment | None) -> list[tuple[int, str, int]]:
    """As many lines of contents as there will be, for the first drawing."""
    several = len(judged.commitments) + 2 if judged else 0
    return [(2, "–", 999)] * (several + 6)


def _front(report: Report, about: Asked, judged: VenueAssessment | None) -> None:
    venue = about.venue
    where = ", ".join(part for part in (venue.street, venue.town, venue.postcode) if part)
    facts = [("Venue", venue.name), ("Where", where)]
    if judged is None:
        facts.append(("Stands", "This venue has signed no edition of the charter."))
    else:
        facts += [
            ("Edition", judged.edition),
            ("Essentials met", f"{judged.essentials_met} of {judged.essentials_total}"),
            ("Commitments met", f"{judged.commitments_met} of {judged.commitments_total}"),
            ("Holds until", day(judged.holds_until) or "nothing ends it"),
        ]
    report.rows(facts)
    report.paragraph(
        f"Everything here was recorded by the end of {in_words(about.on)}. What came later is not "
        "in it, so that a report of this day is the same whenever it is made."
    )
    report.paragraph(
        "It shows what the venue showed, what was decided about it, and who saw it themselves. It "
        "does not show that nothing can happen there. Nothing that anybody told is in it."
    )


def _gaps(report: Report, judged: VenueAssessment) -> None:
    report.heading("What is missing")
    missing = [
        each
        for each in judged.requirements
        if each.requirement.essential and not each.counts_as_met
    ]
    if not missing:
        report.paragraph("Every essential requirement was met.")
        return
    columns = (Column("Requirement", 4), Column("State", 2), Column("Why", 6))
    rows = ((_asked(each), each.state.label, each.why) for each in missing)
    report.table("Essential requirements that were not met", columns, rows)


def _endings(report: Report, judged: VenueAssessment) -> None:
    report.heading("What ends when")
    ends = sorted(
        (each.holds_until, _asked(each))
        for each in judged.requirements
        if each.counts_as_met and each.holds_until
    )
    columns = (Column("Last day", 2), Column("Requirement", 6))
    rows = ((day(until), words) for until, words in ends)
    report.table("What was met, by the day it ends", columns, rows)


def _asked(each: RequirementAssessment) -> str:
    return f"{each.requirement.number} {each.requirement.task}"


def _commitments(report: Report, about: Asked, judged: VenueAssessment) -> None:
    proofs = _by_key(_proofs(about))
    files, seen = _files(about), _seen(about)
    for one in judged.commitments:
        report.heading(f"{one.commitment.number}. {one.commitment.name}: {one.state.label.lower()}")
        for each in one.requirements:
            report.heading(_asked(each), level=3)
            report.rows(
                [
                    ("Needed for a certificate", "yes" if each.requirement.essential else "no"),
                    ("State", each.state.label),
                    ("Why", each.why),
                ]
            )
            rows = proofs.get(each.key, ())
            if rows:
                report.table("Proofs", PROOFS, (_proof_row(row, about) for row in rows))
            for row in rows:
                _witnesses(report, row, files.get(row.id, ()), seen.get(row.id, ()))


def _proofs(about: Asked) -> Sequence[Any]:
    return db.session.execute(
        select(
            Evidence.id, Evidence.requirement_key, Evidence.version, Evidence.state,
            Evidence.happened_on, Evidence.valid_to, Evidence.uploaded_at, Evidence.by_rule,
            Evidence.decided_at, Evidence.ended_on,
        )
        .where(Evidence.venue_id == about.venue.id, Evidence.uploaded_at <= about.by)
        .order_by(Evidence.requirement_key, Evidence.version)
    ).all()  # fmt: skip


def _by_key(rows: Sequence[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.requirement_key, []).append(row)
    return found


def _proof_row(row: Any, about: Asked) -> tuple[str, ...]:
    return (
        str(row.version),
        day(row.happened_on),
        day(row.valid_to) or "until it ends",
        day(clock.local(row.uploaded_at).date()),
        _decided(row, about),
    )


def _decided(row: Any, about: Asked) -> str:
    if row.decided_at is None or row.decided_at > about.by:
        return STATES["waiting"]
    words = STATES.get(row.state, row.state)
    how = " by rule" if row.by_rule else ""
    return f"{words}{how}, {day(clock.local(row.decided_at).date())}"


def _files(about: Asked) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = db.session.execute(
        select(
            EvidenceFile.evidence_id, EvidenceFile.place_name, StoredFile.shown_name,
            StoredFile.sha256, StoredFile.size,
        )
        .join(Evidence, Evidence.id == EvidenceFile.evidence_id)
        .join(StoredFile, StoredFile.id == EvidenceFile.file_id)
        .where(Evidence.venue_id == about.venue.id, Evidence.uploaded_at <= about.by)
        .order_by(EvidenceFile.id)
    )  # fmt: skip
    for row in rows:
        place = f"{row.place_name}: " if row.place_name else ""
        words = f"{place}{row.shown_name}, {row.size} bytes, SHA-256 {row.sha256.hex()}"
        found.setdefault(row.evidence_id, []).append(words)
    return found


def _seen(about: Asked) -> dict[int, list[str]]:
    """Who saw each proof themselves: officers in the pages of proofs, auditors in their audits."""
    found: dict[int, list[str]] = {}
    rows = db.session.execute(
        select(EvidenceSeen.evidence_id, EvidenceSeen.how, EvidenceSeen.role, EvidenceSeen.seen_at)
        .join(Evidence, Evidence.id == EvidenceSeen.evidence_id)
        .where(Evidence.venue_id == about.venue.id, EvidenceSeen.seen_at <= about.by)
        .order_by(EvidenceSeen.id)
    )
    for row in rows:
        on = day(clock.local(row.seen_at).date())
        who = "an auditor" if row.role == "auditor" else "the office"
        found.setdefault(row.evidence_id, []).append(f"{who}, {WAYS_SEEN[row.how]}, {on}")
    sights: Any = db.session.execute(
        select(AuditSight.evidence_id, AuditSight.how, AuditSight.seen_on)
        .where(AuditSight.venue_id == about.venue.id, AuditSight.at <= about.by)
        .order_by(AuditSight.id)
    )
    for sight in sights:
        words = f"an auditor, {WAYS[sight.how].lower()}, {day(sight.seen_on)}"
        found.setdefault(sight.evidence_id, []).append(words)
    return found


def _witnesses(report: Report, row: Any, files: Sequence[str], seen: Sequence[str]) -> None:
    pairs = [(f"File of version {row.version}", words) for words in files]
    pairs += [(f"Version {row.version} seen by", words) for words in seen]
    if pairs:
        report.rows(pairs)
