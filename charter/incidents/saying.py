"""An entry's facts in words: answers by their question, as pages and papers show them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from charter.core import clock
from charter.core.text import in_words
from charter.incidents import service, words
from charter.incidents.choices import Cctv, KnownBy, Relation, WhoLeft, Wish
from charter.incidents.models import Entry
from charter.incidents.rules import Line

SEVERITIES = {
    1: "1: minor",
    2: "2: upsetting",
    3: "3: somebody was hurt, or sexual touching",
    4: "4: police, ambulance, a weapon, or rape reported",
}
# What stands before each text that people write in a line; what was seen and said needs no name.
NAMES = {
    "said": "",
    "because": "Because",
    "acted_who": "Who dealt with it",
    "camera": "Camera",
    "saved_by": "Saved by",
    "late_why": "Why it was written late",
    "written_by": "On paper by",
    "why": "Why",
    "what": "",
    "how": "How",
    "changed": "What was changed",
    "told": "Was the person told?",
    "to": "Given to",
    "reference": "Their reference",
}
ACTED = {"me": "Whoever wrote this"}
PARTS = {"facts": "facts", "words": "words", "people": "people", "after": "what came of it"}


def night_words(night: date) -> str:
    """A night as people say it."""
    return f"the night of {in_words(night)}"


def happened_words(wall: str, fold: int, is_around: bool) -> str:
    """When something happened, as the clock on the wall showed it, and which pass of it."""
    shown = datetime.fromisoformat(wall)
    found = f"{in_words(shown.date())} at {shown:%H:%M}"
    if is_around:
        found = f"{found}, or around then"
    if clock.is_ambiguous(shown):
        which = "after" if fold else "before"
        found = f"{found} ({'second' if fold else 'first'} time, {which} the clocks went back)"
    return found


def kinds_words(keys: Iterable[str]) -> str:
    """Kinds by their names."""
    return ", ".join(words.names(keys))


def answers(state: Mapping[str, Any], rooms: Mapping[int, str]) -> dict[str, str]:
    """What an entry's facts say, by their question; what was not said is left out.

    `state` holds plain values, as `service.state` and the lines of the book do.
    """
    known = words.words()
    happened = happened_words(state["happened_wall"], state["fold"], state["is_around"])
    asked = {
        "Happened": happened,
        "Night": night_words(date.fromisoformat(state["night"])),
        "What": f"{words.category_name(state['category'])}: {kinds_words(state['kinds'])}",
        "Where": rooms.get(state["zone_id"] or 0, ""),
        "How serious": SEVERITIES.get(state["severity"], ""),
        "Who it is about": _label(Relation, state["relation"]),
        "How you knew": _label(KnownBy, state["known_by"]),
        "What they want": _labels(Wish, state["wish"]),
        "What was done": ", ".join(
            known.actions[key].name if key in known.actions else key for key in state["actions"]
        ),
        "Who dealt with it": ACTED.get(state["acted"] or "me", "Somebody else")
        if state["acted"]
        else "",
        "Who left": _label(WhoLeft, state["who_left"]),
        "CCTV": Cctv(state["cctv"]).label,
        **_licence(state["licence"]),
    }
    return {name: text for name, text in asked.items() if text}


def facts(
    entry: Entry, rooms: Mapping[int, str], first: Mapping[str, str], *, by: str
) -> list[tuple[str, str]]:
    """The facts of an entry as they stand, as rows.

    `first` are the words it began with, `by` the name of whoever wrote it.
    """
    found = answers(service.state(entry), rooms)
    if entry.acted == "me":
        found["Who dealt with it"] = by
    if first.get("acted_who") and found.get("Who dealt with it") == "Somebody else":
        found["Who dealt with it"] = first["acted_who"]
    return [(name, text[:1].upper() + text[1:]) for name, text in found.items()]


def _licence(given: Mapping[str, Any]) -> dict[str, str]:
    fields = {
        each.key: each.name for record in words.words().records.values() for each in record.fields
    }
    return {fields.get(key, key).rstrip("?"): str(value) for key, value in given.items()}


def _label(kind: Any, value: str | None) -> str:
    return kind(value).label if value in set(kind) else ""


def _labels(kind: Any, values: Iterable[str]) -> str:
    return ", ".join(filter(None, (_label(kind, value) for value in values)))


def worded(texts: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """The texts of a line with their names, in the order in which they are read."""
    order = list(NAMES)
    ends = len(order)
    for key in sorted(texts, key=lambda each: order.index(each) if each in NAMES else ends):
        name = NAMES[key] if key in NAMES else _licence_name(key)
        yield key, name, texts[key]


def _licence_name(key: str) -> str:
    wanted = key.partition(".")[2]
    for record in words.words().records.values():
        for each in record.fields:
            if each.key == wanted:
                return each.name.rstrip("?")
    return wanted


def notes(kind: Line, facts_: Mapping[str, Any], users: Mapping[int, str]) -> list[str]:
    """What a line says beside words and changed answers, each as a short sentence."""
    match kind:
        case Line.PEOPLE:
            return _people_notes(facts_)
        case Line.CCTV:
            return [Cctv(facts_["cctv"]).label]
        case Line.CLOSED:
            outcome = words.words().outcomes.get(facts_["outcome"])
            return [outcome.name if outcome else facts_["outcome"]]
        case Line.FOLLOW_UP:
            owner = users.get(facts_["owner"]) or "somebody who has left"
            return [f"{owner}, by {in_words(date.fromisoformat(facts_['due']))}"]
        case Line.SHARED:
            return [_shared_note(facts_)]
        case Line.WIPED:
            return [f"The {facts_['what']} were kept as long as they had to be, and are deleted"]
        case _:
            return []


def _people_notes(facts_: Mapping[str, Any]) -> list[str]:
    added, struck = len(facts_.get("add", ())), facts_.get("strike", ())
    found = [f"{added} {'person' if added == 1 else 'people'} written down"] if added else []
    return found + [f"Person {n} was written down wrongly" for n in struck]


def _shared_note(facts_: Mapping[str, Any]) -> str:
    if facts_["with"] == "office":
        what = "facts and words" if facts_["what"] == "words" else "facts"
        return f"With the night office: {what}"
    return f"With the police: {', '.join(PARTS[part] for part in facts_['parts'])}"
