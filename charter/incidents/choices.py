"""The fixed choices of an entry, each with its words: the fields that no city words otherwise."""

from collections.abc import Mapping
from enum import StrEnum


class _Worded(StrEnum):
    """A choice that has words of its own, in `WORDS`."""

    @property
    def label(self) -> str:
        """The choice in words."""
        return WORDS[type(self).__name__][self.value]


class Team(_Worded):
    """Whose team somebody who writes is of: the charter asks that all write in the one book."""

    FLOOR = "floor"
    DOOR = "door"
    MANAGEMENT = "management"


class Part(_Worded):
    """Part of a night, by the clock on the wall."""

    DAY = "day"
    EARLY = "early"
    EVENING = "evening"
    MIDNIGHT = "midnight"
    SMALL = "small"


class Relation(_Worded):
    """Who it is about. Somebody in charge is never written of in the venue's own book."""

    CUSTOMER = "customer"
    STAFF = "staff"
    DOOR = "door"
    ARTIST = "artist"
    CONTRACTOR = "contractor"
    IN_CHARGE = "in-charge"
    UNKNOWN = "unknown"


class KnownBy(_Worded):
    """How the venue came to know."""

    TOLD = "told"
    SEEN = "seen"
    TOLD_BY_OTHERS = "others"
    CODE = "code"
    POLICE = "police"
    ONLINE = "online"


class Wish(_Worded):
    """What the person harmed wants."""

    NOTHING = "nothing"
    ACTION = "action"
    POLICE = "police"
    SUPPORT = "support"
    NOT_ASKED = "not-asked"


class WhoLeft(_Worded):
    """Who left: it shows whether the person harmed was the one sent out."""

    AFFECTED = "affected"
    ACCUSED = "accused"
    BOTH = "both"
    NOBODY = "nobody"
    UNKNOWN = "unknown"


class PersonPart(_Worded):
    """Somebody's part in what happened."""

    HARMED = "harmed"
    ABOUT = "about"
    WITNESS = "witness"
    STAFF = "staff"


class Age(_Worded):
    """About how old somebody is."""

    UNDER_18 = "under-18"
    ADULT = "18-24"
    TWENTIES = "25-39"
    OLDER = "40-up"
    UNKNOWN = "unknown"


class Cctv(_Worded):
    """Whether a camera saw it, and whether that was kept."""

    UNKNOWN = "unknown"
    NO = "no"
    WANTED = "wanted"
    SAVED = "saved"
    LOST = "lost"


WORDS: Mapping[str, Mapping[str, str]] = {
    "Team": {"floor": "Bar and floor", "door": "Door", "management": "Management"},
    "Part": {
        "day": "By day, 6:00 to 18:00",
        "early": "18:00 to 21:00",
        "evening": "21:00 to midnight",
        "midnight": "Midnight to 2:00",
        "small": "2:00 to 6:00",
    },
    "Relation": {
        "customer": "A customer",
        "staff": "Somebody of our team",
        "door": "Door staff",
        "artist": "An artist or performer",
        "contractor": "A contractor or promoter",
        "in-charge": "A manager, owner or champion here",
        "unknown": "Not known",
    },
    "KnownBy": {
        "told": "The person it happened to told us",
        "seen": "Our team saw it",
        "others": "Somebody else told us",
        "code": "By the code on the wall",
        "police": "By the police",
        "online": "Online, afterwards",
    },
    "Wish": {
        "nothing": "Nothing",
        "action": "That we do something here",
        "police": "The police",
        "support": "Support",
        "not-asked": "We could not ask",
    },
    "WhoLeft": {
        "affected": "The person it happened to",
        "accused": "The person it is about",
        "both": "Both",
        "nobody": "Nobody",
        "unknown": "Not known",
    },
    "PersonPart": {
        "harmed": "It happened to them",
        "about": "It is about them",
        "witness": "They saw it",
        "staff": "They helped, or work here",
    },
    "Age": {
        "under-18": "Under 18",
        "18-24": "18 to 24",
        "25-39": "25 to 39",
        "40-up": "40 or older",
        "unknown": "Not known",
    },
    "Cctv": {
        "unknown": "Not known yet",
        "no": "No camera saw it",
        "wanted": "A camera may have seen it: keep it",
        "saved": "Saved",
        "lost": "Overwritten before it was saved",
    },
}
