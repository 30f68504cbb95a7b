"""What a walk found: room by room, set beside the walk before it or beside another person's. Pure.

There is no total and no star. A share is of the answers that can be good or weak; how safe it
feels is never part of it, and is shown against it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from charter.audits import template
from charter.audits.template import DOES_NOT_APPLY, Answer, Question, Share

Answers = Mapping[tuple[str, str], int]
FEELS_UNSAFE = 2  # of 5: "not at all" and the step above it
LIST_IS_FINE = 80  # per cent of what is judged


@dataclass(frozen=True, slots=True)
class Room:
    """A place of a walk as it was called when the walk began, and what is asked of it."""

    place: str
    name: str
    questions: tuple[Question, ...]

    def answered(self, answers: Answers) -> int:
        """How many of its questions have an answer."""
        return sum((self.place, each.key) in answers for each in self.questions)

    def weak(self, answers: Answers) -> list[Question]:
        """The questions whose answers ask for something to be done."""
        return [
            each
            for each in self.questions
            if (value := answers.get((self.place, each.key))) is not None and each.is_weak(value)
        ]


@dataclass(frozen=True, slots=True)
class Change:
    """One answer that is another one now: what was said before and what is said now."""

    question: Question
    before: int
    after: int

    @property
    def is_better(self) -> bool | None:
        """Whether it is better now; None where that cannot be told."""
        values = (self.before, self.after)
        if DOES_NOT_APPLY in values or self.question.answer not in _ORDERED:
            return None
        return self.after > self.before


_ORDERED = (Answer.SCALE, Answer.YES, Answer.FEELING)


@dataclass(frozen=True, slots=True)
class RoomResult:
    """One place: its share, how it feels, what is weak, and what changed since last time."""

    room: Room
    share: Share
    weak: tuple[Question, ...]
    before: Share | None
    changes: tuple[Change, ...]
    why_left_out: str = ""

    @property
    def per_cent(self) -> int | None:
        """The good ones among the judged, rounded; None where nothing is judged."""
        return per_cent(self.share)

    @property
    def feels(self) -> int | None:
        """How safe it feels, 1 to 5: the lowest answer, if it was asked."""
        return min(self.share.feelings, default=None)

    @property
    def felt(self) -> int | None:
        """The same on the walk before."""
        return min(self.before.feelings, default=None) if self.before else None

    @property
    def needs_a_look(self) -> bool:
        """Whether it feels unsafe although the list is fine: the first place to look."""
        feels, share = self.feels, self.per_cent
        return feels is not None and feels <= FEELS_UNSAFE and (share or 0) >= LIST_IS_FINE


def per_cent(share: Share) -> int | None:
    """The good ones among the judged; None where nothing is judged."""
    return round(100 * share.good / share.judged) if share.judged else None


def share(room: Room, answers: Answers) -> Share:
    """What the answers about one place come to."""
    here = {key: value for (place, key), value in answers.items() if place == room.place}
    return template.share(room.questions, here)


def results(
    rooms: Sequence[Room],
    answers: Answers,
    before: Answers | None = None,
    left_out: Mapping[str, str] | None = None,
) -> list[RoomResult]:
    """Each place of a walk in the order of the walk; `before` are the answers of the last one.

    Only what was asked both times is compared, so that a question that is new or retired changes
    nothing.
    """
    found = []
    for room in rooms:
        then = share(room, before) if before is not None else None
        found.append(
            RoomResult(
                room,
                share(room, answers),
                tuple(room.weak(answers)),
                then if then and (then.judged or then.feelings) else None,
                tuple(changes(room, before or {}, answers)),
                (left_out or {}).get(room.place, ""),
            )
        )
    return found


def changes(room: Room, before: Answers, after: Answers) -> Iterable[Change]:
    """The answers about a place that are others than before."""
    for each in room.questions:
        key = room.place, each.key
        if key in before and key in after and before[key] != after[key]:
            yield Change(each, before[key], after[key])


@dataclass(frozen=True, slots=True)
class Beside:
    """One question that both asked: what the venue's own walk said, and what a check found."""

    room: str
    question: Question
    own: int
    check: int

    @property
    def gap(self) -> str:
        """How far apart the two are, in words; empty where they agree."""
        if self.own == self.check:
            return ""
        change = Change(self.question, self.own, self.check)
        if change.is_better is None:
            return "Told apart"
        return "The check found it better" if change.is_better else "The check found it worse"


def beside(rooms: Sequence[Room], own: Answers, check: Answers) -> list[Beside]:
    """What both asked, in the order of the walk."""
    return [
        Beside(room.name, each, own[key], check[key])
        for room in rooms
        for each in room.questions
        if (key := (room.place, each.key)) in own and key in check
    ]
