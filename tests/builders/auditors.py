"""Engagements of auditors, granted as the office does. All want an application context."""

import secrets
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from charter.accounts import service as accounts
from charter.accounts.models import User
from charter.auditors import service
from charter.auditors.models import Engagement
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.proofs.models import Evidence
from tests.builders.accounts import TOTP_SECRET, make_member, make_user
from tests.builders.commitments import Scene


def make_auditor(**overrides: Any) -> int:
    """Somebody with an account, a second factor and no role; their number."""
    return make_user(**{"totp": TOTP_SECRET} | overrides).id


def engage(auditor: int, *venues: int, **overrides: Any) -> int:
    """An administrator engages an auditor for venues, from today for 28 days; its number."""
    admin = make_member(Role.OFFICE_ADMIN).id
    db.session.rollback()
    user = db.session.get_one(User, auditor)
    email = user.email
    db.session.rollback()
    lock(CITY, *venues)
    units = {unit.venue_id: unit for unit in service.population()}
    today: date = clock.today()
    values: dict[str, Any] = {
        "title": "Look from outside", "email": email, "name": "An auditor", "scope": "",
        "commitments": (), "from_on": today, "to_on": today + timedelta(days=28),
        "units": tuple(units[each] for each in venues), "once": secrets.token_hex(8),
    }  # fmt: skip
    by = accounts.person(admin)
    assert by is not None
    row: Engagement = service.grant(service.Grant(**values | overrides), by=by)
    number = row.id
    commit()
    db.session.rollback()
    return number


def proof_of(scene: Scene, key: str = "message.posters-up") -> int:
    """A proof of a venue."""
    found = db.session.scalars(
        select(Evidence.id).where(Evidence.venue_id == scene.venue, Evidence.requirement_key == key)
    ).first()
    db.session.rollback()
    assert found
    return found
