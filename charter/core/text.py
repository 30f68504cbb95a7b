"""What people type, made clean: one normal form for each kind of text, and refusals in words.

Every function raises ValueError with words fit for the person who typed. None of them needs a
form: imports from spreadsheets use the same ones.
"""

import re
import unicodedata
from datetime import date, time

from email_validator import EmailNotValidError, validate_email

LINE_LIMIT = 200
PASSWORD_LIMIT = 200
LONGEST_NUMBER = 10  # of an id's digits
PLACEHOLDER = "\N{REPLACEMENT CHARACTER}"

# C0 and C1 controls but tab and line ends, lone surrogates, code points that are no characters,
# and the controls that turn the direction of writing around (Unicode Standard Annex 9:
# embeddings, overrides, isolates).
_NO_CHARACTERS = "".join(chr(plane * 0x10000 + 0xFFFE + n) for plane in range(17) for n in (0, 1))
_REFUSED = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069"
    rf"\ufdd0-\ufdef{_NO_CHARACTERS}]"
)
# Nothing but these is no answer.
_UNSEEN = {"Cf", "Zs", "Zl", "Zp", "Cc"}
_EDGES = " \t\r\n\u00a0\u200b\ufeff"
_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})")
_PHONE = re.compile(r"(?:[0-9 +().-]|ext?\b|x)*[0-9]", re.IGNORECASE)


def clean(text: str, limit: int, name: str = "This answer") -> str:
    """One answer of several lines: trimmed, NFC, line ends as \\n; at most `limit` characters."""
    # Far too much is refused before it is worked on.
    if len(text) > 4 * limit + 1000:
        raise ValueError(_too_long(name, limit))
    _refuse_hidden(text, name)
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = text.strip(_EDGES)
    if all(unicodedata.category(letter) in _UNSEEN for letter in text):
        return ""
    if len(text) > limit:
        raise ValueError(_too_long(name, limit))
    return text


def clean_line(text: str, limit: int = LINE_LIMIT, name: str = "This answer") -> str:
    """One answer of one line: as `clean`, and every run of white space becomes one space."""
    return " ".join(clean(text, limit, name).split())


def showable(text: str) -> str:
    """Refused text as it can be shown again: what no page can carry becomes a placeholder."""
    return _REFUSED.sub(PLACEHOLDER, text)


def password(text: str) -> str:
    """A password in NFC, so that every keyboard types the same one; never trimmed."""
    if len(text) > PASSWORD_LIMIT:
        raise ValueError(_too_long("Password", PASSWORD_LIMIT))
    _refuse_hidden(text, "Password")
    return unicodedata.normalize("NFC", text)


def email(text: str) -> str:
    """An e-mail address in its normal form; nobody is asked whether it exists."""
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as fault:
        raise ValueError("Enter an e-mail address, like name@example.com") from fault


def phone(text: str) -> str:
    """A phone number as people write it: 7 to 21 digits, a leading +, perhaps an extension."""
    if not _PHONE.fullmatch(text) or not 7 <= len(re.findall(r"[0-9]", text)) <= 21:
        raise ValueError("Enter a phone number, like 020 7946 0000")
    return text


def postcode(text: str) -> str:
    """A full UK postcode in any case and spacing, as AA3 1AB."""
    found = _POSTCODE.fullmatch(re.sub(r"[^A-Z0-9]", "", text.upper()))
    if found is None:
        raise ValueError("Enter a full postcode, like AA3 1AB")
    return f"{found[1]} {found[2]}"


def _refuse_hidden(text: str, name: str) -> None:
    if _REFUSED.search(text):
        raise ValueError(f"{name} has hidden characters in it. Type it again, do not paste it")


def _too_long(name: str, limit: int) -> str:
    return f"{name} must be {limit:,} characters or fewer"


def is_number(written: str) -> bool:
    """Whether a text from an address is a number that every database can compare with an id."""
    return written.isascii() and written.isdecimal() and len(written) < LONGEST_NUMBER


def in_words(day: date) -> str:
    """A date as people say it: Friday 20 November 2026, whatever the machine's language."""
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    months = (
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    )  # fmt: skip
    return f"{days[day.weekday()]} {day.day} {months[day.month - 1]} {day.year}"


_TIME = re.compile(
    r"(?P<hour>[0-9]{1,2})(?:[:. ]?(?P<minute>[0-9]{2}))?(?: ?(?P<half>[ap])\.?m\.?)?", re.ASCII
)


def clock_time(typed: str) -> time:
    """A time of day as people write it: 18:00, 6pm, 6.30 pm, 1800. Raises ValueError in words."""
    found = _TIME.fullmatch(typed.strip().lower())
    hour, minute = (int(found["hour"]), int(found["minute"] or 0)) if found else (24, 0)
    if found and found["half"]:
        half = 12 if found["half"] == "p" else 0
        hour = hour % 12 + half if 1 <= hour <= 12 else 24
    elif found and not found["minute"]:
        hour = 24
    if hour > 23 or minute > 59:
        raise ValueError("Enter the time, like 18:30 or 6:30pm")
    return time(hour, minute)
