"""What a person may type while signing a venue up."""

from typing import Any

from charter.core.fields import (
    Choice,
    EmailField,
    Form,
    PhoneField,
    QueryForm,
    TextArea,
    TextLine,
    Tick,
)
from charter.signup.service import SIGNER_ROLES, WORDS_LIMIT

ME, NAMED, LATER = "me", "named", "later"


class SearchForm(QueryForm):
    """The words to find a venue by."""

    q = TextLine("Name, street or postcode", limit=80)


class VenueForm(Form):
    """One of the venues found."""

    venue_id = Choice("Which one is yours?", coerce=int, missing="Choose your venue, or add it")


class YouForm(Form):
    """Who signs, and how to reach them."""

    name = TextLine(
        "Your name",
        limit=80,
        missing="Enter your name",
        render_kw={"autocomplete": "name", "spellcheck": "false"},
    )
    role = Choice(
        "What are you to this venue?",
        choices=list(SIGNER_ROLES.items()),
        missing="Choose what you are. If you are neither, ask the owner to sign",
    )
    email = EmailField("Your e-mail address", missing="Enter your e-mail address")
    phone = PhoneField("Your phone number", limit=30)


class SignForm(Form):
    """The signature itself."""

    may_sign = Tick(
        "I have the right to sign for this venue",
        missing="Tick the box if you may sign. If not, ask somebody who may",
    )
    signs = Tick(
        "I sign the charter for this venue. Sexual harassment is never accepted here",
        missing="Tick the box to sign",
    )


class ChampionForm(Form):
    """Who will be the venue's champion."""

    who = Choice(
        "Who will be your champion?",
        choices=[
            (NAMED, "Somebody else"),
            (ME, "I am the champion"),
            (LATER, "We have not chosen yet"),
        ],
        missing="Choose who will be your champion",
    )
    name = TextLine("The champion's name", limit=80)
    email = EmailField("The champion's e-mail address")

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for name and address where somebody else is the champion, and only there."""
        fine: bool = super().validate(extra_validators=extra_validators)
        if self.who.data == NAMED:
            wanted = ((self.name, "Enter the champion's name"), (self.email, _ADDRESS))
            for field, words in wanted:
                if not field.data and not field.errors:
                    field.errors = [words]
                    fine = False
        return fine


_ADDRESS = "Enter the champion's e-mail address"


class SendForm(Form):
    """Only the button that sends."""


class AnswerForm(Form):
    """An answer to the office's question."""

    words = TextArea("Your answer", limit=WORDS_LIMIT, missing="Write your answer")
