"""What time alone takes away from people: spent links, accounts that nobody uses, roles at venues
that left.

How long each thing is kept stands in `core.retention`; what an unused account is due for is
judged by `rules.idle_step`. A name that is gone stays gone, and nothing that counts people or
proofs changes: rows stay, with nobody in them.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import delete, func, or_, select, update

from charter import config
from charter.accounts import mailboxes, rules, service, signin
from charter.accounts.models import (
    EmailChange,
    FactorReset,
    Invitation,
    Membership,
    RecoveryCode,
    ResetToken,
    User,
)
from charter.accounts.rules import IdleStep
from charter.core import clock, mail, retention, trail
from charter.core.access import AT_A_VENUE
from charter.core.db import Counts, db, touch
from charter.core.errors import Refused

NO_NAME = "Somebody who has left"


def forget_links() -> int:
    """Delete sign-ins, links and proposals that no longer count, and old invitations; how many.

    Needs the city's lock.
    """
    now = clock.now()
    old = retention.INVITATION.oldest_moment(now, clock.zone())
    ended = func.coalesce(
        Invitation.accepted_at,
        Invitation.withdrawn_at,
        Invitation.expires_at,
        Invitation.created_at,
    )
    gone = mailboxes.sweep(now)
    for table, over in ((FactorReset, FactorReset.expires_at <= now), (Invitation, ended < old)):
        gone += len(db.session.scalars(delete(table).where(over).returning(table.id)).all())
    return gone


def unused() -> Sequence[int]:
    """Ids of the accounts that may be due for a step on their way out."""
    old = retention.ACCOUNT_UNUSED.oldest_moment(clock.now(), clock.zone())
    return db.session.scalars(
        select(User.id)
        .where(
            func.coalesce(User.last_used_at, User.created_at) < old,
            User.idle_step < IdleStep.NAMELESS,
        )
        .order_by(User.id)
    ).all()


def step(user_id: int) -> IdleStep | None:
    """Take the one step that an unused account is due for today, and say which; None for none.

    Needs the city's lock, takes those of the venues it is champion of. The last office
    administrator is left alone.
    """
    user = db.session.get_one(User, user_id, populate_existing=True)
    today = clock.today()
    last_used = clock.local(user.last_used_at or user.created_at).date()
    due = rules.idle_step(
        last_used, IdleStep(user.idle_step), user.idle_step_on, user.is_disabled, today
    )
    if due is None or service.administrators() == [user.id]:
        return None
    if due in (IdleStep.WARNED, IdleStep.WARNED_AGAIN):
        _warn(user, due, today)
    elif due is IdleStep.CLOSED and not user.is_disabled:
        service.disable(user.id, by=None)
    elif due is IdleStep.NAMELESS:
        _make_nameless(user)
    user.idle_step, user.idle_step_on = due, today
    db.session.flush()
    return due


def _warn(user: User, due: IdleStep, today: date) -> None:
    closes_after = retention.LAST_CALL.last_day(today)
    if due is IdleStep.WARNED:
        closes_after = retention.LAST_CALL.last_day(
            retention.SECOND_WARNING.last_day(today) + timedelta(days=1)
        )
    trail.note("account.warned", "user", user.id, step=int(due))
    link = f"{config.current().public_url}/sign-in"
    try:
        mail.post("account-unused", user.email, user_id=user.id, link=link, until=closes_after)
    except Refused:
        # An address that no mail goes to cannot be warned, and does not keep its account by that.
        return


def _make_nameless(user: User) -> None:
    signin.end_sessions(user.id)
    for table in (RecoveryCode, ResetToken, EmailChange, FactorReset):
        db.session.execute(delete(table).where(table.user_id == user.id))
    db.session.execute(
        delete(Invitation).where(
            or_(Invitation.accepted_by == user.id, Invitation.email == user.email)
        )
    )
    mail.forget_person(user.id)
    user.name, user.email = NO_NAME, f"nobody-{user.id}@removed.invalid"
    user.phone = user.password_hash = None
    user.totp_sealed = user.totp_pending_sealed = None
    trail.note("account.anonymised", "user", user.id)


def end_roles_at(venue_id: int) -> int:
    """End every role at a venue, and its invitations; how many roles. Needs the venue's lock.

    Whoever looks after the venue's company keeps that role: it is not this venue's to end.
    """
    yesterday = clock.today() - timedelta(days=1)
    rows = db.session.scalars(
        select(Membership).where(
            Membership.venue_id == venue_id,
            Membership.role.in_(AT_A_VENUE),
            or_(Membership.ends_on.is_(None), Membership.ends_on > yesterday),
        )
    ).all()
    for row in rows:
        row.ends_on = yesterday
        trail.note(
            "role.ended", "membership", row.id, venue_id=venue_id, role=row.role, person=row.user_id
        )
    db.session.execute(
        update(Invitation)
        .where(
            Invitation.venue_id == venue_id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=clock.now())
    )
    touch(venue_id, counts=Counts.TRAINING)
    db.session.flush()
    return len(rows)
