"""What the pages of a book show of many entries: facts in rows, never words; what to do next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from charter.accounts import service as accounts
from charter.core import clock
from charter.core.db import db
from charter.core.text import in_words
from charter.incidents import reading, record, rules, saying, words
from charter.incidents.choices import Cctv, Part
from charter.incidents.models import Entry, FollowUp
from charter.venues.models import Venue

MOST_STEPS = 3
SOON = max(rules.CCTV_WARNINGS)  # days before the last, from which saving it comes first
RECENT = 200  # of so many newest entries one is looked for that lacks something


@dataclass(frozen=True, slots=True)
class Row:
    """An entry in a list: its number and its facts in short. `marks` are states of a badge."""

    number: int
    night: str
    part: str
    what: str
    kinds: str
    room: str
    marks: Sequence[str]


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do next: what, about how many minutes, why; `page` and `number` say where."""

    title: str
    why: str
    minutes: int
    page: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class ToDoRow:
    """Something to be done in a list, without what it is."""

    number: int
    owner: str
    due_on: date
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Week:
    """What a champion looks at once a week: what nobody has read, and what waits."""

    unread: Sequence[Row]
    more: str
    cctv: Sequence[tuple[Row, int]]
    to_do: Sequence[ToDoRow]
    weeks: Sequence[date]

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to do at all."""
        return not (self.unread or self.cctv or self.to_do or self.weeks)


def rows(entries: Sequence[Entry], rooms: Mapping[int, str]) -> list[Row]:
    """Entries as rows of a list."""
    return [
        Row(
            number=each.number,
            night=f"{in_words(each.night)[:3]} {each.night.day} {each.night:%b %Y}",
            part=_PARTS[Part(each.part)],
            what=words.category_name(each.category),
            kinds=saying.kinds_words(each.kinds),
            room=rooms.get(each.zone_id or 0, ""),
            marks=marks(each),
        )
        for each in entries
    ]


# Shorter than their labels, for one line of a list.
_PARTS = {
    Part.DAY: "by day",
    Part.EARLY: "18:00 to 21:00",
    Part.EVENING: "21:00 to midnight",
    Part.MIDNIGHT: "midnight to 2:00",
    Part.SMALL: "2:00 to 6:00",
}


def marks(each: Entry) -> list[str]:
    """The states of an entry, by the words of their badges."""
    found = {
        each.state: True,
        "late": each.is_late,
        "from paper": each.paper_page_id is not None,
        "shared": bool(each.shared),
        "kept for longer": each.is_held,
    }
    return [state for state, is_so in found.items() if is_so]


def own(venue_id: int, user_id: int, before: int | None) -> list[Row]:
    """What somebody wrote themselves, as rows."""
    return rows(reading.own(venue_id, user_id, before=before), record.room_names(venue_id))


def days_words(days: int) -> str:
    """How many days are left."""
    return {0: "today is the last day", 1: "1 day left"}.get(days, f"{days} days left")


def days_left(each: Entry) -> int | None:
    """How many days what a camera saw is still there; negative when it is overwritten."""
    is_open = each.cctv in (Cctv.WANTED, Cctv.UNKNOWN) and each.cctv_until is not None
    return (each.cctv_until - clock.today()).days if is_open and each.cctv_until else None


def weeks_to_sign(venue: Venue) -> list[date]:
    """The weeks without an entry or a signature, the newest first; none before the venue signed."""
    since = venue.signed_on or date.min
    weeks = reading.weeks_to_sign(venue.id)
    return [week for week in weeks if week + timedelta(days=6) >= since]


def steps(venue: Venue) -> list[Step]:
    """At most three things to do next in a book, the most urgent first."""
    venue_id, today = venue.id, clock.today()
    cctv = reading.cctv_to_save(venue.id, today, limit=1)
    is_soon = any((days_left(each) or 0) <= SOON for each in cctv)
    found = [_save_cctv(each) for each in cctv if is_soon]
    unread = reading.count_unread(venue_id)
    if unread:
        verb = "waits" if unread == 1 else "wait"
        title = f"{reading.many(unread)} {verb} to be read"
        minutes = min(15, 1 + unread // 3)
        found.append(Step(title, "Somebody who runs the place reads them each week.", minutes,
                          "week"))  # fmt: skip
    for row, number in reading.to_do(venue_id, limit=1):
        if row.due_on < today:
            why = f"It came out of entry {number}, and was for {in_words(row.due_on)}."
            found.append(Step("Something to do is overdue", why, 5, "entry", number))
    found += [_save_cctv(each) for each in cctv if not is_soon]
    return _calmer(venue, found)[:MOST_STEPS]


def _save_cctv(each: Entry) -> Step:
    left = days_words(days_left(each) or 0)
    why = f"Entry {each.number} says that a camera may have seen it. Then it is overwritten."
    return Step(f"Save the CCTV: {left}", why, 10, "cctv", each.number)


def _calmer(venue: Venue, found: list[Step]) -> list[Step]:
    """What comes after what is urgent; not asked for where there is no room for it."""
    if len(found) < MOST_STEPS:
        weeks = weeks_to_sign(venue)
        if weeks:
            why = "Nothing is in the book for it. Was there nothing, or was it not written down?"
            title = f"Sign a quiet week: from {in_words(weeks[-1])}"
            found.append(Step(title, why, 1, "week"))
    if len(found) < MOST_STEPS:
        number = _incomplete(venue.id)
        if number:
            why = "Where, what was seen, who dealt with it or what was done: something is not said."
            found.append(Step(f"Entry {number} is not complete", why, 2, "entry", number))
    return found


def _incomplete(venue_id: int) -> int | None:
    newest = select(func.max(Entry.number)).where(Entry.book == venue_id).scalar_subquery()
    return db.session.scalar(
        select(Entry.number)
        .where(
            Entry.book == venue_id,
            Entry.number > newest - RECENT,
            Entry.is_complete.is_(False),
            Entry.state == "open",
            Entry.words_wiped_on.is_(None),
        )
        .order_by(Entry.number.desc())
        .limit(1)
    )


def week(venue: Venue) -> Week:
    """The champion's five minutes of a week."""
    venue_id, today = venue.id, clock.today()
    rooms = record.room_names(venue_id)
    unread = reading.unread(venue_id)
    count = reading.count_unread(venue_id) if len(unread) == reading.PAGE else 0
    more = max(0, min(count, reading.MANY) - len(unread))
    cctv = reading.cctv_to_save(venue_id, today)
    left = [((each.cctv_until or today) - today).days for each in cctv]
    return Week(
        unread=rows(unread, rooms),
        more=f"{'more than ' if count > reading.MANY else ''}{more}" if more else "",
        cctv=list(zip(rows(cctv, rooms), left, strict=True)),
        to_do=_to_do(reading.to_do(venue_id), today),
        weeks=weeks_to_sign(venue),
    )


def _to_do(found: Sequence[tuple[FollowUp, int]], today: date) -> list[ToDoRow]:
    owners = accounts.people({row.owner_id for row, _ in found}) if found else {}
    return [
        ToDoRow(
            number,
            owners[row.owner_id].name if row.owner_id in owners else "somebody who has left",
            row.due_on,
            row.due_on < today,
        )
        for row, number in found
    ]


def week_words(monday: date) -> str:
    """A week by its first and last night."""
    return f"{in_words(monday)} to {in_words(monday + timedelta(days=6))}"
