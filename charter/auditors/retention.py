"""What time takes away of audits: words and files of venues that left, addresses of auditors."""

from sqlalchemy import exists, or_, select, update

from charter.accounts.models import User
from charter.auditors.models import (
    AuditComplaint,
    AuditFinding,
    AuditQuestion,
    AuditSight,
    Engagement,
)
from charter.core import clock, files, retention
from charter.core.db import db

NO_ADDRESS = "address deleted"


def clear(venue_id: int) -> int:
    """Take away the words and files of audits of a venue that left; how many files.

    Needs its lock. That it was asked, what was seen when, and the grade of what was found stays,
    as a report rests on it.
    """
    asked = select(AuditQuestion.file_id).where(
        AuditQuestion.venue_id == venue_id, AuditQuestion.file_id.is_not(None)
    )
    ids = [each for each in db.session.scalars(asked) if each]
    for table, words in (
        (AuditQuestion, {"words": ""}),
        (AuditSight, {"note": ""}),
        (AuditFinding, {"words": "", "action": "", "owner": "", "checked_words": ""}),
        (AuditComplaint, {"words": ""}),
    ):
        db.session.execute(update(table).where(table.venue_id == venue_id).values(**words))
    for answered in (AuditQuestion, AuditComplaint):
        said = update(answered).where(answered.venue_id == venue_id, answered.answer.is_not(None))
        db.session.execute(said.values(answer=""))
    return files.erase(ids)


def forget_addresses() -> int:
    """Take the address off engagements long over whose auditor has none any more; how many.

    That is somebody who never came, or whose account was made nameless. Needs the city's lock.
    """
    today = clock.today()
    over = retention.ACCOUNT_UNUSED.oldest_day(today)
    in_use = exists().where(User.id == Engagement.auditor_id, User.email == Engagement.email)
    ids = db.session.scalars(
        select(Engagement.id).where(
            or_(Engagement.to_on < over, Engagement.ended_on < over),
            Engagement.email != NO_ADDRESS,
            ~in_use,
        )
    ).all()
    gone = update(Engagement).where(Engagement.id.in_(ids)).values(email=NO_ADDRESS)
    db.session.execute(gone)
    return len(ids)
