"""How a venue is written down: its name's sort key, what a search looks at, area, position, kind.

Pure: no database, no clock. Imports and forms use the same rules, so that a venue found in open
data and one typed by hand are written alike.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

from charter.core import text
from charter.venues.models import Kind

NAME_LIMIT = 120
STREET_LIMIT = 160
TOWN_LIMIT = 80
SEARCH_LIMIT = 400
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# Great Britain and Northern Ireland with room to spare: what lies outside is a slip, such as 0, 0.
_LATITUDES = (49.0, 61.5)
_LONGITUDES = (-9.5, 2.5)
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ß": "ss"})
_APOSTROPHES = str.maketrans("", "", "'’‘`\u00b4")
_LEADING = re.compile(r"^(the|ye|a) ")
_SMALL = frozenset({"the", "and", "ye", "a", "at", "of", "pub", "ltd"})
_NIGHTCLUB = re.compile(r"\bnight ?club\b")
_BAR = re.compile(r"\b(cocktails?|wine bar|bar)\b")
_PUB = re.compile(r"\b(inn|arms|tavern|pub|club|hotel|head|hall|ale ?house)\b")

# Types of premises as the Food Standards Agency writes them, and what such a place is here.
BUSINESS_TYPES = {
    "Restaurant/Cafe/Canteen": Kind.RESTAURANT,
    "Takeaway/sandwich shop": Kind.RESTAURANT,
    "Mobile caterer": Kind.RESTAURANT,
    "Hotel/bed & breakfast/guest house": Kind.HOTEL,
    "Retailers - other": Kind.LATE_SHOP,
    "Retailers - supermarkets/hypermarkets": Kind.LATE_SHOP,
}
NIGHT_TYPE = "Pub/bar/nightclub"


def folded(words: str) -> str:
    """Words as a search sees them: small letters, no accents, no punctuation, single spaces."""
    plain = unicodedata.normalize("NFKD", words.translate(_APOSTROPHES).casefold())
    plain = "".join(c for c in plain.translate(_LETTERS) if not unicodedata.combining(c))
    plain = plain.replace("&", " and ")
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())


def name_key(name: str) -> str:
    """What a name is sorted by: folded, and without a leading "the"."""
    whole = folded(name)
    return (_LEADING.sub("", whole) or whole or name.casefold())[:NAME_LIMIT]


def same_name(one: str, other: str) -> bool:
    """Whether two names are one but for small words and punctuation: "The Bell Inn", "Bell inn"."""
    return loose(one) == loose(other)


def loose(name: str) -> str:
    """A name's words that tell it from others, in order; all of them if none does."""
    words = folded(name).split()
    return " ".join([w for w in words if w not in _SMALL] or words)


def search_words(name: str, street: str, postcode: str) -> str:
    """What the public search looks through; the postcode with and without its space."""
    code = folded(postcode)
    both = f"{code} {code.replace(' ', '')}" if code else ""
    room = SEARCH_LIMIT - len(both) - 1
    return f"{folded(f'{name} {street}')[:room]} {both}".strip()


def area_of(postcode: str) -> str:
    """The outward part of a postcode, which stands for a part of the city; "" without one."""
    return postcode.split(" ")[0] if postcode else ""


def position(latitude: str | None, longitude: str | None) -> tuple[float, float] | None:
    """A position in degrees (WGS 84), or None where there is none.

    Raises ValueError where one is given but is no number, half missing, or not in the country.
    """
    if not (latitude or "").strip() and not (longitude or "").strip():
        return None
    try:
        north, east = float(latitude or ""), float(longitude or "")
    except ValueError as fault:
        raise ValueError("its position is not two numbers") from fault
    inside = _LATITUDES[0] <= north <= _LATITUDES[1] and _LONGITUDES[0] <= east <= _LONGITUDES[1]
    if not (math.isfinite(north) and math.isfinite(east) and inside):
        raise ValueError("its position is not in the country")
    return round(north, 6), round(east, 6)


def guess_kind(name: str, business_type: str = NIGHT_TYPE) -> Kind:
    """A careful guess of a venue's kind from open data; people put it right later.

    Many a pub is called a hotel or a club, so only plain words move it from *pub*.
    """
    if business_type != NIGHT_TYPE:
        return BUSINESS_TYPES.get(business_type, Kind.WORKPLACE)
    words = folded(name)
    if _NIGHTCLUB.search(words):
        return Kind.NIGHTCLUB
    if _BAR.search(words) and not _PUB.search(words):
        return Kind.BAR
    return Kind.PUB


def address(name: str, lines: Iterable[str | None]) -> tuple[str, str]:
    """Street and town from up to four address lines of any council.

    The last line is the town; a first line that only repeats the name is left out.
    """
    given = [" ".join(line.split()) for line in lines if line and line.strip()]
    if len(given) > 1 and same_name(given[0], name):
        given = given[1:]
    if len(given) < 2:
        return ", ".join(given)[:STREET_LIMIT], ""
    return ", ".join(given[:-1])[:STREET_LIMIT], given[-1][:TOWN_LIMIT]


def clean_name(name: str) -> str:
    """A venue's name as it was written, tidied: no capitals are changed, & ' @ stay.

    Raises ValueError in words where nothing is left or it is too long.
    """
    clean = text.clean_line(name, NAME_LIMIT, "The name")
    if not folded(clean):
        raise ValueError("it has no name")
    return clean


def nights(days: Sequence[str]) -> str:
    """Opening nights as stored: weekday digits in order, 0 for Monday. Others are left out."""
    return "".join(sorted({day for day in days if day in "0123456" and len(day) == 1}))


def nights_in_words(stored: str) -> str:
    """Opening nights as a person says them: "Thursday, Friday and Saturday"."""
    names = [WEEKDAYS[int(day)] for day in stored]
    if len(names) == len(WEEKDAYS):
        return "Every night"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
