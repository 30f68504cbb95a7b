"""The phones of the demo's people: what each would show for a sign-in now."""

import pyotp
from sqlalchemy import or_, select

from charter.accounts.factor import STEP_SECONDS
from charter.accounts.models import User
from charter.core import clock
from charter.core.db import db


def codes() -> list[tuple[str, str, str]]:
    """Who, the six digits their phone shows now, and for how long, in order of name."""
    now = int(clock.now().timestamp())
    left = f"{STEP_SECONDS - now % STEP_SECONDS} seconds"
    people = db.session.scalars(
        select(User)
        .where(or_(User.totp_sealed.is_not(None), User.totp_pending_sealed.is_not(None)))
        .order_by(User.name)
    )
    return [
        (f"{person.name} ({person.email})", pyotp.TOTP(secret).at(now), left)
        for person in people
        if (secret := person.totp_pending or person.totp)
    ]
