"""What a person may type about sessions, and at the door of the room."""

from collections.abc import Sequence
from datetime import date
from secrets import token_hex
from typing import Any, cast

from wtforms.validators import Regexp, ValidationError

from charter.core import clock
from charter.core.clocktimes import ClockTime
from charter.core.dateparts import DateParts
from charter.core.fields import Choice, Choices, Form, Hidden, Menu, TextArea, TextLine
from charter.sessions import rules
from charter.sessions.bookings import Candidate
from charter.sessions.models import TrainingSession
from charter.sessions.planning import Plan
from charter.sessions.room import Seat
from charter.training import courses
from charter.venues.forms import WholeNumber

_DIGITS = {"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}


class ChangeForm(Form):
    """When and where a session is, for how many, and what people need to know to come."""

    on = DateParts("Which day?")
    at = ClockTime("When does it start?", missing="Enter the time it starts, like 18:30")
    minutes = WholeNumber("How many minutes does it take?")
    place = TextLine("Where is it?", limit=200)
    link = TextLine(
        "Link to take part from elsewhere",
        limit=500,
        render_kw={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"},
    )
    places = WholeNumber("How many people can come?")
    language = TextLine(
        "Which language is it in?", limit=40, default="English", missing="Enter the language"
    )
    access_needs = TextArea("What helps people to take part?", limit=500)
    trainer = TextLine("Who runs it?", limit=80, missing="Enter who runs it")

    @property
    def plan(self) -> Plan:
        """What was typed, for the service."""
        return Plan(
            on=cast(date, self.on.data),
            at=self.at.time,
            places=self.places.data,
            minutes=self.minutes.data,
            place=self.place.data or "",
            link=self.link.data or "",
            language=self.language.data or "",
            access_needs=self.access_needs.data or "",
            trainer=self.trainer.data or "",
        )

    @classmethod
    def of(cls, row: TrainingSession) -> "ChangeForm":
        """The form as it stands when somebody comes to change a session."""
        here = clock.local(row.starts_at)
        return cls(obj=row, on=here.date(), at=f"{here:%H:%M}")


class PlanForm(ChangeForm):
    """A new session; a venue's own trainer is offered only what they may run."""

    once = Hidden(default=lambda: token_hex(16), validators=[Regexp(r"[0-9a-f]{32}\Z")])
    course = Menu("Which course?", missing="Choose one of the courses")

    def __init__(self, *, own_trainer: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        found = courses.to_run_oneself() if own_trainer else courses.to_book()
        offered = [(each.key, each.title) for each in found]
        self.course.choices = [("", "Choose a course"), *offered]


class CancelForm(Form):
    """Why a session is cancelled."""

    because = TextLine("Why?", limit=200, missing="Say why, in a few words")


class BookForm(Form):
    """Who of the staff list should go."""

    people = Choices("Who should go?", coerce=int, missing="Tick who should go")

    def offer(self, found: Sequence[Candidate]) -> "BookForm":
        """Put the people to choose from on the form; gives the form back."""
        self.people.choices = [(each.member_id, each.name) for each in found]
        return self


class PressForm(Form):
    """A form of one button."""


class RegisterForm(Form):
    """The trainer's register: a tick for whoever is in the room."""

    here = Choices("Who is here?", coerce=int)

    def offer(self, found: Sequence[Seat]) -> "RegisterForm":
        """Put everybody who is booked on the form; gives the form back."""
        self.here.choices = [(each.booking.id, each.name) for each in found]
        return self


class CountForm(Form):
    """How many people are in the room."""

    headcount = WholeNumber("How many people are in the room?")

    def validate_headcount(self, field: WholeNumber) -> None:
        """Nobody at all is a number too, but no answer is none."""
        if field.data is None:
            raise ValidationError("Count the people in the room and enter the number, like 12")


class CodeForm(Form):
    """The code on the room's screen."""

    code = TextLine(
        "Code on the screen", limit=40, missing="Enter the 8 numbers on the screen",
        render_kw=_DIGITS | {"maxlength": 16},
    )  # fmt: skip

    def validate_code(self, field: TextLine) -> None:
        """Eight numbers, with or without a space in the middle."""
        typed = rules.digits(field.data or "")
        if len(typed) != rules.CODE_DIGITS or not (typed.isascii() and typed.isdecimal()):
            raise ValidationError("Enter the 8 numbers on the screen, like 4172 0385")


class VenueForm(Form):
    """Where somebody in the room works; `step` carries what was shown to be right before."""

    step = Hidden()
    venue = Choice("Your venue", coerce=int, missing="Choose where you work")

    def offer(self, venues: dict[int, str]) -> "VenueForm":
        """Put the venues that are booked on the form; gives the form back."""
        self.venue.choices = list(venues.items())
        return self


class NameForm(Form):
    """Who somebody in the room is."""

    step = Hidden()
    booking = Choice("Your name", coerce=int, missing="Choose your name")

    def offer(self, names: Sequence[tuple[int, str]]) -> "NameForm":
        """Put the names of one venue on the form; gives the form back."""
        self.booking.choices = list(names)
        return self
