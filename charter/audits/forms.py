"""What a person may choose, type or add on a safety walk and about what has to be mended."""

from collections.abc import Sequence
from datetime import date, datetime
from secrets import token_hex
from typing import Any, Self, cast

from werkzeug.datastructures import FileStorage
from wtforms import Field
from wtforms.validators import Regexp, ValidationError

from charter.accounts.models import Membership
from charter.audits import walks
from charter.audits.models import Action, Audit
from charter.audits.results import Room
from charter.audits.rules import CHECKS, COSTS, FULLNESS, ROLES, WEATHER, Kind
from charter.audits.template import DOES_NOT_APPLY, MOST_COUNTED, Answer, Question
from charter.audits.walks import Conditions, Given, Seen, Walk
from charter.core.clocktimes import ClockTime
from charter.core.dateparts import DateParts
from charter.core.errors import Refused
from charter.core.fields import (
    ACCEPT_PHOTOS,
    Choice,
    Choices,
    Form,
    Hidden,
    Menu,
    TextArea,
    TextLine,
    Tick,
    UploadField,
    YesNo,
)
from charter.core.files import Received
from charter.core.photos import PhotoForm
from charter.venues.forms import WholeNumber

NOBODY = "Nobody can be seen on my photos"


def _once() -> Hidden:
    return Hidden(default=lambda: token_hex(16), validators=[Regexp(r"[0-9a-f]{32}\Z")])


class _ConditionsForm(Form):
    """How it is on the walk."""

    is_open = YesNo("Are you open to guests?", missing="Say whether you are open")
    is_dark = YesNo("Is it dark outside?", missing="Say whether it is dark outside")
    fullness = Choice("How full is it?", choices=list(FULLNESS.items()), missing="Choose how full")
    weather = Choice(
        "What is the weather like?", choices=list(WEATHER.items()), missing="Choose the weather"
    )

    @property
    def conditions(self) -> Conditions:
        """What was chosen; the form is valid."""
        return Conditions(
            bool(self.is_open.data),
            bool(self.is_dark.data),
            self.fullness.data or "",
            self.weather.data or "",
        )


class BeginForm(_ConditionsForm):
    """A walk that begins now."""

    once = _once()
    size = Choice("Which walk?", missing="Choose which walk")

    def offer(self, quick: int, whole: int) -> None:
        """Say how many questions each has for this venue."""
        self.size.choices = [
            ("quick", f"Quick walk: {quick} questions, about 15 minutes"),
            ("whole", f"Whole walk: {whole} questions, about an hour"),
        ]


class PaperForm(BeginForm):
    """A walk that was done on paper and is typed in now."""

    is_open = YesNo("Were you open to guests?", missing="Say whether you were open")
    is_dark = YesNo("Was it dark outside?", missing="Say whether it was dark outside")
    walked_on = DateParts("Which day did you walk?")
    walked_time = ClockTime(
        "At what time did you begin?", missing="Enter the time you began, like 23:15"
    )

    @property
    def walked_at(self) -> datetime:
        """The instant at which it began. Raises Refused for a time that never was."""
        return self.walked_time.instant(cast(date, self.walked_on.data))


class CheckForm(BeginForm):
    """A check by the office."""

    is_open = YesNo("Is it open to guests?", missing="Say whether it is open")
    kind = Choice(
        "What kind of check?",
        choices=[
            (Kind.ANNOUNCED.value, "Announced: the venue knows"),
            (Kind.UNANNOUNCED.value, "Not announced: the venue does not know before"),
            (Kind.COVERT.value, "As a guest: the venue does not know at all"),
        ],
        missing="Choose what kind of check it is",
        coerce=lambda value: Kind(value) if value in list(CHECKS) else value,
    )


class Photo(UploadField):
    """A photo of a place."""

    def __init__(self, label: str = "Photo", **kwargs: Any) -> None:
        super().__init__(label, missing=None, accept=ACCEPT_PHOTOS, **kwargs)


class RoomForm(Form):
    """One place of a walk: for each question an answer, a note, a photo, and what was seen.

    The fields of a question are called by the end of its key: `light-answer`, `light-note`,
    `light-photo` and `light-seen`, so that no key can be a name that forms have already. `of` makes
    the form of a place.
    """

    room: Room

    @classmethod
    def of(cls, walk: Walk, room: Room, **kwargs: Any) -> Self:
        """The form of a place, as it was answered so far."""
        fields: dict[str, Any] = {"room": room}
        for each in room.questions:
            row, name = walk.rows.get((room.place, each.key)), short(each.key)
            fields[f"{name}-answer"] = _value(each, row.value if row else None)
            fields[f"{name}-note"] = TextArea(
                "What did you see?" if each.answer is not Answer.TEXT else each.words,
                limit=walks.NOTE_LIMIT,
                missing=None,
                counts=False,
                default=row.note if row else "",
            )
            fields[f"{name}-photo"] = Photo()
            fields[f"{name}-seen"] = Hidden(default=str(Seen.of(row)))
        fields["nobody"] = Tick(NOBODY)
        made: type[Self] = type("RoomForm", (cls,), fields)
        return made(**kwargs)

    def of_question(self, question: Question, part: str = "answer") -> Field:
        """One of the fields of a question."""
        field: Field = self._fields[f"{short(question.key)}-{part}"]
        return field

    def value_of(self, question: Question) -> int | None:
        """What was answered, or None."""
        given = _GIVEN.get(question.answer)
        if given is not None:
            return 1 if self.of_question(question, given).data else None
        data: int | None = self.of_question(question).data
        return data

    def validate(self, extra_validators: Any = None) -> bool:
        """What would be refused is said beside its field before anything is written."""
        is_valid = bool(super().validate(extra_validators))
        for each in self.room.questions:
            field, note = self.of_question(each), self.of_question(each, "note").data
            value = self.value_of(each)
            if value is None and note and not field.errors:
                field.errors = [*field.errors, "Choose an answer too"]
            elif value == DOES_NOT_APPLY and not note:
                field.errors = [*field.errors, "Say in a few words why it does not apply"]
            else:
                continue
            is_valid = False
        if self.uploads() and not self.nobody.data:
            self.nobody.errors = [*self.nobody.errors, "Look at your photos, then tick this"]
            is_valid = False
        return is_valid

    def uploads(self) -> dict[str, FileStorage]:
        """The photos that were chosen, by question."""
        found = {each.key: self.of_question(each, "photo").data for each in self.room.questions}
        return {key: upload for key, upload in found.items() if upload}

    def given(self, photos: dict[str, Received]) -> list[Given]:
        """What was sent about each question, but for those with something wrong."""
        return [
            Given(
                each.key,
                1 if each.answer is Answer.PHOTO and each.key in photos else self.value_of(each),
                (self.of_question(each, "note").data or "").strip(),
                Seen.read(str(self.of_question(each, "seen").data or "")),
                photos.get(each.key),
            )
            for each in self.room.questions
            if not (self.of_question(each).errors or self.of_question(each, "note").errors)
        ]

    def refuse(self, refused: Refused) -> None:
        """A question's refusal stands beside its answer."""
        if refused.field:
            refused = Refused(refused.words, f"{short(refused.field)}-answer")
        super().refuse(refused)

    def refuse_photo(self, question: str, refused: Refused) -> None:
        """A photo that cannot be taken stands beside its own field."""
        field = self._fields[f"{short(question)}-photo"]
        field.errors = [*field.errors, refused.words]

    def show_apart(self, walk: Walk, apart: Sequence[str]) -> None:
        """Say what somebody else answered meanwhile; sent again, the answer here replaces it."""
        for each in self.room.questions:
            row = walk.rows.get((self.room.place, each.key))
            self.of_question(each, "seen").data = str(Seen.of(row))
            if each.key in apart and row is not None:
                field = self.of_question(each)
                said = f"Somebody else answered “{each.said(row.value)}” just now"
                field.errors = [*field.errors, f"{said}. Save again to keep what stands here"]


_GIVEN = {Answer.TEXT: "note", Answer.PHOTO: "photo"}


def short(key: str) -> str:
    """The name of a question's field: the end of its key."""
    return key.split(".", 1)[-1]


def _value(question: Question, value: int | None) -> Field:
    if question.answer is Answer.NUMBER:
        return Number(question.words, default=value)
    if question.answer in _GIVEN:
        return Hidden(question.words)
    choices = [(str(number), words) for number, words in question.choices.items()]
    return Choice(question.words, choices=choices, missing=None, coerce=int, default=value)


class Number(WholeNumber):
    """A count; what no walk ever counts is refused."""

    def pre_validate(self, form: Any) -> None:
        """Refuse a number that is too big."""
        if self.data is not None and self.data > MOST_COUNTED:
            raise ValidationError(f"Enter a number up to {MOST_COUNTED}")


class LeaveOutForm(Form):
    """Why nobody can go into a place."""

    why = TextLine(
        "Why can nobody go in?",
        limit=200,
        missing="Say why, like: locked tonight, the key is with the owner",
    )


class FinishForm(_ConditionsForm):
    """The end of a walk: how it was, and who walked, by their jobs."""

    is_open = YesNo("Were you open to guests?", missing="Say whether you were open")
    is_dark = YesNo("Was it dark outside?", missing="Say whether it was dark outside")
    fullness = Choice("How full was it?", choices=list(FULLNESS.items()), missing="Choose how full")
    weather = Choice(
        "What was the weather like?", choices=list(WEATHER.items()), missing="Choose the weather"
    )
    roles = Choices("Who walked? No names, tick their jobs", choices=list(ROLES.items()))
    woman = YesNo(
        "Did a woman who is not the manager take part?", missing="Say whether a woman took part"
    )
    note = TextArea("Anything else?", limit=walks.NOTE_LIMIT, missing=None)

    @classmethod
    def of(cls, row: Audit) -> Self:
        """The form as the walk began."""
        names = ("is_open", "is_dark", "fullness", "weather", "roles", "note")
        return cls(data={name: getattr(row, name) for name in names})


class DropForm(Form):
    """Giving a walk up."""

    sure = Tick("Yes, throw its answers and photos away", missing="Tick that you are sure")


class PlanForm(Form):
    """What is wrong, and the plan for it."""

    wrong = TextArea("What is wrong?", limit=500, missing="Say what is wrong")
    fix = TextArea("What will you do?", limit=500, missing="Say what you will do")
    owner = Menu("Who does it?", missing=None, coerce=int)
    due_on = DateParts("By when?", missing=None)
    cost = Choice(
        "About what will it cost?", missing=None, choices=[(key, v) for key, v in COSTS.items()]
    )

    @classmethod
    def of(cls, row: Action, team: Sequence[Membership], gone: str) -> Self:
        """The form as the plan is; `gone` is the name of an owner who left the team."""
        data = {"wrong": row.wrong, "fix": row.fix, "owner": row.owner_id, "due_on": row.due_on}
        made = cls(data=data | {"cost": row.cost or None})
        people = {each.user_id: each.user.name for each in team}
        if row.owner_id is not None and row.owner_id not in people:
            people[row.owner_id] = f"{gone} (left)"
        made.owner.choices = [("", "Nobody yet"), *people.items()]
        return made


class DoneForm(PhotoForm):
    """That something is mended: what was done, and a photo from after."""

    words = TextArea("What did you do?", limit=500, missing=None)


class ActionDropForm(Form):
    """That nothing will be done, and why."""

    words = TextArea("Why is nothing done about it?", limit=500, missing="Say why")
