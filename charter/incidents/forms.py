"""What somebody may say in a new entry, and what it comes to: the same form on every screen.

An account, the venue's own phone and a page typed in from paper all fill in this form. Nothing but
what happened and when is asked for; the service judges the rest.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, ClassVar

from werkzeug.datastructures import MultiDict
from wtforms import Field

from charter import config
from charter.core import clock
from charter.core.dateparts import DateParts
from charter.core.errors import Refused
from charter.core.fields import Choice, Choices, Form, Hidden, TextArea, TextLine, Tick
from charter.incidents import rules, saying, service, words
from charter.incidents.book_forms import NAME_HINTS, licence_field, licence_name
from charter.incidents.choices import Cctv, KnownBy, Relation, WhoLeft, Wish
from charter.incidents.people import NAME_LIMIT
from charter.incidents.rules import Happened
from charter.incidents.service import Written
from charter.incidents.words import Category, Record
from charter.venues import places
from charter.venues.models import Venue

NOW, TONIGHT, OTHER = "now", "tonight", "other"
MORNING_ENDS = 12  # until noon "earlier tonight" is also the night that just ended
FIRST_ROOMS = 8
_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:. ]?([0-5][0-9])")
_ONCE = re.compile(r"[0-9a-f]{32}")
_NUMERIC = {"inputmode": "numeric", "autocomplete": "off"}
_NOT_KNOWN = ("", "Not said")


def _labels(kind: Any, *, but: Collection[Any] = ()) -> list[tuple[str, str]]:
    return [(each.value, each.label) for each in kind if each not in but]


def _ticks(label: str, **more: Any) -> Choices:
    """Boxes to tick; a tick of nothing is none."""
    return Choices(label, filters=[lambda ticked: [each for each in ticked or () if each]], **more)


class EntryForm(Form):
    """One new entry. `records` are the licence records that the venue has switched on."""

    once = Hidden()
    kinds = _ticks("What happened?", missing=service.AGAIN)
    when = Choice(
        "When?",
        choices=[(NOW, "Just now"), (TONIGHT, "Earlier tonight"), (OTHER, "Another night")],
        default=NOW,
        missing="Say when it happened",
    )
    tonight_at = TextLine("At what time?", limit=8, missing=None, render_kw=_NUMERIC)
    other_on = DateParts("On which day?", missing=None)
    other_at = TextLine("At what time that day?", limit=8, missing=None, render_kw=_NUMERIC)
    fold = Choice(
        "The clocks went back that night. Which time was it?",
        choices=[("0", "Before the clocks went back"), ("1", "After the clocks went back")],
        missing=None,
    )
    is_around = Tick("It was around that time")
    late_why = TextArea(
        "Why is it written only now?", limit=service.NOTE_LIMIT, missing=None, counts=False
    )
    zone = Choice("Where?", missing=None, coerce=int)
    said = TextArea("What was seen and said", limit=service.SAID_LIMIT, missing=None, counts=False)
    actions = _ticks("What we did")
    because = TextArea(
        "Why was nothing done?", limit=service.NOTE_LIMIT, missing=None, counts=False
    )
    acted = Choice(
        "Who dealt with it?",
        choices=[("me", "I did"), ("other", "Somebody else")],
        default="me",
        missing=None,
    )
    acted_who = TextLine("Their name or role", limit=NAME_LIMIT, missing=None,
                         render_kw=NAME_HINTS)  # fmt: skip
    relation = Choice("Who is it about?", choices=[_NOT_KNOWN, *_labels(Relation)], missing=None)
    known_by = Choice("How do we know?", choices=[_NOT_KNOWN, *_labels(KnownBy)], missing=None)
    wish = _ticks("What does the person it happened to want?", choices=_labels(Wish))
    who_left = Choice("Who left?", choices=[_NOT_KNOWN, *_labels(WhoLeft)], missing=None)
    cctv = Choice(
        "CCTV",
        choices=_labels(Cctv, but=(Cctv.SAVED, Cctv.LOST)),
        default=Cctv.UNKNOWN.value,
        missing=None,
    )
    camera = TextLine("Which camera?", limit=NAME_LIMIT, missing=None)
    severity = Choice(
        "How serious was it?",
        choices=[("", "As what happened says"), *saying.SEVERITIES.items()],
        coerce=int,
        missing=None,
    )

    first_rooms: ClassVar[int] = FIRST_ROOMS

    def __init__(self, venue: Venue, records: Iterable[str] = (), **kwargs: Any) -> None:
        known = words.words()
        self.records: Sequence[Record] = [
            known.records[key] for key in records if key in known.records
        ]
        asked = [each for record in self.records for each in record.fields]
        extra = [(licence_name(each), licence_field(each)) for each in asked]
        # Which fields there are depends on the venue, so they are put in before they are bound.
        base: Any = type(self)
        self._unbound_fields: Any = [*(base._unbound_fields or ()), *extra]
        super().__init__(**kwargs)
        self.venue = venue
        self.kinds.choices = [
            (kind.key, kind.name) for kind in words.kinds().values() if kind.offered
        ]
        self.actions.choices = [(each.key, each.name) for each in known.actions.values()]
        rooms = [(room.id, room.name) for room in places.rooms(venue.id)]
        self.zone.choices = [("", "Not known yet"), *rooms]
        if not is_once(self.once.data or ""):
            self.once.data = token_hex(16)

    @property
    def token(self) -> str:
        """The token of this opening of the form: sent twice, it makes one entry."""
        return str(self.once.data)

    def renew(self) -> None:
        """Make it another opening of the form, with what is typed in it: a token of its own."""
        self.once.data = token_hex(16)

    @property
    def groups(self) -> Iterator[tuple[Category, list[tuple[str, str, bool, bool]]]]:
        """The categories, each with its kinds: key, name, whether ticked, whether in charge."""
        ticked = set(self.kinds.data or ())
        for group in words.words().categories.values():
            yield (
                group,
                [
                    (each.key, each.name, each.key in ticked, each.is_about_in_charge)
                    for each in group.kinds
                    if each.offered
                ],
            )

    @property
    def opened(self) -> str:
        """The category that is shown open: the first with a kind ticked, or where to begin."""
        if self.kinds.errors and not self.kinds.data:
            return next(iter(words.words().categories))
        return str((self.kinds.data or [""])[0]).partition(".")[0]

    def acts(self, *, first: bool) -> list[tuple[str, str, bool, bool]]:
        """The actions of the first screen, or the rest: key, name, ticked, whether it asks why."""
        ticked = set(self.actions.data or ())
        return [
            (each.key, each.name, each.key in ticked, each.because)
            for each in words.words().actions.values()
            if each.first is first
        ]

    @property
    def has_more(self) -> bool:
        """Whether something behind "more" was answered or is wrong, so that it is shown open."""
        return any(
            self[name].errors or self[name].data not in (None, "", [], Cctv.UNKNOWN.value)
            for name in (*_MORE, *(field.name for field in self.licence_fields()))
        )

    def licence_fields(self, record: Record | None = None) -> list[Field]:
        """The fields for what the licence asks, of one record or of all."""
        asked = [record] if record else self.records
        return [self[licence_name(each)] for one in asked for each in one.fields]

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether every answer can be taken; a time that never was is said with the rest."""
        is_right = super().validate(extra_validators)
        try:
            self.happened()
        except Refused as refused:
            self.refuse(refused)
            return False
        return bool(is_right)

    def written(self) -> Written:
        """What was said, as the service takes it. Refuses what no clock showed."""
        facts, texts = self._licence()
        acted = self.acted.data
        return Written(
            kinds=tuple(self.kinds.data or ()),
            happened=self.happened(),
            zone_id=self.zone.data,
            said=self.said.data or "",
            actions=tuple(self.actions.data or ()),
            because=(self.because.data or "") if self._asks_why() else "",
            acted=acted,
            acted_who=(self.acted_who.data or "") if acted == "other" else "",
            relation=self.relation.data,
            known_by=self.known_by.data,
            wish=tuple(self.wish.data or ()),
            who_left=self.who_left.data,
            cctv=self.cctv.data or Cctv.UNKNOWN.value,
            camera=self.camera.data or "",
            late_why=self.late_why.data or "",
            severity=self.severity.data,
            licence=facts,
            licence_words=texts,
        )

    def _asks_why(self) -> bool:
        known = words.words().actions
        return any(known[key].because for key in self.actions.data or () if key in known)

    def _licence(self) -> tuple[dict[str, str | int], dict[str, str]]:
        facts: dict[str, str | int] = {}
        texts: dict[str, str] = {}
        for record in self.records:
            for each in record.fields:
                typed = self[licence_name(each)].data
                if typed and each.is_fact:
                    facts[each.key] = int(typed) if each.number else typed
                elif typed:
                    texts[each.key] = typed
        return facts, texts

    def happened(self) -> Happened:
        """When it happened, by the choice made. Refuses what no clock showed, beside its field."""
        is_around = bool(self.is_around.data)
        if self.when.data == NOW:
            if self.tonight_at.data or self.other_at.data or self.other_on.data:
                raise Refused(
                    "You chose “Just now” and also wrote a time. Choose which it was", "when"
                )
            return service.just_now(is_around=is_around)
        if self.when.data == TONIGHT:
            wall, field = _tonight(*self._time(self.tonight_at)), "tonight_at"
        else:
            if self.other_on.data is None:
                raise Refused("Enter the day, like 20 11 2026", "other_on")
            hour, minute = self._time(self.other_at)
            wall = rules.wall_tonight(self.other_on.data, hour, minute, 0)
            field = "other_at"
        return self._at(wall, field, is_around=is_around)

    def _at(self, wall: datetime, field: str, *, is_around: bool) -> Happened:
        fold = int(self.fold.data) if self.fold.data and clock.is_ambiguous(wall) else None
        try:
            return service.when(wall, fold, is_around=is_around)
        except Refused as refused:
            raise Refused(refused.words, field if refused.field == "time" else "fold") from refused

    def _time(self, field: Field) -> tuple[int, int]:
        found = _TIME.fullmatch(field.data or "")
        if found is None:
            raise Refused("Enter the time in 4 numbers, like 2340 or 0115", field.name)
        return int(found[1]), int(found[2])


_MORE = ("relation", "known_by", "wish", "who_left", "cctv", "camera", "severity")


def _tonight(hour: int, minute: int, now: datetime | None = None) -> datetime:
    """The wall time meant by "earlier tonight": until noon also of the night that just ended."""
    now, ends = now or clock.now(), config.current().city.night_ends_hour
    night = clock.night_of(now)
    wall = rules.wall_tonight(night, hour, minute, ends)
    if ends <= clock.local(now).hour < MORNING_ENDS and _is_to_come(wall, now):
        return rules.wall_tonight(night - timedelta(days=1), hour, minute, ends)
    return wall


def _is_to_come(wall: datetime, now: datetime) -> bool:
    try:
        return clock.instant(wall) > now + rules.AHEAD
    except Refused:
        return False  # such a time never was, and that is what must be said


def is_once(token: str) -> bool:
    """Whether a token is one that a form carries."""
    return _ONCE.fullmatch(token) is not None


def typed(sent: MultiDict[str, str]) -> dict[str, list[str]]:
    """What was in a form, to be kept as a draft; its token is for this opening alone."""
    return {name: values for name, values in sent.lists() if name not in ("csrf_token", "keep")}


def resumed(kept: Mapping[str, Sequence[str]], saved_at: datetime) -> MultiDict[str, str]:
    """A draft as it is shown again; its "just now" was when it was last kept."""
    found = {name: list(values) for name, values in kept.items()}
    wrote_time = any(any(found.get(name, ())) for name in ("tonight_at", "other_at"))
    if found.get("when") == [NOW] and not wrote_time:
        wall = clock.local(saved_at)
        found |= {"is_around": ["y"]}
        if clock.night_of(saved_at) == clock.night_of(clock.now()):
            found |= {"when": [TONIGHT], "tonight_at": [f"{wall:%H:%M}"]}
        else:
            found |= _on_the_day(wall)
    return MultiDict(found)


def _on_the_day(wall: datetime) -> dict[str, list[str]]:
    parts = {f"other_on-{part}": [str(getattr(wall, part))] for part in ("day", "month", "year")}
    return {"when": [OTHER], "other_at": [f"{wall:%H:%M}"], **parts}


def arrived(sent: MultiDict[str, str], typed_at: datetime) -> MultiDict[str, str]:
    """What was saved at a moment and only comes now: "just now" and "tonight" as of then."""
    found = typed(sent)
    if found.get("when") == [NOW]:
        at = clock.wall(typed_at)
        fold = [str(at.fold)] if clock.is_ambiguous(_to_the_minute(at.local)) else found.get("fold")
        then = resumed(found | ({"fold": fold} if fold else {}), typed_at)
        # It was saved at that very moment, so it is no nearer or further than "just now" was.
        then.setlist("is_around", found.get("is_around", []))
        return then
    hour_and_minute = _TIME.fullmatch("".join(found.get("tonight_at", ())[:1]).strip())
    if found.get("when") == [TONIGHT] and hour_and_minute:
        hour, minute = int(hour_and_minute[1]), int(hour_and_minute[2])
        found |= _on_the_day(_tonight(hour, minute, typed_at))
    return MultiDict(found)


def _to_the_minute(wall: datetime) -> datetime:
    return wall.replace(second=0, microsecond=0)
