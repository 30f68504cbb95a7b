"""Writes a new entry in the book, and carries an entry on with every later line.

Nothing is ever overwritten: every verb appends a line to the book's chain and carries the entry on
by `rules.applied`, so that an entry is always what its lines come to. An entry about somebody who
runs the place goes into the office's own series (`CITY`): the venue's book, its numbers and its
trail never know of it. Verbs need the book's lock, note the trail and do not commit.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select

from charter import config
from charter.core import clock, mail, trail
from charter.core.db import CITY, Counts, db, touch
from charter.core.errors import Refused
from charter.core.trail import Plain
from charter.incidents import chain, rules, sealing, words
from charter.incidents.choices import Cctv, KnownBy, Relation, Team, WhoLeft, Wish
from charter.incidents.models import BookLine, Entry, EntryDraft
from charter.incidents.rules import Happened, Line, State
from charter.venues import places
from charter.venues.models import Venue

SAID_LIMIT = 5000
NOTE_LIMIT = 500
AGAIN = "Choose what happened"


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: a signed-in person, or somebody of the list on the venue's own phone.

    `manages`: may correct and read what others wrote.
    """

    team: Team
    user_id: int | None = None
    member_id: int | None = None
    manages: bool = False

    @property
    def by(self) -> tuple[int | None, int | None]:
        """As a line says it: a user, a member of the list, or neither."""
        return self.user_id, self.member_id


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody says of an entry; what is None was not said. Texts are already clean."""

    kinds: Sequence[str] = ()
    happened: Happened | None = None
    zone_id: int | None = None
    spot: tuple[int, int] | None = None
    said: str = ""
    actions: Sequence[str] = ()
    because: str = ""
    acted: str | None = None
    acted_who: str = ""
    relation: str | None = None
    known_by: str | None = None
    wish: Sequence[str] = ()
    who_left: str | None = None
    cctv: str = Cctv.UNKNOWN.value
    camera: str = ""
    late_why: str = ""
    severity: int | None = None
    licence: Mapping[str, str | int] = field(default_factory=dict)
    licence_words: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_restricted(self) -> bool:
        """Whether it is about somebody who runs the place."""
        known = words.kinds()
        in_charge = (known[key].is_about_in_charge for key in self.kinds if key in known)
        return rules.is_restricted(in_charge, self.relation)

    @property
    def words(self) -> dict[str, str]:
        """The texts, by what they are."""
        return {
            "said": self.said,
            "because": self.because,
            "acted_who": self.acted_who,
            "camera": self.camera,
            "late_why": self.late_why,
            **{f"licence.{key}": text for key, text in self.licence_words.items()},
        }


@dataclass(frozen=True, slots=True)
class Paper:
    """That an entry was first written on a printed page: which, by whom, on which day."""

    page_id: int
    written_by: str
    written_on: date


def when(wall: datetime, fold: int | None, *, is_around: bool = False) -> Happened:
    """When something happened, from what the clock on the wall showed.

    Refuses, for `time` or `fold`, a time that never was, one that was twice (without `fold`), one
    to come, and one over a year ago.
    """
    if fold is None and clock.is_ambiguous(wall):
        raise Refused(
            "The clocks went back that night, so that time was there twice. Say which", "fold"
        )
    try:
        at = clock.instant(wall, fold or 0)
    except Refused as refused:
        raise Refused(refused.words, "time") from refused
    now = clock.now()
    if at > now + rules.AHEAD:
        raise Refused("That time is still to come. Check the day and the time", "time")
    if at < now - rules.OLDEST:
        raise Refused("That is more than a year ago. Ask the night office what to do", "time")
    return Happened(at, wall, fold or 0, clock.night_of(at), is_around)


def just_now(*, is_around: bool = False) -> Happened:
    """This moment."""
    now = clock.now()
    wall = clock.wall(now)
    at = wall.local.replace(second=0, microsecond=0)
    return Happened(clock.instant(at, wall.fold), at, wall.fold, clock.night_of(now), is_around)


def book_of(venue_id: int, written: Written) -> int:
    """The series an entry belongs to: the venue's, or the office's own (`CITY`)."""
    return CITY if written.is_restricted else venue_id


def by_once(venue_id: int, once: str, writer: Writer) -> Entry | None:
    """The entry that a form's token already made, for whoever sent it."""
    return db.session.scalar(
        select(Entry).where(
            Entry.once == once,
            Entry.venue_id == venue_id,
            Entry.by_user_id == writer.user_id,
            Entry.by_member_id == writer.member_id,
        )
    )


def is_used(once: str) -> bool:
    """Whether an entry was ever made by the form with this token, whoever sent it."""
    return db.session.scalar(select(Entry.id).where(Entry.once == once)) is not None


def write(
    venue: Venue,
    written: Written,
    writer: Writer,
    *,
    once: str,
    paper: Paper | None = None,
    late_hours: int = rules.LATE_HOURS,
) -> Entry:
    """Write one entry, with the next number of its book. Needs the lock of that book.

    The same `once` again gives the same entry. Refuses a form that was saved in another book
    before, nothing chosen, a room that is not the venue's, a lateness without its reason, and
    "nothing was done" without one.
    """
    known, book = by_once(venue.id, once, writer), book_of(venue.id, written)
    if known is not None and known.book == book:
        return known
    if known is not None or is_used(once):
        # Changed after it was saved into what belongs in another book: that is a new entry.
        raise Refused("This form was saved before. Press “Save entry” to write a new entry")
    if written.happened is None:
        raise Refused("Say when it happened", "when")
    _judge(venue.id, written)
    now = clock.now()
    late = rules.is_late(written.happened.at, now, late_hours)
    if late and not written.late_why and paper is None:
        raise Refused(
            f"This is more than {late_hours} hours ago. Say why it is written only now", "late_why"
        )
    number = (db.session.scalar(select(func.max(Entry.number)).where(Entry.book == book)) or 0) + 1
    facts: State = {
        "number": number,
        "venue_id": venue.id,
        "team": writer.team.value,
        "late_hours": late_hours,
        "set": _facts(written, venue),
        "once": sealing.token_digest(once),
        "keys": {},
    }
    texts = written.words
    if paper is not None:
        facts |= {"paper": paper.page_id, "written_on": paper.written_on.isoformat()}
        texts["written_by"] = paper.written_by
    entry = Entry(book=book, once=once, by_user_id=writer.user_id, by_member_id=writer.member_id)
    carry(entry, rules.begun(facts, now, clock.local(now).date()))
    keys = {"words": sealing.new_key(), "names": sealing.new_key()}
    entry.words_key, entry.names_key = keys["words"], keys["names"]
    facts["keys"] = {what: sealing.token_digest(key) for what, key in keys.items()}
    db.session.add(entry)
    db.session.flush()
    chain.append(book, Line.ENTRY, facts, entry=entry, words=texts, by=writer.by, at=now)
    db.session.execute(delete(EntryDraft).where(EntryDraft.once == once))
    member: dict[str, Plain] = {"member": writer.member_id} if writer.member_id else {}
    note(entry, "entry.written", writer.user_id, {"late": entry.is_late, **member})
    if book == CITY:
        _tell_the_office(number)
    return entry


def _tell_the_office(number: int) -> None:
    """Mail the office that something waits in its own book; the mail says nothing of it."""
    settings = config.current()
    link = f"{settings.public_url}/office/books"
    mail.post("something-waits", settings.city.office_email, dedupe=f"R/{number}", link=link)


def _judge(venue_id: int, written: Written) -> None:
    known = words.kinds()
    if not written.kinds or not set(written.kinds) <= set(known):
        raise Refused(AGAIN, "kinds")
    judge_zone(venue_id, written.zone_id)
    judge_choices(written.actions, written.because)
    judge_facts({key: getattr(written, key) for key in (*_FIXED, "wish", "licence", "severity")})


ACTED = ("me", "other")
_FIXED: Mapping[str, Collection[str]] = {
    "relation": tuple(Relation),
    "known_by": tuple(KnownBy),
    "who_left": tuple(WhoLeft),
    "cctv": tuple(Cctv),
    "acted": ACTED,
}


def judge_facts(said: Mapping[str, Any]) -> None:
    """Refuse an answer that is none of those offered.

    Facts stay for ever, so no text that somebody typed may stand among them.
    """
    for key, offered in _FIXED.items():
        if said.get(key) is not None and said[key] not in offered:
            raise Refused("Choose from what is shown", key)
    if not set(said.get("wish") or ()) <= set(Wish):
        raise Refused("Choose from what is shown", "wish")
    if said.get("category") not in (None, *words.words().categories):
        raise Refused("Choose from what is shown", "kinds")
    if said.get("severity") not in (None, 1, 2, 3, 4):
        raise Refused("Choose from what is shown", "severity")
    _judge_licence(said.get("licence") or {})


def _judge_licence(licence: Mapping[str, str | int]) -> None:
    offered = {
        each.key: each for record in words.words().records.values() for each in record.fields
    }
    for key, answer in licence.items():
        field = offered.get(key)
        is_number = field is not None and field.number and type(answer) is int
        if field is None or not (is_number or answer in field.choices):
            raise Refused("Choose from what is shown", f"licence-{key}")


def judge_zone(venue_id: int, zone_id: int | None) -> None:
    """Refuse a room that is not one of the venue's."""
    if zone_id is not None and zone_id not in {room.id for room in places.rooms(venue_id)}:
        raise Refused("Choose one of the places shown", "zone")


def judge_choices(actions: Collection[str], because: str) -> None:
    """Refuse actions that are not offered, and one that asks why without saying."""
    offered = words.words().actions
    if not set(actions) <= set(offered):
        raise Refused("Choose from what is shown", "actions")
    whys = [offered[key] for key in actions if offered[key].because]
    if whys and len(actions) > 1:
        raise Refused(f"You ticked “{whys[0].name}” and something else. Take one off", "actions")
    if whys and not because:
        raise Refused("Say why nothing was done", "because")


def _facts(written: Written, venue: Venue) -> State:
    """What is said, as facts; keys that were not said are left out."""
    known = words.kinds()
    order = list(known)
    kinds = sorted(set(written.kinds), key=order.index)
    found: State = {
        "category": known[kinds[0]].category if kinds else None,
        "kinds": kinds,
        "severity": written.severity or max((known[key].severity for key in kinds), default=1),
        "zone_id": written.zone_id,
        "actions": list(written.actions),
        "acted": written.acted,
        "relation": written.relation,
        "known_by": written.known_by,
        "wish": list(written.wish),
        "who_left": written.who_left,
        "licence": dict(written.licence),
        "has_words": bool(written.said),
        "cctv": written.cctv,
        "cctv_until": None,
    }
    if written.spot is not None:
        found["spot_x"], found["spot_y"] = written.spot
    if written.happened is not None:
        found |= written.happened.facts
        if written.cctv != Cctv.NO:
            until = rules.cctv_until(written.happened.wall.date(), venue.licence_cctv_days)
            found["cctv_until"] = until.isoformat()
    return found


def state(entry: Entry) -> State:
    """An entry as the state its lines came to."""
    return rules.state_of({key: getattr(entry, key) for key in _COLUMNS})


_COLUMNS = (
    *sorted(rules.SAID - {"has_words"}),
    *("number", "venue_id", "team", "late_hours", "has_words", "paper_page_id", "made_at"),
    *("is_late", "is_complete", "cctv_saved_at", "read_at", "state", "outcome", "closed_at"),
    *("shared", "is_held", "since_on", "words_wiped_on", "names_wiped_on"),
)


def carry(entry: Entry, new: State) -> None:
    """Have an entry's columns say what its lines come to now."""
    for key, value in rules.columns(new).items():
        setattr(entry, key, value)


def add_line(
    entry: Entry,
    kind: Line,
    facts: Mapping[str, Any],
    writer: Writer,
    texts: Mapping[str, str] | None = None,
    *,
    verb: str,
    detail: Mapping[str, Plain] | None = None,
) -> BookLine:
    """Append a line to an entry, carry the entry on, and note the trail; the line."""
    line = chain.append(entry.book, kind, facts, entry=entry, words=texts, by=writer.by)
    carry(entry, rules.applied(state(entry), kind, facts, line.at, clock.local(line.at).date()))
    db.session.flush()
    note(entry, verb, writer.user_id, detail)
    return line


def note(
    entry: Entry, verb: str, by: int | None, detail: Mapping[str, Plain] | None = None
) -> None:
    """Note in the trail what was done with an entry, by its number; a venue's is counted again."""
    if entry.book == CITY:
        trail.note(verb, "office-entry", entry.number, by=by, **_more(detail))
        return
    trail.note(verb, "entry", entry.number, venue_id=entry.book, by=by, **_more(detail))
    touch(entry.book, counts=Counts.BOOK)


def note_only(
    entry: Entry, verb: str, by: int | None, detail: Mapping[str, Plain] | None = None
) -> None:
    """Note in the trail that an entry was opened; nothing about the venue changed."""
    chain_of = None if entry.book == CITY else entry.book
    thing = "office-entry" if entry.book == CITY else "entry"
    trail.note(verb, thing, entry.number, venue_id=chain_of, by=by, **_more(detail))


def _more(detail: Mapping[str, Plain] | None) -> dict[str, Any]:
    return dict(detail or {})
