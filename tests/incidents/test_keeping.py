"""Words and names go on their day, once, to the end after a kill, and never while they are held.

Security.md F102 to F104, F106 and F116.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from charter.core import clock, sealed, trail
from charter.core.db import CITY, commit, db, lock
from charter.incidents import (
    amending,
    chain,
    drafts,
    following,
    people,
    reading,
    retention,
    service,
)
from charter.incidents.models import BookLine, Entry, EntryDraft, EntryPerson
from charter.incidents.people import Somebody
from charter.office import retention as nights
from charter.venues.models import Venue, VenueState
from tests.builders.accounts import make_user
from tests.builders.certificates import noon
from tests.builders.incidents import book_lock, make_entry, writer
from tests.builders.venues import make_venue

SECOND = timedelta(seconds=1)
WRITTEN = date(2026, 11, 20)


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """An application with its context open."""
    with app.app_context():
        yield app
        db.session.rollback()
        db.session.remove()


def venue(months: int | None = None, **more: Any) -> int:
    return make_venue(state="working", licence_retention_months=months, **more).id


@dataclass(frozen=True)
class Made:
    """An entry that was made, whatever became of the session since."""

    id: int
    book: int

    @property
    def row(self) -> Entry:
        return db.session.get_one(Entry, self.id)


def write(venue_id: int, on: date = WRITTEN, **said: Any) -> Made:
    """An entry of a day, with a name in it."""
    with clock.moved_to(noon(on)):
        by = writer(make_user().id)
        entry = make_entry(venue_id, by, **said)
        book_lock(entry.book)
        people.add_people(entry, [Somebody("harmed", "18-24", "Ann Example")], by)
        commit()
        made = Made(entry.id, entry.book)
    db.session.rollback()
    return made


def night(moment: datetime | date) -> list[str]:
    """One night's deleting, at an instant or at midday."""
    db.session.rollback()
    done = []
    at = moment if isinstance(moment, datetime) else noon(moment)
    with clock.moved_to(at):
        for words in nights.nightly(after_a_pause=True):
            commit()
            done += [words] if words else []
    db.session.rollback()
    db.session.expire_all()
    return done


def left(entry: Made) -> tuple[bool, bool]:
    """Whether words and names of an entry can still be opened; its book verifies."""
    db.session.rollback()
    db.session.expire_all()
    for check in chain.verify():
        assert check.fault is None, check
    row = entry.row
    said = reading.lines(row, with_words=True)
    who = db.session.scalars(sa.select(EntryPerson.who).where(EntryPerson.entry_id == row.id)).all()
    words, names = any(each.words for each in said), any(who)
    assert words == (row.words_key_sealed is not None) == (row.words_wiped_on is None)
    assert words == any(each.line.words for each in said)
    assert names == (row.names_key_sealed is not None) == (row.names_wiped_on is None)
    db.session.rollback()
    return words, names


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("months", "on", "names_last", "words_last"),
    [
        (None, date(2026, 11, 20), date(2027, 11, 20), date(2028, 11, 20)),
        (None, date(2024, 2, 29), date(2025, 2, 28), date(2026, 2, 28)),
        (48, date(2024, 2, 29), date(2025, 2, 28), date(2028, 2, 29)),
        (12, date(2025, 10, 26), date(2026, 10, 26), date(2026, 10, 26)),
        (13, date(2025, 2, 28), date(2026, 2, 28), date(2026, 3, 28)),
        (17, date(2025, 10, 31), date(2026, 10, 31), date(2027, 3, 31)),
        (6, date(2026, 8, 31), date(2027, 2, 28), date(2027, 2, 28)),
    ],
)
def test_they_go_in_the_night_after_their_last_day_and_not_a_second_before(
    in_app: Flask, months: int | None, on: date, names_last: date, words_last: date
) -> None:
    entry = write(venue(months), on)
    assert retention.names_until(entry.row, months) == names_last
    assert retention.words_until(entry.row, months) == words_last
    for last, before, after in (
        (names_last, (True, True), (words_last > names_last, False)),
        (words_last, (True, words_last == names_last), (False, False)),
    ):
        midnight = datetime(last.year, last.month, last.day, tzinfo=clock.zone()) + timedelta(
            days=1
        )
        if left(entry) != (False, False):
            night((midnight - SECOND).astimezone(UTC))
            assert left(entry) == before
        night(midnight.astimezone(UTC))
        assert left(entry) == after
    assert night(words_last + timedelta(days=2)) == []
    kinds = [each.kind for each in reading.lines(entry.row, with_words=True)]
    assert kinds[-2:] == ["wiped", "wiped"]
    [check] = chain.verify(entry.book)
    assert (check.fault, check.entries) == (None, 1)
    row = entry.row
    assert (row.category, row.kinds, row.is_late) == ("sexual", ["sexual.touching"], False)


def test_writing_about_it_again_begins_the_time_anew(in_app: Flask) -> None:
    entry = write(venue())
    later, by = date(2027, 6, 1), writer(make_user().id)
    with clock.moved_to(noon(later)):
        book_lock(entry.book)
        row = reading.entry(entry.book, 1)
        assert row is not None
        following.close(row, "ban", by, texts={})
        commit()
    night(date(2028, 5, 31))
    assert left(entry) == (True, True)
    night(date(2028, 6, 2))
    assert left(entry) == (True, False)
    night(date(2029, 6, 2))
    assert left(entry) == (False, False)


def test_nothing_is_added_to_what_is_gone(in_app: Flask) -> None:
    entry = write(venue())
    by = writer(make_user().id)
    night(date(2029, 1, 1))
    book_lock(entry.book)
    row = reading.entry(entry.book, 1)
    assert row is not None
    place = db.session.get_one(Venue, entry.book)
    for late in (
        lambda: amending.amend(row, place, {}, {"said": "More"}, by),
        lambda: people.add_people(row, [Somebody("harmed", "18-24", "Ann")], by),
        lambda: following.hold(row, by, why="Too late"),
        lambda: following.close(row, "ban", by, texts={}),
    ):
        with pytest.raises(service.Refused, match="deleted"):
            late()


def test_what_is_held_stays_and_goes_when_it_is_released(in_app: Flask) -> None:
    here = venue()
    held, other = write(here), write(here)
    by = writer(make_user().id)
    with clock.moved_to(noon(WRITTEN)):
        book_lock(here)
        following.hold(held.row, by, why="Police asked")
        commit()
    night(date(2030, 1, 1))
    assert (left(held), left(other)) == ((True, True), (False, False))
    assert retention.words_until(held.row, None) is None
    book_lock(here)
    following.release(held.row, by, why="They are done")
    commit()
    row = held.row
    assert retention.words_until(row, None) == date(2028, 11, 20)
    night(date(2030, 1, 2))
    assert left(held) == (False, False)


def test_the_offices_own_series_is_kept_from_closing_on(in_app: Flask) -> None:
    here = venue(12)
    entry = write(here, relation="in-charge")
    assert entry.book == CITY
    night(date(2031, 1, 1))
    assert left(entry) == (True, True)
    by = writer(make_user().id)
    with clock.moved_to(noon(date(2031, 1, 1))):
        book_lock(CITY)
        following.close(entry.row, "ban", by, texts={})
        commit()
    night(date(2032, 1, 2))
    assert left(entry) == (True, False)
    night(date(2033, 1, 1))
    assert left(entry) == (True, False)
    before = trail.history(here)
    night(date(2033, 1, 2))
    assert left(entry) == (False, False)
    assert trail.history(here) == before, "nothing of it shows at the venue"


def test_what_a_venue_that_left_wrote_goes_with_the_rest_but_what_is_held(in_app: Flask) -> None:
    on = date(2026, 6, 1)
    here = venue(72, left_on=on)
    kept, held = write(here, on), write(here, on)
    by = writer(make_user().id)
    book_lock(here)
    following.hold(held.row, by, why="A court")
    drafts.keep(here, "d" * 32, {"said": ["typed"]}, by)
    db.session.get_one(Venue, here).state = VenueState.LEFT
    commit()
    db.session.execute(sa.update(EntryDraft).values(saved_at=noon(date(2027, 6, 1))))
    db.session.commit()
    night(date(2027, 6, 1))
    assert left(kept) == (True, True)
    assert db.session.scalar(sa.select(sa.func.count(EntryDraft.id))) == 1
    row = kept.row
    assert retention.words_until(row, *retention.kept_at(here)[:1], left_on=on) == date(2027, 6, 1)
    night(date(2027, 6, 2))
    assert (left(kept), left(held)) == ((False, False), (True, True))
    assert db.session.scalar(sa.select(sa.func.count(EntryDraft.id))) == 0


@pytest.mark.sqlite_only
def test_a_book_of_many_goes_in_steps(in_app: Flask) -> None:
    here = venue()
    entry = write(here)
    by = writer(make_user().id)
    with clock.moved_to(noon(WRITTEN)):
        for _ in range(retention.AT_ONCE + 4):
            make_entry(here, by)
    done = night(date(2029, 1, 1))
    assert [words for words in done if "entries" in words] == [
        f"venue {here}: words or names of 100 entries deleted.",
        f"venue {here}: words or names of 5 entries deleted.",
    ]
    assert left(entry) == (False, False)
    wiped = sa.select(sa.func.count()).where(BookLine.kind == "wiped")
    assert db.session.scalar(wiped) == 2 * (retention.AT_ONCE + 5)


@pytest.mark.sqlite_only
def test_a_kill_at_any_step_loses_nothing_and_leaves_nothing(in_app: Flask) -> None:
    """F103: another process deletes, and dies at its first write, its second, and so on."""
    here = venue()
    entries = [write(here), write(here)]
    died, step = 0, 0
    while step < 200:
        step += 1
        db.session.remove()
        child = os.fork()
        if child == 0:
            _die_at(step)
        _, status = os.waitpid(child, 0)
        assert left(entries[0]) in ((True, True), (False, False))
        if os.waitstatus_to_exitcode(status) == 0:
            break
        died += 1
    assert died > 15
    assert [left(entry) for entry in entries] == [(False, False)] * 2
    wiped = sa.select(sa.func.count()).where(BookLine.kind == "wiped")
    assert db.session.scalar(wiped) == 4, "each once"
    assert all(check.fault is None for check in trail.verify())


def _die_at(step: int) -> None:
    """In a process of its own: one night, which ends at a write or a commit by its number."""
    count = 0

    def reached(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == step:
            os._exit(9)

    def wrote(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            reached()

    try:
        db.engine.dispose(close=False)
        event.listen(db.engine, "after_cursor_execute", wrote)
        event.listen(Session, "before_commit", reached)
        event.listen(Session, "after_commit", reached)
        night(date(2029, 1, 1))
    except BaseException:
        os._exit(1)
    os._exit(0)


@pytest.mark.sqlite_only
def test_drafts_go_after_a_day_or_with_the_form_that_was_saved(in_app: Flask) -> None:
    here = venue()
    by = writer(make_user().id)
    saved_at = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)  # the night has 25 hours
    with clock.moved_to(saved_at):
        for once in ("a" * 32, "b" * 32):
            book_lock(here)
            drafts.keep(here, once, {"said": ["Something"]}, by)
            commit()
        make_entry(here, by, once="b" * 32)
    assert db.session.scalars(sa.select(EntryDraft.once)).all() == ["a" * 32]
    night(saved_at + timedelta(hours=24) - SECOND)
    assert db.session.scalar(sa.select(sa.func.count(EntryDraft.id))) == 1
    night(saved_at + timedelta(hours=24) + SECOND)
    assert db.session.scalar(sa.select(sa.func.count(EntryDraft.id))) == 0


def test_turning_the_citys_key_over_opens_everything_and_moves_no_head(in_app: Flask) -> None:
    entry = write(venue())
    gone = write(venue(), date(2023, 1, 1))
    night(date(2026, 11, 21))
    before = chain.head(entry.book)
    db.session.rollback()
    mine = in_app.extensions["charter.settings"]
    keys = {**mine.secrets.field_keys, "k2": os.urandom(32)}
    from_now = with_keys(mine, field_keys=keys, current="k2")
    in_app.extensions["charter.settings"] = from_now
    lock(CITY)
    assert sum(sealed.rotate()) >= 2
    commit()
    only = with_keys(mine, field_keys={"k2": keys["k2"]}, current="k2")
    in_app.extensions["charter.settings"] = only
    assert sealed.missing_keys() == set()
    db.session.rollback()
    assert chain.head(entry.book) == before
    assert (left(entry), left(gone)) == ((True, True), (False, False))
    in_app.extensions["charter.settings"] = with_keys(mine)
    assert sealed.missing_keys() == {"k2"}, "an entry's keys are asked for at the start too"
    db.session.rollback()


def with_keys(settings: Any, **secrets: Any) -> Any:
    """The settings with other keys in them."""
    return replace(settings, secrets=replace(settings.secrets, **secrets))
