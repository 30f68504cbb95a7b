"""How somebody comes to hold a role: a mailed link that its reader opens and accepts.

Opening the link shows a page and changes nothing, so that a mail scanner cannot accept. A link
works for seven days and once. Roles of the office itself need two administrators: one invites,
another approves, and only then does the mail go out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, or_, select

from charter import config
from charter.accounts import rules, service, signin
from charter.accounts.models import Invitation, User
from charter.core import clock, mail, trail
from charter.core.access import AT_A_VENUE, FOR_THE_CITY, Role
from charter.core.db import CITY, db, lock
from charter.core.errors import Refused
from charter.venues.models import Operator, Venue

LONGEST_AUDIT_DAYS = 366
AN_HOUR = 30


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody to invite: for a venue, an operator, an audit of venues, or the city."""

    email: str
    role: Role
    name: str = ""
    venue_id: int | None = None
    operator_id: int | None = None
    venue_ids: tuple[int, ...] = ()
    is_stand_in: bool = False
    starts_on: date | None = None
    ends_on: date | None = None


class LinkState(StrEnum):
    """What an invitation's link is good for."""

    OPEN = "open"
    ACCEPTED = "accepted"
    TOO_OLD = "too old"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


def invite(wish: Wish, *, by: User | None) -> Invitation:
    """Invite somebody, or send a waiting invitation again with a new link.

    `by` is None for the system itself (an import, a first administrator) and else must look after
    the role there. Needs the lock of the venue's chain, else the city's. Refuses an unfit place,
    oneself, somebody who has the role already, and roles of two sides in one person.
    """
    email = rules.same_address(wish.email)
    _refuse_unfit(wish)
    known = service.by_address(email)
    if by is not None:
        _refuse_inviter(wish, by, known)
        _refuse_flood(wish.venue_id)
    if known is not None:
        _refuse_held(wish, known, tell=by is None or not by.roles_anywhere.isdisjoint(FOR_THE_CITY))
    row = _waiting(wish, email) or Invitation(email=email, role=wish.role, created_at=clock.now())
    if row.expires_at is None or clock.now() >= row.expires_at:
        # An office invitation that ran out is approved anew.
        row.sent_at = row.approved_by = row.token_hash = None
        row.created_at = clock.now()
    row.name, row.venue_ids, row.ends_on = wish.name, list(wish.venue_ids) or None, wish.ends_on
    row.starts_on = wish.starts_on
    row.venue_id, row.operator_id, row.is_stand_in = (
        wish.venue_id,
        wish.operator_id,
        wish.is_stand_in,
    )
    row.invited_by = by.id if by else None
    db.session.add(row)
    db.session.flush()
    _note("invitation.made", row, by)
    if by is None or not row.waits_for_approval:
        _send(row)
    return row


def invite_many(wishes: Iterable[Wish], *, by: User | None) -> list[Invitation]:
    """Invite everybody of an import in one go; who waits for an answer already is passed over.

    Needs the locks of the city and of every venue named. Refuses like `invite`, all or nothing.
    """
    made = []
    for wish in wishes:
        if _waiting(wish, rules.same_address(wish.email)) is None:
            made.append(invite(wish, by=by))
    return made


def first_administrator(email: str) -> str:
    """A link by which somebody becomes an office administrator, for the machine's own keeper.

    Works while fewer than two administrators exist; after that they invite each other. Needs the
    city's lock. Nothing is mailed: the link is given back to be handed over.
    """
    if len(service.administrators()) >= 2:
        raise Refused("There are two administrators already: they can invite others themselves.")
    wish = Wish(email=email, role=Role.OFFICE_ADMIN)
    address = rules.same_address(email)
    known = service.by_address(address)
    if known is not None:
        _refuse_held(wish, known, tell=True)
    row = _waiting(wish, address) or Invitation(
        email=address, role=wish.role, created_at=clock.now()
    )
    db.session.add(row)
    db.session.flush()
    _note("invitation.made", row, None)
    return _new_link(row)


def approve(invitation_id: int, *, by: User) -> Invitation:
    """Agree to another administrator's invitation to the office, so that its mail goes out.

    Needs the city's lock. Refuses whoever invited, and a proposal older than three days.
    """
    row = _of_office(invitation_id)
    if not row.waits_for_approval or row.withdrawn_at or row.accepted_at:
        raise Refused("There is nothing to approve any more.")
    if by.id == row.invited_by or row.email == by.email:
        raise Refused("Somebody else has to approve this: you made the proposal or it is for you.")
    if clock.now() >= row.created_at + rules.PROPOSAL_LASTS:
        raise Refused("This proposal is older than three days. Make it again.")
    row.approved_by = by.id
    _note("invitation.approved", row, by)
    _send(row)
    return row


def withdraw(invitation_id: int, *, by: User, venue_id: int | None) -> Invitation:
    """Take back an invitation that nobody has accepted: its link stops working.

    Needs the lock of the venue's chain, else the city's.
    """
    row = db.session.get(Invitation, invitation_id, populate_existing=True)
    if row is None or row.venue_id != venue_id or row.accepted_at or row.withdrawn_at:
        raise Refused("There is no such invitation any more.")
    if Role(row.role) not in rules.looked_after(service.roles_for(by, venue_id)):
        raise Refused("You cannot take back this invitation. Ask the night office.")
    row.withdrawn_at = clock.now()
    _note("invitation.withdrawn", row, by)
    return row


def withdraw_audit(email: str, venue_ids: Sequence[int], ends_on: date) -> None:
    """Take back the invitation to an audit that was ended before anybody took it up."""
    for row in db.session.scalars(
        select(Invitation).where(
            Invitation.email == rules.same_address(email),
            Invitation.role == Role.AUDITOR,
            Invitation.ends_on == ends_on,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
    ):
        if set(row.venue_ids or ()) == set(venue_ids):
            row.withdrawn_at = clock.now()
            _note("invitation.withdrawn", row, None)


def waiting_at(venue_id: int) -> Sequence[Invitation]:
    """Invitations to a venue that nobody has accepted or taken back, newest first."""
    return _unanswered(Invitation.venue_id == venue_id)


def waiting_in_office() -> Sequence[Invitation]:
    """Invitations to roles that stand on no single venue, newest first."""
    return _unanswered(Invitation.venue_id.is_(None))


def found(token: str) -> tuple[LinkState, Invitation | None]:
    """What a mailed link is good for, and the invitation it belongs to. Changes nothing."""
    row = db.session.scalar(
        select(Invitation).where(Invitation.token_hash == signin.token_hash(token))
    )
    if row is None:
        return LinkState.UNKNOWN, None
    if row.accepted_at:
        return LinkState.ACCEPTED, row
    if row.withdrawn_at:
        return LinkState.WITHDRAWN, row
    if row.expires_at is None or clock.now() >= row.expires_at:
        return LinkState.TOO_OLD, row
    return LinkState.OPEN, row


def accept(token: str, *, by: User) -> Invitation:
    """Take up an invitation with the account one has. Needs the city's lock, takes the venue's.

    Refuses a link that no longer works and a person whom it was not sent to.
    """
    row = _open(token)
    if row.email != by.email:
        raise Refused(
            "This invitation was sent to another e-mail address. Sign out and open the link again."
        )
    return _take_up(row, by)


def accept_as_new(token: str, *, name: str, password_hash: str) -> User:
    """Take up an invitation by making an account. Needs the city's lock, takes the venue's.

    Refuses a link that no longer works, and an address that has an account already.
    """
    row = _open(token)
    if service.by_address(row.email) is not None:
        raise Refused("There is an account for this e-mail address. Sign in first.")
    user = User(email=row.email, name=name, password_hash=password_hash, created_at=clock.now())
    db.session.add(user)
    db.session.flush()
    trail.note("account.made", "user", user.id, by=user.id)
    _take_up(row, user)
    return user


def place_words(row: Invitation) -> str:
    """Where an invitation's role stands, for the page that its reader sees."""
    if row.venue_id is not None:
        return f"at {db.session.get_one(Venue, row.venue_id).name}"
    if row.operator_id is not None:
        return f"for {db.session.get_one(Operator, row.operator_id).name}"
    if row.venue_ids:
        count = len(row.venue_ids)
        return f"for {count} {'venue' if count == 1 else 'venues'}"
    return f"for {config.current().city.office_name}"


def companies() -> Sequence[Operator]:
    """The companies that an area manager can look after, by name."""
    return db.session.scalars(select(Operator).order_by(Operator.name)).all()


def _open(token: str) -> Invitation:
    state, row = found(token)
    if row is not None and row.venue_id is not None:
        # Judged again under the venue's lock: it may have been taken back meanwhile.
        lock(CITY, row.venue_id)
        db.session.expire(row)
        state, row = found(token)
    if row is None or state is not LinkState.OPEN:
        raise Refused("This invitation no longer works. Ask for a new one.")
    return row


def _take_up(row: Invitation, user: User) -> Invitation:
    role = Role(row.role)
    if role is Role.AUDITOR:
        for venue_id in row.venue_ids or ():
            service.give_role(
                user,
                role,
                venue_id=venue_id,
                starts_on=row.starts_on,
                ends_on=row.ends_on,
                by=row.invited_by,
            )
    else:
        service.give_role(
            user,
            role,
            venue_id=row.venue_id,
            operator_id=row.operator_id,
            is_stand_in=row.is_stand_in,
            ends_on=row.ends_on,
            by=row.invited_by,
        )
    row.accepted_at, row.accepted_by = clock.now(), user.id
    _note("invitation.accepted", row, user)
    return row


def _refuse_unfit(wish: Wish) -> None:
    role = wish.role
    places = (wish.venue_id is not None, wish.operator_id is not None, bool(wish.venue_ids))
    if role in AT_A_VENUE:
        fits = places == (True, False, False)
    elif role is Role.AREA_MANAGER:
        fits = places == (False, True, False)
    elif role is Role.AUDITOR:
        fits = places == (False, False, True)
    else:
        fits = not any(places)
    if not fits:
        raise ValueError(f"no place for a {role.label}")
    if wish.is_stand_in and role is not Role.CHAMPION:
        raise ValueError("only a champion has a stand-in")
    if role is Role.AUDITOR:
        _refuse_unending(wish.ends_on)


def _refuse_unending(ends_on: date | None) -> None:
    today = clock.today()
    if ends_on is None or ends_on < today:
        raise Refused("Enter the last day of the audit, today or later", field="ends_on")
    if (ends_on - today).days > LONGEST_AUDIT_DAYS:
        raise Refused("An audit ends within a year. Enter an earlier day", field="ends_on")


def _refuse_inviter(wish: Wish, by: User, known: User | None) -> None:
    if known is not None and known.id == by.id:
        raise Refused("You cannot invite yourself.", field="email")
    if wish.role not in rules.looked_after(service.roles_for(by, wish.venue_id)):
        raise Refused(f"You cannot invite a {wish.role.label}. Ask the night office.", field="role")


def _refuse_flood(venue_id: int | None) -> None:
    """Refuse a venue more invitations than any needs: each writes to somebody who did not ask."""
    since = clock.now() - timedelta(hours=1)
    if venue_id is not None and trail.count(venue_id, "invitation.made", since) >= AN_HOUR:
        raise Refused(
            f"A venue can send {AN_HOUR} invitations in an hour. Wait a little, then send the rest."
        )


def _refuse_held(wish: Wish, known: User, *, tell: bool) -> None:
    """Refuse what cannot be accepted. Whether somebody works elsewhere is told to the office only;
    a venue's people hear it from the person, who hears it when accepting."""
    held = service.roles_of(known.id)
    for row in held:
        place = (row.role, row.venue_id, row.operator_id, row.is_stand_in)
        if place == (wish.role, wish.venue_id, wish.operator_id, wish.is_stand_in):
            raise Refused("This person has that role already.", field="email")
    if tell:
        try:
            rules.refuse_mixed_sides((Role(row.role) for row in held), wish.role)
        except Refused as refused:
            raise Refused(refused.words, field="email") from refused


def _waiting(wish: Wish, email: str) -> Invitation | None:
    if wish.role is Role.AUDITOR:
        return None  # each audit has its own venues and days, so each has its own link
    return db.session.scalar(
        select(Invitation).where(
            Invitation.email == email,
            Invitation.role == wish.role,
            Invitation.is_stand_in == wish.is_stand_in,
            Invitation.venue_id == wish.venue_id,
            Invitation.operator_id == wish.operator_id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
    )


def _unanswered(where: ColumnElement[bool]) -> Sequence[Invitation]:
    oldest: datetime = clock.now() - rules.PROPOSAL_LASTS
    alive = or_(Invitation.sent_at.is_not(None), Invitation.created_at > oldest)
    return db.session.scalars(
        select(Invitation)
        .where(where, Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None), alive)
        .order_by(Invitation.id.desc())
        .limit(200)
    ).all()


def _of_office(invitation_id: int) -> Invitation:
    row = db.session.get(Invitation, invitation_id, populate_existing=True)
    if row is None or row.venue_id is not None:
        raise Refused("There is no such invitation.")
    return row


def _new_link(row: Invitation) -> str:
    token, row.token_hash = signin.new_token()
    row.sent_at = clock.now()
    row.expires_at = row.sent_at + rules.INVITATION_LASTS
    db.session.flush()
    return f"{config.current().public_url}/invitations/{token}"


def _send(row: Invitation) -> None:
    link = _new_link(row)
    until = row.expires_at or clock.now()
    mail.post("invitation", row.email, link=link, until=until)


def _note(verb: str, row: Invitation, by: User | None) -> None:
    trail.note(
        verb,
        "invitation",
        row.id,
        venue_id=row.venue_id,
        by=by.id if by else None,
        role=row.role,
    )
