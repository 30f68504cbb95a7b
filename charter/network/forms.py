"""What people type on the notice board, and what the office says to it."""

from secrets import token_hex
from typing import Any

from wtforms.validators import Regexp

from charter.core.fields import Choice, Form, Hidden, TextArea, TextLine, Tick, UploadField
from charter.network.rules import BECAUSE_LIMIT, BODY_LIMIT, TITLE_LIMIT, Kind


def _no_incident() -> Tick:
    """What every writer has to say: a list of words could not tell an incident from a question."""
    return Tick(
        "There is nothing about an incident or a person in this",
        missing="Take out anything about an incident or a person, then tick this box",
    )


class _WrittenForm(Form):
    """Words for others: sent twice they count once."""

    once = Hidden(default=lambda: token_hex(16), validators=[Regexp(r"[0-9a-f]{32}\Z")])


class NoticeForm(_WrittenForm):
    """A new post."""

    kind = Choice(
        "What is it?",
        missing="Choose what it is",
        choices=[(kind.value, kind.label) for kind in Kind],
    )
    title = TextLine("Title", limit=TITLE_LIMIT, missing="Write a title, so that others find it")
    body = TextArea("Your post", limit=BODY_LIMIT, missing="Write your post")
    file = UploadField("Photo or PDF", missing=None)
    no_incident = _no_incident()


class ReplyForm(_WrittenForm):
    """A reply to a post."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(prefix="reply-", **kwargs)

    body = TextArea("Your reply", limit=BODY_LIMIT, missing="Write your reply")
    no_incident = _no_incident()


class DecisionForm(Form):
    """What the office says to something that waits; the button says whether it is shown."""

    because = TextArea("If not: why?", limit=BECAUSE_LIMIT, missing=None)


class TakeDownForm(Form):
    """Why something comes off the board."""

    because = TextArea(
        "Why does it come off the board?", limit=BECAUSE_LIMIT, missing="Say why, for its writer"
    )


class ConfirmForm(Form):
    """A button and nothing to type."""
