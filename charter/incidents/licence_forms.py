"""Forms about what a venue's licence asks for: which records, and who works the door."""

from secrets import token_hex
from typing import Any

from wtforms.validators import Regexp

from charter.core.clocktimes import ClockTime
from charter.core.fields import Choice, Choices, Form, Hidden, TextLine
from charter.doors import service as doors
from charter.doors.service import Guard
from charter.incidents import words
from charter.incidents.book_forms import NAME_HINTS
from charter.staff.jobs import EMPLOYERS


class TermsForm(Form):
    """The records that the licence asks for."""

    records = Choices("What does your licence ask you to write down?", missing=None)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.records.choices = [(each.key, each.name) for each in words.words().records.values()]


class GuardForm(Form):
    """Somebody who works the door on a night; `night` is its date, as the page was opened."""

    once = Hidden(default=lambda: token_hex(16), validators=[Regexp(r"[0-9a-f]{32}\Z")])
    night = Hidden()
    name = TextLine(
        "Name", limit=doors.NAME_LIMIT, missing="Enter their name", render_kw=NAME_HINTS
    )
    licence = TextLine(
        "Licence number",
        limit=doors.LICENCE_LIMIT,
        missing="Enter the number on their badge",
        render_kw=NAME_HINTS | {"autocapitalize": "characters"},
    )
    employer = Choice(
        "Who do they work for?",
        choices=[(key, name[:1].upper() + name[1:]) for key, name in EMPLOYERS.items()],
        missing="Choose who they work for",
    )
    starts = ClockTime("From", missing="Enter the time they begin, like 21:00")
    ends = ClockTime("To", missing="Enter the time they go home, like 03:30")

    def guard(self) -> Guard:
        """Who it is; the form is valid."""
        return Guard(
            name=self.name.data or "",
            licence=self.licence.data or "",
            employer=self.employer.data or "",
            starts=self.starts.time,
            ends=self.ends.time,
        )
