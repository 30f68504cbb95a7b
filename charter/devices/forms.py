"""What a person may type about a venue's phones, and on them."""

from typing import Any

from charter.core.fields import Form, Menu, TextLine
from charter.devices.pins import DIGITS, Holder
from charter.devices.service import NAME_LIMIT

_NUMERIC = {"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}


class PhoneForm(Form):
    """A phone to add, by what people call it."""

    name = TextLine("What do you call it?", limit=NAME_LIMIT, missing="Give the phone a name")


class HolderForm(Form):
    """Who gets a PIN: somebody who works there and has none."""

    member_id = Menu("Who?", coerce=int, missing="Choose who gets a PIN")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(prefix="pin", **kwargs)

    def offer(self, there: list[Holder]) -> "HolderForm":
        """Offer these people."""
        names = [(each.member_id, each.name) for each in there]
        self.member_id.choices = [("", "Choose a name"), *names]
        return self


class Secret(TextLine):
    """Digits that are never shown again, whatever came back: the phone is in many hands."""

    def _value(self) -> str:
        return ""


class CodeForm(Form):
    """The code that a manager reads out."""

    code = Secret("Pairing code", limit=40, missing="Enter the 8 numbers", render_kw=_NUMERIC)


class PinForm(Form):
    """The PIN of whoever takes the phone."""

    pin = Secret("Your PIN", limit=40, missing=f"Enter your {DIGITS} numbers", render_kw=_NUMERIC)
