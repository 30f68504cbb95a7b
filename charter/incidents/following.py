"""What happens to entries afterwards: read, followed up, closed, held, shared; and nil weeks.

Verbs need the book's lock, note the trail and do not commit. Whoever calls them has been judged by
the gate; only people who look after the book come here.
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from charter.core import clock, trail
from charter.core.db import CITY, Counts, db, touch
from charter.core.errors import Refused
from charter.incidents import chain, rules, service, words
from charter.incidents.models import BookLine, Entry, FollowUp
from charter.incidents.rules import Line
from charter.incidents.service import Writer

FURTHEST_DUE = timedelta(days=366)
POLICE_PARTS = ("facts", "words", "people", "after")


def read_up_to(book: int, number: int, writer: Writer) -> int:
    """Tick every entry up to a number that nobody has ticked yet as read; how many they were.

    One line says from which entry to which. Refuses a number that the book has not come to.
    """
    last = db.session.scalar(select(func.max(Entry.number)).where(Entry.book == book)) or 0
    if not 0 < number <= last:
        raise Refused("There is no such entry. Open the book again")
    unread = db.session.scalars(
        select(Entry)
        .where(Entry.book == book, Entry.read_at.is_(None), Entry.number <= number)
        .order_by(Entry.number)
    ).all()
    if not unread:
        return 0
    facts = {"from": unread[0].number, "to": number}
    line = chain.append(book, Line.READ, facts, by=writer.by)
    on = clock.local(line.at).date()
    for entry in unread:
        service.carry(entry, rules.applied(service.state(entry), Line.READ, facts, line.at, on))
    db.session.flush()
    _note(book, "book.read", writer, up_to=number)
    return len(unread)


def close(entry: Entry, outcome: str, writer: Writer, *, texts: Mapping[str, str]) -> None:
    """Close an entry with how it ended; `texts`: because, changed, told (the person harmed).

    Refuses one that is closed, an outcome that is not offered, and one that asks why without it.
    """
    _writable(entry)
    if entry.state == "closed":
        raise Refused("This entry is closed already")
    known = words.words().outcomes.get(outcome)
    if known is None:
        raise Refused("Choose how it ended", "outcome")
    if known.because and not texts.get("because"):
        raise Refused("Say why there is nothing more to do", "because")
    if known.changed and not texts.get("changed"):
        raise Refused("Say what was changed", "changed")
    facts = {"outcome": outcome}
    service.add_line(entry, Line.CLOSED, facts, writer, texts, verb="entry.closed")


def reopen(entry: Entry, writer: Writer, *, why: str) -> None:
    """Open a closed entry again. Refuses one that is open, and without a reason."""
    _writable(entry)
    if entry.state != "closed":
        raise Refused("This entry is open already")
    if not why:
        raise Refused("Say why you open it again", "why")
    service.add_line(entry, Line.REOPENED, {}, writer, {"why": why}, verb="entry.reopened")


def follow_up(
    entry: Entry, what: str, owner_id: int, due_on: date, writer: Writer, *, owners: Collection[int]
) -> FollowUp:
    """Note something to be done, by one of `owners` and by a day. Refuses a day gone or far off."""
    _writable(entry)
    if not what:
        raise Refused("Enter what has to be done", "what")
    if owner_id not in owners:
        raise Refused("Choose who does it", "owner")
    today = clock.today()
    if not today <= due_on <= today + FURTHEST_DUE:
        raise Refused("Enter a day from today on, within a year", "due_on")
    n = (
        db.session.scalar(select(func.max(FollowUp.n)).where(FollowUp.entry_id == entry.id)) or 0
    ) + 1
    facts = {"n": n, "owner": owner_id, "due": due_on.isoformat()}
    line = service.add_line(
        entry, Line.FOLLOW_UP, facts, writer, {"what": what}, verb="entry.follow-up"
    )
    row = FollowUp(
        book=entry.book, entry_id=entry.id, n=n, seq=line.seq, owner_id=owner_id, due_on=due_on
    )
    db.session.add(row)
    db.session.flush()
    return row


def done(entry: Entry, n: int, writer: Writer, *, how: str) -> None:
    """Say that something that was to be done is done; twice is no fault."""
    _writable(entry)
    row = db.session.scalar(select(FollowUp).where(FollowUp.entry_id == entry.id, FollowUp.n == n))
    if row is None:
        raise Refused("There is no such thing to do")
    if row.done_on is None:
        line = service.add_line(entry, Line.DONE, {"n": n}, writer, {"how": how}, verb="entry.done")
        row.done_on = clock.local(line.at).date()


def sign_nil_week(venue_id: int, monday: date, writer: Writer) -> None:
    """Sign a week in which nothing was to be reported; twice is no fault.

    Refuses a week that is not over (its last night has to have begun), one longer ago than five
    weeks, and one in which an entry happened.
    """
    if monday.weekday() != 0:
        raise Refused("Choose one of the weeks shown")
    tonight = clock.night_of(clock.now())
    sunday = monday + timedelta(days=6)
    if sunday > tonight or sunday < tonight - timedelta(weeks=5):
        raise Refused("Choose one of the weeks shown")
    if monday in nil_weeks(venue_id, monday):
        return
    if weeks_with_entries(venue_id, monday, sunday):
        raise Refused("There is an entry of that week now, so it needs no signature")
    chain.append(venue_id, Line.NIL_WEEK, {"week": monday.isoformat()}, by=writer.by)
    db.session.flush()
    _note(venue_id, "book.nil-week", writer, week=monday.isoformat())


def nil_weeks(book: int, since: date) -> dict[date, BookLine]:
    """The weeks signed as "nothing to report" from a Monday on, by Monday, each with its line."""
    rows = db.session.scalars(
        select(BookLine)
        .where(BookLine.book == book, BookLine.kind == Line.NIL_WEEK)
        .order_by(BookLine.seq.desc())
        .limit(120)
    )
    found = {date.fromisoformat(row.facts["week"]): row for row in rows}
    return {week: row for week, row in found.items() if week >= since}


def weeks_with_entries(book: int, first: date, last: date) -> set[date]:
    """The Mondays of the weeks in which something that is in the book happened."""
    nights = db.session.scalars(
        select(Entry.night).where(Entry.book == book, Entry.night.between(first, last)).distinct()
    )
    return {rules.week_of(night) for night in nights}


def hold(entry: Entry, writer: Writer, *, why: str) -> None:
    """Keep an entry beyond its time, while police, a court or an insurer needs it."""
    _writable(entry)
    if entry.is_held:
        raise Refused("This entry is kept for longer already")
    if not why:
        raise Refused("Say who needs it and why", "why")
    service.add_line(entry, Line.HELD, {}, writer, {"why": why}, verb="entry.held")


def release(entry: Entry, writer: Writer, *, why: str) -> None:
    """Let the time of a held entry run again: if it is over, its words go tonight."""
    if not entry.is_held:
        raise Refused("This entry is not kept for longer")
    if not why:
        raise Refused("Say why it is no longer needed", "why")
    service.add_line(entry, Line.RELEASED, {}, writer, {"why": why}, verb="entry.released")


def share_with_office(entry: Entry, what: str, writer: Writer) -> None:
    """Let the office read an entry: its `facts`, or its facts and `words`. Never its names.

    More may be shared later; what the office has read cannot be taken back.
    """
    if entry.book == CITY or what not in ("facts", "words"):
        raise Refused("Choose what the office may read", "what")
    if entry.shared in (what, "words"):
        raise Refused("The office can read that already", "what")
    if what == "words":
        _writable(entry)
    facts = {"with": "office", "what": what}
    service.add_line(entry, Line.SHARED, facts, writer, verb="entry.shared", detail={"part": what})


def share_with_police(
    entry: Entry, parts: Collection[str], writer: Writer, *, to: str, reference: str
) -> None:
    """Record that parts of an entry (of `POLICE_PARTS`) were given to the police, and to whom."""
    _writable(entry)
    chosen = [part for part in POLICE_PARTS if part in parts]
    if not chosen or set(parts) - set(POLICE_PARTS):
        raise Refused("Tick what you give them", "parts")
    if not to:
        raise Refused("Enter who you give it to: a name or a number", "to")
    facts = {"with": "police", "parts": chosen}
    texts = {"to": to, "reference": reference}
    service.add_line(entry, Line.SHARED, facts, writer, texts, verb="entry.to-police")


def _writable(entry: Entry) -> None:
    if entry.words_key is None:
        raise Refused("The words of this entry are deleted, so it cannot be changed any more")


def _note(book: int, verb: str, writer: Writer, **detail: int | str) -> None:
    more: dict[str, Any] = dict(detail)
    if book == CITY:
        trail.note(verb, "office-book", None, by=writer.user_id, **more)
        return
    trail.note(verb, "venue", book, venue_id=book, by=writer.user_id, **more)
    touch(book, counts=Counts.BOOK)
