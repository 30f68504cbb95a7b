"""A night walk on paper: nine things to tick at each stop, and room to write."""

from collections.abc import Sequence

from charter.core.paper.blank import BlankForm, Head
from charter.nightwalks.models import WalkStop
from charter.nightwalks.rules import Thing


def draw(head: Head, stops: Sequence[WalkStop], things: Sequence[Thing]) -> bytes:
    """The bytes of a sheet for one walker."""
    paper = BlankForm(head)
    for stop in stops:
        paper.section(f"{stop.number}. {stop.words}")
        for thing in things:
            paper.boxes(f"{thing.name}: {thing.asks}", list(reversed(thing.steps)))
        paper.written("What did you see? What would help?", lines=2)
    return paper.finish()
