"""What goes through a mailbox: a link for a forgotten password, and a change of address.

Opening a mailed link changes nothing, because mail scanners open links too; it is spent by the
post of the page that it shows. Whether an address has an account is told to nobody.
"""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, or_, select

from charter import config
from charter.accounts import rules
from charter.accounts.models import EmailChange, ResetToken, Throttle, User, WebSession
from charter.accounts.signin import failed, new_token, set_password, token_hash, wait_words
from charter.core import clock, mail, trail
from charter.core.db import db
from charter.core.errors import Refused

ASK_AGAIN_AFTER = timedelta(minutes=2)


def ask_reset(email: str, *, by: int | None = None) -> None:
    """Mail a link to choose a new password, if there is such an account: nobody is told which.

    One link is alive at a time. Asking again within two minutes sends nothing new, so that a
    mailbox cannot be flooded. Needs the city's lock.
    """
    user = db.session.scalar(select(User).where(User.email == rules.same_address(email)))
    if user is None or user.is_disabled:
        return
    now = clock.now()
    last = db.session.scalar(select(ResetToken).where(ResetToken.user_id == user.id))
    if last is not None and timedelta() <= now - last.created_at < ASK_AGAIN_AFTER:
        return
    if last is not None:
        db.session.delete(last)
        db.session.flush()
    token, kept = new_token()
    until = now + rules.RESET_LASTS
    db.session.add(ResetToken(token_hash=kept, user_id=user.id, created_at=now, expires_at=until))
    trail.note("password.reset-asked", "user", user.id, by=by)
    link = f"{config.current().public_url}/reset-password/{token}"
    mail.post("reset-password", user.email, user_id=user.id, link=link, until=until)


def forgotten(email: str, address: str | None) -> str | None:
    """Ask for a link from the public page; words to wait, or None: the same for every address.

    Needs the city's lock.
    """
    asker = f"ask:{address}"
    wait = wait_words(asker)
    if wait is None:
        failed(asker)
        ask_reset(email)
    return wait


def reset_owner(token: str) -> User | None:
    """Whose password a mailed link may change, or None when the link no longer works."""
    return db.session.scalar(
        select(User)
        .join(ResetToken, ResetToken.user_id == User.id)
        .where(
            ResetToken.token_hash == token_hash(token),
            ResetToken.used_at.is_(None),
            ResetToken.expires_at > clock.now(),
            User.is_disabled.is_(False),
        )
    )


def reset(token: str, new_hash: str) -> User:
    """Spend a mailed link on a new password; every sign-in ends. Needs the city's lock.

    Of two posts with one link the second is refused. A second factor is still asked for.
    """
    user = reset_owner(token)
    if user is None:
        raise Refused("This link has been used or is too old. Ask for a new one.")
    set_password(user, new_hash)
    return user


def ask_email_change(user: User, email: str) -> EmailChange:
    """Start a change of address: a link goes to the old mailbox and to the new one.

    Whether the new address belongs to somebody else is not told here. Refuses to write again
    within two minutes, so that a stranger's mailbox cannot be flooded. Needs the city's lock.
    """
    wanted = rules.same_address(email)
    if wanted == user.email:
        raise Refused("This is your address already.", field="email")
    last = email_change_of(user.id)
    if last is not None:
        ago = clock.now() - (last.expires_at - rules.EMAIL_CHANGE_LASTS)
        if timedelta() <= ago < ASK_AGAIN_AFTER:
            raise Refused(
                "We have just written to both addresses. Look there, or wait two minutes and "
                "ask again.",
                field="email",
            )
    db.session.execute(delete(EmailChange).where(EmailChange.user_id == user.id))
    (old, old_hash), (new, new_hash) = new_token(), new_token()
    until = clock.now() + rules.EMAIL_CHANGE_LASTS
    change = EmailChange(
        user_id=user.id,
        email=wanted,
        old_token_hash=old_hash,
        new_token_hash=new_hash,
        expires_at=until,
    )
    db.session.add(change)
    db.session.flush()
    trail.note("email.change-asked", "user", user.id, by=user.id)
    page = f"{config.current().public_url}/confirm-address"
    mail.post("email-change-old", user.email, user_id=user.id, link=f"{page}/{old}", until=until)
    mail.post("email-change-new", wanted, user_id=user.id, link=f"{page}/{new}", until=until)
    return change


def email_change(token: str) -> EmailChange | None:
    """The change of address a mailed link belongs to, while it may still happen."""
    kept = token_hash(token)
    return db.session.scalar(
        select(EmailChange).where(
            or_(EmailChange.old_token_hash == kept, EmailChange.new_token_hash == kept),
            EmailChange.expires_at > clock.now(),
        )
    )


def email_change_of(user_id: int) -> EmailChange | None:
    """The change of address a person has asked for, while it may still happen."""
    return db.session.scalar(
        select(EmailChange).where(
            EmailChange.user_id == user_id, EmailChange.expires_at > clock.now()
        )
    )


def confirm_email_change(token: str) -> bool:
    """Say yes for one of the two mailboxes; True once both have, and the address is changed.

    Needs the city's lock. Refuses a link that no longer works, and an address somebody else has.
    """
    change = email_change(token)
    if change is None:
        raise Refused("This link has been used or is too old. Start the change again.")
    if change.old_token_hash == token_hash(token):
        change.old_confirmed_at = clock.now()
    else:
        change.new_confirmed_at = clock.now()
    db.session.flush()
    if change.old_confirmed_at is None or change.new_confirmed_at is None:
        return False
    if db.session.scalar(select(User.id).where(User.email == change.email)) is not None:
        raise Refused("This address cannot be used. Choose another one.")
    user = db.session.get_one(User, change.user_id)
    user.email = change.email
    db.session.delete(change)
    # What lies in the old mailbox is no way in any more.
    db.session.execute(delete(ResetToken).where(ResetToken.user_id == user.id))
    trail.note("email.changed", "user", user.id, by=user.id)
    return True


def sweep(now: datetime) -> int:
    """Delete sessions, links and failures that no longer count; how many. Needs the city's lock.

    For the nightly work: nothing here waits for it, every reader looks at the clock.
    """
    ended = or_(WebSession.expires_at <= now, WebSession.ended_at.is_not(None))
    gone = 0
    for query in (
        delete(WebSession).where(ended),
        delete(ResetToken).where(ResetToken.expires_at <= now),
        delete(EmailChange).where(EmailChange.expires_at <= now),
        delete(Throttle).where(Throttle.last_at <= now - rules.FAILURES_FADE),
    ):
        gone += cast(CursorResult[Any], db.session.execute(query)).rowcount
    return gone
