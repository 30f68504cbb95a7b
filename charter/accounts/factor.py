"""The second factor: six-digit codes from a phone (RFC 6238) and one-use recovery codes.

A code counts for its own 30 seconds and one step either side, for phones whose clock is off, and
never twice: nor does an earlier one after a later one. Spaces typed with it do not matter.
"""

import hmac
import secrets
from datetime import datetime

import pyotp
from markupsafe import Markup
from sqlalchemy import delete, func, select

from charter import config
from charter.accounts import rules, signin
from charter.accounts.models import FactorReset, RecoveryCode, User, WebSession
from charter.core import clock, mail, trail
from charter.core.access import SECOND_FACTOR
from charter.core.db import CITY, db, holds
from charter.core.errors import Refused
from charter.core.paper import square

STEP_SECONDS = 30
STEPS_EITHER_SIDE = 1
RECOVERY_CODES = 10
WRONG = "That code is not right, or it was used before. Wait for the next one and try again."

# Without letters and digits that look alike on paper.
_ALPHABET = "abcdefghjkmnpqrstvwxyz23456789"
_GROUPS, _GROUP = 4, 4
# How an administrator may make sure who somebody is, before their second factor is taken off.
CHECKED = {
    "met": "I met them and know them",
    "called": "I called them on a number we already had",
    "manager": "Somebody they work for, whom I know, confirmed it",
}


def matching_step(secret: str, typed: str, at: datetime, after: int) -> int | None:
    """The time step whose code was typed, if it is near `at` and later than `after`; else None."""
    code = "".join(typed.split())
    made = pyotp.TOTP(secret)
    here = int(at.timestamp()) // STEP_SECONDS
    for step in range(here - STEPS_EITHER_SIDE, here + STEPS_EITHER_SIDE + 1):
        expected = made.at(step * STEP_SECONDS)
        if step > after and hmac.compare_digest(expected.encode(), code.encode()):
            return step
    return None


def start(user: User) -> None:
    """Make a new secret to be scanned; the one in use counts until the new one is confirmed."""
    user.totp_pending = pyotp.random_base32()


def picture(user: User, secret: str) -> Markup:
    """The square that a phone scans, as SVG to stand in a page."""
    name = config.current().city.service_name
    address = pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=name)
    return square.on_screen(address, "Square code to scan with your phone", scale=5)


def in_groups(secret: str) -> str:
    """The secret in groups of four, to be typed where nothing can be scanned."""
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))


def confirm(user: User, typed: str) -> list[str]:
    """Take the waiting secret into use, once a code from it was typed; ten recovery codes.

    Needs the city's lock. Refuses a wrong code. The codes are given once and kept as hashes.
    """
    secret = user.totp_pending
    if secret is None:
        raise Refused("Start again: there is nothing to confirm.")
    step = matching_step(secret, typed, clock.now(), 0)
    if step is None:
        raise Refused(WRONG, field="code")
    user.totp, user.totp_pending, user.totp_last_step = secret, None, step
    codes = _new_codes(user)
    trail.note("factor.set-up", "user", user.id, by=user.id)
    _tell(user)
    return codes


def check(user: User, typed: str) -> bool:
    """Whether a code from the phone, or a recovery code, is right; either is used up by it.

    Needs the city's lock, so that one code cannot be used by two at once.
    """
    if not holds(CITY):
        raise RuntimeError("a code is used up under the city's lock")
    secret = user.totp
    step = matching_step(secret, typed, clock.now(), user.totp_last_step) if secret else None
    if step is not None:
        user.totp_last_step = step
        return True
    code = db.session.scalar(
        select(RecoveryCode).where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_hash == _kept(user, typed),
            RecoveryCode.used_at.is_(None),
        )
    )
    if code is None:
        return False
    code.used_at = clock.now()
    trail.note("factor.recovery-used", "user", user.id, by=user.id)
    return True


def second_step(row: WebSession, typed: str, *, device: str) -> signin.Opened:
    """Finish a sign-in that waits for its second factor; wrong codes slow the next try down.

    The session gets a new token. Needs the city's lock.
    """
    account = f"factor:{row.user_id}"
    wait = signin.wait_words(account)
    if wait:
        return signin.Opened(words=wait)
    user = db.session.get_one(User, row.user_id)
    if not check(user, typed):
        signin.failed(account)
        return signin.Opened(words=WRONG)
    row.ended_at = clock.now()
    signin.forgive(account)
    signin.forgive(user.email)
    return signin.begin(user, device=device)


def codes_left(user: User) -> int:
    """How many recovery codes have not been used."""
    query = select(func.count(RecoveryCode.id)).where(
        RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None)
    )
    return db.session.scalar(query) or 0


def renew_codes(user: User) -> list[str]:
    """Ten new recovery codes; the old ones stop working. Needs the city's lock."""
    if user.totp_sealed is None:
        raise Refused("Set up a second factor first.")
    codes = _new_codes(user)
    trail.note("factor.codes-renewed", "user", user.id, by=user.id)
    return codes


def give_up(user: User) -> None:
    """Take one's own second factor off. Refuses whose role demands one. Needs the city's lock."""
    if user.roles_anywhere & SECOND_FACTOR:
        raise Refused("Your role needs a second step. You can set up another one instead.")
    remove(user, by=user.id)


def remove(user: User, *, by: int) -> None:
    """Take the second factor and its recovery codes off an account. Needs the city's lock."""
    user.totp = user.totp_pending = None
    user.totp_last_step = 0
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    trail.note("factor.removed", "user", user.id, by=by)
    _tell(user)


def propose_reset(user: User, *, checked_how: str, by: User) -> FactorReset:
    """Propose to take a lost second factor off an account; a second administrator decides.

    Needs the city's lock. `checked_how` is a key of CHECKED.
    """
    if user.id == by.id:
        raise Refused("Ask another administrator to propose this for you.")
    if user.totp_sealed is None:
        raise Refused("This person has no second factor.")
    if checked_how not in CHECKED:
        raise Refused("Say how you made sure who they are", field="checked_how")
    db.session.execute(delete(FactorReset).where(FactorReset.user_id == user.id))
    row = FactorReset(
        user_id=user.id,
        asked_by=by.id,
        checked_how=checked_how,
        expires_at=clock.now() + rules.PROPOSAL_LASTS,
    )
    db.session.add(row)
    db.session.flush()
    trail.note("factor.reset-proposed", "user", user.id, by=by.id, checked=checked_how)
    return row


def proposal(user_id: int) -> FactorReset | None:
    """The proposal to take somebody's second factor off that waits for a second person."""
    return db.session.scalar(
        select(FactorReset).where(
            FactorReset.user_id == user_id, FactorReset.expires_at > clock.now()
        )
    )


def approve_reset(user: User, *, by: User) -> None:
    """Agree to a proposal: the factor comes off and every sign-in ends. Needs the city's lock."""
    row = proposal(user.id)
    if row is None:
        raise Refused("There is nothing to agree to: the proposal is older than three days.")
    if by.id in (row.asked_by, user.id):
        raise Refused("A second administrator has to agree to this.")
    db.session.delete(row)
    signin.end_sessions(user.id)
    remove(user, by=by.id)


def _new_codes(user: User) -> list[str]:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = ["-".join(_random_group() for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)]
    db.session.add_all(RecoveryCode(user_id=user.id, code_hash=_kept(user, code)) for code in codes)
    db.session.flush()
    return codes


def _random_group() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP))


def _kept(user: User, code: str) -> bytes:
    plain = "".join(sign for sign in code.casefold() if sign.isalnum())
    return signin.keyed_hash("recovery", f"{user.id}:{plain}")


def _tell(user: User) -> None:
    link = f"{config.current().public_url}/account"
    mail.post("second-factor-changed", user.email, user_id=user.id, link=link)
