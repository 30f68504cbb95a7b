"""Builders of venues: one place, a sheet of them, and the food hygiene scheme's XML.

`make_venue` wants an application context and commits by itself; what it returns keeps its plain
attributes when the context is gone.
"""

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from charter.core.db import db
from charter.venues import rules
from charter.venues.models import Kind, Venue, VenueState

REAL_FHRS = "fhrs-bristol-2020-10-22.xml"
_numbers = count(1)


def make_venue(**overrides: Any) -> Venue:
    """A venue that nobody has signed up yet; give `state`, `edition_key` and so on for more."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "name": f"The Lantern {number}",
        "street": f"{number} Quay Street",
        "town": "Testbury",
        "postcode": f"AA{number % 90 + 1} 1AB",
        "kind": Kind.PUB,
        "state": VenueState.KNOWN,
    } | overrides
    values.setdefault("name_key", rules.name_key(values["name"]))
    values.setdefault("area", rules.area_of(values["postcode"]))
    words = rules.search_words(values["name"], values["street"], values["postcode"])
    values.setdefault("search", words)
    venue = Venue(**values)
    db.session.add(venue)
    db.session.commit()
    db.session.refresh(venue)
    return venue


def make_record(**overrides: Any) -> str:
    """One premises of the scheme's XML; a value of None leaves its element out."""
    values: dict[str, Any] = {
        "FHRSID": str(next(_numbers) + 900000),
        "BusinessName": "The Lantern",
        "BusinessType": rules.NIGHT_TYPE,
        "AddressLine1": None,
        "AddressLine2": "1 Quay Street",
        "AddressLine3": "Old Town",
        "AddressLine4": "Testbury",
        "PostCode": "AA3 1AB",
        "Longitude": "-2.6",
        "Latitude": "51.45",
    } | overrides
    place = "".join(_element(name, values.pop(name)) for name in ("Longitude", "Latitude"))
    inner = "".join(_element(name, value) for name, value in values.items())
    return f"<EstablishmentDetail>{inner}<Geocode>{place}</Geocode></EstablishmentDetail>"


def _element(name: str, value: str | None) -> str:
    return "" if value is None else f"<{name}>{escape(value)}</{name}>"


def write_fhrs(path: Path, records: Sequence[str]) -> Path:
    """A file as the Food Standards Agency publishes it, with these records."""
    path.write_text(
        '<?xml version="1.0"?><FHRSEstablishment><Header><ExtractDate>2020-10-22</ExtractDate>'
        f"<ItemCount>{len(records)}</ItemCount></Header><EstablishmentCollection>"
        f"{''.join(records)}</EstablishmentCollection></FHRSEstablishment>",
        encoding="utf-8",
    )
    return path


def real_fhrs() -> Path:
    """The real open-data file, or a skip that says why there is none."""
    home = Path(__file__).resolve().parents[2]
    folder = Path(os.environ.get("CHARTER_DATA") or home.parent / "shared" / "data")
    path = folder / REAL_FHRS
    if not path.exists():
        pytest.skip(f"no {REAL_FHRS} in {folder}: set CHARTER_DATA to the folder with open data")
    return path
