"""Brings in venues from a sheet: those that signed before this service, and plain lists.

All rows or none: every fault is told with its row's number. A venue that is on the list already
is not made twice; one that has signed already is left alone, so that a sheet may be given again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from charter.accounts import invitations
from charter.accounts import service as accounts
from charter.accounts.invitations import Wish
from charter.accounts.models import User
from charter.core import clock, text, trail
from charter.core.access import Role
from charter.core.db import CITY, db, lock
from charter.core.errors import Refused
from charter.editions import service as editions
from charter.proofs import signatures
from charter.signup.service import SIGNER_ROLES
from charter.venues import rules, service, sheets
from charter.venues.models import Kind, Venue, VenueState
from charter.venues.service import Identity
from charter.venues.sheets import Column, Row

T = TypeVar("T")
OFFICE = frozenset({Role.OFFICER, Role.OFFICE_ADMIN})
# Keys of requirements are for ever, so that a past training may name the one it proves.
PAST_TRAINING = "champion.trained"
NOT_RECORDED = "Not recorded"
COLUMNS = (
    Column("name", "Name", "As it stands over the door", required=True),
    Column("street", "Street", "Building and street", required=True),
    Column("town", "Town", "Town or city"),
    Column("postcode", "Postcode", "In full, like AA3 1AB", required=True),
    Column("kind", "Kind", f"One of: {', '.join(kind.label for kind in Kind)}", required=True),
    Column("signed", "Signed date", "When the charter was signed, like 20/11/2026. Empty: not yet"),
    Column("signer", "Signed by", "Who signed, if it is written down"),
    Column("role", "Signer's role", "owner or licence holder"),
    Column("champion", "Champion's name", "Who leads at the venue"),
    Column("email", "Champion's e-mail", "Where an invitation can go"),
    Column("manager", "Manager's e-mail", "Who may look after the venue's people"),
    Column("trained", "Champion's training date", "When the champion did the champion training"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One venue of the sheet, cleaned."""

    number: int
    identity: Identity
    signed_on: date | None
    signer: str
    role: str
    champion: str
    email: str
    manager: str
    trained_on: date | None


@dataclass
class Outcome:
    """What an import did; `lines` tells what a person may want to look at."""

    new: int = 0
    signed: int = 0
    already: int = 0
    lines: list[str] = field(default_factory=list)


def read(rows: Sequence[Row]) -> list[Entry]:
    """The rows cleaned. Raises sheets.Faults with every fault of every row."""
    faults: list[str] = []
    entries: list[Entry] = []
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        found = _Cells(row.cells)
        entry = _entry(row.number, found)
        if not found.faults:
            key = (rules.loose(entry.identity.name), entry.identity.postcode)
            if key in seen:
                found.faults.append(f"is the same venue as row {seen[key]}")
            seen.setdefault(key, row.number)
            entries.append(entry)
        faults += [f"Row {row.number}: {fault}" for fault in found.faults]
    if faults:
        raise sheets.Faults(faults)
    return entries


class _Cells:
    """One row's cells, asked for one by one; each fault is noted and none hides another."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self.cells = cells
        self.faults: list[str] = []

    def line(self, key: str, limit: int) -> str:
        return self.read(key, lambda words: text.clean_line(words, limit)) or ""

    def read(self, key: str, rule: Callable[[str], T]) -> T | None:
        words = self.cells[key]
        try:
            return rule(words) if words else None
        except (ValueError, Refused) as fault:
            title = next(column.title for column in COLUMNS if column.key == key)
            self.faults.append(f"{title}: {fault}")
            return None

    def past_day(self, key: str) -> date | None:
        return self.read(key, _past)


def _past(words: str) -> date | None:
    day = sheets.day(words)
    if day is not None and day > clock.today():
        raise ValueError(f"{words} is still to come")
    return day


def _kind(words: str) -> Kind:
    asked = rules.folded(words)
    for kind in Kind:
        if asked in (rules.folded(kind.label), rules.folded(kind.value)):
            return kind
    raise ValueError(f"“{words[:30]}” is none of the kinds in the template")


def _role(words: str) -> str:
    asked = rules.folded(words)
    for key, label in SIGNER_ROLES.items():
        if asked in (rules.folded(key), rules.folded(label)):
            return key
    raise ValueError(f"“{words[:30]}” is neither owner nor licence holder")


def _entry(number: int, cells: _Cells) -> Entry:
    name = cells.read("name", rules.clean_name)
    kind = cells.read("kind", _kind)
    entry = Entry(
        number=number,
        identity=Identity(
            name or "",
            cells.line("street", rules.STREET_LIMIT),
            cells.line("town", rules.TOWN_LIMIT),
            cells.read("postcode", text.postcode) or "",
            kind or Kind.PUB,
        ),
        signed_on=cells.past_day("signed"),
        signer=cells.line("signer", 80),
        role=cells.read("role", _role) or "owner",
        champion=cells.line("champion", 80),
        email=cells.read("email", text.email) or "",
        manager=cells.read("manager", text.email) or "",
        trained_on=cells.past_day("trained"),
    )
    if not entry.signed_on and (entry.trained_on or entry.email or entry.manager):
        cells.faults.append("has people or training but no Signed date")
    return entry


def bring_in(
    entries: Sequence[Entry], *, by: User, seen: Callable[[int], None] = lambda rows: None
) -> Outcome:
    """Write the entries; `by`, of the office, vouches for them. Needs the city's lock.

    Commits nothing and invites nobody. `seen` is told of each row.
    """
    outcome = Outcome()
    edition = editions.current()
    for entry in entries:
        venue = _venue(entry, by, outcome)
        if entry.signed_on is not None:
            _sign(venue, entry, edition.key, by, outcome)
        seen(1)
    if outcome.new or outcome.signed:
        trail.note(
            "signatories.imported",
            "venue",
            None,
            by=by.id,
            new=outcome.new,
            signed=outcome.signed,
        )
    return outcome


def invite(entries: Sequence[Entry], *, by: User) -> tuple[int, list[str]]:
    """Invite the champions and managers of these entries; how many, and who could not be and why.

    Who holds the role or has an invitation waiting is passed over. Needs the city's lock.
    """
    made = 0
    lines: list[str] = []
    for entry in entries:
        venue = service.twin(entry.identity.name, entry.identity.postcode)
        if venue is None or venue.state != VenueState.WORKING:
            continue
        lock(CITY, venue.id)
        for wish in _wishes(venue, entry):
            try:
                made += len(invitations.invite_many([wish], by=by))
            except Refused as refused:
                lines.append(f"Row {entry.number}: not invited: {refused.words}")
    return made, lines


def _venue(entry: Entry, by: User, outcome: Outcome) -> Venue:
    known = service.twin(entry.identity.name, entry.identity.postcode)
    if known is None:
        outcome.new += 1
        return service.add(entry.identity, by=by.id)
    lock(CITY, known.id)
    db.session.refresh(known)
    state = VenueState(known.state).label
    outcome.lines.append(f"Row {entry.number}: {known.name} is on the list already ({state})")
    return known


def _sign(venue: Venue, entry: Entry, edition_key: str, by: User, outcome: Outcome) -> None:
    if venue.state == VenueState.WORKING or entry.signed_on is None:
        outcome.already += 1
        return
    signatures.sign(
        venue.id,
        edition_key,
        entry.signed_on,
        name=entry.signer or NOT_RECORDED,
        role=entry.role,
        by=by,
    )
    outcome.signed += 1
    trained = editions.edition(edition_key).requirement(PAST_TRAINING)
    if entry.trained_on is not None and trained is not None:
        signatures.vouch(
            venue.id,
            edition_key,
            trained,
            entry.trained_on,
            by=by,
            statement="From the office's own list of venues that signed before.",
        )


def _wishes(venue: Venue, entry: Entry) -> list[Wish]:
    wishes = []
    if entry.manager:
        wishes.append(Wish(entry.manager, Role.MANAGER, "", venue.id))
    if entry.email:
        wishes.append(Wish(entry.email, Role.CHAMPION, entry.champion, venue.id))
    return [wish for wish in wishes if not _holds(wish)]


def officer(email: str) -> User:
    """The person of the office with this address, who vouches for a list. Refuses any other."""
    known = accounts.by_address(email)
    found = accounts.person(known.id) if known and not known.is_disabled else None
    if found is None or not found.roles_anywhere & OFFICE:
        raise Refused(f"{email} is nobody of the office: give an officer's address with --by")
    return found


def _holds(wish: Wish) -> bool:
    known = accounts.by_address(wish.email)
    held = accounts.roles_of(known.id) if known else ()
    return any((row.role, row.venue_id) == (wish.role, wish.venue_id) for row in held)
