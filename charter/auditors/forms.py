"""What the office types about an engagement, and what auditors and venues write in it."""

from charter.auditors.work import WAYS, Grade
from charter.core.dateparts import DateParts
from charter.core.fields import (
    Choice,
    Choices,
    EmailField,
    Form,
    Hidden,
    Menu,
    TextArea,
    TextLine,
    UploadField,
    YesNo,
)


class EngagementForm(Form):
    """Whom to engage, for what, from when to when, and how venues are chosen."""

    title = TextLine("What is this audit called?", limit=80, missing="Give the audit a name")
    name = TextLine("The auditor’s name", limit=80, missing="Enter their name")
    email = EmailField("The auditor’s e-mail address", missing="Enter their e-mail address")
    from_on = DateParts("First day")
    to_on = DateParts("Last day")
    commitments = Choices("Which commitments?", missing=None)
    scope = TextArea("What are they asked to look at?", limit=500, missing=None)
    how = Choice(
        "Which venues?",
        choices=[("drawn", "A random sample"), ("named", "Those I choose")],
        missing="Choose how venues are picked",
    )
    size = TextLine("How many venues?", limit=3, missing=None)
    seed = TextLine("Seed", limit=40, missing=None)
    venues = Choices("Venues", missing=None)
    once = Hidden()


class EndForm(Form):
    """A button that asks once."""


class SightForm(Form):
    """That an auditor saw a proof themselves."""

    how = Choice("How did you see it?", choices=list(WAYS.items()), missing="Choose how you saw it")
    seen_on = DateParts("On which day?")
    note = TextLine("Note", limit=300, missing=None)


class QuestionForm(Form):
    """A question to the venue, on record."""

    requirement = Menu("About", missing=None)
    words = TextArea("Your question", limit=1000, missing="Write your question")


class FindingForm(Form):
    """What an auditor found about one requirement."""

    requirement = Menu("About", missing="Choose what it is about")
    grade = Choice(
        "Grade",
        choices=[(each.value, each.label) for each in Grade],
        missing="Choose a grade",
    )
    words = TextArea("What did you find?", limit=2000, missing="Write what you found")
    action = TextArea("What has to be done?", limit=1000, missing=None)
    owner = TextLine("Who sees to it? A job, not a name", limit=80, missing=None)
    due_on = DateParts("By when?", missing=None)


class CheckForm(Form):
    """Whether what was done about a finding worked."""

    works = YesNo("Did it have its effect?", missing="Choose yes or no")
    words = TextArea("How do you know?", limit=1000, missing="Write how you know")


class AnswerForm(Form):
    """The venue's answer to an auditor, with a file if it helps."""

    words = TextArea("Your answer", limit=2000, missing="Write your answer")
    file = UploadField("A file, if it helps", missing=None)


class ComplaintForm(Form):
    """What a venue has to say about an auditor."""

    words = TextArea(
        "What happened?", limit=1000, missing="Write what happened",
        description="The office reads this. The auditor does not.",
    )  # fmt: skip


class ReplyForm(Form):
    """The office's answer to a complaint."""

    words = TextArea("Your answer", limit=1000, missing="Write your answer")
