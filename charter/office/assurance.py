"""What a venue's copy holds of its certificates' ups and downs, its appeals, and its audits."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select

from charter.auditors.models import (
    AuditComplaint,
    AuditFinding,
    AuditQuestion,
    AuditSight,
    Engagement,
    EngagementVenue,
)
from charter.auditors.work import WAYS
from charter.certificates import appeals, reading
from charter.certificates.models import Certificate, CertificateAppeal, CertificateRemark
from charter.certificates.rules import Turn
from charter.core.db import db
from charter.core.files import StoredFile
from charter.office.holdings import Holdings, day, moment

AUDITOR = "the auditor"


def answered(venue_id: int) -> Iterator[StoredFile]:
    """Every file that the venue gave with an answer to an auditor."""
    query = (
        select(StoredFile)
        .join(AuditQuestion, AuditQuestion.file_id == StoredFile.id)
        .where(AuditQuestion.venue_id == venue_id)
    )
    yield from db.session.scalars(query.order_by(StoredFile.id)).all()


def certificates(held: Holdings) -> Iterator[dict[str, object]]:
    """Every certificate, with what became of it, what the venue said of it and its appeals."""
    query = select(Certificate).where(Certificate.venue_id == held.venue.id)
    for row in db.session.scalars(query.order_by(Certificate.id)).all():
        yield {
            "serial": row.serial,
            "valid from": day(row.valid_from),
            "valid until": day(row.valid_until),
            "what became of it": [
                {
                    "on": day(event.on), "what": Turn(event.what).words,
                    "until": day(event.until), "why": event.because,
                }
                for event in reading.history(row.id)
            ],
            "sentences": [
                {
                    "words": said.words, "by": held.name(said.said_by),
                    "from": moment(said.said_at), "until": moment(said.ended_at),
                    "ended by": held.name(said.ended_by), "why": said.ended_because or "",
                }
                for said in db.session.scalars(
                    select(CertificateRemark)
                    .where(CertificateRemark.certificate_id == row.id)
                    .order_by(CertificateRemark.id)
                ).all()
            ],
            "appeals": [_appeal(held, appeal) for appeal in _appeals(row.id)],
        }  # fmt: skip


def _appeals(certificate_id: int) -> list[CertificateAppeal]:
    query = select(CertificateAppeal).where(CertificateAppeal.certificate_id == certificate_id)
    return list(db.session.scalars(query.order_by(CertificateAppeal.id)))


def _appeal(held: Holdings, row: CertificateAppeal) -> dict[str, Any]:
    return {
        "made": moment(row.asked_at), "by": held.name(row.asked_by), "words": row.words,
        "about": [held.about(key) for key in row.about], "answer due": day(row.due_on),
        "answered": moment(row.decided_at), "answered by": held.name(row.decided_by),
        "outcome": appeals.OUTCOMES.get(row.outcome or "", ""), "answer": row.answer or "",
    }  # fmt: skip


def audits(held: Holdings, stored: Mapping[int, str]) -> Iterator[dict[str, object]]:
    """Every audit that the venue was in, with what was asked, answered, seen and found.

    Auditors have no name here. `stored` are names of files in the copy by file.
    """
    query = (
        select(Engagement)
        .join(EngagementVenue, EngagementVenue.engagement_id == Engagement.id)
        .where(EngagementVenue.venue_id == held.venue.id)
        .order_by(Engagement.id)
    )
    for row in db.session.scalars(query).all():
        yield {
            "title": row.title, "what it looks at": row.scope, "from": day(row.from_on),
            "last day": day(row.last_day),
            "questions": [
                {
                    "about": held.about(each.requirement_key) if each.requirement_key else "",
                    "asked": moment(each.asked_at), "by": AUDITOR, "words": each.words,
                    "answered": moment(each.answered_at), "answer": each.answer or "",
                    "answered by": held.name(each.answered_by),
                    "file": stored.get(each.file_id, "") if each.file_id else "",
                }
                for each in _of(AuditQuestion, row.id, held)
            ],
            "proofs seen": [
                {
                    "proof": each.evidence_id, "on": day(each.seen_on), "how": WAYS[each.how],
                    "note": each.note,
                }
                for each in _of(AuditSight, row.id, held)
            ],
            "findings": [
                {
                    "number": each.number, "about": held.about(each.requirement_key),
                    "grade": each.grade, "words": each.words, "to do": each.action,
                    "who": each.owner, "due": day(each.due_on), "found": moment(each.found_at),
                    "looked again": day(each.checked_on), "helped": each.works,
                    "words after": each.checked_words,
                }
                for each in _of(AuditFinding, row.id, held)
            ],
            "complaints": [
                {
                    "made": moment(each.asked_at), "by": held.name(each.asked_by),
                    "words": each.words, "answer due": day(each.due_on),
                    "answered": moment(each.answered_at), "answer": each.answer or "",
                }
                for each in _of(AuditComplaint, row.id, held)
            ],
        }  # fmt: skip


def _of(table: Any, engagement_id: int, held: Holdings) -> list[Any]:
    """The rows of one of the auditors' tables about this venue, oldest first."""
    query = select(table).where(
        table.engagement_id == engagement_id, table.venue_id == held.venue.id
    )
    return list(db.session.scalars(query.order_by(table.id)))
