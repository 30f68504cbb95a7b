"""What a mail may say: one template for each kind, filled with links and dates and nothing else.

A mail is read over shoulders, forwarded, and kept by others. So it names no venue, tells no story
and no kind of report, and the way in is shut: a value is a link into this installation, a date or
a moment. There is no way to hand free text to a template. The one thing with figures is how far a
numbered book or the trail has come (`Mark`, `TrailMark`), mailed so that it can be kept elsewhere.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from charter import config
from charter.core import clock

_SEAL = re.compile(r"[0-9A-F]{4}(-[0-9A-F]{4}){7}")
_MARK = re.compile(
    r"book (\d+) on (\d{4}-\d\d-\d\d):\s+(\d+) lines,\s+(\d+) entries,\s+seal\s+"
    r"([0-9A-Fa-f]{4}(?:-[0-9A-Fa-f]{4}){7})"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a numbered book has come on a day: `str` of it is the line that people file."""

    book: int
    on: date
    lines: int
    entries: int
    seal: str

    def __post_init__(self) -> None:
        if not _SEAL.fullmatch(self.seal):
            raise ValueError("a seal is eight groups of four digits")

    def __str__(self) -> str:
        """The mark as one line, as `marks` reads it back."""
        return (
            f"book {self.book} on {self.on.isoformat()}: "
            f"{self.lines} lines, {self.entries} entries, seal {self.seal}"
        )


def marks(text: str) -> list[Mark]:
    """Every mark that stands in a text, such as mails that were filed one after the other."""
    return [
        Mark(int(book), date.fromisoformat(on), int(lines), int(entries), seal.upper())
        for book, on, lines, entries, seal in _MARK.findall(text)
    ]


_TRAIL_MARK = re.compile(
    r"trail (\d+) on (\d{4}-\d\d-\d\d):\s+(\d+) entries,\s+seal\s+"
    r"([0-9A-Fa-f]{4}(?:-[0-9A-Fa-f]{4}){7})"
)


@dataclass(frozen=True, slots=True)
class TrailMark:
    """How far a chain of the trail has come on a day; `str` of it is the line that people file."""

    chain: int
    on: date
    entries: int
    seal: str

    def __post_init__(self) -> None:
        if not _SEAL.fullmatch(self.seal):
            raise ValueError("a seal is eight groups of four digits")

    def __str__(self) -> str:
        """The mark as one line, as `trail_marks` reads it back."""
        on = self.on.isoformat()
        return f"trail {self.chain} on {on}: {self.entries} entries, seal {self.seal}"


def trail_marks(text: str) -> list[TrailMark]:
    """Every mark of the trail that stands in a text, such as mails that were filed."""
    return [
        TrailMark(int(chain), date.fromisoformat(on), int(entries), seal.upper())
        for chain, on, entries, seal in _TRAIL_MARK.findall(text)
    ]


Value = str | date | datetime | tuple[Mark, ...] | tuple[TrailMark, ...]
FOLDER = Path(__file__).parent.parent / "templates" / "mail"
_LINK = re.compile(r"[!-~]{1,1000}")
_START = "Subject: "


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's subject (one line) and body."""

    subject: str
    body: str


def _day(value: date | datetime) -> str:
    on = clock.local(value).date() if isinstance(value, datetime) else value
    return f"{on:%A} {on.day} {on:%B %Y}"


def _moment(value: date | datetime) -> str:
    if isinstance(value, datetime):
        return f"{clock.local(value):%H:%M} on {_day(value)}"
    return _day(value)


_env = Environment(
    loader=FileSystemLoader(FOLDER),
    undefined=StrictUndefined,
    autoescape=select_autoescape(),  # which leaves .txt alone
    trim_blocks=True,
    lstrip_blocks=True,
)
_env.filters.update(day=_day, moment=_moment)


def kinds() -> list[str]:
    """The kinds of mail there are."""
    return sorted(place.stem for place in FOLDER.glob("[!_]*.txt"))


def write(kind: str, values: Mapping[str, Value]) -> Letter:
    """Fill the template of a kind. Raises ValueError for a kind or value that may not be."""
    if kind not in kinds():
        raise ValueError(f"there is no mail of kind {kind}")
    for name, value in values.items():
        _check(name, value)
    text = _env.get_template(f"{kind}.txt").render({**values, "city": config.current().city})
    head, _, body = text.partition("\n")
    if not head.startswith(_START):
        raise ValueError(f"the mail {kind} does not start with its subject")
    return Letter(_one_line(head.removeprefix(_START)), body.strip("\n") + "\n")


def _check(name: str, value: Value) -> None:
    if (
        isinstance(value, tuple)
        and value
        and all(type(each) in (Mark, TrailMark) for each in value)
    ):
        return
    if isinstance(value, str):
        if not value.startswith(config.current().public_url + "/") or not _LINK.fullmatch(value):
            raise ValueError(f"{name} is not a link into this installation")
    elif not isinstance(value, date):
        raise ValueError(f"{name} is neither a link nor a date")


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    if not line or not line.isprintable():
        raise ValueError("a subject is one printable line")
    return line
