"""What a person may type about a venue."""

from typing import Any

from wtforms import IntegerField
from wtforms.validators import Optional as MayBeLeftOut
from wtforms.validators import ValidationError

from charter.core import text
from charter.core.dateparts import DateParts
from charter.core.fields import Choice, Choices, Form, Menu, Postcode, TextArea, TextLine, Tick
from charter.venues import rules, zones
from charter.venues.models import Kind
from charter.venues.service import Identity, Licence

KINDS = [(kind.value, kind.label.capitalize()) for kind in Kind]
NIGHTS = [(str(number), name) for number, name in enumerate(rules.WEEKDAYS)]


class WholeNumber(IntegerField):
    """A whole number that may be left out; what is no number is answered in plain words."""

    kind = "input"

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, [MayBeLeftOut()], **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read digits, with or without thousands commas."""
        typed = (valuelist[0] if valuelist else "").strip().replace(",", "")
        self.data = None
        if typed:
            if not (typed.isascii() and typed.isdecimal() and len(typed) <= 9):
                raise ValueError("Enter a whole number, like 120")
            self.data = int(typed)

    def _value(self) -> str:
        typed = self.raw_data[0] if self.raw_data else self.data
        return "" if typed is None else text.showable(str(typed))


class WhereForm(Form):
    """What a venue is called, where it is and what it is."""

    name = TextLine("Name of the venue", limit=rules.NAME_LIMIT, missing="Enter the venue's name")
    street = TextLine(
        "Building and street", limit=rules.STREET_LIMIT, missing="Enter the building and street"
    )
    town = TextLine("Town or city", limit=rules.TOWN_LIMIT)
    postcode = Postcode(missing="Enter the postcode")
    kind = Choice("What kind of place is it?", choices=KINDS, missing="Choose what kind it is")

    def validate_name(self, field: TextLine) -> None:
        """A name needs a letter or digit in it."""
        try:
            rules.clean_name(field.data or "")
        except ValueError as fault:
            raise ValidationError("Enter a name with letters or numbers in it") from fault

    @property
    def identity(self) -> Identity:
        """What was typed, for the service."""
        return Identity(
            self.name.data or "",
            self.street.data or "",
            self.town.data or "",
            self.postcode.data or "",
            Kind(self.kind.data),
        )


class IdentityForm(WhereForm):
    """A venue's identity, its nights and its numbers."""

    nights = Choices("Which nights are you open?", choices=NIGHTS)
    expected_people = WholeNumber("How many people come on a busy night?")


class LicenceForm(Form):
    """Conditions of the licence that change what is asked."""

    paper_book = Choice(
        "Does your licence ask for an incident book on paper?",
        choices=[("yes", "Yes"), ("no", "No"), ("", "I do not know")],
        missing=None,
    )
    cctv_days = WholeNumber("How many days must CCTV be kept?")
    retention_months = WholeNumber("How many months must the incident book be kept?")

    @property
    def licence(self) -> Licence:
        """What was typed, for the service."""
        paper = {"yes": True, "no": False}.get(self.paper_book.data or "")
        return Licence(paper, self.cctv_days.data, self.retention_months.data)


class RoomsForm(Form):
    """Which kinds of places a venue has."""

    kinds = Choices("Which of these do you have?")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kinds.choices = [(kind.key, kind.name) for kind in zones.to_choose()]


class RoomForm(Form):
    """One more room of a kind, with a name."""

    kind = Menu("What kind of place?", missing="Choose what kind of place it is")
    name = TextLine("What do you call it?", limit=80, missing="Enter what you call it")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        names = [(kind.key, kind.name) for kind in zones.to_choose()]
        self.kind.choices = [("", "Choose"), *names]


class ClosureForm(Form):
    """Days on which a venue is closed for a while."""

    from_on = DateParts("First closed day")
    until_on = DateParts("Last closed day", missing=None)
    reason = TextLine("Why are you closed?", limit=200, missing="Enter why, like: refurbishment")


class ReopenForm(Form):
    """The first day open again."""

    opens_on = DateParts("First day you are open again")


class OwnerForm(Form):
    """Since when there is a new owner."""

    since = DateParts("When did the new owner take over?")
    sure = Tick("I understand that the charter must be signed again", missing="Tick the box")


class OperatorForm(Form):
    """The company that runs the venue."""

    name = TextLine("Company that runs this venue", limit=120)


class LeaveForm(Form):
    """Leaving the charter: why, and that it is meant."""

    reason = TextArea("Why are you leaving?", limit=500, missing="Tell us why, in a few words")
    sure = Tick(
        "I want this venue to leave the charter",
        missing="Tick the box if you want to leave. If not, go back: nothing has changed",
    )
