"""Reads the Food Hygiene Rating Scheme's XML one record at a time and imports venues from it.

The file is the Food Standards Agency's own open data (ratings.food.gov.uk/open-data). Memory
stays flat: each record is dropped once it is read, and venues are compared a batch at a time.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from charter.core import text, trail
from charter.core.db import db, lock, touch
from charter.core.errors import Refused
from charter.venues import rules, service
from charter.venues.models import Kind, Venue, VenueState
from charter.venues.service import Identity

RECORD = "EstablishmentDetail"
COLLECTION = "EstablishmentCollection"
BATCH = 200
_ID_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Record:
    """One premises of the file, as written there."""

    number: int
    fhrs_id: str
    name: str
    business_type: str
    lines: tuple[str | None, ...]
    postcode: str
    latitude: str | None
    longitude: str | None


@dataclass
class Outcome:
    """What an import did. `lines` names every record not taken, or taken in part, and why."""

    new: int = 0
    changed: int = 0
    same: int = 0
    other_types: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    lines: list[str] = field(default_factory=list)


def item_count(path: Path) -> int:
    """How many records the file's header promises; 0 when it does not say. Reads only its start."""
    for element in _elements(path, {"ItemCount", RECORD}):
        written = (element.text or "").strip()
        return int(written) if element.tag == "ItemCount" and written.isdecimal() else 0
    return 0


def records(path: Path) -> Iterator[Record]:
    """Every record of the file in order. Raises Refused where the file is not the scheme's XML."""
    number = 0
    for element in _elements(path, {RECORD}):
        number += 1
        yield Record(
            number=number,
            fhrs_id=_text(element, "FHRSID"),
            name=_text(element, "BusinessName"),
            business_type=_text(element, "BusinessType"),
            lines=tuple(element.findtext(f"AddressLine{n}") for n in range(1, 5)),
            postcode=_text(element, "PostCode"),
            latitude=element.findtext("Geocode/Latitude"),
            longitude=element.findtext("Geocode/Longitude"),
        )
    if number == 0:
        raise Refused(f"{path.name} holds no food hygiene records: is it the scheme's XML file?")


def _text(element: Element, tag: str) -> str:
    return (element.findtext(tag) or "").strip()


def _elements(path: Path, tags: Collection[str]) -> Iterator[Element]:
    """Elements with these tags as they end, each emptied after use with what came before it."""
    collection: Element | None = None
    try:
        with path.open("rb") as file:
            for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
                if event == "start":
                    collection = element if element.tag == COLLECTION else collection
                elif element.tag in tags:
                    yield element
                    if collection is not None:
                        collection.clear()
    except (ParseError, DefusedXmlException) as fault:
        raise Refused(f"{path.name} cannot be read as XML: {fault}") from fault
    except OSError as fault:
        raise Refused(f"{path.name} cannot be opened: {fault.strerror}") from fault


def import_file(
    path: Path,
    types: Collection[str] = (rules.NIGHT_TYPE,),
    *,
    by: int | None = None,
    seen: Callable[[int], None] = lambda records: None,
) -> Outcome:
    """Take every record of these types as a *known* venue; needs the city's lock, commits nothing.

    Known by the scheme's id, so that a second run finds nothing to do. A venue nobody signed up
    follows its record; one that did keeps its own words, and the difference is told. The kind is
    guessed once and never again. `seen` is told how many records were read since it was last told.
    """
    outcome = Outcome()
    batch: dict[str, tuple[Record, Identity]] = {}
    done: set[str] = set()
    for record in records(path):
        seen(1)
        identity = _take(record, types, done, outcome)
        if identity is not None:
            batch[record.fhrs_id] = (record, identity)
        if len(batch) >= BATCH:
            _apply(batch, outcome, by)
            batch = {}
    _apply(batch, outcome, by)
    if outcome.new or outcome.changed:
        trail.note(
            "venues.imported", "venue", None, by=by, new=outcome.new, changed=outcome.changed
        )
    return outcome


def _take(
    record: Record, types: Collection[str], done: set[str], outcome: Outcome
) -> Identity | None:
    """The record's identity, or None where it is another type or cannot be taken."""
    if record.business_type not in types:
        outcome.other_types[record.business_type or "(no type)"] += 1
        return None
    try:
        if not record.fhrs_id or len(record.fhrs_id) > _ID_LIMIT:
            raise ValueError("it has no FHRSID")
        if record.fhrs_id in done:
            raise ValueError("its FHRSID is in the file twice")
        name = rules.clean_name(record.name)
        street, town = rules.address(name, [_line(each) for each in record.lines])
    except ValueError as fault:
        outcome.refused += 1
        outcome.lines.append(f"{_called(record)}: not taken: {fault}")
        return None
    done.add(record.fhrs_id)
    kind = rules.guess_kind(name, record.business_type)
    postcode, place = _postcode(record, outcome), _position(record, outcome)
    return Identity(name, street, town, postcode, kind, place)


def _line(written: str | None) -> str:
    return text.clean_line(written or "", name="The address")


def _called(record: Record) -> str:
    name = text.showable(record.name)[:60] or "(no name)"
    return f"record {record.number} (FHRSID {record.fhrs_id[:_ID_LIMIT] or 'none'}) {name}"


def _postcode(record: Record, outcome: Outcome) -> str:
    if not record.postcode:
        return ""
    try:
        return text.postcode(record.postcode)
    except ValueError:
        outcome.lines.append(f"{_called(record)}: taken without its postcode, which is not one")
        return ""


def _position(record: Record, outcome: Outcome) -> tuple[float, float] | None:
    try:
        return rules.position(record.latitude, record.longitude)
    except ValueError as fault:
        outcome.lines.append(f"{_called(record)}: taken without a position: {fault}")
        return None


def _apply(batch: dict[str, tuple[Record, Identity]], outcome: Outcome, by: int | None) -> None:
    known = service.known_by("fhrs_id", batch)
    for fhrs_id, (record, identity) in batch.items():
        venue = known.get(fhrs_id)
        if venue is None:
            service.add(identity, by=by, verb="venue.imported", fhrs_id=fhrs_id)
            outcome.new += 1
        else:
            _follow(venue, record, identity, outcome, by)
    db.session.flush()


def _follow(
    venue: Venue, record: Record, identity: Identity, outcome: Outcome, by: int | None
) -> None:
    """Let a known venue follow its record; tell how a signed one differs."""
    wanted = Identity(
        identity.name,
        identity.street,
        identity.town,
        identity.postcode,
        Kind(venue.kind),
        identity.position,
    )
    differing = _differences(venue, wanted)
    if not differing:
        outcome.same += 1
        return
    lock(venue.id)
    db.session.refresh(venue)
    if venue.state == VenueState.KNOWN and service.write_identity(venue, wanted):
        trail.note("venue.import-changed", "venue", venue.id, venue_id=venue.id, by=by)
        touch(venue.id)
        outcome.changed += 1
    else:
        outcome.same += 1
        outcome.lines.append(
            f"{_called(record)}: the venue keeps its own words; the file differs in "
            f"{', '.join(differing)}"
        )


def _differences(venue: Venue, wanted: Identity) -> list[str]:
    found = [
        field
        for field in ("name", "street", "town", "postcode")
        if getattr(venue, field) != getattr(wanted, field)
    ]
    place = (venue.latitude, venue.longitude)
    return [*found, "position"] if wanted.position not in (None, place) else found
