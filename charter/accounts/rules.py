"""Pure rules about people: one identity, roles that go together, and how long things last."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta
from enum import IntEnum, StrEnum

from charter.core import retention, text
from charter.core.access import Role
from charter.core.errors import Refused

INVITATION_LASTS = timedelta(days=7)
PROPOSAL_LASTS = timedelta(hours=72)
RESET_LASTS = timedelta(minutes=60)
EMAIL_CHANGE_LASTS = timedelta(hours=24)
PENDING_LASTS = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=1)
FAILURES_FADE = timedelta(hours=1)

_VENUE_IDLE, _VENUE_LIFE = timedelta(minutes=30), timedelta(hours=12)
_OFFICE_IDLE, _OFFICE_LIFE = timedelta(minutes=15), timedelta(hours=8)
_WAITS = (5, 10, 20, 40, 80, 90)


class Side(StrEnum):
    """Who somebody works for. Roles of two sides never meet in one person."""

    VENUE = "a venue"
    OFFICE = "the night office"
    AUDITOR = "an audit"
    SYSTEM = "the running of the system"


class IdleStep(IntEnum):
    """How far an account that nobody uses has come on its way out."""

    USED = 0
    WARNED = 1
    WARNED_AGAIN = 2
    CLOSED = 3
    NAMELESS = 4


# How long each step is left before the next one is taken.
_IDLE_WAITS = {
    IdleStep.WARNED: retention.SECOND_WARNING,
    IdleStep.WARNED_AGAIN: retention.LAST_CALL,
    IdleStep.CLOSED: retention.ACCOUNT_CLOSED,
}

_SIDES = {
    Role.STAFF: Side.VENUE,
    Role.CHAMPION: Side.VENUE,
    Role.MANAGER: Side.VENUE,
    Role.AREA_MANAGER: Side.VENUE,
    Role.OFFICER: Side.OFFICE,
    Role.OFFICE_ADMIN: Side.OFFICE,
    Role.AUDITOR: Side.AUDITOR,
    Role.SYSTEM_ADMIN: Side.SYSTEM,
}

# Who may bring in, and end, whom. Office roles also need a second administrator.
LOOKS_AFTER: dict[Role, frozenset[Role]] = {
    Role.STAFF: frozenset(),
    Role.CHAMPION: frozenset({Role.STAFF}),
    Role.MANAGER: frozenset({Role.STAFF, Role.CHAMPION}),
    Role.AREA_MANAGER: frozenset({Role.STAFF, Role.CHAMPION}),
    Role.OFFICER: frozenset({Role.CHAMPION, Role.MANAGER}),
    Role.OFFICE_ADMIN: frozenset(Role),
    Role.AUDITOR: frozenset(),
    Role.SYSTEM_ADMIN: frozenset(),
}


def same_address(typed: str) -> str:
    """The one form of an e-mail address by which a person is known.

    Case, width and Unicode composition make no second identity. Raises Refused.
    """
    try:
        known_as = text.email(unicodedata.normalize("NFKC", typed).strip()).casefold()
    except ValueError as fault:
        raise Refused(str(fault), field="email") from fault
    if not known_as.rpartition("@")[0].isascii():
        raise Refused("Enter an e-mail address in plain letters, a to z.", field="email")
    return known_as


def looked_after(roles: Iterable[Role]) -> frozenset[Role]:
    """The roles that somebody with these roles may give and end."""
    return frozenset().union(*(LOOKS_AFTER[role] for role in roles))


def refuse_mixed_sides(held: Iterable[Role], wanted: Role) -> None:
    """Refuse a role that may not meet the ones a person holds (security.md 4, above the table)."""
    sides = {_SIDES[role] for role in held} - {_SIDES[wanted]}
    if not sides:
        return
    words = " and ".join(sorted(sides))
    raise Refused(
        f"This person already works for {words}, so they cannot also be {wanted.label}. "
        "End that role first, or invite somebody else."
    )


def session_limits(roles: Iterable[Role]) -> tuple[timedelta, timedelta]:
    """How long a sign-in lasts without use, and at most: shorter for whoever is no venue's."""
    if all(_SIDES[role] is Side.VENUE for role in roles):
        return _VENUE_IDLE, _VENUE_LIFE
    return _OFFICE_IDLE, _OFFICE_LIFE


def wait_after(failures: int, free: int) -> timedelta:
    """How long the next try waits after so many failures, the first `free` of which cost nothing.

    With three free tries, a tenth guess comes after five minutes (Cyber Essentials: at most ten
    in five minutes), and no wait is longer than 90 seconds: nobody is ever locked out.
    """
    over = failures - free
    return timedelta(seconds=0 if over < 0 else _WAITS[min(over, len(_WAITS) - 1)])


def idle_step(
    last_used: date, step: IdleStep, step_on: date | None, is_disabled: bool, today: date
) -> IdleStep | None:
    """The next step that an account unused since `last_used` is due for today, or None.

    Each step waits for the one before it and never for the calendar alone: however long the
    nightly work stood still, two warnings come first, and as far apart as ever. An account that
    was closed already is not warned.
    """
    if step is IdleStep.NAMELESS or not retention.ACCOUNT_UNUSED.is_over(last_used, today):
        return None
    if is_disabled and step < IdleStep.CLOSED:
        return IdleStep.CLOSED
    wait = _IDLE_WAITS.get(step)
    if wait is not None and step_on is not None and not wait.is_over(step_on, today):
        return None
    return IdleStep(step + 1)


def local_path(address: str | None) -> str | None:
    """An address to go on to, if it is a path of this installation and nothing else; else None.

    "//evil" and "/\\evil" would leave it: browsers read both as another host.
    """
    return address if address and _LOCAL.fullmatch(address) else None


_LOCAL = re.compile(r"/(?!/)[!-\[\]-~]*")


def device_words(agent: str) -> str:
    """A browser in coarse words, enough to know one's own: "Firefox on Android"."""
    browser = _first(agent, _BROWSERS, "A browser")
    system = _first(agent, _SYSTEMS, "")
    return f"{browser} on {system}" if system else browser


# Order matters: Edge and Samsung's browser also say Chrome, Chrome also says Safari.
_BROWSERS = (
    ("Edg", "Edge"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)


def _first(agent: str, known: Iterable[tuple[str, str]], otherwise: str) -> str:
    return next((words for sign, words in known if re.search(sign, agent)), otherwise)
