"""What the office may type: the table's filters, a decision about a sign-up, a threshold."""

from charter.core.dateparts import DateParts
from charter.core.fields import Choice, Form, Menu, TextArea, TextLine
from charter.signup.service import HOW_LIMIT, THROUGH, WORDS_LIMIT, Verdict


class DecisionForm(Form):
    """What the office says to a sign-up; which fields it needs depends on the verdict."""

    verdict = Choice(
        "What do you decide?",
        choices=[
            (Verdict.APPROVE, "Approve: this venue joins the charter"),
            (Verdict.ASK, "Ask the person who signed something"),
            (Verdict.DECLINE, "Decline"),
        ],
        missing="Choose whether to approve, ask or decline",
    )
    confirmed_through = Choice(
        "How did you make sure who they are?",
        choices=list(THROUGH.items()),
        missing=None,
        description="To approve, use a contact that was not typed into the form.",
    )
    confirmed_how = TextLine(
        "Whom did you speak to, and where did you find the contact?",
        limit=HOW_LIMIT,
        description="Such as: rang the number in the licence register, spoke to the licence holder",
    )
    words = TextArea(
        "Your words to them",
        limit=WORDS_LIMIT,
        description="To ask or to decline. They read this behind a link that we mail to them.",
    )


class ThresholdForm(Form):
    """A threshold's own value for this city, from a day on."""

    name = Menu("Threshold", missing="Choose a threshold")
    value = TextLine("New value", missing="Enter the new value as a number", limit=10)
    from_on = DateParts(
        "From which day?",
        missing="Enter the day it counts from, like 1 12 2026",
        description="From tomorrow at the earliest, like 1 12 2026",
    )
