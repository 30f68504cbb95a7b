"""What time takes away from proofs: files that two newer proofs have replaced, and the words, names
and files of a venue that left long ago.

Rows stay, with what became of each proof: where a venue stood, and who decided, can be told for
as long as the trail is. Nothing here changes what `assess` reads.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import aliased

from charter.core import files, retention
from charter.core.db import db
from charter.core.files import StoredFile
from charter.proofs.models import (
    DraftPhoto,
    Evidence,
    EvidenceFile,
    NotApplicable,
    ProofDraft,
    QuietRecord,
    Signature,
    ThreadMessage,
)
from charter.proofs.states import ProofState

NO_NAME = "Name removed"
NO_WORDS = "Deleted: this venue left the charter."


def superseded(today: date, *, venue_id: int | None = None) -> Mapping[int, Sequence[int]]:
    """Ids of files, by venue, of proofs that have ended and that two newer ones have replaced.

    The accepted proof that is current and the one before it keep their files, however old; so
    does one that waits, and one whose own days have not run out.
    """
    newer = aliased(Evidence)
    replaced = (
        select(func.count())
        .select_from(newer)
        .where(
            newer.venue_id == Evidence.venue_id,
            newer.requirement_key == Evidence.requirement_key,
            newer.version > Evidence.version,
            newer.state == ProofState.ACCEPTED,
        )
        .scalar_subquery()
    )
    query = (
        select(Evidence.venue_id, EvidenceFile.file_id)
        .join(EvidenceFile, EvidenceFile.evidence_id == Evidence.id)
        .join(StoredFile, StoredFile.id == EvidenceFile.file_id)
        .where(
            StoredFile.erased_at.is_(None),
            Evidence.state != ProofState.WAITING,
            or_(Evidence.valid_to < today, Evidence.ended_on < today),
            replaced >= retention.PROOFS_KEPT,
        )
        .order_by(EvidenceFile.id)
    )
    if venue_id is not None:
        query = query.where(Evidence.venue_id == venue_id)
    found: dict[int, list[int]] = defaultdict(list)
    for row in db.session.execute(query):
        found[row.venue_id].append(row.file_id)
    return found


def clear(venue_id: int) -> int:
    """Take every file, name and written word off a venue's proofs; how many files.

    Drafts go altogether. Needs the venue's lock.
    """
    of_proofs = select(EvidenceFile.file_id).join(Evidence).where(Evidence.venue_id == venue_id)
    drafts = select(ProofDraft.id).where(ProofDraft.venue_id == venue_id)
    of_drafts = select(DraftPhoto.file_id).where(DraftPhoto.draft_id.in_(drafts))
    count = files.erase(db.session.scalars(of_proofs.union(of_drafts)).all())
    db.session.execute(delete(DraftPhoto).where(DraftPhoto.draft_id.in_(drafts)))
    db.session.execute(delete(ProofDraft).where(ProofDraft.venue_id == venue_id))
    for model, values in (
        (Evidence, {"statement": None, "link": None, "reason": None}),
        (NotApplicable, {"reason": NO_WORDS, "words": None}),
        (QuietRecord, {"answer": None}),
        (ThreadMessage, {"body": NO_WORDS}),
        (Signature, {"name": NO_NAME}),
    ):
        db.session.execute(update(model).where(model.venue_id == venue_id).values(**values))
    signed = (Evidence.venue_id == venue_id) & Evidence.signed_name.is_not(None)
    db.session.execute(update(Evidence).where(signed).values(signed_name=NO_NAME))
    return count
