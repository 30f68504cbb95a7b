"""The demo's audit from outside: two venues, a question that waits, something found."""

from datetime import date

from charter.accounts.models import User
from charter.auditors import service as audits
from charter.auditors import work as audit_work
from charter.core import clock
from charter.core.db import db, lock


def engage(auditor: User, venue_ids: list[int], admin: int, ends: date) -> None:
    """The office has engaged an auditor, who has asked something and found a thing."""
    lock(*venue_ids)
    by = db.session.get_one(User, admin)
    wish = audits.Grant(
        title="Yearly look from outside",
        email=auditor.email,
        name=auditor.name or "",
        scope="Whether what is shown is what is there.",
        commitments=(),
        from_on=clock.today(),
        to_on=ends,
        units=tuple(audits.chosen(venue_ids)),
        once="demo",
    )
    row = audits.grant(wish, by=by)
    words = "Who reads the book on the nights when the champion is off?"
    audit_work.ask(row, venue_ids[0], "", words, by=auditor.id)
    found = audit_work.Found(
        "message.posters-up", audit_work.Grade.OBSERVATION, "The poster by the stairs is torn."
    )
    audit_work.find(row, venue_ids[0], found, by=auditor.id)
