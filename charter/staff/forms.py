"""What somebody may type about a venue's people."""

from secrets import token_hex
from typing import Any

from wtforms.validators import Regexp, ValidationError

from charter.core import clock
from charter.core.dateparts import DateParts
from charter.core.errors import Refused
from charter.core.fields import Choice, Form, Hidden, Menu, TextArea, TextLine, UploadField
from charter.staff import service
from charter.staff.jobs import EMPLOYERS, jobs
from charter.staff.service import NAME_LIMIT, Starter
from charter.venues.sheets import Faults

# Five thousand lines of a list, and less than a form may bring.
PASTED_LIMIT = 400_000
FAULTS_SHOWN = 40
ACCEPT_LISTS = (
    ".csv,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)


def _job(label: str = "Job", **more: Any) -> Menu:
    return Menu(label, **{"missing": "Choose the job"} | more)


def _employer() -> Menu:
    offered = [(key, words.capitalize()) for key, words in EMPLOYERS.items()]
    return Menu(
        "Who employs them?", choices=offered, default="venue", missing="Choose who employs them"
    )


def _name(label: str = "Name, or the name on the badge") -> TextLine:
    # Nobody wants their own name offered while they write down others'.
    return TextLine(
        label, limit=NAME_LIMIT, missing="Enter a name", render_kw={"autocomplete": "off"}
    )


class _JobForm(Form):
    """A form with a job to choose; each declares its fields in the order of its page."""

    job: Menu

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job.choices = [("", "Choose"), *((job.key, job.name) for job in jobs().values())]


class _NamedForm(_JobForm):
    """A form with a name that has a letter or digit in it."""

    name: TextLine

    def validate_name(self, field: TextLine) -> None:
        """A name of dots and dashes could not be found again."""
        try:
            service.clean_name(field.data or "")
        except ValueError as fault:
            raise ValidationError(str(fault)) from fault


class PersonForm(_NamedForm):
    """Somebody new: one screen, most of it filled in already.

    `same` is asked only when somebody of that name has left.
    """

    once = Hidden(default=lambda: token_hex(16), validators=[Regexp(r"[0-9a-f]{32}\Z")])
    same = Choice(
        "Is this the same person?",
        choices=[("back", "Yes, they are back"), ("new", "No, somebody else")],
        missing=None,
    )
    name = _name()
    job = _job()
    employer = _employer()
    started_on = DateParts("First day", missing=None, default=lambda: clock.today())

    @property
    def starter(self) -> Starter:
        """What was typed, for the service."""
        return Starter(
            self.name.data or "", self.job.data, self.employer.data, self.started_on.data
        )


class ChangeForm(_NamedForm):
    """Another name, job or employer, from a day on."""

    name = _name()
    job = _job()
    employer = _employer()
    since = DateParts("From which day?", default=lambda: clock.today())


class LeaveForm(Form):
    """Somebody's last day."""

    left_on = DateParts("Last day", default=lambda: clock.today())


class BackForm(_JobForm):
    """Somebody who left starts again."""

    job = _job()
    employer = _employer()
    started_on = DateParts("First day back", default=lambda: clock.today())

    def starter(self, name: str) -> Starter:
        """What was typed, for the service."""
        return Starter(name, self.job.data, self.employer.data, self.started_on.data)


class JoinForm(_NamedForm):
    """Oneself on the list that one looks after: as somebody who is on it, or somebody new."""

    name = _name("Your name on the list")
    job = _job("Your job", missing="Choose your job")
    started_on = DateParts("Your first day here", missing=None)
    member_id = Hidden()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(prefix="join-", **kwargs)

    @property
    def claimed(self) -> int | None:
        """The id of whom they say they are on the list, if they do."""
        typed = self.member_id.data or ""
        return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else None


class ListForm(Form):
    """A venue's own list: a file, or cells pasted."""

    file = UploadField("Excel or CSV file", missing=None, accept=ACCEPT_LISTS)
    pasted = TextArea("Paste your list", limit=PASTED_LIMIT, missing=None, counts=False)

    def validate(self, extra_validators: Any = None) -> bool:
        """One of the two is needed; a file that was chosen goes first."""
        is_valid = bool(super().validate(extra_validators))
        if is_valid and not self.file.data and not self.pasted.data:
            self.refuse(Refused("Choose a file, or paste your list", "file"))
            return False
        return is_valid

    def refuse(self, refused: Refused) -> None:
        """Put each fault of a list on a line of its own; of very many, the first."""
        if not isinstance(refused, Faults):
            super().refuse(refused)
            return
        self.form_errors.extend(refused.lines[:FAULTS_SHOWN])
        more = len(refused.lines) - FAULTS_SHOWN
        if more > 0:
            self.form_errors.append(f"and {more:,} more like these")


class TakeForm(Form):
    """A yes to the list that was looked over: which one, and what it was going to do."""

    once = Hidden()
    seal = Hidden()


class CodeForm(Form):
    """The code that a venue handed over."""

    code = TextLine(
        "Code",
        limit=40,
        missing="Enter the code",
        render_kw={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"},
    )


class ConfirmForm(Form):
    """A button and nothing to type."""
