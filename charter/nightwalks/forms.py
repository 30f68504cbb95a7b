"""What a person chooses and types about a night walk."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from secrets import token_hex
from typing import Any, Self, cast

from wtforms import Field
from wtforms.validators import Regexp

from charter.core import clock
from charter.core.clocktimes import ClockTime
from charter.core.dateparts import DateParts
from charter.core.fields import Choice, EmailField, Form, Hidden, Menu, TextArea, TextLine
from charter.core.photos import PhotoForm
from charter.core.text import clean_line
from charter.nightwalks import service
from charter.nightwalks.models import FaultRecipient, NightWalk, WalkStop
from charter.nightwalks.rules import State, Thing
from charter.nightwalks.service import Plan


class PlanForm(Form):
    """A walk to plan."""

    once = Hidden(default=lambda: token_hex(16), validators=[Regexp(r"[0-9a-f]{32}\Z")])
    title = TextLine(
        "What is it called?", limit=80, missing="Give it a name, like: Station to the harbour"
    )
    day = DateParts("Which day?")
    time = ClockTime("When do you meet?", missing="Enter the time you meet, like 22:30")
    meeting_place = TextLine("Where do you meet?", limit=120, missing="Say where you meet")
    stops = TextArea(
        "The stops, in the order of the way", limit=5000, counts=False,
        missing="Enter the stops, one on each line, like: the door of the station",
    )  # fmt: skip

    @property
    def plan(self) -> Plan:
        """What was typed; the form is valid. Raises Refused for a time that never was."""
        at = self.time.instant(cast(date, self.day.data))
        stops = [clean_line(each, 5000) for each in (self.stops.data or "").splitlines()]
        return Plan(
            self.title.data or "",
            at,
            self.meeting_place.data or "",
            [each for each in stops if each],
        )

    @classmethod
    def of(cls, row: NightWalk, stops: Sequence[WalkStop], *, again: bool = False) -> Self:
        """The form of a walk; `again`: of one that repeats it, whose day is still to be chosen."""
        at = clock.local(row.meets_at)
        data = {
            "title": row.title,
            "time": f"{at:%H:%M}",
            "meeting_place": row.meeting_place,
            "stops": "\n".join(each.words for each in stops),
        }
        return cls(data=data if again else data | {"day": at.date()})


class StopForm(PhotoForm):
    """How a walker rates one stop. The fields of the things are called by their keys."""

    words = TextArea("What did you see?", limit=service.NOTE_LIMIT, missing=None, counts=False)
    things: Sequence[Thing]

    @classmethod
    def of(cls, things: Sequence[Thing], values: Mapping[str, int], words: str) -> Self:
        """The form of a stop as it was answered so far."""
        fields: dict[str, Any] = {"things": things}
        for each in things:
            choices = [(str(n), words) for n, words in reversed(list(enumerate(each.steps)))]
            fields[f"rate-{each.key}"] = Choice(
                f"{each.name}: {each.asks}", choices=choices, missing=None, coerce=int,
                default=values.get(each.key),
            )  # fmt: skip
        made: type[Self] = type("StopForm", (cls,), fields)
        return made(data={"words": words})

    @property
    def rated(self) -> list[tuple[Thing, Field]]:
        """The things with their fields, in order."""
        return [(each, self[f"rate-{each.key}"]) for each in self.things]

    @property
    def values(self) -> dict[str, int]:
        """What was chosen."""
        return {each.key: field.data for each, field in self.rated if field.data is not None}


class FaultForm(Form):
    """Something to be mended in the street."""

    thing = Hidden()
    stop = Menu("At which stop?", missing="Choose the stop", coerce=int)
    what = TextArea("What has to be mended?", limit=500, missing="Say what has to be mended")
    to = Menu("Who mends it?", missing="Choose who mends it", coerce=int)
    due_on = DateParts("By when?")

    def offer(self, stops: Collection[WalkStop], to: Collection[FaultRecipient]) -> None:
        """Say which stops and recipients there are."""
        self.stop.choices = [("", "Choose"), *((e.id, f"{e.number}. {e.words}") for e in stops)]
        self.to.choices = [("", "Choose"), *((each.id, each.name) for each in to)]


class RecipientForm(Form):
    """Somebody who mends faults."""

    name = TextLine("Who?", limit=80, missing="Enter who mends it, like: street lighting")
    mends = TextLine("What do they mend?", limit=200, missing="Say what they mend")
    email = EmailField("Their e-mail address", missing=None)


class AnswerForm(PhotoForm):
    """What became of a fault."""

    state = Choice(
        "What became of it?",
        choices=[
            (State.FIXED.value, "It is fixed"),
            (State.DECLINED.value, "It is not ours, or it cannot be done"),
        ],
        missing="Choose what became of it",
    )
    words = TextArea("In a few words", limit=500, missing=None)
