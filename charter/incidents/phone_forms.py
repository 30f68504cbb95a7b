"""What is typed on the venue's own phone after an entry is written: additions, and never more.

Nothing that stands in the entry is shown in these forms, not even to whoever wrote it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from charter.core.errors import Refused
from charter.core.fields import Choice, Choices, Form, Hidden, TextArea, TextLine
from charter.core.text import is_number
from charter.incidents import service, words
from charter.incidents.book_forms import NAME_HINTS
from charter.incidents.people import NAME_LIMIT

OVERTAKEN = (
    "This was sent already, or somebody else added to the entry meanwhile. "
    "Look at what is still missing, and send only that"
)
_FACTS = {"zone_id": "zone", "actions": "actions", "acted": "acted"}


class WhichForm(Form):
    """The number of an entry of this shift."""

    number = TextLine(
        "Which entry?",
        limit=10,
        missing="Enter the number of the entry",
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )

    @property
    def chosen(self) -> int:
        """The number, or 0 for what is none."""
        typed = self.number.data or ""
        return int(typed) if is_number(typed) and len(typed) < 10 else 0


class AddForm(Form):
    """What an entry still lacks, and more words."""

    seen = Hidden()
    said = TextArea(
        "What else was seen and said?", limit=service.SAID_LIMIT, missing=None, counts=False
    )
    zone = Choice("Where was it?", missing=None, coerce=int)
    actions = Choices("What did you do?")
    because = TextArea(
        "If nothing was done: why?", limit=service.NOTE_LIMIT, missing=None, counts=False
    )
    acted = Choice(
        "Who dealt with it?",
        choices=[("", "Not known"), ("me", "I did"), ("other", "Somebody else")],
        missing=None,
    )
    acted_who = TextLine("Their name or role", limit=NAME_LIMIT, missing=None, render_kw=NAME_HINTS)

    def offer(self, state: Mapping[str, Any], rooms: Iterable[tuple[int, str]]) -> "AddForm":
        """Ask for what the entry lacks, and leave the rest out."""
        self.zone.choices = [("", "Not known"), *rooms]
        self.actions.choices = [(key, each.name) for key, each in words.words().actions.items()]
        for fact, name in _FACTS.items():
            if state[fact]:
                del self[name]
        if state["actions"]:
            del self["because"]
        if state["acted"]:
            del self["acted_who"]
        return self

    def facts(self) -> dict[str, Any]:
        """The facts that were added."""
        return {
            fact: self[name].data
            for fact, name in _FACTS.items()
            if name in self and self[name].data
        }

    def texts(self) -> dict[str, str]:
        """The words that were added, by what they are."""
        found = {
            name: self[name].data or "" for name in ("said", "because", "acted_who") if name in self
        }
        if "acted" in self and self["acted"].data != "other":
            found["acted_who"] = ""
        return found

    def judge(self, lines: int) -> None:
        """Refuse what was sent before, or was overtaken, and a form with nothing in it."""
        if self.seen.data != str(lines):
            raise Refused(OVERTAKEN)
        if not self.facts() and not any(self.texts().values()):
            raise Refused("Write what is to be added", "said")
