"""Lists of faults on their way: mailed to whoever mends them, and mailed again while overdue.

A mail says how many things wait and links to a page; the link is signed and names the walk and
the recipient, so that nothing secret has to be kept.
"""

from collections.abc import Iterable
from datetime import timedelta

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select

from charter import config
from charter.core import clock, mail, trail
from charter.core.db import CITY, db, lock
from charter.core.errors import Refused
from charter.nightwalks.models import FaultRecipient, NightWalk, StreetFault
from charter.nightwalks.rules import State

EVERY = timedelta(days=7)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="street-faults")


def token(walk_id: int, recipient_id: int) -> str:
    """The secret of a recipient's page about one walk."""
    return str(_signer().dumps([walk_id, recipient_id]))


def read(given: str) -> tuple[NightWalk, FaultRecipient] | None:
    """The walk and the recipient of a page's secret, or None."""
    try:
        walk_id, recipient_id = _signer().loads(given)
    except (BadSignature, ValueError, TypeError):
        return None
    row, to = db.session.get(NightWalk, walk_id), db.session.get(FaultRecipient, recipient_id)
    return (row, to) if row is not None and to is not None else None


def sent_to(walk_id: int, recipient_id: int) -> list[StreetFault]:
    """The faults of a walk that were sent to somebody, by their numbers."""
    query = select(StreetFault).where(
        StreetFault.walk_id == walk_id,
        StreetFault.recipient_id == recipient_id,
        StreetFault.sent_at.is_not(None),
    )
    return list(db.session.scalars(query.order_by(StreetFault.number)))


def waiting(walk_id: int) -> dict[int, list[StreetFault]]:
    """The faults of a walk that were not sent yet, by recipient."""
    query = select(StreetFault).where(StreetFault.walk_id == walk_id, StreetFault.sent_at.is_(None))
    found: dict[int, list[StreetFault]] = {}
    for row in db.session.scalars(query.order_by(StreetFault.number)):
        found.setdefault(row.recipient_id, []).append(row)
    return found


def send(row: NightWalk, *, by: int) -> int:
    """Mail every list that has something new to whoever has an address; how many faults went.

    Needs the city's lock. Refuses where nothing can go.
    """
    gone, now = 0, clock.now()
    for recipient_id, rows in waiting(row.id).items():
        to = db.session.get_one(FaultRecipient, recipient_id)
        if not to.email:
            continue
        for each in rows:
            each.sent_at = now
        gone += len(rows)
        _post(row.id, to, f"{now:%Y%m%d%H%M%S}")
    if not gone:
        raise Refused("Nothing can be sent: enter an e-mail address of who mends it first")
    db.session.flush()
    trail.note("street-faults.sent", "night_walk", row.id, by=by, faults=gone)
    return gone


def remind() -> int:
    """Mail whoever has something overdue, once a week; how many mails.

    Takes the city's lock itself, so it begins outside a transaction; the caller commits.
    """
    lock(CITY)
    today = clock.today()
    rows = db.session.scalars(
        select(StreetFault).where(
            StreetFault.state == State.OPEN,
            StreetFault.due_on < today,
            StreetFault.sent_at.is_not(None),
            (StreetFault.reminded_on.is_(None)) | (StreetFault.reminded_on <= today - EVERY),
        )
    )
    lists = _lists(rows)
    for faults in lists.values():
        for each in faults:
            each.reminded_on = today
    told = 0
    for walk_id, recipient_id in sorted(lists):
        to = db.session.get_one(FaultRecipient, recipient_id)
        told += bool(to.email) and to.retired_on is None and _post(walk_id, to, f"late-{today}")
    return told


def _lists(rows: Iterable[StreetFault]) -> dict[tuple[int, int], list[StreetFault]]:
    found: dict[tuple[int, int], list[StreetFault]] = {}
    for row in rows:
        found.setdefault((row.walk_id, row.recipient_id), []).append(row)
    return found


def _post(walk_id: int, to: FaultRecipient, when: str) -> bool:
    """Post one mail; an address that no mail goes to stops nothing."""
    link = f"{config.current().public_url}/street-faults/{token(walk_id, to.id)}"
    key = f"street-faults/{walk_id}/{to.id}/{when}"
    try:
        return mail.post("street-faults", to.email, dedupe=key, link=link) is not None
    except Refused:
        return False
