"""The nightly step that takes away what is kept no longer, part by part.

Each part is a transaction of its own that the caller commits, and finds by itself what is due: a
kill between two of them, or in one, leaves the rest for the next run, and what is done is done
once. Bytes of files go last, after the rows that say so are safe.

When far more days seem to have passed since the last run than a machine stands still, its clock
is more likely wrong than the world a month older: nothing is taken away until a person says that
it is so.
"""

from collections.abc import Callable, Iterator
from datetime import date

from flask import current_app
from sqlalchemy import select

from charter.accounts import retention as people
from charter.accounts.rules import IdleStep
from charter.auditors import retention as looks
from charter.audits import retention as walks
from charter.briefings import retention as briefings
from charter.certificates import retention as certified
from charter.core import clock, files, mail, retention, trail
from charter.core.db import CITY, CityValue, db, lock
from charter.devices import retention as phones
from charter.doors import retention as doors
from charter.incidents import retention as books
from charter.network import service as network
from charter.nightwalks import retention as night_walks
from charter.proofs import retention as proofs
from charter.rooms import retention as rooms
from charter.sessions import retention as sessions
from charter.signup import service as signing
from charter.staff import retention as staff
from charter.training import retention as training
from charter.venues.models import Venue, VenueState

LAST_RUN = "retention"
_NIGHTLY = "nightly"


def last_run() -> date | None:
    """The day on which this was last done to its end, or None."""
    row = db.session.get(CityValue, LAST_RUN) or db.session.get(CityValue, _NIGHTLY)
    return date.fromordinal(row.number) if row else None


def nightly(*, after_a_pause: bool = False) -> Iterator[str]:
    """Take away what is due today; yields what was done, after each part, for the caller to commit.

    Begins outside a transaction. After a long pause nothing is done but to say so, unless
    `after_a_pause`.
    """
    today, last = clock.today(), last_run()
    db.session.rollback()
    if last is not None and retention.paused(last, today) and not after_a_pause:
        lock(CITY)
        _remember(last)
        words = (
            f"Nothing was deleted: the last run was on {last.isoformat()} and today is said to be "
            f"{today.isoformat()}. If that is right, run: flask nightly --after-a-pause"
        )
        current_app.logger.warning(words)
        yield words
        return
    for what, part in _PARTS.items():
        lock(CITY)
        yield _counted(what, part())
    yield from _accounts()
    yield from _leavers(today)
    yield from _superseded(today)
    yield from _left(today)
    yield from _books(today)
    swept = files.sweep()
    db.session.rollback()
    lock(CITY)
    _remember(today)
    yield f"{swept} files taken off the disk." if swept else ""


def _remember(day: date) -> None:
    row = db.session.get(CityValue, LAST_RUN) or CityValue(name=LAST_RUN)
    row.number = day.toordinal()
    db.session.add(row)


def _counted(what: str, count: int) -> str:
    if count:
        trail.note("retention.done", "retention", None, **{what: count})
    return f"{what}: {count}." if count else ""


def _unused_files() -> int:
    before = retention.FILE_UNUSED.oldest_moment(clock.now(), clock.zone())
    return files.erase(files.unused(before))


_PARTS: dict[str, Callable[[], int]] = {
    "links": people.forget_links,
    "sign-ups": signing.forget,
    "staff-lists": staff.forget_imports,
    "nights": briefings.forget_nights,
    "readers": briefings.forget_readers,
    "map-looks": rooms.forget_looks,
    "unfinished-walks": walks.forget_unfinished,
    "night-walks": night_walks.forget,
    "entry-drafts": books.forget_drafts,
    "phones": phones.forget,
    "door-staff": doors.forget,
    "check-notes": briefings.forget_notes,
    "initials": sessions.forget_initials,
    "trainers": sessions.forget_trainers,
    "network": network.forget,
    "auditors": looks.forget_addresses,
    "mails": mail.forget,
    "unused-files": _unused_files,
}


def _accounts() -> Iterator[str]:
    due = people.unused()
    db.session.rollback()
    for user_id in due:
        lock(CITY)
        step = people.step(user_id)
        if step is IdleStep.NAMELESS:
            staff.untie(user_id)
        yield f"account {user_id}: {_STEPS[step]}." if step else ""


_STEPS = {
    IdleStep.WARNED: "warned",
    IdleStep.WARNED_AGAIN: "warned again",
    IdleStep.CLOSED: "closed",
    IdleStep.NAMELESS: "made nameless",
}


def _leavers(today: date) -> Iterator[str]:
    due = list(staff.leavers(today))
    db.session.rollback()
    for venue_id in due:
        lock(venue_id)
        ids = staff.leavers(today, venue_id=venue_id).get(venue_id, [])
        training.forget_words(venue_id, ids)
        yield f"venue {venue_id}: {staff.forget_names(venue_id, ids)} names deleted."


def _superseded(today: date) -> Iterator[str]:
    due = sorted(
        {*proofs.superseded(today), *training.over(today), *rooms.over(today), *walks.over(today)}
    )
    db.session.rollback()
    for venue_id in due:
        lock(venue_id)
        count = sum(
            files.erase(which(today, venue_id=venue_id).get(venue_id, ()))
            for which in (proofs.superseded, training.over, rooms.over, walks.over)
        )
        if count:
            trail.note("files.erased", "venue", venue_id, venue_id=venue_id, count=count)
        yield f"venue {venue_id}: {count} files erased."


def _left(today: date) -> Iterator[str]:
    due = db.session.scalars(
        select(Venue.id)
        .where(
            Venue.state == VenueState.LEFT,
            Venue.cleared_on.is_(None),
            Venue.left_on < retention.VENUE_LEFT.oldest_day(today),
        )
        .order_by(Venue.id)
    ).all()
    db.session.rollback()
    for venue_id in due:
        lock(CITY, venue_id)
        venue = db.session.get_one(Venue, venue_id)
        if venue.state == VenueState.LEFT and venue.cleared_on is None:
            venue.cleared_on = today
            roles = people.end_roles_at(venue_id)
            clears = (proofs.clear, training.clear, rooms.clear, walks.clear, looks.clear)
            count = sum(clear(venue_id) for clear in clears)
            signing.forget_people(venue_id)
            staff.clear(venue_id)
            sessions.clear(venue_id)
            briefings.clear(venue_id)
            books.clear(venue_id)
            phones.clear(venue_id)
            doors.clear(venue_id)
            certified.clear(venue_id)
            trail.note(
                "venue.cleared", "venue", venue_id, venue_id=venue_id, roles=roles, files=count
            )
        yield f"venue {venue_id}: cleared."


def _books(today: date) -> Iterator[str]:
    due = books.due(today)
    db.session.rollback()
    for book in due:
        count = books.AT_ONCE
        while count == books.AT_ONCE:
            lock(book)
            count = books.wipe(book, today)
            yield f"{_named(book)}: words or names of {count} entries deleted." if count else ""


def _named(book: int) -> str:
    return "the office’s own series" if book == CITY else f"venue {book}"
