"""What a person may type about training: a past day, a wrong row, somebody else's course."""

from collections.abc import Iterable
from datetime import date
from secrets import token_hex
from typing import Any

from flask import request
from wtforms.validators import Regexp, ValidationError

from charter.core import clock
from charter.core.dateparts import DateParts
from charter.core.errors import Refused
from charter.core.fields import (
    Choice,
    Choices,
    Form,
    Hidden,
    Menu,
    QueryForm,
    TextArea,
    TextLine,
    UploadField,
)
from charter.staff import jobs as staff_jobs
from charter.staff import service as staff
from charter.staff.models import StaffMember
from charter.training import courses, outside, sampling

WORDS_LIMIT = 1000
REASON_LIMIT = 200


class DayForm(QueryForm):
    """A past day to look at, as `on=2026-03-12` or as three parts; without one, today."""

    on = DateParts("Which day?", missing=None)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        asked = request.args.get("on", "")
        if asked and not any(self.on.typed.values()):
            try:
                self.on.process(None, data=date.fromisoformat(asked))
            except ValueError:
                self.on.process_errors = ["Enter the day, like 12 3 2026"]

    def validate_on(self, field: DateParts) -> None:
        """Refuse a day to come."""
        if field.data and field.data > clock.today():
            raise ValidationError("That day is still to come. Enter a date up to today")

    @property
    def day(self) -> date:
        """The day that was asked for; today when none was, or none that there is."""
        return (self.validate() and self.on.data) or clock.today()


class WithdrawForm(Form):
    """Why a training row is wrong."""

    because = TextLine(
        "What was wrong with it?", limit=REASON_LIMIT, missing="Say what was wrong, in a few words"
    )


class OutsideForm(Form):
    """Somebody else's course that people of this venue did, with its proof."""

    once = Hidden(default=lambda: token_hex(16), validators=[Regexp(r"[0-9a-f]{32}\Z")])
    provider = Menu("Who ran the course?", missing="Choose who ran the course")
    name = TextLine("Their name", limit=outside.PROVIDER_LIMIT)
    title = TextLine(
        "What is the course called?", limit=outside.TITLE_LIMIT, missing="Enter its name"
    )
    done_on = DateParts("When did they do it?")
    people = Choices("Who did it?", missing="Tick everybody who did it")
    proof = UploadField("Proof: a photo or PDF", missing="Choose a photo or a PDF")

    def offer(self, people: Iterable[StaffMember]) -> None:
        """Say which providers and people there are to choose from."""
        named = [(each.key, each.name) for each in courses.providers()]
        last = (outside.ANOTHER, "Somebody who is not in this list")
        self.provider.choices = [("", "Choose who ran it"), *named, last]
        self.people.choices = [
            (str(each.id), f"{each.name}, {_jobs(each)}" if each.jobs else each.name)
            for each in people
        ]

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for a name where the provider is in no list."""
        fine: bool = super().validate(extra_validators=extra_validators)
        if self.provider.data == outside.ANOTHER and not self.name.data and not self.name.errors:
            self.name.errors = ["Enter who ran the course"]
            fine = False
        return fine

    def validate_done_on(self, field: DateParts) -> None:
        """Refuse a day that no hand-in may have, before the file is looked at."""
        if field.data:
            try:
                outside.judge_day(field.data)
            except Refused as refused:
                raise ValidationError(refused.words) from refused

    @property
    def said(self) -> outside.HandIn:
        """What was typed, once it is valid."""
        return outside.HandIn(
            provider=self.provider.data,
            name=self.name.data or "",
            title=self.title.data or "",
            done_on=self.done_on.data or clock.today(),
            people={int(each) for each in self.people.data or ()},
        )


def _jobs(member: StaffMember) -> str:
    held = staff.jobs_now(member) or member.jobs[-1:]
    return ", ".join(dict.fromkeys(staff_jobs.name(each.job) for each in held))


class CountsForm(Form):
    """Which of our courses somebody else's course counts for."""

    keys = Choices("Which of our courses does it count for?")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.keys.choices = [(each.key, each.title) for each in outside.to_count_for()]


class RemapForm(CountsForm):
    """The same for a course that was decided about before; `seen` is which decision was shown."""

    seen = Hidden()


class DecisionForm(CountsForm):
    """What the office says about a hand-in; the button says which of the three it is."""

    words = TextArea("What is wrong, and what can they do?", limit=WORDS_LIMIT, missing=None)


class SampleForm(Form):
    """Why somebody of the office looks at names."""

    reason = Choice(
        "Why do you look?", choices=list(sampling.REASONS.items()), missing="Choose why you look"
    )
