"""Verbs and questions about venues: who they are, how far they are, who runs them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, case, func, select, true

from charter.core import clock, trail
from charter.core.db import db, lock, touch
from charter.core.errors import Refused
from charter.venues import rules
from charter.venues.models import Kind, Operator, Venue, VenueState

FOUND_AT_MOST = 20
SHORTEST_SEARCH = 2
MOST_PEOPLE = 100_000
MOST_CCTV_DAYS = 366
MOST_MONTHS = 120
REASON_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a venue from others, already cleaned by the rules of text."""

    name: str
    street: str
    town: str
    postcode: str
    kind: Kind
    position: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Licence:
    """Conditions of the licence that change what the charter asks; None where not known."""

    paper_book: bool | None = None
    cctv_days: int | None = None
    retention_months: int | None = None


def venue(venue_id: int) -> Venue | None:
    """The venue, or None."""
    return db.session.get(Venue, venue_id)


def names(venue_ids: Collection[int]) -> dict[int, str]:
    """What venues are called, by their id; one statement."""
    rows = db.session.execute(select(Venue.id, Venue.name).where(Venue.id.in_(venue_ids)))
    return {row.id: row.name for row in rows}


def search(words: str) -> list[Venue]:
    """Up to 20 venues whose name, street or postcode holds every word; those that begin so first.

    Accents, capitals and punctuation do not matter, nor the space of a postcode. Fewer than two
    letters or digits find nothing.
    """
    asked = rules.folded(words)
    if len(asked) < SHORTEST_SEARCH:
        return []
    query = select(Venue).where(matching(words))
    first = case((Venue.name_key.startswith(rules.name_key(words), autoescape=True), 0), else_=1)
    return list(
        db.session.scalars(query.order_by(first, Venue.name_key, Venue.id).limit(FOUND_AT_MOST))
    )


def named(venue_ids: Collection[int | None]) -> list[Venue]:
    """Venues by their numbers, by name; ids of none are passed over. No statement for no ids."""
    if not venue_ids:
        return []
    query = select(Venue).where(Venue.id.in_(set(venue_ids)))
    return list(db.session.scalars(query.order_by(Venue.name_key, Venue.id)))


def matching(words: str) -> ColumnElement[bool]:
    """The condition that a venue's name, street or postcode holds every one of these words."""
    return and_(
        true(),
        *(Venue.search.contains(word, autoescape=True) for word in rules.folded(words).split()),
    )


def twin(name: str, postcode: str) -> Venue | None:
    """A venue at this postcode whose name differs only by small words, or None.

    Without a postcode nothing is taken for the same: there are many a Red Lion.
    """
    if not postcode:
        return None
    near = db.session.scalars(select(Venue).where(Venue.postcode == postcode).order_by(Venue.id))
    return next((each for each in near if rules.same_name(each.name, name)), None)


def count(state: VenueState | None = None) -> int:
    """How many venues there are (in one state)."""
    query = select(func.count()).select_from(Venue)
    return db.session.scalar(query.where(Venue.state == state) if state else query) or 0


def write_identity(row: Venue, identity: Identity) -> bool:
    """Put an identity into a venue's columns, with all that follows from it; say if it changed.

    Notes nothing: the verbs that call it do. A venue whose position is not given keeps its own.
    """
    values: dict[str, object] = {
        "name": identity.name,
        "name_key": rules.name_key(identity.name),
        "street": identity.street,
        "town": identity.town,
        "postcode": identity.postcode,
        "search": rules.search_words(identity.name, identity.street, identity.postcode),
        "area": rules.area_of(identity.postcode),
        "kind": identity.kind.value,
    }
    if identity.position is not None:
        values["latitude"], values["longitude"] = identity.position
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed)


def add(
    identity: Identity,
    *,
    by: int | None,
    verb: str = "venue.added",
    fhrs_id: str | None = None,
    import_ref: str | None = None,
) -> Venue:
    """Add a *known* venue. Needs the city's lock; takes the new venue's own."""
    row = Venue(state=VenueState.KNOWN, fhrs_id=fhrs_id, import_ref=import_ref)
    write_identity(row, identity)
    db.session.add(row)
    db.session.flush()
    lock(row.id)
    trail.note(verb, "venue", row.id, venue_id=row.id, by=by)
    return row


def identify(
    venue_id: int, identity: Identity, *, nights: str, expected_people: int | None, by: int
) -> None:
    """Change what a venue is called, where it is, what it is, when it opens and for how many."""
    row = _row(venue_id)
    if expected_people is not None and not 1 <= expected_people <= MOST_PEOPLE:
        raise Refused(
            f"Enter how many people you expect as a number from 1 to {MOST_PEOPLE:,}",
            "expected_people",
        )
    other = twin(identity.name, identity.postcode)
    if other is not None and other.id != venue_id:
        raise Refused(f"{other.name} at {other.postcode} is another venue on our list", "name")
    changed = write_identity(row, identity)
    changed |= row.opening_nights != nights or row.expected_people != expected_people
    row.opening_nights, row.expected_people = nights, expected_people
    if changed:
        _changed(row, "venue.changed", by)


def license_as(venue_id: int, licence: Licence, *, by: int) -> None:
    """Record the licence's conditions. Refuses days and months that no licence has."""
    row = _row(venue_id)
    _within(licence.cctv_days, MOST_CCTV_DAYS, "days", "cctv_days")
    _within(licence.retention_months, MOST_MONTHS, "months", "retention_months")
    row.licence_paper_book = licence.paper_book
    row.licence_cctv_days = licence.cctv_days
    row.licence_retention_months = licence.retention_months
    _changed(row, "venue.licence-changed", by)


def _within(number: int | None, most: int, unit: str, field: str) -> None:
    if number is not None and not 1 <= number <= most:
        raise Refused(f"Enter the {unit} as a number from 1 to {most}", field)


def change_owner(venue_id: int, since: date, *, by: int) -> None:
    """Record that the venue has a new owner; what the old one signed no longer counts.

    Refuses a day to come, one before the last change, and a venue that has not signed.
    """
    row = _signed(venue_id)
    if since > clock.today():
        raise Refused("Enter a date that is today or earlier", "since")
    if row.owner_since is not None and since <= row.owner_since:
        raise Refused("Enter a date after the last change of owner", "since")
    row.owner_since = since
    _changed(row, "venue.owner-changed", by, since=since.isoformat())


def set_operator(venue_id: int, name: str | None, *, by: int) -> None:
    """Say which company runs the venue; its area managers then see and act for it.

    An operator is known by its name, whatever the capitals. Needs the city's lock too.
    """
    row = _row(venue_id)
    operator = _operator(name) if name else None
    row.operator_id = operator.id if operator else None
    _changed(row, "venue.operator-changed", by, operator=row.operator_id)


def _operator(name: str) -> Operator:
    known = db.session.scalars(select(Operator).where(func.lower(Operator.name) == name.lower()))
    operator = known.first()
    if operator is None:
        operator = Operator(name=name)
        db.session.add(operator)
        db.session.flush()
    return operator


def leave(venue_id: int, reason: str, *, by: int) -> None:
    """Leave the charter today, with a reason. The certificate follows when the change is saved."""
    row = _signed(venue_id)
    if not reason.strip():
        raise Refused("Tell us why you are leaving, in a few words", "reason")
    row.left_because = reason[:REASON_LIMIT]
    row.left_on = clock.today()
    _move(row, VenueState.LEFT, "venue.left", by)


def wait(venue_id: int) -> None:
    """A sign-up for this venue was confirmed: it waits for the office, unless it signed already."""
    row = _row(venue_id)
    if row.state not in (VenueState.WORKING, VenueState.WAITING):
        _move(row, VenueState.WAITING, "venue.signed-up", None)


def decline(venue_id: int, *, by: int) -> None:
    """The office declined the venue's only waiting sign-up."""
    row = _row(venue_id)
    if row.state == VenueState.WAITING:
        _move(row, VenueState.DECLINED, "venue.declined", by)


def begin(venue_id: int, edition_key: str, signed_on: date, *, by: int | None) -> None:
    """The venue signed an edition and works towards a certificate. Refuses one that does."""
    row = _row(venue_id)
    if row.state == VenueState.WORKING:
        raise Refused("This venue has already signed the charter")
    row.edition_key, row.signed_on = edition_key, signed_on
    row.left_on = row.left_because = row.cleared_on = None
    _move(row, VenueState.WORKING, "venue.signed", by, edition=edition_key)


def known_by(column: str, values: Collection[str]) -> dict[str, Venue]:
    """The venues with these `fhrs_id` or `import_ref`, by it."""
    key = getattr(Venue, column)
    return {getattr(v, column): v for v in db.session.scalars(select(Venue).where(key.in_(values)))}


def _row(venue_id: int) -> Venue:
    row = db.session.get(Venue, venue_id, populate_existing=True)
    if row is None:
        raise Refused("There is no such venue")
    return row


def _signed(venue_id: int) -> Venue:
    row = _row(venue_id)
    if row.state != VenueState.WORKING:
        raise Refused("This venue has not signed the charter")
    return row


def _move(row: Venue, state: VenueState, verb: str, by: int | None, **detail: str) -> None:
    row.state = state
    _changed(row, verb, by, **detail)


def _changed(row: Venue, verb: str, by: int | None, **detail: str | int | None) -> None:
    trail.note(verb, "venue", row.id, venue_id=row.id, by=by, **detail)
    touch(row.id)
