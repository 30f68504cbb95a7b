"""Ways in: the throttle that slows guessing, passwords, and browser sessions.

Failures slow the next try down, for the account and for the address it came from; nobody is ever
locked out, and every failure has the same words and the same cost. A browser holds a random
token, of which the database keeps only a hash: ending a session here ends it everywhere.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.exc import OperationalError

from charter import config
from charter.accounts import passwords, rules
from charter.accounts.models import ResetToken, Throttle, User, WebSession
from charter.core import clock, mail, trail
from charter.core.db import db
from charter.core.errors import Refused

WRONG = "That e-mail address and password do not go together. Check both and try again."
NOT_YOURS = "That is not the password of this account. Check it and try again."
FREE_FOR_ACCOUNT = 3
FREE_FOR_ADDRESS = 20
LONGEST_LIFE = timedelta(hours=12)
_HOME = 64  # bits of an IPv6 address that one home, office or phone has for itself


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was typed to sign in, already judged: the slow part is over before the lock is taken."""

    email: str
    user_id: int | None
    hash_seen: str | None
    is_right: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of an attempt: words of refusal, or a session (pending: second factor to come)."""

    words: str | None = None
    user: User | None = None
    token: str = ""
    is_pending: bool = False


def new_token() -> tuple[str, bytes]:
    """A random token of 256 bits for a cookie or a mailed link, and the hash of it to keep."""
    token = secrets.token_urlsafe(32)
    return token, token_hash(token)


def token_hash(token: str) -> bytes:
    """What is kept of a token; fast is safe, because nobody can guess 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def keyed_hash(kind: str, value: str) -> bytes:
    """What is kept of something short enough to be guessed: useless without this city's pepper."""
    return hmac.digest(config.current().secrets.pepper, f"{kind}:{value}".encode(), hashlib.sha256)


def place_of(address: str | None) -> str:
    """Where an address is counted: itself, or of IPv6 the network that one home has."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ip_network((int(found), _HOME), strict=False))
    return str(found)


def _keys(account: str, address: str | None) -> dict[bytes, int]:
    keys = {keyed_hash("account", account): FREE_FOR_ACCOUNT}
    if address:
        keys[keyed_hash("address", address)] = FREE_FOR_ADDRESS
    return keys


def wait_words(account: str, address: str | None = None) -> str | None:
    """Words with the seconds still to wait before another try, or None when there is no wait."""
    now = clock.now()
    keys = _keys(account, address)
    rows = db.session.scalars(select(Throttle).where(Throttle.key_hash.in_(keys)))
    until = [
        row.last_at + rules.wait_after(row.failures, keys[row.key_hash])
        for row in rows
        # One from an hour still to come was noted before the machine's clock was set back.
        if timedelta() <= now - row.last_at < rules.FAILURES_FADE
    ]
    left = max((moment - now for moment in until), default=timedelta())
    if left <= timedelta():
        return None
    seconds = -(-left // timedelta(seconds=1))
    unit = "second" if seconds == 1 else "seconds"
    return f"There were several wrong tries. Wait {seconds} {unit}, then try again."


def failed(account: str, address: str | None = None) -> None:
    """Count a failure against the account and the address. Needs the city's lock."""
    count_failure(_keys(account, address))


def count_failure(keys: Iterable[bytes]) -> None:
    """Count a failure under each key; what is an hour old is forgotten. Needs the city's lock."""
    now = clock.now()
    db.session.execute(delete(Throttle).where(Throttle.last_at <= now - rules.FAILURES_FADE))
    for key in keys:
        row = db.session.scalar(select(Throttle).where(Throttle.key_hash == key))
        if row is None:
            row = Throttle(key_hash=key, failures=0, last_at=now)
            db.session.add(row)
        row.failures += 1
        row.last_at = now
    db.session.flush()


def forgive(account: str) -> None:
    """Forget an account's failures, once somebody has shown that it is theirs."""
    key = keyed_hash("account", account)
    db.session.execute(delete(Throttle).where(Throttle.key_hash == key))


def attempt(email: str, password: str, address: str | None) -> Attempt:
    """Judge what was typed: one slow hash, whether or not there is such an account.

    While a wait runs nothing is hashed, for anybody.
    """
    try:
        known_as = rules.same_address(email)
    except Refused:
        known_as = email.casefold()
    if wait_words(known_as, address):
        return Attempt(known_as, None, None, False)
    row = db.session.execute(
        select(User.id, User.password_hash, User.is_disabled).where(User.email == known_as)
    ).first()
    kept = row.password_hash if row else None
    db.session.rollback()
    is_right = passwords.matches(kept, password)
    if row is None or row.is_disabled:
        return Attempt(known_as, None, None, False)
    return Attempt(known_as, row.id, kept, is_right)


def judged(attempt: Attempt, address: str | None, wrong: str) -> User | str:
    """Whose password it was, or the words to refuse with; a wrong one is counted. Needs the
    city's lock, and a commit even when it refuses.

    The wait is judged here, under the lock, so that many tries at once gain nothing: a right
    password that came too early is answered like a wrong one.
    """
    wait = wait_words(attempt.email, address)
    if wait:
        return wait
    user = db.session.get(User, attempt.user_id) if attempt.user_id else None
    is_same = user is not None and user.password_hash == attempt.hash_seen and not user.is_disabled
    if user is None or not is_same or not attempt.is_right:
        failed(attempt.email, address)
        return wrong
    return user


def open_session(attempt: Attempt, *, address: str | None, device: str) -> Opened:
    """Open a session for a right attempt, or count a wrong one. Needs the city's lock."""
    user = judged(attempt, address, WRONG)
    if isinstance(user, str):
        return Opened(words=user)
    if user.totp_sealed is None:
        forgive(attempt.email)
    return begin(user, device=device, is_pending=user.totp_sealed is not None)


def begin(user: User, *, device: str, is_pending: bool = False) -> Opened:
    """A new session with a new token; pending ones count for nothing but the second factor."""
    now = clock.now()
    if not is_pending:
        user.last_used_at, user.idle_step, user.idle_step_on = now, rules.IdleStep.USED, None
    token, kept = new_token()
    lasts = rules.PENDING_LASTS if is_pending else LONGEST_LIFE
    row = WebSession(
        token_hash=kept,
        user_id=user.id,
        is_pending=is_pending,
        device=device,
        created_at=now,
        last_seen_at=now,
        expires_at=now + lasts,
    )
    db.session.add(row)
    db.session.flush()
    user.session_token, user.session_id, user.session_seen_at = token, row.id, now
    return Opened(user=user, token=token, is_pending=is_pending)


def pending(token: str) -> WebSession | None:
    """The sign-in that waits for its second factor, while it may."""
    return db.session.scalar(
        select(WebSession)
        .join(WebSession.user)
        .where(
            WebSession.token_hash == token_hash(token),
            WebSession.is_pending.is_(True),
            WebSession.ended_at.is_(None),
            WebSession.expires_at > clock.now(),
            User.is_disabled.is_(False),
        )
    )


def sessions(user_id: int) -> Sequence[WebSession]:
    """The sign-ins of a person that have not ended, last used first."""
    return db.session.scalars(
        select(WebSession)
        .where(
            WebSession.user_id == user_id,
            WebSession.ended_at.is_(None),
            WebSession.is_pending.is_(False),
            WebSession.expires_at > clock.now(),
        )
        .order_by(WebSession.last_seen_at.desc(), WebSession.id.desc())
    ).all()


def end_sessions(user_id: int, *, only: int | None = None, but: int | None = None) -> None:
    """End a person's sign-ins at the back end: all, `only` one of theirs, or all `but` one."""
    query = update(WebSession).where(WebSession.user_id == user_id, WebSession.ended_at.is_(None))
    if only is not None:
        query = query.where(WebSession.id == only)
    if but is not None:
        query = query.where(WebSession.id != but)
    db.session.execute(query.values(ended_at=clock.now()))


def note_use(engine: Engine, session_id: int) -> None:
    """Write that a session was used just now, in a transaction of its own.

    Called after the answer has left; a database that is busy just then is no fault.
    """
    now = clock.now()
    stale = (WebSession.id == session_id) & (WebSession.last_seen_at <= now - rules.SEEN_EVERY)
    try:
        with engine.begin() as connection:
            connection.execute(update(WebSession).where(stale).values(last_seen_at=now))
    except OperationalError:
        return


def own_words(user: User) -> list[str]:
    """What a person's password may not be made of."""
    return own_words_of(user.name, user.email)


def own_words_of(name: str, email: str) -> list[str]:
    """What the password of somebody new may not be made of."""
    city = config.current().city
    return [name, email, city.service_name, city.charter_name, city.city_name]


def set_password(user: User, new_hash: str, *, keep: int | None = None) -> None:
    """Save a chosen password's hash, end the other sign-ins (all but `keep`), and tell the owner.

    Needs the city's lock.
    """
    user.password_hash = new_hash
    end_sessions(user.id, but=keep)
    db.session.execute(delete(ResetToken).where(ResetToken.user_id == user.id))
    forgive(user.email)
    trail.note("password.changed", "user", user.id, by=user.id)
    link = f"{config.current().public_url}/forgot-password"
    mail.post("password-changed", user.email, user_id=user.id, link=link)
