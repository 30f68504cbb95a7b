"""The form base class and our field types: what a person typed, or a refusal in plain words.

Every field takes `missing`: the words that ask for an answer, or None where it may be left out
(choices, dates and passwords are asked for unless told otherwise). The markup is in
`templates/macros/forms.html`, which looks at `kind`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import request
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    Field,
    FormField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import StopValidation, ValidationError
from wtforms.widgets import EmailInput, TelInput

from charter.core import text
from charter.core.db import db
from charter.core.errors import Refused

TEXT_LIMIT = 4000
# What phones turn their photos into when asked, and documents.
ACCEPT_PHOTOS = "image/jpeg,image/png,image/webp"
ACCEPT_PROOF = f"{ACCEPT_PHOTOS},application/pdf"

UNKNOWN_OPTION = "Choose one of the options shown"


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of the error summary; `target` is the id to go to, None where there is none."""

    words: str
    target: str | None


class Form(FlaskForm):
    """The base of every form that writes."""

    def problems(self) -> list[Problem]:
        """What is wrong, in the order of the page; what belongs to no field comes first."""
        found = [Problem(str(words), None) for words in self.form_errors]
        for field in self:
            found.extend(_problems(field))
        return found

    def takes(self, verb: Callable[[], object]) -> bool:
        """Run a service's verb. If it refuses, its words go on the form and nothing is written."""
        try:
            verb()
        except Refused as refused:
            db.session.rollback()
            self.refuse(refused)
            return False
        return True

    def refuse(self, refused: Refused) -> None:
        """Put a service's refusal beside the field it names, else on top of the form."""
        field = self._fields.get(refused.field) if refused.field else None
        if field is None:
            self.form_errors.append(refused.words)
        else:
            field.errors = [*field.errors, refused.words]


class QueryForm(Form):
    """A form read from the address (filters, searches): no token, nothing kept."""

    class Meta(FlaskForm.Meta):
        """No token: reading needs none."""

        csrf = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(formdata=request.args, **kwargs)


def _problems(field: Any) -> Iterator[Problem]:
    if any(not isinstance(error, str) for error in field.errors) or isinstance(field, FormField):
        for inner in field:
            yield from _problems(inner)
    elif field.errors:
        hidden = getattr(getattr(field, "widget", None), "input_type", "") == "hidden"
        target = None if hidden else getattr(field, "error_id", field.id)
        yield Problem(str(field.errors[0]), target)


class Answered:
    """Says what is missing, or lets an answer that may be left out be left out."""

    def __init__(self, missing: str | None) -> None:
        self.missing = missing

    def __call__(self, form: Any, field: Field) -> None:
        """Stop with `missing` when there is no answer; an error found while reading stands."""
        if field.errors:
            raise StopValidation
        if field.data in (None, "", []):
            raise StopValidation(self.missing or "")


class Asked(Field):
    """A field that says itself what is missing; `asks` is what it says unless told otherwise."""

    kind: ClassVar[str]
    asks: str | None = None

    def __init__(self, label: str = "", validators: Any = None, **kwargs: Any) -> None:
        missing = kwargs.pop("missing", self.asks)
        super().__init__(label, [Answered(missing), *(validators or ())], **kwargs)


def _reading(rule: Callable[[str], str]) -> Callable[[str | None], str | None]:
    """A rule for text as a filter: no answer stays no answer."""

    def read(data: str | None) -> str | None:
        return rule(data) if data else data

    return read


class TextLine(Asked, StringField):
    """One line of text, `limit` characters at most."""

    kind = "input"
    reads: ClassVar[tuple[Callable[[str], str], ...]] = ()

    def __init__(self, label: str = "", validators: Any = None, **kwargs: Any) -> None:
        limit = self.limit = kwargs.pop("limit", text.LINE_LIMIT)
        name = label or "This answer"
        first = _reading(lambda data: text.clean_line(data, limit, name))
        filters = (first, *(_reading(rule) for rule in type(self).reads))
        super().__init__(label, validators, filters=filters, **kwargs)

    def _value(self) -> str:
        return text.showable(self.data or "")


class EmailField(TextLine):
    """An e-mail address in its normal form."""

    reads = (text.email,)
    widget = EmailInput()

    def __init__(self, label: str = "E-mail address", validators: Any = None, **kwargs: Any):
        hints = {"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"}
        super().__init__(label, validators, **{"limit": 254, "render_kw": hints} | kwargs)


class PhoneField(TextLine):
    """A phone number as people write it."""

    reads = (text.phone,)
    widget = TelInput()

    def __init__(self, label: str = "Phone number", validators: Any = None, **kwargs: Any):
        hints = {"autocomplete": "tel"}
        super().__init__(label, validators, **{"limit": 40, "render_kw": hints} | kwargs)


class Postcode(TextLine):
    """A full UK postcode; any case and spacing is taken."""

    reads = (text.postcode,)

    def __init__(self, label: str = "Postcode", validators: Any = None, **kwargs: Any):
        hints = {"autocomplete": "postal-code", "spellcheck": "false"}
        super().__init__(label, validators, **{"limit": 20, "render_kw": hints} | kwargs)


class TextArea(Asked, TextAreaField):
    """Several lines of text; `counts` shows how many characters may be typed."""

    kind = "textarea"

    def __init__(self, label: str = "", validators: Any = None, **kwargs: Any) -> None:
        limit = self.limit = kwargs.pop("limit", TEXT_LIMIT)
        self.counts = kwargs.pop("counts", True)
        name = label or "This answer"
        tidy = _reading(lambda data: text.clean(data, limit, name))
        super().__init__(label, validators, filters=(tidy,), **kwargs)

    def _value(self) -> str:
        return text.showable(self.data or "")


class Hidden(HiddenField):
    """What a form carries for itself; whatever came back in it can stand in a page."""

    def _value(self) -> str:
        return text.showable(str(self.data or ""))


class Password(Asked, PasswordField):
    """A password: never trimmed, never shown again. `is_new` where one is being chosen."""

    kind = "password"
    asks = "Enter your password"

    def __init__(self, label: str = "Password", validators: Any = None, **kwargs: Any) -> None:
        token = "new-password" if kwargs.pop("is_new", False) else "current-password"
        options = {"filters": (_reading(text.password),), "render_kw": {"autocomplete": token}}
        super().__init__(label, validators, **options | kwargs)


class _Chosen(Asked):
    """What the fields with options share: pairs of value and words; nothing chosen is None."""

    asks: str | None = "Choose one of the options"
    iter_choices: Callable[..., Any]
    coerce: Callable[[Any], Any]
    choices: Any

    def __init__(self, label: str = "", validators: Any = None, **kwargs: Any) -> None:
        choices, coerce = kwargs.pop("choices", None), kwargs.pop("coerce", str)
        unknown = {"invalid_value_message": UNKNOWN_OPTION}
        super().__init__(label, validators, **unknown | kwargs)
        self.coerce = lambda value: None if value in (None, "") else coerce(value)
        # Set, not passed on: WTForms warns of plain pairs that are passed on.
        self.choices = choices

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was sent. Nothing sent is no answer: the value the page would open with now is
        not what somebody saw and left alone.
        """
        if not valuelist:
            self.data = None
        super().process_formdata(valuelist)

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not among the options; no answer at all is for `Answered` to judge."""
        asked = self.data if isinstance(self.data, list) else [self.data]
        known = {self.coerce(value) for value, *_ in self.iter_choices()}
        if any(value not in known for value in asked if value is not None):
            raise StopValidation(UNKNOWN_OPTION)


class Choice(_Chosen, RadioField):
    """One of a few, as radios."""

    kind = "radios"


class Menu(_Chosen, SelectField):
    """One of many, as a drop-down list; give ("", "Choose ...") as its first option."""

    kind = "select"


class Choices(_Chosen, SelectMultipleField):
    """Any number of a few, as boxes."""

    kind = "checkboxes"
    asks = None


class YesNo(_Chosen, RadioField):
    """Yes or no, as radios; `data` is True, False or None."""

    kind = "radios"
    asks = "Choose yes or no"

    def __init__(self, label: str = "", validators: Any = None, **kwargs: Any) -> None:
        options = {"choices": [("yes", "Yes"), ("no", "No")], "coerce": _yes_no}
        super().__init__(label, validators, **options | kwargs)


def _yes_no(value: Any) -> bool | None:
    return {"yes": True, "True": True, "no": False, "False": False}.get(str(value))


class Tick(BooleanField):
    """One box to tick; `missing` is what to say where it must be ticked."""

    kind = "checkbox"

    def __init__(self, label: str = "", validators: Any = None, **kwargs: Any) -> None:
        self.missing = kwargs.pop("missing", None)
        super().__init__(label, validators, **kwargs)

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        """Refuse an unticked box that must be ticked."""
        if self.missing and not self.data:
            raise ValidationError(self.missing)


class UploadField(Asked, FileField):
    """One file; what is in it is judged by the one door for uploads, not here."""

    kind = "file"

    def __init__(self, label: str = "", validators: Any = None, **kwargs: Any) -> None:
        options = {"render_kw": {"accept": kwargs.pop("accept", ACCEPT_PROOF)}}
        super().__init__(label, validators, **options | kwargs)
