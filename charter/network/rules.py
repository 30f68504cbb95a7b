"""What may stand on the notice board, and who sees what. Pure: no database, no clock.

What a venue writes waits until the office has looked at it. Whoever wrote something sees it in
every state, so that nothing they wrote goes without a word; others see only what is shown.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from charter.core.access import Role

TITLE_LIMIT = 120
BODY_LIMIT = 4000
BECAUSE_LIMIT = 300
# So that one account cannot fill the office's day, nor one post a page without end.
MOST_WAITING = 10
MOST_REPLIES = 100

_LINK = re.compile(r"https://[^\s<>\"'“”‘’]+")
_CLOSES = ".,;:!?)]}"


class Kind(StrEnum):
    """What a post is."""

    QUESTION = "question"
    MATERIAL = "material"
    NEWS = "news"

    @property
    def label(self) -> str:
        """The kind in a person's words."""
        return {"question": "Question", "material": "Material", "news": "News"}[self]

    @property
    def many(self) -> str:
        """The words on the tab that shows this kind alone."""
        return {"question": "Questions", "material": "Materials", "news": "News"}[self]

    @property
    def hint(self) -> str:
        """What belongs here, for whoever chooses."""
        return _HINTS[self]

    def replies(self, number: int) -> str:
        """So many replies, in words for a narrow place; none are worth a word for questions."""
        one, many = ("answer", "answers") if self is Kind.QUESTION else ("reply", "replies")
        if number == 0:
            return "No answer" if self is Kind.QUESTION else ""
        return f"{number}\N{NO-BREAK SPACE}{one if number == 1 else many}"


_HINTS = {
    Kind.QUESTION: "Something other champions or the night office may know",
    Kind.MATERIAL: "A poster, checklist or policy that others may use",
    Kind.NEWS: "A meeting, or something new that others should know",
}


class State(StrEnum):
    """What became of a post or a reply."""

    WAITING = "waiting"
    SHOWN = "shown"
    HIDDEN = "hidden"

    @property
    def label(self) -> str:
        """The state in the words of its author and of the office."""
        return {
            "waiting": "Waiting for the night office",
            "shown": "On the board",
            "hidden": "Not shown",
        }[self]


def first_state(*, from_office: bool) -> State:
    """How something starts: the office's own is on the board at once."""
    return State.SHOWN if from_office else State.WAITING


def sees(state: str, *, is_author: bool, is_office: bool) -> bool:
    """Whether somebody who may read the board sees something in this state."""
    return state == State.SHOWN or is_author or is_office


def signature(name: str, roles: Collection[Role], *, from_office: bool) -> str:
    """Who wrote it, as everybody reads it: a first name and what they are, and never which venue.

    Somebody who has no role any more is a first name and nothing else.
    """
    first = name.split()[0] if name.split() else "Somebody"
    if from_office:
        return f"{first}, the night office"
    role = next((each for each in _SIGNING if each in roles), None)
    return f"{first}, {role.label}" if role else first


_SIGNING = (Role.CHAMPION, Role.MANAGER, Role.AREA_MANAGER)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a post's words, or the address of a page that anybody can open."""

    text: str
    is_link: bool


def pieces(words: str) -> list[Piece]:
    """What somebody wrote, with the https addresses in it told apart; nothing is lost or added."""
    found, done = [], 0
    for match in _LINK.finditer(words):
        link = match[0].rstrip(_CLOSES)
        if "." not in link.removeprefix("https://").split("/")[0]:
            continue
        found += [Piece(words[done : match.start()], False), Piece(link, True)]
        done = match.start() + len(link)
    found.append(Piece(words[done:], False))
    return [piece for piece in found if piece.text]
