"""What a person may type about the briefing and about a spot check."""

from secrets import token_hex
from typing import Any

from flask import request
from wtforms import FieldList, FormField
from wtforms import Form as Part
from wtforms.validators import Regexp

from charter.briefings.checks import BACK_MONTHS, MOST_PEOPLE, NOTE_LIMIT, By
from charter.briefings.questions import questions
from charter.briefings.starters import Starter
from charter.core import clock
from charter.core.dateparts import DateParts
from charter.core.fields import Choice, Form, Hidden, Menu, TextArea, TextLine, Tick
from charter.staff.jobs import jobs

PLACE_LIMIT = 200
EXTRA_LIMIT = 600
TONIGHT_LIMIT = 300
ROWS = 3
KINDS = {
    By.UNANNOUNCED: "Unannounced: we came without notice, and said who we are",
    By.COVERT: "Covert: nobody knew that we were the office",
}


class PageForm(Form):
    """What the briefing says every night."""

    book_place = TextLine(
        "Where is the incident book?",
        limit=PLACE_LIMIT,
        missing="Enter where the incident book is, like: behind the bar, under the till",
    )
    quiet_place = TextLine(
        "Where can you take somebody who is upset?", limit=PLACE_LIMIT, missing=None
    )
    extra = TextArea("Anything else somebody new must know?", limit=EXTRA_LIMIT, missing=None)


class TonightForm(Form):
    """Tonight's part of the briefing."""

    on_tonight = TextLine(
        "Who is on tonight?",
        limit=TONIGHT_LIMIT,
        missing="Enter who is on tonight, like: Duty manager: Sam. Door: Jo",
    )


class ReadForm(Form):
    """Somebody on the list says who they are, and that they read the page.

    Who is new is shown by a short name, to choose from; everybody else types theirs, so that the
    page does not name the team to whoever has the link.
    """

    person = Choice("New here? Which one are you?", missing=None)
    name = TextLine("Your name, as on your badge", limit=80, missing=None)
    read = Tick("I have read this page", missing="Tick the box once you have read the page")

    def offer(self, waiting: list[Starter]) -> None:
        """Say who may choose: the new starters who still need it."""
        self.person.choices = [(str(each.member_id), each.short) for each in waiting]

    @property
    def member_id(self) -> int | None:
        """Whoever was chosen, as an id; None for what is none."""
        chosen = self.person.data or ""
        is_id = chosen.isascii() and chosen.isdecimal() and len(chosen) < 10
        return int(chosen) if is_id else None


class PersonPart(Part):
    """One of those who were asked: their job, never their name, and how many were right."""

    job = Menu("Job", missing=None)
    right = Menu("Right answers", missing=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most = len(questions())
        self.job.choices = [("", "Choose"), *((job.key, job.name) for job in jobs().values())]
        self.right.choices = [
            ("", "Choose"),
            *((str(n), f"{n} of {most}") for n in range(most + 1)),
        ]


class CheckForm(Form):
    """A spot check; `kind` is asked of the office only. Rows that are left empty are nobody."""

    once = Hidden(default=lambda: token_hex(16), validators=[Regexp(r"[0-9a-f]{32}\Z")])
    kind = Choice(
        "How did you visit?",
        missing="Choose how you visited",
        choices=[(kind.value, words) for kind, words in KINDS.items()],
    )
    done_on = DateParts(
        "Which day did you ask?",
        default=clock.today,
        description=f"Today, or a day in the last {BACK_MONTHS} months",
    )
    people = FieldList(FormField(PersonPart), min_entries=ROWS, max_entries=MOST_PEOPLE + 1)
    note = TextArea("What will be gone over again?", limit=NOTE_LIMIT, missing=None)

    def __init__(self, *, by_office: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not by_office:
            del self.kind

    @property
    def wants_a_row(self) -> bool:
        """Whether the button for one more person was pressed, rather than the one that saves."""
        return request.form.get("step") == "more"

    @property
    def is_full(self) -> bool:
        """Whether there is no room for one more person."""
        return len(self.people) >= MOST_PEOPLE

    def add_row(self) -> None:
        """Make room for one more person; what was typed stays."""
        if not self.is_full:
            self.people.append_entry()

    def validate(self, extra_validators: Any = None) -> bool:
        """Besides what each field asks: a row has both its answers, or neither."""
        is_valid = super().validate(extra_validators)
        for row in self.people:
            job, right = row.form.job, row.form.right
            if job.data and right.data is None and not right.errors:
                right.errors = ["Choose how many answers were right"]
            elif right.data is not None and not job.data and not job.errors:
                job.errors = ["Choose the job of this person"]
        wrong = [row.errors for row in self.people]
        if any(wrong):
            self.people.errors = wrong
        return is_valid and not any(wrong)

    @property
    def answers(self) -> list[tuple[str, int]]:
        """Job and right answers of each person, empty rows left out."""
        rows = [(row.form.job.data, row.form.right.data) for row in self.people]
        return [(job, int(right)) for job, right in rows if job and right is not None]
