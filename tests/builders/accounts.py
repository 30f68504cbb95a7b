"""Builders of people: an account, somebody with a role, and a browser that is signed in.

All but `sign_in_as` want an application context and commit by themselves; what they return keeps
its plain attributes when the context is gone.
"""

import re
from datetime import date, timedelta
from functools import lru_cache
from itertools import count
from typing import Any

import pyotp
from flask.testing import FlaskClient
from sqlalchemy import inspect, select

from charter.accounts import passwords, signin
from charter.accounts.models import Membership, User
from charter.core import clock
from charter.core.access import SECOND_FACTOR, Role
from charter.core.db import db, lock
from charter.core.mail import OutboxMail
from charter.venues.models import Kind, Venue

PASSWORD = "seven lanterns over the quay"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_numbers = count(1)


@lru_cache(maxsize=1)
def password_hash() -> str:
    """The hash of PASSWORD, made once."""
    return passwords.hashed(PASSWORD)


def make_user(*, totp: str | None = None, **overrides: Any) -> User:
    """A person with an account and no role; sign in by PASSWORD (and codes of `totp`)."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "email": f"person{number}@mail.example",
        "name": f"Person {number}",
        "password_hash": password_hash(),
    }
    user = User(**values | overrides)
    if totp is not None:
        user.totp = totp
    db.session.add(user)
    db.session.commit()
    db.session.refresh(user)
    return user


def make_member(
    role: Role | str,
    *,
    venue: Any = None,
    operator: Any = None,
    user: User | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    is_stand_in: bool = False,
    **overrides: Any,
) -> User:
    """A person with a role from today on (at a venue or for an operator: rows or ids).

    Who needs a second factor has one, of TOTP_SECRET; an auditor's role ends in 30 days.
    """
    role = Role(role)
    if user is None:
        if role in SECOND_FACTOR:
            overrides.setdefault("totp", TOTP_SECRET)
        user = make_user(**overrides)
    if role is Role.AUDITOR and ends_on is None:
        ends_on = clock.today() + timedelta(days=30)
    row = Membership(
        user_id=_id(user),
        role=role,
        venue_id=_id(venue),
        operator_id=_id(operator),
        starts_on=starts_on or clock.today(),
        ends_on=ends_on,
        is_stand_in=is_stand_in,
    )
    db.session.add(row)
    db.session.commit()
    db.session.refresh(user)
    return user


def code_now(secret: str = TOTP_SECRET) -> str:
    """The six digits that a phone shows now, by the application's clock."""
    return pyotp.TOTP(secret).at(clock.now())


def sign_in_as(client: FlaskClient, user: User | int) -> str:
    """Sign a browser in without a password; the token that its cookie refers to."""
    with client.application.app_context():
        row = db.session.get_one(User, _id(user))
        token = signin.begin(row, device="Firefox on Linux").token
        db.session.commit()
    with client.session_transaction(base_url="https://localhost") as session:
        session["_user_id"] = token
        session["_fresh"] = True
    return token


def _id(thing: Any) -> Any:
    """The id of a row, which may be detached, or of whatever is an id already."""
    if thing is None or isinstance(thing, int):
        return thing
    identity = inspect(thing).identity
    assert identity is not None, "save it first"
    return identity[0]


def make_place(name: str = "The Lantern", **overrides: Any) -> Venue:
    """A venue to have people at; whoever tests venues themselves has a fuller builder."""
    row = Venue(name=name, name_key=name.casefold(), kind=Kind.PUB, **overrides)
    db.session.add(row)
    db.session.commit()
    db.session.refresh(row)
    return row


def locked(*chains: int) -> None:
    """Begin a writing transaction with these locks, whatever was read before."""
    db.session.rollback()
    lock(*chains)


def last_link(kind: str, to: str) -> str:
    """The path of the link in the newest mail of a kind to somebody."""
    rows = db.session.scalars(
        select(OutboxMail).where(OutboxMail.kind == kind).order_by(OutboxMail.id.desc())
    )
    body = next(mail.body for mail in rows if mail.recipient == to)
    found = re.search(r"https://[^/\s]+(/\S+)", body or "")
    assert found, "that mail has no link"
    return found[1]


def mails(kind: str) -> list[str]:
    """To whom mails of a kind wait to be sent, oldest first."""
    rows = db.session.scalars(
        select(OutboxMail).where(OutboxMail.kind == kind).order_by(OutboxMail.id)
    )
    return [mail.recipient or "" for mail in rows]
