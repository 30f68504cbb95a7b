"""The questions of a walk on paper, place by place."""

from collections.abc import Sequence

from charter.audits.results import Room
from charter.audits.rules import FULLNESS, ROLES, WEATHER
from charter.audits.template import Answer, Question
from charter.core.paper.blank import BlankForm, Head

YES_NO = ("Yes", "No")


def draw(head: Head, rooms: Sequence[Room]) -> bytes:
    """The bytes of a paper with the questions of these places."""
    paper = BlankForm(head)
    paper.written("Which day, and at what time did you begin?")
    paper.boxes("Open to guests?", YES_NO)
    paper.boxes("Dark outside?", YES_NO)
    paper.boxes("How full?", list(FULLNESS.values()))
    paper.boxes("Weather?", list(WEATHER.values()))
    paper.boxes("Who walked? No names", list(ROLES.values()))
    paper.boxes("Did a woman who is not the manager take part?", YES_NO)
    for room in rooms:
        paper.section(room.name)
        for question in room.questions:
            _ask(paper, question)
    return paper.finish()


def _ask(paper: BlankForm, question: Question) -> None:
    match question.answer:
        case Answer.NUMBER:
            paper.written(f"{question.words} ({question.unit})")
        case Answer.TEXT:
            paper.written(question.words, lines=2)
        case Answer.PHOTO:
            paper.boxes(question.words, ["Photo taken, with nobody in it"])
        case _:
            paper.boxes(question.words, list(question.choices.values()), write=True)
