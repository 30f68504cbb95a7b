"""Who holds which role, where and until when; and how a role, or an account, ends.

Nothing is told to the floors above: they ask (`champions`, `team`), and `touch` has them asked
again. Every question counts today's roles of people who are not disabled.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from sqlalchemy import BindParameter, ColumnElement, Date, bindparam, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from charter import config
from charter.accounts import rules, signin
from charter.accounts.models import Membership, User, WebSession
from charter.accounts.rules import IdleStep
from charter.core import clock, mail, trail
from charter.core.access import AT_A_VENUE, FOR_THE_CITY, Person, Role
from charter.core.db import CITY, Counts, db, holds, lock, touch
from charter.core.errors import Refused
from charter.venues.models import Operator, Venue


def _runs(today: date | BindParameter[date]) -> ColumnElement[bool]:
    return (Membership.starts_on <= today) & (
        Membership.ends_on.is_(None) | (Membership.ends_on >= today)
    )


# Put together once: every request of somebody who is signed in asks both.
_SIGN_IN = (
    select(WebSession)
    .join(WebSession.user)
    .options(contains_eager(WebSession.user))
    .where(
        WebSession.token_hash == bindparam("kept"),
        WebSession.ended_at.is_(None),
        WebSession.is_pending.is_(False),
        User.is_disabled.is_(False),
    )
)
_ROLES = (
    select(Membership)
    .where(Membership.user_id == bindparam("user_id"), _runs(bindparam("today", type_=Date)))
    .order_by(Membership.id)
)


def signed_in(token: str) -> User | None:
    """The person a browser's session token stands for, or None when it no longer counts.

    Two statements: the sign-in with its person, and today's roles. A sign-in counts for so long
    without use and for so long at all, both by the person's roles of today.
    """
    row = db.session.scalars(_SIGN_IN, {"kept": signin.token_hash(token)}).first()
    if row is None:
        return None
    user = row.user
    user.memberships_now = tuple(roles_of(user.id))
    now = clock.now()
    idle, life = rules.session_limits(user.roles_anywhere)
    if now >= min(row.expires_at, row.created_at + life) or now - row.last_seen_at >= idle:
        return None
    user.session_token = token
    user.session_id = row.id
    user.session_seen_at = row.last_seen_at
    return user


def roles_at(person: Person, venue_id: int) -> Iterable[Role]:
    """The roles a person holds at one venue today, an operator's area managers included.

    No statement for whoever has none for an operator, else one.
    """
    held = cast(User, person).memberships_now
    operators = {m.operator_id for m in held if m.operator_id is not None}
    owner = None
    if operators:
        owner = db.session.scalar(select(Venue.operator_id).where(Venue.id == venue_id))
    return {
        Role(m.role)
        for m in held
        if m.venue_id == venue_id or (owner is not None and m.operator_id == owner)
    }


def roles_of(user_id: int) -> Sequence[Membership]:
    """Today's roles of one person, wherever they are."""
    return db.session.scalars(_ROLES, {"user_id": user_id, "today": clock.today()}).all()


def person(user_id: int) -> User | None:
    """One person, with today's roles, whoever asks."""
    found = db.session.get(User, user_id)
    if found is not None:
        found.memberships_now = tuple(roles_of(found.id))
    return found


def by_address(email: str) -> User | None:
    """The person known by an e-mail address in any writing of it. Raises Refused for none."""
    return db.session.scalar(select(User).where(User.email == rules.same_address(email)))


def people(user_ids: Collection[int]) -> dict[int, User]:
    """People by their id, for pages that name who did what; one statement."""
    query = select(User).where(User.id.in_(set(user_ids)))
    return {user.id: user for user in db.session.scalars(query)}


def champions(venue_ids: Collection[int]) -> dict[int, list[Membership]]:
    """Today's champions and their stand-ins, with their people, for every venue asked for.

    One statement, however many venues; a venue without a champion has an empty list.
    """
    found: dict[int, list[Membership]] = {venue_id: [] for venue_id in venue_ids}
    for row in _covering(Membership.venue_id.in_(found), {Role.CHAMPION}):
        found[cast(int, row.venue_id)].append(row)
    return found


def has_champion(venue_id: int) -> bool:
    """Whether somebody who is no mere stand-in is the venue's champion today."""
    return any(row.is_champion for row in champions([venue_id])[venue_id])


def team(venue_id: int) -> list[Membership]:
    """Everybody who covers a venue today with their people, area managers of its operator too."""
    owner = select(Venue.operator_id).where(Venue.id == venue_id).scalar_subquery()
    here = (Membership.venue_id == venue_id) | (Membership.operator_id == owner)
    return _covering(here, AT_A_VENUE | {Role.AREA_MANAGER})


def office_people() -> list[Membership]:
    """Everybody who works for the city, runs the system, audits, or manages an operator."""
    wide = FOR_THE_CITY | {Role.AUDITOR, Role.AREA_MANAGER}
    return _covering(Membership.role.in_(wide), wide, with_disabled=True)


def office_groups() -> dict[str, list[Membership]]:
    """The office's people by what they are; an auditor of many venues is one row."""
    groups: dict[str, dict[int, Membership]] = {}
    for row in office_people():
        groups.setdefault(Role(row.role).label, {}).setdefault(row.user_id, row)
    return {label: list(rows.values()) for label, rows in groups.items()}


def _covering(
    where: ColumnElement[bool], roles: Collection[Role], with_disabled: bool = False
) -> list[Membership]:
    query = (
        select(Membership)
        .join(Membership.user)
        .options(contains_eager(Membership.user))
        .where(where, Membership.role.in_(roles), _runs(clock.today()))
        .order_by(Membership.role, Membership.is_stand_in, User.name, Membership.id)
    )
    if not with_disabled:
        query = query.where(User.is_disabled.is_(False))
    return list(db.session.scalars(query))


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role as its holder reads it: what, where, until when, and the venue it may be left at."""

    label: str
    place: str
    ends_on: date | None
    venue_id: int | None


def roles_in_words(held: Sequence[Membership]) -> list[HeldRole]:
    """Somebody's roles with the names of their places; two statements at most."""
    venues = _names(Venue, {m.venue_id for m in held})
    operators = _names(Operator, {m.operator_id for m in held})
    return [
        HeldRole(
            label=m.label,
            place=venues.get(m.venue_id, "") or operators.get(m.operator_id, ""),
            ends_on=m.ends_on,
            venue_id=m.venue_id if m.role in AT_A_VENUE else None,
        )
        for m in held
    ]


def _names(table: type[Venue | Operator], ids: set[int | None]) -> dict[int | None, str]:
    wanted = ids - {None}
    if not wanted:
        return {}
    found = db.session.execute(select(table.id, table.name).where(table.id.in_(wanted)))
    return {row.id: row.name for row in found}


def venues_covered(user: User) -> list[int]:
    """The venues a person has a role at today, an operator's included, by name; one statement."""
    held = user.memberships_now
    venue_ids = {m.venue_id for m in held if m.venue_id is not None and m.role in AT_A_VENUE}
    operators = {m.operator_id for m in held if m.operator_id is not None}
    if not venue_ids and not operators:
        return []
    here = or_(Venue.id.in_(venue_ids), Venue.operator_id.in_(operators))
    return list(db.session.scalars(select(Venue.id).where(here).order_by(Venue.name_key, Venue.id)))


def roles_for(user: User, venue_id: int | None) -> frozenset[Role]:
    """What a person may act as: for the city, and at a venue if one is named."""
    roles = user.roles_anywhere & FOR_THE_CITY
    return roles | frozenset(roles_at(user, venue_id)) if venue_id is not None else roles


def give_role(
    user: User,
    role: Role,
    *,
    venue_id: int | None = None,
    operator_id: int | None = None,
    is_stand_in: bool = False,
    starts_on: date | None = None,
    ends_on: date | None = None,
    by: int | None = None,
) -> Membership:
    """Give a role from today or a later day on; one that a person holds there is kept instead.

    An auditor's is of one audit and stands beside others: made into one they would open the days
    between. Needs the lock of the venue's chain, else the city's; refuses two sides in one person.
    """
    held = roles_of(user.id)
    rules.refuse_mixed_sides((Role(m.role) for m in held), role)
    for known in held:
        place = (known.role, known.venue_id, known.operator_id, known.is_stand_in)
        if role is not Role.AUDITOR and place == (role, venue_id, operator_id, is_stand_in):
            return _until(known, ends_on, by)
    row = Membership(
        user_id=user.id,
        role=role,
        venue_id=venue_id,
        operator_id=operator_id,
        is_stand_in=is_stand_in,
        starts_on=max(starts_on or clock.today(), clock.today()),
        ends_on=ends_on,
    )
    db.session.add(row)
    db.session.flush()
    chain = venue_id if role in AT_A_VENUE else None
    trail.note("role.given", "membership", row.id, venue_id=chain, by=by, role=role, person=user.id)
    if chain is not None:
        touch(chain, counts=Counts.TRAINING)
    return row


def _until(row: Membership, ends_on: date | None, by: int | None) -> Membership:
    if row.ends_on != ends_on:
        row.ends_on = ends_on
        chain = row.venue_id if row.role in AT_A_VENUE else None
        until = ends_on.isoformat() if ends_on else None
        trail.note("role.extended", "membership", row.id, venue_id=chain, by=by, until=until)
        if chain is not None:
            touch(chain, counts=Counts.TRAINING)
    return row


def end_role(membership_id: int, *, by: User, venue_id: int | None) -> Membership:
    """End a role now, seen `venue_id`'s side (None: the office's own people).

    Needs the lock of the chain the role stands on. Refuses who may not, the last office
    administrator, and administrators ending their own administration. A venue that has lost its
    only champion has its managers and stand-ins told.
    """
    row = running_role(membership_id, venue_id)
    role, who = Role(row.role), row.user_id
    is_own = who == by.id
    if not is_own and role not in rules.looked_after(roles_for(by, venue_id)):
        raise Refused(f"You cannot end the role of a {role.label}. Ask the night office.")
    if role is Role.OFFICE_ADMIN:
        if is_own:
            raise Refused("You cannot end your own administration. Ask another administrator.")
        keep_an_administrator(without=who)
    row.ends_on = clock.today() - timedelta(days=1)
    db.session.flush()
    trail.note(
        "role.ended", "membership", row.id, venue_id=venue_id, by=by.id, role=role, person=who
    )
    if venue_id is not None:
        touch(venue_id, counts=Counts.TRAINING)
        if row.is_champion:
            tell_without_champion(venue_id)
    return row


def running_role(membership_id: int, venue_id: int | None) -> Membership:
    """A role that runs today, seen from its venue, or from the office (None) if it is no venue's.

    Refuses any other.
    """
    row = db.session.get(
        Membership, membership_id, options=[joinedload(Membership.user)], populate_existing=True
    )
    if row is None or venue_id != (row.venue_id if row.role in AT_A_VENUE else None):
        raise Refused("There is no such role here.")
    if row.ends_on is not None and row.ends_on < clock.today():
        raise Refused("That role has already ended.")
    return row


def tell_without_champion(venue_id: int, *, once: str = "") -> None:
    """Mail managers and stand-ins the handover page, if nobody is champion; each `once` once."""
    if not has_champion(venue_id):
        link = f"{config.current().public_url}/venues/{venue_id}/handover"
        for user in dict.fromkeys(row.user for row in team(venue_id) if row.role != Role.STAFF):
            key = f"{once}-{user.id}" if once else None
            mail.post("champion-left", user.email, user_id=user.id, dedupe=key, link=link)


def administrators() -> list[int]:
    """Ids of everybody who can administer the office today and has no day on which that ends."""
    return list(
        db.session.scalars(
            select(User.id)
            .join(Membership, Membership.user_id == User.id)
            .where(
                Membership.role == Role.OFFICE_ADMIN,
                Membership.starts_on <= clock.today(),
                Membership.ends_on.is_(None),
                User.is_disabled.is_(False),
                User.password_hash.is_not(None),
            )
            .distinct()
        )
    )


def keep_an_administrator(*, without: int) -> None:
    """Refuse whatever would leave the city without an office administrator.

    Needs the city's lock: two administrators who remove each other come here one after the other.
    """
    if not holds(CITY):
        raise RuntimeError("who administers the office is decided under the city's lock")
    if not set(administrators()) - {without}:
        raise Refused("There would be no office administrator left. Make somebody else one first.")


def disable(user_id: int, *, by: User | None) -> User:
    """Close an account until further notice: its sign-ins end now, its roles stop counting.

    `by` is None for the nightly work. Needs the city's lock. Refuses one's own account and the
    last office administrator.
    """
    user = _known(user_id)
    if by is not None and user.id == by.id:
        raise Refused("You cannot close your own account. Ask another administrator.")
    held = roles_of(user.id)
    if any(m.role == Role.OFFICE_ADMIN for m in held):
        keep_an_administrator(without=user.id)
    championed = sorted({m.venue_id for m in held if m.venue_id and m.role == Role.CHAMPION})
    lock(CITY, *championed)
    user.is_disabled = True
    signin.end_sessions(user.id)
    db.session.flush()
    trail.note("account.disabled", "user", user.id, by=by.id if by else None)
    for venue_id in championed:
        touch(venue_id, counts=Counts.TRAINING)
        if any(m.is_champion and m.venue_id == venue_id for m in held):
            tell_without_champion(venue_id)
    return user


def enable(user_id: int, *, by: User) -> User:
    """Open a closed account again, with the roles that have not ended. Needs the city's lock.

    Refuses one that was made nameless.
    """
    user = _known(user_id)
    if user.idle_step == IdleStep.NAMELESS:
        raise Refused("This account was not used for so long that its name and address are gone.")
    held = roles_of(user.id)
    championed = sorted({m.venue_id for m in held if m.venue_id and m.role == Role.CHAMPION})
    lock(CITY, *championed)
    user.is_disabled, user.last_used_at, user.idle_step = False, clock.now(), IdleStep.USED
    trail.note("account.enabled", "user", user.id, by=by.id)
    for venue_id in championed:
        touch(venue_id, counts=Counts.TRAINING)
    return user


def rename(user: User, name: str) -> None:
    """Change what a person is called. Needs the city's lock."""
    user.name = name
    trail.note("account.renamed", "user", user.id, by=user.id)


def _known(user_id: int) -> User:
    user = db.session.get(User, user_id, populate_existing=True)
    if user is None:
        raise Refused("There is no such person.")
    return user
