"""What a space audit asks, read from its seed: pure, and the same for ever once it was loaded.

An answer is a whole number: 0 to 3 on a scale; 2, 1, 0 for yes, partly, no; 1 to 5 for a feeling;
what was counted for a number; `GIVEN` for words or a photo, which lie beside it. `DOES_NOT_APPLY`
stands for itself and counts for nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from charter.core.seed import KEY, Fault, Table

DOES_NOT_APPLY = -1
GIVEN = 1
STEPS, FEELINGS = 4, range(1, 6)
MOST_COUNTED = 999
GOOD_STEP = 2  # "fair" on a scale is good enough; below it something has to be done


class Answer(StrEnum):
    """The kinds of answers."""

    SCALE = "scale"
    YES = "yes"
    FEELING = "feeling"
    NUMBER = "number"
    TEXT = "text"
    PHOTO = "photo"


class Mends(StrEnum):
    """What a weak answer mostly needs."""

    PLACE = "place"
    PEOPLE = "people"
    RULES = "rules"

    @property
    def label(self) -> str:
        """The kind in words."""
        return {"place": "The place", "people": "People", "rules": "Rules"}[self]


YES_WORDS = {2: "Yes", 1: "Partly", 0: "No", DOES_NOT_APPLY: "Does not apply"}
_GIVEN = (Answer.TEXT, Answer.PHOTO)
FEELING_WORDS = {1: "1, not at all", 2: "2", 3: "3", 4: "4", 5: "5, completely"}


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that is asked of a zone. `key` is "zone.question".

    `steps` are the words of a scale from 0 up; `unit` is what a number counts. `claim` is the key
    of a requirement of the charter that says the same.
    """

    key: str
    zone: str
    words: str
    answer: Answer
    steps: tuple[str, ...] = ()
    mends: Mends | None = None
    unit: str = ""
    is_quick: bool = False
    is_retired: bool = False
    claim: str = ""

    @property
    def is_judged(self) -> bool:
        """Whether an answer can be good or weak at all."""
        return self.answer in (Answer.SCALE, Answer.YES)

    def said(self, value: int) -> str:
        """An answer in the words that were shown."""
        if self.answer is Answer.NUMBER:
            return f"{value} {self.unit}"
        return self.choices.get(value, "Given")

    @property
    def choices(self) -> Mapping[int, str]:
        """What may be chosen, with its words, the best first; nothing where nothing is chosen."""
        if self.answer is Answer.SCALE:
            return dict(reversed(list(enumerate(self.steps))))
        return {Answer.YES: YES_WORDS, Answer.FEELING: FEELING_WORDS}.get(self.answer, {})

    def takes(self, value: int) -> bool:
        """Whether a value is an answer to this."""
        if self.answer is Answer.NUMBER:
            return 0 <= value <= MOST_COUNTED
        if self.answer in _GIVEN:
            return value == GIVEN
        return value in self.choices

    def is_good(self, value: int) -> bool | None:
        """Whether an answer is good; None for what is never judged: a feeling, a number, words, a
        photo, or that it does not apply.
        """
        if value == DOES_NOT_APPLY or not self.is_judged:
            return None
        return value >= (GOOD_STEP if self.answer is Answer.SCALE else 2)

    def is_weak(self, value: int) -> bool:
        """Whether an answer asks for something to be done: a "no", or one below good on a scale."""
        if self.answer is Answer.YES:
            return value == 0
        return self.is_good(value) is False


@dataclass(frozen=True, slots=True)
class Template:
    """One edition of a template: its questions in the order in which a place is walked."""

    key: str
    edition: int
    title: str
    questions: tuple[Question, ...]

    def asked(self, zones: Iterable[str], *, quick: bool) -> tuple[Question, ...]:
        """What is asked of a place with these zones, in order; of the others nothing is."""
        there = set(zones)
        return tuple(
            each
            for each in self.questions
            if each.zone in there and not each.is_retired and (each.is_quick or not quick)
        )


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the answers that are judged are good; `feelings` stand apart from them."""

    good: int
    judged: int
    feelings: tuple[int, ...] = ()


def share(questions: Iterable[Question], answers: Mapping[str, int]) -> Share:
    """What answers come to, by question key.

    An answer to a question that is not among these counts for nothing.
    """
    good, judged, feelings = 0, 0, []
    for each in questions:
        value = answers.get(each.key)
        if value is None:
            continue
        if each.answer is Answer.FEELING:
            feelings.append(value)
        elif (is_good := each.is_good(value)) is not None:
            judged, good = judged + 1, good + is_good
    return Share(good, judged, tuple(feelings))


def parse(body: Mapping[str, Any], name: str, zones: Sequence[str]) -> Template:
    """A template from a seed's tables. Raises `Fault` with every fault, each naming the seed.

    `zones` are the keys of the kinds of places that there are.
    """
    faults: list[str] = []
    top = Table(body, f"{name}:", faults)
    scales = _scales(top)
    rows = [Table(row, f"{name}: question {n}", faults)
            for n, row in enumerate(top.tables("question"), 1)]  # fmt: skip
    made = Template(
        key=top.name_of("key", KEY),
        edition=top.whole("edition") or 0,
        title=top.text("title") or "",
        questions=tuple(_question(row, scales, zones) for row in rows),
    )
    top.finish()
    keys = [each.key for each in made.questions]
    faults += [f"{name}: two questions are called {key}"
               for key in sorted({key for key in keys if keys.count(key) > 1})]  # fmt: skip
    if faults:
        raise Fault(faults)
    return made


def _scales(top: Table) -> dict[str, tuple[str, ...]]:
    found = {}
    given = top.take("scale", "a list of tables", lambda v: isinstance(v, list), ())
    for n, row in enumerate(given or (), 1):
        table = Table(row, f"{top.name} scale {n}", top.faults)
        key, steps = table.name_of("key", KEY), table.words("steps")
        if len(steps) != STEPS:
            table.fault(f"needs {STEPS} steps, the worst first")
        found[key] = steps
        table.finish()
    return found


def _question(
    table: Table, scales: Mapping[str, tuple[str, ...]], zones: Sequence[str]
) -> Question:
    zone = table.one_of("zone", zones) or ""
    answer = Answer(table.one_of("answer", list(Answer)) or Answer.YES)
    is_judged = answer in (Answer.SCALE, Answer.YES)
    scale = table.one_of("scale", scales) if answer is Answer.SCALE else None
    made = Question(
        key=f"{zone}.{table.name_of('key', KEY)}",
        zone=zone,
        words=table.text("words") or "",
        answer=answer,
        steps=scales.get(scale or "", ()),
        mends=Mends(table.one_of("mends", list(Mends)) or Mends.PLACE) if is_judged else None,
        unit=(table.text("unit") or "") if answer is Answer.NUMBER else "",
        is_quick=table.flag("quick", False),
        is_retired=table.flag("retired", False),
        claim=table.text("claim", ""),
    )
    table.finish()
    return made


def faults_after(older: Sequence[Template], new: Template) -> list[str]:
    """Why `new` cannot be loaded after these editions of the same template, in words.

    The newest edition may be loaded again as it is. What changed needs the next number, and a key
    stands for one kind of answer for ever.
    """
    last = max(older, key=lambda each: each.edition, default=None)
    if last is None or new == last:
        return []
    found = []
    if new.edition != last.edition + 1:
        found.append(
            f"{new.key}: something changed since edition {last.edition}, so this has to be edition "
            f"{last.edition + 1}"
        )
    kinds = {each.key: each.answer for one in older for each in one.questions}
    found += [
        f"{new.key}: {each.key} was answered with {kinds[each.key].value} before. Give it a new key"
        for each in new.questions
        if each.key in kinds and each.answer is not kinds[each.key]
    ]
    return found
