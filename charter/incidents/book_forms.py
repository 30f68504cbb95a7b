"""What somebody may type about an entry that is there: additions, corrections, and what came of it.

Every form carries how many lines the entry had when it was opened (`seen`): if somebody wrote in
it meanwhile, the form comes back with what they wrote, and nothing is lost or done twice.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from wtforms import Field
from wtforms.validators import Regexp, StopValidation

from charter.core import clock
from charter.core.dateparts import DateParts
from charter.core.errors import Refused
from charter.core.fields import Choice, Choices, Form, Hidden, Menu, TextArea, TextLine, Tick
from charter.core.text import in_words
from charter.incidents import finding, saying, service, words
from charter.incidents.choices import Age, Cctv, KnownBy, Part, PersonPart, Relation, WhoLeft, Wish
from charter.incidents.people import NAME_LIMIT, Somebody
from charter.incidents.rules import Happened
from charter.incidents.words import LicenceField

OVERTAKEN = "Something was written in this entry while you were writing. Read it, then save again"
NAME_HINTS = {"autocomplete": "off", "spellcheck": "false"}
_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])")
Pairs = Iterable[tuple[Any, str]]
# What became of CCTV for good.
SETTLED = {Cctv.SAVED, Cctv.LOST}


def _labels(kind: Any, *, but: Iterable[Any] = ()) -> list[tuple[str, str]]:
    return [(each.value, each.label) for each in kind if each not in but]


def _why(label: str, **more: Any) -> TextArea:
    return TextArea(label, **{"limit": service.NOTE_LIMIT, "missing": None} | more)


class EntryForm(Form):
    """The base of every form about one entry."""

    seen = Hidden()
    was_overtaken = False

    def is_current(self, lines: int) -> bool:
        """Whether the entry still has the lines that the form was opened with; else say so."""
        if self.seen.data == str(lines):
            return True
        self.was_overtaken = True
        self.form_errors.append(OVERTAKEN)
        return False

    @property
    def seen_lines(self) -> int:
        """How many lines whoever typed this had before them."""
        typed = self.seen.data or ""
        return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 8 else 0


class ChangeForm(EntryForm):
    """Words to add, words that were wrong, and the facts as they should be now."""

    said = TextArea("What else was seen and said?", limit=service.SAID_LIMIT, missing=None)
    corrects = Choices("Which words were wrong?", coerce=int)
    why = _why("Why do you correct this?")
    kinds = Choices("What happened")
    zone = Menu("Where was it?", missing=None, coerce=int)
    on = DateParts("On which day?", missing=None)
    at = TextLine("At what time?", limit=8, missing=None)
    fold = Choice(
        "Which time was it?",
        choices=[("0", "Before the clocks went back"), ("1", "After the clocks went back")],
        missing=None,
    )
    is_around = Tick("It was around that time")
    relation = Menu("Who is it about?", missing=None)
    known_by = Menu("How did you come to know?", missing=None)
    wish = Choices("What do they want?", choices=_labels(Wish))
    actions = Choices("What was done?")
    because = _why("If nothing was done: why?")
    acted = Choice(
        "Who dealt with it?",
        choices=[("me", "Whoever wrote this entry"), ("other", "Somebody else")],
        missing=None,
    )
    acted_who = TextLine("Their name or role", limit=NAME_LIMIT, missing=None,
                         render_kw=NAME_HINTS)  # fmt: skip
    who_left = Menu("Who left?", missing=None)
    cctv = Menu("CCTV", missing=None)
    severity = Menu("How serious was it?", choices=list(saying.SEVERITIES.items()), coerce=int)

    def offer(
        self, rooms: Pairs, wrong: Pairs, kinds: Iterable[str], *, is_twice: bool, cctv: Cctv
    ) -> None:
        """Put in what may be chosen, of kinds also those that stand (`kinds`).

        `is_twice`: the time that stands was there twice. CCTV that is settled is not asked about.
        """
        stand = set(kinds)
        self.zone.choices = [("", "Not known"), *rooms]
        self.corrects.choices = list(wrong)
        known = words.words()
        self.kinds.choices = [
            (kind.key, f"{group.name}: {kind.name}")
            for group in known.categories.values()
            for kind in group.kinds
            if (kind.offered and not kind.is_about_in_charge) or kind.key in stand
        ]
        self.actions.choices = [(each.key, each.name) for each in known.actions.values()]
        self.relation.choices = [("", "Not said"), *_labels(Relation, but=(Relation.IN_CHARGE,))]
        self.known_by.choices = [("", "Not said"), *_labels(KnownBy)]
        self.who_left.choices = [("", "Not said"), *_labels(WhoLeft)]
        self.asks_cctv = cctv not in SETTLED
        self.cctv.choices = _labels(Cctv, but=SETTLED)
        self.asks_fold = is_twice or bool(self.fold.data)

    asks_fold = False
    asks_cctv = True
    asked: ClassVar[Sequence[LicenceField]] = ()

    def licence_fields(self) -> list[Field]:
        """The fields for what the licence asks."""
        return [self[licence_name(each)] for each in self.asked]

    def licence(self) -> tuple[dict[str, str | int], dict[str, str]]:
        """What was answered to it: facts by key, and words by what they are."""
        facts: dict[str, str | int] = {}
        texts: dict[str, str] = {}
        for each in self.asked:
            typed = self[licence_name(each)].data
            if typed and each.is_fact:
                facts[each.key] = int(typed) if each.number else typed
            elif typed:
                texts[f"licence.{each.key}"] = typed
        return facts, texts

    def validate_at(self, field: Field) -> None:
        """A time as a clock shows it; a day without a time is none."""
        if field.data and not _TIME.fullmatch(field.data):
            raise StopValidation("Enter the time like 23:40")

    def happened(self) -> Happened:
        """When it happened, from day and time. Refuses what no clock showed."""
        found = _TIME.fullmatch(self.at.data or "")
        if found is None or self.on.data is None:
            raise Refused("Enter the day and the time", "at")
        wall = datetime.combine(self.on.data, datetime.min.time()).replace(
            hour=int(found[1]), minute=int(found[2])
        )
        fold = int(self.fold.data) if self.fold.data else None
        try:
            return service.when(wall, fold, is_around=bool(self.is_around.data))
        except Refused as refused:
            if refused.field == "fold":
                self.asks_fold = True
            field = "at" if refused.field == "time" else refused.field
            raise Refused(refused.words, field) from refused


def change_form(asked: Sequence[LicenceField]) -> type[ChangeForm]:
    """The form with what the venue's licence asks of such an entry, a field for each."""
    fields: dict[str, Any] = {"asked": tuple(asked)}
    for each in asked:
        fields[licence_name(each)] = licence_field(each)
    return type("ChangeForm", (ChangeForm,), fields)


def licence_field(asked: LicenceField) -> Any:
    """A field, not yet bound to a form, for something that a licence asks."""
    if asked.choices:
        pairs = [("", "Not said"), *((choice, choice) for choice in asked.choices)]
        return Menu(asked.name, choices=pairs, missing=None)
    if asked.number:
        return TextLine(
            asked.name, limit=4, missing=None, render_kw={"inputmode": "numeric"},
            validators=[Regexp(r"[0-9]{1,4}\Z", message="Enter a number, like 3")],
        )  # fmt: skip
    return TextLine(asked.name, limit=service.NOTE_LIMIT, missing=None, render_kw=NAME_HINTS)


def licence_name(asked: LicenceField) -> str:
    """The name of the field for something that a licence asks."""
    return f"licence_{asked.key.replace('-', '_')}"


_ROWS = (1, 2, 3)


class PeopleForm(EntryForm):
    """Who an entry is about, some rows at a time; a row that says nothing is left out."""

    def rows(self) -> Iterator[tuple[Field, Field, Field, Field]]:
        """The fields of each row: part, age, name, description."""
        for n in _ROWS:
            part, age, name, seen = (
                self[f"{each}_{n}"] for each in ("part", "age", "name", "looks")
            )
            yield part, age, name, seen

    def somebody(self) -> list[Somebody]:
        """Whoever was typed. Refuses a row with words and no part."""
        found = []
        for part, age, name, looks in self.rows():
            if not (part.data or age.data or name.data or looks.data):
                continue
            if not part.data:
                raise Refused("Choose what their part was", part.name)
            found.append(
                Somebody(
                    part.data, age.data or Age.UNKNOWN.value, name.data or "", looks.data or ""
                )
            )
        if not found:
            raise Refused("Write down one person at least", "part_1")
        return found


for _n in _ROWS:
    _fields = {
        "part": Menu("Their part", choices=[("", "Choose"), *_labels(PersonPart)], missing=None),
        "age": Menu("About how old?", choices=[("", "Not known"), *_labels(Age)], missing=None),
        "name": TextLine(
            "Name, only if it is needed", limit=NAME_LIMIT, missing=None, render_kw=NAME_HINTS
        ),
        "looks": TextArea("What they look like", limit=service.NOTE_LIMIT, missing=None,
                          counts=False),
    }  # fmt: skip
    for _name, _field in _fields.items():
        setattr(PeopleForm, f"{_name}_{_n}", _field)


class WhyForm(EntryForm):
    """A reason, which is always asked for."""

    why = _why("Why?")


class CctvForm(EntryForm):
    """What became of what a camera saw."""

    state = Choice(
        "What about the CCTV?",
        choices=[
            (Cctv.SAVED.value, "It is saved"),
            (Cctv.WANTED.value, "A camera may have seen it, and it has to be saved"),
            (Cctv.NO.value, "No camera saw it"),
            (Cctv.LOST.value, "It was overwritten before it was saved"),
        ],
        missing="Choose what became of it",
    )
    camera = TextLine("Which camera?", limit=80, missing=None, render_kw=NAME_HINTS)
    who = TextLine("Who saved it?", limit=NAME_LIMIT, missing=None, render_kw=NAME_HINTS)


class CloseForm(EntryForm):
    """How an entry ended."""

    outcome = Choice("How did it end?", missing="Choose how it ended")
    because = _why("Why is there nothing more to do?")
    changed = _why("What was changed?")
    told = Choice(
        "Did you tell the person it happened to what came of it?",
        choices=[
            ("yes", "Yes"),
            ("no", "No"),
            ("could-not", "We could not"),
            ("nobody", "It happened to nobody"),
        ],
        missing=None,
    )
    told_on = DateParts("If yes: on which day?", missing=None)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        known = words.words().outcomes.values()
        self.outcome.choices = [(each.key, each.name) for each in known]

    def texts(self) -> dict[str, str]:
        """What is said of how it ended. Refuses a day to come."""
        told = {"no": "No", "could-not": "We could not", "nobody": "It happened to nobody"}
        said = told.get(self.told.data or "", "")
        if self.told.data == "yes":
            if self.told_on.data is not None and self.told_on.data > clock.today():
                raise Refused("That day is still to come", "told_on")
            said = f"Yes, on {in_words(self.told_on.data)}" if self.told_on.data else "Yes"
        return {"because": self.because.data or "", "changed": self.changed.data or "",
                "told": said}  # fmt: skip


class ToDoForm(EntryForm):
    """Something to be done, by whom and until when."""

    what = TextArea("What has to be done?", limit=service.NOTE_LIMIT, missing=None)
    owner = Menu("Who does it?", missing="Choose who does it", coerce=int)
    due_on = DateParts("By which day?")

    def offer(self, team: Pairs) -> None:
        """Put in who may be chosen."""
        self.owner.choices = [("", "Choose"), *team]


class AddForm(EntryForm):
    """Something more to say of an entry; nothing that stands there is touched."""

    said = TextArea(
        "What is there to add?", limit=service.SAID_LIMIT, missing="Write what there is to add"
    )


class DoneForm(EntryForm):
    """How something that was to be done was done."""

    how = _why("What was done?")


class ShareForm(EntryForm):
    """What of an entry the office may read."""

    what = Choice(
        "What may the night office read?",
        choices=[("facts", "The facts"), ("words", "The facts, and what was seen and said")],
        missing="Choose what the office may read",
    )


class SearchForm(Form):
    """What is looked for in the book; sent, not put into the address, because of its words."""

    words = TextLine("Words to look for", limit=80, missing=None, render_kw=NAME_HINTS)
    people = Tick("Look at names and descriptions too")
    category = Menu("What", missing=None)
    kind = Menu("More exactly", missing=None)
    zone = Menu("Where", missing=None, coerce=int)
    relation = Menu("Who it is about", missing=None)
    part = Menu("Part of the night", missing=None)
    first = DateParts("From the night of", missing=None)
    last = DateParts("To the night of", missing=None)
    before = Hidden()

    def offer(self, rooms: Mapping[int, str]) -> None:
        """Put in what may be chosen."""
        known = words.words()
        self.category.choices = [("", "Anything"), *((c.key, c.name) for c in
                                                     known.categories.values())]  # fmt: skip
        self.kind.choices = [
            ("", "Anything"),
            *((key, f"{known.categories[kind.category].name}: {kind.name}")
              for key, kind in known.kinds.items()),
        ]  # fmt: skip
        self.zone.choices = [("", "Anywhere"), *rooms.items()]
        self.relation.choices = [("", "Anybody"), *_labels(Relation, but=(Relation.IN_CHARGE,))]
        self.part.choices = [("", "Any time"), *_labels(Part)]

    @property
    def sought(self) -> finding.Sought:
        """The facts that are looked for."""
        return finding.Sought(
            category=self.category.data or "",
            kind=self.kind.data or "",
            zone_id=self.zone.data,
            relation=self.relation.data or "",
            part=self.part.data or "",
            first=self.first.data,
            last=self.last.data,
        )

    @property
    def terms(self) -> list[str]:
        """The words that are looked for, as they are compared."""
        return finding.terms(self.words.data or "")

    def validate(self, extra_validators: Any = None) -> bool:
        """Something has to be asked, and a word has to be long enough to mean something."""
        is_valid = bool(super().validate(extra_validators))
        typed = self.words.data or ""
        if is_valid and typed and not self.terms:
            self.refuse(Refused(f"Enter a word of {finding.SHORTEST} letters or more", "words"))
            return False
        if is_valid and not typed and not self.sought.is_anything:
            self.refuse(Refused("Enter a word, or choose something to look for", "words"))
            return False
        return is_valid
