"""What is added to an entry later, or corrected: dated lines that leave the old words there."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from charter.core import clock
from charter.core.db import CITY
from charter.core.errors import Refused
from charter.incidents import rules, service, words
from charter.incidents.choices import Cctv
from charter.incidents.models import Entry
from charter.incidents.rules import Line, State
from charter.incidents.service import Writer
from charter.venues.models import Venue


def may_amend(entry: Entry, writer: Writer) -> bool:
    """Whether somebody may still add to or correct an entry: their own for a day, or any of them
    if they look after the book."""
    if writer.manages:
        return True
    is_own = (entry.by_user_id, entry.by_member_id) == (writer.user_id, writer.member_id)
    return is_own and clock.now() - entry.made_at <= rules.OWN_AMENDMENTS


def amend(
    entry: Entry, venue: Venue, wanted: Mapping[str, Any], texts: Mapping[str, str], writer: Writer,
    *, corrects: Sequence[int] = (), why: str = "",
) -> bool:  # fmt: skip
    """Add to an entry, or correct it; whether there was anything to write.

    `wanted` are facts (of `rules.SAID`) as they should be now; `texts` what is added, by what it
    is. What stood before and changes, and lines whose words are wrong (`corrects`), is a
    correction and needs `why`. Old words stay to be read. Refuses whoever may not, an entry whose
    words are gone, and what would make it one about somebody in charge.
    """
    if not may_amend(entry, writer):
        raise Refused("You can add to an entry for 24 hours. Ask your manager to write this down")
    if entry.words_wiped_on is not None:
        raise Refused("The words of this entry are deleted, so it cannot be changed any more")
    before = service.state(entry)
    new = rules.changes(before, {key: wanted[key] for key in wanted if key in rules.SAID})
    said = {key: text for key, text in texts.items() if text}
    if not new and not said and not corrects:
        return False
    _judge_changes(entry, before, new, said)
    if said.get("said"):
        new["has_words"] = True
    if "happened_wall" in new or "cctv" in new:
        new["cctv_until"] = _cctv_until({**before, **new}, venue)
    is_correction = bool(corrects) or _corrects(before, new)
    if is_correction and not why:
        raise Refused("Say why you correct this. The old words stay", "why")
    kind = Line.AMENDED if is_correction else Line.ADDED
    facts: State = {"set": new}
    if corrects:
        facts["corrects"] = sorted(corrects)
    verb = "entry.amended" if is_correction else "entry.added"
    service.add_line(entry, kind, facts, writer, {**said, "why": why}, verb=verb)
    return True


def _corrects(before: State, new: State) -> bool:
    """Whether something that had been said is said otherwise; what only joins a list is added."""
    for key in new.keys() & _STATED:
        was = before[key]
        if isinstance(was, list) and set(was) <= set(new[key]):
            continue
        if isinstance(was, dict) and was.items() <= new[key].items():
            continue
        if was not in (None, [], {}, ""):
            return True
    return False


# What counts as corrected when it changes; the rest follows from these.
_STATED = frozenset(
    {
        *("kinds", "zone_id", "happened_wall", "relation", "known_by", "wish", "who_left"),
        *("acted", "actions", "severity", "licence"),
    }
)


def _judge_changes(entry: Entry, before: State, new: State, said: Mapping[str, str]) -> None:
    if "kinds" in new and not new["kinds"]:
        raise Refused(service.AGAIN, "kinds")
    known = words.kinds()
    if not set(new.get("kinds", ())) - set(before["kinds"]) <= set(known):
        raise Refused(service.AGAIN, "kinds")
    in_charge = (known[key].is_about_in_charge for key in new.get("kinds", ()) if key in known)
    if entry.book != CITY and rules.is_restricted(in_charge, new.get("relation")):
        raise Refused(
            "An entry about somebody who runs the place goes to the night office. "
            "Write a new entry and say there who it is about",
            "relation",
        )
    service.judge_facts(new)
    if "zone_id" in new:
        service.judge_zone(entry.venue_id, new["zone_id"])
    if "actions" in new:
        service.judge_choices(new["actions"], said.get("because", ""))


def _cctv_until(new: State, venue: Venue) -> str | None:
    if new["cctv"] == Cctv.NO:
        return None
    happened = datetime.fromisoformat(new["happened_wall"]).date()
    return rules.cctv_until(happened, venue.licence_cctv_days).isoformat()


def set_cctv(entry: Entry, state_: Cctv, writer: Writer, *, camera: str, who: str = "") -> None:
    """Say that what a camera saw was saved (by whom, which camera), is lost, or is not there."""
    if entry.words_key is None:
        raise Refused("The words of this entry are deleted, so it cannot be changed any more")
    if state_ is Cctv.SAVED and not camera:
        raise Refused("Enter which camera it was", "camera")
    facts = {"cctv": state_.value}
    texts = {"camera": camera, "saved_by": who}
    service.add_line(
        entry, Line.CCTV, facts, writer, texts, verb="entry.cctv", detail={"cctv": state_.value}
    )
